//! How a declaration's amounts came about, recomputed from what was recorded.

use std::collections::HashMap;

use jiff::civil::Date;

use super::declaration::declaration;
use super::failure::Failure;
use crate::filing::explain::{Origin, Trace};
use crate::filing::{Content, Line, Scope, SourceRecord, SourceState, draw, in_order, rest_on};
use crate::rules::RuleBook;
use crate::store::{StoreError, Tx};
use crate::types::{DeclarationId, Money, SourceId, TaxpayerKey};

/// What the lines of one drawing came from: recorded versions of sources, and a rule pack.
#[derive(Debug)]
struct Part {
    book: RuleBook,
    content: Content,
    sources: Vec<SourceRecord>,
}

/// What a declaration was drawn from. The lines of a correction that stand were drawn for an
/// earlier declaration, under its rule pack.
#[derive(Debug)]
pub struct Recorded {
    own: Part,
    standing: Vec<(DeclarationId, Part)>,
    /// The sources of lines that were withdrawn.
    withdrawn: Vec<SourceRecord>,
}

impl Part {
    async fn of(
        book: &RuleBook,
        tx: &mut Tx,
        key: TaxpayerKey,
        content: Content,
    ) -> Result<Self, Failure> {
        let stands = |id: SourceId| {
            let mut lines = content.lines.iter();
            lines.any(|line| line.source_id == id && line.stands_from.is_some())
        };
        let mut sources: Vec<SourceRecord> = Vec::new();
        for covered in &content.covered {
            let id = covered.source_id;
            if stands(id) || sources.iter().any(|known| known.id == id) {
                continue;
            }
            let found = tx.source_version(key, id, covered.source_version).await?;
            sources.extend(found.map(|source| SourceRecord {
                state: SourceState::Collected,
                ..source
            }));
        }
        let book = if content.rule_pack == book.digest() {
            book.clone()
        } else {
            let files = tx.rule_pack(&content.rule_pack).await?.unwrap_or_default();
            RuleBook::from_files(files).map_err(|error| Failure::Internal(error.to_string()))?
        };
        Ok(Self {
            book,
            content,
            sources,
        })
    }

    /// Drawn again, of its own authority and treasury; of a correction, what it drew anew.
    fn drawn(&self, law_date: Option<Date>, explain: bool) -> Option<Content> {
        let content = &self.content;
        let frozen = law_date.map(|day| self.book.frozen_at(day));
        let correction = content.correction.as_ref();
        let drawing = draw(&Scope {
            rules: frozen.as_ref().unwrap_or(&self.book),
            taxpayer: content.taxpayer,
            profile: &content.profile,
            window: content.window,
            sources: &self.sources,
            declared: &HashMap::new(),
            authority: None,
            taxes: correction.map_or(&content.taxes, |of| &of.taxes),
            explain,
        });
        let mut contents = drawing.contents.into_iter();
        let mut drawn = contents.find(|drawn| {
            drawn.treasury == content.treasury && drawn.authority == content.authority
        })?;
        if correction.is_some() {
            // A closed source was drawn only for what it was declared for.
            let covers = |line: &Line| {
                let mut covered = content.covered.iter();
                covered.any(|own| own.source_id == line.source_id && own.period == line.tax_period)
            };
            drawn.lines.retain(covers);
        }
        Some(drawn)
    }

    fn origin(&self) -> Origin<'_> {
        Origin {
            rules: &self.book,
            profile: &self.content.profile,
            sources: &self.sources,
        }
    }
}

impl Recorded {
    /// Reads what a declaration was drawn from.
    ///
    /// # Errors
    /// [`Failure`] when the store cannot be read.
    pub async fn of(
        book: &RuleBook,
        tx: &mut Tx,
        key: TaxpayerKey,
        content: &Content,
    ) -> Result<Self, Failure> {
        let own = Part::of(book, tx, key, content.clone()).await?;
        let mut recorded = Self {
            own,
            standing: Vec::new(),
            withdrawn: Vec::new(),
        };
        for line in &content.lines {
            if line.is_withdrawn() {
                let (id, version) = (line.source_id, line.source_version);
                let found = tx.source_version(key, id, version).await?;
                recorded.withdrawn.extend(found);
            } else if let Some(id) = line.stands_from
                && recorded.standing.iter().all(|(known, _)| *known != id)
            {
                let content = declaration(tx, key, id).await?.content;
                let part = Part::of(book, tx, key, content).await?;
                recorded.standing.push((id, part));
            }
        }
        Ok(recorded)
    }

    /// The rule pack it was drawn under.
    pub const fn book(&self) -> &RuleBook {
        &self.own.book
    }

    /// Its sources, in the versions that were charged.
    pub fn sources(&self) -> Vec<SourceRecord> {
        let standing = self.standing.iter().flat_map(|(_, part)| &part.sources);
        let own = self.own.sources.iter().chain(&self.withdrawn);
        own.chain(standing).cloned().collect()
    }

    /// The declaration drawn again, under its own law or that of one day.
    ///
    /// # Errors
    /// [`Failure`] when amounts are beyond exact computation.
    pub fn drawn(&self, law_date: Option<Date>, explain: bool) -> Result<Option<Content>, Failure> {
        let recorded = &self.own.content;
        let drawn = self.own.drawn(law_date, explain);
        if recorded.correction.is_none() {
            return Ok(drawn);
        }
        let mut content = drawn.unwrap_or_else(|| Content {
            lines: Vec::new(),
            findings: Vec::new(),
            ..recorded.clone()
        });
        for (id, part) in &self.standing {
            let stands = |line: &Line| {
                let mut own = recorded.lines.iter();
                own.any(|own| own.source_id == line.source_id && own.stands_from == Some(*id))
            };
            let lines = part.drawn(law_date, explain).map(|drawn| drawn.lines);
            let lines = lines.unwrap_or_default().into_iter();
            content.lines.extend(lines.filter(stands).map(|line| Line {
                stands_from: Some(*id),
                ..line
            }));
        }
        let before: Vec<(&Line, Money)> = recorded
            .lines
            .iter()
            .map(|line| (line, line.carried))
            .collect();
        rest_on(&mut content.lines, &before)?;
        in_order(&mut content.lines);
        Ok(Some(content))
    }

    /// The trace of lines that carry their steps, each under the law it was drawn under.
    fn trace(&self, lines: &[Line]) -> Result<Trace, Failure> {
        let of = |from: Option<DeclarationId>| -> Vec<Line> {
            let own = lines.iter().filter(|line| line.stands_from == from);
            own.cloned().collect()
        };
        let mut trace = self.own.origin().trace(&of(None))?;
        for (id, part) in &self.standing {
            trace
                .lines
                .extend(part.origin().trace(&of(Some(*id)))?.lines);
        }
        trace.lines.sort_by_key(|line| line.number);
        trace.totals = self.own.origin().trace(lines)?.totals;
        Ok(trace)
    }
}

/// The trace of a declaration, recomputed from the recorded versions of the sources under the
/// recorded rule pack. A line that does not come out as recorded is an alarm.
///
/// # Errors
/// [`StoreError::Inconsistent`] for that alarm; [`Failure`] when the store cannot be read.
pub async fn explained(
    book: &RuleBook,
    tx: &mut Tx,
    key: TaxpayerKey,
    content: Content,
) -> Result<Trace, Failure> {
    let recorded = Recorded::of(book, tx, key, &content).await?;
    let fresh = recorded.drawn(None, true)?;
    let fresh = fresh.map(|drawn| drawn.lines).unwrap_or_default();
    let mut lines = content.lines;
    for line in &mut lines {
        let same = |other: &&Line| {
            other.source_id == line.source_id
                && other.payable == line.payable
                && other.carried == line.carried
                && other.charge.item == line.charge.item
                && other.charge.detail == line.charge.detail
                && other.charge.period == line.charge.period
                && other.charge.tax_amount == line.charge.tax_amount
                && other.charge.reliefs == line.charge.reliefs
        };
        if line.is_withdrawn() {
            line.charge.steps = vec![line.withdrawn_step()];
            line.stands_from = None;
            continue;
        }
        match fresh.iter().find(same) {
            Some(other) => {
                line.charge.steps.clone_from(&other.charge.steps);
                let points = &other.charge.turning_points;
                line.charge.turning_points.clone_from(points);
            }
            None => {
                let problem = format!("line {} does not recompute", line.number);
                return Err(StoreError::Inconsistent {
                    table: "declaration",
                    problem,
                }
                .into());
            }
        }
    }
    recorded.trace(&lines)
}
