//! Facts beside the form that decide reliefs and checks: uses, staff, assessed grades.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::source::LandClass;
use crate::types::Period;

/// What changed with a version (变更类型: 信息项变更).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeKind {
    /// 土地面积变更.
    Area,
    /// 土地等级变更.
    Grade,
    /// 减免税变更.
    Relief,
    /// 其他.
    Other,
}

/// A grade that the bureau assessed for the taxpayer (税费种认定的征收品目).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessedGrade {
    /// The class of place.
    pub land_class: LandClass,
    /// The grade (土地等级), from 1.
    pub grade: u32,
}

/// What a piece of land is used for, where the law frees that use. Which relief frees it is rule
/// data (`lut.use_reliefs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UseKind {
    /// 国家机关、人民团体、军队自用.
    StateOrgan,
    /// 财政拨付事业经费的单位自用.
    BudgetUnit,
    /// 宗教寺庙、公园、名胜古迹自用.
    TemplePark,
    /// 市政街道、广场、绿化地带等公共用地, also outside the wall of a plant.
    Public,
    /// 直接用于农、林、牧、渔业的生产用地.
    Farming,
    /// 经批准开山填海整治的土地和改造的废弃土地.
    Reclaimed,
    /// 免税单位无偿使用.
    FreeToExempt,
    /// 学校、托儿所、幼儿园、医院.
    SchoolHospital,
    /// 大宗商品仓储设施.
    BulkWarehouse,
    /// 城市公交站场、道路客运站场、城市轨道交通系统.
    BusRail,
    /// 农产品批发市场、农贸市场.
    FarmMarket,
    /// 供热企业为居民供热.
    Heating,
    /// 科技企业孵化器、大学科技园、众创空间.
    Incubator,
    /// 农村饮水安全工程.
    RuralWater,
    /// 公共租赁住房.
    PublicRental,
    /// 保障性住房项目.
    SaleAffordable,
    /// 棚户区改造安置住房.
    Shanty,
    /// 易地扶贫搬迁安置住房.
    Relocation,
    /// 社区养老、托育、家政服务.
    CommunityCare,
    /// 国家商品储备.
    Reserves,
    /// 民用航空发动机、民用飞机研制.
    Aviation,
    /// 公共体育场馆.
    PublicStadium,
    /// 企业拥有的大型体育场馆.
    EnterpriseStadium,
    /// 银行业金融机构、金融资产管理公司的抵债不动产.
    Foreclosed,
    /// 核电站免税部分.
    Nuclear,
    /// 核电站应税部分，基建期内.
    NuclearBuilding,
    /// 石油天然气、矿山、盐场的免税部分.
    OilMineSalt,
    /// 去产能和调结构政策关停企业.
    CapacityCut,
    /// Taxed uses: processing, offices, housing of staff, roads and green inside the wall.
    Taxed,
}

impl UseKind {
    /// Every use.
    pub const ALL: [Self; 29] = [
        Self::StateOrgan,
        Self::BudgetUnit,
        Self::TemplePark,
        Self::Public,
        Self::Farming,
        Self::Reclaimed,
        Self::FreeToExempt,
        Self::SchoolHospital,
        Self::BulkWarehouse,
        Self::BusRail,
        Self::FarmMarket,
        Self::Heating,
        Self::Incubator,
        Self::RuralWater,
        Self::PublicRental,
        Self::SaleAffordable,
        Self::Shanty,
        Self::Relocation,
        Self::CommunityCare,
        Self::Reserves,
        Self::Aviation,
        Self::PublicStadium,
        Self::EnterpriseStadium,
        Self::Foreclosed,
        Self::Nuclear,
        Self::NuclearBuilding,
        Self::OilMineSalt,
        Self::CapacityCut,
        Self::Taxed,
    ];

    /// The word in the rule table.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::StateOrgan => "state_organ",
            Self::BudgetUnit => "budget_unit",
            Self::TemplePark => "temple_park",
            Self::Public => "public",
            Self::Farming => "farming",
            Self::Reclaimed => "reclaimed",
            Self::FreeToExempt => "free_to_exempt",
            Self::SchoolHospital => "school_hospital",
            Self::BulkWarehouse => "bulk_warehouse",
            Self::BusRail => "bus_rail",
            Self::FarmMarket => "farm_market",
            Self::Heating => "heating",
            Self::Incubator => "incubator",
            Self::RuralWater => "rural_water",
            Self::PublicRental => "public_rental",
            Self::SaleAffordable => "sale_affordable",
            Self::Shanty => "shanty",
            Self::Relocation => "relocation",
            Self::CommunityCare => "community_care",
            Self::Reserves => "reserves",
            Self::Aviation => "aviation",
            Self::PublicStadium => "public_stadium",
            Self::EnterpriseStadium => "enterprise_stadium",
            Self::Foreclosed => "foreclosed",
            Self::Nuclear => "nuclear",
            Self::NuclearBuilding => "nuclear_building",
            Self::OilMineSalt => "oil_mine_salt",
            Self::CapacityCut => "capacity_cut",
            Self::Taxed => "taxed",
        }
    }
}

/// One use of the plot, or of a piece of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PieceUse {
    /// What it is used for.
    pub kind: UseKind,
    /// The piece's area in square metres; nothing means all of the taxed area.
    #[serde(default, with = "crate::types::decimal_text")]
    pub area_sqm: Option<Decimal>,
    /// The share of the use where it is not by area (residents' part of the heat fees, the rural
    /// part of the water), 0 to 1. Not together with an area.
    #[serde(default, with = "crate::types::decimal_text")]
    pub share: Option<Decimal>,
    /// The months of the use, whole ones; nothing means all.
    #[serde(default)]
    pub period: Option<Period>,
}

/// Staff in the year's monthly average (财税〔2010〕121号 art. 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Disabled persons employed (月平均实际安置残疾人数).
    #[serde(with = "rust_decimal::serde::str")]
    pub disabled: Decimal,
    /// All staff (在职职工总数).
    #[serde(with = "rust_decimal::serde::str")]
    pub all: Decimal,
}
