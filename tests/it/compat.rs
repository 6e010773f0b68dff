//! What was stored once is read for ever: sources and declarations in format 1 as the example
//! journey stored them.

use std::fs;
use std::path::Path;

use caixing::filing::Content;
use caixing::tax::TaxSource;
use caixing::types::TaxKind;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::sample::{read, yuan};

const DECLARATION: &str = "tests/compat/declaration/v1/hefei-manufacturer.json";

/// Everything the stored value says is also said by the other, which may say more.
fn is_said(stored: &Value, now: &Value) -> bool {
    match (stored, now) {
        (Value::Object(stored), Value::Object(now)) => stored
            .iter()
            .all(|(key, value)| now.get(key).is_some_and(|now| is_said(value, now))),
        (Value::Array(stored), Value::Array(now)) => {
            stored.len() == now.len() && stored.iter().zip(now).all(|(a, b)| is_said(a, b))
        }
        _ => stored == now,
    }
}

#[test]
fn every_stored_source_of_format_1_is_read_and_nothing_of_it_is_lost() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/source/v1");
    let mut kinds = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let source: TaxSource =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let stored: Value = serde_json::from_str(&text).unwrap();
        let now = serde_json::to_value(&source).unwrap();
        assert!(is_said(&stored, &now), "{path:?} lost something: {now}");
        assert_eq!(stored["tax"], source.kind().name(), "{path:?}");
        // A database may hand the keys back in another order.
        let turned = format!(
            r#"{{"source":{},"tax":{}}}"#,
            stored["source"], stored["tax"]
        );
        let again: TaxSource =
            serde_json::from_str(&turned).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert_eq!(again, source, "{path:?}");
        kinds.push(source.kind());
    }
    for kind in TaxKind::ALL {
        assert!(kinds.contains(&kind), "no stored source of {kind:?}");
    }
}

#[test]
fn a_stored_source_with_an_unknown_field_is_refused() {
    for kind in TaxKind::ALL {
        let name = kind.name().to_lowercase();
        let text = read(&format!("tests/compat/source/v1/{name}.json"));
        let changed = text.replacen("{", "{\"not_a_field\":true,", 2).replacen(
            "{\"not_a_field\":true,",
            "{",
            1,
        );
        assert_ne!(changed, text, "{name}");
        let error = serde_json::from_str::<TaxSource>(&changed).unwrap_err();
        assert!(error.to_string().contains("not_a_field"), "{name}: {error}");
    }
}

#[test]
fn a_stored_declaration_of_format_1_is_read_with_its_totals() {
    let content: Content = serde_json::from_str(&read(DECLARATION)).unwrap();
    assert_eq!(content.format, 1);
    assert_eq!((content.covered.len(), content.lines.len()), (26, 35));
    assert_eq!(content.findings.len(), 20);
    let totals = content.totals().unwrap();
    assert_eq!(totals.payable, yuan("917129.19"));
    assert_eq!(totals.refundable, yuan("0.00"));
    // The transfer of 09-29 falls due after 7 days, moved by the National Day holiday.
    assert_eq!(content.due_on().unwrap().to_string(), "2026-10-14");
}

/// The digest stands on vouchers: reading and writing the content must give the same bytes.
#[test]
fn a_stored_declaration_of_format_1_keeps_its_digest() {
    const DIGEST: &str = "8680d82f7599c0bc90bd130dacecfd14cf5cc6fb46e7afcdcd634462b01f20b5";
    let text = read(DECLARATION);
    assert_eq!(hex::encode(Sha256::digest(text.trim_end())), DIGEST);
    let content: Content = serde_json::from_str(&text).unwrap();
    assert_eq!(content.digest().unwrap(), DIGEST);
}
