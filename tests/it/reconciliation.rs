//! The day's file (`tests/cases/procedure/reconciliation.json`), streams that break, settlement in
//! parts, and what an officer does with a case.

use caixing::pb;
use pb::reconcile_day_request::Part as Sent;
use pb::reconcile_day_response::Part as Answered;
use pb::treasury_callback_service_client::TreasuryCallbackServiceClient;
use pb::{PaymentState as State, ReconciliationKind as Kind};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::sample::read;
use crate::support::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    #[serde(rename = "title")]
    _title: String,
    day: Option<String>,
    treasury: Option<String>,
    row_count: Option<i64>,
    total: Option<String>,
    rows: Vec<Row>,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    kind: String,
    amount: String,
    order: Option<String>,
    taxpayer: Option<String>,
    #[serde(default)]
    part: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    results: Vec<String>,
    state: String,
    findings: Vec<String>,
}

fn message(part: Sent) -> pb::ReconcileDayRequest {
    pb::ReconcileDayRequest { part: Some(part) }
}

fn head(row_count: i64, total: &str) -> pb::ReconciliationHead {
    pb::ReconciliationHead {
        request_id: fresh(),
        day: "2026-10-12".to_owned(),
        treasury_code: "1234010400".to_owned(),
        row_count,
        total_yuan: total.to_owned(),
    }
}

fn row(number: i64, kind: Kind, payment: &pb::Payment) -> pb::ReconciliationRow {
    pb::ReconciliationRow {
        row_number: number,
        kind: kind.into(),
        order_id: payment.payment_id.clone(),
        taxpayer_id: payment.taxpayer_id.clone(),
        amount_yuan: payment.total_yuan.clone(),
        bank_reference: "QB-1".to_owned(),
        part_reference: String::new(),
    }
}

/// The file of a case about a payment.
fn file(case: &Case, payment: &pb::Payment) -> Vec<pb::ReconcileDayRequest> {
    let fen = |text: &str| caixing::types::Money::parse_yuan(text).map_or(0, |money| money.fen());
    let sum: i64 = case.rows.iter().map(|row| fen(&row.amount)).sum();
    let total = caixing::types::Money::from_fen(sum).to_string();
    let count = case.rows.len() as i64;
    let mut first = head(
        case.row_count.unwrap_or(count),
        case.total.as_ref().unwrap_or(&total),
    );
    first.day = case.day.clone().unwrap_or(first.day);
    first.treasury_code = case.treasury.clone().unwrap_or(first.treasury_code);
    let rows = (1..).zip(&case.rows).map(|(number, one)| {
        let kind = Kind::from_str_name(&format!("RECONCILIATION_KIND_{}", one.kind)).unwrap();
        let mut wire = row(number, kind, payment);
        wire.amount_yuan = one.amount.clone();
        wire.part_reference = one.part.clone();
        wire.order_id = one.order.clone().unwrap_or(wire.order_id);
        wire.taxpayer_id = one.taxpayer.clone().unwrap_or(wire.taxpayer_id);
        message(Sent::Row(wire))
    });
    std::iter::once(message(Sent::Head(first)))
        .chain(rows)
        .collect()
}

/// Sends a whole file: what came of its rows, and the sums.
async fn send(
    server: &Server,
    file: Vec<pb::ReconcileDayRequest>,
) -> (Vec<pb::ReconciliationRowResult>, pb::ReconciliationSummary) {
    let stream = tokio_stream::iter(file);
    let answered = server.treasury().reconcile_day(stream).await.unwrap();
    let mut answers = answered.into_inner();
    let (mut rows, mut summary) = (Vec::new(), None);
    while let Some(answer) = answers.message().await.unwrap() {
        assert!(summary.is_none(), "the summary comes last");
        match answer.part.unwrap() {
            Answered::Row(row) => rows.push(row),
            Answered::Summary(sums) => summary = Some(sums),
        }
    }
    (rows, summary.unwrap())
}

fn names(rows: &[pb::ReconciliationRowResult]) -> Vec<String> {
    let name = |row: &pb::ReconciliationRowResult| {
        let name = row.result().as_str_name();
        name.trim_start_matches("RECONCILIATION_RESULT_").to_owned()
    };
    rows.iter().map(name).collect()
}

fn sorted_rules(cases: &[pb::Case]) -> Vec<String> {
    let mut rules = rules(cases);
    rules.sort();
    rules
}

/// A declaration of 300.00 debited at a bank that leaves settling to the test.
async fn debited() -> (Server, pb::Declaration, pb::Payment) {
    let (server, _bank) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    let payment = pay(&server, &filed, "300.00").await;
    assert_eq!(payment.state(), State::Debited);
    (server, filed, payment)
}

#[tokio::test]
async fn every_row_ends_as_its_case_says_and_the_same_file_again_adds_nothing() {
    let cases_of_files: Vec<Case> =
        serde_json::from_str(&read("tests/cases/procedure/reconciliation.json")).unwrap();
    assert_eq!(cases_of_files.len(), 21);
    for case in cases_of_files {
        let id = &case.id;
        let (server, filed, payment) = debited().await;
        let mut opened: Option<Vec<pb::Case>> = None;
        for again in [false, true] {
            let (rows, sums) = send(&server, file(&case, &payment)).await;
            let mut expected = case.expected.results.clone();
            if again {
                // What was merged the first time is what is known now.
                for one in expected.iter_mut().filter(|one| *one == "MERGED") {
                    "AGREES".clone_into(one);
                }
            }
            assert_eq!(names(&rows), expected, "{id} {again}");
            for (number, row) in (1..).zip(&rows) {
                assert_eq!(row.row_number, number, "{id}");
                let refused = row.failure.is_some();
                assert_eq!(refused, row.result() == pb::ReconciliationResult::Refused);
                let opened = !row.case_id.is_empty();
                assert_eq!(opened, row.result() == pb::ReconciliationResult::CaseOpened);
            }
            let count = |name: &str| expected.iter().filter(|one| *one == name).count() as i64;
            assert_eq!(sums.row_count, rows.len() as i64, "{id}");
            assert_eq!(sums.agree_count, count("AGREES"), "{id}");
            assert_eq!(sums.merged_count, count("MERGED"), "{id}");
            assert_eq!(sums.refused_count, count("REFUSED"), "{id}");
            assert_eq!(sums.case_count, case.expected.findings.len() as i64, "{id}");
            let now = read_payment(&server, &payment).await;
            let state = State::from_str_name(&format!("PAYMENT_STATE_{}", case.expected.state));
            assert_eq!(now.state(), state.unwrap(), "{id}");
            let vouchers = voucher_list(&server, &filed.taxpayer_id).await;
            let settled = now.state() == State::InTreasury;
            assert_eq!(vouchers.len(), usize::from(settled), "{id}");
            let found = cases(&server).await;
            assert_eq!(sorted_rules(&found), case.expected.findings, "{id} {again}");
            if let Some(before) = opened.replace(found.clone()) {
                assert_eq!(before, found, "{id}");
            }
        }
    }
}

#[tokio::test]
async fn a_malformed_row_names_its_fields() {
    let (server, _, payment) = debited().await;
    let mut bad = row(1, Kind::Settled, &payment);
    bad.order_id = "7".to_owned();
    bad.amount_yuan = "-1.00".to_owned();
    bad.bank_reference = String::new();
    let second = row(1, Kind::Settled, &payment);
    let file = vec![
        message(Sent::Head(head(2, "300.00"))),
        message(Sent::Row(bad)),
        message(Sent::Row(second)),
        message(Sent::Head(head(0, "0.00"))),
        pb::ReconcileDayRequest { part: None },
    ];
    let (rows, sums) = send(&server, file).await;
    assert_eq!(names(&rows), ["REFUSED"; 4]);
    assert_eq!((sums.row_count, sums.refused_count), (4, 4));
    let wrong: Vec<Vec<(String, String)>> = rows
        .into_iter()
        .map(|row| {
            let failure = row.failure.unwrap();
            assert_eq!(failure.reason, "FIELDS_INVALID");
            assert_eq!(failure.code, i32::from(Code::InvalidArgument));
            let pair = |one: pb::ItemViolation| (one.field, one.reason);
            failure.violations.into_iter().map(pair).collect()
        })
        .collect();
    let pairs = |list: &[(&str, &str)]| {
        let owned = |(field, reason): &(&str, &str)| ((*field).to_owned(), (*reason).to_owned());
        list.iter().map(owned).collect::<Vec<_>>()
    };
    let first = [
        ("row.order_id", "PAYMENT_ID_SYNTAX"),
        ("row.amount_yuan", "NEGATIVE"),
        ("row.bank_reference", "REQUIRED"),
    ];
    assert_eq!(wrong[0], pairs(&first));
    // A place that was there before; a second head; nothing at all.
    assert_eq!(wrong[1], pairs(&[("row.row_number", "COUNT_RANGE")]));
    assert_eq!(wrong[2], pairs(&[("row", "REQUIRED")]));
    assert_eq!(wrong[3], pairs(&[("row", "REQUIRED")]));
    assert_eq!(read_payment(&server, &payment).await, payment);
}

#[tokio::test]
async fn a_file_without_a_sound_head_is_refused_before_its_rows() {
    let (server, _, payment) = debited().await;
    let rows = || message(Sent::Row(row(1, Kind::Settled, &payment)));
    let mut tomorrow = head(-1, "300.00");
    tomorrow.day = "2026-10-13".to_owned();
    tomorrow.treasury_code = "4".to_owned();
    let files = [
        (vec![], vec!["head"]),
        (vec![rows()], vec!["head"]),
        (
            vec![message(Sent::Head(tomorrow)), rows()],
            vec!["head.treasury_code", "head.day", "head.row_count"],
        ),
    ];
    for (file, fields) in files {
        let stream = tokio_stream::iter(file);
        let refused = server.treasury().reconcile_day(stream).await;
        let status = refused.map(|_| ()).unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, "FIELDS_INVALID")
        );
        assert_eq!(bad_fields(&status), fields);
    }
    assert_eq!(read_payment(&server, &payment).await, payment);
    assert!(cases(&server).await.is_empty());
}

/// Sends the beginning of a file and waits for the answer to its row; then the line is gone, as
/// the runtime that holds the connection is.
fn break_off(address: String, payment: &pb::Payment) {
    let begun = [
        message(Sent::Head(head(2, "600.00"))),
        message(Sent::Row(row(1, Kind::Settled, payment))),
    ];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (sender, receiver) = mpsc::channel(4);
        for one in begun {
            sender.send(one).await.unwrap();
        }
        let mut treasury = TreasuryCallbackServiceClient::connect(address)
            .await
            .unwrap();
        let stream = ReceiverStream::new(receiver);
        let mut answers = treasury.reconcile_day(stream).await.unwrap().into_inner();
        let answer = answers.message().await.unwrap().unwrap();
        assert!(matches!(answer.part, Some(Answered::Row(_))));
        // The file is never ended.
        std::mem::forget(sender);
    });
    runtime.shutdown_background();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_keeps_its_facts_and_is_a_case() {
    let (server, _, payment) = debited().await;
    let (address, about) = (server.address.clone(), payment.clone());
    let broken = tokio::task::spawn_blocking(move || break_off(address, &about));
    broken.await.unwrap();
    let started = std::time::Instant::now();
    let found = loop {
        let found = cases(&server).await;
        if !found.is_empty() {
            break found;
        }
        assert!(started.elapsed().as_secs() < 30, "no case");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(rules(&found), ["RECON_FILE_INCOMPLETE"]);
    assert_eq!(found[0].subject_id, "1234010400 2026-10-12");
    assert_eq!(found[0].taxpayer_id, "");
    let said = &found[0].finding.as_ref().unwrap().actual;
    // Whether the transport tells a break from an end depends on what it saw last.
    assert!(said.starts_with("1 rows, 300.00 yuan"), "{said}");
    let now = read_payment(&server, &payment).await;
    assert_eq!(now.state(), State::InTreasury);
}

#[tokio::test]
async fn a_settlement_in_parts_is_in_the_treasury_with_its_last_fen() {
    let (server, filed, payment) = debited().await;
    let part = |reference: &str, amount: &str| {
        let mut report = settling(&payment);
        report.part_reference = reference.to_owned();
        report.amount_yuan = amount.to_owned();
        report
    };
    let mut treasury = server.treasury();
    for (reference, amount, received) in [
        ("P-1", "100.00", "100.00"),
        ("P-2", "199.99", "299.99"),
        // Reported again: it counts once.
        ("P-1", "100.00", "299.99"),
    ] {
        let answer = treasury.report_settlement(part(reference, amount)).await;
        let answer = answer.unwrap().into_inner();
        let now = answer.payment.unwrap();
        assert_eq!(
            (now.state(), now.received_yuan.as_str()),
            (State::Debited, received)
        );
        assert_eq!(answer.voucher_number, "");
    }
    assert!(voucher_list(&server, &filed.taxpayer_id).await.is_empty());
    // One fen more than the order makes nothing but a case; so does a part that changed.
    let over = treasury.report_settlement(part("P-3", "0.02")).await;
    let status = assert_precondition(over, "SETTLEMENT_MISMATCH");
    assert_eq!(
        fact(&status, "expected"),
        "300.00 yuan, treasury 1234010400"
    );
    let changed = treasury.report_settlement(part("P-2", "0.01")).await;
    assert_precondition(changed, "SETTLEMENT_MISMATCH");
    let expected = ["SETTLEMENT_AMOUNT", "SETTLEMENT_PART"];
    assert_eq!(sorted_rules(&cases(&server).await), expected);
    let last = treasury.report_settlement(part("P-3", "0.01")).await;
    let answer = last.unwrap().into_inner();
    let now = answer.payment.unwrap();
    assert_eq!(
        (now.state(), now.received_yuan.as_str()),
        (State::InTreasury, "300.00")
    );
    let vouchers = voucher_list(&server, &filed.taxpayer_id).await;
    assert_eq!(vouchers.len(), 1);
    assert_eq!(vouchers[0].voucher_number, answer.voucher_number);
    let nothing = treasury.report_settlement(part("P-4", "0.00")).await;
    let status = assert_refused(nothing, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["amount_yuan"]);
}

also_on_postgres!(
    every_row_ends_as_its_case_says_and_the_same_file_again_adds_nothing,
    a_malformed_row_names_its_fields,
    a_file_without_a_sound_head_is_refused_before_its_rows,
    a_file_that_breaks_off_keeps_its_facts_and_is_a_case,
    a_settlement_in_parts_is_in_the_treasury_with_its_last_fen,
);
