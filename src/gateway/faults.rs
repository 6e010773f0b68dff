//! How the sandbox's bank and treasury can misbehave, and for whose next orders.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

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

/// Where a bank's faults come from.
#[derive(Debug)]
pub enum FaultSource {
    /// A dial that is turned by somebody else.
    Dial(Arc<BankFaults>),
    /// A file.
    File(FaultFile),
}

impl FaultSource {
    /// The fault of a taxpayer's next order, used up by one.
    pub fn take(&self, taxpayer_id: &str) -> Option<BankFault> {
        match self {
            Self::Dial(faults) => faults.take(taxpayer_id),
            Self::File(file) => {
                file.look();
                file.faults.take(taxpayer_id)
            }
        }
    }
}

/// A file of faults that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the faults file {file} is refused: {problem}")]
pub struct FaultFileError {
    file: String,
    problem: String,
}

/// A file with a JSON list of [`FaultRule`], or with one such rule on each line. It is looked at
/// before each order; only where its text has changed does it replace what was set.
#[derive(Debug)]
pub struct FaultFile {
    path: PathBuf,
    text: Mutex<String>,
    faults: BankFaults,
}

impl FaultFile {
    /// Opens a file of faults.
    ///
    /// # Errors
    /// [`FaultFileError`] when it cannot be read or says something else.
    pub fn open(path: PathBuf) -> Result<Self, FaultFileError> {
        let refuse = |problem: String| FaultFileError {
            file: path.display().to_string(),
            problem,
        };
        let text = std::fs::read_to_string(&path).map_err(|error| refuse(error.to_string()))?;
        let rules = parse(&text).map_err(refuse)?;
        let faults = BankFaults::default();
        faults.replace(rules);
        Ok(Self {
            path,
            text: Mutex::new(text),
            faults,
        })
    }

    /// Takes a changed text in. One that cannot be read changes nothing and is logged, once.
    fn look(&self) {
        let mut kept = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.path.display();
        match std::fs::read_to_string(&self.path) {
            Ok(text) if text == *kept => {}
            Ok(text) => {
                match parse(&text) {
                    Ok(rules) => self.faults.replace(rules),
                    Err(problem) => tracing::error!(%file, problem, "faults stay as they were"),
                }
                *kept = text;
            }
            Err(error) => tracing::error!(%file, %error, "faults stay as they were"),
        }
    }
}

/// Reads a JSON list of rules, or one rule on each line.
fn parse(text: &str) -> Result<Vec<FaultRule>, String> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    let lines = (1..).zip(text.lines());
    let rule = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| format!("line {number}: {error}"))
    };
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(rule)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{BankFault, BankFaults, FaultFile, FaultRule, FaultSource};

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

    #[test]
    fn a_file_of_faults_is_taken_in_when_its_text_changes_and_only_then() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("faults.json");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write("[{\"fault\": \"SLOW\", \"times\": 1}]");
        let source = FaultSource::File(FaultFile::open(path.clone()).unwrap());
        assert_eq!(source.take("a"), Some(BankFault::Slow));
        // The text is the same: what was used up stays used up.
        assert_eq!(source.take("a"), None);
        write("{\"fault\": \"GONE\", \"taxpayer_id\": \"b\"}\n\n{\"fault\": \"FORGET\"}\n");
        assert_eq!(source.take("a"), Some(BankFault::Forget));
        assert_eq!(source.take("b"), Some(BankFault::Gone));
        // A text that says nothing sensible, or no file at all, changes nothing.
        write("[{\"fault\": \"EAT_THE_MONEY\"}]");
        assert_eq!(source.take("a"), Some(BankFault::Forget));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(source.take("b"), Some(BankFault::Gone));
        write("");
        assert_eq!(source.take("b"), None);
    }

    #[test]
    fn a_file_that_is_malformed_at_the_start_is_refused_with_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("faults.jsonl");
        let refused = |text: &str| {
            std::fs::write(&path, text).unwrap();
            FaultFile::open(path.clone()).unwrap_err().to_string()
        };
        let said = refused("{\"fault\": \"SLOW\"}\n{\"fault\": \"SLOWER\"}\n");
        assert!(said.contains("line 2") && said.contains("SLOWER"), "{said}");
        assert!(said.contains("faults.jsonl"), "{said}");
        let said = refused("[{\"fault\": \"SLOW\", \"often\": 2}]");
        assert!(said.contains("often"), "{said}");
        let gone = FaultFile::open(dir.path().join("none")).unwrap_err();
        assert!(gone.to_string().contains("none"), "{gone}");
    }
}
