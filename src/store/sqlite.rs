//! The embedded database: one writer, many readers, write-ahead log, durable commits.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use super::StoreError;

/// The file in the data directory.
const FILE: &str = "caixing.sqlite3";
const READERS_MAX: u32 = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// The two pools of the embedded database.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens (or makes) the file and runs the migrations.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        let refuse = |error: &dyn std::fmt::Display| {
            StoreError::Open(format!("{}: {error}", dir.join(FILE).display()))
        };
        std::fs::create_dir_all(dir).map_err(|error| refuse(&error))?;
        let options = SqliteConnectOptions::new()
            .filename(dir.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: an acknowledged filing survives a power loss (invariant 7).
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(QUEUE_TIMEOUT)
            .connect_with(options.clone())
            .await
            .map_err(|error| refuse(&error))?;
        sqlx::migrate!("migrations/sqlite")
            .run(&writer)
            .await
            .map_err(|error| refuse(&error))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(QUEUE_TIMEOUT)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .map_err(|error| refuse(&error))?;
        Ok(Self { writer, readers })
    }

    /// Opens the file as it stands, for reading; both pools only read.
    pub async fn open_for_reading(dir: &Path) -> Result<Self, StoreError> {
        let refuse = |error: &dyn std::fmt::Display| {
            StoreError::Open(format!("{}: {error}", dir.join(FILE).display()))
        };
        if !dir.join(FILE).is_file() {
            return Err(refuse(&"there is no such database"));
        }
        let options = SqliteConnectOptions::new()
            .filename(dir.join(FILE))
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT);
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(QUEUE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(|error| refuse(&error))?;
        Ok(Self {
            writer: readers.clone(),
            readers,
        })
    }

    /// True when the pools are closed.
    pub fn is_closed(&self) -> bool {
        self.readers.is_closed()
    }

    /// `BEGIN IMMEDIATE`: the write lock is taken at once, so no later statement can find it gone.
    pub async fn begin_write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A snapshot for reading.
    pub async fn begin_read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.readers.begin().await?)
    }

    /// Closes both pools.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
