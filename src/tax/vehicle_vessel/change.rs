//! Changes of a vehicle or vessel after it was acquired (改装、变更登记): dated, never overwritten.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::super::StatedRate;
use super::source::{Energy, Kind, Source};

/// A change of facts (改装、更换发动机、变更登记); what it does not name stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Day of the changed registration.
    pub on: Date,
    /// The kind from then on.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// The drive from then on.
    #[serde(default)]
    pub energy: Option<Energy>,
    /// 排气量 in millilitres from then on.
    #[serde(default)]
    pub displacement_ml: Option<u32>,
    /// 核定载客人数 from then on.
    #[serde(default)]
    pub seats: Option<u32>,
    /// 整备质量 in tonnes from then on.
    #[serde(default, with = "crate::types::decimal_text")]
    pub curb_mass_tonnes: Option<Decimal>,
    /// 净吨位 from then on.
    #[serde(default, with = "crate::types::decimal_text")]
    pub net_tonnage_tonnes: Option<Decimal>,
    /// 主机功率 in kW from then on.
    #[serde(default, with = "crate::types::decimal_text")]
    pub engine_power_kw: Option<Decimal>,
    /// 艇身长度 in metres from then on.
    #[serde(default, with = "crate::types::decimal_text")]
    pub hull_length_metres: Option<Decimal>,
    /// 单位税额 with its document from then on, where the rule pack has none.
    #[serde(default)]
    pub stated_unit_amount: Option<StatedRate>,
    /// 变更登记证明; may be empty.
    #[serde(default)]
    pub document: String,
}

impl Change {
    /// Writes the change over the facts of a source. The item declared was that of the old facts,
    /// so it no longer binds.
    pub(super) fn apply(&self, source: &mut Source) {
        fn put<T: Clone>(new: &Option<T>, old: &mut Option<T>) {
            if new.is_some() {
                old.clone_from(new);
            }
        }
        source.kind = self.kind.unwrap_or(source.kind);
        put(&self.energy, &mut source.energy);
        put(&self.displacement_ml, &mut source.displacement_ml);
        put(&self.seats, &mut source.seats);
        put(&self.curb_mass_tonnes, &mut source.curb_mass_tonnes);
        put(&self.net_tonnage_tonnes, &mut source.net_tonnage_tonnes);
        put(&self.engine_power_kw, &mut source.engine_power_kw);
        put(&self.hull_length_metres, &mut source.hull_length_metres);
        put(&self.stated_unit_amount, &mut source.stated_unit_amount);
        source.declared_item = None;
    }
}
