//! `caixing audit verify` on databases that somebody has written to behind the service's back:
//! each row altered, deleted, put in or moved is found and named.

use std::path::Path;
use std::process::Output;

use caixing::pb;
use caixing::store::Store;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use crate::process::caixing;
use crate::sample::{instant, taxpayer, taxpayer_key};
use crate::support::*;

const FILE: &str = "caixing.sqlite3";

/// Runs statements on a database, free of foreign keys, as somebody with the file would.
async fn write(file: &Path, statements: &str) {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(false);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

fn verify(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = caixing();
    command.args(["audit", "verify", "--data-dir"]).arg(dir);
    command.args(arguments).output().unwrap()
}

fn report(dir: &Path) -> Value {
    let output = verify(dir, &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let holds = report["holds"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!holds)), "{output:?}");
    report
}

/// A database with a whole life of one taxpayer, nine events, and the registration of another.
struct Sample {
    dir: TempDir,
    first: String,
    payment: String,
}

impl Sample {
    async fn new() -> Self {
        let (server, _bank) = Server::with_quiet_bank_on(On::Sqlite).await;
        let filed = filed(&server).await;
        let paid = pay(&server, &filed, "300.00").await;
        let settled = server.treasury().report_settlement(settling(&paid)).await;
        settled.unwrap();
        let other = pb::RegisterTaxpayerRequest {
            tax_number: "91350100M000100Y43".to_owned(),
            ..registration()
        };
        server.taxpayers().register_taxpayer(other).await.unwrap();
        Self::of(&server, filed.taxpayer_id, paid.payment_id).await
    }

    /// A copy of a running server's database.
    async fn of(server: &Server, first: String, payment: String) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join(FILE);
        let into = format!("VACUUM INTO '{}'", copy.display());
        write(&server.data_dir().join(FILE), &into).await;
        Self {
            dir,
            first,
            payment,
        }
    }

    /// The faults found after somebody wrote to it: name, number of the event, text.
    async fn after(&self, statements: &str) -> Vec<(String, Option<i64>, String)> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        std::fs::copy(self.dir.path().join(FILE), &file).unwrap();
        write(&file, statements).await;
        let report = report(dir.path());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let found = report["breaks"].as_array().unwrap().iter();
        found
            .map(|one| {
                (
                    text(&one["fault"]),
                    one["sequence"].as_i64(),
                    text(&one["text"]),
                )
            })
            .collect()
    }

    /// Somebody wrote to the trail of the first taxpayer; the first fault of it.
    async fn trail_after(&self, statements: &str) -> (String, i64, String) {
        let statements = statements.replace("OWN", &format!("taxpayer_id = '{}'", self.first));
        let found = self.after(&statements).await;
        let first = found
            .into_iter()
            .find(|(_, sequence, _)| sequence.is_some());
        let (fault, sequence, text) = first.unwrap_or_else(|| panic!("not found: {statements}"));
        (fault, sequence.unwrap(), text)
    }
}

#[tokio::test]
async fn an_untouched_database_holds_beside_a_running_server_and_without_one() {
    let server = Server::on(On::Sqlite).await;
    let filed = filed(&server).await;
    let paid = pay(&server, &filed, "300.00").await;
    wait_for(&server, &paid, pb::PaymentState::InTreasury).await;
    let beside = report(server.data_dir());
    assert_eq!(
        (&beside["holds"], &beside["events"]),
        (&true.into(), &9.into())
    );
    let one = verify(server.data_dir(), &["--taxpayer", &filed.taxpayer_id]);
    let said = String::from_utf8(one.stdout).unwrap();
    assert_eq!(
        said,
        "9 events of 1 taxpayers: the trail holds (审计链完整)\n"
    );
    assert_eq!(one.status.code(), Some(0));
    // The head of the chain is what the last event told by the service carries.
    let request = pb::StreamEventsRequest {
        until_now: true,
        ..Default::default()
    };
    let mut told = server
        .events()
        .stream_events(request)
        .await
        .unwrap()
        .into_inner();
    let mut last = None;
    while let Some(event) = told.message().await.unwrap() {
        last = Some(event);
    }
    assert_eq!(beside["heads"][0]["hash"], last.unwrap().hash);

    let nobody = verify(server.data_dir(), &["--taxpayer", NOBODY]);
    assert_eq!(nobody.status.code(), Some(1));
    server.stop().await;
    let sample = Sample::new().await;
    let alone = report(sample.dir.path());
    assert_eq!(
        (&alone["holds"], &alone["events"]),
        (&true.into(), &10.into())
    );
    let nothing = verify(&sample.dir.path().join("elsewhere"), &[]);
    assert_eq!(nothing.status.code(), Some(1));
    let said = String::from_utf8(nothing.stderr).unwrap();
    assert!(said.contains("there is no such database"), "{said}");
}

#[tokio::test]
async fn every_way_to_tamper_with_the_trail_is_named() {
    let sample = Sample::new().await;
    let payment = format!("subject_id was altered; it was {}", sample.payment);
    let cases: [(&str, &str, i64, &str); 12] = [
        (
            "UPDATE event SET kind = 'declaration.completed' WHERE OWN AND sequence = 4",
            "EVENT_ALTERED",
            4,
            "its content does not give its hash",
        ),
        (
            "UPDATE event SET rpc = 'SubmitDeclaration' WHERE OWN AND sequence = 9",
            "EVENT_ALTERED",
            9,
            "rpc was altered; it was ReportSettlement",
        ),
        (
            "UPDATE event SET subject_id = 'somebody-else' WHERE OWN AND sequence = 5",
            "EVENT_ALTERED",
            5,
            &payment,
        ),
        (
            "UPDATE event SET request_id = NULL WHERE OWN AND sequence = 2",
            "EVENT_ALTERED",
            2,
            "request_id was altered; it was ",
        ),
        (
            "UPDATE event SET at = at + 1 WHERE OWN AND sequence = 4",
            "EVENT_ALTERED",
            4,
            "at was altered; it was ",
        ),
        (
            "UPDATE event SET detail = NULL WHERE OWN AND sequence = 3",
            "EVENT_ALTERED",
            3,
            "its content does not give its hash",
        ),
        (
            "UPDATE event SET hash = 'e' || substr(hash, 1, 63) WHERE OWN AND sequence = 4",
            "EVENT_ALTERED",
            4,
            "",
        ),
        (
            "DELETE FROM event WHERE OWN AND sequence IN (4, 5)",
            "EVENT_MISSING",
            4,
            "events 4 to 5 are missing",
        ),
        (
            "DELETE FROM event WHERE OWN AND sequence = 4;
             UPDATE event SET sequence = sequence + 1000 WHERE OWN AND sequence > 4;
             UPDATE event SET sequence = sequence - 1001 WHERE OWN AND sequence > 1000",
            "EVENT_MISSING",
            4,
            "events before it were taken out and the later ones renumbered",
        ),
        (
            "UPDATE event SET sequence = sequence + 1000 WHERE OWN AND sequence > 4;
             UPDATE event SET sequence = sequence - 999 WHERE OWN AND sequence > 1000;
             INSERT INTO event (taxpayer_id, sequence, kind, subject_id, rpc, at, hash, position)
             SELECT taxpayer_id, 5, 'payment.failed', subject_id, rpc, at, hash, 77 FROM event
             WHERE OWN AND sequence = 6",
            "EVENT_INSERTED",
            5,
            "a row was put in: what is now event 6 was event 5",
        ),
        (
            "UPDATE event SET sequence = 1000 WHERE OWN AND sequence = 4;
             UPDATE event SET sequence = 4 WHERE OWN AND sequence = 5;
             UPDATE event SET sequence = 5 WHERE OWN AND sequence = 1000",
            "ORDER_CHANGED",
            4,
            "events 4 and 5 have changed places",
        ),
        (
            "UPDATE event SET sequence = 1000 WHERE OWN AND sequence = 3;
             UPDATE event SET sequence = 3 WHERE OWN AND sequence = 7;
             UPDATE event SET sequence = 7 WHERE OWN AND sequence = 1000",
            "ORDER_CHANGED",
            3,
            "events 3 and 7 have changed places",
        ),
    ];
    for (statements, fault, sequence, text) in cases {
        let found = sample.trail_after(statements).await;
        assert_eq!(
            (found.0.as_str(), found.1),
            (fault, sequence),
            "{statements}"
        );
        assert!(found.2.starts_with(text), "{statements}: {}", found.2);
    }
    let positions = "UPDATE event SET position = -1 WHERE OWN AND sequence = 4;
         UPDATE event SET position = 4 WHERE OWN AND sequence = 5;
         UPDATE event SET position = 5 WHERE OWN AND sequence = 4";
    let (fault, sequence, _) = sample.trail_after(positions).await;
    assert_eq!((fault.as_str(), sequence), ("ORDER_CHANGED", 5));
}

#[tokio::test]
async fn a_tail_that_was_cut_off_is_found_by_what_it_left_behind() {
    let sample = Sample::new().await;
    let own = format!("taxpayer_id = '{}'", sample.first);
    let cut = format!("DELETE FROM event WHERE {own} AND sequence >= 7");
    let found = sample.after(&cut).await;
    let names: Vec<&str> = found.iter().map(|(fault, ..)| fault.as_str()).collect();
    // The gap in the order over all; payment and declaration moved on; the voucher is unheard of.
    assert_eq!(
        names,
        [
            "EVENT_MISSING",
            "ROW_ALTERED",
            "ROW_ALTERED",
            "ROW_WITHOUT_EVENT"
        ]
    );
    assert_eq!(found[0].2, "positions 7 to 9 are missing");
    // Also where the very last events are gone and no gap shows.
    let last = format!("DELETE FROM event WHERE NOT {own}");
    let found = sample.after(&last).await;
    let names: Vec<&str> = found.iter().map(|(fault, ..)| fault.as_str()).collect();
    assert_eq!(names, ["EVENTS_CUT_OFF", "ROW_WITHOUT_EVENT"]);
}

#[tokio::test]
async fn a_table_that_no_longer_agrees_with_the_trail_is_named() {
    let sample = Sample::new().await;
    let answered = "UPDATE request SET response = x'00' WHERE method =";
    let submitted = format!("{answered} 'SubmitDeclaration'");
    let paid = format!("{answered} 'CreatePayment'");
    let cases: [(&str, &[&str]); 16] = [
        ("UPDATE payment SET principal_fen = 1", &["ROW_ALTERED"]),
        (
            "UPDATE payment SET bank_reference = 'QB-2'",
            &["ROW_ALTERED"],
        ),
        (
            "UPDATE taxpayer SET name = name || '二' WHERE rowid = 1",
            &["ROW_ALTERED"],
        ),
        (
            "UPDATE tax_source_version SET detail = '{}'",
            &["ROW_ALTERED", "ROW_ALTERED"],
        ),
        (
            "UPDATE rule_pack SET files = replace(files, '0.012', '0.011')",
            &["CONTENT_ALTERED"],
        ),
        (
            "DELETE FROM tax_source_version",
            &["ROW_MISSING", "ROW_ALTERED"],
        ),
        // Neither the state nor the lines that live by it.
        (
            "UPDATE declaration SET state = 'VOIDED'",
            &["ROW_ALTERED", "LINES_ALTERED"],
        ),
        (
            "UPDATE declaration SET content = replace(content, '300.00', '30.00')",
            &["CONTENT_ALTERED"],
        ),
        ("UPDATE declaration_line SET live = 0", &["LINES_ALTERED"]),
        (
            "UPDATE declaration_line SET tax_fen = tax_fen + 1, payable_fen = payable_fen + 1",
            &["LINES_ALTERED"],
        ),
        ("DELETE FROM declaration_line", &["LINES_ALTERED"]),
        ("DELETE FROM voucher", &["ROW_MISSING"]),
        (
            "UPDATE voucher SET signed_text = replace(signed_text, '300.00', '900.00')",
            &["ROW_ALTERED", "VOUCHER_FORGED"],
        ),
        (&submitted, &["ANSWER_ALTERED"]),
        // This one came after its event, which had left it open.
        (&paid, &["ANSWER_ALTERED"]),
        (
            "DELETE FROM request WHERE method = 'DraftDeclaration'",
            &["ANSWER_MISSING"],
        ),
    ];
    for (statements, faults) in cases {
        let found = sample.after(statements).await;
        let names: Vec<&str> = found.iter().map(|(fault, ..)| fault.as_str()).collect();
        assert_eq!(names, faults, "{statements}: {found:?}");
    }
}

#[tokio::test]
async fn an_earlier_version_of_a_source_is_sealed_too() {
    let server = Server::on(On::Sqlite).await;
    let taxpayer = register(&server).await;
    let source = collect(&server, &taxpayer, contract("HT-1")).await;
    let restate = pb::UpdateTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        source_id: source.source_id,
        etag: source.etag,
        source: Some(contract("HT-2")),
        validate_only: false,
    };
    server.sources().update_tax_source(restate).await.unwrap();
    let sample = Sample::of(&server, taxpayer, String::new()).await;
    server.stop().await;
    for statement in [
        "UPDATE tax_source_version SET detail = replace(detail, 'HT-1', 'HT-9') WHERE version = 1",
        "DELETE FROM tax_source_version WHERE version = 1",
    ] {
        let found = sample.after(statement).await;
        assert_eq!(found.len(), 1, "{statement}: {found:?}");
        assert_eq!(found[0].0, "ROW_ALTERED", "{statement}");
        assert_eq!(
            found[0].2,
            "one of its versions is not as its event sealed it"
        );
    }
}

/// Events of the first format carry no digests; their chains stay verifiable as they were made.
#[tokio::test]
async fn events_of_the_first_format_stay_verifiable() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_sqlite(dir.path()).await.unwrap();
    let key = taxpayer_key();
    for (kind, seconds) in [("sample.first", 0), ("sample.second", 1)] {
        let mut tx = store.begin("Sample", None, None).await.unwrap();
        if seconds == 0 {
            tx.insert_taxpayer(&taxpayer()).await.unwrap();
        }
        tx.append_event(key, kind, "x", instant(seconds))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = store.begin("RegisterTaxpayer", None, None).await.unwrap();
    let id = key.to_string();
    tx.append_event(key, "taxpayer.registered", &id, instant(2))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    let file = dir.path().join(FILE);
    let options = SqliteConnectOptions::new().filename(&file);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let details: Vec<(bool,)> =
        sqlx::query_as("SELECT detail IS NULL FROM event ORDER BY sequence")
            .fetch_all(&pool)
            .await
            .unwrap();
    pool.close().await;
    assert_eq!(details, [(true,), (true,), (false,)]);
    assert_eq!(report(dir.path())["holds"], true);
    write(
        &file,
        "UPDATE event SET kind = 'sample.second' WHERE sequence = 1",
    )
    .await;
    let found = &report(dir.path())["breaks"][0];
    assert_eq!(
        (&found["fault"], &found["sequence"]),
        (&"EVENT_ALTERED".into(), &1.into())
    );
}
