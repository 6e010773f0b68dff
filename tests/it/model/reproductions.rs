//! Lists that once failed, each under the name of what was wrong.

use super::operation::Act::*;
use super::operation::Operation::{self, *};
use super::operation::*;
use super::play::play;
use crate::support::On;

/// Two tests of each list, one for each database.
macro_rules! on_each {
    ($($list:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $list() {
                    super::$list(crate::support::On::Sqlite);
                }
            )+
        }
        mod postgres {
            $(
                #[test]
                fn $list() {
                    super::$list(crate::support::On::Postgres);
                }
            )+
        }
    };
}

on_each!(
    model_plain_life,
    model_repeat_of_a_payment_at_the_same_time_is_told_the_recorded_answer,
    model_repeat_of_an_extension_before_its_day_is_told_the_first_answer,
    model_money_that_comes_after_an_offset_is_a_double_payment,
);

/// Plays a list that must hold.
#[track_caller]
fn holds(on: On, list: &[Operation]) {
    if let Err(failing) = play(on, list) {
        panic!("step {}: {}", failing.place, failing.what);
    }
}

/// Nothing random: each act once, with the bank at its best and at its worst.
fn model_plain_life(on: On) {
    holds(
        on,
        &[
            Do(Register { who: 0 }),
            Do(Collect {
                who: 0,
                kind: Kind::Sale,
                size: 100_000_000,
                quarter: 2,
                office: 0,
            }),
            Do(Collect {
                who: 0,
                kind: Kind::Lease,
                size: 12_345_678,
                quarter: 2,
                office: 0,
            }),
            Do(Collect {
                who: 0,
                kind: Kind::Plot,
                size: 2_000_000,
                quarter: 0,
                office: 1,
            }),
            Do(Draft {
                who: 0,
                window: 2,
                office: 0,
                taxes: 0,
            }),
            Do(Submit {
                who: 0,
                draft: 0,
                way: Filing::Right,
            }),
            Do(Submit {
                who: 0,
                draft: 0,
                way: Filing::Right,
            }),
            Do(Pay {
                who: 0,
                declaration: 0,
                way: Paying::Right,
                bank: Debit::Answer,
            }),
            Do(Settle {
                who: 0,
                payment: 0,
                way: Settling::Right,
            }),
            Do(Pay {
                who: 0,
                declaration: 0,
                way: Paying::Right,
                bank: Debit::LoseAnswer,
            }),
            Do(Resolve {
                who: 0,
                payment: 0,
                bank: Query::Truth,
            }),
            Restart,
            Do(Settle {
                who: 0,
                payment: 0,
                way: Settling::Right,
            }),
            Do(Repeat { earlier: 3 }),
            Do(Reuse { earlier: 3 }),
            Do(Sheet {
                who: 0,
                sheet: 0,
                act: Print::Replace,
            }),
            Do(Collect {
                who: 0,
                kind: Kind::Sale,
                size: 77_777_777,
                quarter: 2,
                office: 0,
            }),
            Do(Draft {
                who: 0,
                window: 2,
                office: 0,
                taxes: 0,
            }),
            Do(Submit {
                who: 0,
                draft: 0,
                way: Filing::Right,
            }),
            Do(Pay {
                who: 0,
                declaration: 0,
                way: Paying::Right,
                bank: Debit::Answer,
            }),
            Do(Reverse { who: 0, payment: 0 }),
            Do(Pay {
                who: 0,
                declaration: 0,
                way: Paying::Right,
                bank: Debit::Answer,
            }),
            Do(Settle {
                who: 0,
                payment: 0,
                way: Settling::Part,
            }),
            Do(Settle {
                who: 0,
                payment: 0,
                way: Settling::OtherAmount,
            }),
            Do(Settle {
                who: 0,
                payment: 0,
                way: Settling::Right,
            }),
            See(Look::All),
        ],
    );
}

/// The same CreatePayment twice at the same time: the repeat found no answer yet, then the first
/// call recorded CONFIRMING, then the repeat asked the bank, learnt DEBITED, and said so as if
/// that were the first answer. Every repeat is told what is recorded. (The crowd makes the repeat
/// slow: it opens a connection between the two.)
fn model_repeat_of_a_payment_at_the_same_time_is_told_the_recorded_answer(on: On) {
    let mut list = vec![Do(Register { who: 0 })];
    for size in 1..=6 {
        list.extend([
            Do(Collect {
                who: 0,
                kind: Kind::Sale,
                size: size * 1_000_000,
                quarter: 2,
                office: 0,
            }),
            Do(Draft {
                who: 0,
                window: 2,
                office: 0,
                taxes: 0,
            }),
            Do(Submit {
                who: 0,
                draft: 0,
                way: Filing::Right,
            }),
            Restart,
            Crowd,
            Twice(Pay {
                who: 0,
                declaration: 0,
                way: Paying::Right,
                bank: Debit::LoseAnswer,
            }),
        ]);
    }
    holds(on, &list);
}

/// A repeat of an ExtendPayment after the clock was set back before the day it was asked for: it
/// was refused for that day instead of given its first answer.
fn model_repeat_of_an_extension_before_its_day_is_told_the_first_answer(on: On) {
    holds(
        on,
        &[
            Do(Register { who: 0 }),
            Do(Collect {
                who: 0,
                kind: Kind::Sale,
                size: 100_000_000,
                quarter: 2,
                office: 0,
            }),
            Do(Draft {
                who: 0,
                window: 2,
                office: 0,
                taxes: 0,
            }),
            Do(Submit {
                who: 0,
                draft: 0,
                way: Filing::Right,
            }),
            Do(Extend {
                who: 0,
                declaration: 0,
                tax: 0,
                days: 10,
                way: Extending::Right,
            }),
            Clock {
                day: 280,
                second: 0,
            },
            Do(Repeat { earlier: 0 }),
        ],
    );
}

/// A sale filed and paid for, then corrected to half of it: half of its tax is to be refunded, and
/// the refund approved. Another filing waits for its payment.
fn a_refund_and_a_debt() -> Vec<Operation> {
    let sale = |size| {
        Do(Collect {
            who: 0,
            kind: Kind::Sale,
            size,
            quarter: 2,
            office: 0,
        })
    };
    let draft = Do(Draft {
        who: 0,
        window: 2,
        office: 0,
        taxes: 0,
    });
    let submit = Do(Submit {
        who: 0,
        draft: 0,
        way: Filing::Right,
    });
    vec![
        Do(Register { who: 0 }),
        sale(100_000_000),
        draft,
        submit,
        Do(Pay {
            who: 0,
            declaration: 0,
            way: Paying::Right,
            bank: Debit::Answer,
        }),
        Do(Settle {
            who: 0,
            payment: 0,
            way: Settling::Right,
        }),
        Do(Restate {
            who: 0,
            source: 0,
            size: 50_000_000,
            etag: Etag::Current,
        }),
        Do(Correct {
            who: 0,
            declaration: 0,
            taxes: 0,
            without: false,
            way: Paying::Right,
        }),
        submit,
        Do(Claim {
            who: 0,
            declaration: 0,
            cause: 0,
            way: Claiming::Right,
        }),
        Do(Decide {
            who: 0,
            refund: 0,
            cause: 9,
            approved: true,
        }),
        sale(300_000_000),
        draft,
        submit,
    ]
}

/// The bank denied an order that it had debited, a refund was set against a part of the tax, and
/// then the treasury reported the money: with what was set off it is more than is payable, and the
/// report ended in an internal error instead of a case.
fn model_money_that_comes_after_an_offset_is_a_double_payment(on: On) {
    let mut list = a_refund_and_a_debt();
    list.extend([
        Do(Pay {
            who: 0,
            declaration: 0,
            way: Paying::Right,
            bank: Debit::LoseAnswer,
        }),
        Pass { seconds: 45 },
        Do(Resolve {
            who: 0,
            payment: 0,
            bank: Query::Forget,
        }),
        Do(SetOff {
            who: 0,
            refund: 0,
            declaration: 0,
            way: Paying::Right,
        }),
        Do(Settle {
            who: 0,
            payment: 0,
            way: Settling::Right,
        }),
        See(Look::All),
    ]);
    holds(on, &list);
}
