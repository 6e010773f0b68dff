//! The order: in three levels that add up, shared among budgets, set off in part to the fen, and
//! the same as its voucher.

use std::collections::BTreeMap;

use caixing::filing::{
    Content, Declaration, DeclarationState, Grounds, Issue, Line, Payment, PaymentRow, Quote,
    Standing, VoucherBody, quote, quote_standing, share_out,
};
use caixing::rules::RuleBook;
use caixing::types::{Money, RefundId, Region, TaxKind};
use jiff::ToSpan as _;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::procedure_money::book_with;
use crate::sample::{
    content, day, declaration, instant, line, payment_id, period, plain, taxpayer, voucher_number,
    yuan,
};

const DUE: &str = "2026-10-26";
const RULES: &str = "rules/national/procedure.toml";

fn book() -> RuleBook {
    RuleBook::embedded().unwrap()
}

fn hefei() -> Option<Region> {
    Some(Region::parse("340104").unwrap())
}

fn of(tax: TaxKind, number: u32, payable: &str) -> Line {
    line(number, tax, [payable, "0.00", "0.00"], payable, DUE)
}

#[test]
fn an_order_names_heads_where_known_and_surcharge_apart() {
    let book = book();
    let taxes = [
        (TaxKind::StampTax, "100.00"),
        (TaxKind::EnvironmentalProtectionTax, "200.00"),
        (TaxKind::RealEstateTax, "300.00"),
        (TaxKind::VehicleVesselTax, "400.00"),
    ];
    let lines = (1..)
        .zip(taxes)
        .map(|(n, (tax, payable))| of(tax, n, payable));
    let filed = content("pack", lines.collect());
    // Ten days late: 0.5% of each.
    let order = quote(&filed, day("2026-11-05"), &book).unwrap();
    let split = order.split(hefei(), &book).unwrap();
    let found: Vec<(String, &str, String)> = split
        .iter()
        .map(|tax| (tax.name(), tax.head.as_str(), tax.amount.to_string()))
        .collect();
    let expected = [
        ("印花税", "1011119", "100.00"),
        ("印花税滞纳金", "1011120", "0.50"),
        ("环境保护税", "1012101", "200.00"),
        ("环境保护税滞纳金", "1012120", "1.00"),
        ("房产税", "", "300.00"),
        ("房产税滞纳金", "1011020", "1.50"),
        ("车船税", "1011401", "400.00"),
        ("车船税滞纳金", "1011420", "2.00"),
    ]
    .map(|(name, head, amount)| (name.to_owned(), head, amount.to_owned()));
    assert_eq!(found, expected);
    // Only the environmental tax has shares in the pack: all of it is local.
    for tax in &split {
        let shares: Vec<_> = tax
            .shares
            .iter()
            .map(|share| (share.level.name(), share.amount, share.unconfirmed))
            .collect();
        if tax.tax == TaxKind::EnvironmentalProtectionTax {
            assert_eq!(shares, [("LOCAL", tax.amount, true)]);
        } else {
            assert!(shares.is_empty(), "{}", tax.name());
        }
    }
}

#[test]
fn a_place_may_share_a_head_in_its_own_way_and_shares_must_come_to_one() {
    let row = |region: &str, shares: &str| {
        let local = format!(
            "[\"ENVIRONMENTAL_PROTECTION_TAX\", \"\", \"{region}\", \"\", \"{shares}\"],\n  ["
        );
        book_with(
            RULES,
            "[\"STAMP_TAX\", \"\"",
            &format!("{local}\"STAMP_TAX\", \"\""),
        )
    };
    let filed = content(
        "pack",
        vec![of(TaxKind::EnvironmentalProtectionTax, 1, "100.01")],
    );
    let split = |region: &str, shares: &str| {
        let book = row(region, shares);
        let order = quote(&filed, day(DUE), &book).unwrap();
        let done = order.split(hefei(), &book);
        done.map_err(|refusal| refusal.reason()).map(|mut taxes| {
            let shares = taxes.remove(0).shares;
            let show = |share: &caixing::filing::BudgetShare| {
                format!("{} {}", share.level.name(), share.amount)
            };
            shares.iter().map(show).collect::<Vec<_>>()
        })
    };
    let names = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
    let shares = "PROVINCE=0.3,CITY=0.3,COUNTY=0.4";
    // 30.003, 30.003 and 40.004: the cent left over goes to the largest.
    let expected = names(&["PROVINCE 30.00", "CITY 30.00", "COUNTY 40.01"]);
    assert_eq!(split("340104", shares), expected);
    assert_eq!(split("340000", shares), expected);
    assert_eq!(split("320000", shares), names(&["LOCAL 100.01"]));
    for wrong in [
        "CITY=0.3,COUNTY=0.4",
        "CITY=1.3,COUNTY=-0.3",
        "CITY",
        "TOWN=1",
        "CITY=x",
    ] {
        assert_eq!(split("340104", wrong), Err("PAY_SPLIT"), "{wrong}");
    }
}

#[test]
fn an_order_that_does_not_add_up_is_refused_at_the_level_that_is_wrong() {
    let filed = content("pack", vec![plain(1, "100.00", DUE)]);
    let right = quote(&filed, day(DUE), &book()).unwrap();
    let level = |order: &Quote| {
        let refusal = order.split(None, &book()).unwrap_err();
        assert_eq!(refusal.reason(), "PAY_SPLIT");
        refusal.metadata()[0].1.clone()
    };
    let mut wrong = right.clone();
    wrong.total = yuan("100.01");
    assert_eq!(level(&wrong), "order");
    let mut wrong = right;
    wrong.rows[0].principal = yuan("99.99");
    assert_eq!(level(&wrong), "taxes");
}

#[test]
fn a_changed_amount_names_todays_rows_as_far_as_they_fit() {
    let lines = (1..=50).map(|n| of(TaxKind::LandAppreciationTax, n, "9999999999.99"));
    let filed = content("pack", lines.collect());
    let order = quote(&filed, day("2026-11-05"), &book()).unwrap();
    let metadata = order.changed(yuan("1.00")).metadata();
    let of = |key: &str| {
        metadata
            .iter()
            .find(|(name, _)| *name == key)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(of("named_yuan"), "1.00");
    assert_eq!(of("row_count"), "50");
    let rows = of("rows");
    let rows: Vec<&str> = rows.split("; ").collect();
    assert_eq!(rows.len(), 8);
    assert_eq!(
        rows[0],
        "LAND_APPRECIATION_TAX 2026-07-01..2026-09-30 due 2026-10-26 late 10: \
         9999999999.99 + 50000000.00"
    );
}

#[test]
fn an_order_with_more_than_ninety_nine_items_is_summed_up() {
    let items = |count: u32| {
        let lines = (1..=count).map(|n| of(TaxKind::EnvironmentalProtectionTax, n, "1.00"));
        let order = quote(&content("pack", lines.collect()), day(DUE), &book()).unwrap();
        let taxes = order.order_taxes().unwrap();
        assert_eq!(taxes.len(), 1);
        assert_eq!(taxes[0].amount, Money::from_fen(i64::from(count) * 100));
        (taxes[0].subjects.len(), taxes[0].subjects[0].name.clone())
    };
    assert_eq!(items(99), (99, "税目1".to_owned()));
    assert_eq!(items(100), (1, "环境保护税".to_owned()));
}

/// 100.00 are 70 days late: each yuan of tax costs 1.035. 50.00 buy 48.31 with 1.69
/// (1.69085) exactly.
#[test]
fn a_refund_that_is_too_small_pays_the_oldest_rows_with_their_surcharge() {
    let book = book();
    let lines = vec![plain(1, "200.00", DUE), plain(2, "100.00", "2026-08-17")];
    let filed = content("pack", lines);
    let whole = quote(&filed, day(DUE), &book).unwrap();
    assert_eq!(whole.total, yuan("303.50"));
    let rows = |at_hand: &str| -> Vec<(String, String, String)> {
        let order = whole.covered_by(yuan(at_hand), &book).unwrap();
        let show = |row: &PaymentRow| {
            (
                row.due_on.to_string(),
                row.principal.to_string(),
                row.surcharge.to_string(),
            )
        };
        order.rows.iter().map(show).collect()
    };
    let row = |due: &str, principal: &str, surcharge: &str| {
        (due.to_owned(), principal.to_owned(), surcharge.to_owned())
    };
    let older = |principal, surcharge| row("2026-08-17", principal, surcharge);
    assert_eq!(rows("50.00"), [older("48.31", "1.69")]);
    assert_eq!(rows("103.50"), [older("100.00", "3.50")]);
    // One fen less: 99.99 with 3.50 (3.49965) are 103.49.
    assert_eq!(rows("103.49"), [older("99.99", "3.50")]);
    assert_eq!(
        rows("103.51"),
        [older("100.00", "3.50"), row(DUE, "0.01", "0.00")]
    );
    assert_eq!(rows("0.01"), [older("0.01", "0.00")]);
    assert_eq!(whole.covered_by(yuan("303.50"), &book).unwrap(), whole);
    assert_eq!(whole.covered_by(yuan("999.00"), &book).unwrap(), whole);
}

#[test]
fn nothing_is_set_off_against_nothing_or_with_too_little() {
    let book = book();
    let small = content("pack", vec![plain(1, "0.99", DUE)]);
    let order = quote(&small, day(DUE), &book).unwrap();
    let refused = order.covered_by(yuan("5.00"), &book).unwrap_err();
    assert_eq!(refused.reason(), "NOTHING_DUE");
    // 1100 days late: one fen of tax bears 0.0055, that is 0.01: two fen together.
    let old = content("pack", vec![plain(1, "10.00", "2023-10-22")]);
    let order = quote(&old, day(DUE), &book).unwrap();
    assert_eq!(order.rows[0].days_late, 1100);
    let refused = order.covered_by(yuan("0.01"), &book).unwrap_err();
    assert_eq!(refused.reason(), "OFFSET_TOO_SMALL");
    let order = order.covered_by(yuan("0.02"), &book).unwrap();
    assert_eq!(
        (order.principal, order.surcharge),
        (yuan("0.01"), yuan("0.01"))
    );
}

const TAXES: [TaxKind; 6] = TaxKind::ALL;

/// Tax, item, quarter, due day after 2026-10-01, payable in fen.
type Drawn = (usize, u8, u8, i64, i64);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let one = (
        0..6_usize,
        0..4_u8,
        0..3_u8,
        0..60_i64,
        -5_000_000..=50_000_000_i64,
    );
    prop::collection::vec(one, 1..40)
}

fn filed(drawn: &[Drawn]) -> Content {
    let lines = (1..)
        .zip(drawn)
        .map(|(number, (tax, item, quarter, due, fen))| {
            let due = day("2026-10-01").checked_add(due.days()).unwrap();
            let mut one = plain(number, &Money::from_fen(*fen).to_string(), &due.to_string());
            one.charge.tax = TAXES[*tax];
            one.charge.item_zh = format!("税目{item}");
            one.charge.period = match quarter {
                0 => period("2026-01-01", "2026-03-31"),
                1 => period("2026-04-01", "2026-06-30"),
                _ => period("2026-07-01", "2026-09-30"),
            };
            one
        });
    content("pack", lines.collect())
}

/// The amounts of each tax, and of its surcharge, as a voucher shows them.
fn by_tax(rows: impl Iterator<Item = (String, bool, i64)>) -> BTreeMap<(String, bool), i64> {
    let mut sums = BTreeMap::new();
    for (tax, surcharge, fen) in rows {
        *sums.entry((tax, surcharge)).or_default() += fen;
    }
    sums
}

fn voucher(filed: &Declaration, paid: &Payment) -> VoucherBody {
    let taxpayer = taxpayer();
    let grounds = Grounds {
        taxpayer: &taxpayer,
        declaration: filed,
        payment: paid,
        treasury_date: paid.order.pay_on,
        refund: None,
        replaces: None,
    };
    let issue = Issue {
        number: voucher_number(1),
        at: instant(9),
        on: paid.order.pay_on,
        algorithm: "Ed25519".to_owned(),
        key_id: "key".to_owned(),
        sample: false,
    };
    VoucherBody::new(&grounds, issue).unwrap()
}

fn voucher_sums(body: &VoucherBody) -> BTreeMap<(String, bool), i64> {
    let row = |row: &caixing::filing::VoucherRow| {
        (
            row.tax_zh.clone(),
            row.item_zh == "滞纳金",
            row.amount.fen(),
        )
    };
    by_tax(body.rows.iter().map(row))
}

proptest! {
    /// Σ lines payable = the order's principal = Σ its taxes = Σ their items = the voucher's rows.
    #[test]
    fn order_and_voucher_say_the_same(drawn in drawn(), later in 0..400_i64) {
        let book = book();
        let content = filed(&drawn);
        let pay_on = day("2026-10-01").checked_add(later.days()).unwrap();
        let order = quote(&content, pay_on, &book).unwrap();
        prop_assume!(order.total.is_positive());
        let payable: i64 = drawn.iter().map(|one| one.4.max(0)).sum();
        prop_assert_eq!(order.principal.fen(), payable);
        let split = order.split(hefei(), &book).unwrap();
        prop_assert!(split.len() <= 99);
        let taxes: i64 = split.iter().map(|tax| tax.amount.fen()).sum();
        let items: i64 = split.iter().flat_map(|tax| &tax.subjects).map(|s| s.amount.fen()).sum();
        prop_assert_eq!((taxes, items), (order.total.fen(), order.total.fen()));
        let waiting = declaration(1, DeclarationState::AwaitingPayment, content);
        let total = order.total;
        let sent = Payment::send(
            payment_id(1), &waiting, "digest", total, "A".to_owned(), order, instant(1),
        )
        .unwrap();
        let rows: i64 = sent.order_rows().unwrap().iter().map(|row| row.amount.fen()).sum();
        prop_assert_eq!(rows, total.fen());
        let body = voucher(&waiting, &sent);
        prop_assert_eq!(body.total, total);
        prop_assert_eq!(body.principal.fen(), payable);
        let shown = split.iter().map(|t| (t.tax.zh().to_owned(), t.surcharge, t.amount.fen()));
        prop_assert_eq!(voucher_sums(&body), by_tax(shown));
    }

    /// What is set off is never more than is at hand, not a fen less than it buys, and what is left
    /// to pay is the rest, to the fen.
    #[test]
    fn a_part_set_off_and_the_rest_are_the_whole(
        drawn in drawn(),
        later in 0..400_i64,
        at_hand in 1..200_000_000_i64,
    ) {
        let book = book();
        let content = filed(&drawn);
        let pay_on = day("2026-10-01").checked_add(later.days()).unwrap();
        let whole = quote(&content, pay_on, &book).unwrap();
        prop_assume!(whole.total.is_positive());
        let at_hand = Money::from_fen(at_hand);
        let order = whole.covered_by(at_hand, &book).unwrap();
        let sum = order.principal.fen() + order.surcharge.fen();
        prop_assert_eq!(order.total.fen(), sum);
        prop_assert!(order.total <= at_hand);
        let waiting = declaration(1, DeclarationState::AwaitingPayment, content.clone());
        let refund = RefundId::new(Uuid::from_u128(0x400));
        let (id, number) = (payment_id(1), voucher_number(1));
        let made = Payment::set_off(id, &waiting, order.clone(), refund, number, instant(1));
        prop_assert_eq!(voucher(&waiting, &made).total, order.total);
        let standing = Standing { covered: order.rows.clone(), ..Standing::default() };
        let rest = quote_standing(&content, &standing, pay_on, &book).unwrap();
        prop_assert_eq!(rest.principal.fen() + order.principal.fen(), whole.principal.fen());
        prop_assert_eq!(rest.offset, order.principal);
        if whole.total <= at_hand {
            prop_assert_eq!((&order, rest.principal), (&whole, Money::ZERO));
            return Ok(());
        }
        // Not one more fen of the row it stopped at could be bought with what is left.
        let left = at_hand.minus(order.total).unwrap();
        let next = rest.rows.iter().min_by_key(|row| row.due_on).unwrap();
        let cut = order.rows.iter().find(|row| {
            (row.tax, &row.item_zh, row.period, row.due_on)
                == (next.tax, &next.item_zh, next.period, next.due_on)
        });
        let (taken, paid) = cut.map_or((0, 0), |row| (row.principal.fen(), row.surcharge.fen()));
        let hundredths = i128::from(taken + 1) * 5 * i128::from(next.days_late);
        let dearer = 1 + i64::try_from((hundredths + 5_000) / 10_000).unwrap() - paid;
        prop_assert!(left.fen() < dearer, "{} left, {} would buy one more", left, dearer);
    }

    /// The parts of an amount sum to it; none is below zero, none but the largest above its share.
    #[test]
    fn shares_always_sum_to_the_amount(
        fen in 0..10_000_000_i64,
        cuts in prop::collection::vec(0..=1000_i64, 0..5),
    ) {
        let mut cuts = cuts;
        cuts.extend([0, 1000]);
        cuts.sort_unstable();
        let shares: Vec<Decimal> =
            cuts.windows(2).map(|pair| Decimal::new(pair[1] - pair[0], 3)).collect();
        let parts = share_out(Money::from_fen(fen), &shares).unwrap().unwrap();
        prop_assert_eq!(parts.iter().map(|part| part.fen()).sum::<i64>(), fen);
        let largest = shares.iter().position(|one| Some(one) == shares.iter().max()).unwrap();
        for (place, (part, share)) in parts.iter().zip(&shares).enumerate() {
            prop_assert!(!part.is_negative());
            let exact = Decimal::from(fen) * share;
            prop_assert!(place == largest || Decimal::from(part.fen()) <= exact);
            prop_assert!(exact - Decimal::from(part.fen()) < Decimal::ONE);
        }
    }
}

/// What an order asks of the rule pack.
pub fn lookups(book: &RuleBook) {
    let late = content("pack", vec![of(TaxKind::StampTax, 1, "100.00")]);
    let order = quote(&late, day("2026-11-05"), book).unwrap();
    order.split(hefei(), book).unwrap();
}
