//! Nobody writes to a database that is being moved.

use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

use super::super::{Database, StoreError, sqlite};

const PATIENCE: Duration = Duration::from_secs(2);

/// Held as long as nobody may write. PostgreSQL has no such hold here: what is written to it
/// meanwhile is found at the end.
#[derive(Debug)]
pub(super) struct Hold {
    _connection: Option<SqliteConnection>,
}

impl Hold {
    /// Takes the write lock of the embedded database.
    pub(super) async fn on(database: &Database) -> Result<Self, StoreError> {
        let Database::Embedded(dir) = database else {
            return Ok(Self { _connection: None });
        };
        let file = sqlite::file(dir);
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .busy_timeout(PATIENCE);
        let mut connection = options.connect().await?;
        let locked = sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut connection)
            .await;
        locked.map_err(|error| match StoreError::from(error) {
            StoreError::Unavailable(_) => StoreError::Open(format!(
                "{}: somebody writes to it: stop the server that runs on it first",
                file.display()
            )),
            other => other,
        })?;
        Ok(Self {
            _connection: Some(connection),
        })
    }
}
