//! Months of a year, explanations, turning points, and the law as data.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Event, EventKind, Source, spans};
use crate::rules::{ReliefShape, RuleBook};
use crate::tax::{Charge, Context, Profile, TaxpayerKind};
use crate::types::{Period, Region, TaxKind, parse_date};

mod properties;

fn date(text: &str) -> Date {
    parse_date(text).unwrap()
}

fn year(text: &str) -> Period {
    Period::year_of(date(&format!("{text}-01-01")))
}

fn truck(acquired_on: &str, events: &[(EventKind, &str)]) -> Source {
    let mut source: Source = serde_json::from_str(&format!(
        r#"{{"kind": "TRUCK", "acquired_on": "{acquired_on}", "curb_mass_tonnes": "10"}}"#
    ))
    .unwrap();
    source.events = events
        .iter()
        .map(|(kind, on)| Event {
            kind: *kind,
            on: date(on),
            document: "演示".to_owned(),
        })
        .collect();
    source
}

fn runs(source: &Source, of: &str) -> Vec<(i8, i8)> {
    spans::taxed(source, year(of))
        .iter()
        .map(|run| (run.first_month().number(), run.last_month().number()))
        .collect()
}

#[test]
fn months_run_from_acquisition_to_the_event() {
    use EventKind::{Recovered, Returned, Scrapped, Stolen, Transferred};
    for (acquired, events, expected) in [
        ("2020-03-01", vec![], vec![(1, 12)]),
        ("2025-12-31", vec![], vec![(12, 12)]),
        ("2026-01-01", vec![], vec![]),
        ("2020-03-01", vec![(Scrapped, "2025-01-31")], vec![]),
        ("2025-07-02", vec![(Returned, "2025-07-30")], vec![]),
        (
            "2020-03-01",
            vec![(Transferred, "2025-06-30")],
            vec![(1, 12)],
        ),
        ("2020-03-01", vec![(Transferred, "2024-12-31")], vec![]),
        ("2020-03-01", vec![(Stolen, "2024-11-01")], vec![]),
        (
            "2020-03-01",
            vec![(Stolen, "2024-11-01"), (Recovered, "2025-03-31")],
            vec![(3, 12)],
        ),
        (
            "2020-03-01",
            vec![(Stolen, "2025-06-01"), (Recovered, "2025-06-30")],
            vec![(1, 12)],
        ),
        (
            "2020-03-01",
            vec![(Stolen, "2025-06-09"), (Recovered, "2025-09-15")],
            vec![(1, 5), (9, 12)],
        ),
        (
            "2020-03-01",
            vec![
                (Stolen, "2025-02-09"),
                (Recovered, "2025-04-15"),
                (Stolen, "2025-04-20"),
            ],
            vec![(1, 1)],
        ),
    ] {
        assert_eq!(
            runs(&truck(acquired, &events), "2025"),
            expected,
            "{acquired} {events:?}"
        );
    }
}

#[test]
fn a_buyer_starts_with_the_next_year_when_the_seller_paid() {
    let mut source = truck("2025-05-10", &[]);
    source.seller_tax_certificate = "演示完税凭证".to_owned();
    assert!(runs(&source, "2025").is_empty());
    assert_eq!(runs(&source, "2026"), [(1, 12)]);
}

fn profile() -> Profile {
    Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    }
}

fn context<'a>(rules: &'a RuleBook, profile: &'a Profile, period: Period) -> Context<'a> {
    Context {
        rules,
        region: Region::parse("340100").unwrap(),
        period,
        profile,
        explain: true,
    }
}

#[test]
fn the_filing_window_names_its_year_once() {
    let rules = RuleBook::embedded().unwrap();
    let profile = profile();
    let window = Period::new(date("2026-07-01"), date("2026-09-30")).unwrap();
    let ctx = context(&rules, &profile, window);
    let due = |source: Source| source.periods_due(&ctx).unwrap();
    assert_eq!(due(truck("2020-01-01", &[])), [year("2026")]);
    // A new vehicle is declared as it comes: by the window of its month, not an earlier one.
    assert_eq!(due(truck("2026-08-05", &[])), [year("2026")]);
    let month = |first: &str, last: &str| Period::new(date(first), date(last)).unwrap();
    for (window, expected) in [
        (month("2026-07-01", "2026-07-31"), vec![]),
        (month("2026-08-01", "2026-08-31"), vec![year("2026")]),
        (month("2026-12-01", "2026-12-31"), vec![year("2026")]),
        (
            month("2026-12-01", "2027-01-31"),
            vec![year("2026"), year("2027")],
        ),
    ] {
        let ctx = context(&rules, &profile, window);
        let found = truck("2026-08-05", &[]).periods_due(&ctx).unwrap();
        assert_eq!(found, expected, "{window}");
    }
    assert!(due(truck("2026-10-01", &[])).is_empty());
    assert!(due(truck("2020-01-01", &[(EventKind::Scrapped, "2025-06-01")])).is_empty());
}

/// A line of 2025 with its turning points.
fn explained(text: &str) -> Charge {
    let rules = RuleBook::embedded().unwrap();
    let profile = profile();
    let ctx = context(&rules, &profile, year("2025"));
    let source: Source = serde_json::from_str(text).unwrap();
    source.charge(&[], &ctx).unwrap().remove(0)
}

/// Field, value now and value at the turn.
fn turns(text: &str) -> Vec<(String, String, String)> {
    let points = explained(text).turning_points;
    points
        .into_iter()
        .map(|point| (point.field, point.now, point.turns_at))
        .collect()
}

#[test]
fn the_nearest_bound_of_the_class_is_told() {
    let stated = r#""stated_unit_amount": {"value": "500", "document": "D"}"#;
    let old = r#""acquired_on": "2020-03-01""#;
    for (facts, field, now, at) in [
        // 1.6 litres are nearer than 1.0 and lie inside the class.
        (
            r#""kind": "PASSENGER_CAR", "displacement_ml": 1598"#,
            "displacement_ml",
            "1598",
            "1601",
        ),
        (
            r#""kind": "PASSENGER_CAR", "displacement_ml": 1601"#,
            "displacement_ml",
            "1601",
            "1600",
        ),
        (r#""kind": "BUS", "seats": 19"#, "seats", "19", "20"),
        (r#""kind": "BUS", "seats": 25"#, "seats", "25", "19"),
        (
            r#""kind": "MOTOR_VESSEL", "net_tonnage_tonnes": "1999""#,
            "net_tonnage_tonnes",
            "1999",
            "2000",
        ),
        (
            r#""kind": "MOTOR_VESSEL", "net_tonnage_tonnes": "201""#,
            "net_tonnage_tonnes",
            "201",
            "200",
        ),
        (
            r#""kind": "BARGE", "net_tonnage_tonnes": "20000""#,
            "net_tonnage_tonnes",
            "20000",
            "10000",
        ),
        (
            r#""kind": "YACHT", "hull_length_metres": "29""#,
            "hull_length_metres",
            "29",
            "30",
        ),
        (
            r#""kind": "YACHT", "hull_length_metres": "10""#,
            "hull_length_metres",
            "10",
            "10",
        ),
        // 200 ÷ 67 hundredths: the power at which the net tons pass 200.
        (
            r#""kind": "TUG", "engine_power_kw": "300""#,
            "engine_power_kw",
            "300",
            "298.507462686567",
        ),
    ] {
        let vessel = facts.contains("tonnage") || facts.contains("hull") || facts.contains("TUG");
        let rate = if vessel {
            String::new()
        } else {
            format!(", {stated}")
        };
        let amount = if facts.contains("1601") {
            rate.replace("500", "600")
        } else {
            rate
        };
        let found = turns(&format!("{{{facts}, {old}{amount}}}"));
        let expected = (field.to_owned(), now.to_owned(), at.to_owned());
        assert_eq!(found, [expected], "{facts}");
    }
    // No class by size, no turn.
    let truck = format!(
        r#"{{"kind": "TRUCK", "curb_mass_tonnes": "10", {old},
        "stated_unit_amount": {{"value": "60", "document": "D"}}}}"#
    );
    assert!(turns(&truck).is_empty());
}

#[test]
fn the_month_of_acquisition_is_a_turn_in_its_year() {
    let ship = |on: &str| {
        format!(r#"{{"kind": "AUX_SAIL_YACHT", "hull_length_metres": "5", "acquired_on": "{on}"}}"#)
    };
    let turn =
        |now: &str, at: &str| vec![("acquired_date".to_owned(), now.to_owned(), at.to_owned())];
    assert_eq!(turns(&ship("2025-08-31")), turn("2025-08-31", "2025-09-01"));
    assert_eq!(turns(&ship("2025-12-31")), turn("2025-12-31", "2026-01-01"));
    assert!(turns(&ship("2024-12-31")).is_empty());
}

#[test]
fn every_part_of_the_way_is_a_step() {
    let line = explained(
        r#"{"kind": "TUG", "engine_power_kw": "300", "count": 2, "acquired_on": "2025-02-01",
            "energy": "NATURAL_GAS",
            "events": [{"kind": "STOLEN", "on": "2025-05-01", "document": "D"},
                       {"kind": "RECOVERED", "on": "2025-08-01", "document": "D"}],
            "reliefs": [{"relief_id": "VV_NEW_ENERGY_VESSEL", "document": "D"}],
            "payments": [{"kind": "PAID", "tax_year": 2025, "amount": "9", "document": "D"},
                         {"kind": "REFUNDED", "tax_year": 2025, "amount": "4", "document": "D"}]}"#,
    );
    // 201 t at 4 × 1/2: 402 a year; 3 and 5 months are 100.50 and 167.50; two of them 536.
    let told: Vec<(&str, &str)> = line
        .steps
        .iter()
        .map(|step| (step.label_en.as_str(), step.value.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("Item and unit amount", "4"),
            ("Net tons of the tug from its engine power", "201"),
            ("Share of the unit amount", "2"),
            ("Taxed months", "8"),
            ("Tax of one, 2025-02 to 2025-04", "100.50"),
            ("Tax of one, 2025-08 to 2025-12", "167.50"),
            ("Tax", "536.00"),
            (
                "Relief VV_NEW_ENERGY_VESSEL (2025-02-01..2025-12-31)",
                "536.00"
            ),
            ("Paid or withheld, less refunded", "5.00"),
        ]
    );
    assert!(line.steps.iter().all(|step| step.legal_basis.is_some()));
}

/// A relief of some months shows what those months bear, run by run.
#[test]
fn a_relief_of_some_months_is_explained_by_them() {
    let line = explained(
        r#"{"kind": "MOTOR_VESSEL", "net_tonnage_tonnes": "100", "acquired_on": "2020-02-01",
            "events": [{"kind": "STOLEN", "on": "2025-06-10", "document": "D"},
                       {"kind": "RECOVERED", "on": "2025-09-05", "document": "D"}],
            "reliefs": [{"relief_id": "VV_DISASTER", "ratio": "1", "document": "D",
                         "period": {"first": "2025-04-01", "last": "2025-12-31"}}]}"#,
    );
    let step = line.steps.last().unwrap();
    assert_eq!(step.expression, "(125.00 × 2 ÷ 5 + 100.00) × 1 × 1");
    assert_eq!(step.value, "150.00");
}

/// 车船税法 附表: a car of more displacement never bears less.
#[test]
fn no_place_taxes_larger_cars_less() {
    let rules = RuleBook::embedded().unwrap();
    let table = rules.table("vvt.items", date("2025-01-01")).unwrap();
    let cars: Vec<&str> = table
        .rows
        .iter()
        .filter(|row| table.cell(row, "family") == Some("PASSENGER_CAR"))
        .map(|row| table.cell(row, "amount").unwrap())
        .collect();
    assert_eq!(cars.len(), 7);
    let mut tables = 0;
    for region in ["110000", "440000"] {
        for on in ["2016-01-01", "2018-01-01", "2027-12-31"] {
            let region = Region::parse(region).unwrap();
            let amounts: Vec<Decimal> = cars
                .iter()
                .map(|id| rules.number(id, region, date(on)).unwrap().0)
                .collect();
            assert!(
                amounts.windows(2).all(|pair| pair[0] < pair[1]),
                "{region} {on}"
            );
            tables += 1;
        }
    }
    assert_eq!(tables, 6);
    // What the law leaves to the place and nobody could confirm is refused, not guessed.
    for region in ["340000", "340100", "310000", "320000", "440300"] {
        let region = Region::parse(region).unwrap();
        let known = rules.number("vvt.amount.TRUCK", region, date("2025-01-01"));
        assert!(known.is_err(), "{region}");
    }
}

/// Every relief of the law by its dates: exemptions end the tax, halves halve it.
#[test]
fn every_relief_of_the_pack_is_one_of_the_spec() {
    let rules = RuleBook::embedded().unwrap();
    let of = |on: &str| {
        let mut ids: Vec<String> = rules
            .reliefs_of(TaxKind::VehicleVesselTax, Some(date(on)))
            .iter()
            .map(|rule| rule.id.clone())
            .collect();
        ids.sort();
        ids
    };
    let always = [
        "VV_DIPLOMATIC",
        "VV_DISASTER",
        "VV_ENERGY_SAVING",
        "VV_FISHING",
        "VV_MILITARY",
        "VV_NEW_ENERGY",
        "VV_OTHER",
        "VV_POLICE",
        "VV_PUBLIC_TRANSPORT",
        "VV_RURAL",
    ];
    let with = |more: &[&str]| {
        let mut ids: Vec<String> = always
            .iter()
            .chain(more)
            .map(|id| (*id).to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(of("2016-12-31"), with(&["VV_INTERNAL", "VV_TONNAGE"]));
    assert_eq!(of("2018-07-09"), with(&[]));
    assert_eq!(of("2018-07-10"), with(&["VV_NEW_ENERGY_VESSEL"]));
    assert_eq!(of("2019-04-22"), with(&["VV_NEW_ENERGY_VESSEL"]));
    assert_eq!(
        of("2019-04-23"),
        with(&["VV_NEW_ENERGY_VESSEL", "VV_RESCUE"])
    );
    assert_eq!(
        of("2027-12-31"),
        with(&["VV_NEW_ENERGY_VESSEL", "VV_RESCUE"])
    );
    let half = rules.relief("VV_ENERGY_SAVING").unwrap();
    assert!(matches!(half.shape, ReliefShape::Ratio(_)));
}
