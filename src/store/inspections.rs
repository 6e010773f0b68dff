//! Inspections.

use super::{StoreError, Tx, change, instant, micros, on_backend, one_row};
use crate::filing::Inspection;
use crate::types::{InspectionId, Invalid, Period, TaxKind, TaxpayerKey, parse_date};

const TABLE: &str = "inspection";

/// The columns of a row, and what they are read from.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT inspection_id, first_day, last_day, tax, document, opened_at, closed_at,
             version FROM inspection WHERE taxpayer_id = $1 ",
            $tail
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    inspection_id: String,
    first_day: String,
    last_day: String,
    tax: String,
    document: String,
    opened_at: i64,
    closed_at: Option<i64>,
    version: i64,
}

impl Row {
    fn read(self, taxpayer: TaxpayerKey) -> Result<Inspection, StoreError> {
        let bad = |error: Invalid| StoreError::value(TABLE, error);
        let tax = match self.tax.as_str() {
            "" => None,
            name => Some(TaxKind::from_name(name).ok_or_else(|| StoreError::value(TABLE, name))?),
        };
        let first = parse_date(&self.first_day).map_err(bad)?;
        let last = parse_date(&self.last_day).map_err(bad)?;
        Ok(Inspection {
            id: InspectionId::parse(&self.inspection_id).map_err(bad)?,
            taxpayer,
            period: Period::new(first, last).map_err(bad)?,
            tax,
            document: self.document,
            opened_at: instant(TABLE, self.opened_at)?,
            closed_at: self.closed_at.map(|at| instant(TABLE, at)).transpose()?,
            version: self.version,
        })
    }
}

impl Tx {
    /// Keeps a new inspection.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_inspection(&mut self, inspection: &Inspection) -> Result<(), StoreError> {
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO inspection (taxpayer_id, inspection_id, first_day, last_day, tax, document,
             opened_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(inspection.taxpayer.to_string())
        .bind(inspection.id.to_string())
        .bind(inspection.period.first().to_string())
        .bind(inspection.period.last().to_string())
        .bind(inspection.tax.map(TaxKind::name).unwrap_or_default())
        .bind(&inspection.document)
        .bind(micros(inspection.opened_at))
        .bind(inspection.version)
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Keeps an inspection's end, its version raised by one.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else changed it first.
    pub async fn update_inspection(&mut self, inspection: &Inspection) -> Result<(), StoreError> {
        let done = change!(self, conn => sqlx::query(
            "UPDATE inspection SET closed_at = $1, version = $2
             WHERE taxpayer_id = $3 AND inspection_id = $4 AND version = $2 - 1",
        )
        .bind(inspection.closed_at.map(micros))
        .bind(inspection.version)
        .bind(inspection.taxpayer.to_string())
        .bind(inspection.id.to_string())
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Reads an inspection.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inspection(
        &mut self,
        taxpayer: TaxpayerKey,
        inspection: InspectionId,
    ) -> Result<Option<Inspection>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("AND inspection_id = $2"),
        )
        .bind(taxpayer.to_string())
        .bind(inspection.to_string())
        .fetch_optional(conn)
        .await)?;
        row.map(|row| row.read(taxpayer)).transpose()
    }

    /// The taxpayer's inspections that have not ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_inspections(
        &mut self,
        taxpayer: TaxpayerKey,
    ) -> Result<Vec<Inspection>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("AND closed_at IS NULL ORDER BY inspection_id"),
        )
        .bind(taxpayer.to_string())
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(|row| row.read(taxpayer)).collect()
    }
}
