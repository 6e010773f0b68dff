//! What is wrong or doubtful with the records of an outlet.

use std::collections::BTreeSet;

use super::fields::{check_duplicate, method_fields};
use super::measure::{Measured, measure};
use super::outlet::{Destination, Facility, Medium, Outlet, OutletRecord};
use super::quantity::Quantity;
use super::scale::Scales;
use super::{annex, catalogue, relief};
use crate::tax::{ChargeError, Context, Finding, Frequency, Severity, StatedRate};
use crate::types::{Exact, Month};

impl Outlet {
    /// Findings of the outlet, paths relative to the source. `charged` are the months of the
    /// period in which the source exists.
    pub(super) fn check(
        &self,
        ctx: &Context<'_>,
        stated: Option<&StatedRate>,
        charged: &[Month],
        findings: &mut Vec<Finding>,
    ) {
        self.check_place(findings);
        let mut seen = BTreeSet::new();
        for (place, record) in self.records.iter().enumerate() {
            let path = format!("outlet.records[{place}]");
            let key = format!("{} {}", record.month, record.pollutant);
            check_duplicate(&mut seen, key, &path, findings);
            let before = findings.len();
            record.check_figures(&path, findings);
            let wrong = |finding: &Finding| finding.severity == Severity::Error;
            if !findings.iter().skip(before).any(wrong) {
                self.check_record(ctx, record, &path, findings);
            }
            self.check_method_order(ctx, record, &path, findings);
            self.check_carried(record, &path, findings);
        }
        self.check_hospitals(ctx, findings);
        if !findings.iter().any(|it| it.severity == Severity::Error) {
            self.check_lines(ctx, stated, charged, findings);
        }
    }

    fn check_place(&self, findings: &mut Vec<Finding>) {
        match self.destination {
            Destination::Environment => {}
            Destination::CentralisedPlant => findings.push(catalogue::ENV_NOT_DIRECT.at(
                "outlet.destination",
                "向依法设立的集中处理场所排放，不属于直接排放，不缴纳环境保护税",
                "sending to a lawful centralised plant is not direct discharge: no tax",
            )),
            Destination::ManureUse => findings.push(
                catalogue::ENV_NOT_DIRECT
                    .at(
                        "outlet.destination",
                        "依法综合利用和无害化处理畜禽养殖废弃物，不属于直接排放，不缴纳环境保护税",
                        "manure that is lawfully used is not direct discharge: no tax",
                    )
                    .under("环境保护税法实施条例 第四条"),
            ),
        }
        if self.fugitive && self.medium == Medium::Water {
            findings.push(catalogue::ENV_FUGITIVE.at(
                "outlet.fugitive",
                "无组织排放只适用于大气污染物",
                "emissions without an outlet are of air only",
            ));
        }
        if self.facility == Facility::IndustrialParkPlant {
            findings.push(catalogue::ENV_PARK_PLANT.at(
                "outlet.facility",
                "为工业园区服务的污水处理厂不属于城乡污水集中处理场所，不免税",
                "a plant serving an industrial park is not a public sewage plant: no exemption",
            ));
        }
        if self.rounds_equivalents {
            findings.push(catalogue::ENV_ROUNDED.at(
                "outlet.rounds_equivalents",
                "污染当量数先保留两位小数是试题做法，可能与按法计算相差几分",
                "rounding equivalents first is how examination keys do it; some fen may differ",
            ));
        }
    }

    fn check_record(
        &self,
        ctx: &Context<'_>,
        record: &OutletRecord,
        path: &str,
        findings: &mut Vec<Finding>,
    ) {
        if record.is_neutral(ctx) {
            return;
        }
        let (name, month) = (&record.pollutant, record.month);
        let Some(entry) = annex::find(ctx.rules, self.medium, name, record.ph(), month) else {
            let lacks_ph = name == annex::PH && self.medium == Medium::Water;
            findings.push(match lacks_ph {
                true => method_fields(
                    format!("{path}.sewage.ph"),
                    "pH值应填实测 pH",
                    "the measured pH is needed",
                ),
                false => {
                    let field = format!("{path}.pollutant");
                    annex::unknown(ctx.rules, field, name, self.medium, month)
                }
            });
            return;
        };
        if let Some(class) = record.pollutant_class.filter(|class| *class != entry.class) {
            findings.push(
                catalogue::ENV_CLASS_MISMATCH
                    .at(
                        format!("{path}.pollutant_class"),
                        format!(
                            "“{name}”属于{}，不属于{}",
                            entry.class.name_zh(),
                            class.name_zh()
                        ),
                        format!("`{name}` belongs to {:?}, not to {class:?}", entry.class),
                    )
                    .numbers(entry.class.name_zh(), class.name_zh()),
            );
        }
        let farm = !entry.scale_province.is_empty();
        if self.destination == Destination::ManureUse && !farm {
            findings.push(catalogue::ENV_DESTINATION.at(
                "outlet.destination",
                format!("“{name}”不是畜禽养殖，不适用养殖废弃物综合利用"),
                format!("`{name}` is no livestock, so there is no manure to be used"),
            ));
        }
        match measure(record, self.medium, &entry, path) {
            Err(error) => findings.push(error.into_finding()),
            Ok(measured) => {
                check_drop(ctx, record, measured.quantity, path, findings);
                self.check_generation(record, &entry, &measured, path, findings);
                if !self.is_untaxed() {
                    check_scale(ctx, record, &entry, &measured, path, findings);
                }
            }
        }
        check_sampling(ctx, record, path, findings);
        self.check_relief(ctx, record, &entry, path, findings);
    }

    fn check_relief(
        &self,
        ctx: &Context<'_>,
        record: &OutletRecord,
        entry: &annex::Entry<'_>,
        path: &str,
        findings: &mut Vec<Finding>,
    ) {
        let exceeded = self.is_over(record.month);
        let Ok(decided) = relief::decide(ctx, self, record, entry, exceeded) else {
            return;
        };
        if let Some(bar) = decided.bar {
            let field = format!("{path}.{}", bar.field);
            findings.push(bar.check.at(field, bar.zh, bar.en).under(decided.basis));
        }
    }

    /// A lower-ranking method although the pollutant is monitored here; or a small discharger's
    /// feature beside pollutants that are measured.
    fn check_method_order(
        &self,
        ctx: &Context<'_>,
        record: &OutletRecord,
        path: &str,
        findings: &mut Vec<Finding>,
    ) {
        if matches!(
            record.quantity,
            Quantity::Monitored(_) | Quantity::Sewage(_)
        ) {
            return;
        }
        let feature = matches!(record.quantity, Quantity::Feature(_));
        let measured = self.records.iter().any(|other| match &other.quantity {
            Quantity::Monitored(_) => {
                other.pollutant == record.pollutant || (feature && other.month == record.month)
            }
            Quantity::MassBalance(_) => feature && other.month == record.month,
            _ => false,
        });
        let known = annex::find(
            ctx.rules,
            self.medium,
            &record.pollutant,
            None,
            record.month,
        );
        if known.is_some() && (measured || record.mean_concentration.is_some()) {
            findings.push(catalogue::ENV_METHOD_ORDER.at(
                format!("{path}.quantity"),
                "有监测数据或物料衡算数据的，应按其计算，不得选用顺序在后的方法",
                "data of monitoring or a balance exist; they come before the method used",
            ));
        }
    }

    /// Data are carried forward within a quarter only.
    fn check_carried(&self, record: &OutletRecord, path: &str, findings: &mut Vec<Finding>) {
        let quarter = Frequency::Quarter.period_of(record.month);
        let own = self.records.iter().any(|other| {
            other.pollutant == record.pollutant
                && other.month < record.month
                && quarter.contains(other.month.first_day())
                && !other.carried_forward
        });
        if record.carried_forward && !own {
            findings.push(catalogue::ENV_CARRY_FORWARD.at(
                format!("{path}.carried_forward"),
                "沿用的监测数据应为本季度内的数据，不得跨季度沿用",
                "carried data must be of the same quarter, which has no earlier data here",
            ));
        }
    }

    /// The generation that is taxed cannot be below what was discharged.
    fn check_generation(
        &self,
        record: &OutletRecord,
        entry: &annex::Entry<'_>,
        taxed: &Measured,
        path: &str,
        findings: &mut Vec<Finding>,
    ) {
        if record.generation_reason.is_none() || record.reviewed_kg.is_some() {
            return;
        }
        let mut discharged = record.clone();
        discharged.generation_reason = None;
        let Ok(discharged) = measure(&discharged, self.medium, entry, path) else {
            return;
        };
        if taxed.quantity < discharged.quantity
            && let Ok(low) = taxed.quantity.to_decimal()
            && let Ok(high) = discharged.quantity.to_decimal()
        {
            findings.push(
                catalogue::ENV_GENERATION_LOW
                    .at(
                        format!("{path}.generation_kg"),
                        format!("产生量 {low} 低于按所填方法计算的排放量 {high}"),
                        format!("the generation {low} is below the discharge {high}"),
                    )
                    .numbers(format!("≥ {high}"), low),
            );
        }
    }

    /// A hospital's beds and its sewage are two measures of one thing.
    fn check_hospitals(&self, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        let mut seen: BTreeSet<Month> = BTreeSet::new();
        for (place, record) in self.records.iter().enumerate() {
            let (name, month) = (&record.pollutant, record.month);
            let entry = annex::find(ctx.rules, self.medium, name, None, month);
            let Some(entry) = entry.filter(|it| !it.scale.is_empty()) else {
                continue;
            };
            if entry.scale_province.is_empty() && !seen.insert(month) {
                findings.push(catalogue::ENV_HOSPITAL_TWICE.at(
                    format!("outlet.records[{place}].pollutant"),
                    format!("{month} 医院已按另一指标计算，“{name}”可能重复计税"),
                    format!("the hospital has another row in {month}: it may be taxed twice"),
                ));
            }
        }
    }

    /// What only the lines show: tax paid on a pollutant that lost the ranking, a unit tax that
    /// is missing or cannot be used, a relief that cannot be applied.
    fn check_lines(
        &self,
        ctx: &Context<'_>,
        stated: Option<&StatedRate>,
        charged: &[Month],
        findings: &mut Vec<Finding>,
    ) {
        let plain = Context {
            explain: false,
            ..*ctx
        };
        let months: BTreeSet<Month> = self.records.iter().map(|record| record.month).collect();
        for month in months {
            let Ok(selection) = self.selection(&plain, month) else {
                continue;
            };
            let inside = charged.contains(&month);
            for taxed in selection.taxed.iter().filter(|_| inside) {
                let wrong = self.line(&plain, taxed, stated, self.is_over(month)).err();
                if let Some(wrong) = wrong.map(ChargeError::into_finding)
                    && !findings.contains(&wrong)
                {
                    findings.push(wrong);
                }
            }
            for lost in &selection.dropped {
                if lost.record.already_paid.is_zero() {
                    continue;
                }
                let name = lost.entry.name;
                findings.push(
                    catalogue::ENV_UNSELECTED_TAXED
                        .at(
                            format!("outlet.records[{}].already_paid_yuan", lost.place),
                            format!("“{name}”未列入应税污染物，已缴税额应申请退税"),
                            format!("`{name}` is not among those taxed; claim a refund"),
                        )
                        .numbers("0.00", lost.record.already_paid),
                );
            }
        }
    }
}

/// Far below the same month last year.
fn check_drop(
    ctx: &Context<'_>,
    record: &OutletRecord,
    quantity: Exact,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(before) = record.previous_year_quantity else {
        return;
    };
    let Ok(ratio) = ctx.number("ept.yoy_drop.below", record.month.first_day()) else {
        return;
    };
    let (Ok(floor), Ok(now)) = (Exact::from(before).mul(ratio.value), quantity.to_decimal()) else {
        return;
    };
    if quantity < floor {
        findings.push(
            catalogue::ENV_YOY_DROP
                .at(
                    format!("{path}.quantity"),
                    format!("排放量 {now} 明显低于上年同期 {before}，请说明理由"),
                    format!("the quantity {now} is far below last year's {before}; say why"),
                )
                .numbers(before, now),
        );
    }
}

/// Where the scale decides, and where the province's is not known.
fn check_scale(
    ctx: &Context<'_>,
    record: &OutletRecord,
    entry: &annex::Entry<'_>,
    measured: &Measured,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let name = entry.name;
    match Scales::of(ctx, record, entry, path) {
        Err(ChargeError::Missing(_)) => {}
        Err(error) => findings.push(error.into_finding()),
        Ok(scales) if scales.spare(measured) => findings.push(catalogue::ENV_LIVESTOCK_SCALE.at(
            format!("{path}.feature"),
            format!("{}“{name}”未超过征税规模，不征税", record.month),
            format!("`{name}` is at or under the scale of taxation: no tax"),
        )),
        Ok(scales) if scales.province.is_none() && !entry.scale_province.is_empty() => {
            findings.push(catalogue::ENV_LIVESTOCK_PROVINCE.at(
                format!("{path}.feature.stated_scale"),
                format!("规则库没有当地“{name}”的省级规模标准，只按附表二判断；未达到的不征税"),
                format!("the province's scale of `{name}` is not known; under it nothing is due"),
            ));
        }
        Ok(_) => {}
    }
}

/// What the sampling methods add.
fn check_sampling(
    ctx: &Context<'_>,
    record: &OutletRecord,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let sampled = matches!(
        record.quantity,
        Quantity::ConstructionDust(_) | Quantity::Feature(_)
    );
    if sampled {
        findings.push(catalogue::ENV_SAMPLING.at(
            format!("{path}.quantity"),
            "抽样测算的排放量由税务机关会同生态环境主管部门核定，请以核定结果为准",
            "quantities by sampling are assessed by the authorities: keep to their figure",
        ));
    }
    let Quantity::ConstructionDust(dust) = &record.quantity else {
        return;
    };
    let (up, down) = (dust.generation_coefficient, dust.reduction_coefficient);
    let path = format!("{path}.construction_dust");
    if up < down {
        findings.push(
            catalogue::ENV_DUST_REDUCTION
                .at(
                    format!("{path}.reduction_coefficient"),
                    format!("削减系数 {down} 大于产生量系数 {up}，排放量按零计算"),
                    format!("the reduction {down} is above the generation {up}: taken as 0"),
                )
                .numbers(format!("≤ {up}"), down),
        );
    }
    let known = dust.work.and_then(|work| {
        let on = record.month.first_day();
        ctx.number(work.generation_id(), on).ok()
    });
    if let Some(known) = known.filter(|known| known.value != up) {
        let field = format!("{path}.generation_coefficient");
        findings.push(
            catalogue::ENV_DUST_COEFFICIENT
                .at(
                    &field,
                    format!("产生量系数 {up} 与当地办法的 {} 不符", known.value),
                    format!(
                        "the generation coefficient {up} differs from {}",
                        known.value
                    ),
                )
                .numbers(known.value, up)
                .fix(&field, known.value),
        );
    }
}
