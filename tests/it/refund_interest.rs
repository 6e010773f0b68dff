//! Interest on refunds by hand, the day of a pay-out, and that no order of steps gives out more
//! than a refund holds.

use caixing::filing::{RefundCause, RefundState, interest};
use caixing::types::{Money, Treasury};
use proptest::prelude::*;

use crate::procedure_money::book_with;
use crate::refunds::{TODAY, book, corrected, paid_out, refund};
use crate::sample::{day, instant, treasury, yuan};

/// 10.00 × 0.0035 × 50 ÷ 360 = 0.00486: nothing each, but 0.01 for two. 100.00 for 120 days are
/// 0.11667, for 60 days 0.05833.
#[test]
fn interest_runs_from_each_payment_and_is_rounded_once() {
    let book = book();
    type Row = (
        &'static [(&'static str, Option<&'static str>)],
        &'static str,
    );
    let rows: [Row; 6] = [
        (&[("10.00", Some("2026-08-23"))], "0.00"),
        (
            &[("10.00", Some("2026-08-23")), ("10.00", Some("2026-08-23"))],
            "0.01",
        ),
        (&[("100.00", Some("2026-06-14"))], "0.12"),
        (
            &[
                ("100.00", Some("2026-06-14")),
                ("100.00", Some("2026-08-13")),
            ],
            "0.18",
        ),
        (&[("100.00", Some("2026-10-12"))], "0.00"),
        // A payment after the refund day bears nothing.
        (&[("1000000.00", Some("2026-10-13"))], "0.00"),
    ];
    for (parts, expected) in rows {
        let approved = refund("APPROVED", "OVERPAID", parts);
        let found = interest(&approved.parts, day(TODAY), &book).unwrap();
        assert_eq!(found, yuan(expected), "{parts:?}");
        assert_eq!(approved.interest_on(day(TODAY), &book).unwrap(), found);
    }
}

#[test]
fn reliefs_and_settled_prepayments_bear_no_interest() {
    let long_ago = [("100000.00", Some("2024-01-01"))];
    for (cause, bears) in [("OVERPAID", true), ("RELIEF", false), ("PREPAID", false)] {
        let approved = refund("APPROVED", cause, &long_ago);
        let found = approved.interest_on(day(TODAY), &book()).unwrap();
        assert_eq!(found.is_positive(), bears, "{cause}");
    }
}

#[test]
fn without_a_rate_for_the_day_interest_is_refused_not_guessed() {
    let path = "rules/national/procedure.toml";
    let without = book_with(path, "{ from = \"2012-07-06\"", "{ from = \"2099-01-01\"");
    let paid = [("100.00", Some("2026-06-14"))];
    let on = (instant(9), day(TODAY));
    let approved = refund("APPROVED", "OVERPAID", &paid);
    let refused = approved.set_off(yuan("1.00"), on, &without).unwrap_err();
    assert_eq!(refused.reason(), "PARAMETER_MISSING");
    assert_eq!(
        refused.metadata(),
        [(
            "parameter".to_owned(),
            "procedure.refund.demand_rate".to_owned()
        )]
    );
    let filed = corrected("COMPLETED", "700.00");
    let requested = refund("REQUESTED", "OVERPAID", &paid);
    let (cause, word) = (RefundCause::Overpaid, "同意".to_owned());
    let refused = requested.approve(&filed, cause, word, on, &without);
    assert_eq!(refused.unwrap_err().reason(), "PARAMETER_MISSING");
}

/// 100000.00 paid on 14 June: 0.97222 a day; 119 days to 11 October are 115.69, 120 are 116.67.
#[test]
fn a_late_report_of_a_payout_finds_the_day_it_was_paid() {
    let book = book();
    let parts = [("100000.00", Some("2026-06-14"))];
    let report = |amount: &str, decided_on: &str, today: &str, treasury: &Treasury| {
        let approved = refund("APPROVED", "OVERPAID", &parts);
        let done = approved.pay_out(paid_out(amount, decided_on, today), treasury, &book);
        done.map(|after| after.interest.to_string())
            .map_err(|refusal| refusal.reason())
    };
    let ok = |interest: &str| Ok(interest.to_owned());
    let own = treasury();
    assert_eq!(
        report("100116.67", "2026-10-10", "2026-10-12", &own),
        ok("116.67")
    );
    assert_eq!(
        report("100115.69", "2026-10-10", "2026-10-12", &own),
        ok("115.69")
    );
    // Not before the approval, not a day to come, not without interest, not from elsewhere.
    let mismatch = Err("SETTLEMENT_MISMATCH");
    assert_eq!(
        report("100115.69", "2026-10-12", "2026-10-12", &own),
        mismatch
    );
    assert_eq!(
        report("100117.64", "2026-10-10", "2026-10-12", &own),
        mismatch
    );
    assert_eq!(
        report("100000.00", "2026-10-10", "2026-10-12", &own),
        mismatch
    );
    let other = Treasury::parse("1234010401").unwrap();
    assert_eq!(
        report("100116.67", "2026-10-10", "2026-10-12", &other),
        mismatch
    );
}

#[test]
fn interest_stands_still_once_some_of_the_refund_is_used() {
    let book = book();
    let approved = refund("APPROVED", "OVERPAID", &[("100000.00", Some("2026-06-14"))]);
    let used = approved
        .set_off(yuan("16.67"), (instant(9), day(TODAY)), &book)
        .unwrap();
    assert_eq!(used.interest, yuan("116.67"));
    assert_eq!(used.balance().unwrap(), yuan("100100.00"));
    let later = (instant(10), day("2027-10-12"));
    assert_eq!(used.at_hand(later.1, &book).unwrap(), yuan("100100.00"));
    let more = used.clone().set_off(yuan("100100.01"), later, &book);
    assert_eq!(more.unwrap_err().reason(), "OFFSET_TOO_SMALL");
    let none = used.clone().set_off(Money::ZERO, later, &book);
    assert_eq!(none.unwrap_err().reason(), "OFFSET_TOO_SMALL");
    let ended = used.set_off(yuan("100100.00"), later, &book).unwrap();
    assert_eq!(ended.state, RefundState::Paid);
    assert_eq!(ended.balance().unwrap(), Money::ZERO);
}

proptest! {
    /// Set off in any amounts, on any days: what went out and what is left are amount and interest,
    /// and it ends with the last fen.
    #[test]
    fn no_order_of_offsets_gives_out_more_than_the_refund_holds(
        fen in 1..100_000_000_i64,
        steps in prop::collection::vec((1..60_000_000_i64, 0..20_i64), 1..8),
    ) {
        let book = book();
        let amount = Money::from_fen(fen).to_string();
        let mut one = refund("APPROVED", "OVERPAID", &[(&amount, Some("2026-06-14"))]);
        let (mut today, mut out) = (day(TODAY), 0);
        for (wanted, days) in steps {
            today = today.saturating_add(jiff::Span::new().days(days));
            let Ok(at_hand) = one.at_hand(today, &book) else { break };
            let on = (instant(9), today);
            match one.clone().set_off(Money::from_fen(wanted), on, &book) {
                Ok(used) => {
                    out += wanted;
                    prop_assert!(wanted <= at_hand.fen());
                    prop_assert_eq!(used.state == RefundState::Paid, wanted == at_hand.fen());
                    one = used;
                }
                Err(refusal) => {
                    prop_assert_eq!(refusal.reason(), "OFFSET_TOO_SMALL");
                    prop_assert!(wanted > at_hand.fen());
                }
            }
            prop_assert_eq!(one.offset.fen(), out);
            prop_assert_eq!(one.balance().unwrap().fen() + out, fen + one.interest.fen());
            prop_assert!(!one.balance().unwrap().is_negative());
        }
    }
}
