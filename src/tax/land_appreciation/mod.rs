//! 土地增值税: tax on the appreciation of land and buildings transferred.
//!
//! 土地增值税暂行条例 (国务院令第138号) and 实施细则. One source is one declaration basis: a
//! developer's prepayments, settlement, tail sales or project under construction, or a transfer of
//! an old building or of land by anyone. Appreciation over deductions finds one of four brackets;
//! everything is exact until the amounts the forms round (spec §9). It is none of the 六税两费.

pub mod catalogue;
mod check;
mod conveyance;
mod figures;
mod parts;
mod prepay;
mod project;
pub mod radar;
mod register;
mod reliefs;
mod source;
mod tail;
mod transfer;
mod turning;
mod work;

pub use conveyance::{
    Appraisal, Invoice, InvoiceKind, LandTransfer, Occasion, OldAssessed, OldBuilding, OldMethod,
    PropertyUse, Restructuring, Transfer,
};
pub use parts::{
    Areas, Deductions, DevelopmentCost, ExpenseMode, IncomeKind, IncomePart, SharedCosts, Taxes,
    VatMethod,
};
pub use source::{
    AssessedSettlement, AssessedType, BaseMethod, Basis, OrdinaryFacts, Prepay, PrepayClass,
    PrepayRow, PropertyType, RatioBand, SalesVat, SettledFigures, Settlement, SettlementType,
    Source, StatedTotal, Tail, TailRow, WipTransfer,
};

use jiff::civil::Date;

use super::{Charge, ChargeError, Context, Finding, Frequency, Severity, TaxSource};
use crate::rules::LookupError;
use crate::types::{Month, Period};

/// How often prepayments and tail sales are filed in the place.
const FREQUENCY: &str = "lat.frequency";

/// When a basis is declared: in months, or on the day of one event.
enum Timing {
    Months(Vec<Month>),
    Event(Date),
}

impl Source {
    fn timing(&self) -> Timing {
        match &self.basis {
            Basis::Prepay(it) => Timing::Months(it.rows.iter().map(|row| row.month).collect()),
            Basis::Tail(it) => Timing::Months(it.rows.iter().map(|row| row.month).collect()),
            Basis::Settlement(it) => Timing::Event(it.event_on),
            Basis::AssessedSettlement(it) => Timing::Event(it.event_on),
            Basis::WipTransfer(it) => Timing::Event(it.contract_on),
            Basis::OldBuilding(it) => Timing::Event(it.transfer.contract_on),
            Basis::OldAssessed(it) => Timing::Event(it.transfer.contract_on),
            Basis::LandTransfer(it) => Timing::Event(it.transfer.contract_on),
        }
    }

    /// What is wrong or doubtful with the source by itself.
    pub fn check(&self, ctx: &Context<'_>) -> Vec<Finding> {
        check::findings(self, ctx)
    }

    /// The tax periods to be filed within `ctx.period`: the day of the contract or of the
    /// settlement's event, or the place's periods in which there are receipts or sales.
    ///
    /// # Errors
    /// When the place's filing frequency is not in the rule pack.
    pub fn periods_due(&self, ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        let window = ctx.period;
        let months = match self.timing() {
            Timing::Event(day) => {
                let due = window.contains(day).then(|| Period::day(day));
                return Ok(due.into_iter().collect());
            }
            Timing::Months(months) => months,
        };
        let word = ctx.text(FREQUENCY, window.last())?;
        let frequency = Frequency::parse(word).ok_or_else(|| LookupError::WrongKind {
            id: FREQUENCY.to_owned(),
            wanted: "filing frequency",
        })?;
        let mut periods = frequency.periods_ending_in(window);
        periods.retain(|period| {
            let inside = |month: &Month| period.contains(month.first_day());
            months.iter().any(inside)
        });
        Ok(periods)
    }

    /// The rule that says how often it is filed; none where it is filed as it occurs.
    pub fn frequency_parameter(&self) -> Option<&'static str> {
        matches!(self.basis, Basis::Prepay(_) | Basis::Tail(_)).then_some(FREQUENCY)
    }

    /// The rule that says when it is due: after the period for prepayments and tail sales, after
    /// the event for settlements, after the contract for everything else.
    pub fn due_parameter(&self) -> &'static str {
        match &self.basis {
            Basis::Prepay(_) | Basis::Tail(_) => "lat.due.period",
            Basis::Settlement(_) | Basis::AssessedSettlement(_) => "lat.due.settlement",
            Basis::WipTransfer(_)
            | Basis::OldBuilding(_)
            | Basis::OldAssessed(_)
            | Basis::LandTransfer(_) => "lat.due.contract",
        }
    }

    /// Charges the tax of `ctx.period`.
    ///
    /// # Errors
    /// [`ChargeError`]: a value of law is missing, or what [`Source::check`] calls an error.
    pub fn charge(
        &self,
        peers: &[&TaxSource],
        ctx: &Context<'_>,
    ) -> Result<Vec<Charge>, ChargeError> {
        if let Timing::Event(day) = self.timing()
            && !ctx.period.contains(day)
        {
            return Ok(Vec::new());
        }
        let mut findings = self.check(ctx).into_iter();
        if let Some(error) = findings.find(|finding| finding.severity == Severity::Error) {
            return Err(error.into());
        }
        if let Some(error) = register::conflict(self, peers, ctx) {
            return Err(error.into());
        }
        match &self.basis {
            Basis::Prepay(it) => it.charge(ctx),
            Basis::Settlement(it) => it.charge(ctx),
            Basis::AssessedSettlement(it) => it.charge(ctx),
            Basis::WipTransfer(it) => it.charge(ctx),
            Basis::Tail(it) => it.charge(ctx),
            Basis::OldBuilding(it) => it.charge(ctx),
            Basis::OldAssessed(it) => it.charge(ctx),
            Basis::LandTransfer(it) => it.charge(ctx),
        }
    }
}

#[cfg(test)]
mod radar_tests;
#[cfg(test)]
mod tests;
