//! The life of a refund: the full square of state and step, what it comes from, and
//! the day on which the claim lapses.

use std::collections::BTreeSet;

use caixing::filing::{
    Declaration, DeclarationState, PayOut, Payment, PaymentState, Refund, RefundCause, RefundClaim,
    RefundPart, RefundState, Refundable, quote,
};
use caixing::rules::RuleBook;
use caixing::types::{Money, RefundId, TaxKind};
use uuid::Uuid;

use crate::sample::{
    content, day, declaration, declaration_id, instant, line, payment, payment_id, plain,
    taxpayer_key, treasury, yuan,
};

const DUE: &str = "2026-10-26";
pub const TODAY: &str = "2026-10-12";

/// Refund: state; where approving, rejecting, setting off a part, setting off all of it, paying out
/// lead.
const REFUND: [(&str, [Option<&str>; 5]); 4] = [
    (
        "REQUESTED",
        [Some("APPROVED"), Some("REJECTED"), None, None, None],
    ),
    (
        "APPROVED",
        [None, None, Some("APPROVED"), Some("PAID"), Some("PAID")],
    ),
    ("REJECTED", [None; 5]),
    ("PAID", [None; 5]),
];

/// Declaration: state; where waiving leads; whether a refund may be claimed on it, and approved.
const DECLARATION: [(&str, Option<&str>, bool, bool); 6] = [
    ("DRAFT", None, false, false),
    ("SUBMITTED", None, false, true),
    ("AWAITING_PAYMENT", Some("COMPLETED"), true, true),
    ("COMPLETED", None, true, true),
    ("VOIDED", None, false, false),
    ("CORRECTED", None, false, false),
];

/// Payment of 100.00 tax: state; where refunding 40.00 and all of it lead.
const PAYMENT: [(&str, Option<[&str; 2]>); 8] = [
    ("CREATED", None),
    ("SENT", None),
    ("DEBITED", None),
    ("IN_TREASURY", Some(["IN_TREASURY", "REFUNDED"])),
    ("FAILED", None),
    ("CONFIRMING", None),
    ("REVERSED", None),
    ("REFUNDED", None),
];

/// A refund of parts: amount, and the day paid where the payment is ours.
pub fn refund(state: &str, cause: &str, parts: &[(&str, Option<&str>)]) -> Refund {
    let part = |(number, (amount, paid_on)): (u128, &(&str, Option<&str>))| RefundPart {
        payment: paid_on.map(|_| payment_id(number)),
        amount: yuan(amount),
        paid_on: paid_on.map(day),
    };
    let parts: Vec<RefundPart> = (1..).zip(parts).map(part).collect();
    Refund {
        id: RefundId::new(Uuid::from_u128(0x400)),
        taxpayer: taxpayer_key(),
        declaration: declaration_id(2),
        state: RefundState::from_name(state).unwrap(),
        cause: RefundCause::from_name(cause).unwrap(),
        amount: Money::sum(parts.iter().map(|part| part.amount)).unwrap(),
        interest: Money::ZERO,
        offset: Money::ZERO,
        parts,
        decision: None,
        decided_at: None,
        treasury_reference: None,
        voucher: None,
        created_at: instant(0),
        paid_at: None,
        version: 1,
    }
}

pub fn book() -> RuleBook {
    RuleBook::embedded().unwrap()
}

pub fn paid_out(amount: &str, decided_on: &str, today: &str) -> PayOut {
    PayOut {
        amount: yuan(amount),
        treasury: treasury(),
        reference: "TK-1".to_owned(),
        decided_on: day(decided_on),
        today: day(today),
        at: instant(9),
    }
}

fn state_of(name: &str) -> DeclarationState {
    DeclarationState::from_name(name).unwrap()
}

/// A correction: 300.00 of tax, 1000.00 already paid, 700.00 of it on earlier revisions.
pub fn corrected(state: &str, carried: &str) -> Declaration {
    let amounts = ["300.00", "0.00", "1000.00"];
    let mut one = line(1, TaxKind::StampTax, amounts, "-700.00", DUE);
    one.carried = yuan(carried);
    declaration(2, state_of(state), content("pack", vec![one]))
}

fn paid(payments: &[(&str, &str)]) -> Vec<Refundable> {
    (1..)
        .zip(payments)
        .map(|(number, (left, paid_on))| Refundable {
            payment: payment_id(number),
            paid_on: day(paid_on),
            left: yuan(left),
        })
        .collect()
}

pub fn claim(amount: &str, cause: &str, today: &str) -> RefundClaim {
    RefundClaim {
        id: RefundId::new(Uuid::from_u128(0x400)),
        named_digest: "digest".to_owned(),
        amount: yuan(amount),
        cause: RefundCause::from_name(cause).unwrap(),
        at: instant(5),
        today: day(today),
    }
}

#[test]
fn the_tables_name_every_state_once() {
    let refunds: BTreeSet<_> = REFUND.iter().map(|row| row.0).collect();
    assert_eq!(refunds, RefundState::ALL.map(RefundState::name).into());
    let declarations: BTreeSet<_> = DECLARATION.iter().map(|row| row.0).collect();
    let all = DeclarationState::ALL.map(DeclarationState::name);
    assert_eq!(declarations, all.into());
    let payments: BTreeSet<_> = PAYMENT.iter().map(|row| row.0).collect();
    assert_eq!(payments, PaymentState::ALL.map(PaymentState::name).into());
}

#[test]
fn a_refund_takes_the_allowed_steps_and_no_other() {
    let book = book();
    let filed = corrected("COMPLETED", "700.00");
    let (at, word) = (instant(9), || "同意".to_owned());
    let on = (at, day(TODAY));
    for (state, expected) in REFUND {
        let one = || refund(state, "PREPAID", &[("700.00", None)]);
        let steps = [
            one().approve(&filed, RefundCause::Prepaid, word(), on, &book),
            one().reject(RefundCause::Prepaid, word(), at),
            one().set_off(yuan("699.99"), on, &book),
            one().set_off(yuan("700.00"), on, &book),
            one().pay_out(paid_out("700.00", TODAY, TODAY), &treasury(), &book),
        ];
        for (place, (step, expected)) in steps.into_iter().zip(expected).enumerate() {
            match (step, expected) {
                (Ok(after), Some(expected)) => {
                    assert_eq!(after.state.name(), expected, "{state} step {place}");
                    assert_eq!(after.version, 2);
                    let ended = after.state == RefundState::Paid;
                    assert_eq!(after.paid_at.is_some(), ended, "{state} step {place}");
                }
                (Err(refusal), None) => assert_eq!(refusal.reason(), "WRONG_STATE"),
                (other, expected) => panic!("{state} step {place}: {other:?}, {expected:?}"),
            }
        }
    }
}

#[test]
fn a_declaration_is_waived_claimed_on_and_approved_in_the_allowed_states_only() {
    let book = book();
    let lines = || vec![plain(1, "0.99", DUE)];
    let order = quote(&content("pack", lines()), day(TODAY), &book).unwrap();
    for (state, waived, claimable, approvable) in DECLARATION {
        let small = declaration(1, state_of(state), content("pack", lines()));
        match (small.waive("digest", yuan("0.00"), &order), waived) {
            (Ok(after), Some(expected)) => {
                assert_eq!(after.state.name(), expected);
                assert_eq!((after.waived, after.version), (yuan("0.99"), 2));
            }
            (Err(refusal), None) => assert_eq!(refusal.reason(), "WRONG_STATE"),
            (other, expected) => panic!("{state}: {other:?}, but {expected:?}"),
        }
        let filed = corrected(state, "0.00");
        let asked = claim("700.00", "PREPAID", TODAY);
        let claimed = Refund::request(asked, &filed, &[], None, &book);
        let on = (instant(9), day(TODAY));
        let requested = refund("REQUESTED", "PREPAID", &[("700.00", None)]);
        let approved =
            requested.approve(&filed, RefundCause::Prepaid, "同意".to_owned(), on, &book);
        for (result, allowed) in [(claimed, claimable), (approved, approvable)] {
            let reason = result.map(|_| ()).map_err(|refusal| refusal.reason());
            assert_eq!(reason.is_ok(), allowed, "{state}");
            assert_eq!(reason.err().unwrap_or("WRONG_STATE"), "WRONG_STATE");
        }
    }
}

#[test]
fn only_what_is_under_one_yuan_is_waived_and_only_for_a_total_of_zero() {
    let book = book();
    // 0.99 due on 26 October, 19 days late: 0.99 × 0.0005 × 19 = 0.0094, so 1.00 together.
    for (payable, pay_on, total, waived) in [
        ("0.99", DUE, "0.00", "0.99"),
        ("0.99", "2026-11-14", "1.00", "0.00"),
        ("1.00", DUE, "1.00", "0.00"),
        ("0.01", DUE, "0.00", "0.01"),
    ] {
        let filed = content("pack", vec![plain(1, payable, DUE)]);
        let order = quote(&filed, day(pay_on), &book).unwrap();
        let found = (order.total, order.waived);
        assert_eq!(found, (yuan(total), yuan(waived)), "{payable} {pay_on}");
        let waiting = declaration(1, DeclarationState::AwaitingPayment, filed);
        let ended = waiting.waive("digest", yuan("0.00"), &order);
        let reason = ended.map(|_| ()).map_err(|refusal| refusal.reason());
        let expected = if waived == "0.00" {
            Err("AMOUNT_CHANGED")
        } else {
            Ok(())
        };
        assert_eq!(reason, expected, "{payable} {pay_on}");
    }
    let filed = content("pack", vec![plain(1, "0.99", DUE)]);
    let order = quote(&filed, day(DUE), &book).unwrap();
    let waiting = || declaration(1, DeclarationState::AwaitingPayment, filed.clone());
    let named = waiting().waive("digest", yuan("0.99"), &order).unwrap_err();
    assert_eq!(named.reason(), "AMOUNT_CHANGED");
    let other = waiting().waive("other", yuan("0.00"), &order).unwrap_err();
    assert_eq!(other.reason(), "CONTENT_DIGEST_MISMATCH");
}

#[test]
fn a_payment_is_refunded_in_the_treasury_only_and_ends_with_its_last_fen() {
    for (state, expected) in PAYMENT {
        let one = || payment(1, 1, PaymentState::from_name(state).unwrap());
        let steps = [one().refund(yuan("40.00")), one().refund(yuan("100.00"))];
        for (place, step) in steps.into_iter().enumerate() {
            match (step, expected) {
                (Ok(after), Some(names)) => {
                    assert_eq!(after.state.name(), names[place]);
                    assert_eq!(after.version, 2);
                }
                (Err(refusal), None) => assert_eq!(refusal.reason(), "WRONG_STATE"),
                (other, expected) => panic!("{state}: {other:?}, but {expected:?}"),
            }
        }
    }
    let half = payment(1, 1, PaymentState::InTreasury).refund(yuan("40.00"));
    let refused = half.clone().unwrap().refund(yuan("60.01")).unwrap_err();
    assert_eq!(refused.reason(), "REFUND_EXCEEDS_PAID");
    let ended: Payment = half.unwrap().refund(yuan("60.00")).unwrap();
    assert_eq!(ended.state, PaymentState::Refunded);
    // Surcharge is no tax: what was refunded is the principal.
    assert_eq!(ended.refunded, yuan("100.00"));
}

/// What earlier revisions carried; payments, newest first; cause; parts, or why not.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    Result<&'static [&'static str], &'static str>,
);

const CLAIMS: [Case; 8] = [
    (
        "700.00",
        &[("1000.00", "2026-05-01")],
        "OVERPAID",
        Ok(&["700.00"]),
    ),
    (
        "700.00",
        &[("500.00", "2026-05-01"), ("900.00", "2026-01-01")],
        "OVERPAID",
        Ok(&["500.00", "200.00"]),
    ),
    (
        "700.00",
        &[("0.00", "2026-05-01"), ("700.00", "2026-01-01")],
        "OVERPAID",
        Ok(&["700.00"]),
    ),
    (
        "700.00",
        &[("500.00", "2026-05-01"), ("199.99", "2026-01-01")],
        "OVERPAID",
        Err("REFUND_EXCEEDS_PAID"),
    ),
    // 400.00 came with earlier revisions, 300.00 were stated as paid before.
    (
        "400.00",
        &[("1000.00", "2026-05-01")],
        "PREPAID",
        Ok(&["400.00", "300.00"]),
    ),
    (
        "400.00",
        &[("1000.00", "2026-05-01")],
        "OVERPAID",
        Err("REFUND_DAY_UNKNOWN"),
    ),
    ("0.00", &[], "RELIEF", Ok(&["700.00"])),
    (
        "0.00",
        &[("1000.00", "2026-05-01")],
        "OVERPAID",
        Err("REFUND_DAY_UNKNOWN"),
    ),
];

#[test]
fn a_refund_comes_from_the_newest_payments_first_and_never_from_more_than_they_hold() {
    let book = book();
    for (carried, payments, cause, expected) in CLAIMS {
        let filed = corrected("COMPLETED", carried);
        let asked = claim("700.00", cause, TODAY);
        let made = Refund::request(asked, &filed, &paid(payments), None, &book);
        let found = made.map_err(|refusal| refusal.reason());
        let amounts = |refund: Refund| -> Vec<String> {
            refund
                .parts
                .iter()
                .map(|part| part.amount.to_string())
                .collect()
        };
        let expected = expected.map(|parts| parts.iter().map(|&p| p.to_owned()).collect());
        assert_eq!(
            found.map(amounts),
            expected,
            "{carried} {payments:?} {cause}"
        );
    }
}

#[test]
fn a_claim_is_refused_for_another_amount_or_digest_and_after_one_elsewhere() {
    let book = book();
    let filed = corrected("COMPLETED", "0.00");
    let refused = |claim: RefundClaim, filed: &Declaration, earlier: Option<RefundId>| {
        let made = Refund::request(claim, filed, &[], earlier, &book);
        made.unwrap_err().reason()
    };
    for amount in ["699.99", "700.01", "0.00"] {
        let asked = claim(amount, "PREPAID", TODAY);
        assert_eq!(refused(asked, &filed, None), "REFUND_AMOUNT_MISMATCH");
    }
    let nothing = content("pack", vec![plain(1, "0.00", DUE)]);
    let nothing = declaration(2, DeclarationState::Completed, nothing);
    let asked = claim("0.00", "PREPAID", TODAY);
    assert_eq!(refused(asked, &nothing, None), "REFUND_AMOUNT_MISMATCH");
    let mut asked = claim("700.00", "PREPAID", TODAY);
    asked.named_digest = "other".to_owned();
    assert_eq!(refused(asked, &filed, None), "CONTENT_DIGEST_MISMATCH");
    let earlier = Some(RefundId::new(Uuid::from_u128(0x401)));
    let asked = claim("700.00", "PREPAID", TODAY);
    assert_eq!(refused(asked, &filed, earlier), "REFUND_ALIVE");
}

/// 征管法 art. 51: within three years from the payment, the third anniversary in time.
#[test]
fn a_claim_lapses_after_the_third_anniversary_of_the_payment() {
    let book = book();
    for (paid_on, today, in_time) in [
        ("2023-10-12", "2026-10-12", true),
        ("2023-10-12", "2026-10-13", false),
        ("2024-02-29", "2027-02-28", true),
        ("2024-02-29", "2027-03-01", false),
        ("2024-02-28", "2027-02-28", true),
    ] {
        let filed = corrected("COMPLETED", "700.00");
        let asked = claim("700.00", "OVERPAID", today);
        let payments = paid(&[("700.00", paid_on)]);
        let made = Refund::request(asked, &filed, &payments, None, &book);
        let reason = made.map(|_| ()).map_err(|refusal| refusal.reason());
        let expected = if in_time {
            Ok(())
        } else {
            Err("REFUND_LAPSED")
        };
        assert_eq!(reason, expected, "{paid_on} {today}");
    }
}

#[test]
fn a_claim_is_decided_within_thirty_days() {
    let by = Refund::decide_by(day("2026-10-12"), &book()).unwrap();
    assert_eq!(by, day("2026-11-11"));
}

/// What the refunds ask of the rule pack.
pub fn lookups(book: &RuleBook) {
    let approved = refund("APPROVED", "OVERPAID", &[("100.00", Some("2026-06-14"))]);
    approved.interest_on(day(TODAY), book).unwrap();
    Refund::decide_by(day(TODAY), book).unwrap();
    let filed = corrected("COMPLETED", "700.00");
    let payments = paid(&[("700.00", TODAY)]);
    let asked = claim("700.00", "OVERPAID", TODAY);
    Refund::request(asked, &filed, &payments, None, book).unwrap();
}
