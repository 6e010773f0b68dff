//! What is told of a line: turning points, steps, the fingerprint, why it is not taxed.

use super::tests::{charged, document, due, line, period};
use super::{Capital, FilingMode, Item, OutOfScope, RestructuredBody, Restructuring, Source};
use crate::rules::RuleBook;
use crate::tax::{Context, Profile, ReliefClaim, TurningPoint};
use crate::types::{Money, Period, Region, parse_date};

/// The turning points of a document's first line, as field and value.
fn turns(source: &Source, eligible: bool) -> Vec<(String, String)> {
    let charges = charged(source, eligible);
    let points = charges[0].turning_points.iter();
    let told = |point: &TurningPoint| (point.field.clone(), point.turns_at.clone());
    points.map(told).collect()
}

fn turn(field: &str, at: &str) -> (String, String) {
    (field.to_owned(), at.to_owned())
}

#[test]
fn the_nearest_fact_that_would_change_the_tax_is_told() {
    let of = |day: &str, item: Item, fen: i64| {
        turns(
            &document(day, FilingMode::Periodic, line(item, Some(fen))),
            false,
        )
    };
    let amount = "lines[0].amount_yuan";
    // 0.10 ÷ 0.0003 = 333.33…: the first base that is taxed.
    assert_eq!(
        of("2021-02-10", Item::Sale, 33333),
        [turn(amount, "333.34")]
    );
    assert_eq!(of("2021-02-10", Item::Sale, 33334), []);
    // 1 ÷ 0.001: from there the minimum of a lease plays no part.
    assert_eq!(
        of("2021-02-10", Item::Lease, 99999),
        [turn(amount, "1000.00")]
    );
    assert_eq!(of("2021-02-10", Item::Lease, 100_000), []);
    // 0.005 ÷ 0.0003 = 16.66…: the first base that gives a fen.
    assert_eq!(of("2024-02-01", Item::Sale, 1666), [turn(amount, "16.67")]);
    assert_eq!(of("2024-02-01", Item::Sale, 1667), []);
    let law = of("2022-06-30", Item::Contracting, 10_000_000);
    assert_eq!(law, [turn("signed_on", "2022-07-01")]);
    let regulations = of("2022-07-01", Item::Contracting, 10_000_000);
    assert_eq!(regulations, [turn("signed_on", "2022-06-30")]);
    let mut loan = line(Item::Loan, Some(300_000_000));
    loan.reliefs.push(ReliefClaim::of("ST_SMALL_MICRO_LOAN"));
    let loan = document("2024-02-01", FilingMode::Periodic, loan);
    assert_eq!(turns(&loan, false), [turn("signed_on", "2028-01-01")]);
    let mut moved = line(Item::Equity, Some(10_000_000));
    moved.reliefs.push(ReliefClaim::of("ST_RESTRUCTURING_2024"));
    let mut moved = document("2025-02-01", FilingMode::Periodic, moved);
    moved.restructuring = Some(Restructuring {
        body: RestructuredBody::Enterprise,
        continuing_share: "0.8".parse().unwrap(),
    });
    let share = turn("restructuring.continuing_share", "0.75");
    assert_eq!(
        turns(&moved, false),
        [turn("signed_on", "2028-01-01"), share]
    );
    // The windows of the six taxes follow each other until the end of 2027.
    let sale = document(
        "2021-02-10",
        FilingMode::Periodic,
        line(Item::Sale, Some(10_000_000)),
    );
    assert_eq!(turns(&sale, true), [turn("signed_on", "2028-01-01")]);
    let mut books = line(Item::Books, None);
    books.capital = Some(Capital {
        paid_in: Money::from_fen(100),
        reserve: Money::ZERO,
        taxed_high_water: Money::from_fen(250),
    });
    let books = document("2024-12-31", FilingMode::Periodic, books);
    assert_eq!(turns(&books, false), [turn("lines[0].capital", "2.50")]);
}

#[test]
fn every_step_that_made_the_tax_is_told_with_its_law() {
    let mut sale = line(Item::Transport, Some(10_600_000));
    sale.vat_stated_apart = Money::from_fen(600_000);
    sale.co_parties = 3;
    sale.other_items = vec![Item::Warehousing];
    sale.reliefs = vec![ReliefClaim::of("ST_OTHER")];
    sale.reliefs[0].amount = Some(Money::from_fen(333));
    let charges = charged(&document("2024-02-01", FilingMode::Periodic, sale), true);
    let told: Vec<(&str, &str)> = charges[0]
        .steps
        .iter()
        .map(|step| (step.expression.as_str(), step.value.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("106000.00 − 6000.00", "100000.00"),
            ("100000.00 ÷ 3", "33333.33"),
            ("max(0.0003, 0.001)", "0.001"),
            ("(106000.00 − 6000.00) ÷ 3", "33333.33"),
            ("33333.33 × 0.001", "33.33333"),
            ("round(33.33333)", "33.33"),
            ("min(3.33, 33.33)", "3.33"),
            ("round2((33.33 − 3.33) × 0.5)", "15.00"),
            ("33.33 − 18.33 − 0.00", "15.00"),
        ]
    );
    let lawful = |step: &&crate::tax::Step| step.legal_basis.is_some();
    assert_eq!(charges[0].steps.iter().filter(lawful).count(), 8);
    let lease = document(
        "2021-02-10",
        FilingMode::Periodic,
        line(Item::Lease, Some(50_000)),
    );
    let charges = charged(&lease, false);
    let labels: Vec<&str> = charges[0]
        .steps
        .iter()
        .filter_map(|step| step.parameter_id.as_deref())
        .collect();
    assert_eq!(labels, ["st.minimum.lease", "st.rate.lease"]);
}

#[test]
fn a_relief_of_another_day_is_mended_where_one_follows_it() {
    let fix = |day: &str, relief: &str| {
        let mut loan = line(Item::Loan, Some(100_000_000));
        loan.reliefs.push(ReliefClaim::of(relief));
        let source = document(day, FilingMode::Periodic, loan);
        let rules = RuleBook::embedded().unwrap();
        let profile: Profile = serde_json::from_str(r#"{"kind": "ENTERPRISE"}"#).unwrap();
        let ctx = Context {
            rules: &rules,
            region: Region::parse("340104").unwrap(),
            period: Period::day(source.signed_on),
            profile: &profile,
            explain: false,
        };
        let found = source.check(&ctx);
        let unfit = found.iter().find(|one| one.rule_id == "ST_E05").unwrap();
        assert_eq!(unfit.field, "lines[0].reliefs[0].relief_id");
        unfit
            .fix
            .clone()
            .map(|fix| (fix.field == unfit.field, fix.value))
    };
    let after = fix("2022-01-01", "ST_SMALL_MICRO_LOAN_2018").unwrap();
    assert_eq!(after, (true, "ST_SMALL_MICRO_LOAN".to_owned()));
    let before = fix("2021-12-31", "ST_SMALL_MICRO_LOAN").unwrap();
    assert_eq!(before, (true, "ST_SMALL_MICRO_LOAN_2018".to_owned()));
    assert_eq!(fix("2028-01-01", "ST_SMALL_MICRO_LOAN"), None);
}

#[test]
fn a_fingerprint_is_of_what_is_said_not_of_how() {
    let party = |name: &str| super::Counterparty {
        name: name.to_owned(),
        taxpayer_id: String::new(),
        amount: None,
        kind: None,
    };
    let base = |number: &str, names: [&str; 2], fen: i64| {
        let mut one = document(
            "2024-02-01",
            FilingMode::Periodic,
            line(Item::Sale, Some(fen)),
        );
        one.document_number = number.to_owned();
        one.counterparties = names.map(party).to_vec();
        one.fingerprint()
    };
    let first = base("HT-1（甲）", ["甲公司", "乙公司"], 100);
    assert_eq!(first.len(), 64);
    assert_eq!(first, base("ｈｔ－１ (甲)", ["乙公司", "甲 公司"], 100));
    assert_ne!(first, base("HT-2（甲）", ["甲公司", "乙公司"], 100));
    assert_ne!(first, base("HT-1（甲）", ["甲公司", "丙公司"], 100));
    assert_ne!(first, base("HT-1（甲）", ["甲公司", "乙公司"], 101));
}

#[test]
fn a_document_out_of_scope_is_due_in_no_period() {
    let mut source = document(
        "2024-02-01",
        FilingMode::Periodic,
        line(Item::Loan, Some(100)),
    );
    let year = period("2024-01-01", "2024-12-31");
    assert_eq!(due(&source, "340104", year).len(), 1);
    source.out_of_scope = Some(OutOfScope::Interbank);
    assert!(due(&source, "340104", year).is_empty());
    assert!(charged(&source, false).is_empty());
}

#[test]
fn every_reason_to_be_out_of_scope_has_a_law() {
    let rules = RuleBook::embedded().unwrap();
    let table = rules
        .table("st.out_of_scope", parse_date("2024-01-01").unwrap())
        .unwrap();
    for reason in OutOfScope::ALL {
        let rows = table.rows.iter();
        let cites = rows
            .filter(|row| table.cell(row, "reason") == Some(reason.name()))
            .filter(|row| table.cell(row, "cite").is_some_and(|cite| !cite.is_empty()));
        assert_eq!(cites.count(), 1, "{reason:?}");
    }
    assert_eq!(table.rows.len(), OutOfScope::ALL.len());
}
