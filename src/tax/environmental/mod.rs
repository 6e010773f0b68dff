//! 环境保护税: a source is an outlet, a stream of solid waste or a noise site, with its records by
//! month. Charge lines are one for each month and pollutant (part of the day for noise); they
//! carry the whole quarter as their period.

mod annex;
pub mod catalogue;
mod check;
mod fields;
mod figures;
mod measure;
mod noise;
mod outlet;
mod outlet_charge;
mod outlet_check;
mod quantity;
pub mod radar;
mod relief;
mod scale;
mod selection;
mod turning;
mod waste;

#[cfg(test)]
mod radar_tests;
#[cfg(test)]
mod tests;

pub use annex::PollutantClass;
pub use noise::{NoisePart, NoisePoint, NoiseRecord, NoiseSite};
pub use outlet::{Destination, Facility, GenerationReason, Medium, Outlet, OutletRecord};
pub use quantity::{
    Coefficient, ConstructionDust, DustWork, Feature, MassBalance, MassUnit, Monitored, Quantity,
    Reading, Sewage,
};
pub use waste::{SolidWaste, WasteKind, WasteReason, WasteRecord};

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Charge, ChargeError, Context, Frequency, Severity, StatedRate, Step, TaxSource};
use crate::types::{Month, Period};

/// 环境保护税 source (税源).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the outlet or noise source (排放口名称或噪声源名称).
    pub name: String,
    /// Number of the outlet in the discharge permit (排放口编号); may be empty.
    #[serde(default)]
    pub outlet_number: String,
    /// Number of the discharge permit (排污许可证编号); may be empty.
    #[serde(default)]
    pub permit_number: String,
    /// True when the taxpayer must hold a discharge permit.
    #[serde(default)]
    pub permit_required: bool,
    /// Days in which the source exists (有效期起止); nothing means without end.
    #[serde(default)]
    pub valid_period: Option<Period>,
    /// Day of discharge when filed by occurrence (按次申报, 环境保护税法 art. 18).
    #[serde(default)]
    pub occurrence_date: Option<Date>,
    /// True for offshore work (从事海洋工程), which has rules of its own and is refused.
    #[serde(default)]
    pub offshore: bool,
    /// Unit tax of an outlet, yuan per equivalent, with the local document.
    #[serde(default)]
    pub stated_unit_tax: Option<StatedRate>,
    /// What is discharged.
    pub subject: Subject,
}

/// What a source discharges (污染物类别).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// Air or water pollutants.
    Outlet(Outlet),
    /// Solid waste.
    SolidWaste(SolidWaste),
    /// Industrial noise.
    NoiseSite(NoiseSite),
}

impl Source {
    /// True when the source exists on a day of the month, and is of that occurrence.
    fn exists_in(&self, month: Month) -> bool {
        let days = Period::months_between(month, month);
        match self.occurrence_date {
            Some(day) => Month::of(day) == month,
            None => self
                .valid_period
                .is_none_or(|valid| valid.overlap(days).is_some()),
        }
    }

    /// The tax periods to be filed within `ctx.period`: the quarters that end in it, also those
    /// without tax; by occurrence the day of discharge.
    ///
    /// # Errors
    /// When the place's filing frequency is not in the rule pack.
    pub fn periods_due(&self, ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        if let Some(day) = self.occurrence_date {
            let due = ctx.period.contains(day);
            return Ok(due.then(|| Period::day(day)).into_iter().collect());
        }
        let word = ctx.text("ept.frequency", ctx.period.last())?;
        let frequency = Frequency::parse(word).ok_or_else(|| {
            super::catalogue::RULE_PACK_MISMATCH.at(
                "",
                format!("规则库参数 ept.frequency 的值 {word} 无法识别"),
                format!("the rule pack's ept.frequency is {word}, which is no frequency"),
            )
        })?;
        let mut periods = frequency.periods_ending_in(ctx.period);
        periods.retain(|period| {
            self.valid_period
                .is_none_or(|valid| valid.overlap(*period).is_some())
        });
        Ok(periods)
    }

    /// The rule that says how often it is filed; none where it is filed as it occurs.
    pub fn frequency_parameter(&self) -> Option<&'static str> {
        self.occurrence_date.is_none().then_some("ept.frequency")
    }

    /// The rule that says when it is due (环境保护税法 art. 19).
    pub fn due_parameter(&self) -> &'static str {
        match self.occurrence_date {
            Some(_) => "ept.due.occurrence",
            None => "ept.due.quarter",
        }
    }

    /// Charges the tax of `ctx.period`.
    ///
    /// # Errors
    /// [`ChargeError`]; the first error of [`Source::check`] refuses the charge.
    pub fn charge(
        &self,
        peers: &[&TaxSource],
        ctx: &Context<'_>,
    ) -> Result<Vec<Charge>, ChargeError> {
        let stop = self
            .check(ctx)
            .into_iter()
            .find(|finding| finding.severity == Severity::Error);
        if let Some(error) = stop {
            return Err(error.into());
        }
        if let Some(split) = self.split_outlet(peers, ctx) {
            return Err(split.into());
        }
        let mut charges = Vec::new();
        for month in ctx.period.months().filter(|month| self.exists_in(*month)) {
            match &self.subject {
                Subject::Outlet(outlet) => {
                    let rate = self.stated_unit_tax.as_ref();
                    let exceeded = outlet.is_over(month) || !over_among(peers, month).is_empty();
                    charges.extend(outlet.charge(ctx, month, rate, exceeded)?);
                }
                Subject::SolidWaste(waste) => charges.extend(waste.charge(ctx, month)?),
                Subject::NoiseSite(site) => charges.extend(site.charge(ctx, month)?),
            }
        }
        if !ctx.explain {
            for charge in &mut charges {
                charge.steps.clear();
                charge.turning_points.clear();
            }
        }
        Ok(charges)
    }
}

/// The names of the other sources of the taxpayer that are outlets over a limit in the month.
fn over_among<'a>(peers: &[&'a TaxSource], month: Month) -> BTreeSet<&'a str> {
    let over = |peer: &&'a TaxSource| match peer {
        TaxSource::EnvironmentalProtectionTax(source) => match &source.subject {
            Subject::Outlet(outlet) if outlet.is_over(month) => Some(source.name.as_str()),
            _ => None,
        },
        _ => None,
    };
    peers.iter().filter_map(over).collect()
}

/// One step of the explanation.
fn step(
    zh: impl Into<String>,
    en: impl Into<String>,
    expression: impl Into<String>,
    value: impl ToString,
    parameter_id: Option<&str>,
    basis: &str,
) -> Step {
    Step {
        label_zh: zh.into(),
        label_en: en.into(),
        expression: expression.into(),
        value: value.to_string(),
        parameter_id: parameter_id.map(str::to_owned),
        legal_basis: (!basis.is_empty()).then(|| basis.to_owned()),
    }
}
