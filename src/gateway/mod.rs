//! The bank and treasury side (财税库银横向联网), called over a real connection.

mod books;
mod client;
mod faults;
mod reporter;
mod sandbox;

pub use books::Books;
pub use client::{BankClient, Reversal};
pub use faults::{BankFault, BankFaults, FaultFile, FaultFileError, FaultRule, FaultSource};
pub use reporter::{DayFileError, Reporter};
pub use sandbox::{BankError, SandboxBank, ToSettle, serve_sandbox};
