//! Why a legal request is refused in the state things are in.

use crate::types::Money;

/// A refused step. The door turns it into FAILED_PRECONDITION with these words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The thing is not in a state that allows the step.
    WrongState {
        /// What it is: `declaration`, `payment`, `tax_source`.
        what: &'static str,
        /// The state it is in.
        state: &'static str,
        /// The states that would allow the step.
        needed: &'static str,
    },
    /// The named digest is not the declaration's.
    DigestMismatch {
        /// What the client named.
        named: String,
        /// What it is.
        actual: String,
    },
    /// Sources, rules or profile have moved since the draft was drawn.
    Stale {
        /// The draft's digest.
        drawn: String,
        /// The digest as of now.
        now: String,
    },
    /// Findings stop the filing.
    Findings(Vec<String>),
    /// Warnings have not been acknowledged.
    Unacknowledged(Vec<String>),
    /// The total agreed to is not today's.
    AmountChanged {
        /// What the payer agreed to.
        named: Money,
        /// What is due today.
        today: Money,
    },
    /// A source and period already stand on a live declaration.
    AlreadyDeclared(String),
    /// The declaration already has a live payment.
    PaymentAlive(String),
    /// The settled amount or treasury is not the order's.
    SettlementMismatch {
        /// What the order says.
        expected: String,
        /// What was reported.
        reported: String,
    },
    /// The bank does not take the debit back; its own words.
    ReversalRefused(String),
    /// Nothing of the taxpayer's is to be declared in the window.
    NothingToDeclare,
    /// The amounts are beyond exact arithmetic.
    TooLarge,
}

impl From<crate::types::Overflow> for Refusal {
    fn from(_: crate::types::Overflow) -> Self {
        Self::TooLarge
    }
}

impl Refusal {
    /// The stable reason.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::WrongState { .. } => "WRONG_STATE",
            Self::DigestMismatch { .. } => "CONTENT_DIGEST_MISMATCH",
            Self::Stale { .. } => "DRAFT_STALE",
            Self::Findings(_) => "FINDINGS_STOP_FILING",
            Self::Unacknowledged(_) => "WARNINGS_NOT_ACKNOWLEDGED",
            Self::AmountChanged { .. } => "AMOUNT_CHANGED",
            Self::AlreadyDeclared(_) => "ALREADY_DECLARED",
            Self::PaymentAlive(_) => "PAYMENT_ALIVE",
            Self::SettlementMismatch { .. } => "SETTLEMENT_MISMATCH",
            Self::ReversalRefused(_) => "REVERSAL_REFUSED",
            Self::NothingToDeclare => "NOTHING_TO_DECLARE",
            Self::TooLarge => "AMOUNT_TOO_LARGE",
        }
    }

    /// The sentences, Chinese then English.
    pub fn messages(&self) -> (String, String) {
        match self {
            Self::WrongState {
                what,
                state,
                needed,
            } => (
                format!("{what} 当前状态为 {state}，该操作需要 {needed}"),
                format!("the {what} is {state}; this step needs {needed}"),
            ),
            Self::DigestMismatch { named, actual } => (
                format!("确认的内容摘要 {named} 与申报表的 {actual} 不一致"),
                format!("the named digest {named} is not the declaration's {actual}"),
            ),
            Self::Stale { .. } => (
                "申报表生成后税源、规则或纳税人信息已变化，请重新生成".to_owned(),
                "sources, rules or profile have moved since the draft was drawn; draw it again"
                    .to_owned(),
            ),
            Self::Findings(ids) => (
                format!("校验结果阻断申报：{}", ids.join("、")),
                format!("findings stop the filing: {}", ids.join(", ")),
            ),
            Self::Unacknowledged(ids) => (
                format!("请先确认提示事项：{}", ids.join("、")),
                format!("acknowledge these warnings first: {}", ids.join(", ")),
            ),
            Self::AmountChanged { named, today } => (
                format!("同意缴纳 {named} 元，但今日应缴 {today} 元"),
                format!("{named} yuan were agreed to, but {today} are due today"),
            ),
            Self::AlreadyDeclared(id) => (
                format!("税源 {id} 的该所属期已在有效申报中"),
                format!("source {id} already stands on a live declaration for the period"),
            ),
            Self::PaymentAlive(id) => (
                format!("该申报已有有效缴款 {id}"),
                format!("the declaration already has a live payment {id}"),
            ),
            Self::SettlementMismatch { expected, reported } => (
                format!("入库信息 {reported} 与缴款单 {expected} 不符"),
                format!("the settlement says {reported}, the order {expected}"),
            ),
            Self::ReversalRefused(words) => (
                format!("银行拒绝冲正：{words}"),
                format!("the bank refused to take the debit back: {words}"),
            ),
            Self::NothingToDeclare => (
                "该期间没有应申报的税源".to_owned(),
                "nothing is to be declared in the window".to_owned(),
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
            Self::WrongState {
                what,
                state,
                needed,
            } => vec![
                ("what", (*what).to_owned()),
                ("state", (*state).to_owned()),
                ("needed", (*needed).to_owned()),
            ],
            Self::DigestMismatch { named, actual } => {
                vec![
                    ("named_digest", named.clone()),
                    ("actual_digest", actual.clone()),
                ]
            }
            Self::Stale { drawn, now } => {
                vec![
                    ("drawn_digest", drawn.clone()),
                    ("current_digest", now.clone()),
                ]
            }
            Self::Findings(ids) | Self::Unacknowledged(ids) => vec![("rule_ids", ids.join(","))],
            Self::AmountChanged { named, today } => {
                vec![
                    ("named_yuan", named.to_string()),
                    ("today_yuan", today.to_string()),
                ]
            }
            Self::AlreadyDeclared(id) => vec![("source_id", id.clone())],
            Self::PaymentAlive(id) => vec![("payment_id", id.clone())],
            Self::SettlementMismatch { expected, reported } => {
                vec![
                    ("expected", expected.clone()),
                    ("reported", reported.clone()),
                ]
            }
            Self::ReversalRefused(words) => vec![("bank_words", words.clone())],
            Self::NothingToDeclare | Self::TooLarge => Vec::new(),
        }
    }
}
