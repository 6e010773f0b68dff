//! What is wrong or doubtful with the records of an outlet.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::fields::{check_duplicate, check_negative, check_paid};
use super::outlet::{Facility, Medium, Outlet, OutletRecord, below_scale};
use super::quantity::{Quantity, measure};
use super::selection::select;
use super::{annex, relief};
use crate::tax::{Context, Finding, Frequency};
use crate::types::{Exact, Month};

impl Outlet {
    /// Findings of the outlet, paths relative to the source.
    pub(super) fn check(&self, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        self.check_place(findings);
        let mut seen = BTreeSet::new();
        for (place, record) in self.records.iter().enumerate() {
            let path = format!("outlet.records[{place}]");
            let key = format!("{} {}", record.month, record.pollutant);
            check_duplicate(&mut seen, key, &path, findings);
            let before = findings.len();
            record.check_figures(&path, findings);
            if findings.len() == before {
                self.check_record(ctx, record, &path, findings);
            }
            self.check_method_order(record, &path, findings);
            self.check_carried(record, &path, findings);
        }
        self.check_unselected(ctx, findings);
    }

    fn check_place(&self, findings: &mut Vec<Finding>) {
        if self.is_untaxed() {
            findings.push(Finding::hint(
                "ENV_NOT_DIRECT",
                "outlet.destination",
                "向依法设立的集中处理场所排放，不属于直接排放，不缴纳环境保护税",
                "sending to a lawful centralised plant is not direct discharge: no tax",
                "环境保护税法 第四条",
            ));
        }
        if self.fugitive && self.medium == Medium::Water {
            findings.push(Finding::error(
                "ENV_METHOD_FIELDS",
                "outlet.fugitive",
                "无组织排放只适用于大气污染物",
                "emissions without an outlet are of air only",
                "环境保护税法 第九条",
            ));
        }
        if self.facility == Facility::IndustrialParkPlant {
            findings.push(Finding::hint(
                "ENV_PARK_PLANT",
                "outlet.facility",
                "为工业园区服务的污水处理厂不属于城乡污水集中处理场所，不免税",
                "a plant serving an industrial park is not a public sewage plant: no exemption",
                "环境保护税法实施条例 第三条",
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
                true => super::fields::method_fields(
                    format!("{path}.sewage.ph"),
                    "pH值应填实测 pH",
                    "the measured pH is needed",
                ),
                false => annex::unknown(format!("{path}.pollutant"), name, self.medium),
            });
            return;
        };
        if let Some(class) = record.pollutant_class.filter(|class| *class != entry.class) {
            findings.push(
                Finding::error(
                    "ENV_CLASS_MISMATCH",
                    format!("{path}.pollutant_class"),
                    format!(
                        "“{name}”属于{}，不属于{}",
                        entry.class.name_zh(),
                        class.name_zh()
                    ),
                    format!("`{name}` belongs to {:?}, not to {class:?}", entry.class),
                    "环境保护税法 附表二",
                )
                .numbers(entry.class.name_zh(), class.name_zh()),
            );
        }
        match measure(record, self.medium, &entry, path) {
            Err(error) => findings.push(error.into_finding()),
            Ok(measured) => {
                check_drop(ctx, record, measured.quantity, path, findings);
                if below_scale(ctx, &entry, &measured, month).unwrap_or(false) {
                    findings.push(below_scale_hint(record, &entry, path));
                }
            }
        }
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
        let month = record.month;
        let exceeded = self.exceeds(month) || self.other_exceeded_months.contains(&month);
        let Ok(decided) = relief::decide(ctx, self, record, entry, exceeded) else {
            return;
        };
        if let Some(bar) = decided.bar {
            let field = format!("{path}.{}", bar.field);
            findings.push(Finding::warning(
                bar.id,
                field,
                bar.zh,
                bar.en,
                decided.basis,
            ));
        }
        if record.claims_low_concentration_relief || !decided.claims.is_empty() {
            return;
        }
        let Ok(open) = relief::low(ctx, record, entry, exceeded) else {
            return;
        };
        if let Some(claim) = open.claims.first() {
            let field = format!("{path}.claims_low_concentration_relief");
            findings.push(
                Finding::hint(
                    "ENV_RELIEF_UNCLAIMED",
                    &field,
                    format!("符合低浓度减征条件（{}），但未申请", claim.relief_id),
                    format!("{} would be open but is not claimed", claim.relief_id),
                    open.basis,
                )
                .fix(&field, "true"),
            );
        }
    }

    /// A lower-ranking method although the pollutant is monitored here.
    fn check_method_order(&self, record: &OutletRecord, path: &str, findings: &mut Vec<Finding>) {
        if matches!(
            record.quantity,
            Quantity::Monitored(_) | Quantity::Sewage(_)
        ) {
            return;
        }
        let monitored = self.records.iter().any(|other| {
            other.pollutant == record.pollutant && matches!(other.quantity, Quantity::Monitored(_))
        });
        if monitored || record.mean_concentration.is_some() {
            findings.push(Finding::warning(
                "ENV_METHOD_ORDER",
                format!("{path}.quantity"),
                "有监测数据的，应按监测数据计算，不得选用顺序在后的方法",
                "monitoring data exist; they come before coefficients, balances and sampling",
                "环境保护税法 第十条",
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
            findings.push(Finding::warning(
                "ENV_CARRY_FORWARD",
                format!("{path}.carried_forward"),
                "沿用的监测数据应为本季度内的数据，不得跨季度沿用",
                "carried data must be of the same quarter, which has no earlier data here",
                "财税〔2018〕117号",
            ));
        }
    }

    /// Tax paid on a pollutant that lost the ranking.
    fn check_unselected(&self, ctx: &Context<'_>, findings: &mut Vec<Finding>) {
        let months: BTreeSet<Month> = self.records.iter().map(|record| record.month).collect();
        for month in months {
            let Ok(candidates) = self.candidates(ctx, month) else {
                continue;
            };
            let Ok(selection) = select(ctx, candidates, month) else {
                continue;
            };
            for lost in &selection.dropped {
                if lost.record.already_paid.is_zero() {
                    continue;
                }
                findings.push(
                    Finding::warning(
                        "ENV_UNSELECTED_TAXED",
                        format!("outlet.records[{}].already_paid_yuan", lost.place),
                        format!("“{}”未列入应税污染物，已缴税额应申请退税", lost.entry.name),
                        format!(
                            "`{}` is not among those taxed; claim a refund",
                            lost.entry.name
                        ),
                        "环境保护税法 第九条",
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
            Finding::warning(
                "ENV_YOY_DROP",
                format!("{path}.quantity"),
                format!("排放量 {now} 明显低于上年同期 {before}，请说明理由"),
                format!("the quantity {now} is far below last year's {before}; give the reason"),
                "环境保护税法实施条例 第二十二条",
            )
            .numbers(before, now),
        );
    }
}

fn below_scale_hint(record: &OutletRecord, entry: &annex::Entry<'_>, path: &str) -> Finding {
    Finding::hint(
        "ENV_LIVESTOCK_SCALE",
        format!("{path}.feature"),
        format!("{}“{}”未超过征税规模，不征税", record.month, entry.name),
        format!(
            "`{}` is at or under the scale of taxation: no tax",
            entry.name
        ),
        "环境保护税法 附表二",
    )
}

impl OutletRecord {
    fn check_figures(&self, path: &str, findings: &mut Vec<Finding>) {
        check_negative(
            path,
            &[
                ("generation_kg", self.generation_kg),
                ("reviewed_kg", self.reviewed_kg),
                ("mean_concentration", self.mean_concentration),
                ("max_concentration", self.max_concentration),
                ("concentration_limit", self.concentration_limit),
                ("previous_year_quantity", self.previous_year_quantity),
            ],
            findings,
        );
        check_paid(path, self.already_paid, findings);
        for (place, claim) in self.reliefs.iter().enumerate() {
            if claim.relief_id != relief::OTHER {
                findings.push(Finding::error(
                    "ENV_RELIEF_ID",
                    format!("{path}.reliefs[{place}].relief_id"),
                    format!("{} 由系统按填报数据判定，不得自行填写", claim.relief_id),
                    format!(
                        "{} follows from the figures; only ENV_OTHER is named",
                        claim.relief_id
                    ),
                    "环境保护税法 第十二条",
                ));
            }
        }
        self.quantity.check_figures(path, findings);
        if let (Some(mean), Some(max)) = (self.mean_concentration, self.max_concentration)
            && max < mean
        {
            findings.push(
                Finding::error(
                    "ENV_CONCENTRATION_ORDER",
                    format!("{path}.max_concentration"),
                    format!("最高浓度 {max} 低于月均浓度 {mean}"),
                    format!("the maximum {max} is below the mean {mean}"),
                    "",
                )
                .numbers(format!("≥ {mean}"), max),
            );
        }
    }
}

impl Quantity {
    fn check_figures(&self, path: &str, findings: &mut Vec<Finding>) {
        let (name, figures): (&str, Vec<(&str, Option<Decimal>)>) = match self {
            Self::Monitored(it) => {
                for (place, reading) in it.readings.iter().enumerate() {
                    let figures = [
                        ("concentration", reading.concentration),
                        ("flow", reading.flow),
                    ];
                    let path = format!("{path}.monitored.readings[{place}]");
                    check_negative(&path, &figures, findings);
                }
                (
                    "monitored",
                    vec![("emission_kg", it.emission_kg), ("flow", it.flow)],
                )
            }
            Self::Coefficient(it) => (
                "coefficient",
                vec![
                    ("base_quantity", Some(it.base_quantity)),
                    ("discharge_coefficient", Some(it.discharge_coefficient)),
                    ("generation_coefficient", it.generation_coefficient),
                ],
            ),
            Self::MassBalance(it) => ("mass_balance", vec![("emission_kg", Some(it.emission_kg))]),
            Self::ConstructionDust(it) => (
                "construction_dust",
                vec![
                    ("area_sqm", Some(it.area_sqm)),
                    ("generation_coefficient", Some(it.generation_coefficient)),
                    ("reduction_coefficient", Some(it.reduction_coefficient)),
                ],
            ),
            Self::Sewage(it) => {
                check_ph(it.ph, path, findings);
                (
                    "sewage",
                    vec![
                        ("sewage_tonnes", Some(it.sewage_tonnes)),
                        ("measured", it.measured),
                        ("measured_limit", it.measured_limit),
                    ],
                )
            }
            Self::Feature(it) => (
                "feature",
                vec![
                    ("count", it.count),
                    ("opening_stock", it.opening_stock),
                    ("closing_stock", it.closing_stock),
                    ("beds", it.beds),
                ],
            ),
        };
        check_negative(&format!("{path}.{name}"), &figures, findings);
    }
}

fn check_ph(ph: Option<Decimal>, path: &str, findings: &mut Vec<Finding>) {
    let scale = Decimal::ZERO..=Decimal::from(14);
    if let Some(ph) = ph.filter(|ph| !scale.contains(ph)) {
        findings.push(
            Finding::error(
                "ENV_PH_RANGE",
                format!("{path}.sewage.ph"),
                format!("pH {ph} 不在 0 至 14 之间"),
                format!("pH {ph} is outside 0 to 14"),
                "",
            )
            .numbers("0–14", ph),
        );
    }
}
