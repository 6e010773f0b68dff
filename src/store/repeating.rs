//! Transactions that clash run again: bounded, and counted by the transaction's name.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use super::StoreError;

/// How often a transaction runs at most.
const RUNS_MAX: u32 = 8;

/// How often transactions clashed, by name.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<BTreeMap<&'static str, Repeated>>);

/// What became of the clashes of one name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Repeated {
    /// Runs that clashed and were run again.
    pub again: u64,
    /// Transactions that clashed every time, and were given up.
    pub given_up: u64,
}

impl Repeats {
    fn count(&self, name: &'static str, add: impl FnOnce(&mut Repeated)) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        add(counts.entry(name).or_default());
    }

    /// The counts by name.
    pub fn counts(&self) -> BTreeMap<&'static str, Repeated> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl super::Store {
    /// How often transactions clashed.
    pub fn repeats(&self) -> &Repeats {
        &self.repeats
    }
}

/// Runs work that is one transaction, again where it clashed with another's and nothing of it
/// stands; `clash` finds the store's error in the work's own.
///
/// # Errors
/// The work's own, of its last run.
pub async fn repeat<T, E, F>(
    repeats: &Repeats,
    name: &'static str,
    clash: fn(&E) -> Option<&StoreError>,
    mut work: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for _ in 1..RUNS_MAX {
        match work().await {
            Err(error) if clash(&error).is_some_and(StoreError::may_repeat) => {
                let why = clash(&error).map(ToString::to_string);
                tracing::debug!(transaction = name, why, "run again");
                repeats.count(name, |counted| counted.again += 1);
                // The other goes on first.
                tokio::task::yield_now().await;
            }
            done => return done,
        }
    }
    let last = work().await;
    if let Err(error) = &last
        && clash(error).is_some_and(StoreError::may_repeat)
    {
        tracing::warn!(transaction = name, "clashed every time; given up");
        repeats.count(name, |counted| counted.given_up += 1);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::{RUNS_MAX, Repeated, Repeats, repeat};
    use crate::store::StoreError;
    use std::cell::Cell;

    fn clash() -> Result<u32, StoreError> {
        Err(StoreError::Conflict("40001".to_owned()))
    }

    async fn run(repeats: &Repeats, clashes: u32, runs: &Cell<u32>) -> Result<u32, StoreError> {
        repeat(
            repeats,
            "Submit",
            |error| Some(error),
            || {
                runs.set(runs.get() + 1);
                let done = if runs.get() <= clashes {
                    clash()
                } else {
                    Ok(runs.get())
                };
                std::future::ready(done)
            },
        )
        .await
    }

    #[tokio::test]
    async fn a_clash_runs_again_and_is_counted_by_name() {
        let (repeats, runs) = (Repeats::default(), Cell::new(0));
        assert_eq!(run(&repeats, 3, &runs).await.unwrap(), 4);
        let counted = Repeated {
            again: 3,
            given_up: 0,
        };
        assert_eq!(repeats.counts().get("Submit"), Some(&counted));
    }

    #[tokio::test]
    async fn clashes_without_end_are_given_up() {
        let (repeats, runs) = (Repeats::default(), Cell::new(0));
        let error = run(&repeats, u32::MAX, &runs).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{error}");
        assert_eq!(runs.get(), RUNS_MAX);
        assert_eq!(repeats.counts()["Submit"].given_up, 1);
    }

    #[tokio::test]
    async fn another_error_is_not_repeated() {
        let (repeats, runs) = (Repeats::default(), Cell::new(0));
        let done: Result<u32, _> = repeat(
            &repeats,
            "Submit",
            |error| Some(error),
            || {
                runs.set(runs.get() + 1);
                std::future::ready(Err(StoreError::NoSpace))
            },
        )
        .await;
        assert!(matches!(done, Err(StoreError::NoSpace)));
        assert_eq!((runs.get(), repeats.counts().len()), (1, 0));
    }
}
