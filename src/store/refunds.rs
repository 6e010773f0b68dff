//! Refunds.

use super::{StoreError, Tx, change, instant, micros, on_backend, one_row};
use crate::filing::{Refund, RefundCause, RefundState};
use crate::types::{DeclarationId, Invalid, Money, RefundId, TaxpayerKey, VoucherNumber};

const TABLE: &str = "refund";

/// The columns of a row, and what they are read from.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT taxpayer_id, refund_id, declaration_id, amount_fen, parts, created_at, state,
             cause, interest_fen, offset_fen, decision, decided_at, treasury_reference,
             voucher_number, paid_at, version FROM refund ",
            $tail
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    taxpayer_id: String,
    refund_id: String,
    declaration_id: String,
    amount_fen: i64,
    parts: String,
    created_at: i64,
    state: String,
    cause: String,
    interest_fen: i64,
    offset_fen: i64,
    decision: Option<String>,
    decided_at: Option<i64>,
    treasury_reference: Option<String>,
    voucher_number: Option<String>,
    paid_at: Option<i64>,
    version: i64,
}

impl TryFrom<Row> for Refund {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |error: Invalid| StoreError::value(TABLE, error);
        Ok(Self {
            id: RefundId::parse(&row.refund_id).map_err(bad)?,
            taxpayer: TaxpayerKey::parse(&row.taxpayer_id).map_err(bad)?,
            declaration: DeclarationId::parse(&row.declaration_id).map_err(bad)?,
            state: RefundState::from_name(&row.state)
                .ok_or_else(|| StoreError::value(TABLE, &row.state))?,
            cause: RefundCause::from_name(&row.cause)
                .ok_or_else(|| StoreError::value(TABLE, &row.cause))?,
            amount: Money::from_fen(row.amount_fen),
            interest: Money::from_fen(row.interest_fen),
            offset: Money::from_fen(row.offset_fen),
            parts: serde_json::from_str(&row.parts)
                .map_err(|error| StoreError::json(TABLE, &error))?,
            decision: row.decision,
            decided_at: row.decided_at.map(|at| instant(TABLE, at)).transpose()?,
            treasury_reference: row.treasury_reference,
            voucher: row
                .voucher_number
                .map(|number| VoucherNumber::parse(&number))
                .transpose()
                .map_err(bad)?,
            created_at: instant(TABLE, row.created_at)?,
            paid_at: row.paid_at.map(|at| instant(TABLE, at)).transpose()?,
            version: row.version,
        })
    }
}

impl Tx {
    /// Keeps a new refund. The unique index refuses a second one of a declaration.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`].
    pub async fn insert_refund(&mut self, refund: &Refund) -> Result<(), StoreError> {
        let parts = serde_json::to_string(&refund.parts)
            .map_err(|error| StoreError::json(TABLE, &error))?;
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO refund (taxpayer_id, refund_id, declaration_id, amount_fen, parts,
             created_at, state, cause, interest_fen, offset_fen, version, updated_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(refund.taxpayer.to_string())
        .bind(refund.id.to_string())
        .bind(refund.declaration.to_string())
        .bind(refund.amount.fen())
        .bind(parts)
        .bind(micros(refund.created_at))
        .bind(refund.state.name())
        .bind(refund.cause.name())
        .bind(refund.interest.fen())
        .bind(refund.offset.fen())
        .bind(refund.version)
        .bind(rpc)
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Keeps a refund's new state, its version raised by one. Amount and parts never change.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else changed it first.
    pub async fn update_refund(&mut self, refund: &Refund) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "UPDATE refund SET state = $1, cause = $2, interest_fen = $3, offset_fen = $4,
             decision = $5, decided_at = $6, treasury_reference = $7, voucher_number = $8,
             paid_at = $9, version = $10, updated_by = $11
             WHERE taxpayer_id = $12 AND refund_id = $13 AND version = $10 - 1",
        )
        .bind(refund.state.name())
        .bind(refund.cause.name())
        .bind(refund.interest.fen())
        .bind(refund.offset.fen())
        .bind(refund.decision.as_deref())
        .bind(refund.decided_at.map(micros))
        .bind(refund.treasury_reference.as_deref())
        .bind(refund.voucher.as_ref().map(VoucherNumber::as_str))
        .bind(refund.paid_at.map(micros))
        .bind(refund.version)
        .bind(rpc)
        .bind(refund.taxpayer.to_string())
        .bind(refund.id.to_string())
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Reads a refund.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refund(
        &mut self,
        taxpayer: TaxpayerKey,
        refund: RefundId,
    ) -> Result<Option<Refund>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND refund_id = $2"),
        )
        .bind(taxpayer.to_string())
        .bind(refund.to_string())
        .fetch_optional(conn)
        .await)?;
        row.map(Refund::try_from).transpose()
    }

    /// The refund of a declaration that was not rejected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn live_refund_of(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<Option<Refund>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND declaration_id = $2 AND state <> 'REJECTED'"),
        )
        .bind(taxpayer.to_string())
        .bind(declaration.to_string())
        .fetch_optional(conn)
        .await)?;
        row.map(Refund::try_from).transpose()
    }

    /// The taxpayer's refunds that are claimed or approved, their payments not yet given back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_refunds(&mut self, taxpayer: TaxpayerKey) -> Result<Vec<Refund>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND state IN ('REQUESTED', 'APPROVED')"),
        )
        .bind(taxpayer.to_string())
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Refund::try_from).collect()
    }

    /// Lists a taxpayer's refunds, newest first, before an id (ids are in order of time).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refunds_before(
        &mut self,
        taxpayer: TaxpayerKey,
        before: &str,
        limit: i64,
    ) -> Result<Vec<Refund>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND ($2 = '' OR refund_id < $2)
             ORDER BY refund_id DESC LIMIT $3"),
        )
        .bind(taxpayer.to_string())
        .bind(before)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Refund::try_from).collect()
    }
}
