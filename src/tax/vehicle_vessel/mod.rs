//! 车船税: one vehicle or vessel, or several equal ones, taxed by the calendar year.
//!
//! Law: 车船税法 (主席令43号) and its schedule; 车船税法实施条例 (国务院令611号); 税务总局公告
//! 2013年第42号. The tax of a vehicle is its quantity × the unit amount, by months, rounded once per
//! vehicle and run of months (decisions VV3, VV5); reliefs are on the rounded tax (VV4, S9).

pub mod catalogue;
mod change;
mod check;
mod class;
mod compute;
mod explain;
pub mod radar;
mod source;
mod spans;
mod turning;

pub use change::Change;
pub use source::{
    Energy, Event, EventKind, Kind, Payment, PaymentKind, Source, Usage, WithheldTreatment,
};

use super::{Charge, ChargeError, Context, Finding, Frequency, TaxSource};
use crate::rules::LookupError;
use crate::types::Period;

/// The text parameter that says how often the tax is filed.
const FREQUENCY: &str = "vvt.frequency";
/// The text parameter that says when a year is due.
const DUE: &str = "vvt.due";

impl Source {
    /// What is wrong or doubtful with the source by itself, for the year that `ctx.period` begins
    /// in.
    pub fn check(&self, ctx: &Context<'_>) -> Vec<Finding> {
        let year = Period::year_of(ctx.period.first());
        let now = self.as_of(year);
        let mut findings = check::refusals(&now, ctx, year);
        if findings.is_empty() {
            match compute::line(&now, ctx, year) {
                Ok(line) => findings.extend(check::amounts(&now, ctx, year, line.as_ref())),
                Err(ChargeError::Refused(finding)) => findings.push(*finding),
                // Said once by the charge itself.
                Err(ChargeError::Missing(_) | ChargeError::Overflow(_)) => {}
            }
        }
        findings.extend(check::doubts(&now, ctx, year));
        findings
    }

    /// The tax years to be filed within `ctx.period`: the year the filing window lies in, when the
    /// vehicle has taxed months or payments in it. A vehicle is declared once a year; a new one as
    /// it comes (按次), so any window that reaches the day of its acquisition names its year.
    ///
    /// # Errors
    /// When the place's filing frequency is not in the rule pack.
    pub fn periods_due(&self, ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        let text = ctx.text(FREQUENCY, ctx.period.first())?;
        let frequency = Frequency::parse(text).ok_or_else(|| LookupError::WrongKind {
            id: FREQUENCY.to_owned(),
            wanted: "filing frequency",
        })?;
        if self.acquired_on > ctx.period.last() {
            return Ok(Vec::new());
        }
        let mut years: Vec<Period> = Vec::new();
        for month in ctx.period.months() {
            let year = frequency.period_of(month);
            let concerned = !spans::taxed(self, year).is_empty()
                || self.payments.iter().any(|payment| payment.is_of(year));
            if concerned && years.last() != Some(&year) {
                years.push(year);
            }
        }
        Ok(years)
    }

    /// The rule that says how often it is filed; none where it is filed as it occurs.
    pub fn frequency_parameter(&self) -> Option<&'static str> {
        Some(FREQUENCY)
    }

    /// The rule that says when it is due.
    pub fn due_parameter(&self) -> &'static str {
        DUE
    }

    /// Charges the tax of the calendar year `ctx.period`: one line, or none when the vehicle has
    /// neither taxed months nor payments in it, or when its insurer withheld exactly what is due
    /// and the place leaves such vehicles out of the return.
    ///
    /// # Errors
    /// [`ChargeError`].
    pub fn charge(
        &self,
        peers: &[&TaxSource],
        ctx: &Context<'_>,
    ) -> Result<Vec<Charge>, ChargeError> {
        let year = Period::year_of(ctx.period.first());
        if ctx.period != year {
            return Err(catalogue::VV_PERIOD
                .at(
                    "",
                    format!("车船税按公历年度计征，{} 不是完整的公历年度", ctx.period),
                    format!(
                        "the tax is charged by calendar year, and {} is not one",
                        ctx.period
                    ),
                )
                .numbers(year, ctx.period)
                .into());
        }
        let now = self.as_of(year);
        let wrong = check::refusals(&now, ctx, year)
            .into_iter()
            .chain(check::twice(&now, peers, year))
            .next();
        if let Some(finding) = wrong {
            return Err(finding.into());
        }
        let Some(line) = compute::line(&now, ctx, year)? else {
            return Ok(Vec::new());
        };
        if compute::is_left_out(&now, ctx, year, &line)? {
            return Ok(Vec::new());
        }
        Ok(vec![line])
    }
}

#[cfg(test)]
mod radar_tests;
#[cfg(test)]
mod tests;
