//! What every tax can say about an amount, and nothing more.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Finding;
use super::catalogue;
use crate::rules::{LookupError, RuleStatus};
use crate::types::{Money, Overflow, Period, TaxKind};

/// The unit of a tax base (计税依据).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BaseUnit {
    /// Yuan.
    Yuan,
    /// Square metres.
    SquareMetre,
    /// Pieces: vehicles, licences, months of noise.
    Piece,
    /// Tonnes of curb mass, net tons or tonnes of waste.
    Tonne,
    /// Metres of hull.
    Metre,
    /// Pollution equivalents (污染当量数).
    Equivalent,
    /// Excess decibels.
    Decibel,
}

/// Where an applied rate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Provenance {
    /// A row of the rule pack.
    Rule {
        /// First day in force.
        first_day: Date,
        /// Last day in force, where known.
        last_day: Option<Date>,
        /// Document and article.
        cite: String,
        /// True for an unconfirmed value: a WARNING names it.
        unconfirmed: bool,
    },
    /// Stated on the source with the local document that fixes it; a WARNING names it.
    Stated {
        /// The document.
        document: String,
    },
}

impl Provenance {
    /// From a rule row.
    pub fn rule(row: &crate::rules::Dated<String>) -> Self {
        Self::Rule {
            first_day: row.from,
            last_day: row.to,
            cite: row.source.cite.clone(),
            unconfirmed: row.source.status == RuleStatus::Unconfirmed,
        }
    }

    /// The document behind the value: the rule's citation, or what the source states.
    pub fn document(&self) -> &str {
        match self {
            Self::Rule { cite, .. } => cite,
            Self::Stated { document } => document,
        }
    }
}

/// A value of law that was applied, with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The parameter's id in the rule pack.
    pub parameter_id: String,
    /// The value.
    #[serde(with = "rust_decimal::serde::str")]
    pub value: Decimal,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// A local rate that the rule pack lacks, stated on the source with its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedRate {
    /// The value, in the unit of the parameter it stands for.
    #[serde(with = "rust_decimal::serde::str")]
    pub value: Decimal,
    /// The document that fixes it, such as a municipal notice.
    pub document: String,
}

/// One relief on one line (减免税明细).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReliefLine {
    /// Stable id, such as `LU_WAREHOUSE` or `SIX_TAXES`.
    pub relief_id: String,
    /// The official code (减免性质代码), where known.
    pub code: Option<String>,
    /// Name in Chinese.
    pub name_zh: String,
    /// The months or days it is for.
    pub period: Period,
    /// The amount, never above what is left of the line's tax.
    pub amount: Money,
}

/// One step of how an amount came about; only steps that determined the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is computed, in Chinese.
    pub label_zh: String,
    /// What is computed, in English.
    pub label_en: String,
    /// The expression with its values, such as `10000000.00 × (1 − 0.30) × 0.012 × 3 ÷ 12`.
    pub expression: String,
    /// The result, such as `21000.00`.
    pub value: String,
    /// The rule pack's parameter or relief it rests on.
    pub parameter_id: Option<String>,
    /// Document and article.
    pub legal_basis: Option<String>,
}

/// The nearest fact that would change an amount (临界点): a threshold, a cliff, the end of a window.
/// Only where that is meaningful; part of the explanation, never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurningPoint {
    /// The field of the source whose value would flip it, in proto form.
    pub field: String,
    /// The value it has now.
    pub now: String,
    /// The value at which the law turns.
    pub turns_at: String,
    /// What would change then, in Chinese.
    pub zh: String,
    /// What would change then, in English.
    pub en: String,
    /// The rule pack's parameter or relief behind it.
    pub parameter_id: Option<String>,
}

/// One line of tax: a source, an item, a period (税源明细 to 申报表 row).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// 税种.
    pub tax: TaxKind,
    /// Stable item id (征收品目), such as `RET_VALUE`.
    pub item: String,
    /// The official item code (征收品目代码), where confirmed.
    pub item_code: Option<String>,
    /// The item's name in Chinese (税目).
    pub item_zh: String,
    /// What tells lines of one source, item and period apart (a pollutant, a month); may be empty.
    pub detail: String,
    /// 税款所属期 of the line.
    pub period: Period,
    /// 计税依据, for display: at most 12 places.
    #[serde(with = "rust_decimal::serde::str")]
    pub base: Decimal,
    /// Unit of the base.
    pub base_unit: BaseUnit,
    /// 税率 or 单位税额 as shown on the form.
    #[serde(with = "rust_decimal::serde::str")]
    pub rate: Decimal,
    /// 应纳税额, rounded as the tax's law says.
    pub tax_amount: Money,
    /// 减免税额, line by line, in the order applied.
    pub reliefs: Vec<ReliefLine>,
    /// 已缴税额.
    pub already_paid: Money,
    /// Every value of law applied.
    pub applied: Vec<Applied>,
    /// The explanation; empty unless asked for.
    pub steps: Vec<Step>,
    /// The nearest facts that would change the amount; empty unless asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turning_points: Vec<TurningPoint>,
}

impl Charge {
    /// 减免税额 of the line.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn relief(&self) -> Result<Money, Overflow> {
        Money::sum(self.reliefs.iter().map(|line| line.amount))
    }

    /// 应补(退)税额 = 应纳 − 减免 − 已缴; negative means refundable.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn payable(&self) -> Result<Money, Overflow> {
        self.tax_amount
            .minus(self.relief()?)?
            .minus(self.already_paid)
    }

    /// How the payable amount follows from the columns of the form.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn payable_step(&self) -> Result<Step, Overflow> {
        let (relief, paid) = (self.relief()?, self.already_paid);
        Ok(Step {
            label_zh: "应补（退）税额 = 应纳税额 − 减免税额 − 已缴税额".to_owned(),
            label_en: "payable = tax − reliefs − already paid".to_owned(),
            expression: format!("{} − {relief} − {paid}", self.tax_amount),
            value: self.payable()?.to_string(),
            parameter_id: None,
            legal_basis: Some("国家税务总局公告2021年第9号 主表".to_owned()),
        })
    }
}

/// Why a source cannot be charged. Each becomes an ERROR finding.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChargeError {
    /// The rule pack has no value for the place and day (`JURISDICTION_PARAMETER_MISSING`).
    #[error(transparent)]
    Missing(#[from] LookupError),
    /// The amounts are beyond exact arithmetic.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The source itself forbids it.
    #[error("{}", .0.rule_id)]
    Refused(Box<Finding>),
}

impl From<Finding> for ChargeError {
    fn from(finding: Finding) -> Self {
        Self::Refused(Box::new(finding))
    }
}

impl ChargeError {
    /// The finding an officer and a client read.
    pub fn into_finding(self) -> Finding {
        match self {
            Self::Missing(LookupError::Missing { id, region, on }) => {
                catalogue::JURISDICTION_PARAMETER_MISSING.at(
                    "",
                    format!("规则库中没有 {region} 在 {on} 适用的参数 {id}，不能计算"),
                    format!("the rule pack has no value of {id} for {region} on {on}"),
                )
            }
            Self::Missing(LookupError::WrongKind { id, wanted }) => catalogue::RULE_PACK_MISMATCH
                .at(
                    "",
                    format!("规则库参数 {id} 的类型不符（应为 {wanted}）"),
                    format!("the rule pack's {id} is not a {wanted}"),
                ),
            Self::Overflow(_) => catalogue::AMOUNT_TOO_LARGE.at(
                "",
                "数值超出可精确计算的范围",
                "the figures are beyond exact computation",
            ),
            Self::Refused(finding) => *finding,
        }
    }
}
