//! The catalogue of findings: its document, and a case for every rule.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::sample;

fn files_below(folder: &Path, ending: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, ending, found);
        } else if path.extension().is_some_and(|end| end == ending) {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

fn texts(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    files_below(&folder, ending, &mut found);
    found
}

#[test]
fn the_document_is_the_catalogue() {
    let written = sample::read("docs/findings.md");
    let document = caixing::cli::findings_document();
    if std::env::var_os("CAIXING_UPDATE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md");
        std::fs::write(path, document).unwrap();
        return;
    }
    assert_eq!(
        written, document,
        "run `caixing rules findings > docs/findings.md`"
    );
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    assert_eq!(rows.count(), caixing::filing::catalogue::all().count());
}

#[test]
fn an_id_stands_once_and_says_what_must_hold() {
    let mut seen = BTreeSet::new();
    for check in caixing::filing::catalogue::all() {
        assert!(seen.insert(check.id), "{} stands twice", check.id);
        let capitals =
            |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
        assert!(
            check.id.chars().all(capitals) && check.id.len() <= 63,
            "{}",
            check.id
        );
        assert!(
            !check.zh.trim().is_empty() && !check.en.trim().is_empty(),
            "{}",
            check.id
        );
    }
    assert!(seen.len() >= 19, "only {} rules", seen.len());
}

/// The ids that cases expect, in whatever folder.
fn expected_ids() -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for text in texts("tests/cases", "json") {
        let value: Value = serde_json::from_str(&text).unwrap();
        // The cases of forms stand beside the sources they share, and expect more of a finding.
        let cases = value.as_array().or_else(|| value["cases"].as_array());
        for case in cases.into_iter().flatten() {
            let expected = &case["expected"];
            ids.extend(expected["refused"].as_str().map(str::to_owned));
            for list in ["findings", "reviews"] {
                let findings = expected[list].as_array().into_iter().flatten();
                let id = |found: &Value| found.as_str().or(found["id"].as_str()).map(str::to_owned);
                ids.extend(findings.filter_map(id));
            }
        }
    }
    ids
}

#[test]
fn every_rule_of_checking_has_a_case() {
    let ids = expected_ids();
    let mut rust = texts("tests/it", "rs");
    rust.extend(
        texts("src", "rs")
            .into_iter()
            .filter(|text| text.contains("#[test]")),
    );
    let named = |id: &str| {
        let quoted = format!("\"{id}\"");
        rust.iter().any(|text| text.contains(&quoted))
    };
    let without: Vec<&str> = caixing::filing::catalogue::all()
        .map(|check| check.id)
        .filter(|id| {
            let in_rust = id.contains("_RADAR_") && named(id);
            !in_rust && !ids.contains(*id)
        })
        .collect();
    assert!(without.is_empty(), "no case expects {without:#?}");
}
