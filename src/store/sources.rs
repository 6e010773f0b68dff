//! Tax sources: a head that changes, versions that never do.

use jiff::Timestamp;

use super::{StoreError, Tx, change, instant, micros, on_backend, one_row};
use crate::filing::{SourceRecord, SourceState};
use crate::types::{Invalid, Region, SourceId, TaxAuthority, TaxpayerKey, Treasury};

const TABLE: &str = "tax_source";
/// Version of the stored JSON's shape.
pub(super) const FORMAT: i64 = 1;

/// The columns of a row, and what they are read from.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT head.taxpayer_id, head.source_id, head.state, version.version,
             version.name, version.region, version.authority, version.treasury,
             version.format, version.detail, version.recorded_at, head.sequence FROM
             tax_source AS head JOIN tax_source_version AS version ON version.taxpayer_id =
             head.taxpayer_id AND version.source_id = head.source_id ",
            $tail
        )
    };
}

pub(super) use select;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    taxpayer_id: String,
    source_id: String,
    state: String,
    version: i64,
    name: String,
    region: String,
    authority: String,
    treasury: String,
    format: i64,
    detail: String,
    recorded_at: i64,
    sequence: i64,
}

impl TryFrom<Row> for (i64, SourceRecord) {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |error: Invalid| StoreError::value(TABLE, error);
        if row.format != FORMAT {
            return Err(StoreError::value(TABLE, format!("format {}", row.format)));
        }
        let record = SourceRecord {
            id: SourceId::parse(&row.source_id).map_err(bad)?,
            taxpayer: TaxpayerKey::parse(&row.taxpayer_id).map_err(bad)?,
            name: row.name,
            region: Region::parse(&row.region).map_err(bad)?,
            authority: TaxAuthority::parse(&row.authority).map_err(bad)?,
            treasury: Treasury::parse(&row.treasury).map_err(bad)?,
            state: SourceState::from_name(&row.state)
                .ok_or_else(|| StoreError::value(TABLE, &row.state))?,
            version: row.version,
            detail: serde_json::from_str(&row.detail)
                .map_err(|error| StoreError::json(TABLE, &error))?,
            recorded_at: instant(TABLE, row.recorded_at)?,
        };
        Ok((row.sequence, record))
    }
}

impl Tx {
    /// Keeps a new source.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_source(&mut self, source: &SourceRecord) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO tax_source (taxpayer_id, source_id, tax, sequence, state, version,
             updated_by) SELECT $1, $2, $3,
             (SELECT CAST(COALESCE(MAX(sequence), 0) AS BIGINT) + 1 FROM tax_source
              WHERE taxpayer_id = $1), $4, $5, $6",
        )
        .bind(source.taxpayer.to_string())
        .bind(source.id.to_string())
        .bind(source.detail.kind().name())
        .bind(source.state.name())
        .bind(source.version)
        .bind(rpc)
        .execute(conn)
        .await)?;
        one_row(TABLE, done)?;
        self.insert_source_version(source).await
    }

    async fn insert_source_version(&mut self, source: &SourceRecord) -> Result<(), StoreError> {
        let detail = serde_json::to_string(&source.detail)
            .map_err(|error| StoreError::json(TABLE, &error))?;
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO tax_source_version (taxpayer_id, source_id, version, name, region,
             authority, treasury, format, detail, recorded_at, recorded_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
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
        .bind(rpc)
        .execute(conn)
        .await)?;
        one_row("tax_source_version", done)
    }

    /// Keeps a new version of a source, its version raised by one.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else changed it first.
    pub async fn update_source(&mut self, source: &SourceRecord) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "UPDATE tax_source SET state = $1, version = $2, updated_by = $3
             WHERE taxpayer_id = $4 AND source_id = $5 AND version = $2 - 1",
        )
        .bind(source.state.name())
        .bind(source.version)
        .bind(rpc)
        .bind(source.taxpayer.to_string())
        .bind(source.id.to_string())
        .execute(conn)
        .await)?;
        one_row(TABLE, done)?;
        self.insert_source_version(source).await
    }

    /// Marks the sources of a filed declaration as declared.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_declared(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: &str,
    ) -> Result<(), StoreError> {
        let rpc = self.rpc;
        change!(self, conn => sqlx::query(
            "UPDATE tax_source SET state = 'DECLARED', updated_by = $1
             WHERE taxpayer_id = $2 AND state = 'COLLECTED' AND source_id IN
             (SELECT source_id FROM declared_period WHERE taxpayer_id = $2
              AND declaration_id = $3)",
        )
        .bind(rpc)
        .bind(taxpayer.to_string())
        .bind(declaration)
        .execute(conn)
        .await)?;
        Ok(())
    }

    /// Reads a source, as it was known at an instant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn source(
        &mut self,
        taxpayer: TaxpayerKey,
        source: SourceId,
        known_at: Option<Timestamp>,
    ) -> Result<Option<SourceRecord>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE head.taxpayer_id = $1 AND head.source_id = $2 AND
             version.recorded_at <= $3 ORDER BY version.version DESC LIMIT 1"),
        )
        .bind(taxpayer.to_string())
        .bind(source.to_string())
        .bind(known_at.map_or(i64::MAX, micros))
        .fetch_optional(conn)
        .await)?;
        row.map(|row| <(i64, SourceRecord)>::try_from(row).map(|(_, record)| record))
            .transpose()
    }

    /// Reads one version of a source, as a declaration recorded it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn source_version(
        &mut self,
        taxpayer: TaxpayerKey,
        source: SourceId,
        version: i64,
    ) -> Result<Option<SourceRecord>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE head.taxpayer_id = $1 AND head.source_id = $2 AND version.version = $3"),
        )
        .bind(taxpayer.to_string())
        .bind(source.to_string())
        .bind(version)
        .fetch_optional(conn)
        .await)?;
        row.map(|row| <(i64, SourceRecord)>::try_from(row).map(|(_, record)| record))
            .transpose()
    }

    /// Reads a taxpayer's sources in the order of collection, after a sequence number; with it
    /// each one's number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sources_after(
        &mut self,
        taxpayer: TaxpayerKey,
        tax: Option<&str>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, SourceRecord)>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("AND version.version = head.version WHERE head.taxpayer_id = $1 AND
             head.sequence > $2 AND ($3 = '' OR head.tax = $3) ORDER BY head.sequence LIMIT $4"),
        )
        .bind(taxpayer.to_string())
        .bind(after)
        .bind(tax.unwrap_or_default())
        .bind(limit)
        .fetch_all(conn)
        .await)?;
        rows.into_iter()
            .map(<(i64, SourceRecord)>::try_from)
            .collect()
    }

    /// All sources of a taxpayer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_sources(
        &mut self,
        taxpayer: TaxpayerKey,
    ) -> Result<Vec<SourceRecord>, StoreError> {
        let numbered = self.sources_after(taxpayer, None, 0, i64::MAX).await?;
        Ok(numbered.into_iter().map(|(_, record)| record).collect())
    }
}
