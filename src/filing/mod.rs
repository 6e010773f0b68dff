//! The life of one declaration, in the order of the procedure (申报): pure decisions.
//!
//! 税源采集 → 应申报 → 申报表生成 → 校验 → 提交 → 缴款 → 完税证明. Nothing here reads a clock, a
//! database or the wire; every transition consumes the old state.

mod across_taxes;
pub mod case;
pub mod catalogue;
mod compare;
mod declaration;
mod draw;
pub mod explain;
mod form;
mod obligations;
mod order;
mod payment;
mod peers;
mod quote;
pub mod radar;
mod refusal;
mod settlement;
mod source;
mod validation;
mod voucher;
mod words;

pub use case::{Case, CaseState};
pub use compare::{Cause, Comparison, Kind, LineDifference, Side, compare, redate};
pub use declaration::{
    Closing, Content, Correction, Covered, Declaration, DeclarationState, Line, Submission, Totals,
};
pub use draw::{Drawing, Scope, draw};
pub use form::{FormRow, ScheduleRow, form_rows, relief_schedule};
pub use obligations::{Due, FilingFrequency, Obligation, Reason};
pub use order::OrderRow;
pub use payment::{BankAnswer, Payment, PaymentChannel, PaymentState};
pub use quote::{PaymentRow, Quote, quote};
pub use refusal::Refusal;
pub use settlement::{Around, Fact, Learnt, Part, elsewhere};
pub use source::{SourceRecord, SourceState, Taxpayer};
pub use voucher::{Voucher, VoucherBody, VoucherKind, VoucherRow, VoucherState};
pub use words::in_words;
