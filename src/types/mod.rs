//! Values that cannot be wrong (值): parsed once at the edge, trusted everywhere else.
//!
//! Nothing here knows a tax, a rule, a database or the wire. Every constructor that takes
//! outside data returns [`Invalid`], which names the fault in both languages.

mod decimal;
pub mod decimal_text;
mod error;
mod exact;
mod ids;
mod money;
mod period;
mod region;
mod tax_kind;
mod taxpayer;

pub use decimal::parse_decimal;
pub use error::Invalid;
pub use exact::{Exact, Overflow};
pub use ids::{
    CaseId, DeclarationId, EventId, ExtensionId, InspectionId, PaymentId, RefundId, RequestId,
    SourceId, TaxAuthority, TaxpayerKey, Treasury, VoucherNumber,
};
pub use money::Money;
pub use period::{Month, Period, parse_date};
pub use region::Region;
pub use tax_kind::TaxKind;
pub use taxpayer::{TaxpayerId, TaxpayerIdKind};
