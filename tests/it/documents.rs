//! Pages that list what the code has: every reason of an error, every direct dependency.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use caixing::filing::Refusal;
use caixing::grpc::{Call, Failure, Language, status};
use caixing::store::StoreError;
use caixing::types::Money;
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

fn failures() -> Vec<Failure> {
    let what = || "it".to_owned();
    let mut failures: Vec<Failure> = ["taxpayer", "tax_source", "declaration", "payment"]
        .into_iter()
        .chain(["voucher", "thing"])
        .map(|what| Failure::NotFound {
            what,
            id: "7".to_owned(),
        })
        .collect();
    let amount = |text: &str| Money::parse_yuan(text).unwrap();
    let refusals = [
        Refusal::WrongState {
            what: "payment",
            state: "FAILED",
            needed: "SENT",
        },
        Refusal::DigestMismatch {
            named: what(),
            actual: what(),
        },
        Refusal::Stale {
            drawn: what(),
            now: what(),
        },
        Refusal::Findings(vec![what()]),
        Refusal::Unacknowledged(vec![what()]),
        Refusal::AmountChanged {
            named: amount("1.00"),
            today: amount("2.00"),
        },
        Refusal::AlreadyDeclared(what()),
        Refusal::PaymentAlive(what()),
        Refusal::SettlementMismatch {
            expected: what(),
            reported: what(),
        },
        Refusal::NothingToDeclare,
        Refusal::TooLarge,
    ];
    failures.extend(refusals.map(Failure::Refused));
    failures.extend([
        Failure::Fields(Vec::new()),
        Failure::AlreadyExists {
            what: "taxpayer",
            id: what(),
        },
        Failure::StaleEtag {
            what: "taxpayer",
            current: what(),
        },
        Failure::RequestIdReused { method: what() },
        Failure::RowKeyReused { source: what() },
        Failure::StillRunning,
        Failure::Store(StoreError::Unavailable(what())),
        Failure::Store(StoreError::Stale("payment")),
        Failure::Store(StoreError::Inconsistent {
            table: "payment",
            problem: what(),
        }),
        Failure::Internal(what()),
    ]);
    failures
}

#[test]
fn each_reason_comes_with_the_code_its_page_names() {
    let page: BTreeMap<String, Vec<String>> = rows(&text("docs/errors.md"))
        .into_iter()
        .filter(|(_, cells)| cells.len() == 4)
        .collect();
    let call = Call {
        id: "documents".to_owned(),
        language: Language::English,
    };
    let mut seen = BTreeSet::new();
    for failure in failures() {
        let status = status(failure, &call);
        let reason = status.get_details_error_info().unwrap().reason;
        let code = page[&reason][0].replace('_', "").to_lowercase();
        assert_eq!(
            format!("{:?}", status.code()).to_lowercase(),
            code,
            "{reason}"
        );
        seen.insert(reason);
    }
    assert_eq!(seen, page.into_keys().collect(), "reasons with a code");
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
