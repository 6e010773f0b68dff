use std::collections::HashMap;

use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Comparison, Kind, Side, compare, redate};
use crate::filing::Line;
use crate::rules::RuleBook;
use crate::tax::{Applied, BaseUnit, Charge, Provenance, ReliefLine};
use crate::types::{Money, Period, SourceId, TaxKind};

fn yuan(text: &str) -> Money {
    Money::parse_yuan(text).unwrap()
}

fn number(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn days(first: Date, last: Date) -> Period {
    Period::new(first, last).unwrap()
}

fn source(place: u128) -> SourceId {
    SourceId::new(Uuid::from_u128(place))
}

fn applied(id: &str, value: &str, from: Date) -> Applied {
    Applied {
        parameter_id: id.to_owned(),
        value: number(value),
        provenance: Provenance::Rule {
            first_day: from,
            last_day: None,
            cite: format!("{id} {from}"),
            unconfirmed: false,
        },
    }
}

/// A plot of 1,000 m² at 6 yuan for the third quarter of 2026: 1,500.00.
fn plot(place: u128) -> Line {
    Line {
        number: 1,
        source_id: source(place),
        source_version: 1,
        tax_period: days(date(2026, 7, 1), date(2026, 9, 30)),
        due_on: date(2026, 10, 26),
        charge: Charge {
            tax: TaxKind::LandUseTax,
            item: "LUT_CLASS_1".to_owned(),
            item_code: None,
            item_zh: "土地".to_owned(),
            detail: String::new(),
            period: days(date(2026, 7, 1), date(2026, 9, 30)),
            base: number("1000"),
            base_unit: BaseUnit::SquareMetre,
            rate: number("6"),
            tax_amount: yuan("1500.00"),
            reliefs: Vec::new(),
            already_paid: Money::ZERO,
            applied: vec![applied("lut.unit_tax", "6", date(2019, 1, 1))],
            steps: Vec::new(),
            turning_points: Vec::new(),
        },
        payable: yuan("1500.00"),
        carried: Money::ZERO,
        stands_from: None,
    }
}

fn changed(line: Line, change: impl FnOnce(&mut Charge)) -> Line {
    let mut line = line;
    change(&mut line.charge);
    line.payable = line.charge.payable().unwrap();
    line
}

fn side(lines: &[Line]) -> Side<'_> {
    let keys: HashMap<_, _> = lines
        .iter()
        .map(|line| (line.source_id, line.source_id.to_string()))
        .collect();
    Side { lines, keys }
}

/// Compares, and finds that the effects add up to the difference.
fn compared(before: &[Line], after: &[Line], check: impl FnOnce(&Comparison<'_>)) {
    let (old, new) = (side(before), side(after));
    let comparison = compare(&old, &new).unwrap();
    let causes = comparison.lines.iter().flat_map(|line| &line.causes);
    let sum = Money::sum(causes.map(|cause| cause.effect)).unwrap();
    assert_eq!(sum, comparison.difference.net);
    check(&comparison);
}

/// The causes of the only line that differs: kind, effect.
fn causes(comparison: &Comparison<'_>) -> Vec<(Kind, String)> {
    assert_eq!(comparison.lines.len(), 1);
    let line = comparison.lines.first().unwrap();
    let causes = line.causes.iter();
    causes
        .map(|cause| (cause.kind, cause.effect.to_string()))
        .collect()
}

#[test]
fn equal_lines_do_not_differ() {
    let lines = [plot(1)];
    compared(&lines, &lines, |found| {
        assert!(found.lines.is_empty());
        assert_eq!(found.unchanged, 1);
    });
}

#[test]
fn lines_come_and_go() {
    let (old, new) = ([plot(1)], [plot(2)]);
    compared(&old, &new, |found| {
        let effects: Vec<String> = found.lines.iter().map(|l| l.effect.to_string()).collect();
        assert_eq!(effects, ["-1500.00", "1500.00"]);
        let kinds: Vec<Kind> = found.lines.iter().map(|l| l.causes[0].kind).collect();
        assert_eq!(kinds, [Kind::Removed, Kind::Added]);
        assert_eq!(found.difference.net, Money::ZERO);
    });
}

#[test]
fn base_and_rate_are_told_apart_in_order() {
    // 1,200 m² at 9 yuan: 2,700.00. Base first: 1,500 × 1.2 = 1,800; then the rate.
    let new = changed(plot(1), |charge| {
        charge.base = number("1200");
        charge.rate = number("9");
        charge.tax_amount = yuan("2700.00");
        charge.applied = vec![applied("lut.unit_tax.other", "9", date(2019, 1, 1))];
    });
    compared(&[plot(1)], &[new], |found| {
        let expected = [(Kind::Base, "300.00"), (Kind::Rate, "900.00")];
        let expected = expected.map(|(kind, effect)| (kind, effect.to_owned()));
        assert_eq!(causes(found), expected);
    });
}

#[test]
fn another_row_of_the_same_parameter_is_the_rule() {
    let new = changed(plot(1), |charge| {
        charge.rate = number("5");
        charge.tax_amount = yuan("1250.00");
        charge.applied = vec![applied("lut.unit_tax", "5", date(2026, 7, 1))];
    });
    compared(&[plot(1)], &[new], |found| {
        assert_eq!(causes(found), [(Kind::Rule, "-250.00".to_owned())]);
        let cause = &found.lines[0].causes[0];
        assert_eq!(cause.parameter_id.as_deref(), Some("lut.unit_tax"));
        assert!(cause.basis_before.contains("2019-01-01"));
        assert!(cause.basis_after.contains("2026-07-01"));
    });
}

#[test]
fn a_relief_under_a_frozen_law_has_its_own_days_again() {
    let book = RuleBook::embedded().unwrap();
    let rule = book.dated_relief("LU_WAREHOUSE").unwrap();
    let relief = |from: Date, to: Option<Date>| Applied {
        parameter_id: rule.id.clone(),
        value: number("0.5"),
        provenance: Provenance::Rule {
            first_day: from,
            last_day: to,
            cite: rule.source.cite.clone(),
            unconfirmed: false,
        },
    };
    let old = changed(plot(1), |charge| {
        charge.applied = vec![relief(rule.from, rule.to)]
    });
    let mut new = [changed(plot(1), |charge| {
        charge.applied = vec![relief(Date::MIN, None)];
    })];
    redate(&mut new, &book.frozen_at(rule.from));
    compared(&[old], &new, |found| assert!(found.lines.is_empty()));
}

#[test]
fn a_renewed_row_of_the_same_value_is_told_without_effect() {
    let new = changed(plot(1), |charge| {
        charge.applied = vec![applied("lut.unit_tax", "6", date(2026, 7, 1))];
    });
    compared(&[plot(1)], &[new], |found| {
        assert_eq!(causes(found), [(Kind::Rule, "0.00".to_owned())]);
    });
}

#[test]
fn other_months_come_before_the_base() {
    // Two months of 1,200 m² at 6 yuan: 1,200.00. Months first: 1,500 × 2 ÷ 3 = 1,000.
    let new = changed(plot(1), |charge| {
        charge.period = days(date(2026, 8, 1), date(2026, 9, 30));
        charge.base = number("1200");
        charge.tax_amount = yuan("1200.00");
    });
    compared(&[plot(1)], &[new], |found| {
        let expected = [(Kind::Months, "-500.00"), (Kind::Base, "200.00")];
        let expected = expected.map(|(kind, effect)| (kind, effect.to_owned()));
        assert_eq!(causes(found), expected);
    });
}

#[test]
fn another_quarter_of_the_same_length_has_no_effect_of_its_own() {
    let mut new = changed(plot(1), |charge| {
        charge.period = days(date(2026, 10, 1), date(2026, 12, 31));
    });
    new.due_on = date(2027, 1, 18);
    compared(&[plot(1)], &[new], |found| {
        let expected = [(Kind::Months, "0.00"), (Kind::DueOn, "0.00")];
        let expected = expected.map(|(kind, effect)| (kind, effect.to_owned()));
        assert_eq!(causes(found), expected);
    });
}

#[test]
fn reliefs_and_what_was_paid_stand_apart() {
    let relief = |id: &str, amount: &str| ReliefLine {
        relief_id: id.to_owned(),
        code: None,
        name_zh: id.to_owned(),
        period: days(date(2026, 7, 1), date(2026, 9, 30)),
        amount: yuan(amount),
    };
    let old = changed(plot(1), |charge| {
        charge.reliefs = vec![relief("LU_A", "100.00")];
        charge.already_paid = yuan("50.00");
    });
    let new = changed(plot(1), |charge| {
        charge.reliefs = vec![relief("SIX_TAXES", "750.00")];
        charge.already_paid = yuan("20.00");
    });
    compared(&[old], &[new], |found| {
        let expected = [
            (Kind::Relief, "100.00"),
            (Kind::Relief, "-750.00"),
            (Kind::AlreadyPaid, "30.00"),
        ];
        let expected = expected.map(|(kind, effect)| (kind, effect.to_owned()));
        assert_eq!(causes(found), expected);
    });
}

#[test]
fn a_tax_that_moves_without_base_and_rate_rests_on_other_facts() {
    let new = changed(plot(1), |charge| charge.tax_amount = yuan("1400.00"));
    compared(&[plot(1)], &[new], |found| {
        assert_eq!(causes(found), [(Kind::Facts, "-100.00".to_owned())]);
    });
}

#[test]
fn a_line_below_zero_moves_the_refund_and_not_what_is_payable() {
    let new = changed(plot(1), |charge| charge.already_paid = yuan("1600.00"));
    compared(&[plot(1)], &[new], |found| {
        assert_eq!(found.difference.net, yuan("-1600.00"));
        assert_eq!(found.difference.payable, yuan("-1500.00"));
        assert_eq!(found.difference.refundable, yuan("100.00"));
    });
}

#[test]
fn a_base_of_zero_before_has_the_whole_effect() {
    let old = changed(plot(1), |charge| {
        charge.base = number("0");
        charge.tax_amount = Money::ZERO;
    });
    compared(&[old], &[plot(1)], |found| {
        assert_eq!(causes(found), [(Kind::Base, "1500.00".to_owned())]);
    });
}
