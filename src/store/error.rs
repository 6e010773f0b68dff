//! What can go wrong with a database, in the words of the rooms to the right.

use sqlx::migrate::MigrateError;

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
    /// It clashed with another transaction, and nothing of it stands: it may run again at once.
    #[error("clashed with another transaction: {0}")]
    Conflict(String),
    /// More wait for the database than may.
    #[error("too many wait for the database")]
    Overloaded,
    /// The disk is full.
    #[error("the disk of the database is full")]
    NoSpace,
    /// The disk does not take what is written.
    #[error("the database cannot be written: {0}")]
    CannotWrite(String),
    /// The database may only be read.
    #[error("the database is read-only")]
    ReadOnly,
    /// The database's file is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
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
        let sqlx::Error::Database(inner) = &error else {
            return match &error {
                sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Io(_)
                | sqlx::Error::Tls(_) => Self::Unavailable(error.to_string()),
                _ => Self::Driver(error),
            };
        };
        if inner.is_unique_violation() {
            return Self::AlreadyExists(inner.message().to_owned());
        }
        let code = inner.code().unwrap_or_default();
        let kind = if inner
            .try_downcast_ref::<sqlx::sqlite::SqliteError>()
            .is_some()
        {
            of_sqlite(&code)
        } else {
            of_postgres(&code, inner.message())
        };
        kind.unwrap_or_else(|| Self::Driver(error))
    }
}

/// What an error of SQLite's tells of the database itself, if anything.
pub(super) fn known(error: &sqlx::Error) -> Option<StoreError> {
    let sqlx::Error::Database(inner) = error else {
        return None;
    };
    inner.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    of_sqlite(&inner.code().unwrap_or_default())
}

/// What an error of SQLite's means; its code with the extension, as SQLite numbers them.
fn of_sqlite(code: &str) -> Option<StoreError> {
    let number: u32 = code.parse().ok()?;
    Some(match number & 0xff {
        // SQLITE_BUSY, SQLITE_LOCKED.
        5 | 6 => StoreError::Unavailable(format!("locked ({code})")),
        // SQLITE_READONLY.
        8 => StoreError::ReadOnly,
        // SQLITE_IOERR_WRITE, SQLITE_IOERR_SHMSIZE: a quota, a limit of file size, a disk that the
        // system made read-only.
        10 if matches!(number, 778 | 4874) => {
            StoreError::CannotWrite(format!("SQLite error {code}"))
        }
        // SQLITE_IOERR.
        10 => StoreError::Unavailable(format!("the disk failed ({code})")),
        // SQLITE_CORRUPT, SQLITE_NOTADB.
        11 | 26 => StoreError::Damaged(format!("SQLite error {code}")),
        // SQLITE_FULL.
        13 => StoreError::NoSpace,
        // SQLITE_CANTOPEN: out of file descriptors, or gone.
        14 => StoreError::Unavailable(format!("it cannot be opened ({code})")),
        _ => return None,
    })
}

/// What an error of PostgreSQL's means: SQLSTATE and message.
fn of_postgres(code: &str, message: &str) -> Option<StoreError> {
    let text = || format!("{message} ({code})");
    Some(match code {
        // serialization_failure, deadlock_detected, lock_not_available.
        "40001" | "40P01" | "55P03" => StoreError::Conflict(text()),
        // A serialization failure that a distributed database finds at the commit.
        "XX000" if message.contains("could not commit transaction for shard") => {
            StoreError::Conflict(text())
        }
        // disk_full.
        "53100" => StoreError::NoSpace,
        // read_only_sql_transaction: a standby.
        "25006" => StoreError::ReadOnly,
        // data_corrupted, index_corrupted.
        "XX001" | "XX002" => StoreError::Damaged(text()),
        // too_many_connections, query_canceled by a time limit, shutdowns.
        "53300" | "57014" | "57P01" | "57P02" | "57P03" | "25P03" => {
            StoreError::Unavailable(text())
        }
        other if other.starts_with("08") => StoreError::Unavailable(text()),
        _ => return None,
    })
}

/// Why migrations do not run, in words that say what to do.
pub(super) fn migrating(place: &str, error: &MigrateError) -> StoreError {
    let text = match error {
        MigrateError::VersionMissing(version) => format!(
            "it was written by a newer caixing (its schema has version {version}, which this one \
             does not know): use the newer one, or restore a backup"
        ),
        MigrateError::VersionMismatch(version) => format!(
            "version {version} of its schema is not the one this caixing knows: it was not made \
             by a released caixing"
        ),
        MigrateError::Dirty(version) => format!(
            "the migration to version {version} of its schema was interrupted: restore the backup \
             made before it"
        ),
        other => other.to_string(),
    };
    StoreError::Open(format!("{place}: {text}"))
}

impl StoreError {
    /// True where the transaction may run again at once: nothing of it stands.
    pub const fn may_repeat(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// The same, for another that shared its commit.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Conflict(why) => Self::Conflict(why.clone()),
            Self::Overloaded => Self::Overloaded,
            Self::NoSpace => Self::NoSpace,
            Self::CannotWrite(why) => Self::CannotWrite(why.clone()),
            Self::ReadOnly => Self::ReadOnly,
            Self::Damaged(what) => Self::Damaged(what.clone()),
            other => Self::Unavailable(other.to_string()),
        }
    }

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
