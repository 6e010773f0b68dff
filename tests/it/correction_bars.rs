//! What bars a correction, and what many at once come to.

use caixing::pb;
use caixing::pb::DeclarationState as State;
use prost::Message as _;
use tonic::Code;

use crate::refund_calls::{claim, claiming, decide, deciding, reporting};
use crate::support::*;

/// The example taxpayer with one contract filed, then stated anew: 300.00, now 600.00.
async fn misstated(server: &Server) -> pb::Declaration {
    let first = filed(server).await;
    let source = source_list(server, &first.taxpayer_id).await.remove(0);
    restate(server, &source, contract_over("HT-1", "2000000.00")).await;
    first
}

async fn submitted(
    server: &Server,
    draft: &pb::Declaration,
) -> Result<tonic::Response<pb::SubmitDeclarationResponse>, tonic::Status> {
    server
        .declarations()
        .submit_declaration(filing(draft))
        .await
}

#[tokio::test]
async fn a_payment_under_way_bars_the_filing_until_the_money_has_arrived() {
    let (server, bank) = Server::with_quiet_bank().await;
    let first = misstated(&server).await;
    let draft = open(&server, correcting(&first)).await;
    assert_eq!(sums(&draft), ["600.00", "0.00"]);
    // The first one is in force while its correction is a draft, so it can be paid.
    let mut asked = paying(&first, "300.00");
    asked.agreement_number.push_str("-DEAF");
    let payment = server.payments().create_payment(asked).await.unwrap();
    let payment = payment.into_inner().payment.unwrap();
    assert_eq!(payment.state(), pb::PaymentState::Confirming);
    let status = assert_precondition(submitted(&server, &draft).await, "PAYMENT_ALIVE");
    assert_eq!(fact(&status, "payment_id"), payment.payment_id);

    // The money arrives: the draft that did not know of it is stale, and says so.
    let settled = server
        .treasury()
        .report_settlement(settling(&payment))
        .await;
    settled.unwrap();
    let status = assert_precondition(submitted(&server, &draft).await, "DRAFT_STALE");
    assert_eq!(fact(&status, "lines_changed"), "1");
    assert_eq!(fact(&status, "before_payable_yuan"), "600.00");
    assert_eq!(fact(&status, "after_payable_yuan"), "300.00");
    let again = open(&server, correcting(&first)).await;
    let second = submitted(&server, &again).await.unwrap().into_inner();
    let second = second.declaration.unwrap();
    assert_eq!(columns(&second), [["600.00", "300.00", "300.00"]]);
    pay_and_settle(&server, &second, "300.00").await;
    assert_eq!(bank.debit_calls(), 2);
}

#[tokio::test]
async fn an_open_inspection_bars_opening_and_filing() {
    let server = Server::start().await;
    let first = misstated(&server).await;
    let draft = open(&server, correcting(&first)).await;
    let inspection = pb::OpenInspectionRequest {
        request_id: fresh(),
        taxpayer_id: first.taxpayer_id.clone(),
        period: Some(window("2026-01-01", "2026-07-01")),
        tax: pb::TaxKind::StampTax.into(),
        document: "合税稽检通〔2026〕12号".to_owned(),
    };
    let inspection = server.officers().open_inspection(inspection).await;
    let inspection = inspection.unwrap().into_inner().inspection.unwrap();
    let check = pb::ValidateDeclarationRequest {
        taxpayer_id: draft.taxpayer_id.clone(),
        declaration_id: draft.declaration_id.clone(),
    };
    let checked = server.declarations().validate_declaration(check).await;
    let checked = checked.unwrap().into_inner();
    assert!(!checked.stale && !checked.submittable);
    let status = assert_precondition(submitted(&server, &draft).await, "CORR_AUDIT");
    assert_eq!(fact(&status, "document"), "合税稽检通〔2026〕12号");
    assert_eq!(fact(&status, "tax"), "STAMP_TAX");
    let opened = server
        .declarations()
        .correct_declaration(correcting(&first))
        .await;
    assert_precondition(opened, "CORR_AUDIT");
    let close = pb::CloseInspectionRequest {
        request_id: fresh(),
        taxpayer_id: first.taxpayer_id.clone(),
        inspection_id: inspection.inspection_id,
    };
    server.officers().close_inspection(close).await.unwrap();
    submitted(&server, &draft).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_refund_that_is_not_concluded_bars_a_correction() {
    let (server, _) = Server::with_quiet_bank().await;
    let first = filed(&server).await;
    pay_and_settle(&server, &first, "300.00").await;
    let source = source_list(&server, &first.taxpayer_id).await.remove(0);
    restate(&server, &source, contract_over("HT-1", "400000.00")).await;
    let second = corrected(&server, &first).await;
    assert_eq!(sums(&second), ["0.00", "180.00"]);
    let barred = async |refund: &pb::Refund| {
        let mut request = correcting(&second);
        request.validate_only = true;
        let refused = server.declarations().correct_declaration(request).await;
        let status = assert_precondition(refused, "REFUND_PENDING");
        assert_eq!(fact(&status, "refund_id"), refund.refund_id);
    };
    let request = claiming(&second, "180.00", pb::RefundCause::Relief);
    let claimed = claim(&server, request).await;
    barred(&claimed).await;
    let approved = decide(&server, deciding(&claimed, true)).await;
    barred(&approved).await;
    let report = reporting(&approved, "180.00");
    server.treasury().report_refund(report).await.unwrap();
    // Paid back: 300.00 − 180.00 = 120.00 remain paid, as much as is due.
    let draft = open(&server, correcting(&second)).await;
    assert_eq!(columns(&draft), [["120.00", "120.00", "0.00"]]);
    server.check_trail().await;
}

#[tokio::test]
async fn a_draft_revision_is_superseded_when_its_base_leaves_force() {
    let server = Server::start().await;
    let first = misstated(&server).await;
    let one = open(&server, correcting(&first)).await;
    let other = open(&server, correcting(&first)).await;
    let second = submitted(&server, &one).await.unwrap().into_inner();
    let second = second.declaration.unwrap();
    let status = assert_precondition(submitted(&server, &other).await, "CORRECTION_SUPERSEDED");
    assert_eq!(fact(&status, "declaration_id"), first.declaration_id);
    assert_eq!(fact(&status, "state"), "CORRECTED");
    let check = pb::ValidateDeclarationRequest {
        taxpayer_id: first.taxpayer_id.clone(),
        declaration_id: other.declaration_id.clone(),
    };
    let checked = server.declarations().validate_declaration(check).await;
    let checked = checked.unwrap().into_inner();
    assert!(checked.stale && !checked.submittable);
    // What was submitted is no draft any more, whatever became of its base.
    assert_precondition(submitted(&server, &one).await, "WRONG_STATE");
    assert_eq!(
        read_declaration(&server, &second).await.state(),
        State::AwaitingPayment
    );

    // A base that was voided is no base either.
    let lone = Server::start().await;
    let first = misstated(&lone).await;
    let draft = open(&lone, correcting(&first)).await;
    lone.declarations()
        .void_declaration(voiding(&first))
        .await
        .unwrap();
    let status = assert_precondition(submitted(&lone, &draft).await, "CORRECTION_SUPERSEDED");
    assert_eq!(fact(&status, "state"), "VOIDED");
    lone.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn of_many_corrections_at_once_one_takes_effect() {
    let server = Server::start().await;
    let first = misstated(&server).await;
    let mut drafts = Vec::new();
    for _ in 0..6 {
        drafts.push(open(&server, correcting(&first)).await);
    }
    let mut running = tokio::task::JoinSet::new();
    for draft in &drafts {
        let (mut client, request) = (server.declarations(), filing(draft));
        running.spawn(async move { client.submit_declaration(request).await });
    }
    let outcomes = running.join_all().await;
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(done, 1);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert_eq!(reason(&refused), "CORRECTION_SUPERSEDED");
    }
    let listed = declaration_list(&server, &first.taxpayer_id).await;
    let count = |state| listed.iter().filter(|one| one.state() == state).count();
    let counted = [State::Corrected, State::AwaitingPayment, State::Draft].map(count);
    assert_eq!(counted, [1, 1, 5]);
    server.stop().await;
}

#[tokio::test]
async fn repeats_of_opening_and_filing_have_one_effect_and_the_same_bytes() {
    let server = Server::start().await;
    let first = misstated(&server).await;
    let request = correcting(&first);
    let mut client = server.declarations();
    let opened = client.correct_declaration(request.clone()).await.unwrap();
    let draft = opened.get_ref().declaration.clone().unwrap();
    let filing = filing(&draft);
    let filed = client.submit_declaration(filing.clone()).await.unwrap();
    // Also after the base was replaced, the first answers come again.
    let again = client.correct_declaration(request.clone()).await.unwrap();
    assert!(is_replay(&again) && !is_replay(&opened));
    let bytes = opened.into_inner().encode_to_vec();
    assert_eq!(again.into_inner().encode_to_vec(), bytes);
    let told = outcome(&server, &first.taxpayer_id, &request.request_id).await;
    assert_eq!(told.response, bytes);
    let again = client.submit_declaration(filing).await.unwrap();
    assert!(is_replay(&again));
    assert_eq!(
        again.into_inner().encode_to_vec(),
        filed.into_inner().encode_to_vec()
    );
    assert_eq!(declaration_list(&server, &first.taxpayer_id).await.len(), 2);
    let other = pb::CorrectDeclarationRequest {
        reason: "另一个原因".to_owned(),
        ..request
    };
    let refused = client.correct_declaration(other).await;
    assert_refused(refused, Code::InvalidArgument, "REQUEST_ID_REUSED");
    server.stop().await;
}

#[tokio::test]
async fn checking_only_changes_nothing_and_what_is_not_filed_cannot_be_corrected() {
    let server = Server::start().await;
    let first = misstated(&server).await;
    let mut request = correcting(&first);
    request.validate_only = true;
    let shown = open(&server, request).await;
    assert_eq!(sums(&shown), ["600.00", "0.00"]);
    assert_eq!(declaration_list(&server, &first.taxpayer_id).await.len(), 1);
    let states = source_states(&server, &first.taxpayer_id).await;
    assert_eq!(states, [pb::TaxSourceState::Declared]);

    let mut request = correcting(&first);
    request.content_digest = "0".repeat(64);
    let refused = server.declarations().correct_declaration(request).await;
    assert_precondition(refused, "CONTENT_DIGEST_MISMATCH");
    let draft = open(&server, correcting(&first)).await;
    let refused = server
        .declarations()
        .correct_declaration(correcting(&draft))
        .await;
    assert_precondition(refused, "WRONG_STATE");
    let mut request = correcting(&first);
    request.reason = String::new();
    request.declaration_id = "7".to_owned();
    request.excluded_source_ids = vec!["x".to_owned()];
    let refused = server.declarations().correct_declaration(request).await;
    let fields = bad_fields(&refused.unwrap_err());
    assert_eq!(
        fields,
        ["declaration_id", "excluded_source_ids[0]", "reason"]
    );
    server.stop().await;
}

also_on_postgres!(
    a_payment_under_way_bars_the_filing_until_the_money_has_arrived,
    an_open_inspection_bars_opening_and_filing,
    a_refund_that_is_not_concluded_bars_a_correction,
    a_draft_revision_is_superseded_when_its_base_leaves_force,
    of_many_corrections_at_once_one_takes_effect,
    repeats_of_opening_and_filing_have_one_effect_and_the_same_bytes,
    checking_only_changes_nothing_and_what_is_not_filed_cannot_be_corrected,
);
