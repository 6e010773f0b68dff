//! Paying: surcharge by hand, refusals that leave everything as it was, answers that got lost.

use caixing::pb;
use tonic::Code;

use crate::support::*;

const DAY: i64 = 86_400;

async fn quote(server: &Server, filed: &pb::Declaration, days: &[&str]) -> Vec<pb::Quote> {
    let request = pb::QuotePaymentRequest {
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        pay_on: days.iter().map(|day| (*day).to_owned()).collect(),
    };
    let answer = server.payments().quote_payment(request).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.content_digest, filed.content_digest);
    answer.quotes
}

#[tokio::test]
async fn late_quote_is_half_a_permille_a_day_after_the_due_day() {
    let server = Server::start().await;
    let filed = filed(&server).await;
    assert_eq!(filed.due_on, "2026-10-26");
    // 300.00 due on 26 October: 0.0005 a day are 0.15. 5 November is day 10, 26 October 2027 is
    // day 365: 54.75.
    let days = [
        "2026-10-12",
        "2026-10-26",
        "2026-10-27",
        "2026-11-05",
        "2027-10-26",
    ];
    let said: Vec<(i32, String, String)> = quote(&server, &filed, &days)
        .await
        .into_iter()
        .map(|one| (one.rows[0].days_late, one.surcharge_yuan, one.total_yuan))
        .collect();
    let expected = [
        (0, "0.00", "300.00"),
        (0, "0.00", "300.00"),
        (1, "0.15", "300.15"),
        (10, "1.50", "301.50"),
        (365, "54.75", "354.75"),
    ]
    .map(|(days, surcharge, total)| (days, surcharge.to_owned(), total.to_owned()));
    assert_eq!(said, expected);
    let today = quote(&server, &filed, &[]).await;
    assert_eq!(today[0].pay_on, "2026-10-12");
}

#[tokio::test]
async fn surcharge_is_rounded_to_the_fen_row_by_row() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut input = contract("HT-1");
    // 1,234,567.89 × 0.0003 = 370.370367 → 370.37; 10 days: 370.37 × 0.005 = 1.85185 → 1.85.
    stamp(&mut input).lines[0].amount_yuan = "1234567.89".to_owned();
    collect(&server, &taxpayer, input).await;
    let filed = submit(&server, &draft(&server, &taxpayer).await).await;
    let quoted = quote(&server, &filed, &["2026-11-05"]).await.remove(0);
    assert_eq!(quoted.principal_yuan, "370.37");
    assert_eq!(quoted.surcharge_yuan, "1.85");
    assert_eq!(quoted.total_yuan, "372.22");
}

#[tokio::test]
async fn late_payment_is_overdue_and_its_voucher_shows_surcharge_apart() {
    let server = Server::start().await;
    // 5 November 2026, ten days late.
    server.set_clock(NOW + 24 * DAY).await;
    let filed = filed(&server).await;
    assert!(filed.overdue);
    let short = server
        .payments()
        .create_payment(paying(&filed, "300.00"))
        .await;
    let status = assert_precondition(short, "AMOUNT_CHANGED");
    assert_eq!(fact(&status, "named_yuan"), "300.00");
    assert_eq!(fact(&status, "today_yuan"), "301.50");
    let payment = pay(&server, &filed, "301.50").await;
    wait_for(&server, &payment, pb::PaymentState::InTreasury).await;
    let voucher = voucher_list(&server, &filed.taxpayer_id).await.remove(0);
    assert_eq!(voucher.principal_yuan, "300.00");
    assert_eq!(voucher.total_yuan, "301.50");
    let amounts: Vec<&str> = voucher
        .rows
        .iter()
        .map(|row| row.amount_yuan.as_str())
        .collect();
    assert_eq!(amounts, ["300.00", "1.50"]);
    assert!(voucher.rows[1].item_name.contains("滞纳金"), "{voucher:?}");
}

#[tokio::test]
async fn draft_cannot_be_quoted_or_paid() {
    let (server, bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    let refused = server
        .payments()
        .create_payment(paying(&draft, "300.00"))
        .await;
    let status = assert_precondition(refused, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "DRAFT");
    assert_eq!(fact(&status, "needed"), "AWAITING_PAYMENT");
    let request = pb::QuotePaymentRequest {
        taxpayer_id: taxpayer,
        declaration_id: draft.declaration_id,
        pay_on: Vec::new(),
    };
    let refused = server.payments().quote_payment(request).await;
    assert_precondition(refused, "WRONG_STATE");
    assert_eq!(bank.debit_calls(), 0);
}

#[tokio::test]
async fn second_payment_is_refused_while_one_lives_and_after_it_settled() {
    let (server, bank) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    let payment = pay(&server, &filed, "300.00").await;
    let again = server
        .payments()
        .create_payment(paying(&filed, "300.00"))
        .await;
    let status = assert_precondition(again, "PAYMENT_ALIVE");
    assert_eq!(fact(&status, "payment_id"), payment.payment_id);
    let mut treasury = server.treasury();
    treasury
        .report_settlement(settling(&payment))
        .await
        .unwrap();
    let again = server
        .payments()
        .create_payment(paying(&filed, "300.00"))
        .await;
    assert_precondition(again, "PAYMENT_ALIVE");
    assert_eq!(bank.debit_calls(), 1);
    let request = pb::QuotePaymentRequest {
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        pay_on: Vec::new(),
    };
    let refused = server.payments().quote_payment(request).await;
    let status = assert_precondition(refused, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "COMPLETED");
}

#[tokio::test]
async fn wrong_total_or_digest_is_refused_before_the_bank_is_asked() {
    let (server, bank) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    for total in ["299.99", "300.01", "0.00", "-300.00"] {
        let refused = server
            .payments()
            .create_payment(paying(&filed, total))
            .await;
        let status = assert_precondition(refused, "AMOUNT_CHANGED");
        assert_eq!(fact(&status, "today_yuan"), "300.00");
    }
    let mut other = paying(&filed, "300.00");
    other.content_digest = "0".repeat(64);
    let refused = server.payments().create_payment(other).await;
    let status = assert_precondition(refused, "CONTENT_DIGEST_MISMATCH");
    assert_eq!(fact(&status, "actual_digest"), filed.content_digest);
    assert_eq!(bank.debit_calls(), 0);
}

#[tokio::test]
async fn settlement_with_wrong_amount_or_treasury_leaves_everything_as_it_was() {
    let (server, _bank) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    let payment = pay(&server, &filed, "300.00").await;
    assert_eq!(payment.state(), pb::PaymentState::Debited);
    let mut treasury = server.treasury();
    let mut long = settling(&payment);
    long.amount_yuan = "300.01".to_owned();
    let mut elsewhere = settling(&payment);
    elsewhere.treasury_code = "1234010500".to_owned();
    for report in [long, elsewhere] {
        let request_id = report.request_id.clone();
        let refused = treasury.report_settlement(report).await;
        assert_precondition(refused, "SETTLEMENT_MISMATCH");
        let known = outcome(&server, &filed.taxpayer_id, &request_id).await;
        assert_eq!(known.state(), pb::OutcomeState::NotFound);
    }
    assert_eq!(read_payment(&server, &payment).await, payment);
    assert_eq!(read_declaration(&server, &filed).await, filed);
    assert!(voucher_list(&server, &filed.taxpayer_id).await.is_empty());
    treasury
        .report_settlement(settling(&payment))
        .await
        .unwrap();
    assert_eq!(voucher_list(&server, &filed.taxpayer_id).await.len(), 1);
}

#[tokio::test]
async fn settlement_reported_again_is_agreed_to_and_makes_no_second_voucher() {
    let (server, _bank) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    let payment = pay(&server, &filed, "300.00").await;
    let mut treasury = server.treasury();
    let first = treasury.report_settlement(settling(&payment)).await;
    // Another request id: the treasury does not know that it reported before.
    let again = treasury.report_settlement(settling(&payment)).await;
    let again = again.unwrap();
    assert!(!is_replay(&again));
    assert_eq!(again.into_inner(), first.unwrap().into_inner());
    assert_eq!(voucher_list(&server, &filed.taxpayer_id).await.len(), 1);
    assert!(cases(&server).await.is_empty());
}

#[tokio::test]
async fn refused_agreement_fails_the_payment_and_a_good_one_pays_after_it() {
    let server = Server::start().await;
    let filed = filed(&server).await;
    let mut bad = paying(&filed, "300.00");
    bad.agreement_number = "SFXY-2026-REFUSED".to_owned();
    let answer = server.payments().create_payment(bad.clone()).await.unwrap();
    let failed = answer.into_inner().payment.unwrap();
    assert_eq!(failed.state(), pb::PaymentState::Failed);
    assert_eq!(failed.failure_reason, "INSUFFICIENT_FUNDS");
    let waiting = read_declaration(&server, &filed).await;
    assert_eq!(waiting.state(), pb::DeclarationState::AwaitingPayment);
    // The repeat is told of the failure again; it is not a new try.
    let again = server.payments().create_payment(bad).await.unwrap();
    assert!(is_replay(&again));
    assert_eq!(again.into_inner().payment.unwrap(), failed);
    let good = pay(&server, &filed, "300.00").await;
    assert_ne!(good.payment_id, failed.payment_id);
    wait_for(&server, &good, pb::PaymentState::InTreasury).await;
    let mut report = settling(&failed);
    report.bank_reference = "SB-LATE".to_owned();
    let refused = server.treasury().report_settlement(report).await;
    assert_precondition(refused, "SETTLEMENT_MISMATCH");
    assert_eq!(rules(&cases(&server).await), ["DOUBLE_PAYMENT"]);
}

#[tokio::test]
async fn lost_bank_answer_is_confirming_and_found_out_by_query_never_by_debit() {
    let (server, bank) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    let mut request = paying(&filed, "300.00");
    request.agreement_number = "SFXY-2026-DEAF".to_owned();
    let answer = server
        .payments()
        .create_payment(request.clone())
        .await
        .unwrap();
    let payment = answer.into_inner().payment.unwrap();
    assert_eq!(payment.state(), pb::PaymentState::Confirming);
    let again = server
        .payments()
        .create_payment(paying(&filed, "300.00"))
        .await;
    assert_precondition(again, "PAYMENT_ALIVE");
    let resolve = pb::ResolvePaymentRequest {
        request_id: fresh(),
        taxpayer_id: filed.taxpayer_id.clone(),
        payment_id: payment.payment_id.clone(),
    };
    let answer = server.payments().resolve_payment(resolve).await.unwrap();
    let resolved = answer.into_inner().payment.unwrap();
    assert_eq!(resolved.state(), pb::PaymentState::Debited);
    assert_eq!(resolved.bank_reference, "QB-1");
    assert_eq!(bank.debit_calls(), 1);
    let known = outcome(&server, &filed.taxpayer_id, &request.request_id).await;
    assert_eq!(known.state(), pb::OutcomeState::Done);
    assert_eq!(known.response_type, "caixing.v1.CreatePaymentResponse");
}

#[tokio::test]
async fn settlement_of_a_payment_nobody_made_is_not_found() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let report = pb::ReportSettlementRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        payment_id: NOBODY.to_owned(),
        amount_yuan: "1.00".to_owned(),
        treasury_code: "1234010400".to_owned(),
        bank_reference: "SB-1".to_owned(),
        part_reference: String::new(),
    };
    let refused = server.treasury().report_settlement(report).await;
    assert_refused(refused, Code::NotFound, "PAYMENT_NOT_FOUND");
    assert!(voucher_list(&server, &taxpayer).await.is_empty());
    let found = cases(&server).await;
    assert_eq!(rules(&found), ["PAYMENT_UNKNOWN"]);
    assert_eq!(
        (found[0].taxpayer_id.as_str(), found[0].subject_id.as_str()),
        ("", NOBODY)
    );
}

also_on_postgres!(
    late_quote_is_half_a_permille_a_day_after_the_due_day,
    surcharge_is_rounded_to_the_fen_row_by_row,
    late_payment_is_overdue_and_its_voucher_shows_surcharge_apart,
    draft_cannot_be_quoted_or_paid,
    second_payment_is_refused_while_one_lives_and_after_it_settled,
    wrong_total_or_digest_is_refused_before_the_bank_is_asked,
    settlement_with_wrong_amount_or_treasury_leaves_everything_as_it_was,
    settlement_reported_again_is_agreed_to_and_makes_no_second_voucher,
    refused_agreement_fails_the_payment_and_a_good_one_pays_after_it,
    lost_bank_answer_is_confirming_and_found_out_by_query_never_by_debit,
    settlement_of_a_payment_nobody_made_is_not_found,
);
