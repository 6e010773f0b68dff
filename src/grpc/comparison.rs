//! `CompareDeclarations`: what differs, and why.

use std::collections::HashMap;

use super::app::{App, taxpayer as must_have};
use super::assessment::{WhatIf, finished, law_date};
use super::call::{Answer, Call};
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::explanation::Recorded;
use super::failure::Failure;
use crate::filing::{Content, Line, Side, SourceRecord, compare, redate};
use crate::pb;
use crate::pb::compare_declarations_request::After;
use crate::rules::RuleBook;
use crate::tax::Finding;
use crate::types::{DeclarationId, SourceId};

/// What a declaration is compared with.
enum Other {
    Declaration(DeclarationId),
    Law(jiff::civil::Date),
    WhatIf(Box<WhatIf>),
}

/// One side as computed: its lines and what names its sources.
struct Computed {
    lines: Vec<Line>,
    findings: Vec<Finding>,
    rule_pack: String,
    names: HashMap<SourceId, String>,
}

/// Answers the call.
///
/// # Errors
/// [`Failure`].
pub async fn answer(
    app: &App,
    call: &Call,
    wire: &pb::CompareDeclarationsRequest,
) -> Result<Answer<pb::CompareDeclarationsResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let before = fields.required(
        "before_declaration_id",
        &wire.before_declaration_id,
        DeclarationId::parse,
    );
    let after = other(&app.book, &mut fields, wire.after.as_ref());
    let read = match (key, before, after) {
        (Some(key), Some(before), Some(after)) => Some((key, before, after)),
        _ => None,
    };
    let (key, before, after) = finished(read, violations)?;
    let mut tx = app.store.read().await?;
    must_have(&mut tx, key).await?;
    let before = declaration(&mut tx, key, before).await?.content;
    let recorded = Recorded::of(&app.book, &mut tx, key, &before).await?;
    let by_name = matches!(after, Other::WhatIf(_));
    let after = match after {
        Other::Declaration(id) => {
            let content = declaration(&mut tx, key, id).await?.content;
            let sources = Recorded::of(&app.book, &mut tx, key, &content).await?;
            Computed::of(content, &sources.sources(), sources.book())
        }
        Other::Law(day) => {
            let frozen = recorded.book().frozen_at(day);
            match recorded.drawn(Some(day), false)? {
                Some(content) => Computed::of(content, &recorded.sources(), &frozen),
                None => Computed::nothing(&frozen),
            }
        }
        Other::WhatIf(what_if) => what_if_side(&app.book, &what_if),
    };
    let before = Computed::of(before, &recorded.sources(), recorded.book());
    compared(&before, &after, by_name, call).map(Answer::new)
}

/// Compares two what-ifs. Also the offline command's engine.
///
/// # Errors
/// [`Failure::Fields`] with every wrong field of the first that has one.
pub fn compare_assessments(
    book: &RuleBook,
    call: &Call,
    before: &pb::AssessDeclarationRequest,
    after: &pb::AssessDeclarationRequest,
) -> Result<pb::CompareDeclarationsResponse, Failure> {
    let before = what_if_side(book, &WhatIf::read(book, before)?);
    let after = what_if_side(book, &WhatIf::read(book, after)?);
    compared(&before, &after, true, call)
}

fn other(book: &RuleBook, fields: &mut Fields<'_>, wire: Option<&After>) -> Option<Other> {
    match wire {
        None => {
            fields.missing("after_declaration_id");
            None
        }
        Some(After::AfterDeclarationId(id)) => fields
            .required("after_declaration_id", id, DeclarationId::parse)
            .map(Other::Declaration),
        Some(After::LawDate(day)) => {
            let day = law_date(book, fields, day)?;
            if day.is_none() {
                fields.missing("law_date");
            }
            day.map(Other::Law)
        }
        Some(After::Assessment(wire)) => {
            WhatIf::fields(book, &mut fields.below("assessment"), wire)
                .map(|what_if| Other::WhatIf(Box::new(what_if)))
        }
    }
}

fn what_if_side(book: &RuleBook, what_if: &WhatIf) -> Computed {
    let frozen = what_if.law_date.map(|day| book.frozen_at(day));
    let rules = frozen.as_ref().unwrap_or(book);
    match what_if.computed(rules, false) {
        Some(content) => Computed::of(content, &what_if.sources, rules),
        None => Computed::nothing(rules),
    }
}

impl Computed {
    fn of(mut content: Content, sources: &[SourceRecord], rules: &RuleBook) -> Self {
        redate(&mut content.lines, rules);
        let name = |source: &SourceRecord| (source.id, source.name.clone());
        Self {
            lines: content.lines,
            findings: content.findings,
            rule_pack: content.rule_pack,
            names: sources.iter().map(name).collect(),
        }
    }

    /// A side on which nothing is due.
    fn nothing(rules: &RuleBook) -> Self {
        Self {
            lines: Vec::new(),
            findings: Vec::new(),
            rule_pack: rules.digest().to_owned(),
            names: HashMap::new(),
        }
    }

    /// By id, or by name with a number where a name repeats, in the order of the sources.
    fn side(&self, by_name: bool) -> Side<'_> {
        let mut keys = HashMap::new();
        let mut seen: HashMap<&str, u32> = HashMap::new();
        let mut ids: Vec<SourceId> = self.names.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            let name = self.names.get(&id).map(String::as_str).unwrap_or_default();
            let count = seen.entry(name).or_default();
            *count += 1;
            let key = if by_name {
                format!("{name}#{count}")
            } else {
                id.to_string()
            };
            keys.insert(id, key);
        }
        Side {
            lines: &self.lines,
            keys,
        }
    }
}

fn compared(
    before: &Computed,
    after: &Computed,
    by_name: bool,
    call: &Call,
) -> Result<pb::CompareDeclarationsResponse, Failure> {
    let (old, new) = (before.side(by_name), after.side(by_name));
    let found = compare(&old, &new)?;
    let name = |line: &Line, side: &Computed| side.names.get(&line.source_id).cloned();
    let mut answer = convert::comparison(&found, call.language);
    for (wire, difference) in answer.lines.iter_mut().zip(&found.lines) {
        let named = match (difference.after, difference.before) {
            (Some(line), _) => name(line, after),
            (None, Some(line)) => name(line, before),
            (None, None) => None,
        };
        wire.source_name = named.unwrap_or_default();
    }
    answer.before_rule_pack_digest.clone_from(&before.rule_pack);
    answer.after_rule_pack_digest.clone_from(&after.rule_pack);
    answer.before_errors = convert::errors(&before.findings, call.language);
    answer.after_errors = convert::errors(&after.findings, call.language);
    Ok(answer)
}
