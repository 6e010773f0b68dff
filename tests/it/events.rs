//! The stream of events: one order over all taxpayers, nothing missing, nothing twice, resumable
//! from every cursor, live, and for very many followers at once.

use std::time::Duration;

use caixing::pb;
use caixing::server::{self, Running, Settings};
use caixing::store::{READS, WATCH_READS};
use pb::event_service_client::EventServiceClient;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Streaming};

use crate::sample::{instant, taxpayer, taxpayer_key};
use crate::support::*;

/// Longest wait for one event in these tests.
const BOUND: Duration = Duration::from_secs(60);

/// What a stream tells of an event, as far as it is known beforehand.
type Told = (i64, &'static str, &'static str);

fn from(cursor: &str) -> pb::StreamEventsRequest {
    pb::StreamEventsRequest {
        cursor: cursor.to_owned(),
        until_now: true,
        ..Default::default()
    }
}

async fn all(
    mut client: EventServiceClient<Channel>,
    request: pb::StreamEventsRequest,
) -> Vec<pb::StreamEventsResponse> {
    let mut stream = client.stream_events(request).await.unwrap().into_inner();
    let mut told = Vec::new();
    while let Some(event) = next(&mut stream).await {
        told.push(event);
    }
    told
}

async fn next(
    stream: &mut Streaming<pb::StreamEventsResponse>,
) -> Option<pb::StreamEventsResponse> {
    let event = tokio::time::timeout(BOUND, stream.message()).await;
    event.expect("nothing was told").unwrap()
}

async fn refused(server: &Server, request: pb::StreamEventsRequest) -> (Vec<String>, String) {
    let status = server.events().stream_events(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason(&status), "FIELDS_INVALID");
    let bad = details(&status).bad_request().unwrap().clone();
    let description = bad.field_violations[0].description.clone();
    let why = description.split(':').next().unwrap().to_owned();
    (bad_fields(&status), why)
}

fn brief(told: &[pb::StreamEventsResponse]) -> Vec<(i64, &str, &str)> {
    told.iter()
        .map(|event| (event.sequence, event.kind.as_str(), event.rpc.as_str()))
        .collect()
}

/// What happens until a payment is in the treasury, on a bank that waits for the test.
const LIFE: [Told; 9] = [
    (1, "taxpayer.registered", "RegisterTaxpayer"),
    (2, "tax_source.collected", "CreateTaxSource"),
    (3, "declaration.drawn", "DraftDeclaration"),
    (4, "declaration.submitted", "SubmitDeclaration"),
    (5, "payment.sent", "CreatePayment"),
    (6, "payment.debited", "CreatePayment"),
    (7, "payment.in_treasury", "ReportSettlement"),
    (8, "declaration.completed", "ReportSettlement"),
    (9, "voucher.issued", "ReportSettlement"),
];

async fn lived(server: &Server) -> (pb::Declaration, pb::Payment, String) {
    let filed = filed(server).await;
    let paid = pay(server, &filed, "300.00").await;
    let settled = server.treasury().report_settlement(settling(&paid)).await;
    (filed, paid, settled.unwrap().into_inner().voucher_number)
}

#[tokio::test]
async fn every_event_is_told_once_in_order_and_every_cursor_goes_on() {
    let (server, _bank) = Server::with_quiet_bank().await;
    let (filed, paid, voucher) = lived(&server).await;
    let told = all(server.events(), from("")).await;
    assert_eq!(brief(&told), LIFE);
    let source = &source_list(&server, &filed.taxpayer_id).await[0].source_id;
    let subjects: Vec<&str> = told.iter().map(|event| event.subject_id.as_str()).collect();
    let (declaration, payment) = (filed.declaration_id.as_str(), paid.payment_id.as_str());
    assert_eq!(subjects[1..4], [source.as_str(), declaration, declaration]);
    assert_eq!(
        subjects[4..],
        [payment, payment, payment, declaration, &voucher]
    );
    assert!(
        told.iter()
            .all(|event| event.taxpayer_id == filed.taxpayer_id)
    );
    for (place, event) in told.iter().enumerate() {
        assert_eq!(
            all(server.events(), from(&event.cursor)).await,
            told[place + 1..]
        );
    }
}

#[tokio::test]
async fn one_taxpayer_and_kinds_can_be_asked_for() {
    let (server, _bank) = Server::with_quiet_bank().await;
    let (filed, ..) = lived(&server).await;
    let other = pb::RegisterTaxpayerRequest {
        tax_number: "91350100M000100Y43".to_owned(),
        ..registration()
    };
    server.taxpayers().register_taxpayer(other).await.unwrap();
    let ask = |taxpayer: &str, prefixes: &[&str]| pb::StreamEventsRequest {
        taxpayer_id: taxpayer.to_owned(),
        kind_prefixes: prefixes.iter().map(|&prefix| prefix.to_owned()).collect(),
        until_now: true,
        ..Default::default()
    };
    let own = all(server.events(), ask(&filed.taxpayer_id, &[])).await;
    assert_eq!(brief(&own), LIFE);
    for (place, event) in own.iter().enumerate() {
        let rest = pb::StreamEventsRequest {
            cursor: event.cursor.clone(),
            ..ask(&filed.taxpayer_id, &[])
        };
        assert_eq!(all(server.events(), rest).await, own[place + 1..]);
    }
    assert_eq!(
        all(server.events(), ask("", &[])).await.len(),
        LIFE.len() + 1
    );
    let some = all(server.events(), ask("", &["payment.", "voucher.issued"])).await;
    assert_eq!(brief(&some), [LIFE[4], LIFE[5], LIFE[6], LIFE[8]]);
    let registered = all(server.events(), ask("", &["taxpayer."])).await;
    assert_eq!(brief(&registered), [LIFE[0], LIFE[0]]);
}

#[tokio::test]
async fn what_is_no_cursor_of_these_events_is_refused() {
    let (server, _bank) = Server::with_quiet_bank().await;
    let (elsewhere, _other_bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    elsewhere.set_clock(NOW + 1).await;
    register(&elsewhere).await;
    let own = all(server.events(), from("")).await[0].cursor.clone();
    let foreign = all(elsewhere.events(), from("")).await[0].cursor.clone();
    let mark = own.rsplit('.').next().unwrap();
    let malformed = [
        "1".to_owned(),
        "e1.1".to_owned(),
        format!("e2.1.{mark}"),
        format!("e1.0.{mark}"),
        format!("e1.01.{mark}"),
        format!("e1.-1.{mark}"),
        format!("e1.1.{mark}0"),
        format!("e1.1.{}", "g".repeat(16)),
        format!("{own}.1"),
        format!("e1.99999999999999999999.{mark}"),
    ];
    let at = |why: &str| (vec!["cursor".to_owned()], why.to_owned());
    for cursor in malformed {
        assert_eq!(
            refused(&server, from(&cursor)).await,
            at("CURSOR_SYNTAX"),
            "{cursor}"
        );
    }
    // Of another database, beyond the end, of one taxpayer's events instead of all.
    for cursor in [foreign, format!("e1.2.{mark}"), format!("t1.1.{mark}")] {
        assert_eq!(
            refused(&server, from(&cursor)).await,
            at("CURSOR_FOREIGN"),
            "{cursor}"
        );
    }
    let one = pb::StreamEventsRequest {
        taxpayer_id: taxpayer,
        ..from(&own)
    };
    assert_eq!(refused(&server, one).await, at("CURSOR_FOREIGN"));
    let nobody = pb::StreamEventsRequest {
        taxpayer_id: NOBODY.to_owned(),
        ..from("")
    };
    let gone = server.events().stream_events(nobody).await;
    assert_refused(gone, Code::NotFound, "TAXPAYER_NOT_FOUND");
    let odd = pb::StreamEventsRequest {
        kind_prefixes: vec!["payment.".to_owned(), "Payment%".to_owned()],
        ..from("")
    };
    let field = vec!["kind_prefixes[1]".to_owned()];
    assert_eq!(
        refused(&server, odd).await,
        (field, "KIND_PREFIX_SYNTAX".to_owned())
    );
}

/// A served sandbox whose directory the test knows.
async fn serve(kept: &TestDatabase) -> (Running, Channel) {
    let settings = Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: kept.dir().to_owned(),
        database: Some(kept.database.clone()),
        rules_dir: None,
        sandbox: true,
        gateway: None,
        metrics: None,
    };
    let running = server::start(&settings).await.unwrap();
    let channel = connect(&running).await;
    (running, channel)
}

async fn connect(running: &Running) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", running.address)).unwrap();
    endpoint.connect().await.unwrap()
}

/// Writes events of the sample taxpayer, as another process on the same database would.
async fn write_beside(kept: &TestDatabase, kind: &'static str, count: usize) {
    let store = kept.open().await;
    let mut tx = store.begin("Beside", None, None).await.unwrap();
    if tx.taxpayer(taxpayer_key()).await.unwrap().is_none() {
        tx.insert_taxpayer(&taxpayer()).await.unwrap();
    }
    for _ in 0..count {
        tx.append_event(taxpayer_key(), kind, "subject", instant(0))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_goes_on_after_a_restart_and_sees_what_others_commit() {
    let kept = TestDatabase::new(On::usual());
    let (running, channel) = serve(&kept).await;
    write_beside(&kept, "first.written", 3).await;
    let told = all(EventServiceClient::new(channel.clone()), from("")).await;
    let cursor = told[1].cursor.clone();
    drop(channel);
    running.stop().await.unwrap();
    write_beside(&kept, "second.written", 300).await;

    let (running, channel) = serve(&kept).await;
    let mut client = EventServiceClient::new(channel);
    let live = pb::StreamEventsRequest {
        until_now: false,
        ..from(&cursor)
    };
    let mut stream = client.stream_events(live).await.unwrap().into_inner();
    assert_eq!(next(&mut stream).await.unwrap(), told[2]);
    for sequence in 4..=303 {
        let event = next(&mut stream).await.unwrap();
        assert_eq!(
            (event.sequence, event.kind.as_str()),
            (sequence, "second.written")
        );
    }
    // Nothing more is there: what comes now comes live, from another process.
    write_beside(&kept, "third.written", 2).await;
    for sequence in 304..=305 {
        let event = next(&mut stream).await.unwrap();
        assert_eq!(
            (event.sequence, event.kind.as_str()),
            (sequence, "third.written")
        );
    }
    drop((stream, client));
    running.stop().await.unwrap();
}

const CONNECTIONS: usize = 8;
const FOLLOWERS: usize = 1000;
const WRITTEN: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_followers_see_the_same_order_while_it_is_written() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut followers = JoinSet::new();
    let mut channels = Vec::new();
    for _ in 0..CONNECTIONS {
        let endpoint = Endpoint::from_shared(server.address.clone()).unwrap();
        channels.push(endpoint.connect().await.unwrap());
    }
    for number in 0..FOLLOWERS {
        let mut client = EventServiceClient::new(channels[number % CONNECTIONS].clone());
        // Every other one follows the one taxpayer there is.
        let of_one = if number % 2 == 0 {
            ""
        } else {
            taxpayer.as_str()
        };
        let request = pb::StreamEventsRequest {
            taxpayer_id: of_one.to_owned(),
            ..Default::default()
        };
        let mut stream = client.stream_events(request).await.unwrap().into_inner();
        followers.spawn(async move {
            let mut order = Vec::new();
            for _ in 0..=WRITTEN {
                order.push(next(&mut stream).await.unwrap().hash);
            }
            order
        });
    }
    for number in 1..=WRITTEN {
        collect(&server, &taxpayer, contract(&format!("HT-{number}"))).await;
    }
    let expected: Vec<String> = all(server.events(), from(""))
        .await
        .into_iter()
        .map(|event| event.hash)
        .collect();
    assert_eq!(expected.len(), WRITTEN + 1);
    let orders = followers.join_all().await;
    assert_eq!(orders.len(), FOLLOWERS);
    assert!(orders.iter().all(|order| *order == expected));
    drop(channels);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_ends_the_streams_also_of_who_does_not_read() {
    let kept = TestDatabase::new(On::usual());
    // More than what fits between the two ends of a stream nobody reads.
    write_beside(&kept, "sample.written", 3000).await;
    let (running, channel) = serve(&kept).await;
    let mut client = EventServiceClient::new(channel);
    let live = pb::StreamEventsRequest::default();
    let mut read = client
        .stream_events(live.clone())
        .await
        .unwrap()
        .into_inner();
    for _ in 0..3000 {
        next(&mut read).await.unwrap();
    }
    let mut idle = EventServiceClient::new(connect(&running).await);
    let unread = idle.stream_events(live).await.unwrap();
    let stopped = tokio::spawn(running.stop());
    let ended = tokio::time::timeout(BOUND, read.message()).await.unwrap();
    let status = ended.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(reason(&status), "SERVER_STOPPING");
    let stopped = tokio::time::timeout(BOUND, stopped).await;
    stopped.expect("the server does not stop").unwrap().unwrap();
    drop(unread);
}

/// Following costs what is told, not what is kept: no statement goes through a table.
#[tokio::test]
async fn every_read_of_a_follower_is_an_index_search() {
    let kept = TestDatabase::new(On::Sqlite);
    write_beside(&kept, "sample.written", 1).await;
    let file = kept.dir().join("caixing.sqlite3");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    for statement in READS.iter().chain(&WATCH_READS) {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let rows: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explain).fetch_all(&pool).await.unwrap();
        let steps: Vec<&String> = rows.iter().map(|(.., step)| step).collect();
        assert!(
            steps.iter().any(|step| step.starts_with("SEARCH")),
            "{statement}: {steps:?}"
        );
        assert!(
            !steps.iter().any(|step| step.starts_with("SCAN")),
            "{statement}: {steps:?}"
        );
    }
    pool.close().await;
}

also_on_postgres!(
    every_event_is_told_once_in_order_and_every_cursor_goes_on,
    one_taxpayer_and_kinds_can_be_asked_for,
    what_is_no_cursor_of_these_events_is_refused,
    a_cursor_goes_on_after_a_restart_and_sees_what_others_commit,
    a_server_that_stops_ends_the_streams_also_of_who_does_not_read,
);
