//! Registered taxpayers.

use super::{StoreError, Tx, change, instant, micros, on_backend, one_row};
use crate::filing::Taxpayer;
use crate::types::{TaxpayerId, TaxpayerKey};

const TABLE: &str = "taxpayer";

/// The columns of a row, and what they are read from.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT taxpayer_id, tax_number, name, profile, version, created_at FROM taxpayer ",
            $tail
        )
    };
}

/// The lock of a taxpayer on PostgreSQL: everything it has changes only under it.
pub(super) const LOCK: &str = select!("WHERE taxpayer_id = $1 FOR UPDATE");

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    taxpayer_id: String,
    tax_number: String,
    name: String,
    profile: String,
    version: i64,
    created_at: i64,
}

impl TryFrom<Row> for Taxpayer {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |error: crate::types::Invalid| StoreError::value(TABLE, error);
        Ok(Self {
            key: TaxpayerKey::parse(&row.taxpayer_id).map_err(bad)?,
            tax_number: TaxpayerId::parse_historic(&row.tax_number).map_err(bad)?,
            name: row.name,
            profile: serde_json::from_str(&row.profile)
                .map_err(|error| StoreError::json(TABLE, &error))?,
            version: row.version,
            created_at: instant(TABLE, row.created_at)?,
        })
    }
}

fn profile(taxpayer: &Taxpayer) -> Result<String, StoreError> {
    serde_json::to_string(&taxpayer.profile).map_err(|error| StoreError::json(TABLE, &error))
}

impl Tx {
    /// Keeps a new taxpayer.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the number is registered.
    pub async fn insert_taxpayer(&mut self, taxpayer: &Taxpayer) -> Result<(), StoreError> {
        let profile = profile(taxpayer)?;
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO taxpayer (taxpayer_id, tax_number, created_at, name, profile, version,
             updated_at, updated_by) VALUES ($1, $2, $3, $4, $5, $6, $3, $7)",
        )
        .bind(taxpayer.key.to_string())
        .bind(taxpayer.tax_number.as_str())
        .bind(micros(taxpayer.created_at))
        .bind(&taxpayer.name)
        .bind(profile)
        .bind(taxpayer.version)
        .bind(rpc)
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Keeps a changed taxpayer whose version was raised by one.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else changed it first.
    pub async fn update_taxpayer(
        &mut self,
        taxpayer: &Taxpayer,
        at: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        let profile = profile(taxpayer)?;
        let rpc = self.rpc;
        self.held = None;
        let done = change!(self, conn => sqlx::query(
            "UPDATE taxpayer SET name = $1, profile = $2, version = $3, updated_at = $4,
             updated_by = $5 WHERE taxpayer_id = $6 AND version = $3 - 1",
        )
        .bind(&taxpayer.name)
        .bind(profile)
        .bind(taxpayer.version)
        .bind(micros(at))
        .bind(rpc)
        .bind(taxpayer.key.to_string())
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Reads a taxpayer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn taxpayer(&mut self, key: TaxpayerKey) -> Result<Option<Taxpayer>, StoreError> {
        let held = self.held.take();
        if let Some(row) = held.filter(|row| row.taxpayer_id == key.to_string()) {
            return row.try_into().map(Some);
        }
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1"),
        )
        .bind(key.to_string())
        .fetch_optional(conn)
        .await)?;
        row.map(Taxpayer::try_from).transpose()
    }

    /// Lists taxpayers by tax number, after one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn taxpayers_after(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Taxpayer>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE tax_number > $1 ORDER BY tax_number LIMIT $2"),
        )
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Taxpayer::try_from).collect()
    }
}
