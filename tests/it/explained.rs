//! Every amount is explained: steps that end in it, the law behind them, what would change it.

use std::collections::BTreeMap;

use caixing::grpc::{Call, Language, assess};
use caixing::pb;
use caixing::pb::ExplainedAmount as Amount;
use caixing::rules::RuleBook;
use serde_json::{Value, json};

use super::support::{Server, collect, contract, draft, register};

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

fn call(language: Language) -> Call {
    Call {
        id: "test".to_owned(),
        language,
    }
}

fn request(change: impl FnOnce(&mut Value)) -> pb::AssessDeclarationRequest {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let mut request = json!({
        "window": example["window"],
        "sources": example["sources"],
        "sixTaxesWindows": example["taxpayer"]["sixTaxesWindows"],
        "explain": true,
    });
    change(&mut request);
    caixing::cli::read_json("AssessDeclarationRequest", &request.to_string()).unwrap()
}

fn answer(language: Language) -> pb::AssessDeclarationResponse {
    let book = RuleBook::embedded().unwrap();
    assess(&book, &call(language), request(|_| {})).unwrap()
}

#[test]
fn every_amount_of_the_example_has_steps_that_end_in_it() {
    let answer = answer(Language::Chinese);
    assert_eq!(answer.trace_version, 1);
    assert_eq!(answer.explanations.len(), answer.lines.len());
    for (line, explained) in answer.lines.iter().zip(&answer.explanations) {
        let mut expected = vec![(Amount::Tax, line.tax_amount_yuan.as_str())];
        let reliefs = line.reliefs.iter();
        expected.extend(reliefs.map(|relief| (Amount::Relief, relief.amount_yuan.as_str())));
        expected.push((Amount::Payable, &line.payable_yuan));
        expected.push((Amount::DueOn, &line.due_on));
        let found: Vec<(Amount, &str)> = explained
            .amounts
            .iter()
            .map(|amount| (amount.amount(), amount.value.as_str()))
            .collect();
        assert_eq!(found, expected, "{}", explained.text);
        for amount in &explained.amounts {
            let last = amount.steps.last();
            let value = last.map(|step| step.value.as_str());
            assert_eq!(value, Some(amount.value.as_str()), "{}", amount.text);
            assert!(amount.text.contains(&amount.value));
            if amount.amount() != Amount::Payable {
                let basis = amount.steps.iter().any(|step| !step.legal_basis.is_empty());
                assert!(basis, "no legal basis: {}", amount.text);
            }
        }
    }
}

#[test]
fn every_value_of_law_has_its_days_and_its_confidence() {
    let answer = answer(Language::Chinese);
    let mut seen = 0;
    for explained in &answer.explanations {
        for parameter in &explained.parameters {
            seen += 1;
            let known = ["confirmed", "secondary", "unconfirmed", "stated"];
            assert!(
                known.contains(&parameter.confidence.as_str()),
                "{parameter:?}"
            );
            assert!(!parameter.cite.is_empty(), "{parameter:?}");
            let stated = parameter.confidence == "stated";
            assert_eq!(parameter.first_day.is_empty(), stated, "{parameter:?}");
        }
    }
    assert!(seen > 40, "only {seen} values of law");
}

#[test]
fn the_totals_are_explained_and_add_up() {
    let answer = answer(Language::English);
    let totals = answer.totals.unwrap();
    let expected = [
        (Amount::TotalTax, totals.tax_amount_yuan),
        (Amount::TotalRelief, totals.relief_yuan),
        (Amount::TotalAlreadyPaid, totals.already_paid_yuan),
        (Amount::TotalNet, totals.net_yuan),
        (Amount::TotalPayable, totals.payable_yuan),
        (Amount::TotalRefundable, totals.refundable_yuan),
    ];
    let found: Vec<(Amount, String)> = answer
        .total_explanations
        .iter()
        .map(|total| (total.amount(), total.value.clone()))
        .collect();
    assert_eq!(found, expected);
    assert!(answer.total_explanations[0].text.starts_with("Total tax "));
}

#[test]
fn rounding_and_the_day_it_is_due_are_shown() {
    // 3,333,333.33 × (1 − 0.30) × 0.012 × 1 ÷ 12 = 2,333.333331: the warehouse of the example.
    let answer = answer(Language::Chinese);
    let rounded = answer
        .explanations
        .iter()
        .flat_map(|explained| &explained.amounts)
        .flat_map(|amount| &amount.steps)
        .find(|step| step.value == "2333.33")
        .unwrap();
    assert_eq!(rounded.exact_value, "2333.333331");
    assert_eq!(rounded.rounded_to_places, 2);
    let text = &answer.explanations[0].text;
    assert!(text.contains("申报缴款期限 2026-10-26"), "{text}");
    // 2026-09-30 + 15 days, and the rest days of the National Day inside them.
    assert!(text.contains("2026-09-30 + 15 日 + "), "{text}");
}

#[test]
fn the_end_of_a_window_is_a_turning_point() {
    let answer = answer(Language::Chinese);
    let with_half = answer.explanations.iter().filter(|explained| {
        let reliefs = explained.amounts.iter();
        reliefs
            .clone()
            .any(|amount| amount.relief_id == "SIX_TAXES")
    });
    // The law ends with 2027; the taxpayer's own window, which stamp tax names, before it.
    let mut ends = BTreeMap::new();
    for explained in with_half {
        let half = explained
            .turning_points
            .iter()
            .find(|point| point.parameter_id == "six_taxes.ratio.small_low_profit");
        let half = half.unwrap_or_else(|| panic!("{}", explained.text));
        assert!(explained.text.contains("临界点"));
        *ends.entry(half.turns_at.as_str()).or_insert(0) += 1;
    }
    let count: i32 = ends.values().sum();
    assert!(
        ends.keys()
            .all(|end| ["2027-07-01", "2028-01-01"].contains(end)),
        "{ends:?}"
    );
    assert_eq!(ends.len(), 2, "{ends:?}");
    assert!(count > 5, "only {count} lines have the half");
}

#[test]
fn under_the_law_of_one_day_the_trace_names_the_rows_of_that_day() {
    let book = RuleBook::embedded().unwrap();
    let asked = request(|request| {
        request["lawDate"] = json!("2024-11-30");
        let sources = request["sources"].as_array_mut().unwrap();
        sources.retain(|source| source.get("stamp").is_some());
    });
    let answer = assess(&book, &call(Language::English), asked).unwrap();
    assert_eq!(answer.law_date, "2024-11-30");
    assert!(!answer.explanations.is_empty());
    for parameter in answer.explanations.iter().flat_map(|line| &line.parameters) {
        assert!(
            parameter.first_day.as_str() <= "2024-11-30",
            "{parameter:?}"
        );
        let last = parameter.last_day.as_str();
        assert!(last.is_empty() || "2024-11-30" <= last, "{parameter:?}");
    }
    let points = answer
        .explanations
        .iter()
        .flat_map(|line| &line.turning_points);
    assert_eq!(points.filter(|point| point.field.is_empty()).count(), 0);
}

#[tokio::test]
async fn a_filed_line_is_explained_over_the_wire() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let drawn = draft(&server, &taxpayer).await;
    let asked = pb::ExplainDeclarationRequest {
        taxpayer_id: taxpayer,
        declaration_id: drawn.declaration_id,
    };
    let answer = server.declarations().explain_declaration(asked).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.trace_version, 1);
    assert_eq!(answer.total_explanations.len(), 6);
    let line = &answer.explanations[0];
    let tax = &line.amounts[0];
    assert_eq!((tax.amount(), tax.value.as_str()), (Amount::Tax, "300.00"));
    let rate = tax
        .steps
        .iter()
        .find_map(|step| step.parameter.as_ref())
        .unwrap();
    assert_eq!(rate.parameter_id, "st.rate.sale");
    assert_eq!(rate.value, "0.0003");
    assert_eq!(rate.first_day, "2022-07-01");
    let due = line.amounts.last().unwrap();
    assert_eq!(due.value, "2026-10-26");
    server.stop().await;
}
