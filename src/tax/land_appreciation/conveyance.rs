//! What is stated for a transfer by anyone but a developer: old buildings and land.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::parts::{IncomePart, Taxes};
use crate::tax::{ReliefClaim, StatedRate};
use crate::types::Money;

/// Use of an old building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PropertyUse {
    /// 住房.
    Housing,
    /// 非住房: shops, offices, factories.
    NonHousing,
}

/// A restructuring in which the property changes hands (改制重组).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Restructuring {
    /// 整体改制.
    Conversion,
    /// 合并.
    Merger,
    /// 分立.
    Division,
    /// 以房地产作价入股投资.
    AssetInjection,
}

/// What brings the transfer about, where it is no plain sale (转让原因).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Occasion {
    /// 依法征收、收回, or relocation by the city plan (城市规划搬迁).
    Expropriation,
    /// 个人之间互换自有居住用房.
    HomeSwap,
    /// 合作建房按比例分房自用.
    CooperativeBuilding,
    /// 作为改造安置住房房源.
    ResettlementStock,
    /// 作为公租房房源.
    PublicRentalStock,
    /// 作为保障性住房房源.
    AffordableStock,
}

/// Who and what around a transfer by anyone but a developer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Day of the contract; the due day counts from it.
    pub contract_on: Date,
    /// Use of the property.
    pub property_use: PropertyUse,
    /// Income parts.
    pub income: Vec<IncomePart>,
    /// Price appraised or assessed by the bureau, without VAT (评估价、核定价).
    #[serde(default)]
    pub assessed_price: Option<Money>,
    /// True when a lower price is justified (正当理由).
    #[serde(default)]
    pub low_price_justified: bool,
    /// The restructuring it is part of.
    #[serde(default)]
    pub restructuring: Option<Restructuring>,
    /// True when any party of the restructuring is a developer.
    #[serde(default)]
    pub any_party_is_developer: bool,
    /// Paid already (已缴).
    #[serde(default)]
    pub already_paid: Money,
    /// Reliefs claimed.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
    /// What brings it about, where it is no plain sale.
    #[serde(default)]
    pub occasion: Option<Occasion>,
    /// An additional deduction (加计扣除) as filled in, for comparison.
    #[serde(default)]
    pub stated_additional: Option<Money>,
}

/// Transfer of an old building (转让旧房及建筑物).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldBuilding {
    /// The transfer.
    pub transfer: Transfer,
    /// How the cost is proven.
    pub method: OldMethod,
    /// Taxes of the transfer, stamp tax after its reliefs included.
    #[serde(default)]
    pub taxes: Taxes,
}

/// How the cost of an old building is proven (财税〔2006〕21号 art. 2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OldMethod {
    /// 评估价格.
    Appraisal(Appraisal),
    /// 购房发票.
    Invoice(Invoice),
}

/// Cost by appraisal: replacement cost by newness (重置成本价 × 成新度折扣率).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appraisal {
    /// Paid for the land use right, with proof.
    #[serde(default)]
    pub land_paid: Money,
    /// Replacement cost.
    pub replacement_cost: Money,
    /// Newness, above 0 and at most 1.
    #[serde(with = "rust_decimal::serde::str")]
    pub newness: Decimal,
    /// Fee of the appraisal.
    #[serde(default)]
    pub fee: Money,
    /// True when the bureau ordered the appraisal for concealment: the fee is not deducted.
    #[serde(default)]
    pub ordered_by_bureau: bool,
    /// A purchase invoice's amount filled in as well: only one of the two proofs counts.
    #[serde(default)]
    pub invoice_amount: Option<Money>,
}

/// Kind of the purchase invoice (购房发票), which decides what of it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvoiceKind {
    /// 营业税发票: its face.
    BusinessTax,
    /// 增值税普通发票: price and VAT.
    OrdinaryVat,
    /// 增值税专用发票: price and the VAT that could not be credited.
    SpecialVat,
}

/// Cost by purchase invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    /// Kind of the invoice.
    pub kind: InvoiceKind,
    /// Day of the purchase invoice.
    pub purchase_on: Date,
    /// Day of the sale invoice; nothing means the day of the contract.
    #[serde(default)]
    pub sale_on: Option<Date>,
    /// The invoice's amount without VAT (its face for a business-tax invoice).
    pub amount: Money,
    /// VAT on the invoice that counts as cost.
    #[serde(default)]
    pub vat: Money,
    /// Deed tax paid at the purchase, with certificate (契税).
    #[serde(default)]
    pub deed_tax: Money,
    /// Years as the taxpayer counts them, for comparison.
    #[serde(default)]
    pub stated_years: Option<u32>,
    /// An appraised value filled in as well: only one of the two proofs counts.
    #[serde(default)]
    pub appraised_value: Option<Money>,
}

/// Transfer of an old building at an assessed rate (核定征收).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldAssessed {
    /// The transfer.
    pub transfer: Transfer,
    /// The assessed rate (核定征收率) with its document, where the rule pack has none.
    #[serde(default)]
    pub stated_rate: Option<StatedRate>,
}

/// Transfer of land use rights without buildings (国税函发〔1995〕110号 art. 6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LandTransfer {
    /// The transfer.
    pub transfer: Transfer,
    /// Paid for the land with fees.
    pub land_paid: Money,
    /// Cost of improving the land (生地变熟地); zero for raw land.
    #[serde(default)]
    pub development_cost: Money,
    /// Taxes of the transfer.
    #[serde(default)]
    pub taxes: Taxes,
}
