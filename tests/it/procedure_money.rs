//! The worked examples of money after the filing: a capped surcharge, a refund set off, interest.

use caixing::filing::{RefundPart, interest, quote};
use caixing::rules::RuleBook;
use jiff::ToSpan as _;

use crate::procedure::play;
use crate::sample::{content, day, instant, plain, yuan};

/// `late-008` on a pack that limits the surcharge to its principal, as some courts do.
#[test]
fn a_surcharge_is_capped_where_the_pack_says_so() {
    let capped = book_with(
        "rules/national/procedure.toml",
        "value = \"NONE\"",
        "value = \"PRINCIPAL\"",
    );
    play("late-008", 1, |example| {
        let unpaid = plain(
            1,
            example.input("unpaid_tax_yuan"),
            example.input("deadline"),
        );
        let paid_on = day(example.input("paid_on"));
        let quote = quote(&content("pack", vec![unpaid]), paid_on, &capped).unwrap();
        let expected = yuan(example.expected("surcharge_if_capped_at_principal_yuan"));
        assert_eq!(quote.surcharge, expected);
    });
}

/// The embedded pack with one text of one file changed.
pub fn book_with(path: &str, old: &str, new: &str) -> RuleBook {
    let name = path.trim_start_matches("rules/");
    let mut files = RuleBook::embedded_files();
    let text = files.get_mut(name).unwrap();
    assert!(text.contains(old), "{path} has no {old}");
    *text = text.replacen(old, new, 1);
    RuleBook::from_files(files).unwrap()
}

#[test]
fn refunds_are_set_off_and_bear_interest_as_worked() {
    let book = RuleBook::embedded().unwrap();
    play("corr-", 2, |example| match example.id.as_str() {
        // 350.00 × 0.0005 × 70 days = 12.25.
        "corr-002" => {
            let owed = plain(1, example.input("arrears_tax_yuan"), "2026-10-26");
            let owed = quote(&content("pack", vec![owed]), day("2027-01-04"), &book).unwrap();
            let surcharge = yuan(example.input("arrears_surcharge_yuan"));
            assert_eq!(owed.surcharge, surcharge);
            let overpaid = yuan(example.input("overpaid_yuan"));
            let order = owed.covered_by(overpaid, &book).unwrap();
            assert_eq!(order.total, yuan(example.expected("offset_yuan")));
            let refund = crate::refunds::refund("APPROVED", "PREPAID", &[("600.00", None)]);
            assert_eq!(refund.amount, overpaid);
            let on = (instant(9), day("2027-01-04"));
            let used = refund.set_off(order.total, on, &book).unwrap();
            assert_eq!(used.offset, yuan(example.expected("offset_yuan")));
            let rest = yuan(example.expected("refund_yuan"));
            assert_eq!(used.balance().unwrap(), rest);
        }
        "corr-003" => {
            let on = day("2026-10-12");
            let rate = |id| book.national_number(id, on).unwrap().to_string();
            assert_eq!(
                rate("procedure.refund.demand_rate"),
                example.input("demand_rate")
            );
            let basis = example.number("day_basis").to_string();
            assert_eq!(rate("procedure.refund.day_basis"), basis);
            let paid_on = on.saturating_sub(example.number("days").days());
            let part = RefundPart {
                payment: None,
                amount: yuan(example.input("overpaid_yuan")),
                paid_on: Some(paid_on),
            };
            let found = interest(&[part], on, &book).unwrap();
            assert_eq!(found, yuan(example.expected("interest_yuan")));
        }
        other => panic!("{other} is played by nothing"),
    });
}
