//! A taxpayer's chain of events, recomputed: where it first breaks, and how.

use std::collections::BTreeSet;

use super::KeptEvent;
use super::audit::{Break, Fault};

/// Values that an altered column may have had: those that stand elsewhere.
#[derive(Debug, Default)]
pub(super) struct Known {
    texts: BTreeSet<String>,
    instants: BTreeSet<i64>,
    details: BTreeSet<String>,
}

impl Known {
    /// What is known from the events themselves.
    pub(super) fn of(events: &[KeptEvent]) -> Self {
        let mut known = Self::default();
        for event in events {
            known.instants.insert(event.at);
            known.details.extend(event.detail.clone());
            let request = event.request_id.clone();
            let texts = [&event.kind, &event.subject_id, &event.rpc];
            known
                .texts
                .extend(texts.into_iter().cloned().chain(request));
        }
        known
    }

    /// What is known from a recorded request.
    pub(super) fn request(&mut self, id: &str, method: &str, subject: &str, at: i64) {
        self.texts.extend([id, method, subject].map(str::to_owned));
        self.instants.insert(at);
    }
}

/// The first break of a chain, its rows in order of their numbers. Where events are numbered over
/// all after their commit (`late`), the last ones may have no position yet.
pub(super) fn first_break(events: &[KeptEvent], known: &Known, late: bool) -> Option<Break> {
    let (mut before, mut position, mut expected) = (String::new(), 0, 1_i64);
    for (place, event) in events.iter().enumerate() {
        let rest = events.get(place..).unwrap_or_default();
        if event.sequence != expected {
            let text = format!("events {expected} to {} are missing", event.sequence - 1);
            return Some(Break::at(event, Fault::EventMissing, text).numbered(expected));
        }
        if event.hash_after(&before) != event.hash {
            return Some(diagnosed(event, rest, &before, known));
        }
        let waits = late && event.position == 0;
        if !waits && event.position <= position {
            let text = format!("position {} does not follow {position}", event.position);
            return Some(Break::at(event, Fault::OrderChanged, text));
        }
        before.clone_from(&event.hash);
        // Nothing with a position follows one without.
        position = if waits { i64::MAX } else { event.position };
        expected = expected.saturating_add(1);
    }
    None
}

/// The same row under another number.
fn moved(event: &KeptEvent, sequence: i64) -> KeptEvent {
    KeptEvent {
        sequence,
        ..event.clone()
    }
}

/// What happened to the row whose hash does not follow from the one before; `rest` begins with it.
fn diagnosed(event: &KeptEvent, rest: &[KeptEvent], before: &str, known: &Known) -> Break {
    let belongs = |row: &&KeptEvent| moved(row, event.sequence).hash_after(before) == row.hash;
    if let Some(other) = rest.iter().skip(1).find(belongs) {
        let n = other.sequence;
        let last = rest.iter().rfind(|row| row.sequence < n);
        let last = last.filter(|row| row.sequence != event.sequence);
        let link = last.map_or(&other.hash, |last| &last.hash);
        if moved(event, n).hash_after(link) == event.hash {
            let text = format!("events {} and {n} have changed places", event.sequence);
            return Break::at(event, Fault::OrderChanged, text);
        }
        let text = format!(
            "a row was put in: what is now event {n} was event {}",
            event.sequence
        );
        return Break::at(event, Fault::EventInserted, text);
    }
    let next = rest.get(1);
    let links = |row: &KeptEvent, by: i64, hash: &str| {
        let sequence = row.sequence.saturating_add(by);
        moved(row, sequence).hash_after(hash) == row.hash
    };
    if let Some(field) = altered_field(event, before, known) {
        return Break::at(event, Fault::EventAltered, field);
    }
    if let Some(next) = next {
        if links(next, 0, &event.hash_after(before)) {
            let text = "its hash was altered, the rest of the row stands".to_owned();
            return Break::at(event, Fault::EventAltered, text);
        }
        if (1..=rest.len().try_into().unwrap_or(i64::MAX)).any(|by| links(next, by, &event.hash)) {
            let text = "events before it were taken out and the later ones renumbered".to_owned();
            return Break::at(event, Fault::EventMissing, text);
        }
    }
    let text = "its content does not give its hash".to_owned();
    Break::at(event, Fault::EventAltered, text)
}

/// Finds the one column that, with a value known from elsewhere, gives the row's hash.
fn altered_field(event: &KeptEvent, before: &str, known: &Known) -> Option<String> {
    let fits = |candidate: &KeptEvent| candidate.hash_after(before) == event.hash;
    let said = |field: &str, was: &str| Some(format!("{field} was altered; it was {was}"));
    for text in &known.texts {
        let mut kind = event.clone();
        kind.kind.clone_from(text);
        let mut subject = event.clone();
        subject.subject_id.clone_from(text);
        let mut rpc = event.clone();
        rpc.rpc.clone_from(text);
        let mut request = event.clone();
        request.request_id = Some(text.clone());
        let tries = [
            ("kind", kind),
            ("subject_id", subject),
            ("rpc", rpc),
            ("request_id", request),
        ];
        if let Some((field, _)) = tries.iter().find(|(_, candidate)| fits(candidate)) {
            return said(field, text);
        }
    }
    let mut candidate = event.clone();
    candidate.request_id = None;
    if fits(&candidate) {
        return said("request_id", "empty");
    }
    for &at in &known.instants {
        let mut candidate = event.clone();
        candidate.at = at;
        if fits(&candidate) {
            return said("at", &at.to_string());
        }
    }
    let details = known.details.iter().cloned().map(Some).chain([None]);
    for detail in details {
        let mut candidate = event.clone();
        candidate.detail = detail;
        if fits(&candidate) {
            return said("detail", candidate.detail.as_deref().unwrap_or("empty"));
        }
    }
    None
}
