//! What can be said of the leases without charging them (spec §11, V1, V7–V10, V15).

use jiff::civil::Date;

use super::check::{area, needed, negative};
use super::model::{AcquisitionKind, HouseUse, Lease, LesseeKind, Rent, Source};
use super::{Context, Finding, catalogue};
use crate::tax::TaxpayerKind;
use crate::types::{Money, Month};

/// The contract: what is let and from when (V1, S3).
pub(super) fn terms(
    source: &Source,
    lease: &Lease,
    ctx: &Context<'_>,
    path: &str,
    found: &mut Vec<Finding>,
) {
    if lease.leased_area.is_some() && lease.leased_value.is_some() {
        found.push(catalogue::RE_LEASED_TWICE.at(
            format!("{path}.leased_value_yuan"),
            "出租面积与出租房产原值只填其一",
            "state either the area let or the value let",
        ));
    }
    let leased = lease.leased_area;
    found.extend(leased.and_then(|leased| area(&format!("{path}.leased_area_sqm"), leased)));
    for (name, amount) in [
        ("leased_value_yuan", lease.leased_value),
        ("contract_rent_yuan", lease.contract_rent),
    ] {
        if amount.is_some_and(Money::is_negative) {
            found.push(negative(&format!("{path}.{name}")));
        }
    }
    if lease.contract_rent.is_none() {
        found.push(catalogue::RE_CONTRACT_RENT.at(
            format!("{path}.contract_rent_yuan"),
            "未填写合同租金总收入，不能核对申报租金是否超过合同",
            "the contract's rent is not stated; the declared rents are not compared with it",
        ));
    }
    for (place, version) in source.versions.iter().enumerate() {
        if leased.is_some() && version.building_area.is_none() && version.plot.is_none() {
            found.push(needed(&format!("versions[{place}]")));
        }
    }
    start(source, lease, ctx, path, found);
    for month in &lease.rent_free_months {
        if *month < lease.term.first_month() || *month > lease.term.last_month() {
            found.push(
                catalogue::RE_RENT_FREE
                    .at(
                        format!("{path}.rent_free_months"),
                        format!("免租月份 {month} 不在租赁期 {} 内", lease.term),
                        format!("the rent-free month {month} is outside {}", lease.term),
                    )
                    .numbers(lease.term, month),
            );
        }
    }
    if !lease.rent_free_months.is_empty() && source.versions.is_empty() {
        found.push(catalogue::RE_RENT_FREE_NO_VALUE.at(
            format!("{path}.rent_free_months"),
            "免租月份由产权所有人从价缴税，但本税源未填写房产原值",
            "rent-free months are taxed on value, yet this source states none",
        ));
    }
    changed(lease, path, found);
}

/// The months in which what is let leaves the value side and returns, where they are near (S3).
fn start(source: &Source, lease: &Lease, ctx: &Context<'_>, path: &str, found: &mut Vec<Finding>) {
    let Ok((first, last)) = lease.out_of_value(ctx) else {
        return;
    };
    let near = |month: Month| ctx.period.first_month() <= month && month <= ctx.period.last_month();
    if !source.versions.is_empty() && (near(first) || near(last.next())) {
        found.push(catalogue::RE_LEASE_START.at(
            format!("{path}.term"),
            format!("出租部分自 {first} 起不再从价计征（至 {last}），租金按申报的租赁期从租计征"),
            format!("what is let is out of the value side from {first} to {last}"),
        ));
    }
}

/// V10, on the rental periods declared or else on the term.
fn changed(lease: &Lease, path: &str, found: &mut Vec<Finding>) {
    let Some(day) = lease.changed_on else { return };
    let declared = || lease.rents.iter().map(|rent| rent.period);
    let first = declared().map(|period| period.first_month()).min();
    let last = declared().map(|period| period.last_month()).max();
    let earliest = first.unwrap_or(lease.term.first_month()).first_day();
    let latest = last
        .unwrap_or(lease.term.last_month())
        .previous()
        .last_day();
    if day < earliest || latest < day {
        found.push(
            catalogue::RE_V10
                .at(
                    format!("{path}.changed_on"),
                    format!("租赁变更时间 {day} 应在 {earliest} 至 {latest} 之间"),
                    format!("the lease's change on {day} is not between {earliest} and {latest}"),
                )
                .numbers(format!("{earliest}..{latest}"), day),
        );
    }
}

/// V7, V8, V9: the rents of one lease.
pub(super) fn rents(lease: &Lease, path: &str, found: &mut Vec<Finding>) {
    for (place, rent) in lease.rents.iter().enumerate() {
        let path = format!("{path}.rents[{place}]");
        one_rent(lease, rent, &path, found);
        let mut earlier = lease.rents.iter().take(place);
        if let Some(other) = earlier.find(|other| other.period.overlap(rent.period).is_some()) {
            let (before, own) = (other.period, rent.period);
            found.push(
                catalogue::RE_V9
                    .at(
                        format!("{path}.period"),
                        format!("申报租金所属租赁期 {own} 与 {before} 重叠"),
                        format!("the rental periods {own} and {before} overlap"),
                    )
                    .numbers(before, own),
            );
        }
    }
    let declared = Money::sum(lease.rents.iter().map(|rent| rent.rent_ex_vat));
    if let (Some(contract), Ok(declared)) = (lease.contract_rent, declared)
        && declared > contract
    {
        found.push(
            catalogue::RE_V7
                .at(
                    format!("{path}.contract_rent_yuan"),
                    format!("申报租金合计 {declared} 大于合同租金总收入 {contract}"),
                    format!("the rents declared ({declared}) exceed the contract's {contract}"),
                )
                .numbers(format!("<= {contract}"), declared),
        );
    }
}

fn one_rent(lease: &Lease, rent: &Rent, path: &str, found: &mut Vec<Finding>) {
    if !rent.rent_ex_vat.is_positive() {
        found.push(
            catalogue::RE_V7
                .at(
                    format!("{path}.rent_ex_vat_yuan"),
                    "申报租金收入应大于 0；退租请更正原所属期，免租请填免租月份",
                    "a declared rent is above 0: correct the old period, or state rent-free months",
                )
                .numbers("> 0", rent.rent_ex_vat),
        );
    }
    if rent.already_paid.is_negative() {
        found.push(negative(&format!("{path}.already_paid_yuan")));
    }
    let (period, term) = (rent.period, lease.term);
    if !term.covers(period) {
        found.push(
            catalogue::RE_V8
                .at(
                    format!("{path}.period"),
                    format!("申报租金所属租赁期 {period} 不在合同租赁期 {term} 内"),
                    format!("the rental period {period} is outside {term}"),
                )
                .numbers(term, period),
        );
    }
    let mut months = period.months();
    if let Some(month) = months.find(|month| lease.rent_free_months.contains(month)) {
        found.push(catalogue::RE_RENT_IN_FREE_MONTH.at(
            format!("{path}.period"),
            format!("{month} 为免租月份，已从价计征，不能再申报租金；请分段申报租赁期"),
            format!("{month} is rent-free and taxed on value, yet a rent covers it: split it"),
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
        found.push(catalogue::RE_HOUSING_USE.at(
            format!("{path}.housing"),
            "出租住房，但房产用途不是住房",
            "a dwelling is let, yet the house is not used as one",
        ));
    }
    let entity = matches!(
        ctx.profile.kind,
        TaxpayerKind::Enterprise | TaxpayerKind::Organisation
    );
    if entity && lease.lessee_kind == LesseeKind::Other {
        found.push(catalogue::RE_V15.at(
            format!("{path}.lessee_kind"),
            "单位出租住房给个人或专业化规模化住房租赁企业以外的承租方，不适用住房优惠税率",
            "the dwelling rate of entities needs an individual or a scaled lessor as lessee",
        ));
    }
}

/// A contract number tells leases apart.
pub(super) fn numbers(source: &Source, found: &mut Vec<Finding>) {
    for (place, lease) in source.leases.iter().enumerate() {
        let number = &lease.lease_no;
        let mut earlier = source.leases.iter().take(place);
        if !number.is_empty() && earlier.any(|other| other.lease_no == *number) {
            found.push(catalogue::RE_LEASE_TWICE.at(
                format!("leases[{place}].lease_no"),
                format!("合同编号 {number} 重复填写；续租请用新的合同编号"),
                format!("the contract number {number} stands on two leases"),
            ));
        }
    }
}

/// Rents for months in which the house was not yet, or no longer, the taxpayer's.
pub(super) fn outside(source: &Source, found: &mut Vec<Finding>) {
    // A lease or the use of an unfinished house may precede the event that starts the liability.
    let own_before = matches!(
        source.acquisition_kind,
        AcquisitionKind::OriginalHouseToBusiness
            | AcquisitionKind::Leased
            | AcquisitionKind::DeveloperOwn
    );
    let start: Option<Date> = (!own_before).then(|| {
        let used = source.used_before_acceptance_on;
        used.map_or(source.acquired_on, |day| day.min(source.acquired_on))
    });
    for (place, lease) in source.leases.iter().enumerate() {
        for (number, rent) in lease.rents.iter().enumerate() {
            let field = format!("leases[{place}].rents[{number}].period");
            let period = rent.period;
            if let Some(start) = start
                && period.first_month() < Month::of(start)
            {
                found.push(
                    catalogue::RE_RENT_BEFORE_START
                        .at(
                            field.clone(),
                            format!("租赁期 {period} 早于房产取得时间 {start}"),
                            format!("the rental period {period} begins before {start}"),
                        )
                        .numbers(format!(">= {start}"), period.first()),
                );
            }
            if let Some(ended) = source.ended_on
                && period.last_month() > Month::of(ended)
            {
                found.push(
                    catalogue::RE_RENT_AFTER_END
                        .at(
                            field,
                            format!("租赁期 {period} 超过房产变更时间 {ended}"),
                            format!("the rental period {period} goes beyond the end {ended}"),
                        )
                        .numbers(format!("<= {ended}"), period.last()),
                );
            }
        }
    }
}
