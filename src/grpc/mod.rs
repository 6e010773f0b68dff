//! The door (门): one file per service, one screen per RPC.
//!
//! A handler reads like the procedure: parse, begin, answer a repeat, load, decide (pure), save,
//! commit, answer. `convert` holds the only files that know both wire and domain; `status` is the
//! only place where an error becomes a status.

mod app;
mod arrears;
mod assessment;
mod batch;
mod call;
mod case;
mod comparison;
mod correction;
mod declaration;
mod dial;
mod eligibility;
mod event;
mod explanation;
mod facts;
mod failure;
mod fault;
mod following;
mod import;
mod inspection;
mod issuing;
mod item;
mod measuring;
mod officer;
mod offsetting;
mod outcome;
mod payment;
mod quoting;
mod reasons;
mod reconciliation;
mod refund;
mod refusals;
mod rendering;
mod room;
mod rule;
mod sandbox;
mod scenario;
mod sheet;
mod status;
mod tax_source;
mod taxpayer;
mod trailers;
mod treasury;
mod voucher;
mod watching;

pub mod convert;

pub use app::{App, Parts};
pub use assessment::assess;
pub use call::{Call, Language};
pub use comparison::compare_assessments;
pub use declaration::Declarations;
pub use dial::ErrorDial;
pub use event::Events;
pub use failure::Failure;
pub use measuring::MeasuringLayer;
pub use officer::Officers;
pub use outcome::Outcomes;
pub use payment::{Payments, hear};
pub use reasons::{Reason, Topic, reason, reasons};
pub use rule::Rules;
pub use sandbox::Sandbox;
pub use scenario::ScenarioLayer;
pub use status::status;
pub use tax_source::TaxSources;
pub use taxpayer::Taxpayers;
pub use trailers::move_idempotency_hit;
pub use treasury::TreasuryCallbacks;
pub use voucher::Vouchers;
