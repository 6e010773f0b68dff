//! The taxes (税种) of the consolidated filing.

use serde::{Deserialize, Serialize};

/// One of the six taxes (税种) of the first journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaxKind {
    /// 房产税, 10110.
    RealEstateTax,
    /// 城镇土地使用税, 10112.
    LandUseTax,
    /// 车船税, 10114.
    VehicleVesselTax,
    /// 印花税, 10111.
    StampTax,
    /// 土地增值税, 10113.
    LandAppreciationTax,
    /// 环境保护税, 10121.
    EnvironmentalProtectionTax,
}

impl TaxKind {
    /// All six, in the order they stand on the form.
    pub const ALL: [Self; 6] = [
        Self::RealEstateTax,
        Self::LandUseTax,
        Self::VehicleVesselTax,
        Self::StampTax,
        Self::LandAppreciationTax,
        Self::EnvironmentalProtectionTax,
    ];

    /// The stable name, as in proto and rule files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RealEstateTax => "REAL_ESTATE_TAX",
            Self::LandUseTax => "LAND_USE_TAX",
            Self::VehicleVesselTax => "VEHICLE_VESSEL_TAX",
            Self::StampTax => "STAMP_TAX",
            Self::LandAppreciationTax => "LAND_APPRECIATION_TAX",
            Self::EnvironmentalProtectionTax => "ENVIRONMENTAL_PROTECTION_TAX",
        }
    }

    /// The tax's name in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::RealEstateTax => "房产税",
            Self::LandUseTax => "城镇土地使用税",
            Self::VehicleVesselTax => "车船税",
            Self::StampTax => "印花税",
            Self::LandAppreciationTax => "土地增值税",
            Self::EnvironmentalProtectionTax => "环境保护税",
        }
    }

    /// The collection item code (征收项目代码).
    pub const fn code(self) -> &'static str {
        match self {
            Self::RealEstateTax => "10110",
            Self::LandUseTax => "10112",
            Self::VehicleVesselTax => "10114",
            Self::StampTax => "10111",
            Self::LandAppreciationTax => "10113",
            Self::EnvironmentalProtectionTax => "10121",
        }
    }

    /// Finds a tax by its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
