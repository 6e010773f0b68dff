//! What one node does in a second, against a ceiling of the same run: the same database that does
//! nothing but make single rows durable. Clients, server and database share the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use caixing::pb;
use caixing::store::{Database, Store};
use caixing::types::TaxpayerId;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};

use super::node::{Node, Quarter, contract};
use super::write::bytes;
use super::{Fresh, On};

/// Bytes of a row of the ceiling: about what a filing writes.
const ROW: usize = 4096;
const CEILING: Duration = Duration::from_secs(3);

/// Does `count` pieces of work, `at_once` at a time; how many a second.
async fn rate<F>(
    count: usize,
    at_once: usize,
    work: impl Fn(usize) -> F + Send + Sync + 'static,
) -> u128
where
    F: Future<Output = ()> + Send,
{
    let (next, work) = (Arc::new(AtomicUsize::new(0)), Arc::new(work));
    let started = Instant::now();
    let workers: Vec<_> = (0..at_once)
        .map(|_| {
            let (next, work) = (Arc::clone(&next), Arc::clone(&work));
            tokio::spawn(async move {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count {
                        return;
                    }
                    work(place).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    count as u128 * 1_000_000 / started.elapsed().as_micros()
}

/// Single rows a second, each durable, through the same driver.
async fn ceiling(database: &Database, at_once: usize) -> u128 {
    let made = "CREATE TABLE bare (id TEXT NOT NULL PRIMARY KEY, row_text TEXT NOT NULL)";
    let insert = "INSERT INTO bare (id, row_text) VALUES ($1, $2)";
    let row = "x".repeat(ROW);
    let started = Instant::now();
    let mut count = 0;
    match database {
        Database::Embedded(dir) => {
            let options = SqliteConnectOptions::new()
                .filename(dir.join("bare.sqlite3"))
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full);
            let mut connection: SqliteConnection = options.connect().await.unwrap();
            sqlx::query(made).execute(&mut connection).await.unwrap();
            while started.elapsed() < CEILING {
                let id = uuid::Uuid::now_v7().to_string();
                let query = sqlx::query(insert).bind(id).bind(&row);
                query.execute(&mut connection).await.unwrap();
                count += 1;
            }
            connection.close().await.unwrap();
        }
        Database::Postgres(url) => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::query(made).execute(&mut connection).await.unwrap();
            let workers: Vec<_> = (0..at_once)
                .map(|_| {
                    let (url, row) = (url.clone(), row.clone());
                    tokio::spawn(async move {
                        let mut connection = PgConnection::connect(&url).await.unwrap();
                        let mut count = 0;
                        while started.elapsed() < CEILING {
                            let id = uuid::Uuid::now_v7().to_string();
                            let query = sqlx::query(insert).bind(id).bind(&row);
                            query.execute(&mut connection).await.unwrap();
                            count += 1;
                        }
                        count
                    })
                })
                .collect();
            for worker in workers {
                count += worker.await.unwrap();
            }
            let gone = sqlx::query("DROP TABLE bare");
            gone.execute(&mut connection).await.unwrap();
        }
    }
    count * 1_000_000 / started.elapsed().as_micros()
}

fn told(name: &str, rate: u128, ceiling: u128) {
    let percent = rate * 100 / ceiling.max(1);
    println!("{name:<44} {rate:>7}/s {percent:>4} % of the ceiling");
}

/// One whole journey: registered, collected, drawn, filed, paid, in the treasury.
async fn journey(node: &Node, number: &TaxpayerId) {
    let taxpayer = node.register(number.as_str()).await;
    node.collect(&taxpayer, contract("HT-1", Quarter::LAST, 0))
        .await;
    let draft = node.draft(&taxpayer, Quarter::LAST).await.remove(0);
    let filed = node.submit(&draft, &[UNCONFIRMED.to_owned()]).await;
    let payment = node.pay(&filed, "300.00").await;
    node.settle(&payment).await;
}

const UNCONFIRMED: &str = "FREQUENCY_UNCONFIRMED";

/// Prints the table of one database, measured with `count` filings.
pub async fn table(on: On, count: usize) {
    let fresh = Fresh::new(on).await;
    let node = Arc::new(fresh.node().await);
    node.quiet_treasury();
    let many = match on {
        On::Sqlite => 64,
        On::Postgres => 32,
    };
    let bare = ceiling(&fresh.database, many).await;
    println!(
        "{:<44} {bare:>7}/s",
        "single rows, each durable (the ceiling)"
    );
    let first = TaxpayerId::parse("91340100MA8WXJ264T").unwrap();
    let numbers = std::iter::successors(Some(first), TaxpayerId::next_demonstration_number);
    let numbers: Arc<Vec<TaxpayerId>> = Arc::new(numbers.take(count * 2).collect());
    let drafts: Arc<Vec<std::sync::OnceLock<pb::Declaration>>> =
        Arc::new((0..count).map(|_| std::sync::OnceLock::new()).collect());
    let (of, into, known) = (Arc::clone(&node), Arc::clone(&drafts), Arc::clone(&numbers));
    let prepared = rate(count, many, move |place| {
        let (node, into, known) = (Arc::clone(&of), Arc::clone(&into), Arc::clone(&known));
        async move {
            let taxpayer = node.register(known[place].as_str()).await;
            node.collect(&taxpayer, contract("HT-1", Quarter::LAST, 0))
                .await;
            let draft = node.draft(&taxpayer, Quarter::LAST).await.remove(0);
            into[place].set(draft).unwrap();
        }
    });
    println!(
        "{:<44} {:>7}/s",
        "registered, collected, drawn",
        prepared.await
    );
    let submit = |from: usize, count: usize, at_once: usize| {
        let (node, drafts) = (Arc::clone(&node), Arc::clone(&drafts));
        rate(count, at_once, move |place| {
            let (node, drafts) = (Arc::clone(&node), Arc::clone(&drafts));
            async move {
                let draft = drafts[from + place].get().unwrap();
                node.submit(draft, &[UNCONFIRMED.to_owned()]).await;
            }
        })
    };
    let alone = count / 5;
    told(
        "SubmitDeclaration, 1 at a time",
        submit(0, alone, 1).await,
        bare,
    );
    let name = format!("SubmitDeclaration, {many} at a time");
    told(&name, submit(alone, count - alone, many).await, bare);
    let again = ceiling_again(&fresh.database, many).await;
    println!("{:<44} {again:>7}/s", "the ceiling again");
    let before = bytes(&fresh.database).await;
    let journeys = count / 4;
    let of = Arc::clone(&node);
    let done = rate(journeys, many, move |place| {
        let (node, numbers) = (Arc::clone(&of), Arc::clone(&numbers));
        async move { journey(&node, &numbers[count + place]).await }
    });
    let done = done.await;
    println!(
        "{:<44} {done:>7}/s",
        format!("whole journeys, {many} at a time")
    );
    let more = bytes(&fresh.database).await.saturating_sub(before);
    println!(
        "{:<44} {:>7}",
        "bytes on disk of a journey",
        more / journeys as u64
    );
    Arc::into_inner(node).unwrap().stop().await;
    if let Database::Postgres(url) = &fresh.database {
        numbering(url, &fresh.database).await;
    }
    fresh.gone().await;
}

async fn ceiling_again(database: &Database, at_once: usize) -> u128 {
    if let Database::Embedded(dir) = database {
        for file in ["bare.sqlite3", "bare.sqlite3-wal", "bare.sqlite3-shm"] {
            let _ = std::fs::remove_file(dir.join(file));
        }
    }
    let rate = ceiling(database, at_once).await;
    if let Database::Embedded(dir) = database {
        for file in ["bare.sqlite3", "bare.sqlite3-wal", "bare.sqlite3-shm"] {
            let _ = std::fs::remove_file(dir.join(file));
        }
    }
    rate
}

/// How many committed events one process numbers in a second.
async fn numbering(url: &str, database: &Database) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let reset = "UPDATE event SET position = NULL; UPDATE event_numbering SET last = 0";
    sqlx::raw_sql(reset).execute(&mut connection).await.unwrap();
    let count = sqlx::query_as("SELECT COUNT(*) FROM event");
    let (count,): (i64,) = count.fetch_one(&mut connection).await.unwrap();
    let started = Instant::now();
    let store = Store::open(database).await.unwrap();
    store.number_events().await.unwrap();
    let took = started.elapsed().as_micros();
    let rate = count.unsigned_abs() as u128 * 1_000_000 / took;
    println!("{:<44} {rate:>7}/s", "events numbered, by one process");
    store.close().await;
    connection.close().await.unwrap();
}
