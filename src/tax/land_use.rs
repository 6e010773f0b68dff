//! 城镇土地使用税.

use serde::{Deserialize, Serialize};

use super::{Charge, ChargeError, Context, Finding, TaxSource};
use crate::types::Period;

/// 城镇土地使用税 source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {}

impl Source {
    /// What is wrong or doubtful with the source by itself.
    pub fn check(&self, _ctx: &Context<'_>) -> Vec<Finding> {
        Vec::new()
    }

    /// The tax periods to be filed within `ctx.period`.
    ///
    /// # Errors
    /// When the place's filing frequency is not in the rule pack.
    pub fn periods_due(&self, _ctx: &Context<'_>) -> Result<Vec<Period>, ChargeError> {
        Ok(Vec::new())
    }

    /// The rule that says when it is due.
    pub fn due_parameter(&self) -> &'static str {
        "lu.due"
    }

    /// Charges the tax of `ctx.period`.
    ///
    /// # Errors
    /// [`ChargeError`].
    pub fn charge(
        &self,
        _peers: &[&TaxSource],
        _ctx: &Context<'_>,
    ) -> Result<Vec<Charge>, ChargeError> {
        Ok(Vec::new())
    }
}
