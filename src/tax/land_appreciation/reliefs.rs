//! Reliefs that follow from the facts (not from a claim), and how they join the claims.

use super::source::{PropertyUse, Transfer};
use crate::tax::{Context, ReliefClaim, TaxpayerKind};

/// 普通标准住宅增值率未超过 20%.
pub(super) const ORDINARY: &str = "LAT_ORDINARY_20";
/// 个人销售住房.
pub(super) const INDIVIDUAL_HOUSING: &str = "LAT_INDIVIDUAL_HOUSING";
/// 个人之间互换自有居住用房.
pub(super) const HOME_SWAP: &str = "LAT_HOME_SWAP";
/// 改制重组暂不征收.
pub(super) const RESTRUCTURING: &str = "LAT_RESTRUCTURING";
/// The reliefs for selling old houses as public housing stock, within the exempt share only.
pub(super) const STOCK: [&str; 3] = [
    "LAT_RESETTLEMENT_STOCK",
    "LAT_PUBLIC_RENTAL_STOCK",
    "LAT_AFFORDABLE_STOCK",
];

/// The relief of law first, then the claims that are not the same one.
pub(super) fn claims(stated: &[ReliefClaim], of_law: Option<&str>) -> Vec<ReliefClaim> {
    let automatic = of_law.map(ReliefClaim::of);
    let rest = stated
        .iter()
        .filter(|claim| of_law != Some(claim.relief_id.as_str()))
        .cloned();
    automatic.into_iter().chain(rest).collect()
}

impl Transfer {
    /// The relief that the facts of the transfer give to the item.
    pub(super) fn relief_of_law(&self, ctx: &Context<'_>, item: &str) -> Option<&'static str> {
        let fits = |id: &str| {
            let rule = ctx.rules.relief(id);
            rule.is_some_and(|rule| {
                rule.in_force(self.contract_on) && rule.items.iter().any(|one| one == item)
            })
        };
        let individual = ctx.profile.kind == TaxpayerKind::Individual;
        if individual && self.property_use == PropertyUse::Housing && fits(INDIVIDUAL_HOUSING) {
            return Some(INDIVIDUAL_HOUSING);
        }
        let restructured = self.restructuring.is_some() && !self.any_party_is_developer;
        (restructured && fits(RESTRUCTURING)).then_some(RESTRUCTURING)
    }
}
