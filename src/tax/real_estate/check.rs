//! What can be said of a source without charging it, all at once (spec §11): the house here, the
//! leases, what is let together and the reliefs in files of their own.

use rust_decimal::Decimal;

use super::model::{
    AcquisitionKind, HouseUse, Plot, Source, TaxpayerRole, Underground, ValueVersion,
};
use super::{Context, Finding, catalogue};
use super::{lease_check, overlap, relief_check};
use crate::types::{Exact, Month};

/// Digits before the point of an area on the form.
const AREA_DIGITS: u32 = 13;
/// Characters of a unit code of real estate (不动产单元代码).
const UNIT_CODE: usize = 28;
/// Digits before and after the point of a plot ratio on the form, and decimals of an area.
const FORM_SCALE: u32 = 2;

/// Every finding of the source.
pub(super) fn findings(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    house(source, &mut found);
    codes(source, &mut found);
    dates(source, &mut found);
    underground(source, &mut found);
    deduction(source, ctx, &mut found);
    for (place, version) in source.versions.iter().enumerate() {
        let path = format!("versions[{place}]");
        figures(version, &path, &mut found);
        order(source, place, version, &path, &mut found);
    }
    for (place, lease) in source.leases.iter().enumerate() {
        let path = format!("leases[{place}]");
        lease_check::terms(source, lease, ctx, &path, &mut found);
        lease_check::rents(lease, &path, &mut found);
        lease_check::dwelling(source, lease, ctx, &path, &mut found);
        relief_check::of_lease(lease, ctx, &path, &mut found);
    }
    lease_check::numbers(source, &mut found);
    lease_check::outside(source, &mut found);
    overlap::let_together(source, ctx, &mut found);
    overlap::nothing_let(source, ctx, &mut found);
    overlap::undeclared(source, ctx, &mut found);
    relief_check::of_value(source, ctx, &mut found);
    relief_check::unused(source, &mut found);
    for (place, payment) in source.value_payments.iter().enumerate() {
        if payment.amount.is_negative() {
            found.push(negative(&format!("value_payments[{place}].amount_yuan")));
        }
    }
    found.extend(source.frequency_findings(ctx));
    found
}

pub(super) fn negative(field: &str) -> Finding {
    catalogue::RE_V1.at(field, "不能为负数", "must not be negative")
}

/// Whose house it is and how it is told from others (V4).
fn house(source: &Source, found: &mut Vec<Finding>) {
    if source.versions.is_empty() && source.leases.is_empty() {
        found.push(catalogue::RE_EMPTY.at(
            "versions",
            "应填写房产原值或租赁信息",
            "state the figures of the house or its leases",
        ));
    }
    match (source.house_no.is_empty(), source.source_no.is_empty()) {
        (false, false) => found.push(catalogue::RE_V4.at(
            "source_no",
            "房产编号与税源编号只填其一",
            "state the number of the house or that of the source, not both",
        )),
        (true, true) => found.push(catalogue::RE_V4_NONE.at(
            "house_no",
            "尚未填写房产编号，税务机关赋码后请补填，否则不能核对重复申报",
            "the house has no number yet; without it a house declared twice is not noticed",
        )),
        _ => {}
    }
    if source.taxpayer_role != TaxpayerRole::Owner {
        for (name, text, zh) in [
            ("owner_id", &source.owner_id, "识别号"),
            ("owner_name", &source.owner_name, "名称"),
        ] {
            if text.trim().is_empty() {
                found.push(catalogue::RE_OWNER_MISSING.at(
                    name,
                    format!("纳税人不是产权所有人，应填写所有权人{zh}"),
                    format!("the taxpayer is not the owner: state {name}"),
                ));
            }
        }
    }
    let lessee = source.taxpayer_role == TaxpayerRole::FinanceLessee;
    let event = source.acquisition_kind == AcquisitionKind::FinanceLease;
    if lessee != event {
        found.push(catalogue::RE_ROLE_EVENT.at(
            "acquisition_kind",
            "纳税人类型为融资租赁承租人时，取得方式应为融资租赁，反之亦然",
            "a finance lease and its lessee go together: the role and the event disagree",
        ));
    }
    let on_value = matches!(
        source.taxpayer_role,
        TaxpayerRole::Pawnee | TaxpayerRole::User | TaxpayerRole::FinanceLessee
    );
    if on_value && source.versions.is_empty() {
        found.push(catalogue::RE_ROLE_ON_VALUE.at(
            "versions",
            "承典人、无租使用人、融资租赁承租人应从价缴税，请填写房产原值",
            "a pawnee, rent-free user or finance lessee is taxed on value: state the figures",
        ));
    }
    let Some(share) = source.ownership_share else {
        return;
    };
    if share <= Decimal::ZERO || share > Decimal::ONE {
        found.push(
            catalogue::RE_SHARE
                .at(
                    "ownership_share",
                    "共有份额应大于 0 且不大于 1",
                    "a share is above 0 and not above 1",
                )
                .numbers("0 < x <= 1", share),
        );
    } else if share < Decimal::ONE {
        found.push(catalogue::RE_CO_OWNER.at(
            "ownership_share",
            format!("按份额 {share} 从价计征；租金应只填本人所得部分，其他共有人各自申报"),
            format!("value is taxed on the share {share}; rents are the taxpayer's own part"),
        ));
    }
}

/// The codes of the form: 不动产单元代码 and 变更类型.
fn codes(source: &Source, found: &mut Vec<Finding>) {
    let code = source.unit_code.as_str();
    let shaped = code.len() == UNIT_CODE && code.chars().all(|one| one.is_ascii_alphanumeric());
    if !code.is_empty() && !shaped {
        found.push(
            catalogue::RE_UNIT_CODE
                .at(
                    "unit_code",
                    "不动产单元代码应为 28 位字母和数字",
                    "a unit code has 28 letters and digits",
                )
                .numbers(UNIT_CODE, code.chars().count()),
        );
    }
    match (source.ended_on, source.termination) {
        (Some(_), None) => found.push(catalogue::RE_TERMINATION.at(
            "termination",
            "已填写变更时间，请填写变更类型（权属转移或其他）",
            "the source ended: say why",
        )),
        (None, Some(_)) => found.push(catalogue::RE_TERMINATION.at(
            "ended_on",
            "已填写变更类型，请填写变更时间，否则继续计税",
            "the source is said to have ended: say when, or it is taxed on",
        )),
        _ => {}
    }
}

/// The days of the house: V13 and the early use of a contracted one.
fn dates(source: &Source, found: &mut Vec<Finding>) {
    if let Some(ended) = source.ended_on
        && ended < source.acquired_on
    {
        let acquired = source.acquired_on;
        found.push(
            catalogue::RE_V13
                .at(
                    "ended_on",
                    format!("变更时间 {ended} 早于房产取得时间 {acquired}"),
                    format!("it ends ({ended}) before it was acquired ({acquired})"),
                )
                .numbers(acquired, ended),
        );
    }
    if let Some(used) = source.used_before_acceptance_on
        && (source.acquisition_kind != AcquisitionKind::Contracted || used > source.acquired_on)
    {
        found.push(
            catalogue::RE_EARLY_USE
                .at(
                    "used_before_acceptance_on",
                    "验收前使用日期只适用于委托施工的房屋，且不晚于验收日期",
                    "use before acceptance is for contracted houses and not after the acceptance",
                )
                .numbers(source.acquired_on, used),
        );
    }
    let first = source.versions.first();
    if first.is_some_and(|version| version.changed_on.is_some()) {
        found.push(catalogue::RE_VERSION_ORDER.at(
            "versions[0].changed_on",
            "首个版本自纳税义务发生起适用，不填变更时间",
            "the first version holds from the start and has no day of change",
        ));
    }
}

/// What is said of a stand-alone underground building fits (财税〔2005〕181号).
fn underground(source: &Source, found: &mut Vec<Finding>) {
    let alone = match source.underground {
        Underground::None | Underground::Connected => None,
        Underground::StandaloneIndustrial => Some(true),
        Underground::StandaloneOther => Some(false),
    };
    if alone.is_none() && source.underground_ratio.is_some() {
        found.push(catalogue::RE_UNDERGROUND_RATIO.at(
            "underground_ratio",
            "不是独立地下建筑，应税原值比例不适用，按全部原值计征",
            "it is not a stand-alone underground building: the ratio is not used",
        ));
    }
    if alone.is_some_and(|industrial| industrial != (source.house_use == HouseUse::Industrial)) {
        found.push(catalogue::RE_UNDERGROUND_USE.at(
            "underground",
            "独立地下建筑的工业用途与房产用途不一致，两者适用的比例不同",
            "its use underground and the use of the house disagree; the ratios differ by use",
        ));
    }
}

/// The form's 计税比例 stated where the deduction belongs: outside the statutory range, while what
/// is missing to one lies in it.
fn deduction(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let (Some(stated), Some((low, high))) = (
        &source.deduction_ratio,
        ctx.rules.national_range("ret.deduction"),
    ) else {
        return;
    };
    let inside = |value: Decimal| low <= value && value <= high;
    let rest = Decimal::ONE.saturating_sub(stated.value);
    if !inside(stated.value) && inside(rest) {
        let value = stated.value;
        found.push(
            catalogue::RE_DEDUCTION_KIND
                .at(
                    "deduction_ratio.value",
                    format!("{value} 是计税比例，这里应填原值减除比例 {rest}"),
                    format!("{value} is the taxable ratio; the deduction is {rest}"),
                )
                .numbers(rest, value)
                .fix("deduction_ratio.value", rest),
        );
    }
}

/// The figures of one version: V1, V3, X1, X2 and what the land share needs.
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
        found.push(catalogue::RE_VALUE_ZERO.at(
            format!("{path}.building_value_yuan"),
            "房屋原值为 0，应由税务机关参照同类房产核定",
            "the value is 0: the bureau assesses it by comparable houses",
        ));
    }
    let own = version.building_area;
    found.extend(own.and_then(|own| area(&format!("{path}.building_area_sqm"), own)));
    if let Some(plot) = &version.plot {
        plot_figures(plot, own, path, found);
    }
}

fn plot_figures(plot: &Plot, own: Option<Decimal>, path: &str, found: &mut Vec<Finding>) {
    for (name, value) in [
        ("plot_cost_yuan", plot.plot_cost),
        ("deed_tax_yuan", plot.deed_tax),
    ] {
        if value.is_negative() {
            found.push(negative(&format!("{path}.plot.{name}")));
        }
    }
    for (name, value) in [
        ("plot_area_sqm", plot.plot_area),
        ("total_building_area_sqm", plot.total_building_area),
    ] {
        found.extend(area(&format!("{path}.plot.{name}"), value));
    }
    if plot.land_no.is_empty() {
        found.push(catalogue::RE_X1.at(
            format!("{path}.plot.land_no"),
            "未填写土地编号，不能与城镇土地使用税税源核对地价和面积",
            "the plot has no number, so its cost and area are not compared with the land source",
        ));
    }
    match own {
        None => found.push(needed(path)),
        Some(own) if own > plot.total_building_area => found.push(
            catalogue::RE_PLOT_AREA
                .at(
                    format!("{path}.building_area_sqm"),
                    "房屋建筑面积大于宗地总建筑面积",
                    "the building area is above the total of the plot",
                )
                .numbers(format!("<= {}", plot.total_building_area), own),
        ),
        Some(_) => {}
    }
    let Some(stated) = plot.stated_plot_ratio else {
        return;
    };
    let field = format!("{path}.plot.stated_plot_ratio");
    let limit = 10_u32.pow(FORM_SCALE);
    if stated.is_sign_negative()
        || stated.normalize().scale() > FORM_SCALE
        || stated >= Decimal::from(limit)
    {
        found.push(
            catalogue::RE_V3
                .at(
                    field,
                    "容积率应不为负，且不超过 2 位整数和 2 位小数",
                    "a plot ratio is not negative and has at most 2 + 2 digits",
                )
                .numbers(format!("0 <= x < {limit}"), stated),
        );
        return;
    }
    let ratio = Exact::from(plot.total_building_area)
        .div(plot.plot_area)
        .and_then(|ratio| ratio.round_to_scale(FORM_SCALE));
    if let Ok(ratio) = ratio
        && stated != ratio
    {
        found.push(
            catalogue::RE_X2
                .at(
                    field.clone(),
                    format!("填写的容积率 {stated} 与面积计算的 {ratio} 不符"),
                    format!("the stated plot ratio {stated} differs from the areas' {ratio}"),
                )
                .numbers(ratio, stated)
                .fix(field, ratio),
        );
    }
}

/// V1 of an area: above 0, with no more digits than the form has.
pub(super) fn area(field: &str, value: Decimal) -> Option<Finding> {
    let limit = Decimal::from(10_u64.pow(AREA_DIGITS));
    if value <= Decimal::ZERO {
        let finding = catalogue::RE_V1.at(field, "面积应大于 0", "an area must be above 0");
        return Some(finding.numbers("> 0", value));
    }
    (value >= limit || value.normalize().scale() > FORM_SCALE).then(|| {
        catalogue::RE_V1
            .at(
                field,
                "面积不超过 13 位整数和 2 位小数",
                "an area has at most 13 + 2 digits",
            )
            .numbers(format!("< {limit}"), value)
    })
}

pub(super) fn needed(path: &str) -> Finding {
    catalogue::RE_AREA_NEEDED.at(
        format!("{path}.building_area_sqm"),
        "计算土地价值或按面积出租时应填写建筑面积",
        "the land share and a lease by area need the building area",
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
            catalogue::RE_V13
                .at(
                    field.clone(),
                    format!("变更时间 {day} 早于房产取得时间 {}", source.acquired_on),
                    format!("the change ({day}) is before the acquisition"),
                )
                .numbers(format!(">= {}", source.acquired_on), day),
        ),
        Some(day) if before.changed_on.is_none_or(|earlier| earlier < day) => {}
        _ => found.push(catalogue::RE_VERSION_ORDER.at(
            field.clone(),
            "各版本应按变更时间先后排列，且均填写变更时间",
            "versions after the first have a day of change, in ascending order",
        )),
    }
    if let (Some(day), Some(ended)) = (version.changed_on, source.ended_on)
        && Month::of(ended) <= Month::of(day)
        && ended >= source.acquired_on
    {
        found.push(
            catalogue::RE_VERSION_AFTER_END
                .at(
                    field,
                    format!("原值变更 {day} 自次月起计算，而纳税义务止于 {ended} 当月"),
                    format!("the change of {day} holds from the next month; it ends with {ended}"),
                )
                .numbers(format!("<= {ended}"), day),
        );
    }
}
