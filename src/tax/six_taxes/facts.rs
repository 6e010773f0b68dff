//! The dated facts that say when a taxpayer is a subject of the 六税两费 relief (公告2022年第3号).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::types::{Money, Month};

/// How a taxpayer stands in VAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VatStatus {
    /// 增值税小规模纳税人.
    SmallScale,
    /// 增值税一般纳税人.
    General,
}

/// A VAT status from the day it takes effect (生效之日).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VatChange {
    /// The status.
    pub status: VatStatus,
    /// The day it takes effect.
    pub from: Date,
}

/// Size of a new enterprise on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// 从业人数.
    pub people: u32,
    /// 资产总额, yuan.
    pub assets: Money,
}

/// Size of a new enterprise at the end of a month (月末).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthEnd {
    /// The month.
    pub month: Month,
    /// The size on its last day.
    pub size: Size,
}

/// How often the taxpayer files the taxes concerned: a new enterprise is tested on the last month
/// end before the filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cycle {
    /// 按月.
    #[default]
    Month,
    /// 按季.
    Quarter,
    /// 按半年.
    HalfYear,
    /// 按年.
    Year,
}

/// The figures of an annual settlement, averaged over the quarters where the law says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// 年度应纳税所得额, yuan.
    pub income: Money,
    /// 从业人数, average of the quarters.
    #[serde(with = "rust_decimal::serde::str")]
    pub people: Decimal,
    /// 资产总额, average of the quarters, yuan.
    pub assets: Money,
}

/// What an annual settlement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Conclusion {
    /// Stated: small low-profit or not.
    Small(bool),
    /// To be judged from its figures.
    Figures(Figures),
}

/// An annual settlement of enterprise income tax (企业所得税汇算清缴), or its correction: the one
/// filed last for a year governs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnnualSettlement {
    /// The year settled.
    pub year: i16,
    /// The day it was filed.
    pub filed_on: Date,
    /// What it says.
    pub conclusion: Conclusion,
}

/// Everything 公告2022年第3号 looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Facts {
    /// 登记设立日; needed for the rules of new enterprises.
    pub established_on: Option<Date>,
    /// VAT status over time, in order of days.
    pub vat: Vec<VatChange>,
    /// Last day of the term in the authority's notice to register as a general taxpayer, when it
    /// passed without registration (第二条).
    pub registration_missed_on: Option<Date>,
    /// In an industry that the state restricts or prohibits (国家限制和禁止行业).
    pub restricted_industry: bool,
    /// How often the taxes are filed.
    pub cycle: Cycle,
    /// Size at the establishment, for filing by occurrence in that month.
    pub at_establishment: Option<Size>,
    /// Size at month ends before the first settlement.
    pub month_ends: Vec<MonthEnd>,
    /// Annual settlements and their corrections.
    pub settlements: Vec<AnnualSettlement>,
}
