//! The eligibility radar over real sources, and a form as large as the service allows.

use std::collections::HashMap;

use caixing::filing::{Scope, SourceRecord, SourceState, draw, radar};
use caixing::rules::RuleBook;
use caixing::tax::six_taxes::{Facts, VatChange, VatStatus};
use caixing::tax::{Profile, SixTaxesSubject, SixTaxesWindow, TaxSource, TaxpayerKind};
use caixing::types::{Money, Month, SourceId, TaxKind};
use uuid::Uuid;

use crate::sample::{self, day, period, yuan};

fn record(number: u128, detail: TaxSource) -> SourceRecord {
    SourceRecord {
        id: SourceId::new(Uuid::from_u128(number)),
        detail,
        ..sample::source(1, SourceState::Collected)
    }
}

fn scope<'a>(
    rules: &'a RuleBook,
    profile: &'a Profile,
    sources: &'a [SourceRecord],
    declared: &'a HashMap<(SourceId, caixing::types::Period), caixing::types::DeclarationId>,
) -> Scope<'a> {
    Scope {
        rules,
        taxpayer: sample::taxpayer_key(),
        profile,
        window: period("2026-07-01", "2026-09-30"),
        sources,
        declared,
        authority: None,
        taxes: &[],
        explain: false,
    }
}

/// 20,000 m² × 5 × 3/12 = 25,000.00, half of it 12,500.00.
#[test]
fn a_relief_not_claimed_is_worth_what_it_saves_also_after_filing() {
    let rules = RuleBook::embedded().unwrap();
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: vec![SixTaxesWindow {
            subject: SixTaxesSubject::SmallScaleVat,
            first: Month::parse("2023-01").unwrap(),
            last: Some(Month::parse("2023-12").unwrap()),
        }],
        six_taxes_facts: Some(Box::new(Facts {
            vat: vec![VatChange {
                status: VatStatus::SmallScale,
                from: day("2020-01-01"),
            }],
            ..Facts::default()
        })),
    };
    let sources = [
        record(1, sample::detail("land_use_tax")),
        record(2, sample::detail("vehicle_vessel_tax")),
        record(3, sample::detail("stamp_tax")),
    ];
    let quarter = period("2026-07-01", "2026-09-30");
    let filed = HashMap::from([((sources[0].id, quarter), sample::declaration_id(1))]);
    let reviews = radar::review(&scope(&rules, &profile, &sources, &filed));
    let six: Vec<(TaxKind, Option<Money>)> = reviews
        .iter()
        .filter(|review| review.finding.rule_id == "SIX_UNCLAIMED")
        .map(|review| (review.tax, review.effect))
        .collect();
    // The sale: (5,650,000 − 650,000) × 0.03% = 1,500.00, half of it 750.00.
    let expected = [
        (TaxKind::LandUseTax, Some(yuan("12500.00"))),
        (TaxKind::StampTax, Some(yuan("750.00"))),
    ];
    assert_eq!(six, expected);
}

/// The most one declaration may hold: 10,000 plots of 25,000.00 each.
#[test]
fn ten_thousand_sources_stand_on_one_form() {
    let rules = RuleBook::embedded().unwrap();
    let mut sources = Vec::new();
    for number in 1..=10_000_u128 {
        let mut detail = if number == 1 {
            sample::detail("land_use_tax")
        } else {
            let first: &SourceRecord = &sources[0];
            first.detail.clone()
        };
        if let TaxSource::LandUseTax(plot) = &mut detail {
            plot.land_no = format!("34010400{number:06}");
        }
        sources.push(record(number, detail));
    }
    let profile = sample::profile();
    let declared = HashMap::new();
    let drawing = draw(&scope(&rules, &profile, &sources, &declared));
    assert_eq!(drawing.contents.len(), 1);
    let form = &drawing.contents[0];
    assert_eq!(form.lines.len(), 10_000);
    assert_eq!(form.totals().unwrap().payable, yuan("250000000.00"));
}
