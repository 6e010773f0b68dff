//! What a taxpayer states about a house and its leases (房产税税源明细).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::tax::{ReliefClaim, StatedRate};
use crate::types::{Money, Month, Period};

/// Why the taxpayer owes the tax (纳税人类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaxpayerRole {
    /// 产权所有人.
    Owner,
    /// 经营管理人.
    Manager,
    /// 承典人.
    Pawnee,
    /// 房屋代管人.
    Custodian,
    /// 房屋使用人, also without rent (财税〔2009〕128号 第一条).
    User,
    /// 融资租赁承租人 (财税〔2009〕128号 第三条).
    FinanceLessee,
}

/// What the house is used for (房产用途).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HouseUse {
    /// 工业.
    Industrial,
    /// 商业及办公.
    CommercialOffice,
    /// 住房.
    Housing,
    /// 其他.
    Other,
}

/// The event that starts the liability (国税发〔2003〕89号 第二条).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AcquisitionKind {
    /// 原有房产用于生产经营.
    OriginalHouseToBusiness,
    /// 自建.
    SelfBuilt,
    /// 委托施工企业建设.
    Contracted,
    /// 购置新建商品房.
    NewHouse,
    /// 购置存量房.
    ExistingHouseCertificate,
    /// 出租、出借.
    Leased,
    /// 房地产开发企业自用、出租、出借.
    DeveloperOwn,
    /// 融资租赁.
    FinanceLease,
}

impl AcquisitionKind {
    /// The name in the rule pack's table `ret.liability_start`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OriginalHouseToBusiness => "ORIGINAL_HOUSE_TO_BUSINESS",
            Self::SelfBuilt => "SELF_BUILT",
            Self::Contracted => "CONTRACTED",
            Self::NewHouse => "NEW_HOUSE",
            Self::ExistingHouseCertificate => "EXISTING_HOUSE_CERTIFICATE",
            Self::Leased => "LEASED",
            Self::DeveloperOwn => "DEVELOPER_OWN",
            Self::FinanceLease => "FINANCE_LEASE",
        }
    }
}

/// Whether and how the house lies underground (财税〔2005〕181号).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Underground {
    /// 地上.
    #[default]
    None,
    /// 与地上房屋相连: part of the house above, no ratio.
    Connected,
    /// 独立地下建筑, 工业用途.
    StandaloneIndustrial,
    /// 独立地下建筑, 商业和其他用途.
    StandaloneOther,
}

/// Why the source ends (变更类型 of 纳税义务终止).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Termination {
    /// 权属转移.
    OwnershipTransfer,
    /// 其他, such as demolition or loss.
    Other,
}

/// Who rents (承租方类型; 公告2021年第24号).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LesseeKind {
    /// 个人.
    Individual,
    /// 专业化规模化住房租赁企业.
    ScaledHousingLessor,
    /// 其他.
    Other,
}

/// What the payment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LeaseKind {
    /// 出租.
    #[default]
    Ordinary,
    /// 收取固定收入、不承担风险的投资联营 (国税函发〔1993〕368号).
    FixedReturnInvestment,
}

/// How a bureau takes the 4% of dwellings (decision RE7: the payable is the same).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RateMode {
    /// As a rate.
    #[default]
    #[serde(rename = "RATE_4")]
    Rate4,
    /// As the general rate with a relief line for the difference.
    #[serde(rename = "RATE_12_WITH_RELIEF")]
    Rate12WithRelief,
}

/// How policy reliefs are reckoned (spec §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReliefMode {
    /// On the row's unrounded tax.
    #[default]
    Exact,
    /// 月减免税金额: rounded for a month, times the months.
    MonthlyAmount,
}

/// The plot the house stands on (财税〔2010〕121号 第三条).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plot {
    /// 土地编号 of the land source; may be empty.
    #[serde(default)]
    pub land_no: String,
    /// 地价: price paid for the right and cost of development, yuan.
    pub plot_cost: Money,
    /// 契税 paid on the plot, yuan, where it is not in the plot's cost; the place says whether it
    /// joins (`ret.plot_cost.deed_tax_share`).
    #[serde(default)]
    pub deed_tax: Money,
    /// 土地面积, square metres.
    #[serde(with = "rust_decimal::serde::str")]
    pub plot_area: Decimal,
    /// 总建筑面积 of all houses on the plot, square metres.
    #[serde(with = "rust_decimal::serde::str")]
    pub total_building_area: Decimal,
    /// 宗地容积率 as stated, for comparison only.
    #[serde(default, with = "crate::types::decimal_text")]
    pub stated_plot_ratio: Option<Decimal>,
}

/// The figures of a house from a change on (房产原值变更).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueVersion {
    /// Day of the change, taxed from the following month; nothing for the first version.
    #[serde(default)]
    pub changed_on: Option<Date>,
    /// 房屋原值 without equipment and land, yuan.
    pub building_value: Money,
    /// 附属设备及配套设施, yuan (国税发〔2005〕173号).
    #[serde(default)]
    pub equipment_value: Money,
    /// 建筑面积, square metres.
    #[serde(default, with = "crate::types::decimal_text")]
    pub building_area: Option<Decimal>,
    /// The plot whose value joins the base.
    #[serde(default)]
    pub plot: Option<Plot>,
}

/// Rent declared for a rental period (申报租金收入).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rent {
    /// 申报租金所属租赁期.
    pub period: Period,
    /// 不含增值税租金, yuan (财税〔2016〕43号 第二条).
    pub rent_ex_vat: Money,
    /// 已缴税额, yuan.
    #[serde(default)]
    pub already_paid: Money,
}

/// A hardship relief by approval (困难减免, 条例 第六条).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardship {
    /// The months it was approved for.
    pub period: Period,
    /// The approved ratio, 0 to 1; either this or the amount.
    #[serde(default, with = "crate::types::decimal_text")]
    pub ratio: Option<Decimal>,
    /// The approved amount for the whole period, yuan, spread evenly over its months.
    #[serde(default)]
    pub amount: Option<Money>,
    /// 核准文书号.
    pub document: String,
}

/// Tax on value already paid for a tax period (从价已缴税额).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValuePayment {
    /// The tax period it was paid for.
    pub period: Period,
    /// The amount, yuan.
    pub amount: Money,
}

/// One lease of the house or of a part of it (从租计征税源).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// 合同编号; tells the lines of several leases apart.
    #[serde(default)]
    pub lease_no: String,
    /// 承租方识别号.
    #[serde(default)]
    pub lessee_id: String,
    /// 承租方名称.
    #[serde(default)]
    pub lessee_name: String,
    /// 承租方类型.
    pub lessee_kind: LesseeKind,
    /// What the payment is for.
    #[serde(default)]
    pub lease_kind: LeaseKind,
    /// 合同约定租赁期起止.
    pub term: Period,
    /// 租赁变更时间, for the form alone (V10); a lease that ends early has a shorter term.
    #[serde(default)]
    pub changed_on: Option<Date>,
    /// 出租面积, square metres; nothing with no value: the whole house.
    #[serde(default, with = "crate::types::decimal_text")]
    pub leased_area: Option<Decimal>,
    /// 出租房产原值, yuan; instead of the area.
    #[serde(default)]
    pub leased_value: Option<Money>,
    /// 合同租金总收入, yuan.
    #[serde(default)]
    pub contract_rent: Option<Money>,
    /// 免租期, taxed on value (财税〔2010〕121号 第二条).
    #[serde(default)]
    pub rent_free_months: Vec<Month>,
    /// True for a dwelling (住房).
    #[serde(default)]
    pub housing: bool,
    /// How the 4% is taken.
    #[serde(default)]
    pub rate_mode: RateMode,
    /// The rents declared.
    #[serde(default)]
    pub rents: Vec<Rent>,
    /// Policy reliefs on the rent.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
    /// Hardship relief on the rent.
    #[serde(default)]
    pub hardship: Option<Hardship>,
}

/// 房产税 source: one house with its values and leases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// 房产编号.
    #[serde(default)]
    pub house_no: String,
    /// 税源编号 of the bureau, where the house is told by it and not by its number (V4).
    #[serde(default)]
    pub source_no: String,
    /// 房产名称.
    #[serde(default)]
    pub house_name: String,
    /// 不动产权证号.
    #[serde(default)]
    pub certificate_no: String,
    /// 不动产单元代码, 28 characters; for the form.
    #[serde(default)]
    pub unit_code: String,
    /// 房产坐落地址; for the form.
    #[serde(default)]
    pub address: String,
    /// 纳税人类型.
    pub taxpayer_role: TaxpayerRole,
    /// 所有权人识别号, for roles other than owner.
    #[serde(default)]
    pub owner_id: String,
    /// 所有权人名称, for roles other than owner.
    #[serde(default)]
    pub owner_name: String,
    /// 房产用途.
    pub house_use: HouseUse,
    /// The event that starts the liability.
    pub acquisition_kind: AcquisitionKind,
    /// 房产取得时间: the day of that event.
    pub acquired_on: Date,
    /// First day of use or lease before the acceptance of a contracted house.
    #[serde(default)]
    pub used_before_acceptance_on: Option<Date>,
    /// 变更时间: the day the thing or the right changed; its month is still taxed.
    #[serde(default)]
    pub ended_on: Option<Date>,
    /// 变更类型: why it ended.
    #[serde(default)]
    pub termination: Option<Termination>,
    /// Whether it lies underground.
    #[serde(default)]
    pub underground: Underground,
    /// The province's ratio of a stand-alone underground building.
    #[serde(default)]
    pub underground_ratio: Option<StatedRate>,
    /// The province's deduction (原值减除比例).
    #[serde(default)]
    pub deduction_ratio: Option<StatedRate>,
    /// 共有份额, above 0 to 1: the versions then state the whole house, the rents what the
    /// taxpayer itself receives; nothing for a sole owner.
    #[serde(default, with = "crate::types::decimal_text")]
    pub ownership_share: Option<Decimal>,
    /// The figures, first version first; empty for a source of rent alone.
    #[serde(default)]
    pub versions: Vec<ValueVersion>,
    /// The leases.
    #[serde(default)]
    pub leases: Vec<Lease>,
    /// Policy reliefs on the value side.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
    /// How the policy reliefs on the value side are reckoned.
    #[serde(default)]
    pub relief_mode: ReliefMode,
    /// Hardship relief on the value side.
    #[serde(default)]
    pub hardship: Option<Hardship>,
    /// Tax on value already paid.
    #[serde(default)]
    pub value_payments: Vec<ValuePayment>,
}

impl Source {
    /// The figures of a month: of the last change before the month (decision RE12).
    pub(super) fn version_in(&self, month: Month) -> Option<&ValueVersion> {
        self.versions
            .iter()
            .filter(|version| {
                version
                    .changed_on
                    .is_none_or(|day| Month::of(day).next() <= month)
            })
            .max_by_key(|version| version.changed_on)
    }
}
