//! What can be said of the leases without charging them (spec §11, V5–V9, V15).

use rust_decimal::Decimal;

use super::check::{FORM, area, needed, negative};
use super::model::{HouseUse, Lease, LesseeKind, Rent, Source, ValueVersion};
use super::{Context, Finding};
use crate::tax::TaxpayerKind;
use crate::types::{Exact, Money, Month};

/// The contract: what is let and from when (V5, S3).
pub(super) fn terms(source: &Source, lease: &Lease, path: &str, found: &mut Vec<Finding>) {
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
pub(super) fn rents(lease: &Lease, path: &str, found: &mut Vec<Finding>) {
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
pub(super) fn dwelling(
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
pub(super) fn let_together(source: &Source, found: &mut Vec<Finding>) {
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
pub(super) fn outlived(source: &Source, found: &mut Vec<Finding>) {
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
