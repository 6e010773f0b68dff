//! How the service behaves as its database grows, and what one node holds: `docs/scale.md` has the
//! commands and what they print. Machines differ: ratios are measured in the same run.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench fails by panicking and prints its result"
)]

mod fill;
mod latency;
mod node;
mod statements;
mod throughput;
mod write;

use caixing::store::Database;
use node::Node;

/// Names a PostgreSQL server; each database of the bench is a schema of its own there.
const URL_VARIABLE: &str = "CAIXING_BENCH_DATABASE_URL";

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Sqlite,
    Postgres,
}

/// A fresh database. Gone when `gone` is called, or with its directory.
struct Fresh {
    dir: tempfile::TempDir,
    database: Database,
    schema: Option<String>,
}

async fn run_on_server(sql: String) {
    use sqlx::Connection as _;
    let url = std::env::var(URL_VARIABLE).unwrap();
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection);
    done.await.unwrap();
    connection.close().await.unwrap();
}

impl Fresh {
    async fn new(on: On) -> Self {
        let dir = node::scratch();
        if on == On::Sqlite {
            let database = Database::Embedded(dir.path().to_owned());
            return Self {
                dir,
                database,
                schema: None,
            };
        }
        let url = std::env::var(URL_VARIABLE).unwrap();
        let schema = format!("growth_{}", uuid::Uuid::now_v7().simple());
        run_on_server(format!("CREATE SCHEMA {schema}")).await;
        let and = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{and}options=-c%20search_path%3D{schema}");
        Self {
            dir,
            database: Database::Postgres(url),
            schema: Some(schema),
        }
    }

    async fn node(&self) -> Node {
        Node::start(self.dir.path(), &self.database).await
    }

    async fn gone(self) {
        if let Some(schema) = self.schema {
            run_on_server(format!("DROP SCHEMA {schema} CASCADE")).await;
        }
    }
}

fn databases() -> Vec<On> {
    let chosen = std::env::var("CAIXING_BENCH_ON").unwrap_or_else(|_| "both".to_owned());
    let server = std::env::var_os(URL_VARIABLE).is_some();
    match chosen.as_str() {
        "sqlite" => vec![On::Sqlite],
        "postgres" => vec![On::Postgres],
        _ if server => vec![On::Sqlite, On::Postgres],
        _ => {
            println!("PostgreSQL is left out: {URL_VARIABLE} names no server");
            vec![On::Sqlite]
        }
    }
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let command = words.first().map_or("statements", String::as_str);
    let number = |place: usize, usual: usize| {
        let word = words.get(place);
        word.map_or(usual, |word| word.replace('_', "").parse().unwrap())
    };
    let templates = match command {
        "latency" => Some(latency::templates().await),
        _ => None,
    };
    for on in databases() {
        println!("== {command} on {on:?}");
        match command {
            "statements" => {
                if on == databases()[0] {
                    statements::watch();
                }
                let fresh = Fresh::new(on).await;
                let node = fresh.node().await;
                statements::table(&node).await;
                node.stop().await;
                fresh.gone().await;
            }
            "latency" => {
                let templates = templates.as_ref().unwrap();
                latency::table(on, templates, number(1, 10_000), number(2, 300)).await;
            }
            "throughput" => throughput::table(on, number(1, 2_000)).await,
            other => panic!("no such bench: {other}"),
        }
    }
}
