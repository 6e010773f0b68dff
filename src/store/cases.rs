//! Cases for an officer. `taxpayer_id` is empty where nobody knows whose a case is.

use super::{StoreError, Tx, change, instant, micros, on_backend, one_row};
use crate::filing::{Case, CaseState};
use crate::types::{CaseId, TaxpayerKey};

const TABLE: &str = "officer_case";

/// The columns of a row, and what they are read from.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT taxpayer_id, case_id, subject_id, finding, opened_at, state, resolution,
             resolved_at, version FROM officer_case ",
            $tail
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    taxpayer_id: String,
    case_id: String,
    subject_id: String,
    finding: String,
    opened_at: i64,
    state: String,
    resolution: Option<String>,
    resolved_at: Option<i64>,
    version: i64,
}

impl TryFrom<Row> for Case {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let taxpayer = match row.taxpayer_id.as_str() {
            "" => None,
            known => {
                Some(TaxpayerKey::parse(known).map_err(|error| StoreError::value(TABLE, error))?)
            }
        };
        Ok(Self {
            id: CaseId::parse(&row.case_id).map_err(|error| StoreError::value(TABLE, error))?,
            taxpayer,
            subject: row.subject_id,
            finding: serde_json::from_str(&row.finding)
                .map_err(|error| StoreError::json(TABLE, &error))?,
            opened_at: instant(TABLE, row.opened_at)?,
            state: CaseState::from_name(&row.state)
                .ok_or_else(|| StoreError::value(TABLE, &row.state))?,
            resolution: row.resolution,
            resolved_at: row.resolved_at.map(|at| instant(TABLE, at)).transpose()?,
            version: row.version,
        })
    }
}

/// A taxpayer as the table names it.
fn named(taxpayer: Option<TaxpayerKey>) -> String {
    taxpayer.map(|key| key.to_string()).unwrap_or_default()
}

impl Tx {
    /// Keeps a new case. The unique index refuses a second open one of a subject and rule.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`].
    pub async fn insert_case(&mut self, case: &Case) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let finding = serde_json::to_string(&case.finding)
            .map_err(|error| StoreError::json(TABLE, &error))?;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO officer_case (taxpayer_id, case_id, subject_id, rule_id, finding,
             opened_at, state, version, updated_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(named(case.taxpayer))
        .bind(case.id.to_string())
        .bind(&case.subject)
        .bind(&case.finding.rule_id)
        .bind(finding)
        .bind(micros(case.opened_at))
        .bind(case.state.name())
        .bind(case.version)
        .bind(rpc)
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Keeps a case's new state, its version raised by one.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else changed it first.
    pub async fn update_case(&mut self, case: &Case) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "UPDATE officer_case SET state = $1, resolution = $2, resolved_at = $3, version = $4,
             updated_by = $5
             WHERE taxpayer_id = $6 AND case_id = $7 AND version = $4 - 1",
        )
        .bind(case.state.name())
        .bind(case.resolution.as_deref())
        .bind(case.resolved_at.map(micros))
        .bind(case.version)
        .bind(rpc)
        .bind(named(case.taxpayer))
        .bind(case.id.to_string())
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Reads a case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn case(
        &mut self,
        taxpayer: Option<TaxpayerKey>,
        case: CaseId,
    ) -> Result<Option<Case>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND case_id = $2"),
        )
        .bind(named(taxpayer))
        .bind(case.to_string())
        .fetch_optional(conn)
        .await)?;
        row.map(Case::try_from).transpose()
    }

    /// The cases of a subject under a rule, newest first, closed ones too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cases_of(
        &mut self,
        taxpayer: Option<TaxpayerKey>,
        subject: &str,
        rule: &str,
    ) -> Result<Vec<Case>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND subject_id = $2 AND rule_id = $3
             ORDER BY opened_at DESC, case_id DESC"),
        )
        .bind(named(taxpayer))
        .bind(subject)
        .bind(rule)
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Case::try_from).collect()
    }

    /// Lists cases of a taxpayer or, where none is named, of all, newest first, after the place
    /// of one: its instant in microseconds and, among those of one instant, its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cases_before(
        &mut self,
        taxpayer: Option<TaxpayerKey>,
        also_resolved: bool,
        (before, id): (i64, &str),
        limit: i64,
    ) -> Result<Vec<Case>, StoreError> {
        // Two statements, so that each finds its rows by an index of its own.
        let rows: Vec<Row> = match taxpayer {
            Some(taxpayer) => on_backend!(self, conn => sqlx::query_as(
                select!("WHERE taxpayer_id = $1 AND ($2 = 1 OR state = 'OPEN')
                 AND (opened_at, case_id) < ($3, $4)
                 ORDER BY opened_at DESC, case_id DESC LIMIT $5"),
            )
            .bind(taxpayer.to_string())
            .bind(i64::from(also_resolved))
            .bind(before)
            .bind(id)
            .bind(limit)
            .fetch_all(conn)
            .await)?,
            None => on_backend!(self, conn => sqlx::query_as(
                select!("WHERE ($1 = 1 OR state = 'OPEN') AND (opened_at, case_id) < ($2, $3)
                 ORDER BY opened_at DESC, case_id DESC LIMIT $4"),
            )
            .bind(i64::from(also_resolved))
            .bind(before)
            .bind(id)
            .bind(limit)
            .fetch_all(conn)
            .await)?,
        };
        rows.into_iter().map(Case::try_from).collect()
    }
}
