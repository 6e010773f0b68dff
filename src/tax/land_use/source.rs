//! A plot as its taxpayer states it (税源明细表 of 城镇土地使用税).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::facts::{AssessedGrade, ChangeKind, PieceUse, Staff};
use super::relief::LandRelief;
use crate::tax::StatedRate;
use crate::types::{Money, Month, Period};

/// Who pays (纳税人类型), 条例 art. 2 and 国税地字〔1988〕15号.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LandTaxpayer {
    /// 土地使用权人.
    RightHolder,
    /// 集体土地使用人.
    CollectiveUser,
    /// 无偿使用人.
    FreeUser,
    /// 代管人.
    Custodian,
    /// 实际使用人.
    ActualUser,
}

/// The certificate (不动产权证类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CertificateKind {
    /// 不动产权证.
    RealEstate,
    /// 土地使用证.
    LandUse,
    /// 其他.
    Other,
}

/// Whose land it is (土地性质).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LandNature {
    /// 国有.
    State,
    /// 集体.
    Collective,
}

/// How the right was got, as the form asks (土地取得方式).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AcquisitionMode {
    /// 划拨.
    Allocated,
    /// 出让.
    Granted,
    /// 转让.
    Transferred,
    /// 租赁.
    Leased,
    /// 其他.
    Other,
}

/// What the land is used for (土地用途).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LandPurpose {
    /// 工业.
    Industrial,
    /// 商业.
    Commercial,
    /// 居住.
    Residential,
    /// 综合.
    Mixed,
    /// 房地产开发企业的开发用地.
    Developer,
    /// 其他.
    Other,
}

/// The event that starts the liability (纳税义务发生). The months from the event to the first
/// taxed month are rule data, `lut.start_months.<kind>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AcquisitionKind {
    /// 出让: the delivery agreed in the contract, else its signing (财税〔2006〕186号 art. 2).
    Grant,
    /// 转让: as for a grant.
    Transfer,
    /// 招拍挂, even of former farmland: as for a grant (公告2014年第74号).
    Auction,
    /// 征用耕地: the approval (条例 art. 9(1)).
    RequisitionedFarmland,
    /// 征用非耕地: the approval (条例 art. 9(2)).
    RequisitionedOther,
    /// 购置新建商品房: the delivery of the house (国税发〔2003〕89号).
    NewHouse,
    /// 购置存量房: the issue of the certificate (国税发〔2003〕89号).
    ExistingHouseCertificate,
    /// 出租、出借: the handover (国税发〔2003〕89号).
    Leased,
    /// 使用集体土地: the start of use (财税〔2006〕56号).
    CollectiveUse,
    /// 存量税源: held and taxed before it was recorded here; the event is the first day of the
    /// first taxed month as filed before.
    CarriedOver,
}

impl AcquisitionKind {
    /// The word in parameter ids.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Transfer => "transfer",
            Self::Auction => "auction",
            Self::RequisitionedFarmland => "requisitioned_farmland",
            Self::RequisitionedOther => "requisitioned_other",
            Self::NewHouse => "new_house",
            Self::ExistingHouseCertificate => "existing_house_certificate",
            Self::Leased => "leased",
            Self::CollectiveUse => "collective_use",
            Self::CarriedOver => "carried_over",
        }
    }

    /// True where a contract without a delivery date counts from its signing.
    pub(super) const fn is_paid_contract(self) -> bool {
        matches!(self, Self::Grant | Self::Transfer | Self::Auction)
    }
}

/// How and when the land was got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acquisition {
    /// The event that starts the liability.
    pub kind: AcquisitionKind,
    /// The day of that event: agreed delivery, approval, delivery, certificate, handover or use.
    #[serde(default)]
    pub event_on: Option<Date>,
    /// The day a contract for payment was signed (合同签订日).
    #[serde(default)]
    pub signed_on: Option<Date>,
}

impl Acquisition {
    /// The day the liability counts from, when it is stated.
    pub(super) fn counted_from(self) -> Option<Date> {
        let signed = self.signed_on.filter(|_| self.kind.is_paid_contract());
        self.event_on.or(signed)
    }
}

/// Why the liability ends (变更类型: 纳税义务终止).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EndKind {
    /// 权属转移.
    Transferred,
    /// 其他.
    Other,
}

/// The end of the liability: its month is still taxed (财税〔2008〕152号 art. 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The day the right or the land changed.
    pub on: Date,
    /// Why.
    pub kind: EndKind,
}

/// The class of place a grade belongs to (条例 art. 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LandClass {
    /// 城市.
    City,
    /// 县城、建制镇.
    CountyTown,
    /// 工矿区.
    MiningArea,
}

impl LandClass {
    /// The word in parameter ids.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::CountyTown => "county_town",
            Self::MiningArea => "mining_area",
        }
    }

    /// The item of a grade (征收品目): stable id and name.
    pub(super) fn item(self, grade: u32) -> (String, String) {
        let (id, name) = match self {
            Self::City => ("CITY", "城市"),
            Self::CountyTown => ("COUNTY_TOWN", "县城、建制镇"),
            Self::MiningArea => ("MINING_AREA", "工矿区"),
        };
        (
            format!("LUT_{id}_GRADE_{grade}"),
            format!("{name}土地使用税等级{grade}"),
        )
    }
}

/// The kind of city, for the national range (条例 art. 4, 国税地字〔1988〕15号).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CityKind {
    /// 大城市.
    Large,
    /// 中等城市.
    Medium,
    /// 小城市.
    Small,
}

impl CityKind {
    /// The word in rule files, and the end of the id of its range.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Large => "large",
            Self::Medium => "medium",
            Self::Small => "small",
        }
    }
}

/// Area and grade from a day on (占用土地面积, 土地等级).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The day of the change: it counts from the next month (decision LU3). The first version has
    /// no day.
    #[serde(default)]
    pub changed_on: Option<Date>,
    /// For a change that the law dates by month: it counts from this month.
    #[serde(default)]
    pub from_month: Option<Month>,
    /// Area in square metres, at most two places.
    #[serde(with = "rust_decimal::serde::str")]
    pub area_sqm: Decimal,
    /// The class of place.
    pub land_class: LandClass,
    /// The grade (土地等级), from 1.
    pub grade: u32,
    /// The kind of city; for class CITY, where the rule pack does not know it.
    #[serde(default)]
    pub city_kind: Option<CityKind>,
    /// The unit tax (税额标准) in yuan per square metre and year, where the rule pack has none.
    #[serde(default)]
    pub unit_tax: Option<StatedRate>,
    /// What changed (变更类型), as the form says; none for the first version.
    #[serde(default)]
    pub change_kind: Option<ChangeKind>,
    /// The area found by the official survey (测定面积), where there was one: it goes before all.
    #[serde(default, with = "crate::types::decimal_text")]
    pub surveyed_area_sqm: Option<Decimal>,
    /// The area on the certificate (证书确认的面积): it goes before the taxpayer's own figure.
    #[serde(default, with = "crate::types::decimal_text")]
    pub certificate_area_sqm: Option<Decimal>,
}

/// The taxpayer's part of a building that stands on the plot (共用土地, 国税地字〔1988〕15号).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedBuilding {
    /// Own floor area in square metres.
    #[serde(with = "rust_decimal::serde::str")]
    pub own_floor_area_sqm: Decimal,
    /// Floor area of the whole building in square metres.
    #[serde(with = "rust_decimal::serde::str")]
    pub building_floor_area_sqm: Decimal,
}

/// Tax of the plot paid before for some months (已缴税额).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// The months it was paid for; counted when they lie inside the period charged.
    pub period: Period,
    /// The amount, above zero.
    pub amount: Money,
}

/// 城镇土地使用税 source: one plot (宗地) of one taxpayer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Who pays.
    pub taxpayer_kind: LandTaxpayer,
    /// Identifier of the right holder (土地使用权人识别号), when somebody else pays.
    #[serde(default)]
    pub holder_id: String,
    /// Name of the right holder (土地使用权人名称), when somebody else pays.
    #[serde(default)]
    pub holder_name: String,
    /// 土地编号, issued by the bureau at the first filing.
    #[serde(default)]
    pub land_no: String,
    /// 土地名称.
    #[serde(default)]
    pub land_name: String,
    /// 不动产权证号.
    #[serde(default)]
    pub certificate_no: String,
    /// 不动产权证类型.
    #[serde(default)]
    pub certificate_kind: Option<CertificateKind>,
    /// 不动产单元代码, 28 characters.
    #[serde(default)]
    pub unit_code: String,
    /// 宗地号.
    #[serde(default)]
    pub plot_no: String,
    /// 土地性质.
    pub nature: LandNature,
    /// 土地取得方式.
    pub acquisition_mode: AcquisitionMode,
    /// 土地用途.
    pub purpose: LandPurpose,
    /// 土地坐落地址.
    #[serde(default)]
    pub address: String,
    /// 地价, for the form only.
    #[serde(default)]
    pub land_price: Option<Money>,
    /// How and when the land was got.
    pub acquisition: Acquisition,
    /// When and why the liability ended.
    #[serde(default)]
    pub end: Option<End>,
    /// Area and grade over time, in order; the first from the start.
    pub versions: Vec<Version>,
    /// The share in a plot under a shared building; it multiplies every version's area.
    #[serde(default)]
    pub shared_building: Option<SharedBuilding>,
    /// True for land of a stand-alone underground building (单独建造的地下建筑用地, 财税〔2009〕
    /// 128号 art. 4): its relief is then applied first.
    #[serde(default)]
    pub underground_stand_alone: bool,
    /// Reliefs claimed, in the order to apply: policy reliefs first, then hardship.
    #[serde(default)]
    pub reliefs: Vec<LandRelief>,
    /// Tax paid before.
    #[serde(default)]
    pub payments: Vec<Payment>,
    /// Area of the whole registered plot (宗地面积), where it is known: no area may exceed it.
    #[serde(default, with = "crate::types::decimal_text")]
    pub plot_area_sqm: Option<Decimal>,
    /// The grades that the bureau assessed for the taxpayer (税费种认定); empty when not known.
    #[serde(default)]
    pub assessed_grades: Vec<AssessedGrade>,
    /// True for collective land rented from somebody who rents it himself: only the first lessee
    /// pays, so nothing is taxed here.
    #[serde(default)]
    pub collective_sublease: bool,
    /// What pieces of the plot are used for, where that decides a relief (按实际用途划分).
    #[serde(default)]
    pub uses: Vec<PieceUse>,
    /// The staff, where the relief of employers of disabled staff is in question.
    #[serde(default)]
    pub staff: Option<Staff>,
    /// True for an industry that the state restricts or discourages: no hardship relief.
    #[serde(default)]
    pub restricted_industry: bool,
}
