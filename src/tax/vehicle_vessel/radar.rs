//! Reliefs that seem due but are not claimed, and claims whose condition does not hold.

use super::Source;
use crate::tax::{Context, Opportunity};

impl Source {
    /// What its own facts say about reliefs (应享未享, 错误享受).
    pub fn radar(&self, _ctx: &Context<'_>) -> Vec<Opportunity<Self>> {
        Vec::new()
    }
}
