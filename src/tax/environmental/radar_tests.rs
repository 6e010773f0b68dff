//! What the radar finds, and what each hint is worth.

use std::sync::OnceLock;

use super::{Source, catalogue};
use crate::rules::RuleBook;
use crate::tax::{Context, Finding, Opportunity, Profile, Severity, TaxpayerKind};
use crate::types::{Money, Period, Region};

fn with<T>(use_it: impl FnOnce(&Context<'_>) -> T) -> T {
    static BOOK: OnceLock<RuleBook> = OnceLock::new();
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    let period = Period::new("2026-07-01".parse().unwrap(), "2026-07-31".parse().unwrap());
    use_it(&Context {
        rules: BOOK.get_or_init(|| RuleBook::embedded().unwrap()),
        region: Region::parse("340104").unwrap(),
        period: period.unwrap(),
        profile: &profile,
        explain: false,
    })
}

/// An outlet of 95 kg of sulfur dioxide: 100 equivalents, 120 yuan in Anhui.
fn outlet(record: &str, place: &str) -> Source {
    named("1号排放口", record, place)
}

fn named(name: &str, record: &str, place: &str) -> Source {
    let text = format!(
        r#"{{"name":"{name}","subject":{{"OUTLET":{{"medium":"AIR",{place}"records":[
        {{"month":"2026-07","pollutant":"二氧化硫",{record}
        "quantity":{{"MONITORED":{{"emission_kg":"95"}}}}}}]}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn farm(pigs: u32, destination: &str) -> Source {
    let text = format!(
        r#"{{"name":"F","subject":{{"OUTLET":{{"medium":"WATER","destination":"{destination}",
        "records":[{{"month":"2026-07","pollutant":"猪",
        "quantity":{{"FEATURE":{{"count":"{pigs}"}}}}}}]}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn waste(unmeasured: u32) -> Source {
    let text = format!(
        r#"{{"name":"W","subject":{{"SOLID_WASTE":{{"waste_kind":"FLY_ASH","records":[
        {{"month":"2026-07","generated_tonnes":"100","unmeasured_tonnes":"{unmeasured}"}}]}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn payable(source: &Source) -> Money {
    with(|ctx| {
        let lines = source.charge(&[], ctx).unwrap();
        Money::sum(lines.iter().map(|line| line.payable().unwrap())).unwrap()
    })
}

fn radar(source: &Source) -> Vec<Opportunity<Source>> {
    with(|ctx| source.radar(ctx))
}

/// The one thing found: its finding, its relief, and the whole yuan payable now and instead.
fn one(source: &Source) -> (Finding, String, String, String) {
    let mut found = radar(source);
    assert_eq!(found.len(), 1, "{found:?}");
    let it = found.remove(0);
    let instead = it.instead.unwrap();
    let yuan = |source: &Source| {
        let text = payable(source).to_string();
        text.strip_suffix(".00").unwrap_or(&text).to_owned()
    };
    (it.finding, it.relief_id, yuan(source), yuan(&instead))
}

fn is(found: &(Finding, String, String, String), id: &str, relief: &str, now: &str, then: &str) {
    assert_eq!(found.0.rule_id, id);
    assert_eq!(
        (found.1.as_str(), found.2.as_str(), found.3.as_str()),
        (relief, now, then)
    );
}

fn figures(mean: u32, max: u32, claims: bool) -> String {
    format!(
        r#""mean_concentration":"{mean}","max_concentration":"{max}","concentration_limit":"100",
        "claims_low_concentration_relief":{claims},"#
    )
}

#[test]
fn a_reduction_that_is_open_but_not_claimed() {
    let half = one(&outlet(&figures(49, 100, false), ""));
    is(&half, "ENV_RADAR_LOW_50", "ENV_LOW_50", "120", "60");
    assert_eq!(half.0.severity, Severity::Hint);
    assert_eq!(half.0.fix.unwrap().value, "true");
    let quarter = one(&outlet(&figures(50, 100, false), ""));
    is(&quarter, "ENV_RADAR_LOW_30", "ENV_LOW_30", "120", "90");
    let quarter = one(&outlet(&figures(69, 100, false), ""));
    is(&quarter, "ENV_RADAR_LOW_30", "ENV_LOW_30", "120", "90");
    // At the threshold, over the limit, or claimed already, there is nothing to say.
    assert_eq!(radar(&outlet(&figures(70, 100, false), "")), []);
    assert_eq!(radar(&outlet(&figures(40, 101, false), "")), []);
    assert_eq!(radar(&outlet(&figures(40, 100, true), "")), []);
}

#[test]
fn a_reduction_that_lacks_only_the_maximum() {
    let lacking = r#""mean_concentration":"60","concentration_limit":"100","#;
    let found = one(&outlet(lacking, ""));
    is(&found, "ENV_RADAR_LOW_DATA", "ENV_LOW_30", "120", "90");
    assert_eq!(found.0.field, "outlet.records[0].max_concentration");
    let high = r#""mean_concentration":"70","concentration_limit":"100","#;
    assert_eq!(radar(&outlet(high, "")), []);
}

#[test]
fn a_reduction_that_is_claimed_but_barred() {
    for (mean, max, id) in [
        (70, 100, "ENV_LOW_30"),
        (69, 101, "ENV_LOW_30"),
        (40, 101, "ENV_LOW_50"),
    ] {
        let found = one(&outlet(&figures(mean, max, true), ""));
        is(&found, "ENV_RADAR_LOW_BARRED", id, "120", "120");
        assert_eq!(found.0.severity, Severity::Warning);
    }
}

#[test]
fn a_plant_that_is_filed_as_an_ordinary_place() {
    let record = r#""max_concentration":"90","concentration_limit":"100","#;
    let sewage = one(&named("城南污水处理厂", record, ""));
    is(
        &sewage,
        "ENV_RADAR_SEWAGE_PLANT",
        "ENV_SEWAGE_PLANT",
        "120",
        "0",
    );
    let refuse = one(&named("东区生活垃圾焚烧厂", record, ""));
    is(
        &refuse,
        "ENV_RADAR_REFUSE_PLANT",
        "ENV_REFUSE_PLANT",
        "120",
        "0",
    );
    assert_eq!(radar(&outlet(record, "")), []);
    // Over the standard, or said to serve an industrial park, it would not be exempt.
    let over = r#""max_concentration":"101","concentration_limit":"100","#;
    assert_eq!(radar(&named("城南污水处理厂", over, "")), []);
    let park = r#""facility":"INDUSTRIAL_PARK_PLANT","#;
    assert_eq!(radar(&named("园区污水处理厂", record, park)), []);
}

#[test]
fn a_plant_over_its_standard() {
    let plant = r#""facility":"URBAN_SEWAGE_PLANT","#;
    let over = r#""max_concentration":"101","concentration_limit":"100","#;
    let found = one(&outlet(over, plant));
    is(
        &found,
        "ENV_RADAR_PLANT_BARRED",
        "ENV_SEWAGE_PLANT",
        "120",
        "120",
    );
    assert_eq!(found.0.severity, Severity::Warning);
    let within = r#""max_concentration":"100","concentration_limit":"100","#;
    assert_eq!(radar(&outlet(within, plant)), []);
}

#[test]
fn manure_that_may_be_used() {
    let found = one(&farm(505, "ENVIRONMENT"));
    is(&found, "ENV_RADAR_MANURE", "ENV_MANURE_USE", "707", "0");
    assert_eq!(radar(&farm(500, "ENVIRONMENT")), []);
    assert_eq!(radar(&farm(501, "MANURE_USE")), []);
}

#[test]
fn waste_that_would_be_deducted_if_measured() {
    let found = one(&waste(40));
    is(
        &found,
        "ENV_RADAR_WASTE_USE",
        "ENV_WASTE_USE",
        "2500",
        "1500",
    );
    assert_eq!(radar(&waste(0)), []);
}

#[test]
fn every_rule_of_the_radar_is_named_here() {
    let here = include_str!("radar_tests.rs");
    for check in catalogue::ALL {
        let radar = check.id.starts_with("ENV_RADAR_");
        let named = here.contains(&format!("\"{}\"", check.id));
        assert!(!radar || named, "{} has no test", check.id);
    }
}
