//! What a taxpayer states for 土地增值税, by declaration type (申报类型).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::conveyance::{LandTransfer, OldAssessed, OldBuilding};
use super::parts::{Areas, Deductions, IncomePart, SharedCosts, Taxes};
use crate::tax::{ReliefClaim, StatedRate};
use crate::types::{Money, Month};

/// 土地增值税 source: one project, or one transfer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the project or the property (项目名称或坐落).
    pub project_name: String,
    /// Number of the real-estate unit or of the project (不动产单元号、项目编码).
    #[serde(default)]
    pub project_number: String,
    /// What is declared (申报类型).
    pub basis: Basis,
}

/// The declaration type (申报类型) with its figures; the forms of 公告2021年第9号.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Basis {
    /// 预征: advance receipts of a developer.
    Prepay(Prepay),
    /// 清算: settlement of a project.
    Settlement(Box<Settlement>),
    /// 核定征收清算: settlement at an assessed rate.
    AssessedSettlement(AssessedSettlement),
    /// 整体转让在建工程: a whole project under construction.
    WipTransfer(Box<WipTransfer>),
    /// 清算后尾盘销售: sales after the settlement.
    Tail(Tail),
    /// 转让旧房及建筑物: anyone's old building.
    OldBuilding(Box<OldBuilding>),
    /// 转让旧房核定征收: anyone's old building at an assessed rate.
    OldAssessed(Box<OldAssessed>),
    /// 转让土地使用权: land only, raw or improved.
    LandTransfer(Box<LandTransfer>),
}

/// The type of real estate of a settlement (房地产类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PropertyType {
    /// 普通住宅.
    Ordinary,
    /// 非普通住宅.
    NonOrdinary,
    /// 其他类型房地产.
    Other,
}

/// The class of real estate that a prepayment rate is fixed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PrepayClass {
    /// 普通住宅.
    Ordinary,
    /// 非普通住宅.
    NonOrdinary,
    /// 其他类型房地产.
    Other,
    /// 别墅, where a place fixes a rate of its own for it.
    Villa,
    /// 保障性住房: not prepaid.
    Affordable,
}

/// The expected ratio of appreciation, where a place's prepayment rates depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RatioBand {
    /// The first band of the brackets.
    #[serde(rename = "UP_TO_50")]
    UpTo50,
    /// The second band.
    #[serde(rename = "UP_TO_100")]
    UpTo100,
    /// The third band.
    #[serde(rename = "UP_TO_200")]
    UpTo200,
    /// The fourth band.
    #[serde(rename = "ABOVE_200")]
    Above200,
    /// Plot ratio below one (容积率小于 1.0): the rate is stated with its document.
    LowPlotRatio,
}

/// How the prepayment base is made from receipts (预征计征依据).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BaseMethod {
    /// 预收款减应预缴增值税 (公告2016年第70号).
    ReceiptMinusPrepaidVat,
    /// 预收款 ÷ (1 + 适用税率或征收率).
    ReceiptDivOnePlusRate,
}

/// How VAT is computed on sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SalesVat {
    /// 一般计税.
    General,
    /// 简易计税.
    Simple,
}

/// Advance receipts of a developer's project (预征).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepay {
    /// Receipts by month and class.
    pub rows: Vec<PrepayRow>,
    /// How the base is made; nothing means what the place's rule says.
    #[serde(default)]
    pub base_method: Option<BaseMethod>,
    /// The day the settlement was accepted (清算受理日): prepayment ends.
    #[serde(default)]
    pub settlement_accepted_on: Option<Date>,
    /// Areas of the project so far, to see whether it can be settled.
    #[serde(default)]
    pub areas: Option<Areas>,
    /// Day of the presale permit (预售许可证), to see whether it can be settled.
    #[serde(default)]
    pub presale_permit_on: Option<Date>,
}

/// Receipts of one month and class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrepayRow {
    /// Month of the receipts; it decides the rates.
    pub month: Month,
    /// Class of real estate (房产类型).
    pub class: PrepayClass,
    /// 子目, to tell rows of one month and class apart; may be empty.
    #[serde(default)]
    pub sub_type: String,
    /// Money received, with VAT (货币收入).
    pub monetary: Money,
    /// In kind and other, with VAT (实物收入及其他收入).
    #[serde(default)]
    pub in_kind: Money,
    /// Deemed sales, with VAT (视同销售收入).
    #[serde(default)]
    pub deemed: Money,
    /// How VAT is computed.
    pub vat_method: SalesVat,
    /// The expected ratio of appreciation, where the place's rates need it.
    #[serde(default)]
    pub ratio_band: Option<RatioBand>,
    /// The rate with its document, where the rule pack has none.
    #[serde(default)]
    pub stated_rate: Option<StatedRate>,
    /// Paid already for the row (本期已缴).
    #[serde(default)]
    pub already_paid: Money,
    /// Reliefs claimed.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
}

/// Settlement of a project or phase (清算).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// The day the condition was met or the notice received; the due day counts from it.
    pub event_on: Date,
    /// Figures by type of real estate.
    pub types: Vec<SettlementType>,
    /// True when ordinary housing's appreciation is not accounted for apart: no exemption.
    #[serde(default)]
    pub ordinary_not_separate: bool,
    /// Costs common to the types, split by area.
    #[serde(default)]
    pub shared_costs: Option<SharedCosts>,
    /// All prepayments recorded for the unit, for comparison.
    #[serde(default)]
    pub recorded_prepaid: Option<Money>,
    /// The day the bureau accepted the settlement (清算受理日): prepayment ends, tail sales begin.
    #[serde(default)]
    pub accepted_on: Option<Date>,
    /// The total column (合计) as filled in, for comparison.
    #[serde(default)]
    pub stated_total: Option<StatedTotal>,
}

/// The total column (合计) of a settlement as filled in; what is absent is not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatedTotal {
    /// 转让房地产收入总额.
    pub income: Option<Money>,
    /// 扣除项目金额合计; not for an assessed settlement.
    pub deductions: Option<Money>,
    /// 应缴土地增值税税额.
    pub tax: Option<Money>,
    /// 已缴土地增值税税额.
    pub prepaid: Option<Money>,
}

/// What the standard of ordinary housing (普通标准住宅) looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdinaryFacts {
    /// Plot ratio of the estate (小区建筑容积率).
    #[serde(with = "rust_decimal::serde::str")]
    pub plot_ratio: Decimal,
    /// Floor area of the largest unit, square metres (单套建筑面积).
    #[serde(with = "rust_decimal::serde::str")]
    pub largest_unit_sqm: Decimal,
    /// Price over the average price of the same grade of land (实际成交价÷同级别土地住房均价).
    #[serde(default, with = "crate::types::decimal_text")]
    pub price_to_average: Option<Decimal>,
}

/// One type of real estate in a settlement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettlementType {
    /// The type.
    pub property_type: PropertyType,
    /// Income parts.
    pub income: Vec<IncomePart>,
    /// Deductions of the sold area.
    pub deductions: Deductions,
    /// Areas of the type.
    #[serde(default)]
    pub areas: Option<Areas>,
    /// Prepayments credited to the type (已缴).
    #[serde(default)]
    pub prepaid: Money,
    /// Reliefs claimed.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
    /// What the standard of ordinary housing looks at, for comparison with the type.
    #[serde(default)]
    pub ordinary_facts: Option<OrdinaryFacts>,
}

/// Settlement at an assessed rate (核定征收清算).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessedSettlement {
    /// The day the condition was met or the notice received.
    pub event_on: Date,
    /// Figures by type of real estate.
    pub types: Vec<AssessedType>,
    /// All prepayments recorded for the unit, for comparison.
    #[serde(default)]
    pub recorded_prepaid: Option<Money>,
    /// The day the bureau accepted the settlement (清算受理日): prepayment ends, tail sales begin.
    #[serde(default)]
    pub accepted_on: Option<Date>,
    /// The total column (合计) as filled in, for comparison.
    #[serde(default)]
    pub stated_total: Option<StatedTotal>,
}

/// One type of real estate settled at an assessed rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessedType {
    /// The type.
    pub property_type: PropertyType,
    /// Income parts.
    pub income: Vec<IncomePart>,
    /// The assessed rate (核定征收率) with its document, where the rule pack has none.
    #[serde(default)]
    pub stated_rate: Option<StatedRate>,
    /// Prepayments credited to the type (已缴).
    #[serde(default)]
    pub prepaid: Money,
    /// Reliefs claimed.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
}

/// Transfer of a whole project under construction (整体转让在建工程).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WipTransfer {
    /// Day of the contract.
    pub contract_on: Date,
    /// Income parts.
    pub income: Vec<IncomePart>,
    /// Deductions.
    pub deductions: Deductions,
    /// Prepayments credited (已缴).
    #[serde(default)]
    pub prepaid: Money,
    /// Reliefs claimed.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
}

/// Sales after the settlement (尾盘).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// Sales by month and type.
    pub rows: Vec<TailRow>,
    /// True when ordinary housing's appreciation is not accounted for apart: no exemption.
    #[serde(default)]
    pub ordinary_not_separate: bool,
}

/// Sales of one month and type after the settlement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TailRow {
    /// Month of the sales.
    pub month: Month,
    /// The type.
    pub property_type: PropertyType,
    /// Income parts.
    pub income: Vec<IncomePart>,
    /// Area sold, square metres.
    #[serde(with = "rust_decimal::serde::str")]
    pub area_sqm: Decimal,
    /// What the settlement concluded for the type.
    pub settled: SettledFigures,
    /// Taxes of these sales.
    #[serde(default)]
    pub taxes: Taxes,
    /// Paid already for the row.
    #[serde(default)]
    pub already_paid: Money,
    /// Reliefs claimed.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
}

/// What the settlement concluded for a type (清算审核结论).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettledFigures {
    /// Income of the settlement.
    pub income: Money,
    /// Total deductions (扣除项目金额合计).
    pub deductions: Money,
    /// Taxes within the deductions (与转让房地产有关的税金).
    pub taxes: Money,
    /// Sold area of the settlement, square metres.
    #[serde(with = "rust_decimal::serde::str")]
    pub sold_area_sqm: Decimal,
    /// Unit cost in the conclusion (单位建筑面积成本费用), for comparison.
    #[serde(default)]
    pub unit_cost: Option<Money>,
}
