//! The lives of source and declaration: the full square of state and step, forbidden cells
//! included; how a payment begins. Its further life stands in `bank_facts`.

use std::collections::BTreeSet;

use caixing::filing::{
    BankAnswer, Declaration, DeclarationState, Payment, PaymentState, Redrawn, Refusal,
};
use caixing::filing::{SourceState, quote};
use caixing::rules::RuleBook;
use caixing::tax::{Check, Finding, Severity};
use caixing::types::Money;
use jiff::ToSpan;
use proptest::prelude::*;

use crate::sample::{content, day, declaration, detail, instant, payment, plain, source, yuan};

const DUE: &str = "2026-10-26";

/// Declaration: state; where `submit`, `settle`, `void` and `replace` lead; whether it can be paid
/// (`check_payable`) and corrected (`check_correctable`).
type DeclarationRow = (&'static str, [Option<&'static str>; 4], [bool; 2]);
const DECLARATION: [DeclarationRow; 6] = [
    (
        "DRAFT",
        [Some("AWAITING_PAYMENT"), None, None, None],
        [false, false],
    ),
    ("SUBMITTED", [None; 4], [false, false]),
    (
        "AWAITING_PAYMENT",
        [None, Some("COMPLETED"), Some("VOIDED"), Some("CORRECTED")],
        [true, true],
    ),
    (
        "COMPLETED",
        [None, None, None, Some("CORRECTED")],
        [false, true],
    ),
    ("VOIDED", [None; 4], [false, false]),
    ("CORRECTED", [None; 4], [false, false]),
];

/// Source: state; where `restate` and `close` lead.
const SOURCE: [(&str, Option<&str>, Option<&str>); 4] = [
    ("COLLECTED", Some("COLLECTED"), Some("CLOSED")),
    ("DECLARED", Some("DECLARED"), Some("CLOSED")),
    ("CORRECTING", Some("CORRECTING"), Some("CLOSED")),
    ("CLOSED", None, None),
];

fn declared(state: &str, lines: &[&str]) -> Declaration {
    let lines = (1..).zip(lines).map(|(n, payable)| plain(n, payable, DUE));
    let state = DeclarationState::from_name(state).unwrap();
    declaration(1, state, content("pack", lines.collect()))
}

/// A draft drawn again with a digest of its own.
fn redrawn(digest: &str) -> Redrawn {
    Redrawn {
        digest: digest.to_owned(),
        ..Redrawn::default()
    }
}

fn submit(declaration: Declaration) -> Result<Declaration, Refusal> {
    let today = day("2026-10-12");
    declaration.submit("digest", &redrawn("digest"), Vec::new(), instant(9), today)
}

fn void(declaration: Declaration) -> Result<Declaration, Refusal> {
    let reason = "重复申报".to_owned();
    declaration.void("digest", None, day(DUE), instant(9), reason)
}

fn paid(state: &str) -> Payment {
    payment(1, 1, PaymentState::from_name(state).unwrap())
}

#[test]
fn the_tables_name_every_state_once() {
    let declarations: BTreeSet<_> = DECLARATION.iter().map(|row| row.0).collect();
    assert_eq!(
        declarations,
        DeclarationState::ALL.map(DeclarationState::name).into()
    );
    let sources: BTreeSet<_> = SOURCE.iter().map(|row| row.0).collect();
    assert_eq!(sources, SourceState::ALL.map(SourceState::name).into());
}

#[test]
fn a_declaration_takes_the_allowed_steps_and_no_other() {
    for (state, expected, [payable, correctable]) in DECLARATION {
        let own = || declared(state, &["100.00"]);
        let steps = [
            submit(own()),
            own().settle(),
            void(own()),
            own().replace(instant(9), "更正".to_owned()),
        ];
        for (place, (result, expected)) in steps.into_iter().zip(expected).enumerate() {
            match (result, expected) {
                (Ok(after), Some(expected)) => {
                    assert_eq!(after.state.name(), expected);
                    assert_eq!(after.version, 2);
                    let closed = matches!(expected, "VOIDED" | "CORRECTED");
                    assert_eq!(after.closing.is_some(), closed, "{state}");
                }
                (Err(refusal), None) => {
                    let replaced = place == 3;
                    let reason = ["WRONG_STATE", "CORRECTION_SUPERSEDED"][usize::from(replaced)];
                    assert_eq!(refusal.reason(), reason, "{state}");
                }
                (other, expected) => panic!("{state}: {other:?}, but {expected:?}"),
            }
        }
        assert_eq!(own().check_payable("digest").is_ok(), payable, "{state}");
        let corrected = own().check_correctable("digest");
        assert_eq!(corrected.is_ok(), correctable, "{state}");
        let other = own().check_correctable("other").unwrap_err().reason();
        let reason = ["WRONG_STATE", "CONTENT_DIGEST_MISMATCH"][usize::from(correctable)];
        assert_eq!(other, reason, "{state}");
    }
}

#[test]
fn a_draft_with_nothing_payable_is_completed_at_once() {
    for lines in [&[] as &[&str], &["0.00"], &["-600.00"], &["0.00", "-0.01"]] {
        let filed = submit(declared("DRAFT", lines)).unwrap();
        assert_eq!(filed.state, DeclarationState::Completed, "{lines:?}");
    }
    // One fen payable is payable, however much is refundable.
    let filed = submit(declared("DRAFT", &["-600.00", "0.01"])).unwrap();
    assert_eq!(filed.state, DeclarationState::AwaitingPayment);
}

#[test]
fn a_draft_is_refused_when_digest_sources_findings_or_warnings_forbid_it() {
    let filed = |named: &str, fresh: &str, acknowledged: &[&str], findings: Vec<Finding>| {
        let mut draft = declared("DRAFT", &["100.00"]);
        draft.content.findings = findings;
        let acknowledged = acknowledged.iter().map(|id| (*id).to_owned()).collect();
        let fresh = redrawn(fresh);
        let done = draft.submit(named, &fresh, acknowledged, instant(9), day("2026-10-12"));
        done.map(|_| ()).map_err(|refusal| refusal.reason())
    };
    let of = |id, severity| {
        let check = Check {
            id,
            severity,
            zh: "样例",
            en: "sample",
            legal_basis: "",
        };
        check.at("", "", "")
    };
    let error = || of("E1", Severity::Error);
    let warning = || of("W1", Severity::Warning);
    let hint = || of("H1", Severity::Hint);
    let refused = |reason| Err(reason);
    let both = vec![warning(), error()];
    assert_eq!(
        filed("other", "digest", &[], vec![]),
        refused("CONTENT_DIGEST_MISMATCH")
    );
    assert_eq!(
        filed("digest", "other", &[], vec![]),
        refused("DRAFT_STALE")
    );
    assert_eq!(
        filed("digest", "digest", &["E1", "W1"], both),
        refused("FINDINGS_STOP_FILING")
    );
    let open = refused("WARNINGS_NOT_ACKNOWLEDGED");
    assert_eq!(filed("digest", "digest", &["W2"], vec![warning()]), open);
    assert_eq!(
        filed("digest", "digest", &["W1"], vec![warning(), hint()]),
        Ok(())
    );
}

#[test]
fn a_filing_after_some_due_day_is_overdue_and_on_it_is_not() {
    for (today, overdue) in [("2026-10-26", false), ("2026-10-27", true)] {
        let draft = declared("DRAFT", &["100.00"]);
        let fresh = redrawn("digest");
        let filed = draft.submit("digest", &fresh, Vec::new(), instant(9), day(today));
        assert_eq!(
            filed.unwrap().submission.unwrap().overdue,
            overdue,
            "{today}"
        );
    }
}

#[test]
fn a_payable_declaration_is_checked_against_its_own_digest() {
    let refusal = declared("AWAITING_PAYMENT", &["100.00"]).check_payable("other");
    assert_eq!(refusal.unwrap_err().reason(), "CONTENT_DIGEST_MISMATCH");
}

#[test]
fn a_payment_keeps_what_the_bank_said() {
    let debited = paid("SENT").hear(BankAnswer::Debited("BANK-1".to_owned()));
    assert_eq!(debited.bank_reference.as_deref(), Some("BANK-1"));
    let refused = paid("CONFIRMING").hear(BankAnswer::Refused("NO_MONEY".to_owned()));
    assert_eq!(refused.failure.as_deref(), Some("NO_MONEY"));
    let silent = paid("SENT").hear(BankAnswer::Refused(String::new()));
    assert_eq!(silent.failure.as_deref(), Some("REFUSED_BY_BANK"));
    let unseen = paid("CONFIRMING").hear(BankAnswer::NeverSeen);
    assert_eq!(unseen.failure.as_deref(), Some("ORDER_NEVER_REACHED_BANK"));
}

#[test]
fn a_payment_is_sent_only_for_the_total_agreed_to() {
    let order = paid("SENT").order;
    let send = |declaration: &Declaration, total: &str| {
        let (id, order) = (paid("SENT").id, order.clone());
        let agreement = "AGREEMENT-1".to_owned();
        Payment::send(
            id,
            declaration,
            "digest",
            yuan(total),
            agreement,
            order,
            instant(2),
        )
        .map_err(|refusal| refusal.reason())
    };
    let waiting = declared("AWAITING_PAYMENT", &["100.00"]);
    assert_eq!(send(&waiting, "100.05").unwrap().state, PaymentState::Sent);
    assert_eq!(send(&waiting, "100.00").unwrap_err(), "AMOUNT_CHANGED");
    assert_eq!(
        send(&declared("DRAFT", &["100.00"]), "100.05").unwrap_err(),
        "WRONG_STATE"
    );
}

#[test]
fn a_source_takes_the_allowed_steps_and_no_other() {
    for (state, restated, closed) in SOURCE {
        let record = || source(1, SourceState::from_name(state).unwrap());
        let mut new = source(2, SourceState::Collected);
        new.name = "新名".to_owned();
        let steps = [
            (record().restate(new), restated, "新名"),
            (record().close(instant(9)), closed, "二号地块"),
        ];
        for (result, expected, name) in steps {
            match (result, expected) {
                (Ok(after), Some(expected)) => {
                    assert_eq!(after.state.name(), expected);
                    assert_eq!((after.id, after.version), (record().id, 2));
                    assert_eq!(after.name, name);
                }
                (Err(refusal), None) => assert_eq!(refusal.reason(), "WRONG_STATE"),
                (other, expected) => panic!("{state}: {other:?}, but {expected:?}"),
            }
        }
    }
}

#[test]
fn a_source_cannot_become_one_of_another_tax() {
    let mut new = source(1, SourceState::Collected);
    new.detail = detail("stamp_tax");
    let refusal = source(1, SourceState::Collected).restate(new).unwrap_err();
    assert_eq!(refusal.reason(), "WRONG_STATE");
}

proptest! {
    /// Total = Σ rows; nothing refundable counts; no surcharge until the due day, and more with
    /// every day after it.
    #[test]
    fn a_quote_adds_up_on_every_day(
        amounts in prop::collection::vec((-99_999_999_i64..=99_999_999, 0_i64..40), 0..8),
        first in -10_i64..60,
        later in 0_i64..60,
    ) {
        let book = RuleBook::embedded().unwrap();
        let due = |days: i64| day(DUE).checked_add(days.days()).unwrap();
        let make = |keep: fn(i64) -> bool| {
            let lines = (1..).zip(&amounts).filter(|(_, (fen, _))| keep(*fen));
            let lines = lines.map(|(number, (fen, days))| {
                plain(number, &Money::from_fen(*fen).to_string(), &due(*days).to_string())
            });
            content("pack", lines.collect())
        };
        let all = make(|_| true);
        let one = quote(&all, due(first), &book).unwrap();
        let two = quote(&all, due(first + later), &book).unwrap();
        let payable: i64 = amounts.iter().map(|(fen, _)| (*fen).max(0)).sum();
        let rows: i64 = one.rows.iter().map(|row| row.principal.fen() + row.surcharge.fen()).sum();
        prop_assert_eq!(one.principal.fen(), payable);
        prop_assert_eq!(two.principal.fen(), payable);
        prop_assert_eq!(one.total.fen() + one.waived.fen(), rows);
        prop_assert_eq!(rows, one.principal.fen() + one.surcharge.fen());
        // Under 1 yuan nothing is collected, from 1 yuan on all of it.
        prop_assert_eq!(one.waived.fen(), if rows < 100 { rows } else { 0 });
        prop_assert!(one.surcharge <= two.surcharge);
        if amounts.iter().all(|(_, days)| first <= *days) {
            prop_assert!(one.surcharge.is_zero());
        }
        for row in &one.rows {
            prop_assert!(!row.surcharge.is_negative());
            prop_assert_eq!(row.days_late > 0, row.due_on < due(first));
        }
        prop_assert_eq!(quote(&make(|fen| fen > 0), due(first), &book).unwrap(), one);
    }
}
