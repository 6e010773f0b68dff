//! The full square of a payment's state and what bank, day's file and treasury may say of it
//! (`tests/cases/procedure/bank_facts.json`), and what no order of such facts may bring about.

use std::collections::BTreeSet;

use caixing::filing::{
    Around, BankAnswer, DeclarationState, Fact, Learnt, Part, Payment, PaymentState,
};
use caixing::tax::Finding;
use caixing::types::{Money, Treasury, VoucherNumber};
use proptest::prelude::*;
use serde::Deserialize;

use crate::sample::{instant, payment, read, treasury, voucher_number, yuan};

const BANK: &str = "BANK-1";
const TOTAL: &str = "100.05";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    fact: String,
    state: String,
    /// `rival`: another payment is alive; `completed`, `voided`: the declaration.
    #[serde(default)]
    around: String,
    /// A part that is known before: `P-1`, or all of it under the bank's number.
    #[serde(default)]
    known: String,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    state: String,
    findings: Vec<String>,
    /// The amount of the part that is kept.
    #[serde(default)]
    kept: String,
    /// What the treasury has of it then; nothing means as before.
    #[serde(default)]
    received: String,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(&read("tests/cases/procedure/bank_facts.json")).unwrap()
}

fn part(reference: &str, amount: &str) -> Part {
    Part::new(
        reference.to_owned(),
        yuan(amount),
        treasury(),
        BANK.to_owned(),
    )
}

fn answer(fact: &str) -> Option<BankAnswer> {
    Some(match fact {
        "bank debited" => BankAnswer::Debited(BANK.to_owned()),
        "bank debited another amount" => BankAnswer::OtherAmount(yuan("100.04")),
        "bank refused" => BankAnswer::Refused("NO_MONEY".to_owned()),
        "bank has never seen it" => BankAnswer::NeverSeen,
        "bank does not answer" => BankAnswer::Unknown,
        "bank reversed" => BankAnswer::Reversed,
        _ => return None,
    })
}

fn fact(name: &str) -> Fact {
    let debited = |amount| Fact::Debited {
        amount: yuan(amount),
        reference: BANK.to_owned(),
    };
    let settled = |reference, amount| Fact::Settled(part(reference, amount));
    match name {
        "file: debited" => debited(TOTAL),
        "file: debited another amount" => debited("100.06"),
        "file: reversed" => Fact::Reversed(None),
        "file: refused" => Fact::Refused,
        "settled whole" => settled("", TOTAL),
        "settled: first part" => settled("P-1", "40.00"),
        "settled: first part changed" => settled("P-1", "50.00"),
        "settled: the rest" => settled("P-2", "60.05"),
        "settled: too much" => settled("P-9", "100.06"),
        "settled in another treasury" => Fact::Settled(Part {
            treasury: Treasury::parse("1234010401").unwrap(),
            ..part("", TOTAL)
        }),
        other => panic!("{other}"),
    }
}

/// The payment and the parts that are known of it.
fn before(case: &Case) -> (Payment, Vec<Part>) {
    let state = PaymentState::from_name(&case.state).unwrap();
    let mut before = payment(1, 1, state);
    let paid = matches!(state, PaymentState::InTreasury | PaymentState::Refunded);
    let known = match case.known.as_str() {
        "" if paid => vec![part("", TOTAL)],
        "" => Vec::new(),
        TOTAL => vec![part("", TOTAL)],
        amount => vec![part("P-1", amount)],
    };
    before.received = Money::sum(known.iter().map(|part| part.amount)).unwrap();
    before.bank_reference = (!known.is_empty()).then(|| BANK.to_owned());
    if state == PaymentState::Failed {
        before.failure = Some("NO_MONEY".to_owned());
    }
    (before, known)
}

fn around<'a>(
    case: &str,
    state: PaymentState,
    parts: &'a [Part],
    number: &'a VoucherNumber,
) -> Around<'a> {
    let paid = matches!(state, PaymentState::InTreasury | PaymentState::Refunded);
    let declaration = match case {
        "completed" => DeclarationState::Completed,
        "voided" => DeclarationState::Voided,
        _ if paid => DeclarationState::Completed,
        _ => DeclarationState::AwaitingPayment,
    };
    Around {
        parts,
        declaration,
        rival: case == "rival",
        covered: Money::ZERO,
        voucher: number,
        at: instant(9),
    }
}

/// The payment afterwards, what disagrees, and the part that is kept.
fn play(case: &Case) -> (Payment, Option<Finding>, Option<Part>) {
    let (before, parts) = before(case);
    if let Some(answer) = answer(&case.fact) {
        let finding = before.disagreement(&answer);
        return (before.hear(answer), finding, None);
    }
    let number = voucher_number(7);
    let around = around(&case.around, before.state, &parts, &number);
    match before.learn(fact(&case.fact), around).unwrap() {
        Learnt::Known(payment) => (payment, None, None),
        Learnt::Changed(payment, part) => (payment, None, part),
        Learnt::Case(payment, finding, part) => (payment, Some(*finding), part),
    }
}

#[test]
fn the_square_is_full() {
    let square: BTreeSet<(String, String)> = cases()
        .into_iter()
        .filter(|case| case.around.is_empty() && case.known.is_empty())
        .map(|case| (case.fact, case.state))
        .collect();
    let facts: BTreeSet<&String> = square.iter().map(|(fact, _)| fact).collect();
    assert_eq!(facts.len(), 14);
    for fact in facts {
        for state in PaymentState::ALL {
            let cell = (fact.clone(), state.name().to_owned());
            assert!(square.contains(&cell), "{cell:?}");
        }
    }
}

#[test]
fn every_fact_in_every_state_ends_as_the_table_says() {
    for case in cases() {
        let (before, _) = before(&case);
        let name = format!(
            "{} in {} {} {}",
            case.fact, case.state, case.around, case.known
        );
        let (after, finding, kept) = play(&case);
        let found: Vec<String> = finding.into_iter().map(|one| one.rule_id).collect();
        assert_eq!(found, case.expected.findings, "{name}");
        assert_eq!(after.state.name(), case.expected.state, "{name}");
        let kept = kept.map(|part| part.amount.to_string()).unwrap_or_default();
        assert_eq!(kept, case.expected.kept, "{name}");
        let received = match case.expected.received.as_str() {
            "" => before.received,
            amount => yuan(amount),
        };
        assert_eq!(after.received, received, "{name}");
        // Only a change raises the version, and by one.
        assert_eq!(
            after.version,
            before.version + i64::from(after != before),
            "{name}"
        );
        let failed = after.state == PaymentState::Failed;
        assert_eq!(after.failure.is_some(), failed, "{name}");
        if after.state == PaymentState::InTreasury && before.state != PaymentState::InTreasury {
            assert_eq!(after.voucher, Some(voucher_number(7)), "{name}");
            assert_eq!(after.settled_at, Some(instant(9)), "{name}");
            assert_eq!(after.bank_reference.as_deref(), Some(BANK), "{name}");
        }
    }
}

#[test]
fn a_debit_is_taken_back_only_on_its_day_and_before_any_of_it_is_in_the_treasury() {
    let day = |text: &str| crate::sample::day(text);
    // The sample's order is of 2026-10-27.
    for state in PaymentState::ALL {
        let payment = payment(1, 1, state);
        let allowed = payment.check_reversible(day("2026-10-27")).is_ok();
        assert_eq!(allowed, state == PaymentState::Debited, "{}", state.name());
        let refusal = payment.check_reversible(day("2026-10-28")).unwrap_err();
        assert_eq!(refusal.reason(), "WRONG_STATE");
    }
    let mut partly = payment(1, 1, PaymentState::Debited);
    partly.received = yuan("0.01");
    assert!(partly.check_reversible(day("2026-10-27")).is_err());
}

#[derive(Debug, Clone)]
enum Said {
    Heard(BankAnswer),
    Learnt(&'static str),
}

fn said() -> impl Strategy<Value = Vec<Said>> {
    let answers = [
        "bank debited",
        "bank debited another amount",
        "bank refused",
        "bank has never seen it",
        "bank does not answer",
        "bank reversed",
    ]
    .map(|name| answer(name).unwrap());
    let facts = [
        "file: debited",
        "file: debited another amount",
        "file: reversed",
        "file: refused",
        "settled whole",
        "settled: first part",
        "settled: first part changed",
        "settled: the rest",
        "settled: too much",
        "settled in another treasury",
    ];
    let one = prop_oneof![
        prop::sample::select(answers.to_vec()).prop_map(Said::Heard),
        prop::sample::select(facts.to_vec()).prop_map(Said::Learnt),
    ];
    prop::collection::vec(one, 0..16)
}

proptest! {
    /// Whatever is said, in any order and any number of times: what the treasury is known to have
    /// is the sum of the parts that are kept and no more than the order, IN_TREASURY means all of
    /// it and is never left, and nothing that disagrees passes without a finding.
    #[test]
    fn no_order_of_facts_makes_or_loses_money(said in said(), rival in any::<bool>()) {
        let number = voucher_number(7);
        let mut payment = payment(1, 1, PaymentState::Sent);
        let mut parts: Vec<Part> = Vec::new();
        for one in said {
            let before = payment.clone();
            let (after, kept) = match one {
                Said::Heard(answer) => (payment.hear(answer), None),
                Said::Learnt(name) => {
                    let case = if rival { "rival" } else { "" };
                    let around = around(case, payment.state, &parts, &number);
                    match payment.learn(fact(name), around).unwrap() {
                        Learnt::Known(after) => {
                            prop_assert_eq!(&after, &before);
                            (after, None)
                        }
                        Learnt::Changed(after, part) | Learnt::Case(after, _, part) => {
                            (after, part)
                        }
                    }
                }
            };
            prop_assert_eq!(after.version, before.version + i64::from(after != before));
            parts.extend(kept);
            payment = after;
            let sum = Money::sum(parts.iter().map(|part| part.amount)).unwrap();
            prop_assert_eq!(payment.received, sum);
            prop_assert!(sum <= payment.order.total);
            let paid = payment.state == PaymentState::InTreasury;
            prop_assert!(!paid || sum == payment.order.total);
            prop_assert_eq!(payment.voucher.is_some(), paid);
            prop_assert_eq!(payment.settled_at.is_some(), paid);
            if before.state == PaymentState::InTreasury {
                prop_assert_eq!(&payment, &before);
            }
            if payment.state == PaymentState::Failed {
                prop_assert!(payment.failure.is_some());
            }
        }
    }
}
