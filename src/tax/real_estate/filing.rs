//! When what is filed: the value side and the rent side may have different frequencies (spec §8).

use super::model::{Lease, Rent, Source};
use super::{ChargeError, Context, catalogue};
use crate::rules::LookupError;
use crate::tax::Frequency;
use crate::types::Period;

/// How often the value side is filed, and the rent side where it has no rule of its own.
pub(super) const FREQUENCY: &str = "ret.frequency";
/// How often the rent side is filed, where the place says so apart.
pub(super) const RENT_FREQUENCY: &str = "ret.frequency.rent";
/// The word of a side that is filed as it occurs (按次).
const PER_EVENT: &str = "PER_EVENT";

/// How often a side is filed (申报期限).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cadence {
    /// By calendar periods.
    Regular(Frequency),
    /// 按次: each declared rental period is a filing period of its own.
    PerEvent,
}

impl Cadence {
    fn read(word: &str, of_rent: bool) -> Result<Self, ChargeError> {
        match Frequency::parse(word) {
            Some(frequency) => Ok(Self::Regular(frequency)),
            None if of_rent && word == PER_EVENT => Ok(Self::PerEvent),
            None => Err(catalogue::RE_FREQUENCY
                .at(
                    "",
                    format!("房产税申报期限 {word} 不能使用"),
                    format!("the filing frequency {word} cannot be used"),
                )
                .into()),
        }
    }
}

fn of_value(ctx: &Context<'_>) -> Result<Cadence, ChargeError> {
    Cadence::read(ctx.text(FREQUENCY, ctx.period.last())?, false)
}

fn of_rent(ctx: &Context<'_>) -> Result<Cadence, ChargeError> {
    let on = ctx.period.last();
    match ctx.text(RENT_FREQUENCY, on) {
        Err(ChargeError::Missing(LookupError::Missing { .. })) => {
            Cadence::read(ctx.text(FREQUENCY, on)?, true)
        }
        word => Cadence::read(word?, true),
    }
}

/// Which rows of a source belong to the tax period at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides {
    /// The value rows do.
    pub(super) value: bool,
    /// The rent rows do.
    pub(super) rent: bool,
    /// Only rents declared for exactly this period do (按次).
    exact: bool,
}

impl Sides {
    /// True when a declared rent is to be charged in the period.
    pub(super) fn has(&self, ctx: &Context<'_>, rent: &Rent) -> bool {
        let in_period = rent.period.overlap(ctx.period).is_some();
        self.rent && in_period && (!self.exact || rent.period == ctx.period)
    }
}

impl Source {
    /// The rents declared, of all leases.
    pub(super) fn rents(&self) -> impl Iterator<Item = &Rent> {
        self.leases.iter().flat_map(|lease: &Lease| &lease.rents)
    }

    /// A period that fits one side's frequency and not the other's belongs to that side alone; any
    /// other period to both.
    pub(super) fn sides(&self, ctx: &Context<'_>) -> Result<Sides, ChargeError> {
        let fits = |cadence: Cadence| match cadence {
            Cadence::Regular(frequency) => {
                frequency.period_of(ctx.period.first_month()) == ctx.period
            }
            Cadence::PerEvent => self.rents().any(|rent| rent.period == ctx.period),
        };
        let both = Sides {
            value: !self.versions.is_empty(),
            rent: !self.leases.is_empty(),
            exact: false,
        };
        if !both.rent {
            return Ok(both);
        }
        let rent = of_rent(ctx)?;
        let exact = rent == Cadence::PerEvent && fits(rent);
        if !both.value {
            return Ok(Sides { exact, ..both });
        }
        let value = fits(of_value(ctx)?);
        let rent = fits(rent);
        Ok(Sides {
            value: value || !rent,
            rent: rent || !value,
            exact,
        })
    }

    /// See [`Source::periods_due`].
    pub(super) fn due(&self, ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        let mut due = Vec::new();
        if !self.versions.is_empty()
            && let Cadence::Regular(frequency) = of_value(ctx)?
        {
            for period in frequency.periods_ending_in(ctx.period) {
                if self.taxed_months(ctx, period)?.is_some() {
                    due.push(period);
                }
            }
        }
        if !self.leases.is_empty() {
            match of_rent(ctx)? {
                Cadence::Regular(frequency) => {
                    let periods = frequency.periods_ending_in(ctx.period);
                    due.extend(periods.into_iter().filter(|period| {
                        self.rents()
                            .any(|rent| rent.period.overlap(*period).is_some())
                    }));
                }
                Cadence::PerEvent => due.extend(
                    self.rents()
                        .map(|rent| rent.period)
                        .filter(|period| ctx.period.contains(period.last())),
                ),
            }
        }
        due.sort_unstable();
        due.dedup();
        Ok(due)
    }

    /// Frequencies of the place that cannot be used, or that are not confirmed.
    pub(super) fn frequency_findings(&self, ctx: &Context<'_>) -> Vec<super::Finding> {
        let mut found = Vec::new();
        if !self.versions.is_empty()
            && let Err(ChargeError::Refused(finding)) = of_value(ctx)
        {
            found.push(*finding);
        }
        if self.leases.is_empty() {
            return found;
        }
        if let Err(ChargeError::Refused(finding)) = of_rent(ctx)
            && !found.contains(&finding)
        {
            found.push(*finding);
        }
        let row = ctx
            .rules
            .find(RENT_FREQUENCY, ctx.region, ctx.period.last());
        if let Ok((_, row)) = row
            && row.source.status == crate::rules::RuleStatus::Unconfirmed
        {
            found.push(
                catalogue::RE_RENT_FREQUENCY
                    .at(
                        "",
                        format!("从租计征的申报期限 {} 尚未核实", row.value),
                        format!(
                            "the filing frequency of rent {} is not confirmed",
                            row.value
                        ),
                    )
                    .under(row.source.cite.clone()),
            );
        }
        found
    }
}
