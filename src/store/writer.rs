//! The one writer of the embedded database, whose commits are shared.
//!
//! Transactions run one after the other on one connection. One that ends while others wait does
//! not commit by itself: the next goes on in the same database transaction, and one commit, one
//! wait for the disk, makes all of them durable. Nobody is answered before that.
//!
//! A group holds at most one transaction of a taxpayer, so that none sees what another wrote and
//! what is not durable yet: taxpayers share no rows that decide anything. Where one of a group
//! fails after it wrote, the group is undone and its other members run again
//! ([`StoreError::Conflict`]): that is rare, and a savepoint for each would cost every one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::StoreError;
use crate::types::TaxpayerKey;

/// How many transactions may wait for their turn; more are turned away at once.
const WAITING_MAX: usize = 1024;
/// How long one waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// How many transactions share a commit.
const GROUP_MAX: usize = 64;

/// Where a database transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// There is none.
    No,
    /// It was begun and all that ran in it has ended well.
    Yes,
    /// It must be undone.
    Spoilt,
}

/// The connection, and the group that runs on it.
#[derive(Debug)]
struct Shared {
    /// Nothing once the service has stopped.
    connection: Option<SqliteConnection>,
    open: Open,
    members: Vec<Member>,
    /// A task waits to commit the group.
    committing: bool,
}

/// One that has ended and waits for the commit.
#[derive(Debug)]
struct Member {
    taxpayer: Option<TaxpayerKey>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// The writer.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    shared: Arc<Mutex<Shared>>,
    waiting: Arc<AtomicUsize>,
}

/// One place in the queue.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Writer {
    /// A writer on a connection.
    pub(super) fn on(connection: SqliteConnection) -> Self {
        let shared = Shared {
            connection: Some(connection),
            open: Open::No,
            members: Vec::new(),
            committing: false,
        };
        Self {
            shared: Arc::new(Mutex::new(shared)),
            waiting: Arc::default(),
        }
    }

    /// Waits for a turn. A transaction of no taxpayer shares its commit with nobody before it.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] when too many wait, [`StoreError::Unavailable`] when the turn
    /// does not come, or the driver's.
    pub(super) async fn turn(&self, taxpayer: Option<TaxpayerKey>) -> Result<Turn, StoreError> {
        let place = Place(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            return Err(StoreError::Overloaded);
        }
        let shared = tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&self.shared).lock_owned())
            .await
            .map_err(|_| StoreError::Unavailable("the writer did not come free".to_owned()))?;
        drop(place);
        let mut turn = Turn {
            shared: Some(shared),
            writer: self.clone(),
            taxpayer,
            wrote: false,
        };
        turn.begin().await?;
        Ok(turn)
    }

    /// Ends what is open, as the service stops.
    pub(super) async fn close(&self) {
        let mut shared = self.shared.lock().await;
        shared.end_group().await;
        if let Some(connection) = shared.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }

    /// Commits the group after those that wait now have joined it.
    async fn commit_group(self) {
        let mut shared = self.shared.lock().await;
        shared.committing = false;
        shared.end_group().await;
    }
}

impl Shared {
    fn has(&self, taxpayer: Option<TaxpayerKey>) -> bool {
        let same = |member: &Member| member.taxpayer.is_none() || member.taxpayer == taxpayer;
        self.members.iter().any(same)
    }

    /// Commits or undoes the group, and tells its members.
    async fn end_group(&mut self) {
        let ended = match self.open {
            Open::No => Ok(()),
            Open::Yes => self.run("COMMIT").await,
            Open::Spoilt => Err(StoreError::Conflict(
                "a transaction that shared the commit failed".to_owned(),
            )),
        };
        if ended.is_err() {
            // It may be undone already, by an error that ends transactions.
            let _ = self.run("ROLLBACK").await;
        }
        self.open = Open::No;
        for member in self.members.drain(..) {
            let told = match &ended {
                Ok(()) => Ok(()),
                Err(error) => Err(error.again()),
            };
            // Whoever left is not told; its answer is found by its request id.
            let _ = member.done.send(told);
        }
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        sqlx::query(sql).execute(self.connection()?).await?;
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let stopped = || StoreError::Unavailable("the service stops".to_owned());
        self.connection.as_mut().ok_or_else(stopped)
    }
}

/// A transaction's turn on the connection.
#[derive(Debug)]
pub(super) struct Turn {
    /// Nothing once it has ended.
    shared: Option<OwnedMutexGuard<Shared>>,
    writer: Writer,
    taxpayer: Option<TaxpayerKey>,
    wrote: bool,
}

impl Turn {
    async fn begin(&mut self) -> Result<(), StoreError> {
        let taxpayer = self.taxpayer;
        let shared = self.shared()?;
        let joins = taxpayer.is_some()
            && shared.open == Open::Yes
            && shared.members.len() < GROUP_MAX
            && !shared.has(taxpayer);
        if joins {
            return Ok(());
        }
        shared.end_group().await;
        // If the caller leaves now, what may have begun is undone.
        shared.open = Open::Spoilt;
        // IMMEDIATE: the write lock is taken at once, so no later statement can find it gone.
        let begun = shared.run("BEGIN IMMEDIATE").await;
        shared.open = if begun.is_ok() { Open::Yes } else { Open::No };
        begun
    }

    fn shared(&mut self) -> Result<&mut Shared, StoreError> {
        let gone = || StoreError::Unavailable("the transaction has ended".to_owned());
        self.shared.as_deref_mut().ok_or_else(gone)
    }

    /// The connection, for reading.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.shared()?.connection()
    }

    /// From now on the transaction has written.
    pub(super) const fn writes(&mut self) {
        self.wrote = true;
    }

    /// Ends the transaction well, and waits until it is durable.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let (done, told) = oneshot::channel();
        let taxpayer = self.taxpayer;
        let Some(mut shared) = self.shared.take() else {
            return Err(StoreError::Unavailable(
                "the transaction has ended".to_owned(),
            ));
        };
        shared.members.push(Member { taxpayer, done });
        if !shared.committing {
            shared.committing = true;
            // In a task of its own: the group is committed even if every caller leaves.
            tokio::spawn(self.writer.clone().commit_group());
        }
        drop(shared);
        told.await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the service stops".to_owned())))
    }
}

impl Drop for Turn {
    /// Ended without a commit: what it wrote is undone, and the group with it.
    fn drop(&mut self) {
        let Some(mut shared) = self.shared.take() else {
            return;
        };
        if self.wrote && shared.open == Open::Yes {
            shared.open = Open::Spoilt;
        }
        let idle = shared.open == Open::Yes && !shared.members.is_empty();
        if shared.open == Open::No || idle {
            return;
        }
        // Nothing waits on this group: it ends at once, so that no write lock stays behind.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { shared.end_group().await });
        }
    }
}
