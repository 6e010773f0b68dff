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
//!
//! Whoever waits may leave at any await. So a commit runs in a task of its own, which nobody's
//! leaving cuts short; and a transaction that SQLite undoes by itself, such as on a full disk, is
//! heard of at once, so that no later statement runs outside of one.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::StoreError;
use super::condition::{Condition, Noted};
use super::file_check::APPLICATION_ID;
use crate::types::TaxpayerKey;

/// How long one waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// How many transactions share a commit.
const GROUP_MAX: usize = 64;
/// How often it is tried whether a database that could not be written can be again.
const TRY_EVERY: Duration = Duration::from_millis(500);

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
    /// SQLite has undone what was open; it says so itself.
    undone: Arc<AtomicBool>,
    members: Vec<Member>,
    /// A member of the group has written.
    wrote: bool,
    /// A task waits to commit the group.
    committing: bool,
    counted: Arc<Counted>,
    noted: Noted,
}

/// One that has ended and waits for the commit.
#[derive(Debug)]
struct Member {
    taxpayer: Option<TaxpayerKey>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// How commits were shared, counted since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commits {
    /// Commits that made transactions durable.
    pub commits: u64,
    /// The transactions that they made durable.
    pub transactions: u64,
    /// The most transactions of one commit.
    pub largest: u64,
    /// Transactions that wait for their turn now.
    pub waiting: usize,
}

#[derive(Debug, Default)]
struct Counted {
    commits: AtomicU64,
    transactions: AtomicU64,
    largest: AtomicU64,
}

/// The writer.
#[derive(Debug, Clone)]
pub(super) struct Writer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Mutex<Shared>>,
    waiting: AtomicUsize,
    waiting_max: usize,
    counted: Arc<Counted>,
    noted: Noted,
}

/// One place in the queue.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Writer {
    /// A writer on a connection, for which so many may wait.
    pub(super) async fn on(
        mut connection: SqliteConnection,
        waiting_max: usize,
        noted: Noted,
    ) -> Result<Self, StoreError> {
        let undone = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&undone);
        let mut handle = connection.lock_handle().await?;
        handle.set_rollback_hook(move || heard.store(true, Ordering::Release));
        drop(handle);
        let counted = Arc::new(Counted::default());
        let shared = Shared {
            connection: Some(connection),
            open: Open::No,
            undone,
            members: Vec::new(),
            wrote: false,
            committing: false,
            counted: Arc::clone(&counted),
            noted: noted.clone(),
        };
        Ok(Self(Arc::new(Inner {
            shared: Arc::new(Mutex::new(shared)),
            waiting: AtomicUsize::new(0),
            waiting_max,
            counted,
            noted,
        })))
    }

    /// Waits for a turn. A transaction of no taxpayer shares its commit with nobody.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] when too many wait, [`StoreError::Unavailable`] when the turn
    /// does not come, [`StoreError::Damaged`] when nothing may be written any more, or the
    /// driver's.
    pub(super) async fn turn(&self, taxpayer: Option<TaxpayerKey>) -> Result<Turn, StoreError> {
        let Inner {
            shared, waiting, ..
        } = self.0.as_ref();
        let place = Place(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= self.0.waiting_max {
            return Err(StoreError::Overloaded);
        }
        let mut shared = tokio::time::timeout(TURN_TIMEOUT, Arc::clone(shared).lock_owned())
            .await
            .map_err(|_| StoreError::Unavailable("the writer did not come free".to_owned()))?;
        drop(place);
        self.0.noted.may_write()?;
        if !shared.takes(taxpayer) {
            if shared.open != Open::No {
                shared = ended(shared).await?;
            }
            // If the caller leaves now, what may have begun is undone.
            shared.open = Open::Spoilt;
        }
        let begins = shared.open == Open::Spoilt;
        let mut turn = Turn {
            shared: Some(shared),
            writer: self.clone(),
            taxpayer,
            wrote: false,
        };
        if begins {
            turn.begin().await?;
        }
        Ok(turn)
    }

    /// Ends what is open, as the service stops.
    pub(super) async fn close(&self) {
        let shared = Arc::clone(&self.0.shared).lock_owned().await;
        let Ok(mut shared) = ended(shared).await else {
            return;
        };
        if let Some(connection) = shared.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }

    /// How commits were shared.
    pub(super) fn commits(&self) -> Commits {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Commits {
            commits: read(&self.0.counted.commits),
            transactions: read(&self.0.counted.transactions),
            largest: read(&self.0.counted.largest),
            waiting: self.0.waiting.load(Ordering::Relaxed),
        }
    }

    /// Writes what changes nothing, durably: whether anything can be written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn try_to_write(&self) -> Result<(), StoreError> {
        let mut turn = self.turn(None).await?;
        turn.writes();
        let done = sqlx::query(APPLICATION_ID)
            .execute(turn.connection()?)
            .await;
        if let Err(error) = done {
            turn.saw(&error);
            return Err(error.into());
        }
        turn.commit().await
    }

    /// Tries to write as long as nothing can be written, until the store is no longer used.
    pub(super) fn keep_trying(&self) {
        let mut condition = self.0.noted.watch();
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            let fails = |condition: &Condition| *condition == Condition::CannotWrite;
            while condition.wait_for(fails).await.is_ok() {
                tokio::time::sleep(TRY_EVERY).await;
                let Some(inner) = Weak::upgrade(&inner) else {
                    return;
                };
                // What it finds is noted; the next time comes soon.
                let _ = Self(inner).try_to_write().await;
            }
        });
    }

    /// Commits the group after those that wait now have joined it.
    async fn commit_group(self) {
        let mut shared = self.0.shared.lock().await;
        shared.committing = false;
        shared.end_group().await;
    }
}

/// Ends the group, in a task of its own: a caller that leaves amid a commit must not leave behind
/// a group of which nobody knows whether it was committed.
async fn ended(mut shared: OwnedMutexGuard<Shared>) -> Result<OwnedMutexGuard<Shared>, StoreError> {
    let ending = tokio::spawn(async move {
        shared.end_group().await;
        shared
    });
    let stops = |_| StoreError::Unavailable("the service stops".to_owned());
    ending.await.map_err(stops)
}

impl Shared {
    /// True where a transaction of a taxpayer may go on in the open group.
    fn takes(&self, taxpayer: Option<TaxpayerKey>) -> bool {
        let apart = |member: &Member| member.taxpayer.is_some() && member.taxpayer != taxpayer;
        taxpayer.is_some()
            && self.open == Open::Yes
            && !self.is_undone()
            && self.members.len() < GROUP_MAX
            && self.members.iter().all(apart)
    }

    fn is_undone(&self) -> bool {
        self.undone.load(Ordering::Acquire)
    }

    /// Commits or undoes the group, and tells its members.
    async fn end_group(&mut self) {
        let ended = match self.open {
            Open::No => Ok(()),
            Open::Yes if !self.is_undone() => match self.noted.may_write() {
                Ok(()) => self.run("COMMIT").await,
                damaged => damaged,
            },
            Open::Yes | Open::Spoilt => Err(StoreError::Conflict(
                "a transaction that shared the commit failed".to_owned(),
            )),
        };
        if ended.is_err() {
            // It may be undone already, by an error that ends transactions.
            let _ = self.run("ROLLBACK").await;
        } else if self.open == Open::Yes && !self.members.is_empty() {
            self.count();
        }
        self.open = Open::No;
        self.wrote = false;
        for member in self.members.drain(..) {
            let told = match &ended {
                Ok(()) => Ok(()),
                Err(error) => Err(error.again()),
            };
            // Whoever left is not told; its answer is found by its request id.
            let _ = member.done.send(told);
        }
    }

    /// Counts a commit, and notes that something could be written.
    fn count(&self) {
        let members = u64::try_from(self.members.len()).unwrap_or(u64::MAX);
        self.counted.commits.fetch_add(1, Ordering::Relaxed);
        self.counted
            .transactions
            .fetch_add(members, Ordering::Relaxed);
        self.counted.largest.fetch_max(members, Ordering::Relaxed);
        if self.wrote {
            self.noted.wrote();
        }
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let done = sqlx::query(sql).execute(self.connection()?).await;
        if let Err(error) = &done {
            self.noted.saw(error);
        }
        done?;
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
        let shared = self.shared()?;
        shared.undone.store(false, Ordering::Release);
        // IMMEDIATE: the write lock is taken at once, so no later statement can find it gone.
        let begun = shared.run("BEGIN IMMEDIATE").await;
        shared.open = if begun.is_ok() { Open::Yes } else { Open::No };
        begun
    }

    fn shared(&mut self) -> Result<&mut Shared, StoreError> {
        let gone = || StoreError::Unavailable("the transaction has ended".to_owned());
        self.shared.as_deref_mut().ok_or_else(gone)
    }

    /// The connection, for one statement.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where an earlier error has undone the transaction.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let shared = self.shared()?;
        if shared.is_undone() {
            return Err(StoreError::Conflict(
                "an error has undone the transaction".to_owned(),
            ));
        }
        shared.connection()
    }

    /// From now on the transaction has written.
    pub(super) const fn writes(&mut self) {
        self.wrote = true;
    }

    /// Notes what an error of a statement tells of the database.
    pub(super) fn saw(&self, error: &sqlx::Error) {
        self.writer.0.noted.saw(error);
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
        shared.wrote |= self.wrote;
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
