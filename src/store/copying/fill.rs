//! A database that is filled: empty before, served only when it is whole.
//!
//! Rows go in in the order of the catalogue and of each table's key, page by page, so that what is
//! there after a cut is the beginning of what there is to copy.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::super::many::{all_rows, pieces, rows_of_places};
use super::super::tables::{Table, copied};
use super::super::{Store, StoreError, Tx, change, micros, on_backend, one_row};
use super::read::has_its_row;
use super::{Row, bound};

/// The mark of a copy.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Mark {
    source: String,
    said: String,
    finished_at: Option<i64>,
}

/// Why a database cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum NotEmpty {
    /// It has rows of its own.
    #[error(
        "the database is not empty: {rows} rows are in its table {table}. A copy goes only into a \
         fresh database"
    )]
    Rows {
        /// The first table with rows.
        table: &'static str,
        /// How many.
        rows: u64,
    },
    /// It is a whole copy already.
    #[error("the database is a whole copy of {0} already. A copy goes only into a fresh database")]
    Whole(String),
    /// A copy of something else has stopped half-way.
    #[error(
        "an unfinished copy of {0} is in the database. Go on with that one, or empty it and begin \
         again with --begin-again"
    )]
    Half(String),
}

/// An error while filling.
#[derive(Debug, thiserror::Error)]
pub(super) enum FillError {
    /// It cannot begin.
    #[error(transparent)]
    NotEmpty(#[from] NotEmpty),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tx {
    pub(super) async fn copy_mark(&mut self) -> Result<Option<Mark>, StoreError> {
        Ok(on_backend!(self, conn => sqlx::query_as(
            "SELECT source, said, finished_at FROM database_copy WHERE id = 1",
        )
        .fetch_optional(conn)
        .await)?)
    }

    /// True where the database holds a copy that is not whole.
    pub(in crate::store) async fn is_unfinished_copy(&mut self) -> Result<bool, StoreError> {
        let mark = self.copy_mark().await?;
        Ok(mark.is_some_and(|mark| mark.finished_at.is_none()))
    }

    /// Puts rows into a table.
    async fn fill(&mut self, table: &'static Table, rows: &[Row]) -> Result<(), StoreError> {
        let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        for piece in pieces(rows) {
            let sql = if has_its_row(table) {
                let set: Vec<String> = (1..)
                    .zip(&columns)
                    .map(|(place, name)| format!("{name} = ${place}"))
                    .collect();
                format!("UPDATE {} SET {}", table.name, set.join(", "))
            } else {
                format!(
                    "INSERT INTO {} ({}) VALUES {}",
                    table.name,
                    columns.join(", "),
                    rows_of_places(piece.len(), columns.len())
                )
            };
            let done = change!(self, conn => {
                bound!(sqlx::query(AssertSqlSafe(sql)), piece.iter().flatten()).execute(conn).await
            });
            all_rows(table.name, done?, piece.len())?;
        }
        Ok(())
    }

    /// Gives events that came without a position one each, after all others. On PostgreSQL the
    /// next server does so.
    async fn number_the_rest(&mut self) -> Result<(), StoreError> {
        loop {
            let last = self.last_position().await?;
            let done = change!(self, conn => sqlx::query(
                "UPDATE event SET position = $1 WHERE position IS NULL AND (taxpayer_id, sequence) =
                 (SELECT taxpayer_id, sequence FROM event WHERE position IS NULL
                  ORDER BY taxpayer_id, sequence LIMIT 1)",
            )
            .bind(last.saturating_add(1))
            .execute(conn)
            .await)?;
            if done == 0 {
                return Ok(());
            }
        }
    }
}

impl Store {
    /// Refuses a database whose copy is not whole.
    pub(in crate::store) async fn check_whole(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        if tx.schema_version().await? < super::format::newest_schema() {
            // Older than such copies; whoever needs the newest schema asks for it.
            return Ok(());
        }
        match tx.copy_mark().await? {
            Some(mark) if mark.finished_at.is_none() => Err(StoreError::Open(format!(
                "it holds an unfinished copy of {}: let the same `caixing restore` or `caixing \
                 migrate` go on to its end first",
                mark.said
            ))),
            _ => Ok(()),
        }
    }

    /// Begins to fill the database, or goes on with it.
    pub(super) async fn begin_copy(
        &self,
        source: &str,
        said: &str,
        begin_again: bool,
        at: Timestamp,
    ) -> Result<(), FillError> {
        let mut tx = self.begin("Copy", None, None).await?;
        let mark = tx.copy_mark().await?;
        match mark {
            Some(mark) if mark.finished_at.is_some() => {
                return Err(NotEmpty::Whole(mark.said).into());
            }
            Some(_) if begin_again => {
                drop(tx);
                self.empty_unfinished().await?;
                tx = self.begin("Copy", None, None).await?;
            }
            Some(mark) if mark.source == source => return Ok(()),
            Some(mark) => return Err(NotEmpty::Half(mark.said).into()),
            None => {}
        }
        for table in copied().filter(|table| !has_its_row(table)) {
            let rows = tx.count_rows(table).await?;
            if rows > 0 {
                let table = table.name;
                return Err(NotEmpty::Rows { table, rows }.into());
            }
        }
        let done = change!(tx, conn => sqlx::query(
            "INSERT INTO database_copy (id, source, said, begun_at) VALUES (1, $1, $2, $3)",
        )
        .bind(source)
        .bind(said)
        .bind(micros(at))
        .execute(conn)
        .await);
        one_row("database_copy", done.map_err(StoreError::from)?)?;
        tx.commit().await?;
        Ok(())
    }

    /// Puts rows into a table, durably.
    pub(super) async fn fill(&self, table: &'static Table, rows: &[Row]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin("Copy", None, None).await?;
        tx.fill(table, rows).await.map_err(|error| {
            let first = rows
                .first()
                .map(|row| super::line_of(row))
                .unwrap_or_default();
            let first: String = first.chars().take(120).collect();
            match error {
                StoreError::Driver(_) | StoreError::AlreadyExists(_) => StoreError::Inconsistent {
                    table: table.name,
                    problem: format!("{error}; in the rows from {first}"),
                },
                other => other,
            }
        })?;
        tx.commit().await
    }

    /// Marks the copy as whole.
    pub(super) async fn finish_copy(&self, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin("Copy", None, None).await?;
        if self.is_alone() {
            tx.number_the_rest().await?;
        }
        let done = change!(tx, conn => sqlx::query(
            "UPDATE database_copy SET finished_at = $1 WHERE id = 1 AND finished_at IS NULL",
        )
        .bind(micros(at))
        .execute(conn)
        .await)?;
        one_row("database_copy", done)?;
        tx.commit().await
    }
}
