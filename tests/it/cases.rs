//! Worked cases of law as data: `tests/cases/<tax>/*.json` against rules and engines.
//!
//! Each file is a list of cases. `expected` holds answers worked out by hand or published, in yuan;
//! `refused` names the finding that stops the case; `findings` names ones that must be reported.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use caixing::rules::RuleBook;
use caixing::tax::{Context, Profile, TaxSource};
use caixing::types::{Money, Period, Region};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub id: String,
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "cite")]
    _cite: String,
    pub region: Region,
    pub period: Period,
    /// Rule text laid over the pack as a file of its own, for places whose values are given.
    #[serde(default)]
    pub rules: String,
    pub profile: Profile,
    pub sources: Vec<TaxSource>,
    pub expected: Expected,
    #[serde(rename = "working")]
    _working: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    tax_before_relief: Option<Money>,
    relief: Option<Money>,
    already_paid: Option<Money>,
    tax_payable: Option<Money>,
    /// Tax before relief of each line, in order.
    line_tax: Option<Vec<Money>>,
    /// The item (税目) of each line, in order.
    items: Option<Vec<String>>,
    /// The relief lines in order, id and amount.
    reliefs: Option<Vec<(String, Money)>>,
    /// The finding that refuses the charge.
    pub refused: Option<String>,
    /// Findings that `check` must report.
    pub findings: Vec<String>,
    /// Findings that `check` must not report.
    absent: Vec<String>,
}

/// Read once: most cases need nothing but the pack.
static PACK: LazyLock<RuleBook> = LazyLock::new(|| RuleBook::embedded().unwrap());

/// The embedded pack with a file laid over it.
pub fn book(extra: &str) -> RuleBook {
    let mut files = PACK.files().clone();
    if !extra.is_empty() {
        files.insert("region/case.toml".to_owned(), extra.to_owned());
    }
    RuleBook::from_files(files).unwrap_or_else(|error| panic!("{error}"))
}

fn sum(amounts: impl Iterator<Item = Money>) -> Money {
    Money::sum(amounts).unwrap()
}

/// The other sources of the same tax as the one at a place.
fn peers_of(case: &Case, place: usize) -> Vec<&TaxSource> {
    let kind = case.sources[place].kind();
    case.sources
        .iter()
        .enumerate()
        .filter(|(other, peer)| *other != place && peer.kind() == kind)
        .map(|(_, peer)| peer)
        .collect()
}

/// What differs from the expected answers, by name.
pub fn differences(case: &Case) -> Vec<String> {
    let own = (!case.rules.is_empty()).then(|| book(&case.rules));
    let ctx = Context {
        rules: own.as_ref().unwrap_or(&PACK),
        region: case.region,
        period: case.period,
        profile: &case.profile,
        explain: true,
    };
    let mut wrong = Vec::new();
    let mut found: Vec<_> = case
        .sources
        .iter()
        .flat_map(|source| source.check(&ctx))
        .collect();
    for (place, source) in case.sources.iter().enumerate() {
        found.extend(source.check_among(&peers_of(case, place), &ctx));
    }
    for id in &case.expected.findings {
        if !found.iter().any(|finding| finding.rule_id == *id) {
            wrong.push(format!("finding {id} is not reported, but {found:?}"));
        }
    }
    for id in &case.expected.absent {
        if found.iter().any(|finding| finding.rule_id == *id) {
            wrong.push(format!("finding {id} is reported"));
        }
    }
    let mut charges = Vec::new();
    for (place, source) in case.sources.iter().enumerate() {
        match source.charge(&peers_of(case, place), &ctx) {
            Ok(lines) => charges.extend(lines),
            Err(error) => {
                let rule_id = error.into_finding().rule_id;
                if case.expected.refused.as_ref() == Some(&rule_id) {
                    return wrong;
                }
                return vec![format!("refused by {rule_id}")];
            }
        }
    }
    if let Some(rule_id) = &case.expected.refused {
        return vec![format!("not refused by {rule_id}")];
    }
    let mut check = |name: &str, expected: Option<Money>, actual: Money| {
        if let Some(expected) = expected
            && expected != actual
        {
            wrong.push(format!("{name}: expected {expected}, got {actual}"));
        }
    };
    let expected = &case.expected;
    check(
        "tax",
        expected.tax_before_relief,
        sum(charges.iter().map(|line| line.tax_amount)),
    );
    check(
        "relief",
        expected.relief,
        sum(charges.iter().map(|line| line.relief().unwrap())),
    );
    check(
        "paid",
        expected.already_paid,
        sum(charges.iter().map(|line| line.already_paid)),
    );
    check(
        "payable",
        expected.tax_payable,
        sum(charges.iter().map(|line| line.payable().unwrap())),
    );
    if let Some(lines) = &expected.line_tax {
        let actual: Vec<Money> = charges.iter().map(|line| line.tax_amount).collect();
        if *lines != actual {
            wrong.push(format!("lines: expected {lines:?}, got {actual:?}"));
        }
    }
    if let Some(items) = &expected.items {
        let actual: Vec<&String> = charges.iter().map(|line| &line.item).collect();
        if items.iter().ne(actual.iter().copied()) {
            wrong.push(format!("items: expected {items:?}, got {actual:?}"));
        }
    }
    if let Some(reliefs) = &expected.reliefs {
        let actual: Vec<(String, Money)> = charges
            .iter()
            .flat_map(|line| line.reliefs.iter())
            .map(|line| (line.relief_id.clone(), line.amount))
            .collect();
        if *reliefs != actual {
            wrong.push(format!("reliefs: expected {reliefs:?}, got {actual:?}"));
        }
    }
    if charges.iter().any(|line| line.steps.is_empty()) {
        wrong.push("a line has no explanation".to_owned());
    }
    wrong
}

/// The folders of cases of this shape: one for each tax, and what the taxes share.
const FOLDERS: [&str; 7] = [
    "real_estate",
    "land_use",
    "vehicle_vessel",
    "stamp",
    "land_appreciation",
    "environmental",
    "shared",
];

fn cases_of(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(folder);
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let cases: Vec<Case> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        all.extend(cases);
    }
    all
}

/// Every case of every folder.
pub fn all_cases() -> Vec<Case> {
    FOLDERS.into_iter().flat_map(cases_of).collect()
}

fn run(tax: &str, least: usize) {
    let mut failures: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    let mut ids = std::collections::BTreeSet::new();
    for case in cases_of(tax) {
        count += 1;
        assert!(ids.insert(case.id.clone()), "case {} stands twice", case.id);
        let nothing = case.expected.tax_payable.is_none()
            && case.expected.refused.is_none()
            && case.expected.findings.is_empty();
        assert!(!nothing, "case {} expects nothing", case.id);
        let wrong = differences(&case);
        if !wrong.is_empty() {
            failures.insert(case.id, wrong);
        }
    }
    assert!(failures.is_empty(), "{tax}: {failures:#?}");
    assert!(
        count >= least,
        "{tax}: only {count} cases, expected at least {least}"
    );
}

#[test]
fn real_estate_cases() {
    run("real_estate", 353);
}

#[test]
fn land_use_cases() {
    run("land_use", 340);
}

#[test]
fn vehicle_vessel_cases() {
    run("vehicle_vessel", 292);
}

#[test]
fn stamp_cases() {
    run("stamp", 354);
}

#[test]
fn land_appreciation_cases() {
    run("land_appreciation", 281);
}

#[test]
fn environmental_cases() {
    run("environmental", 299);
}

#[test]
fn shared_cases() {
    run("shared", 31);
}
