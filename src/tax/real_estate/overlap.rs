//! What is let together: no more than there is (V5, V6), all of it declared on rent, and none of
//! it on value and on rent in one month.

use super::model::{Lease, Source, ValueVersion};
use super::value::original_value;
use super::{ChargeError, Context, Finding, catalogue};
use crate::types::{Exact, Money, Month};

/// Decimals of a share in a message.
const SHARE_SCALE: u32 = 4;

/// V5 and V6: what is let in a month is measured whenever it changes.
pub(super) fn let_together(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let starts = source
        .leases
        .iter()
        .filter_map(|lease| lease.out_of_value(ctx).ok());
    let changes = source
        .versions
        .iter()
        .filter_map(|version| version.changed_on.map(|day| Month::of(day).next()));
    let mut months: Vec<Month> = starts.map(|(first, _)| first).chain(changes).collect();
    months.sort_unstable();
    months.dedup();
    let mut too_large = vec![false; source.leases.len()];
    let mut together = false;
    for month in months {
        let Some(version) = source.version_in(month) else {
            continue;
        };
        let mut active: Vec<&Lease> = Vec::new();
        for ((place, lease), told) in source.leases.iter().enumerate().zip(&mut too_large) {
            if !lease.is_let(ctx, month).unwrap_or(false) {
                continue;
            }
            active.push(lease);
            let share = share(ctx, version, month, &[lease]);
            if let Some(share) = share.filter(|share| *share > Exact::ONE)
                && !*told
            {
                *told = true;
                found.push(more_than_all(place, lease, month, share));
            }
        }
        let all = share(ctx, version, month, &active);
        if let Some(all) = all.filter(|all| *all > Exact::ONE)
            && active.len() > 1
            && !together
        {
            together = true;
            found.push(
                catalogue::RE_V6
                    .at(
                        "leases",
                        format!("{month} 各租约出租面积（原值）之和超过房屋的面积（原值）"),
                        format!("in {month} the leases together let more than there is"),
                    )
                    .numbers("<= 1", all.round_to_scale(SHARE_SCALE).unwrap_or_default()),
            );
        }
    }
}

fn more_than_all(place: usize, lease: &Lease, month: Month, share: Exact) -> Finding {
    let name = match lease.leased_area {
        Some(_) => "leased_area_sqm",
        None => "leased_value_yuan",
    };
    catalogue::RE_V5
        .at(
            format!("leases[{place}].{name}"),
            format!("{month} 出租面积（原值）超过房屋的面积（原值）"),
            format!("in {month} the lease lets more than there is"),
        )
        .numbers(
            "<= 1",
            share.round_to_scale(SHARE_SCALE).unwrap_or_default(),
        )
}

/// The share of a house let by leases together; nothing where that cannot be said. A value let is
/// measured against the value with its land.
fn share(
    ctx: &Context<'_>,
    version: &ValueVersion,
    month: Month,
    leases: &[&Lease],
) -> Option<Exact> {
    let mut share = Exact::ZERO;
    for lease in leases {
        let part = match (lease.leased_value, lease.leased_area) {
            (Some(value), _) if value.is_zero() => Exact::ZERO,
            (Some(value), _) => {
                let total = original_value(ctx, version, month).ok()?;
                Exact::from(value).div(total).ok()?
            }
            (None, Some(area)) => Exact::from(area).div(version.building_area?).ok()?,
            (None, None) => Exact::ONE,
        };
        share = share.add(part).ok()?;
    }
    Some(share)
}

/// A lease with rent that lets no value of a house that has one: its area would be taxed on value
/// and on rent in the same months.
pub(super) fn nothing_let(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let has_value = |lease: &Lease| {
        let month = ctx.period.first_month().max(lease.term.first_month());
        let version = source.version_in(month);
        let value = version.and_then(|version| original_value(ctx, version, month).ok());
        value.is_some_and(|value| !value.is_zero() && !value.is_negative())
    };
    for (place, lease) in source.leases.iter().enumerate() {
        let nothing = lease.leased_value.is_some_and(Money::is_zero);
        if nothing && !lease.rents.is_empty() && has_value(lease) {
            found.push(
                catalogue::RE_DOUBLE_BASE
                    .at(
                        format!("leases[{place}].leased_value_yuan"),
                        "出租房产原值为 0，出租面积将同时从价和从租计征；请填写出租原值或面积",
                        "no value is let, so what is let is taxed twice: state its value or area",
                    )
                    .numbers("> 0", Money::ZERO),
            );
        }
    }
}

/// Months of the period in which a part is let, yet no rent is declared for it.
pub(super) fn undeclared(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    if source.sides(ctx).is_ok_and(|sides| !sides.rent) {
        return;
    }
    for (place, lease) in source.leases.iter().enumerate() {
        let Ok((first, last)) = lease.out_of_value(ctx) else {
            continue;
        };
        let end = source.ended_on.map_or(last, |day| Month::of(day).min(last));
        let months = ctx.period.months().filter(|month| {
            let free = lease.rent_free_months.contains(month);
            first <= *month && *month <= end && !free && !lease.has_rent_in(*month)
        });
        let months: Vec<String> = months.map(|month| month.to_string()).collect();
        if let Some(month) = months.first() {
            let count = months.len();
            found.push(
                catalogue::RE_RENT_MISSING
                    .at(
                        format!("leases[{place}].rents"),
                        format!("自 {month} 起有 {count} 个出租月份既不从价也未申报租金"),
                        format!("{count} months let, from {month}, are on neither side"),
                    )
                    .numbers(0, count),
            );
        }
    }
}

/// Rents that other sources declare for the same house, in months in which this source does not
/// take what is let out of its value.
pub(super) fn between(
    source: &Source,
    others: &[&Source],
    ctx: &Context<'_>,
) -> Result<(), ChargeError> {
    let Some((first, last)) = source.taxed_months(ctx, ctx.period)? else {
        return Ok(());
    };
    for month in first.up_to(last) {
        let Some(version) = source.version_in(month) else {
            continue;
        };
        let mut elsewhere: Vec<&Lease> = Vec::new();
        for lease in others.iter().flat_map(|other| &other.leases) {
            if lease.has_rent_in(month) && lease.takes_value_out(ctx, month)? {
                elsewhere.push(lease);
            }
        }
        if elsewhere.is_empty() {
            continue;
        }
        let mut own: Vec<&Lease> = Vec::new();
        for lease in &source.leases {
            if !lease.has_rent_in(month) && lease.takes_value_out(ctx, month)? {
                own.push(lease);
            }
        }
        let rented = share(ctx, version, month, &elsewhere);
        let out = share(ctx, version, month, &own);
        let twice = match (rented, out) {
            (Some(rented), Some(out)) => rented > out,
            _ => own.is_empty(),
        };
        if twice {
            return Err(catalogue::RE_DOUBLE_BASE
                .at(
                    "leases",
                    format!(
                        "{month} 房产 {} 已由其他税源申报租金，本税源仍按其面积从价计征；\
                         请在本税源填写该租约",
                        source.house_no
                    ),
                    format!(
                        "in {month} other sources declare rent for house {}, whose value is taxed \
                         here: state the lease here too",
                        source.house_no
                    ),
                )
                .into());
        }
    }
    Ok(())
}
