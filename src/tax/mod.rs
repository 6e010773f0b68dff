//! How each tax is charged (税种): pure functions of (source, rules, dates).
//!
//! One closed enum, one module per tax, one common currency: [`Charge`]. No clock, no I/O. A tax
//! module answers only: which periods of mine are due, is what was said plausible, what is the
//! charge? It never sees payments, storage or the wire.

mod cadence;
pub mod catalogue;
mod charge;
mod context;
mod finding;
mod opportunity;
mod relief;
pub mod six_taxes;

pub mod environmental;
pub mod land_appreciation;
pub mod land_use;
pub mod real_estate;
pub mod stamp;
pub mod vehicle_vessel;

pub use cadence::Frequency;
pub use charge::{
    Applied, BaseUnit, Charge, ChargeError, Provenance, ReliefLine, StatedRate, Step, TurningPoint,
};
pub use context::{Context, Profile, SixTaxesSubject, SixTaxesWindow, TaxpayerKind};
pub(crate) use finding::checks;
pub use finding::{Check, Finding, Fix, Severity};
pub use opportunity::Opportunity;
pub use relief::{JudgedClaim, ReliefClaim, ReliefTarget, apply_reliefs, judge_claim, relieved_in};

use serde::{Deserialize, Serialize};

use crate::types::{Period, TaxKind};

/// One taxable thing as its taxpayer states it (税源).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tax", content = "source", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaxSource {
    /// 房产税: a house, or a lease of one.
    RealEstateTax(Box<real_estate::Source>),
    /// 城镇土地使用税: a plot.
    LandUseTax(Box<land_use::Source>),
    /// 车船税: a vehicle or vessel.
    VehicleVesselTax(Box<vehicle_vessel::Source>),
    /// 印花税: a taxable document.
    StampTax(Box<stamp::Source>),
    /// 土地增值税: a transfer or a project's figures.
    LandAppreciationTax(Box<land_appreciation::Source>),
    /// 环境保护税: an outlet, a waste stream or a noise source.
    EnvironmentalProtectionTax(Box<environmental::Source>),
}

/// Calls the same function of whichever tax module the source belongs to.
macro_rules! on_tax {
    ($source:expr, $inner:ident => $body:expr) => {
        match $source {
            TaxSource::RealEstateTax($inner) => $body,
            TaxSource::LandUseTax($inner) => $body,
            TaxSource::VehicleVesselTax($inner) => $body,
            TaxSource::StampTax($inner) => $body,
            TaxSource::LandAppreciationTax($inner) => $body,
            TaxSource::EnvironmentalProtectionTax($inner) => $body,
        }
    };
}

impl TaxSource {
    /// The tax it belongs to.
    pub const fn kind(&self) -> TaxKind {
        match self {
            Self::RealEstateTax(_) => TaxKind::RealEstateTax,
            Self::LandUseTax(_) => TaxKind::LandUseTax,
            Self::VehicleVesselTax(_) => TaxKind::VehicleVesselTax,
            Self::StampTax(_) => TaxKind::StampTax,
            Self::LandAppreciationTax(_) => TaxKind::LandAppreciationTax,
            Self::EnvironmentalProtectionTax(_) => TaxKind::EnvironmentalProtectionTax,
        }
    }

    /// What is wrong or doubtful with the source by itself, all at once; paths are relative to
    /// the tax's own message.
    pub fn check(&self, ctx: &Context<'_>) -> Vec<Finding> {
        on_tax!(self, source => source.check(ctx))
    }

    /// What is wrong or doubtful with the source among the taxpayer's others of the same tax
    /// (`peers`); most taxes look at one source at a time and find nothing here.
    pub fn check_among(&self, peers: &[&TaxSource], ctx: &Context<'_>) -> Vec<Finding> {
        match self {
            Self::EnvironmentalProtectionTax(source) => source.check_among(peers, ctx),
            _ => Vec::new(),
        }
    }

    /// The tax periods (税款所属期) of this source that are to be filed within `ctx.period`.
    ///
    /// # Errors
    /// When the place's filing frequency is not in the rule pack.
    pub fn periods_due(&self, ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        on_tax!(self, source => source.periods_due(ctx))
    }

    /// The rule id (a text parameter such as `QUARTER`) that says how often it is filed; none
    /// where it is filed as it occurs.
    pub fn frequency_parameter(&self) -> Option<&'static str> {
        on_tax!(self, source => source.frequency_parameter())
    }

    /// The rule id (a text parameter such as `period_end+15d`) that says when it is due.
    pub fn due_parameter(&self) -> &'static str {
        on_tax!(self, source => source.due_parameter())
    }

    /// What its own facts say about reliefs: due but not claimed, claimed but not due.
    pub fn radar(&self, ctx: &Context<'_>) -> Vec<Opportunity<Self>> {
        fn all<S>(
            found: Vec<Opportunity<S>>,
            into: fn(Box<S>) -> TaxSource,
        ) -> Vec<Opportunity<TaxSource>> {
            let wrap = |one: Opportunity<S>| one.map(|source| into(Box::new(source)));
            found.into_iter().map(wrap).collect()
        }
        match self {
            Self::RealEstateTax(source) => all(source.radar(ctx), Self::RealEstateTax),
            Self::LandUseTax(source) => all(source.radar(ctx), Self::LandUseTax),
            Self::VehicleVesselTax(source) => all(source.radar(ctx), Self::VehicleVesselTax),
            Self::StampTax(source) => all(source.radar(ctx), Self::StampTax),
            Self::LandAppreciationTax(source) => all(source.radar(ctx), Self::LandAppreciationTax),
            Self::EnvironmentalProtectionTax(source) => {
                all(source.radar(ctx), Self::EnvironmentalProtectionTax)
            }
        }
    }

    /// Charges the tax of `ctx.period`, one of [`TaxSource::periods_due`]. `peers` are the other
    /// sources of the same tax on the declaration, for rules that look across them.
    ///
    /// # Errors
    /// [`ChargeError`] when a value of law is missing or the source cannot be charged.
    pub fn charge(
        &self,
        peers: &[&TaxSource],
        ctx: &Context<'_>,
    ) -> Result<Vec<Charge>, ChargeError> {
        on_tax!(self, source => source.charge(peers, ctx))
    }
}
