//! PostgreSQL: one pool; a taxpayer's writing transactions run one after the other, held by the
//! lock of its row, and other taxpayers' beside them.
//!
//! With that lock every rule of the store, which reaches over one taxpayer only, holds at READ
//! COMMITTED: each statement after the lock sees all that the transaction before it committed. On
//! a distributed database it is one row of one shard.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Postgres, Transaction};

use super::error::{cannot, migrating};
use super::{StoreError, taxpayers};
use crate::types::TaxpayerKey;

const CONNECTIONS_MAX: u32 = 16;
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared on each connection; there are fewer.
const STATEMENTS_KEPT: usize = 400;
/// Limits of the server's own, in milliseconds: nothing hangs for ever on a lock or a client.
const LIMITS: [(&str, &str); 3] = [
    ("lock_timeout", "10000"),
    ("statement_timeout", "30000"),
    ("idle_in_transaction_session_timeout", "60000"),
];

/// The pool.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    /// Connects and runs the migrations.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let store = Self::connect(url).await?;
        sqlx::migrate!("migrations/postgres")
            .run(&store.pool)
            .await
            .map_err(|error| migrating(&place(url), &error))?;
        Ok(store)
    }

    /// Connects to a database as it stands; no migration runs.
    pub async fn open_for_reading(url: &str) -> Result<Self, StoreError> {
        let store = Self::connect(url).await?;
        let known = sqlx::migrate!("migrations/postgres");
        let applied: Result<Vec<(i64,)>, _> =
            sqlx::query_as("SELECT version FROM _sqlx_migrations ORDER BY version")
                .fetch_all(&store.pool)
                .await;
        let applied = applied.map_err(|error| refuse(url, &cannot(&error)))?;
        let newest = known.iter().map(|migration| migration.version).max();
        match applied.last() {
            Some((version,)) if Some(*version) > newest => Err(migrating(
                &place(url),
                &MigrateError::VersionMissing(*version),
            )),
            _ => Ok(store),
        }
    }

    async fn connect(url: &str) -> Result<Self, StoreError> {
        let options =
            PgConnectOptions::from_str(url).map_err(|error| refuse(url, &cannot(&error)))?;
        let options = options
            .application_name("caixing")
            .statement_cache_capacity(STATEMENTS_KEPT)
            .options(LIMITS);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(QUEUE_TIMEOUT)
            // A connection that fails a statement shows it there; a ping each time costs a trip.
            .test_before_acquire(false);
        // One connection first: a pool tries again for long where nobody answers.
        let late = |_| refuse(url, &"no answer within 5 seconds: is it the right host?");
        let first = tokio::time::timeout(CONNECT_TIMEOUT, options.connect())
            .await
            .map_err(late)?
            .map_err(|error| refuse(url, &cannot(&error)))?;
        let _ = first.close().await;
        let pool = pool.connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// True when the pool is closed.
    pub fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    /// Begins a writing transaction, alone on its taxpayer, which is read with its lock.
    pub(super) async fn begin_write(
        &self,
        taxpayer: Option<TaxpayerKey>,
    ) -> Result<(Transaction<'static, Postgres>, Option<taxpayers::Row>), StoreError> {
        let mut transaction = self.begin("BEGIN").await?;
        let Some(taxpayer) = taxpayer else {
            return Ok((transaction, None));
        };
        let held = sqlx::query_as(taxpayers::LOCK)
            .bind(taxpayer.to_string())
            .fetch_optional(&mut *transaction)
            .await?;
        Ok((transaction, held))
    }

    /// A snapshot for reading.
    pub async fn begin_read(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.begin(begin).await
    }

    /// Begins on a connection that is alive. After the server was away each idle connection shows
    /// once that it is gone; nothing was done on it yet.
    async fn begin(
        &self,
        begin: &'static str,
    ) -> Result<Transaction<'static, Postgres>, StoreError> {
        for _ in 0..CONNECTIONS_MAX {
            match self.begin_whole(begin).await? {
                Err(error) if is_gone(&error) => {}
                done => return Ok(done?),
            }
        }
        Ok(self.begin_whole(begin).await??)
    }

    /// Begins in a task of its own: a caller that leaves amid a BEGIN would give a connection back
    /// to the pool on which a transaction is open, and the next caller would go on in that one.
    async fn begin_whole(
        &self,
        begin: &'static str,
    ) -> Result<Result<Transaction<'static, Postgres>, sqlx::Error>, StoreError> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(begin).await }).await;
        begun.map_err(|_| StoreError::Unavailable("the service stops".to_owned()))
    }

    /// Closes the pool.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The connection is gone, and with it all that ran on it.
fn is_gone(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        // admin_shutdown, crash_shutdown, idle_in_transaction_session_timeout.
        sqlx::Error::Database(inner) => {
            let code = inner.code().unwrap_or_default();
            ["57P01", "57P02", "25P03"].contains(&code.as_ref())
        }
        _ => false,
    }
}

fn refuse(url: &str, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Open(format!("{}: {error}", place(url)))
}

/// Where a URL points to, without the password.
fn place(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "the database URL".to_owned();
    };
    let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{rest}")
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_password_is_never_shown() {
        let shown = place("postgres://tax:se@cret@db.example:5432/caixing?sslmode=require");
        assert_eq!(shown, "postgres://db.example:5432/caixing");
        assert_eq!(place("nonsense se@cret"), "the database URL");
    }
}
