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
    live_payments: i64,
    live_principal_fen: i64,
    live_total_fen: i64,
    settled_payments: i64,
    certified_payments: i64,
    live_vouchers: i64,
    voucher_total_fen: i64,
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
                self.live_payments > 1,
                "more than one live payment (invariant 3)",
            ),
            (
                self.live_payments == 1 && self.live_principal_fen != self.payable_fen,
                "the payment's principal is not the declaration's payable (invariant 1)",
            ),
            (
                self.certified_payments != self.settled_payments
                    || self.live_vouchers > self.settled_payments,
                "vouchers and settled payments do not match (invariant 3)",
            ),
            (
                self.live_vouchers == 1 && self.voucher_total_fen != self.live_total_fen,
                "the voucher's total is not the payment's (invariant 1)",
            ),
            (
                self.state == "COMPLETED" && self.payable_fen > 0 && self.settled_payments != 1,
                "completed without its money in the treasury (invariant 3)",
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
             (SELECT COUNT(*) FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')) AS live_payments,
             (SELECT CAST(COALESCE(SUM(principal_fen), 0) AS BIGINT) FROM payment
               WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')) AS live_principal_fen,
             (SELECT CAST(COALESCE(SUM(principal_fen + surcharge_fen), 0) AS BIGINT)
               FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')) AS live_total_fen,
             (SELECT COUNT(*) FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state = 'IN_TREASURY') AS settled_payments,
             (SELECT COUNT(DISTINCT payment_id) FROM voucher WHERE taxpayer_id = $1
               AND declaration_id = $2 AND kind = 'PAYMENT') AS certified_payments,
             (SELECT COUNT(*) FROM voucher WHERE taxpayer_id = $1 AND declaration_id = $2
               AND state = 'ISSUED' AND kind = 'PAYMENT') AS live_vouchers,
             (SELECT CAST(COALESCE(SUM(total_fen), 0) AS BIGINT) FROM voucher
               WHERE taxpayer_id = $1 AND declaration_id = $2 AND state = 'ISSUED'
               AND kind = 'PAYMENT') AS voucher_total_fen
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
