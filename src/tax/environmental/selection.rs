//! Which pollutants of an outlet are taxed in a month (环境保护税法 art. 9).
//!
//! Ranked by exact equivalents, not by tax. Exclusive groups come first, so that a dropped member
//! takes no place (decision ENV2); equal counts go by statutory order (ENV1); the block of small
//! dischargers is not ranked (ENV3).

use std::cmp::Ordering;

use super::annex::{Entry, PollutantClass};
use super::measure::Measured;
use super::outlet::OutletRecord;
use super::scale::Scales;
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
    pub scales: Scales,
    /// Exact pollution equivalents.
    pub equivalents: Exact,
}

/// A pollutant that is taxed, and how it came to its place.
#[derive(Debug)]
pub(super) struct Taxed<'a> {
    pub candidate: Candidate<'a>,
    /// From 1, in its block.
    pub rank: usize,
    /// How many of the block were ranked.
    pub of: usize,
    /// How many of the block are taxed; nothing where the block is not ranked.
    pub count: Option<Applied>,
    /// The first of the block that is not taxed.
    pub next: Option<(&'a str, Exact)>,
    /// Members of its exclusive group that it leaves out.
    pub instead_of: Vec<&'a str>,
}

/// What selection leaves.
#[derive(Debug, Default)]
pub(super) struct Selection<'a> {
    /// Taxed, class I first, then the others, each by rank.
    pub taxed: Vec<Taxed<'a>>,
    /// Not taxed.
    pub dropped: Vec<Candidate<'a>>,
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
    let mut selection = Selection::default();
    let mut kept: Vec<Candidate<'a>> = Vec::new();
    for candidate in candidates {
        let group = candidate.entry.group;
        let taken = !group.is_empty() && kept.iter().any(|other| other.entry.group == group);
        match taken {
            true => selection.dropped.push(candidate),
            false => kept.push(candidate),
        }
    }
    let excluded: Vec<(&str, &str)> = selection
        .dropped
        .iter()
        .map(|candidate| (candidate.entry.group, candidate.entry.name))
        .collect();
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
        let count = match id {
            Some(id) if !block.is_empty() => Some(ctx.number(id, month.first_day())?),
            _ => None,
        };
        let of = block.len();
        let is_taxed = |rank: usize| {
            let rank = i64::try_from(rank).unwrap_or(i64::MAX);
            count
                .as_ref()
                .is_none_or(|count| Exact::int(rank) <= Exact::from(count.value))
        };
        let next = (1..)
            .zip(&block)
            .find(|(rank, _)| !is_taxed(*rank))
            .map(|(_, candidate)| (candidate.entry.name, candidate.equivalents));
        for (rank, candidate) in (1..).zip(block) {
            if !is_taxed(rank) {
                selection.dropped.push(candidate);
                continue;
            }
            let group = candidate.entry.group;
            let same = excluded.iter().filter(|(other, _)| *other == group);
            selection.taxed.push(Taxed {
                rank,
                of,
                count: count.clone(),
                next,
                instead_of: same.map(|(_, name)| *name).collect(),
                candidate,
            });
        }
    }
    Ok(selection)
}
