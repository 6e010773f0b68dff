//! Reliefs that follow from the facts (not from a claim), and how they join the claims.

use super::conveyance::{Occasion, PropertyUse, Transfer};
use crate::tax::{Context, ReliefClaim, TaxpayerKind};

/// 普通标准住宅增值率未超过 20%.
pub(super) const ORDINARY: &str = "LAT_ORDINARY_20";
/// 个人销售住房.
pub(super) const INDIVIDUAL_HOUSING: &str = "LAT_INDIVIDUAL_HOUSING";
/// 个人之间互换自有居住用房.
pub(super) const HOME_SWAP: &str = "LAT_HOME_SWAP";
/// 改制重组暂不征收.
pub(super) const RESTRUCTURING: &str = "LAT_RESTRUCTURING";
/// 依法征收、收回或城市规划搬迁.
pub(super) const EXPROPRIATION: &str = "LAT_EXPROPRIATION";
/// 合作建房.
pub(super) const COOP_BUILDING: &str = "LAT_COOP_BUILDING";
/// The reliefs for selling old houses as public housing stock, within the exempt share only.
pub(super) const STOCK: [&str; 3] = [
    "LAT_RESETTLEMENT_STOCK",
    "LAT_PUBLIC_RENTAL_STOCK",
    "LAT_AFFORDABLE_STOCK",
];

impl Occasion {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Expropriation, "EXPROPRIATION", EXPROPRIATION),
        (Self::HomeSwap, "HOME_SWAP", HOME_SWAP),
        (
            Self::CooperativeBuilding,
            "COOPERATIVE_BUILDING",
            COOP_BUILDING,
        ),
        (
            Self::ResettlementStock,
            "RESETTLEMENT_STOCK",
            "LAT_RESETTLEMENT_STOCK",
        ),
        (
            Self::PublicRentalStock,
            "PUBLIC_RENTAL_STOCK",
            "LAT_PUBLIC_RENTAL_STOCK",
        ),
        (
            Self::AffordableStock,
            "AFFORDABLE_STOCK",
            "LAT_AFFORDABLE_STOCK",
        ),
    ];

    /// The occasion a relief is for; nothing where it is for none.
    pub(super) fn of_relief(relief: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, _, id)| *id == relief);
        found.map(|(occasion, _, _)| *occasion)
    }

    /// The relief for it.
    pub(super) fn relief(self) -> Option<&'static str> {
        let found = Self::ALL.iter().find(|(occasion, _, _)| *occasion == self);
        found.map(|(_, _, id)| *id)
    }

    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(occasion, _, _)| *occasion == self);
        found.map_or("", |(_, name, _)| *name)
    }
}

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
