//! The life of a voucher sheet: reprinted, replaced, voided; nothing is overwritten.

use caixing::cli::{check_voucher, write_json};
use caixing::filing::{PaymentState, Voucher, VoucherState};
use caixing::pb;
use caixing::types::VoucherNumber;

use crate::sample::{payment, voucher, voucher_number};
use crate::support::{
    Server, assert_precondition, assert_refused, bad_fields, fresh, is_replay, read_payment,
    voucher_list,
};
use crate::vouchers::{body, issued, verify};

/// Sheet: state; whether it was replaced; where `reprint`, `void` and `replace` lead.
const SHEET: [(&str, bool, [Option<&str>; 3]); 4] = [
    (
        "ISSUED",
        false,
        [Some("ISSUED"), Some("VOIDED"), Some("REPLACED")],
    ),
    ("VOIDED", false, [None, None, Some("VOIDED")]),
    ("VOIDED", true, [None, None, None]),
    ("REPLACED", true, [None, None, None]),
];

fn sheet(state: &str, replaced: bool) -> Voucher {
    let paid = payment(1, 1, PaymentState::InTreasury);
    Voucher {
        state: VoucherState::from_name(state).unwrap(),
        replaced_by: replaced.then(|| voucher_number(8)),
        close_reason: (state != "ISSUED").then(|| "前因".to_owned()),
        ..voucher(1, &paid)
    }
}

#[test]
fn a_sheet_takes_the_allowed_steps_and_no_other() {
    for (state, replaced, expected) in SHEET {
        let reason = || "填写有误".to_owned();
        let results = [
            sheet(state, replaced).reprint(),
            sheet(state, replaced).void(reason()),
            sheet(state, replaced).replace(voucher_number(9), reason()),
        ];
        for (step, (result, expected)) in results.into_iter().zip(expected).enumerate() {
            let before = sheet(state, replaced);
            match (result, expected) {
                (Ok(after), Some(expected)) => {
                    assert_eq!(after.state.name(), expected, "{state} {step}");
                    assert_eq!(after.version, before.version + 1);
                    assert_eq!(after.reprints, u32::from(step == 0));
                    // What was signed never changes.
                    assert_eq!(after.body, before.body);
                    assert_eq!(after.signed_text, before.signed_text);
                    assert_eq!(after.replaced_by, (step == 2).then(|| voucher_number(9)));
                    let kept = match (step, state) {
                        (0, _) => None,
                        (_, "ISSUED") => Some("填写有误"),
                        _ => Some("前因"),
                    };
                    assert_eq!(after.close_reason.as_deref(), kept, "{state} {step}");
                }
                (Err(refusal), None) => assert_eq!(refusal.reason(), "WRONG_STATE"),
                (other, expected) => panic!("{state} {step}: {other:?}, but {expected:?}"),
            }
        }
    }
}

macro_rules! act {
    ($name:ident, $request:ident, $method:ident) => {
        fn $name(voucher: &pb::Voucher, reason: &str) -> pb::$request {
            pb::$request {
                request_id: fresh(),
                taxpayer_id: voucher.taxpayer_id.clone(),
                voucher_number: voucher.voucher_number.clone(),
                reason: reason.to_owned(),
            }
        }
    };
}
act!(reprinting, ReprintVoucherRequest, reprint_voucher);
act!(replacing, ReplaceVoucherRequest, replace_voucher);
act!(voiding, VoidVoucherRequest, void_voucher);

async fn get(server: &Server, voucher: &pb::Voucher) -> pb::Voucher {
    let request = pb::GetVoucherRequest {
        taxpayer_id: voucher.taxpayer_id.clone(),
        voucher_number: voucher.voucher_number.clone(),
    };
    let answer = server.vouchers().get_voucher(request).await;
    answer.unwrap().into_inner().voucher.unwrap()
}

#[tokio::test]
async fn a_reprint_keeps_the_number_and_is_counted_once_per_request() {
    let server = Server::start().await;
    let first = issued(&server).await;
    let request = reprinting(&first, "原件遗失");
    let mut client = server.vouchers();
    let once = client.reprint_voucher(request.clone()).await.unwrap();
    let again = client.reprint_voucher(request.clone()).await.unwrap();
    assert!(!is_replay(&once) && is_replay(&again));
    assert_eq!(once.get_ref(), again.get_ref());
    let printed = once.into_inner().voucher.unwrap();
    assert_eq!(printed.reprint_count, 1);
    assert_eq!(printed.voucher_number, first.voucher_number);
    assert_eq!(printed.signed_text, first.signed_text);
    assert_eq!(printed.verification_code, first.verification_code);
    assert_eq!((first.etag.as_str(), printed.etag.as_str()), ("v1", "v2"));
    let mut other = request;
    other.reason = "另一原因".to_owned();
    let reused = client.reprint_voucher(other).await;
    assert_refused(reused, tonic::Code::InvalidArgument, "REQUEST_ID_REUSED");
    let printed = client.reprint_voucher(reprinting(&first, "再印")).await;
    assert_eq!(
        printed.unwrap().into_inner().voucher.unwrap().reprint_count,
        2
    );
    check_voucher(
        &write_json("Voucher", &get(&server, &first).await).unwrap(),
        None,
    )
    .unwrap();
}

#[tokio::test]
async fn a_replaced_sheet_and_the_new_one_point_at_each_other() {
    let server = Server::start().await;
    let old = issued(&server).await;
    let mut client = server.vouchers();
    let answer = client.replace_voucher(replacing(&old, "名称有误")).await;
    let new = answer.unwrap().into_inner().voucher.unwrap();
    assert_ne!(new.voucher_number, old.voucher_number);
    assert_eq!(new.replaces_voucher_number, old.voucher_number);
    assert_eq!(body(&new)["replaces"], old.voucher_number.as_str());
    assert_eq!((&new.rows, &new.total_yuan), (&old.rows, &old.total_yuan));
    assert_ne!(new.verification_code, old.verification_code);
    let kept = get(&server, &old).await;
    assert_eq!(kept.state(), pb::VoucherState::Replaced);
    assert_eq!(kept.replaced_by_voucher_number, new.voucher_number);
    assert_eq!(kept.close_reason, "名称有误");
    assert_eq!(kept.signed_text, old.signed_text);
    // Both files are sound, both numbers verify, each with its own state.
    for (sheet, state) in [
        (&kept, pb::VoucherState::Replaced),
        (&new, pb::VoucherState::Issued),
    ] {
        check_voucher(&write_json("Voucher", sheet).unwrap(), None).unwrap();
        let answer = verify(&server, sheet, &sheet.verification_code).await;
        assert_eq!((answer.valid, answer.state()), (true, state));
    }
    let payment = pb::Payment {
        taxpayer_id: old.taxpayer_id.clone(),
        payment_id: old.payment_id.clone(),
        ..Default::default()
    };
    let payment = read_payment(&server, &payment).await;
    assert_eq!(payment.voucher_number, new.voucher_number);
    for refused in [
        client
            .replace_voucher(replacing(&old, "再换"))
            .await
            .map(|_| ()),
        client
            .reprint_voucher(reprinting(&old, "补打"))
            .await
            .map(|_| ()),
        client.void_voucher(voiding(&old, "作废")).await.map(|_| ()),
    ] {
        assert_precondition(refused.map(tonic::Response::new), "WRONG_STATE");
    }
}

#[tokio::test]
async fn a_voided_sheet_stays_and_can_be_followed_by_the_right_one_once() {
    let server = Server::start().await;
    let wrong = issued(&server).await;
    let mut client = server.vouchers();
    let voided = client.void_voucher(voiding(&wrong, "填写有误")).await;
    let voided = voided.unwrap().into_inner().voucher.unwrap();
    assert_eq!(voided.state(), pb::VoucherState::Voided);
    assert_eq!(
        voucher_list(&server, &wrong.taxpayer_id).await,
        std::slice::from_ref(&voided)
    );
    let answer = verify(&server, &wrong, &wrong.verification_code).await;
    assert_eq!(
        (answer.valid, answer.state()),
        (true, pb::VoucherState::Voided)
    );
    let right = client.replace_voucher(replacing(&wrong, "重新填开")).await;
    let right = right.unwrap().into_inner().voucher.unwrap();
    assert_eq!(right.replaces_voucher_number, wrong.voucher_number);
    let kept = get(&server, &wrong).await;
    assert_eq!(kept.state(), pb::VoucherState::Voided);
    assert_eq!(kept.replaced_by_voucher_number, right.voucher_number);
    assert_eq!(kept.close_reason, "填写有误");
    check_voucher(&write_json("Voucher", &kept).unwrap(), None).unwrap();
    let second = client.replace_voucher(replacing(&wrong, "再开")).await;
    assert_precondition(second, "WRONG_STATE");
    assert_eq!(voucher_list(&server, &wrong.taxpayer_id).await.len(), 2);
}

#[tokio::test]
async fn a_wrong_request_about_a_sheet_names_every_field() {
    let server = Server::start().await;
    let voucher = issued(&server).await;
    let mut client = server.vouchers();
    let nothing = client.void_voucher(pb::VoidVoucherRequest::default()).await;
    let status = assert_refused(nothing, tonic::Code::InvalidArgument, "FIELDS_INVALID");
    let fields = ["request_id", "taxpayer_id", "voucher_number", "reason"];
    assert_eq!(bad_fields(&status), fields);
    let long = client
        .reprint_voucher(reprinting(&voucher, &"印".repeat(201)))
        .await;
    let status = assert_refused(long, tonic::Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["reason"]);
    let mut other = voucher.clone();
    other.voucher_number = VoucherNumber::make(2026, 1).to_string();
    let none = client.replace_voucher(replacing(&other, "换开")).await;
    assert_refused(none, tonic::Code::NotFound, "VOUCHER_NOT_FOUND");
}
