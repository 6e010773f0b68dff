//! The voucher anyone can verify: what is signed, what a holder can learn, and what an altered file
//! shows.

use caixing::cli::{check_voucher, read_json, write_json};
use caixing::filing::{VoucherBody, in_words, original_number};
use caixing::pb;
use caixing::signing;
use caixing::types::{TaxKind, VoucherNumber};
use serde_json::Value;

use crate::sample::{payment_id, read, voucher_number, yuan};
use crate::support::{Server, TAX_NUMBER, filed, pay, voucher_list, wait_for};

const STORED: &str = "tests/compat/voucher/v1/contract.json";

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

/// Asks as a stranger who holds the sheet.
pub async fn verify(
    server: &Server,
    voucher: &pb::Voucher,
    code: &str,
) -> pb::VerifyVoucherResponse {
    let request = pb::VerifyVoucherRequest {
        voucher_number: voucher.voucher_number.clone(),
        tax_number: voucher.tax_number.clone(),
        total_yuan: voucher.total_yuan.clone(),
        verification_code: code.to_owned(),
    };
    let answer = server.vouchers().verify_voucher(request).await;
    answer.unwrap().into_inner()
}

/// The signed text of a voucher.
pub fn body(voucher: &pb::Voucher) -> Value {
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
