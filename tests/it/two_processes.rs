//! Two servers on one PostgreSQL are one service: one order of events, one worker at a time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use caixing::clock::system_now;
use caixing::pb;
use caixing::store::Store;
use caixing::types::TaxpayerKey;
use jiff::SignedDuration;
use tonic::Streaming;
use uuid::Uuid;

use crate::sample::{instant, taxpayer};
use crate::support::*;

/// Longest wait for anything in these tests.
const BOUND: Duration = Duration::from_secs(60);

async fn follow(
    server: &Server,
    taxpayer: &str,
    cursor: &str,
) -> Streaming<pb::StreamEventsResponse> {
    let request = pb::StreamEventsRequest {
        taxpayer_id: taxpayer.to_owned(),
        cursor: cursor.to_owned(),
        ..Default::default()
    };
    let answer = server.events().stream_events(request).await;
    answer.unwrap().into_inner()
}

async fn take(
    stream: &mut Streaming<pb::StreamEventsResponse>,
    count: usize,
) -> Vec<pb::StreamEventsResponse> {
    let mut told = Vec::new();
    while told.len() < count {
        let event = tokio::time::timeout(BOUND, stream.message()).await;
        told.push(event.expect("nothing was told").unwrap().unwrap());
    }
    told
}

/// The number in the cursor of a stream over all taxpayers.
fn position(event: &pb::StreamEventsResponse) -> i64 {
    event.cursor.split('.').nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_commits_the_other_tells_once_in_one_order_without_a_gap() {
    const EACH: usize = 12;
    let (one, other, _bank) = Server::two_on_one().await;
    let taxpayer = register(&one).await;
    let mut streams = Vec::new();
    for server in [&one, &other] {
        streams.push(follow(server, "", "").await);
        streams.push(follow(server, &taxpayer, "").await);
    }
    // Both write at once, on one taxpayer and without an order between them.
    let collecting = |server: &'static str, from: &Server| {
        let (client, taxpayer) = (from.sources(), taxpayer.clone());
        tokio::spawn(async move {
            for number in 0..EACH {
                let input = contract(&format!("{server}-{number}"));
                let request = crate::support::collecting(&taxpayer, input);
                client.clone().create_tax_source(request).await.unwrap();
            }
        })
    };
    let (left, right) = (collecting("A", &one), collecting("B", &other));
    let all = 1 + 2 * EACH;
    let mut told = Vec::new();
    for stream in &mut streams {
        told.push(take(stream, all).await);
    }
    left.await.unwrap();
    right.await.unwrap();
    let hashes = |told: &[pb::StreamEventsResponse]| -> Vec<String> {
        told.iter().map(|event| event.hash.clone()).collect()
    };
    for stream in &told {
        assert_eq!(hashes(stream), hashes(&told[0]));
        let sequences = stream.iter().map(|event| event.sequence);
        assert!(sequences.eq(1..=i64::try_from(all).unwrap()));
    }
    let positions = told[0].iter().map(position);
    assert!(positions.eq(1..=i64::try_from(all).unwrap()));
    // A cursor of one server goes on at the other.
    for place in [0, 7, all - 2] {
        let mut rest = follow(&other, "", &told[0][place].cursor).await;
        assert_eq!(take(&mut rest, all - place - 1).await, told[0][place + 1..]);
        let mut rest = follow(&one, &taxpayer, &told[3][place].cursor).await;
        assert_eq!(take(&mut rest, all - place - 1).await, told[3][place + 1..]);
    }
    one.check_trail().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declaration_is_followed_at_one_server_while_the_other_works_on_it() {
    let (one, other, _bank) = Server::two_on_one().await;
    let filed = filed(&one).await;
    let request = pb::WatchDeclarationRequest {
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        after_sequence: 0,
    };
    let answer = other.declarations().watch_declaration(request).await;
    let mut stream = answer.unwrap().into_inner();
    let mut next = async || {
        let told = tokio::time::timeout(BOUND, stream.message()).await;
        let told = told.expect("nothing was told").unwrap().unwrap();
        (told.sequence, told.event_kind)
    };
    assert_eq!(next().await, (4, String::new()));
    let paid = pay(&one, &filed, "300.00").await;
    one.treasury()
        .report_settlement(settling(&paid))
        .await
        .unwrap();
    for (sequence, kind) in [
        (5, "payment.sent"),
        (6, "payment.debited"),
        (7, "payment.in_treasury"),
        (8, "declaration.completed"),
        (9, "voucher.issued"),
    ] {
        assert_eq!(next().await, (sequence, kind.to_owned()));
    }
}

on_both!(
    many_writers_are_numbered_without_gap_or_double_in_the_order_of_each_chain,
    a_piece_of_work_has_one_holder_until_it_is_away,
);

fn key(number: usize) -> TaxpayerKey {
    TaxpayerKey::new(Uuid::from_u128(0x7000 + u128::try_from(number).unwrap()))
}

async fn write(store: Store, number: usize, count: usize) {
    for _ in 0..count {
        let work = || async {
            let mut tx = store.begin("Write", Some(key(number)), None).await?;
            for _ in 0..2 {
                tx.append_event(key(number), "sample.written", "x", instant(0))
                    .await?;
            }
            tx.commit().await
        };
        let done = caixing::store::repeat(store.repeats(), "Write", |error| Some(error), work);
        done.await.unwrap();
    }
}

async fn many_writers_are_numbered_without_gap_or_double_in_the_order_of_each_chain(on: On) {
    const WRITERS: usize = 8;
    const COMMITS: usize = 15;
    let (kept, store) = TestDatabase::opened(on).await;
    // The second process; the embedded database has but one.
    let other = match on {
        On::Sqlite => store.clone(),
        On::Postgres => kept.open().await,
    };
    let mut tx = store.begin("Start", None, None).await.unwrap();
    for number in 0..WRITERS {
        let mut one = taxpayer();
        one.key = key(number);
        tx.insert_taxpayer(&one).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..WRITERS {
        let store = [&store, &other][number % 2].clone();
        writers.spawn(write(store, number, COMMITS));
    }
    // Meanwhile one reads on and on: nothing ever comes before what it has read.
    let all = i64::try_from(WRITERS * COMMITS * 2).unwrap();
    let started = Instant::now();
    let (mut read, mut chains) = (0, HashMap::new());
    while read < all {
        assert!(
            started.elapsed() < BOUND,
            "only {read} events have a number"
        );
        let mut tx = other.read().await.unwrap();
        for event in tx.events_after(read, 100).await.unwrap() {
            read += 1;
            assert_eq!(event.position, read);
            let end = chains.entry(event.taxpayer_id).or_insert(0);
            *end += 1;
            assert_eq!(event.sequence, *end);
        }
        drop(tx);
        tokio::task::yield_now().await;
    }
    writers.join_all().await;
    assert_eq!(chains.len(), WRITERS);
    let rows: Vec<(i64, i64)> = kept
        .rows("SELECT COUNT(*), COUNT(DISTINCT position) FROM event")
        .await;
    assert_eq!(rows, [(all, all)]);
}

async fn a_piece_of_work_has_one_holder_until_it_is_away(on: On) {
    let (kept, one) = TestDatabase::opened(on).await;
    let other = kept.open().await;
    let (start, kept_for) = (system_now(), SignedDuration::from_secs(20));
    let at = |seconds| start + SignedDuration::from_secs(seconds);
    let alone = on == On::Sqlite;
    for (store, holder, seconds, held) in [
        (&one, "A", 0, true),
        (&other, "B", 19, false),
        (&one, "A", 15, true),
        // A was there at 15 and has it until 35.
        (&other, "B", 34, false),
        (&other, "B", 36, true),
        (&one, "A", 37, false),
        (&other, "B", 38, true),
    ] {
        let holds = store
            .hold_lease("sample", holder, at(seconds), kept_for)
            .await;
        // The embedded database has one process, which always may.
        assert_eq!(holds.unwrap(), held || alone, "{holder} at {seconds}");
    }
    // At the same instant it is given to one.
    let (left, right) = tokio::join!(
        one.hold_lease("other", "A", at(0), kept_for),
        other.hold_lease("other", "B", at(0), kept_for),
    );
    assert_eq!(left.unwrap() ^ right.unwrap(), !alone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_left_open_are_resolved_once_and_by_the_next_when_the_holder_is_gone() {
    async fn unheard(server: &Server, filed: &pb::Declaration) -> pb::Payment {
        let mut request = paying(filed, "300.00");
        request.agreement_number.push_str("-DEAF");
        let answer = server.payments().create_payment(request).await;
        answer.unwrap().into_inner().payment.unwrap()
    }
    let (one, other, bank) = Server::two_on_one().await;
    let first = filed(&one).await;
    let paid = unheard(&one, &first).await;
    wait_for(&other, &paid, pb::PaymentState::Debited).await;
    let holders = "SELECT holder FROM worker_lease WHERE name = 'resolve-payments'";
    let before: Vec<(String,)> = one.database().rows(holders).await;
    assert_eq!(before.len(), 1);
    one.stop().await;
    // Its time is over, as it will be 20 seconds after it was last there.
    other
        .database()
        .change("UPDATE worker_lease SET until = 0")
        .await;
    collect(&other, &first.taxpayer_id, contract("HT-2")).await;
    let second = submit(&other, &draft(&other, &first.taxpayer_id).await).await;
    let paid = unheard(&other, &second).await;
    wait_for(&other, &paid, pb::PaymentState::Debited).await;
    let debited = "SELECT COUNT(*) FROM event WHERE kind = 'payment.debited'";
    let debited: Vec<(i64,)> = other.database().rows(debited).await;
    assert_eq!((debited, bank.debit_calls()), (vec![(2,)], 2));
    other.stop().await;
}
