//! Reliefs that seem due but are not claimed, and claims whose condition does not hold.

use super::catalogue;
use super::check::misses;
use super::conveyance::{Occasion, OldBuilding, PropertyUse, Restructuring, Transfer};
use super::figures::exempt_share;
use super::parts::IncomeKind;
use super::reliefs::{
    COOP_BUILDING, EXPROPRIATION, INDIVIDUAL_HOUSING, ORDINARY, RESTRUCTURING, STOCK,
};
use super::source::{Basis, PropertyType, Settlement, Source, Tail};
use crate::tax::{ChargeError, Check, Context, Finding, Opportunity, ReliefClaim, TaxpayerKind};

type Found = Vec<Opportunity<Source>>;

impl Source {
    /// What its own facts say about reliefs (应享未享, 错误享受).
    pub fn radar(&self, ctx: &Context<'_>) -> Vec<Opportunity<Self>> {
        let mut found = match &self.basis {
            Basis::Settlement(it) => self.settlement(it, ctx),
            Basis::Tail(it) => self.tail(it, ctx),
            Basis::OldBuilding(it) => {
                let mut found = self.conveyance(&it.transfer, "LAT_OLD_BUILDING", ctx);
                found.extend(self.stock(it, ctx));
                found
            }
            Basis::OldAssessed(it) => self.conveyance(&it.transfer, "LAT_OLD_ASSESSED", ctx),
            Basis::LandTransfer(it) => self.conveyance(&it.transfer, "LAT_LAND_TRANSFER", ctx),
            Basis::Prepay(_) | Basis::AssessedSettlement(_) | Basis::WipTransfer(_) => Vec::new(),
        };
        found.extend(self.without_unfit(ctx));
        found
    }

    /// The same source, changed.
    fn with(&self, change: impl FnOnce(&mut Basis)) -> Self {
        let mut other = self.clone();
        change(&mut other.basis);
        other
    }

    /// Ordinary housing within 20%: not accounted for apart, or filed as another type.
    fn settlement(&self, it: &Settlement, ctx: &Context<'_>) -> Found {
        let mut found = Vec::new();
        let (Ok(worked), Ok(share)) = (it.appreciations(ctx), exempt_share(ctx, it.event_on))
        else {
            return found;
        };
        let within = |place: usize| {
            let worked = worked.get(place).map(|(_, worked)| worked.within(share));
            matches!(worked, Some(Ok(true)))
        };
        let has_ordinary = it
            .types
            .iter()
            .any(|kind| kind.property_type == PropertyType::Ordinary);
        for (place, kind) in it.types.iter().enumerate() {
            if !within(place) {
                continue;
            }
            if kind.property_type == PropertyType::Ordinary && it.ordinary_not_separate {
                found.push(Opportunity {
                    finding: catalogue::LAT_RADAR_ORDINARY_20.at(
                        "settlement.ordinary_not_separate",
                        "普通标准住宅增值率未超过20%，分别核算增值额的可以免税",
                        "ordinary housing is within 20%: exempt once accounted for apart",
                    ),
                    relief_id: ORDINARY.to_owned(),
                    instead: Some(self.with(separate)),
                });
            }
            let meets = kind
                .ordinary_facts
                .is_some_and(|facts| misses(facts, ctx, it.event_on).is_empty());
            if kind.property_type == PropertyType::NonOrdinary && meets && !has_ordinary {
                found.push(Opportunity {
                    finding: catalogue::LAT_RADAR_ORDINARY_TYPE.at(
                        format!("settlement.types[{place}].property_type"),
                        "该住宅符合普通标准住宅标准且增值率未超过20%，按普通住宅申报可以免税",
                        "the housing meets the ordinary standard and is within 20%: exempt as such",
                    ),
                    relief_id: ORDINARY.to_owned(),
                    instead: Some(self.with(|basis| {
                        if let Basis::Settlement(it) = basis
                            && let Some(kind) = it.types.get_mut(place)
                        {
                            kind.property_type = PropertyType::Ordinary;
                        }
                    })),
                });
            }
        }
        found
    }

    fn tail(&self, it: &Tail, ctx: &Context<'_>) -> Found {
        let due = it.ordinary_not_separate
            && it.rows.iter().any(|row| {
                ctx.period.contains(row.month.first_day())
                    && row.property_type == PropertyType::Ordinary
                    && row.exempt(ctx).unwrap_or(false)
            });
        if !due {
            return Vec::new();
        }
        vec![Opportunity {
            finding: catalogue::LAT_RADAR_ORDINARY_20.at(
                "tail.ordinary_not_separate",
                "尾盘中的普通标准住宅增值率未超过20%，分别核算增值额的可以免税",
                "ordinary housing sold is within 20%: exempt once accounted for apart",
            ),
            relief_id: ORDINARY.to_owned(),
            instead: Some(self.with(separate)),
        }]
    }

    /// Reliefs of a transfer that its facts suggest.
    fn conveyance(&self, it: &Transfer, item: &str, ctx: &Context<'_>) -> Found {
        let mut found = Vec::new();
        if it.relief_of_law(ctx, item).is_some() {
            return found;
        }
        let field = field(&self.basis);
        let fits = |id: &str| {
            let rule = ctx.rules.relief(id);
            rule.is_some_and(|rule| {
                rule.in_force(it.contract_on) && rule.items.iter().any(|one| one == item)
            })
        };
        let claimed = |id: &str| it.reliefs.iter().any(|claim| claim.relief_id == id);
        if ctx.profile.kind == TaxpayerKind::IndividualBusiness
            && it.property_use == PropertyUse::Housing
            && fits(INDIVIDUAL_HOUSING)
        {
            found.push(Opportunity {
                finding: catalogue::LAT_RADAR_INDIVIDUAL_HOUSING.at(
                    format!("{field}.property_use"),
                    "住房登记在经营者个人名下的，以自然人身份申报可以免税",
                    "a home that the owner holds as a natural person is exempt when filed as such",
                ),
                relief_id: INDIVIDUAL_HOUSING.to_owned(),
                instead: None,
            });
        }
        let in_kind =
            !it.income.is_empty() && it.income.iter().all(|part| part.kind == IncomeKind::InKind);
        if it.restructuring.is_none()
            && !it.any_party_is_developer
            && in_kind
            && ctx.profile.kind != TaxpayerKind::Individual
            && fits(RESTRUCTURING)
        {
            found.push(Opportunity {
                finding: catalogue::LAT_RADAR_RESTRUCTURING.at(
                    format!("{field}.restructuring"),
                    "收入全部为非货币形式；如系改制重组时作价入股且各方均非房地产开发企业，暂不征税",
                    "all income is in kind: if for shares in a restructuring without developers, \
                     it is not taxed for now",
                ),
                relief_id: RESTRUCTURING.to_owned(),
                instead: Some(self.with(|basis| {
                    if let Some(it) = conveyance(basis) {
                        it.restructuring = Some(Restructuring::AssetInjection);
                    }
                })),
            });
        }
        let (check, relief, zh, en) = match it.occasion {
            Some(Occasion::Expropriation) => (
                catalogue::LAT_RADAR_EXPROPRIATION,
                EXPROPRIATION,
                "依法征收、收回或因城市规划搬迁的，可以申请免税",
                "expropriation, taking back or relocation by the city plan is exempt",
            ),
            Some(Occasion::CooperativeBuilding) => (
                catalogue::LAT_RADAR_COOP_BUILDING,
                COOP_BUILDING,
                "合作建房按比例分房自用的，暂免征税",
                "the own-used part of a cooperative building is exempt for now",
            ),
            _ => return found,
        };
        if !claimed(relief) && fits(relief) {
            found.push(self.claiming(check, &field, relief, zh, en));
        }
        found
    }

    /// Old houses sold as public housing stock, within 20%.
    fn stock(&self, it: &OldBuilding, ctx: &Context<'_>) -> Found {
        let transfer = &it.transfer;
        let relief = transfer.occasion.and_then(Occasion::relief);
        let Some(relief) = relief.filter(|id| STOCK.contains(id)) else {
            return Vec::new();
        };
        let within = || -> Result<bool, ChargeError> {
            let (_, worked) = it.appreciation(ctx)?;
            worked.within(exempt_share(ctx, transfer.contract_on)?)
        };
        let in_force = ctx
            .rules
            .relief(relief)
            .is_some_and(|rule| rule.in_force(transfer.contract_on));
        let claimed = transfer
            .reliefs
            .iter()
            .any(|claim| claim.relief_id == relief);
        let individual = ctx.profile.kind == TaxpayerKind::Individual;
        if claimed || individual || !in_force || !within().unwrap_or(false) {
            return Vec::new();
        }
        vec![self.claiming(
            catalogue::LAT_RADAR_STOCK,
            &field(&self.basis),
            relief,
            "旧房作为保障性住房等房源且增值率未超过20%的，可以免税",
            "old houses sold as public housing stock within 20% are exempt",
        )]
    }

    /// The opportunity of one more claim on the transfer.
    fn claiming(
        &self,
        check: &Check,
        field: &str,
        relief: &'static str,
        zh: &str,
        en: &str,
    ) -> Opportunity<Self> {
        Opportunity {
            finding: check.at(format!("{field}.reliefs"), zh, en),
            relief_id: relief.to_owned(),
            instead: Some(self.with(|basis| {
                if let Some(it) = conveyance(basis) {
                    it.reliefs.push(ReliefClaim::of(relief));
                }
            })),
        }
    }

    /// Claims that `check` refuses, with the source without them.
    fn without_unfit(&self, ctx: &Context<'_>) -> Found {
        let refused = [
            catalogue::LAT_E6.id,
            catalogue::LAT_E11.id,
            catalogue::LAT_E12.id,
            catalogue::LAT_E13.id,
            catalogue::LAT_E14.id,
        ];
        let unfit = |finding: &Finding| refused.contains(&finding.rule_id.as_str());
        let wrong = self.check(ctx).into_iter().filter(unfit);
        wrong
            .filter_map(|finding| {
                let list = finding.field.rsplit_once('[')?.0.to_owned();
                let place = finding.field.rsplit_once('[')?.1;
                let place: usize = place.split_once(']')?.0.parse().ok()?;
                let mut instead = self.clone();
                let claims = claims(&mut instead.basis, &list)?;
                if place >= claims.len() {
                    return None;
                }
                let claim = claims.remove(place);
                Some(Opportunity {
                    finding: catalogue::LAT_RADAR_UNFIT
                        .at(
                            finding.field,
                            format!(
                                "享受的减免不符合条件，应按无此减免计税：{}",
                                finding.message_zh
                            ),
                            format!(
                                "the claim does not hold; without it: {}",
                                finding.message_en
                            ),
                        )
                        .under(finding.legal_basis),
                    relief_id: claim.relief_id,
                    instead: Some(instead),
                })
            })
            .collect()
    }
}

fn separate(basis: &mut Basis) {
    match basis {
        Basis::Settlement(it) => it.ordinary_not_separate = false,
        Basis::Tail(it) => it.ordinary_not_separate = false,
        _ => {}
    }
}

/// The transfer of a basis that has one.
fn conveyance(basis: &mut Basis) -> Option<&mut Transfer> {
    match basis {
        Basis::OldBuilding(it) => Some(&mut it.transfer),
        Basis::OldAssessed(it) => Some(&mut it.transfer),
        Basis::LandTransfer(it) => Some(&mut it.transfer),
        _ => None,
    }
}

fn field(basis: &Basis) -> String {
    let name = match basis {
        Basis::OldAssessed(_) => "old_assessed",
        Basis::LandTransfer(_) => "land_transfer",
        _ => "old_building",
    };
    format!("{name}.transfer")
}

/// The list of claims at a path such as `settlement.types[1].reliefs`.
fn claims<'a>(basis: &'a mut Basis, list: &str) -> Option<&'a mut Vec<ReliefClaim>> {
    let row = || {
        let place = list.split_once('[')?.1.split_once(']')?.0;
        place.parse::<usize>().ok()
    };
    match basis {
        Basis::Prepay(it) => it.rows.get_mut(row()?).map(|row| &mut row.reliefs),
        Basis::Tail(it) => it.rows.get_mut(row()?).map(|row| &mut row.reliefs),
        Basis::Settlement(it) => it.types.get_mut(row()?).map(|kind| &mut kind.reliefs),
        Basis::AssessedSettlement(it) => it.types.get_mut(row()?).map(|kind| &mut kind.reliefs),
        Basis::WipTransfer(it) => Some(&mut it.reliefs),
        Basis::OldBuilding(_) | Basis::OldAssessed(_) | Basis::LandTransfer(_) => {
            conveyance(basis).map(|it| &mut it.reliefs)
        }
    }
}
