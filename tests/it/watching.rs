//! Following a declaration: the present state first, then every event that touches it, and after
//! a lost connection the rest.

use std::time::Duration;

use caixing::filing::{Correction, DeclarationState, PaymentState};
use caixing::pb;
use caixing::rules::RuleBook;
use tonic::{Code, Streaming};

use crate::sample::{
    content, declaration, declaration_id, instant, payment, payment_id, plain, taxpayer,
    taxpayer_key, voucher, voucher_number,
};
use crate::support::*;

const BOUND: Duration = Duration::from_secs(30);

type Stream = Streaming<pb::WatchDeclarationResponse>;

fn watching(declaration: &pb::Declaration, after: i64) -> pb::WatchDeclarationRequest {
    pb::WatchDeclarationRequest {
        taxpayer_id: declaration.taxpayer_id.clone(),
        declaration_id: declaration.declaration_id.clone(),
        after_sequence: after,
    }
}

async fn watch(server: &Server, declaration: &pb::Declaration, after: i64) -> Stream {
    let request = watching(declaration, after);
    let answer = server.declarations().watch_declaration(request).await;
    answer.unwrap().into_inner()
}

async fn next(stream: &mut Stream) -> pb::WatchDeclarationResponse {
    let told = tokio::time::timeout(BOUND, stream.message()).await;
    told.expect("nothing was told").unwrap().unwrap()
}

/// Sequence, kind, state, state of the payment.
fn brief(told: &pb::WatchDeclarationResponse) -> (i64, &str, pb::DeclarationState, &str) {
    let kind = told.event_kind.as_str();
    (
        told.sequence,
        kind,
        told.state(),
        told.payment_state.as_str(),
    )
}

#[tokio::test]
async fn a_declaration_is_followed_from_its_draft_to_its_voucher() {
    use pb::DeclarationState::{AwaitingPayment, Completed, Draft};
    let (server, _bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    let mut stream = watch(&server, &draft, 0).await;
    let first = next(&mut stream).await;
    assert_eq!(brief(&first), (3, "", Draft, ""));
    assert_eq!(
        (first.payment_id.as_str(), first.voucher_number.as_str()),
        ("", "")
    );

    let filed = submit(&server, &draft).await;
    let told = next(&mut stream).await;
    assert_eq!(
        brief(&told),
        (4, "declaration.submitted", AwaitingPayment, "")
    );
    // What happens to something else of the taxpayer's is not told.
    collect(&server, &taxpayer, contract("HT-2")).await;
    let paid = pay(&server, &filed, "300.00").await;
    let sent = next(&mut stream).await;
    assert_eq!(
        (sent.sequence, sent.event_kind.as_str()),
        (6, "payment.sent")
    );
    assert_eq!(sent.payment_id, paid.payment_id);
    let debited = next(&mut stream).await;
    assert_eq!(
        brief(&debited),
        (7, "payment.debited", AwaitingPayment, "DEBITED")
    );

    let settled = server.treasury().report_settlement(settling(&paid)).await;
    let voucher = settled.unwrap().into_inner().voucher_number;
    let mut ends = Vec::new();
    for (sequence, kind) in [
        (8, "payment.in_treasury"),
        (9, "declaration.completed"),
        (10, "voucher.issued"),
    ] {
        let told = next(&mut stream).await;
        assert_eq!(brief(&told), (sequence, kind, Completed, "IN_TREASURY"));
        assert_eq!(told.payment_id, paid.payment_id);
        assert_eq!(told.voucher_number, voucher);
        ends.push(told);
    }

    // After a lost connection: nothing is lost, nothing comes twice.
    let mut rest = watch(&server, &draft, 7).await;
    for told in &ends {
        assert_eq!(next(&mut rest).await, *told);
    }
    let mut anew = watch(&server, &draft, 0).await;
    let present = next(&mut anew).await;
    assert_eq!(brief(&present), (10, "", Completed, "IN_TREASURY"));
    assert_eq!(present.voucher_number, voucher);
}

#[tokio::test]
async fn a_stream_beside_another_declarations_events_stays_silent_until_its_own() {
    let (server, _bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let one = draft(&server, &taxpayer).await;
    let mut stream = watch(&server, &one, 0).await;
    next(&mut stream).await;
    let other = draft(&server, &taxpayer).await;
    assert_ne!(other.declaration_id, one.declaration_id);
    submit(&server, &one).await;
    let told = next(&mut stream).await;
    assert_eq!(
        (told.sequence, told.event_kind.as_str()),
        (5, "declaration.submitted")
    );
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_before_any_answer() {
    let (server, _bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    let unknown = pb::Declaration {
        declaration_id: NOBODY.to_owned(),
        ..draft.clone()
    };
    let mut client = server.declarations();
    let gone = client.watch_declaration(watching(&unknown, 0)).await;
    assert_refused(gone, Code::NotFound, "DECLARATION_NOT_FOUND");
    let stranger = pb::Declaration {
        taxpayer_id: NOBODY.to_owned(),
        ..draft.clone()
    };
    let gone = client.watch_declaration(watching(&stranger, 0)).await;
    assert_refused(gone, Code::NotFound, "TAXPAYER_NOT_FOUND");
    for after in [-1, 4] {
        let ahead = client.watch_declaration(watching(&draft, after)).await;
        let status = assert_refused(ahead, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(bad_fields(&status), ["after_sequence"], "{after}");
    }
    let nothing = pb::WatchDeclarationRequest::default();
    let status = client.watch_declaration(nothing).await.unwrap_err();
    assert_eq!(bad_fields(&status), ["taxpayer_id", "declaration_id"]);
}

/// Payments, vouchers and corrections of a declaration touch it; those of another do not.
#[tokio::test]
async fn what_touches_a_declaration_is_known_by_its_ids() {
    let (_kept, store) = TestDatabase::opened(On::usual()).await;
    let mut tx = store.begin("Sample", None, None).await.unwrap();
    let book = RuleBook::embedded().unwrap();
    tx.keep_rule_pack(&book, instant(0)).await.unwrap();
    tx.insert_taxpayer(&taxpayer()).await.unwrap();
    for number in 1..=3 {
        let mut content = content(book.digest(), vec![plain(1, "100.00", "2026-10-26")]);
        content.correction = (number == 2).then(|| Correction {
            corrects: declaration_id(1),
            revision: 2,
            taxes: Vec::new(),
            excluded: Vec::new(),
            reason: "样例".to_owned(),
        });
        let draft = declaration(number, DeclarationState::Draft, content);
        tx.insert_declaration(&draft).await.unwrap();
        let paid = payment(number, number, PaymentState::Sent);
        tx.insert_payment(&paid).await.unwrap();
        let proof = voucher(u64::try_from(number).unwrap(), &paid);
        tx.insert_voucher(&proof).await.unwrap();
    }
    let touching = tx.subjects_of(taxpayer_key(), declaration_id(1)).await;
    let expected = [
        declaration_id(1).to_string(),
        declaration_id(2).to_string(),
        payment_id(1).to_string(),
        voucher_number(1).to_string(),
    ];
    assert_eq!(touching.unwrap(), expected.into());
}

#[tokio::test]
async fn a_declaration_is_followed_until_the_server_stops() {
    let server = Server::start().await;
    let filed = filed(&server).await;
    let mut stream = watch(&server, &filed, 0).await;
    next(&mut stream).await;
    server.stop().await;
    let status = stream.message().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(reason(&status), "SERVER_STOPPING");
}

also_on_postgres!(
    a_declaration_is_followed_from_its_draft_to_its_voucher,
    a_stream_beside_another_declarations_events_stays_silent_until_its_own,
    what_cannot_be_followed_is_refused_before_any_answer,
    what_touches_a_declaration_is_known_by_its_ids,
    a_declaration_is_followed_until_the_server_stops,
);
