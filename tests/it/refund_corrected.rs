//! Refunds of tax that was paid through Caixing: interest, the payment given back, its own voucher.

use caixing::filing::{Closing, Correction, DeclarationState, Submission};
use caixing::pb;
use caixing::types::{DeclarationId, TaxpayerKey};

use crate::refund_calls::*;
use crate::sample::yuan;
use crate::support::*;

/// Corrects a paid declaration of 300.00 down to some tax, as a correction will leave it.
async fn corrected_down(server: &Server, paid: &pb::Declaration, tax: &str) -> pb::Declaration {
    let store = server.store().await;
    let mut tx = store.begin("Test", None).await.unwrap();
    let key = TaxpayerKey::parse(&paid.taxpayer_id).unwrap();
    let id = DeclarationId::parse(&paid.declaration_id).unwrap();
    let old = tx.declaration(key, id).await.unwrap().unwrap();
    let mut new = old.clone();
    new.id = DeclarationId::new(uuid::Uuid::now_v7());
    let line = &mut new.content.lines[0];
    line.charge.item = "CORRECTED".to_owned();
    line.charge.tax_amount = yuan(tax);
    line.charge.already_paid = yuan("300.00");
    line.payable = yuan(tax).minus(yuan("300.00")).unwrap();
    line.carried = yuan("300.00");
    new.content.covered.clear();
    new.content.correction = Some(Correction {
        corrects: old.id,
        revision: 2,
        taxes: Vec::new(),
        excluded: Vec::new(),
        reason: "合同金额有误".to_owned(),
    });
    new.digest = new.content.digest().unwrap();
    new.state = DeclarationState::Draft;
    new.submission = None;
    new.version = 1;
    let at = old.created_at;
    tx.insert_declaration(&new).await.unwrap();
    new.state = DeclarationState::Completed;
    new.submission = Some(Submission {
        at,
        overdue: false,
        acknowledged: Vec::new(),
    });
    new.version = 2;
    tx.update_declaration(&new).await.unwrap();
    tx.insert_filed(&new).await.unwrap();
    let mut replaced = old.clone();
    replaced.state = DeclarationState::Corrected;
    replaced.closing = Some(Closing {
        at,
        reason: "更正".to_owned(),
    });
    replaced.version += 1;
    tx.update_declaration(&replaced).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    let mut wire = paid.clone();
    wire.declaration_id = new.id.to_string();
    wire.content_digest = new.digest;
    wire
}

/// Files and pays 300.00, then corrects it down.
async fn overpaid(server: &Server, tax: &str) -> (pb::Payment, pb::Declaration) {
    let filed = filed(server).await;
    let payment = pay(server, &filed, "300.00").await;
    let settled = server
        .treasury()
        .report_settlement(settling(&payment))
        .await;
    settled.unwrap();
    let corrected = corrected_down(server, &filed, tax).await;
    (payment, corrected)
}

/// 200.00 × 0.0035 × 120 ÷ 360 = 0.23.
#[tokio::test]
async fn tax_paid_too_much_comes_back_with_interest_and_its_own_voucher() {
    let (server, _) = Server::with_quiet_bank().await;
    let (payment, corrected) = overpaid(&server, "100.00").await;
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
        (refund.refund_id.as_str(), "200.23")
    );
    let rows: Vec<&str> = sheet
        .rows
        .iter()
        .map(|row| row.amount_yuan.as_str())
        .collect();
    assert_eq!(rows, ["200.00", "0.23"]);
    assert_eq!(
        (old.state(), old.kind()),
        (pb::VoucherState::Issued, pb::VoucherKind::Payment)
    );
    let verify = pb::VerifyVoucherRequest {
        voucher_number: sheet.voucher_number.clone(),
        tax_number: TAX_NUMBER.to_owned(),
        total_yuan: "200.23".to_owned(),
        verification_code: String::new(),
    };
    let verified = server.vouchers().verify_voucher(verify).await.unwrap();
    assert!(verified.into_inner().valid);
}

#[tokio::test]
async fn a_payment_ends_when_all_of_its_tax_went_back_by_offset_and_payout() {
    let (server, _) = Server::with_quiet_bank().await;
    let (payment, corrected) = overpaid(&server, "0.00").await;
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
    assert_eq!(rows, ["300.00", "-120.00"]);
}
