//! What can be said of a source without charging it, all at once (spec §11, V1–V15, X2).

use rust_decimal::Decimal;

use super::lease_check::{dwelling, let_together, outlived, rents, terms};
use super::model::{AcquisitionKind, Hardship, Source, TaxpayerRole, ValueVersion};
use super::settle::{HARDSHIP, hardship_input};
use super::{Context, Finding};
use crate::tax::ReliefClaim;
use crate::types::Exact;

/// The form whose rules are checked (房产税税源明细表).
pub(super) const FORM: &str = "税务总局公告2021年第9号 房产税税源明细表";
const START: &str = "国税发〔2003〕89号 第二条";
/// The decimals of a stated plot ratio on the form.
const RATIO_SCALE: u32 = 2;

/// Every finding of the source.
pub(super) fn findings(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    house(source, &mut found);
    for (place, version) in source.versions.iter().enumerate() {
        let path = format!("versions[{place}]");
        figures(version, &path, &mut found);
        order(source, place, version, &path, &mut found);
    }
    for (place, lease) in source.leases.iter().enumerate() {
        let path = format!("leases[{place}]");
        terms(source, lease, &path, &mut found);
        rents(lease, &path, &mut found);
        dwelling(source, lease, ctx, &path, &mut found);
        reliefs(&lease.reliefs, &format!("{path}.reliefs"), &mut found);
        hardship(
            lease.hardship.as_ref(),
            &format!("{path}.hardship"),
            &mut found,
        );
    }
    let_together(source, &mut found);
    outlived(source, &mut found);
    reliefs(&source.reliefs, "reliefs", &mut found);
    hardship(source.hardship.as_ref(), "hardship", &mut found);
    for (place, payment) in source.value_payments.iter().enumerate() {
        if payment.amount.is_negative() {
            found.push(negative(&format!("value_payments[{place}].amount_yuan")));
        }
    }
    found
}

pub(super) fn negative(field: &str) -> Finding {
    Finding::error("RE_V1", field, "不能为负数", "must not be negative", FORM)
}

fn house(source: &Source, found: &mut Vec<Finding>) {
    if source.versions.is_empty() && source.leases.is_empty() {
        found.push(Finding::error(
            "RE_EMPTY",
            "versions",
            "应填写房产原值或租赁信息",
            "state the figures of the house or its leases",
            FORM,
        ));
    }
    if source.taxpayer_role != TaxpayerRole::Owner && source.owner_name.trim().is_empty() {
        found.push(Finding::warning(
            "RE_OWNER_MISSING",
            "owner_name",
            "纳税人不是产权所有人，应填写所有权人名称",
            "the taxpayer is not the owner: name the owner",
            FORM,
        ));
    }
    if let Some(ended) = source.ended_on
        && ended < source.acquired_on
    {
        found.push(
            Finding::error(
                "RE_V13",
                "ended_on",
                format!("变更时间 {ended} 早于房产取得时间 {}", source.acquired_on),
                format!(
                    "it ends ({ended}) before it was acquired ({})",
                    source.acquired_on
                ),
                FORM,
            )
            .numbers(source.acquired_on, ended),
        );
    }
    if let Some(used) = source.used_before_acceptance_on
        && (source.acquisition_kind != AcquisitionKind::Contracted || used > source.acquired_on)
    {
        found.push(
            Finding::error(
                "RE_EARLY_USE",
                "used_before_acceptance_on",
                "验收前使用日期只适用于委托施工的房屋，且不晚于验收日期",
                "use before acceptance is for contracted houses and not after the acceptance",
                START,
            )
            .numbers(source.acquired_on, used),
        );
    }
    let dated = source
        .versions
        .first()
        .is_some_and(|version| version.changed_on.is_some());
    if dated {
        found.push(Finding::error(
            "RE_VERSION_ORDER",
            "versions[0].changed_on",
            "首个版本自纳税义务发生起适用，不填变更时间",
            "the first version holds from the start and has no day of change",
            FORM,
        ));
    }
}

/// The figures of one version: V1, V3, X2 and what the land share needs.
fn figures(version: &ValueVersion, path: &str, found: &mut Vec<Finding>) {
    for (name, value) in [
        ("building_value_yuan", version.building_value),
        ("equipment_value_yuan", version.equipment_value),
    ] {
        if value.is_negative() {
            found.push(negative(&format!("{path}.{name}")));
        }
    }
    if version.building_value.is_zero() {
        found.push(Finding::warning(
            "RE_VALUE_ZERO",
            format!("{path}.building_value_yuan"),
            "房屋原值为 0，应由税务机关参照同类房产核定",
            "the value is 0: the bureau assesses it by comparable houses",
            "房产税暂行条例 第三条",
        ));
    }
    if version
        .building_area
        .is_some_and(|area| area <= Decimal::ZERO)
    {
        found.push(area(&format!("{path}.building_area_sqm")));
    }
    let Some(plot) = &version.plot else { return };
    if plot.plot_cost.is_negative() {
        found.push(negative(&format!("{path}.plot.plot_cost_yuan")));
    }
    for (name, value) in [
        ("plot_area_sqm", plot.plot_area),
        ("total_building_area_sqm", plot.total_building_area),
    ] {
        if value <= Decimal::ZERO {
            found.push(area(&format!("{path}.plot.{name}")));
        }
    }
    match version.building_area {
        None => found.push(needed(path)),
        Some(own) if own > plot.total_building_area => found.push(
            Finding::error(
                "RE_PLOT_AREA",
                format!("{path}.building_area_sqm"),
                "房屋建筑面积大于宗地总建筑面积",
                "the building area is above the total of the plot",
                "财税〔2010〕121号 第三条",
            )
            .numbers(format!("<= {}", plot.total_building_area), own),
        ),
        Some(_) => {}
    }
    let ratio = Exact::from(plot.total_building_area)
        .div(plot.plot_area)
        .and_then(|ratio| ratio.round_to_scale(RATIO_SCALE));
    if let (Some(stated), Ok(ratio)) = (plot.stated_plot_ratio, ratio)
        && stated != ratio
    {
        let field = format!("{path}.plot.stated_plot_ratio");
        found.push(
            Finding::warning(
                "RE_X2",
                field.clone(),
                format!("填写的容积率 {stated} 与面积计算的 {ratio} 不符"),
                format!("the stated plot ratio {stated} differs from the areas' {ratio}"),
                "财税〔2010〕121号 第三条",
            )
            .numbers(ratio, stated)
            .fix(field, ratio),
        );
    }
}

pub(super) fn area(field: &str) -> Finding {
    Finding::error(
        "RE_V1",
        field,
        "面积应大于 0",
        "an area must be above 0",
        FORM,
    )
}

pub(super) fn needed(path: &str) -> Finding {
    Finding::error(
        "RE_AREA_NEEDED",
        format!("{path}.building_area_sqm"),
        "计算土地价值或按面积出租时应填写建筑面积",
        "the land share and a lease by area need the building area",
        "财税〔2010〕121号 第三条",
    )
}

/// V13: later versions are dated, in order, not before the acquisition.
fn order(
    source: &Source,
    place: usize,
    version: &ValueVersion,
    path: &str,
    found: &mut Vec<Finding>,
) {
    let Some(before) = place
        .checked_sub(1)
        .and_then(|place| source.versions.get(place))
    else {
        return;
    };
    let field = format!("{path}.changed_on");
    match version.changed_on {
        Some(day) if day < source.acquired_on => found.push(
            Finding::error(
                "RE_V13",
                field,
                format!("变更时间 {day} 早于房产取得时间 {}", source.acquired_on),
                format!("the change ({day}) is before the acquisition"),
                FORM,
            )
            .numbers(format!(">= {}", source.acquired_on), day),
        ),
        Some(day) if before.changed_on.is_none_or(|earlier| earlier < day) => {}
        _ => found.push(Finding::error(
            "RE_VERSION_ORDER",
            field,
            "各版本应按变更时间先后排列，且均填写变更时间",
            "versions after the first have a day of change, in ascending order",
            FORM,
        )),
    }
}

/// V11 and reserved ids.
fn reliefs(claims: &[ReliefClaim], path: &str, found: &mut Vec<Finding>) {
    for (place, claim) in claims.iter().enumerate() {
        let reserved = [
            HARDSHIP,
            "RE_HOUSING_LEASE_PERSON",
            "RE_HOUSING_LEASE_ENTITY",
        ];
        if reserved.contains(&claim.relief_id.as_str()) {
            found.push(Finding::error(
                "RE_RELIEF_RESERVED",
                format!("{path}[{place}].relief_id"),
                format!("{} 由困难减免或租赁信息生成，不能直接申报", claim.relief_id),
                format!(
                    "{} comes from the hardship or the lease fields",
                    claim.relief_id
                ),
                FORM,
            ));
        }
        let mut shares = Decimal::ZERO;
        for other in claims {
            let common = match (claim.period, other.period) {
                (Some(own), Some(other)) => own.overlap(other).is_some(),
                _ => true,
            };
            if common && other.ratio.is_none() && other.amount.is_none() {
                let share = other.base_share.unwrap_or(Decimal::ONE);
                shares = shares.saturating_add(share);
            }
        }
        if shares > Decimal::ONE && place == 0 {
            found.push(
                Finding::warning(
                    "RE_V11",
                    path,
                    "各项减免税房产原值之和大于计税房产原值",
                    "the reliefs together cover more than the house",
                    FORM,
                )
                .numbers("<= 1", shares),
            );
        }
    }
}

fn hardship(hardship: Option<&Hardship>, path: &str, found: &mut Vec<Finding>) {
    let Some(hardship) = hardship else { return };
    let unit = |ratio: Decimal| Decimal::ZERO <= ratio && ratio <= Decimal::ONE;
    let fits = match (hardship.ratio, hardship.amount) {
        (Some(ratio), None) => unit(ratio),
        (None, Some(amount)) => !amount.is_negative(),
        _ => false,
    };
    if !fits {
        found.push(hardship_input(path));
    }
    if hardship.document.trim().is_empty() {
        found.push(Finding::error(
            "RE_HARDSHIP_DOCUMENT",
            format!("{path}.document"),
            "困难减免应填写核准文书号",
            "a hardship relief names its approval",
            "房产税暂行条例 第六条",
        ));
    }
}
