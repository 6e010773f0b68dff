//! Rules across the houses of one declaration: V17 and the common plot (X2).

use rust_decimal::Decimal;

use super::model::{Plot, Source};
use super::{ChargeError, Context, Finding};
use crate::tax::TaxSource;
use crate::types::Month;

/// Refuses a house declared twice and plots on which the houses disagree.
pub(super) fn check(
    source: &Source,
    peers: &[&TaxSource],
    ctx: &Context<'_>,
) -> Result<(), ChargeError> {
    let others = || {
        peers.iter().filter_map(|peer| match peer {
            TaxSource::RealEstateTax(other) => Some(other.as_ref()),
            _ => None,
        })
    };
    let twice = others().any(|other| {
        !source.house_no.is_empty()
            && other.house_no == source.house_no
            && !other.versions.is_empty()
            && !source.versions.is_empty()
    });
    if twice {
        return Err(Finding::error(
            "RE_V17",
            "house_no",
            format!(
                "房产编号 {} 在同一申报表中重复申报从价计征",
                source.house_no
            ),
            format!("house {} is declared on value twice", source.house_no),
            "税务总局公告2021年第9号",
        )
        .into());
    }
    let month = ctx.period.last_month();
    let Some((plot, own)) = plot_in(source, month) else {
        return Ok(());
    };
    let mut built = own;
    for (other, area) in others().filter_map(|other| plot_in(other, month)) {
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
    if plot.plot_cost != other.plot_cost {
        return Err(conflict(plot, "plot_cost_yuan")
            .numbers(other.plot_cost, plot.plot_cost)
            .into());
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
    Finding::error(
        "RE_PLOT_CONFLICT",
        format!("versions.plot.{name}"),
        format!("同一宗地 {} 上各房产填写的宗地数据不一致", plot.land_no),
        format!(
            "the houses on plot {} disagree on its figures",
            plot.land_no
        ),
        "财税〔2010〕121号 第三条",
    )
}
