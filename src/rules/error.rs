//! Why a rule pack is refused, and why a lookup finds nothing.

use jiff::civil::Date;

use crate::types::Region;

/// A rule file that the loader refuses. A wrong pack never starts a server.
#[derive(Debug, thiserror::Error)]
pub enum RuleFileError {
    /// The file cannot be read from disk.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML of the expected shape (unknown keys are refused too).
    #[error("{path}: {message}")]
    Syntax {
        /// The file.
        path: String,
        /// What is wrong and where.
        message: String,
    },
    /// The file is well-formed but says something that cannot be.
    #[error("{path}: {id}: {problem}")]
    Content {
        /// The file.
        path: String,
        /// The row.
        id: String,
        /// What is wrong.
        problem: String,
    },
}

/// A lookup that found nothing. Never zero, never a guess.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// No row of the place, its city, its province or the nation covers the day.
    #[error("no value of {id} for {region} on {on}")]
    Missing {
        /// The parameter asked for.
        id: String,
        /// The place asked for.
        region: Region,
        /// The day asked for.
        on: Date,
    },
    /// The value is there but is not what the caller needs (a pack that does not fit the code).
    #[error("{id} is not a {wanted}")]
    WrongKind {
        /// The parameter asked for.
        id: String,
        /// What it should be.
        wanted: &'static str,
    },
}
