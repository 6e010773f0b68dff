//! The tax of each obligation: rate, rounding, reliefs, what was paid.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::base::{Basis, Event, Obligation, obligations};
use super::item::{Item, Regime};
use super::shape;
use super::source::{FilingMode, Line, PartyRole, Source};
use crate::tax::{
    Applied, BaseUnit, Charge, ChargeError, Context, Finding, Provenance, ReliefClaim, ReliefLine,
    ReliefTarget, Severity, Step, TaxSource, apply_reliefs, six_taxes,
};
use crate::types::{Exact, Money, Period, TaxKind};

/// The relief that halves securities trades.
const SECURITIES_HALF: &str = "ST_SECURITIES_HALF";

/// Charges what arises in `ctx.period`.
pub fn charge(
    source: &Source,
    peers: &[&TaxSource],
    ctx: &Context<'_>,
) -> Result<Vec<Charge>, ChargeError> {
    let mut wrong = shape::findings(source, ctx).into_iter();
    // A securities trade is computed for a what-if; its finding still stops the filing.
    let stops = |finding: &Finding| {
        finding.severity == Severity::Error && finding.rule_id != shape::NOT_ON_THIS_RETURN
    };
    if let Some(error) = wrong.find(stops) {
        return Err(error.into());
    }
    if let Some(finding) = duplicate(source, peers, ctx) {
        return Err(finding.into());
    }
    let mut charges = Vec::new();
    for (obligation, charge) in arising(source, ctx)? {
        if let Some(finding) = unproven_refund(&obligation, &charge)? {
            return Err(finding.into());
        }
        charges.push(charge);
    }
    Ok(charges)
}

/// The obligations that are filed for `ctx.period`. A document whose items have periods of
/// different length (a contract by the quarter, its capital book by the year) is filed item by
/// item, each in its own period, so that no line is taxed in both.
pub fn arising<'a>(
    source: &'a Source,
    ctx: &Context<'_>,
) -> Result<Vec<(Obligation<'a>, Charge)>, ChargeError> {
    let mut found = Vec::new();
    let mut some_own = false;
    for (obligation, charge) in all(source, ctx)? {
        // Only the seller of securities is taxed (法 第三条).
        let untaxed =
            obligation.line.item == Item::Securities && source.role == Some(PartyRole::Recipient);
        if ctx.period.contains(obligation.day) && !untaxed {
            let own = source.period_of(ctx, obligation.line.item, obligation.day)? == ctx.period;
            some_own |= own;
            found.push((own, obligation, charge));
        }
    }
    // A what-if over another span than the items' own takes all that arises in it.
    found.retain(|(own, ..)| *own || !some_own);
    Ok(found
        .into_iter()
        .map(|(_, obligation, charge)| (obligation, charge))
        .collect())
}

/// Every obligation of the document with its charge, whatever the period.
pub fn all<'a>(
    source: &'a Source,
    ctx: &Context<'_>,
) -> Result<Vec<(Obligation<'a>, Charge)>, ChargeError> {
    let regime = Regime::of(ctx, source.signed_on)?;
    let mut found = Vec::new();
    for (place, line) in source.lines.iter().enumerate() {
        // What was stamped at signing for an undetermined amount comes off the settlements.
        let mut credit = Money::ZERO;
        for mut obligation in obligations(source, place, line)? {
            if obligation.event == Event::Settled {
                obligation.paid = credit;
            }
            let charge = one(source, ctx, regime, &obligation)?;
            let due = charge.tax_amount.minus(charge.relief()?)?;
            match (obligation.event, obligation.basis) {
                (Event::Signed, Basis::Undetermined) => credit = due,
                (Event::Settled, _) => credit = credit.minus(charge.already_paid)?,
                _ => {}
            }
            found.push((obligation, charge));
        }
    }
    Ok(found)
}

/// `ST_E15`: money back needs to be shown to have been paid.
pub fn unproven_refund(
    obligation: &Obligation<'_>,
    charge: &Charge,
) -> Result<Option<Finding>, ChargeError> {
    let payable = charge.payable()?;
    if !payable.is_negative() || !obligation.paid_reference.trim().is_empty() {
        return Ok(None);
    }
    Ok(Some(
        Finding::error(
            "ST_E15",
            format!("lines[{}]", obligation.place),
            format!("应退税额 {payable} 须填写原缴款凭证或申报表编号"),
            format!("a refund of {payable} needs the reference of the payment"),
            "财政部 税务总局公告2022年第22号 第三条第（二）（三）项",
        )
        .numbers("0.00", payable),
    ))
}

/// `ST_E14`: the same document, item and day twice on a declaration.
fn duplicate(source: &Source, peers: &[&TaxSource], ctx: &Context<'_>) -> Option<Finding> {
    if source.document_number.is_empty() || !ctx.period.contains(source.signed_on) {
        return None;
    }
    let twice = peers.iter().any(|peer| match peer {
        TaxSource::StampTax(peer) => {
            peer.document_number == source.document_number
                && peer.signed_on == source.signed_on
                && peer.lines.iter().any(|theirs| {
                    let mut ours = source.lines.iter();
                    ours.any(|line| line.item == theirs.item)
                })
        }
        _ => false,
    });
    twice.then(|| {
        Finding::error(
            "ST_E14",
            "document_number",
            format!("应税凭证编号 {} 重复填报", source.document_number),
            format!("document {} is declared twice", source.document_number),
            "印花税税源明细表 填表说明",
        )
    })
}

/// The tax of an obligation before reliefs, with how it came about.
struct Tax {
    base: Decimal,
    unit: BaseUnit,
    rate: Decimal,
    amount: Money,
    applied: Vec<Applied>,
    steps: Vec<Step>,
}

fn one(
    source: &Source,
    ctx: &Context<'_>,
    regime: Regime,
    obligation: &Obligation<'_>,
) -> Result<Charge, ChargeError> {
    let line = obligation.line;
    let day = source.signed_on;
    let mut tax = match obligation.basis {
        Basis::Value(base) => by_value(ctx, day, obligation, base)?,
        Basis::Pieces => by_piece(ctx, day, obligation, source.count)?,
        Basis::Undetermined => undetermined(ctx, day, obligation, source.count)?,
    };
    let reliefs = reliefs(source, ctx, obligation, &mut tax)?;
    let relief = Money::sum(reliefs.iter().map(|line| line.amount))?;
    let due = tax.amount.minus(relief)?;
    let floored = source.unperformed
        || (regime == Regime::Reg1988 && matches!(obligation.basis, Basis::Value(_)));
    // Under the regulations over-stamping gives nothing back (细则第二十四条, decision S4), nor does
    // a contract not performed under either (公告2022年第22号 第三条第七项); a
    // settlement uses no more of the five yuan than it owes.
    let already_paid = if floored || obligation.event == Event::Settled {
        obligation.paid.min(due)
    } else {
        obligation.paid
    };
    tax.steps.push(Step {
        label_zh: "应补（退）税额".to_owned(),
        label_en: "Payable".to_owned(),
        expression: format!("{} − {relief} − {already_paid}", tax.amount),
        value: due.minus(already_paid)?.to_string(),
        parameter_id: None,
        legal_basis: None,
    });
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
        steps: tax.steps,
        turning_points: Vec::new(),
    })
}

/// Policy reliefs by the signing day, then the 六税两费 by the obligation day (decisions S7, ST4).
fn reliefs(
    source: &Source,
    ctx: &Context<'_>,
    obligation: &Obligation<'_>,
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
    let claims = claims(ctx, obligation.line, source.signed_on);
    let mut lines = apply_reliefs(ctx, &claims, target, &field)?;
    let left = tax
        .amount
        .minus(Money::sum(lines.iter().map(|line| line.amount))?)?;
    // A smaller amount recomputes the tax that arose at signing.
    let day = match obligation.event {
        Event::Decreased => source.signed_on,
        _ => obligation.day,
    };
    // The 六税两费 cover stamp tax except on securities (公告2023年第12号 第二条).
    let six = match obligation.line.item {
        Item::Securities => None,
        _ => six_taxes::on_day(ctx, TaxKind::StampTax, left, day)?,
    };
    for line in lines.iter().chain(&six) {
        tax.steps.push(Step {
            label_zh: line.name_zh.clone(),
            label_en: format!("Relief {}", line.relief_id),
            expression: if line.relief_id == six_taxes::RELIEF_ID {
                format!("round2({left} × {})", six_ratio(ctx, day))
            } else {
                format!("{} of {}", line.relief_id, tax.amount)
            },
            value: line.amount.to_string(),
            parameter_id: Some(line.relief_id.clone()),
            legal_basis: ctx
                .rules
                .relief(&line.relief_id)
                .map(|rule| rule.source.cite.clone()),
        });
    }
    lines.extend(six);
    Ok(lines)
}

/// The reliefs of a line: those claimed, and the halving of securities trades, which needs no
/// claim (公告2023年第39号).
fn claims(ctx: &Context<'_>, line: &Line, on: Date) -> Vec<ReliefClaim> {
    let mut claims = line.reliefs.clone();
    let in_force = |id| ctx.rules.relief(id).is_some_and(|rule| rule.in_force(on));
    if line.item == Item::Securities && claims.is_empty() && in_force(SECURITIES_HALF) {
        claims.push(ReliefClaim::of(SECURITIES_HALF));
    }
    claims
}

fn six_ratio(ctx: &Context<'_>, day: Date) -> String {
    six_taxes::eligibility(ctx, crate::types::Month::of(day))
        .map(|(_, ratio)| ratio.to_string())
        .unwrap_or_default()
}

/// The highest rate of the items that are not stated apart (法第九条, decision ST9).
fn highest_rate(
    ctx: &Context<'_>,
    day: Date,
    line: &Line,
    place: usize,
) -> Result<Applied, ChargeError> {
    let field = format!("lines[{place}].item");
    let mut highest = line.item.rate(ctx, day, &field)?;
    for (at, other) in line.other_items.iter().enumerate() {
        let rate = other.rate(ctx, day, &format!("lines[{place}].other_items[{at}]"))?;
        if highest.value < rate.value {
            highest = rate;
        }
    }
    Ok(highest)
}

/// Base × rate, the minimum of a lease, the assessed part, then the rounding (decision ST1).
fn by_value(
    ctx: &Context<'_>,
    day: Date,
    obligation: &Obligation<'_>,
    base: Money,
) -> Result<Tax, ChargeError> {
    let line = obligation.line;
    let rate = highest_rate(ctx, day, line, obligation.place)?;
    let mut steps = vec![Step {
        label_zh: "计税金额".to_owned(),
        label_en: "Tax base".to_owned(),
        expression: obligation.working.clone(),
        value: base.to_string(),
        parameter_id: None,
        legal_basis: Some(base_law(Regime::of(ctx, day)?).to_owned()),
    }];
    let mut exact = Exact::from(base).mul(rate.value)?;
    let mut expression = format!("{base} × {}", rate.value);
    let mut shown = Exact::from(base);
    let mut applied = vec![rate.clone()];
    if line.item == Item::Lease
        && !exact.is_zero()
        && let Ok(least) = ctx.number("st.minimum.lease", day)
        && exact < Exact::from(least.value)
    {
        exact = Exact::from(least.value);
        expression = format!("max({expression}, {})", least.value);
        applied.push(least);
    }
    if obligation.event == Event::Signed
        && let Some(assessment) = &line.assessment
    {
        let field = format!("lines[{}].assessment.ratio", obligation.place);
        let ratio = ctx.rate("st.assess_ratio", day, Some(&assessment.ratio), &field)?;
        let part = Exact::from(assessment.base).mul(ratio.value)?;
        exact = exact.add(part.mul(rate.value)?)?;
        shown = shown.add(part)?;
        expression = format!(
            "{expression} + {} × {} × {}",
            assessment.base, ratio.value, rate.value
        );
        applied.push(ratio);
    }
    let amount = match line.item {
        // Trades are withheld to the fen under both laws (decision ST8).
        Item::Securities => exact.round_to_fen()?,
        _ => round(ctx, day, exact, &mut applied)?,
    };
    steps.push(Step {
        label_zh: "应纳税额".to_owned(),
        label_en: "Tax".to_owned(),
        expression,
        value: amount.to_string(),
        parameter_id: Some(rate.parameter_id.clone()),
        legal_basis: basis_of(&rate),
    });
    Ok(Tax {
        base: shown.to_decimal()?,
        unit: BaseUnit::Yuan,
        rate: rate.value,
        amount,
        applied,
        steps,
    })
}

/// To the fen, or under the regulations to the 角 with less than one 角 free (条例第三条).
fn round(
    ctx: &Context<'_>,
    day: Date,
    exact: Exact,
    applied: &mut Vec<Applied>,
) -> Result<Money, ChargeError> {
    if ctx.text("st.rounding", day)? != "JIAO" {
        return Ok(exact.round_to_fen()?);
    }
    let free_below = ctx.number("st.jiao.exempt_below", day)?;
    let unit = ctx.number("st.jiao.unit", day)?;
    let amount = if exact < Exact::from(free_below.value) {
        Money::ZERO
    } else {
        let units = exact.div(unit.value)?.round_to_scale(0)?;
        Exact::from(units).mul(unit.value)?.round_to_fen()?
    };
    applied.extend([free_below, unit]);
    Ok(amount)
}

fn by_piece(
    ctx: &Context<'_>,
    day: Date,
    obligation: &Obligation<'_>,
    count: u32,
) -> Result<Tax, ChargeError> {
    let field = format!("lines[{}].item", obligation.place);
    let piece = obligation.line.item.rate(ctx, day, &field)?;
    pieces(piece, count, ("应纳税额（按件）", "Tax by the piece"))
}

/// Nothing yet under the law (法第六条); five yuan under the regulations (decision ST3).
fn undetermined(
    ctx: &Context<'_>,
    day: Date,
    obligation: &Obligation<'_>,
    count: u32,
) -> Result<Tax, ChargeError> {
    let rate = highest_rate(ctx, day, obligation.line, obligation.place)?;
    if let Ok(flat) = ctx.number("st.flat.undetermined", day) {
        let label = ("金额未定，先按定额贴花", "Flat amount, amount undetermined");
        return pieces(flat, count, label);
    }
    Ok(Tax {
        base: Decimal::ZERO,
        unit: BaseUnit::Yuan,
        rate: rate.value,
        amount: Money::ZERO,
        steps: vec![Step {
            label_zh: "金额未确定，实际结算时计税".to_owned(),
            label_en: "Amount undetermined, taxed when settled".to_owned(),
            expression: format!("0.00 × {}", rate.value),
            value: Money::ZERO.to_string(),
            parameter_id: Some(rate.parameter_id.clone()),
            legal_basis: Some("印花税法 第六条；税务总局公告2022年第14号 第一条".to_owned()),
        }],
        applied: vec![rate],
    })
}

fn pieces(each: Applied, count: u32, label: (&str, &str)) -> Result<Tax, ChargeError> {
    let amount = Exact::from(each.value).mul(count)?.round_to_fen()?;
    Ok(Tax {
        base: Decimal::from(count),
        unit: BaseUnit::Piece,
        rate: each.value,
        amount,
        steps: vec![Step {
            label_zh: label.0.to_owned(),
            label_en: label.1.to_owned(),
            expression: format!("{count} × {}", each.value),
            value: amount.to_string(),
            parameter_id: Some(each.parameter_id.clone()),
            legal_basis: basis_of(&each),
        }],
        applied: vec![each],
    })
}

fn basis_of(applied: &Applied) -> Option<String> {
    match &applied.provenance {
        Provenance::Rule { cite, .. } => Some(cite.clone()),
        Provenance::Stated { document } => Some(document.clone()),
    }
}

/// Where the law says what the base is.
const fn base_law(regime: Regime) -> &'static str {
    match regime {
        Regime::Reg1988 => "印花税暂行条例 税目税率表；施行细则 第十七至十九条",
        Regime::Law2022 => "印花税法 第五条至第十一条",
    }
}
