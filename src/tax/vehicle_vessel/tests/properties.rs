//! What must hold of every source, whatever it says.

use jiff::civil::Date;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::super::{
    Change, Energy, Event, EventKind, Kind, Payment, PaymentKind, Source, Usage, spans,
};
use super::{context, profile, truck, year};
use crate::rules::RuleBook;
use crate::tax::{ChargeError, Context, ReliefClaim, Severity, StatedRate};
use crate::types::Money;

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
                    paid_on: None,
                    late_fee: None,
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

/// Anything a stored source could say, also what no wire lets through.
fn wild() -> impl Strategy<Value = Source> {
    let size = prop_oneof![
        Just(None),
        (any::<i64>(), 0_u32..19).prop_map(|(value, scale)| Some(Decimal::new(value, scale))),
        Just(Some(Decimal::MAX)),
        Just(Some(Decimal::MIN)),
    ];
    let day = (1900_i16..2200, 1_i8..13, 1_i8..29)
        .prop_map(|(year, month, day)| Date::new(year, month, day).unwrap());
    let text = prop::sample::select(vec!["", " ", "皖A12345", "1M8GDM9AXKP042788", "\u{0}拖挂"]);
    let claim = prop::sample::select(vec![
        "VV_RURAL",
        "VV_NEW_ENERGY",
        "VV_ENERGY_SAVING",
        "VV_DISASTER",
        "VV_POLICE",
        "LU_WAREHOUSE",
        "",
    ]);
    let usage = prop::sample::select(vec![None, Some(Usage::Rural), Some(Usage::Police)]);
    let energy = prop::sample::select(vec![
        None,
        Some(Energy::PureElectric),
        Some(Energy::PlugInHybrid),
        Some(Energy::NaturalGas),
        Some(Energy::Hybrid),
    ]);
    (
        sources(),
        (size.clone(), size.clone(), size),
        (day.clone(), day.clone(), day),
        (any::<u32>(), any::<i64>(), any::<i16>(), any::<i64>()),
        (text, claim, usage, energy, kinds()),
    )
        .prop_map(
            |(mut source, (a, b, rate), (day, other, third), numbers, words)| {
                let (count, fen, tax_year, fee) = numbers;
                let (text, claim, usage, energy, kind) = words;
                source.count = count;
                source.acquired_on = day;
                source.curb_mass_tonnes = a;
                source.net_tonnage_tonnes = a;
                source.engine_power_kw = b;
                source.hull_length_metres = b;
                source.plate = text.to_owned();
                source.vin = text.to_owned();
                source.name = text.to_owned();
                source.usage = usage;
                source.energy = energy;
                source.invoiced_on = Some(other);
                source.catalogue_from = Some(third);
                source.stated_unit_amount = rate.map(|value| StatedRate {
                    value,
                    document: String::new(),
                });
                source.changes = vec![Change {
                    on: other,
                    kind: Some(kind),
                    energy: None,
                    displacement_ml: Some(0),
                    seats: None,
                    curb_mass_tonnes: b,
                    net_tonnage_tonnes: None,
                    engine_power_kw: a,
                    hull_length_metres: None,
                    stated_unit_amount: None,
                    document: String::new(),
                }];
                source.payments.push(Payment {
                    kind: PaymentKind::InsurerWithheld,
                    tax_year,
                    amount: Money::from_fen(fen),
                    document: String::new(),
                    paid_on: Some(third),
                    late_fee: Some(Money::from_fen(fee)),
                });
                let mut relief = ReliefClaim::of(claim);
                relief.ratio = b;
                source.reliefs.push(relief);
                source
            },
        )
}

/// The same source for a number of vehicles, without what is stated for all of them together.
fn of_count(source: &Source, count: u32) -> Source {
    let mut source = source.clone();
    source.count = count;
    source.payments = Vec::new();
    source
}

proptest! {
    #[test]
    fn nothing_a_source_says_panics(source in wild(), start in 1900_i16..2199) {
        let rules = RuleBook::embedded().unwrap();
        let profile = profile();
        let ctx = context(&rules, &profile, year(&start.to_string()));
        let _ = source.check(&ctx);
        let _ = source.periods_due(&ctx);
        let _ = source.radar(&ctx);
        let _ = source.charge(&[], &ctx);
    }

    #[test]
    fn the_same_input_gives_the_same_output(source in sources()) {
        let rules = RuleBook::embedded().unwrap();
        let profile = profile();
        let ctx = context(&rules, &profile, year("2025"));
        let read: Source =
            serde_json::from_str(&serde_json::to_string(&source).unwrap()).unwrap();
        prop_assert_eq!(&read, &source);
        prop_assert_eq!(source.charge(&[], &ctx), read.charge(&[], &ctx));
        prop_assert_eq!(source.check(&ctx), read.check(&ctx));
        prop_assert_eq!(source.radar(&ctx), read.radar(&ctx));
        // The explanation never changes a figure.
        let plain = Context { explain: false, ..ctx };
        let figures = |ctx: &Context<'_>| {
            source.charge(&[], ctx).map(|lines| {
                lines
                    .into_iter()
                    .map(|line| (line.tax_amount, line.reliefs, line.already_paid))
                    .collect::<Vec<_>>()
            })
        };
        prop_assert_eq!(figures(&ctx), figures(&plain));
    }

    /// Decision VV5: tax and relief of one, times the number.
    #[test]
    fn many_are_many_times_one(source in sources()) {
        let rules = RuleBook::embedded().unwrap();
        let profile = profile();
        let ctx = context(&rules, &profile, year("2025"));
        let count = i64::from(source.count);
        let figures = |source: Source| -> Result<Vec<(i64, i64)>, ChargeError> {
            let lines = source.charge(&[], &ctx)?;
            Ok(lines
                .iter()
                .map(|line| (line.tax_amount.fen(), line.relief().unwrap().fen()))
                .collect())
        };
        match (figures(of_count(&source, 1)), figures(of_count(&source, source.count))) {
            (Ok(one), Ok(many)) => {
                let times: Vec<(i64, i64)> =
                    one.iter().map(|(tax, relief)| (tax * count, relief * count)).collect();
                prop_assert_eq!(times, many);
            }
            (one, many) => prop_assert_eq!(one.is_err(), many.is_err()),
        }
    }

    /// Following a hint never costs more, and giving up a doubted claim never costs less.
    #[test]
    fn advice_is_worth_what_it_says(
        source in sources(),
        usage in prop::sample::select(vec![
            Usage::General,
            Usage::Rural,
            Usage::Fishing,
            Usage::Police,
            Usage::FireRescue,
            Usage::PublicTransport,
        ]),
        energy in prop::sample::select(vec![
            Energy::Hybrid,
            Energy::PlugInHybrid,
            Energy::FuelCell,
            Energy::NaturalGas,
        ]),
        listed in 2019_i16..2027,
    ) {
        let rules = RuleBook::embedded().unwrap();
        let profile = profile();
        let ctx = context(&rules, &profile, year("2025"));
        let mut source = source;
        source.usage = Some(usage);
        source.energy = Some(energy);
        source.catalogue_from = Date::new(listed, 6, 1).ok();
        let due = |source: &Source| {
            let lines = source.charge(&[], &ctx).ok()?;
            Money::sum(lines.iter().map(|line| line.payable().unwrap())).ok()
        };
        if let Some(now) = due(&source) {
            for advice in source.radar(&ctx) {
                let Some(instead) = advice.instead else { continue };
                let then = due(&instead);
                prop_assert!(then.is_some(), "{} cannot be followed", advice.relief_id);
                match advice.finding.severity {
                    Severity::Hint => prop_assert!(then <= Some(now)),
                    Severity::Warning | Severity::Error => prop_assert!(then >= Some(now)),
                }
            }
        }
    }

    /// A month more of holding never costs less, and twelve months cost the year.
    #[test]
    fn an_earlier_month_never_costs_less(source in sources(), month in 1_i8..12) {
        let rules = RuleBook::embedded().unwrap();
        let profile = profile();
        let ctx = context(&rules, &profile, year("2025"));
        let tax = |month: i8| {
            let mut source = of_count(&source, 1);
            source.events = Vec::new();
            source.acquired_on = Date::new(2025, month, 28).unwrap();
            let lines = source.charge(&[], &ctx).ok()?;
            Some(lines.first()?.tax_amount)
        };
        if let (Some(early), Some(late)) = (tax(month), tax(month + 1)) {
            prop_assert!(early >= late);
            let (first, last) = (tax(1).unwrap(), tax(12).unwrap());
            // Twelve times a rounded twelfth is the year to within six fen.
            prop_assert!((first.fen() - 12 * last.fen()).abs() <= 6);
        }
    }

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
