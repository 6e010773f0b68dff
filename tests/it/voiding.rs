//! Voiding (作废) over a real socket: while the filing window is open and nothing was paid.

use caixing::pb;
use caixing::pb::DeclarationState as State;
use prost::Message as _;

use crate::support::*;

const DAY: i64 = 86_400;

async fn refused(server: &Server, request: pb::VoidDeclarationRequest, stable: &str) {
    let id = request.declaration_id.clone();
    let before = declaration_list(server, &request.taxpayer_id).await;
    let outcome = server
        .declarations()
        .void_declaration(request.clone())
        .await;
    assert_precondition(outcome, stable);
    let after = declaration_list(server, &request.taxpayer_id).await;
    assert_eq!(before, after, "{id}");
}

#[tokio::test]
async fn a_voided_declaration_frees_its_sources_to_be_filed_again() {
    let server = Server::start().await;
    let first = filed(&server).await;
    let taxpayer = first.taxpayer_id.clone();
    let mut only_check = voiding(&first);
    only_check.validate_only = true;
    let shown = server.declarations().void_declaration(only_check).await;
    let shown = shown.unwrap().into_inner().declaration.unwrap();
    assert_eq!(shown.state(), State::Voided);
    assert_eq!(read_declaration(&server, &first).await, first);

    let request = voiding(&first);
    let voided = server
        .declarations()
        .void_declaration(request.clone())
        .await;
    let voided = voided.unwrap().into_inner();
    let again = server
        .declarations()
        .void_declaration(request)
        .await
        .unwrap();
    assert!(is_replay(&again));
    assert_eq!(again.into_inner().encode_to_vec(), voided.encode_to_vec());
    let kept = read_declaration(&server, &first).await;
    assert_eq!(voided.declaration.as_ref(), Some(&kept));
    assert_eq!(
        (kept.state(), kept.reason.as_str()),
        (State::Voided, "重复申报")
    );
    assert!(kept.close_time.is_some());
    assert_eq!((&kept.lines, &kept.totals), (&first.lines, &first.totals));
    let states = source_states(&server, &taxpayer).await;
    assert_eq!(states, [pb::TaxSourceState::Collected]);

    let refused = server
        .payments()
        .create_payment(paying(&first, "300.00"))
        .await;
    assert_precondition(refused, "WRONG_STATE");
    let second = submit(&server, &draft(&server, &taxpayer).await).await;
    assert_eq!(sums(&second), ["300.00", "0.00"]);
    assert_eq!(
        (second.revision, second.state()),
        (1, State::AwaitingPayment)
    );
    let payment = pay(&server, &second, "300.00").await;
    wait_for(&server, &payment, pb::PaymentState::InTreasury).await;
    server.stop().await;
}

#[tokio::test]
async fn a_source_that_stands_on_another_declaration_stays_declared() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, plot("20000.00")).await;
    let mut second_quarter = drawing(&taxpayer);
    second_quarter.window = Some(window("2026-04-01", "2026-06-30"));
    let drawn = server
        .declarations()
        .draft_declaration(second_quarter)
        .await;
    let drawn = drawn.unwrap().into_inner().declarations.remove(0);
    file(&server, &drawn).await;
    let third = file(&server, &draft(&server, &taxpayer).await).await;
    server
        .declarations()
        .void_declaration(voiding(&third))
        .await
        .unwrap();
    let states = source_states(&server, &taxpayer).await;
    assert_eq!(states, [pb::TaxSourceState::Declared]);
    file(&server, &draft(&server, &taxpayer).await).await;
    server.stop().await;
}

#[tokio::test]
async fn a_voided_base_takes_its_sources_out_of_correction() {
    let server = Server::start().await;
    let first = filed(&server).await;
    open(&server, correcting(&first)).await;
    server
        .declarations()
        .void_declaration(voiding(&first))
        .await
        .unwrap();
    let states = source_states(&server, &first.taxpayer_id).await;
    assert_eq!(states, [pb::TaxSourceState::Collected]);
    server.stop().await;
}

#[tokio::test]
async fn nothing_paid_filed_late_corrected_or_unfiled_is_voided() {
    let (server, _) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    let source = collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    refused(&server, voiding(&draft), "WRONG_STATE").await;
    let first = submit(&server, &draft).await;
    let mut other = voiding(&first);
    other.content_digest = "0".repeat(64);
    refused(&server, other, "CONTENT_DIGEST_MISMATCH").await;

    // The due day is 2026-10-26: on it a filing can be voided, after it no more.
    server.set_clock(NOW + 15 * DAY).await;
    refused(&server, voiding(&first), "VOID_WINDOW").await;
    server.set_clock(NOW + 14 * DAY).await;
    let mut on_the_day = voiding(&first);
    on_the_day.validate_only = true;
    server
        .declarations()
        .void_declaration(on_the_day)
        .await
        .unwrap();

    // A correction is corrected again instead.
    restate(&server, &source, contract_over("HT-1", "2000000.00")).await;
    let second = corrected(&server, &first).await;
    refused(&server, voiding(&first), "WRONG_STATE").await;
    refused(&server, voiding(&second), "VOID_REVISION").await;
}

#[tokio::test]
async fn what_is_being_paid_or_was_paid_is_not_voided() {
    let (server, _) = Server::with_quiet_bank().await;
    let first = filed(&server).await;
    let payment = pay(&server, &first, "300.00").await;
    assert_eq!(payment.state(), pb::PaymentState::Debited);
    refused(&server, voiding(&first), "VOID_PAID").await;
    let settled = server
        .treasury()
        .report_settlement(settling(&payment))
        .await;
    settled.unwrap();
    refused(&server, voiding(&first), "WRONG_STATE").await;

    let (server, _) = Server::with_quiet_bank().await;
    let first = filed(&server).await;
    let mut unheard = paying(&first, "300.00");
    unheard.agreement_number.push_str("-DEAF");
    server.payments().create_payment(unheard).await.unwrap();
    refused(&server, voiding(&first), "VOID_PAID").await;
}

#[tokio::test]
async fn a_payment_the_bank_refused_does_not_bar_it() {
    let (server, _) = Server::with_quiet_bank().await;
    let first = filed(&server).await;
    pay(&server, &first, "300.00").await;
    write(
        &server,
        "UPDATE payment SET state = 'FAILED' WHERE taxpayer_id = $1",
        &[&first.taxpayer_id],
    )
    .await;
    let voided = server
        .declarations()
        .void_declaration(voiding(&first))
        .await;
    assert_eq!(
        voided.unwrap().into_inner().declaration.unwrap().state(),
        State::Voided
    );
}

also_on_postgres!(
    a_voided_declaration_frees_its_sources_to_be_filed_again,
    a_source_that_stands_on_another_declaration_stays_declared,
    a_voided_base_takes_its_sources_out_of_correction,
    nothing_paid_filed_late_corrected_or_unfiled_is_voided,
    what_is_being_paid_or_was_paid_is_not_voided,
    a_payment_the_bank_refused_does_not_bar_it,
);
