//! One integration binary: worked cases of law, journeys over sockets, and the house rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cases;
mod grpcurl;
mod process;
mod readme;
mod restart;
mod values;
mod whole_form;
