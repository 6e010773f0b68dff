//! What can be done.
//!
//! An operation names things by small numbers counted back from the newest that fits, so that a
//! list still means something when operations before are left out. Written with `{:?}`, a list is
//! the Rust code of itself, to be pasted into `reproductions.rs`.

use Act::*;

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
    /// What is still to come, or what came last once more.
    Right,
    /// Half of what is still to come.
    Part,
    /// What came last, under a new mark.
    Again,
    /// What came last, of another amount.
    OtherPart,
    /// A fen more than is still to come.
    OtherAmount,
    OtherTreasury,
    /// For a payment that nobody made.
    Nobody,
    /// For any payment, also one in the treasury already or refused by the bank.
    Any,
}

/// What is done to a voucher sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// 补打.
    Again,
    /// 换开.
    Replace,
    /// 作废.
    Void,
}

/// How a refund is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claiming {
    Right,
    OtherAmount,
    OtherDigest,
    /// On any declaration, whatever its state.
    Any,
}

/// How paying later is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extending {
    Right,
    /// Refused, which stays on record.
    Refused,
    /// Asked for today, which may be after the due day.
    Late,
    /// A day more than three months.
    Long,
    /// To the due day.
    Short,
    /// Of any declaration, whatever its state.
    Any,
}

/// What the day's file (日终对账) says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// All that the bank did for one treasury on the day.
    Whole,
    /// One row is left out.
    Lacking,
    /// The head names another total.
    OtherTotal,
    /// Also a payment that nobody made.
    Stranger,
    /// Rows that cannot be true together with the books.
    Odd,
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
    Void {
        who: u8,
        declaration: u8,
        way: Paying,
    },
    /// Not played cut, dying or beside another call.
    Reverse {
        who: u8,
        payment: u8,
    },
    Sheet {
        who: u8,
        sheet: u8,
        act: Print,
    },
    /// Opens a correction, of some taxes, perhaps without one of the sources.
    Correct {
        who: u8,
        declaration: u8,
        taxes: u8,
        without: bool,
        way: Paying,
    },
    Claim {
        who: u8,
        declaration: u8,
        cause: u8,
        way: Claiming,
    },
    Decide {
        who: u8,
        refund: u8,
        cause: u8,
        approved: bool,
    },
    SetOff {
        who: u8,
        refund: u8,
        declaration: u8,
        way: Paying,
    },
    PayOut {
        who: u8,
        refund: u8,
        way: Settling,
    },
    Extend {
        who: u8,
        declaration: u8,
        tax: u8,
        days: u8,
        way: Extending,
    },
    Inspect {
        who: u8,
        window: u8,
        tax: u8,
    },
    EndInspection {
        who: u8,
        inspection: u8,
    },
    CloseCase {
        who: u8,
        case: u8,
    },
    /// The day's file of the treasury and day of a payment.
    DayFile {
        who: u8,
        payment: u8,
        way: Day,
    },
    /// Several sources in one stream; perhaps one row's key stands twice.
    Import {
        who: u8,
        rows: u8,
        size: u32,
        twice: bool,
    },
    /// Several drafts in one stream, of all taxpayers; perhaps the first item twice.
    Batch {
        who: u8,
        items: u8,
        way: Filing,
        twice: bool,
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
            | Settle { who, .. }
            | Void { who, .. }
            | Reverse { who, .. }
            | Sheet { who, .. }
            | Correct { who, .. }
            | Claim { who, .. }
            | Decide { who, .. }
            | SetOff { who, .. }
            | PayOut { who, .. }
            | Extend { who, .. }
            | Inspect { who, .. }
            | EndInspection { who, .. }
            | CloseCase { who, .. }
            | DayFile { who, .. }
            | Import { who, .. }
            | Batch { who, .. } => *who = who.wrapping_add(1),
            Repeat { .. } | Reuse { .. } => {}
        }
        self
    }

    /// What has to come before it, where there is nothing to act on.
    pub const fn before(self) -> Option<Self> {
        Some(match self {
            Reverse { who, .. } => Pay {
                who,
                declaration: 0,
                way: Paying::Right,
                bank: Debit::Answer,
            },
            PayOut { who, .. } | SetOff { who, .. } => Decide {
                who,
                refund: 0,
                cause: 9,
                approved: true,
            },
            Decide { who, .. } => Claim {
                who,
                declaration: 0,
                cause: 0,
                way: Claiming::Right,
            },
            // What it corrects must be paid, and the revision filed.
            Claim { who, .. } => Correct {
                who,
                declaration: 0,
                taxes: 0,
                without: true,
                way: Paying::Right,
            },
            EndInspection { who, .. } => Inspect {
                who,
                window: 2,
                tax: 0,
            },
            CloseCase { who, .. } => Settle {
                who,
                payment: 0,
                way: Settling::OtherAmount,
            },
            Settle { who, .. } | Resolve { who, .. } | DayFile { who, .. } => Pay {
                who,
                declaration: 0,
                way: Paying::Right,
                bank: Debit::LoseAnswer,
            },
            Sheet { who, .. } => Settle {
                who,
                payment: 0,
                way: Settling::Right,
            },
            Pay { who, .. } | Void { who, .. } | Correct { who, .. } | Extend { who, .. } => {
                Submit {
                    who,
                    draft: 0,
                    way: Filing::Right,
                }
            }
            Submit { who, .. } | Batch { who, .. } => Draft {
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
            Reprofile { who, .. }
            | Collect { who, .. }
            | Inspect { who, .. }
            | Import { who, .. } => Register { who },
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
    /// One of the other readings, by its place in `reading.rs`.
    Read {
        who: u8,
        what: u8,
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
    /// Another reader is at it during the next step, which has to open a connection of its own.
    Crowd,
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
