//! The sandbox's error dial: which of the next calls fail, and how.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::failure::Failure;
use super::reasons::{Reason, reason};
use crate::gateway::BankFault;
use crate::pb;

/// The effect is kept and the answer is lost: UNAVAILABLE, as when a connection breaks.
pub const ANSWER_LOST: &str = "ANSWER_LOST";
/// The effect is kept and the answer breaks off: the stream is reset.
pub const ANSWER_RESET: &str = "ANSWER_RESET";

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// It fails before anything is done.
    Fails(&'static Reason),
    /// It is done, and its answer is lost.
    AnswerLost,
    /// It is done, and its answer breaks off.
    AnswerReset,
    /// It is done, and the bank misbehaves with the order it makes.
    Bank(BankFault),
}

impl Scenario {
    /// Reads a reason of the catalogue, `ANSWER_LOST`, `ANSWER_RESET` or a `BANK_FAULT_…`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(reason) = reason(text) {
            return Some(reason.bank_fault().map_or(Self::Fails(reason), Self::Bank));
        }
        match text {
            ANSWER_LOST => Some(Self::AnswerLost),
            ANSWER_RESET => Some(Self::AnswerReset),
            _ => bank_fault(pb::BankFault::from_str_name(text)?).map(Self::Bank),
        }
    }
}

impl Reason {
    /// The failure to answer with on demand.
    pub(super) fn on_demand(&self) -> Failure {
        let missing = || Failure::Internal(format!("{} cannot be dialled", self.name));
        self.failure().unwrap_or_else(missing)
    }
}

/// The bank's fault of a fault on the wire.
pub fn bank_fault(wire: pb::BankFault) -> Option<BankFault> {
    use pb::BankFault as Wire;
    Some(match wire {
        Wire::Unspecified => return None,
        Wire::Refuse => BankFault::Refuse,
        Wire::Slow => BankFault::Slow,
        Wire::TimeOutAfterDebit => BankFault::TimeOutAfterDebit,
        Wire::TimeOutBeforeDebit => BankFault::TimeOutBeforeDebit,
        Wire::LoseAnswer => BankFault::LoseAnswer,
        Wire::ReportTwice => BankFault::ReportTwice,
        Wire::SettleBeforeAnswer => BankFault::SettleBeforeAnswer,
        Wire::SettleByFile => BankFault::SettleByFile,
        Wire::SettleInParts => BankFault::SettleInParts,
        Wire::Reverse => BankFault::Reverse,
        Wire::WrongAmount => BankFault::WrongAmount,
        Wire::Gone => BankFault::Gone,
        Wire::Forget => BankFault::Forget,
    })
}

/// The name on the wire of a bank's fault.
pub fn bank_fault_name(fault: BankFault) -> &'static str {
    (0..)
        .map_while(|number| pb::BankFault::try_from(number).ok())
        .find(|wire| bank_fault(*wire) == Some(fault))
        .unwrap_or_default()
        .as_str_name()
}

/// A failure that waits for its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialledFault {
    /// Only calls of this taxpayer; empty means everybody's.
    pub taxpayer_id: String,
    /// Only this method; empty means any.
    pub method: String,
    /// What happens, by the name it was asked for.
    pub name: String,
    /// What happens.
    pub scenario: Scenario,
    /// For how many calls; nothing means until it is turned off.
    pub times: Option<u32>,
}

impl fmt::Display for DialledFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, times, .. } = self;
        f.write_str(&line(&self.taxpayer_id, &self.method, name, *times))
    }
}

/// A fault as it is listed: `taxpayer method fault times`, `*` for any, `-1` for until turned off.
pub fn line(taxpayer_id: &str, method: &str, fault: &str, times: Option<u32>) -> String {
    let any = |text: &str| if text.is_empty() { "*" } else { text }.to_owned();
    let times = times.map_or("-1".to_owned(), |times| times.to_string());
    format!("{} {} {fault} {times}", any(taxpayer_id), any(method))
}

/// The failures that are set; the first that fits a call is taken.
#[derive(Debug, Default)]
pub struct ErrorDial(Mutex<Vec<DialledFault>>);

impl ErrorDial {
    /// Sets a fault, in place of the same one for the same calls. Zero times turns it off.
    pub fn set(&self, fault: DialledFault) {
        let same = |kept: &DialledFault| {
            (&kept.taxpayer_id, &kept.method, &kept.name)
                == (&fault.taxpayer_id, &fault.method, &fault.name)
        };
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.retain(|kept| !same(kept));
        if fault.times != Some(0) {
            faults.push(fault);
        }
    }

    /// What is set.
    pub fn list(&self) -> Vec<DialledFault> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Drops the faults of one taxpayer, or all.
    pub fn forget(&self, taxpayer_id: Option<&str>) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.retain(|kept| taxpayer_id.is_some_and(|id| kept.taxpayer_id != id));
    }

    /// Whether a method's calls may fail, and whether it has to be known whose call it is. Faults
    /// of any method count where `any` says so.
    pub fn waits_for(&self, method: &str, any: bool) -> Option<bool> {
        let faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |fault: &&DialledFault| fault.fits_method(method, any);
        let mut fitting = faults.iter().filter(fits).peekable();
        fitting.peek()?;
        Some(fitting.any(|fault| !fault.taxpayer_id.is_empty()))
    }

    /// What happens to a call, used up by one.
    pub fn take(&self, method: &str, any: bool, taxpayer_id: Option<&str>) -> Option<Scenario> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |fault: &DialledFault| {
            fault.fits_method(method, any)
                && (fault.taxpayer_id.is_empty() || taxpayer_id == Some(fault.taxpayer_id.as_str()))
        };
        let place = faults.iter().position(fits)?;
        let fault = faults.get_mut(place)?;
        let scenario = fault.scenario;
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
        }
        faults.retain(|fault| fault.times != Some(0));
        Some(scenario)
    }
}

impl DialledFault {
    fn fits_method(&self, method: &str, any: bool) -> bool {
        (any && self.method.is_empty()) || self.method == method
    }
}
