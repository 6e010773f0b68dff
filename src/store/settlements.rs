//! What the treasury is known to have received, part by part.

use jiff::Timestamp;

use super::{StoreError, Tx, change, micros, on_backend, one_row};
use crate::filing::Part;
use crate::types::{Money, PaymentId, TaxpayerKey, Treasury};

const TABLE: &str = "settlement_part";

impl Tx {
    /// Keeps a part of a payment. The primary key refuses the same part twice.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`].
    pub async fn insert_settlement_part(
        &mut self,
        taxpayer: TaxpayerKey,
        payment: PaymentId,
        part: &Part,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO settlement_part (taxpayer_id, payment_id, part_reference, amount_fen,
             bank_reference, treasury, learnt_from, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(taxpayer.to_string())
        .bind(payment.to_string())
        .bind(&part.reference)
        .bind(part.amount.fen())
        .bind(&part.bank_reference)
        .bind(part.treasury.as_str())
        .bind(rpc)
        .bind(micros(at))
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// The parts of a payment, in the order of their references.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settlement_parts(
        &mut self,
        taxpayer: TaxpayerKey,
        payment: PaymentId,
    ) -> Result<Vec<Part>, StoreError> {
        let rows: Vec<(String, i64, String, String)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT part_reference, amount_fen, treasury, bank_reference FROM settlement_part
             WHERE taxpayer_id = $1 AND payment_id = $2 ORDER BY part_reference",
        )
        .bind(taxpayer.to_string())
        .bind(payment.to_string())
        .fetch_all(conn)
        .await)?;
        let part = |(reference, fen, treasury, bank_reference): (String, i64, String, String)| {
            Ok(Part {
                reference,
                amount: Money::from_fen(fen),
                treasury: Treasury::parse(&treasury)
                    .map_err(|error| StoreError::value(TABLE, error))?,
                bank_reference,
            })
        };
        rows.into_iter().map(part).collect()
    }
}
