//! The append-only trail, hash-chained per taxpayer, numbered over all.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::many::{all_rows, pieces, rows_of_places};
use super::{StoreError, Tx, TxBackend, change, instant, micros, on_backend};
use crate::types::{Invalid, TaxpayerKey};

/// An event that is to be written when its transaction ends.
#[derive(Debug)]
pub(super) struct NewEvent {
    pub taxpayer: TaxpayerKey,
    pub kind: &'static str,
    pub subject_id: String,
    pub at: Timestamp,
}

/// An event as kept.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct KeptEvent {
    /// Its number over all taxpayers, from 1, without gaps; 0 while it has none yet.
    pub position: i64,
    /// Whose it is.
    pub taxpayer_id: String,
    /// Its number within the taxpayer, from 1, without gaps.
    pub sequence: i64,
    /// What happened, such as `declaration.submitted`.
    pub kind: String,
    /// What it happened to.
    pub subject_id: String,
    /// The RPC or worker that did it.
    pub rpc: String,
    /// The mutation it belongs to.
    pub request_id: Option<String>,
    /// When, in microseconds since 1970 UTC.
    pub at: i64,
    /// The hash that chains it to the taxpayer's event before.
    pub hash: String,
    /// Digests of what it is about; nothing on events of the first format.
    pub detail: Option<String>,
}

/// The digests an event carries, as its `detail` says them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seals {
    /// Of the row it is about, as it stood when the transaction ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// Of the request the event belongs to, with its answer where it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Of the answer that a request about the same thing had waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<String>,
}

impl KeptEvent {
    /// When.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`].
    pub fn instant(&self) -> Result<Timestamp, StoreError> {
        instant("event", self.at)
    }

    /// Whose it is.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`].
    pub fn taxpayer(&self) -> Result<TaxpayerKey, StoreError> {
        let bad = |error: Invalid| StoreError::value("event", error);
        TaxpayerKey::parse(&self.taxpayer_id).map_err(bad)
    }

    /// The hash that this event has after one with the hash `before` (empty for the first):
    /// SHA-256 over the JSON array of that hash and this row. An event of the first format has no
    /// detail, and its array none.
    pub fn hash_after(&self, before: &str) -> String {
        let Self {
            sequence, kind, at, ..
        } = self;
        let (subject, rpc, request) = (&self.subject_id, &self.rpc, &self.request_id);
        let row = match &self.detail {
            None => serde_json::json!([before, sequence, kind, subject, rpc, request, at]),
            Some(detail) => {
                serde_json::json!([before, sequence, kind, subject, rpc, request, at, detail])
            }
        };
        hex::encode(Sha256::digest(row.to_string()))
    }
}

/// The columns of a row.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT COALESCE(position, 0) AS position, taxpayer_id, sequence, kind, subject_id, rpc,
             request_id, at, hash, detail FROM event ",
            $tail
        )
    };
}

pub(super) use select;

const AFTER_POSITION: &str = select!("WHERE position > $1 ORDER BY event.position LIMIT $2");
const AFTER_SEQUENCE: &str =
    select!("WHERE taxpayer_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3");
const AT_POSITION: &str = select!("WHERE position = $1");
const AT_SEQUENCE: &str = select!("WHERE taxpayer_id = $1 AND sequence = $2");
const LAST_POSITION: &str = "SELECT CAST(COALESCE(MAX(position), 0) AS BIGINT) FROM event";
const LAST: &str = select!("WHERE taxpayer_id = $1 ORDER BY sequence DESC LIMIT 1");

/// What is read of the trail while the service runs; a test shows that each is an index search.
pub const READS: [&str; 6] = [
    AFTER_POSITION,
    AFTER_SEQUENCE,
    AT_POSITION,
    AT_SEQUENCE,
    LAST_POSITION,
    LAST,
];

impl Tx {
    /// Appends an event of this transaction to the taxpayer's chain. It is written when the
    /// transaction commits, with a digest of its subject as it then stands.
    ///
    /// # Errors
    /// None here; what fails, fails the commit.
    pub async fn append_event(
        &mut self,
        taxpayer: TaxpayerKey,
        kind: &'static str,
        subject_id: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.events.push(NewEvent {
            taxpayer,
            kind,
            subject_id: subject_id.to_owned(),
            at,
        });
        Ok(())
    }

    /// Writes the events of this transaction, in their order.
    pub(super) async fn write_events(&mut self) -> Result<Vec<KeptEvent>, StoreError> {
        let events = std::mem::take(&mut self.events);
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let details = self.details(&events).await?;
        let mut position = match self.backend {
            TxBackend::Sqlite(_) => Some(self.last_position().await?),
            // Numbered after the commit: see `numbering`.
            TxBackend::Postgres(_) => None,
        };
        let mut ends: HashMap<TaxpayerKey, (i64, String)> = HashMap::new();
        let mut written = Vec::with_capacity(events.len());
        for (new, detail) in events.into_iter().zip(details) {
            let (sequence, before) = match ends.remove(&new.taxpayer) {
                Some(end) => end,
                None => {
                    let last = self.last_event(new.taxpayer).await?;
                    last.map_or((0, String::new()), |last| (last.sequence, last.hash))
                }
            };
            position = position.map(|last| last.saturating_add(1));
            let mut event = KeptEvent {
                position: position.unwrap_or(0),
                taxpayer_id: new.taxpayer.to_string(),
                sequence: sequence.saturating_add(1),
                kind: new.kind.to_owned(),
                detail,
                subject_id: new.subject_id,
                rpc: self.rpc.to_owned(),
                request_id: self.request.map(|id| id.to_string()),
                at: micros(new.at),
                hash: String::new(),
            };
            event.hash = event.hash_after(&before);
            ends.insert(new.taxpayer, (event.sequence, event.hash.clone()));
            written.push(event);
        }
        for piece in pieces(&written) {
            self.insert_events(piece).await?;
        }
        Ok(written)
    }

    async fn insert_events(&mut self, events: &[KeptEvent]) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO event (taxpayer_id, sequence, kind, subject_id, rpc, request_id, at, hash,
             position, detail) VALUES {}",
            rows_of_places(events.len(), 10)
        );
        let done = change!(self, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for event in events {
                query = query
                    .bind(&event.taxpayer_id)
                    .bind(event.sequence)
                    .bind(&event.kind)
                    .bind(&event.subject_id)
                    .bind(&event.rpc)
                    .bind(&event.request_id)
                    .bind(event.at)
                    .bind(&event.hash)
                    .bind(Some(event.position).filter(|position| *position > 0))
                    .bind(&event.detail);
            }
            query.execute(conn).await
        })?;
        all_rows("event", done, events.len())
    }

    /// The position of the newest event; 0 while there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_position(&mut self) -> Result<i64, StoreError> {
        let (position,): (i64,) = on_backend!(self, conn => sqlx::query_as(LAST_POSITION)
            .fetch_one(conn)
            .await)?;
        Ok(position)
    }

    /// A taxpayer's newest event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_event(
        &mut self,
        taxpayer: TaxpayerKey,
    ) -> Result<Option<KeptEvent>, StoreError> {
        Ok(on_backend!(self, conn => sqlx::query_as(LAST)
            .bind(taxpayer.to_string())
            .fetch_optional(conn)
            .await)?)
    }

    /// The events after a position, over all taxpayers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events_after(
        &mut self,
        position: i64,
        limit: i64,
    ) -> Result<Vec<KeptEvent>, StoreError> {
        Ok(on_backend!(self, conn => sqlx::query_as(AFTER_POSITION)
                .bind(position)
                .bind(limit)
                .fetch_all(conn)
                .await)?)
    }

    /// A taxpayer's events after one of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn taxpayer_events_after(
        &mut self,
        taxpayer: TaxpayerKey,
        sequence: i64,
        limit: i64,
    ) -> Result<Vec<KeptEvent>, StoreError> {
        Ok(on_backend!(self, conn => sqlx::query_as(AFTER_SEQUENCE)
                .bind(taxpayer.to_string())
                .bind(sequence)
                .bind(limit)
                .fetch_all(conn)
                .await)?)
    }

    /// The event at a position.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn event_at(&mut self, position: i64) -> Result<Option<KeptEvent>, StoreError> {
        Ok(on_backend!(self, conn => sqlx::query_as(AT_POSITION)
            .bind(position)
            .fetch_optional(conn)
            .await)?)
    }

    /// A taxpayer's event of a number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn event_of(
        &mut self,
        taxpayer: TaxpayerKey,
        sequence: i64,
    ) -> Result<Option<KeptEvent>, StoreError> {
        Ok(on_backend!(self, conn => sqlx::query_as(AT_SEQUENCE)
            .bind(taxpayer.to_string())
            .bind(sequence)
            .fetch_optional(conn)
            .await)?)
    }
}
