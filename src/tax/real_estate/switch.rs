//! When what is let changes from the value side to the rent side and back (spec §7.1).

use super::model::Lease;
use super::{ChargeError, Context};
use crate::rules::LookupError;
use crate::types::Month;

/// The place's rule of the month in which a lease starts.
const RULE: &str = "ret.rent_switch_rule";

impl Lease {
    /// First and last month in which the thing let is out of the value side: the month of the
    /// first day when it is the 1st and the place goes by it, else the next one (decision S3), to
    /// the month of the last day (decision S12).
    pub(super) fn out_of_value(&self, ctx: &Context<'_>) -> Result<(Month, Month), ChargeError> {
        let first = self.term.first_month();
        let by_first_day = match ctx.text(RULE, self.term.first())? {
            "LEASE_FIRST_DAY" => true,
            "HANDOVER_NEXT_MONTH" => false,
            _ => {
                let wrong = LookupError::WrongKind {
                    id: RULE.to_owned(),
                    wanted: "LEASE_FIRST_DAY or HANDOVER_NEXT_MONTH",
                };
                return Err(wrong.into());
            }
        };
        let first = if by_first_day && self.term.first() == first.first_day() {
            first
        } else {
            first.next()
        };
        Ok((first, self.term.last_month()))
    }

    /// True when the thing let is out of the value side in the month, or rent-free then.
    pub(super) fn is_let(&self, ctx: &Context<'_>, month: Month) -> Result<bool, ChargeError> {
        let (first, last) = self.out_of_value(ctx)?;
        Ok(first <= month && month <= last)
    }

    /// True when the thing let is taxed on rent, not on value, in the month.
    pub(super) fn takes_value_out(
        &self,
        ctx: &Context<'_>,
        month: Month,
    ) -> Result<bool, ChargeError> {
        Ok(self.is_let(ctx, month)? && !self.rent_free_months.contains(&month))
    }

    /// True when a declared rent covers a day of the month.
    pub(super) fn has_rent_in(&self, month: Month) -> bool {
        self.rents
            .iter()
            .any(|rent| rent.period.first_month() <= month && month <= rent.period.last_month())
    }
}
