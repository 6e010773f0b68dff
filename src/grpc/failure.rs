//! Everything that can go wrong behind the door, before it becomes a status.

use super::convert::Violation;
use crate::filing::Refusal;
use crate::store::StoreError;

/// Why a call fails.
#[derive(Debug)]
pub enum Failure {
    /// Fields are wrong, all of them listed.
    Fields(Vec<Violation>),
    /// The step is not allowed in the state things are in.
    Refused(Refusal),
    /// There is no such thing.
    NotFound {
        /// What: `taxpayer`, `tax_source`, `declaration`, `payment`, `voucher`.
        what: &'static str,
        /// The id asked for.
        id: String,
    },
    /// It is there already.
    AlreadyExists {
        /// What.
        what: &'static str,
        /// The id it has.
        id: String,
    },
    /// The etag is not the current one.
    StaleEtag {
        /// What.
        what: &'static str,
        /// The current etag.
        current: String,
    },
    /// The request id was used for other content.
    RequestIdReused {
        /// The method it was used for.
        method: String,
    },
    /// The key of an import's row was collected with other content.
    RowKeyReused {
        /// The source it was collected as.
        source: String,
    },
    /// The same request id is still being worked on.
    StillRunning,
    /// The service stops; what was being told goes on elsewhere or later.
    Stopping,
    /// The store failed.
    Store(StoreError),
    /// Our own fault; the text is logged, never sent.
    Internal(String),
}

impl Failure {
    /// The store's error that it is.
    pub const fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<crate::filing::MoneyRefusal> for Failure {
    fn from(refusal: crate::filing::MoneyRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<crate::types::Overflow> for Failure {
    fn from(_: crate::types::Overflow) -> Self {
        Self::Refused(Refusal::TooLarge)
    }
}

impl From<crate::tax::ChargeError> for Failure {
    fn from(error: crate::tax::ChargeError) -> Self {
        Self::Refused(Refusal::Findings(vec![error.into_finding().rule_id]))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<Vec<Violation>> for Failure {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Fields(violations)
    }
}
