//! Where it is kept (存): SQL written once, one closed `enum` over the backends.
//!
//! A [`Tx`] is a transaction: handlers begin, load, decide (pure), save and commit in one
//! screen. State change, event and idempotency record go in together or not at all.

mod audit;
mod audit_contents;
mod cases;
mod chain;
mod corrections;
mod declarations;
mod error;
mod events;
mod extensions;
mod forget;
mod imports;
mod inspections;
mod invariants;
mod many;
mod news;
mod payments;
mod refunds;
mod requests;
mod seal;
mod settlements;
mod sources;
mod sqlite;
mod taxpayers;
mod vouchers;
mod watched;

pub use audit::{Audited, Break, Fault};
pub use error::StoreError;
pub use events::{KeptEvent, READS};
pub use news::Follower;
pub use requests::RecordedRequest;
pub use watched::{Standing, WATCH_READS};

use std::path::Path;

use jiff::Timestamp;
use sqlx::{Sqlite, Transaction};

use crate::types::RequestId;
use events::NewEvent;
use news::News;

/// A database, and the news of what is committed to it.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Backend,
    news: News,
}

/// The kinds of database.
#[derive(Debug, Clone)]
enum Backend {
    /// The embedded one.
    Sqlite(sqlite::SqliteStore),
}

/// A transaction on a database, made by one RPC or worker.
#[derive(Debug)]
pub struct Tx {
    backend: TxBackend,
    rpc: &'static str,
    request: Option<RequestId>,
    /// Events to be written at the end, when the rows they tell of stand as they will stay.
    events: Vec<NewEvent>,
    /// Answers given in this transaction to requests that waited: their subject, and a digest.
    completed: Vec<(String, String)>,
    news: News,
}

/// The backend's own transaction.
#[derive(Debug)]
enum TxBackend {
    Sqlite(Transaction<'static, Sqlite>),
}

/// Runs the same body on whichever backend the transaction is on.
macro_rules! on_backend {
    ($tx:expr, $conn:ident => $body:expr) => {
        match &mut $tx.backend {
            crate::store::TxBackend::Sqlite(transaction) => {
                let $conn = &mut **transaction;
                $body
            }
        }
    };
}
use on_backend;

impl Store {
    /// Opens the embedded database in a directory, making it and running migrations as needed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_sqlite(dir: &Path) -> Result<Self, StoreError> {
        let backend = Backend::Sqlite(sqlite::SqliteStore::open(dir).await?);
        let mut store = Self {
            backend,
            news: News::through(0),
        };
        store.news = News::through(store.read().await?.last_position().await?);
        store.news.look_out(store.clone());
        Ok(store)
    }

    /// Opens the embedded database of a directory for reading only, also beside a server that
    /// runs on it. Nothing is made and no migration runs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_sqlite_for_reading(dir: &Path) -> Result<Self, StoreError> {
        let backend = Backend::Sqlite(sqlite::SqliteStore::open_for_reading(dir).await?);
        let news = News::through(0);
        Ok(Self { backend, news })
    }

    /// Follows what is committed, from now on.
    pub fn follow(&self) -> Follower {
        self.news.follow()
    }

    /// Tells everyone who follows that there will be no more: the service stops.
    pub fn end_following(&self) {
        self.news.end();
    }

    /// Begins a writing transaction; only one runs at a time on the embedded database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(
        &self,
        rpc: &'static str,
        request: Option<RequestId>,
    ) -> Result<Tx, StoreError> {
        let backend = match &self.backend {
            Backend::Sqlite(store) => TxBackend::Sqlite(store.begin_write().await?),
        };
        Ok(self.tx(backend, rpc, request))
    }

    /// Begins a reading transaction on a snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let backend = match &self.backend {
            Backend::Sqlite(store) => TxBackend::Sqlite(store.begin_read().await?),
        };
        Ok(self.tx(backend, "read", None))
    }

    fn tx(&self, backend: TxBackend, rpc: &'static str, request: Option<RequestId>) -> Tx {
        Tx {
            backend,
            rpc,
            request,
            events: Vec::new(),
            completed: Vec::new(),
            news: self.news.clone(),
        }
    }

    /// Closes every connection, after what runs has ended.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite(store) => store.close().await,
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
        match self.backend {
            TxBackend::Sqlite(transaction) => transaction.commit().await?,
        }
        self.news.tell(events);
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
