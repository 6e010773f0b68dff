//! Reliefs that seem due but are not claimed, and claims whose condition does not hold.

use super::source::{Energy, EventKind, Kind, Usage};
use super::{Source, catalogue, class, spans};
use crate::rules::{ReliefRule, ReliefShape};
use crate::tax::{Check, Context, Finding, Opportunity, ReliefClaim, TaxpayerKind};
use crate::types::Period;

/// The last character of a trailer's plate.
const TRAILER_PLATE: char = '挂';
/// The character that the name of a tug bears (such as 皖拖 2026).
const TUG_NAME: char = '拖';
/// Parameters that halve a unit amount; they stand in for a relief's id.
const SHARE_TUG: &str = "vvt.share.tug_barge";
const SHARE_TRAILER: &str = "vvt.share.trailer";
/// Stands in for a relief's id where a refund is meant.
const REFUND: &str = "VV_REFUND";

impl Source {
    /// What its own facts say about reliefs (应享未享, 错误享受) in the year that `ctx.period`
    /// begins in.
    pub fn radar(&self, ctx: &Context<'_>) -> Vec<Opportunity<Self>> {
        let year = Period::year_of(ctx.period.first());
        let now = self.as_of(year);
        let source: &Self = &now;
        if source.foreign || spans::taxed(source, year).is_empty() && source.payments.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        found.extend(by_usage(source, ctx, year));
        found.extend(by_energy(source, ctx, year));
        found.extend(by_kind(source));
        found.extend(refund(source, year));
        found.extend(wrong_use(source, ctx));
        found.extend(wrong_catalogue(source));
        found
    }
}

/// The relief a use stands for, and what hints at it.
const fn relief_of(usage: Usage) -> Option<(&'static str, &'static Check)> {
    Some(match usage {
        Usage::General => return None,
        Usage::PublicTransport => ("VV_PUBLIC_TRANSPORT", catalogue::VV_RADAR_PUBLIC_TRANSPORT),
        Usage::Rural => ("VV_RURAL", catalogue::VV_RADAR_RURAL),
        Usage::Fishing => ("VV_FISHING", catalogue::VV_RADAR_FISHING),
        Usage::Military => ("VV_MILITARY", catalogue::VV_RADAR_MILITARY),
        Usage::Police => ("VV_POLICE", catalogue::VV_RADAR_POLICE),
        Usage::FireRescue => ("VV_RESCUE", catalogue::VV_RADAR_RESCUE),
        Usage::Diplomatic => ("VV_DIPLOMATIC", catalogue::VV_RADAR_DIPLOMATIC),
        Usage::Internal => ("VV_INTERNAL", catalogue::VV_RADAR_INTERNAL),
    })
}

/// The rule of a relief, where it is in force in the year, takes the item, and is not claimed
/// while no full exemption is.
fn open<'a>(
    source: &Source,
    ctx: &Context<'a>,
    year: Period,
    relief_id: &str,
) -> Option<&'a ReliefRule> {
    let rule = ctx.rules.relief(relief_id)?;
    let in_force = rule.from <= year.last() && rule.to.is_none_or(|to| year.first() <= to);
    let claimed = source.reliefs.iter().any(|claim| {
        let known = ctx.rules.relief(&claim.relief_id);
        claim.relief_id == relief_id || known.is_some_and(|rule| rule.shape == ReliefShape::Full)
    });
    let item = class::of(source, ctx, year).ok()?.item;
    let fits = rule.items.is_empty() || rule.items.contains(&item);
    (in_force && fits && !claimed).then_some(rule)
}

/// The claim in place of those made: one vehicle takes one relief.
fn claiming(source: &Source, relief_id: &str) -> Source {
    let mut instead = source.clone();
    instead.reliefs = vec![ReliefClaim::of(relief_id)];
    instead
}

fn opportunity(
    source: &Source,
    rule: &ReliefRule,
    check: &Check,
    (field, why_zh, why_en): (&str, &str, &str),
) -> Opportunity<Source> {
    let by_input = rule.shape == ReliefShape::ByInput;
    let (needs_zh, needs_en) = if by_input {
        (
            "，减免幅度以省级人民政府规定或核准为准",
            "; how much is for the province to say",
        )
    } else {
        ("", "")
    };
    Opportunity {
        finding: check
            .at(
                field,
                format!("{why_zh}，可申报“{}”{needs_zh}", rule.name_zh),
                format!(
                    "{why_en}: {} ({}) can be claimed{needs_en}",
                    rule.id, rule.name_en
                ),
            )
            .under(rule.source.cite.clone()),
        relief_id: rule.id.clone(),
        instead: (!by_input).then(|| claiming(source, &rule.id)),
    }
}

/// A use that the law relieves.
fn by_usage(source: &Source, ctx: &Context<'_>, year: Period) -> Option<Opportunity<Source>> {
    let (relief_id, check) = relief_of(source.usage?)?;
    let rural = matches!(
        source.kind,
        Kind::Motorcycle | Kind::ThreeWheeledVehicle | Kind::LowSpeedTruck
    );
    if relief_id == "VV_RURAL" && (!rural || !is_person(ctx)) {
        return None;
    }
    let rule = open(source, ctx, year, relief_id)?;
    let why = (
        "usage",
        "使用性质符合减免条件",
        "its use meets the condition",
    );
    Some(opportunity(source, rule, check, why))
}

fn is_person(ctx: &Context<'_>) -> bool {
    matches!(
        ctx.profile.kind,
        TaxpayerKind::Individual | TaxpayerKind::IndividualBusiness
    )
}

/// A drive that the law relieves.
fn by_energy(source: &Source, ctx: &Context<'_>, year: Period) -> Option<Opportunity<Source>> {
    let energy = source.energy?;
    let (relief_id, check) = match energy {
        Energy::NaturalGas if source.kind == Kind::Barge => return None,
        Energy::NaturalGas if source.kind.is_vessel() => (
            "VV_NEW_ENERGY_VESSEL",
            catalogue::VV_RADAR_NEW_ENERGY_VESSEL,
        ),
        Energy::PlugInHybrid | Energy::PureElectric | Energy::FuelCell => {
            ("VV_NEW_ENERGY", catalogue::VV_RADAR_NEW_ENERGY)
        }
        Energy::Hybrid | Energy::NaturalGas => {
            ("VV_ENERGY_SAVING", catalogue::VV_RADAR_ENERGY_SAVING)
        }
        // Petrol and diesel cars are relieved where their model is listed.
        Energy::Conventional if source.catalogue_from.is_some() => {
            ("VV_ENERGY_SAVING", catalogue::VV_RADAR_ENERGY_SAVING)
        }
        Energy::Conventional => return None,
    };
    // A car without displacement is outside the tax; a model not listed has no relief.
    let electric = matches!(energy, Energy::PureElectric | Energy::FuelCell);
    if source.kind == Kind::PassengerCar && electric || unlisted(source).is_some() {
        return None;
    }
    let rule = open(source, ctx, year, relief_id)?;
    let why = (
        "energy",
        "燃料种类（或目录）符合减免条件，购置时车型在《目录》内的",
        "its drive or its listing meets the condition, if the model stood in the catalogue when \
         it was bought",
    );
    Some(opportunity(source, rule, check, why))
}

/// A kind that the law halves, seen from the name or the plate, and the reverse.
fn by_kind(source: &Source) -> Option<Opportunity<Source>> {
    let as_kind = |kind: Kind| {
        let mut instead = source.clone();
        instead.kind = kind;
        instead.declared_item = None;
        instead
    };
    let trailer_plate = source.plate.ends_with(TRAILER_PLATE);
    match source.kind {
        Kind::MotorVessel if source.engine_power_kw.is_some() && source.name.contains(TUG_NAME) => {
            Some(Opportunity {
                finding: catalogue::VV_RADAR_TUG.at(
                    "kind",
                    format!(
                        "船名“{}”似为拖船，拖船按主机功率折合净吨位，税额减半",
                        source.name
                    ),
                    format!(
                        "the name '{}' looks like a tug's: a tug is taxed by its engine power at \
                         half the amount",
                        source.name
                    ),
                ),
                relief_id: SHARE_TUG.to_owned(),
                instead: Some(as_kind(Kind::Tug)),
            })
        }
        Kind::Truck if trailer_plate => Some(Opportunity {
            finding: catalogue::VV_RADAR_TRAILER.at(
                "kind",
                format!("号牌 {} 为挂车号牌，挂车按货车税额减半", source.plate),
                format!(
                    "the plate {} is a trailer's: a trailer bears half the truck's amount",
                    source.plate
                ),
            ),
            relief_id: SHARE_TRAILER.to_owned(),
            instead: Some(as_kind(Kind::Trailer)),
        }),
        Kind::Trailer if !source.plate.is_empty() && !trailer_plate => Some(Opportunity {
            finding: catalogue::VV_RADAR_TRAILER_PLATE.at(
                "kind",
                format!(
                    "号牌 {} 不是挂车号牌；半挂牵引车和货车不适用挂车税额",
                    source.plate
                ),
                format!(
                    "the plate {} is not a trailer's; a tractor or truck bears the whole amount",
                    source.plate
                ),
            ),
            relief_id: SHARE_TRAILER.to_owned(),
            instead: Some(as_kind(Kind::Truck)),
        }),
        _ => None,
    }
}

/// An end of the tax within the year while no payment of the year is stated.
fn refund(source: &Source, year: Period) -> Option<Opportunity<Source>> {
    if source.payments.iter().any(|payment| payment.is_of(year)) {
        return None;
    }
    let event = source.events.iter().find(|event| {
        year.contains(event.on) && event.kind.ends_tax() && event.kind != EventKind::Recovered
    })?;
    Some(Opportunity {
        finding: catalogue::VV_RADAR_REFUND.at(
            "payments",
            format!(
                "该车船于 {} 起不再计税；本年度税款（含保险机构代收）已缴的，请填写，自当月起的税款可退",
                event.on
            ),
            format!(
                "it is not taxed from the month of {} on: if the year was paid or withheld before, \
                 state it, and those months are refunded",
                event.on
            ),
        ),
        relief_id: REFUND.to_owned(),
        instead: None,
    })
}

/// A claim that rests on a use or an owner that the facts do not show.
fn wrong_use(source: &Source, ctx: &Context<'_>) -> Vec<Opportunity<Source>> {
    const BY_USE: [&str; 8] = [
        "VV_PUBLIC_TRANSPORT",
        "VV_RURAL",
        "VV_FISHING",
        "VV_MILITARY",
        "VV_POLICE",
        "VV_RESCUE",
        "VV_DIPLOMATIC",
        "VV_INTERNAL",
    ];
    let mut found = Vec::new();
    for (place, claim) in source.reliefs.iter().enumerate() {
        let id = claim.relief_id.as_str();
        let other_use = source.usage.is_some_and(|usage| {
            BY_USE.contains(&id) && relief_of(usage).is_none_or(|(relief_id, _)| relief_id != id)
        });
        let (zh, en) = if other_use {
            (
                "使用性质与所申报减免的条件不符",
                "the use does not meet the condition of the relief claimed",
            )
        } else if id == "VV_RURAL" && !is_person(ctx) {
            (
                "农村居民减免以个人拥有为条件，纳税人不是个人",
                "the farmers' relief is for persons, and the taxpayer is none",
            )
        } else {
            continue;
        };
        found.push(without(source, place, catalogue::VV_RADAR_USE, (zh, en)));
    }
    found
}

/// A claim for a model that did not stand in the catalogue when it was bought.
fn wrong_catalogue(source: &Source) -> Vec<Opportunity<Source>> {
    let Some(message) = unlisted(source) else {
        return Vec::new();
    };
    let listed = |id: &str| matches!(id, "VV_NEW_ENERGY" | "VV_ENERGY_SAVING");
    let claims = source.reliefs.iter().enumerate();
    claims
        .filter(|(_, claim)| listed(&claim.relief_id))
        .map(|(place, _)| without(source, place, catalogue::VV_RADAR_CATALOGUE, message))
        .collect()
}

/// Why the model was not listed on the day of acquisition. A later removal revokes nothing.
fn unlisted(source: &Source) -> Option<(&'static str, &'static str)> {
    if source
        .catalogue_from
        .is_some_and(|from| source.acquired_on < from)
    {
        return Some((
            "车型在购置之后才列入《目录》",
            "the model was listed only after it was bought",
        ));
    }
    source
        .catalogue_to
        .is_some_and(|to| to < source.acquired_on)
        .then_some((
            "车型在购置之前已从《目录》撤销",
            "the model had left the catalogue before it was bought",
        ))
}

/// The claim at a place should go.
fn without(
    source: &Source,
    place: usize,
    check: &Check,
    (zh, en): (&str, &str),
) -> Opportunity<Source> {
    let mut instead = source.clone();
    let mut at = 0;
    instead.reliefs.retain(|_| {
        at += 1;
        at - 1 != place
    });
    let relief_id = source
        .reliefs
        .get(place)
        .map(|claim| claim.relief_id.clone())
        .unwrap_or_default();
    let finding: Finding = check.at(format!("reliefs[{place}].relief_id"), zh, en);
    Opportunity {
        finding,
        relief_id,
        instead: Some(instead),
    }
}
