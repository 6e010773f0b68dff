//! 城镇土地使用税: area × unit tax, by the month, less reliefs.
//!
//! Law: 城镇土地使用税暂行条例; 国税地字〔1988〕15号; 财税〔2006〕186号; 国税发〔2003〕89号;
//! 财税〔2008〕152号. `months` finds the taxed months and their unit tax, `relief` the reliefs,
//! `charge` the lines, `explain` and `turning` why they are so, `check` what is wrong or doubtful,
//! `radar` which reliefs the facts suggest. All values of law are rule data (`lut.`).

pub mod catalogue;
mod charge;
mod check;
mod explain;
mod facts;
mod months;
#[cfg(test)]
mod property_tests;
pub mod radar;
#[cfg(test)]
mod radar_tests;
mod relief;
mod source;
#[cfg(test)]
mod tests;
mod turning;

pub use facts::{AssessedGrade, ChangeKind, PieceUse, Staff, UseKind};
pub use relief::LandRelief;
pub use source::{
    Acquisition, AcquisitionKind, AcquisitionMode, CertificateKind, CityKind, End, EndKind,
    LandClass, LandNature, LandPurpose, LandTaxpayer, Payment, SharedBuilding, Source, Version,
};

use super::{Charge, ChargeError, Context, Finding, Frequency, TaxSource};
use crate::rules::LookupError;
use crate::types::Period;

/// How often the tax is filed in a place, a text parameter.
const FREQUENCY: &str = "lut.frequency";

impl Source {
    /// What is wrong or doubtful with the plot by itself, all at once.
    pub fn check(&self, ctx: &Context<'_>) -> Vec<Finding> {
        check::all(self, ctx)
    }

    /// The tax periods to be filed within `ctx.period`: those ending in it that have a taxed month.
    ///
    /// # Errors
    /// When the place's filing frequency is not in the rule pack, or the acquisition has no date.
    pub fn periods_due(&self, ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        let frequency =
            Frequency::parse(ctx.text(FREQUENCY, ctx.period.last())?).ok_or_else(|| {
                LookupError::WrongKind {
                    id: FREQUENCY.to_owned(),
                    wanted: "filing frequency",
                }
            })?;
        let mut periods = frequency.periods_ending_in(ctx.period);
        let start = months::start(self, ctx)?;
        periods.retain(|period| months::taxed(self, &start, *period).is_some());
        Ok(periods)
    }

    /// The rule that says how often it is filed; none where it is filed as it occurs.
    pub fn frequency_parameter(&self) -> Option<&'static str> {
        Some(FREQUENCY)
    }

    /// The rule that says when it is due.
    pub fn due_parameter(&self) -> &'static str {
        "lut.due"
    }

    /// Charges the tax of `ctx.period`: one line for each run of months with the same area, grade
    /// and unit tax; none when no month is taxed.
    ///
    /// # Errors
    /// [`ChargeError`] when a unit tax is missing or the source has an error finding.
    pub fn charge(
        &self,
        peers: &[&TaxSource],
        ctx: &Context<'_>,
    ) -> Result<Vec<Charge>, ChargeError> {
        charge::lines(self, peers, ctx)
    }
}
