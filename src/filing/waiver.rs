//! What is not collected: tax and surcharge of a payment voucher under 1 yuan (公告2012年第25号).
//!
//! | state | waive |
//! | --- | --- |
//! | AWAITING_PAYMENT | COMPLETED |
//! | any other | – |

use super::{Declaration, DeclarationState, Quote, Refusal};
use crate::types::Money;

impl Declaration {
    /// Ends the declaration without a payment, where today's quote says that nothing is collected
    /// and the payer agreed to a total of zero.
    ///
    /// # Errors
    /// [`Refusal`] when it does not wait for a payment, another digest is named, or something is
    /// collected.
    pub fn waive(
        self,
        named_digest: &str,
        agreed_total: Money,
        quote: &Quote,
    ) -> Result<Self, Refusal> {
        self.check_payable(named_digest)?;
        if agreed_total != quote.total || !quote.waived.is_positive() {
            return Err(quote.changed(agreed_total));
        }
        Ok(Self {
            state: DeclarationState::Completed,
            waived: quote.waived,
            version: self.version.saturating_add(1),
            ..self
        })
    }
}

/// Rows of today that a refusal names at the most.
const ROWS_NAMED_MAX: usize = 8;

impl Quote {
    /// The refusal of a total that is not today's, with today's rows as far as they fit.
    pub fn changed(&self, named: Money) -> Refusal {
        let rows = self.rows.iter().take(ROWS_NAMED_MAX).map(|row| {
            format!(
                "{} {} due {} late {}: {} + {}",
                row.tax.name(),
                row.period,
                row.extended_to.unwrap_or(row.due_on),
                row.days_late,
                row.principal,
                row.surcharge
            )
        });
        Refusal::AmountChanged {
            named,
            today: self.total,
            rows: rows.collect(),
            row_count: self.rows.len(),
        }
    }
}
