//! The test's own eyes on the database, beside the service: they only read, with SQL that both
//! databases know.

use std::time::{Duration, Instant};

use caixing::store::{Database, Store};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, FromRow};

/// How long what was left to the database is waited for.
const LEFT: Duration = Duration::from_secs(20);

/// Locks that transactions hold which have written or may write, in the world's own schema.
const WRITING: &str = "
SELECT COUNT(*) FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = current_schema() AND l.mode IN ('RowShareLock', 'RowExclusiveLock')";

/// A connection that reads.
pub enum Eyes {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Eyes {
    /// Opens them on a database that the service has opened.
    pub async fn open(database: &Database) -> Self {
        match database {
            Database::Embedded(dir) => {
                let options = SqliteConnectOptions::new()
                    .filename(dir.join("caixing.sqlite3"))
                    .read_only(true);
                Self::Sqlite(options.connect().await.unwrap())
            }
            Database::Postgres(url) => Self::Postgres(PgConnection::connect(url).await.unwrap()),
        }
    }

    /// All rows of a query; values stand in its text.
    pub async fn rows<T>(&mut self, sql: impl Into<String>) -> Vec<T>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let sql = AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(connection) => sqlx::query_as(sql).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_as(sql).fetch_all(connection).await,
        }
        .unwrap()
    }

    /// The one number that a query gives.
    pub async fn number(&mut self, sql: impl Into<String>) -> i64 {
        self.rows::<(i64,)>(sql).await[0].0
    }

    async fn run(&mut self, sql: &'static str) {
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ()),
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ()),
        }
        .unwrap();
    }

    /// From now on they see the database as it stands, each event with its position: on PostgreSQL
    /// events get it after their commit, and a payment under way may commit at any time.
    pub async fn hold_still(&mut self, store: &Store) {
        loop {
            store.number_events().await.unwrap();
            self.run(match self {
                Self::Sqlite(_) => "BEGIN",
                Self::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            })
            .await;
            let without = "SELECT COUNT(*) FROM event WHERE position IS NULL";
            if self.number(without).await == 0 {
                return;
            }
            self.go_on().await;
        }
    }

    /// They see what is committed again.
    pub async fn go_on(&mut self) {
        self.run("COMMIT").await;
    }

    /// Waits until what a cut call or a dead life left to the database has ended: on SQLite the one
    /// writer is free again; on PostgreSQL nobody holds what a transaction that writes must hold.
    /// A commit that was sent is one of these until it is done.
    pub async fn settle(&mut self, store: &Store) {
        if let Self::Sqlite(_) = self {
            drop(store.begin("barrier", None, None).await.unwrap());
            return;
        }
        let started = Instant::now();
        while self.number(WRITING).await > 0 {
            assert!(started.elapsed() < LEFT, "a transaction does not end");
            tokio::task::yield_now().await;
        }
    }
}
