//! How many durable transactions a second the embedded database takes, one after the other and
//! with 64 clients at once, in the same run: `cargo bench --bench commits`. `TMPDIR` names the
//! disk. Machines differ; the ratio is what to compare.
#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::time::Instant;

use caixing::filing::Taxpayer;
use caixing::store::{Database, RecordedRequest, Store};
use caixing::tax::{Profile, TaxpayerKind};
use caixing::types::{RequestId, TaxpayerId, TaxpayerKey};
use jiff::Timestamp;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Transactions of each measurement.
const TRANSACTIONS: u32 = 4096;
const CLIENTS: u32 = 64;
/// Bytes of an answer as it is recorded: about that of a filing.
const ANSWER: usize = 2048;

/// Registers a taxpayer with its event and its recorded answer: a transaction like any mutation's.
async fn registered(store: &Store) {
    let key = TaxpayerKey::new(Uuid::now_v7());
    let request = RequestId::parse(&Uuid::new_v4().to_string()).unwrap();
    let at = Timestamp::UNIX_EPOCH;
    let mut tx = store
        .begin("RegisterTaxpayer", Some(key), Some(request))
        .await
        .unwrap();
    let taxpayer = Taxpayer {
        key,
        tax_number: TaxpayerId::parse("91350100M000100Y43").unwrap(),
        name: "样例企业".to_owned(),
        profile: Profile {
            kind: TaxpayerKind::Enterprise,
            six_taxes: Vec::new(),
            six_taxes_facts: None,
        },
        version: 1,
        created_at: at,
    };
    tx.insert_taxpayer(&taxpayer).await.unwrap();
    let recorded = RecordedRequest {
        method: "RegisterTaxpayer".to_owned(),
        content_digest: String::new(),
        subject_id: key.to_string(),
        response: Some(vec![0x5a; ANSWER]),
        recorded_at: at,
    };
    tx.insert_request(key, request, &recorded).await.unwrap();
    tx.append_event(key, "taxpayer.registered", &key.to_string(), at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Transactions a second with so many clients, each waiting for its answer; and what they shared.
async fn measured(store: &Store, clients: u32) -> u128 {
    let before = store.commits().unwrap();
    let start = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..clients {
        let store = store.clone();
        all.spawn(async move {
            for _ in 0..TRANSACTIONS / clients {
                registered(&store).await;
            }
        });
    }
    all.join_all().await;
    let rate = u128::from(TRANSACTIONS) * 1_000_000 / start.elapsed().as_micros();
    let commits = store.commits().unwrap().commits - before.commits;
    println!("{clients:>3} at once: {rate:>8} transactions/s, {commits} commits");
    rate
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::Embedded(dir.path().to_owned());
        let store = Store::open(&database).await.unwrap();
        let single = measured(&store, 1).await;
        let shared = measured(&store, CLIENTS).await;
        println!("{}% of one after the other", shared * 100 / single.max(1));
        store.close().await;
    });
}
