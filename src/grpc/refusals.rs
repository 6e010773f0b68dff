//! One refusal of each kind, for a sandbox that is told to refuse.

use jiff::civil::{Date, date};

use crate::filing::{Changes, MoneyRefusal, Refusal};
use crate::types::{Money, Period, TaxKind};

/// The id that a refusal on demand speaks of.
const DIALLED: &str = "dialled";
/// The days it speaks of.
const EARLIER: Date = date(2026, 1, 1);
const LATER: Date = date(2026, 1, 2);

/// One refusal of each kind.
pub fn refusals() -> Vec<Refusal> {
    let it = || DIALLED.to_owned();
    let today = Money::from_fen(100);
    let mut all = vec![
        Refusal::WrongState {
            what: "payment",
            state: "FAILED",
            needed: "SENT",
        },
        Refusal::DigestMismatch {
            named: it(),
            actual: it(),
        },
        Refusal::Stale {
            drawn: it(),
            now: it(),
            changes: Box::new(Changes::default()),
        },
        Refusal::Findings(vec![it()]),
        Refusal::Unacknowledged(vec![it()]),
        Refusal::AmountChanged {
            named: Money::ZERO,
            today,
            rows: vec![it()],
            row_count: 1,
        },
        Refusal::AlreadyDeclared(it()),
        Refusal::PaymentAlive(it()),
        Refusal::SettlementMismatch {
            expected: it(),
            reported: it(),
        },
        Refusal::ReversalRefused(it()),
        Refusal::GlyphMissing(it()),
        Refusal::DocumentTooLong(200),
        Refusal::NothingToDeclare,
        Refusal::CorrectionSuperseded {
            base: it(),
            state: "VOIDED",
        },
        Refusal::UnderInspection {
            document: it(),
            tax: TaxKind::StampTax,
            period: Period::day(EARLIER),
        },
        Refusal::RefundPending(it()),
        Refusal::VoidPaid(it()),
        Refusal::VoidWindow {
            due_on: EARLIER,
            today: LATER,
        },
        Refusal::VoidRevision(2),
        Refusal::TooLarge,
        Refusal::BankIsExternal,
        Refusal::PaymentRunning(it()),
    ];
    all.extend(about_money().into_iter().map(Refusal::Money));
    all
}

fn about_money() -> Vec<MoneyRefusal> {
    let it = || DIALLED.to_owned();
    let (less, more) = (Money::ZERO, Money::from_fen(100));
    vec![
        MoneyRefusal::NothingDue,
        MoneyRefusal::OffsetTooSmall { at_hand: less },
        MoneyRefusal::RefundMismatch {
            named: less,
            refundable: more,
        },
        MoneyRefusal::RefundAlive(it()),
        MoneyRefusal::RefundLapsed {
            paid_on: EARLIER,
            limit: LATER,
        },
        MoneyRefusal::RefundUncovered {
            needed: more,
            left: less,
        },
        MoneyRefusal::RefundDayUnknown { amount: more },
        MoneyRefusal::ExtensionTooLate {
            requested_on: LATER,
            due_on: EARLIER,
        },
        MoneyRefusal::ExtensionTooLong {
            extended_to: LATER,
            limit: EARLIER,
        },
        MoneyRefusal::ExtensionTooShort {
            extended_to: EARLIER,
            due_on: LATER,
        },
        MoneyRefusal::PaySplit {
            level: "order",
            expected: it(),
            found: it(),
        },
        MoneyRefusal::OtherTreasury {
            expected: it(),
            found: it(),
        },
        MoneyRefusal::ParameterMissing(it()),
    ]
}
