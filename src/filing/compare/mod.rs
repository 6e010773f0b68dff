//! What differs between two sets of lines, and why (申报表比对).
//!
//! Lines are paired by source, item, detail and period; then those left over by source, item and
//! detail; then by source and item. What has no partner is new or gone. The difference of a pair
//! is attributed in one fixed order, each cause measured with those before it already at their new
//! value: months, base, rate, other facts, reliefs by id, already paid, due day. A base or rate
//! that moved because a value of law did is attributed to the rule. So the effects of all causes
//! add up, to the fen, to the difference of the signed totals (应补(退)税额).

mod cause;

use std::collections::{HashMap, HashSet};

use super::declaration::{Line, Totals, totals};
use crate::rules::RuleBook;
use crate::tax::Provenance;
use crate::types::{Money, Overflow, SourceId};

pub use cause::{Cause, Kind};

/// One of the two.
#[derive(Debug)]
pub struct Side<'a> {
    /// The lines.
    pub lines: &'a [Line],
    /// What a source is matched by: its id, or its name where the ids have no meaning.
    pub keys: HashMap<SourceId, String>,
}

/// One line that differs; both sides where it has a partner.
#[derive(Debug, PartialEq, Eq)]
pub struct LineDifference<'a> {
    /// The line before.
    pub before: Option<&'a Line>,
    /// The line after.
    pub after: Option<&'a Line>,
    /// Why, in the order of attribution.
    pub causes: Vec<Cause>,
    /// After less before: the sum of the causes' effects.
    pub effect: Money,
}

/// What differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// 合计 before.
    pub before: Totals,
    /// 合计 after.
    pub after: Totals,
    /// After less before.
    pub difference: Totals,
    /// The lines that differ: in the order of those before, then those that are new.
    pub lines: Vec<LineDifference<'a>>,
    /// How many pairs are the same.
    pub unchanged: usize,
}

/// Compares two sets of lines.
///
/// # Errors
/// [`Overflow`].
pub fn compare<'a>(before: &Side<'a>, after: &Side<'a>) -> Result<Comparison<'a>, Overflow> {
    let mut comparison = Comparison {
        before: totals(before.lines)?,
        after: totals(after.lines)?,
        difference: Totals::default(),
        lines: Vec::new(),
        unchanged: 0,
    };
    comparison.difference = minus(&comparison.after, &comparison.before)?;
    let partners = pair(before, after);
    for (old, partner) in before.lines.iter().zip(&partners) {
        let new = partner.and_then(|place| after.lines.get(place));
        let causes = match new {
            Some(new) => cause::of_pair(old, new)?,
            None => vec![cause::removed(old)?],
        };
        if causes.is_empty() {
            comparison.unchanged += 1;
        } else {
            let effect = Money::sum(causes.iter().map(|cause| cause.effect))?;
            comparison.lines.push(LineDifference {
                before: Some(old),
                after: new,
                causes,
                effect,
            });
        }
    }
    let paired: HashSet<usize> = partners.into_iter().flatten().collect();
    for (place, new) in after.lines.iter().enumerate() {
        if !paired.contains(&place) {
            comparison.lines.push(LineDifference {
                before: None,
                after: Some(new),
                causes: vec![cause::added(new)],
                effect: new.payable,
            });
        }
    }
    Ok(comparison)
}

/// Gives the reliefs that lines applied under a frozen law the days of the pack again, so that
/// only a law that is another is told as one.
pub fn redate(lines: &mut [Line], rules: &RuleBook) {
    for applied in lines.iter_mut().flat_map(|line| &mut line.charge.applied) {
        let rule = rules.dated_relief(&applied.parameter_id);
        if let (
            Some(rule),
            Provenance::Rule {
                first_day,
                last_day,
                ..
            },
        ) = (rule, &mut applied.provenance)
        {
            (*first_day, *last_day) = (rule.from, rule.to);
        }
    }
}

fn minus(after: &Totals, before: &Totals) -> Result<Totals, Overflow> {
    Ok(Totals {
        tax_amount: after.tax_amount.minus(before.tax_amount)?,
        relief: after.relief.minus(before.relief)?,
        already_paid: after.already_paid.minus(before.already_paid)?,
        net: after.net.minus(before.net)?,
        payable: after.payable.minus(before.payable)?,
        refundable: after.refundable.minus(before.refundable)?,
    })
}

/// How closely two lines must agree to be a pair, the closest first.
const PASSES: [fn(&Line, &Line) -> bool; 3] = [
    |a, b| a.charge.detail == b.charge.detail && a.charge.period == b.charge.period,
    |a, b| a.charge.detail == b.charge.detail,
    |_, _| true,
];

/// The place of each old line's partner among the new ones.
fn pair(before: &Side<'_>, after: &Side<'_>) -> Vec<Option<usize>> {
    let mut waiting: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (place, line) in after.lines.iter().enumerate() {
        waiting
            .entry((after.key(line), &line.charge.item))
            .or_default()
            .push(place);
    }
    let mut partners = vec![None; before.lines.len()];
    for fits in PASSES {
        for (old, partner) in before.lines.iter().zip(&mut partners) {
            if partner.is_some() {
                continue;
            }
            let key = (before.key(old), old.charge.item.as_str());
            let Some(places) = waiting.get_mut(&key) else {
                continue;
            };
            let found = places
                .iter()
                .position(|place| after.lines.get(*place).is_some_and(|new| fits(old, new)));
            *partner = found.map(|found| places.remove(found));
        }
    }
    partners
}

impl Side<'_> {
    fn key(&self, line: &Line) -> &str {
        self.keys
            .get(&line.source_id)
            .map(String::as_str)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
