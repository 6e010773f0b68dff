use proptest::prelude::*;

use super::*;
use crate::rules::RuleBook;
use crate::tax::{Profile, SixTaxesSubject, SixTaxesWindow, TaxpayerKind};
use crate::types::{Money, Region, parse_date};

fn day(text: &str) -> Date {
    parse_date(text).unwrap()
}

fn book() -> &'static RuleBook {
    static BOOK: std::sync::OnceLock<RuleBook> = std::sync::OnceLock::new();
    BOOK.get_or_init(|| RuleBook::embedded().unwrap())
}

fn with<T>(first: &str, last: &str, ask: impl FnOnce(&Context<'_>) -> T) -> T {
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: vec![SixTaxesWindow {
            subject: SixTaxesSubject::SmallScaleVat,
            first: Month::parse("2019-01").unwrap(),
            last: None,
        }],
        six_taxes_facts: None,
    };
    ask(&Context {
        rules: book(),
        region: Region::parse("340104").unwrap(),
        period: Period::new(day(first), day(last)).unwrap(),
        profile: &profile,
        explain: true,
    })
}

fn net(amount: Money) -> Vec<IncomePart> {
    vec![IncomePart {
        kind: IncomeKind::Monetary,
        amount,
        vat_method: VatMethod::Excluded,
        vat_offset: Money::ZERO,
        vat: None,
        sold_on: None,
    }]
}

fn settlement(kind: PropertyType, income: Money, deductions: Money, prepaid: Money) -> Source {
    Source {
        project_name: "项目".to_owned(),
        project_number: String::new(),
        basis: Basis::Settlement(Box::new(Settlement {
            event_on: day("2024-05-10"),
            types: vec![SettlementType {
                property_type: kind,
                income: net(income),
                deductions: Deductions {
                    land: Money::ZERO,
                    development_cost: DevelopmentCost::default(),
                    expense_mode: ExpenseMode::TenPercent,
                    expense_rate: None,
                    interest: Money::ZERO,
                    interest_disallowed: Money::ZERO,
                    interest_cap: None,
                    taxes: Taxes::default(),
                    collected_fees: deductions,
                    without_invoice: Money::ZERO,
                },
                areas: None,
                prepaid,
                reliefs: Vec::new(),
            }],
            ordinary_not_separate: false,
            shared_costs: None,
            recorded_prepaid: None,
        })),
    }
}

fn prepay(months: &[&str]) -> Source {
    let row = |month: &&str| PrepayRow {
        month: Month::parse(month).unwrap(),
        class: PrepayClass::Other,
        sub_type: String::new(),
        monetary: Money::from_fen(100),
        in_kind: Money::ZERO,
        deemed: Money::ZERO,
        vat_method: SalesVat::General,
        ratio_band: None,
        stated_rate: None,
        already_paid: Money::ZERO,
        reliefs: Vec::new(),
    };
    Source {
        project_name: "项目".to_owned(),
        project_number: String::new(),
        basis: Basis::Prepay(Prepay {
            rows: months.iter().map(row).collect(),
            base_method: None,
            settlement_accepted_on: None,
            areas: None,
            presale_permit_on: None,
        }),
    }
}

#[test]
fn prepayments_are_due_in_the_months_with_receipts() {
    let source = prepay(&["2024-04", "2024-06", "2024-09"]);
    let due = with("2024-04-01", "2024-06-30", |ctx| source.periods_due(ctx)).unwrap();
    let due: Vec<String> = due.iter().map(ToString::to_string).collect();
    assert_eq!(due, ["2024-04-01..2024-04-30", "2024-06-01..2024-06-30"]);
    assert_eq!(source.due_parameter(), "lat.due.period");
}

#[test]
fn a_settlement_is_due_on_its_day() {
    let source = settlement(PropertyType::Other, Money::ZERO, Money::ZERO, Money::ZERO);
    let due = with("2024-05-01", "2024-05-31", |ctx| source.periods_due(ctx)).unwrap();
    assert_eq!(due, [Period::day(day("2024-05-10"))]);
    let none = with("2024-06-01", "2024-06-30", |ctx| source.periods_due(ctx)).unwrap();
    assert!(none.is_empty());
    assert_eq!(source.due_parameter(), "lat.due.settlement");
}

#[test]
fn every_due_parameter_is_in_the_pack() {
    with("2024-05-01", "2024-05-31", |ctx| {
        for id in ["lat.due.period", "lat.due.settlement", "lat.due.contract"] {
            assert!(ctx.text(id, day("2024-05-10")).is_ok(), "{id}");
        }
    });
}

#[test]
fn shares_sum_to_the_amount() {
    use crate::types::Exact;
    let weights = [Exact::int(1), Exact::int(7), Exact::int(7), Exact::int(3)];
    let parts = figures::split(Money::from_fen(1001), &weights).unwrap();
    assert_eq!(
        Money::sum(parts.iter().copied()).unwrap(),
        Money::from_fen(1001)
    );
    let fen: Vec<i64> = parts.iter().map(|part| part.fen()).collect();
    // 55.61, 389.28, 389.28, 166.83 rounded: no residue.
    assert_eq!(fen, [56, 389, 389, 167]);
    // Thirds of 1.00: one fen is left, and the first of the largest takes it.
    let thirds = figures::split(Money::from_fen(100), &[Exact::ONE; 3]).unwrap();
    let fen: Vec<i64> = thirds.iter().map(|part| part.fen()).collect();
    assert_eq!(fen, [34, 33, 33]);
}

proptest! {
    #[test]
    fn relief_and_payable_stay_in_bounds(
        income in 0_i64..=99_999_999_999_999,
        deductions in 0_i64..=99_999_999_999_999,
        prepaid in 0_i64..=9_999_999_999,
        kind in prop_oneof![
            Just(PropertyType::Ordinary),
            Just(PropertyType::NonOrdinary),
            Just(PropertyType::Other),
        ],
    ) {
        let fen = Money::from_fen;
        let source = settlement(kind, fen(income), fen(deductions), fen(prepaid));
        let lines = with("2024-05-01", "2024-05-31", |ctx| source.charge(&[], ctx)).unwrap();
        prop_assert_eq!(lines.len(), 1);
        for line in lines {
            let relief = line.relief().unwrap();
            prop_assert!(!relief.is_negative() && relief <= line.tax_amount);
            let left = line.tax_amount.minus(relief).unwrap();
            prop_assert_eq!(line.payable().unwrap(), left.minus(fen(prepaid)).unwrap());
            prop_assert!(!line.steps.is_empty() && !line.applied.is_empty());
        }
    }

    #[test]
    fn tax_is_monotone_but_for_the_exemption(
        income in 0_i64..=9_999_999_999,
        more in 0_i64..=1_000_000,
        deductions in 1_i64..=9_999_999_999,
    ) {
        let tax = |income| {
            let source = settlement(
                PropertyType::Other,
                Money::from_fen(income),
                Money::from_fen(deductions),
                Money::ZERO,
            );
            let lines = with("2024-05-01", "2024-05-31", |ctx| source.charge(&[], ctx));
            lines.unwrap().first().unwrap().tax_amount
        };
        prop_assert!(tax(income) <= tax(income + more));
    }

    #[test]
    fn nothing_panics_on_any_amount(income in any::<i64>(), deductions in any::<i64>()) {
        let fen = Money::from_fen;
        let source = settlement(PropertyType::Ordinary, fen(income), fen(deductions), fen(income));
        with("2024-05-01", "2024-05-31", |ctx| {
            let _ = source.check(ctx);
            let _ = source.charge(&[], ctx);
        });
    }
}
