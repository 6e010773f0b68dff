//! One integration binary: worked cases of law, journeys over sockets, and the house rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cases;
mod documents;
mod values;
mod whole_form;
mod worked_journey;
