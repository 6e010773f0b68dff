//! Where lines turn, and that they do.

use crate::rules::RuleBook;
use crate::tax::environmental::Source;
use crate::tax::{Applied, Charge, Context, Profile, Provenance, Step, TaxpayerKind, TurningPoint};
use crate::types::{Money, Month, Period, Region};

/// The lines of July 2026, explained.
fn july(text: &str) -> Vec<Charge> {
    let source: Source = serde_json::from_str(text).unwrap();
    let rules = RuleBook::embedded().unwrap();
    let month = Month::parse("2026-07").unwrap();
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    let ctx = Context {
        rules: &rules,
        region: Region::parse("340104").unwrap(),
        period: Period::months_between(month, month),
        profile: &profile,
        explain: true,
    };
    source.charge(&[], &ctx).unwrap()
}

fn outlet(medium: &str, records: &str) -> String {
    format!(
        r#"{{"name":"A","subject":{{"OUTLET":{{"medium":"{medium}","records":[{records}]}}}}}}"#
    )
}

/// Field, present value and turning value of each point of a line.
fn turns(line: &Charge) -> Vec<(&str, &str, &str)> {
    let told = |it: &TurningPoint| !it.zh.is_empty() && !it.en.is_empty();
    assert!(line.turning_points.iter().all(told));
    line.turning_points
        .iter()
        .map(|it| (it.field.as_str(), it.now.as_str(), it.turns_at.as_str()))
        .collect()
}

fn reduced(mean: &str, max: &str) -> Vec<Charge> {
    july(&outlet(
        "AIR",
        &format!(
            r#"{{"month":"2026-07","pollutant":"二氧化硫","mean_concentration":"{mean}",
            "max_concentration":"{max}","concentration_limit":"100",
            "claims_low_concentration_relief":true,
            "quantity":{{"MONITORED":{{"emission_kg":"95"}}}}}}"#
        ),
    ))
}

#[test]
fn a_reduction_turns_at_its_thresholds_and_at_the_limit() {
    let mean = "outlet.records[0].mean_concentration";
    let max = "outlet.records[0].max_concentration";
    assert_eq!(
        turns(&reduced("60", "90")[0]),
        [(mean, "60", "50"), (mean, "60", "70"), (max, "90", "100")]
    );
    assert_eq!(
        turns(&reduced("40", "90")[0]),
        [(mean, "40", "50"), (max, "90", "100")]
    );
    assert_eq!(turns(&reduced("75", "90")[0]), [(mean, "75", "70")]);
    assert_eq!(turns(&reduced("40", "101")[0]), [(max, "101", "100")]);
    // What they say is so: at 70 nothing is relieved, just below it a quarter is.
    assert_eq!(reduced("70", "90")[0].relief().unwrap(), Money::ZERO);
    let below = reduced("69.99", "90")[0].relief().unwrap();
    assert_eq!(below.to_string(), "30.00");
}

#[test]
fn the_last_of_those_taxed_turns_at_the_next() {
    let kg = [
        ("二氧化硫", "95"),
        ("氮氧化物", "85.5"),
        ("烟尘", "174.4"),
        ("一氧化碳", "167"),
    ];
    let records: Vec<String> = kg
        .iter()
        .map(|(name, kg)| {
            format!(
                r#"{{"month":"2026-07","pollutant":"{name}",
                "quantity":{{"MONITORED":{{"emission_kg":"{kg}"}}}}}}"#
            )
        })
        .collect();
    let found = july(&outlet("AIR", &records.join(",")));
    assert_eq!(found.len(), 3);
    assert_eq!(turns(&found[0]), []);
    assert_eq!(
        turns(&found[2]),
        [("outlet.records[2].quantity", "80", "10")]
    );
    let ranked = |line: &Charge| {
        let id = |it: &Step| it.parameter_id.as_deref() == Some("ept.selection.air");
        line.steps.iter().any(id)
    };
    assert!(found.iter().all(ranked));
    assert!(
        !ranked(&reduced("60", "90")[0]),
        "nothing was cut off there"
    );
}

#[test]
fn scales_bands_and_standards_turn() {
    let pigs = r#"{"month":"2026-07","pollutant":"猪","quantity":{"FEATURE":{"count":"501",
        "stated_scale":{"value":"300","document":"D"}}}}"#;
    let field = "outlet.records[0].feature";
    assert_eq!(
        turns(&july(&outlet("WATER", pigs))[0]),
        [(field, "501", "500"), (field, "501", "300")]
    );
    let ph = |value: &str| {
        let record = format!(
            r#"{{"month":"2026-07","pollutant":"pH值",
            "quantity":{{"SEWAGE":{{"sewage_tonnes":"10","ph":"{value}"}}}}}}"#
        );
        july(&outlet("WATER", &record))
    };
    let field = "outlet.records[0].sewage.ph";
    assert_eq!(
        turns(&ph("4.5")[0]),
        [(field, "4.5", "5"), (field, "4.5", "4")]
    );
    assert_eq!(
        turns(&ph("10")[0]),
        [(field, "10", "9"), (field, "10", "10")]
    );
    let colour = r#"{"month":"2026-07","pollutant":"色度","quantity":{"SEWAGE":
        {"sewage_tonnes":"10","measured":"80","measured_limit":"50"}}}"#;
    assert_eq!(
        turns(&july(&outlet("WATER", colour))[0]),
        [("outlet.records[0].sewage.measured", "80", "50")]
    );
}

fn noise(level: &str, days: u32) -> Vec<Charge> {
    july(&format!(
        r#"{{"name":"N","subject":{{"NOISE_SITE":{{"boundary_metres":"120","records":[
        {{"month":"2026-07","day":{{"limit_db":"65","days_over":{days},"points":[
        {{"name":"E","level_db":"{level}"}},{{"name":"W","level_db":"66"}}]}}}}]}}}}}}"#
    ))
}

#[test]
fn noise_turns_at_its_tier_its_days_and_its_boundary() {
    let level = "noise_site.records[0].day.points[0].level_db";
    let days = "noise_site.records[0].day.days_over";
    assert_eq!(
        turns(&noise("70", 20)[0]),
        [
            (level, "70", "71.5"),
            (level, "70", "68.5"),
            (days, "20", "15"),
            ("noise_site.boundary_metres", "120", "100")
        ]
    );
    let tax = |level: &str, days: u32| noise(level, days)[0].tax_amount.to_string();
    assert_eq!([tax("71.49", 20), tax("71.5", 20)], ["1400.00", "2800.00"]);
    assert_eq!([tax("70", 15), tax("70", 14)], ["1400.00", "700.00"]);
}

#[test]
fn unread_values_are_named() {
    let record =
        r#"{"month":"2026-07","pollutant":"小型企业","quantity":{"FEATURE":{"count":"18"}}}"#;
    let found = july(&outlet("WATER", record));
    let doubtful = |it: &Applied| {
        matches!(
            &it.provenance,
            Provenance::Rule {
                unconfirmed: true,
                ..
            }
        )
    };
    assert!(found[0].applied.iter().any(doubtful));
}
