//! Months of a year and what must hold of every line.

use jiff::civil::Date;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{Energy, Event, EventKind, Kind, Payment, PaymentKind, Source, spans};
use crate::rules::RuleBook;
use crate::tax::{Context, Profile, ReliefClaim, StatedRate, TaxpayerKind};
use crate::types::{Money, Period, Region, parse_date};

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
    assert_eq!(due(truck("2026-08-05", &[])), [year("2026")]);
    assert!(due(truck("2026-10-01", &[])).is_empty());
    assert!(due(truck("2020-01-01", &[(EventKind::Scrapped, "2025-06-01")])).is_empty());
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![
        Kind::PassengerCar,
        Kind::Bus,
        Kind::Truck,
        Kind::Trailer,
        Kind::Motorcycle,
        Kind::SpecialPurposeVehicle,
        Kind::WheeledMachine,
        Kind::MotorVessel,
        Kind::Tug,
        Kind::Barge,
        Kind::Yacht,
        Kind::AuxSailYacht,
    ])
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let kind = prop::sample::select(vec![
        EventKind::Stolen,
        EventKind::Recovered,
        EventKind::Scrapped,
        EventKind::Transferred,
    ]);
    let event =
        (kind, 2024_i16..2027, 1_i8..13, 1_i8..29).prop_map(|(kind, year, month, day)| Event {
            kind,
            on: Date::new(year, month, day).unwrap(),
            document: String::new(),
        });
    prop::collection::vec(event, 0..3)
}

fn sources() -> impl Strategy<Value = Source> {
    let sizes = (1_u32..7000, 1_u32..60, 0_u64..99_999_999_999, 0_u32..7);
    let facts = (kinds(), 1_u32..50, sizes, 2020_i16..2027, 1_i8..13);
    (
        facts,
        events(),
        0_i64..100_000_000,
        any::<bool>(),
        0_u32..400,
    )
        .prop_map(
            |(
                (kind, count, (displacement, seats, size, scale), year, month),
                events,
                paid,
                half,
                rate,
            )| {
                let mut source = truck("2020-01-01", &[]);
                let size = Some(Decimal::from_i128_with_scale(i128::from(size), scale));
                source.kind = kind;
                source.count = count;
                source.acquired_on = Date::new(year, month, 15).unwrap();
                source.energy = Some(Energy::Conventional);
                source.displacement_ml = Some(displacement);
                source.seats = Some(seats);
                source.curb_mass_tonnes = size;
                source.net_tonnage_tonnes = size;
                source.engine_power_kw = size;
                source.hull_length_metres = size;
                source.events = events;
                source.payments = vec![Payment {
                    kind: PaymentKind::Paid,
                    tax_year: 2025,
                    amount: Money::from_fen(paid),
                    document: "1".to_owned(),
                }];
                if half {
                    source.reliefs = vec![ReliefClaim {
                        relief_id: "VV_ENERGY_SAVING".to_owned(),
                        period: None,
                        base_share: None,
                        ratio: None,
                        amount: None,
                        document: String::new(),
                    }];
                }
                if !kind.is_vessel() {
                    source.stated_unit_amount = Some(StatedRate {
                        value: Decimal::from(rate),
                        document: "演示值".to_owned(),
                    });
                }
                source
            },
        )
}

proptest! {
    #[test]
    fn every_line_keeps_its_identity(source in sources()) {
        let rules = RuleBook::embedded().unwrap();
        let profile = profile();
        let ctx = context(&rules, &profile, year("2025"));
        let _ = source.check(&ctx);
        for line in source.charge(&[], &ctx).unwrap_or_default() {
            let relief = line.relief().unwrap();
            prop_assert!(!line.tax_amount.is_negative());
            prop_assert!(!relief.is_negative() && relief <= line.tax_amount);
            let due = line.tax_amount.minus(relief).unwrap();
            prop_assert_eq!(line.payable().unwrap(), due.minus(line.already_paid).unwrap());
            prop_assert_eq!(line.tax_amount.fen() % i64::from(source.count), 0);
            prop_assert!(!line.steps.is_empty() && !line.applied.is_empty());
        }
    }

    #[test]
    fn runs_are_apart_and_inside_the_year(source in sources()) {
        let runs = spans::taxed(&source, year("2025"));
        let months: u32 = runs.iter().map(|run| run.month_count()).sum();
        prop_assert!(months <= 12);
        for pair in runs.windows(2) {
            prop_assert!(pair[0].last_month().next() < pair[1].first_month());
        }
    }
}
