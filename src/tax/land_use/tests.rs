//! What no worked case can show: filing periods, paths of refusals, turning points.

use std::sync::LazyLock;

use super::Source;
use crate::rules::RuleBook;
use crate::tax::{Context, Profile, Provenance};
use crate::types::{Money, Month, Period, Region};

pub(super) static BOOK: LazyLock<RuleBook> = LazyLock::new(|| RuleBook::embedded().unwrap());

pub(super) fn profile(text: &str) -> Profile {
    serde_json::from_str(text).unwrap()
}

pub(super) fn context<'a>(
    region: &str,
    first: &str,
    last: &str,
    profile: &'a Profile,
) -> Context<'a> {
    Context {
        rules: &BOOK,
        region: Region::parse(region).unwrap(),
        period: Period::months_between(Month::parse(first).unwrap(), Month::parse(last).unwrap()),
        profile,
        explain: true,
    }
}

/// A plot with the given acquisition and further fields, as JSON.
pub(super) fn plot(acquisition: &str, more: &str) -> Source {
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

/// The field and turning value of each point of the only line of a plot.
fn turns(source: &Source, ctx: &Context<'_>) -> Vec<(String, String)> {
    let charges = source.charge(&[], ctx).unwrap();
    assert_eq!(charges.len(), 1);
    let points = charges.into_iter().flat_map(|line| line.turning_points);
    points.map(|point| (point.field, point.turns_at)).collect()
}

#[test]
fn a_line_names_the_facts_that_would_turn_it() {
    let plain = profile(r#"{"kind": "ENTERPRISE"}"#);
    let ctx = context("340104", "2025-01", "2025-12", &plain);
    let text = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |(field, value): &(&str, &str)| ((*field).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    };
    // Delivered on 30 April: on 1 May the first taxed month would be June.
    let more = format!(r#"{ONE}, "end": {{"on": "2025-09-30", "kind": "TRANSFERRED"}}"#);
    let source = plot(r#"{"kind": "GRANT", "event_on": "2025-04-30"}"#, &more);
    assert_eq!(
        turns(&source, &ctx),
        text(&[
            ("acquisition.event_on", "2025-05-01"),
            ("end.on", "2025-10-01")
        ])
    );
    let silent = Context {
        explain: false,
        ..ctx
    };
    assert_eq!(turns(&source, &silent), []);
    // Storage sites and the six taxes have their half until 2027; a quarter of 44 staff is 11.
    let more = format!(
        r#"{ONE}, "staff": {{"disabled": "12", "all": "44"}}, "reliefs": [
            {{"claim": {{"relief_id": "LU_WAREHOUSE"}}}},
            {{"claim": {{"relief_id": "LU_DISABLED", "ratio": "0.1", "document": "D"}}}}]"#
    );
    let source = plot(
        r#"{"kind": "CARRIED_OVER", "event_on": "2020-01-01"}"#,
        &more,
    );
    let small = profile(
        r#"{"kind": "ENTERPRISE", "six_taxes": [
            {"subject": "SMALL_SCALE_VAT", "first": "2025-01", "last": null}]}"#,
    );
    let ctx = context("340104", "2025-01", "2025-12", &small);
    assert_eq!(
        turns(&source, &ctx),
        text(&[
            ("reliefs[0]", "2028-01-01"),
            ("staff.disabled", "11"),
            ("", "2028-01-01")
        ])
    );
}

#[test]
fn an_unconfirmed_relief_is_named_among_the_applied_values() {
    let profile = profile(r#"{"kind": "ENTERPRISE"}"#);
    let ctx = context("340104", "2025-01", "2025-12", &profile);
    let of = |id: &str| {
        let more = format!(r#"{ONE}, "reliefs": [{{"claim": {{"relief_id": "{id}"}}}}]"#);
        let source = plot(
            r#"{"kind": "CARRIED_OVER", "event_on": "2020-01-01"}"#,
            &more,
        );
        let charges = source.charge(&[], &ctx).unwrap();
        charges[0].applied.iter().any(|one| one.parameter_id == id)
    };
    assert!(of("LU_HEATING"));
    assert!(!of("LU_FARM"));
}

#[test]
fn the_steps_of_reliefs_can_be_worked_again() {
    let profile = profile(
        r#"{"kind": "ENTERPRISE", "six_taxes": [
            {"subject": "SMALL_SCALE_VAT", "first": "2025-07", "last": null}]}"#,
    );
    let ctx = context("340104", "2025-01", "2025-12", &profile);
    let expressions = |reliefs: &str| -> Vec<(String, String)> {
        let more = format!(r#"{ONE}, "reliefs": [{reliefs}]"#);
        let source = plot(
            r#"{"kind": "CARRIED_OVER", "event_on": "2020-01-01"}"#,
            &more,
        );
        let steps = source.charge(&[], &ctx).unwrap().remove(0).steps;
        let reliefs = steps.into_iter().filter(|step| {
            let id = step.parameter_id.as_deref().unwrap_or_default();
            id.starts_with("LU_") || id.starts_with("six_taxes")
        });
        reliefs.map(|step| (step.expression, step.value)).collect()
    };
    let text = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |(field, value): &(&str, &str)| ((*field).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    };
    // The half of January to June; 30% of what is left of the year; half of what the second half
    // year has left, where six twelfths of the hardship's 135.00 fall: 67.50.
    assert_eq!(
        expressions(
            r#"{"claim": {"relief_id": "LU_WAREHOUSE",
                "period": {"first": "2025-01-01", "last": "2025-06-30"}}},
            {"claim": {"relief_id": "LU_HARDSHIP", "ratio": "0.3", "document": "D"}}"#
        ),
        text(&[
            ("100 × 6 × 6 ÷ 12 × 0.5", "150.00"),
            ("(100 × 6 × 12 ÷ 12 − 150) × 0.3", "135.00"),
            ("(600.00 ÷ 12 × 6 − 67.5) × 0.5", "116.25"),
        ])
    );
    // An approved amount above the tax: nothing is left to halve.
    assert_eq!(
        expressions(r#"{"claim": {"relief_id": "LU_HARDSHIP", "amount": "700", "document": "D"}}"#),
        text(&[("700.00，取剩余税额 600.00", "600.00")])
    );
}
