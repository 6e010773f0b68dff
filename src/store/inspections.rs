//! Inspections (税务检查、稽查), as far as others have to know of them.

use super::{StoreError, Tx, on_backend};
use crate::filing::OpenInspection;
use crate::types::{Invalid, Period, TaxKind, TaxpayerKey, parse_date};

const TABLE: &str = "inspection";

impl Tx {
    /// A taxpayer's open inspections.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_inspections(
        &mut self,
        taxpayer: TaxpayerKey,
    ) -> Result<Vec<OpenInspection>, StoreError> {
        let rows: Vec<(String, String, String, String)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT first_day, last_day, tax, document FROM inspection
             WHERE taxpayer_id = $1 AND closed_at IS NULL ORDER BY inspection_id",
        )
        .bind(taxpayer.to_string())
        .fetch_all(conn)
        .await)?;
        let bad = |error: Invalid| StoreError::value(TABLE, error);
        let read = |(first, last, tax, document): (String, String, String, String)| {
            let first = parse_date(&first).map_err(bad)?;
            let period = Period::new(first, parse_date(&last).map_err(bad)?).map_err(bad)?;
            let tax = match tax.as_str() {
                "" => None,
                name => {
                    let known = TaxKind::from_name(name);
                    Some(known.ok_or_else(|| StoreError::value(TABLE, name))?)
                }
            };
            Ok(OpenInspection {
                period,
                tax,
                document,
            })
        };
        rows.into_iter().map(read).collect()
    }
}
