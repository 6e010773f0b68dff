//! Decisions on paying later, and which declarations wait for their payment.

use super::{StoreError, Tx, change, instant, micros, on_backend, one_row};
use crate::filing::Extension;
use crate::types::{DeclarationId, ExtensionId, Invalid, TaxKind, TaxpayerKey, parse_date};

const TABLE: &str = "payment_extension";

#[derive(sqlx::FromRow)]
struct Row {
    extension_id: String,
    tax: String,
    approved: i64,
    extended_to: String,
    requested_on: String,
    document: String,
    recorded_at: i64,
}

impl Row {
    fn read(
        self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<Extension, StoreError> {
        let bad = |error: Invalid| StoreError::value(TABLE, error);
        let tax = match self.tax.as_str() {
            "" => None,
            name => Some(TaxKind::from_name(name).ok_or_else(|| StoreError::value(TABLE, name))?),
        };
        let extended_to = match self.approved {
            0 => None,
            _ => Some(parse_date(&self.extended_to).map_err(bad)?),
        };
        Ok(Extension {
            id: ExtensionId::parse(&self.extension_id).map_err(bad)?,
            taxpayer,
            declaration,
            tax,
            extended_to,
            requested_on: parse_date(&self.requested_on).map_err(bad)?,
            document: self.document,
            recorded_at: instant(TABLE, self.recorded_at)?,
        })
    }
}

impl Tx {
    /// Keeps a decision. It never changes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_extension(&mut self, extension: &Extension) -> Result<(), StoreError> {
        let extended_to = extension.extended_to.map(|day| day.to_string());
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO payment_extension (taxpayer_id, extension_id, declaration_id, tax,
             approved, extended_to, requested_on, document, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(extension.taxpayer.to_string())
        .bind(extension.id.to_string())
        .bind(extension.declaration.to_string())
        .bind(extension.tax.map(TaxKind::name).unwrap_or_default())
        .bind(i64::from(extended_to.is_some()))
        .bind(extended_to.unwrap_or_default())
        .bind(extension.requested_on.to_string())
        .bind(&extension.document)
        .bind(micros(extension.recorded_at))
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// The decisions on a declaration, in the order they were recorded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn extensions_of(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<Vec<Extension>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            "SELECT extension_id, tax, approved, extended_to, requested_on, document, recorded_at
             FROM payment_extension WHERE taxpayer_id = $1 AND declaration_id = $2
             ORDER BY extension_id",
        )
        .bind(taxpayer.to_string())
        .bind(declaration.to_string())
        .fetch_all(conn)
        .await)?;
        let read = |row: Row| row.read(taxpayer, declaration);
        rows.into_iter().map(read).collect()
    }

    /// The taxpayer's declarations that wait for their payment, the first filed first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn awaiting_payment(
        &mut self,
        taxpayer: TaxpayerKey,
    ) -> Result<Vec<DeclarationId>, StoreError> {
        let rows: Vec<(String,)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT declaration_id FROM declaration WHERE taxpayer_id = $1
             AND state = 'AWAITING_PAYMENT' ORDER BY submitted_at, declaration_id",
        )
        .bind(taxpayer.to_string())
        .fetch_all(conn)
        .await)?;
        let read = |(id,): (String,)| {
            DeclarationId::parse(&id).map_err(|error| StoreError::value("declaration", error))
        };
        rows.into_iter().map(read).collect()
    }
}
