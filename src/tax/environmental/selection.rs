//! Which pollutants of an outlet are taxed in a month (环境保护税法 art. 9).
//!
//! Ranked by exact equivalents, not by tax. Exclusive groups come first, so that a dropped member
//! takes no place (decision ENV2); equal counts go by statutory order (ENV1); the block of small
//! dischargers is not ranked (ENV3).

use std::cmp::Ordering;

use super::annex::{Entry, PollutantClass};
use super::outlet::OutletRecord;
use super::quantity::Measured;
use crate::tax::{Applied, ChargeError, Context};
use crate::types::{Exact, Month};

/// A taxable pollutant of a month.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'a> {
    /// Place of the record in the outlet.
    pub place: usize,
    pub record: &'a OutletRecord,
    pub entry: Entry<'a>,
    pub measured: Measured,
    /// Exact pollution equivalents.
    pub equivalents: Exact,
}

/// What selection leaves.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    /// Taxed, class I first, then the others, each by rank.
    pub taxed: Vec<Candidate<'a>>,
    /// Not taxed.
    pub dropped: Vec<Candidate<'a>>,
    /// The counts of law applied.
    pub applied: Vec<Applied>,
}

/// Most equivalents first, then statutory order.
fn by_rank(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    b.equivalents
        .cmp(&a.equivalents)
        .then(a.entry.order.cmp(&b.entry.order))
}

/// The parameter that says how many of a block are taxed.
const fn count_id(class: PollutantClass) -> Option<&'static str> {
    match class {
        PollutantClass::Air => Some("ept.selection.air"),
        PollutantClass::Class1 => Some("ept.selection.class_1"),
        PollutantClass::Class2 | PollutantClass::Sewage => Some("ept.selection.other_water"),
        PollutantClass::Small => None,
    }
}

/// Applies the exclusive groups, then the ranking.
pub(super) fn select<'a>(
    ctx: &Context<'_>,
    mut candidates: Vec<Candidate<'a>>,
    month: Month,
) -> Result<Selection<'a>, ChargeError> {
    candidates.sort_by(by_rank);
    let mut selection = Selection {
        taxed: Vec::new(),
        dropped: Vec::new(),
        applied: Vec::new(),
    };
    let mut kept: Vec<Candidate<'a>> = Vec::new();
    for candidate in candidates {
        let group = candidate.entry.group;
        let taken = !group.is_empty() && kept.iter().any(|other| other.entry.group == group);
        match taken {
            true => selection.dropped.push(candidate),
            false => kept.push(candidate),
        }
    }
    for id in [
        Some("ept.selection.air"),
        Some("ept.selection.class_1"),
        Some("ept.selection.other_water"),
        None,
    ] {
        let (block, rest) = kept
            .into_iter()
            .partition(|candidate| count_id(candidate.entry.class) == id);
        kept = rest;
        let block: Vec<Candidate<'a>> = block;
        let limit = match id {
            Some(id) if !block.is_empty() => {
                let count = ctx.number(id, month.first_day())?;
                let limit = Exact::from(count.value);
                selection.applied.push(count);
                Some(limit)
            }
            _ => None,
        };
        for (rank, candidate) in (0_i64..).zip(block) {
            match limit {
                Some(limit) if limit <= Exact::int(rank) => selection.dropped.push(candidate),
                _ => selection.taxed.push(candidate),
            }
        }
    }
    Ok(selection)
}
