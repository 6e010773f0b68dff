//! The voucher anyone can verify: what is signed, what a holder can learn, what an altered file
//! shows, and the life of a sheet.

use caixing::cli::{check_voucher, read_json, write_json};
use caixing::filing::{Voucher, VoucherBody, VoucherState, in_words, original_number};
use caixing::pb;
use caixing::signing;
use caixing::types::{TaxKind, VoucherNumber};
use serde_json::Value;

use crate::sample::{payment_id, read, voucher_number, yuan};
use crate::support::{
    Server, TAX_NUMBER, assert_precondition, assert_refused, bad_fields, filed, fresh, is_replay,
    pay, read_payment, voucher_list, wait_for,
};

const STORED: &str = "tests/compat/voucher/v1/contract.json";

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
    let paid = crate::sample::payment(1, 1, caixing::filing::PaymentState::InTreasury);
    Voucher {
        state: VoucherState::from_name(state).unwrap(),
        replaced_by: replaced.then(|| voucher_number(8)),
        close_reason: (state != "ISSUED").then(|| "前因".to_owned()),
        ..crate::sample::voucher(1, &paid)
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

/// A voucher as the version before format 2 signed it.
#[test]
fn a_stored_voucher_of_format_1_is_read_and_verified_for_ever() {
    const KEY: &str = "1ea055acbab1aeb0209cf4a1cba1c466899319c1dc894d5ebde70d1188dbbb79";
    let text = read(STORED);
    let voucher = check_voucher(&text, None).unwrap();
    assert_eq!(voucher.body.format, 1);
    assert_eq!(voucher.body.total, yuan("301.50"));
    assert_eq!(voucher.body.total_in_words, "叁佰零壹元伍角");
    assert_eq!(voucher.body.rows.len(), 2);
    assert_eq!(voucher.body.kind, None);
    assert_eq!(voucher.body.faults(), Vec::<String>::new());
    assert!(voucher.signature_holds(KEY) && voucher.public_key == KEY);
    assert!(signing::verify(
        &voucher.signed_text,
        &voucher.signature,
        KEY
    ));
    assert_eq!(
        serde_json::to_string(&voucher.body).unwrap(),
        voucher.signed_text
    );
}

#[test]
fn amounts_of_the_procedure_stand_in_capitals() {
    // filing-procedure §9.
    for (figures, capitals) in [
        ("3952.49", "叁仟玖佰伍拾贰元肆角玖分"),
        ("1000.00", "壹仟元整"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("0.05", "伍分"),
        ("10005.60", "壹万零伍元陆角"),
        ("-1000.00", "负壹仟元整"),
    ] {
        assert_eq!(in_words(yuan(figures)), capitals, "{figures}");
    }
}

#[test]
fn an_original_number_belongs_to_one_payment_and_one_head() {
    let mut numbers = Vec::new();
    for payment in 1..40 {
        for tax in TaxKind::ALL {
            for surcharge in [false, true] {
                let number = original_number(payment_id(payment), tax, surcharge);
                assert_eq!(number, original_number(payment_id(payment), tax, surcharge));
                assert_eq!(VoucherNumber::parse(number.as_str()).unwrap(), number);
                assert!(
                    number.as_str().starts_with('3'),
                    "no sheet's number: {number}"
                );
                numbers.push(number);
            }
        }
    }
    let all = numbers.len();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), all);
}

/// Pays the one contract and answers its voucher.
pub async fn issued(server: &Server) -> pb::Voucher {
    let filed = filed(server).await;
    let payment = pay(server, &filed, "300.00").await;
    wait_for(server, &payment, pb::PaymentState::InTreasury).await;
    voucher_list(server, &filed.taxpayer_id).await.remove(0)
}

async fn verify(server: &Server, voucher: &pb::Voucher, code: &str) -> pb::VerifyVoucherResponse {
    let request = pb::VerifyVoucherRequest {
        voucher_number: voucher.voucher_number.clone(),
        tax_number: voucher.tax_number.clone(),
        total_yuan: voucher.total_yuan.clone(),
        verification_code: code.to_owned(),
    };
    let answer = server.vouchers().verify_voucher(request).await;
    answer.unwrap().into_inner()
}

fn body(voucher: &pb::Voucher) -> Value {
    serde_json::from_str(&voucher.signed_text).unwrap()
}

#[tokio::test]
async fn the_signed_text_says_all_that_the_sheet_shows() {
    let server = Server::start().await;
    let voucher = issued(&server).await;
    let body = body(&voucher);
    for (field, shown) in [
        ("voucher_number", &voucher.voucher_number),
        ("issued_on", &voucher.issued_on),
        ("authority", &voucher.tax_authority_code),
        ("treasury", &voucher.treasury_code),
        ("taxpayer_id", &voucher.taxpayer_id),
        ("tax_number", &voucher.tax_number),
        ("taxpayer_name", &voucher.taxpayer_name),
        ("payment_id", &voucher.payment_id),
        ("declaration_id", &voucher.declaration_id),
        ("content_digest", &voucher.content_digest),
        ("rule_pack_digest", &voucher.rule_pack_digest),
        ("bank_reference", &voucher.bank_reference),
        ("principal", &voucher.principal_yuan),
        ("total", &voucher.total_yuan),
        ("total_in_words", &voucher.total_in_words),
        ("algorithm", &voucher.signature_algorithm),
        ("key_id", &voucher.key_id),
    ] {
        assert_eq!(body[field], shown.as_str(), "{field}");
        assert!(!shown.is_empty(), "{field}");
    }
    assert_eq!(
        (&body["format"], &body["kind"]),
        (&2.into(), &"PAYMENT".into())
    );
    assert_eq!(body["sample"], true, "a sandbox issues samples");
    let row = &body["rows"][0];
    let shown = &voucher.rows[0];
    assert_eq!(
        row["original_voucher_number"],
        shown.original_voucher_number.as_str()
    );
    assert_eq!(row["treasury_date"], "2026-10-12");
    assert_eq!(row["amount"], "300.00");
    VoucherNumber::parse(&shown.original_voucher_number).unwrap();
    assert_eq!(voucher.kind(), pb::VoucherKind::Payment);
    let mut parts = voucher.qr_text.split(':');
    let parts: [&str; 7] = std::array::from_fn(|_| parts.next().unwrap());
    let key_id = voucher.key_id.to_uppercase();
    let code = voucher.verification_code.as_str();
    let number = voucher.voucher_number.as_str();
    assert_eq!(
        parts,
        ["CAIXING", "1", number, TAX_NUMBER, "300.00", code, &key_id]
    );
}

#[tokio::test]
async fn the_code_is_bound_to_number_taxpayer_and_amount() {
    let server = Server::start().await;
    let voucher = issued(&server).await;
    let code = voucher.verification_code.clone();
    assert_eq!(code.len(), 16);
    let text = write_json("Voucher", &voucher).unwrap();
    let kept = check_voucher(&text, None).unwrap();
    let mut others = vec![kept.clone(), kept.clone(), kept.clone(), kept];
    others[0].body.voucher_number = voucher_number(5);
    others[1].body.total = yuan("300.01");
    others[2].body.tax_number = crate::sample::taxpayer().tax_number;
    others[3].signature = "00".repeat(64);
    for other in others {
        assert_ne!(other.verification_code(), code);
        assert!(!other.has_code(&code));
    }
}

#[tokio::test]
async fn verifying_opens_the_rows_only_to_who_has_the_code() {
    let server = Server::start().await;
    let voucher = issued(&server).await;
    let without = verify(&server, &voucher, "").await;
    assert!(without.valid);
    assert_eq!(without.state(), pb::VoucherState::Issued);
    assert_eq!(without.issued_on, "2026-10-12");
    assert_eq!(
        (without.signed_text.as_str(), without.signature.as_str()),
        ("", "")
    );
    assert_eq!(without.public_key, "");
    let code = &voucher.verification_code;
    let typed = format!(" {}-{} ", &code[..8].to_lowercase(), &code[8..]);
    for typed in [code.as_str(), &typed] {
        let with = verify(&server, &voucher, typed).await;
        assert_eq!(with.signed_text, voucher.signed_text);
        assert!(signing::verify(
            &with.signed_text,
            &with.signature,
            &with.public_key
        ));
    }
    let last = if code.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{last}", &code[..15]);
    for typed in [wrong.as_str(), &code[..15], &format!("{code}0"), "皖"] {
        let answer = verify(&server, &voucher, typed).await;
        assert_eq!(answer, pb::VerifyVoucherResponse::default(), "{typed}");
    }
}

#[tokio::test]
async fn every_altered_byte_of_a_voucher_file_is_seen() {
    let server = Server::start().await;
    let voucher = issued(&server).await;
    let text = write_json("Voucher", &voucher).unwrap();
    check_voucher(&text, Some(&voucher.public_key)).unwrap();
    let inside = format!("{{\"voucher\":{text}}}");
    check_voucher(&inside, Some(&voucher.public_key)).unwrap();
    let (mut tried, mut unseen) = (0, Vec::<String>::new());
    for place in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1 << bit;
            tried += 1;
            // A file that is no text any more cannot be read at all.
            let Ok(altered) = String::from_utf8(bytes) else {
                continue;
            };
            if check_voucher(&altered, None).is_ok() {
                unseen.push(
                    altered[place.saturating_sub(20)..]
                        .chars()
                        .take(40)
                        .collect(),
                );
            }
        }
    }
    assert_eq!(unseen, Vec::<String>::new());
    assert!(tried > 16_000, "{tried}");
}

#[tokio::test]
async fn an_altered_field_is_named() {
    let server = Server::start().await;
    let voucher = issued(&server).await;
    let altered = |change: &dyn Fn(&mut pb::Voucher)| {
        let mut copy = voucher.clone();
        change(&mut copy);
        let text = write_json("Voucher", &copy).unwrap();
        check_voucher(&text, None).unwrap_err().to_string()
    };
    type Change = Box<dyn Fn(&mut pb::Voucher)>;
    let in_text = |from: &'static str, to: &'static str| -> Change {
        Box::new(move |one| {
            assert!(one.signed_text.contains(from), "{from}");
            one.signed_text = one.signed_text.replacen(from, to, 1);
        })
    };
    let cases: Vec<(&str, Change)> = vec![
        (
            "totalYuan: shown",
            Box::new(|one| one.total_yuan = "300.01".to_owned()),
        ),
        (
            "taxpayerName: shown",
            Box::new(|one| one.taxpayer_name.push('二')),
        ),
        (
            "rows[0].amountYuan: shown",
            Box::new(|one| one.rows[0].amount_yuan = "3.00".to_owned()),
        ),
        ("rows: signed, not shown", Box::new(|one| one.rows.clear())),
        ("qrText: shown", Box::new(|one| one.qr_text.push('0'))),
        (
            "verificationCode: signed, not shown",
            Box::new(|one| one.verification_code.clear()),
        ),
        (
            "public_key",
            Box::new(|one| one.public_key = "00".repeat(32)),
        ),
        ("etag", Box::new(|one| one.reprint_count = 1)),
        (
            "state",
            Box::new(|one| one.set_state(pb::VoucherState::Voided)),
        ),
        ("total_in_words", in_text("叁佰元整", "叁仟元整")),
        (
            "rows",
            in_text("\"amount\":\"300.00\"", "\"amount\":\"300.01\""),
        ),
        (
            "issued_on",
            in_text(
                "\"issued_on\":\"2026-10-12\"",
                "\"issued_on\":\"2026-10-13\"",
            ),
        ),
        ("canonical", in_text("{\"format\"", "{ \"format\"")),
        (
            "unknown field",
            in_text("{\"format\"", "{\"x\":1,\"format\""),
        ),
    ];
    for (named, change) in cases {
        let told = altered(&change);
        assert!(told.contains(named), "{named}: {told}");
    }
    // Only text and signature are left to disagree.
    let told = altered(&|one| {
        let from = "合肥皖星精密机械制造有限公司";
        one.signed_text = one
            .signed_text
            .replacen(from, "合肥皖星精密机械制造公司", 1);
        one.taxpayer_name = "合肥皖星精密机械制造公司".to_owned();
    });
    assert_eq!(
        told,
        "not as signed: signed_text: the signature does not hold"
    );
    let text = write_json("Voucher", &voucher).unwrap();
    let other = check_voucher(&text, Some(&"11".repeat(32))).unwrap_err();
    assert!(other.to_string().contains("public_key"), "{other}");
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
        [voided.clone()]
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

#[test]
fn a_body_that_breaks_a_rule_says_which() {
    let text = read(STORED);
    let sample: pb::Voucher = read_json("Voucher", text.trim()).unwrap();
    let body: VoucherBody = serde_json::from_str(&sample.signed_text).unwrap();
    let faults = |change: &dyn Fn(&mut VoucherBody)| {
        let mut copy = body.clone();
        change(&mut copy);
        copy.faults()
    };
    assert_eq!(faults(&|_| {}), Vec::<String>::new());
    assert_eq!(faults(&|one| one.format = 3), ["format"]);
    assert_eq!(
        faults(&|one| one.total_in_words = "壹元整".to_owned()),
        ["total_in_words"]
    );
    assert_eq!(faults(&|one| one.principal = yuan("301.51")), ["principal"]);
    assert_eq!(faults(&|one| one.rows[0].amount = yuan("300.01")), ["rows"]);
    let total = |one: &mut VoucherBody| one.total = yuan("301.51");
    assert_eq!(faults(&total), ["rows", "total_in_words"]);
    // What a format 2 needs is missing from a format 1.
    let newer = faults(&|one| one.format = 2);
    for field in [
        "kind",
        "issued_at",
        "treasury",
        "taxpayer_id",
        "algorithm",
        "key_id",
    ] {
        assert!(newer.contains(&field.to_owned()), "{field}: {newer:?}");
    }
}
