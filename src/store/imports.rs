//! Many sources at once: few statements for many rows, since each statement costs a hop to the
//! database's thread, whatever it does.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

use super::many::{all_rows, pieces, places, rows_of_places};
use super::sources::{FORMAT, Row, select};
use super::{StoreError, Tx, change, micros, on_backend, one_row};
use crate::filing::SourceRecord;
use crate::types::{RequestId, SourceId, TaxpayerKey};

impl Tx {
    /// Those of the named sources that are there, as they were first stated.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_statements(
        &mut self,
        taxpayer: TaxpayerKey,
        sources: &[SourceId],
    ) -> Result<HashMap<SourceId, SourceRecord>, StoreError> {
        let mut found = HashMap::new();
        for piece in pieces(sources) {
            let head = select!(
                "WHERE head.taxpayer_id = $1 AND version.version = 1 AND head.source_id IN"
            );
            let sql = format!("{head} ({})", places(2, piece.len()));
            let rows: Vec<Row> = on_backend!(self, conn => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(taxpayer.to_string());
                for source in piece {
                    query = query.bind(source.to_string());
                }
                query.fetch_all(conn).await
            })?;
            for row in rows {
                let (_, record) = <(i64, SourceRecord)>::try_from(row)?;
                found.insert(record.id, record);
            }
        }
        Ok(found)
    }

    /// Keeps new sources of one taxpayer in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_sources(
        &mut self,
        taxpayer: TaxpayerKey,
        sources: &[SourceRecord],
    ) -> Result<(), StoreError> {
        let (last,): (i64,) = on_backend!(self, conn => sqlx::query_as(
            "SELECT CAST(COALESCE(MAX(sequence), 0) AS BIGINT) FROM tax_source
             WHERE taxpayer_id = $1",
        )
        .bind(taxpayer.to_string())
        .fetch_one(conn)
        .await)?;
        let mut sequence = last;
        for piece in pieces(sources) {
            self.insert_source_heads(piece, &mut sequence).await?;
            self.insert_source_versions(piece).await?;
        }
        Ok(())
    }

    async fn insert_source_heads(
        &mut self,
        sources: &[SourceRecord],
        sequence: &mut i64,
    ) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let sql = format!(
            "INSERT INTO tax_source (taxpayer_id, source_id, tax, sequence, state, version,
             updated_by) VALUES {}",
            rows_of_places(sources.len(), 7)
        );
        let done = change!(self, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for source in sources {
                *sequence = sequence.saturating_add(1);
                query = query
                    .bind(source.taxpayer.to_string())
                    .bind(source.id.to_string())
                    .bind(source.detail.kind().name())
                    .bind(*sequence)
                    .bind(source.state.name())
                    .bind(source.version)
                    .bind(rpc);
            }
            query.execute(conn).await
        })?;
        all_rows("tax_source", done, sources.len())
    }

    async fn insert_source_versions(&mut self, sources: &[SourceRecord]) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let mut details = Vec::with_capacity(sources.len());
        for source in sources {
            let detail = serde_json::to_string(&source.detail)
                .map_err(|error| StoreError::json("tax_source", &error))?;
            details.push(detail);
        }
        let sql = format!(
            "INSERT INTO tax_source_version (taxpayer_id, source_id, version, name, region,
             authority, treasury, format, detail, recorded_at, recorded_by) VALUES {}",
            rows_of_places(sources.len(), 11)
        );
        let done = change!(self, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (source, detail) in sources.iter().zip(details) {
                query = query
                    .bind(source.taxpayer.to_string())
                    .bind(source.id.to_string())
                    .bind(source.version)
                    .bind(&source.name)
                    .bind(source.region.to_string())
                    .bind(source.authority.as_str())
                    .bind(source.treasury.as_str())
                    .bind(FORMAT)
                    .bind(detail)
                    .bind(micros(source.recorded_at))
                    .bind(rpc);
            }
            query.execute(conn).await
        })?;
        all_rows("tax_source_version", done, sources.len())
    }

    /// Records how far an import is: nothing while a sending runs, its summary when it ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record_import(
        &mut self,
        taxpayer: TaxpayerKey,
        import: RequestId,
        summary: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "UPDATE request SET response = $1
             WHERE taxpayer_id = $2 AND request_id = $3 AND method = $4",
        )
        .bind(summary)
        .bind(taxpayer.to_string())
        .bind(import.to_string())
        .bind(rpc)
        .execute(conn)
        .await)?;
        self.answers.clear();
        one_row("request", done)
    }
}
