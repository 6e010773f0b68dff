//! Random lists of what can be done, and how often each is drawn.

use super::operation::Act::{self, *};
use super::operation::Operation::{self, *};
use super::operation::{
    Claiming, Day, Debit, Etag, Extending, Filing, Kind, Look, Paying, Print, Query, Settling,
};

/// Numbers from a seed (SplitMix64): the same list for the same seed, for ever.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below a bound.
    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).unwrap()
    }

    fn byte(&mut self, bound: u8) -> u8 {
        u8::try_from(self.below(bound.into())).unwrap()
    }

    fn one_in(&mut self, bound: u32) -> bool {
        self.below(bound) == 0
    }

    /// One of several, each as often as its weight says.
    fn weighed<T: Copy>(&mut self, choices: &[(u32, T)]) -> T {
        let mut left = self.below(choices.iter().map(|choice| choice.0).sum());
        for (weight, choice) in choices {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *choice,
            }
        }
        unreachable!("the weights were summed")
    }

    /// Most calls are over after some ten polls.
    fn polls(&mut self) -> u8 {
        self.byte(20).min(self.byte(20))
    }

    fn etag(&mut self) -> Etag {
        self.weighed(&[(9, Etag::Current), (1, Etag::Stale)])
    }

    fn act(&mut self) -> Act {
        let make: Draw = self.weighed(ACTS);
        make(self)
    }

    fn look(&mut self) -> Look {
        let (who, which) = (self.byte(3), self.byte(4));
        match self.below(14) {
            10.. => Look::Read {
                who,
                what: self.byte(100),
            },
            0..3 => Look::Quote {
                who,
                declaration: which,
                days: u16::try_from(self.below(400)).unwrap(),
            },
            3 => Look::Validate { who, draft: which },
            4..7 => Look::Verify {
                who,
                voucher: which,
                right: !self.one_in(3),
            },
            _ => Look::Outcome {
                earlier: self.byte(60),
            },
        }
    }

    /// The next step.
    pub fn operation(&mut self) -> Operation {
        match self.below(100) {
            0..62 => Do(self.act()),
            62..64 => Check(self.act()),
            64..74 => Cut(self.act(), self.polls()),
            74..76 => Die(self.act(), self.polls()),
            76..79 => Twice(self.act()),
            79..82 => self.both(),
            82..90 => See(self.look()),
            90 => Release,
            91 => Crowd,
            92 => Restart,
            93..96 => Clock {
                day: u16::try_from(100 + self.below(400)).unwrap(),
                second: u16::try_from(self.below(600)).unwrap(),
            },
            _ => Pass {
                seconds: u16::try_from(self.below(50)).unwrap(),
            },
        }
    }

    fn both(&mut self) -> Operation {
        let who = self.byte(3);
        let (draft, declaration, payment) = (self.byte(2), self.byte(2), self.byte(2));
        let submit = Submit {
            who,
            draft,
            way: Filing::Right,
        };
        let pay = Pay {
            who,
            declaration,
            way: Paying::Right,
            bank: self.debit(),
        };
        let settle = Settle {
            who,
            payment,
            way: Settling::Right,
        };
        let resolve = Resolve {
            who,
            payment,
            bank: self.query(),
        };
        let set_off = SetOff {
            who,
            refund: self.byte(2),
            declaration,
            way: Paying::Right,
        };
        match self.below(11) {
            7 => Both(pay, set_off),
            8 => Both(set_off, set_off),
            9 => Both(
                set_off,
                PayOut {
                    who,
                    refund: self.byte(2),
                    way: Settling::Right,
                },
            ),
            10 => Both(
                submit,
                Correct {
                    who,
                    declaration,
                    taxes: 0,
                    without: self.one_in(2),
                    way: Paying::Right,
                },
            ),
            0 => Both(
                submit,
                Submit {
                    who,
                    draft: self.byte(2),
                    way: Filing::Right,
                },
            ),
            1 => Both(
                pay,
                Pay {
                    who,
                    declaration,
                    way: Paying::Right,
                    bank: self.debit(),
                },
            ),
            2 => Both(pay, submit),
            3 => Both(settle, resolve),
            4 => Both(settle, settle),
            5 => Both(
                submit,
                Restate {
                    who,
                    source: self.byte(3),
                    size: 7,
                    etag: self.etag(),
                },
            ),
            _ => Both(self.act(), self.act()),
        }
    }

    /// One in ten is so small that its tax is not collected, or nothing.
    fn size(&mut self) -> u32 {
        let bound = self.weighed(&[(9, 100_000_000), (1, 100_000)]);
        self.below(bound)
    }

    fn debit(&mut self) -> Debit {
        self.weighed(&[
            (8, Debit::Answer),
            (2, Debit::Refuse),
            (3, Debit::LoseAnswer),
            (2, Debit::NeverTaken),
            (1, Debit::Unreadable),
            (1, Debit::TakeBack),
            (2, Debit::SettleFirst),
            (2, Debit::Hold),
        ])
    }

    fn query(&mut self) -> Query {
        self.weighed(&[
            (8, Query::Truth),
            (2, Query::Silent),
            (1, Query::Forget),
            (1, Query::OtherAmount),
        ])
    }
}

/// Draws an act.
type Draw = fn(&mut Dice) -> Act;

/// How often each act is drawn.
const ACTS: &[(u32, Draw)] = &[
    (3, |dice| Register { who: dice.byte(4) }),
    (2, |dice| Reprofile {
        who: dice.byte(3),
        relief: dice.one_in(2),
        etag: dice.etag(),
    }),
    (12, |dice| Collect {
        who: dice.byte(3),
        kind: dice.weighed(&[
            (5, Kind::Sale),
            (3, Kind::Lease),
            (1, Kind::Open),
            (2, Kind::Plot),
        ]),
        size: dice.size(),
        quarter: dice.byte(3),
        office: dice.byte(2),
    }),
    (4, |dice| Restate {
        who: dice.byte(3),
        source: dice.byte(4),
        size: dice.size(),
        etag: dice.etag(),
    }),
    (4, |dice| Close {
        who: dice.byte(3),
        source: dice.byte(4),
        etag: dice.etag(),
    }),
    (14, |dice| Draft {
        who: dice.byte(3),
        window: dice.byte(5),
        office: dice.byte(3),
        taxes: dice.weighed(&[(5, 0), (1, 1), (1, 2), (1, 3)]),
    }),
    (18, |dice| Submit {
        who: dice.byte(3),
        draft: dice.byte(3),
        way: dice.weighed(&[
            (14, Filing::Right),
            (1, Filing::OtherDigest),
            (1, Filing::WithoutAcknowledging),
            (3, Filing::Any),
        ]),
    }),
    (18, |dice| Pay {
        who: dice.byte(3),
        declaration: dice.byte(3),
        way: dice.weighed(&[
            (14, Paying::Right),
            (1, Paying::OtherTotal),
            (1, Paying::OtherDigest),
            (3, Paying::Any),
        ]),
        bank: dice.debit(),
    }),
    (8, |dice| Resolve {
        who: dice.byte(3),
        payment: dice.byte(3),
        bank: dice.query(),
    }),
    (18, |dice| Settle {
        who: dice.byte(3),
        payment: dice.byte(3),
        way: dice.weighed(&[
            (10, Settling::Right),
            (4, Settling::Part),
            (1, Settling::Again),
            (1, Settling::OtherPart),
            (1, Settling::OtherAmount),
            (1, Settling::OtherTreasury),
            (1, Settling::Nobody),
            (3, Settling::Any),
        ]),
    }),
    (4, |dice| Void {
        who: dice.byte(3),
        declaration: dice.byte(3),
        way: dice.weighed(&[
            (8, Paying::Right),
            (1, Paying::OtherDigest),
            (3, Paying::Any),
        ]),
    }),
    (3, |dice| Reverse {
        who: dice.byte(3),
        payment: dice.byte(3),
    }),
    (6, |dice| Sheet {
        who: dice.byte(3),
        sheet: dice.byte(5),
        act: dice.weighed(&[(2, Print::Again), (3, Print::Replace), (1, Print::Void)]),
    }),
    (15, |dice| Correct {
        who: dice.byte(3),
        declaration: dice.byte(4),
        taxes: dice.weighed(&[(5, 0), (2, 1), (1, 2), (1, 3)]),
        without: dice.one_in(4),
        way: dice.weighed(&[
            (12, Paying::Right),
            (1, Paying::OtherDigest),
            (1, Paying::Any),
        ]),
    }),
    (11, |dice| Claim {
        who: dice.byte(3),
        declaration: dice.byte(3),
        cause: dice.weighed(&[(4, 0), (1, 1), (1, 2)]),
        way: dice.weighed(&[
            (10, Claiming::Right),
            (1, Claiming::OtherAmount),
            (1, Claiming::OtherDigest),
            (1, Claiming::Any),
        ]),
    }),
    (12, |dice| Decide {
        who: dice.byte(3),
        refund: dice.byte(3),
        cause: dice.weighed(&[(8, 9), (1, 0), (1, 1)]),
        approved: !dice.one_in(5),
    }),
    (15, |dice| SetOff {
        who: dice.byte(3),
        refund: dice.byte(3),
        declaration: dice.byte(3),
        way: dice.weighed(&[
            (12, Paying::Right),
            (1, Paying::OtherDigest),
            (1, Paying::Any),
        ]),
    }),
    (6, |dice| PayOut {
        who: dice.byte(3),
        refund: dice.byte(3),
        way: dice.weighed(&[
            (8, Settling::Right),
            (2, Settling::Again),
            (1, Settling::OtherAmount),
            (1, Settling::OtherTreasury),
            (1, Settling::Any),
        ]),
    }),
    (7, |dice| Extend {
        who: dice.byte(3),
        declaration: dice.byte(3),
        tax: dice.weighed(&[(1, 0), (1, 1), (1, 2)]),
        days: dice.byte(100),
        way: dice.weighed(&[
            (8, Extending::Right),
            (1, Extending::Refused),
            (1, Extending::Late),
            (1, Extending::Long),
            (1, Extending::Short),
            (1, Extending::Any),
        ]),
    }),
    (1, |dice| Inspect {
        who: dice.byte(3),
        window: dice.byte(5),
        tax: dice.byte(3),
    }),
    (5, |dice| EndInspection {
        who: dice.byte(3),
        inspection: dice.byte(3),
    }),
    (4, |dice| CloseCase {
        who: dice.byte(3),
        case: dice.byte(3),
    }),
    (6, |dice| DayFile {
        who: dice.byte(3),
        payment: dice.byte(4),
        way: dice.weighed(&[
            (6, Day::Whole),
            (2, Day::Lacking),
            (1, Day::OtherTotal),
            (1, Day::Stranger),
            (2, Day::Odd),
        ]),
    }),
    (4, |dice| Import {
        who: dice.byte(3),
        rows: dice.byte(4),
        size: dice.size(),
        twice: dice.one_in(4),
    }),
    (5, |dice| Batch {
        who: dice.byte(3),
        items: dice.byte(5),
        way: dice.weighed(&[
            (6, Filing::Right),
            (1, Filing::OtherDigest),
            (1, Filing::Any),
        ]),
        twice: dice.one_in(3),
    }),
    (8, |dice| Repeat {
        earlier: dice.byte(60),
    }),
    (3, |dice| Reuse {
        earlier: dice.byte(60),
    }),
];
