//! The embedded database: one writer, many readers, write-ahead log, durable commits.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Sqlite, SqliteConnection, Transaction};
use tokio::sync::watch;

use super::StoreError;
use super::condition::{Condition, Noted};
use super::error::migrating;
use super::file_check;
use super::lock::DirectoryLock;
use super::writer::{Commits, Turn, Writer};
use crate::types::TaxpayerKey;

/// The file in the data directory.
const FILE: &str = "caixing.sqlite3";
const READERS_MAX: u32 = 8;
/// Statements kept prepared on each connection; there are fewer.
const STATEMENTS_KEPT: usize = 400;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of the log that stay on the disk after a large transaction.
const LOG_KEPT: &str = "67108864";

/// How much may wait for the embedded database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many transactions may wait for their turn to write; more are turned away at once.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { waiting: 1024 }
    }
}

/// The file of the embedded database in a directory.
pub(super) fn file(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// The writer and the readers of the embedded database.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    /// Nothing where the database is only read.
    writer: Option<Writer>,
    readers: SqlitePool,
    noted: Noted,
    /// The directory belongs to this process; nothing where the database is only read.
    lock: Option<Arc<DirectoryLock>>,
}

/// A transaction on the embedded database.
#[derive(Debug)]
pub(super) enum SqliteTx {
    /// On a snapshot.
    Reads(Transaction<'static, Sqlite>, Noted),
    /// The writer's turn.
    Writes(Turn),
}

impl SqliteTx {
    /// The connection it runs on.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        match self {
            Self::Reads(transaction, _) => Ok(&mut **transaction),
            Self::Writes(turn) => turn.connection(),
        }
    }

    /// From now on the transaction has written.
    pub(super) const fn writes(&mut self) {
        if let Self::Writes(turn) = self {
            turn.writes();
        }
    }

    /// What a statement gave, after what its error tells of the database is noted.
    pub(super) fn noted<T>(&self, done: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if let Err(error) = &done {
            match self {
                Self::Reads(_, noted) => noted.saw(error),
                Self::Writes(turn) => turn.saw(error),
            }
        }
        done
    }

    /// Ends it well and waits until it is durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Reads(transaction, _) => Ok(transaction.commit().await?),
            Self::Writes(turn) => turn.commit().await,
        }
    }
}

impl SqliteStore {
    /// Opens (or makes) the file, after the checks a start has time for, and runs the migrations.
    pub async fn open(dir: &Path, limits: Limits) -> Result<Self, StoreError> {
        let file = dir.join(FILE);
        std::fs::create_dir_all(dir).map_err(|error| file_check::refuse(dir, &error))?;
        let lock = DirectoryLock::take(dir)?;
        file_check::before_opening(&file, lock.made())?;
        let refuse = |error| file_check::refuse_error(&file, error);
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: an acknowledged filing survives a power loss (invariant 7).
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", LOG_KEPT)
            .foreign_keys(true)
            .statement_cache_capacity(STATEMENTS_KEPT)
            .busy_timeout(BUSY_TIMEOUT);
        let mut connection = options.connect().await.map_err(refuse)?;
        file_check::after_opening(&file, &mut connection).await?;
        sqlx::migrate!("migrations/sqlite")
            .run(&mut connection)
            .await
            .map_err(|error| migrating(&file.display().to_string(), &error))?;
        lock.now_made();
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(QUEUE_TIMEOUT)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .map_err(refuse)?;
        let noted = Noted::well();
        let writer = Writer::on(connection, limits.waiting, noted.clone()).await?;
        // On a full disk the service starts, reads, and says that it cannot write.
        let _ = writer.try_to_write().await;
        writer.keep_trying();
        Ok(Self {
            writer: Some(writer),
            readers,
            noted,
            lock: Some(lock),
        })
    }

    /// Opens the file as it stands, for reading.
    pub async fn open_for_reading(dir: &Path) -> Result<Self, StoreError> {
        let file = dir.join(FILE);
        if !file.is_file() {
            return Err(file_check::refuse(&file, &"there is no such database"));
        }
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT);
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(QUEUE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(|error| file_check::refuse_error(&file, error))?;
        Ok(Self {
            writer: None,
            readers,
            noted: Noted::well(),
            lock: None,
        })
    }

    /// What the database can do, from now on.
    pub(super) fn condition(&self) -> watch::Receiver<Condition> {
        self.noted.watch()
    }

    /// How commits were shared.
    pub(super) fn commits(&self) -> Option<Commits> {
        self.writer.as_ref().map(Writer::commits)
    }

    /// What the full check of the file finds.
    pub(super) async fn check_file(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.readers.acquire().await?;
        match file_check::full(&mut connection).await {
            Ok(found) => Ok(found),
            Err(error) => match super::error::known(&error) {
                // So damaged that the check cannot end.
                Some(StoreError::Damaged(code)) => Ok(vec![format!("{error} ({code})")]),
                _ => Err(error.into()),
            },
        }
    }

    /// True when the pools are closed.
    pub fn is_closed(&self) -> bool {
        self.readers.is_closed()
    }

    /// The writer's turn, for a taxpayer's transaction.
    pub(super) async fn begin_write(
        &self,
        taxpayer: Option<TaxpayerKey>,
    ) -> Result<SqliteTx, StoreError> {
        match &self.writer {
            Some(writer) => Ok(SqliteTx::Writes(writer.turn(taxpayer).await?)),
            None => Err(StoreError::ReadOnly),
        }
    }

    /// A snapshot for reading.
    pub(super) async fn begin_read(&self) -> Result<SqliteTx, StoreError> {
        let begun = self.readers.begin().await;
        if let Err(error) = &begun {
            self.noted.saw(error);
        }
        Ok(SqliteTx::Reads(begun?, self.noted.clone()))
    }

    /// Closes everything, after what runs has ended.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
        if let Some(lock) = &self.lock {
            lock.close();
        }
    }
}
