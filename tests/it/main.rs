//! One integration binary: worked cases of law, journeys over sockets, and the house rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cases;
mod compat;
mod lifecycle;
mod procedure;
mod rules;
mod sample;
mod store_suite;
mod tidy;
mod values;
