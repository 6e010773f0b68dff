//! Idempotency records: the first answer to each mutation, for ever.

use jiff::Timestamp;

use super::{StoreError, Tx, change, instant, micros, on_backend, one_row, seal};
use crate::types::{RequestId, TaxpayerKey};

/// An earlier mutation as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The method, such as `SubmitDeclaration`.
    pub method: String,
    /// SHA-256 of the request, hex.
    pub content_digest: String,
    /// What it made or changed.
    pub subject_id: String,
    /// The answer; nothing while the bank is still to be heard.
    pub response: Option<Vec<u8>>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl RecordedRequest {
    /// The digest of it that an event carries.
    pub(super) fn seal(&self) -> String {
        let response = self.response.as_deref().map(seal::bytes_digest);
        let (method, subject) = (&self.method, &self.subject_id);
        seal::answer_seal(method, &self.content_digest, subject, response.as_deref())
    }
}

type Row = (String, String, String, Option<Vec<u8>>, i64);

impl Tx {
    /// The earlier mutation with this request id, if any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_request(
        &mut self,
        taxpayer: TaxpayerKey,
        request: RequestId,
    ) -> Result<Option<RecordedRequest>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            "SELECT method, content_digest, subject_id, response, recorded_at FROM request
             WHERE taxpayer_id = $1 AND request_id = $2",
        )
        .bind(taxpayer.to_string())
        .bind(request.to_string())
        .fetch_optional(conn)
        .await)?;
        let Some((method, content_digest, subject_id, response, at)) = row else {
            return Ok(None);
        };
        let recorded_at = instant("request", at)?;
        Ok(Some(RecordedRequest {
            method,
            content_digest,
            subject_id,
            response,
            recorded_at,
        }))
    }

    /// Records a mutation with its answer, in the transaction of its effect.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_request(
        &mut self,
        taxpayer: TaxpayerKey,
        request: RequestId,
        recorded: &RecordedRequest,
    ) -> Result<(), StoreError> {
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO request (taxpayer_id, request_id, method, content_digest, subject_id,
             response, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(taxpayer.to_string())
        .bind(request.to_string())
        .bind(&recorded.method)
        .bind(&recorded.content_digest)
        .bind(&recorded.subject_id)
        .bind(recorded.response.as_deref())
        .bind(micros(recorded.recorded_at))
        .execute(conn)
        .await)?;
        one_row("request", done)?;
        self.answers.push(((taxpayer, request), recorded.seal()));
        Ok(())
    }

    /// Records the answer of a mutation that waited for the bank; false where none waited. The
    /// first answer stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn complete_requests_of(
        &mut self,
        taxpayer: TaxpayerKey,
        method: &str,
        subject_id: &str,
        response: &[u8],
    ) -> Result<bool, StoreError> {
        let done = change!(self, conn => sqlx::query(
            "UPDATE request SET response = $1 WHERE taxpayer_id = $2 AND method = $3
             AND subject_id = $4 AND response IS NULL",
        )
        .bind(response)
        .bind(taxpayer.to_string())
        .bind(method)
        .bind(subject_id)
        .execute(conn)
        .await)?;
        if done > 0 {
            self.answers.clear();
            let digest = seal::bytes_digest(response);
            self.completed.push((subject_id.to_owned(), digest));
        }
        Ok(done > 0)
    }
}
