//! Policy reliefs claimed on a source (减免税), applied in the order given.
//!
//! Decisions G2 (each rounded once and cut to what is left of the row's tax) and S11 (a full
//! relief over all months of a row equals the rounded tax exactly).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::catalogue;
use super::charge::{ChargeError, ReliefLine};
use super::context::Context;
use crate::rules::{ReliefRule, ReliefShape};
use crate::types::{Exact, Money, Overflow, Period, TaxKind};

/// A relief as claimed on a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliefClaim {
    /// The relief's stable id, such as `LU_WAREHOUSE`.
    pub relief_id: String,
    /// Months or days claimed; nothing means the whole row.
    #[serde(default)]
    pub period: Option<Period>,
    /// Share of the base it covers (an area share, a heat-fee share), 0 to 1; nothing means all.
    #[serde(default, with = "crate::types::decimal_text")]
    pub base_share: Option<Decimal>,
    /// For reliefs by approval: the ratio approved, 0 to 1.
    #[serde(default, with = "crate::types::decimal_text")]
    pub ratio: Option<Decimal>,
    /// For reliefs by approval: the amount approved.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The approval or filing document (核准、备案文书号).
    #[serde(default)]
    pub document: String,
}

impl ReliefClaim {
    /// A claim of a relief for the whole row, with nothing more said.
    pub fn of(relief_id: &str) -> Self {
        Self {
            relief_id: relief_id.to_owned(),
            period: None,
            base_share: None,
            ratio: None,
            amount: None,
            document: String::new(),
        }
    }
}

/// The row a relief is applied to.
#[derive(Debug, Clone, Copy)]
pub struct ReliefTarget<'a> {
    /// The tax; a relief of another one is refused.
    pub tax: TaxKind,
    /// The item, for reliefs limited to some.
    pub item: &'a str,
    /// The row's period; its months carry the tax evenly.
    pub period: Period,
    /// From the first to the last day of all rows that the same claims are applied to. A relief in
    /// force on none of these days is out of date; one that only another row meets is not.
    pub all_rows: Period,
    /// The unrounded tax of the row (or the rounded one as an exact value where the law relieves
    /// the rounded tax, decision S9).
    pub exact_tax: Exact,
    /// The rounded tax of the row.
    pub tax_amount: Money,
}

/// Applies the claims in order. `field` is the path of the claims list, for refusals.
///
/// # Errors
/// A refusal (`RELIEF_UNKNOWN`, `RELIEF_WRONG_TAX`, `RELIEF_WRONG_ITEM`, `RELIEF_OUT_OF_DATE`,
/// `RELIEF_INPUT`) for the first claim that the law does not allow.
pub fn apply_reliefs(
    ctx: &Context<'_>,
    claims: &[ReliefClaim],
    target: ReliefTarget<'_>,
    field: &str,
) -> Result<Vec<ReliefLine>, ChargeError> {
    let mut lines: Vec<ReliefLine> = Vec::new();
    let mut left = target.tax_amount;
    let mut relieved = Exact::ZERO;
    for (place, claim) in claims.iter().enumerate() {
        let field = format!("{field}[{place}]");
        let judged = judge_claim(ctx, claim, target, &lines, &field)?;
        let Some(JudgedClaim {
            rule,
            period,
            exact,
        }) = judged
        else {
            continue;
        };
        relieved = relieved.add(exact)?;
        // What the claims relieve together is all of the tax: no fen may be left (S11).
        let amount = if relieved == target.exact_tax {
            left
        } else {
            exact.round_to_fen()?.min(left).or_zero()
        };
        left = left.minus(amount)?;
        if !amount.is_zero() {
            lines.push(ReliefLine {
                relief_id: rule.id.clone(),
                code: rule.code.clone(),
                name_zh: rule.name_zh.clone(),
                period,
                amount,
            });
        }
    }
    Ok(lines)
}

/// A claim that its rule allows.
#[derive(Debug, Clone, Copy)]
pub struct JudgedClaim<'a> {
    /// The rule.
    pub rule: &'a ReliefRule,
    /// The claim's days, the row's days and the rule's days in common.
    pub period: Period,
    /// The relief before it is rounded and cut.
    pub exact: Exact,
}

/// Judges one claim by its rule; none when it meets no day of this row but may meet another's.
/// `before` are the lines that stand before it, for hardship; `field` is the path of the claim.
///
/// # Errors
/// As [`apply_reliefs`].
pub fn judge_claim<'a>(
    ctx: &Context<'a>,
    claim: &ReliefClaim,
    target: ReliefTarget<'_>,
    before: &[ReliefLine],
    field: &str,
) -> Result<Option<JudgedClaim<'a>>, ChargeError> {
    let rule = rule_of(ctx, claim, target, field)?;
    let Some(period) = effective_period(rule, claim, target, field)? else {
        return Ok(None);
    };
    let exact = unrounded(rule, claim, target, period, before, field)?;
    Ok(Some(JudgedClaim {
        rule,
        period,
        exact,
    }))
}

/// What the lines relieve in some days, each spread evenly over its own months (decision S10).
///
/// # Errors
/// [`Overflow`].
pub fn relieved_in(lines: &[ReliefLine], period: Period) -> Result<Exact, Overflow> {
    let mut sum = Exact::ZERO;
    for line in lines {
        if let Some(both) = line.period.overlap(period) {
            let part = Exact::from(line.amount)
                .mul(both.month_count())?
                .div(line.period.month_count())?;
            sum = sum.add(part)?;
        }
    }
    Ok(sum)
}

fn rule_of<'a>(
    ctx: &Context<'a>,
    claim: &ReliefClaim,
    target: ReliefTarget<'_>,
    field: &str,
) -> Result<&'a ReliefRule, ChargeError> {
    let rule = ctx.rules.relief(&claim.relief_id).ok_or_else(|| {
        catalogue::RELIEF_UNKNOWN.at(
            format!("{field}.relief_id"),
            format!("没有名为 {} 的减免税项目", claim.relief_id),
            format!("there is no relief called {}", claim.relief_id),
        )
    })?;
    if rule.tax != target.tax {
        return Err(catalogue::RELIEF_WRONG_TAX
            .at(
                format!("{field}.relief_id"),
                format!("减免税项目 {} 不属于{}", rule.name_zh, target.tax.zh()),
                format!("relief {} does not belong to this tax", rule.id),
            )
            .under(rule.source.cite.clone())
            .into());
    }
    if !rule.items.is_empty() && !rule.items.iter().any(|item| item == target.item) {
        return Err(catalogue::RELIEF_WRONG_ITEM
            .at(
                format!("{field}.relief_id"),
                format!("减免税项目 {} 不适用于 {}", rule.name_zh, target.item),
                format!("relief {} does not apply to {}", rule.id, target.item),
            )
            .under(rule.source.cite.clone())
            .into());
    }
    Ok(rule)
}

/// The claim's days, the row's days and the rule's days in common. Outside the rule's days a claim
/// for the whole row is simply shorter; one that meets the rule on no day of any row is refused.
fn effective_period(
    rule: &ReliefRule,
    claim: &ReliefClaim,
    target: ReliefTarget<'_>,
    field: &str,
) -> Result<Option<Period>, ChargeError> {
    let Some(claimed) = claim
        .period
        .unwrap_or(target.all_rows)
        .overlap(target.all_rows)
    else {
        return Ok(None);
    };
    let in_force = Period::new(rule.from, rule.to.unwrap_or(jiff::civil::Date::MAX)).ok();
    match in_force.and_then(|days| days.overlap(claimed)) {
        Some(period) => Ok(period.overlap(target.period)),
        None => Err(catalogue::RELIEF_OUT_OF_DATE
            .at(
                format!("{field}.relief_id"),
                format!("减免税项目 {} 在 {claimed} 不在有效期内", rule.name_zh),
                format!("relief {} is not in force in {claimed}", rule.id),
            )
            .under(rule.source.cite.clone())
            .into()),
    }
}

/// The relief before it is rounded and cut.
fn unrounded(
    rule: &ReliefRule,
    claim: &ReliefClaim,
    target: ReliefTarget<'_>,
    period: Period,
    before: &[ReliefLine],
    field: &str,
) -> Result<Exact, ChargeError> {
    let missing = |name: &str| {
        catalogue::RELIEF_INPUT
            .at(
                format!("{field}.{name}"),
                format!("减免税项目 {} 需要填写核准的金额或比例", rule.name_zh),
                format!("relief {} needs the approved amount or ratio", rule.id),
            )
            .under(rule.source.cite.clone())
    };
    let ratio = match (rule.shape, claim.ratio, claim.amount) {
        (ReliefShape::ByInput, None, Some(amount)) => return Ok(Exact::from(amount)),
        (ReliefShape::ByInput, Some(ratio), None) => ratio,
        (ReliefShape::ByInput, _, _) => return Err(missing("amount_yuan").into()),
        (ReliefShape::Full, None, None) => Decimal::ONE,
        (ReliefShape::Ratio(ratio), None, None) => ratio,
        (ReliefShape::Full | ReliefShape::Ratio(_), _, _) => return Err(missing("ratio").into()),
    };
    let share = claim.base_share.unwrap_or(Decimal::ONE);
    let unit = |value: Decimal| Decimal::ZERO <= value && value <= Decimal::ONE;
    if !unit(share) || !unit(ratio) {
        return Err(catalogue::RELIEF_INPUT
            .at(
                field,
                "减免比例和份额应在 0 与 1 之间",
                "a ratio or share must lie between 0 and 1",
            )
            .under(rule.source.cite.clone())
            .into());
    }
    let months = Exact::from(period.month_count()).div(target.period.month_count())?;
    let mut base = target.exact_tax.mul(months)?;
    if rule.after_policy {
        // Hardship by ratio: on what the policy reliefs leave in its months (decision RE2).
        base = base.sub(relieved_in(before, period)?)?;
    }
    Ok(base.max(Exact::ZERO).mul(ratio)?.mul(share)?)
}

#[cfg(test)]
mod tests;
