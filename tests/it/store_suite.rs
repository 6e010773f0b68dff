//! One conformance suite for every backend of the store: named claims, played on each.

use caixing::filing::{Declaration, DeclarationState, PaymentState, SourceState};
use caixing::rules::RuleBook;
use caixing::store::{RecordedRequest, Store, StoreError, Tx};
use caixing::types::{Period, RequestId, TaxKind};

use crate::sample::{
    content, declaration, declaration_id, detail, instant, line, payment, payment_id, period,
    plain, source, source_id, taxpayer, taxpayer_key, voucher, voucher_number, yuan,
};
use crate::support::{On, TestDatabase, on_both};

const DUE: &str = "2026-10-26";
const REQUEST: &str = "00000000-0000-4000-8000-0000000000a1";

/// A row of the trail: sequence, hash.
type Trail = Vec<(i64, String)>;

async fn trail(backend: &TestDatabase) -> Trail {
    backend
        .rows("SELECT sequence, hash FROM event ORDER BY sequence")
        .await
}

on_both!(
    second_live_payment_of_a_declaration_is_refused,
    second_voucher_for_a_payment_is_refused,
    voucher_number_is_given_once,
    source_item_and_period_twice_are_refused,
    source_and_period_twice_are_refused_where_the_tax_is_zero,
    stale_versions_are_refused,
    a_request_is_found_byte_equal_and_its_first_answer_stays,
    the_event_chain_grows_by_one_and_links,
    rollback_leaves_nothing,
    reopening_finds_everything,
    opening_again_runs_no_migration_twice,
    a_line_that_does_not_add_up_is_refused,
    a_declaration_cannot_wait_for_nothing,
    a_payment_cannot_be_in_the_treasury_without_a_voucher,
    a_source_is_read_as_it_was_known,
);

/// A writing transaction in which a taxpayer and two sources are there.
async fn started(store: &Store) -> Tx {
    let mut tx = store.begin("Test", None, None).await.unwrap();
    tx.insert_taxpayer(&taxpayer()).await.unwrap();
    for number in [1, 2] {
        let record = source(number, SourceState::Collected);
        tx.insert_source(&record).await.unwrap();
    }
    tx
}

/// The n-th declaration: its first line is of the n-th source, 100.00 payable.
async fn drafted(tx: &mut Tx, number: u32) -> Declaration {
    let book = RuleBook::embedded().unwrap();
    tx.keep_rule_pack(&book, instant(0)).await.unwrap();
    let lines = vec![plain(number, "100.00", DUE)];
    let content = content(book.digest(), lines);
    let draft = declaration(u128::from(number), DeclarationState::Draft, content);
    tx.insert_declaration(&draft).await.unwrap();
    draft
}

/// The unique keys with a column of SQLite's words for each, and PostgreSQL's name of the key.
const KEYS: [(&str, &str); 6] = [
    ("payment.declaration_id", "one_live_payment"),
    ("voucher.payment_id", "one_live_voucher"),
    (
        "voucher_number_claim.voucher_number",
        "voucher_number_claim_pkey",
    ),
    ("declaration_line.source_id", "line_declared_once"),
    ("declared_period.source_id", "period_declared_once"),
    ("request.request_id", "request_pkey"),
];

#[track_caller]
fn already_there<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str) {
    let (_, key) = KEYS.iter().find(|(column, _)| *column == what).unwrap();
    match result {
        Err(StoreError::AlreadyExists(message)) => {
            let named = message.contains(what) || message.contains(key);
            assert!(named, "neither {what} nor {key} is in: {message}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

#[track_caller]
fn check_fails<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    match result {
        Err(StoreError::Driver(error)) => {
            let text = error.to_string();
            let named = ["CHECK constraint failed", "violates check constraint"];
            assert!(named.iter().any(|words| text.contains(words)), "{text}");
        }
        other => panic!("not refused by a CHECK: {other:?}"),
    }
}

/// What was done so far stands; the next is tried in a transaction of its own.
async fn stands(tx: Tx, store: &Store) -> Tx {
    tx.commit().await.unwrap();
    store
        .begin("Test", Some(taxpayer_key()), None)
        .await
        .unwrap()
}

/// After a refusal: the transaction is given up, as PostgreSQL has done already.
async fn given_up(tx: Tx, store: &Store) -> Tx {
    drop(tx);
    store
        .begin("Test", Some(taxpayer_key()), None)
        .await
        .unwrap()
}

async fn second_live_payment_of_a_declaration_is_refused(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    drafted(&mut tx, 1).await;
    let mut first = payment(1, 1, PaymentState::Sent);
    tx.insert_payment(&first).await.unwrap();
    let second = payment(2, 1, PaymentState::Sent);
    tx = stands(tx, &store).await;
    already_there(tx.insert_payment(&second).await, "payment.declaration_id");
    tx = given_up(tx, &store).await;
    let live = tx.live_payment_of(taxpayer_key(), declaration_id(1)).await;
    assert_eq!(live.unwrap(), Some(first.clone()));
    // One that has failed bars no other.
    first.state = PaymentState::Failed;
    first.version = 2;
    tx.update_payment(&first).await.unwrap();
    tx.insert_payment(&second).await.unwrap();
    let live = tx.live_payment_of(taxpayer_key(), declaration_id(1)).await;
    assert_eq!(live.unwrap(), Some(second));
}

async fn second_voucher_for_a_payment_is_refused(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    drafted(&mut tx, 1).await;
    let paid = payment(1, 1, PaymentState::Sent);
    tx.insert_payment(&paid).await.unwrap();
    tx.insert_voucher(&voucher(1, &paid)).await.unwrap();
    let second = tx.insert_voucher(&voucher(2, &paid)).await;
    already_there(second, "voucher.payment_id");
}

async fn voucher_number_is_given_once(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let mut paid = Vec::new();
    for number in [1, 2] {
        drafted(&mut tx, number).await;
        let one = payment(number.into(), number.into(), PaymentState::Sent);
        tx.insert_payment(&one).await.unwrap();
        paid.push(one);
    }
    assert!(!tx.voucher_number_taken(&voucher_number(1)).await.unwrap());
    tx.insert_voucher(&voucher(1, &paid[0])).await.unwrap();
    assert!(tx.voucher_number_taken(&voucher_number(1)).await.unwrap());
    tx = stands(tx, &store).await;
    let second = tx.insert_voucher(&voucher(1, &paid[1])).await;
    already_there(second, "voucher_number_claim.voucher_number");
    tx = given_up(tx, &store).await;
    let kept = tx.voucher_by_number(&voucher_number(1)).await.unwrap();
    assert_eq!(kept, Some(voucher(1, &paid[0])));
}

async fn source_item_and_period_twice_are_refused(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let first = drafted(&mut tx, 1).await;
    tx.insert_filed(&first).await.unwrap();
    let mut second = declaration(2, DeclarationState::Draft, first.content.clone());
    tx.insert_declaration(&second).await.unwrap();
    tx = stands(tx, &store).await;
    let twice = tx.insert_filed(&second).await;
    already_there(twice, "declaration_line.source_id");
    tx = given_up(tx, &store).await;
    // The same source with another item in another period is another line.
    let next = period("2026-10-01", "2026-12-31");
    second.id = declaration_id(3);
    second.content.lines[0].charge.period = next;
    second.content.covered[0].period = next;
    tx.insert_declaration(&second).await.unwrap();
    tx.insert_filed(&second).await.unwrap();
    let declared = tx.declared(taxpayer_key()).await.unwrap();
    let on = |period: Period| declared.get(&(source_id(1), period)).copied();
    assert_eq!(declared.len(), 2);
    assert_eq!(on(next), Some(declaration_id(3)));
    assert_eq!(
        on(period("2026-07-01", "2026-09-30")),
        Some(declaration_id(1))
    );
}

async fn source_and_period_twice_are_refused_where_the_tax_is_zero(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let mut first = drafted(&mut tx, 1).await;
    first.content.lines.clear();
    tx.insert_filed(&first).await.unwrap();
    let second = declaration(2, DeclarationState::Draft, first.content.clone());
    tx.insert_declaration(&second).await.unwrap();
    let twice = tx.insert_filed(&second).await;
    already_there(twice, "declared_period.source_id");
}

async fn stale_versions_are_refused(on: On) {
    let backend = TestDatabase::new(on);
    fn stale(result: Result<(), StoreError>, table: &str) {
        match result {
            Err(StoreError::Stale(found)) => assert_eq!(found, table),
            other => panic!("{table}: {other:?}"),
        }
    }
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let mut draft = drafted(&mut tx, 1).await;
    let mut paid = payment(1, 1, PaymentState::Sent);
    tx.insert_payment(&paid).await.unwrap();
    let mut person = taxpayer();
    let mut record = source(1, SourceState::Collected);
    // Row version 1 is followed by 2 once; a second writer that also read 1 comes too late, and
    // one that skips a version has read nothing that was ever there.
    for (version, fits) in [(1, false), (3, false), (2, true), (2, false)] {
        (draft.version, paid.version) = (version, version);
        (person.version, record.version) = (version, version);
        let results = [
            (tx.update_taxpayer(&person, instant(5)).await, "taxpayer"),
            (tx.update_source(&record).await, "tax_source"),
            (tx.update_declaration(&draft).await, "declaration"),
            (tx.update_payment(&paid).await, "payment"),
        ];
        for (result, table) in results {
            if fits {
                result.unwrap_or_else(|error| panic!("{table}: {error}"));
            } else {
                stale(result, table);
            }
        }
    }
}

async fn a_request_is_found_byte_equal_and_its_first_answer_stays(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let request = RequestId::parse(REQUEST).unwrap();
    assert_eq!(
        tx.find_request(taxpayer_key(), request).await.unwrap(),
        None
    );
    let answer: Vec<u8> = (0..=255).collect();
    let mut recorded = RecordedRequest {
        method: "CreatePayment".to_owned(),
        content_digest: "digest".to_owned(),
        subject_id: "subject".to_owned(),
        response: None,
        recorded_at: instant(5),
    };
    tx.insert_request(taxpayer_key(), request, &recorded)
        .await
        .unwrap();
    let found = tx.find_request(taxpayer_key(), request).await.unwrap();
    assert_eq!(found.as_ref(), Some(&recorded));
    for response in [answer.as_slice(), b"a later answer"] {
        tx.complete_requests_of(taxpayer_key(), "CreatePayment", "subject", response)
            .await
            .unwrap();
    }
    recorded.response = Some(answer);
    let found = tx.find_request(taxpayer_key(), request).await.unwrap();
    assert_eq!(found.as_ref(), Some(&recorded));
    let twice = tx.insert_request(taxpayer_key(), request, &recorded).await;
    already_there(twice, "request.request_id");
}

/// The hashes are SHA-256 over JSON arrays of [hash before, sequence, kind, subject, rpc, request,
/// microseconds], computed apart from this code.
async fn the_event_chain_grows_by_one_and_links(on: On) {
    let backend = TestDatabase::new(on);
    const FIRST: &str = "e9512d6fc1126089b996a3c9ef649cf7daf396a0d7ab3ad253f5b7ddb378b128";
    const SECOND: &str = "90db515e977a3eabe0a631082366f3461866066cf5170e74bdc72abeb2aca08a";
    let store = backend.open().await;
    started(&store).await.commit().await.unwrap();
    assert_eq!(trail(&backend).await, []);
    let request = RequestId::parse(REQUEST).unwrap();
    let first = ("taxpayer.registered", "subject-1", 0);
    let second = ("declaration.drawn", "subject-2", 1);
    for (kind, subject, seconds) in [first, second] {
        let mut tx = store
            .begin("RegisterTaxpayer", None, Some(request))
            .await
            .unwrap();
        tx.append_event(taxpayer_key(), kind, subject, instant(seconds))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let expected = [(1, FIRST.to_owned()), (2, SECOND.to_owned())];
    assert_eq!(trail(&backend).await, expected);
    store.close().await;
}

async fn rollback_leaves_nothing(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let draft = drafted(&mut tx, 1).await;
    tx.append_event(taxpayer_key(), "declaration.drawn", "x", instant(0))
        .await
        .unwrap();
    drop(tx);
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.taxpayer(taxpayer_key()).await.unwrap(), None);
    assert_eq!(tx.all_sources(taxpayer_key()).await.unwrap(), []);
    assert_eq!(
        tx.declaration(taxpayer_key(), draft.id).await.unwrap(),
        None
    );
    assert_eq!(tx.rule_pack(&draft.content.rule_pack).await.unwrap(), None);
    drop(tx);
    assert_eq!(trail(&backend).await, []);
    // The writer is free again, and the same ids can be used.
    started(&store).await.commit().await.unwrap();
}

async fn reopening_finds_everything(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let draft = drafted(&mut tx, 1).await;
    let paid = payment(1, 1, PaymentState::Sent);
    tx.insert_payment(&paid).await.unwrap();
    tx.insert_filed(&draft).await.unwrap();
    tx.insert_voucher(&voucher(1, &paid)).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;

    let store = backend.open().await;
    let key = taxpayer_key();
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.taxpayer(key).await.unwrap(), Some(taxpayer()));
    let sources = [1, 2].map(|number| source(number, SourceState::Collected));
    assert_eq!(tx.all_sources(key).await.unwrap(), sources);
    let kept = tx.declaration(key, declaration_id(1)).await.unwrap();
    assert_eq!(kept.as_ref(), Some(&draft));
    assert_eq!(
        tx.payment(key, payment_id(1)).await.unwrap(),
        Some(paid.clone())
    );
    let found = tx.voucher(key, &voucher_number(1)).await.unwrap();
    assert_eq!(found, Some(voucher(1, &paid)));
    let pack = tx.rule_pack(&draft.content.rule_pack).await.unwrap();
    assert_eq!(pack.as_ref(), Some(RuleBook::embedded().unwrap().files()));
    assert_eq!(tx.declared(key).await.unwrap().len(), 1);
}

async fn opening_again_runs_no_migration_twice(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    started(&store).await.commit().await.unwrap();
    // A second opening beside the first runs the migrations on a database that has them.
    for _ in 0..2 {
        let again = backend.open().await;
        let mut tx = again.read().await.unwrap();
        assert_eq!(tx.taxpayer(taxpayer_key()).await.unwrap(), Some(taxpayer()));
        drop(tx);
        again.close().await;
    }
    let mut tx = store.begin("Test", None, None).await.unwrap();
    drafted(&mut tx, 1).await;
    tx.commit().await.unwrap();
}

async fn a_line_that_does_not_add_up_is_refused(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let mut draft = drafted(&mut tx, 1).await;
    let amounts = ["100.00", "30.00", "20.00"];
    tx = stands(tx, &store).await;
    for wrong in ["49.99", "50.01", "100.00", "-50.00"] {
        draft.content.lines = vec![line(1, TaxKind::LandUseTax, amounts, wrong, DUE)];
        check_fails(tx.insert_filed(&draft).await);
        tx = given_up(tx, &store).await;
    }
    draft.content.lines = vec![line(1, TaxKind::LandUseTax, amounts, "50.00", DUE)];
    tx.insert_filed(&draft).await.unwrap();
}

async fn a_declaration_cannot_wait_for_nothing(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let mut draft = drafted(&mut tx, 1).await;
    draft.content.lines = vec![plain(1, "0.00", DUE)];
    draft.id = declaration_id(2);
    tx.insert_declaration(&draft).await.unwrap();
    tx = stands(tx, &store).await;
    let waiting = |state| {
        let mut filed = declaration(2, state, draft.content.clone());
        filed.version = 2;
        filed
    };
    let mut unfiled = waiting(DeclarationState::Completed);
    unfiled.submission = None;
    check_fails(tx.update_declaration(&unfiled).await);
    tx = given_up(tx, &store).await;
    let filed = waiting(DeclarationState::AwaitingPayment);
    check_fails(tx.update_declaration(&filed).await);
    tx = given_up(tx, &store).await;
    let filed = waiting(DeclarationState::Completed);
    tx.update_declaration(&filed).await.unwrap();
}

async fn a_payment_cannot_be_in_the_treasury_without_a_voucher(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    drafted(&mut tx, 1).await;
    tx.insert_payment(&payment(1, 1, PaymentState::Sent))
        .await
        .unwrap();
    tx = stands(tx, &store).await;
    let mut settled = payment(1, 1, PaymentState::InTreasury);
    settled.version = 2;
    let mut without = settled.clone();
    without.voucher = None;
    check_fails(tx.update_payment(&without).await);
    tx = given_up(tx, &store).await;
    without = settled.clone();
    without.settled_at = None;
    check_fails(tx.update_payment(&without).await);
    tx = given_up(tx, &store).await;
    tx.update_payment(&settled).await.unwrap();
    // And an order without principal is none.
    let mut empty = payment(2, 1, PaymentState::Sent);
    empty.order.principal = yuan("0.00");
    check_fails(tx.insert_payment(&empty).await);
}

async fn a_source_is_read_as_it_was_known(on: On) {
    let backend = TestDatabase::new(on);
    let store = backend.open().await;
    let mut tx = started(&store).await;
    let first = source(1, SourceState::Collected);
    let mut second = first.clone();
    second.version = 2;
    second.detail = detail("land_use_tax");
    second.name = "改名".to_owned();
    second.recorded_at = instant(10);
    tx.update_source(&second).await.unwrap();
    let key = taxpayer_key();
    for (at, name) in [
        (Some(instant(-1)), None),
        (Some(instant(9)), Some("二号地块")),
        (Some(instant(10)), Some("改名")),
        (None, Some("改名")),
    ] {
        let known = tx.source(key, source_id(1), at).await.unwrap();
        assert_eq!(
            known.as_ref().map(|known| known.name.as_str()),
            name,
            "{at:?}"
        );
    }
    let kept = tx.source_version(key, source_id(1), 1).await.unwrap();
    assert_eq!(kept, Some(first));
}
