//! A taxable document (应税凭证) as its taxpayer states it.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::facts::{OutOfScope, PriceBasis, RealProperty, Restructuring};
use super::item::Item;
use crate::tax::{ReliefClaim, StatedRate};
use crate::types::{Money, Period};

/// How the document is filed (申报期限类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FilingMode {
    /// 按期申报.
    Periodic,
    /// 按次申报.
    PerOccurrence,
}

/// The taxpayer's part in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PartyRole {
    /// 出卖人、出租人、承揽人、出借人、转让方.
    Provider,
    /// 买受人、承租人、定作人、借款人、受让方.
    Recipient,
    /// 担保人、证人、鉴定人、委托贷款的委托人、拍卖人: not a taxpayer (公告2022年第22号 第一条).
    Bystander,
}

/// What kind of party a counterparty is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CounterpartyKind {
    /// 银行业金融机构、经批准经营借款业务的其他金融机构.
    FinancialInstitution,
    /// 企业.
    Enterprise,
    /// 个人.
    Individual,
    /// 机关、事业单位、团体.
    PublicBody,
    /// 小型企业、微型企业 by 工信部联企业〔2011〕300号.
    SmallMicroEnterprise,
    /// 农民、家庭农场、农民专业合作社、农村集体经济组织、村民委员会.
    Farmer,
    /// 非营利性医疗卫生机构.
    NonProfitHospital,
}

/// What may be left out of an amount when it is stated apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExclusionKind {
    /// 研究开发经费 of a 技术合同.
    ResearchFunds,
    /// 列明的认缴后尚未实际出资权益部分 of a 股权转让书据.
    UnpaidCapital,
    /// 所运货物的金额、装卸费、保险费 of a 运输合同.
    FreightExtras,
}

impl ExclusionKind {
    /// The word in the rule table `st.exclusions`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResearchFunds => "RESEARCH_FUNDS",
            Self::UnpaidCapital => "UNPAID_CAPITAL",
            Self::FreightExtras => "FREIGHT_EXTRAS",
        }
    }
}

/// A part of the amount stated apart that is not taxed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// What it is.
    pub kind: ExclusionKind,
    /// Yuan.
    pub amount: Money,
}

/// An amount in foreign money (细则第十九条; 公告2022年第22号 第三条).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignAmount {
    /// ISO 4217 code.
    pub currency: String,
    /// Amount in that money.
    #[serde(with = "rust_decimal::serde::str")]
    pub amount: Decimal,
    /// Yuan for one unit: 人民币汇率中间价 of the signing day.
    #[serde(with = "rust_decimal::serde::str")]
    pub parity: Decimal,
}

/// The figures of a capital book (营业账簿).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capital {
    /// 实收资本 (股本) actually paid in.
    pub paid_in: Money,
    /// 资本公积.
    pub reserve: Money,
    /// The largest sum of both ever taxed, not last year's balance.
    pub taxed_high_water: Money,
}

/// 核定征收 under the 1988 regulations (公告2016年第77号).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// 核定依据, yuan.
    pub base: Money,
    /// 核定比例, 0 to 1, with its document.
    pub ratio: StatedRate,
}

/// An actual settlement (实际结算) of an undetermined line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// 实际结算日期.
    pub settled_on: Date,
    /// 实际结算金额.
    pub amount: Money,
    /// VAT inside it, where stated apart.
    #[serde(default)]
    pub vat_stated_apart: Money,
}

/// A change of the amount by a changed document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// Day of the change.
    pub amended_on: Date,
    /// The whole new amount.
    pub amount: Money,
    /// VAT inside it, where stated apart.
    #[serde(default)]
    pub vat_stated_apart: Money,
    /// For a smaller amount: tax already paid on the line.
    #[serde(default)]
    pub paid: Money,
    /// For a smaller amount: the voucher or return that shows it.
    #[serde(default)]
    pub paid_reference: String,
}

const fn one() -> u32 {
    1
}

/// Facts that most documents do not have are not written where they are absent.
const fn is_false(value: &bool) -> bool {
    !*value
}

/// One item of a document with its amount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// 税目.
    pub item: Item,
    /// 子目.
    #[serde(default)]
    pub sub_item: String,
    /// Further items whose amounts are not stated apart (法第九条: the highest rate).
    #[serde(default)]
    pub other_items: Vec<Item>,
    /// The amount stated; nothing when not determined.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The amount when in foreign money.
    #[serde(default)]
    pub foreign_amount: Option<ForeignAmount>,
    /// Where the amount was found by a price, not stated in the document (法第六条第二款).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_basis: Option<PriceBasis>,
    /// The rate (or amount per piece) as it stands on the form (税率); the table's governs.
    #[serde(
        default,
        with = "crate::types::decimal_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub rate: Option<Decimal>,
    /// For LOAN: free of interest, or with interest paid by the state (无息、贴息).
    #[serde(default, skip_serializing_if = "is_false")]
    pub interest_free: bool,
    /// VAT inside the amount, stated apart as an amount (法第五条).
    #[serde(default)]
    pub vat_stated_apart: Money,
    /// Only a VAT rate is named: nothing comes off.
    #[serde(default)]
    pub vat_rate_named: bool,
    /// Parts stated apart that are not taxed.
    #[serde(default)]
    pub exclusions: Vec<Exclusion>,
    /// Parties on the taxpayer's side without stated shares.
    #[serde(default = "one")]
    pub co_parties: u32,
    /// The taxpayer's stated share of its side, 0 to 1.
    #[serde(default, with = "crate::types::decimal_text")]
    pub own_share: Option<Decimal>,
    /// For BOOKS.
    #[serde(default)]
    pub capital: Option<Capital>,
    /// For assessed levy.
    #[serde(default)]
    pub assessment: Option<Assessment>,
    /// Settlements of an undetermined amount.
    #[serde(default)]
    pub settlements: Vec<Settlement>,
    /// Changes of a determined amount, in order of days.
    #[serde(default)]
    pub amendments: Vec<Amendment>,
    /// Reliefs claimed, in the order applied.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
    /// Tax already paid on the amount at signing.
    #[serde(default)]
    pub prior_paid: Money,
    /// The voucher or return that shows it.
    #[serde(default)]
    pub prior_paid_reference: String,
}

impl Line {
    /// True when the document does not determine the amount (法第六条): none stated, or 0.00, as
    /// the form registers it (税源明细表 第 11 栏).
    pub fn is_undetermined(&self) -> bool {
        !self.item.is_per_piece()
            && self.amount.is_none_or(Money::is_zero)
            && self.foreign_amount.is_none()
            && self.capital.is_none()
            && self.assessment.is_none()
    }
}

/// Another party of the document (对方书立人).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counterparty {
    /// Name.
    pub name: String,
    /// 纳税人识别号; may be empty.
    #[serde(default)]
    pub taxpayer_id: String,
    /// 涉及金额.
    #[serde(default)]
    pub amount: Option<Money>,
    /// What kind of party it is.
    #[serde(default)]
    pub kind: Option<CounterpartyKind>,
}

/// One taxable document, or a summary of several of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// 应税凭证编号; may be empty.
    #[serde(default)]
    pub document_number: String,
    /// 应税凭证名称.
    pub document_name: String,
    /// 申报期限类型.
    pub filing_mode: FilingMode,
    /// 应税凭证数量.
    #[serde(default = "one")]
    pub count: u32,
    /// 书立日期; for books the day of the entry.
    pub signed_on: Date,
    /// Signed abroad and used in China.
    #[serde(default)]
    pub signed_abroad: bool,
    /// The taxpayer's part.
    #[serde(default)]
    pub role: Option<PartyRole>,
    /// The contract was not performed: nothing is refunded (公告2022年第22号 第三条第七项).
    #[serde(default)]
    pub unperformed: bool,
    /// The items.
    pub lines: Vec<Line>,
    /// 对方书立人.
    #[serde(default)]
    pub counterparties: Vec<Counterparty>,
    /// Why it is no taxable document: kept for the register, never charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_scope: Option<OutOfScope>,
    /// The real property it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_property: Option<RealProperty>,
    /// Given, not sold (赠与).
    #[serde(default, skip_serializing_if = "is_false")]
    pub gift: bool,
    /// Signed in a restructuring (改制重组).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restructuring: Option<Restructuring>,
    /// The 税款所属期 as it stands on the form; the one that the law gives governs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_period: Option<Period>,
}

impl Source {
    /// Every day on which something arises: signing, settlements, changes; of one line.
    pub fn days_of(&self, line: &Line) -> impl Iterator<Item = Date> {
        let settled = line.settlements.iter().map(|one| one.settled_on);
        let amended = line.amendments.iter().map(|one| one.amended_on);
        std::iter::once(self.signed_on)
            .chain(settled)
            .chain(amended)
    }

    /// True when a counterparty of this kind is named.
    pub fn has_party(&self, kind: CounterpartyKind) -> bool {
        self.counterparties.iter().any(|one| one.kind == Some(kind))
    }

    /// True when there are counterparties and the kind of each is said.
    pub fn knows_its_parties(&self) -> bool {
        !self.counterparties.is_empty() && self.counterparties.iter().all(|one| one.kind.is_some())
    }
}
