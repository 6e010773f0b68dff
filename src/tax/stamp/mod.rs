//! 印花税: one source is one taxable document (应税凭证) with its items, settlements and changes.
//!
//! The regime follows from the signing day (书立日): 印花税暂行条例 until 2022-06-30, 印花税法 after
//! it; a document keeps its regime for later settlements and changes. Both are charged here; the
//! differences (rates, 角 rounding, per-piece items, the minimum of a lease, five yuan for
//! an undetermined amount) are dated rows of the rule pack.

mod amount;
mod base;
pub mod catalogue;
mod charge;
mod check;
mod claims;
mod facts;
mod fingerprint;
mod item;
mod place;
pub mod radar;
mod relief;
mod shape;
mod source;
mod turning;

#[cfg(test)]
mod explanation_tests;
#[cfg(test)]
mod radar_tests;
#[cfg(test)]
mod tests;

pub use facts::{
    OutOfScope, PriceBasis, PropertyUse, RealProperty, RestructuredBody, Restructuring,
};
pub use item::{Item, Regime};
pub use source::{
    Amendment, Assessment, Capital, Counterparty, CounterpartyKind, Exclusion, ExclusionKind,
    FilingMode, ForeignAmount, Line, PartyRole, Settlement, Source,
};

use jiff::civil::Date;

use super::{Charge, ChargeError, Context, Finding, Frequency, TaxSource};
use crate::types::{Month, Period};

/// The word of a place that has an item filed by the occurrence only, whatever the source says.
const PER_OCCURRENCE: &str = "PER_OCCURRENCE";

impl Source {
    /// What is wrong or doubtful with the source by itself.
    pub fn check(&self, ctx: &Context<'_>) -> Vec<Finding> {
        check::findings(self, ctx)
    }

    /// The tax periods to be filed within `ctx.period`: those in which it was signed, settled or
    /// changed (税务总局公告2022年第14号 第一条).
    ///
    /// # Errors
    /// When the place's filing frequency is not in the rule pack.
    pub fn periods_due(&self, ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        let mut periods: Vec<Period> = Vec::new();
        if self.out_of_scope.is_some() {
            return Ok(periods);
        }
        for line in &self.lines {
            for day in self.days_of(line) {
                let period = self.period_of(ctx, line.item, day)?;
                if ctx.period.contains(period.last()) && !periods.contains(&period) {
                    periods.push(period);
                }
            }
        }
        periods.sort_by_key(|period| (period.last(), period.first()));
        Ok(periods)
    }

    fn period_of(&self, ctx: &Context<'_>, item: Item, day: Date) -> Result<Period, ChargeError> {
        if self.filing_mode == FilingMode::PerOccurrence {
            return Ok(Period::day(day));
        }
        let word = ctx.text(item.frequency_parameter(), day)?;
        if word == PER_OCCURRENCE {
            return Ok(Period::day(day));
        }
        let frequency = Frequency::parse(word).ok_or_else(|| {
            let finding = super::catalogue::RULE_PACK_MISMATCH.at(
                "",
                format!("规则库的申报期限 {word} 无法识别"),
                format!("the rule pack's filing frequency {word} is not known"),
            );
            finding.under(item.frequency_parameter())
        })?;
        Ok(frequency.period_of(Month::of(day)))
    }

    /// The rule that says how often it is filed; none where it is filed as it occurs.
    pub fn frequency_parameter(&self) -> Option<&'static str> {
        let periodic = self.filing_mode == FilingMode::Periodic;
        let first = self.lines.first().filter(|_| periodic);
        first.map(|line| line.item.frequency_parameter())
    }

    /// The rule that says when it is due.
    pub fn due_parameter(&self) -> &'static str {
        match self.filing_mode {
            FilingMode::Periodic => "st.due.periodic",
            FilingMode::PerOccurrence => "st.due.occurrence",
        }
    }

    /// Charges the tax of `ctx.period`: every signing, settlement and change inside it.
    ///
    /// # Errors
    /// [`ChargeError`].
    pub fn charge(
        &self,
        peers: &[&TaxSource],
        ctx: &Context<'_>,
    ) -> Result<Vec<Charge>, ChargeError> {
        charge::charge(self, peers, ctx)
    }
}
