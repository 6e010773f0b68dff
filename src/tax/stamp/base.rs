//! What a line is taxed on, and when: signing, settlements, changes (法第五至十条、第十五条).

use jiff::civil::Date;

use super::source::{ForeignAmount, Line, Source};
use crate::tax::{ChargeError, Finding};
use crate::types::{Exact, Money, Overflow};

/// What makes the tax due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// 书立.
    Signed,
    /// 实际结算.
    Settled,
    /// A change to a larger amount: tax on the difference.
    Increased,
    /// A change to a smaller amount: tax on the new amount, less what was paid.
    Decreased,
}

impl Event {
    /// The word in a charge's detail.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signed => "SIGNED",
            Self::Settled => "SETTLED",
            Self::Increased => "INCREASED",
            Self::Decreased => "DECREASED",
        }
    }
}

/// What the tax is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// By value: yuan.
    Value(Money),
    /// By the piece.
    Pieces,
    /// The amount is not determined yet.
    Undetermined,
}

/// One obligation (纳税义务) of a line.
#[derive(Debug, Clone)]
pub struct Obligation<'a> {
    /// Place of the line in the document.
    pub place: usize,
    /// The line.
    pub line: &'a Line,
    /// Why it arises.
    pub event: Event,
    /// Place among the line's obligations.
    pub number: usize,
    /// The day it arises (纳税义务发生日).
    pub day: Date,
    /// What it is on.
    pub basis: Basis,
    /// How the base came about.
    pub working: String,
    /// Tax already paid on it.
    pub paid: Money,
    /// What shows that.
    pub paid_reference: &'a str,
}

/// The obligations of a line in order of days: the signing first.
///
/// # Errors
/// [`ChargeError::Overflow`], or `ST_E03` when more is taken off than there is.
pub fn obligations<'a>(
    source: &'a Source,
    place: usize,
    line: &'a Line,
) -> Result<Vec<Obligation<'a>>, ChargeError> {
    let (basis, working) = at_signing(line, place)?;
    let mut found = vec![Obligation {
        place,
        line,
        event: Event::Signed,
        number: 0,
        day: source.signed_on,
        basis,
        working,
        paid: line.prior_paid,
        paid_reference: &line.prior_paid_reference,
    }];
    match basis {
        Basis::Undetermined => settlements(line, place, &mut found)?,
        Basis::Value(base) => amendments(line, place, base, &mut found)?,
        Basis::Pieces => {}
    }
    Ok(found)
}

fn at_signing(line: &Line, place: usize) -> Result<(Basis, String), ChargeError> {
    if line.item.is_per_piece() {
        return Ok((Basis::Pieces, String::new()));
    }
    if let Some(capital) = &line.capital {
        let total = capital.paid_in.plus(capital.reserve)?;
        let base = total.minus(capital.taxed_high_water)?.or_zero();
        let working = format!(
            "max(0, {} + {} − {})",
            capital.paid_in, capital.reserve, capital.taxed_high_water
        );
        return Ok((Basis::Value(base), working));
    }
    if line.is_undetermined() {
        return Ok((Basis::Undetermined, "—".to_owned()));
    }
    let (gross, mut working) = match (&line.amount, &line.foreign_amount) {
        (Some(amount), _) => (*amount, amount.to_string()),
        (None, Some(foreign)) => {
            let yuan = in_yuan(foreign)?;
            let working = format!(
                "round2({} {} × {})",
                foreign.currency, foreign.amount, foreign.parity
            );
            (yuan, working)
        }
        (None, None) => (Money::ZERO, Money::ZERO.to_string()),
    };
    let field = format!("lines[{place}].vat_stated_apart_yuan");
    let base = own_part(
        line,
        gross,
        line.vat_stated_apart,
        true,
        &field,
        &mut working,
    )?;
    Ok((Basis::Value(base), working))
}

/// Foreign money at the parity given, rounded to the fen (decision ST6).
fn in_yuan(foreign: &ForeignAmount) -> Result<Money, Overflow> {
    Exact::from(foreign.amount)
        .mul(foreign.parity)?
        .round_to_fen()
}

/// The taxpayer's own part: VAT stated apart and exclusions first, then the share, then the fen
/// (decision ST5).
fn own_part(
    line: &Line,
    gross: Money,
    vat: Money,
    with_exclusions: bool,
    field: &str,
    working: &mut String,
) -> Result<Money, ChargeError> {
    let mut net = gross.minus(vat)?;
    if !vat.is_zero() {
        working.push_str(&format!(" − {vat}"));
    }
    if with_exclusions {
        for exclusion in &line.exclusions {
            net = net.minus(exclusion.amount)?;
            working.push_str(&format!(" − {}", exclusion.amount));
        }
    }
    if net.is_negative() {
        return Err(Finding::error(
            "ST_E03",
            field,
            "单独列明的增值税和扣除项目大于凭证金额",
            "the VAT and exclusions stated apart exceed the amount",
            "印花税法 第五条",
        )
        .numbers(format!("<= {gross}"), gross.minus(net)?)
        .into());
    }
    let mut exact = Exact::from(net);
    if let Some(share) = line.own_share {
        exact = exact.mul(share)?;
        *working = format!("({working}) × {share}");
    } else if line.co_parties > 1 {
        exact = exact.div(line.co_parties)?;
        *working = format!("({working}) ÷ {}", line.co_parties);
    }
    Ok(exact.round_to_fen()?)
}

fn settlements<'a>(
    line: &'a Line,
    place: usize,
    found: &mut Vec<Obligation<'a>>,
) -> Result<(), ChargeError> {
    let mut ordered: Vec<_> = line.settlements.iter().enumerate().collect();
    ordered.sort_by_key(|(_, settlement)| settlement.settled_on);
    for (at, settlement) in ordered {
        let mut working = settlement.amount.to_string();
        let field = format!("lines[{place}].settlements[{at}].vat_stated_apart_yuan");
        let vat = settlement.vat_stated_apart;
        let base = own_part(line, settlement.amount, vat, false, &field, &mut working)?;
        found.push(Obligation {
            place,
            line,
            event: Event::Settled,
            number: found.len(),
            day: settlement.settled_on,
            basis: Basis::Value(base),
            working,
            paid: Money::ZERO,
            paid_reference: "",
        });
    }
    Ok(())
}

/// A larger amount is taxed on the difference (decision ST7); a smaller one anew, less what was
/// paid (公告2022年第22号 第三条第二项).
fn amendments<'a>(
    line: &'a Line,
    place: usize,
    first: Money,
    found: &mut Vec<Obligation<'a>>,
) -> Result<(), ChargeError> {
    let mut ordered: Vec<_> = line.amendments.iter().enumerate().collect();
    ordered.sort_by_key(|(_, amendment)| amendment.amended_on);
    let mut before = first;
    for (at, amendment) in ordered {
        let mut working = amendment.amount.to_string();
        let field = format!("lines[{place}].amendments[{at}].vat_stated_apart_yuan");
        let vat = amendment.vat_stated_apart;
        let now = own_part(line, amendment.amount, vat, true, &field, &mut working)?;
        let up = before <= now;
        let (event, base, paid) = if up {
            working = format!("({working}) − {before}");
            (Event::Increased, now.minus(before)?, Money::ZERO)
        } else {
            (Event::Decreased, now, amendment.paid)
        };
        found.push(Obligation {
            place,
            line,
            event,
            number: found.len(),
            day: amendment.amended_on,
            basis: Basis::Value(base),
            working,
            paid,
            paid_reference: &amendment.paid_reference,
        });
        before = now;
    }
    Ok(())
}
