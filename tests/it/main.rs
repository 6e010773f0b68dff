//! One integration binary: worked cases of law, journeys over sockets, and the house rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod bad_values;
mod cases;
mod compared;
mod compat;
mod documents;
mod eligibility;
mod explained;
mod extensions;
mod findings;
mod form_cases;
mod grpcurl;
mod journey;
mod lifecycle;
mod lookups;
mod orders;
mod paging;
mod payments;
mod procedure;
mod procedure_money;
mod procedure_six;
mod process;
mod properties;
mod radar;
mod readme;
mod refund_calls;
mod refund_corrected;
mod refund_interest;
mod refund_store;
mod refunds;
mod refusals;
mod region;
mod repeats;
mod restart;
mod rules;
mod rules_cli;
mod sample;
mod second_calculator;
mod store_suite;
mod support;
mod tidy;
mod values;
mod whole_form;
mod worked_journey;
