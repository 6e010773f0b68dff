//! The lines of a plot: one per segment, each rounded once (spec §7).

use super::months::{self, Segment, Start};
use super::relief::{self, LandRelief, Relieved, Row};
use super::source::{LandClass, Source};
use super::{catalogue, check, explain, turning};
use crate::tax::{
    BaseUnit, Charge, ChargeError, Context, Profile, ReliefLine, Severity, SixTaxesSubject,
    SixTaxesWindow, TaxSource, TaxpayerKind, six_taxes,
};
use crate::types::{Money, Period, TaxKind};

/// Charges every segment in `ctx.period`.
pub fn lines(
    source: &Source,
    peers: &[&TaxSource],
    ctx: &Context<'_>,
) -> Result<Vec<Charge>, ChargeError> {
    let wrong = check::form(source)
        .into_iter()
        .chain(check::period(ctx.period))
        .find(|finding| finding.severity == Severity::Error);
    if let Some(finding) = wrong {
        return Err(finding.into());
    }
    let start = months::start(source, ctx)?;
    if let Some(finding) = check::dates(source, start.event).into_iter().next() {
        return Err(finding.into());
    }
    refuse_twice(source, peers, ctx, &start)?;
    let segments = months::segments(source, ctx, &start)?;
    if segments.len() > 1 {
        refuse_undated_amounts(source)?;
    }
    let profile = profile(ctx);
    let ctx = &Context {
        profile: &profile,
        ..*ctx
    };
    let mut charges = Vec::new();
    if let Some(taxed) = months::taxed(source, &start, ctx.period) {
        for segment in &segments {
            charges.push(line(source, ctx, &start, (taxed, segment))?);
        }
    }
    share_payments(source, ctx.period, &mut charges)?;
    Ok(charges)
}

/// A natural person counts as a small-scale taxpayer for the 六税两费 (spec §9).
fn profile(ctx: &Context<'_>) -> Profile {
    let mut profile = ctx.profile.clone();
    if profile.kind == TaxpayerKind::Individual {
        profile.six_taxes.push(SixTaxesWindow {
            subject: SixTaxesSubject::SmallScaleVat,
            first: ctx.period.first_month(),
            last: Some(ctx.period.last_month()),
        });
    }
    profile
}

/// What relieves a segment, in the order applied.
pub struct Reliefs {
    /// The policy reliefs and hardship, before and after the 六税两费.
    pub own: (Vec<Relieved>, Vec<Relieved>),
    /// The 六税两费, and what they are the half of.
    pub six: Option<(ReliefLine, Money)>,
    /// The rule that puts hardship last, where it does.
    pub order: Option<crate::tax::Applied>,
}

impl Reliefs {
    fn lines(&self) -> Vec<ReliefLine> {
        let line = |relieved: &Relieved| relieved.line.clone();
        let before = self.own.0.iter().map(line);
        let six = self.six.iter().map(|(line, _)| line.clone());
        before
            .chain(six)
            .chain(self.own.1.iter().map(line))
            .collect()
    }
}

/// Policy reliefs, hardship, then half of the rest; or hardship last where the place says so.
fn relieve(
    ctx: &Context<'_>,
    claims: &[(String, LandRelief)],
    row: &mut Row<'_>,
    (segment, tax): (&Segment<'_>, Money),
) -> Result<Reliefs, ChargeError> {
    let order = relief::hardship_last(ctx, claims, segment.period)?;
    let last = |relief: &LandRelief| order.is_some() && relief::is_hardship(ctx, relief);
    let mut own = (Vec::new(), Vec::new());
    for (field, relief) in claims.iter().filter(|(_, relief)| !last(relief)) {
        own.0.extend(row.apply(ctx, field, relief)?);
    }
    let left = tax.minus(Money::sum(own.0.iter().map(|one| one.line.amount))?)?;
    let line = six_taxes::on_months(ctx, TaxKind::LandUseTax, tax, segment.period, row.lines())?;
    if let Some(line) = &line {
        row.took(line);
    }
    for (field, relief) in claims.iter().filter(|(_, relief)| last(relief)) {
        own.1.extend(row.apply(ctx, field, relief)?);
    }
    Ok(Reliefs {
        own,
        six: line.map(|line| (line, left)),
        order,
    })
}

fn line(
    source: &Source,
    ctx: &Context<'_>,
    start: &Start,
    (taxed, segment): (Period, &Segment<'_>),
) -> Result<Charge, ChargeError> {
    let version = segment.version;
    let (item, item_zh) = version.land_class.item(version.grade);
    let tax_amount = segment.tax_of(segment.area)?.round_to_fen()?;
    let claims = relief::claims(source);
    let mut row = Row::new((taxed, segment), &item, tax_amount)?;
    let reliefs = relieve(ctx, &claims, &mut row, (segment, tax_amount))?;
    let (applied, steps) = explain::line(source, ctx, start, (segment, tax_amount), &reliefs)?;
    let turning_points = match ctx.explain {
        true => turning::points(source, ctx, start, segment, &reliefs)?,
        false => Vec::new(),
    };
    Ok(Charge {
        tax: TaxKind::LandUseTax,
        item_code: item_code(ctx, version.land_class, version.grade, segment.period),
        item,
        item_zh,
        detail: String::new(),
        period: segment.period,
        base: segment.area.to_decimal()?,
        base_unit: BaseUnit::SquareMetre,
        rate: segment.unit_tax.value,
        tax_amount,
        reliefs: reliefs.lines(),
        already_paid: Money::ZERO,
        applied,
        steps,
        turning_points,
    })
}

/// 征收品目代码: each place numbers its grades, so it is regional data and may be absent.
fn item_code(ctx: &Context<'_>, class: LandClass, grade: u32, period: Period) -> Option<String> {
    let id = format!("lut.item_code.{}.{grade}", class.key());
    ctx.text(&id, period.first()).ok().map(str::to_owned)
}

/// Puts what was paid for months inside the period on the lines in order, up to what each owes;
/// what is too much stays on the last one as a refund. Then writes the payable step.
fn share_payments(
    source: &Source,
    period: Period,
    charges: &mut [Charge],
) -> Result<(), ChargeError> {
    let inside = source
        .payments
        .iter()
        .filter(|payment| period.covers(payment.period));
    let mut paid = Money::sum(inside.map(|payment| payment.amount))?;
    let last = charges.len().saturating_sub(1);
    for (place, charge) in charges.iter_mut().enumerate() {
        let owed = charge.payable()?;
        charge.already_paid = if place == last { paid } else { paid.min(owed) };
        paid = paid.minus(charge.already_paid)?;
        charge.steps.push(charge.payable_step()?);
    }
    Ok(())
}

/// An approved amount without its months cannot be shared out over several segments.
fn refuse_undated_amounts(source: &Source) -> Result<(), ChargeError> {
    let undated = source
        .reliefs
        .iter()
        .position(|relief| relief.claim.amount.is_some() && relief.claim.period.is_none());
    match undated {
        None => Ok(()),
        Some(place) => Err(catalogue::LU_RELIEF_AMOUNT_PERIOD
            .at(
                format!("reliefs[{place}].claim.period"),
                "税源在本期内分段计算，核准减免金额须填写所属月份",
                "the plot has several segments in the period; an approved amount needs its months",
            )
            .into()),
    }
}

/// One plot is taxed once in a month (V5): another source with its number must not overlap.
fn refuse_twice(
    source: &Source,
    peers: &[&TaxSource],
    ctx: &Context<'_>,
    start: &Start,
) -> Result<(), ChargeError> {
    let Some(own) = months::taxed(source, start, ctx.period) else {
        return Ok(());
    };
    for peer in peers {
        let TaxSource::LandUseTax(peer) = peer else {
            continue;
        };
        if source.land_no.is_empty() || source.land_no != peer.land_no {
            continue;
        }
        let other = months::start(peer, ctx)
            .ok()
            .and_then(|start| months::taxed(peer, &start, ctx.period));
        if let Some(both) = other.and_then(|other| other.overlap(own)) {
            return Err(catalogue::LU_V5_TAXED_TWICE
                .at(
                    "land_no",
                    format!("土地编号 {} 在 {both} 重复申报", source.land_no),
                    format!("plot {} is declared twice for {both}", source.land_no),
                )
                .into());
        }
    }
    Ok(())
}
