//! What is wrong or doubtful with a vehicle or vessel as stated (spec §10: V1–V13, X1–X5).

mod amounts;
mod doubts;
mod form;
mod history;
mod late;
mod reliefs;

pub(super) use amounts::amounts;
pub(super) use doubts::doubts;
pub(super) use form::twice;

use super::catalogue;
use super::class;
use super::source::{Energy, Kind, Source};
use crate::tax::{ChargeError, Context, Finding};
use crate::types::Period;

/// Most seats of a passenger car.
const CAR_SEATS_MAX: &str = "vvt.passenger_car.seats_max";

/// Everything that stops the charge.
pub(super) fn refusals(source: &Source, ctx: &Context<'_>, year: Period) -> Vec<Finding> {
    let mut findings = scope(source);
    findings.extend(form::refusals(source));
    findings.extend(history::refusals(source));
    findings.extend(reliefs::refusals(source));
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
        findings.push(catalogue::VV_X2.at(
            "energy",
            "纯电动乘用车和燃料电池乘用车没有排气量，不属于车船税征税范围，不必申报",
            "battery-electric and fuel-cell passenger cars have no displacement and are outside \
             the tax: leave the car out",
        ));
    }
    if source.foreign {
        findings.push(catalogue::VV_FOREIGN.at(
            "foreign",
            "临时入境的外国车船和香港、澳门、台湾地区的车船以及租入的外籍船舶不属于车船税征税范围",
            "foreign, Hong Kong, Macao and Taiwan vehicles and vessels temporarily in China and \
             leased foreign-flag ships are outside the tax",
        ));
    }
    if source.count == 0 {
        findings.push(catalogue::VV_V4.at(
            "count",
            "数量应不少于 1",
            "the count must be at least 1",
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
                catalogue::VV_V6_SEATS
                    .at(
                        "kind",
                        format!(
                            "核定载客 {seats} 人，应按{zh}申报（乘用车不超过 {} 人）",
                            limit.value
                        ),
                        format!(
                            "{seats} seats make a {en} (cars have at most {})",
                            limit.value
                        ),
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
                let item = &classed.item;
                findings.push(
                    catalogue::VV_V6
                        .at(
                            "declared_item",
                            format!("申报税目 {declared} 与车船资料所属税目 {item} 不符"),
                            format!("the declared item is {declared}, the facts give {item}"),
                        )
                        .under(classed.cite.clone())
                        .numbers(item, declared)
                        .fix("declared_item", item),
                );
            }
        }
        Err(ChargeError::Refused(finding)) => findings.push(*finding),
        // Said by the charge itself.
        Err(ChargeError::Missing(_) | ChargeError::Overflow(_)) => {}
    }
    findings
}
