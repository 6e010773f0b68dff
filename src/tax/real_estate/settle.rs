//! From a row's tax to its charge: reliefs in order, then 六税两费 (decisions G2, RE1, RE2, RE7).

use rust_decimal::Decimal;

use super::model::{Hardship, ReliefMode};
use super::{Charge, ChargeError, Context, Finding, catalogue, turning};
use crate::rules::ReliefShape;
use crate::tax::{
    Applied, BaseUnit, ReliefClaim, ReliefLine, ReliefTarget, SixTaxesSubject, Step, TurningPoint,
    apply_reliefs, six_taxes,
};
use crate::types::{Exact, Money, Month, Period, TaxKind};

/// The stable id of the hardship relief.
pub(super) const HARDSHIP: &str = "RE_HARDSHIP";
/// The rule that says whether hardship comes before or after 六税两费.
pub(super) const ORDER: &str = "ret.hardship_order";

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
    pub(super) turning_points: Vec<TurningPoint>,
    pub(super) already_paid: Money,
    pub(super) claims: &'a [ReliefClaim],
    pub(super) field: String,
    pub(super) relief_mode: ReliefMode,
    pub(super) hardship: Option<&'a Hardship>,
}

/// The unrounded tax of which hardship relieves what is left.
#[derive(Clone, Copy)]
struct Left {
    exact: Exact,
    /// Relief lines that are in it already.
    skip: usize,
}

impl Left {
    /// The tax of one month of a row less the reliefs spread over theirs.
    fn in_month(
        self,
        row: &Row<'_>,
        reliefs: &[ReliefLine],
        month: Month,
    ) -> Result<Exact, ChargeError> {
        let tax = self.exact.div(row.period.month_count())?;
        let reliefs = reliefs.get(self.skip..).unwrap_or_default();
        Ok(tax.sub(relieved_in(reliefs, month)?)?.max(Exact::ZERO))
    }
}

/// Applies the reliefs and makes the line.
pub(super) fn settle(ctx: &Context<'_>, mut row: Row<'_>) -> Result<Charge, ChargeError> {
    let mut reliefs: Vec<ReliefLine> = Vec::new();
    let (mut exact, mut tax) = (row.exact, row.tax);
    if let Some(reduced) = row.reduced.take() {
        let amount = row.tax.minus(reduced.tax)?;
        reliefs.extend(named(ctx, reduced.relief_id, row.period, amount));
        let expression = format!(
            "{} − {} × {}",
            row.tax,
            row.base.to_decimal()?,
            reduced.rate
        );
        row.steps
            .push(relief_step(ctx, reduced.relief_id, expression, amount));
        (exact, tax) = (reduced.exact, reduced.tax);
    }
    // What hardship is reckoned on: both ways of taking the dwelling rate leave the same (S2).
    let left = Left {
        exact,
        skip: reliefs.len(),
    };
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
        let before = reliefs.get(left.skip..).unwrap_or_default();
        let expression = how_relieved(ctx, &row, exact, before, &line)?;
        row.steps
            .push(relief_step(ctx, &line.relief_id, expression, line.amount));
        reliefs.push(line);
    }
    if ctx.explain {
        let ends = turning::relief_ends(ctx, row.claims, &row.field, row.period);
        row.turning_points.extend(ends);
    }
    let order = match row.hardship {
        Some(_) => ctx.text(ORDER, row.period.first())?,
        None => "",
    };
    if order == "AFTER_SIX_TAXES" {
        halve(ctx, &mut row, &mut reliefs)?;
        relieve_hardship(ctx, &mut row, left, &mut reliefs)?;
    } else {
        relieve_hardship(ctx, &mut row, left, &mut reliefs)?;
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

/// How a policy relief came about: the row's tax, the part of its months, ratio and share.
fn how_relieved(
    ctx: &Context<'_>,
    row: &Row<'_>,
    exact: Exact,
    before: &[ReliefLine],
    line: &ReliefLine,
) -> Result<String, ChargeError> {
    let claim = row
        .claims
        .iter()
        .find(|claim| claim.relief_id == line.relief_id);
    let mut text = exact.to_decimal()?.to_string();
    let (part, all) = (line.period.month_count(), row.period.month_count());
    if part != all {
        text.push_str(&format!(" × {part} ÷ {all}"));
    }
    if let Some(claim) = claim {
        if let Some(amount) = claim.amount {
            return Ok(format!("{amount}（核准金额）"));
        }
        let ratio = match ctx.rules.relief(&claim.relief_id).map(|rule| rule.shape) {
            Some(ReliefShape::Ratio(ratio)) => Some(ratio),
            _ => claim.ratio,
        };
        // A ratio by approval is of what the reliefs before it leave in its months (RE2).
        let mut relieved = Exact::ZERO;
        if claim.ratio.is_some() {
            for month in line.period.months() {
                relieved = relieved.add(relieved_in(before, month)?)?;
            }
        }
        if !relieved.is_zero() {
            text = format!("({text} − {})", relieved.to_decimal()?);
        }
        for factor in [ratio, claim.base_share].into_iter().flatten() {
            text.push_str(&format!(" × {factor}"));
        }
    }
    if row.relief_mode == ReliefMode::MonthlyAmount {
        text.push_str("（按月减免税金额）");
    }
    Ok(text)
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
    let mut eligible = Vec::new();
    for month in row.period.months() {
        eligible.extend(six_taxes::eligibility(ctx, month).map(|found| (month, found)));
    }
    let (subject, ratio) = eligible.first().map_or(
        (SixTaxesSubject::SmallScaleVat, Decimal::ZERO),
        |(_, found)| *found,
    );
    let (part, all) = (eligible.len(), row.period.month_count());
    let before = if part == all as usize {
        Exact::from(sum(reliefs)?)
    } else {
        let mut before = Exact::ZERO;
        for (month, _) in &eligible {
            before = before.add(relieved_in(reliefs, *month)?)?;
        }
        before
    };
    let months = if part == all as usize {
        String::new()
    } else {
        format!(" × {part} ÷ {all}")
    };
    let expression = format!("({}{months} − {}) × {ratio}", row.tax, before.to_decimal()?);
    let id = match subject {
        SixTaxesSubject::SmallScaleVat => "six_taxes.ratio.small_scale_vat",
        SixTaxesSubject::IndividualBusiness => "six_taxes.ratio.individual_business",
        SixTaxesSubject::SmallLowProfit => "six_taxes.ratio.small_low_profit",
    };
    let found = ctx.rules.find(id, ctx.region, line.period.first());
    row.steps.push(Step {
        label_zh: format!("减免：{}", line.name_zh),
        label_en: "relief: half of the six taxes".to_owned(),
        expression,
        value: line.amount.to_string(),
        parameter_id: Some(id.to_owned()),
        legal_basis: found.ok().map(|(_, row)| row.source.cite.clone()),
    });
    reliefs.push(line);
    Ok(())
}

/// The parts of reliefs that fall into a month, each spread evenly over its own months.
fn relieved_in(reliefs: &[ReliefLine], month: Month) -> Result<Exact, ChargeError> {
    let mut relieved = Exact::ZERO;
    for line in reliefs {
        if line.period.first_month() <= month && month <= line.period.last_month() {
            let part = Exact::from(line.amount).div(line.period.month_count())?;
            relieved = relieved.add(part)?;
        }
    }
    Ok(relieved)
}

/// Hardship: by ratio on what the reliefs before it leave in its months, by amount its months'
/// share of the approved amount.
fn relieve_hardship(
    ctx: &Context<'_>,
    row: &mut Row<'_>,
    left: Left,
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
            let mut sum = Exact::ZERO;
            for month in span.months() {
                sum = sum.add(left.in_month(row, reliefs, month)?)?;
            }
            let text = format!("{} × {ratio}（{span}）", sum.to_decimal()?);
            (sum.mul(ratio)?, text)
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
            .push(relief_step(ctx, HARDSHIP, expression, line.amount));
        reliefs.push(line);
    }
    Ok(())
}

/// The finding for a hardship relief that states neither or both of ratio and amount.
pub(super) fn hardship_input(field: &str) -> Finding {
    catalogue::RE_HARDSHIP_INPUT.at(
        field,
        "困难减免应填写核准的比例（0 至 1）或金额（不为负）之一",
        "a hardship relief has either the approved ratio (0 to 1) or the amount (not negative)",
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

/// A step that names the relief, with its document.
fn relief_step(ctx: &Context<'_>, id: &str, expression: String, amount: Money) -> Step {
    let rule = ctx.rules.relief(id);
    let (zh, en) = rule.map_or((id, id), |rule| (&rule.name_zh, &rule.name_en));
    Step {
        label_zh: format!("减免：{zh}"),
        label_en: format!("relief: {en}"),
        expression,
        value: amount.to_string(),
        parameter_id: Some(id.to_owned()),
        legal_basis: rule.map(|rule| rule.source.cite.clone()),
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
        turning_points: row.turning_points,
    })
}
