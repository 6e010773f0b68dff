//! The embedded database's one writer: who shares a commit, who never does, and that nobody who
//! fails or leaves takes anything with him.

use std::sync::Arc;
use std::time::Instant;

use caixing::clock::Clock;
use caixing::filing::Taxpayer;
use caixing::gateway::BankClient;
use caixing::grpc::{self, Parts};
use caixing::pb::taxpayer_service_server::TaxpayerService as _;
use caixing::rules::RuleBook;
use caixing::signing::Ed25519Signer;
use caixing::store::{Limits, RecordedRequest, Store, StoreError, Tx, repeat};
use caixing::types::{RequestId, TaxpayerKey};
use proptest::prelude::*;
use tokio::task::JoinSet;
use tonic::{Code, Request};
use uuid::Uuid;

use crate::process::WAIT_MAX;
use crate::sample::{instant, taxpayer};
use crate::support::*;

/// Rows of one transaction; more than any writes.
const ROWS_MAX: u64 = 10;

fn uuid(number: u64) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0001_0000 + u128::from(number))
}

fn who(number: u64) -> TaxpayerKey {
    TaxpayerKey::new(uuid(number))
}

/// A store with so many taxpayers.
async fn opened(taxpayers: u64) -> (TestDatabase, Store) {
    let kept = TestDatabase::new(On::Sqlite);
    let store = kept.open().await;
    let mut tx = store.begin("Test", None, None).await.unwrap();
    for number in 0..taxpayers {
        let key = who(number);
        let one = Taxpayer { key, ..taxpayer() };
        tx.insert_taxpayer(&one).await.unwrap();
    }
    tx.commit().await.unwrap();
    (kept, store)
}

/// Writes the n-th row of a piece of work.
async fn row(tx: &mut Tx, key: TaxpayerKey, work: u64, number: u64) -> Result<(), StoreError> {
    let request = uuid(work * ROWS_MAX + number).to_string();
    let recorded = RecordedRequest {
        method: "Test".to_owned(),
        content_digest: String::new(),
        subject_id: work.to_string(),
        response: None,
        recorded_at: instant(0),
    };
    let request = RequestId::parse(&request).unwrap();
    tx.insert_request(key, request, &recorded).await
}

/// A piece of work: some rows and an event of a taxpayer, committed.
async fn work(store: &Store, key: TaxpayerKey, work: u64, rows: u64) -> Result<(), StoreError> {
    let mut tx = store.begin("Test", Some(key), None).await?;
    for number in 0..rows {
        row(&mut tx, key, work, number).await?;
    }
    if rows > 0 {
        let at = instant(0);
        tx.append_event(key, "test.done", &work.to_string(), at)
            .await?;
    }
    tx.commit().await
}

/// The same, run again where it clashed, as the services do.
async fn worked(store: Store, key: TaxpayerKey, number: u64, rows: u64) -> Result<(), StoreError> {
    let run = || work(&store, key, number, rows);
    repeat(store.repeats(), "Test", |error| Some(error), run).await
}

/// Waits until so many wait for their turn.
async fn until_waiting(store: &Store, count: usize) {
    let started = Instant::now();
    while store.commits().unwrap().waiting < count {
        assert!(started.elapsed() < WAIT_MAX, "they do not wait");
        tokio::task::yield_now().await;
    }
}

/// Lets pieces of work wait for one turn together, then run; how many commits they took, and the
/// most that shared one.
async fn together(store: &Store, works: &[(u64, u64)]) -> (u64, u64) {
    let before = store.commits().unwrap();
    let held = store.begin("Test", None, None).await.unwrap();
    let mut all = JoinSet::new();
    for (index, (taxpayer, number)) in works.iter().enumerate() {
        all.spawn(worked(store.clone(), who(*taxpayer), *number, 2));
        until_waiting(store, index + 1).await;
    }
    drop(held);
    for done in all.join_all().await {
        done.unwrap();
    }
    let after = store.commits().unwrap();
    let count = u64::try_from(works.len()).unwrap();
    assert_eq!(after.transactions - before.transactions, count);
    (after.commits - before.commits, after.largest)
}

/// How many rows of a piece of work there are.
async fn rows(kept: &TestDatabase, work: u64) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM request WHERE subject_id = '{work}'");
    let counted: Vec<(i64,)> = kept.rows(&sql).await;
    counted[0].0
}

#[tokio::test]
async fn forty_taxpayers_that_wait_share_one_commit() {
    let (kept, store) = opened(40).await;
    let works: Vec<_> = (0..40).map(|number| (number, number)).collect();
    assert_eq!(together(&store, &works).await, (1, 40));
    store.close().await;
    for work in 0..40 {
        assert_eq!(rows(&kept, work).await, 2);
    }
}

#[tokio::test]
async fn a_hundred_taxpayers_share_two_commits_because_a_group_is_bounded() {
    let (_kept, store) = opened(100).await;
    let works: Vec<_> = (0..100).map(|number| (number, number)).collect();
    assert_eq!(together(&store, &works).await, (2, 64));
    store.close().await;
}

#[tokio::test]
async fn one_taxpayer_never_shares_a_commit_with_itself() {
    let (_kept, store) = opened(2).await;
    let works: Vec<_> = (0..12).map(|number| (0, number)).collect();
    assert_eq!(together(&store, &works).await, (12, 1));
    // Two in turns share by two at most.
    let works: Vec<_> = (20..32).map(|number| (number % 2, number)).collect();
    assert_eq!(together(&store, &works).await, (6, 2));
    store.close().await;
}

#[tokio::test]
async fn one_that_fails_after_it_wrote_takes_nobody_with_it() {
    let (kept, store) = opened(12).await;
    let held = store.begin("Test", None, None).await.unwrap();
    let mut all = JoinSet::new();
    for number in 0..12 {
        let store = store.clone();
        // The sixth writes two rows of its own and then one that is there already.
        let fails = number == 5;
        all.spawn(async move {
            if fails {
                let mut tx = store.begin("Test", Some(who(number)), None).await?;
                row(&mut tx, who(number), number, 0).await?;
                row(&mut tx, who(number), number, 1).await?;
                row(&mut tx, who(number), number, 1).await?;
                return tx.commit().await;
            }
            worked(store, who(number), number, 2).await
        });
    }
    until_waiting(&store, 12).await;
    drop(held);
    let failed = all.join_all().await.into_iter().filter_map(Result::err);
    let failed: Vec<_> = failed.collect();
    assert!(
        matches!(failed.as_slice(), [StoreError::AlreadyExists(_)]),
        "{failed:?}"
    );
    // Those before it in the group ran again.
    let repeated = store.repeats().counts()["Test"];
    assert_eq!((repeated.again, repeated.given_up), (5, 0));
    store.close().await;
    for work in 0..12 {
        assert_eq!(rows(&kept, work).await, if work == 5 { 0 } else { 2 });
    }
}

#[tokio::test]
async fn a_filing_that_a_unique_index_refuses_takes_no_other_filing_with_it() {
    let server = Server::on(On::Sqlite).await;
    let mut drafts = Vec::new();
    for number in 0..8 {
        let mut wanted = registration();
        wanted.tax_number = numbered(number);
        let answer = server.taxpayers().register_taxpayer(wanted).await;
        let taxpayer = answer.unwrap().into_inner().taxpayer.unwrap().taxpayer_id;
        collect(&server, &taxpayer, contract("HT-1")).await;
        drafts.push(draft(&server, &taxpayer).await);
    }
    // A line of the first one's, live without a period: only the unique index knows of it.
    let victim = &drafts[0];
    let source = &victim.lines[0].source_id;
    let taxpayer = &victim.taxpayer_id;
    let again = draft(&server, taxpayer).await;
    let line = &victim.lines[0];
    let (item, detail) = (&line.item, &line.detail);
    let on = line.period.clone().unwrap();
    let sql = format!(
        "INSERT INTO declaration_line VALUES ('{taxpayer}', '{}', 99, '{source}', 1, \
         'STAMP_TAX', '{item}', '{detail}', '{}', '{}', 0, 0, 0, 0, 1)",
        again.declaration_id, on.first_day, on.last_day
    );
    server.database().change(&sql).await;
    let mut all = JoinSet::new();
    for one in &drafts {
        let request = filing(one);
        let mut client = server.declarations();
        all.spawn(async move { client.submit_declaration(request).await });
    }
    let refused = all.join_all().await.into_iter().filter_map(Result::err);
    let reasons: Vec<_> = refused.map(|status| reason(&status)).collect();
    assert_eq!(reasons, ["ALREADY_DECLARED"]);
    for one in &drafts {
        let now = read_declaration(&server, one).await;
        let filed = one.declaration_id != victim.declaration_id;
        let state = caixing::pb::DeclarationState::AwaitingPayment;
        assert_eq!(now.state() == state, filed, "{:?}", now.state());
    }
}

/// Valid numbers of other taxpayers: the check character is computed as GB 32100 says.
fn numbered(number: usize) -> String {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let body = format!("91340100MA8WXJ{number:03}");
    let sum: usize = body
        .chars()
        .enumerate()
        .map(|(place, letter)| {
            let weight = 3_usize.pow(u32::try_from(place).unwrap()) % 31;
            ALPHABET.find(letter).unwrap() * weight
        })
        .sum();
    let check = (31 - sum % 31) % 31;
    format!("{body}{}", ALPHABET.as_bytes()[check] as char)
}

#[tokio::test]
async fn one_that_leaves_at_any_await_leaves_no_lock_and_nothing_halved() {
    let (kept, store) = opened(2).await;
    for polls in 0..200 {
        let done = cut(work(&store, who(0), u64::from(polls), 3), polls).await;
        // Another goes on at once, and another process finds no lock.
        let next = u64::from(polls) + 1000;
        work(&store, who(1), next, 1).await.unwrap();
        kept.change("BEGIN IMMEDIATE; COMMIT").await;
        let found = rows(&kept, u64::from(polls)).await;
        assert!(found == 0 || found == 3, "{found} rows after {polls} polls");
        if let Some(done) = done {
            done.unwrap();
            assert_eq!(found, 3);
            store.close().await;
            assert!(polls >= 1, "it was cut {polls} times only");
            return;
        }
    }
    panic!("it never ends");
}

#[tokio::test]
async fn more_than_may_wait_are_turned_away_at_once_and_nothing_is_lost() {
    let kept = TestDatabase::new(On::Sqlite);
    let limits = Limits { waiting: 3 };
    let store = Store::open_within(&kept.database, limits).await.unwrap();
    let app = Arc::new(Parts {
        store: store.clone(),
        book: RuleBook::embedded().unwrap(),
        clock: Clock::sandbox(kept.dir().join("sandbox-clock")),
        signer: Box::new(Ed25519Signer::open(&kept.dir().join("key.hex")).unwrap()),
        bank: BankClient::new("http://127.0.0.1:1").unwrap(),
        bank_faults: None,
        dial: None,
    });
    let registering = |number| {
        let service = grpc::Taxpayers(app.clone());
        let mut wanted = registration();
        wanted.tax_number = numbered(number);
        (service, wanted)
    };
    let held = store.begin("Test", None, None).await.unwrap();
    let mut all = JoinSet::new();
    for number in 0..3 {
        let (service, wanted) = registering(number);
        all.spawn(async move { service.register_taxpayer(Request::new(wanted)).await });
        until_waiting(&store, number + 1).await;
    }
    let mut turned_away = Vec::new();
    for number in 3..6 {
        // While the writer is held, nobody can end but who is turned away.
        let (service, wanted) = registering(number);
        let answer = service.register_taxpayer(Request::new(wanted.clone()));
        let status = assert_refused(answer.await, Code::ResourceExhausted, "STORE_OVERLOADED");
        assert!(details(&status).retry_info().is_some());
        turned_away.push((service, wanted));
    }
    drop(held);
    for answer in all.join_all().await {
        answer.unwrap();
    }
    for (service, wanted) in turned_away {
        let answer = service
            .register_taxpayer(Request::new(wanted))
            .await
            .unwrap();
        assert!(!is_replay(&answer));
    }
    let counted: Vec<(i64,)> = kept.rows("SELECT COUNT(*) FROM taxpayer").await;
    assert_eq!(counted, [(6,)]);
    store.close().await;
}

#[tokio::test]
async fn who_comes_after_the_end_is_told_and_who_waits_for_a_commit_gets_it() {
    let (kept, store) = opened(3).await;
    let held = store.begin("Test", None, None).await.unwrap();
    let mut all = JoinSet::new();
    all.spawn(worked(store.clone(), who(0), 0, 1));
    until_waiting(&store, 1).await;
    let closing = store.clone();
    let closed = tokio::spawn(async move { closing.close().await });
    drop(held);
    all.join_next().await.unwrap().unwrap().unwrap();
    closed.await.unwrap();
    let late = work(&store, who(1), 1, 1).await.unwrap_err();
    assert!(matches!(late, StoreError::Unavailable(_)), "{late}");
    assert_eq!((rows(&kept, 0).await, rows(&kept, 1).await), (1, 0));
}

/// How a piece of work ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Commit,
    /// Dropped after its rows.
    Drop,
    /// Its last row is there already.
    Fail,
    /// Its caller leaves after so many polls.
    Cut(u32),
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    taxpayer: u64,
    rows: u64,
    end: End,
}

/// What may be found of it afterwards.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Found {
    All,
    Nothing,
    Either,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let end = prop_oneof![
        4 => Just(End::Commit),
        1 => Just(End::Drop),
        1 => Just(End::Fail),
        2 => (0..40_u32).prop_map(End::Cut),
    ];
    let plan = (0..4_u64, 0..4_u64, end);
    let plan = plan.prop_map(|(taxpayer, rows, end)| Plan {
        taxpayer,
        rows,
        end,
    });
    prop::collection::vec(plan, 1..30)
}

async fn carry_out(store: Store, number: u64, plan: Plan) -> Found {
    let key = who(plan.taxpayer);
    match plan.end {
        End::Commit => {
            worked(store, key, number, plan.rows).await.unwrap();
            Found::All
        }
        End::Cut(polls) => match cut(worked(store, key, number, plan.rows), polls).await {
            None => Found::Either,
            Some(done) => {
                done.unwrap();
                Found::All
            }
        },
        End::Drop | End::Fail => {
            let mut tx = store.begin("Test", Some(key), None).await.unwrap();
            for each in 0..plan.rows {
                row(&mut tx, key, number, each).await.unwrap();
            }
            if matches!(plan.end, End::Fail) && plan.rows > 0 {
                let twice = row(&mut tx, key, number, 0).await;
                assert!(matches!(twice, Err(StoreError::AlreadyExists(_))));
            }
            Found::Nothing
        }
    }
}

async fn play(plans: Vec<Plan>) {
    let (kept, store) = opened(4).await;
    let mut all = Vec::new();
    for (number, plan) in (0..).zip(plans.iter().copied()) {
        all.push(tokio::spawn(carry_out(store.clone(), number, plan)));
    }
    let mut found = Vec::new();
    for one in all {
        found.push(one.await.unwrap());
    }
    store.close().await;
    // What is read here is what a new process finds.
    let mut events = [0_i64; 4];
    for ((number, plan), found) in (0..).zip(&plans).zip(found) {
        let there = rows(&kept, number).await;
        let all = i64::try_from(plan.rows).unwrap();
        let whole = match found {
            Found::All => there == all,
            Found::Nothing => there == 0,
            Found::Either => there == 0 || there == all,
        };
        assert!(whole, "{plan:?}: {there} rows, {found:?} expected");
        let taxpayer = usize::try_from(plan.taxpayer).unwrap();
        events[taxpayer] += i64::from(there > 0);
    }
    let sql = "SELECT taxpayer_id, COUNT(*), MAX(sequence) FROM event GROUP BY taxpayer_id";
    let chains: Vec<(String, i64, i64)> = kept.rows(sql).await;
    for (number, expected) in (0..4).zip(events) {
        let key = who(number).to_string();
        let chain = chains.iter().find(|(taxpayer, ..)| *taxpayer == key);
        let (count, last) = chain.map_or((0, 0), |(_, count, last)| (*count, *last));
        assert_eq!((count, last), (expected, expected));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn any_interleaving_keeps_what_was_acknowledged_and_nothing_in_halves(plans in plans()) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(play(plans));
    }
}
