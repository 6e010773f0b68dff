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
        // serialization_failure, deadlock_detected.
        "40001" | "40P01" => StoreError::Conflict(text()),
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
        // too_many_connections, lock_not_available and query_canceled by their time limits,
        // shutdowns. Who waited for its time limit does not wait again at once.
        "53300" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" | "25P03" => {
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
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => cannot(error),
        other => other.to_string(),
    };
    StoreError::Open(format!("{place}: {text}"))
}

/// Why a server's database cannot be used, in words that say what to do.
pub(super) fn cannot(error: &sqlx::Error) -> String {
    let hint = match error {
        sqlx::Error::Io(_) => "is the server running, and are host and port right?",
        sqlx::Error::Tls(_) => "the server's certificate or sslmode does not fit",
        sqlx::Error::Configuration(_) => "write postgres://USER:PASSWORD@HOST:PORT/DATABASE",
        sqlx::Error::Database(inner) => match inner.code().unwrap_or_default().as_ref() {
            // invalid_authorization_specification, invalid_password.
            "28000" | "28P01" => "are user and password right, and may the user connect?",
            // invalid_catalog_name.
            "3D000" => "make it first: CREATE DATABASE",
            // invalid_schema_name, insufficient_privilege.
            "3F000" | "42501" => {
                "the user needs a schema in which it may make tables: GRANT CREATE, USAGE ON SCHEMA"
            }
            // undefined_table.
            "42P01" => "it has no tables of caixing yet: start the service on it once",
            // too_many_connections.
            "53300" => "give the server more connections (max_connections)",
            // cannot_connect_now.
            "57P03" => "the server starts or stops; try again",
            _ => "",
        },
        _ => "",
    };
    match hint {
        "" => error.to_string(),
        hint => format!("{error}: {hint}"),
    }
}

impl StoreError {
    /// True where the transaction may run again at once: nothing of it stands. What no lock
    /// covers (a taxpayer that is registered twice at once, a case of nobody) shows a clash as a
    /// key that is there by now or a row that has moved on: run again, it is seen and answered.
    pub const fn may_repeat(&self) -> bool {
        matches!(
            self,
            Self::Conflict(_) | Self::AlreadyExists(_) | Self::Stale(_)
        )
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

#[cfg(test)]
mod tests {
    use super::{StoreError, of_postgres, of_sqlite};

    /// The kind, as tables of these tests name it.
    fn kind(error: Option<StoreError>) -> &'static str {
        match error {
            None => "driver",
            Some(StoreError::Conflict(_)) => "conflict",
            Some(StoreError::NoSpace) => "no space",
            Some(StoreError::ReadOnly) => "read-only",
            Some(StoreError::Damaged(_)) => "damaged",
            Some(StoreError::Unavailable(_)) => "unavailable",
            Some(_) => "another",
        }
    }

    #[test]
    fn every_code_of_postgresql_has_its_meaning() {
        let shard = "could not commit transaction for shard 102008 on at least 1 active node";
        for (code, message, expected) in [
            ("40001", "could not serialize access", "conflict"),
            ("40P01", "deadlock detected", "conflict"),
            ("XX000", shard, "conflict"),
            ("XX000", "cache lookup failed", "driver"),
            ("53100", "could not extend file", "no space"),
            ("25006", "in a read-only transaction", "read-only"),
            ("XX001", "invalid page in block 0", "damaged"),
            ("XX002", "index is not a btree", "damaged"),
            ("53300", "sorry, too many clients already", "unavailable"),
            (
                "55P03",
                "canceling statement due to lock timeout",
                "unavailable",
            ),
            ("57014", "due to statement timeout", "unavailable"),
            ("57P01", "due to administrator command", "unavailable"),
            ("57P02", "crash of another server process", "unavailable"),
            ("57P03", "the database system is starting up", "unavailable"),
            ("25P03", "due to idle-in-transaction timeout", "unavailable"),
            ("08006", "connection failure", "unavailable"),
            ("08P01", "protocol violation", "unavailable"),
            ("23514", "violates check constraint", "driver"),
            ("42601", "syntax error", "driver"),
        ] {
            let error = of_postgres(code, message);
            if let Some(StoreError::Conflict(text) | StoreError::Unavailable(text)) = &error {
                assert_eq!(*text, format!("{message} ({code})"));
            }
            assert_eq!(kind(error), expected, "{code}: {message}");
        }
    }

    #[test]
    fn every_code_of_sqlite_has_its_meaning() {
        for (code, expected) in [
            // BUSY, BUSY_SNAPSHOT, LOCKED.
            ("5", "unavailable"),
            ("517", "unavailable"),
            ("6", "unavailable"),
            // READONLY, READONLY_DBMOVED.
            ("8", "read-only"),
            ("1032", "read-only"),
            // IOERR, IOERR_FSYNC.
            ("10", "unavailable"),
            ("1034", "unavailable"),
            // CORRUPT, NOTADB.
            ("11", "damaged"),
            ("26", "damaged"),
            // FULL.
            ("13", "no space"),
            // CONSTRAINT_CHECK, ERROR.
            ("275", "driver"),
            ("1", "driver"),
            ("", "driver"),
        ] {
            assert_eq!(kind(of_sqlite(code)), expected, "{code}");
        }
    }

    #[test]
    fn what_a_clash_leaves_nothing_of_runs_again_and_nothing_else() {
        let text = String::new;
        for (error, again) in [
            (StoreError::Conflict(text()), true),
            (StoreError::AlreadyExists(text()), true),
            (StoreError::Stale("payment"), true),
            // A commit may stand although its answer was lost.
            (StoreError::Unavailable(text()), false),
            (StoreError::Overloaded, false),
            (StoreError::NoSpace, false),
            (StoreError::ReadOnly, false),
            (StoreError::Damaged(text()), false),
        ] {
            assert_eq!(error.may_repeat(), again, "{error}");
        }
    }
}
