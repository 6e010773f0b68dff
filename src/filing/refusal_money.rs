//! Why a step about money is refused: refunds, offsets, extensions, the order's split.

use jiff::civil::Date;

use crate::rules::LookupError;
use crate::tax::ChargeError;
use crate::types::{Money, Overflow};

/// A refused step about money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyRefusal {
    /// Nothing is to be paid, or only what is not collected.
    NothingDue,
    /// What is left of the refund cannot pay one fen of tax with its surcharge.
    OffsetTooSmall {
        /// What is left.
        at_hand: Money,
    },
    /// The amount claimed is not what the declaration shows as refundable.
    RefundMismatch {
        /// What was claimed.
        named: Money,
        /// What is refundable.
        refundable: Money,
    },
    /// The declaration has a refund that was not rejected.
    RefundAlive(String),
    /// More than three years have passed since the payment (征管法 art. 51).
    RefundLapsed {
        /// The day of the payment.
        paid_on: Date,
        /// The last day to claim.
        limit: Date,
    },
    /// The payments it would come from hold less: refunded or claimed before.
    RefundUncovered {
        /// What would have to come from them.
        needed: Money,
        /// What is left in them.
        left: Money,
    },
    /// Interest is due, but the tax was not paid through Caixing, so the day is not known.
    RefundDayUnknown {
        /// The part that was paid elsewhere.
        amount: Money,
    },
    /// It was asked for after the due day (实施细则 art. 42).
    ExtensionTooLate {
        /// The day it was asked for.
        requested_on: Date,
        /// The due day.
        due_on: Date,
    },
    /// It ends later than three months after the due day (征管法 art. 31).
    ExtensionTooLong {
        /// The end asked for.
        extended_to: Date,
        /// The latest end.
        limit: Date,
    },
    /// It does not reach beyond the due day.
    ExtensionTooShort {
        /// The end asked for.
        extended_to: Date,
        /// The due day.
        due_on: Date,
    },
    /// The order does not add up by tax, tax item and budget level.
    PaySplit {
        /// Where.
        level: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The two sides belong to different treasuries.
    OtherTreasury {
        /// The treasury of the one.
        expected: String,
        /// The treasury of the other.
        found: String,
    },
    /// The rule pack has no value for the day.
    ParameterMissing(String),
    /// The amounts are beyond exact arithmetic.
    TooLarge,
}

impl From<Overflow> for MoneyRefusal {
    fn from(_: Overflow) -> Self {
        Self::TooLarge
    }
}

impl From<LookupError> for MoneyRefusal {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Missing { id, .. } | LookupError::WrongKind { id, .. } => {
                Self::ParameterMissing(id)
            }
        }
    }
}

impl From<ChargeError> for MoneyRefusal {
    fn from(error: ChargeError) -> Self {
        match error {
            ChargeError::Missing(error) => error.into(),
            ChargeError::Overflow(_) => Self::TooLarge,
            ChargeError::Refused(finding) => Self::ParameterMissing(finding.rule_id),
        }
    }
}

impl MoneyRefusal {
    /// The stable reason.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NothingDue => "NOTHING_DUE",
            Self::OffsetTooSmall { .. } => "OFFSET_TOO_SMALL",
            Self::RefundMismatch { .. } => "REFUND_AMOUNT_MISMATCH",
            Self::RefundAlive(_) => "REFUND_ALIVE",
            Self::RefundLapsed { .. } => "REFUND_LAPSED",
            Self::RefundUncovered { .. } => "REFUND_EXCEEDS_PAID",
            Self::RefundDayUnknown { .. } => "REFUND_DAY_UNKNOWN",
            Self::ExtensionTooLate { .. } => "EXTENSION_TOO_LATE",
            Self::ExtensionTooLong { .. } => "EXTENSION_TOO_LONG",
            Self::ExtensionTooShort { .. } => "EXTENSION_TOO_SHORT",
            Self::PaySplit { .. } => "PAY_SPLIT",
            Self::OtherTreasury { .. } => "PAY_TREASURY",
            Self::ParameterMissing(_) => "PARAMETER_MISSING",
            Self::TooLarge => "AMOUNT_TOO_LARGE",
        }
    }

    /// The sentences, Chinese then English.
    pub fn messages(&self) -> (String, String) {
        match self {
            Self::NothingDue => (
                "没有应缴的税款".to_owned(),
                "nothing is to be paid".to_owned(),
            ),
            Self::OffsetTooSmall { at_hand } => (
                format!("可抵 {at_hand} 元，不足以抵缴一分税款及其滞纳金"),
                format!("{at_hand} yuan cannot cover one fen of tax with its surcharge"),
            ),
            Self::RefundMismatch { named, refundable } => (
                format!("申请退还 {named} 元，但该申报应退 {refundable} 元"),
                format!("{named} yuan were claimed, but {refundable} are refundable"),
            ),
            Self::RefundAlive(id) => (
                format!("该申报已有退税 {id}"),
                format!("the declaration already has the refund {id}"),
            ),
            Self::RefundLapsed { paid_on, limit } => (
                format!("{paid_on} 缴纳的税款应在 {limit} 前（含当日）申请退还"),
                format!("tax paid on {paid_on} could be claimed back until {limit}"),
            ),
            Self::RefundUncovered { needed, left } => (
                format!("应从原缴款退还 {needed} 元，可退余额仅 {left} 元"),
                format!("{needed} yuan would come from payments that have {left} left"),
            ),
            Self::RefundDayUnknown { amount } => (
                format!("{amount} 元不是通过本系统缴纳，缴款日不明，不能计息退还"),
                format!("{amount} yuan were paid elsewhere on a day not known; no interest"),
            ),
            Self::ExtensionTooLate {
                requested_on,
                due_on,
            } => (
                format!("延期缴纳应在 {due_on} 前（含当日）申请，实为 {requested_on}"),
                format!("asked for on {requested_on}, after the due day {due_on}"),
            ),
            Self::ExtensionTooLong { extended_to, limit } => (
                format!("延期最迟至 {limit}，不能至 {extended_to}"),
                format!("an extension ends on {limit} at the latest, not on {extended_to}"),
            ),
            Self::ExtensionTooShort {
                extended_to,
                due_on,
            } => (
                format!("延期至 {extended_to} 不晚于缴款期限 {due_on}"),
                format!("{extended_to} is not later than the due day {due_on}"),
            ),
            Self::PaySplit {
                level,
                expected,
                found,
            } => (
                format!("缴款单三级金额不符（{level}）：应为 {expected}，实为 {found}"),
                format!("the order does not add up ({level}): {expected} expected, {found} found"),
            ),
            Self::OtherTreasury { expected, found } => (
                format!("国库不同：{expected} 与 {found}"),
                format!("the treasuries differ: {expected} and {found}"),
            ),
            Self::ParameterMissing(id) => (
                format!("规则库中没有该日适用的参数 {id}"),
                format!("the rule pack has no value of {id} for the day"),
            ),
            Self::TooLarge => (
                "金额超出可精确计算的范围".to_owned(),
                "the amounts are beyond exact computation".to_owned(),
            ),
        }
    }

    /// The variable parts, for machine-readable metadata.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NothingDue | Self::TooLarge => Vec::new(),
            Self::OffsetTooSmall { at_hand } => vec![("at_hand_yuan", at_hand.to_string())],
            Self::RefundMismatch { named, refundable } => vec![
                ("named_yuan", named.to_string()),
                ("refundable_yuan", refundable.to_string()),
            ],
            Self::RefundAlive(id) => vec![("refund_id", id.clone())],
            Self::RefundLapsed { paid_on, limit } => vec![
                ("paid_on", paid_on.to_string()),
                ("limit", limit.to_string()),
            ],
            Self::RefundUncovered { needed, left } => vec![
                ("needed_yuan", needed.to_string()),
                ("left_yuan", left.to_string()),
            ],
            Self::RefundDayUnknown { amount } => vec![("amount_yuan", amount.to_string())],
            Self::ExtensionTooLate {
                requested_on,
                due_on,
            } => vec![
                ("requested_on", requested_on.to_string()),
                ("due_on", due_on.to_string()),
            ],
            Self::ExtensionTooLong { extended_to, limit } => vec![
                ("extended_to", extended_to.to_string()),
                ("limit", limit.to_string()),
            ],
            Self::ExtensionTooShort {
                extended_to,
                due_on,
            } => vec![
                ("extended_to", extended_to.to_string()),
                ("due_on", due_on.to_string()),
            ],
            Self::PaySplit {
                level,
                expected,
                found,
            } => vec![
                ("level", (*level).to_owned()),
                ("expected", expected.clone()),
                ("found", found.clone()),
            ],
            Self::OtherTreasury { expected, found } => {
                vec![("expected", expected.clone()), ("found", found.clone())]
            }
            Self::ParameterMissing(id) => vec![("parameter", id.clone())],
        }
    }
}
