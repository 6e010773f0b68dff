//! `AssessDeclaration`: what sources would come to, without keeping anything.

use std::collections::HashMap;

use uuid::Uuid;

use super::call::Call;
use super::convert::{self, Fields};
use super::failure::Failure;
use crate::filing::{Scope, SourceRecord, SourceState, draw};
use crate::pb;
use crate::rules::RuleBook;
use crate::tax::Profile;
use crate::types::{SourceId, TaxpayerKey};

const SOURCES_MAX: usize = 10_000;

/// Computes sources without keeping anything. Also the offline command's engine.
///
/// # Errors
/// [`Failure::Fields`] with every wrong field.
pub fn assess(
    book: &RuleBook,
    call: &Call,
    wire: pb::AssessDeclarationRequest,
) -> Result<pb::AssessDeclarationResponse, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let kind = match wire.taxpayer_kind {
        0 => Some(crate::tax::TaxpayerKind::Enterprise),
        kind => convert::taxpayer_kind(&mut fields, "taxpayer_kind", kind),
    };
    let six_taxes = convert::six_taxes_windows(&mut fields, &wire.six_taxes_windows);
    let facts = convert::six_taxes_facts(&mut fields, wire.six_taxes_facts.as_ref());
    let window = fields.period("window", wire.window.as_ref());
    if wire.sources.is_empty() {
        fields.missing("sources");
    }
    fields.at_most("sources", wire.sources.len(), SOURCES_MAX);
    let taxpayer = TaxpayerKey::new(Uuid::from_u128(u128::MAX));
    let mut sources = Vec::new();
    for (place, source) in wire.sources.iter().enumerate().take(SOURCES_MAX) {
        let input = convert::source_input(&mut fields, &format!("sources[{place}]"), Some(source));
        sources.extend(input.map(|input| SourceRecord {
            id: SourceId::new(Uuid::from_u128(place as u128 + 1)),
            taxpayer,
            name: input.name,
            region: input.region,
            authority: input.authority,
            treasury: input.treasury,
            state: SourceState::Collected,
            version: 1,
            detail: input.detail,
            recorded_at: jiff::Timestamp::UNIX_EPOCH,
        }));
    }
    let (Some(kind), Some(six_taxes), Some(six_taxes_facts), Some(window), true) =
        (kind, six_taxes, facts, window, violations.is_empty())
    else {
        return Err(violations.into());
    };
    let profile = Profile {
        kind,
        six_taxes,
        six_taxes_facts,
    };
    let declared = HashMap::new();
    let drawing = draw(&Scope {
        rules: book,
        taxpayer,
        profile: &profile,
        window,
        sources: &sources,
        declared: &declared,
        authority: None,
        taxes: &[],
        explain: wire.explain,
    });
    let mut contents = drawing.contents.into_iter();
    let Some(mut whole) = contents.next() else {
        let rule_pack_digest = book.digest().to_owned();
        return Ok(pb::AssessDeclarationResponse {
            rule_pack_digest,
            six_taxes_eligibility: convert::eligible(&profile, book),
            ..Default::default()
        });
    };
    for content in contents {
        whole.lines.extend(content.lines);
        whole.findings.extend(content.findings);
    }
    for (place, line) in whole.lines.iter_mut().enumerate() {
        line.number = u32::try_from(place + 1).unwrap_or(u32::MAX);
    }
    let mut answer = convert::assessed(&whole, call.language, wire.explain)?;
    answer.six_taxes_eligibility = convert::eligible(&profile, book);
    Ok(answer)
}
