//! The invariants of a declaration, recounted by the database inside the transaction that
//! changes it: what was computed in memory is checked on a second path before it is committed.

use super::{StoreError, Tx, on_backend};
use crate::types::{DeclarationId, TaxpayerKey};

#[derive(sqlx::FromRow)]
struct Counts {
    state: String,
    payable_fen: i64,
    refundable_fen: i64,
    line_payable_fen: i64,
    line_refundable_fen: i64,
    waived_fen: i64,
    orders: i64,
    principal_fen: i64,
    settled_principal_fen: i64,
    settled_total_fen: i64,
    settled_payments: i64,
    live_vouchers: i64,
    voucher_total_fen: i64,
    refunds: i64,
    refund_fen: i64,
    refunded_beyond: i64,
}

impl Counts {
    /// The first invariant that does not hold.
    fn broken(&self) -> Option<&'static str> {
        let filed = self.state != "DRAFT";
        let rules = [
            (
                filed && self.line_payable_fen != self.payable_fen,
                "Σ lines is not the declaration's payable (invariant 1)",
            ),
            (
                filed && self.line_refundable_fen != self.refundable_fen,
                "Σ lines is not the declaration's refundable (invariant 8)",
            ),
            (
                self.orders > 1,
                "more than one live order to the bank (invariant 3)",
            ),
            (
                self.orders == 1 && self.principal_fen != self.payable_fen,
                "the payments' principal is not the declaration's payable (invariant 1)",
            ),
            (
                self.principal_fen > self.payable_fen,
                "more was set off than the declaration's payable (invariant 1)",
            ),
            (
                self.live_vouchers != self.settled_payments,
                "vouchers and settled payments do not match (invariant 3)",
            ),
            (
                self.voucher_total_fen != self.settled_total_fen,
                "the vouchers' total is not the payments' (invariant 1)",
            ),
            (
                self.state == "COMPLETED"
                    && self.waived_fen == 0
                    && self.settled_principal_fen != self.payable_fen,
                "completed without its money in the treasury (invariant 3)",
            ),
            (
                self.refunds > 1 || self.refund_fen > self.refundable_fen,
                "more is refunded than the declaration's refundable (invariant 8)",
            ),
            (
                self.refunded_beyond > 0,
                "more was refunded of a payment than it brought (invariant 1)",
            ),
        ];
        rules
            .into_iter()
            .find(|(broken, _)| *broken)
            .map(|(_, rule)| rule)
    }
}

impl Tx {
    /// Recounts a declaration's lines, payments and vouchers.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] naming the invariant; the caller rolls back.
    pub async fn check_invariants(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<(), StoreError> {
        let counts: Counts = on_backend!(self, conn => sqlx::query_as(
            "SELECT d.state, d.payable_fen, d.refundable_fen,
             (SELECT CAST(COALESCE(SUM(payable_fen), 0) AS BIGINT) FROM declaration_line
               WHERE taxpayer_id = $1 AND declaration_id = $2 AND payable_fen > 0)
               AS line_payable_fen,
             (SELECT CAST(COALESCE(SUM(-payable_fen), 0) AS BIGINT) FROM declaration_line
               WHERE taxpayer_id = $1 AND declaration_id = $2 AND payable_fen < 0)
               AS line_refundable_fen,
             d.waived_fen,
             (SELECT COUNT(*) FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2
               AND channel = 'AGREEMENT' AND state NOT IN ('FAILED', 'REVERSED', 'REFUNDED'))
               AS orders,
             (SELECT CAST(COALESCE(SUM(principal_fen), 0) AS BIGINT) FROM payment
               WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state NOT IN ('FAILED', 'REVERSED')) AS principal_fen,
             (SELECT CAST(COALESCE(SUM(principal_fen), 0) AS BIGINT) FROM payment
               WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state IN ('IN_TREASURY', 'REFUNDED')) AS settled_principal_fen,
             (SELECT CAST(COALESCE(SUM(principal_fen + surcharge_fen), 0) AS BIGINT)
               FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state IN ('IN_TREASURY', 'REFUNDED')) AS settled_total_fen,
             (SELECT COUNT(*) FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state IN ('IN_TREASURY', 'REFUNDED')) AS settled_payments,
             (SELECT COUNT(*) FROM voucher WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state = 'ISSUED' AND kind = 'PAYMENT') AS live_vouchers,
             (SELECT CAST(COALESCE(SUM(total_fen), 0) AS BIGINT) FROM voucher
               WHERE taxpayer_id = $1 AND declaration_id = $2 AND state = 'ISSUED'
               AND kind = 'PAYMENT') AS voucher_total_fen,
             (SELECT COUNT(*) FROM refund WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state <> 'REJECTED') AS refunds,
             (SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM refund
               WHERE taxpayer_id = $1 AND declaration_id = $2 AND state <> 'REJECTED')
               AS refund_fen,
             (SELECT COUNT(*) FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2
               AND refunded_fen > principal_fen) AS refunded_beyond
             FROM declaration AS d WHERE d.taxpayer_id = $1 AND d.declaration_id = $2",
        )
        .bind(taxpayer.to_string())
        .bind(declaration.to_string())
        .fetch_one(conn)
        .await)?;
        match counts.broken() {
            None => Ok(()),
            Some(rule) => Err(StoreError::Inconsistent {
                table: "declaration",
                problem: rule.to_owned(),
            }),
        }
    }
}
