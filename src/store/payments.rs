//! Payments.

use jiff::Timestamp;

use super::{StoreError, Tx, change, instant, micros, on_backend, one_row};
use crate::filing::{Payment, PaymentChannel, PaymentState};
use crate::types::{
    DeclarationId, Invalid, Money, PaymentId, RefundId, TaxAuthority, TaxpayerKey, Treasury,
    VoucherNumber,
};

const TABLE: &str = "payment";

/// The columns of a row, and what they are read from.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT taxpayer_id, payment_id, declaration_id, order_rows, authority, treasury,
             agreement, created_at, state, bank_reference, failure, voucher_number,
             settled_at, channel, refund_id, received_fen, refunded_fen, version FROM payment ",
            $tail
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    taxpayer_id: String,
    payment_id: String,
    declaration_id: String,
    order_rows: String,
    authority: String,
    treasury: String,
    agreement: String,
    created_at: i64,
    state: String,
    bank_reference: Option<String>,
    failure: Option<String>,
    voucher_number: Option<String>,
    settled_at: Option<i64>,
    channel: String,
    refund_id: Option<String>,
    received_fen: i64,
    refunded_fen: i64,
    version: i64,
}

impl TryFrom<Row> for Payment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |error: Invalid| StoreError::value(TABLE, error);
        Ok(Self {
            id: PaymentId::parse(&row.payment_id).map_err(bad)?,
            taxpayer: TaxpayerKey::parse(&row.taxpayer_id).map_err(bad)?,
            declaration: DeclarationId::parse(&row.declaration_id).map_err(bad)?,
            state: PaymentState::from_name(&row.state)
                .ok_or_else(|| StoreError::value(TABLE, &row.state))?,
            order: serde_json::from_str(&row.order_rows)
                .map_err(|error| StoreError::json(TABLE, &error))?,
            authority: TaxAuthority::parse(&row.authority).map_err(bad)?,
            treasury: Treasury::parse(&row.treasury).map_err(bad)?,
            agreement: row.agreement,
            bank_reference: row.bank_reference,
            failure: row.failure,
            voucher: row
                .voucher_number
                .map(|number| VoucherNumber::parse(&number))
                .transpose()
                .map_err(bad)?,
            created_at: instant(TABLE, row.created_at)?,
            settled_at: row.settled_at.map(|at| instant(TABLE, at)).transpose()?,
            channel: PaymentChannel::from_name(&row.channel)
                .ok_or_else(|| StoreError::value(TABLE, &row.channel))?,
            refund: row
                .refund_id
                .map(|id| RefundId::parse(&id))
                .transpose()
                .map_err(bad)?,
            received: Money::from_fen(row.received_fen),
            refunded: Money::from_fen(row.refunded_fen),
            version: row.version,
        })
    }
}

impl Tx {
    /// Keeps a new payment. The unique index refuses a second live one of a declaration.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`].
    pub async fn insert_payment(&mut self, payment: &Payment) -> Result<(), StoreError> {
        let order = serde_json::to_string(&payment.order)
            .map_err(|error| StoreError::json(TABLE, &error))?;
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO payment (taxpayer_id, payment_id, declaration_id, order_rows,
             principal_fen, surcharge_fen, authority, treasury, agreement, created_at, state,
             version, updated_by, channel, refund_id, received_fen, bank_reference,
             voucher_number, settled_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
             $18, $19)",
        )
        .bind(payment.taxpayer.to_string())
        .bind(payment.id.to_string())
        .bind(payment.declaration.to_string())
        .bind(order)
        .bind(payment.order.principal.fen())
        .bind(payment.order.surcharge.fen())
        .bind(payment.authority.as_str())
        .bind(payment.treasury.as_str())
        .bind(&payment.agreement)
        .bind(micros(payment.created_at))
        .bind(payment.state.name())
        .bind(payment.version)
        .bind(rpc)
        .bind(payment.channel.name())
        .bind(payment.refund.map(|id| id.to_string()))
        .bind(payment.received.fen())
        .bind(payment.bank_reference.as_deref())
        .bind(payment.voucher.as_ref().map(VoucherNumber::as_str))
        .bind(payment.settled_at.map(micros))
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Keeps a payment's new state, its version raised by one.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else changed it first.
    pub async fn update_payment(&mut self, payment: &Payment) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "UPDATE payment SET state = $1, bank_reference = $2, failure = $3,
             voucher_number = $4, settled_at = $5, version = $6, updated_by = $7,
             received_fen = $10, refunded_fen = $11
             WHERE taxpayer_id = $8 AND payment_id = $9 AND version = $6 - 1",
        )
        .bind(payment.state.name())
        .bind(payment.bank_reference.as_deref())
        .bind(payment.failure.as_deref())
        .bind(payment.voucher.as_ref().map(VoucherNumber::as_str))
        .bind(payment.settled_at.map(micros))
        .bind(payment.version)
        .bind(rpc)
        .bind(payment.taxpayer.to_string())
        .bind(payment.id.to_string())
        .bind(payment.received.fen())
        .bind(payment.refunded.fen())
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Reads a payment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payment(
        &mut self,
        taxpayer: TaxpayerKey,
        payment: PaymentId,
    ) -> Result<Option<Payment>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND payment_id = $2"),
        )
        .bind(taxpayer.to_string())
        .bind(payment.to_string())
        .fetch_optional(conn)
        .await)?;
        row.map(Payment::try_from).transpose()
    }

    /// The live payment of a declaration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn live_payment_of(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<Option<Payment>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND declaration_id = $2 AND channel = 'AGREEMENT' AND
             state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')"),
        )
        .bind(taxpayer.to_string())
        .bind(declaration.to_string())
        .fetch_optional(conn)
        .await)?;
        row.map(Payment::try_from).transpose()
    }

    /// The payments of a declaration, both channels, the first made first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payments_of(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<Vec<Payment>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND declaration_id = $2
             ORDER BY created_at, payment_id"),
        )
        .bind(taxpayer.to_string())
        .bind(declaration.to_string())
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Payment::try_from).collect()
    }

    /// Lists a taxpayer's payments, of one declaration or of all (empty), newest first, before an
    /// id (ids are in order of time).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payments_before(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: &str,
        before: &str,
        limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND ($2 = '' OR declaration_id = $2)
             AND ($3 = '' OR payment_id < $3) ORDER BY payment_id DESC LIMIT $4"),
        )
        .bind(taxpayer.to_string())
        .bind(declaration)
        .bind(before)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Payment::try_from).collect()
    }

    /// Payments whose bank answer is not known, over all taxpayers, in the order of their ids
    /// after one of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payments_to_resolve(
        &mut self,
        after: Option<PaymentId>,
        limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE state IN ('SENT', 'CONFIRMING') AND payment_id > $1
             ORDER BY payment_id LIMIT $2"),
        )
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit)
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Payment::try_from).collect()
    }

    /// Orders of a treasury that were recorded between two instants and are held as debited or
    /// in the treasury, over all taxpayers, in the order of their ids after one of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn debited_between(
        &mut self,
        treasury: &Treasury,
        (from, to): (Timestamp, Timestamp),
        after: Option<PaymentId>,
        limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE treasury = $1 AND created_at >= $2 AND created_at < $3
             AND channel = 'AGREEMENT' AND state IN ('DEBITED', 'IN_TREASURY', 'REFUNDED')
             AND payment_id > $4 ORDER BY payment_id LIMIT $5"),
        )
        .bind(treasury.as_str())
        .bind(micros(from))
        .bind(micros(to))
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit)
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Payment::try_from).collect()
    }
}
