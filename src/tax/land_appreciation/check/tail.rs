//! Findings on tail sales.

use rust_decimal::Decimal;

use super::{
    claims, developer, developer_taxes, duplicate, edges, exemption, income, local_education,
    unconfirmed,
};
use crate::tax::land_appreciation::source::{PropertyType, Tail, TailRow};
use crate::tax::land_appreciation::work::Work;
use crate::tax::land_appreciation::{catalogue, reliefs};
use crate::tax::{Context, Finding};

pub(super) fn check(it: &Tail, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    developer(ctx, "tail", out);
    for (place, row) in it.rows.iter().enumerate() {
        let path = format!("tail.rows[{place}]");
        let on = row.month.first_day();
        income(&row.income, ctx, on, &format!("{path}.income"), out);
        if row.area_sqm <= Decimal::ZERO {
            out.push(
                catalogue::LAT_E23
                    .at(
                        format!("{path}.area_sqm"),
                        "尾盘销售面积应大于零",
                        "the area of a tail sale must be above zero",
                    )
                    .numbers("> 0", row.area_sqm),
            );
        }
        let taxes = format!("{path}.taxes");
        developer_taxes(row.taxes, ctx, on, &taxes, out);
        local_education(row.taxes, ctx, on, &taxes, out);
        for id in ["lat.tail.unit_cost_includes_taxes", "lat.tail.bracket"] {
            unconfirmed(ctx, id, on, "tail", out);
        }
        let list = format!("{path}.reliefs");
        claims(&row.reliefs, &list, out);
        let before = it.rows.iter().take(place);
        let twice =
            |other: &TailRow| other.month == row.month && other.property_type == row.property_type;
        if before.into_iter().any(twice) {
            duplicate(&path, out);
        }
        let settled = settled(row, ctx, &path, out);
        let claimed = row
            .reliefs
            .iter()
            .any(|it| it.relief_id == reliefs::ORDINARY);
        if settled
            && row.property_type == PropertyType::Ordinary
            && let (Some((share, margin)), Ok(own)) = (edges(ctx, on), row.own(ctx))
        {
            let worked = Some((own, share, margin));
            exemption(&[], PropertyType::Ordinary, true, worked, &list, out);
        }
        if settled && claimed {
            let ordinary = row.property_type == PropertyType::Ordinary;
            let fits = ordinary && !it.ordinary_not_separate && row.exempt(ctx).unwrap_or(true);
            if !fits {
                let other = PropertyType::Other;
                exemption(&row.reliefs, other, false, None, &list, out);
            }
        }
    }
}

/// E15: the settlement's figures behind a tail row; true when they can be used.
fn settled(row: &TailRow, ctx: &Context<'_>, path: &str, out: &mut Vec<Finding>) -> bool {
    let figures = &row.settled;
    if figures.sold_area_sqm <= Decimal::ZERO || figures.taxes > figures.deductions {
        out.push(catalogue::LAT_E15.at(
            format!("{path}.settled"),
            "尾盘申报需要清算时的扣除项目金额和已售面积",
            "tail sales need the deductions and the sold area of the settlement",
        ));
        return false;
    }
    let mut work = Work::new(ctx, row.month.first_day());
    if let (Some(stated), Ok(unit)) = (figures.unit_cost, row.unit_cost(&mut work))
        && stated != unit
    {
        let field = format!("{path}.settled.unit_cost_yuan");
        out.push(
            catalogue::LAT_E15
                .at(
                    field.clone(),
                    "单位建筑面积成本费用与清算数据计算的不一致",
                    "the unit cost is not what the settlement's figures give",
                )
                .numbers(unit, stated)
                .fix(field, unit),
        );
    }
    true
}
