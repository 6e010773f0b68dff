//! The bounds of `ImportTaxSources`: the order of a stream, its length, what is told of a row, and
//! the memory it takes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use caixing::pb;
use caixing::pb::import_tax_sources_request::Part;
use caixing::pb::import_tax_sources_response::Part as Answer;
use tonic::Code;

use crate::imports::{Imported, contracts, head, import, import_rows, part, row};
use crate::process::Served;
use crate::support::{
    NOBODY, NOW, Server, bad_fields, collect, collecting, contract, details, fresh, outcome,
    reason, register, source_list, stamp,
};

#[tokio::test]
async fn a_row_key_is_required_and_short() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let longest = "行".repeat(60);
    let too_long = "行".repeat(61);
    let rows = vec![
        row("", contract("HT-1")),
        row(&too_long, contract("HT-1")),
        row(&longest, contract("HT-1")),
        part(Part::Row(pb::ImportRow {
            row_key: "K".to_owned(),
            source: None,
        })),
    ];
    let imported = import_rows(&server, &taxpayer, &fresh(), rows).await;
    let first = |row: &pb::ImportRowResult| {
        let failure = row.failure.as_ref()?;
        let violation = &failure.violations[0];
        Some(format!("{} {}", violation.field, violation.reason))
    };
    let told: Vec<Option<String>> = imported.rows.iter().map(first).collect();
    let told: Vec<Option<&str>> = told.iter().map(Option::as_deref).collect();
    assert_eq!(
        told,
        [
            Some("row_key REQUIRED"),
            Some("row_key TEXT_LENGTH"),
            None,
            Some("source REQUIRED")
        ]
    );
    assert_eq!(imported.rows[1].row_key, longest, "cut to a key's length");
}

#[tokio::test]
async fn findings_are_told_and_the_source_is_kept_as_when_collected_alone() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    // A relief that is none is an error, no counterparty is doubtful.
    let mut doubtful = contract("HT-1");
    stamp(&mut doubtful).counterparties.clear();
    stamp(&mut doubtful).lines[0].reliefs = vec![pb::ReliefClaim {
        relief_id: "NO_SUCH_RELIEF".to_owned(),
        ..Default::default()
    }];
    let mut asked = collecting(&taxpayer, doubtful.clone());
    asked.validate_only = true;
    let alone = server.sources().create_tax_source(asked).await.unwrap();
    let alone = alone.into_inner().findings;
    let severities: BTreeSet<i32> = alone.iter().map(|finding| finding.severity).collect();
    assert!(severities.contains(&pb::Severity::Error.into()));
    assert!(severities.contains(&pb::Severity::Warning.into()));
    let rows = vec![row("K1", doubtful)];
    let imported = import_rows(&server, &taxpayer, &fresh(), rows).await;
    let result = &imported.rows[0];
    assert_eq!(result.result(), pb::ImportResult::Collected);
    assert_eq!(result.findings, alone);
    assert_eq!(usize::try_from(result.finding_count).unwrap(), alone.len());
    assert_eq!(source_list(&server, &taxpayer).await.len(), 1);
}

#[tokio::test]
async fn five_hundred_wrong_fields_are_counted_and_a_hundred_told() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut wrong = contract("HT-1");
    let relief = pb::ReliefClaim {
        relief_id: "ST_HOUSING_SALE".to_owned(),
        ratio: "百分之五十".to_owned(),
        ..Default::default()
    };
    stamp(&mut wrong).lines[0].reliefs = vec![relief; 500];
    let rows = vec![row("K1", wrong), row("K2", contract("HT-2"))];
    let imported = import_rows(&server, &taxpayer, &fresh(), rows).await;
    let failure = imported.rows[0].failure.as_ref().unwrap();
    assert_eq!(failure.message, "有 500 个字段不正确");
    assert_eq!(
        (failure.violation_count, failure.violations.len()),
        (500, 100)
    );
    assert!(prost::Message::encoded_len(failure) < 32 * 1024);
    assert_eq!(imported.counts(), [2, 1, 0, 1]);
}

#[tokio::test]
async fn a_stream_in_the_wrong_order_ends_with_what_is_wrong_and_keeps_what_it_acknowledged() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let id = fresh();
    let begin = || head(&taxpayer, &id);
    let empty = || pb::ImportTaxSourcesRequest { part: None };
    let contract = || row("K1", contract("HT-1"));
    let invalid = |imported: Imported, field: &str, stable: &str| {
        let status = imported.refused(Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(bad_fields(&status), [field]);
        let text = details(&status).bad_request().unwrap().field_violations[0]
            .description
            .clone();
        assert!(text.starts_with(stable), "{text}");
    };
    invalid(import(&server, vec![]).await, "head", "REQUIRED");
    invalid(import(&server, vec![empty()]).await, "head", "REQUIRED");
    invalid(
        import(&server, vec![contract(), begin()]).await,
        "row",
        "PART_ORDER",
    );
    assert!(source_list(&server, &taxpayer).await.is_empty());
    let imported = import(&server, vec![begin(), contract(), begin()]).await;
    assert_eq!(imported.results(), [pb::ImportResult::Collected]);
    invalid(imported, "head", "PART_ORDER");
    let imported = import(&server, vec![begin(), contract(), empty()]).await;
    assert_eq!(imported.results(), [pb::ImportResult::AlreadyCollected]);
    invalid(imported, "row", "REQUIRED");
    assert_eq!(source_list(&server, &taxpayer).await.len(), 1);
    let state = outcome(&server, &taxpayer, &id).await.state();
    assert_eq!(
        state,
        pb::OutcomeState::Pending,
        "it did not come to its end"
    );
    // No rows at all are an import of nothing.
    let nothing = import(&server, vec![begin()]).await;
    assert_eq!(nothing.counts(), [0, 0, 0, 0]);
}

#[tokio::test]
async fn a_head_names_a_known_taxpayer_and_an_id_of_its_own() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let imported = import(&server, vec![head("", "7")]).await;
    let status = imported.refused(Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["head.request_id", "head.taxpayer_id"]);
    let imported = import_rows(&server, NOBODY, &fresh(), contracts(1, 2)).await;
    let status = imported.refused(Code::NotFound, "TAXPAYER_NOT_FOUND");
    assert!(status.metadata().contains_key("x-request-id"));
    // The id of another mutation cannot be an import's, nor an import's another mutation's.
    let created = collecting(&taxpayer, contract("HT-1"));
    let used = created.request_id.clone();
    server.sources().create_tax_source(created).await.unwrap();
    let imported = import_rows(&server, &taxpayer, &used, contracts(1, 2)).await;
    imported.refused(Code::InvalidArgument, "REQUEST_ID_REUSED");
    let id = fresh();
    import_rows(&server, &taxpayer, &id, contracts(1, 2)).await;
    let mut created = collecting(&taxpayer, contract("HT-9"));
    created.request_id = id;
    let status = server
        .sources()
        .create_tax_source(created)
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");
    assert_eq!(source_list(&server, &taxpayer).await.len(), 2);
}

const BOUND: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until a count has stood still for half a second.
async fn standing_still(count: &AtomicUsize) -> usize {
    let started = Instant::now();
    let (mut last, mut since) = (0, Instant::now());
    loop {
        let now = count.load(Ordering::SeqCst);
        if now != last {
            (last, since) = (now, Instant::now());
        } else if now > 0 && since.elapsed() > Duration::from_millis(500) {
            return now;
        }
        assert!(started.elapsed() < BOUND, "{now} and counting");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_not_read_from_and_holds_up_nobody() {
    const ROWS: usize = 100_000;
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let (id, whose) = (fresh(), taxpayer.clone());
    let mut large = contract("HT-1");
    // Refused rows do, and cost little.
    large.region_code = "34".to_owned();
    large.name = "合同".repeat(100);
    let messages = (0..=ROWS).map(move |n| {
        counted.fetch_add(1, Ordering::SeqCst);
        match n {
            0 => head(&whose, &id),
            _ => row(&format!("K{n}"), large.clone()),
        }
    });
    let call = tokio_stream::iter(messages);
    let answers = server.sources().import_tax_sources(call).await.unwrap();
    let taken = standing_still(&sent).await;
    // The windows of the transport fill, on the client's side with some 2 MB of answers.
    assert!(taken < ROWS / 3, "{taken} rows taken in unread");
    // The write lock is free meanwhile.
    let beside = collect(&server, &taxpayer, contract("HT-1"));
    tokio::time::timeout(BOUND, beside).await.unwrap();
    assert_eq!(sent.load(Ordering::SeqCst), taken);
    // Read at last, the import goes on from there.
    let mut answers = answers.into_inner();
    for number in 1..=i64::try_from(taken).unwrap() {
        match answers.message().await.unwrap().unwrap().part.unwrap() {
            Answer::Row(row) => assert_eq!(row.row_number, number),
            Answer::Summary(_) => panic!("a summary before the end"),
        }
    }
    drop(answers);
}

#[tokio::test]
async fn more_than_a_hundred_thousand_rows_are_refused_and_those_before_are_answered() {
    const ROWS: usize = 100_000;
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let empty = |n: usize| row(&format!("K{n}"), pb::TaxSourceInput::default());
    let mut rows = contracts(0, 1);
    rows.extend((1..=ROWS).map(empty));
    let imported = import_rows(&server, &taxpayer, &fresh(), rows).await;
    assert_eq!(imported.rows.len(), ROWS);
    let status = imported.refused(Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["row"]);
    assert_eq!(source_list(&server, &taxpayer).await.len(), 1);
}

/// Largest memory a process ever took, KiB.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse().unwrap()
}

#[tokio::test]
async fn a_long_import_takes_no_more_memory_than_a_short_one() {
    let dir = tempfile::tempdir().unwrap();
    let served = Served::start(dir.path());
    let server = Server::at(&served.address).await;
    server.set_clock(NOW).await;
    let taxpayer = register(&server).await;
    let send = async |from: usize, to: usize| {
        let (id, whose) = (fresh(), taxpayer.clone());
        let one = move |n| match n {
            0 => head(&whose, &id),
            n => row(&format!("K{n}"), contract(&format!("HT-{from}-{n}"))),
        };
        let call = tokio_stream::iter((0..=to).map(one));
        let answers = server.sources().import_tax_sources(call).await.unwrap();
        let mut answers = answers.into_inner();
        let mut summary = None;
        while let Some(message) = answers.message().await.unwrap() {
            if let Some(Answer::Summary(end)) = message.part {
                summary = Some(end);
            }
        }
        assert_eq!(summary.unwrap().collected_count, i64::try_from(to).unwrap());
        peak_kib(served.id())
    };
    let short = send(1, 2_000).await;
    let long = send(2, 20_000).await;
    assert!(long < short + 16 * 1024, "{short} KiB, then {long} KiB");
}
