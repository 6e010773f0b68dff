//! `AssessDeclaration`: what sources would come to, without keeping anything.

use std::collections::HashMap;

use jiff::civil::Date;
use uuid::Uuid;

use super::call::Call;
use super::convert::{self, Fields, Violation};
use super::failure::Failure;
use super::tax_source::record;
use crate::filing::explain::{Origin, TRACE_VERSION};
use crate::filing::{Content, Scope, SourceRecord, draw};
use crate::pb;
use crate::rules::RuleBook;
use crate::tax::Profile;
use crate::types::{Invalid, Period, SourceId, TaxpayerKey};

const SOURCES_MAX: usize = 10_000;

/// A what-if as read from the wire.
#[derive(Debug)]
pub struct WhatIf {
    profile: Profile,
    window: Period,
    /// The day whose law holds for all days.
    pub law_date: Option<Date>,
    /// Its sources, their ids made from their places.
    pub sources: Vec<SourceRecord>,
}

/// Computes sources without keeping anything. Also the offline command's engine.
///
/// # Errors
/// [`Failure::Fields`] with every wrong field.
pub fn assess(
    book: &RuleBook,
    call: &Call,
    wire: pb::AssessDeclarationRequest,
) -> Result<pb::AssessDeclarationResponse, Failure> {
    let what_if = WhatIf::read(book, &wire)?;
    let frozen = what_if.law_date.map(|day| book.frozen_at(day));
    let rules = frozen.as_ref().unwrap_or(book);
    let Some(content) = what_if.computed(rules, wire.explain) else {
        return Ok(pb::AssessDeclarationResponse {
            rule_pack_digest: book.digest().to_owned(),
            law_date: wire.law_date,
            six_taxes_eligibility: convert::eligible(&what_if.profile, book),
            ..Default::default()
        });
    };
    let mut answer = convert::assessed(&content, call.language)?;
    if wire.explain {
        let origin = Origin {
            rules,
            profile: &what_if.profile,
            sources: &what_if.sources,
        };
        let trace = origin.trace(&content.lines)?;
        answer.trace_version = TRACE_VERSION;
        answer.explanations = convert::line_explanations(&trace, call.language);
        answer.total_explanations = convert::total_explanations(&trace, call.language);
    }
    answer.law_date = wire.law_date;
    answer.six_taxes_eligibility = convert::eligible(&what_if.profile, book);
    Ok(answer)
}

impl WhatIf {
    /// Reads one, naming every wrong field.
    ///
    /// # Errors
    /// [`Failure::Fields`].
    pub fn read(book: &RuleBook, wire: &pb::AssessDeclarationRequest) -> Result<Self, Failure> {
        let mut violations = Vec::new();
        let read = Self::fields(book, &mut Fields::new(&mut violations), wire);
        finished(read, violations)
    }

    /// The same below other fields.
    pub fn fields(
        book: &RuleBook,
        fields: &mut Fields<'_>,
        wire: &pb::AssessDeclarationRequest,
    ) -> Option<Self> {
        let kind = match wire.taxpayer_kind {
            0 => Some(crate::tax::TaxpayerKind::Enterprise),
            kind => convert::taxpayer_kind(fields, "taxpayer_kind", kind),
        };
        let six_taxes = convert::six_taxes_windows(fields, &wire.six_taxes_windows);
        let facts = convert::six_taxes_facts(fields, wire.six_taxes_facts.as_ref());
        let window = window(book, fields, wire.window.as_ref());
        let law_date = law_date(book, fields, &wire.law_date);
        if wire.sources.is_empty() {
            fields.missing("sources");
        }
        let few = fields.at_most("sources", wire.sources.len(), SOURCES_MAX);
        let sources = sources(fields, &wire.sources);
        Some(Self {
            profile: Profile {
                kind: kind?,
                six_taxes: six_taxes?,
                six_taxes_facts: facts?,
            },
            window: window?,
            law_date: law_date?,
            sources: sources.filter(|_| few && !wire.sources.is_empty())?,
        })
    }

    /// What the sources come to, on one form whatever their authorities; nothing where none is due.
    pub fn computed(&self, rules: &RuleBook, explain: bool) -> Option<Content> {
        let drawing = draw(&Scope {
            rules,
            taxpayer: nobody(),
            profile: &self.profile,
            window: self.window,
            sources: &self.sources,
            declared: &HashMap::new(),
            authority: None,
            taxes: &[],
            explain,
        });
        let mut contents = drawing.contents.into_iter();
        let mut whole = contents.next()?;
        for content in contents {
            whole.lines.extend(content.lines);
            whole.findings.extend(content.findings);
        }
        for (place, line) in whole.lines.iter_mut().enumerate() {
            line.number = u32::try_from(place + 1).unwrap_or(u32::MAX);
        }
        Some(whole)
    }
}

/// What was read, or everything that was wrong.
///
/// # Errors
/// [`Failure::Fields`].
pub fn finished<T>(read: Option<T>, violations: Vec<Violation>) -> Result<T, Failure> {
    match read {
        Some(read) if violations.is_empty() => Ok(read),
        _ => Err(violations.into()),
    }
}

fn nobody() -> TaxpayerKey {
    TaxpayerKey::new(Uuid::from_u128(u128::MAX))
}

fn sources(fields: &mut Fields<'_>, wire: &[pb::TaxSourceInput]) -> Option<Vec<SourceRecord>> {
    let mut sources = Vec::new();
    let mut whole = true;
    for (place, source) in wire.iter().enumerate().take(SOURCES_MAX) {
        let input = convert::source_input(fields, &format!("sources[{place}]"), Some(source));
        whole &= input.is_some();
        let id = SourceId::new(Uuid::from_u128(place as u128 + 1));
        let at = jiff::Timestamp::UNIX_EPOCH;
        sources.extend(input.map(|input| record(nobody(), id, input, at)));
    }
    whole.then_some(sources)
}

fn span_text(span: Period) -> (String, String) {
    let (first, last) = (span.first(), span.last());
    (
        format!("规则库只覆盖 {first} 至 {last}"),
        format!("the rule pack covers {first} to {last} only"),
    )
}

/// Reads a filing window; one that is not within the days the pack covers is refused.
pub fn window(
    book: &RuleBook,
    fields: &mut Fields<'_>,
    wire: Option<&pb::Period>,
) -> Option<Period> {
    let window = fields.period("window", wire)?;
    let Some(span) = book.covered_days().filter(|span| !span.covers(window)) else {
        return Some(window);
    };
    let (zh, en) = span_text(span);
    fields.refuse("window", Invalid::new("PERIOD_OUT_OF_RANGE", zh, en));
    None
}

/// Reads the day whose law holds for all days; empty means none.
pub fn law_date(book: &RuleBook, fields: &mut Fields<'_>, text: &str) -> Option<Option<Date>> {
    let Some(day) = fields.optional_date("law_date", text)? else {
        return Some(None);
    };
    let Some(span) = book.covered_days().filter(|span| !span.contains(day)) else {
        return Some(Some(day));
    };
    let (zh, en) = span_text(span);
    fields.refuse("law_date", Invalid::new("LAW_DATE_OUT_OF_RANGE", zh, en));
    None
}
