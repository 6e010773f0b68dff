//! Income and deductions as stated (收入、扣除项目), shared by the declaration types.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::types::{Money, Overflow};

/// Kind of income.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IncomeKind {
    /// 货币收入.
    Monetary,
    /// 实物收入及其他收入.
    InKind,
    /// 视同销售收入.
    Deemed,
}

/// How VAT is taken out of an income part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VatMethod {
    /// The amount has no VAT in it: stated net, exempt, or before the VAT reform.
    Excluded,
    /// 一般计税: output VAT on the amount less the land price that may be set off.
    General,
    /// 简易计税 or the levy on individuals.
    Simple,
    /// The VAT is stated, as computed in the VAT return.
    Stated,
}

/// One part of the income.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncomePart {
    /// Kind of income.
    pub kind: IncomeKind,
    /// The amount, with VAT unless the method says it has none.
    pub amount: Money,
    /// How VAT is taken out.
    pub vat_method: VatMethod,
    /// Land price set off in VAT (允许扣除的土地价款), or the purchase price where the simple
    /// method taxes the difference.
    #[serde(default)]
    pub vat_offset: Money,
    /// The VAT, for the stated method.
    #[serde(default)]
    pub vat: Option<Money>,
    /// The day that decides the VAT rate; nothing means the day of the declaration's event.
    #[serde(default)]
    pub sold_on: Option<Date>,
}

/// Development cost by its six items (房地产开发成本).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DevelopmentCost {
    /// 土地征用及拆迁补偿费.
    pub clearance: Money,
    /// 前期工程费.
    pub preliminary: Money,
    /// 建筑安装工程费.
    pub construction: Money,
    /// 基础设施费.
    pub infrastructure: Money,
    /// 公共配套设施费.
    pub public_facilities: Money,
    /// 开发间接费用.
    pub indirect: Money,
}

impl DevelopmentCost {
    /// The six items in the order of the form.
    pub const fn items(self) -> [Money; 6] {
        [
            self.clearance,
            self.preliminary,
            self.construction,
            self.infrastructure,
            self.public_facilities,
            self.indirect,
        ]
    }

    /// Sum of the six items.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn total(self) -> Result<Money, Overflow> {
        Money::sum(self.items())
    }
}

/// How development expense is deducted (房地产开发费用; 实施细则 art. 7(3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExpenseMode {
    /// Provable interest, and a share of land and development cost.
    InterestPlusFive,
    /// A share of land and development cost for everything.
    TenPercent,
}

/// Taxes of the transfer (与转让房地产有关的税金). VAT never belongs here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Taxes {
    /// 营业税, before the VAT reform.
    pub business_tax: Money,
    /// 城市维护建设税.
    pub urban_construction: Money,
    /// 教育费附加.
    pub education: Money,
    /// 地方教育附加.
    pub local_education: Money,
    /// 印花税 of the same filing after its reliefs; not for developers.
    pub stamp: Money,
}

/// A developer's deductions (扣除项目), for the sold area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deductions {
    /// Paid for the land use right with fees and deed tax (取得土地使用权所支付的金额).
    #[serde(default)]
    pub land: Money,
    /// Development cost.
    #[serde(default)]
    pub development_cost: DevelopmentCost,
    /// How expense is deducted.
    pub expense_mode: ExpenseMode,
    /// The share of land and development cost; nothing means the place's cap.
    #[serde(default, with = "crate::types::decimal_text")]
    pub expense_rate: Option<Decimal>,
    /// Provable interest, split to the project.
    #[serde(default)]
    pub interest: Money,
    /// Penalty and overdue interest inside it.
    #[serde(default)]
    pub interest_disallowed: Money,
    /// Interest at the commercial bank rate of the same period: the cap.
    #[serde(default)]
    pub interest_cap: Option<Money>,
    /// Taxes of the transfer.
    #[serde(default)]
    pub taxes: Taxes,
    /// Fees collected for others inside the price (代收费用).
    #[serde(default)]
    pub collected_fees: Money,
    /// Of the development cost, what has no valid invoice.
    #[serde(default)]
    pub without_invoice: Money,
}

/// Areas of a project or type, square metres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Areas {
    /// Saleable (总可售建筑面积).
    #[serde(with = "rust_decimal::serde::str")]
    pub saleable_sqm: Decimal,
    /// Sold (已售).
    #[serde(with = "rust_decimal::serde::str")]
    pub sold_sqm: Decimal,
    /// Self-used or let (自用、出租).
    #[serde(with = "rust_decimal::serde::str")]
    pub self_used_sqm: Decimal,
    /// Remaining (清算后剩余).
    #[serde(with = "rust_decimal::serde::str")]
    pub remaining_sqm: Decimal,
    /// Area that costs are split by, where it is not the saleable one (层高系数面积).
    #[serde(default, with = "crate::types::decimal_text")]
    pub weight_sqm: Option<Decimal>,
}

/// Costs common to the types of a project (共同成本), of all its area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SharedCosts {
    /// Paid for the land.
    pub land: Money,
    /// Development cost.
    pub development_cost: DevelopmentCost,
}
