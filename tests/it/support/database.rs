//! The two databases under test: a fresh one for each test.

use std::cell::Cell;
use std::path::Path;

use caixing::store::{Database, Store};
use tempfile::TempDir;

use super::cluster::{Cluster, cluster};

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// The embedded one.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

thread_local! {
    /// What the test of this thread plays on, where it was said.
    static SAID: Cell<Option<On>> = const { Cell::new(None) };
}

impl On {
    /// Plays a test on this database that does not say its own.
    pub fn play(self, test: impl FnOnce()) {
        SAID.set(Some(self));
        test();
    }

    /// What tests play on that do not say: SQLite, unless `CAIXING_TEST_ON=postgres`.
    pub fn usual() -> Self {
        if let Some(said) = SAID.get() {
            return said;
        }
        match std::env::var("CAIXING_TEST_ON").as_deref() {
            Ok("postgres") => Self::Postgres,
            Ok("sqlite") | Err(_) => Self::Sqlite,
            Ok(other) => panic!("CAIXING_TEST_ON={other} is no database"),
        }
    }
}

/// A fresh database, and a directory for what lies beside it. Gone when dropped.
pub struct TestDatabase {
    dir: TempDir,
    /// How a server or store opens it.
    pub database: Database,
    schema: Option<String>,
}

/// A URL with one more setting of the session.
pub fn with_setting(url: &str, setting: &str) -> String {
    let setting = setting.replace('=', "%3D");
    match url.split_once("options=") {
        Some((before, options)) => format!("{before}options=-c%20{setting}%20{options}"),
        None if url.contains('?') => format!("{url}&options=-c%20{setting}"),
        None => format!("{url}?options=-c%20{setting}"),
    }
}

impl TestDatabase {
    /// A fresh database of a kind.
    pub fn new(on: On) -> Self {
        let dir = tempfile::tempdir().unwrap();
        match on {
            On::Sqlite => Self {
                database: Database::Embedded(dir.path().to_owned()),
                dir,
                schema: None,
            },
            On::Postgres => {
                let mut new = Self::on_cluster(cluster());
                new.dir = dir;
                new
            }
        }
    }

    /// A fresh one on a server.
    pub fn on_cluster(cluster: &Cluster) -> Self {
        let schema = format!("t{}", uuid::Uuid::now_v7().simple());
        cluster.run(&format!("CREATE SCHEMA {schema}"));
        let url = with_setting(&cluster.url, &format!("search_path={schema}"));
        cluster.distribute(&url);
        Self {
            dir: tempfile::tempdir().unwrap(),
            database: Database::Postgres(url),
            schema: Some(schema),
        }
    }

    /// The directory: of keys, of the sandbox's clock, of SQLite's file.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Removes it now. A throwaway cluster goes as a whole, so that this is for many in one test.
    pub fn remove(&mut self) {
        if let Some(schema) = self.schema.take() {
            cluster().run(&format!("DROP SCHEMA {schema} CASCADE"));
        }
    }

    /// Its kind.
    pub fn on(&self) -> On {
        match self.database {
            Database::Embedded(_) => On::Sqlite,
            Database::Postgres(_) => On::Postgres,
        }
    }

    /// Opens a store on it.
    pub async fn open(&self) -> Store {
        Store::open(&self.database).await.unwrap()
    }

    /// A fresh one for a store alone.
    pub async fn opened(on: On) -> (Self, Store) {
        let kept = Self::new(on);
        let store = kept.open().await;
        (kept, store)
    }

    /// Numbers all events that are committed.
    pub async fn number(&self) {
        if self.on() == On::Postgres {
            let store = self.open().await;
            store.number_events().await.unwrap();
            store.close().await;
        }
    }

    /// The URL of a PostgreSQL database.
    pub fn url(&self) -> &str {
        match &self.database {
            Database::Postgres(url) => url,
            Database::Embedded(_) => panic!("SQLite has no URL"),
        }
    }

    /// Reads rows beside the store, with SQL that both databases know.
    pub async fn rows<T>(&self, sql: &str) -> Vec<T>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>
            + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>
            + Send
            + Unpin,
    {
        use sqlx::Connection as _;
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match &self.database {
            Database::Embedded(dir) => {
                let file = format!("sqlite://{}", dir.join("caixing.sqlite3").display());
                let mut connection = sqlx::SqliteConnection::connect(&file).await.unwrap();
                sqlx::query_as(sql)
                    .fetch_all(&mut connection)
                    .await
                    .unwrap()
            }
            Database::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::query_as(sql)
                    .fetch_all(&mut connection)
                    .await
                    .unwrap()
            }
        }
    }

    /// Changes something beside the store, with SQL that both databases know.
    pub async fn change(&self, sql: &str) {
        use sqlx::Connection as _;
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match &self.database {
            Database::Embedded(dir) => {
                let file = format!("sqlite://{}", dir.join("caixing.sqlite3").display());
                let mut connection = sqlx::SqliteConnection::connect(&file).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Database::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A throwaway cluster goes as a whole; a named server is left as it was found.
        if std::env::var(super::cluster::URL_VARIABLE).is_ok() {
            self.remove();
        }
    }
}

/// Makes two tests of each claim, one for each database: `on_both!(claim, other_claim)`, where each
/// is an `async fn(On)`.
macro_rules! on_both {
    ($($claim:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $claim() {
                    super::$claim(crate::support::On::Sqlite).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $claim() {
                    super::$claim(crate::support::On::Postgres).await;
                }
            )+
        }
    };
}

/// Plays tests of this file, which say no database, on PostgreSQL too.
macro_rules! also_on_postgres {
    ($($test:ident),+ $(,)?) => {
        mod postgres {
            $(
                #[test]
                fn $test() {
                    crate::support::On::Postgres.play(super::$test);
                }
            )+
        }
    };
}
pub(crate) use {also_on_postgres, on_both};
