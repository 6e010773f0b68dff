//! The methods by which a quantity is found (污染物排放量计算方法, 环境保护税法 art. 10), with their
//! figures; `measure` computes.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::tax::StatedRate;

/// The method with its own figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Quantity {
    /// 自动监测 or 监测机构监测.
    Monitored(Monitored),
    /// 排污系数.
    Coefficient(Coefficient),
    /// 物料衡算.
    MassBalance(MassBalance),
    /// 施工扬尘, 抽样测算.
    ConstructionDust(ConstructionDust),
    /// pH, colour, coliform count, residual chlorine: by sewage.
    Sewage(Sewage),
    /// 禽畜养殖业、小型企业和第三产业, 抽样测算 by a feature.
    Feature(Feature),
}

/// Either a mass, or flow and readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitored {
    /// True for automatic monitoring.
    #[serde(default)]
    pub automatic: bool,
    /// Mass of the month in kg.
    #[serde(default, with = "crate::types::decimal_text")]
    pub emission_kg: Option<Decimal>,
    /// Flow of the month: 10,000 standard m3 of gas, or tonnes of sewage.
    #[serde(default, with = "crate::types::decimal_text")]
    pub flow: Option<Decimal>,
    /// Readings of the concentration (实测浓度值).
    #[serde(default)]
    pub readings: Vec<Reading>,
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Concentration, mg per standard m3 or mg per litre; nothing below the detection limit.
    #[serde(default, with = "crate::types::decimal_text")]
    pub concentration: Option<Decimal>,
    /// Flow at the reading, for the weighted mean of water.
    #[serde(default, with = "crate::types::decimal_text")]
    pub flow: Option<Decimal>,
    /// Below the detection limit (未检出): zero.
    #[serde(default)]
    pub below_detection_limit: bool,
}

impl Reading {
    /// The concentration that counts.
    pub(super) fn counted(&self) -> Option<Decimal> {
        match (self.below_detection_limit, self.concentration) {
            (true, None) => Some(Decimal::ZERO),
            (false, found) => found,
            (true, Some(_)) => None,
        }
    }
}

/// Base × coefficient × unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficient {
    /// Base quantity (计算基数).
    #[serde(with = "rust_decimal::serde::str")]
    pub base_quantity: Decimal,
    /// Discharge coefficient (排污系数) per unit of base.
    #[serde(with = "rust_decimal::serde::str")]
    pub discharge_coefficient: Decimal,
    /// Generation coefficient (产污系数) per unit of base.
    #[serde(default, with = "crate::types::decimal_text")]
    pub generation_coefficient: Option<Decimal>,
    /// Unit of the pollutant in the coefficients.
    pub mass_unit: MassUnit,
}

/// Unit of mass (污染物单位).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MassUnit {
    /// 吨.
    Tonne,
    /// 千克.
    Kilogram,
    /// 克.
    Gram,
    /// 毫克.
    Milligram,
}

impl MassUnit {
    /// Kilograms in one unit, as the numerator and denominator.
    pub(super) const fn kilograms(self) -> (i64, i64) {
        match self {
            Self::Tonne => (1000, 1),
            Self::Kilogram => (1, 1),
            Self::Gram => (1, 1000),
            Self::Milligram => (1, 1_000_000),
        }
    }
}

/// The taxpayer's mass balance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MassBalance {
    /// Mass of the month in kg.
    #[serde(with = "rust_decimal::serde::str")]
    pub emission_kg: Decimal,
}

/// Area × (generation − reduction).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstructionDust {
    /// Area of the site in m2.
    #[serde(with = "rust_decimal::serde::str")]
    pub area_sqm: Decimal,
    /// kg per m2 and month generated.
    #[serde(with = "rust_decimal::serde::str")]
    pub generation_coefficient: Decimal,
    /// kg per m2 and month saved by the measures taken.
    #[serde(with = "rust_decimal::serde::str")]
    pub reduction_coefficient: Decimal,
    /// The kind of work, to compare the generation coefficient with the place's.
    #[serde(default)]
    pub work: Option<DustWork>,
}

/// The kind of construction work (施工类型), by which sampling methods fix the coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DustWork {
    /// 建筑施工.
    Building,
    /// 市政（拆迁）施工.
    MunicipalOrDemolition,
}

impl DustWork {
    /// The parameter with the place's generation coefficient.
    pub(super) const fn generation_id(self) -> &'static str {
        match self {
            Self::Building => "ept.dust.generation.building",
            Self::MunicipalOrDemolition => "ept.dust.generation.municipal",
        }
    }
}

/// Pollutants counted by sewage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sewage {
    /// Sewage of the month in tonnes.
    #[serde(with = "rust_decimal::serde::str")]
    pub sewage_tonnes: Decimal,
    /// Measured pH, for `pH值`.
    #[serde(default, with = "crate::types::decimal_text")]
    pub ph: Option<Decimal>,
    /// Measured colour in times, or coliform count.
    #[serde(default, with = "crate::types::decimal_text")]
    pub measured: Option<Decimal>,
    /// Standard of the same.
    #[serde(default, with = "crate::types::decimal_text")]
    pub measured_limit: Option<Decimal>,
}

/// A feature (特征指标) of a small discharger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Heads, birds, beds or tonnes of sewage.
    #[serde(default, with = "crate::types::decimal_text")]
    pub count: Option<Decimal>,
    /// Stock at the start of the month.
    #[serde(default, with = "crate::types::decimal_text")]
    pub opening_stock: Option<Decimal>,
    /// Stock at the end of the month.
    #[serde(default, with = "crate::types::decimal_text")]
    pub closing_stock: Option<Decimal>,
    /// Beds of a hospital counted by sewage.
    #[serde(default, with = "crate::types::decimal_text")]
    pub beds: Option<Decimal>,
    /// The province's scale of livestock farms (省级规模标准) with its document, where the rule
    /// pack has none.
    #[serde(default)]
    pub stated_scale: Option<StatedRate>,
}
