//! Digests that an event carries of what it is about, so that a row altered behind the service's
//! back no longer agrees with the trail.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::events::{KeptEvent, Seals};
use super::{StoreError, Tx, on_backend};
use crate::types::TaxpayerKey;

/// A table whose rows are sealed.
#[derive(Debug)]
pub(super) struct Sealed {
    /// The first words of the kinds of events about its rows.
    kinds: &'static [&'static str],
    /// The table.
    pub table: &'static str,
    /// Reads the ids of a taxpayer's rows.
    pub ids: &'static str,
    /// Reads a row as texts, its version first.
    row: &'static str,
    columns: usize,
}

macro_rules! sealed {
    ($kinds:expr, $table:literal, $from:literal, $id:literal,
     [$version:literal $(, $column:literal)+ $(,)?]) => {
        Sealed {
            kinds: &$kinds,
            table: $table,
            ids: concat!("SELECT ", $id, " FROM ", $table, " WHERE taxpayer_id = $1"),
            row: concat!(
                "SELECT CAST(", $version, " AS TEXT)" $(, ", CAST(", $column, " AS TEXT)")+,
                " FROM ", $from, " WHERE t.taxpayer_id = $1 AND t.", $id, " = $2"
            ),
            columns: 1 $(+ { let _ = $column; 1 })+,
        }
    };
}

/// The table of sources. Each of their versions was sealed by an event when it was the newest.
pub(super) const SOURCE: &str = "tax_source";

/// Every version of a source, with the columns of its row in [`SEALED`].
const SOURCE_VERSIONS: &str = "SELECT CAST(v.version AS TEXT), CAST(t.tax AS TEXT),
     CAST(t.sequence AS TEXT), CAST(v.name AS TEXT), CAST(v.region AS TEXT),
     CAST(v.authority AS TEXT), CAST(v.treasury AS TEXT), CAST(v.format AS TEXT),
     CAST(v.detail AS TEXT), CAST(v.recorded_at AS TEXT), CAST(v.recorded_by AS TEXT)
     FROM tax_source_version AS v JOIN tax_source AS t
     ON t.taxpayer_id = v.taxpayer_id AND t.source_id = v.source_id
     WHERE v.taxpayer_id = $1 AND v.source_id = $2";
const SOURCE_COLUMNS: usize = 11;

/// All of them. A declaration's content is sealed by its digest; its lines are compared with it.
/// A source's state follows its declarations and is not sealed.
pub(super) const SEALED: [Sealed; 9] = [
    sealed!(
        ["taxpayer"],
        "taxpayer",
        "taxpayer AS t",
        "taxpayer_id",
        [
            "version",
            "tax_number",
            "created_at",
            "name",
            "profile",
            "updated_at",
            "updated_by",
        ]
    ),
    sealed!(
        ["tax_source"],
        "tax_source",
        "tax_source AS t JOIN tax_source_version AS v ON v.taxpayer_id = t.taxpayer_id AND
         v.source_id = t.source_id AND v.version = t.version",
        "source_id",
        [
            "t.version",
            "t.tax",
            "t.sequence",
            "v.name",
            "v.region",
            "v.authority",
            "v.treasury",
            "v.format",
            "v.detail",
            "v.recorded_at",
            "v.recorded_by",
        ]
    ),
    sealed!(
        ["declaration"],
        "declaration",
        "declaration AS t",
        "declaration_id",
        [
            "version",
            "digest",
            "rule_pack",
            "payable_fen",
            "refundable_fen",
            "created_at",
            "state",
            "submitted_at",
            "overdue",
            "acknowledged",
            "updated_by",
            "revision",
            "corrects",
            "closed_at",
            "close_reason",
            "waived_fen",
        ]
    ),
    sealed!(
        ["payment"],
        "payment",
        "payment AS t",
        "payment_id",
        [
            "version",
            "declaration_id",
            "order_rows",
            "principal_fen",
            "surcharge_fen",
            "authority",
            "treasury",
            "agreement",
            "created_at",
            "state",
            "bank_reference",
            "failure",
            "voucher_number",
            "settled_at",
            "updated_by",
            "channel",
            "refund_id",
            "received_fen",
            "refunded_fen",
        ]
    ),
    sealed!(
        ["voucher"],
        "voucher",
        "voucher AS t",
        "voucher_number",
        [
            "version",
            "payment_id",
            "declaration_id",
            "total_fen",
            "signed_text",
            "signature",
            "public_key",
            "created_at",
            "state",
            "updated_by",
            "kind",
            "refund_id",
            "replaces",
            "replaced_by",
            "reprints",
            "close_reason",
        ]
    ),
    sealed!(
        ["refund"],
        "refund",
        "refund AS t",
        "refund_id",
        [
            "version",
            "declaration_id",
            "amount_fen",
            "parts",
            "created_at",
            "state",
            "cause",
            "interest_fen",
            "offset_fen",
            "decision",
            "decided_at",
            "treasury_reference",
            "voucher_number",
            "paid_at",
            "updated_by",
        ]
    ),
    sealed!(
        ["extension", "payment_extension"],
        "payment_extension",
        "payment_extension AS t",
        "extension_id",
        [
            "1",
            "declaration_id",
            "tax",
            "approved",
            "extended_to",
            "requested_on",
            "document",
            "recorded_at",
        ]
    ),
    sealed!(
        ["inspection"],
        "inspection",
        "inspection AS t",
        "inspection_id",
        [
            "version",
            "first_day",
            "last_day",
            "tax",
            "document",
            "opened_at",
            "closed_at",
        ]
    ),
    sealed!(
        ["case", "officer_case"],
        "officer_case",
        "officer_case AS t",
        "case_id",
        [
            "version",
            "subject_id",
            "rule_id",
            "finding",
            "opened_at",
            "state",
            "resolution",
            "resolved_at",
            "updated_by",
        ]
    ),
];

/// The table that events of a kind are about.
pub(super) fn sealed_by(kind: &str) -> Option<&'static Sealed> {
    let first = kind.split('.').next()?;
    SEALED.iter().find(|sealed| sealed.kinds.contains(&first))
}

/// SHA-256 over a JSON value.
pub(super) fn digest(value: &serde_json::Value) -> String {
    hex::encode(Sha256::digest(value.to_string()))
}

/// The columns of a row, as text.
type Values = Result<Vec<Option<String>>, sqlx::Error>;

/// A row as sealed: its version and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowSeal {
    pub version: i64,
    pub digest: String,
}

/// An answer as sealed; `response` is the SHA-256 of its bytes.
pub(super) fn answer_seal(
    method: &str,
    content_digest: &str,
    subject_id: &str,
    response: Option<&str>,
) -> String {
    digest(&serde_json::json!([
        method,
        content_digest,
        subject_id,
        response
    ]))
}

/// SHA-256 over an answer's bytes.
pub(super) fn bytes_digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Tx {
    /// The seal of a row; nothing where there is none.
    pub(super) async fn row_seal(
        &mut self,
        sealed: &'static Sealed,
        taxpayer: &str,
        id: &str,
    ) -> Result<Option<RowSeal>, StoreError> {
        let values: Option<Values> = on_backend!(self, conn => sqlx::query(sealed.row)
        .bind(taxpayer)
        .bind(id)
        .fetch_optional(conn)
        .await?
        .map(|row| {
            let value = |column| sqlx::Row::try_get(&row, column);
            (0..sealed.columns).map(value).collect()
        }));
        let Some(values) = values.transpose()? else {
            return Ok(None);
        };
        let version = values.first().cloned().flatten().unwrap_or_default();
        Ok(Some(RowSeal {
            version: version
                .parse()
                .map_err(|_| StoreError::value(sealed.table, &version))?,
            digest: digest(&serde_json::json!([sealed.table, values])),
        }))
    }

    /// The digests of all versions of a source.
    pub(super) async fn source_seals(
        &mut self,
        taxpayer: &str,
        id: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        let versions: Vec<Values> = on_backend!(self, conn => sqlx::query(SOURCE_VERSIONS)
            .bind(taxpayer)
            .bind(id)
            .fetch_all(conn)
            .await?
            .iter()
            .map(|row| {
                let value = |column| sqlx::Row::try_get(row, column);
                (0..SOURCE_COLUMNS).map(value).collect()
            })
            .collect());
        let digests = versions.into_iter().map(|values| {
            let values = values?;
            Ok(digest(&serde_json::json!([SOURCE, values])))
        });
        digests.collect()
    }

    /// What an event of this transaction carries; nothing where nothing can be sealed.
    pub(super) async fn detail(
        &mut self,
        taxpayer: TaxpayerKey,
        kind: &str,
        subject_id: &str,
    ) -> Result<Option<String>, StoreError> {
        let row = match sealed_by(kind) {
            None => None,
            Some(sealed) => {
                self.row_seal(sealed, &taxpayer.to_string(), subject_id)
                    .await?
            }
        };
        let answer = match self.request {
            None => None,
            Some(request) => self.find_request(taxpayer, request).await?,
        };
        let answer = answer.map(|kept| {
            let response = kept.response.as_deref().map(bytes_digest);
            let (method, subject) = (&kept.method, &kept.subject_id);
            answer_seal(method, &kept.content_digest, subject, response.as_deref())
        });
        let completed = self.completed.iter().find(|(about, _)| about == subject_id);
        let seals = Seals {
            row: row.map(|row| row.digest),
            answer,
            completed: completed.map(|(_, digest)| digest.clone()),
        };
        if seals == Seals::default() {
            return Ok(None);
        }
        let text = serde_json::to_string(&seals);
        text.map(Some)
            .map_err(|error| StoreError::json("event", &error))
    }
}

impl KeptEvent {
    /// The digests it carries.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] when they cannot be read.
    pub(super) fn seals(&self) -> Result<Seals, StoreError> {
        let Some(text) = &self.detail else {
            return Ok(Seals::default());
        };
        serde_json::from_str(text).map_err(|error| StoreError::json("event", &error))
    }
}
