//! Facts about a document that decide whether it is taxed, where it is filed and what frees it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::types::Region;

/// How an amount was found that the document does not state (法第六条第二款).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PriceBasis {
    /// 书立时的市场价格.
    Market,
    /// 政府定价、政府指导价.
    Government,
}

/// Why a document is no taxable one (不属于印花税征收范围). Which items a reason fits, and on what
/// it rests, is rule data (`st.out_of_scope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OutOfScope {
    /// 法院、仲裁、监察文书.
    CourtDocument,
    /// 政府征收、收回、补偿安置房地产书立的文书.
    Expropriation,
    /// 总分公司之间作为执行计划使用的凭证.
    InternalPlan,
    /// 法律、会计、审计、一般服务和劳务合同.
    ServiceContract,
    /// 人寿、健康保险.
    PersonalInsurance,
    /// 再保险.
    Reinsurance,
    /// 期货.
    Futures,
    /// 债券、基金份额.
    BondsAndFunds,
    /// 同业拆借.
    Interbank,
    /// 出借人不是金融机构的借款合同.
    NonFinancialLoan,
    /// 管道运输.
    Pipeline,
    /// 土地承包经营权和土地经营权转移.
    RuralLandRight,
    /// 个人书立的动产买卖合同.
    IndividualMovables,
    /// 已另外书立买卖合同的订单、要货单.
    OrderOfContract,
    /// 境外书立且不在境内使用.
    UsedAbroad,
}

/// Names of the reasons, as in the rule table.
macro_rules! reasons {
    ($($reason:ident $name:literal;)+) => {
        impl OutOfScope {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$reason),+];

            /// The word in the rule table `st.out_of_scope`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$reason => $name),+ }
            }
        }
    };
}

reasons! {
    CourtDocument "COURT_DOCUMENT";
    Expropriation "EXPROPRIATION";
    InternalPlan "INTERNAL_PLAN";
    ServiceContract "SERVICE_CONTRACT";
    PersonalInsurance "PERSONAL_INSURANCE";
    Reinsurance "REINSURANCE";
    Futures "FUTURES";
    BondsAndFunds "BONDS_AND_FUNDS";
    Interbank "INTERBANK";
    NonFinancialLoan "NON_FINANCIAL_LOAN";
    Pipeline "PIPELINE";
    RuralLandRight "RURAL_LAND_RIGHT";
    IndividualMovables "INDIVIDUAL_MOVABLES";
    OrderOfContract "ORDER_OF_CONTRACT";
    UsedAbroad "USED_ABROAD";
}

/// What the real property is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PropertyUse {
    /// 住房.
    Housing,
    /// 其他房屋、建筑物、构筑物.
    Building,
    /// 土地.
    Land,
}

/// The real property a document is about (不动产).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RealProperty {
    /// Where it lies (不动产所在地).
    pub division: Region,
    /// What it is used as.
    pub used_as: PropertyUse,
}

/// What is restructured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RestructuredBody {
    /// 企业.
    Enterprise,
    /// 事业单位.
    PublicInstitution,
}

impl RestructuredBody {
    /// The parameter of the share that the former investors must keep more than.
    pub const fn share_parameter(self) -> &'static str {
        match self {
            Self::Enterprise => "st.restructuring.share.enterprise",
            Self::PublicInstitution => "st.restructuring.share.public_institution",
        }
    }
}

/// A restructuring (改制) that a document belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restructuring {
    /// What is restructured.
    pub body: RestructuredBody,
    /// Share that the former investors keep in the new company, 0 to 1 (原投资主体所占比例).
    #[serde(with = "rust_decimal::serde::str")]
    pub continuing_share: Decimal,
}
