//! Writes many copies of taxpayers into a database: rows by hundreds into SQLite, `COPY` into
//! PostgreSQL.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use caixing::signing::Ed25519Signer;
use caixing::store::Database;
use caixing::types::TaxpayerId;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use tokio::sync::mpsc;

use super::fill::{Table, Template, Value, key_of};

/// Rows of one statement on SQLite.
const ROWS: usize = 200;
/// Bytes of one `COPY`.
const COPIED: usize = 4 * 1024 * 1024;
/// Statements between two commits on SQLite.
const COMMIT_EVERY: usize = 500;

/// The lives that are copied.
pub struct Templates {
    pub usual: Template,
    pub heavy: Template,
    pub rules: (String, String, i64),
}

/// Who was written: the n-th copies, in the order of their ids.
pub struct Filled {
    pub usual: Vec<(u64, String)>,
    pub heavy: Vec<(u64, String)>,
    pub declarations: usize,
    pub took: Duration,
}

enum Sink {
    Sqlite(
        SqliteConnection,
        HashMap<&'static str, Vec<Vec<Value>>>,
        usize,
    ),
    Postgres(PgConnection, HashMap<&'static str, Vec<u8>>),
}

impl Sink {
    async fn open(database: &Database) -> Self {
        match database {
            Database::Embedded(dir) => {
                let options = SqliteConnectOptions::new()
                    .filename(dir.join("caixing.sqlite3"))
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Off)
                    .pragma("cache_size", "-1000000")
                    .foreign_keys(false);
                let mut connection = options.connect().await.unwrap();
                run(&mut connection, "BEGIN").await;
                Self::Sqlite(connection, HashMap::new(), 0)
            }
            Database::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                // Foreign keys are not checked and commits not waited for while it is filled.
                let quick = "SET session_replication_role = replica; SET synchronous_commit = off";
                sqlx::raw_sql(quick).execute(&mut connection).await.unwrap();
                Self::Postgres(connection, HashMap::new())
            }
        }
    }

    async fn take(&mut self, table: Table) {
        match self {
            Self::Sqlite(connection, waiting, statements) => {
                let rows = waiting.entry(table.name).or_default();
                rows.extend(table.rows);
                while rows.len() >= ROWS {
                    let rest = rows.split_off(ROWS);
                    let piece = std::mem::replace(rows, rest);
                    insert(connection, table.name, &table.columns, piece).await;
                    *statements += 1;
                    if statements.is_multiple_of(COMMIT_EVERY) {
                        run(connection, "COMMIT").await;
                        run(connection, "BEGIN").await;
                    }
                }
            }
            Self::Postgres(connection, waiting) => {
                let bytes = waiting.entry(table.name).or_default();
                table.rows.iter().for_each(|row| copy_line(row, bytes));
                if bytes.len() >= COPIED {
                    let bytes = std::mem::take(bytes);
                    copy(connection, table.name, &table.columns, bytes).await;
                }
            }
        }
    }

    async fn end(self, columns: &HashMap<&'static str, Vec<String>>) {
        match self {
            Self::Sqlite(mut connection, waiting, _) => {
                for (name, rows) in waiting {
                    for row in rows {
                        insert(&mut connection, name, &columns[name], vec![row]).await;
                    }
                }
                run(&mut connection, "COMMIT").await;
                run(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await;
                connection.close().await.unwrap();
            }
            Self::Postgres(mut connection, waiting) => {
                for (name, bytes) in waiting {
                    copy(&mut connection, name, &columns[name], bytes).await;
                }
                // As autovacuum would soon.
                for name in columns.keys() {
                    let sql = AssertSqlSafe(format!("VACUUM ANALYZE {name}"));
                    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
                }
                let checkpoint = sqlx::raw_sql("CHECKPOINT");
                checkpoint.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::query(sql).execute(connection).await.unwrap();
}

async fn insert(
    connection: &mut SqliteConnection,
    name: &str,
    columns: &[String],
    rows: Vec<Vec<Value>>,
) {
    let places = vec!["?"; columns.len()].join(", ");
    let places = vec![format!("({places})"); rows.len()].join(", ");
    let columns = columns.join(", ");
    let sql = format!("INSERT INTO {name} ({columns}) VALUES {places}");
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in rows.into_iter().flatten() {
        query = match value {
            Value::Null => query.bind(Option::<i64>::None),
            Value::Int(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    query.execute(connection).await.unwrap();
}

fn copy_line(row: &[Value], out: &mut Vec<u8>) {
    for (place, value) in row.iter().enumerate() {
        if place > 0 {
            out.push(b'\t');
        }
        match value {
            Value::Null => out.extend_from_slice(b"\\N"),
            Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Value::Bytes(bytes) => {
                out.extend_from_slice(b"\\\\x");
                out.extend_from_slice(hex::encode(bytes).as_bytes());
            }
            Value::Text(text) => {
                for byte in text.bytes() {
                    match byte {
                        b'\\' => out.extend_from_slice(b"\\\\"),
                        b'\t' => out.extend_from_slice(b"\\t"),
                        b'\n' => out.extend_from_slice(b"\\n"),
                        b'\r' => out.extend_from_slice(b"\\r"),
                        byte => out.push(byte),
                    }
                }
            }
        }
    }
    out.push(b'\n');
}

async fn copy(connection: &mut PgConnection, name: &str, columns: &[String], bytes: Vec<u8>) {
    let sql = format!("COPY {name} ({}) FROM STDIN", columns.join(", "));
    let mut copying = connection.copy_in_raw(&sql).await.unwrap();
    copying.send(bytes).await.unwrap();
    copying.finish().await.unwrap();
}

/// The first `count` numbers for demonstrations after one.
fn numbers(count: usize) -> Vec<TaxpayerId> {
    let first = TaxpayerId::parse("91340100MA8WXJ264T").unwrap();
    let next = |number: &TaxpayerId| number.next_demonstration_number();
    // The first few are those of the templates.
    let all = std::iter::successors(Some(first), next);
    all.skip(10).take(count).collect()
}

/// Fills an empty database that is migrated already, in the order of taxpayers' ids.
pub async fn fill(
    database: &Database,
    of: &Arc<Templates>,
    signer: Ed25519Signer,
    count: (usize, usize),
) -> Filled {
    let started = Instant::now();
    let (usual, heavy) = count;
    let mut numbered: Vec<(String, u64, TaxpayerId)> = (1..)
        .zip(numbers(usual + heavy))
        .map(|(n, number)| (key_of(&number), n, number))
        .collect();
    numbered.sort();
    let every = (usual + heavy) / heavy.max(1);
    let is_heavy = move |place: usize| heavy > 0 && place % every == every / 2;
    let mut filled = Filled {
        usual: Vec::new(),
        heavy: Vec::new(),
        declarations: 0,
        took: Duration::ZERO,
    };
    for (place, (key, n, _)) in numbered.iter().enumerate() {
        let (list, template) = if is_heavy(place) {
            (&mut filled.heavy, &of.heavy)
        } else {
            (&mut filled.usual, &of.usual)
        };
        list.push((*n, key.clone()));
        filled.declarations += template.declarations.len();
    }
    let (send, mut copies) = mpsc::channel(16);
    let templates = Arc::clone(of);
    let making = std::thread::spawn(move || {
        let mut position = 0;
        for (place, (_, n, number)) in numbered.iter().enumerate() {
            let template = if is_heavy(place) {
                &templates.heavy
            } else {
                &templates.usual
            };
            let copy = template.copy(*n, number, &signer, &mut position);
            if send.blocking_send(copy).is_err() {
                break;
            }
        }
        position
    });
    let mut sink = Sink::open(database).await;
    let mut columns = HashMap::new();
    while let Some(tables) = copies.recv().await {
        for table in tables {
            if !columns.contains_key(table.name) {
                columns.insert(table.name, table.columns.clone());
            }
            sink.take(table).await;
        }
    }
    let position = making.join().unwrap();
    sink.end(&columns).await;
    close(database, of, position).await;
    filled.took = started.elapsed();
    filled
}

/// The rules that everything was computed with, and where the numbering stands.
async fn close(database: &Database, of: &Templates, position: i64) {
    let (digest, files, at) = of.rules.clone();
    let rules = "INSERT INTO rule_pack (digest, files, first_used_at) VALUES ($1, $2, $3)";
    let last = "UPDATE event_numbering SET last = $1";
    match database {
        Database::Embedded(dir) => {
            let file = format!("sqlite://{}", dir.join("caixing.sqlite3").display());
            let mut connection = SqliteConnection::connect(&file).await.unwrap();
            let rules = sqlx::query(rules).bind(digest).bind(files).bind(at);
            rules.execute(&mut connection).await.unwrap();
            let last = sqlx::query(last).bind(position);
            last.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Database::Postgres(url) => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            let rules = sqlx::query(rules).bind(digest).bind(files).bind(at);
            rules.execute(&mut connection).await.unwrap();
            let last = sqlx::query(last).bind(position);
            last.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

/// Bytes on disk.
pub async fn bytes(database: &Database) -> u64 {
    match database {
        Database::Embedded(dir) => {
            let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap());
            let of = |file: std::fs::DirEntry| file.metadata().unwrap().len();
            files.map(of).sum()
        }
        Database::Postgres(url) => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            let sql = "SELECT CAST(SUM(pg_total_relation_size(oid)) AS BIGINT) FROM pg_class
                 WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace";
            let size = sqlx::query_as(sql).fetch_one(&mut connection);
            let (size,): (i64,) = size.await.unwrap();
            size.unsigned_abs()
        }
    }
}
