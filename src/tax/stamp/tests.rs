//! Laws that hold for every document, and the periods it is filed in.

use proptest::prelude::*;

use super::{Amendment, Assessment, Capital, FilingMode, Item, Line, Regime, Settlement, Source};
use crate::rules::RuleBook;
use crate::tax::{
    BaseUnit, Charge, Context, Profile, ReliefClaim, SixTaxesSubject, SixTaxesWindow, StatedRate,
    TaxpayerKind,
};
use crate::types::{Exact, Money, Month, Period, Region, parse_date};

fn profile(eligible: bool) -> Profile {
    let window = SixTaxesWindow {
        subject: SixTaxesSubject::SmallScaleVat,
        first: Month::parse("2019-01").unwrap(),
        last: None,
    };
    Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: if eligible { vec![window] } else { Vec::new() },
        six_taxes_facts: None,
    }
}

pub(super) fn period(first: &str, last: &str) -> Period {
    Period::new(parse_date(first).unwrap(), parse_date(last).unwrap()).unwrap()
}

pub(super) fn line(item: Item, amount: Option<i64>) -> Line {
    Line {
        item,
        sub_item: String::new(),
        other_items: Vec::new(),
        amount: amount.map(Money::from_fen),
        foreign_amount: None,
        vat_stated_apart: Money::ZERO,
        vat_rate_named: false,
        exclusions: Vec::new(),
        co_parties: 1,
        own_share: None,
        capital: None,
        assessment: None,
        settlements: Vec::new(),
        amendments: Vec::new(),
        reliefs: Vec::new(),
        prior_paid: Money::ZERO,
        prior_paid_reference: String::new(),
        price_basis: None,
        rate: None,
        interest_free: false,
    }
}

pub(super) fn document(signed_on: &str, filing_mode: FilingMode, line: Line) -> Source {
    Source {
        document_number: String::new(),
        document_name: "合同".to_owned(),
        filing_mode,
        count: 1,
        signed_on: parse_date(signed_on).unwrap(),
        signed_abroad: false,
        role: None,
        unperformed: false,
        lines: vec![line],
        counterparties: Vec::new(),
        out_of_scope: None,
        real_property: None,
        gift: false,
        restructuring: None,
        tax_period: None,
    }
}

/// Asks for the periods due in a filing window of a place.
pub(super) fn due(source: &Source, region: &str, window: Period) -> Vec<String> {
    let rules = RuleBook::embedded().unwrap();
    let profile = profile(false);
    let ctx = Context {
        rules: &rules,
        region: Region::parse(region).unwrap(),
        period: window,
        profile: &profile,
        explain: false,
    };
    let found = source.periods_due(&ctx).unwrap();
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_document_is_due_where_it_was_signed_and_settled() {
    let mut framework = line(Item::Sale, None);
    for day in ["2022-10-12", "2022-11-12", "2023-03-07"] {
        framework.settlements.push(Settlement {
            settled_on: parse_date(day).unwrap(),
            amount: Money::from_fen(100),
            vat_stated_apart: Money::ZERO,
        });
    }
    let source = document("2022-08-25", FilingMode::Periodic, framework.clone());
    assert_eq!(
        due(&source, "340104", period("2022-07-01", "2022-12-31")),
        ["2022-07-01..2022-09-30", "2022-10-01..2022-12-31"]
    );
    // A quarter that ends after the window is not due in it.
    let early = period("2022-07-01", "2022-08-31");
    assert!(due(&source, "340104", early).is_empty());
    let source = document("2022-08-25", FilingMode::PerOccurrence, framework);
    assert_eq!(
        due(&source, "340104", period("2022-07-01", "2022-10-31")),
        ["2022-08-25..2022-08-25", "2022-10-12..2022-10-12"]
    );
    assert_eq!(source.due_parameter(), "st.due.occurrence");
}

#[test]
fn books_are_yearly_and_shanghai_documents_are_filed_one_by_one() {
    let books = document("2026-12-31", FilingMode::Periodic, line(Item::Books, None));
    let year = period("2026-01-01", "2026-12-31");
    assert_eq!(due(&books, "340104", year), ["2026-01-01..2026-12-31"]);
    assert!(due(&books, "340104", period("2026-07-01", "2026-09-30")).is_empty());
    let sale = line(Item::RealTransfer, Some(100));
    let deed = document("2026-08-15", FilingMode::Periodic, sale);
    assert_eq!(due(&deed, "310101", year), ["2026-08-15..2026-08-15"]);
    assert_eq!(due(&deed, "340104", year), ["2026-07-01..2026-09-30"]);
}

#[test]
fn regulations_were_filed_by_the_month() {
    let source = document(
        "2021-05-10",
        FilingMode::Periodic,
        line(Item::Sale, Some(1)),
    );
    let window = period("2021-01-01", "2021-12-31");
    assert_eq!(due(&source, "340104", window), ["2021-05-01..2021-05-31"]);
}

#[test]
fn every_item_of_either_law_has_a_name_where_it_has_a_rate() {
    let rules = RuleBook::embedded().unwrap();
    let profile = profile(false);
    for day in ["2021-01-01", "2024-01-01"] {
        let on = parse_date(day).unwrap();
        let ctx = Context {
            rules: &rules,
            region: Region::parse("110000").unwrap(),
            period: Period::day(on),
            profile: &profile,
            explain: true,
        };
        for item in Item::ALL.iter().filter(|item| **item != Item::Securities) {
            let taxable = item.rate(&ctx, on, "item").is_ok();
            let named = item.title(&ctx, on).0 != item.name();
            assert_eq!(taxable, named, "{item:?} on {day}");
        }
    }
}

#[test]
fn an_item_of_the_other_law_is_mended_where_that_is_certain() {
    let rules = RuleBook::embedded().unwrap();
    let profile = profile(false);
    let fix = |day: &str, item: Item| {
        let on = parse_date(day).unwrap();
        let ctx = Context {
            rules: &rules,
            region: Region::parse("340104").unwrap(),
            period: Period::day(on),
            profile: &profile,
            explain: false,
        };
        let source = document(day, FilingMode::Periodic, line(item, Some(100)));
        let found = source.check(&ctx);
        let finding = found.iter().find(|one| one.rule_id == "ST_E01").unwrap();
        assert_eq!(finding.field, "lines[0].item");
        finding.fix.as_ref().map(|fix| fix.value.clone())
    };
    let old = fix("2022-06-30", Item::Equity);
    assert_eq!(old.as_deref(), Some("STAMP_ITEM_TRANSFER_DOCUMENT"));
    let new = fix("2022-07-01", Item::SurveyDesign);
    assert_eq!(new.as_deref(), Some("STAMP_ITEM_CONSTRUCTION"));
    assert_eq!(fix("2022-07-01", Item::TransferDocument), None);
}

/// Charges a document of Hefei over all years, explained.
pub(super) fn charged(source: &Source, eligible: bool) -> Vec<Charge> {
    let rules = RuleBook::embedded().unwrap();
    let profile = profile(eligible);
    let ctx = Context {
        rules: &rules,
        region: Region::parse("340104").unwrap(),
        period: period("2018-01-01", "2027-12-31"),
        profile: &profile,
        explain: true,
    };
    source.charge(&[], &ctx).unwrap()
}

/// Documents of any item and day, right or wrong.
fn documents() -> impl Strategy<Value = Source> {
    let days = prop::sample::select(vec!["2018-04-30", "2021-12-31", "2022-06-30", "2024-02-29"]);
    let later = prop::sample::select(vec!["2018-01-01", "2023-06-30", "2026-09-30"]);
    let amount = prop::option::of(0..1_000_000_000_000_000i64);
    let reliefs = prop::sample::select(vec![
        "",
        "ST_OTHER",
        "ST_CAPITAL_BOOK_HALF",
        "ST_ART12_COPY",
        "SIX_TAXES",
    ]);
    let money = prop_oneof![9 => 0..1_000_000_000_000_000i64, 1 => any::<i64>()];
    (
        prop::sample::select(Item::ALL),
        days,
        later,
        amount,
        (money.clone(), money.clone(), money),
        (reliefs, any::<bool>(), 0..4u32, any::<bool>()),
    )
        .prop_map(
            |(item, day, later, amount, (a, b, c), (relief, change, n, once))| {
                let mut line = line(item, amount);
                line.co_parties = n;
                line.prior_paid = Money::from_fen(c % 1000);
                line.prior_paid_reference = "凭证".to_owned();
                if item == Item::Books {
                    line.amount = None;
                    line.capital = Some(Capital {
                        paid_in: Money::from_fen(a),
                        reserve: Money::from_fen(b),
                        taxed_high_water: Money::from_fen(c),
                    });
                } else if line.is_undetermined() {
                    line.settlements.push(Settlement {
                        settled_on: parse_date(later).unwrap(),
                        amount: Money::from_fen(a),
                        vat_stated_apart: Money::from_fen(b % 1000),
                    });
                } else if change && !item.is_per_piece() {
                    line.amendments.push(Amendment {
                        amended_on: parse_date(later).unwrap(),
                        amount: Money::from_fen(a),
                        vat_stated_apart: Money::ZERO,
                        paid: Money::from_fen(b),
                        paid_reference: "凭证".to_owned(),
                    });
                }
                line.vat_rate_named = change;
                if change && n == 3 && !item.is_per_piece() {
                    line.other_items = vec![Item::Lease];
                }
                if once && n == 2 {
                    line.assessment = Some(Assessment {
                        base: Money::from_fen(b),
                        ratio: StatedRate {
                            value: rust_decimal::Decimal::new(b % 101, 2),
                            document: "核定通知书".to_owned(),
                        },
                    });
                }
                if !relief.is_empty() {
                    line.reliefs.push(ReliefClaim {
                        relief_id: relief.to_owned(),
                        period: None,
                        base_share: None,
                        ratio: None,
                        amount: (relief == "ST_OTHER").then(|| Money::from_fen(b % 10_000)),
                        document: String::new(),
                    });
                }
                let mode = if once {
                    FilingMode::PerOccurrence
                } else {
                    FilingMode::Periodic
                };
                document(day, mode, line)
            },
        )
}

/// Half of one of a unit at most lies between what is rounded and the rounded.
fn is_near(rounded: Money, exact: Exact, unit: i64) -> bool {
    let half = Exact::from(Money::from_fen(unit)).div(2_i64).unwrap();
    let low = Exact::from(rounded).sub(half).unwrap();
    let high = Exact::from(rounded).add(half).unwrap();
    rounded.fen() % unit == 0 && low <= exact && exact < high
}

proptest! {
    #[test]
    fn every_charge_adds_up(source in documents(), eligible: bool) {
        let rules = RuleBook::embedded().unwrap();
        let profile = profile(eligible);
        let ctx = Context {
            rules: &rules,
            region: Region::parse("340104").unwrap(),
            period: period("2018-01-01", "2027-12-31"),
            profile: &profile,
            explain: true,
        };
        let findings = source.check(&ctx);
        prop_assert!(findings.iter().all(|one| !one.message_zh.is_empty()));
        prop_assert_eq!(&findings, &source.check(&ctx));
        prop_assert_eq!(source.radar(&ctx), source.radar(&ctx));
        prop_assert!(source.periods_due(&ctx).is_ok());
        prop_assert_eq!(source.fingerprint(), source.clone().fingerprint());
        let charged = source.charge(&[], &ctx);
        prop_assert_eq!(&charged, &source.charge(&[], &ctx));
        if let Ok(charges) = charged {
            prop_assert!(!charges.is_empty());
            let regime = Regime::of(&ctx, source.signed_on).unwrap();
            let mut keys = std::collections::BTreeSet::new();
            for charge in charges {
                let relief = charge.relief().unwrap();
                prop_assert!(!charge.tax_amount.is_negative() && !relief.is_negative());
                prop_assert!(relief <= charge.tax_amount);
                let parts = relief.plus(charge.already_paid).unwrap();
                let payable = charge.payable().unwrap();
                prop_assert_eq!(parts.plus(payable).unwrap(), charge.tax_amount);
                prop_assert!(!charge.steps.is_empty() && !charge.applied.is_empty());
                prop_assert_eq!(charge.steps.last().unwrap().value.clone(), payable.to_string());
                prop_assert!(keys.insert(charge.detail.clone()), "two lines are alike");
                if regime == Regime::Reg1988 && charge.base_unit == BaseUnit::Yuan {
                    prop_assert!(!payable.is_negative(), "over-stamping gave something back");
                }
            }
        }
    }

    #[test]
    fn the_regulations_round_to_the_jiao(
        item in prop::sample::select(vec![Item::Sale, Item::Loan, Item::Lease, Item::Transport]),
        fen in 0..1_000_000_000i64,
    ) {
        let source = document("2021-02-10", FilingMode::Periodic, line(item, Some(fen)));
        let charge = charged(&source, false).remove(0);
        if fen > 0 {
            let exact = Exact::from(Money::from_fen(fen)).mul(charge.rate).unwrap();
            let least = Exact::from(Money::from_fen(if item == Item::Lease { 100 } else { 10 }));
            let tax = charge.tax_amount;
            match (exact < least, item) {
                (true, Item::Lease) => prop_assert_eq!(tax, Money::from_fen(100)),
                (true, _) => prop_assert_eq!(tax, Money::ZERO),
                (false, _) => prop_assert!(is_near(tax, exact, 10), "{tax}"),
            }
        }
    }

    #[test]
    fn the_law_rounds_to_the_fen_and_more_is_never_taxed_less(
        item in prop::sample::select(vec![Item::Sale, Item::Loan, Item::Lease, Item::Equity]),
        fen in 1..1_000_000_000i64,
        more in 0..1_000_000i64,
        eligible: bool,
    ) {
        let of = |fen| {
            let source = document("2024-02-29", FilingMode::Periodic, line(item, Some(fen)));
            charged(&source, eligible).remove(0)
        };
        let (charge, larger) = (of(fen), of(fen + more));
        let exact = Exact::from(Money::from_fen(fen)).mul(charge.rate).unwrap();
        prop_assert!(is_near(charge.tax_amount, exact, 1), "{}", charge.tax_amount);
        prop_assert!(charge.payable().unwrap() <= larger.payable().unwrap());
        let left = charge.tax_amount.minus(charge.relief().unwrap()).unwrap();
        if eligible {
            prop_assert!(charge.relief().unwrap().minus(left).unwrap().fen() <= 1);
        }
    }
}
