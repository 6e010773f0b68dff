//! Inspections (税务检查、稽查): while one is open, its periods cannot be corrected.
//!
//! | state | close |
//! | --- | --- |
//! | OPEN | CLOSED |
//! | CLOSED | – |

use jiff::Timestamp;

use super::Refusal;
use crate::types::{InspectionId, Period, TaxKind, TaxpayerKey};

/// An inspection of a taxpayer's periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The service's id.
    pub id: InspectionId,
    /// Whose it is.
    pub taxpayer: TaxpayerKey,
    /// The periods it is about.
    pub period: Period,
    /// The tax; nothing means all.
    pub tax: Option<TaxKind>,
    /// 检查通知书号.
    pub document: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Version of the row, from 1.
    pub version: i64,
}

impl Inspection {
    /// Ends it.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] when it has ended.
    pub fn close(self, at: Timestamp) -> Result<Self, Refusal> {
        if self.closed_at.is_some() {
            return Err(Refusal::WrongState {
                what: "inspection",
                state: "CLOSED",
                needed: "OPEN",
            });
        }
        Ok(Self {
            closed_at: Some(at),
            version: self.version.saturating_add(1),
            ..self
        })
    }

    /// True while it is open and about this tax on some day of a period.
    pub fn bars(&self, tax: TaxKind, period: Period) -> bool {
        self.closed_at.is_none()
            && self.tax.is_none_or(|own| own == tax)
            && self.period.overlap(period).is_some()
    }
}
