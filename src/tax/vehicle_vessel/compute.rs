//! The line of a vehicle's year: quantity × unit amount × months ÷ 12, rounded once for each run of
//! months (实施条例 第十九条; 公告2013年第42号 第三条; decisions VV3, VV4, VV5, S1, S9).

use rust_decimal::Decimal;

use super::class::{self, Classed};
use super::explain;
use super::source::{PaymentKind, Source, WithheldTreatment};
use super::spans;
use super::turning;
use crate::rules::LookupError;
use crate::tax::catalogue::RATE_OUT_OF_RANGE;
use crate::tax::{
    Applied, Charge, ChargeError, Context, Provenance, ReliefClaim, ReliefLine, ReliefTarget,
    apply_reliefs,
};
use crate::types::{Exact, Money, Overflow, Period, TaxKind};

/// The text parameter that says what becomes of vehicles whose insurer withheld what is due.
const WITHHELD: &str = "vvt.withheld_treatment";
/// Months in a year.
pub(super) const MONTHS_IN_YEAR: u32 = 12;

/// The values of law for one vehicle.
pub(super) struct Rates {
    /// The unit amount.
    pub amount: Applied,
    /// The share of it, for trailers, tugs and barges.
    pub share: Option<Applied>,
}

impl Rates {
    fn share(&self) -> Decimal {
        self.share
            .as_ref()
            .map_or(Decimal::ONE, |share| share.value)
    }

    /// `60 × 0.5`.
    pub(super) fn expression(&self) -> String {
        match &self.share {
            Some(share) => format!("{} × {}", self.amount.value, share.value),
            None => self.amount.value.to_string(),
        }
    }
}

/// The line of the year, or nothing when it has neither taxed months nor payments.
pub(super) fn line(
    source: &Source,
    ctx: &Context<'_>,
    year: Period,
) -> Result<Option<Charge>, ChargeError> {
    let runs = spans::taxed(source, year);
    let already_paid = paid(source, year)?;
    // Without a taxed month but with payments, a line of zero tax shows what is refundable.
    if runs.is_empty() && already_paid.is_zero() {
        return Ok(None);
    }
    let classed = class::of(source, ctx, year)?;
    let rates = rates(source, ctx, year, &classed)?;
    let annual = classed
        .quantity
        .mul(rates.amount.value)?
        .mul(rates.share())?;
    let mut parts: Vec<(Period, Money)> = Vec::new();
    for run in &runs {
        let exact = annual.mul(run.month_count())?.div(MONTHS_IN_YEAR)?;
        parts.push((*run, exact.round_to_fen()?));
    }
    let one = Money::sum(parts.iter().map(|(_, tax)| *tax))?;
    let reliefs = reliefs(source, ctx, &classed.item, &parts, one)?;
    let tax_amount = times(one, source.count)?;
    let (steps, turning_points) = if ctx.explain {
        let figures = explain::Figures {
            parts: &parts,
            one,
            tax_amount,
            reliefs: &reliefs,
            already_paid,
        };
        (
            explain::steps(ctx, source, year, &classed, &rates, &figures)?,
            turning::points(ctx, source, year, &classed)?,
        )
    } else {
        (Vec::new(), Vec::new())
    };
    let base = classed.quantity.mul(source.count)?.to_decimal()?;
    let rate = Exact::from(rates.amount.value)
        .mul(rates.share())?
        .to_decimal()?;
    let mut applied = vec![rates.amount];
    applied.extend(rates.share);
    applied.extend(classed.converted.map(|converted| converted.factor));
    Ok(Some(Charge {
        tax: TaxKind::VehicleVesselTax,
        item: classed.item,
        item_code: Some(classed.code),
        item_zh: classed.name_zh,
        detail: String::new(),
        period: year,
        base,
        base_unit: classed.unit,
        rate,
        tax_amount,
        reliefs,
        already_paid,
        applied,
        steps,
        turning_points,
    }))
}

/// The reliefs of all vehicles of the source. The law relieves the rounded tax of one (decision
/// VV4); a relief of some months relieves what those months bear, a gap between runs bears nothing.
fn reliefs(
    source: &Source,
    ctx: &Context<'_>,
    item: &str,
    parts: &[(Period, Money)],
    one: Money,
) -> Result<Vec<ReliefLine>, ChargeError> {
    let (Some((first, _)), Some((last, _))) = (parts.first(), parts.last()) else {
        return Ok(Vec::new());
    };
    let period = Period::months_between(first.first_month(), last.last_month());
    let mut target = ReliefTarget {
        tax: TaxKind::VehicleVesselTax,
        item,
        period,
        all_rows: period,
        exact_tax: Exact::from(one),
        tax_amount: one,
    };
    // One claim is all that is allowed, and amounts are no matter of months.
    let by_months = source
        .reliefs
        .first()
        .filter(|claim| claim.amount.is_none());
    let mut covers_nothing = false;
    if let Some(months) = by_months.and_then(|claim| months_of(claim, ctx, period))
        && parts.len() > 1
    {
        let mut borne = Exact::ZERO;
        for (run, tax) in parts {
            if let Some(both) = run.overlap(months) {
                let part = Exact::from(*tax).mul(both.month_count())?;
                borne = borne.add(part.div(run.month_count())?)?;
            }
        }
        covers_nothing = borne.is_zero();
        // The claim takes months ÷ all months of this.
        target.exact_tax = borne.mul(period.month_count())?.div(months.month_count())?;
    }
    let mut lines = apply_reliefs(ctx, &source.reliefs, target, "reliefs")?;
    if covers_nothing {
        lines.clear();
    }
    for line in &mut lines {
        line.amount = times(line.amount, source.count)?;
    }
    Ok(lines)
}

/// The days of a period that a claim and its rule have in common with it.
fn months_of(claim: &ReliefClaim, ctx: &Context<'_>, period: Period) -> Option<Period> {
    let rule = ctx.rules.relief(&claim.relief_id)?;
    let in_force = Period::new(rule.from, rule.to.unwrap_or(jiff::civil::Date::MAX)).ok()?;
    claim
        .period
        .unwrap_or(period)
        .overlap(period)?
        .overlap(in_force)
}

fn rates(
    source: &Source,
    ctx: &Context<'_>,
    year: Period,
    classed: &Classed,
) -> Result<Rates, ChargeError> {
    let amount = unit_amount(source, ctx, year, &classed.amount_id)?;
    let share = match &classed.share_id {
        Some(id) => Some(ctx.number(id, year.first())?),
        None => None,
    };
    Ok(Rates { amount, share })
}

/// The place's unit amount, or the stated one. One outside the statutory range is applied and named
/// (V7): the document that fixes it is for the officer to judge. A negative one is refused.
fn unit_amount(
    source: &Source,
    ctx: &Context<'_>,
    year: Period,
    id: &str,
) -> Result<Applied, ChargeError> {
    let stated = source.stated_unit_amount.as_ref();
    let rate = ctx.rate(id, year.first(), stated, "stated_unit_amount.value");
    match (rate, stated) {
        (Err(ChargeError::Refused(finding)), Some(stated))
            if finding.rule_id == RATE_OUT_OF_RANGE.id && stated.value >= Decimal::ZERO =>
        {
            Ok(Applied {
                parameter_id: id.to_owned(),
                value: stated.value,
                provenance: Provenance::Stated {
                    document: stated.document.clone(),
                },
            })
        }
        (rate, _) => rate,
    }
}

/// What was paid and withheld of the year, less what was refunded.
pub(super) fn paid(source: &Source, year: Period) -> Result<Money, Overflow> {
    let mut sum = Money::ZERO;
    for payment in source.payments.iter().filter(|paid| paid.is_of(year)) {
        sum = match payment.kind {
            PaymentKind::InsurerWithheld | PaymentKind::Paid => sum.plus(payment.amount)?,
            PaymentKind::Refunded => sum.minus(payment.amount)?,
        };
    }
    Ok(sum)
}

/// True when all that was paid of the year was collected by an insurer.
pub(super) fn only_withheld(source: &Source, year: Period) -> bool {
    let mut payments = source
        .payments
        .iter()
        .filter(|payment| payment.is_of(year))
        .peekable();
    payments.peek().is_some()
        && payments.all(|payment| payment.kind == PaymentKind::InsurerWithheld)
}

/// True when the insurer withheld exactly what is due and such vehicles stay out of the return.
///
/// A wrong amount is always entered, so that the difference is paid or refunded.
pub(super) fn is_left_out(
    source: &Source,
    ctx: &Context<'_>,
    year: Period,
    line: &Charge,
) -> Result<bool, ChargeError> {
    if !only_withheld(source, year) || !line.payable()?.is_zero() {
        return Ok(false);
    }
    let treatment = match source.withheld_treatment {
        Some(stated) => stated,
        None => WithheldTreatment::parse(ctx.text(WITHHELD, year.first())?).ok_or_else(|| {
            LookupError::WrongKind {
                id: WITHHELD.to_owned(),
                wanted: "withheld treatment",
            }
        })?,
    };
    Ok(treatment == WithheldTreatment::Omit)
}

fn times(amount: Money, count: u32) -> Result<Money, Overflow> {
    amount
        .fen()
        .checked_mul(i64::from(count))
        .map(Money::from_fen)
        .ok_or(Overflow)
}
