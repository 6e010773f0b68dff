//! How the sandbox's bank and treasury can misbehave, and for whose next orders.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// One way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BankFault {
    /// Refuses the debit.
    Refuse,
    /// Debits and answers late, still within the deadline.
    Slow,
    /// Debits, and its answer does not come before the deadline.
    TimeOutAfterDebit,
    /// Never takes the order in, and does not answer.
    TimeOutBeforeDebit,
    /// Debits, and the connection breaks instead of an answer.
    LoseAnswer,
    /// Reports the settlement twice.
    ReportTwice,
    /// Reports the settlement before it answers the debit.
    SettleBeforeAnswer,
    /// Debits and does not report the settlement; the day's file does.
    SettleByFile,
    /// Reports the settlement in two parts.
    SettleInParts,
    /// Debits, then takes the debit back before it settles.
    Reverse,
    /// Reports a settlement of another amount.
    WrongAmount,
    /// Is not reachable at all.
    Gone,
    /// Answers queries as if it had never seen the order, although it debited.
    Forget,
}

/// A fault that waits for its orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Only orders of this taxpayer; empty means everybody's.
    #[serde(default)]
    pub taxpayer_id: String,
    /// What goes wrong.
    pub fault: BankFault,
    /// For how many orders; nothing means until it is turned off.
    #[serde(default)]
    pub times: Option<u32>,
}

/// The faults that are set, the first that fits is taken.
#[derive(Debug, Default)]
pub struct BankFaults(Mutex<Vec<FaultRule>>);

impl BankFaults {
    /// Sets a fault, in place of the same one for the same taxpayer. Zero times turns it off.
    pub fn set(&self, rule: FaultRule) {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rules.retain(|kept| kept.taxpayer_id != rule.taxpayer_id || kept.fault != rule.fault);
        if rule.times != Some(0) {
            rules.push(rule);
        }
    }

    /// Puts a whole list in place of what was set.
    pub fn replace(&self, list: Vec<FaultRule>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = list;
    }

    /// What is set.
    pub fn list(&self) -> Vec<FaultRule> {
        let rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rules.clone()
    }

    /// The fault of a taxpayer's next order, used up by one.
    pub fn take(&self, taxpayer_id: &str) -> Option<BankFault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |rule: &FaultRule| rule.taxpayer_id.is_empty() || rule.taxpayer_id == taxpayer_id;
        let place = rules.iter().position(fits)?;
        let rule = rules.get_mut(place)?;
        let fault = rule.fault;
        if let Some(times) = &mut rule.times {
            *times = times.saturating_sub(1);
        }
        rules.retain(|rule| rule.times != Some(0));
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::{BankFault, BankFaults, FaultRule};

    fn rule(taxpayer: &str, fault: BankFault, times: Option<u32>) -> FaultRule {
        FaultRule {
            taxpayer_id: taxpayer.to_owned(),
            fault,
            times,
        }
    }

    #[test]
    fn a_fault_is_used_up_by_the_orders_it_was_set_for() {
        let faults = BankFaults::default();
        faults.set(rule("a", BankFault::Slow, Some(2)));
        faults.set(rule("", BankFault::Gone, None));
        assert_eq!(faults.take("b"), Some(BankFault::Gone));
        assert_eq!(faults.take("a"), Some(BankFault::Slow));
        assert_eq!(faults.take("a"), Some(BankFault::Slow));
        assert_eq!(faults.take("a"), Some(BankFault::Gone));
        faults.set(rule("", BankFault::Gone, Some(0)));
        assert_eq!(faults.take("a"), None);
    }
}
