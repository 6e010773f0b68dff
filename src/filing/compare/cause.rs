//! Why one line differs from another, and what each cause does to its amount.

use std::collections::BTreeMap;

use crate::filing::Line;
use crate::tax::{Applied, Charge, Provenance};
use crate::types::{Exact, Money, Overflow, TaxKind};

/// The kind of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The line is new.
    Added,
    /// The line is gone.
    Removed,
    /// Other months are taxed.
    Months,
    /// The base is another.
    Base,
    /// Another rate applies to the facts.
    Rate,
    /// The law is another.
    Rule,
    /// Other facts, which neither base nor rate shows.
    Facts,
    /// A relief is another.
    Relief,
    /// Another amount was already paid.
    AlreadyPaid,
    /// Another due day; no effect on the amount.
    DueOn,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its kind.
    pub kind: Kind,
    /// The value before.
    pub before: String,
    /// The value after.
    pub after: String,
    /// What it does to the line's payable amount.
    pub effect: Money,
    /// The parameter or relief behind it.
    pub parameter_id: Option<String>,
    /// Document and article before, where the law is the cause.
    pub basis_before: String,
    /// Document and article after, where the law is the cause.
    pub basis_after: String,
}

impl Cause {
    fn new(kind: Kind, before: impl ToString, after: impl ToString, effect: Money) -> Self {
        Self {
            kind,
            before: before.to_string(),
            after: after.to_string(),
            effect,
            parameter_id: None,
            basis_before: String::new(),
            basis_after: String::new(),
        }
    }
}

/// A line without a partner before.
pub fn added(line: &Line) -> Cause {
    Cause::new(Kind::Added, "", line.payable, line.payable)
}

/// A line without a partner after.
pub fn removed(line: &Line) -> Result<Cause, Overflow> {
    let effect = Money::ZERO.minus(line.payable)?;
    Ok(Cause::new(Kind::Removed, line.payable, "", effect))
}

/// Everything that differs in a pair, in the order of attribution.
pub fn of_pair(old: &Line, new: &Line) -> Result<Vec<Cause>, Overflow> {
    let mut causes = tax_causes(&old.charge, &new.charge)?;
    causes.extend(relief_causes(&old.charge, &new.charge)?);
    let (paid, pays) = (old.charge.already_paid, new.charge.already_paid);
    if paid != pays {
        causes.push(Cause::new(Kind::AlreadyPaid, paid, pays, paid.minus(pays)?));
    }
    if old.due_on != new.due_on {
        let (before, after) = (old.due_on, new.due_on);
        causes.push(Cause::new(Kind::DueOn, before, after, Money::ZERO));
    }
    Ok(causes)
}

/// A value of law that both lines applied, but not the same.
struct Moved<'a> {
    old: &'a Applied,
    new: &'a Applied,
}

impl Moved<'_> {
    fn cause(&self, kind: Kind, before: String, after: String, effect: Money) -> Cause {
        Cause {
            parameter_id: Some(self.new.parameter_id.clone()),
            basis_before: basis(self.old),
            basis_after: basis(self.new),
            ..Cause::new(kind, before, after, effect)
        }
    }

    /// One whose value moved, not only its row.
    fn is_another_value(&self) -> bool {
        self.old.value != self.new.value
    }
}

fn basis(applied: &Applied) -> String {
    match &applied.provenance {
        Provenance::Rule {
            first_day,
            last_day,
            cite,
            ..
        } => {
            let last = last_day.map(|day| day.to_string()).unwrap_or_default();
            format!("{cite}（{first_day}..{last}）")
        }
        Provenance::Stated { document } => document.clone(),
    }
}

fn moved<'a>(old: &'a Charge, new: &'a Charge) -> Vec<Moved<'a>> {
    let mut found: Vec<Moved<'a>> = Vec::new();
    for before in &old.applied {
        let id = &before.parameter_id;
        let after = new.applied.iter().find(|after| after.parameter_id == *id);
        let known = found.iter().any(|moved| moved.old.parameter_id == *id);
        if let Some(after) = after
            && after != before
            && !known
        {
            found.push(Moved {
                old: before,
                new: after,
            });
        }
    }
    found
}

/// One factor of the tax that differs.
struct Factor<'a> {
    kind: Kind,
    before: String,
    after: String,
    /// Whether the tax follows it at all.
    counts: bool,
    /// New over old, where the old one is not zero.
    ratio: Option<Exact>,
    law: Option<&'a Moved<'a>>,
}

/// The difference of the tax: months, base, rate; what they leave is other facts.
fn tax_causes(old: &Charge, new: &Charge) -> Result<Vec<Cause>, Overflow> {
    let moved = moved(old, new);
    let is_rate = |moved: &&Moved<'_>| moved.old.value == old.rate && moved.new.value == new.rate;
    let rate_law = moved
        .iter()
        .filter(|moved| moved.is_another_value())
        .find(is_rate);
    let base_law = moved
        .iter()
        .filter(|moved| moved.is_another_value())
        .find(|moved| !is_rate(moved));
    let mut factors: Vec<Factor<'_>> = Vec::new();
    if old.period != new.period {
        let (before, after) = (old.period.month_count(), new.period.month_count());
        let counts = spread_over_months(old)? && before != after;
        factors.push(Factor {
            kind: Kind::Months,
            before: old.period.to_string(),
            after: new.period.to_string(),
            counts,
            ratio: Exact::from(after).div(before).ok(),
            law: None,
        });
    }
    if old.base != new.base {
        factors.push(Factor {
            kind: Kind::Base,
            before: old.base.to_string(),
            after: new.base.to_string(),
            counts: true,
            ratio: quotient(new.base, old.base),
            law: base_law,
        });
    }
    if old.rate != new.rate {
        factors.push(Factor {
            kind: Kind::Rate,
            before: old.rate.to_string(),
            after: new.rate.to_string(),
            counts: true,
            ratio: quotient(new.rate, old.rate),
            law: rate_law,
        });
    }
    let mut causes = spread(old, new, &factors)?;
    let left = new
        .tax_amount
        .minus(old.tax_amount)?
        .minus(Money::sum(causes.iter().map(|cause| cause.effect))?)?;
    if !left.is_zero() {
        let (before, after) = (old.tax_amount.to_string(), new.tax_amount.to_string());
        causes.push(match base_law.or(rate_law) {
            Some(law) => law.cause(Kind::Rule, before, after, left),
            None => Cause::new(Kind::Facts, before, after, left),
        });
    }
    for moved in &moved {
        let id = &moved.new.parameter_id;
        let told = causes
            .iter()
            .any(|cause| cause.parameter_id.as_ref() == Some(id));
        if !told {
            let (before, after) = (moved.old.value.to_string(), moved.new.value.to_string());
            causes.push(moved.cause(Kind::Rule, before, after, Money::ZERO));
        }
    }
    Ok(causes)
}

fn quotient(new: rust_decimal::Decimal, old: rust_decimal::Decimal) -> Option<Exact> {
    Exact::from(new).div(Exact::from(old)).ok()
}

/// True where a year's tax is spread over months: not where base × rate is the tax itself.
fn spread_over_months(charge: &Charge) -> Result<bool, Overflow> {
    let yearly = matches!(
        charge.tax,
        TaxKind::RealEstateTax | TaxKind::LandUseTax | TaxKind::VehicleVesselTax
    );
    let product = Exact::from(charge.base).mul(Exact::from(charge.rate))?;
    Ok(yearly && product.round_to_fen()? != charge.tax_amount)
}

/// Moves one factor after the other to its new value. The last one that moves the tax has what
/// the chain leaves, fen of rounding included.
fn spread(old: &Charge, new: &Charge, factors: &[Factor<'_>]) -> Result<Vec<Cause>, Overflow> {
    let last = factors.iter().rposition(|factor| factor.counts);
    let mut causes = Vec::new();
    let (mut exact, mut at) = (Exact::from(old.tax_amount), old.tax_amount);
    for (place, factor) in factors.iter().enumerate() {
        let effect = match factor.ratio {
            _ if Some(place) == last => new.tax_amount.minus(at)?,
            Some(ratio) if factor.counts => {
                exact = exact.mul(ratio)?;
                let next = exact.round_to_fen()?;
                let effect = next.minus(at)?;
                at = next;
                effect
            }
            _ => Money::ZERO,
        };
        let (before, after) = (factor.before.clone(), factor.after.clone());
        causes.push(match factor.law {
            Some(law) => law.cause(Kind::Rule, before, after, effect),
            None => Cause::new(factor.kind, before, after, effect),
        });
    }
    Ok(causes)
}

fn relief_causes(old: &Charge, new: &Charge) -> Result<Vec<Cause>, Overflow> {
    let by_id = |charge: &Charge| -> Result<BTreeMap<String, Money>, Overflow> {
        let mut sums: BTreeMap<String, Money> = BTreeMap::new();
        for line in &charge.reliefs {
            let sum = sums.entry(line.relief_id.clone()).or_default();
            *sum = sum.plus(line.amount)?;
        }
        Ok(sums)
    };
    let (before, after) = (by_id(old)?, by_id(new)?);
    let mut ids: Vec<&String> = before.keys().chain(after.keys()).collect();
    ids.sort();
    ids.dedup();
    let mut causes = Vec::new();
    for id in ids {
        let amount = |sums: &BTreeMap<String, Money>| sums.get(id).copied().unwrap_or_default();
        let (had, has) = (amount(&before), amount(&after));
        if had != has {
            causes.push(Cause {
                parameter_id: Some(id.clone()),
                ..Cause::new(Kind::Relief, had, has, had.minus(has)?)
            });
        }
    }
    Ok(causes)
}
