//! Whether a voucher file is what was signed, and where it differs, without any server.

use serde_json::Value;

use super::json;
use crate::filing::{Voucher, VoucherBody, VoucherKind, VoucherState};
use crate::grpc::convert;
use crate::pb;
use crate::signing;
use crate::types::{TaxpayerKey, VoucherNumber};

const NOT_SHOWN: &str = "signed, not shown";

/// Why a file is not a voucher to rely on: the fields that differ or break a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not as signed: {}", .0.join("; "))]
pub struct Altered(pub Vec<String>);

/// Reads a voucher saved as the JSON of `Voucher` or of `GetVoucherResponse` and checks it down to
/// the last letter: the signature over the signed text, every shown field against that text, and
/// the rules every honest voucher keeps (check digits, capitals, sums, verification code).
///
/// State, prints, numbers that replace it and the closing reason come after signing: here they are
/// only checked against each other, `VerifyVoucher` says how things stand.
///
/// # Errors
/// [`Altered`], as far as can be known with the names of the fields.
pub fn check_voucher(text: &str, public_key: Option<&str>) -> Result<Voucher, Altered> {
    let wrong = |field: String| Altered(vec![field]);
    let file: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let inner = file.get("voucher").unwrap_or(&file);
    let shown: pb::Voucher =
        json::read("Voucher", &inner.to_string()).map_err(|error| wrong(error.to_string()))?;
    let body: VoucherBody = serde_json::from_str(&shown.signed_text)
        .map_err(|error| wrong(format!("signed_text: {error}")))?;
    let mut faults = body.faults();
    let canonical = serde_json::to_string(&body).map_err(|error| wrong(error.to_string()))?;
    if canonical != shown.signed_text {
        faults.push("signed_text: not in its canonical form".to_owned());
    }
    let voucher = rebuilt(&shown, body).map_err(|field| wrong(field.to_owned()))?;
    faults.extend(mutable_faults(&voucher));
    faults.extend(differing(inner, &voucher)?);
    let key_differs = signing::key_id(&shown.public_key) != voucher.key_id();
    let pinned = public_key.is_some_and(|key| key != shown.public_key);
    if key_differs || pinned {
        faults.push(format!("public_key: {}", shown.public_key));
    }
    if !voucher.signature_holds(public_key.unwrap_or(&shown.public_key)) && faults.is_empty() {
        faults.push("signed_text: the signature does not hold".to_owned());
    }
    if faults.is_empty() {
        return Ok(voucher);
    }
    faults.dedup();
    Err(Altered(faults))
}

/// The voucher as the service keeps it, from the signed text and what the file says beside it.
fn rebuilt(shown: &pb::Voucher, body: VoucherBody) -> Result<Voucher, &'static str> {
    let number = |text: &str, field: &'static str| match text {
        "" => Ok(None),
        text => VoucherNumber::parse(text).map(Some).map_err(|_| field),
    };
    let state = match shown.state() {
        pb::VoucherState::Issued => VoucherState::Issued,
        pb::VoucherState::Voided => VoucherState::Voided,
        pb::VoucherState::Replaced => VoucherState::Replaced,
        pb::VoucherState::Unspecified => return Err("state"),
    };
    let version = shown
        .etag
        .strip_prefix('v')
        .and_then(|text| text.parse().ok());
    let created = shown.create_time.unwrap_or_default();
    let created =
        jiff::Timestamp::new(created.seconds, created.nanos).map_err(|_| "create_time")?;
    let taxpayer = TaxpayerKey::parse(&shown.taxpayer_id).map_err(|_| "taxpayer_id")?;
    Ok(Voucher {
        // Format 1 does not sign these two.
        taxpayer: body.taxpayer_id.unwrap_or(taxpayer),
        created_at: body.issued_at.unwrap_or(created),
        state,
        signed_text: shown.signed_text.clone(),
        signature: shown.signature.clone(),
        public_key: shown.public_key.clone(),
        kind: body.kind.unwrap_or(VoucherKind::Payment),
        refund: body.refund_id,
        replaces: body.replaces.clone(),
        replaced_by: number(
            &shown.replaced_by_voucher_number,
            "replaced_by_voucher_number",
        )?,
        reprints: u32::try_from(shown.reprint_count).map_err(|_| "reprint_count")?,
        close_reason: Some(shown.close_reason.clone()).filter(|reason| !reason.is_empty()),
        version: version.ok_or("etag")?,
        body,
    })
}

/// What came after signing must at least agree with itself: each act raises the version by one.
fn mutable_faults(voucher: &Voucher) -> Vec<String> {
    let mut faults = Vec::new();
    let (closed, replaced) = (
        voucher.state != VoucherState::Issued,
        voucher.replaced_by.is_some(),
    );
    if closed != voucher.close_reason.is_some()
        || replaced && !closed
        || (voucher.state == VoucherState::Replaced) && !replaced
    {
        faults.push("state: does not agree with close_reason and replaced_by".to_owned());
    }
    let voided_then_replaced = voucher.state == VoucherState::Voided && replaced;
    let acts = i64::from(voucher.reprints) + i64::from(closed) + i64::from(voided_then_replaced);
    if voucher.version != acts.saturating_add(1) {
        faults.push("etag: does not agree with state and reprint_count".to_owned());
    }
    faults
}

/// The fields of the file that are not what the signed text makes them.
fn differing(file: &Value, voucher: &Voucher) -> Result<Vec<String>, Altered> {
    let signed = json::write("Voucher", &convert::voucher(voucher))
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .ok_or_else(|| Altered(vec!["signed_text".to_owned()]))?;
    let mut found = Vec::new();
    compare("", file, &signed, &mut found);
    if voucher.body.format == 1 {
        // Files of that time lack fields that are shown today.
        found.retain(|fault| !fault.ends_with(NOT_SHOWN));
    }
    Ok(found)
}

fn compare(path: &str, shown: &Value, signed: &Value, found: &mut Vec<String>) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match (shown, signed) {
        (Value::Object(shown), Value::Object(signed)) => {
            for (name, value) in shown {
                match signed.get(name).or_else(|| signed.get(&camel(name))) {
                    Some(signed) => compare(&below(name), value, signed, found),
                    None if empty(value) => {}
                    None => found.push(format!("{}: shown {value}, not signed", below(name))),
                }
            }
            for name in signed.keys() {
                let there = |shown: &String| shown == name || camel(shown) == *name;
                if !shown.keys().any(there) {
                    found.push(format!("{}: {NOT_SHOWN}", below(name)));
                }
            }
        }
        (Value::Array(shown), Value::Array(signed)) if shown.len() == signed.len() => {
            for (place, (shown, signed)) in shown.iter().zip(signed).enumerate() {
                compare(&format!("{path}[{place}]"), shown, signed, found);
            }
        }
        _ if shown == signed => {}
        _ => found.push(format!("{path}: shown {shown}, signed {signed}")),
    }
}

/// A field written because its default was asked for.
fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(_) => false,
    }
}

/// `voucher_number` as proto JSON writes it, `voucherNumber`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}
