//! Digests that an event carries of what it is about, so that a row altered behind the service's
//! back no longer agrees with the trail.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::events::{KeptEvent, NewEvent, Seals};
use super::many::{pieces, places};
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
    /// Reads rows of a taxpayer's as texts, their ids and versions first; their ids follow.
    rows: &'static str,
    columns: usize,
}

macro_rules! sealed {
    ($kinds:expr, $table:literal, $from:literal, $id:literal,
     [$version:literal $(, $column:literal)+ $(,)?]) => {
        Sealed {
            kinds: &$kinds,
            table: $table,
            ids: concat!("SELECT ", $id, " FROM ", $table, " WHERE taxpayer_id = $1"),
            rows: concat!(
                "SELECT t.", $id, ", CAST(", $version, " AS TEXT)"
                $(, ", CAST(", $column, " AS TEXT)")+,
                " FROM ", $from, " WHERE t.taxpayer_id = $1 AND t.", $id, " IN "
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

/// What an event of a kind seals, for whoever recomputes it from outside: the table, a statement
/// that reads rows of a taxpayer (`$1`) whose ids follow in brackets, and how many columns stand
/// after each row's id. The seal is the SHA-256 of the JSON array of the table's name and the
/// array of the columns.
pub fn sealed_rows(kind: &str) -> Option<(&'static str, &'static str, usize)> {
    sealed_by(kind).map(|sealed| (sealed.table, sealed.rows, sealed.columns))
}

/// SHA-256 over a JSON value.
pub(super) fn digest(value: &serde_json::Value) -> String {
    hex::encode(Sha256::digest(value.to_string()))
}

/// The columns of a row as texts.
type Columns = Vec<Option<String>>;

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
        let mut seals = self.row_seals(sealed, taxpayer, &[id]).await?;
        Ok(seals.remove(id))
    }

    /// The seals of those of a taxpayer's rows that are there, by id.
    pub(super) async fn row_seals(
        &mut self,
        sealed: &'static Sealed,
        taxpayer: &str,
        ids: &[&str],
    ) -> Result<HashMap<String, RowSeal>, StoreError> {
        let mut seals = HashMap::new();
        for piece in pieces(ids) {
            let sql = format!("{}({})", sealed.rows, places(2, piece.len()));
            let rows: Vec<Result<(String, Columns), sqlx::Error>> = on_backend!(self, conn => {
                let mut query = sqlx::query(AssertSqlSafe(sql)).bind(taxpayer);
                for id in piece {
                    query = query.bind(*id);
                }
                let rows = query.fetch_all(conn).await?;
                let read = |row| {
                    let value = |column| sqlx::Row::try_get(row, column);
                    let values: Result<_, sqlx::Error> =
                        (1..=sealed.columns).map(value).collect();
                    Ok((sqlx::Row::try_get(row, 0)?, values?))
                };
                rows.iter().map(read).collect()
            });
            for row in rows {
                let (id, values) = row?;
                let version = values.first().cloned().flatten().unwrap_or_default();
                let seal = RowSeal {
                    version: version
                        .parse()
                        .map_err(|_| StoreError::value(sealed.table, &version))?,
                    digest: digest(&serde_json::json!([sealed.table, values])),
                };
                seals.insert(id, seal);
            }
        }
        Ok(seals)
    }

    /// The digests of all versions of a source.
    pub(super) async fn source_seals(
        &mut self,
        taxpayer: &str,
        id: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        let versions: Vec<Result<Columns, sqlx::Error>> = on_backend!(self, conn =>
            sqlx::query(SOURCE_VERSIONS)
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

    /// What each event of this transaction carries; nothing where nothing can be sealed. The rows
    /// of a table are read together.
    pub(super) async fn details(
        &mut self,
        events: &[NewEvent],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let mut subjects: BTreeMap<(String, &str), (&'static Sealed, BTreeSet<&str>)> =
            BTreeMap::new();
        for event in events {
            if let Some(sealed) = sealed_by(event.kind) {
                let group = subjects.entry((event.taxpayer.to_string(), sealed.table));
                let (_, ids) = group.or_insert_with(|| (sealed, BTreeSet::new()));
                ids.insert(&event.subject_id);
            }
        }
        let mut rows = HashMap::new();
        for ((taxpayer, table), (sealed, ids)) in subjects {
            let ids: Vec<&str> = ids.into_iter().collect();
            for (id, seal) in self.row_seals(sealed, &taxpayer, &ids).await? {
                rows.insert((taxpayer.clone(), table, id), seal.digest);
            }
        }
        let mut answers: HashMap<TaxpayerKey, Option<String>> = HashMap::new();
        let mut details = Vec::with_capacity(events.len());
        for event in events {
            let answer = match answers.get(&event.taxpayer) {
                Some(answer) => answer.clone(),
                None => {
                    let answer = self.answer_of(event.taxpayer).await?;
                    answers.insert(event.taxpayer, answer.clone());
                    answer
                }
            };
            let row = sealed_by(event.kind).and_then(|sealed| {
                let taxpayer = event.taxpayer.to_string();
                let row = (taxpayer, sealed.table, event.subject_id.clone());
                rows.get(&row).cloned()
            });
            let about = |(subject, _): &&(String, String)| *subject == event.subject_id;
            let completed = self.completed.iter().find(about);
            let seals = Seals {
                row,
                answer,
                completed: completed.map(|(_, digest)| digest.clone()),
            };
            details.push(seals.text()?);
        }
        Ok(details)
    }

    /// The digest of what is recorded of this transaction's request.
    async fn answer_of(&mut self, taxpayer: TaxpayerKey) -> Result<Option<String>, StoreError> {
        let Some(request) = self.request else {
            return Ok(None);
        };
        // What this transaction recorded itself need not be read again.
        let recorded = self
            .answers
            .iter()
            .find(|(of, ..)| *of == (taxpayer, request));
        if let Some((_, seal)) = recorded {
            return Ok(Some(seal.clone()));
        }
        let kept = self.find_request(taxpayer, request).await?;
        Ok(kept.map(|kept| kept.seal()))
    }
}

impl Seals {
    /// As an event carries them; nothing where nothing is sealed.
    fn text(&self) -> Result<Option<String>, StoreError> {
        if *self == Self::default() {
            return Ok(None);
        }
        let text = serde_json::to_string(self);
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
