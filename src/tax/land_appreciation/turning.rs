//! Turning points (临界点): the nearest figures at which the law would give another tax.

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::conveyance::{Invoice, Transfer};
use super::figures::exempt_share;
use super::transfer::{MONTHS_IN_YEAR, uplift_years};
use super::work::{Appreciation, BRACKETS, Work, bracket_edges};
use crate::tax::{ChargeError, TurningPoint};
use crate::types::{Exact, Money};

/// The largest income whose appreciation is within `share` of the deductions: D × (1 + share),
/// cut to whole fen.
fn income_at(deductions: Money, share: Decimal) -> Result<Money, ChargeError> {
    let edge = Exact::from(deductions).mul(Exact::ONE.add(share)?)?;
    let near = edge.round_to_fen()?;
    if Exact::from(near) > edge {
        return Ok(near.minus(Money::from_fen(1))?);
    }
    Ok(near)
}

/// The smallest deductions that keep an income within `share` of them: income ÷ (1 + share), up to
/// a whole fen.
fn deductions_at(income: Money, share: Decimal) -> Result<Money, ChargeError> {
    let edge = Exact::from(income).div(Exact::ONE.add(share)?)?;
    let near = edge.round_to_fen()?;
    if Exact::from(near) < edge {
        return Ok(near.plus(Money::from_fen(1))?);
    }
    Ok(near)
}

/// The nearest edges of the brackets below and above, as incomes (`field`). The tax is continuous
/// there.
pub(super) fn brackets(
    work: &mut Work<'_, '_>,
    it: Appreciation,
    field: &str,
) -> Result<(), ChargeError> {
    if !work.ctx.explain || !it.value.is_positive() || it.deductions.is_zero() {
        return Ok(());
    }
    let (below, above) = bracket_edges(work, it.value, it.deductions)?;
    for (edge, zh, en) in [
        (
            below,
            "收入不超过该数时适用低一级税率",
            "up to this income the lower bracket applies",
        ),
        (
            above,
            "收入超过该数时适用高一级税率",
            "above this income the next bracket applies",
        ),
    ] {
        let Some(edge) = edge else {
            continue;
        };
        work.point(TurningPoint {
            field: field.to_owned(),
            now: it.income.to_string(),
            turns_at: income_at(it.deductions, edge)?.to_string(),
            zh: zh.to_owned(),
            en: en.to_owned(),
            parameter_id: Some(BRACKETS.to_owned()),
        });
    }
    Ok(())
}

/// The cliff of ordinary housing: how much more deduction or less income would exempt, or how far
/// the exemption reaches and what would be due beyond it.
pub(super) fn exemption(
    work: &mut Work<'_, '_>,
    it: Appreciation,
    field: &str,
) -> Result<(), ChargeError> {
    if !work.ctx.explain || !it.value.is_positive() || it.deductions.is_zero() {
        return Ok(());
    }
    let share = exempt_share(work.ctx, work.on)?;
    let most = income_at(it.deductions, share)?;
    let least = deductions_at(it.income, share)?;
    let tax = it.rounded_tax(work.ctx, work.on)?;
    let (income, deductions) = if it.within(share)? {
        let beyond = Appreciation {
            income: most.plus(Money::from_fen(1))?,
            deductions: it.deductions,
            value: most.plus(Money::from_fen(1))?.minus(it.deductions)?,
        };
        let lost = beyond.rounded_tax(work.ctx, work.on)?;
        (
            (
                format!("收入超过 {most} 元即不再免税，全部增值额计税，应纳 {lost} 元起"),
                format!("above an income of {most} nothing is exempt; {lost} or more is due"),
            ),
            (
                format!("扣除项目低于 {least} 元即不再免税"),
                format!("with deductions below {least} nothing is exempt"),
            ),
        )
    } else {
        let less = it.income.minus(most)?;
        let more = least.minus(it.deductions)?;
        (
            (
                format!("收入减少 {less} 元（至 {most} 元）即全部免税，免征 {tax} 元"),
                format!("{less} less income (down to {most}) would exempt all: {tax} saved"),
            ),
            (
                format!("扣除项目增加 {more} 元（至 {least} 元）即全部免税，免征 {tax} 元"),
                format!("{more} more deductions (up to {least}) would exempt all: {tax} saved"),
            ),
        )
    };
    for (name, now, turns_at, (zh, en)) in [
        ("income", it.income, most, income),
        ("deductions", it.deductions, least, deductions),
    ] {
        work.point(TurningPoint {
            field: format!("{field}.{name}"),
            now: now.to_string(),
            turns_at: turns_at.to_string(),
            zh,
            en,
            parameter_id: Some("lat.ordinary_exempt_ratio".to_owned()),
        });
    }
    Ok(())
}

/// The first sale day on which one more year is added to the invoice.
pub(super) fn years(
    work: &mut Work<'_, '_>,
    invoice: &Invoice,
    contract: Date,
) -> Result<(), ChargeError> {
    let sale = invoice.sale_on.unwrap_or(contract);
    let years = invoice.years(work, contract)?;
    let rest = invoice.rest_months(work)?;
    // Years count at an anniversary, or on the day after the rest beyond one.
    let months = i64::from(years)
        .saturating_add(1)
        .saturating_mul(MONTHS_IN_YEAR);
    let anniversary = invoice.purchase_on.saturating_add(months.months());
    let sooner = months.saturating_sub(MONTHS_IN_YEAR).saturating_add(rest);
    let after_rest = invoice.purchase_on.saturating_add(sooner.months());
    let after_rest = after_rest.saturating_add(1.day());
    let turns = [after_rest, anniversary]
        .into_iter()
        .find(|day| *day > sale && uplift_years(invoice.purchase_on, *day, rest) > years);
    let Some(turns) = turns else {
        return Ok(());
    };
    let more = years.saturating_add(1);
    work.point(TurningPoint {
        field: "old_building.invoice.sale_on".to_owned(),
        now: sale.to_string(),
        turns_at: turns.to_string(),
        zh: format!("自该日起加计 {more} 年，现为 {years} 年"),
        en: format!("from this day the uplift is for {more} years, now for {years}"),
        parameter_id: Some("lat.uplift.rest_months".to_owned()),
    });
    Ok(())
}

/// The end of the window of the relief that the facts or the claims give.
pub(super) fn window(work: &mut Work<'_, '_>, it: &Transfer, item: &str, field: &str) {
    let claimed = it.reliefs.iter().map(|claim| claim.relief_id.as_str());
    let of_law = it.relief_of_law(work.ctx, item);
    let ids: Vec<&str> = of_law.into_iter().chain(claimed).collect();
    for id in ids {
        let Some(rule) = work.ctx.rules.relief(id) else {
            continue;
        };
        let Some(last) = rule.to.filter(|last| it.contract_on <= *last) else {
            continue;
        };
        work.point(TurningPoint {
            field: format!("{field}.transfer.contract_on"),
            now: it.contract_on.to_string(),
            turns_at: last.saturating_add(1.day()).to_string(),
            zh: format!("{last} 之后签订的合同不再适用“{}”", rule.name_zh),
            en: format!(
                "contracts signed after {last} do not have this relief: {}",
                rule.name_en
            ),
            parameter_id: Some(id.to_owned()),
        });
    }
}
