//! The two databases under test: a fresh one for each test.

use std::path::Path;

use caixing::store::{Database, Store};
use tempfile::TempDir;

use super::cluster::cluster;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// The embedded one.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl On {
    /// What tests play on that do not say: SQLite, unless `CAIXING_TEST_ON=postgres`.
    pub fn usual() -> Self {
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
                let schema = format!("t{}", uuid::Uuid::now_v7().simple());
                let cluster = cluster();
                cluster.run(&format!("CREATE SCHEMA {schema}"));
                let and = if cluster.url.contains('?') { '&' } else { '?' };
                let url = format!("{}{and}options=-c%20search_path%3D{schema}", cluster.url);
                Self {
                    dir,
                    database: Database::Postgres(url),
                    schema: Some(schema),
                }
            }
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
pub(crate) use on_both;
