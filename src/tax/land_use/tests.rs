//! What no worked case can show: filing periods, paths of refusals, and laws of every charge.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::Source;
use crate::rules::RuleBook;
use crate::tax::{ChargeError, Context, Profile, Provenance};
use crate::types::{Money, Month, Period, Region};

static BOOK: LazyLock<RuleBook> = LazyLock::new(|| RuleBook::embedded().unwrap());

fn profile(text: &str) -> Profile {
    serde_json::from_str(text).unwrap()
}

fn context<'a>(region: &str, first: &str, last: &str, profile: &'a Profile) -> Context<'a> {
    Context {
        rules: &BOOK,
        region: Region::parse(region).unwrap(),
        period: Period::months_between(Month::parse(first).unwrap(), Month::parse(last).unwrap()),
        profile,
        explain: true,
    }
}

/// A plot with the given acquisition and further fields, as JSON.
fn plot(acquisition: &str, more: &str) -> Source {
    let text = format!(
        r#"{{"taxpayer_kind": "RIGHT_HOLDER", "nature": "STATE", "acquisition_mode": "GRANTED",
            "purpose": "INDUSTRIAL", "acquisition": {acquisition}, {more}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

const ONE: &str = r#""versions": [{"area_sqm": "100", "land_class": "CITY", "grade": 1,
    "unit_tax": {"value": "6", "document": "D"}}]"#;

#[test]
fn only_periods_with_taxed_months_are_due() {
    let profile = profile(r#"{"kind": "ENTERPRISE"}"#);
    let mut source = plot(r#"{"kind": "GRANT", "event_on": "2025-05-20"}"#, ONE);
    let ctx = context("340104", "2025-01", "2025-12", &profile);
    let due = |source: &Source| -> Vec<String> {
        let periods = source.periods_due(&ctx).unwrap();
        periods.iter().map(Period::to_string).collect()
    };
    assert_eq!(
        due(&source),
        [
            "2025-04-01..2025-06-30",
            "2025-07-01..2025-09-30",
            "2025-10-01..2025-12-31"
        ]
    );
    source.end = serde_json::from_str(r#"{"on": "2025-07-01", "kind": "TRANSFERRED"}"#).unwrap();
    assert_eq!(due(&source).len(), 2);
    let beijing = context("110105", "2025-01", "2025-12", &profile);
    assert_eq!(source.periods_due(&beijing).unwrap().len(), 2);
    assert_eq!(source.due_parameter(), "lut.due");
}

#[test]
fn an_unconfirmed_start_month_is_named_among_the_applied_values() {
    let profile = profile(r#"{"kind": "ENTERPRISE"}"#);
    let farmland = r#"{"kind": "REQUISITIONED_FARMLAND", "event_on": "2024-03-15"}"#;
    let ctx = context("340104", "2025-04", "2025-06", &profile);
    let charges = plot(farmland, ONE).charge(&[], &ctx).unwrap();
    let unconfirmed = charges[0].applied.iter().find(|applied| {
        matches!(&applied.provenance, Provenance::Rule { unconfirmed, .. } if *unconfirmed)
    });
    assert_eq!(
        unconfirmed.unwrap().parameter_id,
        "lut.start_months.requisitioned_farmland"
    );
    assert_eq!(charges[0].item, "LUT_CITY_GRADE_1");
    assert_eq!(charges[0].item_code, None);
}

#[test]
fn refusals_of_reliefs_name_the_field_on_the_wire() {
    let profile = profile(r#"{"kind": "ENTERPRISE"}"#);
    let ctx = context("340104", "2025-04", "2025-06", &profile);
    for (claim, field) in [
        (r#"{"relief_id": "LU_NONE"}"#, "reliefs[0].claim.relief_id"),
        (
            r#"{"relief_id": "LU_HARDSHIP"}"#,
            "reliefs[0].claim.amount_yuan",
        ),
        (
            r#"{"relief_id": "LU_FARM", "ratio": "0.5"}"#,
            "reliefs[0].claim.ratio",
        ),
    ] {
        let more = format!(r#"{ONE}, "reliefs": [{{"claim": {claim}}}]"#);
        let source = plot(
            r#"{"kind": "CARRIED_OVER", "event_on": "2020-01-01"}"#,
            &more,
        );
        let error = source.charge(&[], &ctx).unwrap_err();
        assert_eq!(error.into_finding().field, field);
    }
}

#[test]
fn instalments_of_an_approved_amount_add_up_to_it() {
    let profile = profile(r#"{"kind": "ENTERPRISE"}"#);
    let claim = r#"{"relief_id": "LU_HARDSHIP", "amount": "100.01", "document": "D",
        "period": {"first": "2025-01-01", "last": "2025-12-31"}}"#;
    let more = format!(r#"{ONE}, "reliefs": [{{"claim": {claim}}}]"#);
    let source = plot(
        r#"{"kind": "CARRIED_OVER", "event_on": "2020-01-01"}"#,
        &more,
    );
    let months = Month::parse("2025-01")
        .unwrap()
        .up_to(Month::parse("2025-12").unwrap());
    let reliefs = months.map(|month| {
        let text = month.to_string();
        let ctx = context("340104", &text, &text, &profile);
        source.charge(&[], &ctx).unwrap()[0].relief().unwrap()
    });
    assert_eq!(Money::sum(reliefs).unwrap(), Money::from_fen(10_001));
}

fn claim() -> impl Strategy<Value = String> {
    let id = prop::sample::select(vec![
        "LU_FARM",
        "LU_WAREHOUSE",
        "LU_HARDSHIP",
        "LU_UNDERGROUND",
    ]);
    let months = (1..=12_u32, 0..12_u32);
    (id, months, 1..200_000_u32, 0..=100_u32, any::<bool>()).prop_map(
        |(id, (first, more), area, ratio, by_area)| {
            let last = (first + more).min(12);
            let last = Month::parse(&format!("2025-{last:02}")).unwrap().last_day();
            let ratio = match id {
                "LU_HARDSHIP" => format!(r#", "ratio": "{}.{:02}""#, ratio / 100, ratio % 100),
                _ => String::new(),
            };
            let area = match by_area {
                true => format!(r#", "relief_area_sqm": "{}.{:02}""#, area / 100, area % 100),
                false => String::new(),
            };
            format!(
                r#"{{"claim": {{"relief_id": "{id}"{ratio},
                    "period": {{"first": "2025-{first:02}-01", "last": "{last}"}}}}{area}}}"#
            )
        },
    )
}

proptest! {
    #[test]
    fn relief_lies_between_nothing_and_the_tax(
        area in 0..300_000_u32,
        unit in 1..3000_u32,
        change in (1..=12_u32, 1..300_000_u32),
        claims in prop::collection::vec(claim(), 0..4),
        six in 1..=12_u32,
        start in 1..=12_u32,
    ) {
        let sqm = |fen: u32| format!("{}.{:02}", fen / 100, fen % 100);
        let profile = profile(&format!(
            r#"{{"kind": "ENTERPRISE", "six_taxes": [{{"subject": "SMALL_LOW_PROFIT",
                "first": "2025-{six:02}", "last": null}}]}}"#
        ));
        let version = |day: &str, area: u32| format!(
            r#"{{{day}"area_sqm": "{}", "land_class": "CITY", "grade": 1,
                "unit_tax": {{"value": "{}", "document": "D"}}}}"#, sqm(area), sqm(unit)
        );
        let change_day = format!(r#""changed_on": "2025-{:02}-15", "#, change.0);
        let more = format!(
            r#""versions": [{}, {}], "reliefs": [{}]"#,
            version("", area), version(&change_day, change.1), claims.join(",")
        );
        let acquisition = format!(r#"{{"kind": "GRANT", "event_on": "2025-{start:02}-10"}}"#);
        let source = plot(&acquisition, &more);
        let ctx = context("340104", "2025-01", "2025-12", &profile);
        source.check(&ctx);
        match source.charge(&[], &ctx) {
            Ok(charges) => for charge in charges {
                let relief = charge.relief().unwrap();
                prop_assert!(!charge.tax_amount.is_negative() && !relief.is_negative());
                prop_assert!(relief <= charge.tax_amount);
                let payable = charge.tax_amount.minus(relief).unwrap();
                prop_assert_eq!(charge.payable().unwrap(), payable);
                prop_assert!(!charge.steps.is_empty() && !charge.applied.is_empty());
            },
            Err(error) => prop_assert!(matches!(error, ChargeError::Refused(_)), "{}", error),
        }
    }

    #[test]
    fn quarters_make_up_the_year_to_within_rounding(
        area in 1..100_000_000_u32,
        unit in 63..3000_u32,
    ) {
        let profile = profile(r#"{"kind": "ENTERPRISE"}"#);
        let more = format!(
            r#""versions": [{{"area_sqm": "{}.{:02}", "land_class": "CITY", "grade": 1,
                "unit_tax": {{"value": "{}.{:02}", "document": "D"}}}}]"#,
            area / 100, area % 100, unit / 100, unit % 100
        );
        let source = plot(r#"{"kind": "CARRIED_OVER", "event_on": "2020-01-01"}"#, &more);
        let tax = |first: &str, last: &str| {
            let ctx = context("340104", first, last, &profile);
            source.charge(&[], &ctx).unwrap()[0].tax_amount
        };
        let quarter = tax("2025-01", "2025-03");
        let year = tax("2025-01", "2025-12");
        let four = Money::sum([quarter; 4]).unwrap();
        prop_assert!(four.minus(year).unwrap().fen().abs() <= 2);
    }
}
