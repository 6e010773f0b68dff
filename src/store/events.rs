//! The append-only trail, hash-chained per taxpayer.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{StoreError, Tx, micros, on_backend, one_row};
use crate::types::TaxpayerKey;

/// The hash of an event: over the hash of the one before and what the event says.
pub(super) fn chained(
    before: &str,
    sequence: i64,
    kind: &str,
    subject_id: &str,
    rpc: &str,
    request: Option<&str>,
    at: Timestamp,
) -> String {
    let row = serde_json::json!([before, sequence, kind, subject_id, rpc, request, micros(at)]);
    hex::encode(Sha256::digest(row.to_string()))
}

impl Tx {
    /// Appends an event of this transaction to the taxpayer's chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append_event(
        &mut self,
        taxpayer: TaxpayerKey,
        kind: &'static str,
        subject_id: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let last: Option<(i64, String)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT sequence, hash FROM event WHERE taxpayer_id = $1
             ORDER BY sequence DESC LIMIT 1",
        )
        .bind(taxpayer.to_string())
        .fetch_optional(conn)
        .await)?;
        let (sequence, before) = last.unwrap_or_default();
        let sequence = sequence.saturating_add(1);
        let (rpc, request) = (self.rpc, self.request.map(|id| id.to_string()));
        let hash = chained(
            &before,
            sequence,
            kind,
            subject_id,
            rpc,
            request.as_deref(),
            at,
        );
        let done = on_backend!(self, conn => sqlx::query(
            "INSERT INTO event (taxpayer_id, sequence, kind, subject_id, rpc, request_id, at, hash,
             position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
             (SELECT CAST(COALESCE(MAX(position), 0) AS BIGINT) + 1 FROM event))",
        )
        .bind(taxpayer.to_string())
        .bind(sequence)
        .bind(kind)
        .bind(subject_id)
        .bind(rpc)
        .bind(request)
        .bind(micros(at))
        .bind(hash)
        .execute(conn)
        .await)?;
        one_row("event", done.rows_affected())
    }
}
