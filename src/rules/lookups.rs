//! Which parameters and tables code looks up, so that a pack's dead rows can be told.
//!
//! `looked_up.txt` lists them. A test plays every worked case on a book that notes its lookups and
//! compares: the list holds what is really looked up, and nothing else.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::pack::RuleBook;

/// The ids of parameters and tables that code looks up, one a line; a line that ends in `*` is a
/// family whose last part comes from a source. Lines that begin with `#` are comments.
pub const LOOKED_UP: &str = include_str!("looked_up.txt");

/// True where code looks the id up.
pub fn is_looked_up(id: &str) -> bool {
    LOOKED_UP.lines().any(|line| match line.strip_suffix('*') {
        Some(family) => id.starts_with(family),
        None => line == id,
    })
}

/// The ids that were looked up, whether or not they were found.
#[derive(Debug, Clone, Default)]
pub struct Lookups(Arc<Mutex<BTreeSet<String>>>);

impl Lookups {
    pub(super) fn note(&self, id: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains(id) {
            seen.insert(id.to_owned());
        }
    }

    /// What has been looked up so far.
    pub fn seen(&self) -> BTreeSet<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }
}

impl RuleBook {
    /// The same pack, noting its lookups.
    #[must_use]
    pub fn noting(&self, lookups: &Lookups) -> Self {
        Self {
            lookups: Some(lookups.clone()),
            ..self.clone()
        }
    }
}
