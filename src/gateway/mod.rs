//! The bank and treasury side (财税库银横向联网), called over a real connection.

mod client;
mod faults;
mod sandbox;

pub use client::BankClient;
pub use faults::{BankFault, BankFaults, FaultRule};
pub use sandbox::{SandboxBank, serve_sandbox};
