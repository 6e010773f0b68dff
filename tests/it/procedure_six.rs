//! The examples of the filing procedure about the dated facts behind 六税两费 (公告2022年第3号).

use caixing::rules::RuleBook;
use caixing::tax::{TaxpayerKind, six_taxes};
use caixing::types::{Month, Period};
use serde_json::Value;

use crate::procedure::text;
use crate::sample::{day, yuan};

/// The bar after a first settlement that says "not small".
pub fn barred(book: &RuleBook, inputs: &Value, expected: &Value) {
    let size = six_taxes::Size {
        people: 12,
        assets: yuan("800000.00"),
    };
    let months: Vec<Month> = inputs["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|month| Month::parse(month.as_str().unwrap()).unwrap())
        .collect();
    // A general taxpayer set up in 2024, small enough at each month end.
    let facts = six_taxes::Facts {
        established_on: Some(day("2024-06-03")),
        month_ends: months
            .iter()
            .map(|month| six_taxes::MonthEnd {
                month: *month,
                size,
            })
            .collect(),
        settlements: vec![six_taxes::AnnualSettlement {
            year: 2024,
            filed_on: day(text(inputs, "first_settlement_filed")),
            conclusion: six_taxes::Conclusion::Small(inputs["small_low_profit"].as_bool().unwrap()),
        }],
        ..six_taxes::Facts::default()
    };
    let judge = six_taxes::Judge {
        rules: book,
        kind: TaxpayerKind::Enterprise,
        facts: &facts,
    };
    let eligible: Vec<String> = months
        .iter()
        .map(|month| (!judge.in_month(*month).unwrap().is_empty()).to_string())
        .collect();
    assert_eq!(eligible.join(","), text(expected, "eligible"));
    let barred = Period::new(
        day(text(expected, "barred_from")),
        day(text(expected, "barred_to")),
    );
    let barred = barred.unwrap();
    let windows = judge.windows().unwrap();
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0].last.next(), barred.first_month());
    for month in barred.months() {
        assert_eq!(judge.in_month(month).unwrap(), [], "{month}");
    }
}

/// The income test of a small low-profit enterprise.
pub fn income(book: &RuleBook, inputs: &Value, expected: &Value) {
    let restricted = inputs["restricted_industry"].as_bool().unwrap();
    let cases = inputs["cases"].as_array().unwrap();
    let small: Vec<String> = cases
        .iter()
        .map(|case| {
            let figures = six_taxes::Figures {
                income: yuan(text(case, "income_yuan")),
                people: case["employees"].as_i64().unwrap().into(),
                assets: yuan(text(case, "assets_yuan")),
            };
            let small =
                |restricted| six_taxes::small_low_profit(book, restricted, &figures, 2024).unwrap();
            assert!(!small(true));
            small(restricted).to_string()
        })
        .collect();
    assert_eq!(small.join(","), text(expected, "small_low_profit"));
}
