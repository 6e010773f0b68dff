//! Pages that list what the code has: every reason of an error, every direct dependency.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use caixing::grpc::{Call, Language, Reason, Topic, reasons as reasons_catalogue, status};
use tonic_types::StatusExt as _;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Cells of the table rows of a page whose first cell is a name in backticks.
fn rows(page: &str) -> Vec<(String, Vec<String>)> {
    let mut rows = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<String> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        rows.push((cells[0].trim_matches('`').to_owned(), cells[1..].to_vec()));
    }
    rows
}

fn names(page: &str) -> BTreeSet<String> {
    let rows = rows(page);
    let names: BTreeSet<String> = rows.iter().map(|row| row.0.clone()).collect();
    assert_eq!(names.len(), rows.len(), "a name stands twice");
    names
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// String literals in `UPPER_SNAKE_CASE`.
fn literals(code: &str) -> Vec<String> {
    let upper = |text: &&str| {
        text.len() > 3
            && text.starts_with(|first: char| first.is_ascii_uppercase())
            && text
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    code.split('"')
        .skip(1)
        .step_by(2)
        .filter(upper)
        .map(str::to_owned)
        .collect()
}

/// Every reason the code can give.
fn reasons() -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    for file in &files {
        let code = fs::read_to_string(file).unwrap();
        for made in code.split("Invalid::new(").skip(1) {
            if let Some(rest) = made.trim_start().strip_prefix('"') {
                reasons.insert(rest.split('"').next().unwrap().to_owned());
            }
        }
    }
    reasons.extend(literals(&text("src/types/ids.rs")));
    reasons.extend(literals(&text("src/grpc/status.rs")));
    let refusal = text("src/filing/refusal.rs");
    let (_, body) = refusal.split_once("const fn reason").unwrap();
    reasons.extend(literals(body.split_once("\n    }\n").unwrap().0));
    let money = text("src/filing/refusal_money.rs");
    let (_, body) = money.split_once("const fn reason").unwrap();
    reasons.extend(literals(body.split_once("\n    }\n").unwrap().0));
    let payment = text("src/filing/payment.rs");
    let (_, body) = payment.split_once("pub fn hear").unwrap();
    reasons.extend(literals(body.split_once("\n    }\n").unwrap().0));
    reasons
}

#[test]
fn every_reason_of_the_code_stands_in_the_page_and_no_other() {
    let reasons = reasons();
    // A reader that finds nothing must not pass.
    for known in [
        "REQUIRED",
        "TREASURY_SYNTAX",
        "DRAFT_STALE",
        "INTERNAL",
        "CURRENCY_SYNTAX",
    ] {
        assert!(reasons.contains(known), "{known} was not found in the code");
    }
    assert_eq!(names(&text("docs/errors.md")), reasons);
}

/// What the catalogue makes of each reason, on demand.
#[test]
fn each_reason_can_be_dialled_and_comes_with_the_code_and_words_its_page_names() {
    let page = text("docs/errors.md");
    let rows: BTreeMap<String, Vec<String>> = rows(&page).into_iter().collect();
    let named: BTreeSet<&str> = reasons_catalogue().iter().map(|one| one.name).collect();
    assert_eq!(named, rows.keys().map(String::as_str).collect());
    for one in reasons_catalogue() {
        let cells = [one.code, Some(one.zh), Some(one.en), Some(one.advice)];
        let cells: Vec<&str> = cells.into_iter().flatten().collect();
        assert_eq!(cells, rows[one.name], "{}", one.name);
        if one.topic == Topic::Payment {
            // No call fails for it: the bank is told to bring it about.
            assert!(one.bank_fault().is_some(), "{} cannot be dialled", one.name);
            continue;
        }
        for language in [Language::Chinese, Language::English] {
            let call = Call {
                id: "documents".to_owned(),
                language,
            };
            let failure = one.failure();
            let failure = failure.unwrap_or_else(|| panic!("{} cannot be dialled", one.name));
            check_dialled(one, &status(failure, &call), language);
        }
    }
}

fn check_dialled(one: &Reason, status: &tonic::Status, language: Language) {
    let details = status.get_error_details();
    let reason = &details.error_info().unwrap().reason;
    let said = &details.localized_message().unwrap().message;
    let code = format!("{:?}", status.code()).to_lowercase();
    if one.topic == Topic::Field {
        assert_eq!(
            (code.as_str(), reason.as_str()),
            ("invalidargument", "FIELDS_INVALID")
        );
        let violation = &details.bad_request().unwrap().field_violations[0];
        let words = match language {
            Language::Chinese => one.zh,
            Language::English => one.en,
        };
        assert_eq!(violation.description, format!("{}: {words}", one.name));
        return;
    }
    assert_eq!(reason, one.name);
    let page = one.code.unwrap().replace('_', "").to_lowercase();
    assert_eq!(code, page, "{reason}");
    let chinese = said.chars().any(|letter| u32::from(letter) >= 0x2e80);
    assert_eq!(chinese, language == Language::Chinese, "{reason}: {said}");
    let refused = details.precondition_failure();
    let kinds = refused.map(|failed| failed.violations[0].r#type.as_str());
    let expected = (one.topic == Topic::Step).then_some(one.name);
    assert_eq!(kinds, expected, "{reason}");
}

#[test]
fn every_direct_dependency_has_its_reason_in_the_page() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let mut crates = BTreeSet::new();
    for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
        crates.extend(manifest[section].as_table().unwrap().keys().cloned());
    }
    assert!(crates.contains("tonic"), "the manifest was read");
    assert_eq!(names(&text("docs/dependencies.md")), crates);
}
