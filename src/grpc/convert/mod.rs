//! The only files that know both wire and domain: pb ⇄ types, with field paths.

mod common;
mod comparison;
mod declaration;
mod eligibility;
mod explanation;
mod fields;
mod payment;
mod refund;
mod rule;
mod source;
mod taxpayer;
mod voucher;

pub mod environmental;
pub mod land_appreciation;
pub mod land_use;
pub mod real_estate;
pub mod stamp;
pub mod vehicle_vessel;

pub use common::{
    finding, instant, page, period, read_instant, request_id, source_id, tax, tax_filter,
    taxpayer_key,
};
pub use comparison::{comparison, errors};
pub use declaration::{
    assessed, corrected_by, declaration, declaration_state, obligation, with_lines,
};
pub use eligibility::{eligibility, eligible, facts, six_taxes_facts};
pub use explanation::{line_explanations, total_explanations};
pub use fields::{Fields, Violation};
pub use payment::{payment, quote};
pub use refund::{extension, inspection, refund, refund_cause, refund_id};
pub use rule::{parameter, relief_rule, tax_item};
pub use source::{SourceInput, source, source_input};
pub use taxpayer::{TaxpayerInput, six_taxes_windows, taxpayer, taxpayer_input, taxpayer_kind};
pub use voucher::{state as voucher_state, voucher};
