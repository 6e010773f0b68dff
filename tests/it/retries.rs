//! PostgreSQL's own errors, made to happen: what clashes runs again and is counted by name, and
//! everything else has the meaning the service gives it.

use std::sync::{Arc, Mutex};

use caixing::filing::SourceState;
use caixing::store::{Database, Store, StoreError, Tx, repeat};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::oneshot;

use crate::sample::{source, taxpayer, taxpayer_key};
use crate::support::*;

const LOCK_TAXPAYER: &str = "SELECT version FROM taxpayer FOR UPDATE";
const TOUCH_SOURCE: &str = "UPDATE tax_source SET updated_by = 'Beside'";

async fn beside(kept: &TestDatabase) -> PgConnection {
    PgConnection::connect(kept.url()).await.unwrap()
}

async fn run(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

async fn started(store: &Store) {
    let mut tx = store.begin("Start", None, None).await.unwrap();
    tx.insert_taxpayer(&taxpayer()).await.unwrap();
    tx.insert_source(&source(1, SourceState::Collected))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn declare(tx: &mut Tx) -> Result<(), StoreError> {
    let mut declared = source(1, SourceState::Declared);
    declared.version = 2;
    tx.update_source(&declared).await
}

/// Until the connection of `pid` waits for a lock.
async fn waits(watching: &mut PgConnection, pid: i32) {
    const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity
                           WHERE pid = $1 AND wait_event_type = 'Lock'";
    let waiting = async {
        while sqlx::query_scalar::<_, i64>(WAITING)
            .bind(pid)
            .fetch_one(&mut *watching)
            .await
            .unwrap()
            == 0
        {}
    };
    tokio::time::timeout(BOUND, waiting).await.unwrap();
}

/// What the runs of a transaction failed with.
type Why = Arc<Mutex<Vec<String>>>;

fn noted<T>(why: &Why, done: Result<T, StoreError>) -> Result<T, StoreError> {
    if let Err(error) = &done {
        why.lock().unwrap().push(error.to_string());
    }
    done
}

async fn assert_run_twice(kept: &TestDatabase, store: &Store, why: &Why, code: &str) {
    let why = why.lock().unwrap().clone();
    assert_eq!(why.len(), 1, "{why:?}");
    assert!(why[0].contains(code), "{why:?}");
    let counted = store.repeats().counts()["Declare"];
    assert_eq!((counted.again, counted.given_up), (1, 0));
    let states: Vec<(String, String)> = kept.rows("SELECT state, updated_by FROM tax_source").await;
    assert_eq!(states, [("DECLARED".to_owned(), "Declare".to_owned())]);
}

#[tokio::test]
async fn a_deadlock_runs_again_and_is_counted() {
    let (kept, store) = TestDatabase::opened(On::Postgres).await;
    started(&store).await;
    let mut other = beside(&kept).await;
    let watching = tokio::sync::Mutex::new(beside(&kept).await);
    // The server looks for deadlocks from ours, so that ours is the one it ends.
    run(&mut other, "SET deadlock_timeout = '60s'")
        .await
        .unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut other)
        .await
        .unwrap();
    run(&mut other, "BEGIN").await.unwrap();
    run(&mut other, TOUCH_SOURCE).await.unwrap();
    let (locked, is_locked) = oneshot::channel();
    let crossing = tokio::spawn(async move {
        is_locked.await.unwrap();
        run(&mut other, LOCK_TAXPAYER).await.unwrap();
        run(&mut other, "ROLLBACK").await.unwrap();
    });
    let locked = Mutex::new(Some(locked));
    let why = Why::default();
    let work = || async {
        let mut tx = store.begin("Declare", Some(taxpayer_key()), None).await?;
        let first = locked.lock().unwrap().take();
        if let Some(locked) = first {
            locked.send(()).unwrap();
            // A server looks for a deadlock once a wait: the other's must have begun before ours.
            waits(&mut *watching.lock().await, pid).await;
        }
        noted(&why, declare(&mut tx).await)?;
        tx.commit().await
    };
    let done = repeat(store.repeats(), "Declare", |error| Some(error), work).await;
    done.unwrap();
    crossing.await.unwrap();
    assert_run_twice(&kept, &store, &why, "40P01").await;
}

#[tokio::test]
async fn a_serialization_failure_runs_again_and_is_counted() {
    let kept = TestDatabase::new(On::Postgres);
    let strict = "default_transaction_isolation=serializable";
    let database = Database::Postgres(with_setting(kept.url(), strict));
    let store = Store::open(&database).await.unwrap();
    started(&store).await;
    let other = tokio::sync::Mutex::new(beside(&kept).await);
    let crossed = Mutex::new(false);
    let why = Why::default();
    let work = || async {
        // With its lock it has its snapshot.
        let mut tx = store.begin("Declare", Some(taxpayer_key()), None).await?;
        if !std::mem::replace(&mut *crossed.lock().unwrap(), true) {
            run(&mut *other.lock().await, TOUCH_SOURCE).await.unwrap();
        }
        noted(&why, declare(&mut tx).await)?;
        tx.commit().await
    };
    let done = repeat(store.repeats(), "Declare", |error| Some(error), work).await;
    done.unwrap();
    assert_run_twice(&kept, &store, &why, "40001").await;
}

/// Makes the server give an error on a connection, and reads it as the store does.
async fn given(kept: &TestDatabase, setting: &'static str, sql: &'static str) -> StoreError {
    let mut connection = beside(kept).await;
    run(&mut connection, setting).await.unwrap();
    StoreError::from(run(&mut connection, sql).await.unwrap_err())
}

#[tokio::test]
async fn what_the_server_says_has_the_meaning_the_service_gives_it() {
    let (kept, store) = TestDatabase::opened(On::Postgres).await;
    started(&store).await;
    let mut holder = beside(&kept).await;
    run(&mut holder, "BEGIN").await.unwrap();
    run(&mut holder, LOCK_TAXPAYER).await.unwrap();
    let locked = given(&kept, "SET lock_timeout = '20ms'", LOCK_TAXPAYER).await;
    assert!(matches!(locked, StoreError::Unavailable(_)), "{locked}");
    assert!(locked.to_string().contains("55P03"), "{locked}");
    run(&mut holder, "ROLLBACK").await.unwrap();

    let slow = given(
        &kept,
        "SET statement_timeout = '20ms'",
        "SELECT pg_sleep(30)",
    )
    .await;
    assert!(matches!(slow, StoreError::Unavailable(_)), "{slow}");
    assert!(slow.to_string().contains("57014"), "{slow}");

    let read_only = "SET default_transaction_read_only = on";
    let standby = given(&kept, read_only, TOUCH_SOURCE).await;
    assert!(matches!(standby, StoreError::ReadOnly), "{standby}");

    let twice = "INSERT INTO event_numbering (id, last) VALUES (1, 0)";
    let twice = given(&kept, "SET application_name = 'beside'", twice).await;
    assert!(
        matches!(&twice, StoreError::AlreadyExists(key)
        if key.contains("event_numbering_pkey")),
        "{twice}"
    );
    // Run again, the transaction would see what is there.
    assert!(twice.may_repeat());

    let mut victim = beside(&kept).await;
    let (pid,): (i32,) = sqlx::query_as("SELECT pg_backend_pid()")
        .fetch_one(&mut victim)
        .await
        .unwrap();
    let ended = sqlx::query("SELECT pg_terminate_backend($1)").bind(pid);
    ended.execute(&mut holder).await.unwrap();
    let gone = StoreError::from(run(&mut victim, LOCK_TAXPAYER).await.unwrap_err());
    assert!(matches!(gone, StoreError::Unavailable(_)), "{gone}");
    assert!(!gone.may_repeat());
}
