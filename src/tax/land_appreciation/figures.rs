//! Income without VAT and a developer's deductions, each item rounded to the fen first.

use super::parts::{Deductions, DevelopmentCost, ExpenseMode, IncomePart, Taxes, VatMethod};
use super::work::Work;
use crate::tax::{ChargeError, Context};
use crate::types::{Exact, Money};

/// `net × (1 + rate)` taken apart: the VAT inside an amount.
fn vat_inside(amount: Money, rate: rust_decimal::Decimal) -> Result<Money, ChargeError> {
    let divisor = Exact::ONE.add(Exact::from(rate))?;
    Ok(Exact::from(amount)
        .div(divisor)?
        .mul(rate)?
        .round_to_fen()?)
}

/// Income without VAT (公告2016年第70号 art. 1): gross less output VAT, so the land price set off
/// in VAT stays in the income.
pub(super) fn income(work: &mut Work<'_, '_>, parts: &[IncomePart]) -> Result<Money, ChargeError> {
    let mut total = Money::ZERO;
    for part in parts {
        let on = part.sold_on.unwrap_or(work.on);
        let (vat, expression, id) = match part.vat_method {
            VatMethod::Excluded => (Money::ZERO, part.amount.to_string(), None),
            VatMethod::Stated => {
                let vat = part.vat.unwrap_or_default();
                (vat, format!("{} − {vat}", part.amount), None)
            }
            VatMethod::General | VatMethod::Simple => {
                let id = if part.vat_method == VatMethod::General {
                    "lat.vat_rate.general"
                } else {
                    "lat.vat_rate.simple"
                };
                let rate = work.number_on(id, on)?;
                // An offset above the gross amount gives no negative VAT (decision LAT2).
                let base = part.amount.minus(part.vat_offset)?.or_zero();
                let vat = vat_inside(base, rate)?;
                let text = format!(
                    "{} − ({} − {}) ÷ (1 + {rate}) × {rate}",
                    part.amount, part.amount, part.vat_offset
                );
                (vat, text, Some(id))
            }
        };
        let net = part.amount.minus(vat)?;
        work.step(
            ("不含增值税收入", "income without VAT"),
            expression,
            net,
            id,
            "国家税务总局公告2016年第70号第一条",
        );
        total = total.plus(net)?;
    }
    Ok(total)
}

/// Taxes that may be deducted. `developer`: no stamp tax (decision LAT8) unless the place lets it
/// in; local education surcharge only where the place's practice allows it.
pub(super) fn taxes(
    work: &mut Work<'_, '_>,
    taxes: Taxes,
    developer: bool,
) -> Result<Money, ChargeError> {
    let id = "lat.local_edu_deductible";
    let local = if taxes.local_education.is_zero() || work.ctx.text(id, work.on)? == "YES" {
        taxes.local_education
    } else {
        Money::ZERO
    };
    let stamp_id = "lat.stamp_deductible_for_developer";
    let kept_out =
        developer && !taxes.stamp.is_zero() && work.ctx.text(stamp_id, work.on)? != "YES";
    let stamp = if kept_out { Money::ZERO } else { taxes.stamp };
    let total = Money::sum([
        taxes.business_tax,
        taxes.urban_construction,
        taxes.education,
        local,
        stamp,
    ])?;
    work.step(
        ("与转让有关的税金", "taxes of the transfer"),
        format!(
            "{} + {} + {} + {local} + {stamp}",
            taxes.business_tax, taxes.urban_construction, taxes.education
        ),
        total,
        (!local.is_zero()).then_some(id),
        "实施细则第七条第五项，财税字〔1995〕48号第九条",
    );
    Ok(total)
}

/// The cap parameter of an expense mode.
pub(super) const fn expense_cap(mode: ExpenseMode) -> &'static str {
    match mode {
        ExpenseMode::InterestPlusFive => "lat.expense_cap.interest_plus_five",
        ExpenseMode::TenPercent => "lat.expense_cap.ten_percent",
    }
}

/// Interest that counts: without what is disallowed, not below zero, then capped (LAT3).
pub(super) fn allowed_interest(deductions: &Deductions) -> Result<Money, ChargeError> {
    let left = deductions
        .interest
        .minus(deductions.interest_disallowed)?
        .or_zero();
    Ok(deductions.interest_cap.map_or(left, |cap| left.min(cap)))
}

/// A developer's total deductions: land, development cost, expense, taxes, the additional
/// deduction and collected fees. `shared` is the part of common costs.
pub(super) fn developer(
    work: &mut Work<'_, '_>,
    deductions: &Deductions,
    shared: (Money, Money),
) -> Result<Money, ChargeError> {
    let land = deductions.land.plus(shared.0)?;
    let cost = deductions.development_cost.total()?.plus(shared.1)?;
    let base = land.plus(cost)?;
    let cap = expense_cap(deductions.expense_mode);
    let law = work.number(cap)?;
    let rate = deductions.expense_rate.unwrap_or(law);
    let share = Exact::from(base).mul(rate)?.round_to_fen()?;
    let interest = match deductions.expense_mode {
        ExpenseMode::InterestPlusFive => allowed_interest(deductions)?,
        ExpenseMode::TenPercent => Money::ZERO,
    };
    let expense = share.plus(interest)?;
    work.step(
        ("房地产开发费用", "development expense"),
        format!("{interest} + ({land} + {cost}) × {rate}"),
        expense,
        Some(cap),
        "实施细则第七条第三项",
    );
    let taxes = taxes(work, deductions.taxes, true)?;
    let uplift = work.number("lat.additional_rate")?;
    let additional = Exact::from(base).mul(uplift)?.round_to_fen()?;
    work.step(
        ("加计扣除", "additional deduction"),
        format!("({land} + {cost}) × {uplift}"),
        additional,
        Some("lat.additional_rate"),
        "实施细则第七条第六项",
    );
    let fees = deductions.collected_fees;
    let total = Money::sum([land, cost, expense, taxes, additional, fees])?;
    work.step(
        ("扣除项目金额合计", "total deductions"),
        format!("{land} + {cost} + {expense} + {taxes} + {additional} + {fees}"),
        total,
        None,
        "土地增值税暂行条例第六条",
    );
    Ok(total)
}

/// Splits an amount by weights, each part rounded, the residue on the first of the largest
/// weights (decision LAT5), so that the parts sum to the amount.
pub(super) fn split(amount: Money, weights: &[Exact]) -> Result<Vec<Money>, ChargeError> {
    let mut sum = Exact::ZERO;
    for weight in weights {
        sum = sum.add(*weight)?;
    }
    let mut parts = Vec::new();
    let mut largest: Option<(usize, Exact)> = None;
    for (place, weight) in weights.iter().enumerate() {
        let share = Exact::from(amount).mul(*weight)?.div(sum)?;
        parts.push(share.round_to_fen()?);
        if largest.is_none_or(|(_, most)| most < *weight) {
            largest = Some((place, *weight));
        }
    }
    let residue = amount.minus(Money::sum(parts.iter().copied())?)?;
    if let Some((place, _)) = largest
        && let Some(part) = parts.get_mut(place)
    {
        *part = part.plus(residue)?;
    }
    Ok(parts)
}

/// Splits each of the six items of a development cost and sums them per part, then takes the
/// sold share of each part's items.
pub(super) fn split_cost(
    cost: DevelopmentCost,
    weights: &[Exact],
    sold: &[Exact],
) -> Result<Vec<Money>, ChargeError> {
    let mut totals = vec![Money::ZERO; weights.len()];
    for item in cost.items() {
        for (total, part) in totals.iter_mut().zip(split_sold(item, weights, sold)?) {
            *total = total.plus(part)?;
        }
    }
    Ok(totals)
}

/// Splits an amount and takes the sold share of each part, rounded.
pub(super) fn split_sold(
    amount: Money,
    weights: &[Exact],
    sold: &[Exact],
) -> Result<Vec<Money>, ChargeError> {
    let mut parts = split(amount, weights)?;
    for (part, share) in parts.iter_mut().zip(sold) {
        *part = Exact::from(*part).mul(*share)?.round_to_fen()?;
    }
    Ok(parts)
}

/// The share of the deductions within which ordinary housing is exempt.
pub(super) fn exempt_share(
    ctx: &Context<'_>,
    on: jiff::civil::Date,
) -> Result<rust_decimal::Decimal, ChargeError> {
    Ok(ctx.number("lat.ordinary_exempt_ratio", on)?.value)
}
