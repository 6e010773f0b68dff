//! Where it is kept (存): SQL written once, one closed `enum` over the backends.
//!
//! A [`Tx`] is a transaction: handlers begin, load, decide (pure), save and commit in one
//! screen. State change, event and idempotency record go in together or not at all.

mod audit;
mod audit_contents;
mod cases;
mod chain;
mod condition;
mod copying;
mod corrections;
mod database;
mod declarations;
mod error;
mod events;
mod extensions;
mod file_check;
mod forget;
mod imports;
mod inspections;
mod invariants;
mod lease;
mod lock;
mod many;
mod news;
mod numbering;
mod payments;
mod postgres;
mod refunds;
mod repeating;
mod requests;
mod seal;
mod settlements;
mod sources;
mod sqlite;
pub mod tables;
mod taxpayers;
mod verify;
mod vouchers;
mod watched;
mod writer;

pub use audit::{Audited, Break, Fault};
pub use condition::Condition;
pub use copying::{
    BackupError, Copied, CopyError, Header, Hooks, Progress, Sums, TableSum, Watcher, backup,
    check_backup, migrate, restore,
};
pub use database::{Database, UnknownDatabase};
pub use error::StoreError;
pub use events::{KeptEvent, READS};
pub use news::Follower;
pub use repeating::{Repeats, repeat};
pub use requests::RecordedRequest;
pub use seal::sealed_rows;
pub use sqlite::Limits;
pub use verify::{Verified, Violation};
pub use watched::{Standing, WATCH_READS};
pub use writer::Commits;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::{Postgres, Transaction};
use tokio::sync::watch;

use crate::telemetry;
use crate::types::{RequestId, TaxpayerKey};
use events::NewEvent;
use news::News;
use postgres::PostgresStore;
use sqlite::{SqliteStore, SqliteTx};

/// A database, and the news of what is committed to it.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Backend,
    news: News,
    /// Told at each commit that leaves events without a number.
    committed: Arc<watch::Sender<()>>,
    repeats: Arc<Repeats>,
}

/// The kinds of database.
#[derive(Debug, Clone)]
enum Backend {
    /// The embedded one.
    Sqlite(SqliteStore),
    /// PostgreSQL, and what speaks like it.
    Postgres(PostgresStore),
}

impl Backend {
    fn is_closed(&self) -> bool {
        match self {
            Self::Sqlite(store) => store.is_closed(),
            Self::Postgres(store) => store.is_closed(),
        }
    }
}

/// A transaction on a database, made by one RPC or worker.
#[derive(Debug)]
pub struct Tx {
    backend: TxBackend,
    rpc: &'static str,
    request: Option<RequestId>,
    /// Events to be written at the end, when the rows they tell of stand as they will stay.
    events: Vec<NewEvent>,
    /// Requests recorded in this transaction, with the digest of their record.
    answers: Vec<((TaxpayerKey, RequestId), String)>,
    /// The taxpayer as it was read with its lock, until it is asked for or changed.
    held: Option<taxpayers::Row>,
    /// Answers given in this transaction to requests that waited: their subject, and a digest.
    completed: Vec<(String, String)>,
    news: News,
    committed: Arc<watch::Sender<()>>,
}

/// The backend's own transaction.
#[derive(Debug)]
enum TxBackend {
    Sqlite(SqliteTx),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs the same body on whichever backend the transaction is on.
macro_rules! on_backend {
    ($tx:expr, $conn:ident => $body:expr) => {
        match &mut $tx.backend {
            crate::store::TxBackend::Sqlite(transaction) => {
                let $conn = transaction.connection()?;
                let done = $body;
                transaction.noted(done)
            }
            crate::store::TxBackend::Postgres(transaction) => {
                let $conn = &mut **transaction;
                $body
            }
        }
    };
}
/// The same for a body that changes something.
macro_rules! change {
    ($tx:expr, $conn:ident => $body:expr) => {
        match &mut $tx.backend {
            crate::store::TxBackend::Sqlite(transaction) => {
                transaction.writes();
                let $conn = transaction.connection()?;
                let done = $body;
                transaction.noted(done).map(|done| done.rows_affected())
            }
            crate::store::TxBackend::Postgres(transaction) => {
                let $conn = &mut **transaction;
                $body.map(|done| done.rows_affected())
            }
        }
    };
}
use {change, on_backend};

impl Store {
    /// Opens a database, making what is missing and running migrations as needed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        Self::open_within(database, Limits::default()).await
    }

    /// The same within other limits than the usual ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_within(database: &Database, limits: Limits) -> Result<Self, StoreError> {
        let mut store = Self::open_to_fill(database, limits).await?;
        store.check_whole().await?;
        store.news = News::through(store.read().await?.last_position().await?);
        store.news.look_out(store.clone());
        store.keep_numbering();
        Ok(store)
    }

    /// Opens a database that is to be filled from another or from a backup, also where that has
    /// begun. Nobody may serve it.
    async fn open_to_fill(database: &Database, limits: Limits) -> Result<Self, StoreError> {
        Ok(Self::on(match database {
            Database::Embedded(dir) => Backend::Sqlite(SqliteStore::open(dir, limits).await?),
            Database::Postgres(url) => Backend::Postgres(PostgresStore::open(url).await?),
        }))
    }

    /// Opens a database for reading only, also beside a server that runs on it. Nothing is made
    /// and no migration runs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_for_reading(database: &Database) -> Result<Self, StoreError> {
        let store = Self::on(match database {
            Database::Embedded(dir) => Backend::Sqlite(SqliteStore::open_for_reading(dir).await?),
            Database::Postgres(url) => {
                Backend::Postgres(PostgresStore::open_for_reading(url).await?)
            }
        });
        store.check_whole().await?;
        Ok(store)
    }

    /// Opens the embedded database in a directory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_sqlite(dir: &Path) -> Result<Self, StoreError> {
        Self::open(&Database::Embedded(dir.to_owned())).await
    }

    /// Opens the embedded database of a directory for reading only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_sqlite_for_reading(dir: &Path) -> Result<Self, StoreError> {
        Self::open_for_reading(&Database::Embedded(dir.to_owned())).await
    }

    fn on(backend: Backend) -> Self {
        Self {
            backend,
            news: News::through(0),
            committed: Arc::new(watch::Sender::new(())),
            repeats: Arc::default(),
        }
    }

    /// Follows what is committed, from now on.
    pub fn follow(&self) -> Follower {
        self.news.follow()
    }

    /// Tells everyone who follows that there will be no more: the service stops.
    pub fn end_following(&self) {
        self.news.end();
    }

    /// Begins a writing transaction on a taxpayer: its transactions run one after the other. One
    /// of no taxpayer is for what belongs to nobody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(
        &self,
        rpc: &'static str,
        taxpayer: Option<TaxpayerKey>,
        request: Option<RequestId>,
    ) -> Result<Tx, StoreError> {
        let (backend, held) = match &self.backend {
            Backend::Sqlite(store) => (TxBackend::Sqlite(store.begin_write(taxpayer).await?), None),
            Backend::Postgres(store) => {
                let (transaction, held) = store.begin_write(taxpayer).await?;
                (TxBackend::Postgres(transaction), held)
            }
        };
        Ok(Tx {
            held,
            ..self.tx(backend, rpc, request)
        })
    }

    /// Begins a reading transaction on a snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let backend = match &self.backend {
            Backend::Sqlite(store) => TxBackend::Sqlite(store.begin_read().await?),
            Backend::Postgres(store) => TxBackend::Postgres(store.begin_read().await?),
        };
        Ok(self.tx(backend, "read", None))
    }

    fn tx(&self, backend: TxBackend, rpc: &'static str, request: Option<RequestId>) -> Tx {
        Tx {
            backend,
            rpc,
            request,
            events: Vec::new(),
            answers: Vec::new(),
            held: None,
            completed: Vec::new(),
            news: self.news.clone(),
            committed: Arc::clone(&self.committed),
        }
    }

    /// True where only one process can write.
    const fn is_alone(&self) -> bool {
        matches!(self.backend, Backend::Sqlite(_))
    }

    /// What the database can do, from now on. PostgreSQL tells it by its answers alone.
    pub fn condition(&self) -> watch::Receiver<Condition> {
        match &self.backend {
            Backend::Sqlite(store) => store.condition(),
            Backend::Postgres(_) => watch::channel(Condition::Well).1,
        }
    }

    /// How the commits of the embedded database were shared; nothing for another, or where it is
    /// only read.
    pub fn commits(&self) -> Option<Commits> {
        match &self.backend {
            Backend::Sqlite(store) => store.commits(),
            Backend::Postgres(_) => None,
        }
    }

    /// Checks the whole file of the embedded database, which reads all of it: every page, row and
    /// index, and every row that another names. What is wrong, in SQLite's words; PostgreSQL has
    /// no such file and nothing is said of it.
    ///
    /// # Errors
    /// [`StoreError`] where the check itself cannot run.
    pub async fn check_file(&self) -> Result<Vec<String>, StoreError> {
        match &self.backend {
            Backend::Sqlite(store) => store.check_file().await,
            Backend::Postgres(_) => Ok(Vec::new()),
        }
    }

    /// Reads a little: well where the database answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&self) -> Result<(), StoreError> {
        self.read().await?.last_position().await.map(drop)
    }

    /// True once it is closed.
    pub fn is_closed(&self) -> bool {
        self.backend.is_closed()
    }

    /// Closes every connection, after what runs has ended.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite(store) => store.close().await,
            Backend::Postgres(store) => store.close().await,
        }
    }
}

impl Tx {
    /// Writes the events and makes everything durable; then those who follow are told.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed, or what was is found by the request id.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let events = self.write_events().await?;
        let numbered = match self.backend {
            TxBackend::Sqlite(transaction) => {
                transaction.commit().await?;
                true
            }
            TxBackend::Postgres(transaction) => {
                transaction.commit().await?;
                false
            }
        };
        for event in &events {
            telemetry::committed(&event.kind);
        }
        if numbered {
            self.news.tell(events);
        } else if !events.is_empty() {
            self.committed.send_replace(());
        }
        Ok(())
    }
}

/// An instant as kept.
fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// An instant as read.
fn instant(table: &'static str, micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::Inconsistent {
        table,
        problem: format!("instant {micros}"),
    })
}

/// Exactly one row was changed.
fn one_row(table: &'static str, rows: u64) -> Result<(), StoreError> {
    match rows {
        1 => Ok(()),
        0 => Err(StoreError::Stale(table)),
        more => Err(StoreError::Inconsistent {
            table,
            problem: format!("{more} rows changed"),
        }),
    }
}
