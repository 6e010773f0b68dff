//! The sheet of a refund that is replaced (换开): the refund points at the sheet in force, the
//! payment keeps its own, and the trail tells of both.

use caixing::pb;

use crate::refund_calls::{claim, claiming, decide, deciding, read, reporting};
use crate::support::*;

/// A paid declaration of 300.00, corrected to 333,333.33 × 0.0003 = 100.00, and the 200.00 paid
/// out: the payment and the refund.
async fn paid_back(server: &Server) -> (pb::Payment, pb::Refund) {
    let filed = filed(server).await;
    let payment = pay_and_settle(server, &filed, "300.00").await;
    let source = source_list(server, &filed.taxpayer_id).await.remove(0);
    restate(server, &source, contract_over("HT-1", "333333.33")).await;
    let corrected = corrected(server, &filed).await;
    let request = claiming(&corrected, "200.00", pb::RefundCause::Relief);
    let claimed = claim(server, request).await;
    decide(server, deciding(&claimed, true)).await;
    let report = reporting(&claimed, "200.00");
    let answer = server.treasury().report_refund(report).await.unwrap();
    (payment, answer.into_inner().refund.unwrap())
}

async fn replaced(server: &Server, taxpayer: &str, number: &str) -> pb::Voucher {
    let request = pb::ReplaceVoucherRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.to_owned(),
        voucher_number: number.to_owned(),
        reason: "名称有误".to_owned(),
    };
    let answer = server.vouchers().replace_voucher(request).await;
    answer.unwrap().into_inner().voucher.unwrap()
}

#[tokio::test]
async fn a_replaced_sheet_of_a_refund_is_the_refunds_sheet_from_then_on() {
    let (server, _) = Server::with_quiet_bank().await;
    let (payment, refund) = paid_back(&server).await;
    let (taxpayer, old) = (&payment.taxpayer_id, &refund.voucher_number);
    let new = replaced(&server, taxpayer, old).await;
    assert_ne!(new.voucher_number, *old);
    assert_eq!(new.replaces_voucher_number, *old);
    assert_eq!(new.kind(), pb::VoucherKind::Refund);
    assert_eq!(new.total_yuan, "-200.00");
    let after = read(&server, &refund).await;
    assert_eq!(after.voucher_number, new.voucher_number);
    assert_eq!(after.state(), pb::RefundState::Paid);
    assert_ne!(after.etag, refund.etag);
    let kept = read_payment(&server, &payment).await;
    assert_eq!(kept.voucher_number, payment.voucher_number);
    server.check_trail().await;
}

#[tokio::test]
async fn a_replaced_sheet_of_a_payment_leaves_its_refund_alone() {
    let (server, _) = Server::with_quiet_bank().await;
    let (payment, refund) = paid_back(&server).await;
    let new = replaced(&server, &payment.taxpayer_id, &payment.voucher_number).await;
    let after = read_payment(&server, &payment).await;
    assert_eq!(after.voucher_number, new.voucher_number);
    assert_eq!(read(&server, &refund).await, refund);
    server.check_trail().await;
}
