//! The embedded database: one writer, many readers, write-ahead log, durable commits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Sqlite, SqliteConnection, Transaction};

use super::StoreError;
use super::error::migrating;
use super::writer::{Turn, Writer};
use crate::types::TaxpayerKey;

/// The file in the data directory.
const FILE: &str = "caixing.sqlite3";
const READERS_MAX: u32 = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

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
}

/// A transaction on the embedded database.
#[derive(Debug)]
pub(super) enum SqliteTx {
    /// On a snapshot.
    Reads(Transaction<'static, Sqlite>),
    /// The writer's turn.
    Writes(Turn),
}

impl SqliteTx {
    /// The connection it runs on.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        match self {
            Self::Reads(transaction) => Ok(&mut **transaction),
            Self::Writes(turn) => turn.connection(),
        }
    }

    /// From now on the transaction has written.
    pub(super) const fn writes(&mut self) {
        if let Self::Writes(turn) = self {
            turn.writes();
        }
    }

    /// Ends it well and waits until it is durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Reads(transaction) => Ok(transaction.commit().await?),
            Self::Writes(turn) => turn.commit().await,
        }
    }
}

impl SqliteStore {
    /// Opens (or makes) the file and runs the migrations.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        let place = dir.join(FILE).display().to_string();
        let refuse = |error: &dyn std::fmt::Display| StoreError::Open(format!("{place}: {error}"));
        std::fs::create_dir_all(dir).map_err(|error| refuse(&error))?;
        let options = SqliteConnectOptions::new()
            .filename(dir.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: an acknowledged filing survives a power loss (invariant 7).
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let mut connection = options.connect().await.map_err(|error| refuse(&error))?;
        sqlx::migrate!("migrations/sqlite")
            .run(&mut connection)
            .await
            .map_err(|error| migrating(&place, &error))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(QUEUE_TIMEOUT)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .map_err(|error| refuse(&error))?;
        Ok(Self {
            writer: Some(Writer::on(connection)),
            readers,
        })
    }

    /// Opens the file as it stands, for reading.
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
            writer: None,
            readers,
        })
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
        Ok(SqliteTx::Reads(self.readers.begin().await?))
    }

    /// Closes everything, after what runs has ended.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }
}
