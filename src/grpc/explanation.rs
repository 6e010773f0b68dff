//! How a declaration's amounts came about, recomputed from what was recorded.

use std::collections::HashMap;

use super::failure::Failure;
use crate::filing::explain::{Origin, Trace};
use crate::filing::{Content, Line, Scope, SourceRecord, SourceState, draw};
use crate::rules::RuleBook;
use crate::store::{StoreError, Tx};
use crate::types::TaxpayerKey;

/// What a declaration was drawn from: the recorded versions of its sources and its rule pack.
#[derive(Debug)]
pub struct Recorded {
    /// The rule pack it was drawn under.
    pub book: RuleBook,
    /// The sources.
    pub sources: Vec<SourceRecord>,
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
        let mut sources: Vec<SourceRecord> = Vec::new();
        for covered in &content.covered {
            if sources.iter().any(|known| known.id == covered.source_id) {
                continue;
            }
            let found = tx
                .source_version(key, covered.source_id, covered.source_version)
                .await?;
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
        Ok(Self { book, sources })
    }

    /// The declaration drawn again under some rules, of its own authority and treasury.
    pub fn drawn(&self, rules: &RuleBook, content: &Content, explain: bool) -> Option<Content> {
        let drawing = draw(&Scope {
            rules,
            taxpayer: content.taxpayer,
            profile: &content.profile,
            window: content.window,
            sources: &self.sources,
            declared: &HashMap::new(),
            authority: None,
            taxes: &content.taxes,
            explain,
        });
        let mut contents = drawing.contents.into_iter();
        contents.find(|drawn| {
            drawn.treasury == content.treasury && drawn.authority == content.authority
        })
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
    let fresh = recorded.drawn(&recorded.book, &content, true);
    let fresh = fresh.map(|drawn| drawn.lines).unwrap_or_default();
    let mut lines = content.lines;
    for line in &mut lines {
        let same = |other: &&Line| {
            other.source_id == line.source_id
                && other.payable == line.payable
                && other.charge.item == line.charge.item
                && other.charge.detail == line.charge.detail
                && other.charge.period == line.charge.period
                && other.charge.tax_amount == line.charge.tax_amount
                && other.charge.reliefs == line.charge.reliefs
        };
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
    let origin = Origin {
        rules: &recorded.book,
        profile: &content.profile,
        sources: &recorded.sources,
    };
    Ok(origin.trace(&lines)?)
}
