//! What is wrong or doubtful with a vehicle or vessel as stated (spec §10: V1–V13, X1–X5).

mod doubts;
mod form;
mod history;

pub(super) use doubts::{amounts, doubts};
pub(super) use form::twice;

use super::class;
use super::source::{Energy, Kind, Source};
use crate::tax::{ChargeError, Context, Finding};
use crate::types::Period;

/// Most seats of a passenger car.
const CAR_SEATS_MAX: &str = "vvt.passenger_car.seats_max";
const CITE_SCHEDULE: &str = "车船税法 附表《车船税税目税额表》";

/// Everything that stops the charge.
pub(super) fn refusals(source: &Source, ctx: &Context<'_>, year: Period) -> Vec<Finding> {
    let mut findings = scope(source);
    findings.extend(form::refusals(source));
    findings.extend(history::refusals(source));
    findings.extend(reliefs(source));
    if findings.is_empty() {
        findings.extend(item(source, ctx, year));
    }
    findings
}

/// Things outside the tax (X2).
fn scope(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let electric = matches!(source.energy, Some(Energy::PureElectric | Energy::FuelCell));
    if source.kind == Kind::PassengerCar && electric {
        findings.push(Finding::error(
            "VV_X2",
            "energy",
            "纯电动乘用车和燃料电池乘用车没有排气量，不属于车船税征税范围，不必申报",
            "battery-electric and fuel-cell passenger cars have no displacement and are outside \
             the tax: leave the car out",
            "财税〔2018〕74号 第二条",
        ));
    }
    if source.foreign {
        findings.push(Finding::error(
            "VV_FOREIGN",
            "foreign",
            "临时入境的外国车船和租入的外籍船舶不属于车船税征税范围",
            "foreign vehicles temporarily in China and leased foreign-flag ships are outside the \
             tax",
            "车船税法实施条例 第二十四条; 税务总局公告2013年第42号 第七条",
        ));
    }
    if source.count == 0 {
        findings.push(Finding::error(
            "VV_V4",
            "count",
            "数量应不少于 1",
            "the count must be at least 1",
            CITE_SCHEDULE,
        ));
    }
    findings
}

/// The item by the facts, against seats and the declared item (V4, V6).
fn item(source: &Source, ctx: &Context<'_>, year: Period) -> Vec<Finding> {
    let mut findings = Vec::new();
    let limit = ctx.number(CAR_SEATS_MAX, year.first());
    if let (Ok(limit), Some(seats)) = (limit, source.seats) {
        let many = rust_decimal::Decimal::from(seats) > limit.value;
        let other = match source.kind {
            Kind::PassengerCar if many => Some(("客车", "bus", "BUS")),
            Kind::Bus if !many => Some(("乘用车", "passenger car", "PASSENGER_CAR")),
            _ => None,
        };
        if let Some((zh, en, kind)) = other {
            findings.push(
                Finding::error(
                    "VV_V6_SEATS",
                    "kind",
                    format!(
                        "核定载客 {seats} 人，应按{zh}申报（乘用车不超过 {} 人）",
                        limit.value
                    ),
                    format!(
                        "{seats} seats make a {en} (cars have at most {})",
                        limit.value
                    ),
                    CITE_SCHEDULE,
                )
                .numbers(limit.value, seats)
                .fix("kind", kind),
            );
            return findings;
        }
    }
    match class::of(source, ctx, year) {
        Ok(classed) => {
            if let Some(declared) = &source.declared_item
                && *declared != classed.item
            {
                findings.push(
                    Finding::error(
                        "VV_V6",
                        "declared_item",
                        format!(
                            "申报税目 {declared} 与车船资料所属税目 {} 不符",
                            classed.item
                        ),
                        format!(
                            "the declared item {declared} disagrees with the facts, which give {}",
                            classed.item
                        ),
                        classed.cite.clone(),
                    )
                    .numbers(&classed.item, declared)
                    .fix("declared_item", &classed.item),
                );
            }
        }
        Err(ChargeError::Refused(finding)) => findings.push(*finding),
        // Said by the charge itself.
        Err(ChargeError::Missing(_) | ChargeError::Overflow(_)) => {}
    }
    findings
}

/// One relief at most, and one that fits the drive.
fn reliefs(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if source.reliefs.len() > 1 {
        findings.push(
            Finding::error(
                "VV_RELIEF_STACKING",
                "reliefs",
                "同一车船只能享受一项车船税减免，减半与免税不叠加",
                "one vehicle takes one relief only; half and exemption do not add up",
                "财税〔2018〕74号; 车船税法 第三条至第五条",
            )
            .numbers(1, source.reliefs.len()),
        );
    }
    for (place, claim) in source.reliefs.iter().enumerate() {
        let fits = match (claim.relief_id.as_str(), source.energy) {
            ("VV_NEW_ENERGY", Some(energy)) => {
                matches!(
                    energy,
                    Energy::PlugInHybrid | Energy::PureElectric | Energy::FuelCell
                )
            }
            ("VV_ENERGY_SAVING", Some(energy)) => {
                matches!(energy, Energy::Conventional | Energy::NaturalGas)
            }
            ("VV_NEW_ENERGY_VESSEL", Some(energy)) => energy == Energy::NaturalGas,
            _ => true,
        };
        if !fits {
            findings.push(Finding::error(
                "VV_RELIEF_ENERGY",
                format!("reliefs[{place}].relief_id"),
                format!("燃料种类与减免税项目 {} 的条件不符", claim.relief_id),
                format!(
                    "the energy does not meet the condition of relief {}",
                    claim.relief_id
                ),
                "财税〔2018〕74号 第一条、第二条",
            ));
        }
    }
    findings
}
