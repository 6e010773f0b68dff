//! Outlets of air and water pollutants and their records (the charge stands in `outlet_charge`).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::annex::{self, PollutantClass};
use super::quantity::Quantity;
use crate::tax::{Context, ReliefClaim, StatedRate};
use crate::types::{Money, Month};

/// Air or water (污染物类别).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Medium {
    /// 大气污染物.
    Air,
    /// 水污染物.
    Water,
}

impl Medium {
    /// Name in Chinese (税目).
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Air => "大气污染物",
            Self::Water => "水污染物",
        }
    }
}

/// The kind of place (环境保护税法 art. 12, 实施条例 art. 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Facility {
    /// Any other place.
    #[default]
    Ordinary,
    /// 城乡污水集中处理场所 serving the public.
    UrbanSewagePlant,
    /// 生活垃圾集中处理场所.
    HouseholdRefusePlant,
    /// 工业园区污水处理厂: not exempt.
    IndustrialParkPlant,
}

impl Facility {
    /// True for the places that art. 12(3) exempts within the standard.
    pub(super) const fn is_public_plant(self) -> bool {
        matches!(self, Self::UrbanSewagePlant | Self::HouseholdRefusePlant)
    }
}

/// Where the discharge goes (环境保护税法 art. 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Destination {
    /// Directly into the environment.
    #[default]
    Environment,
    /// To a lawful centralised plant: not taxed.
    CentralisedPlant,
    /// 畜禽养殖废弃物综合利用和无害化处理 (实施条例 art. 4): not taxed.
    ManureUse,
}

/// Why generation is taxed in place of emission (实施条例 art. 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GenerationReason {
    /// Required monitoring equipment not installed or not connected.
    EquipmentMissing,
    /// Monitoring equipment damaged, moved or altered.
    EquipmentAltered,
    /// Monitoring data falsified.
    DataFalsified,
    /// Secret pipes, seepage wells, injection, dilution, treatment switched off.
    SecretDischarge,
    /// False filing.
    FalseFiling,
}

/// An outlet (排放口), or the emissions without one (无组织排放).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlet {
    /// Air or water.
    pub medium: Medium,
    /// Emissions without an outlet; air only.
    #[serde(default)]
    pub fugitive: bool,
    /// The kind of place.
    #[serde(default)]
    pub facility: Facility,
    /// Where the discharge goes.
    #[serde(default)]
    pub destination: Destination,
    /// Rounds equivalents to two places first, as published examination keys do.
    #[serde(default)]
    pub rounds_equivalents: bool,
    /// Months in which an outlet of the taxpayer that is not declared here was over its limit.
    #[serde(default)]
    pub other_exceeded_months: Vec<Month>,
    /// One for each month and pollutant.
    #[serde(default)]
    pub records: Vec<OutletRecord>,
}

/// One pollutant in one month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutletRecord {
    /// 税款所属月份.
    pub month: Month,
    /// 污染物名称 as in the annex; `pH值` for all bands.
    pub pollutant: String,
    /// The block the taxpayer takes it for, checked against the annex.
    #[serde(default)]
    pub pollutant_class: Option<PollutantClass>,
    /// The method and its figures.
    pub quantity: Quantity,
    /// Quantity generated (产生量) in kg.
    #[serde(default, with = "crate::types::decimal_text")]
    pub generation_kg: Option<Decimal>,
    /// Why the generation is taxed.
    #[serde(default)]
    pub generation_reason: Option<GenerationReason>,
    /// The environmental department's figure in kg; it governs (实施条例 art. 21).
    #[serde(default, with = "crate::types::decimal_text")]
    pub reviewed_kg: Option<Decimal>,
    /// 月均浓度, mg per standard m3 or mg per litre.
    #[serde(default, with = "crate::types::decimal_text")]
    pub mean_concentration: Option<Decimal>,
    /// 最高浓度: highest hourly (air) or daily (water) mean.
    #[serde(default, with = "crate::types::decimal_text")]
    pub max_concentration: Option<Decimal>,
    /// 标准浓度值.
    #[serde(default, with = "crate::types::decimal_text")]
    pub concentration_limit: Option<Decimal>,
    /// The month has no data of its own; the latest are carried forward.
    #[serde(default)]
    pub carried_forward: bool,
    /// Claims the low-concentration relief (环境保护税法 art. 13).
    #[serde(default)]
    pub claims_low_concentration_relief: bool,
    /// 本期已缴税额.
    #[serde(default)]
    pub already_paid: Money,
    /// Other reliefs by decision of the State Council (环境保护税法 art. 12(5)).
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
    /// 上年同期 quantity in the annex's unit, to compare with (实施条例 art. 22).
    #[serde(default, with = "crate::types::decimal_text")]
    pub previous_year_quantity: Option<Decimal>,
    /// Unit tax of this pollutant where the place fixes it by pollutant, with its document; it
    /// goes before the source's.
    #[serde(default)]
    pub stated_unit_tax: Option<StatedRate>,
}

impl OutletRecord {
    /// True when any figure of the month is over its limit (decision ENV4).
    pub(super) fn exceeds(&self) -> bool {
        let found = [
            self.highest_reading(),
            self.mean_concentration,
            self.max_concentration,
        ]
        .into_iter()
        .flatten()
        .max();
        let over = |found: Option<Decimal>, limit: Option<Decimal>| {
            found.is_some_and(|found| limit.is_some_and(|limit| limit < found))
        };
        let counted = match &self.quantity {
            Quantity::Sewage(it) => over(it.measured, it.measured_limit),
            _ => false,
        };
        over(found, self.concentration_limit) || counted
    }

    /// The highest measured concentration of the month.
    pub(super) fn highest_reading(&self) -> Option<Decimal> {
        match &self.quantity {
            Quantity::Monitored(it) => it
                .readings
                .iter()
                .filter_map(|reading| reading.concentration)
                .max(),
            _ => None,
        }
    }

    /// The measured pH, for the band.
    pub(super) fn ph(&self) -> Option<Decimal> {
        match &self.quantity {
            Quantity::Sewage(it) => it.ph,
            _ => None,
        }
    }

    /// True for a pH that the law does not tax (6 to 9).
    pub(super) fn is_neutral(&self, ctx: &Context<'_>) -> bool {
        self.pollutant == annex::PH
            && self
                .ph()
                .is_some_and(|ph| annex::ph_band(ctx.rules, ph, self.month).is_none())
    }
}

impl Outlet {
    /// True when the outlet was over a limit in the month.
    pub(super) fn exceeds(&self, month: Month) -> bool {
        self.records
            .iter()
            .any(|record| record.month == month && record.exceeds())
    }

    /// True when this outlet, or one of the taxpayer that is not declared, was over a limit.
    pub(super) fn is_over(&self, month: Month) -> bool {
        self.exceeds(month) || self.other_exceeded_months.contains(&month)
    }

    /// True when nothing of it is taxed.
    pub(super) fn is_untaxed(&self) -> bool {
        self.destination != Destination::Environment
    }
}
