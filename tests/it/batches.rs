//! `BatchSubmit` over a socket: each item filed or refused by itself, answered in order, filed once
//! whatever breaks.

use caixing::pb;
use caixing::pb::batch_submit_response::Outcome;
use caixing::pb::declaration_service_client::DeclarationServiceClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use crate::support::{
    NOBODY, Server, also_on_postgres, assert_refused, bad_fields, collect, contract,
    declaration_list, drawing, filing, register, with_header,
};

fn item(item_number: i64, submit: pb::SubmitDeclarationRequest) -> pb::BatchSubmitRequest {
    pb::BatchSubmitRequest {
        item_number,
        submit: Some(submit),
    }
}

/// As many drafts, each for an authority of its own; `from` tells them from earlier ones.
async fn drafts(
    server: &Server,
    taxpayer: &str,
    from: usize,
    count: usize,
) -> Vec<pb::Declaration> {
    for n in from..from + count {
        let mut source = contract(&format!("HT-{n}"));
        source.tax_authority_code = format!("1340104{n:04}");
        collect(server, taxpayer, source).await;
    }
    let mut client = server.declarations();
    let answer = client.draft_declaration(drawing(taxpayer)).await;
    let drawn = answer.unwrap().into_inner().declarations;
    assert_eq!(drawn.len(), count);
    drawn
}

async fn read(
    mut answers: tonic::Streaming<pb::BatchSubmitResponse>,
    most: usize,
) -> (Vec<pb::BatchSubmitResponse>, Option<Status>) {
    let mut told = Vec::new();
    while told.len() < most {
        match answers.message().await {
            Ok(Some(answer)) => told.push(answer),
            Ok(None) => return (told, None),
            Err(status) => return (told, Some(status)),
        }
    }
    (told, None)
}

/// Sends items and reads every answer.
async fn batch_in(
    language: &str,
    server: &Server,
    items: Vec<pb::BatchSubmitRequest>,
) -> (Vec<pb::BatchSubmitResponse>, Option<Status>) {
    let request = with_header(tokio_stream::iter(items), "accept-language", language);
    let answers = server.declarations().batch_submit(request).await.unwrap();
    read(answers.into_inner(), usize::MAX).await
}

async fn batch(
    server: &Server,
    items: Vec<pb::BatchSubmitRequest>,
) -> Vec<pb::BatchSubmitResponse> {
    let (answers, status) = batch_in("zh-CN", server, items).await;
    assert!(status.is_none(), "{status:?}");
    answers
}

/// What was filed; the item must have been.
fn filed(answer: &pb::BatchSubmitResponse) -> &pb::Declaration {
    match answer.outcome.as_ref().unwrap() {
        Outcome::Response(response) => response.declaration.as_ref().unwrap(),
        Outcome::Failure(failure) => panic!("{failure:?}"),
    }
}

/// Why the item was refused; it must have been.
fn failure(answer: &pb::BatchSubmitResponse) -> &pb::ItemFailure {
    match answer.outcome.as_ref().unwrap() {
        Outcome::Failure(failure) => failure,
        Outcome::Response(response) => panic!("{response:?}"),
    }
}

#[tokio::test]
async fn each_item_is_filed_or_refused_by_itself_and_answered_in_order() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let drafts = drafts(&server, &taxpayer, 0, 4).await;
    let mut unknown = filing(&drafts[0]);
    unknown.declaration_id = NOBODY.to_owned();
    let mut unseen = filing(&drafts[1]);
    unseen.acknowledged_warnings.clear();
    let mut other = filing(&drafts[2]);
    other.content_digest = "0".repeat(64);
    let mut broken = filing(&drafts[3]);
    broken.request_id = "7".to_owned();
    broken.content_digest = String::new();
    let items = vec![
        item(40, filing(&drafts[0])),
        item(7, unknown),
        item(8, unseen),
        item(9, other),
        item(10, broken),
        item(3, filing(&drafts[3])),
    ];
    let answers = batch(&server, items).await;
    let numbers: Vec<i64> = answers.iter().map(|answer| answer.item_number).collect();
    assert_eq!(numbers, [40, 7, 8, 9, 10, 3]);
    assert!(answers.iter().all(|answer| !answer.replayed));
    for (answer, draft) in [(&answers[0], &drafts[0]), (&answers[5], &drafts[3])] {
        assert_eq!(filed(answer).declaration_id, draft.declaration_id);
        assert_eq!(filed(answer).state(), pb::DeclarationState::AwaitingPayment);
    }
    let told: Vec<(i32, &str)> = answers[1..5]
        .iter()
        .map(|answer| (failure(answer).code, failure(answer).reason.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (5, "DECLARATION_NOT_FOUND"),
            (9, "WARNINGS_NOT_ACKNOWLEDGED"),
            (9, "CONTENT_DIGEST_MISMATCH"),
            (3, "FIELDS_INVALID"),
        ]
    );
    let fields: Vec<&str> = failure(&answers[4])
        .violations
        .iter()
        .map(|wrong| wrong.field.as_str())
        .collect();
    assert_eq!(fields, ["submit.request_id", "submit.content_digest"]);
    let drafts_left = declaration_list(&server, &taxpayer)
        .await
        .iter()
        .filter(|one| one.state() == pb::DeclarationState::Draft)
        .count();
    assert_eq!(drafts_left, 2);
}

#[tokio::test]
async fn an_item_answers_as_the_call_of_its_own_would() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let drafts = drafts(&server, &taxpayer, 0, 2).await;
    // Filed by a call first, the item is its replay, and the other way round.
    let (one, two) = (filing(&drafts[0]), filing(&drafts[1]));
    let called = server.declarations().submit_declaration(one.clone()).await;
    let answers = batch(&server, vec![item(0, one), item(1, two.clone())]).await;
    assert_eq!(
        answers.iter().map(|one| one.replayed).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(
        Some(filed(&answers[0])),
        called.unwrap().get_ref().declaration.as_ref()
    );
    let called = server.declarations().submit_declaration(two.clone()).await;
    let called = called.unwrap();
    assert!(crate::support::is_replay(&called));
    assert_eq!(
        Some(filed(&answers[1])),
        called.get_ref().declaration.as_ref()
    );
    // Its id with other content is refused, with the sentence in the caller's language.
    let mut reused = two;
    reused.acknowledged_warnings.push("OTHER".to_owned());
    for (language, sentence) in [
        (
            "zh-CN",
            "该 request_id 已用于内容不同的 SubmitDeclaration 请求",
        ),
        (
            "en",
            "the request_id was used for a SubmitDeclaration with other content",
        ),
    ] {
        let items = vec![item(0, reused.clone())];
        let (answers, _) = batch_in(language, &server, items).await;
        let failure = failure(&answers[0]);
        assert_eq!(
            (failure.code, failure.reason.as_str()),
            (3, "REQUEST_ID_REUSED")
        );
        assert_eq!(failure.message, sentence);
    }
}

#[tokio::test]
async fn items_of_one_taxpayer_are_filed_in_the_order_they_came() {
    const DRAFTS: usize = 20;
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let drafts = drafts(&server, &taxpayer, 0, DRAFTS).await;
    // The same draft asked for twice under two ids: always the first of them files it.
    let mut items = Vec::new();
    for (number, draft) in (0..).step_by(2).zip(&drafts) {
        items.push(item(number, filing(draft)));
        items.push(item(number + 1, filing(draft)));
    }
    let answers = batch(&server, items).await;
    assert_eq!(answers.len(), 2 * DRAFTS);
    for (pair, draft) in answers.chunks(2).zip(&drafts) {
        assert_eq!(filed(&pair[0]).declaration_id, draft.declaration_id);
        assert_eq!(failure(&pair[1]).reason, "WRONG_STATE");
    }
}

#[tokio::test]
async fn cut_after_any_item_and_sent_again_each_is_filed_once() {
    const ITEMS: usize = 4;
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut before = 0;
    for sent in 0..=ITEMS {
        for heard in [0, sent] {
            let drafts = drafts(&server, &taxpayer, before, ITEMS).await;
            before += ITEMS;
            let items: Vec<_> = (0..)
                .zip(&drafts)
                .map(|(number, draft)| item(number, filing(draft)))
                .collect();
            let first = cut(&server, &items[..sent], heard).await;
            let again = batch(&server, items).await;
            for (place, (answer, draft)) in again.iter().zip(&drafts).enumerate() {
                assert_eq!(filed(answer).declaration_id, draft.declaration_id);
                if let Some(first) = first.get(place) {
                    assert!(answer.replayed, "heard before the cut after {sent}");
                    assert_eq!(answer.outcome, first.outcome);
                } else if place >= sent {
                    assert!(!answer.replayed);
                }
            }
            let waiting = declaration_list(&server, &taxpayer)
                .await
                .iter()
                .filter(|one| one.state() == pb::DeclarationState::AwaitingPayment)
                .count();
            assert_eq!(waiting, before);
        }
    }
}

/// Sends items, hears some answers, and breaks off without an end.
async fn cut(
    server: &Server,
    items: &[pb::BatchSubmitRequest],
    heard: usize,
) -> Vec<pb::BatchSubmitResponse> {
    let items = items.to_vec();
    let talk = async move |channel| {
        let (messages, sent) = mpsc::channel(items.len().max(1));
        for item in items {
            messages.send(item).await.unwrap();
        }
        let mut client = DeclarationServiceClient::new(channel);
        let answers = client.batch_submit(ReceiverStream::new(sent)).await;
        let (told, status) = read(answers.unwrap().into_inner(), heard).await;
        assert!(status.is_none(), "{status:?}");
        // Handed out unclosed: what is sent has no end.
        (told, messages)
    };
    server.cut_off(talk).await.0
}

#[tokio::test]
async fn two_batches_with_the_same_items_at_a_time_file_each_once() {
    const ITEMS: usize = 12;
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let drafts = drafts(&server, &taxpayer, 0, ITEMS).await;
    let items: Vec<_> = (0..)
        .zip(&drafts)
        .map(|(number, draft)| item(number, filing(draft)))
        .collect();
    let (a, b) = tokio::join!(batch(&server, items.clone()), batch(&server, items));
    assert_eq!((a.len(), b.len()), (ITEMS, ITEMS));
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(filed(a), filed(b));
        assert_ne!(a.replayed, b.replayed, "one of them filed it");
    }
}

#[tokio::test]
async fn a_malformed_item_is_refused_and_the_others_go_on() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let drafts = drafts(&server, &taxpayer, 0, 2).await;
    let nothing = |item_number| pb::BatchSubmitRequest {
        item_number,
        submit: None,
    };
    let items = vec![
        nothing(0),
        item(-1, filing(&drafts[0])),
        nothing(-1),
        item(5, filing(&drafts[0])),
        item(5, filing(&drafts[1])),
        item(0, filing(&drafts[1])),
        item(6, filing(&drafts[1])),
    ];
    let answers = batch(&server, items).await;
    let told: Vec<Vec<(&str, &str)>> = answers
        .iter()
        .map(|answer| match answer.outcome.as_ref().unwrap() {
            Outcome::Response(_) => Vec::new(),
            Outcome::Failure(failure) => failure
                .violations
                .iter()
                .map(|wrong| (wrong.field.as_str(), wrong.reason.as_str()))
                .collect(),
        })
        .collect();
    let twice = ("item_number", "ITEM_NUMBER_TWICE");
    assert_eq!(
        told,
        [
            vec![("submit", "REQUIRED")],
            vec![("item_number", "NEGATIVE")],
            vec![("item_number", "NEGATIVE"), ("submit", "REQUIRED")],
            vec![],
            vec![twice],
            vec![twice],
            vec![],
        ]
    );
    assert!(batch(&server, Vec::new()).await.is_empty());
}

#[tokio::test]
async fn more_than_ten_thousand_items_are_refused_and_those_before_are_answered() {
    const ITEMS: usize = 10_000;
    let server = Server::start().await;
    let nothing = |item_number| pb::BatchSubmitRequest {
        item_number,
        submit: None,
    };
    let (answers, status) = batch_in("en", &server, (0..=10_000).map(nothing).collect()).await;
    assert_eq!(answers.len(), ITEMS);
    let failed: Result<tonic::Response<()>, Status> = Err(status.unwrap());
    let status = assert_refused(failed, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["item_number"]);
    assert!(status.metadata().contains_key("x-request-id"));
}

also_on_postgres!(
    each_item_is_filed_or_refused_by_itself_and_answered_in_order,
    an_item_answers_as_the_call_of_its_own_would,
    items_of_one_taxpayer_are_filed_in_the_order_they_came,
    two_batches_with_the_same_items_at_a_time_file_each_once,
    a_malformed_item_is_refused_and_the_others_go_on,
);
