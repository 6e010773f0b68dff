//! Properties that hold for any figures.

use std::sync::OnceLock;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::rules::RuleBook;
use crate::tax::{Finding, Profile, ReliefClaim, TaxpayerKind};
use crate::types::{Money, Region};

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

fn book() -> &'static RuleBook {
    static BOOK: OnceLock<RuleBook> = OnceLock::new();
    BOOK.get_or_init(|| RuleBook::embedded().unwrap())
}

fn within<T>(period: Period, explain: bool, use_it: impl FnOnce(&Context<'_>) -> T) -> T {
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    use_it(&Context {
        rules: book(),
        region: Region::parse("340104").unwrap(),
        period,
        profile: &profile,
        explain,
    })
}

fn quarter() -> Period {
    Period::months_between(month("2026-07"), month("2026-09"))
}

fn lines(
    source: &Source,
    peers: &[&TaxSource],
    period: Period,
    explain: bool,
) -> Result<Vec<Charge>, Box<Finding>> {
    within(period, explain, |ctx| source.charge(peers, ctx))
        .map_err(|error| Box::new(error.into_finding()))
}

#[test]
fn quarters_and_occurrences_are_due() {
    let half = Period::months_between(month("2026-07"), month("2026-12"));
    let mut it = source_of(Subject::NoiseSite(NoiseSite {
        boundary_metres: None,
        records: Vec::new(),
    }));
    let due = |it: &Source| within(half, true, |ctx| it.periods_due(ctx)).unwrap();
    assert_eq!(due(&it).len(), 2);
    assert_eq!(it.due_parameter(), "ept.due.quarter");
    it.valid_period = Some(Period::months_between(month("2026-11"), month("2027-04")));
    assert_eq!(due(&it).len(), 1);
    let day = month("2026-07").first_day();
    it.occurrence_date = Some(day);
    assert_eq!(due(&it), [Period::day(day)]);
    assert_eq!(it.due_parameter(), "ept.due.occurrence");
}

const AIR: [&str; 6] = [
    "二氧化硫",
    "氮氧化物",
    "烟尘",
    "一氧化碳",
    "一般性粉尘",
    "苯",
];
const WATER: [&str; 12] = [
    "总铅",
    "总汞",
    "化学需氧量(CODcr)",
    "生化需氧量(BOD5)",
    "氨氮",
    "总磷",
    "pH值",
    "色度",
    "大肠菌群数(超标)",
    "余氯量(用氯消毒的医院废水)",
    "猪",
    "医院(消毒)-污水",
];

/// Figures of any size, below zero too.
fn wild() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (-100_i64..10_000_000, 0_u32..5).prop_map(|(value, scale)| Decimal::new(value, scale)),
        (any::<i64>(), 0_u32..28).prop_map(|(value, scale)| Decimal::new(value, scale)),
    ]
}

/// Figures as they are filed.
fn tame() -> impl Strategy<Value = Decimal> {
    (0_i64..10_000_000, 0_u32..5).prop_map(|(value, scale)| Decimal::new(value, scale))
}

fn quantity<D>(of: fn() -> D) -> impl Strategy<Value = Quantity>
where
    D: Strategy<Value = Decimal> + 'static,
{
    let maybe = move || prop::option::of(of());
    let reading = (maybe(), maybe(), any::<bool>());
    let readings = prop::collection::vec(reading, 0..3);
    prop_oneof![
        4 => of().prop_map(|kg| Quantity::Monitored(Monitored {
            automatic: true,
            emission_kg: Some(kg),
            flow: None,
            readings: Vec::new(),
        })),
        1 => (maybe(), readings).prop_map(|(flow, readings)| Quantity::Monitored(Monitored {
            automatic: false,
            emission_kg: None,
            flow,
            readings: readings
                .into_iter()
                .map(|(concentration, flow, below)| Reading {
                    concentration,
                    flow,
                    below_detection_limit: below,
                })
                .collect(),
        })),
        1 => (of(), of(), maybe()).prop_map(|(base, discharge, generation)| {
            Quantity::Coefficient(Coefficient {
                base_quantity: base,
                discharge_coefficient: discharge,
                generation_coefficient: generation,
                mass_unit: MassUnit::Gram,
            })
        }),
        1 => (of(), of(), of()).prop_map(|(area, up, down)| {
            Quantity::ConstructionDust(ConstructionDust {
                area_sqm: area,
                generation_coefficient: up,
                reduction_coefficient: down,
                work: Some(DustWork::Building),
            })
        }),
        3 => (of(), maybe(), maybe(), maybe()).prop_map(|(tonnes, ph, measured, limit)| {
            Quantity::Sewage(Sewage {
                sewage_tonnes: tonnes,
                ph,
                measured,
                measured_limit: limit,
            })
        }),
        2 => (maybe(), maybe(), maybe(), maybe()).prop_map(|(count, opening, closing, beds)| {
            Quantity::Feature(Feature {
                count,
                opening_stock: opening,
                closing_stock: closing,
                beds,
                stated_scale: None,
            })
        }),
    ]
}

/// A method that suits the pollutant.
fn fitting(name: &str, much: Decimal, level: Decimal) -> Quantity {
    let sewage = |ph, measured, limit| {
        Quantity::Sewage(Sewage {
            sewage_tonnes: much,
            ph,
            measured,
            measured_limit: limit,
        })
    };
    let feature = |beds| {
        Quantity::Feature(Feature {
            count: Some(much),
            opening_stock: None,
            closing_stock: None,
            beds,
            stated_scale: None,
        })
    };
    match name {
        "pH值" => sewage(level.checked_rem(Decimal::from(14)), None, None),
        "色度" | "大肠菌群数(超标)" => sewage(None, Some(level), Some(Decimal::ONE)),
        "余氯量(用氯消毒的医院废水)" => sewage(None, None, None),
        "猪" => feature(None),
        "医院(消毒)-污水" => feature(Some(level)),
        _ => Quantity::Monitored(Monitored {
            automatic: false,
            emission_kg: Some(much),
            flow: None,
            readings: Vec::new(),
        }),
    }
}

/// Any record, most often with a method that suits it and within its limit, so that lines and
/// reliefs come about.
fn record<D>(names: &'static [&'static str], of: fn() -> D) -> impl Strategy<Value = OutletRecord>
where
    D: Strategy<Value = Decimal> + 'static,
{
    let odd = prop::option::weighted(0.1, quantity(of));
    let approved = prop::option::weighted(0.2, 0_i64..=100);
    let doubts = (
        any::<bool>(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
    );
    let figures = (of(), of(), of(), of(), of());
    let place = (0_i32..3, prop::sample::select(names));
    (place, odd, approved, doubts, figures).prop_map(
        |((later, name), odd, approved, (claim, falsified, over), (kg, a, b, c, paid))| {
            let mut levels = [a, b, c];
            levels.sort();
            let [mean, high, higher] = levels;
            let (max, limit) = if over { (higher, high) } else { (high, higher) };
            let quantity = odd.unwrap_or_else(|| fitting(name, kg, a));
            let falsified = falsified && matches!(quantity, Quantity::Monitored(_));
            OutletRecord {
                month: month("2026-07").plus(later),
                pollutant: name.to_owned(),
                pollutant_class: None,
                quantity,
                generation_kg: falsified.then_some(paid),
                generation_reason: falsified.then_some(GenerationReason::DataFalsified),
                reviewed_kg: None,
                mean_concentration: Some(mean),
                max_concentration: Some(max),
                concentration_limit: Some(limit),
                carried_forward: false,
                claims_low_concentration_relief: claim,
                already_paid: Money::ZERO,
                reliefs: approved
                    .map(|percent| ReliefClaim {
                        ratio: Some(Decimal::new(percent, 2)),
                        ..ReliefClaim::of("ENV_OTHER")
                    })
                    .into_iter()
                    .collect(),
                previous_year_quantity: Some(paid),
                stated_unit_tax: None,
            }
        },
    )
}

fn source_of(subject: Subject) -> Source {
    Source {
        name: "1号排放口".to_owned(),
        outlet_number: String::new(),
        permit_number: String::new(),
        permit_required: false,
        valid_period: None,
        occurrence_date: None,
        offshore: false,
        stated_unit_tax: None,
        subject,
    }
}

fn outlets<D>(of: fn() -> D) -> impl Strategy<Value = Source>
where
    D: Strategy<Value = Decimal> + 'static,
{
    let facility = prop_oneof![
        4 => Just(Facility::Ordinary),
        1 => Just(Facility::UrbanSewagePlant)
    ];
    let make = |medium: Medium, names: &'static [&'static str]| {
        prop::collection::vec(record(names, of), 0..8).prop_map(move |records| (medium, records))
    };
    let filled = prop_oneof![make(Medium::Air, &AIR), make(Medium::Water, &WATER)];
    (filled, facility, any::<bool>()).prop_map(|((medium, mut records), facility, rounds)| {
        // One record for each month and pollutant, as the form wants it.
        let mut seen = BTreeSet::new();
        records.retain(|it| seen.insert((it.month, it.pollutant.clone())));
        source_of(Subject::Outlet(Outlet {
            medium,
            fugitive: false,
            facility,
            destination: Destination::Environment,
            rounds_equivalents: rounds,
            other_exceeded_months: Vec::new(),
            records,
        }))
    })
}

fn wastes<D>(of: fn() -> D) -> impl Strategy<Value = Source>
where
    D: Strategy<Value = Decimal> + 'static,
{
    let months = prop::collection::vec((of(), of(), of(), of(), any::<bool>()), 1..4);
    months.prop_map(|months| {
        let records = (0..)
            .zip(months)
            .map(|(later, (made, stored, used, lost, dumped))| WasteRecord {
                month: month("2026-07").plus(later),
                generated_tonnes: made,
                stored_tonnes: stored,
                disposed_tonnes: Decimal::ZERO,
                utilised_tonnes: used,
                unmeasured_tonnes: lost,
                substandard_tonnes: Decimal::ZERO,
                generation_reason: dumped.then_some(WasteReason::IllegalDumping),
                already_paid: Money::ZERO,
            });
        source_of(Subject::SolidWaste(SolidWaste {
            waste_kind: WasteKind::FlyAsh,
            hazardous_subclass: String::new(),
            records: records.collect(),
        }))
    })
}

fn noises<D>(of: fn() -> D) -> impl Strategy<Value = Source>
where
    D: Strategy<Value = Decimal> + 'static,
{
    let point = (
        prop::sample::select(&["", "E", "W"][..]),
        of(),
        prop::option::of(of()),
    );
    let part = (0_u32..32, of(), prop::collection::vec(point, 0..4)).boxed();
    let months = prop::collection::vec((part.clone(), part), 1..4);
    (prop::option::of(of()), months).prop_map(|(boundary_metres, months)| {
        let make = |(days_over, limit, points): (u32, Decimal, Vec<_>), night: bool| NoisePart {
            limit_db: limit,
            peak_limit_db: night.then_some(limit),
            days_over,
            points: points
                .into_iter()
                .map(
                    |(name, level, peak): (&str, Decimal, Option<Decimal>)| NoisePoint {
                        name: name.to_owned(),
                        level_db: level,
                        peak_db: peak.filter(|_| night),
                    },
                )
                .collect(),
            already_paid: Money::ZERO,
        };
        let records = (0..).zip(months).map(|(later, (day, night))| NoiseRecord {
            month: month("2026-07").plus(later),
            day: Some(make(day, false)),
            night: Some(make(night, true)),
        });
        source_of(Subject::NoiseSite(NoiseSite {
            boundary_metres,
            records: records.collect(),
        }))
    })
}

fn sources<D>(of: fn() -> D) -> impl Strategy<Value = Source>
where
    D: Strategy<Value = Decimal> + 'static,
{
    prop_oneof![6 => outlets(of), 1 => wastes(of), 1 => noises(of)]
}

/// The lines without the explanation, whose paths name places.
fn bare(mut lines: Vec<Charge>) -> Vec<Charge> {
    for line in &mut lines {
        line.steps.clear();
        line.turning_points.clear();
    }
    lines
}

fn turned_around(source: &Source) -> Source {
    let mut other = source.clone();
    match &mut other.subject {
        Subject::Outlet(it) => it.records.reverse(),
        Subject::SolidWaste(it) => it.records.reverse(),
        Subject::NoiseSite(it) => it.records.reverse(),
    }
    other
}

mod properties {
    use proptest::strategy::ValueTree;

    use super::*;

    fn boxed(source: &Source) -> TaxSource {
        TaxSource::EnvironmentalProtectionTax(Box::new(source.clone()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn nothing_panics(source in sources(wild), peer in sources(wild)) {
            let peer = boxed(&peer);
            within(quarter(), true, |ctx| {
                let _ = source.check(ctx);
                let _ = source.check_among(&[&peer], ctx);
                let _ = source.charge(&[&peer], ctx);
                let _ = source.radar(ctx);
            });
        }

        #[test]
        fn relief_lies_within_the_tax(source in sources(tame)) {
            for line in lines(&source, &[], quarter(), true).unwrap_or_default() {
                let relief = line.relief().unwrap();
                prop_assert!(!line.tax_amount.is_negative());
                prop_assert!(!relief.is_negative() && relief <= line.tax_amount);
                prop_assert_eq!(line.payable().unwrap().plus(relief).unwrap(), line.tax_amount);
                prop_assert!(!line.steps.is_empty());
            }
        }

        #[test]
        fn order_does_not_matter(source in sources(tame), a in sources(tame), b in sources(tame)) {
            let (a, b) = (boxed(&a), boxed(&b));
            let one = lines(&source, &[&a, &b], quarter(), false);
            let other = lines(&turned_around(&source), &[&b, &a], quarter(), false);
            prop_assert_eq!(one.is_ok(), other.is_ok());
            prop_assert_eq!(one.unwrap_or_default(), other.unwrap_or_default());
        }

        #[test]
        fn a_quarter_is_its_three_months(source in sources(tame), peer in sources(tame)) {
            let peer = boxed(&peer);
            let Ok(whole) = lines(&source, &[&peer], quarter(), false) else {
                return Ok(());
            };
            let mut parts = Vec::new();
            for month in quarter().months() {
                let period = Period::months_between(month, month);
                parts.extend(lines(&source, &[&peer], period, false).unwrap());
            }
            let figures = |line: &Charge| {
                (line.detail.clone(), line.tax_amount, line.relief().unwrap())
            };
            let whole: Vec<_> = whole.iter().map(figures).collect();
            let parts: Vec<_> = parts.iter().map(figures).collect();
            prop_assert_eq!(whole, parts);
        }

        #[test]
        fn the_same_is_the_same_also_explained(source in sources(tame)) {
            let told = lines(&source, &[], quarter(), true);
            prop_assert_eq!(&told, &lines(&source, &[], quarter(), true));
            let bare_told = told.map(bare);
            prop_assert_eq!(bare_told, lines(&source, &[], quarter(), false));
        }
    }

    /// Were the sources nearly all refused or never relieved, the properties would say nothing.
    #[test]
    fn the_sources_are_charged_and_relieved() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy = outlets(tame);
        let (mut charged, mut relieved) = (0, 0);
        for _ in 0..200 {
            let source = strategy.new_tree(&mut runner).unwrap().current();
            let found = lines(&source, &[], quarter(), false).unwrap_or_default();
            charged += usize::from(!found.is_empty());
            relieved += usize::from(found.iter().any(|it| !it.relief().unwrap().is_zero()));
        }
        assert!(charged > 80, "only {charged} of 200 are charged");
        assert!(relieved > 40, "only {relieved} of 200 are relieved");
    }
}
