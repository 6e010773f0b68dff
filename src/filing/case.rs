//! A case for an officer (待处理事项): a fact of bank or treasury that disagrees with the books.
//! It is never dropped and never silently believed; an officer closes it with what was found.

use jiff::Timestamp;

use super::Refusal;
use crate::tax;
use crate::tax::Finding;
use crate::types::{CaseId, Money, TaxpayerKey, Treasury};

tax::checks! {
    BANK_AMOUNT: Error,
        "银行扣款金额等于缴款指令金额",
        "the bank debits the amount of the order",
        "";
    PAYMENT_UNKNOWN: Error,
        "银行、国库报告的缴款在系统中存在",
        "the payment that bank or treasury report is known",
        "";
    DOUBLE_PAYMENT: Error,
        "同一申报的税款只入库一次",
        "the tax of one declaration reaches the treasury once",
        "税收征收管理法 第五十一条";
    SETTLEMENT_AMOUNT: Error,
        "入库金额合计不超过缴款指令金额",
        "what reaches the treasury is no more than the order",
        "";
    SETTLEMENT_PART: Error,
        "同一笔入库重复报告时金额不变",
        "a part reported again has the same amount",
        "";
    SETTLEMENT_TREASURY: Error,
        "税款缴入缴款指令载明的国库",
        "the money is in the treasury the order names",
        "";
    SETTLEMENT_AFTER_REVERSAL: Error,
        "已冲正的扣款不再入库",
        "a debit that was taken back does not reach the treasury",
        "";
    SETTLEMENT_NOT_AWAITED: Error,
        "入库的税款是申报所等待的缴款",
        "what reaches the treasury is a payment that is awaited",
        "";
    REVERSAL_AFTER_SETTLEMENT: Error,
        "已入库的税款不再冲正",
        "money in the treasury is not taken back by a reversal",
        "";
    RECON_STATE: Error,
        "日终对账文件的状态与系统记录相容",
        "the state in the day's file can follow from what is known",
        "";
    RECON_MISSING_IN_FILE: Error,
        "系统记录已扣款的缴款列入当日对账文件",
        "a payment held as debited stands in the file of its day",
        "";
    RECON_FILE_INCOMPLETE: Error,
        "日终对账文件的笔数和金额与文件头一致",
        "rows and amounts of the day's file are those its head names",
        "";
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseState {
    /// Open.
    Open,
    /// Closed by an officer.
    Resolved,
}

impl CaseState {
    /// All states.
    pub const ALL: [Self; 2] = [Self::Open, Self::Resolved];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Resolved => "RESOLVED",
        }
    }

    /// Finds a state by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A disagreement for an officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The service's id.
    pub id: CaseId,
    /// Whose it is; nothing where nobody knows.
    pub taxpayer: Option<TaxpayerKey>,
    /// The payment or file it is about.
    pub subject: String,
    /// What disagrees, with both numbers.
    pub finding: Finding,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub state: CaseState,
    /// What the officer found.
    pub resolution: Option<String>,
    /// When it was closed.
    pub resolved_at: Option<Timestamp>,
    /// Version of the row, from 1.
    pub version: i64,
}

impl Case {
    /// Opens a case.
    pub fn open(
        id: CaseId,
        taxpayer: Option<TaxpayerKey>,
        subject: String,
        finding: Finding,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            taxpayer,
            subject,
            finding,
            opened_at: at,
            state: CaseState::Open,
            resolution: None,
            resolved_at: None,
            version: 1,
        }
    }

    /// Closes it with what was found.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] when it is closed already.
    pub fn resolve(self, resolution: String, at: Timestamp) -> Result<Self, Refusal> {
        if self.state != CaseState::Open {
            return Err(Refusal::WrongState {
                what: "case",
                state: self.state.name(),
                needed: CaseState::Open.name(),
            });
        }
        Ok(Self {
            state: CaseState::Resolved,
            resolution: Some(resolution),
            resolved_at: Some(at),
            version: self.version.saturating_add(1),
            ..self
        })
    }
}

/// Nobody knows the payment that was reported.
pub fn payment_unknown(named: &str, amount: Money, treasury: &Treasury) -> Finding {
    PAYMENT_UNKNOWN
        .at(
            "payment_id",
            format!("国库 {treasury} 报告的缴款 {named}（{amount} 元）在该纳税人名下不存在"),
            format!(
                "treasury {treasury} reports payment {named} of {amount} yuan: no such payment"
            ),
        )
        .numbers("0.00", amount)
}

/// The day's file does not mention a payment that is held as debited.
pub fn missing_in_file(day: jiff::civil::Date, state: &str, total: Money) -> Finding {
    RECON_MISSING_IN_FILE
        .at(
            "row",
            format!("{day} 的对账文件未列该缴款，系统记录为 {state}（{total} 元）"),
            format!("the file of {day} lacks the payment, which is held as {state}, {total} yuan"),
        )
        .numbers(total, "0.00")
}

/// Rows or amounts of a file are not those of its head.
pub fn file_incomplete(expected: &str, read: &str) -> Finding {
    RECON_FILE_INCOMPLETE
        .at(
            "head",
            format!("文件头载明 {expected}，实际收到 {read}"),
            format!("the head names {expected}, but what came is {read}"),
        )
        .numbers(expected, read)
}
