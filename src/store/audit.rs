//! The audit: every chain recomputed, and every table compared with what the trail says of it.
//!
//! The chains are not keyed: who can write the whole database can write a whole new trail, or put
//! back an old copy of everything. That is found out only against something kept elsewhere: a
//! cursor of `StreamEvents`, or the heads that an earlier audit printed.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{Known, first_break};
use super::seal::{RowSeal, SEALED, SOURCE, answer_seal, bytes_digest, sealed_by};
use super::{KeptEvent, StoreError, Tx, TxBackend, on_backend};
use crate::types::TaxpayerKey;

const PAGE: i64 = 1000;
/// Mutations that always leave an event under their request id.
const LEAVE_EVENTS: [&str; 10] = [
    "RegisterTaxpayer",
    "UpdateTaxpayer",
    "CreateTaxSource",
    "UpdateTaxSource",
    "CloseTaxSource",
    "DraftDeclaration",
    "SubmitDeclaration",
    "CorrectDeclaration",
    "VoidDeclaration",
    "CreatePayment",
];

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A row of the trail was altered.
    EventAltered,
    /// Rows of the trail are missing.
    EventMissing,
    /// A row was put into the trail.
    EventInserted,
    /// Rows of the trail have changed places.
    OrderChanged,
    /// A mutation was answered, but its events are gone: the end of the chain was cut off.
    EventsCutOff,
    /// A row of a table does not agree with the last event about it.
    RowAltered,
    /// A row of a table is gone, but an event tells of it.
    RowMissing,
    /// A row of a table that no event tells of.
    RowWithoutEvent,
    /// A recorded answer does not agree with its event.
    AnswerAltered,
    /// A recorded answer is gone, but an event tells of it.
    AnswerMissing,
    /// A declaration's content, or a rule pack, does not give its digest.
    ContentAltered,
    /// The lines of a declaration are not those of its content.
    LinesAltered,
    /// A voucher's signature does not hold, or its row is not what was signed.
    VoucherForged,
}

impl Fault {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EventAltered => "EVENT_ALTERED",
            Self::EventMissing => "EVENT_MISSING",
            Self::EventInserted => "EVENT_INSERTED",
            Self::OrderChanged => "ORDER_CHANGED",
            Self::EventsCutOff => "EVENTS_CUT_OFF",
            Self::RowAltered => "ROW_ALTERED",
            Self::RowMissing => "ROW_MISSING",
            Self::RowWithoutEvent => "ROW_WITHOUT_EVENT",
            Self::AnswerAltered => "ANSWER_ALTERED",
            Self::AnswerMissing => "ANSWER_MISSING",
            Self::ContentAltered => "CONTENT_ALTERED",
            Self::LinesAltered => "LINES_ALTERED",
            Self::VoucherForged => "VOUCHER_FORGED",
        }
    }
}

/// A place where the trail and the tables do not hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Whose it is; empty where that cannot be told.
    pub taxpayer_id: String,
    /// The number of the event, where it is one.
    pub sequence: Option<i64>,
    /// What it is about, such as `payment 0198…`.
    pub subject: String,
    /// What is wrong.
    pub fault: Fault,
    /// More about it.
    pub text: String,
}

impl Break {
    pub(super) fn at(event: &KeptEvent, fault: Fault, text: String) -> Self {
        Self {
            taxpayer_id: event.taxpayer_id.clone(),
            sequence: Some(event.sequence),
            subject: format!("{} {}", event.kind, event.subject_id),
            fault,
            text,
        }
    }

    pub(super) fn numbered(self, sequence: i64) -> Self {
        Self {
            sequence: Some(sequence),
            subject: String::new(),
            ..self
        }
    }

    pub(super) fn of(taxpayer: &str, subject: String, fault: Fault, text: &str) -> Self {
        Self {
            taxpayer_id: taxpayer.to_owned(),
            sequence: None,
            subject,
            fault,
            text: text.to_owned(),
        }
    }
}

/// What the audit of one taxpayer found.
#[derive(Debug)]
pub struct Audited {
    /// How many events there are.
    pub events: usize,
    /// The hash of the last one; empty while there is none.
    pub head: String,
    /// What is wrong, the trail first.
    pub breaks: Vec<Break>,
}

/// What the trail says of the tables.
#[derive(Default)]
struct Told {
    /// Table and id: the digest of the last event about it, if it has one.
    rows: BTreeMap<(&'static str, String), Option<String>>,
    /// Source: the digests of all events about it.
    sources: BTreeMap<String, BTreeSet<String>>,
    /// Request: the digests of events that belong to it.
    answers: BTreeMap<String, BTreeSet<String>>,
    /// Requests that events belong to.
    requests: BTreeSet<String>,
    /// Subject: the digest of an answer that had waited.
    completed: BTreeMap<String, String>,
}

impl Told {
    fn by(events: &[KeptEvent]) -> Result<Self, StoreError> {
        let mut told = Self::default();
        for event in events {
            let seals = event.seals()?;
            if let Some(sealed) = sealed_by(&event.kind)
                && (seals.row.is_some() || event.detail.is_none())
            {
                if sealed.table == SOURCE {
                    let source = told.sources.entry(event.subject_id.clone());
                    source.or_default().extend(seals.row.clone());
                }
                let about = (sealed.table, event.subject_id.clone());
                told.rows.insert(about, seals.row);
            }
            if let Some(request) = &event.request_id {
                told.requests.insert(request.clone());
                let answers = told.answers.entry(request.clone()).or_default();
                answers.extend(seals.answer);
            }
            if let Some(digest) = seals.completed {
                told.completed.insert(event.subject_id.clone(), digest);
            }
        }
        Ok(told)
    }
}

#[derive(sqlx::FromRow)]
struct RequestRow {
    request_id: String,
    method: String,
    content_digest: String,
    subject_id: String,
    response: Option<Vec<u8>>,
    recorded_at: i64,
}

impl RequestRow {
    /// What is wrong with it, as far as the trail tells.
    fn fault(&self, told: &Told) -> Option<(Fault, &'static str)> {
        let (id, subject) = (&self.request_id, &self.subject_id);
        if !told.requests.contains(id) {
            let cut = LEAVE_EVENTS.contains(&self.method.as_str());
            return cut.then_some((Fault::EventsCutOff, "it was answered and has left no event"));
        }
        let sealed = told.answers.get(id).filter(|seals| !seals.is_empty())?;
        let response = self.response.as_deref().map(bytes_digest);
        let seal = |response: Option<&str>| {
            answer_seal(&self.method, &self.content_digest, subject, response)
        };
        if sealed.contains(&seal(response.as_deref())) {
            return None;
        }
        // The answer came later than the event: a later event may carry it.
        let open = sealed.contains(&seal(None));
        let later = told.completed.get(subject);
        if open && later.is_none_or(|digest| Some(digest) == response.as_ref()) {
            return None;
        }
        Some((
            Fault::AnswerAltered,
            "its record is not what the event sealed",
        ))
    }
}

impl Tx {
    /// The ids of all taxpayers that have a row or an event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_taxpayers(&mut self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT taxpayer_id FROM taxpayer UNION SELECT taxpayer_id FROM event ORDER BY 1",
        )
        .fetch_all(conn)
        .await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Recounts the positions of all events; how many there are, and the first gap.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_positions(&mut self) -> Result<(i64, Option<Break>), StoreError> {
        let (count,): (i64,) = on_backend!(self, conn => sqlx::query_as(
            "SELECT COUNT(position) FROM event",
        )
        .fetch_one(conn)
        .await)?;
        let mut last = 0;
        if count == self.last_position().await? {
            return Ok((count, None));
        }
        loop {
            let page = self.events_after(last, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for event in page {
                let expected = last.saturating_add(1);
                if event.position != expected {
                    let text =
                        format!("positions {expected} to {} are missing", event.position - 1);
                    let gap = Break::of("", String::new(), Fault::EventMissing, &text);
                    return Ok((count, Some(gap)));
                }
                last = event.position;
            }
        }
        let text = "events without a position";
        let odd = Break::of("", String::new(), Fault::EventInserted, text);
        Ok((count, Some(odd)))
    }

    /// Recomputes a taxpayer's chain and compares the tables with it. `verify` says whether a
    /// signature over a text holds under a public key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_taxpayer(
        &mut self,
        taxpayer: &str,
        verify: fn(&str, &str, &str) -> bool,
    ) -> Result<Audited, StoreError> {
        let mut events = Vec::new();
        if let Ok(key) = TaxpayerKey::parse(taxpayer) {
            loop {
                let after = events
                    .last()
                    .map_or(i64::MIN, |last: &KeptEvent| last.sequence);
                let page = self.taxpayer_events_after(key, after, PAGE).await?;
                if page.is_empty() {
                    break;
                }
                events.extend(page);
            }
        }
        let requests: Vec<RequestRow> = on_backend!(self, conn => sqlx::query_as(
            "SELECT request_id, method, content_digest, subject_id, response, recorded_at
             FROM request WHERE taxpayer_id = $1",
        )
        .bind(taxpayer)
        .fetch_all(conn)
        .await)?;
        let mut known = Known::of(&events);
        for row in &requests {
            let (id, method, subject) = (&row.request_id, &row.method, &row.subject_id);
            known.request(id, method, subject, row.recorded_at);
        }
        // On a copy that is not finished, too, the last events have no position yet.
        let late = matches!(self.backend, TxBackend::Postgres(_))
            || events.iter().any(|event| event.position == 0) && self.is_unfinished_copy().await?;
        let found = first_break(&events, &known, late);
        let mut breaks: Vec<Break> = found.into_iter().collect();
        match Told::by(&events) {
            // An event whose digests cannot be read was altered, which the chain has told.
            Err(error) if breaks.is_empty() => return Err(error),
            Err(_) => {}
            Ok(told) => {
                breaks.extend(answers(taxpayer, &requests, &told));
                breaks.extend(self.audit_rows(taxpayer, &told).await?);
            }
        }
        breaks.extend(self.audit_declarations(taxpayer).await?);
        breaks.extend(self.audit_vouchers(taxpayer, verify).await?);
        Ok(Audited {
            events: events.len(),
            head: events.pop().map(|last| last.hash).unwrap_or_default(),
            breaks,
        })
    }

    /// Compares each row with the last event about it.
    async fn audit_rows(&mut self, taxpayer: &str, told: &Told) -> Result<Vec<Break>, StoreError> {
        let mut breaks = Vec::new();
        let mut there = BTreeSet::new();
        for sealed in &SEALED {
            let ids: Vec<(String,)> = on_backend!(self, conn => sqlx::query_as(sealed.ids)
                .bind(taxpayer)
                .fetch_all(conn)
                .await)?;
            for (id,) in ids {
                let row = self.row_seal(sealed, taxpayer, &id).await?;
                if let Some((fault, text)) =
                    row_fault(row, told.rows.get(&(sealed.table, id.clone())))
                {
                    let subject = format!("{} {id}", sealed.table);
                    breaks.push(Break::of(taxpayer, subject, fault, text));
                }
                there.insert((sealed.table, id));
            }
        }
        for (id, seals) in &told.sources {
            let versions = self.source_seals(taxpayer, id).await?;
            if there.contains(&(SOURCE, id.clone())) && !seals.is_subset(&versions) {
                let text = "one of its versions is not as its event sealed it";
                let subject = format!("{SOURCE} {id}");
                breaks.push(Break::of(taxpayer, subject, Fault::RowAltered, text));
            }
        }
        for ((table, id), seal) in &told.rows {
            if seal.is_some() && !there.contains(&(*table, id.clone())) {
                let subject = format!("{table} {id}");
                let text = "an event tells of it, but it is not there";
                breaks.push(Break::of(taxpayer, subject, Fault::RowMissing, text));
            }
        }
        Ok(breaks)
    }
}

fn row_fault(row: Option<RowSeal>, last: Option<&Option<String>>) -> Option<(Fault, &'static str)> {
    match (row, last) {
        (_, None) => Some((Fault::RowWithoutEvent, "no event tells of it")),
        (None, _) => Some((Fault::RowMissing, "a part of it is not there")),
        (Some(row), Some(Some(seal))) if *seal != row.digest => Some((
            Fault::RowAltered,
            "it is not as its last event sealed it: altered, or later events were cut off",
        )),
        // Events of the first format seal nothing.
        (Some(_), Some(_)) => None,
    }
}

fn answers(taxpayer: &str, requests: &[RequestRow], told: &Told) -> Vec<Break> {
    let mut breaks = Vec::new();
    let mut there = BTreeSet::new();
    for row in requests {
        there.insert(&row.request_id);
        if let Some((fault, text)) = row.fault(told) {
            let subject = format!("{} {}", row.method, row.request_id);
            breaks.push(Break::of(taxpayer, subject, fault, text));
        }
    }
    for (request, seals) in &told.answers {
        if !seals.is_empty() && !there.contains(request) {
            let subject = format!("request {request}");
            let text = "an event tells of it, but it is not there";
            breaks.push(Break::of(taxpayer, subject, Fault::AnswerMissing, text));
        }
    }
    breaks
}
