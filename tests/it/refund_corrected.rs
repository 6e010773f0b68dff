//! Refunds of tax that was paid through Caixing: interest, the payment given back, its own voucher.

use caixing::pb;

use crate::refund_calls::*;
use crate::support::*;

/// Corrects a paid declaration of 300.00 down: to the tax of a contract of another amount, or to
/// nothing, because it should never have been declared.
async fn corrected_down(
    server: &Server,
    paid: &pb::Declaration,
    amount_yuan: Option<&str>,
) -> pb::Declaration {
    let mut request = correcting(paid);
    let source = source_list(server, &paid.taxpayer_id).await.remove(0);
    match amount_yuan {
        Some(amount) => {
            restate(server, &source, contract_over("HT-1", amount)).await;
        }
        None => request.excluded_source_ids.push(source.source_id.clone()),
    }
    let draft = open(server, request).await;
    let corrected = crate::support::file(server, &draft).await;
    if amount_yuan.is_none() {
        // Else it would stand on the next form.
        let source = source_list(server, &paid.taxpayer_id).await.remove(0);
        close_source(server, &source).await;
    }
    corrected
}

/// Files and pays 300.00, then corrects it down.
async fn overpaid(server: &Server, amount: Option<&str>) -> (pb::Payment, pb::Declaration) {
    let filed = filed(server).await;
    let payment = pay(server, &filed, "300.00").await;
    let settled = server
        .treasury()
        .report_settlement(settling(&payment))
        .await;
    settled.unwrap();
    let corrected = corrected_down(server, &filed, amount).await;
    (payment, corrected)
}

/// 333,333.33 × 0.0003 = 100.00; 200.00 × 0.0035 × 120 ÷ 360 = 0.23.
#[tokio::test]
async fn tax_paid_too_much_comes_back_with_interest_and_its_own_voucher() {
    let (server, _) = Server::with_quiet_bank().await;
    let (payment, corrected) = overpaid(&server, Some("333333.33")).await;
    let request = claiming(&corrected, "200.00", pb::RefundCause::Overpaid);
    let claimed = claim(&server, request).await;
    let part = &claimed.parts[0];
    assert_eq!(part.payment_id, payment.payment_id);
    assert_eq!(
        (part.amount_yuan.as_str(), part.paid_on.as_str()),
        ("200.00", "2026-10-12")
    );
    let approved = decide(&server, deciding(&claimed, true)).await;
    assert_eq!(
        (
            approved.interest_yuan.as_str(),
            approved.interest_unconfirmed
        ),
        ("0.00", false)
    );
    server.set_clock(NOW + 120 * DAY).await;
    let shown = read(&server, &claimed).await;
    assert_eq!(
        (shown.interest_yuan.as_str(), shown.balance_yuan.as_str()),
        ("0.23", "200.23")
    );
    assert!(shown.interest_unconfirmed);
    let report = reporting(&claimed, "200.23");
    let paid = server
        .treasury()
        .report_refund(report)
        .await
        .unwrap()
        .into_inner();
    let refund = paid.refund.unwrap();
    assert_eq!(refund.state(), pb::RefundState::Paid);
    let after = read_payment(&server, &payment).await;
    assert_eq!(
        (after.refunded_yuan.as_str(), after.state()),
        ("200.00", pb::PaymentState::InTreasury)
    );
    // The refund has a sheet of its own; the old one stands.
    let vouchers = voucher_list(&server, &payment.taxpayer_id).await;
    assert_eq!(vouchers.len(), 2);
    let (sheet, old) = (&vouchers[0], &vouchers[1]);
    assert_eq!(sheet.voucher_number, paid.voucher_number);
    assert_eq!(sheet.kind(), pb::VoucherKind::Refund);
    assert_eq!(
        (sheet.refund_id.as_str(), sheet.total_yuan.as_str()),
        (refund.refund_id.as_str(), "-200.23")
    );
    let rows: Vec<&str> = sheet
        .rows
        .iter()
        .map(|row| row.amount_yuan.as_str())
        .collect();
    assert_eq!(rows, ["-200.00", "-0.23"]);
    assert_eq!(
        (old.state(), old.kind()),
        (pb::VoucherState::Issued, pb::VoucherKind::Payment)
    );
    let verify = pb::VerifyVoucherRequest {
        voucher_number: sheet.voucher_number.clone(),
        tax_number: TAX_NUMBER.to_owned(),
        total_yuan: "-200.23".to_owned(),
        verification_code: String::new(),
    };
    let verified = server.vouchers().verify_voucher(verify).await.unwrap();
    assert!(verified.into_inner().valid);
    server.check_trail().await;
}

#[tokio::test]
async fn a_payment_ends_when_all_of_its_tax_went_back_by_offset_and_payout() {
    let (server, _) = Server::with_quiet_bank().await;
    let (payment, corrected) = overpaid(&server, None).await;
    let request = claiming(&corrected, "300.00", pb::RefundCause::Relief);
    let claimed = claim(&server, request).await;
    let refund = decide(&server, deciding(&claimed, true)).await;
    let taxpayer = payment.taxpayer_id.clone();
    let mut small = contract("HT-2");
    // 400,000.00 × 0.0003 = 120.00.
    stamp(&mut small).lines[0].amount_yuan = "400000.00".to_owned();
    collect(&server, &taxpayer, small).await;
    let owing = crate::refund_calls::file(&server, &taxpayer).await;
    let mut payments = server.payments();
    let request = setting_off(&refund, &owing);
    let used = payments.offset_refund(request).await.unwrap().into_inner();
    assert_eq!(used.refund.unwrap().balance_yuan, "180.00");
    let before = read_payment(&server, &payment).await;
    assert_eq!(before.state(), pb::PaymentState::InTreasury);
    let report = reporting(&refund, "180.00");
    let paid = server
        .treasury()
        .report_refund(report)
        .await
        .unwrap()
        .into_inner();
    let after = read_payment(&server, &payment).await;
    assert_eq!(
        (after.state(), after.refunded_yuan.as_str()),
        (pb::PaymentState::Refunded, "300.00")
    );
    let vouchers = voucher_list(&server, &taxpayer).await;
    let sheet = vouchers
        .iter()
        .find(|one| one.voucher_number == paid.voucher_number);
    let rows: Vec<&str> = sheet
        .unwrap()
        .rows
        .iter()
        .map(|row| row.amount_yuan.as_str())
        .collect();
    assert_eq!(rows, ["-300.00", "120.00"]);
    server.check_trail().await;
}
