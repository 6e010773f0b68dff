//! Refunds over the wire: claimed, decided, set off, paid out; told again, only checked, and two
//! at once.

use caixing::pb;
use serde_json::json;
use tonic::Code;

use crate::support::*;

pub const DAY: i64 = 86_400;

/// A plot of 2000 m² at 5 yuan: 2500.00 a quarter, of which more was paid before.
pub fn plot(paid: &str) -> pb::TaxSourceInput {
    message(
        "TaxSourceInput",
        json!({
            "name": "一号地块",
            "regionCode": "340104",
            "taxAuthorityCode": "13401040000",
            "treasuryCode": "1234010400",
            "landUse": {
                "taxpayerKind": "LAND_USE_TAXPAYER_KIND_RIGHT_HOLDER",
                "nature": "LAND_USE_NATURE_STATE",
                "acquisitionMode": "LAND_USE_ACQUISITION_MODE_GRANTED",
                "purpose": "LAND_USE_PURPOSE_INDUSTRIAL",
                "acquisition": {
                    "kind": "LAND_USE_ACQUISITION_KIND_CARRIED_OVER",
                    "eventOn": "2020-01-01",
                },
                "versions": [{
                    "areaSqm": "2000.00",
                    "landClass": "LAND_USE_CLASS_CITY",
                    "grade": 3,
                    "unitTax": {"value": "5", "document": "演示值，非正式文号"},
                }],
                "payments": [{
                    "period": {"firstDay": "2026-07-01", "lastDay": "2026-09-30"},
                    "amountYuan": paid,
                }],
                "landNo": "340104000001",
                "landName": "一号地块",
            },
        }),
    )
}

/// Draws one declaration of all that is open and files it, whatever it warns of.
pub async fn file(server: &Server, taxpayer: &str) -> pb::Declaration {
    let draft = draft(server, taxpayer).await;
    crate::support::file(server, &draft).await
}

pub fn claiming(
    filed: &pb::Declaration,
    amount: &str,
    cause: pb::RefundCause,
) -> pb::RequestRefundRequest {
    pb::RequestRefundRequest {
        request_id: fresh(),
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        content_digest: filed.content_digest.clone(),
        amount_yuan: amount.to_owned(),
        cause: cause.into(),
        validate_only: false,
    }
}

pub fn deciding(refund: &pb::Refund, approved: bool) -> pb::DecideRefundRequest {
    pb::DecideRefundRequest {
        request_id: fresh(),
        taxpayer_id: refund.taxpayer_id.clone(),
        refund_id: refund.refund_id.clone(),
        approved,
        cause: 0,
        decision: "经审核".to_owned(),
    }
}

pub fn setting_off(refund: &pb::Refund, against: &pb::Declaration) -> pb::OffsetRefundRequest {
    pb::OffsetRefundRequest {
        request_id: fresh(),
        taxpayer_id: refund.taxpayer_id.clone(),
        refund_id: refund.refund_id.clone(),
        declaration_id: against.declaration_id.clone(),
        content_digest: against.content_digest.clone(),
        validate_only: false,
    }
}

pub fn reporting(refund: &pb::Refund, amount: &str) -> pb::ReportRefundRequest {
    pb::ReportRefundRequest {
        request_id: fresh(),
        taxpayer_id: refund.taxpayer_id.clone(),
        refund_id: refund.refund_id.clone(),
        amount_yuan: amount.to_owned(),
        treasury_code: "1234010400".to_owned(),
        treasury_reference: "TK-2026-1".to_owned(),
    }
}

pub async fn claim(server: &Server, request: pb::RequestRefundRequest) -> pb::Refund {
    let answer = server.payments().request_refund(request).await;
    answer.unwrap().into_inner().refund.unwrap()
}

pub async fn decide(server: &Server, request: pb::DecideRefundRequest) -> pb::Refund {
    let answer = server.officers().decide_refund(request).await;
    answer.unwrap().into_inner().refund.unwrap()
}

pub async fn read(server: &Server, refund: &pb::Refund) -> pb::Refund {
    let request = pb::GetRefundRequest {
        taxpayer_id: refund.taxpayer_id.clone(),
        refund_id: refund.refund_id.clone(),
    };
    let answer = server.payments().get_refund(request).await;
    answer.unwrap().into_inner().refund.unwrap()
}

/// An approved refund of tax paid elsewhere, and an unpaid declaration of 300.00.
async fn approved(server: &Server, paid: &str, amount: &str) -> (pb::Refund, pb::Declaration) {
    let taxpayer = register(server).await;
    collect(server, &taxpayer, plot(paid)).await;
    let filed = file(server, &taxpayer).await;
    let request = claiming(&filed, amount, pb::RefundCause::Prepaid);
    let claimed = claim(server, request).await;
    let approved = decide(server, deciding(&claimed, true)).await;
    (approved, owing(server, &taxpayer, "HT-1").await)
}

/// Files one more contract: 300.00 to pay.
async fn owing(server: &Server, taxpayer: &str, number: &str) -> pb::Declaration {
    collect(server, taxpayer, contract(number)).await;
    file(server, taxpayer).await
}

#[tokio::test]
async fn a_claim_is_checked_made_once_told_again_and_decided() {
    let (server, _) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, plot("3100.00")).await;
    let filed = file(&server, &taxpayer).await;
    assert_eq!(filed.totals.as_ref().unwrap().refundable_yuan, "600.00");
    assert_eq!(filed.state(), pb::DeclarationState::Completed);
    let mut payments = server.payments();
    let request = |amount| claiming(&filed, amount, pb::RefundCause::Prepaid);
    let wrong = payments.request_refund(request("600.01")).await;
    let status = assert_precondition(wrong, "REFUND_AMOUNT_MISMATCH");
    assert_eq!(fact(&status, "refundable_yuan"), "600.00");
    let overpaid = claiming(&filed, "600.00", pb::RefundCause::Overpaid);
    let refused = payments.request_refund(overpaid).await;
    assert_precondition(refused, "REFUND_DAY_UNKNOWN");
    let mut trial = request("600.00");
    trial.validate_only = true;
    payments.request_refund(trial).await.unwrap();
    let claimed = request("600.00");
    let first = payments.request_refund(claimed.clone()).await.unwrap();
    let again = payments.request_refund(claimed).await.unwrap();
    assert!(!is_replay(&first) && is_replay(&again));
    assert_eq!(first.get_ref(), again.get_ref());
    let refund = first.into_inner().refund.unwrap();
    assert_eq!(refund.state(), pb::RefundState::Requested);
    // Claimed on 12 October, decided within 30 days.
    assert_eq!(refund.decide_by, "2026-11-11");
    assert_eq!(refund.parts[0].payment_id, "");
    let twice = payments.request_refund(request("600.00")).await;
    let status = assert_precondition(twice, "REFUND_ALIVE");
    assert_eq!(fact(&status, "refund_id"), refund.refund_id);
    let early = payments.offset_refund(setting_off(&refund, &filed)).await;
    assert_precondition(early, "WRONG_STATE");
    let rejected = decide(&server, deciding(&refund, false)).await;
    assert_eq!(rejected.state(), pb::RefundState::Rejected);
    assert_eq!(rejected.balance_yuan, "0.00");
    // A rejected claim bars no other; the lists show both, the newest first.
    let next = claim(&server, request("600.00")).await;
    let list = |size, token: &str| pb::ListRefundsRequest {
        taxpayer_id: taxpayer.clone(),
        page_size: size,
        page_token: token.to_owned(),
    };
    let page = payments
        .list_refunds(list(1, ""))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.refunds, [next]);
    let rest = payments.list_refunds(list(1, &page.next_page_token)).await;
    let rest = rest.unwrap().into_inner();
    assert_eq!(
        (rest.refunds, rest.next_page_token),
        (vec![rejected], String::new())
    );
    let bad = payments.list_refunds(list(1, "x")).await;
    assert_refused(bad, Code::InvalidArgument, "FIELDS_INVALID");
}

#[tokio::test]
async fn a_refund_pays_arrears_with_surcharge_and_the_rest_is_paid_out() {
    let (server, bank) = Server::with_quiet_bank().await;
    let (refund, owing) = approved(&server, "3100.00", "600.00").await;
    // Ten days late: 300.00 and 1.50.
    server.set_clock(NOW + 24 * DAY).await;
    let mut payments = server.payments();
    let mut trial = setting_off(&refund, &owing);
    trial.validate_only = true;
    payments.offset_refund(trial).await.unwrap();
    let request = setting_off(&refund, &owing);
    let first = payments.offset_refund(request.clone()).await.unwrap();
    let again = payments.offset_refund(request).await.unwrap();
    assert!(!is_replay(&first) && is_replay(&again));
    assert_eq!(first.get_ref(), again.get_ref());
    let done = first.into_inner();
    let (used, payment) = (done.refund.unwrap(), done.payment.unwrap());
    assert_eq!(
        (used.offset_yuan.as_str(), used.balance_yuan.as_str()),
        ("301.50", "298.50")
    );
    assert_eq!(payment.channel(), pb::PaymentChannel::Offset);
    assert_eq!(payment.state(), pb::PaymentState::InTreasury);
    assert_eq!(payment.refund_id, refund.refund_id);
    assert_eq!(bank.debit_calls(), 0);
    let now = read_declaration(&server, &owing).await;
    assert_eq!(now.state(), pb::DeclarationState::Completed);
    let voucher = voucher_list(&server, &owing.taxpayer_id).await.remove(0);
    assert_eq!(voucher.voucher_number, payment.voucher_number);
    let rows: Vec<&str> = voucher
        .rows
        .iter()
        .map(|row| row.amount_yuan.as_str())
        .collect();
    assert_eq!(rows, ["300.00", "1.50"]);
    let over = payments.offset_refund(setting_off(&refund, &owing)).await;
    assert_precondition(over, "WRONG_STATE");

    let mut treasury = server.treasury();
    let wrong = treasury.report_refund(reporting(&refund, "600.00")).await;
    assert_precondition(wrong, "SETTLEMENT_MISMATCH");
    let mut elsewhere = reporting(&refund, "298.50");
    elsewhere.treasury_code = "1234010401".to_owned();
    let wrong = treasury.report_refund(elsewhere).await;
    assert_precondition(wrong, "SETTLEMENT_MISMATCH");
    let report = reporting(&refund, "298.50");
    let first = treasury.report_refund(report.clone()).await.unwrap();
    let again = treasury.report_refund(report).await.unwrap();
    assert!(is_replay(&again));
    assert_eq!(first.get_ref(), again.get_ref());
    let paid = first.into_inner().refund.unwrap();
    assert_eq!(paid.state(), pb::RefundState::Paid);
    assert_eq!(paid.treasury_reference, "TK-2026-1");
    // Paid elsewhere, so no payment of ours carries a voucher of the refund.
    assert_eq!(paid.voucher_number, "");
    assert_eq!(read(&server, &refund).await, paid);
    let twice = treasury.report_refund(reporting(&refund, "298.50")).await;
    assert_precondition(twice, "WRONG_STATE");
}

/// 200.00 at hand against 300.00 that is ten days late: 199.00 with 1.00 (0.995) are 200.00; the
/// rest of 101.00 bears 0.51 (0.505).
#[tokio::test]
async fn a_refund_that_is_too_small_pays_a_part_and_the_bank_the_rest() {
    let (server, _) = Server::with_quiet_bank().await;
    let (refund, owing) = approved(&server, "2700.00", "200.00").await;
    server.set_clock(NOW + 24 * DAY).await;
    let mut payments = server.payments();
    let done = payments.offset_refund(setting_off(&refund, &owing)).await;
    let done = done.unwrap().into_inner();
    let (used, part) = (done.refund.unwrap(), done.payment.unwrap());
    assert_eq!(
        (part.principal_yuan.as_str(), part.surcharge_yuan.as_str()),
        ("199.00", "1.00")
    );
    // Set off to the last fen, it is over.
    assert_eq!(used.state(), pb::RefundState::Paid);
    assert_eq!(used.balance_yuan, "0.00");
    let now = read_declaration(&server, &owing).await;
    assert_eq!(now.state(), pb::DeclarationState::AwaitingPayment);
    let request = pb::QuotePaymentRequest {
        taxpayer_id: owing.taxpayer_id.clone(),
        declaration_id: owing.declaration_id.clone(),
        pay_on: Vec::new(),
    };
    let quote = payments.quote_payment(request).await.unwrap().into_inner();
    let quote = &quote.quotes[0];
    assert_eq!(quote.offset_yuan, "199.00");
    assert_eq!(
        (quote.principal_yuan.as_str(), quote.total_yuan.as_str()),
        ("101.00", "101.51")
    );
    let sum: Vec<&str> = quote
        .taxes
        .iter()
        .map(|tax| tax.amount_yuan.as_str())
        .collect();
    assert_eq!(sum, ["101.00", "0.51"]);
    let whole = payments.create_payment(paying(&owing, "301.50")).await;
    let status = assert_precondition(whole, "AMOUNT_CHANGED");
    assert_eq!(fact(&status, "today_yuan"), "101.51");
    assert!(
        fact(&status, "rows").contains("late 10: 101.00 + 0.51"),
        "{status:?}"
    );
    let rest = pay(&server, &owing, "101.51").await;
    let settled = server.treasury().report_settlement(settling(&rest)).await;
    settled.unwrap();
    let now = read_declaration(&server, &owing).await;
    assert_eq!(now.state(), pb::DeclarationState::Completed);
    let vouchers = voucher_list(&server, &owing.taxpayer_id).await;
    let totals: Vec<&str> = vouchers.iter().map(|one| one.total_yuan.as_str()).collect();
    assert_eq!(totals, ["101.51", "200.00"]);
    let list = pb::ListPaymentsRequest {
        taxpayer_id: owing.taxpayer_id.clone(),
        declaration_id: owing.declaration_id.clone(),
        ..Default::default()
    };
    let listed = payments
        .list_payments(list)
        .await
        .unwrap()
        .into_inner()
        .payments;
    let ids: Vec<&str> = listed.iter().map(|one| one.payment_id.as_str()).collect();
    assert_eq!(ids, [rest.payment_id.as_str(), part.payment_id.as_str()]);
}

#[tokio::test]
async fn nothing_is_set_off_beside_a_live_order_or_into_another_treasury() {
    let (server, _) = Server::with_quiet_bank().await;
    let (refund, owing) = approved(&server, "3100.00", "600.00").await;
    let mut elsewhere = contract("HT-9");
    elsewhere.treasury_code = "1234010401".to_owned();
    collect(&server, &refund.taxpayer_id, elsewhere).await;
    let other = file(&server, &refund.taxpayer_id).await;
    let mut payments = server.payments();
    let refused = payments.offset_refund(setting_off(&refund, &other)).await;
    let status = assert_precondition(refused, "PAY_TREASURY");
    assert_eq!(fact(&status, "found"), "1234010401");
    pay(&server, &owing, "300.00").await;
    let refused = payments.offset_refund(setting_off(&refund, &owing)).await;
    assert_precondition(refused, "PAYMENT_ALIVE");
    assert_eq!(read(&server, &refund).await.offset_yuan, "0.00");
}

#[tokio::test]
async fn two_offsets_at_once_never_use_a_fen_twice() {
    let (server, _) = Server::with_quiet_bank().await;
    let (refund, one) = approved(&server, "2900.00", "400.00").await;
    let two = owing(&server, &refund.taxpayer_id, "HT-2").await;
    let (mut left, mut right) = (server.payments(), server.payments());
    let (first, second) = tokio::join!(
        left.offset_refund(setting_off(&refund, &one)),
        right.offset_refund(setting_off(&refund, &two)),
    );
    // One pays all of its 300.00, the other the 100.00 that are left, whichever came first.
    let mut totals: Vec<String> = [first, second]
        .into_iter()
        .map(|answer| answer.unwrap().into_inner().payment.unwrap().total_yuan)
        .collect();
    totals.sort();
    assert_eq!(totals, ["100.00", "300.00"]);
    let used = read(&server, &refund).await;
    assert_eq!(
        (used.offset_yuan.as_str(), used.state()),
        ("400.00", pb::RefundState::Paid)
    );
    // What is used up pays nothing more.
    let three = owing(&server, &refund.taxpayer_id, "HT-3").await;
    assert_eq!(three.state(), pb::DeclarationState::AwaitingPayment);
    let refused = server
        .payments()
        .offset_refund(setting_off(&refund, &three))
        .await;
    let status = assert_precondition(refused, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "PAID");
}

#[tokio::test]
async fn a_declaration_under_one_yuan_ends_without_a_bank() {
    let (server, bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    let mut input = contract("HT-1");
    // 3,300.00 × 0.0003 = 0.99.
    stamp(&mut input).lines[0].amount_yuan = "3300.00".to_owned();
    collect(&server, &taxpayer, input).await;
    let filed = file(&server, &taxpayer).await;
    let mut payments = server.payments();
    let request = pb::QuotePaymentRequest {
        taxpayer_id: taxpayer.clone(),
        declaration_id: filed.declaration_id.clone(),
        pay_on: Vec::new(),
    };
    let quote = payments.quote_payment(request).await.unwrap().into_inner();
    let quote = &quote.quotes[0];
    assert_eq!(
        (quote.total_yuan.as_str(), quote.waived_yuan.as_str()),
        ("0.00", "0.99")
    );
    assert!(quote.taxes.is_empty());
    let named = payments.create_payment(paying(&filed, "0.99")).await;
    assert_precondition(named, "AMOUNT_CHANGED");
    let request = paying(&filed, "0.00");
    let first = payments.create_payment(request.clone()).await.unwrap();
    let again = payments.create_payment(request).await.unwrap();
    assert!(is_replay(&again));
    assert_eq!(first.get_ref(), again.get_ref());
    assert_eq!(first.get_ref().waived_yuan, "0.99");
    assert!(first.get_ref().payment.is_none());
    let ended = read_declaration(&server, &filed).await;
    assert_eq!(ended.state(), pb::DeclarationState::Completed);
    assert_eq!(ended.waived_yuan, "0.99");
    assert_eq!(bank.debit_calls(), 0);
    let whole = owing(&server, &taxpayer, "HT-2").await;
    let zero = payments.create_payment(paying(&whole, "0.00")).await;
    assert_precondition(zero, "AMOUNT_CHANGED");
}

also_on_postgres!(
    a_claim_is_checked_made_once_told_again_and_decided,
    a_refund_pays_arrears_with_surcharge_and_the_rest_is_paid_out,
    a_refund_that_is_too_small_pays_a_part_and_the_bank_the_rest,
    nothing_is_set_off_beside_a_live_order_or_into_another_treasury,
    two_offsets_at_once_never_use_a_fen_twice,
    a_declaration_under_one_yuan_ends_without_a_bank,
);
