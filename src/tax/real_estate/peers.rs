//! Rules across the houses of one declaration: V17, value and rent of one house (V6), and the
//! common plot (X2).

use rust_decimal::Decimal;

use super::model::{Lease, Plot, Source};
use super::{ChargeError, Context, Finding, catalogue, overlap};
use crate::tax::TaxSource;
use crate::types::Month;

/// Refuses a house declared twice and plots on which the houses disagree.
pub(super) fn check(
    source: &Source,
    peers: &[&TaxSource],
    ctx: &Context<'_>,
) -> Result<(), ChargeError> {
    let others: Vec<&Source> = peers
        .iter()
        .filter_map(|peer| match peer {
            TaxSource::RealEstateTax(other) => Some(other.as_ref()),
            _ => None,
        })
        .collect();
    let same = |other: &&&Source| !source.house_no.is_empty() && other.house_no == source.house_no;
    let of_house: Vec<&Source> = others.iter().filter(same).copied().collect();
    twice(source, &of_house, ctx)?;
    let by_rent: Vec<&Source> = of_house
        .into_iter()
        .filter(|other| other.versions.is_empty())
        .collect();
    if !source.versions.is_empty() && !by_rent.is_empty() {
        overlap::between(source, &by_rent, ctx)?;
    }
    common_plot(source, &others, ctx)
}

/// V17: value or a lease's rent of one house, stated by two sources for the period.
fn twice(source: &Source, of_house: &[&Source], ctx: &Context<'_>) -> Result<(), ChargeError> {
    let valued = |source: &Source| -> Result<bool, ChargeError> {
        Ok(!source.versions.is_empty() && source.taxed_months(ctx, ctx.period)?.is_some())
    };
    let number = &source.house_no;
    for other in of_house {
        if valued(source)? && valued(other)? {
            return Err(catalogue::RE_V17
                .at(
                    "house_no",
                    format!("房产编号 {number} 在同一申报表中重复申报从价计征"),
                    format!("house {number} is declared on value twice"),
                )
                .into());
        }
    }
    for (place, lease) in source.leases.iter().enumerate() {
        let mut others = of_house.iter().flat_map(|other| &other.leases);
        if others.any(|other| same_rent(lease, other, ctx)) {
            let lease = &lease.lease_no;
            return Err(catalogue::RE_V17
                .at(
                    format!("leases[{place}].rents"),
                    format!("房产 {number} 合同 {lease} 的租金在同一申报表中重复申报"),
                    format!("the rent of contract {lease} of house {number} is declared twice"),
                )
                .into());
        }
    }
    Ok(())
}

/// One contract with rents of common days in the period.
fn same_rent(lease: &Lease, other: &Lease, ctx: &Context<'_>) -> bool {
    let mut rents = lease.rents.iter();
    !lease.lease_no.is_empty()
        && lease.lease_no == other.lease_no
        && rents.any(|rent| {
            rent.period.overlap(ctx.period).is_some_and(|days| {
                let mut others = other.rents.iter();
                others.any(|other| other.period.overlap(days).is_some())
            })
        })
}

/// X2: the houses of a plot agree on its figures and fit in its building area.
fn common_plot(source: &Source, others: &[&Source], ctx: &Context<'_>) -> Result<(), ChargeError> {
    let month = ctx.period.last_month();
    let Some((plot, own)) = plot_in(source, month) else {
        return Ok(());
    };
    let mut built = own;
    for (other, area) in others.iter().filter_map(|other| plot_in(other, month)) {
        if other.land_no != plot.land_no {
            continue;
        }
        agree(plot, other)?;
        built = built.saturating_add(area);
    }
    if built > plot.total_building_area {
        return Err(conflict(plot, "total_building_area_sqm")
            .numbers(format!("<= {}", plot.total_building_area), built)
            .into());
    }
    Ok(())
}

/// The named plot and the building area of a house that stands in the month.
fn plot_in(source: &Source, month: Month) -> Option<(&Plot, Decimal)> {
    if source.ended_on.is_some_and(|day| Month::of(day) < month) {
        return None;
    }
    let version = source.version_in(month)?;
    let plot = version
        .plot
        .as_ref()
        .filter(|plot| !plot.land_no.is_empty())?;
    Some((plot, version.building_area.unwrap_or_default()))
}

/// Two houses on one plot state the same cost, area and total building area.
fn agree(plot: &Plot, other: &Plot) -> Result<(), ChargeError> {
    for (name, own, others) in [
        ("plot_cost_yuan", plot.plot_cost, other.plot_cost),
        ("deed_tax_yuan", plot.deed_tax, other.deed_tax),
    ] {
        if own != others {
            return Err(conflict(plot, name).numbers(others, own).into());
        }
    }
    for (name, own, others) in [
        ("plot_area_sqm", plot.plot_area, other.plot_area),
        (
            "total_building_area_sqm",
            plot.total_building_area,
            other.total_building_area,
        ),
    ] {
        if own != others {
            return Err(conflict(plot, name).numbers(others, own).into());
        }
    }
    Ok(())
}

fn conflict(plot: &Plot, name: &str) -> Finding {
    catalogue::RE_PLOT_CONFLICT.at(
        format!("versions.plot.{name}"),
        format!("同一宗地 {} 上各房产填写的宗地数据不一致", plot.land_no),
        format!(
            "the houses on plot {} disagree on its figures",
            plot.land_no
        ),
    )
}
