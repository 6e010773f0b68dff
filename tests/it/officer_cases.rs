//! What an officer does: list and close cases, have a debit taken back on its day.

use caixing::pb;
use pb::PaymentState as State;
use tonic::Code;

use crate::support::*;

const DAY: i64 = 86_400;

/// A payment of 300.00 under an agreement on a bank that leaves settling to the test.
async fn paid_under(agreement: &str) -> (Server, pb::Declaration, pb::Payment) {
    let (server, _bank) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    let mut request = paying(&filed, "300.00");
    request.agreement_number = agreement.to_owned();
    let answer = server.payments().create_payment(request).await;
    let payment = answer.unwrap().into_inner().payment.unwrap();
    (server, filed, payment)
}

fn reversing(payment: &pb::Payment) -> pb::ReversePaymentRequest {
    pb::ReversePaymentRequest {
        request_id: fresh(),
        taxpayer_id: payment.taxpayer_id.clone(),
        payment_id: payment.payment_id.clone(),
        reason: "重复扣款，纳税人申请冲正".to_owned(),
    }
}

fn resolving(case: &pb::Case) -> pb::ResolveCaseRequest {
    pb::ResolveCaseRequest {
        request_id: fresh(),
        taxpayer_id: case.taxpayer_id.clone(),
        case_id: case.case_id.clone(),
        resolution: "已与国库核对".to_owned(),
    }
}

/// The treasury reports an amount that is not the order's: a case.
async fn disagree(server: &Server, payment: &pb::Payment, amount: &str) {
    let mut report = settling(payment);
    report.amount_yuan = amount.to_owned();
    let refused = server.treasury().report_settlement(report).await;
    assert_precondition(refused, "SETTLEMENT_MISMATCH");
}

#[tokio::test]
async fn a_case_is_opened_once_closed_once_and_opened_anew_by_other_numbers() {
    let (server, _, payment) = paid_under(AGREEMENT).await;
    disagree(&server, &payment, "300.01").await;
    disagree(&server, &payment, "300.01").await;
    // One open case per payment and rule, whatever the numbers.
    disagree(&server, &payment, "300.02").await;
    let open = cases(&server).await;
    assert_eq!(rules(&open), ["SETTLEMENT_AMOUNT"]);
    assert_eq!(open[0].state(), pb::CaseState::Open);
    let request = resolving(&open[0]);
    let closed = server
        .officers()
        .resolve_case(request.clone())
        .await
        .unwrap();
    let closed = closed.into_inner().case.unwrap();
    assert_eq!(closed.state(), pb::CaseState::Resolved);
    assert_eq!(closed.resolution, "已与国库核对");
    let again = server.officers().resolve_case(request).await.unwrap();
    assert!(is_replay(&again));
    let twice = server.officers().resolve_case(resolving(&open[0])).await;
    let status = assert_precondition(twice, "WRONG_STATE");
    assert_eq!(fact(&status, "what"), "case");
    assert!(cases(&server).await.is_empty());
    // The same report again says nothing new; other numbers do.
    disagree(&server, &payment, "300.01").await;
    assert!(cases(&server).await.is_empty());
    disagree(&server, &payment, "300.03").await;
    assert_eq!(cases(&server).await.len(), 1);
}

#[tokio::test]
async fn a_case_of_nobody_is_listed_and_closed_without_a_taxpayer() {
    let (server, _, payment) = paid_under(AGREEMENT).await;
    let mut forged = settling(&payment);
    forged.taxpayer_id = NOBODY.to_owned();
    for _ in 0..2 {
        let refused = server.treasury().report_settlement(forged.clone()).await;
        // Nothing is told about whose payment it is.
        assert_refused(refused, Code::NotFound, "TAXPAYER_NOT_FOUND");
    }
    let found = cases(&server).await;
    assert_eq!(rules(&found), ["PAYMENT_UNKNOWN"]);
    assert_eq!(found[0].taxpayer_id, "");
    assert_eq!(read_payment(&server, &payment).await, payment);
    let request = resolving(&found[0]);
    server
        .officers()
        .resolve_case(request.clone())
        .await
        .unwrap();
    assert!(is_replay(
        &server.officers().resolve_case(request).await.unwrap()
    ));
    assert!(cases(&server).await.is_empty());
}

#[tokio::test]
async fn cases_are_listed_by_taxpayer_page_by_page_and_closed_ones_on_demand() {
    let (server, _, payment) = paid_under(AGREEMENT).await;
    let mut forged = settling(&payment);
    forged.payment_id = NOBODY.to_owned();
    let refused = server.treasury().report_settlement(forged).await;
    assert_refused(refused, Code::NotFound, "PAYMENT_NOT_FOUND");
    disagree(&server, &payment, "300.01").await;
    let mut elsewhere = settling(&payment);
    elsewhere.treasury_code = "1234010401".to_owned();
    let refused = server.treasury().report_settlement(elsewhere).await;
    assert_precondition(refused, "SETTLEMENT_MISMATCH");
    let list = |taxpayer: &str, resolved: bool, size: i32, token: &str| {
        let request = pb::ListCasesRequest {
            taxpayer_id: taxpayer.to_owned(),
            include_resolved: resolved,
            page_size: size,
            page_token: token.to_owned(),
        };
        let mut officers = server.officers();
        async move { officers.list_cases(request).await }
    };
    let mine = list(&payment.taxpayer_id, false, 0, "")
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        rules(&mine.cases),
        ["SETTLEMENT_TREASURY", "SETTLEMENT_AMOUNT"]
    );
    let first = list("", false, 2, "").await.unwrap().into_inner();
    assert_eq!(
        rules(&first.cases),
        ["SETTLEMENT_TREASURY", "SETTLEMENT_AMOUNT"]
    );
    let rest = list("", false, 2, &first.next_page_token)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rules(&rest.cases), ["PAYMENT_UNKNOWN"]);
    assert_eq!(rest.next_page_token, "");
    server
        .officers()
        .resolve_case(resolving(&mine.cases[0]))
        .await
        .unwrap();
    let open = list(&payment.taxpayer_id, false, 0, "")
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rules(&open.cases), ["SETTLEMENT_AMOUNT"]);
    let all = list(&payment.taxpayer_id, true, 0, "")
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.cases.len(), 2);
    let status = assert_refused(
        list("x", false, -1, "y").await,
        Code::InvalidArgument,
        "FIELDS_INVALID",
    );
    assert_eq!(
        bad_fields(&status),
        ["taxpayer_id", "page_size", "page_token"]
    );
    let nobody = list(NOBODY, false, 0, "").await;
    assert_refused(nobody, Code::NotFound, "TAXPAYER_NOT_FOUND");
    // Neither a case of somebody else nor one that is none can be closed.
    let mut other = resolving(&open.cases[0]);
    other.taxpayer_id = String::new();
    let refused = server.officers().resolve_case(other).await;
    assert_refused(refused, Code::NotFound, "NOT_FOUND");
    let refused = server
        .officers()
        .resolve_case(pb::ResolveCaseRequest::default())
        .await;
    let status = assert_refused(refused, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["request_id", "case_id", "resolution"]);
}

#[tokio::test]
async fn a_debit_is_taken_back_on_its_day_and_the_declaration_is_paid_anew() {
    let (server, filed, payment) = paid_under(AGREEMENT).await;
    let request = reversing(&payment);
    let answer = server
        .officers()
        .reverse_payment(request.clone())
        .await
        .unwrap();
    let reversed = answer.into_inner().payment.unwrap();
    assert_eq!(reversed.state(), State::Reversed);
    assert_eq!(reversed.failure_reason, request.reason);
    let again = server.officers().reverse_payment(request).await.unwrap();
    assert!(is_replay(&again));
    assert_eq!(again.into_inner().payment.unwrap(), reversed);
    let twice = server.officers().reverse_payment(reversing(&payment)).await;
    let status = assert_precondition(twice, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "REVERSED");
    let anew = pay(&server, &filed, "300.00").await;
    assert_eq!(anew.state(), State::Debited);
    // Money of the debit that was taken back is not the declaration's.
    let refused = server
        .treasury()
        .report_settlement(settling(&payment))
        .await;
    assert_precondition(refused, "SETTLEMENT_MISMATCH");
    assert_eq!(rules(&cases(&server).await), ["SETTLEMENT_AFTER_REVERSAL"]);
    server
        .treasury()
        .report_settlement(settling(&anew))
        .await
        .unwrap();
    assert_eq!(voucher_list(&server, &filed.taxpayer_id).await.len(), 1);
}

#[tokio::test]
async fn a_debit_is_not_taken_back_on_another_day_or_once_it_is_in_the_treasury() {
    let (server, _, payment) = paid_under(AGREEMENT).await;
    server.set_clock(NOW + DAY).await;
    let late = server.officers().reverse_payment(reversing(&payment)).await;
    let status = assert_precondition(late, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "DEBITED");
    server.set_clock(NOW).await;
    server
        .treasury()
        .report_settlement(settling(&payment))
        .await
        .unwrap();
    let settled = server.officers().reverse_payment(reversing(&payment)).await;
    let status = assert_precondition(settled, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "IN_TREASURY");
    let mut bad = reversing(&payment);
    (bad.payment_id, bad.reason) = ("7".to_owned(), String::new());
    let refused = server.officers().reverse_payment(bad).await;
    let status = assert_refused(refused, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["payment_id", "reason"]);
}

#[tokio::test]
async fn a_bank_that_says_no_leaves_the_payment_as_it_was() {
    let (server, _, payment) = paid_under("SFXY-FIRM").await;
    let refused = server.officers().reverse_payment(reversing(&payment)).await;
    let status = assert_precondition(refused, "REVERSAL_REFUSED");
    assert_eq!(fact(&status, "bank_words"), "the day is closed");
    assert_eq!(read_payment(&server, &payment).await, payment);
}

#[tokio::test]
async fn a_reversal_whose_answer_is_lost_is_asked_for_again() {
    let (server, _, payment) = paid_under("SFXY-MUMBLE").await;
    let request = reversing(&payment);
    let lost = server.officers().reverse_payment(request.clone()).await;
    assert_refused(lost, Code::Aborted, "REQUEST_STILL_RUNNING");
    assert_eq!(
        read_payment(&server, &payment).await.state(),
        State::Debited
    );
    let answer = server.officers().reverse_payment(request).await.unwrap();
    let reversed = answer.into_inner().payment.unwrap();
    assert_eq!(reversed.state(), State::Reversed);
}

#[tokio::test]
async fn a_debit_of_another_amount_is_a_case_and_is_never_taken_for_paid() {
    let (server, filed, payment) = paid_under("SFXY-SHORT").await;
    assert_eq!(payment.state(), State::Confirming);
    let found = cases(&server).await;
    assert_eq!(rules(&found), ["BANK_AMOUNT"]);
    let finding = found[0].finding.as_ref().unwrap();
    assert_eq!(
        (finding.expected.as_str(), finding.actual.as_str()),
        ("300.00", "299.99")
    );
    server.set_clock(NOW + DAY).await;
    let request = pb::ResolvePaymentRequest {
        request_id: fresh(),
        taxpayer_id: payment.taxpayer_id.clone(),
        payment_id: payment.payment_id.clone(),
    };
    let answer = server.payments().resolve_payment(request).await.unwrap();
    let still = answer.into_inner().payment.unwrap();
    assert_eq!(still.state(), State::Confirming);
    // Asking again opens no second case, also after an officer closed the first.
    assert_eq!(cases(&server).await, found);
    server
        .officers()
        .resolve_case(resolving(&found[0]))
        .await
        .unwrap();
    let request = pb::ResolvePaymentRequest {
        request_id: fresh(),
        taxpayer_id: payment.taxpayer_id.clone(),
        payment_id: payment.payment_id.clone(),
    };
    server.payments().resolve_payment(request).await.unwrap();
    assert!(cases(&server).await.is_empty());
    let again = server
        .payments()
        .create_payment(paying(&filed, "300.00"))
        .await;
    assert_precondition(again, "PAYMENT_ALIVE");
}

also_on_postgres!(
    a_case_is_opened_once_closed_once_and_opened_anew_by_other_numbers,
    a_case_of_nobody_is_listed_and_closed_without_a_taxpayer,
    cases_are_listed_by_taxpayer_page_by_page_and_closed_ones_on_demand,
    a_debit_is_taken_back_on_its_day_and_the_declaration_is_paid_anew,
    a_debit_is_not_taken_back_on_another_day_or_once_it_is_in_the_treasury,
    a_bank_that_says_no_leaves_the_payment_as_it_was,
    a_reversal_whose_answer_is_lost_is_asked_for_again,
    a_debit_of_another_amount_is_a_case_and_is_never_taken_for_paid,
);
