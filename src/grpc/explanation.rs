//! How a declaration's amounts came about, recomputed from what was recorded.

use std::collections::HashMap;

use super::failure::Failure;
use crate::filing::{Content, Line, Scope, SourceRecord, SourceState, draw};
use crate::rules::RuleBook;
use crate::store::{StoreError, Tx};
use crate::types::TaxpayerKey;

/// The lines with their explanations, recomputed from the recorded versions of the sources
/// under the recorded rule pack. A line that does not come out as recorded is an alarm.
///
/// # Errors
/// [`StoreError::Inconsistent`] for that alarm; [`Failure`] when the store cannot be read.
pub async fn explained(
    book: &RuleBook,
    tx: &mut Tx,
    key: TaxpayerKey,
    content: Content,
) -> Result<Vec<Line>, Failure> {
    let mut sources = Vec::new();
    for covered in &content.covered {
        let found = tx
            .source_version(key, covered.source_id, covered.source_version)
            .await?;
        sources.extend(found.map(|source| SourceRecord {
            state: SourceState::Collected,
            ..source
        }));
    }
    sources.dedup_by_key(|source| source.id);
    let recorded = if content.rule_pack == book.digest() {
        None
    } else {
        let files = tx.rule_pack(&content.rule_pack).await?.unwrap_or_default();
        let recorded = RuleBook::from_files(files);
        Some(recorded.map_err(|error| Failure::Internal(error.to_string()))?)
    };
    let drawing = draw(&Scope {
        rules: recorded.as_ref().unwrap_or(book),
        taxpayer: key,
        profile: &content.profile,
        window: content.window,
        sources: &sources,
        declared: &HashMap::new(),
        authority: None,
        taxes: &content.taxes,
        explain: true,
    });
    let fresh: Vec<_> = drawing
        .contents
        .into_iter()
        .flat_map(|drawn| drawn.lines)
        .collect();
    let mut lines = content.lines;
    for line in &mut lines {
        let same = |other: &&Line| {
            other.source_id == line.source_id
                && other.payable == line.payable
                && other.charge.item == line.charge.item
                && other.charge.detail == line.charge.detail
                && other.charge.period == line.charge.period
                && other.charge.tax_amount == line.charge.tax_amount
        };
        match fresh.iter().find(same) {
            Some(other) => line.charge.steps = other.charge.steps.clone(),
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
    Ok(lines)
}
