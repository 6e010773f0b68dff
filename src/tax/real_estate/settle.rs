//! From a row's tax to its charge: reliefs in order, then 六税两费 (decisions G2, RE1, RE2, RE7).

use rust_decimal::Decimal;

use super::model::{Hardship, ReliefMode};
use super::{Charge, ChargeError, Context, Finding};
use crate::tax::{
    Applied, BaseUnit, ReliefClaim, ReliefLine, ReliefTarget, Step, apply_reliefs, six_taxes,
};
use crate::types::{Exact, Money, Month, Period, TaxKind};

/// The stable id of the hardship relief.
pub(super) const HARDSHIP: &str = "RE_HARDSHIP";

/// The dwelling rate taken as the general rate with a relief line.
pub(super) struct Reduced {
    /// The relief the line stands for.
    pub(super) relief_id: &'static str,
    /// The dwelling rate.
    pub(super) rate: Decimal,
    /// The unrounded tax at the dwelling rate.
    pub(super) exact: Exact,
    /// The rounded tax at the dwelling rate.
    pub(super) tax: Money,
}

/// A row before its reliefs.
pub(super) struct Row<'a> {
    pub(super) item: &'static str,
    pub(super) detail: String,
    pub(super) period: Period,
    pub(super) base: Exact,
    pub(super) base_unit: BaseUnit,
    pub(super) rate: Decimal,
    pub(super) exact: Exact,
    pub(super) tax: Money,
    pub(super) reduced: Option<Reduced>,
    pub(super) applied: Vec<Applied>,
    pub(super) steps: Vec<Step>,
    pub(super) already_paid: Money,
    pub(super) claims: &'a [ReliefClaim],
    pub(super) field: String,
    pub(super) relief_mode: ReliefMode,
    pub(super) hardship: Option<&'a Hardship>,
}

/// Applies the reliefs and makes the line.
pub(super) fn settle(ctx: &Context<'_>, mut row: Row<'_>) -> Result<Charge, ChargeError> {
    let mut reliefs: Vec<ReliefLine> = Vec::new();
    let (mut exact, mut tax) = (row.exact, row.tax);
    if let Some(reduced) = &row.reduced {
        let amount = row.tax.minus(reduced.tax)?;
        reliefs.extend(named(ctx, reduced.relief_id, row.period, amount));
        let expression = format!(
            "{} − {} × {}",
            row.tax,
            row.base.to_decimal()?,
            reduced.rate
        );
        row.steps
            .push(relief_step("减按税率征收的减免税额", expression, amount));
        (exact, tax) = (reduced.exact, reduced.tax);
    }
    let target = ReliefTarget {
        tax: TaxKind::RealEstateTax,
        item: row.item,
        period: row.period,
        // A relief in force in another month of the tax period is not out of date.
        all_rows: if ctx.period.covers(row.period) {
            ctx.period
        } else {
            row.period
        },
        exact_tax: exact,
        tax_amount: tax,
    };
    for line in policy(ctx, &row, target)? {
        let expression = format!("{tax}（{}）", line.period);
        row.steps
            .push(relief_step(&line.name_zh, expression, line.amount));
        reliefs.push(line);
    }
    let order = match row.hardship {
        Some(_) => ctx.text("ret.hardship_order", row.period.first())?,
        None => "",
    };
    if order == "AFTER_SIX_TAXES" {
        halve(ctx, &mut row, &mut reliefs)?;
        relieve_hardship(ctx, &mut row, &mut reliefs)?;
    } else {
        relieve_hardship(ctx, &mut row, &mut reliefs)?;
        halve(ctx, &mut row, &mut reliefs)?;
    }
    charge(ctx, row, reliefs)
}

/// The policy reliefs in the order given.
fn policy(
    ctx: &Context<'_>,
    row: &Row<'_>,
    target: ReliefTarget<'_>,
) -> Result<Vec<ReliefLine>, ChargeError> {
    // Read all claims first, so that a refusal names the right one.
    let exact = apply_reliefs(ctx, row.claims, target, &row.field)?;
    if row.relief_mode == ReliefMode::Exact {
        return Ok(exact);
    }
    let mut left = target.tax_amount;
    let mut lines = Vec::new();
    for claim in row.claims {
        let one = apply_reliefs(ctx, std::slice::from_ref(claim), target, &row.field)?;
        for mut line in one {
            if claim.amount.is_none() && claim.ratio.is_none() {
                line.amount = monthly(ctx, claim, target, line.period, &row.field)?;
            }
            line.amount = line.amount.min(left);
            left = left.minus(line.amount)?;
            if line.amount.is_positive() {
                lines.push(line);
            }
        }
    }
    Ok(lines)
}

/// 月减免税金额 × months (decision RE10).
fn monthly(
    ctx: &Context<'_>,
    claim: &ReliefClaim,
    target: ReliefTarget<'_>,
    period: Period,
    field: &str,
) -> Result<Money, ChargeError> {
    let month = period.first_month();
    let exact_tax = target.exact_tax.div(target.period.month_count())?;
    let target = ReliefTarget {
        period: Period::months_between(month, month),
        all_rows: Period::months_between(month, month),
        exact_tax,
        tax_amount: exact_tax.round_to_fen()?,
        ..target
    };
    let claim = ReliefClaim {
        period: None,
        ..claim.clone()
    };
    // A relief that begins within the month still has the whole month's amount.
    let lines = apply_reliefs(ctx, std::slice::from_ref(&claim), target, field)?;
    let amount = sum(&lines)?;
    Ok(Exact::from(amount)
        .mul(period.month_count())?
        .round_to_fen()?)
}

/// 六税两费 on what is left.
fn halve(
    ctx: &Context<'_>,
    row: &mut Row<'_>,
    reliefs: &mut Vec<ReliefLine>,
) -> Result<(), ChargeError> {
    let kind = TaxKind::RealEstateTax;
    let Some(line) = six_taxes::on_months(ctx, kind, row.tax, row.period, reliefs)? else {
        return Ok(());
    };
    let ratio = six_taxes::eligibility(ctx, line.period.first_month())
        .map_or(Decimal::ZERO, |(_, ratio)| ratio);
    let before = sum(reliefs)?;
    let expression = format!("({} − {before}) × {ratio}（{}）", row.tax, line.period);
    row.steps
        .push(relief_step(&line.name_zh, expression, line.amount));
    reliefs.push(line);
    Ok(())
}

/// Hardship: by ratio on what the reliefs before it leave in its months, by amount its months'
/// share of the approved amount.
fn relieve_hardship(
    ctx: &Context<'_>,
    row: &mut Row<'_>,
    reliefs: &mut Vec<ReliefLine>,
) -> Result<(), ChargeError> {
    let Some(hardship) = row.hardship else {
        return Ok(());
    };
    let Some(span) = hardship.period.overlap(row.period) else {
        return Ok(());
    };
    let (exact, expression) = match (hardship.ratio, hardship.amount) {
        (Some(ratio), None) => {
            let mut left = Exact::ZERO;
            for month in span.months() {
                left = left.add(left_in(row, reliefs, month)?)?;
            }
            let text = format!(
                "{} × {ratio}（{span}）",
                left.max(Exact::ZERO).to_decimal()?
            );
            (left.mul(ratio)?, text)
        }
        (None, Some(amount)) => {
            let (part, all) = (span.month_count(), hardship.period.month_count());
            let text = format!("{amount} × {part} ÷ {all}");
            (Exact::from(amount).mul(part)?.div(all)?, text)
        }
        _ => return Err(hardship_input("hardship").into()),
    };
    let left = row.tax.minus(sum(reliefs)?)?;
    let amount = exact.round_to_fen()?.min(left).or_zero();
    if let Some(line) = named(ctx, HARDSHIP, span, amount) {
        row.steps
            .push(relief_step(&line.name_zh, expression, line.amount));
        reliefs.push(line);
    }
    Ok(())
}

/// A row's unrounded tax of one month less the reliefs spread over theirs.
fn left_in(row: &Row<'_>, reliefs: &[ReliefLine], month: Month) -> Result<Exact, ChargeError> {
    let mut left = row.exact.div(row.period.month_count())?;
    for line in reliefs {
        if line.period.first_month() <= month && month <= line.period.last_month() {
            left = left.sub(Exact::from(line.amount).div(line.period.month_count())?)?;
        }
    }
    Ok(left.max(Exact::ZERO))
}

/// The finding for a hardship relief that states neither or both of ratio and amount.
pub(super) fn hardship_input(field: &str) -> Finding {
    Finding::error(
        "RE_HARDSHIP_INPUT",
        field,
        "困难减免应填写核准的比例（0 至 1）或金额（不为负）之一",
        "a hardship relief has either the approved ratio (0 to 1) or the amount (not negative)",
        "房产税暂行条例 第六条",
    )
}

/// A relief line named by the rule pack; nothing for a zero amount or an unknown relief.
fn named(ctx: &Context<'_>, id: &str, period: Period, amount: Money) -> Option<ReliefLine> {
    let rule = ctx.rules.relief(id).filter(|_| amount.is_positive())?;
    Some(ReliefLine {
        relief_id: rule.id.clone(),
        code: rule.code.clone(),
        name_zh: rule.name_zh.clone(),
        period,
        amount,
    })
}

fn sum(reliefs: &[ReliefLine]) -> Result<Money, ChargeError> {
    Ok(Money::sum(reliefs.iter().map(|line| line.amount))?)
}

fn relief_step(name_zh: &str, expression: String, amount: Money) -> Step {
    Step {
        label_zh: format!("减免：{name_zh}"),
        label_en: "relief".to_owned(),
        expression,
        value: amount.to_string(),
        parameter_id: None,
        legal_basis: None,
    }
}

fn charge(
    ctx: &Context<'_>,
    row: Row<'_>,
    reliefs: Vec<ReliefLine>,
) -> Result<Charge, ChargeError> {
    let table = ctx.rules.table("ret.items", row.period.first());
    let cell = |column: &str| {
        let table = table?;
        let line = table
            .rows
            .iter()
            .find(|line| table.cell(line, "item") == Some(row.item))?;
        table.cell(line, column).map(str::to_owned)
    };
    Ok(Charge {
        tax: TaxKind::RealEstateTax,
        item: row.item.to_owned(),
        item_code: cell("code"),
        item_zh: cell("name_zh").unwrap_or_default(),
        detail: row.detail,
        period: row.period,
        base: row.base.to_decimal()?,
        base_unit: row.base_unit,
        rate: row.rate,
        tax_amount: row.tax,
        reliefs,
        already_paid: row.already_paid,
        applied: row.applied,
        steps: row.steps,
        turning_points: Vec::new(),
    })
}
