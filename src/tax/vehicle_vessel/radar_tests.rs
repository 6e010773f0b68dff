//! The radar: what facts suggest, what they contradict, and what either is worth.

use super::Source;
use crate::rules::RuleBook;
use crate::tax::{Context, Opportunity, Profile, Severity, TaxpayerKind};
use crate::types::{Money, Period, Region, parse_date};

const STATED: &str = r#""stated_unit_amount": {"value": "60", "document": "D"}"#;
const CAR: &str = r#""kind": "PASSENGER_CAR", "displacement_ml": 1598, "seats": 5,
    "stated_unit_amount": {"value": "300", "document": "D"}"#;
const SHIP: &str = r#""kind": "MOTOR_VESSEL", "net_tonnage_tonnes": "100""#;

/// A source held since 2020 by what tells it apart from others.
fn source(facts: &str) -> Source {
    let day = if facts.contains("acquired_on") {
        ""
    } else {
        r#", "acquired_on": "2020-05-11""#
    };
    serde_json::from_str(&format!("{{{facts}{day}}}")).unwrap_or_else(|error| {
        panic!("{facts}: {error}");
    })
}

struct Seen {
    found: Vec<Opportunity<Source>>,
    /// The tax due as it stands, and with each finding followed.
    due: Money,
    instead: Vec<Option<Money>>,
}

fn due(source: &Source, ctx: &Context<'_>) -> Money {
    let lines = source.charge(&[], ctx).unwrap();
    Money::sum(lines.iter().map(|line| line.payable().unwrap())).unwrap()
}

fn seen_of(facts: &str, year: &str, kind: TaxpayerKind) -> Seen {
    let rules = RuleBook::embedded().unwrap();
    let profile = Profile {
        kind,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    let ctx = Context {
        rules: &rules,
        region: Region::parse("340100").unwrap(),
        period: Period::year_of(parse_date(&format!("{year}-01-01")).unwrap()),
        profile: &profile,
        explain: false,
    };
    let source = source(facts);
    let found = source.radar(&ctx);
    let instead = found
        .iter()
        .map(|one| one.instead.as_ref().map(|instead| due(instead, &ctx)))
        .collect();
    Seen {
        due: due(&source, &ctx),
        found,
        instead,
    }
}

fn seen(facts: &str) -> Seen {
    seen_of(facts, "2025", TaxpayerKind::Enterprise)
}

/// One finding of the id and severity, with the tax due as it stands and as it could be.
fn one(seen: &Seen, id: &str, severity: Severity, relief: &str, due: &str, instead: Option<&str>) {
    let ids: Vec<&str> = seen
        .found
        .iter()
        .map(|one| one.finding.rule_id.as_str())
        .collect();
    assert_eq!(ids, [id]);
    assert_eq!(seen.found[0].finding.severity, severity, "{id}");
    assert_eq!(seen.found[0].relief_id, relief, "{id}");
    assert!(!seen.found[0].finding.legal_basis.is_empty(), "{id}");
    assert_eq!(seen.due, Money::parse_yuan(due).unwrap(), "{id}");
    let instead = instead.map(|text| Money::parse_yuan(text).unwrap());
    assert_eq!(seen.instead, [instead], "{id}");
}

fn nothing(facts: &str) {
    let seen = seen(facts);
    assert!(seen.found.is_empty(), "{facts}: {:?}", seen.found);
}

#[test]
fn a_use_that_the_law_exempts_is_hinted_at() {
    for (usage, id, relief) in [
        ("FISHING", "VV_RADAR_FISHING", "VV_FISHING"),
        ("MILITARY", "VV_RADAR_MILITARY", "VV_MILITARY"),
        ("POLICE", "VV_RADAR_POLICE", "VV_POLICE"),
        ("FIRE_RESCUE", "VV_RADAR_RESCUE", "VV_RESCUE"),
        ("DIPLOMATIC", "VV_RADAR_DIPLOMATIC", "VV_DIPLOMATIC"),
    ] {
        let facts = format!(r#"{SHIP}, "usage": "{usage}""#);
        // 100 t at 3 yuan, all of it exempt.
        one(&seen(&facts), id, Severity::Hint, relief, "300", Some("0"));
        nothing(&format!(
            r#"{facts}, "reliefs": [{{"relief_id": "{relief}", "document": "D"}}]"#
        ));
    }
    nothing(&format!(r#"{SHIP}, "usage": "GENERAL""#));
    // A fishing relief is for vessels.
    nothing(&format!(r#"{CAR}, "usage": "FISHING""#));
}

#[test]
fn a_relief_out_of_its_dates_is_not_hinted_at() {
    let facts = format!(r#"{SHIP}, "acquired_on": "2010-01-01", "usage": "INTERNAL""#);
    let kind = TaxpayerKind::Enterprise;
    one(
        &seen_of(&facts, "2016", kind),
        "VV_RADAR_INTERNAL",
        Severity::Hint,
        "VV_INTERNAL",
        "300",
        Some("0"),
    );
    assert!(seen_of(&facts, "2017", kind).found.is_empty());
    let rescue = format!(r#"{SHIP}, "acquired_on": "2010-01-01", "usage": "FIRE_RESCUE""#);
    assert!(seen_of(&rescue, "2018", kind).found.is_empty());
    // Exempt from 2019-04-23: nine of twelve months of 300.
    one(
        &seen_of(&rescue, "2019", kind),
        "VV_RADAR_RESCUE",
        Severity::Hint,
        "VV_RESCUE",
        "300",
        Some("75"),
    );
}

#[test]
fn a_drive_that_the_law_relieves_is_hinted_at() {
    let new = |facts: &str, due| {
        one(
            &seen(facts),
            "VV_RADAR_NEW_ENERGY",
            Severity::Hint,
            "VV_NEW_ENERGY",
            due,
            Some("0"),
        );
    };
    new(&format!(r#"{CAR}, "energy": "PLUG_IN_HYBRID""#), "300");
    let truck = format!(r#""kind": "TRUCK", "curb_mass_tonnes": "10", {STATED}"#);
    new(&format!(r#"{truck}, "energy": "PURE_ELECTRIC""#), "600");
    new(&format!(r#"{truck}, "energy": "FUEL_CELL""#), "600");
    one(
        &seen(&format!(r#"{SHIP}, "energy": "NATURAL_GAS""#)),
        "VV_RADAR_NEW_ENERGY_VESSEL",
        Severity::Hint,
        "VV_NEW_ENERGY_VESSEL",
        "300",
        Some("0"),
    );
    // A barge has no main engine.
    nothing(r#""kind": "BARGE", "net_tonnage_tonnes": "100", "energy": "NATURAL_GAS""#);
}

#[test]
fn an_energy_saving_vehicle_is_hinted_at() {
    let half = |facts: &str, due, instead| {
        let (id, relief) = ("VV_RADAR_ENERGY_SAVING", "VV_ENERGY_SAVING");
        one(&seen(facts), id, Severity::Hint, relief, due, Some(instead));
    };
    half(&format!(r#"{CAR}, "energy": "HYBRID""#), "300", "150");
    let listed = r#""energy": "CONVENTIONAL", "catalogue_from": "2019-01-01""#;
    half(&format!("{CAR}, {listed}"), "300", "150");
    half(
        &format!(r#""kind": "TRUCK", "curb_mass_tonnes": "10", {STATED}, "energy": "NATURAL_GAS""#),
        "600",
        "300",
    );
    // Not listed, above 1.6 litres, or already claimed.
    nothing(&format!(r#"{CAR}, "energy": "CONVENTIONAL""#));
    let large = CAR.replace("1598", "1998").replace("300", "360");
    nothing(&format!(r#"{large}, "energy": "HYBRID""#));
    let claim = r#""reliefs": [{"relief_id": "VV_ENERGY_SAVING", "document": "D"}]"#;
    nothing(&format!("{CAR}, {listed}, {claim}"));
}

#[test]
fn a_province_may_relieve_public_transport_and_farmers() {
    let bus = r#""kind": "BUS", "seats": 30,
        "stated_unit_amount": {"value": "540", "document": "D"}"#;
    one(
        &seen(&format!(r#"{bus}, "usage": "PUBLIC_TRANSPORT""#)),
        "VV_RADAR_PUBLIC_TRANSPORT",
        Severity::Hint,
        "VV_PUBLIC_TRANSPORT",
        "540",
        None,
    );
    let cycle = r#""kind": "MOTORCYCLE", "usage": "RURAL", {STATED}"#.replace("{STATED}", STATED);
    one(
        &seen_of(&cycle, "2025", TaxpayerKind::Individual),
        "VV_RADAR_RURAL",
        Severity::Hint,
        "VV_RURAL",
        "60",
        None,
    );
    // An enterprise is no farmer, and a plain truck is no low-speed one.
    nothing(&cycle);
    let truck = format!(r#""kind": "TRUCK", "curb_mass_tonnes": "1", "usage": "RURAL", {STATED}"#);
    assert!(
        seen_of(&truck, "2025", TaxpayerKind::Individual)
            .found
            .is_empty()
    );
}

#[test]
fn half_amounts_are_seen_from_name_and_plate() {
    one(
        &seen(&format!(
            r#"{SHIP}, "name": "皖拖1", "engine_power_kw": "200""#
        )),
        "VV_RADAR_TUG",
        Severity::Hint,
        "vvt.share.tug_barge",
        "300",
        // 200 kW are 134 t; half of 134 × 3.
        Some("201"),
    );
    nothing(&format!(
        r#"{SHIP}, "name": "皖货1", "engine_power_kw": "200""#
    ));
    let truck = format!(r#""curb_mass_tonnes": "10", {STATED}"#);
    one(
        &seen(&format!(
            r#""kind": "TRUCK", {truck}, "plate": "皖A1234挂""#
        )),
        "VV_RADAR_TRAILER",
        Severity::Hint,
        "vvt.share.trailer",
        "600",
        Some("300"),
    );
    one(
        &seen(&format!(
            r#""kind": "TRAILER", {truck}, "plate": "皖A12345""#
        )),
        "VV_RADAR_TRAILER_PLATE",
        Severity::Warning,
        "vvt.share.trailer",
        "300",
        Some("600"),
    );
    nothing(&format!(r#""kind": "TRUCK", {truck}, "plate": "皖A12345""#));
    nothing(&format!(
        r#""kind": "TRAILER", {truck}, "plate": "皖A1234挂""#
    ));
}

#[test]
fn a_theft_without_a_payment_asks_for_it() {
    let stolen = r#""events": [{"kind": "STOLEN", "on": "2025-07-01", "document": "D"}]"#;
    one(
        &seen(&format!("{SHIP}, {stolen}")),
        "VV_RADAR_REFUND",
        Severity::Hint,
        "VV_REFUND",
        "150",
        None,
    );
    let paid = r#""payments": [{"kind": "PAID", "tax_year": 2025, "amount": "300",
        "document": "D"}]"#;
    nothing(&format!("{SHIP}, {stolen}, {paid}"));
    let sold = stolen.replace("STOLEN", "TRANSFERRED");
    nothing(&format!("{SHIP}, {sold}"));
}

#[test]
fn a_claim_whose_use_is_another_is_doubted() {
    let claim = r#""reliefs": [{"relief_id": "VV_POLICE", "document": "D"}]"#;
    let wrong = |facts: &str, relief, due, instead| {
        one(
            &seen(facts),
            "VV_RADAR_USE",
            Severity::Warning,
            relief,
            due,
            Some(instead),
        );
    };
    wrong(
        &format!(r#"{SHIP}, {claim}, "usage": "GENERAL""#),
        "VV_POLICE",
        "0",
        "300",
    );
    nothing(&format!("{SHIP}, {claim}"));
    nothing(&format!(r#"{SHIP}, {claim}, "usage": "POLICE""#));
    let rural = r#""reliefs": [{"relief_id": "VV_RURAL", "ratio": "1", "document": "D"}]"#;
    let cycle = format!(r#""kind": "MOTORCYCLE", {STATED}, {rural}"#);
    wrong(&cycle, "VV_RURAL", "0", "60");
    assert!(
        seen_of(&cycle, "2025", TaxpayerKind::Individual)
            .found
            .is_empty()
    );
}

#[test]
fn a_claim_for_a_model_not_listed_when_bought_is_doubted() {
    let claim = r#""energy": "HYBRID",
        "reliefs": [{"relief_id": "VV_ENERGY_SAVING", "document": "D"}]"#;
    for listing in [
        r#""catalogue_from": "2020-05-12""#,
        r#""catalogue_from": "2018-01-01", "catalogue_to": "2020-05-10""#,
    ] {
        one(
            &seen(&format!("{CAR}, {claim}, {listing}")),
            "VV_RADAR_CATALOGUE",
            Severity::Warning,
            "VV_ENERGY_SAVING",
            "150",
            Some("300"),
        );
        // Nor is it hinted at where it is not claimed.
        nothing(&format!(r#"{CAR}, "energy": "HYBRID", {listing}"#));
    }
    // Listed on the day itself; removed afterwards.
    nothing(&format!(
        r#"{CAR}, {claim}, "catalogue_from": "2020-05-11""#
    ));
    let removed = r#""catalogue_from": "2018-01-01", "catalogue_to": "2020-05-11""#;
    nothing(&format!("{CAR}, {claim}, {removed}"));
}

#[test]
fn what_is_outside_the_tax_gets_no_advice() {
    nothing(&format!(
        r#"{SHIP}, "usage": "POLICE", "events": [{{"kind": "SCRAPPED", "on": "2024-05-12"}}]"#
    ));
    let rules = RuleBook::embedded().unwrap();
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    let ctx = Context {
        rules: &rules,
        region: Region::parse("340100").unwrap(),
        period: Period::year_of(parse_date("2025-01-01").unwrap()),
        profile: &profile,
        explain: false,
    };
    // A battery-electric car is refused by the charge, a foreign ship too.
    let electric = source(&format!(r#"{CAR}, "energy": "PURE_ELECTRIC""#));
    assert!(electric.radar(&ctx).is_empty());
    let foreign = source(&format!(r#"{SHIP}, "usage": "POLICE", "foreign": true"#));
    assert!(foreign.radar(&ctx).is_empty());
}
