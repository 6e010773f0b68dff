//! Reliefs of outlets: low concentration (环境保护税法 art. 13) and public plants (art. 12(3)).

use super::annex::{Counted, Entry};
use super::catalogue;
use super::outlet::{Facility, Outlet, OutletRecord};
use super::quantity::Quantity;
use crate::tax::{Applied, ChargeError, Check, Context, ReliefClaim};
use crate::types::{Exact, Money};

/// Why a relief that was claimed is not given; becomes a finding of `check` and a step.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    /// The rule of the finding.
    pub check: &'static Check,
    /// Field of the record it is about.
    pub field: &'static str,
    pub zh: String,
    pub en: String,
}

/// The reliefs of a line and what they rest on.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub claims: Vec<ReliefClaim>,
    pub applied: Vec<Applied>,
    pub expression: String,
    pub basis: &'static str,
    pub bar: Option<Bar>,
}

impl Decided {
    fn none(bar: Bar, basis: &'static str) -> Self {
        Self {
            expression: "0".to_owned(),
            basis,
            bar: Some(bar),
            ..Self::default()
        }
    }
}

/// The only relief that a record may name itself; the others follow from its figures.
pub(super) const OTHER: &str = "ENV_OTHER";
const LOW: &str = "环境保护税法 第十三条；实施条例 第十条、第十一条；财税〔2018〕117号";
const PLANT: &str = "环境保护税法 第十二条第三项";

fn bar(
    check: &'static Check,
    field: &'static str,
    zh: impl Into<String>,
    en: impl Into<String>,
) -> Bar {
    Bar {
        check,
        field,
        zh: zh.into(),
        en: en.into(),
    }
}

/// The exemption of a kind of place.
pub(super) const fn plant_id(facility: Facility) -> Option<&'static str> {
    match facility {
        Facility::UrbanSewagePlant => Some("ENV_SEWAGE_PLANT"),
        Facility::HouseholdRefusePlant => Some("ENV_REFUSE_PLANT"),
        Facility::Ordinary | Facility::IndustrialParkPlant => None,
    }
}

/// The reliefs of a record's line. The exemption of a public plant replaces the relief for low
/// concentration (decision ENV6). `exceeded`: some outlet of the taxpayer was over its limit.
pub(super) fn decide(
    ctx: &Context<'_>,
    outlet: &Outlet,
    record: &OutletRecord,
    entry: &Entry<'_>,
    exceeded: bool,
) -> Result<Decided, ChargeError> {
    match plant_id(outlet.facility) {
        Some(id) => Ok(match plant_bar(outlet, record) {
            Some(bar) => Decided::none(bar, PLANT),
            None => Decided {
                claims: vec![ReliefClaim::of(id)],
                expression: "100%".to_owned(),
                basis: PLANT,
                ..Decided::default()
            },
        }),
        None if record.claims_low_concentration_relief => low(ctx, record, entry, exceeded),
        None => Ok(Decided::default()),
    }
}

/// The decided claims with those by decision of the State Council.
pub(super) fn with_others(
    mut claims: Vec<ReliefClaim>,
    record: &OutletRecord,
    tax: Money,
    path: &str,
) -> Result<Vec<ReliefClaim>, ChargeError> {
    for (place, claim) in record.reliefs.iter().enumerate() {
        if let Some(amount) = claim.amount.filter(|amount| tax < *amount) {
            let field = format!("{path}[{place}].amount_yuan");
            return Err(catalogue::ENV_RELIEF_CAP
                .at(
                    field.clone(),
                    format!("减免税额 {amount} 大于本行应纳税额 {tax}"),
                    format!("the relief {amount} is above the line's tax {tax}"),
                )
                .numbers(format!("≤ {tax}"), amount)
                .fix(field, tax)
                .into());
        }
        claims.push(claim.clone());
    }
    Ok(claims)
}

/// A plant is exempt within the standard only, and shows it by the concentrations.
pub(super) fn plant_bar(outlet: &Outlet, record: &OutletRecord) -> Option<Bar> {
    if outlet.exceeds(record.month) {
        return Some(bar(
            catalogue::ENV_RELIEF_EXCEEDED,
            "max_concentration",
            "集中处理场所当月超过标准，不予免税",
            "the plant was over the standard in the month: no exemption",
        ));
    }
    if record.generation_reason.is_some() {
        return Some(generation_bar());
    }
    let shown = record.concentration_limit.is_some()
        && (record.mean_concentration.is_some() || record.max_concentration.is_some());
    (!shown && !matches!(record.quantity, Quantity::Sewage(_))).then(|| {
        bar(
            catalogue::ENV_RELIEF_CONC,
            "concentration_limit",
            "未填浓度值和标准值，不能证明集中处理场所达标排放，不予免税",
            "without concentration and limit the plant is not shown to be within the standard",
        )
    })
}

fn generation_bar() -> Bar {
    bar(
        catalogue::ENV_RELIEF_GENERATION,
        "generation_reason",
        "以产生量作为排放量的，不予减免",
        "no relief where the generation is taxed",
    )
}

/// What stands against the relief for low concentration, in the order of the law's conditions;
/// else the mean as a share of the limit.
fn low_share(
    record: &OutletRecord,
    entry: &Entry<'_>,
    exceeded: bool,
) -> Result<Result<Exact, Bar>, ChargeError> {
    let (mean, max, limit) = match (
        record.mean_concentration,
        record.max_concentration,
        record.concentration_limit,
    ) {
        (Some(mean), max, Some(limit)) if !limit.is_zero() => (mean, max, limit),
        _ => return Ok(Err(missing(record))),
    };
    if record.generation_reason.is_some() {
        return Ok(Err(generation_bar()));
    }
    if record.carried_forward {
        return Ok(Err(bar(
            catalogue::ENV_RELIEF_DATA,
            "carried_forward",
            "当月无监测数据、沿用以前数据的，不予减征",
            "no reduction in a month without data of its own",
        )));
    }
    if !matches!(record.quantity, Quantity::Monitored(_)) || entry.counted != Counted::Kilogram {
        return Ok(Err(bar(
            catalogue::ENV_RELIEF_METHOD,
            "claims_low_concentration_relief",
            "只有按监测数据计算排放量的污染物可以减征",
            "only monitored pollutants can be reduced",
        )));
    }
    if exceeded || record.exceeds() {
        return Ok(Err(bar(
            catalogue::ENV_RELIEF_EXCEEDED,
            "max_concentration",
            "当月有排放口（或无组织排放）超过排放标准，不予减征",
            "an outlet or fugitive source was over its limit in the month: no reduction",
        )));
    }
    if max.is_none() {
        return Ok(Err(missing(record)));
    }
    Ok(Ok(Exact::from(mean).div(limit)?))
}

fn missing(record: &OutletRecord) -> Bar {
    let names = [
        (
            record.mean_concentration.is_none(),
            "月均浓度",
            "the monthly mean",
        ),
        (
            record.max_concentration.is_none(),
            "最高浓度",
            "the maximum",
        ),
        (
            record
                .concentration_limit
                .is_none_or(|limit| limit.is_zero()),
            "标准浓度值",
            "the limit",
        ),
    ];
    let lacking = || names.iter().filter(|(lacks, _, _)| *lacks);
    let zh: Vec<&str> = lacking().map(|(_, zh, _)| *zh).collect();
    let en: Vec<&str> = lacking().map(|(_, _, en)| *en).collect();
    bar(
        catalogue::ENV_RELIEF_CONC,
        "max_concentration",
        format!("申请低浓度减征缺少：{}", zh.join("、")),
        format!("the low-concentration relief lacks {}", en.join(", ")),
    )
}

/// The step of the relief that the mean of a record reaches, whatever stands against it.
pub(super) fn low_id(ctx: &Context<'_>, record: &OutletRecord) -> Option<&'static str> {
    let limit = record.concentration_limit?;
    let share = Exact::from(record.mean_concentration?).div(limit).ok()?;
    STEPS.into_iter().find_map(|(id, threshold)| {
        let below = ctx.number(threshold, record.month.first_day()).ok()?;
        (share < Exact::from(below.value)).then_some(id)
    })
}

/// The steps of the relief with their thresholds, the deeper one first.
const STEPS: [(&str, &str); 2] = [
    ("ENV_LOW_50", "ept.low_concentration.half.below"),
    ("ENV_LOW_30", "ept.low_concentration.quarter.below"),
];

/// The relief for low concentration of a record that claims it.
pub(super) fn low(
    ctx: &Context<'_>,
    record: &OutletRecord,
    entry: &Entry<'_>,
    exceeded: bool,
) -> Result<Decided, ChargeError> {
    let share = match low_share(record, entry, exceeded)? {
        Ok(share) => share,
        Err(bar) => return Ok(Decided::none(bar, LOW)),
    };
    let on = record.month.first_day();
    let mut applied = Vec::new();
    // 低于 excludes the figure itself. The two are not added.
    for (id, threshold) in STEPS {
        let below = ctx.number(threshold, on)?;
        let reached = share < Exact::from(below.value);
        let (mean, limit) = (record.mean_concentration, record.concentration_limit);
        let expression = format!(
            "{} ÷ {} = {} < {}，且最高浓度 {} 未超标",
            mean.unwrap_or_default(),
            limit.unwrap_or_default(),
            share.to_decimal()?,
            below.value,
            record.max_concentration.unwrap_or_default(),
        );
        applied.push(below);
        if reached {
            return Ok(Decided {
                claims: vec![ReliefClaim::of(id)],
                applied,
                expression,
                basis: LOW,
                bar: None,
            });
        }
    }
    let percent = Exact::int(100).sub(share.mul(Exact::int(100))?)?;
    Ok(Decided::none(
        bar(
            catalogue::ENV_RELIEF_NOT_LOW,
            "mean_concentration",
            format!(
                "月均浓度低于标准 {}%，未达到减征条件",
                percent.to_decimal()?
            ),
            format!(
                "the mean is {}% below the limit: no reduction",
                percent.to_decimal()?
            ),
        ),
        LOW,
    ))
}
