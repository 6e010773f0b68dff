//! The charges of a document: what arises in a period, less reliefs and what was paid.

use super::amount;
use super::base::{Basis, Event, Obligation, obligations};
use super::catalogue;
use super::fingerprint;
use super::item::{Item, Regime};
use super::relief;
use super::shape;
use super::source::{FilingMode, PartyRole, Source};
use super::turning;
use crate::tax::{Charge, ChargeError, Context, Finding, Severity, Step, TaxSource};
use crate::types::{Money, Period, TaxKind};

/// Charges what arises in `ctx.period`.
pub fn charge(
    source: &Source,
    peers: &[&TaxSource],
    ctx: &Context<'_>,
) -> Result<Vec<Charge>, ChargeError> {
    let mut wrong = shape::findings(source, ctx).into_iter();
    // A securities trade is computed for a what-if; its finding still stops the filing.
    let stops = |finding: &Finding| {
        finding.severity == Severity::Error && finding.rule_id != catalogue::ST_E10.id
    };
    if let Some(error) = wrong.find(stops) {
        return Err(error.into());
    }
    if source.out_of_scope.is_some() {
        return Ok(Vec::new());
    }
    if let Some(finding) = fingerprint::duplicate(source, peers, ctx) {
        return Err(finding.into());
    }
    let mut charges = Vec::new();
    for arisen in arising(source, ctx)? {
        if let Some(finding) = unproven_refund(&arisen)? {
            return Err(finding.into());
        }
        charges.push(arisen.charge);
    }
    Ok(charges)
}

/// An obligation with its charge.
pub struct Arisen<'a> {
    /// The obligation.
    pub obligation: Obligation<'a>,
    /// Its charge.
    pub charge: Charge,
    /// What its line was due on all obligations before it, after reliefs.
    pub before: Money,
}

/// The obligations that are filed for `ctx.period`. A document whose items have periods of
/// different length (a contract by the quarter, its capital book by the year) is filed item by
/// item, each in its own period, so that no line is taxed in both.
pub fn arising<'a>(source: &'a Source, ctx: &Context<'_>) -> Result<Vec<Arisen<'a>>, ChargeError> {
    let mut found = Vec::new();
    let mut some_own = false;
    for arisen in all(source, ctx)? {
        let obligation = &arisen.obligation;
        // Only the seller of securities is taxed (法 第三条).
        let untaxed =
            obligation.line.item == Item::Securities && source.role == Some(PartyRole::Recipient);
        if ctx.period.contains(obligation.day) && !untaxed {
            let own = source.period_of(ctx, obligation.line.item, obligation.day)? == ctx.period;
            some_own |= own;
            found.push((own, arisen));
        }
    }
    // A what-if over another span than the items' own takes all that arises in it.
    found.retain(|(own, _)| *own || !some_own);
    Ok(found.into_iter().map(|(_, arisen)| arisen).collect())
}

/// Every obligation of the document with its charge, whatever the period.
pub fn all<'a>(source: &'a Source, ctx: &Context<'_>) -> Result<Vec<Arisen<'a>>, ChargeError> {
    let regime = Regime::of(ctx, source.signed_on)?;
    let mut found = Vec::new();
    for (place, line) in source.lines.iter().enumerate() {
        // What was stamped at signing for an undetermined amount comes off the settlements.
        let mut credit = Money::ZERO;
        let mut before = Money::ZERO;
        let mut claims = relief::Claims::of(ctx, source, line);
        for mut obligation in obligations(source, place, line, ctx)? {
            if obligation.event == Event::Settled {
                obligation.paid = credit;
            }
            if obligation.event == Event::Decreased {
                // The whole tax is computed anew, so what was approved counts anew.
                claims = relief::Claims::of(ctx, source, line);
            }
            let charge = one(source, ctx, regime, &obligation, &mut claims)?;
            let due = charge.tax_amount.minus(charge.relief()?)?;
            match (obligation.event, obligation.basis) {
                (Event::Signed, Basis::Undetermined) => credit = due,
                (Event::Settled, _) => credit = credit.minus(charge.already_paid)?,
                _ => {}
            }
            let so_far = before;
            before = match obligation.event {
                Event::Decreased => due,
                _ => before.plus(due)?,
            };
            found.push(Arisen {
                obligation,
                charge,
                before: so_far,
            });
        }
    }
    Ok(found)
}

/// `ST_E15`: money back needs to be shown to have been paid.
pub fn unproven_refund(arisen: &Arisen<'_>) -> Result<Option<Finding>, ChargeError> {
    let payable = arisen.charge.payable()?;
    if !payable.is_negative() || !arisen.obligation.paid_reference.trim().is_empty() {
        return Ok(None);
    }
    let field = match arisen.obligation.event {
        Event::Decreased => format!("{}.paid_reference", arisen.obligation.field),
        _ => format!("{}.prior_paid_reference", arisen.obligation.field),
    };
    Ok(Some(
        catalogue::ST_E15
            .at(
                field,
                format!("应退税额 {payable} 须填写原缴款凭证或申报表编号"),
                format!("a refund of {payable} needs the reference of the payment"),
            )
            .numbers("0.00", payable),
    ))
}

fn one(
    source: &Source,
    ctx: &Context<'_>,
    regime: Regime,
    obligation: &Obligation<'_>,
    claims: &mut relief::Claims,
) -> Result<Charge, ChargeError> {
    let line = obligation.line;
    let day = source.signed_on;
    let mut tax = amount::tax(source, ctx, obligation)?;
    let reliefs = relief::apply(source, ctx, obligation, claims, &mut tax)?;
    let relief = Money::sum(reliefs.iter().map(|line| line.amount))?;
    let due = tax.amount.minus(relief)?;
    let over_stamped = regime == Regime::Reg1988 && matches!(obligation.basis, Basis::Value(_));
    // Under the regulations over-stamping gives nothing back (细则第二十四条, decision S4), nor does
    // a contract not performed under either (公告2022年第22号 第三条第七项); a
    // settlement uses no more of the five yuan than it owes.
    let kept = source.unperformed || over_stamped || obligation.event == Event::Settled;
    let already_paid = if kept {
        obligation.paid.min(due)
    } else {
        obligation.paid
    };
    let law = if already_paid == obligation.paid {
        None
    } else if source.unperformed && regime == Regime::Law2022 {
        Some("财政部 税务总局公告2022年第22号 第三条第（七）项")
    } else if source.unperformed {
        Some("国家税务局（88）国税地字第025号 第七条")
    } else if obligation.event == Event::Settled {
        Some("国家税务局（88）国税地字第025号 第四条")
    } else {
        Some("印花税暂行条例施行细则 第二十四条")
    };
    tax.steps.push(Step {
        label_zh: "应补（退）税额".to_owned(),
        label_en: "Payable".to_owned(),
        expression: match law {
            Some(_) => format!("{due} − min({}, {due})", obligation.paid),
            None => format!("{} − {relief} − {already_paid}", tax.amount),
        },
        value: due.minus(already_paid)?.to_string(),
        parameter_id: None,
        legal_basis: law.map(str::to_owned),
    });
    let turning_points = match ctx.explain {
        true => turning::points(source, ctx, obligation, (&tax, &reliefs)),
        false => Vec::new(),
    };
    let (item_zh, item_code) = line.item.title(ctx, day);
    let period = match source.filing_mode {
        FilingMode::Periodic => ctx.period,
        FilingMode::PerOccurrence => Period::day(obligation.day),
    };
    Ok(Charge {
        tax: TaxKind::StampTax,
        item: line.item.id().to_owned(),
        item_code,
        item_zh,
        detail: format!(
            "{}/{}/{}/{}",
            obligation.place + 1,
            obligation.number,
            obligation.event.name(),
            obligation.day
        ),
        period,
        base: tax.base,
        base_unit: tax.unit,
        rate: tax.rate,
        tax_amount: tax.amount,
        reliefs,
        already_paid,
        applied: tax.applied,
        steps: match ctx.explain {
            true => tax.steps,
            false => Vec::new(),
        },
        turning_points,
    })
}
