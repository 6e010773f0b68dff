//! Properties that hold for every house, whatever its figures.

use proptest::prelude::*;

use super::Source;
use crate::rules::RuleBook;
use crate::tax::{Context, Profile};
use crate::types::{Money, Month, Period, Region};

fn profile() -> Profile {
    serde_json::from_str(
        r#"{"kind": "ENTERPRISE", "six_taxes": [
            {"subject": "SMALL_LOW_PROFIT", "first": "2025-04", "last": "2025-08"}]}"#,
    )
    .unwrap()
}

fn month(year: i32, number: i32) -> Month {
    Month::parse(&format!("{year}-{number:02}")).unwrap()
}

/// A house of which a part is let from May to mid-October 2025, with rent in the given period.
fn house(
    (value, let_value, cost): (i64, i64, i64),
    area: i64,
    share: u32,
    period: Period,
) -> Source {
    let day = |text: &str| crate::types::parse_date(text).unwrap();
    let term = Period::new(day("2025-05-01"), day("2025-10-15")).unwrap();
    let rents: Vec<serde_json::Value> = term
        .overlap(period)
        .iter()
        .map(|days| {
            serde_json::json!({
                "period": {"first": days.first(), "last": days.last()},
                "rent_ex_vat": Money::from_fen(value.max(1)).to_string()
            })
        })
        .collect();
    let money = |fen: i64| Money::from_fen(fen).to_string();
    serde_json::from_value(serde_json::json!({
        "taxpayer_role": "OWNER", "house_use": "INDUSTRIAL", "acquisition_kind": "SELF_BUILT",
        "acquired_on": "2020-03-15",
        "versions": [{
            "building_value": money(value), "building_area": "37.00",
            "plot": {"plot_cost": money(cost), "plot_area": area.to_string(),
                     "total_building_area": "111.00"}
        }],
        "leases": [{
            "lessee_kind": "OTHER", "leased_value": money(let_value.min(value)),
            "term": {"first": "2025-05-01", "last": "2025-10-15"},
            "rents": rents
        }],
        "reliefs": [{"relief_id": "RE_FARM_MARKET", "base_share": format!("0.{share:02}")}],
        "hardship": {"period": {"first": "2025-01-01", "last": "2025-12-31"},
                     "ratio": "0.37", "document": "核准"}
    }))
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// 0 ≤ relief ≤ tax on every line, payable = tax − relief − paid, and lines differ.
    #[test]
    fn relief_stays_within_the_tax(
        value in 0_i64..900_000_000_000,
        let_value in 0_i64..900_000_000_000,
        cost in 0_i64..900_000_000_000,
        area in 1_i64..1000,
        share in 0_u32..100,
        first in 1_i32..=12,
        length in 0_i32..12,
    ) {
        let rules = RuleBook::embedded().unwrap();
        let profile = profile();
        let last = month(2025, first).plus(length).min(month(2025, 12));
        let period = Period::months_between(month(2025, first), last);
        let ctx = Context {
            rules: &rules,
            region: Region::parse("340104").unwrap(),
            period,
            profile: &profile,
            explain: true,
        };
        let source = house((value, let_value, cost), area, share, period);
        let lines = source.charge(&[], &ctx).map_err(|error| {
            TestCaseError::fail(error.to_string())
        })?;
        let mut keys = std::collections::BTreeSet::new();
        for line in lines {
            let relief = line.relief().unwrap();
            prop_assert!(!relief.is_negative());
            prop_assert!(relief <= line.tax_amount);
            let payable = line.tax_amount.minus(relief).unwrap();
            prop_assert_eq!(line.payable().unwrap(), payable);
            prop_assert!(!line.steps.is_empty());
            prop_assert!(keys.insert((line.item, line.period, line.detail)));
        }
    }
}

#[test]
fn the_filing_window_yields_the_quarters_with_tax() {
    let rules = RuleBook::embedded().unwrap();
    let profile = profile();
    let mut source = house(
        (100_000_000, 0, 0),
        100,
        0,
        Period::months_between(month(2025, 1), month(2025, 1)),
    );
    source.acquired_on = month(2025, 4).first_day();
    source.ended_on = Some(month(2025, 8).first_day());
    source.leases.clear();
    let ctx = Context {
        rules: &rules,
        region: Region::parse("340104").unwrap(),
        period: Period::months_between(month(2025, 1), month(2025, 12)),
        profile: &profile,
        explain: false,
    };
    let due: Vec<String> = source
        .periods_due(&ctx)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(due, ["2025-04-01..2025-06-30", "2025-07-01..2025-09-30"]);
    assert!(
        rules
            .text(source.due_parameter(), ctx.region, ctx.period.last())
            .is_ok()
    );
}
