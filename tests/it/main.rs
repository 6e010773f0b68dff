//! One integration binary: worked cases of law, journeys over sockets, and the house rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod audit;
mod audit_both;
mod bad_database;
mod bad_input;
mod bad_values;
mod bad_values_life;
mod bank_facts;
mod bank_faults;
mod bank_process;
mod batches;
mod cases;
mod compared;
mod compat;
mod correction;
mod correction_bars;
mod correction_cases;
mod cuts;
mod databases;
mod documents;
mod duplicates;
mod eligibility;
mod events;
mod explained;
mod extensions;
mod findings;
mod form_cases;
mod grpcurl;
mod import_bounds;
mod import_cli;
mod imports;
mod invariants;
mod isolation;
mod journey;
mod lifecycle;
mod lookups;
mod model;
mod months;
mod officer_cases;
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
mod reconciliation;
mod refund_calls;
mod refund_corrected;
mod refund_interest;
mod refund_sheets;
mod refund_store;
mod refunds;
mod refusals;
mod region;
mod rendering;
mod repeats;
mod restart;
mod retries;
mod revision;
mod rules;
mod rules_cli;
mod sample;
mod sandbox;
mod sandbox_clock;
mod schemas;
mod second_calculator;
mod stale;
mod store_cases;
mod store_suite;
mod support;
mod tidy;
mod two_processes;
mod values;
mod voiding;
mod voucher_sheets;
mod vouchers;
mod watching;
mod whole_form;
mod worked_journey;
