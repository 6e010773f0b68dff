//! What following one declaration needs: which subjects touch it, and where it stands.

use std::collections::HashSet;

use super::{StoreError, Tx, on_backend};
use crate::filing::DeclarationState;
use crate::types::{DeclarationId, TaxpayerKey};

/// The ids whose events touch a declaration: itself, its payments, vouchers, refunds and
/// extensions, and the corrections of it.
pub(super) const SUBJECTS: &str = "SELECT declaration_id FROM declaration
       WHERE taxpayer_id = $1 AND declaration_id = $2
     UNION ALL SELECT declaration_id FROM declaration WHERE taxpayer_id = $1 AND corrects = $2
     UNION ALL SELECT payment_id FROM payment WHERE taxpayer_id = $1 AND declaration_id = $2
     UNION ALL SELECT voucher_number FROM voucher WHERE taxpayer_id = $1 AND declaration_id = $2
     UNION ALL SELECT refund_id FROM refund WHERE taxpayer_id = $1 AND declaration_id = $2
     UNION ALL SELECT extension_id FROM payment_extension
       WHERE taxpayer_id = $1 AND declaration_id = $2";

const STATE: &str = "SELECT state FROM declaration
     WHERE taxpayer_id = $1 AND declaration_id = $2";
const PAYMENTS: &str = "SELECT payment_id, state, channel FROM payment
     WHERE taxpayer_id = $1 AND declaration_id = $2 ORDER BY payment_id";
const VOUCHERS: &str = "SELECT voucher_number, payment_id FROM voucher
     WHERE taxpayer_id = $1 AND declaration_id = $2 AND state = 'ISSUED' AND kind = 'PAYMENT'
     ORDER BY created_at, voucher_number";

/// What is read to follow a declaration; a test shows that each is an index search.
pub const WATCH_READS: [&str; 4] = [SUBJECTS, STATE, PAYMENTS, VOUCHERS];

/// Where a declaration, its payments and vouchers stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The declaration.
    pub state: DeclarationState,
    /// Its payments in order of time: id, state, channel.
    pub payments: Vec<(String, String, String)>,
    /// Its vouchers in force, in order of time: number and payment.
    pub vouchers: Vec<(String, String)>,
}

impl Standing {
    /// The payment of an id.
    pub fn payment(&self, id: &str) -> Option<(&str, &str)> {
        let found = self.payments.iter().find(|(payment, ..)| payment == id)?;
        Some((&found.0, &found.1))
    }

    /// The payment that bars another one: the order at the bank that is alive.
    pub fn live_payment(&self) -> Option<(&str, &str)> {
        let dead = ["FAILED", "REVERSED", "REFUNDED"];
        let live = |(_, state, channel): &&(String, String, String)| {
            channel == "AGREEMENT" && !dead.contains(&state.as_str())
        };
        let found = self.payments.iter().find(live)?;
        Some((&found.0, &found.1))
    }
}

impl Tx {
    /// The ids whose events touch a declaration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn subjects_of(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<HashSet<String>, StoreError> {
        let rows: Vec<(String,)> = on_backend!(self, conn => sqlx::query_as(SUBJECTS)
            .bind(taxpayer.to_string())
            .bind(declaration.to_string())
            .fetch_all(conn)
            .await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Where a declaration stands; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<Option<Standing>, StoreError> {
        let (taxpayer, id) = (taxpayer.to_string(), declaration.to_string());
        let state: Option<(String,)> = on_backend!(self, conn => sqlx::query_as(STATE)
            .bind(&taxpayer)
            .bind(&id)
            .fetch_optional(conn)
            .await)?;
        let Some((state,)) = state else {
            return Ok(None);
        };
        let payments = on_backend!(self, conn => sqlx::query_as(PAYMENTS)
            .bind(&taxpayer)
            .bind(&id)
            .fetch_all(conn)
            .await)?;
        let vouchers = on_backend!(self, conn => sqlx::query_as(VOUCHERS)
            .bind(&taxpayer)
            .bind(&id)
            .fetch_all(conn)
            .await)?;
        Ok(Some(Standing {
            state: DeclarationState::from_name(&state)
                .ok_or_else(|| StoreError::value("declaration", &state))?,
            payments,
            vouchers,
        }))
    }
}
