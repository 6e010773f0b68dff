//! The invariants of a declaration, recounted by the database inside the transaction that
//! changes it: what was computed in memory is checked on a second path before it is committed.

use super::{StoreError, Tx, on_backend};
use crate::telemetry;
use crate::types::{DeclarationId, TaxpayerKey};

#[derive(sqlx::FromRow)]
struct Counts {
    state: String,
    revision: i64,
    payable_fen: i64,
    refundable_fen: i64,
    waived_fen: i64,
    line_payable_fen: i64,
    line_refundable_fen: i64,
    live_lines: i64,
    dead_lines: i64,
    live_periods: i64,
    dead_periods: i64,
    successors: i64,
    base_state: Option<String>,
    live_payments: i64,
    live_principal_fen: i64,
    offset_principal_fen: i64,
    settled_payments: i64,
    settled_principal_fen: i64,
    certified_payments: i64,
    live_vouchers: i64,
    wrong_vouchers: i64,
    refunds: i64,
    refund_fen: i64,
    refunded_beyond: i64,
}

impl Counts {
    /// The first invariant that does not hold.
    fn broken(&self) -> Option<&'static str> {
        let filed = self.state != "DRAFT";
        let over = matches!(self.state.as_str(), "VOIDED" | "CORRECTED");
        let in_force = filed && !over;
        let corrected = self.state == "CORRECTED";
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
                !in_force && self.live_lines + self.live_periods > 0,
                "not in force, but it holds lines or periods (invariant 2)",
            ),
            (
                in_force && self.dead_lines + self.dead_periods > 0,
                "in force, but lines or periods of it are not live (invariant 2)",
            ),
            (
                self.successors != i64::from(corrected),
                "a chain of revisions has not one live end (invariant 4)",
            ),
            (
                filed && self.revision > 1 && self.base_state.as_deref() != Some("CORRECTED"),
                "a revision is filed, but its base is not corrected (invariant 4)",
            ),
            (
                self.live_payments > 1,
                "more than one live payment (invariant 3)",
            ),
            (
                self.live_payments == 1
                    && self.live_principal_fen + self.offset_principal_fen != self.payable_fen,
                "the payment's principal is not the declaration's payable (invariant 1)",
            ),
            (
                self.certified_payments != self.settled_payments
                    || self.live_vouchers > self.settled_payments,
                "vouchers and settled payments do not match (invariant 3)",
            ),
            (
                self.wrong_vouchers > 0,
                "the voucher's total is not the payment's (invariant 1)",
            ),
            (
                self.settled_principal_fen > self.payable_fen,
                "more was paid than is payable (invariant 3)",
            ),
            (
                self.state == "COMPLETED"
                    && self.waived_fen == 0
                    && self.settled_principal_fen != self.payable_fen,
                "completed without its money in the treasury (invariant 3)",
            ),
            (
                self.state == "VOIDED" && self.live_payments + self.settled_payments > 0,
                "voided, but paid (invariant 3)",
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

/// A payment's money is in the treasury, also where it was refunded later.
macro_rules! settled {
    () => {
        "state IN ('IN_TREASURY', 'REFUNDED') AND voucher_number IS NOT NULL"
    };
}

/// The one order of a declaration that is alive.
macro_rules! alive {
    () => {
        "channel = 'AGREEMENT' AND state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')"
    };
}

const COUNT: &str = concat!(
    "SELECT d.state, d.revision, d.payable_fen, d.refundable_fen, d.waived_fen,
     (SELECT CAST(COALESCE(SUM(payable_fen), 0) AS BIGINT) FROM declaration_line
       WHERE taxpayer_id = $1 AND declaration_id = $2 AND payable_fen > 0) AS line_payable_fen,
     (SELECT CAST(COALESCE(SUM(-payable_fen), 0) AS BIGINT) FROM declaration_line
       WHERE taxpayer_id = $1 AND declaration_id = $2 AND payable_fen < 0)
       AS line_refundable_fen,
     (SELECT COUNT(*) FROM declaration_line WHERE taxpayer_id = $1 AND declaration_id = $2
       AND live = 1) AS live_lines,
     (SELECT COUNT(*) FROM declaration_line WHERE taxpayer_id = $1 AND declaration_id = $2
       AND live = 0 AND (tax_fen <> 0 OR relief_fen <> 0 OR paid_fen = 0)) AS dead_lines,
     (SELECT COUNT(*) FROM declared_period WHERE taxpayer_id = $1 AND declaration_id = $2
       AND live = 1) AS live_periods,
     (SELECT COUNT(*) FROM declared_period WHERE taxpayer_id = $1 AND declaration_id = $2
       AND live = 0) AS dead_periods,
     (SELECT COUNT(*) FROM declaration WHERE taxpayer_id = $1 AND corrects = $2
       AND state <> 'DRAFT') AS successors,
     (SELECT state FROM declaration WHERE taxpayer_id = $1 AND declaration_id = d.corrects)
       AS base_state,
     (SELECT COUNT(*) FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2 AND ",
    alive!(),
    ") AS live_payments,
     (SELECT CAST(COALESCE(SUM(principal_fen), 0) AS BIGINT) FROM payment
       WHERE taxpayer_id = $1 AND declaration_id = $2 AND ",
    alive!(),
    ") AS live_principal_fen,
     (SELECT CAST(COALESCE(SUM(principal_fen), 0) AS BIGINT) FROM payment
       WHERE taxpayer_id = $1 AND declaration_id = $2 AND channel = 'OFFSET' AND ",
    settled!(),
    ") AS offset_principal_fen,
     (SELECT COUNT(*) FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2 AND ",
    settled!(),
    ") AS settled_payments,
     (SELECT CAST(COALESCE(SUM(principal_fen), 0) AS BIGINT) FROM payment
       WHERE taxpayer_id = $1 AND declaration_id = $2 AND ",
    settled!(),
    ") AS settled_principal_fen,
     (SELECT COUNT(*) FROM voucher WHERE taxpayer_id = $1 AND declaration_id = $2
       AND state = 'ISSUED' AND kind = 'PAYMENT') AS live_vouchers,
     (SELECT COUNT(DISTINCT payment_id) FROM voucher WHERE taxpayer_id = $1
       AND declaration_id = $2 AND kind = 'PAYMENT') AS certified_payments,
     (SELECT COUNT(*) FROM voucher AS v JOIN payment AS p ON p.taxpayer_id = v.taxpayer_id
       AND p.payment_id = v.payment_id WHERE v.taxpayer_id = $1 AND v.declaration_id = $2
       AND v.state = 'ISSUED' AND v.kind = 'PAYMENT'
       AND v.total_fen <> p.principal_fen + p.surcharge_fen) AS wrong_vouchers,
     (SELECT COUNT(*) FROM refund WHERE taxpayer_id = $1 AND declaration_id = $2
       AND state <> 'REJECTED') AS refunds,
     (SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM refund
       WHERE taxpayer_id = $1 AND declaration_id = $2 AND state <> 'REJECTED') AS refund_fen,
     (SELECT COUNT(*) FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2
       AND refunded_fen > principal_fen) AS refunded_beyond
     FROM declaration AS d WHERE d.taxpayer_id = $1 AND d.declaration_id = $2"
);

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
        let counts: Counts = on_backend!(self, conn => sqlx::query_as(COUNT)
            .bind(taxpayer.to_string())
            .bind(declaration.to_string())
            .fetch_one(conn)
            .await)?;
        match counts.broken() {
            None => Ok(()),
            Some(rule) => {
                telemetry::broken(rule);
                Err(StoreError::Inconsistent {
                    table: "declaration",
                    problem: rule.to_owned(),
                })
            }
        }
    }
}
