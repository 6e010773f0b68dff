//! What can be done, and random lists of it.
//!
//! An operation names things by small numbers counted back from the newest that fits, so that a
//! list still means something when operations before are left out. Written with `{:?}`, a list is
//! the Rust code of itself, to be pasted into `reproductions.rs`.

use Act::*;
use Operation::*;

/// Which etag a change names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Etag {
    Current,
    Stale,
}

/// What is taxable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 买卖合同, 0.3‰.
    Sale,
    /// 租赁合同, 1‰.
    Lease,
    /// A sales contract whose amount is not determined yet: 0.00 now.
    Open,
    /// A plot: square metres × yuan a year ÷ 4 a quarter.
    Plot,
}

/// How a draft is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filing {
    Right,
    OtherDigest,
    WithoutAcknowledging,
    /// Not the newest fresh draft, but any declaration, whatever its state.
    Any,
}

/// How a declaration is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paying {
    Right,
    OtherTotal,
    OtherDigest,
    /// Not one that waits for its payment, but any declaration, whatever its state.
    Any,
}

/// What the bank does with an order. A lost answer is an error at once: nobody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debit {
    Answer,
    Refuse,
    /// Debits, and the answer is lost.
    LoseAnswer,
    /// Never takes the order in, and does not answer.
    NeverTaken,
    /// Debits, and answers without its number.
    Unreadable,
    /// Debits, the answer is lost, and the debit is taken back.
    TakeBack,
    /// The treasury reports the settlement before the bank answers.
    SettleFirst,
    /// Debits, and keeps the answer until `Release`.
    Hold,
}

/// What the bank says when asked about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    Truth,
    Silent,
    /// It has never seen the order, although it may have debited.
    Forget,
    /// It debited another amount.
    OtherAmount,
}

/// How the treasury reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settling {
    Right,
    OtherAmount,
    OtherTreasury,
    /// For a payment that nobody made.
    Nobody,
    /// For any payment, also one in the treasury already or refused by the bank.
    Any,
}

/// One mutating call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Register {
        who: u8,
    },
    Reprofile {
        who: u8,
        relief: bool,
        etag: Etag,
    },
    Collect {
        who: u8,
        kind: Kind,
        size: u32,
        quarter: u8,
        office: u8,
    },
    Restate {
        who: u8,
        source: u8,
        size: u32,
        etag: Etag,
    },
    Close {
        who: u8,
        source: u8,
        etag: Etag,
    },
    Draft {
        who: u8,
        window: u8,
        office: u8,
        taxes: u8,
    },
    Submit {
        who: u8,
        draft: u8,
        way: Filing,
    },
    Pay {
        who: u8,
        declaration: u8,
        way: Paying,
        bank: Debit,
    },
    Resolve {
        who: u8,
        payment: u8,
        bank: Query,
    },
    Settle {
        who: u8,
        payment: u8,
        way: Settling,
    },
    /// An earlier request byte for byte, whatever came of it.
    Repeat {
        earlier: u8,
    },
    /// The mark of an earlier request on other content.
    Reuse {
        earlier: u8,
    },
}

impl Act {
    /// The same of the next taxpayer.
    #[must_use]
    pub fn of_next(mut self) -> Self {
        match &mut self {
            Register { who }
            | Reprofile { who, .. }
            | Collect { who, .. }
            | Restate { who, .. }
            | Close { who, .. }
            | Draft { who, .. }
            | Submit { who, .. }
            | Pay { who, .. }
            | Resolve { who, .. }
            | Settle { who, .. } => *who = who.wrapping_add(1),
            Repeat { .. } | Reuse { .. } => {}
        }
        self
    }

    /// What has to come before it, where there is nothing to act on.
    pub const fn before(self) -> Option<Self> {
        Some(match self {
            Settle { who, .. } | Resolve { who, .. } => Pay {
                who,
                declaration: 0,
                way: Paying::Right,
                bank: Debit::LoseAnswer,
            },
            Pay { who, .. } => Submit {
                who,
                draft: 0,
                way: Filing::Right,
            },
            Submit { who, .. } => Draft {
                who,
                window: 4,
                office: 0,
                taxes: 0,
            },
            Draft { who, window, .. } => Collect {
                who,
                kind: Kind::Sale,
                size: 1_234_567,
                quarter: window,
                office: who % 2,
            },
            Restate { who, .. } | Close { who, .. } => Collect {
                who,
                kind: Kind::Lease,
                size: 7_654_321,
                quarter: who,
                office: 1,
            },
            Reprofile { who, .. } | Collect { who, .. } => Register { who },
            Register { .. } | Repeat { .. } | Reuse { .. } => return None,
        })
    }
}

/// One reading call, compared with the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Quote {
        who: u8,
        declaration: u8,
        days: u16,
    },
    Validate {
        who: u8,
        draft: u8,
    },
    Verify {
        who: u8,
        voucher: u8,
        right: bool,
    },
    Outcome {
        earlier: u8,
    },
    /// Everything there is, in full.
    All,
}

/// One step of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Do(Act),
    /// The same with `validate_only`.
    Check(Act),
    /// The caller leaves after so many polls; the service lives on.
    Cut(Act, u8),
    /// The service dies after so many polls, and is started again.
    Die(Act, u8),
    /// The same request twice at the same time.
    Twice(Act),
    /// Two calls at the same time.
    Both(Act, Act),
    See(Look),
    /// The bank gives the answers it kept.
    Release,
    /// Stopped in order and started again.
    Restart,
    /// The clock is set to noon of a day of 2026 and 2027, and some seconds.
    Clock {
        day: u16,
        second: u16,
    },
    /// The clock is moved on.
    Pass {
        seconds: u16,
    },
}

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
        let make: fn(&mut Self) -> Act = self.weighed(ACTS);
        make(self)
    }

    fn look(&mut self) -> Look {
        let (who, which) = (self.byte(3), self.byte(4));
        match self.below(10) {
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
            90..92 => Release,
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
        match self.below(7) {
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

/// How often each act is drawn.
const ACTS: &[(u32, fn(&mut Dice) -> Act)] = &[
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
        size: dice.below(100_000_000),
        quarter: dice.byte(3),
        office: dice.byte(2),
    }),
    (4, |dice| Restate {
        who: dice.byte(3),
        source: dice.byte(4),
        size: dice.below(100_000_000),
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
    (14, |dice| Settle {
        who: dice.byte(3),
        payment: dice.byte(3),
        way: dice.weighed(&[
            (10, Settling::Right),
            (1, Settling::OtherAmount),
            (1, Settling::OtherTreasury),
            (1, Settling::Nobody),
            (3, Settling::Any),
        ]),
    }),
    (8, |dice| Repeat {
        earlier: dice.byte(60),
    }),
    (3, |dice| Reuse {
        earlier: dice.byte(60),
    }),
];
