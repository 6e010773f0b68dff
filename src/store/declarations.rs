//! Declarations, their lines, what they cover, and the rule packs they were computed with.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::many::{all_rows, pieces, rows_of_places};
use super::{StoreError, Tx, change, instant, micros, on_backend, one_row};
use crate::filing::{Closing, Covered, Declaration, DeclarationState, Line, Submission};
use crate::rules::RuleBook;
use crate::types::{DeclarationId, Invalid, Money, Period, SourceId, TaxpayerKey, parse_date};

const TABLE: &str = "declaration";

/// The columns of a row, and what they are read from.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT declaration_id, content, digest, created_at, state, submitted_at,
             overdue, acknowledged, closed_at, close_reason, waived_fen, version FROM declaration ",
            $tail
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    declaration_id: String,
    content: String,
    digest: String,
    created_at: i64,
    state: String,
    submitted_at: Option<i64>,
    overdue: i64,
    acknowledged: String,
    closed_at: Option<i64>,
    close_reason: Option<String>,
    waived_fen: i64,
    version: i64,
}

impl TryFrom<Row> for Declaration {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let json = |error: serde_json::Error| StoreError::json(TABLE, &error);
        let acknowledged = serde_json::from_str(&row.acknowledged).map_err(json)?;
        let submission = match row.submitted_at {
            None => None,
            Some(at) => {
                let at = instant(TABLE, at)?;
                Some(Submission {
                    at,
                    overdue: row.overdue != 0,
                    acknowledged,
                })
            }
        };
        let closing = match row.closed_at {
            None => None,
            Some(at) => Some(Closing {
                at: instant(TABLE, at)?,
                reason: row.close_reason.unwrap_or_default(),
            }),
        };
        Ok(Self {
            id: DeclarationId::parse(&row.declaration_id)
                .map_err(|error| StoreError::value(TABLE, error))?,
            content: serde_json::from_str(&row.content).map_err(json)?,
            digest: row.digest,
            state: DeclarationState::from_name(&row.state)
                .ok_or_else(|| StoreError::value(TABLE, &row.state))?,
            created_at: instant(TABLE, row.created_at)?,
            submission,
            closing,
            waived: Money::from_fen(row.waived_fen),
            version: row.version,
        })
    }
}

impl Tx {
    /// Keeps the rule pack a declaration is computed with, once: its text is large, and is written
    /// out only where it is not there yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_rule_pack(
        &mut self,
        book: &RuleBook,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let known: Option<(i64,)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT CAST(1 AS BIGINT) FROM rule_pack WHERE digest = $1",
        )
        .bind(book.digest())
        .fetch_optional(conn)
        .await)?;
        if known.is_some() {
            return Ok(());
        }
        let files = serde_json::to_string(book.files())
            .map_err(|error| StoreError::json("rule_pack", &error))?;
        change!(self, conn => sqlx::query(
            "INSERT INTO rule_pack (digest, files, first_used_at) VALUES ($1, $2, $3)
             ON CONFLICT (digest) DO NOTHING",
        )
        .bind(book.digest())
        .bind(files)
        .bind(micros(at))
        .execute(conn)
        .await)?;
        Ok(())
    }

    /// The files of a rule pack that some declaration was computed with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rule_pack(
        &mut self,
        digest: &str,
    ) -> Result<Option<crate::rules::RuleFiles>, StoreError> {
        let row: Option<(String,)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT files FROM rule_pack WHERE digest = $1",
        )
        .bind(digest)
        .fetch_optional(conn)
        .await)?;
        row.map(|(files,)| serde_json::from_str(&files))
            .transpose()
            .map_err(|error| StoreError::json("rule_pack", &error))
    }

    /// Keeps a new draft.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_declaration(&mut self, draft: &Declaration) -> Result<(), StoreError> {
        let content = serde_json::to_string(&draft.content)
            .map_err(|error| StoreError::json(TABLE, &error))?;
        let totals = draft
            .content
            .totals()
            .map_err(|error| StoreError::value(TABLE, error))?;
        let correction = draft.content.correction.as_ref();
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO declaration (taxpayer_id, declaration_id, content, digest, rule_pack,
             payable_fen, refundable_fen, created_at, state, version, updated_by, revision,
             corrects) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(draft.content.taxpayer.to_string())
        .bind(draft.id.to_string())
        .bind(content)
        .bind(&draft.digest)
        .bind(&draft.content.rule_pack)
        .bind(totals.payable.fen())
        .bind(totals.refundable.fen())
        .bind(micros(draft.created_at))
        .bind(draft.state.name())
        .bind(draft.version)
        .bind(rpc)
        .bind(i64::from(draft.revision()))
        .bind(correction.map(|of| of.corrects.to_string()))
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Keeps a declaration's new state, its version raised by one. Its content never changes.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else changed it first.
    pub async fn update_declaration(
        &mut self,
        declaration: &Declaration,
    ) -> Result<(), StoreError> {
        let submission = declaration.submission.as_ref();
        let acknowledged: &[String] = submission.map_or(&[], |filed| &filed.acknowledged);
        let acknowledged =
            serde_json::to_string(acknowledged).map_err(|error| StoreError::json(TABLE, &error))?;
        let closing = declaration.closing.as_ref();
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "UPDATE declaration SET state = $1, submitted_at = $2, overdue = $3,
             acknowledged = $4, version = $5, updated_by = $6, closed_at = $9,
             close_reason = $10, waived_fen = $11
             WHERE taxpayer_id = $7 AND declaration_id = $8 AND version = $5 - 1",
        )
        .bind(declaration.state.name())
        .bind(submission.map(|filed| micros(filed.at)))
        .bind(i64::from(submission.is_some_and(|filed| filed.overdue)))
        .bind(acknowledged)
        .bind(declaration.version)
        .bind(rpc)
        .bind(declaration.content.taxpayer.to_string())
        .bind(declaration.id.to_string())
        .bind(closing.map(|closed| micros(closed.at)))
        .bind(closing.map(|closed| closed.reason.as_str()))
        .bind(declaration.waived.fen())
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Keeps the lines and the covered periods of a declaration that is being filed. The unique
    /// indexes refuse what is declared already. A line that is withdrawn by a correction declares
    /// nothing, so it is not live.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`].
    pub async fn insert_filed(&mut self, declaration: &Declaration) -> Result<(), StoreError> {
        let content = &declaration.content;
        for piece in pieces(&content.lines) {
            self.insert_lines(declaration, piece).await?;
        }
        for piece in pieces(&content.covered) {
            self.insert_covered(declaration, piece).await?;
        }
        Ok(())
    }

    async fn insert_lines(
        &mut self,
        declaration: &Declaration,
        lines: &[Line],
    ) -> Result<(), StoreError> {
        let taxpayer = declaration.content.taxpayer.to_string();
        let id = declaration.id.to_string();
        let reliefs: Result<Vec<Money>, _> =
            lines.iter().map(|line| line.charge.relief()).collect();
        let reliefs = reliefs.map_err(|error| StoreError::value(TABLE, error))?;
        let sql = format!(
            "INSERT INTO declaration_line (taxpayer_id, declaration_id, line_number, source_id,
             source_version, tax, item, detail, first_day, last_day, tax_fen, relief_fen,
             paid_fen, payable_fen, live) VALUES {}",
            rows_of_places(lines.len(), 15)
        );
        let done = change!(self, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (line, relief) in lines.iter().zip(reliefs) {
                let charge = &line.charge;
                query = query
                    .bind(&taxpayer)
                    .bind(&id)
                    .bind(i64::from(line.number))
                    .bind(line.source_id.to_string())
                    .bind(line.source_version)
                    .bind(charge.tax.name())
                    .bind(&charge.item)
                    .bind(&charge.detail)
                    .bind(charge.period.first().to_string())
                    .bind(charge.period.last().to_string())
                    .bind(charge.tax_amount.fen())
                    .bind(relief.fen())
                    .bind(charge.already_paid.fen())
                    .bind(line.payable.fen())
                    .bind(i64::from(!line.is_withdrawn()));
            }
            query.execute(conn).await
        })?;
        all_rows("declaration_line", done, lines.len())
    }

    async fn insert_covered(
        &mut self,
        declaration: &Declaration,
        covered: &[Covered],
    ) -> Result<(), StoreError> {
        let taxpayer = declaration.content.taxpayer.to_string();
        let id = declaration.id.to_string();
        let sql = format!(
            "INSERT INTO declared_period (taxpayer_id, declaration_id, source_id, first_day,
             last_day, live) VALUES {}",
            rows_of_places(covered.len(), 6)
        );
        let done = change!(self, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for covered in covered {
                query = query
                    .bind(&taxpayer)
                    .bind(&id)
                    .bind(covered.source_id.to_string())
                    .bind(covered.period.first().to_string())
                    .bind(covered.period.last().to_string())
                    .bind(1_i64);
            }
            query.execute(conn).await
        })?;
        all_rows("declared_period", done, covered.len())
    }

    /// Reads a declaration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn declaration(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<Option<Declaration>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND declaration_id = $2"),
        )
        .bind(taxpayer.to_string())
        .bind(declaration.to_string())
        .fetch_optional(conn)
        .await)?;
        row.map(Declaration::try_from).transpose()
    }

    /// Lists a taxpayer's declarations, newest first, before an id (ids are in order of time).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn declarations_before(
        &mut self,
        taxpayer: TaxpayerKey,
        before: &str,
        limit: i64,
    ) -> Result<Vec<Declaration>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND ($2 = '' OR declaration_id < $2) ORDER BY
             declaration_id DESC LIMIT $3"),
        )
        .bind(taxpayer.to_string())
        .bind(before)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Declaration::try_from).collect()
    }

    /// What stands on live declarations: source and tax period to declaration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn declared(
        &mut self,
        taxpayer: TaxpayerKey,
    ) -> Result<HashMap<(SourceId, Period), DeclarationId>, StoreError> {
        let rows: Vec<(String, String, String, String)> = on_backend!(self, conn => sqlx::query_as(
                "SELECT source_id, first_day, last_day, declaration_id FROM declared_period
                 WHERE taxpayer_id = $1 AND live = 1",
            )
            .bind(taxpayer.to_string())
            .fetch_all(conn)
            .await)?;
        let bad = |error: Invalid| StoreError::value("declared_period", error);
        let read = |(source, first, last, declaration): (String, String, String, String)| {
            let first = parse_date(&first).map_err(bad)?;
            let period = Period::new(first, parse_date(&last).map_err(bad)?).map_err(bad)?;
            let source = SourceId::parse(&source).map_err(bad)?;
            Ok((
                (source, period),
                DeclarationId::parse(&declaration).map_err(bad)?,
            ))
        };
        rows.into_iter().map(read).collect()
    }
}
