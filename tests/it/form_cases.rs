//! Worked forms as data: `tests/cases/form/*.json`, from sources to findings, sums and due days.
//!
//! A file holds sources by name and cases. A case takes sources `like` a named one, `with` changes
//! (JSON merge patch on the source), draws the form of a window and compares. `rules` is laid over
//! the rule pack.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use caixing::filing::{
    Drawing, Obligation, Reason, Scope, SourceRecord, SourceState, catalogue, draw, form_rows,
    radar, relief_schedule,
};
use caixing::rules::{Lookups, RuleBook};
use caixing::tax::{Finding, Profile, Severity};
use caixing::types::{Money, Period, Region, SourceId, TaxAuthority, TaxKind, Treasury};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::cases::book;
use crate::sample;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sources: HashMap<String, Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "cite")]
    _cite: String,
    window: Period,
    profile: Profile,
    sources: Vec<Given>,
    /// Taxes ticked; none means all.
    #[serde(default)]
    taxes: Vec<TaxKind>,
    /// The authority drawn for; none means all.
    #[serde(default)]
    authority: Option<TaxAuthority>,
    #[serde(default)]
    rules: String,
    expected: Expected,
    #[serde(rename = "working")]
    _working: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    like: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    region: Option<Region>,
    #[serde(default)]
    authority: Option<TaxAuthority>,
    #[serde(default)]
    closed: bool,
    #[serde(default)]
    with: Value,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    findings: Vec<Found>,
    absent: Vec<String>,
    /// Tax, relief and payable of a tax on all forms.
    totals: BTreeMap<TaxKind, [Money; 3]>,
    forms: Option<usize>,
    obligations: Vec<Owed>,
    reviews: Vec<Reviewed>,
    no_reviews: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    id: String,
    #[serde(default)]
    times: Option<usize>,
    /// The path below the source, or the whole path.
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    expected: Option<String>,
    #[serde(default)]
    actual: Option<String>,
    #[serde(default)]
    fix: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Owed {
    source: String,
    reason: String,
    #[serde(default)]
    period: Option<Period>,
    #[serde(default)]
    due_on: Option<String>,
    #[serde(default)]
    frequency: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    id: String,
    source: String,
    relief: String,
    #[serde(default)]
    effect: Option<Money>,
}

/// RFC 7386.
fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        if !patch.is_null() {
            *into = patch.clone();
        }
        return;
    };
    if !into.is_object() {
        *into = Value::Object(serde_json::Map::new());
    }
    let object = into.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            object.remove(key);
        } else {
            merge(object.entry(key).or_insert(Value::Null), value);
        }
    }
}

fn records(case: &Case, named: &HashMap<String, Value>) -> Vec<SourceRecord> {
    let one = |(place, given): (usize, &Given)| {
        let mut detail = named[&given.like].clone();
        merge(&mut detail["source"], &given.with);
        SourceRecord {
            id: SourceId::new(Uuid::from_u128(place as u128 + 1)),
            taxpayer: sample::taxpayer_key(),
            name: given.name.clone().unwrap_or_else(|| given.like.clone()),
            region: given.region.unwrap_or(Region::parse("340100").unwrap()),
            authority: given
                .authority
                .clone()
                .unwrap_or(TaxAuthority::parse("13401040000").unwrap()),
            treasury: Treasury::parse("1234010400").unwrap(),
            state: if given.closed {
                SourceState::Closed
            } else {
                SourceState::Collected
            },
            version: 1,
            detail: serde_json::from_value(detail)
                .unwrap_or_else(|error| panic!("{} {}: {error}", case.id, given.like)),
            recorded_at: sample::instant(0),
        }
    };
    case.sources.iter().enumerate().map(one).collect()
}

fn word(reason: &Reason) -> &'static str {
    match reason {
        Reason::Due => "DUE",
        Reason::DueWithoutTax => "DUE_WITHOUT_TAX",
        Reason::NotDueInWindow => "NOT_DUE_IN_WINDOW",
        Reason::AlreadyDeclared(_) => "ALREADY_DECLARED",
        Reason::NotTaxedInPeriod => "NOT_TAXED_IN_PERIOD",
        Reason::CannotBeCharged(_) => "CANNOT_BE_CHARGED",
        Reason::Closed => "CLOSED",
    }
}

fn is_met(wanted: &Found, found: &Finding) -> bool {
    let below = |field: &str| match field.split_once("].") {
        Some((_, rest)) => rest.to_owned(),
        None => field.to_owned(),
    };
    let same =
        |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
    found.rule_id == wanted.id
        && wanted
            .field
            .as_ref()
            .is_none_or(|field| *field == below(&found.field) || *field == found.field)
        && same(&wanted.expected, &found.expected)
        && same(&wanted.actual, &found.actual)
        && same(
            &wanted.fix,
            &found.fix.as_ref().map(|fix| fix.value.clone()),
        )
}

/// The identities of every form, whatever the case (公告2021年第9号, columns 8 to 11).
fn identities(drawing: &Drawing, wrong: &mut Vec<String>) {
    for form in &drawing.contents {
        let totals = form.totals().unwrap();
        let rows = form_rows(&form.lines).unwrap();
        let sum = |amounts: Vec<Money>| Money::sum(amounts).unwrap();
        let column =
            |of: fn(&caixing::filing::FormRow) -> Money| sum(rows.iter().map(of).collect());
        let scheduled: Vec<Money> = relief_schedule(&form.lines)
            .iter()
            .map(|row| row.relief.amount)
            .collect();
        let same = column(|row| row.tax_amount) == totals.tax_amount
            && column(|row| row.relief) == totals.relief
            && column(|row| row.payable) == totals.net
            && sum(scheduled) == totals.relief;
        if !same {
            wrong.push("the form's sums disagree".to_owned());
        }
        let mut seen = BTreeSet::new();
        for line in &form.lines {
            let charge = &line.charge;
            let period = charge.period.to_string();
            if !seen.insert((line.source_id, &charge.item, &charge.detail, period)) {
                wrong.push(format!("line {} stands twice", line.number));
            }
            let relief = charge.relief().unwrap();
            let left = charge.tax_amount.minus(relief).unwrap();
            if relief.is_negative()
                || (left.is_negative() && charge.tax_amount.is_positive())
                || left.minus(charge.already_paid).unwrap() != line.payable
            {
                wrong.push(format!("line {} breaks 8 − 9 − 10 = 11", line.number));
            }
            if charge.steps.is_empty() {
                wrong.push(format!("line {} is not explained", line.number));
            }
            let whole = charge.period.is_whole_months()
                || charge.period.first() == charge.period.last()
                || charge.period == line.tax_period;
            if !whole {
                wrong.push(format!("line {} has period {}", line.number, charge.period));
            }
        }
        let mut order: Vec<Severity> = form.findings.iter().map(|one| one.severity).collect();
        let found = order.clone();
        order.sort();
        if order != found {
            wrong.push("findings are out of order".to_owned());
        }
    }
}

fn owed(wanted: &Owed, all: &[Obligation]) -> bool {
    all.iter().any(|one| {
        one.source_name == wanted.source
            && word(&one.reason) == wanted.reason
            && wanted
                .period
                .is_none_or(|period| one.period == Some(period))
            && wanted.due_on.as_ref().is_none_or(|day| {
                one.due
                    .as_ref()
                    .is_some_and(|due| due.on.to_string() == *day)
            })
            && wanted.frequency.as_ref().is_none_or(|often| {
                one.frequency
                    .as_ref()
                    .is_some_and(|rule| rule.word == *often)
            })
    })
}

fn differences(case: &Case, named: &HashMap<String, Value>, rules: &RuleBook) -> Vec<String> {
    let sources = records(case, named);
    let scope = Scope {
        rules,
        taxpayer: sample::taxpayer_key(),
        profile: &case.profile,
        window: case.window,
        sources: &sources,
        declared: &HashMap::new(),
        authority: case.authority.as_ref(),
        taxes: &case.taxes,
        explain: true,
    };
    let drawing = draw(&scope);
    let mut wrong = Vec::new();
    identities(&drawing, &mut wrong);
    let findings: Vec<&Finding> = drawing
        .contents
        .iter()
        .flat_map(|form| &form.findings)
        .collect();
    for wanted in &case.expected.findings {
        let count = findings
            .iter()
            .filter(|found| is_met(wanted, found))
            .count();
        if wanted.times.map_or(count == 0, |times| count != times) {
            wrong.push(format!(
                "{} found {count} times in {findings:#?}",
                wanted.id
            ));
        }
    }
    for id in &case.expected.absent {
        let found: Vec<_> = findings
            .iter()
            .filter(|found| found.rule_id == *id)
            .collect();
        if !found.is_empty() {
            wrong.push(format!("{id} is reported: {found:?}"));
        }
    }
    let lines = || drawing.contents.iter().flat_map(|form| &form.lines);
    for (tax, expected) in &case.expected.totals {
        let of = || lines().filter(|line| line.charge.tax == *tax);
        let actual = [
            Money::sum(of().map(|line| line.charge.tax_amount)).unwrap(),
            Money::sum(of().map(|line| line.charge.relief().unwrap())).unwrap(),
            Money::sum(of().map(|line| line.payable)).unwrap(),
        ];
        if actual != *expected {
            wrong.push(format!("{tax:?}: expected {expected:?}, got {actual:?}"));
        }
    }
    if let Some(forms) = case.expected.forms
        && forms != drawing.contents.len()
    {
        wrong.push(format!("{} forms", drawing.contents.len()));
    }
    for wanted in &case.expected.obligations {
        if !owed(wanted, &drawing.obligations) {
            let all = &drawing.obligations;
            wrong.push(format!(
                "{} {} is not in {all:#?}",
                wanted.source, wanted.reason
            ));
        }
    }
    let reviews = radar::review(&scope);
    for wanted in &case.expected.reviews {
        let met = reviews.iter().any(|review| {
            review.finding.rule_id == wanted.id
                && review.source_name == wanted.source
                && review.relief_id == wanted.relief
                && (wanted.effect.is_none() || review.effect == wanted.effect)
        });
        if !met {
            wrong.push(format!("{} is not in {reviews:#?}", wanted.id));
        }
    }
    for id in &case.expected.no_reviews {
        if reviews.iter().any(|review| review.finding.rule_id == *id) {
            wrong.push(format!("{id} is reviewed: {reviews:#?}"));
        }
    }
    wrong
}

fn files() -> Vec<(String, File)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/form");
    let mut read = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let file = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        read.push((path.display().to_string(), file));
    }
    read
}

/// Plays every case on a book that notes its lookups, and hands the notes over.
pub fn lookups(mut count: impl FnMut(&Lookups)) {
    for (_, file) in files() {
        for case in &file.cases {
            let lookups = Lookups::default();
            let noting = book(&case.rules).noting(&lookups);
            differences(case, &file.sources, &noting);
            count(&lookups);
        }
    }
}

#[test]
fn form_cases() {
    let mut failures: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (path, file) in files() {
        for case in &file.cases {
            assert!(
                ids.insert(case.id.clone()),
                "{path}: {} stands twice",
                case.id
            );
            let wrong = differences(case, &file.sources, &book(&case.rules));
            if !wrong.is_empty() {
                failures.insert(case.id.clone(), wrong);
            }
        }
    }
    for (id, wrong) in &failures {
        println!("{id}:\n{}", wrong.join("\n"));
    }
    assert!(failures.is_empty(), "{:?}", failures.keys());
    assert!(ids.len() >= 121, "only {} cases", ids.len());
}

#[test]
fn every_check_of_the_form_is_triggered_by_a_case() {
    let mut triggered = BTreeSet::new();
    for (_, file) in files() {
        for case in file.cases {
            triggered.extend(case.expected.findings.into_iter().map(|found| found.id));
            triggered.extend(case.expected.reviews.into_iter().map(|review| review.id));
        }
    }
    let missing: Vec<&str> = catalogue::ALL
        .iter()
        .map(|check| check.id)
        .filter(|id| !triggered.contains(*id))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
