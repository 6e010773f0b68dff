//! Why a legal request is refused in the state things are in.

use jiff::civil::Date;

use super::{Changes, MoneyRefusal};
use crate::types::{Money, Period, TaxKind};

/// Bytes that the lines of a difference may take, so that a status stays within 4 KiB.
const CHANGES_BYTES_MAX: usize = 1200;

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
        /// What has changed.
        changes: Box<Changes>,
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
        /// Today's rows, as far as they are named.
        rows: Vec<String>,
        /// How many rows there are.
        row_count: usize,
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
    /// Letters that no font has; a document is never drawn with boxes for them.
    GlyphMissing(String),
    /// A document of more pages than are drawn.
    DocumentTooLong(usize),
    /// The bank does not take the debit back; its own words.
    ReversalRefused(String),
    /// Nothing of the taxpayer's is to be declared in the window.
    NothingToDeclare,
    /// The declaration that a draft revision corrects was replaced or voided meanwhile.
    CorrectionSuperseded {
        /// The declaration it corrects.
        base: String,
        /// The state that is in.
        state: &'static str,
    },
    /// An inspection of the period is open (税务检查、稽查).
    UnderInspection {
        /// The number of its notice.
        document: String,
        /// The tax that cannot be corrected.
        tax: TaxKind,
        /// The periods inspected.
        period: Period,
    },
    /// A refund of the declaration is not paid yet.
    RefundPending(String),
    /// A payment is alive or was settled, so it cannot be voided.
    VoidPaid(String),
    /// The filing window has closed, so it cannot be voided.
    VoidWindow {
        /// The earliest due day.
        due_on: Date,
        /// The day of the request.
        today: Date,
    },
    /// A correction cannot be voided, only corrected again.
    VoidRevision(u32),
    /// A step about money.
    Money(MoneyRefusal),
    /// The amounts are beyond exact arithmetic.
    TooLarge,
    /// The bank is somebody else's and cannot be told to misbehave.
    BankIsExternal,
    /// A payment whose end is not known yet cannot be forgotten.
    PaymentRunning(String),
}

impl From<MoneyRefusal> for Refusal {
    fn from(refusal: MoneyRefusal) -> Self {
        Self::Money(refusal)
    }
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
            Self::GlyphMissing(_) => "GLYPH_MISSING",
            Self::DocumentTooLong(_) => "DOCUMENT_TOO_LONG",
            Self::ReversalRefused(_) => "REVERSAL_REFUSED",
            Self::NothingToDeclare => "NOTHING_TO_DECLARE",
            Self::CorrectionSuperseded { .. } => "CORRECTION_SUPERSEDED",
            Self::UnderInspection { .. } => "CORR_AUDIT",
            Self::RefundPending(_) => "REFUND_PENDING",
            Self::VoidPaid(_) => "VOID_PAID",
            Self::VoidWindow { .. } => "VOID_WINDOW",
            Self::VoidRevision(_) => "VOID_REVISION",
            Self::Money(refusal) => refusal.reason(),
            Self::TooLarge => "AMOUNT_TOO_LARGE",
            Self::BankIsExternal => "BANK_IS_EXTERNAL",
            Self::PaymentRunning(_) => "PAYMENT_RUNNING",
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
            Self::AmountChanged { named, today, .. } => (
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
            Self::GlyphMissing(letters) => (
                format!("字库缺字：{letters}，请配置完整字库（CAIXING_FONT）"),
                format!("no font has the letters {letters}; configure one (CAIXING_FONT)"),
            ),
            Self::DocumentTooLong(most) => (
                format!("文件超过 {most} 页"),
                format!("the document has more than {most} pages"),
            ),
            Self::ReversalRefused(words) => (
                format!("银行拒绝冲正：{words}"),
                format!("the bank refused to take the debit back: {words}"),
            ),
            Self::NothingToDeclare => (
                "该期间没有应申报的税源".to_owned(),
                "nothing is to be declared in the window".to_owned(),
            ),
            Self::CorrectionSuperseded { base, state } => (
                format!("被更正的申报表 {base} 已为 {state}，请对现行申报表重新更正"),
                format!("the declaration {base} it corrects is {state}; correct the one in force"),
            ),
            Self::UnderInspection {
                document,
                tax,
                period,
            } => (
                format!("{} {period} 正在检查（{document}），不能更正", tax.zh()),
                format!("{} {period} is under inspection ({document})", tax.name()),
            ),
            Self::RefundPending(id) => (
                format!("该申报的退税 {id} 尚未办结，不能更正"),
                format!("the refund {id} of the declaration is not concluded"),
            ),
            Self::VoidPaid(id) => (
                format!("已有缴款 {id}，不能作废，请更正"),
                format!("there is a payment {id}; correct the declaration instead"),
            ),
            Self::VoidWindow { due_on, today } => (
                format!("申报期限 {due_on} 已过（今日 {today}），不能作废，请更正"),
                format!("{today} is after the due day {due_on}; correct the declaration instead"),
            ),
            Self::VoidRevision(revision) => (
                format!("第 {revision} 版为更正申报，不能作废，请再次更正"),
                format!("revision {revision} is a correction; correct it again instead"),
            ),
            Self::Money(refusal) => refusal.messages(),
            Self::TooLarge => (
                "金额超出可精确计算的范围".to_owned(),
                "the amounts are beyond exact computation".to_owned(),
            ),
            Self::BankIsExternal => (
                "银行不是本沙箱自带的，不能设置故障".to_owned(),
                "the bank is not the sandbox's own and cannot be told to misbehave".to_owned(),
            ),
            Self::PaymentRunning(id) => (
                format!("缴款 {id} 尚无结果，不能清除"),
                format!("payment {id} has no outcome yet and cannot be forgotten"),
            ),
        }
    }

    /// The variable parts, for machine-readable metadata.
    pub fn metadata(&self) -> Vec<(String, String)> {
        let own = |(name, value): (&str, String)| (name.to_owned(), value);
        let mut facts: Vec<(String, String)> = self.facts().into_iter().map(own).collect();
        if let Self::Stale { changes, .. } = self {
            facts.extend(changes.metadata(CHANGES_BYTES_MAX));
        }
        facts
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
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
            Self::Stale { drawn, now, .. } => {
                vec![
                    ("drawn_digest", drawn.clone()),
                    ("current_digest", now.clone()),
                ]
            }
            Self::Findings(ids) | Self::Unacknowledged(ids) => vec![("rule_ids", ids.join(","))],
            Self::AmountChanged {
                named,
                today,
                rows,
                row_count,
            } => vec![
                ("named_yuan", named.to_string()),
                ("today_yuan", today.to_string()),
                ("rows", rows.join("; ")),
                ("row_count", row_count.to_string()),
            ],
            Self::AlreadyDeclared(id) => vec![("source_id", id.clone())],
            Self::PaymentAlive(id) | Self::PaymentRunning(id) => vec![("payment_id", id.clone())],
            Self::SettlementMismatch { expected, reported } => {
                vec![
                    ("expected", expected.clone()),
                    ("reported", reported.clone()),
                ]
            }
            Self::CorrectionSuperseded { base, state } => vec![
                ("declaration_id", base.clone()),
                ("state", (*state).to_owned()),
            ],
            Self::UnderInspection {
                document,
                tax,
                period,
            } => vec![
                ("document", document.clone()),
                ("tax", tax.name().to_owned()),
                ("first_day", period.first().to_string()),
                ("last_day", period.last().to_string()),
            ],
            Self::RefundPending(id) => vec![("refund_id", id.clone())],
            Self::VoidPaid(id) => vec![("payment_id", id.clone())],
            Self::VoidWindow { due_on, today } => {
                vec![("due_on", due_on.to_string()), ("today", today.to_string())]
            }
            Self::VoidRevision(revision) => vec![("revision", revision.to_string())],
            Self::Money(refusal) => refusal.metadata(),
            Self::NothingToDeclare | Self::TooLarge | Self::BankIsExternal => Vec::new(),
            Self::GlyphMissing(letters) => vec![("letters", letters.clone())],
            Self::DocumentTooLong(most) => vec![("pages_max", most.to_string())],
            Self::ReversalRefused(words) => vec![("bank_words", words.clone())],
        }
    }
}
