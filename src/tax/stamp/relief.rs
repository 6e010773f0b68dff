//! The reliefs of an obligation: what is claimed, the halving of trades, the 六税两费.

use jiff::civil::Date;

use super::amount::Tax;
use super::base::{Event, Obligation};
use super::item::Item;
use super::source::{Line, Source};
use crate::rules::ReliefShape;
use crate::tax::{
    ChargeError, Context, ReliefClaim, ReliefLine, ReliefTarget, SixTaxesSubject, Step,
    apply_reliefs, six_taxes,
};
use crate::types::{Exact, Money, Month, Period, TaxKind};

/// The relief that halves securities trades, which needs no claim (公告2023年第39号).
const SECURITIES_HALF: &str = "ST_SECURITIES_HALF";

/// The claims of a line; an amount approved once is used up over its obligations.
pub struct Claims(Vec<ReliefClaim>);

impl Claims {
    /// The claims of a line before its first obligation. The 六税两费 follow from the taxpayer, so
    /// a claim of them changes nothing.
    pub fn of(ctx: &Context<'_>, source: &Source, line: &Line) -> Self {
        let mut claims = line.reliefs.clone();
        claims.retain(|claim| claim.relief_id != six_taxes::RELIEF_ID);
        let rule = ctx.rules.relief(SECURITIES_HALF);
        let halved = rule.is_some_and(|rule| rule.in_force(source.signed_on));
        if line.item == Item::Securities && claims.is_empty() && halved {
            claims.push(ReliefClaim::of(SECURITIES_HALF));
        }
        Self(claims)
    }

    /// Takes what was used off the approved amounts.
    fn use_up(&mut self, lines: &[ReliefLine]) -> Result<(), ChargeError> {
        for line in lines {
            let mut left = line.amount;
            for claim in self
                .0
                .iter_mut()
                .filter(|one| one.relief_id == line.relief_id)
            {
                if let Some(amount) = &mut claim.amount {
                    let used = left.min(*amount);
                    *amount = amount.minus(used)?;
                    left = left.minus(used)?;
                }
            }
        }
        Ok(())
    }
}

/// Policy reliefs by the signing day, then the 六税两费 by the obligation day (decisions S7, ST4).
///
/// # Errors
/// [`ChargeError`] when a claim is not allowed.
pub fn apply(
    source: &Source,
    ctx: &Context<'_>,
    obligation: &Obligation<'_>,
    claims: &mut Claims,
    tax: &mut Tax,
) -> Result<Vec<ReliefLine>, ChargeError> {
    let target = ReliefTarget {
        tax: TaxKind::StampTax,
        item: obligation.line.item.id(),
        period: Period::day(source.signed_on),
        all_rows: Period::day(source.signed_on),
        exact_tax: Exact::from(tax.amount),
        tax_amount: tax.amount,
    };
    let field = format!("lines[{}].reliefs", obligation.place);
    let mut lines = apply_reliefs(ctx, &claims.0, target, &field)?;
    let mut left = tax.amount;
    for line in &lines {
        tax.steps.push(policy_step(ctx, tax.amount, left, line));
        left = left.minus(line.amount)?;
    }
    claims.use_up(&lines)?;
    let day = six_taxes_day(source, obligation);
    // The 六税两费 cover stamp tax except on securities (公告2023年第12号 第二条).
    let six = match obligation.line.item {
        Item::Securities => None,
        _ => six_taxes::on_day(ctx, TaxKind::StampTax, left, day)?,
    };
    if let Some(line) = &six {
        tax.steps.push(six_step(ctx, day, (tax.amount, left), line));
    }
    lines.extend(six);
    Ok(lines)
}

/// The day that decides on the 六税两费: a smaller amount recomputes the tax that arose at signing.
pub fn six_taxes_day(source: &Source, obligation: &Obligation<'_>) -> Date {
    match obligation.event {
        Event::Decreased => source.signed_on,
        _ => obligation.day,
    }
}

/// The parameter of the ratio of a subject.
pub const fn ratio_parameter(subject: SixTaxesSubject) -> &'static str {
    match subject {
        SixTaxesSubject::SmallScaleVat => "six_taxes.ratio.small_scale_vat",
        SixTaxesSubject::IndividualBusiness => "six_taxes.ratio.individual_business",
        SixTaxesSubject::SmallLowProfit => "six_taxes.ratio.small_low_profit",
    }
}

fn policy_step(ctx: &Context<'_>, tax: Money, left: Money, line: &ReliefLine) -> Step {
    let rule = ctx.rules.relief(&line.relief_id);
    let expression = match rule.map(|rule| rule.shape) {
        Some(ReliefShape::Ratio(ratio)) => format!("min(round2({tax} × {ratio}), {left})"),
        Some(ReliefShape::ByInput) => format!("min({}, {left})", line.amount),
        _ => format!("min({tax}, {left})"),
    };
    Step {
        label_zh: line.name_zh.clone(),
        label_en: rule.map_or_else(|| line.relief_id.clone(), |rule| rule.name_en.clone()),
        expression,
        value: line.amount.to_string(),
        parameter_id: Some(line.relief_id.clone()),
        legal_basis: rule.map(|rule| rule.source.cite.clone()),
    }
}

fn six_step(ctx: &Context<'_>, day: Date, (tax, left): (Money, Money), line: &ReliefLine) -> Step {
    let month = Month::of(day);
    let found = six_taxes::eligibility(ctx, month);
    let id = found.map(|(subject, _)| ratio_parameter(subject));
    let row = id.and_then(|id| ctx.rules.find(id, ctx.region, month.first_day()).ok());
    let ratio = found.map(|(_, ratio)| ratio.to_string());
    let before = match tax.minus(left) {
        Ok(other) if !other.is_zero() => format!("({tax} − {other})"),
        _ => tax.to_string(),
    };
    Step {
        label_zh: line.name_zh.clone(),
        label_en: "Half of the six taxes and two fees".to_owned(),
        expression: format!("round2({before} × {})", ratio.unwrap_or_default()),
        value: line.amount.to_string(),
        parameter_id: id.map(str::to_owned),
        legal_basis: row.map(|(_, row)| row.source.cite.clone()),
    }
}
