//! A database that is not there, not ours, too new, half made, or goes away: each is told in one
//! clear sentence without the password, nothing is half-written, and the service is well again by
//! itself.

use std::sync::Arc;
use std::time::Duration;

use caixing::pb;
use caixing::store::{Database, Store, StoreError};
use sqlx::{Connection as _, PgConnection};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::process::caixing;
use crate::sample::{taxpayer, taxpayer_key};
use crate::support::*;

/// Longest wait for anything in these tests.
const BOUND: Duration = Duration::from_secs(60);
const SECRET: &str = "se-cret";

/// Why a database is not opened; the password is not said.
async fn refused(database: &Database) -> String {
    let error = Store::open(database).await.unwrap_err();
    assert!(matches!(error, StoreError::Open(_)), "{error:?}");
    let said = error.to_string();
    assert!(!format!("{said}{error:?}").contains(SECRET), "{said}");
    said
}

#[track_caller]
fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word} is not in: {said}");
    }
}

/// The server of the tests with another user, host or database.
fn elsewhere(from: &str, to: &str) -> Database {
    let url = cluster().url.replacen(from, to, 1);
    assert_ne!(url, cluster().url);
    Database::Postgres(url)
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_with_what_to_look_at() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let url = format!("postgres://tax:{SECRET}@127.0.0.1:{port}/caixing");
    let said = refused(&url.parse().unwrap()).await;
    let place = format!("postgres://127.0.0.1:{port}/caixing");
    says(&said, &[&place, "is the server running"]);

    let url = format!("postgres://tax:{SECRET}@no-such-host.invalid/caixing");
    let said = refused(&url.parse().unwrap()).await;
    says(&said, &["no-such-host.invalid", "are host and port right"]);

    let url = format!("postgres://tax:{SECRET}@127.0.0.1:port/caixing");
    let said = refused(&url.parse().unwrap()).await;
    says(
        &said,
        &["write postgres://USER:PASSWORD@HOST:PORT/DATABASE"],
    );

    let said = refused(&elsewhere("/postgres", "/no_such_database")).await;
    says(&said, &["no_such_database", "CREATE DATABASE"]);
}

#[test]
fn the_command_says_the_same_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("postgres://tax:{SECRET}@127.0.0.1:1/caixing");
    let mut command = caixing();
    command.args(["serve", "--sandbox", "--listen", "127.0.0.1:0"]);
    command.args(["--database-url", &url, "--data-dir"]);
    let output = command.arg(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    says(
        &said,
        &["postgres://127.0.0.1:1/caixing", "is the server running"],
    );
    assert!(!said.contains(SECRET), "{said}");
}

#[tokio::test]
async fn a_user_needs_its_password_and_the_right_to_make_tables() {
    let kept = TestDatabase::new(On::Postgres);
    kept.change(&format!("CREATE ROLE {ASKED} LOGIN PASSWORD 'right'"))
        .await;
    let schema: Vec<(String,)> = kept.rows("SELECT current_schema()::text").await;
    let as_user = |password: &str| {
        let user = format!("{ASKED}:{password}@127");
        Database::Postgres(kept.url().replacen("caixing@127", &user, 1))
    };
    let said = refused(&as_user(SECRET)).await;
    says(
        &said,
        &[
            "password authentication failed",
            "are user and password right",
        ],
    );
    let said = refused(&as_user("right")).await;
    says(&said, &["GRANT CREATE, USAGE ON SCHEMA"]);
    let grant = format!("GRANT CREATE, USAGE ON SCHEMA {} TO {ASKED}", schema[0].0);
    kept.change(&grant).await;
    let store = Store::open(&as_user("right")).await.unwrap();
    store.look().await.unwrap();
}

on_both!(
    a_schema_of_a_newer_version_is_left_alone,
    an_interrupted_and_a_foreign_migration_are_named,
    a_migration_that_fails_leaves_nothing_and_runs_when_its_cause_is_gone,
);

async fn a_schema_of_a_newer_version_is_left_alone(on: On) {
    let (kept, store) = TestDatabase::opened(on).await;
    store.close().await;
    kept.change(
        "INSERT INTO _sqlx_migrations
         (version, description, success, checksum, execution_time)
         SELECT 9999, 'newer', success, checksum, execution_time FROM _sqlx_migrations
         WHERE version = 1",
    )
    .await;
    let said = refused(&kept.database).await;
    says(
        &said,
        &["newer caixing", "version 9999", "restore a backup"],
    );
}

async fn an_interrupted_and_a_foreign_migration_are_named(on: On) {
    let (kept, store) = TestDatabase::opened(on).await;
    store.close().await;
    kept.change("UPDATE _sqlx_migrations SET success = FALSE WHERE version = 3")
        .await;
    let said = refused(&kept.database).await;
    says(&said, &["the migration to version 3", "was interrupted"]);
    kept.change(
        "UPDATE _sqlx_migrations SET success = TRUE;
         UPDATE _sqlx_migrations SET checksum =
           (SELECT checksum FROM _sqlx_migrations WHERE version = 1) WHERE version = 2",
    )
    .await;
    let said = refused(&kept.database).await;
    says(&said, &["version 2", "not made by a released caixing"]);
}

async fn a_migration_that_fails_leaves_nothing_and_runs_when_its_cause_is_gone(on: On) {
    let kept = TestDatabase::new(on);
    if on == On::Sqlite {
        // The file of somebody else.
        let file = kept.dir().join("caixing.sqlite3");
        std::fs::File::create(file).unwrap();
    }
    kept.change("CREATE TABLE payment (id BIGINT)").await;
    let said = refused(&kept.database).await;
    match on {
        // Nothing is tried on a file that is not this program's.
        On::Sqlite => says(&said, &["another program", "a directory of its own"]),
        On::Postgres => says(&said, &["payment", "already exists"]),
    }
    let tables = match on {
        On::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table'
             AND name NOT LIKE 'sqlite%' AND name <> '_sqlx_migrations'"
        }
        On::Postgres => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()
             AND tablename <> '_sqlx_migrations'"
        }
    };
    let left: Vec<(String,)> = kept.rows(tables).await;
    assert_eq!(left, [("payment".to_owned(),)]);
    kept.change("DROP TABLE payment").await;
    kept.open().await.look().await.unwrap();
}

async fn beside(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// Ends connections of the service as a restart of the server would, and waits until they are
/// gone; how many.
async fn end(connection: &mut PgConnection, of: &str) -> usize {
    let sql = format!(
        "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'caixing' AND {of}"
    );
    let rows: Vec<(i32, bool)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    let pids: Vec<i32> = rows.iter().map(|(pid, _)| *pid).collect();
    loop {
        let left: Vec<(i32,)> =
            sqlx::query_as("SELECT pid FROM pg_stat_activity WHERE pid = ANY($1)")
                .bind(&pids)
                .fetch_all(&mut *connection)
                .await
                .unwrap();
        if left.is_empty() {
            return pids.len();
        }
    }
}

#[tokio::test]
async fn a_transaction_whose_connection_is_lost_leaves_nothing() {
    let server = Cluster::start();
    let kept = TestDatabase::on_cluster(&server);
    let store = kept.open().await;
    let mut tx = store.begin("Lost", None, None).await.unwrap();
    tx.insert_taxpayer(&taxpayer()).await.unwrap();
    let mut beside = beside(kept.url()).await;
    assert!(end(&mut beside, "TRUE").await > 0);
    let lost = tx.commit().await.unwrap_err();
    assert!(matches!(lost, StoreError::Unavailable(_)), "{lost:?}");
    // Every connection is gone; the next begins on a new one at once.
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.taxpayer(taxpayer_key()).await.unwrap(), None);
}

async fn health(server: &Server) -> tonic::Streaming<tonic_health::pb::HealthCheckResponse> {
    let mut client = HealthClient::new(server.channel.clone());
    let service = "caixing.v1.DeclarationService".to_owned();
    let answer = client.watch(HealthCheckRequest { service }).await;
    answer.unwrap().into_inner()
}

async fn becomes(
    health: &mut tonic::Streaming<tonic_health::pb::HealthCheckResponse>,
    status: ServingStatus,
) {
    let told = tokio::time::timeout(BOUND, health.message()).await;
    assert_eq!(told.unwrap().unwrap().unwrap().status(), status);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_whose_database_goes_away_says_so_and_is_well_again_by_itself() {
    let cluster = Arc::new(Cluster::start());
    let kept = Arc::new(TestDatabase::on_cluster(&cluster));
    let server = Server::of(Arc::clone(&kept), None).await;
    server.set_clock(NOW).await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    let mut health = health(&server).await;
    becomes(&mut health, ServingStatus::Serving).await;

    // Cut off in the midst of a filing, which waits for the lock of its taxpayer.
    let mut holder = beside(kept.url()).await;
    let mut beside = beside(kept.url()).await;
    let mut holding = holder.begin().await.unwrap();
    sqlx::query("SELECT version FROM taxpayer FOR UPDATE")
        .execute(&mut *holding)
        .await
        .unwrap();
    let request = filing(&draft);
    let (mut client, sent) = (server.declarations(), request.clone());
    let cut = tokio::spawn(async move { client.submit_declaration(sent).await });
    let cutting = async {
        while end(&mut beside, "wait_event_type = 'Lock'").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(BOUND, cutting).await.unwrap();
    assert_refused(cut.await.unwrap(), Code::Unavailable, "STORE_UNAVAILABLE");
    holding.rollback().await.unwrap();
    let known = outcome(&server, &taxpayer, &request.request_id).await;
    assert_eq!(known.state(), pb::OutcomeState::NotFound);

    // All connections at once: nobody notices.
    assert!(end(&mut beside, "TRUE").await > 0);
    let filed = server
        .declarations()
        .submit_declaration(request.clone())
        .await;
    assert!(!is_replay(&filed.unwrap()));
    drop((holder, beside));

    let off = Arc::clone(&cluster);
    tokio::task::spawn_blocking(move || off.stop())
        .await
        .unwrap();
    let late = collecting(&taxpayer, contract("HT-2"));
    let away = server.sources().create_tax_source(late.clone()).await;
    assert_refused(away, Code::Unavailable, "STORE_UNAVAILABLE");
    becomes(&mut health, ServingStatus::NotServing).await;

    let on = Arc::clone(&cluster);
    tokio::task::spawn_blocking(move || on.start_again())
        .await
        .unwrap();
    becomes(&mut health, ServingStatus::Serving).await;
    let known = outcome(&server, &taxpayer, &late.request_id).await;
    assert_eq!(known.state(), pb::OutcomeState::NotFound);
    server.sources().create_tax_source(late).await.unwrap();
    let again = server.declarations().submit_declaration(request).await;
    assert!(is_replay(&again.unwrap()));
    assert_eq!(source_list(&server, &taxpayer).await.len(), 2);
    drop(health);
    server.stop().await;
}
