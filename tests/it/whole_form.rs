//! Checks over the whole form, seen through the what-if call on variations of the example.

use caixing::grpc::{Call, Language, assess};
use caixing::pb;
use caixing::rules::RuleBook;
use serde_json::{Value, json};

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

/// The example as a what-if request, changed by `change`.
fn answer(change: impl FnOnce(&mut Value)) -> pb::AssessDeclarationResponse {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let mut request = json!({
        "window": example["window"],
        "sources": example["sources"],
        "sixTaxesWindows": example["taxpayer"]["sixTaxesWindows"],
    });
    change(&mut request);
    let request = caixing::cli::read_json("AssessDeclarationRequest", &request.to_string());
    let call = Call {
        id: "test".to_owned(),
        language: Language::English,
    };
    assess(&RuleBook::embedded().unwrap(), &call, request.unwrap()).unwrap()
}

fn keep(request: &mut Value, wanted: impl Fn(&Value) -> bool) {
    request["sources"]
        .as_array_mut()
        .unwrap()
        .retain(|source| wanted(source));
}

fn severities(answer: &pb::AssessDeclarationResponse, rule_id: &str) -> Vec<pb::Severity> {
    let same = |finding: &&pb::Finding| finding.rule_id == rule_id;
    answer
        .findings
        .iter()
        .filter(same)
        .map(pb::Finding::severity)
        .collect()
}

#[test]
fn the_example_has_no_error_and_no_cross_tax_doubt() {
    let answer = answer(|_| {});
    let errors = answer
        .findings
        .iter()
        .filter(|f| f.severity() == pb::Severity::Error)
        .count();
    assert_eq!(errors, 0);
    assert!(severities(&answer, "X_TRANSFER_WITHOUT_STAMP").is_empty());
    assert!(severities(&answer, "X_BUILDING_WITHOUT_PLOT").is_empty());
    assert_eq!(answer.totals.unwrap().payable_yuan, "917129.19");
}

#[test]
fn a_transfer_without_its_stamp_line_is_doubted() {
    let answer = answer(|request| keep(request, |source| source.get("stamp").is_none()));
    assert_eq!(
        severities(&answer, "X_TRANSFER_WITHOUT_STAMP"),
        [pb::Severity::Warning]
    );
}

#[test]
fn buildings_without_a_plot_are_hinted_at() {
    let answer = answer(|request| keep(request, |source| source.get("landUse").is_none()));
    assert_eq!(
        severities(&answer, "X_BUILDING_WITHOUT_PLOT"),
        [pb::Severity::Hint]
    );
}

#[test]
fn a_year_without_a_holiday_calendar_is_flagged() {
    let answer = answer(|request| {
        request["window"] = json!({"firstDay": "2027-01-01", "lastDay": "2027-03-31"});
        keep(request, |source| source.get("landUse").is_some());
    });
    let flags = severities(&answer, "DDL_UNKNOWN");
    assert_eq!(flags, [pb::Severity::Warning, pb::Severity::Warning]);
    // Days 1 to 15 of April 2027 hold no run of rest days that is known: the 15th, a Thursday.
    assert!(answer.lines.iter().all(|line| line.due_on == "2027-04-15"));
}

#[test]
fn a_place_without_a_rate_refuses_instead_of_guessing() {
    let answer = answer(|request| {
        keep(request, |source| source.get("vehicleVessel").is_some());
        for source in request["sources"].as_array_mut().unwrap() {
            source["vehicleVessel"]
                .as_object_mut()
                .unwrap()
                .retain(|_, value| value.get("document").is_none() || value.get("value").is_none());
        }
    });
    assert!(answer.lines.is_empty());
    let missing = severities(&answer, "JURISDICTION_PARAMETER_MISSING");
    assert_eq!(missing, [pb::Severity::Error; 7]);
}

#[test]
fn stated_and_unconfirmed_values_are_named() {
    let answer = answer(|_| {});
    // Two plots and seven vehicles state their rates; each of them is named.
    assert_eq!(
        severities(&answer, "RATE_STATED"),
        [pb::Severity::Warning; 9]
    );
    assert!(!severities(&answer, "DUE_RULE_UNCONFIRMED").is_empty());
}

#[test]
fn every_line_is_explained_when_asked_for_and_only_then() {
    let plain = answer(|_| {});
    assert!(plain.explanations.is_empty());
    let explained = answer(|request| request["explain"] = json!(true));
    assert_eq!(explained.explanations.len(), explained.lines.len());
    assert!(
        explained
            .explanations
            .iter()
            .all(|line| !line.steps.is_empty())
    );
    assert_eq!(plain.totals, explained.totals);
}
