//! `ImportTaxSources` over a socket: each row by itself, none collected twice, whatever breaks.

use std::collections::BTreeSet;

use caixing::pb;
use caixing::pb::import_tax_sources_request::Part;
use caixing::pb::import_tax_sources_response::Part as Answer;
use caixing::pb::tax_source_service_client::TaxSourceServiceClient;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use crate::support::{
    Server, also_on_postgres, assert_refused, collect, contract, fresh, message, outcome, register,
    registration, source_list, stamp, with_header,
};

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

/// A head of an import.
pub fn head(taxpayer: &str, request_id: &str) -> pb::ImportTaxSourcesRequest {
    part(Part::Head(pb::ImportHead {
        request_id: request_id.to_owned(),
        taxpayer_id: taxpayer.to_owned(),
        validate_only: false,
    }))
}

fn only_checking(taxpayer: &str, request_id: &str) -> pb::ImportTaxSourcesRequest {
    part(Part::Head(pb::ImportHead {
        request_id: request_id.to_owned(),
        taxpayer_id: taxpayer.to_owned(),
        validate_only: true,
    }))
}

pub fn part(part: Part) -> pb::ImportTaxSourcesRequest {
    pb::ImportTaxSourcesRequest { part: Some(part) }
}

/// A row of an import.
pub fn row(key: &str, source: pb::TaxSourceInput) -> pb::ImportTaxSourcesRequest {
    part(Part::Row(pb::ImportRow {
        row_key: key.to_owned(),
        source: Some(source),
    }))
}

/// Contracts `from..to`, each with a key of its own.
pub fn contracts(from: usize, to: usize) -> Vec<pb::ImportTaxSourcesRequest> {
    let one = |n| row(&format!("K{n}"), contract(&format!("HT-{n}")));
    (from..to).map(one).collect()
}

/// What an import answered.
#[derive(Debug, Default)]
pub struct Imported {
    pub rows: Vec<pb::ImportRowResult>,
    pub summary: Option<pb::ImportSummary>,
    pub status: Option<Status>,
}

impl Imported {
    pub fn results(&self) -> Vec<pb::ImportResult> {
        self.rows.iter().map(pb::ImportRowResult::result).collect()
    }

    pub fn counts(&self) -> [i64; 4] {
        let summary = self.summary.unwrap();
        [
            summary.row_count,
            summary.collected_count,
            summary.already_collected_count,
            summary.refused_count,
        ]
    }

    /// The status the stream ended with, as a call's.
    pub fn refused(self, code: Code, stable: &str) -> Status {
        assert!(self.summary.is_none(), "{self:?}");
        let failed: Result<tonic::Response<()>, Status> = Err(self.status.unwrap());
        assert_refused(failed, code, stable)
    }
}

pub async fn read(
    mut answers: tonic::Streaming<pb::ImportTaxSourcesResponse>,
    mut imported: Imported,
) -> Imported {
    loop {
        match answers.message().await {
            Ok(None) => return imported,
            Err(status) => {
                imported.status = Some(status);
                return imported;
            }
            Ok(Some(message)) => match message.part.unwrap() {
                Answer::Row(row) => {
                    assert!(imported.summary.is_none(), "a row after the summary");
                    imported.rows.push(row);
                }
                Answer::Summary(summary) => imported.summary = Some(summary),
            },
        }
    }
}

/// Sends messages and reads every answer.
pub async fn import(server: &Server, messages: Vec<pb::ImportTaxSourcesRequest>) -> Imported {
    let request = with_header(tokio_stream::iter(messages), "accept-language", "zh-CN");
    let answers = server.sources().import_tax_sources(request).await.unwrap();
    read(answers.into_inner(), Imported::default()).await
}

pub async fn import_rows(
    server: &Server,
    taxpayer: &str,
    request_id: &str,
    rows: Vec<pb::ImportTaxSourcesRequest>,
) -> Imported {
    let mut messages = vec![head(taxpayer, request_id)];
    messages.extend(rows);
    import(server, messages).await
}

/// The example's sources: every tax is among them.
fn example_sources() -> Vec<pb::TaxSourceInput> {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let sources = example["sources"].as_array().unwrap();
    let read = |source: &Value| message("TaxSourceInput", source.clone());
    sources.iter().map(read).collect()
}

/// A source without what the service gives it.
fn stated(source: &pb::TaxSource) -> pb::TaxSource {
    pb::TaxSource {
        source_id: String::new(),
        taxpayer_id: String::new(),
        update_time: None,
        ..source.clone()
    }
}

async fn register_another(server: &Server) -> String {
    let mut other = registration();
    other.tax_number = "91350100M000100Y43".to_owned();
    let answer = server.taxpayers().register_taxpayer(other).await.unwrap();
    answer.into_inner().taxpayer.unwrap().taxpayer_id
}

#[tokio::test]
async fn importing_keeps_the_same_sources_as_collecting_one_by_one() {
    let server = Server::start().await;
    let (one, many) = (register(&server).await, register_another(&server).await);
    let sources = example_sources();
    for source in &sources {
        collect(&server, &one, source.clone()).await;
    }
    let keyed = |(n, source): (usize, &pb::TaxSourceInput)| row(&format!("{n}"), source.clone());
    let rows = sources.iter().enumerate().map(keyed).collect();
    let imported = import_rows(&server, &many, &fresh(), rows).await;
    let count = i64::try_from(sources.len()).unwrap();
    assert_eq!(imported.counts(), [count, count, 0, 0]);
    let (one, many) = (
        source_list(&server, &one).await,
        source_list(&server, &many).await,
    );
    assert_eq!(one.len(), sources.len());
    let taxes: BTreeSet<i32> = many.iter().map(|source| source.tax).collect();
    assert_eq!(taxes.len(), 6, "a source of every tax");
    let said: Vec<_> = one.iter().map(stated).collect();
    assert_eq!(many.iter().map(stated).collect::<Vec<_>>(), said);
    let ids: Vec<&String> = many.iter().map(|source| &source.source_id).collect();
    let told: Vec<&String> = imported.rows.iter().map(|row| &row.source_id).collect();
    assert_eq!(told, ids, "the answers name the sources in their order");
}

#[tokio::test]
async fn a_row_is_answered_before_the_next_is_sent() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let (rows, sent) = mpsc::channel(1);
    let call = ReceiverStream::new(sent);
    // The answers begin before anything is sent.
    let answers = server.sources().import_tax_sources(call).await.unwrap();
    let mut answers = answers.into_inner();
    rows.send(head(&taxpayer, &fresh())).await.unwrap();
    for (number, row) in (1..).zip(contracts(0, 5)) {
        rows.send(row).await.unwrap();
        let answer = answers.message().await.unwrap().unwrap().part.unwrap();
        let Answer::Row(result) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(result.row_number, number);
        assert_eq!(result.result(), pb::ImportResult::Collected);
        // It can be read at once, while the import goes on.
        let asked = pb::GetTaxSourceRequest {
            taxpayer_id: taxpayer.clone(),
            source_id: result.source_id,
            known_at: None,
        };
        server.sources().get_tax_source(asked).await.unwrap();
    }
    drop(rows);
    let rest = read(answers, Imported::default()).await;
    assert_eq!(rest.counts(), [5, 5, 0, 0]);
}

#[tokio::test]
async fn cut_after_any_row_and_sent_again_nothing_is_collected_twice_or_lost() {
    const ROWS: usize = 6;
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    for sent in 0..=ROWS {
        for heard in [0, sent / 2, sent] {
            let before = source_list(&server, &taxpayer).await.len();
            let import_id = fresh();
            let rows = contracts(0, ROWS);
            let first = cut(&server, &taxpayer, &import_id, &rows[..sent], heard).await;
            assert_eq!(first.len(), heard);
            let again = import_rows(&server, &taxpayer, &import_id, rows).await;
            let told: Vec<_> = again.rows.iter().map(|row| row.source_id.clone()).collect();
            let acknowledged: Vec<_> = first.iter().map(|row| row.source_id.clone()).collect();
            assert_eq!(
                told[..heard],
                acknowledged,
                "cut after {sent}, {heard} heard"
            );
            assert!(again.results().iter().all(|result| {
                matches!(
                    result,
                    pb::ImportResult::Collected | pb::ImportResult::AlreadyCollected
                )
            }));
            let repeated = vec![pb::ImportResult::AlreadyCollected; heard];
            assert_eq!(again.results()[..heard], repeated);
            let unsent = vec![pb::ImportResult::Collected; ROWS - sent];
            assert_eq!(again.results()[sent..], unsent);
            let kept = source_list(&server, &taxpayer).await;
            assert_eq!(kept.len(), before + ROWS);
            let ids: BTreeSet<_> = told.iter().collect();
            assert_eq!(ids.len(), ROWS);
        }
    }
}

/// Sends a head and rows, hears some answers, and breaks off without an end.
async fn cut(
    server: &Server,
    taxpayer: &str,
    import_id: &str,
    rows: &[pb::ImportTaxSourcesRequest],
    heard: usize,
) -> Vec<pb::ImportRowResult> {
    let mut all = vec![head(taxpayer, import_id)];
    all.extend_from_slice(rows);
    let talk = async move |channel| {
        let (messages, sent) = mpsc::channel(all.len());
        for message in all {
            messages.send(message).await.unwrap();
        }
        let mut client = TaxSourceServiceClient::new(channel);
        let answers = client.import_tax_sources(ReceiverStream::new(sent)).await;
        let mut answers = answers.unwrap().into_inner();
        let mut results = Vec::new();
        while results.len() < heard {
            match answers.message().await.unwrap().unwrap().part.unwrap() {
                Answer::Row(row) => results.push(row),
                Answer::Summary(_) => panic!("a summary before the end"),
            }
        }
        // Handed out unclosed: what is sent has no end.
        (results, messages)
    };
    server.cut_off(talk).await.0
}

#[tokio::test]
async fn two_imports_with_one_id_at_a_time_collect_each_row_once() {
    const ROWS: usize = 150;
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let id = fresh();
    let (a, b) = tokio::join!(
        import_rows(&server, &taxpayer, &id, contracts(0, ROWS)),
        import_rows(&server, &taxpayer, &id, contracts(0, ROWS)),
    );
    let [rows, collected_a, already_a, refused_a] = a.counts();
    let [_, collected_b, already_b, refused_b] = b.counts();
    assert_eq!((refused_a, refused_b), (0, 0));
    assert_eq!(collected_a + collected_b, rows);
    assert_eq!(already_a + already_b, rows);
    for (a, b) in a.rows.iter().zip(&b.rows) {
        assert_eq!(a.source_id, b.source_id);
        assert_ne!(a.result(), b.result(), "one of them collected it");
    }
    assert_eq!(source_list(&server, &taxpayer).await.len(), ROWS);
}

#[tokio::test]
async fn a_refused_row_stops_no_other_names_every_wrong_field_and_may_be_corrected() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let id = fresh();
    let mut wrong = contract("HT-2");
    wrong.region_code = "34".to_owned();
    stamp(&mut wrong).lines[0].amount_yuan = "一百万".to_owned();
    stamp(&mut wrong).signed_on = "2026-02-30".to_owned();
    let good = |n: usize| row(&format!("K{n}"), contract(&format!("HT-{n}")));
    let rows = vec![good(1), row("K2", wrong), good(3)];
    let imported = import_rows(&server, &taxpayer, &id, rows).await;
    assert_eq!(imported.counts(), [3, 2, 0, 1]);
    let refused = &imported.rows[1];
    assert_eq!(refused.result(), pb::ImportResult::Refused);
    assert_eq!((refused.row_number, refused.row_key.as_str()), (2, "K2"));
    assert_eq!(refused.source_id, "");
    let failure = refused.failure.as_ref().unwrap();
    assert_eq!(failure.code, 3);
    assert_eq!(failure.reason, "FIELDS_INVALID");
    assert_eq!(failure.message, "有 3 个字段不正确");
    assert_eq!(failure.violation_count, 3);
    let told: Vec<(&str, &str)> = failure
        .violations
        .iter()
        .map(|wrong| (wrong.field.as_str(), wrong.reason.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("source.region_code", "REGION_SYNTAX"),
            ("source.stamp.signed_on", "DATE_SYNTAX"),
            ("source.stamp.lines[0].amount_yuan", "DECIMAL_SYNTAX"),
        ]
    );
    let mended = vec![good(1), good(2), good(3)];
    let imported = import_rows(&server, &taxpayer, &id, mended).await;
    assert_eq!(imported.counts(), [3, 1, 2, 0]);
    assert_eq!(source_list(&server, &taxpayer).await.len(), 3);
}

#[tokio::test]
async fn a_collected_key_stands_for_its_source_for_ever() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let id = fresh();
    let first = import_rows(&server, &taxpayer, &id, contracts(1, 2)).await;
    let source = &first.rows[0].source_id;
    // Other content under the key is refused, and says as what it was collected.
    let rows = vec![row("K1", contract("HT-OTHER"))];
    let other = import_rows(&server, &taxpayer, &id, rows).await;
    let failure = other.rows[0].failure.as_ref().unwrap();
    assert_eq!(
        (failure.code, failure.reason.as_str()),
        (3, "ROW_KEY_REUSED")
    );
    assert!(failure.message.contains(source.as_str()), "{failure:?}");
    // Under another import the same key is another row.
    let elsewhere = import_rows(&server, &taxpayer, &fresh(), contracts(1, 2)).await;
    assert_eq!(elsewhere.results(), [pb::ImportResult::Collected]);
    assert_ne!(elsewhere.rows[0].source_id, *source);
    // Restated since, it is still the row that was collected.
    let restated = pb::UpdateTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        source_id: source.clone(),
        etag: "v1".to_owned(),
        source: Some(contract("HT-OTHER")),
        validate_only: false,
    };
    let restated = server.sources().update_tax_source(restated).await;
    assert!(restated.is_ok(), "{restated:?}");
    let again = import_rows(&server, &taxpayer, &id, contracts(1, 2)).await;
    assert_eq!(again.results(), [pb::ImportResult::AlreadyCollected]);
    assert_eq!(again.rows[0].source_id, *source);
    assert_eq!(source_list(&server, &taxpayer).await.len(), 2);
}

#[tokio::test]
async fn a_key_stands_once_in_a_stream_unless_its_row_was_refused() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut wrong = contract("HT-2");
    wrong.name = String::new();
    let rows = vec![
        row("K1", contract("HT-1")),
        row("K1", contract("HT-1")),
        row(" K1 ", contract("HT-9")),
        row("K2", wrong),
        row("K2", contract("HT-2")),
    ];
    let imported = import_rows(&server, &taxpayer, &fresh(), rows).await;
    assert_eq!(imported.counts(), [5, 2, 0, 3]);
    for twice in &imported.rows[1..3] {
        let failure = twice.failure.as_ref().unwrap();
        let violation = &failure.violations[0];
        assert_eq!(
            (violation.field.as_str(), violation.reason.as_str()),
            ("row_key", "ROW_KEY_TWICE")
        );
    }
    assert_eq!(imported.rows[4].result(), pb::ImportResult::Collected);
    assert_eq!(source_list(&server, &taxpayer).await.len(), 2);
}

#[tokio::test]
async fn only_checking_keeps_nothing_and_says_what_is_collected_already() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let id = fresh();
    let checking = || vec![only_checking(&taxpayer, &id)];
    let with_rows = |rows: Vec<_>| [checking(), rows].concat();
    let checked = import(&server, with_rows(contracts(1, 4))).await;
    assert_eq!(checked.counts(), [3, 3, 0, 0]);
    assert!(checked.rows.iter().all(|row| row.source_id.is_empty()));
    assert!(source_list(&server, &taxpayer).await.is_empty());
    let state = outcome(&server, &taxpayer, &id).await.state();
    assert_eq!(state, pb::OutcomeState::NotFound);
    // The same id then collects, and a later check knows it.
    import_rows(&server, &taxpayer, &id, contracts(1, 3)).await;
    let mut rows = contracts(1, 4);
    rows[1] = row("K2", contract("HT-OTHER"));
    rows.push(row("K3", contract("HT-3")));
    let checked = import(&server, with_rows(rows)).await;
    assert_eq!(
        checked.results(),
        [
            pb::ImportResult::AlreadyCollected,
            pb::ImportResult::Refused,
            pb::ImportResult::Collected,
            pb::ImportResult::Refused,
        ]
    );
    let reused = checked.rows[1].failure.as_ref().unwrap();
    assert_eq!(reused.reason, "ROW_KEY_REUSED");
    assert_eq!(source_list(&server, &taxpayer).await.len(), 2);
}

#[tokio::test]
async fn the_outcome_is_pending_until_a_sending_ends_and_then_its_summary() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let id = fresh();
    let rows = contracts(1, 4);
    cut(&server, &taxpayer, &id, &rows[..2], 2).await;
    let pending = outcome(&server, &taxpayer, &id).await;
    assert_eq!(pending.state(), pb::OutcomeState::Pending);
    assert_eq!(pending.method, "ImportTaxSources");
    let done = import_rows(&server, &taxpayer, &id, rows.clone()).await;
    let told = outcome(&server, &taxpayer, &id).await;
    assert_eq!(told.state(), pb::OutcomeState::Done);
    assert_eq!(told.response_type, "caixing.v1.ImportTaxSourcesResponse");
    let kept: pb::ImportTaxSourcesResponse =
        prost::Message::decode(told.response.as_slice()).unwrap();
    assert_eq!(kept.part, Some(Answer::Summary(done.summary.unwrap())));
    assert_eq!(done.counts(), [3, 1, 2, 0]);
    // A later sending that breaks off is open again.
    cut(&server, &taxpayer, &id, &rows[..1], 1).await;
    let state = outcome(&server, &taxpayer, &id).await.state();
    assert_eq!(state, pb::OutcomeState::Pending);
}

also_on_postgres!(
    importing_keeps_the_same_sources_as_collecting_one_by_one,
    a_row_is_answered_before_the_next_is_sent,
    two_imports_with_one_id_at_a_time_collect_each_row_once,
    a_refused_row_stops_no_other_names_every_wrong_field_and_may_be_corrected,
    a_collected_key_stands_for_its_source_for_ever,
    a_key_stands_once_in_a_stream_unless_its_row_was_refused,
    only_checking_keeps_nothing_and_says_what_is_collected_already,
    the_outcome_is_pending_until_a_sending_ends_and_then_its_summary,
);
