//! What can go wrong with a database, in the words of the rooms to the right.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique key says it is there already; the index or table says which.
    #[error("already there: {0}")]
    AlreadyExists(String),
    /// The row was changed by somebody else since it was read.
    #[error("stale: {0}")]
    Stale(&'static str),
    /// What is stored cannot be: it is reported, never repaired silently.
    #[error("inconsistent {table}: {problem}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The database is busy beyond its time limit, or gone.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The driver's own error.
    #[error("database: {0}")]
    Driver(sqlx::Error),
    /// The database cannot be opened.
    #[error("cannot open the database: {0}")]
    Open(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                Self::AlreadyExists(inner.message().to_owned())
            }
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(error.to_string())
            }
            // SQLITE_BUSY and SQLITE_LOCKED with their extended codes.
            sqlx::Error::Database(inner)
                if inner
                    .code()
                    .and_then(|code| code.parse::<u32>().ok())
                    .is_some_and(|code| matches!(code & 0xff, 5 | 6)) =>
            {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Driver(error),
        }
    }
}

impl StoreError {
    /// A stored JSON that cannot be read.
    pub(super) fn json(table: &'static str, error: &serde_json::Error) -> Self {
        Self::Inconsistent {
            table,
            problem: error.to_string(),
        }
    }

    /// A stored value that cannot be.
    pub(super) fn value(table: &'static str, problem: impl ToString) -> Self {
        Self::Inconsistent {
            table,
            problem: problem.to_string(),
        }
    }
}
