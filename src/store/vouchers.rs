//! Vouchers.

use super::{StoreError, Tx, change, instant, micros, on_backend, one_row};
use crate::filing::{Voucher, VoucherKind, VoucherState};
use crate::types::{RefundId, TaxpayerKey, VoucherNumber};

const TABLE: &str = "voucher";

/// The columns of a row, and what they are read from.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT taxpayer_id, state, signed_text, signature, public_key, created_at, kind,
             refund_id, replaces, replaced_by, reprints, close_reason, version FROM voucher ",
            $tail
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    taxpayer_id: String,
    state: String,
    signed_text: String,
    signature: String,
    public_key: String,
    created_at: i64,
    kind: String,
    refund_id: String,
    replaces: Option<String>,
    replaced_by: Option<String>,
    reprints: i64,
    close_reason: Option<String>,
    version: i64,
}

impl TryFrom<Row> for Voucher {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let number = |number: Option<String>| {
            let read = number
                .map(|number| VoucherNumber::parse(&number))
                .transpose();
            read.map_err(|error| StoreError::value(TABLE, error))
        };
        let refund = Some(row.refund_id).filter(|id| !id.is_empty());
        Ok(Self {
            taxpayer: TaxpayerKey::parse(&row.taxpayer_id)
                .map_err(|error| StoreError::value(TABLE, error))?,
            state: VoucherState::from_name(&row.state)
                .ok_or_else(|| StoreError::value(TABLE, &row.state))?,
            body: serde_json::from_str(&row.signed_text)
                .map_err(|error| StoreError::json(TABLE, &error))?,
            signed_text: row.signed_text,
            signature: row.signature,
            public_key: row.public_key,
            created_at: instant(TABLE, row.created_at)?,
            kind: VoucherKind::from_name(&row.kind)
                .ok_or_else(|| StoreError::value(TABLE, &row.kind))?,
            refund: refund
                .map(|id| RefundId::parse(&id))
                .transpose()
                .map_err(|error| StoreError::value(TABLE, error))?,
            replaces: number(row.replaces)?,
            replaced_by: number(row.replaced_by)?,
            reprints: u32::try_from(row.reprints)
                .map_err(|error| StoreError::value(TABLE, error))?,
            close_reason: row.close_reason,
            version: row.version,
        })
    }
}

impl Tx {
    /// Keeps a new voucher; the amount of a refund stands without its sign. The unique indexes
    /// refuse a number twice and a second live voucher of a payment.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`].
    pub async fn insert_voucher(&mut self, voucher: &Voucher) -> Result<(), StoreError> {
        let body = &voucher.body;
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO voucher_number_claim (voucher_number, taxpayer_id) VALUES ($1, $2)",
        )
        .bind(body.voucher_number.as_str())
        .bind(voucher.taxpayer.to_string())
        .execute(conn)
        .await)?;
        one_row("voucher_number_claim", done)?;
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO voucher (taxpayer_id, voucher_number, payment_id, declaration_id,
             total_fen, signed_text, signature, public_key, created_at, state, updated_by, kind,
             refund_id, replaces, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        )
        .bind(voucher.taxpayer.to_string())
        .bind(body.voucher_number.as_str())
        .bind(body.payment_id.to_string())
        .bind(body.declaration_id.to_string())
        .bind(body.total.fen().saturating_abs())
        .bind(&voucher.signed_text)
        .bind(&voucher.signature)
        .bind(&voucher.public_key)
        .bind(micros(voucher.created_at))
        .bind(voucher.state.name())
        .bind(rpc)
        .bind(voucher.kind.name())
        .bind(voucher.refund.map(|id| id.to_string()).unwrap_or_default())
        .bind(voucher.replaces.as_ref().map(VoucherNumber::as_str))
        .bind(voucher.version)
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Keeps a voucher's new state, its version raised by one. What was signed never changes.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else changed it first.
    pub async fn update_voucher(&mut self, voucher: &Voucher) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let done = change!(self, conn => sqlx::query(
            "UPDATE voucher SET state = $1, replaced_by = $2, reprints = $3, close_reason = $4,
             version = $5, updated_by = $6
             WHERE taxpayer_id = $7 AND voucher_number = $8 AND version = $5 - 1",
        )
        .bind(voucher.state.name())
        .bind(voucher.replaced_by.as_ref().map(VoucherNumber::as_str))
        .bind(i64::from(voucher.reprints))
        .bind(voucher.close_reason.as_deref())
        .bind(voucher.version)
        .bind(rpc)
        .bind(voucher.taxpayer.to_string())
        .bind(voucher.body.voucher_number.as_str())
        .execute(conn)
        .await)?;
        one_row(TABLE, done)
    }

    /// Keeps why a sheet was printed again, replaced or voided.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_voucher_act(
        &mut self,
        voucher: &Voucher,
        act: &'static str,
        reason: &str,
        at: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        let done = change!(self, conn => sqlx::query(
            "INSERT INTO voucher_act (taxpayer_id, voucher_number, version, act, reason, at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(voucher.taxpayer.to_string())
        .bind(voucher.body.voucher_number.as_str())
        .bind(voucher.version)
        .bind(act)
        .bind(reason)
        .bind(micros(at))
        .execute(conn)
        .await)?;
        one_row("voucher_act", done)
    }

    /// True when the number is taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn voucher_number_taken(
        &mut self,
        number: &VoucherNumber,
    ) -> Result<bool, StoreError> {
        Ok(self.voucher_owner(number).await?.is_some())
    }

    async fn voucher_owner(
        &mut self,
        number: &VoucherNumber,
    ) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT taxpayer_id FROM voucher_number_claim WHERE voucher_number = $1",
        )
        .bind(number.as_str())
        .fetch_optional(conn)
        .await)?;
        Ok(row.map(|(owner,)| owner))
    }

    /// Reads a voucher of a taxpayer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn voucher(
        &mut self,
        taxpayer: TaxpayerKey,
        number: &VoucherNumber,
    ) -> Result<Option<Voucher>, StoreError> {
        let row: Option<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1 AND voucher_number = $2"),
        )
        .bind(taxpayer.to_string())
        .bind(number.as_str())
        .fetch_optional(conn)
        .await)?;
        row.map(Voucher::try_from).transpose()
    }

    /// Reads a voucher by its number alone, for public verification.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn voucher_by_number(
        &mut self,
        number: &VoucherNumber,
    ) -> Result<Option<Voucher>, StoreError> {
        let Some(owner) = self.voucher_owner(number).await? else {
            return Ok(None);
        };
        let owner = TaxpayerKey::parse(&owner).map_err(|error| StoreError::value(TABLE, error))?;
        self.voucher(owner, number).await
    }

    /// Lists a taxpayer's vouchers, newest first, after the place of one: its instant in
    /// microseconds and, among those of one instant, its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn vouchers_before(
        &mut self,
        taxpayer: TaxpayerKey,
        (before, number): (i64, &str),
        limit: i64,
    ) -> Result<Vec<Voucher>, StoreError> {
        let rows: Vec<Row> = on_backend!(self, conn => sqlx::query_as(
            select!("WHERE taxpayer_id = $1
             AND (created_at < $2 OR (created_at = $2 AND voucher_number < $3))
             ORDER BY created_at DESC, voucher_number DESC LIMIT $4"),
        )
        .bind(taxpayer.to_string())
        .bind(before)
        .bind(number)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
        rows.into_iter().map(Voucher::try_from).collect()
    }
}
