//! What can be said of a source without charging it, all at once (spec §11, V1–V15, X2).

use rust_decimal::Decimal;

use super::model::{AcquisitionKind, ValueVersion};
use super::model::{Hardship, HouseUse, Lease, LesseeKind, Rent, Source, TaxpayerRole};
use super::settle::{HARDSHIP, hardship_input};
use super::{Context, Finding};
use crate::tax::{ReliefClaim, TaxpayerKind};
use crate::types::{Exact, Money, Month};

const FORM: &str = "税务总局公告2021年第9号 房产税税源明细表";
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

fn negative(field: &str) -> Finding {
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

fn area(field: &str) -> Finding {
    Finding::error(
        "RE_V1",
        field,
        "面积应大于 0",
        "an area must be above 0",
        FORM,
    )
}

fn needed(path: &str) -> Finding {
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

/// The contract: what is let and from when (V5, S3).
fn terms(source: &Source, lease: &Lease, path: &str, found: &mut Vec<Finding>) {
    if lease.leased_area.is_some() && lease.leased_value.is_some() {
        found.push(Finding::error(
            "RE_LEASED_TWICE",
            format!("{path}.leased_value_yuan"),
            "出租面积与出租房产原值只填其一",
            "state either the area let or the value let",
            FORM,
        ));
    }
    if lease
        .leased_area
        .is_some_and(|let_area| let_area <= Decimal::ZERO)
    {
        found.push(area(&format!("{path}.leased_area_sqm")));
    }
    if lease.leased_value.is_some_and(Money::is_negative) {
        found.push(negative(&format!("{path}.leased_value_yuan")));
    }
    let by_area = lease.leased_area.is_some();
    for (place, version) in source.versions.iter().enumerate() {
        if by_area && version.building_area.is_none() && version.plot.is_none() {
            found.push(needed(&format!("versions[{place}]")));
        }
    }
    let (first, last) = lease.out_of_value();
    if !source.versions.is_empty() {
        found.push(Finding::hint(
            "RE_LEASE_START",
            format!("{path}.term"),
            format!("出租部分自 {first} 起不再从价计征（至 {last}），租金按申报的租赁期从租计征"),
            format!("what is let is out of the value side from {first} to {last}"),
            "国税发〔2003〕89号 第二条；财税〔2010〕121号 第二条",
        ));
    }
    for month in &lease.rent_free_months {
        if *month < lease.term.first_month() || *month > lease.term.last_month() {
            found.push(
                Finding::error(
                    "RE_RENT_FREE",
                    format!("{path}.rent_free_months"),
                    format!("免租月份 {month} 不在租赁期 {} 内", lease.term),
                    format!("the rent-free month {month} is outside {}", lease.term),
                    "财税〔2010〕121号 第二条",
                )
                .numbers(lease.term, month),
            );
        }
    }
}

/// V7, V8, V9: the rents of one lease.
fn rents(lease: &Lease, path: &str, found: &mut Vec<Finding>) {
    for (place, rent) in lease.rents.iter().enumerate() {
        let path = format!("{path}.rents[{place}]");
        one_rent(lease, rent, &path, found);
        let earlier = lease.rents.iter().take(place);
        if let Some(other) = earlier
            .into_iter()
            .find(|other| other.period.overlap(rent.period).is_some())
        {
            found.push(
                Finding::error(
                    "RE_V9",
                    format!("{path}.period"),
                    format!(
                        "申报租金所属租赁期 {} 与 {} 重叠",
                        rent.period, other.period
                    ),
                    format!(
                        "the rental periods {} and {} overlap",
                        rent.period, other.period
                    ),
                    FORM,
                )
                .numbers(other.period, rent.period),
            );
        }
    }
    let declared = Money::sum(lease.rents.iter().map(|rent| rent.rent_ex_vat));
    if let (Some(contract), Ok(declared)) = (lease.contract_rent, declared)
        && declared > contract
    {
        found.push(
            Finding::error(
                "RE_V7",
                format!("{path}.contract_rent_yuan"),
                format!("申报租金合计 {declared} 大于合同租金总收入 {contract}"),
                format!("the rents declared ({declared}) exceed the contract's {contract}"),
                FORM,
            )
            .numbers(format!("<= {contract}"), declared),
        );
    }
}

fn one_rent(lease: &Lease, rent: &Rent, path: &str, found: &mut Vec<Finding>) {
    if !rent.rent_ex_vat.is_positive() {
        found.push(
            Finding::error(
                "RE_V7",
                format!("{path}.rent_ex_vat_yuan"),
                "申报租金收入应大于 0；退租请更正原所属期，免租请填免租月份",
                "a declared rent is above 0: correct the old period, or state rent-free months",
                FORM,
            )
            .numbers("> 0", rent.rent_ex_vat),
        );
    }
    if rent.already_paid.is_negative() {
        found.push(negative(&format!("{path}.already_paid_yuan")));
    }
    if !lease.term.covers(rent.period) {
        found.push(
            Finding::error(
                "RE_V8",
                format!("{path}.period"),
                format!(
                    "申报租金所属租赁期 {} 不在合同租赁期 {} 内",
                    rent.period, lease.term
                ),
                format!(
                    "the rental period {} is outside {}",
                    rent.period, lease.term
                ),
                FORM,
            )
            .numbers(lease.term, rent.period),
        );
    }
    let free = rent
        .period
        .months()
        .find(|month| lease.rent_free_months.contains(month));
    if let Some(month) = free {
        found.push(Finding::warning(
            "RE_RENT_IN_FREE_MONTH",
            format!("{path}.period"),
            format!("{month} 为免租月份，不应申报租金"),
            format!("{month} is rent-free, yet a rent covers it"),
            "财税〔2010〕121号 第二条",
        ));
    }
}

/// V15: when the dwelling rate does not apply although a dwelling is let.
fn dwelling(
    source: &Source,
    lease: &Lease,
    ctx: &Context<'_>,
    path: &str,
    found: &mut Vec<Finding>,
) {
    if !lease.housing {
        return;
    }
    if source.house_use != HouseUse::Housing {
        found.push(Finding::warning(
            "RE_HOUSING_USE",
            format!("{path}.housing"),
            "出租住房，但房产用途不是住房",
            "a dwelling is let, yet the house is not used as one",
            "财政部 税务总局 住房城乡建设部公告2021年第24号",
        ));
    }
    let entity = matches!(
        ctx.profile.kind,
        TaxpayerKind::Enterprise | TaxpayerKind::Organisation
    );
    if entity && lease.lessee_kind == LesseeKind::Other {
        found.push(Finding::hint(
            "RE_V15",
            format!("{path}.lessee_kind"),
            "单位出租住房给个人或专业化规模化住房租赁企业以外的承租方，不适用住房优惠税率",
            "the dwelling rate of entities needs an individual or a scaled lessor as lessee",
            "财政部 税务总局 住房城乡建设部公告2021年第24号 第二条",
        ));
    }
}

/// V5, V6: in no month is more let than there is.
fn let_together(source: &Source, found: &mut Vec<Finding>) {
    let starts = source.leases.iter().map(|lease| lease.out_of_value().0);
    let changes = source
        .versions
        .iter()
        .filter_map(|version| version.changed_on.map(|day| Month::of(day).next()));
    let mut months: Vec<Month> = starts.chain(changes).collect();
    months.sort_unstable();
    months.dedup();
    for month in months {
        let Some(version) = source.version_in(month) else {
            continue;
        };
        let active: Vec<&Lease> = source
            .leases
            .iter()
            .filter(|lease| {
                let (first, last) = lease.out_of_value();
                first <= month && month <= last
            })
            .collect();
        if let Some(share) = let_share(version, &active)
            && share > Exact::ONE
        {
            let percent = share.round_to_scale(4).unwrap_or_default();
            found.push(
                Finding::error(
                    "RE_V6",
                    "leases",
                    format!("{month} 各租约出租面积（原值）之和超过房屋的面积（原值）"),
                    format!("in {month} the leases together let more than there is"),
                    FORM,
                )
                .numbers("<= 1", percent),
            );
            return;
        }
    }
}

/// The share let by leases together. A value let is measured against the value with its land;
/// where that cannot be said nothing is.
fn let_share(version: &ValueVersion, leases: &[&Lease]) -> Option<Exact> {
    let books = version.building_value.plus(version.equipment_value).ok()?;
    let land = version
        .plot
        .as_ref()
        .map_or(Money::ZERO, |plot| plot.plot_cost);
    // The whole plot cost bounds the land share where the plot is fully built on.
    let total = books.plus(land).ok()?;
    let mut share = Exact::ZERO;
    for lease in leases {
        let part = match (lease.leased_value, lease.leased_area) {
            (Some(value), _) if value.is_zero() => Exact::ZERO,
            (Some(value), _) => Exact::from(value).div(Exact::from(total)).ok()?,
            (None, Some(area)) => Exact::from(area).div(version.building_area?).ok()?,
            (None, None) => Exact::ONE,
        };
        share = share.add(part).ok()?;
    }
    Some(share)
}

/// A rent for months after the taxpayer's right ended.
fn outlived(source: &Source, found: &mut Vec<Finding>) {
    let Some(ended) = source.ended_on else { return };
    for (place, lease) in source.leases.iter().enumerate() {
        for (number, rent) in lease.rents.iter().enumerate() {
            if rent.period.last_month() > Month::of(ended) {
                found.push(
                    Finding::warning(
                        "RE_RENT_AFTER_END",
                        format!("leases[{place}].rents[{number}].period"),
                        format!("租赁期 {} 超过房产变更时间 {ended}", rent.period),
                        format!(
                            "the rental period {} goes beyond the end {ended}",
                            rent.period
                        ),
                        "财税〔2008〕152号 第三条",
                    )
                    .numbers(format!("<= {ended}"), rent.period.last()),
                );
            }
        }
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
