//! The life of one declaration, in the order of the procedure (申报): pure decisions.
//!
//! 税源采集 → 应申报 → 申报表生成 → 校验 → 提交 → 缴款 → 完税证明. Nothing here reads a clock, a
//! database or the wire; every transition consumes the old state.

mod across_taxes;
pub mod case;
pub mod catalogue;
mod closing;
mod compare;
mod correction;
mod declaration;
mod draw;
pub mod explain;
mod extension;
mod form;
mod inspection;
mod obligations;
mod order;
mod payment;
mod peers;
mod quote;
pub mod radar;
mod redrawn;
mod refund;
mod refund_parts;
mod refusal;
mod refusal_money;
mod settlement;
mod sheet;
mod source;
mod split;
mod validation;
mod voucher;
mod waiver;
mod words;

pub use case::{Case, CaseState};
pub use compare::{Cause, Comparison, Kind, LineDifference, Side, compare, redate};
pub use correction::{Bars, Base, Known, Moved, carried_after, in_order, rest_on, revise};
pub use declaration::{
    Closing, Content, Correction, Covered, Declaration, DeclarationState, Line, Submission, Totals,
};
pub use draw::{Drawing, Scope, draw};
pub use extension::Extension;
pub use form::{FormRow, ScheduleRow, form_rows, relief_schedule};
pub use inspection::Inspection;
pub use obligations::{Due, FilingFrequency, Obligation, Reason};
pub use order::OrderRow;
pub use payment::{BankAnswer, Payment, PaymentChannel, PaymentState};
pub use quote::{PaymentRow, Quote, Standing, quote, quote_standing};
pub use redrawn::{Change, Changes, Redrawn};
pub use refund::{PayOut, Refund, RefundCause, RefundClaim, RefundState};
pub use refund_parts::{RefundPart, Refundable, interest, interest_unconfirmed};
pub use refusal::Refusal;
pub use refusal_money::MoneyRefusal;
pub use settlement::{Around, Fact, Learnt, Part, elsewhere};
pub use source::{SourceRecord, SourceState, Taxpayer};
pub use split::{BudgetLevel, BudgetShare, OrderSubject, OrderTax, share_out};
pub use voucher::{
    Grounds, Issue, Refunded, Voucher, VoucherBody, VoucherKind, VoucherRow, VoucherState,
    candidate_number, original_number,
};
pub use words::in_words;
