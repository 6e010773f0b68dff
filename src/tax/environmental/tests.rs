//! Properties that hold for any figures.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::rules::RuleBook;
use crate::tax::{Profile, TaxpayerKind};
use crate::types::{Money, Region};

fn record(pollutant: &str, kg: Decimal, mean: Decimal, limit: Decimal) -> OutletRecord {
    OutletRecord {
        month: Month::parse("2026-07").unwrap(),
        pollutant: pollutant.to_owned(),
        pollutant_class: None,
        quantity: Quantity::Monitored(Monitored {
            automatic: true,
            emission_kg: Some(kg),
            flow: None,
            readings: Vec::new(),
        }),
        generation_kg: None,
        generation_reason: None,
        reviewed_kg: None,
        mean_concentration: Some(mean),
        max_concentration: Some(mean),
        concentration_limit: Some(limit),
        carried_forward: false,
        claims_low_concentration_relief: true,
        already_paid: Money::ZERO,
        reliefs: Vec::new(),
        previous_year_quantity: None,
    }
}

fn source(records: Vec<OutletRecord>) -> Source {
    Source {
        name: "1号排气筒".to_owned(),
        outlet_number: "DA001".to_owned(),
        permit_number: String::new(),
        permit_required: false,
        valid_period: None,
        occurrence_date: None,
        stated_unit_tax: None,
        subject: Subject::Outlet(Outlet {
            medium: Medium::Air,
            fugitive: false,
            facility: Facility::Ordinary,
            destination: Destination::Environment,
            rounds_equivalents: false,
            other_exceeded_months: Vec::new(),
            records,
        }),
    }
}

fn charge(source: &Source) -> Result<Vec<Charge>, ChargeError> {
    let rules = RuleBook::embedded().unwrap();
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    let month = Month::parse("2026-07").unwrap();
    let ctx = Context {
        rules: &rules,
        region: Region::parse("340104").unwrap(),
        period: Period::months_between(month, month.plus(2)),
        profile: &profile,
        explain: true,
    };
    source.charge(&[], &ctx)
}

#[test]
fn quarters_and_occurrences_are_due() {
    let rules = RuleBook::embedded().unwrap();
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    let month = Month::parse("2026-07").unwrap();
    let ctx = Context {
        rules: &rules,
        region: Region::parse("340104").unwrap(),
        period: Period::months_between(month, month.plus(5)),
        profile: &profile,
        explain: true,
    };
    let mut it = source(Vec::new());
    assert_eq!(it.periods_due(&ctx).unwrap().len(), 2);
    assert_eq!(it.due_parameter(), "ept.due.quarter");
    it.valid_period = Some(Period::months_between(month.plus(4), month.plus(9)));
    assert_eq!(it.periods_due(&ctx).unwrap().len(), 1);
    let day = month.first_day();
    it.occurrence_date = Some(day);
    assert_eq!(it.periods_due(&ctx).unwrap(), [Period::day(day)]);
    assert_eq!(it.due_parameter(), "ept.due.occurrence");
}

proptest! {
    #[test]
    fn relief_lies_within_the_tax(
        masses in prop::collection::vec(0_i64..10_000_000_000, 4),
        means in prop::collection::vec(0_i64..20_000, 4),
    ) {
        let names = ["二氧化硫", "氮氧化物", "烟尘", "一氧化碳"];
        let records = names
            .iter()
            .zip(masses.iter().zip(&means))
            .map(|(name, (kg, mean))| {
                record(name, Decimal::new(*kg, 4), Decimal::new(*mean, 2), Decimal::from(100))
            })
            .collect();
        let lines = charge(&source(records)).unwrap();
        prop_assert!(lines.len() == 3);
        for line in &lines {
            let relief = line.relief().unwrap();
            prop_assert!(!relief.is_negative() && relief <= line.tax_amount);
            let payable = line.payable().unwrap();
            prop_assert_eq!(payable.plus(relief).unwrap(), line.tax_amount);
        }
        // Ranked by equivalents; at one unit tax the tax falls with the rank.
        prop_assert!(lines.windows(2).all(|pair| pair[1].base <= pair[0].base));
    }

    #[test]
    fn nothing_panics(mantissa in any::<i64>(), scale in 0_u32..28, other in any::<i64>()) {
        let wild = Decimal::new(mantissa, scale);
        let mut odd = record("苯并(a)芘", wild, Decimal::new(other, 3), wild);
        let _ = charge(&source(vec![odd.clone()]));
        odd.pollutant = "pH值".to_owned();
        odd.quantity = Quantity::Sewage(Sewage {
            sewage_tonnes: wild,
            ph: Some(wild),
            measured: None,
            measured_limit: None,
        });
        let mut water = source(vec![odd]);
        if let Subject::Outlet(outlet) = &mut water.subject {
            outlet.medium = Medium::Water;
        }
        let _ = charge(&water);
    }
}
