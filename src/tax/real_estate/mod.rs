//! 房产税: a house is taxed on its value (从价), the parts let on their rent (从租).
//!
//! Law: 房产税暂行条例 (国发〔1986〕90号) and the notices cited at each rule; values and dates stand
//! in `rules/*/real_estate.toml`.

pub mod catalogue;
mod check;
mod filing;
mod lease_check;
mod model;
mod overlap;
mod peers;
pub mod radar;
#[cfg(test)]
mod radar_tests;
mod relief_check;
mod rent;
mod settle;
mod switch;
#[cfg(test)]
mod tests;
mod turning;
mod value;
mod value_steps;

pub use model::{
    AcquisitionKind, Hardship, HouseUse, Lease, LeaseKind, LesseeKind, Plot, RateMode, ReliefMode,
    Rent, Source, TaxpayerRole, Termination, Underground, ValuePayment, ValueVersion,
};

use super::{Charge, ChargeError, Context, Finding, Severity, TaxSource};
use crate::rules::LookupError;
use crate::types::{Month, Period};

/// The base of the arithmetic: an annual tax (按年计算).
const MONTHS_IN_YEAR: u32 = 12;

impl Source {
    /// What is wrong or doubtful with the source by itself.
    pub fn check(&self, ctx: &Context<'_>) -> Vec<Finding> {
        check::findings(self, ctx)
    }

    /// The tax periods to be filed within `ctx.period`: those that end in it and in which the
    /// house is taxed on value or a rent was declared; rent that is filed as it occurs has its
    /// rental periods.
    ///
    /// # Errors
    /// When the place's filing frequency is not in the rule pack or is not one of periods.
    pub fn periods_due(&self, ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        self.due(ctx)
    }

    /// The rule that says how often it is filed; none where it is filed as it occurs.
    pub fn frequency_parameter(&self) -> Option<&'static str> {
        Some(filing::FREQUENCY)
    }

    /// The rule that says when it is due.
    pub fn due_parameter(&self) -> &'static str {
        "ret.due"
    }

    /// Charges the tax of `ctx.period`: value rows first, then rent rows lease by lease.
    ///
    /// # Errors
    /// [`ChargeError`], also for every error that [`Source::check`] finds.
    pub fn charge(
        &self,
        peers: &[&TaxSource],
        ctx: &Context<'_>,
    ) -> Result<Vec<Charge>, ChargeError> {
        let error = self
            .check(ctx)
            .into_iter()
            .find(|finding| finding.severity == Severity::Error);
        if let Some(error) = error {
            return Err(error.into());
        }
        peers::check(self, peers, ctx)?;
        let mut charges = Vec::new();
        if self.sides(ctx)?.value {
            charges = self.value_charges(ctx)?;
        }
        charges.extend(self.rent_charges(ctx)?);
        Ok(charges)
    }

    /// The first taxed month: of the event, as many months later as the law says for its kind
    /// (国税发〔2003〕89号 第二条); an earlier use of a contracted house counts from that use.
    fn first_month(&self, ctx: &Context<'_>) -> Result<Month, ChargeError> {
        let on = ctx.period.first();
        let missing = || LookupError::Missing {
            id: "ret.liability_start".to_owned(),
            region: ctx.region,
            on,
        };
        let table = ctx
            .rules
            .table("ret.liability_start", on)
            .ok_or_else(missing)?;
        let months: i32 = table
            .rows
            .iter()
            .find(|row| table.cell(row, "kind") == Some(self.acquisition_kind.name()))
            .and_then(|row| table.cell(row, "months_after")?.parse().ok())
            .ok_or_else(missing)?;
        let first = Month::of(self.acquired_on).plus(months);
        Ok(self
            .used_before_acceptance_on
            .map_or(first, |day| first.min(Month::of(day))))
    }

    /// The months of a period in which the house is taxed, to the month in which the thing or
    /// the right changed (财税〔2008〕152号 第三条).
    fn taxed_months(
        &self,
        ctx: &Context<'_>,
        period: Period,
    ) -> Result<Option<(Month, Month)>, ChargeError> {
        let first = self.first_month(ctx)?.max(period.first_month());
        let last = self
            .ended_on
            .map_or(period.last_month(), Month::of)
            .min(period.last_month());
        Ok((first <= last).then_some((first, last)))
    }
}
