//! Where it is kept (存): SQL written once, one closed `enum` over the backends.
//!
//! A [`Tx`] is a transaction: handlers begin, load, decide (pure), save and commit in one
//! screen. State change, event and idempotency record go in together or not at all.

mod declarations;
mod error;
mod events;
mod imports;
mod invariants;
mod payments;
mod requests;
mod sources;
mod sqlite;
mod taxpayers;
mod vouchers;

pub use error::StoreError;
pub use requests::RecordedRequest;

use std::path::Path;

use jiff::Timestamp;
use sqlx::{Sqlite, Transaction};

use crate::types::RequestId;

/// A database.
#[derive(Debug, Clone)]
pub enum Store {
    /// The embedded one.
    Sqlite(sqlite::SqliteStore),
}

/// A transaction on a database, made by one RPC or worker.
#[derive(Debug)]
pub struct Tx {
    backend: TxBackend,
    rpc: &'static str,
    request: Option<RequestId>,
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
        Ok(Self::Sqlite(sqlite::SqliteStore::open(dir).await?))
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
        let backend = match self {
            Self::Sqlite(store) => TxBackend::Sqlite(store.begin_write().await?),
        };
        Ok(Tx {
            backend,
            rpc,
            request,
        })
    }

    /// Begins a reading transaction on a snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let backend = match self {
            Self::Sqlite(store) => TxBackend::Sqlite(store.begin_read().await?),
        };
        Ok(Tx {
            backend,
            rpc: "read",
            request: None,
        })
    }

    /// Closes every connection, after what runs has ended.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
        }
    }
}

impl Tx {
    /// Makes everything durable.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed, or what was is found by the request id.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.backend {
            TxBackend::Sqlite(transaction) => transaction.commit().await?,
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
