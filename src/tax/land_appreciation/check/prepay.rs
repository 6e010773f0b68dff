//! Findings on prepayments.

use jiff::ToSpan;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::rules::Table;
use crate::tax::land_appreciation::catalogue;
use crate::tax::land_appreciation::source::{BaseMethod, Prepay, PrepayClass, PrepayRow};
use crate::tax::land_appreciation::{Areas, PropertyType};
use crate::tax::{Context, Finding};
use crate::types::{Exact, Region};

impl BaseMethod {
    const fn name(self) -> &'static str {
        match self {
            Self::ReceiptMinusPrepaidVat => "RECEIPT_MINUS_PREPAID_VAT",
            Self::ReceiptDivOnePlusRate => "RECEIPT_DIV_ONE_PLUS_RATE",
        }
    }
}

pub(super) fn check(it: &Prepay, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    super::developer(ctx, "prepay", out);
    for (place, row) in it.rows.iter().enumerate() {
        let path = format!("prepay.rows[{place}]");
        receipts(row, &path, out);
        let list = format!("{path}.reliefs");
        super::claims(&row.reliefs, &list, out);
        // The exemption of ordinary housing belongs to settlement and tail sales (LAT4).
        super::exemption(&row.reliefs, PropertyType::Other, false, None, &list, out);
        base_method(it, row, ctx, out);
        floor(row, ctx, &path, out);
        let same = |other: &PrepayRow| {
            other.month == row.month && other.class == row.class && other.sub_type == row.sub_type
        };
        if it.rows.iter().take(place).any(same) {
            super::duplicate(&path, out);
        }
        if let Some(accepted) = it.settlement_accepted_on
            && row.month.first_day() > accepted
        {
            out.push(
                catalogue::LAT_E2
                    .at(
                        format!("{path}.month"),
                        "清算受理后取得的收入应按尾盘申报，不再预征",
                        "sales after the settlement was accepted are tail sales, not prepayments",
                    )
                    .numbers(accepted, row.month),
            );
        }
    }
    if let Some(areas) = &it.areas {
        super::areas(areas, "prepay.areas", out);
    }
    settle(it, ctx, out);
}

/// E1: receipts below zero.
fn receipts(row: &PrepayRow, path: &str, out: &mut Vec<Finding>) {
    for (name, amount) in [
        ("monetary_yuan", row.monetary),
        ("in_kind_yuan", row.in_kind),
        ("deemed_yuan", row.deemed),
    ] {
        if amount.is_negative() {
            out.push(catalogue::LAT_E1.at(
                format!("{path}.{name}"),
                "收入不能为负数",
                "income must not be negative",
            ));
        }
    }
}

/// E2: the place fixes another base than the one asked for.
fn base_method(it: &Prepay, row: &PrepayRow, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let on = row.month.first_day();
    let id = "lat.prepay_base_method";
    let Ok((parameter, found)) = ctx.rules.find(id, ctx.region, on) else {
        return;
    };
    let Some(asked) = it.base_method else {
        super::unconfirmed(ctx, id, on, "prepay.base_method", out);
        return;
    };
    let known = parameter.region.is_some() && found.value != asked.name();
    let told = out.iter().any(|other| other.field == "prepay.base_method");
    if known && !told {
        out.push(
            catalogue::LAT_E2
                .at(
                    "prepay.base_method",
                    "预征计税依据的计算方法与当地规定不符",
                    "the way of computing the base is not the place's",
                )
                .under(found.source.cite.clone())
                .numbers(&found.value, asked.name())
                .fix(
                    "prepay.base_method",
                    format!("LAND_APPRECIATION_BASE_METHOD_{}", found.value),
                ),
        );
    }
}

const FLOORS: &str = "lat.prepay_floor";

/// The national floor of a place's province.
fn floor_of(table: &Table, region: Region) -> Option<Decimal> {
    let province = region.province().to_string();
    let mut rows = table.rows.iter();
    let row = rows.find(|row| table.cell(row, "province") == Some(&province))?;
    Decimal::from_str_exact(table.cell(row, "floor")?).ok()
}

/// W2: a rate below the national floor.
fn floor(row: &PrepayRow, ctx: &Context<'_>, path: &str, out: &mut Vec<Finding>) {
    let on = row.month.first_day();
    if row.class == PrepayClass::Affordable {
        return;
    }
    let stated = row.stated_rate.as_ref().map(|rate| rate.value);
    let known = || {
        ctx.number(&row.rate_parameter(ctx), on)
            .ok()
            .map(|it| it.value)
    };
    let Some(rate) = stated.or_else(known) else {
        return;
    };
    let Some(table) = ctx.rules.table(FLOORS, on) else {
        return;
    };
    let floor = floor_of(table, ctx.region);
    if let Some(floor) = floor
        && rate < floor
    {
        out.push(
            catalogue::LAT_W2
                .at(
                    format!("{path}.stated_rate"),
                    format!("预征率 {rate} 低于国家规定的下限 {floor}"),
                    format!("the prepayment rate {rate} is below the national floor {floor}"),
                )
                .under(table.source.cite.clone())
                .numbers(floor, rate),
        );
    }
}

/// W4: the project can be settled (85% transferred, or three years since the presale permit).
fn settle(it: &Prepay, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let on = ctx.period.last();
    if it.settlement_accepted_on.is_some() {
        return;
    }
    let sold = it
        .areas
        .as_ref()
        .is_some_and(|areas| sold_out(areas, ctx, on));
    let old = it.presale_permit_on.is_some_and(|permit| {
        let years = ctx.number("lat.settle_years", on).ok();
        let years = years.and_then(|years| years.value.to_i16());
        years.is_some_and(|years| permit.saturating_add(i64::from(years).years()) <= on)
    });
    let (field, expected, actual) = match (&it.areas, it.presale_permit_on) {
        (Some(areas), _) if sold => {
            let share = ctx.number("lat.settle_share", on).ok();
            let edge = share.map_or_else(String::new, |share| share.value.to_string());
            let sold = format!("{}/{}", areas.sold_sqm, areas.saleable_sqm);
            ("prepay.areas", edge, sold)
        }
        (_, Some(permit)) if old => {
            let years = ctx.number("lat.settle_years", on).ok();
            let edge = years.map_or_else(String::new, |years| years.value.to_string());
            ("prepay.presale_permit_on", edge, format!("{permit}..{on}"))
        }
        _ => return,
    };
    out.push(
        catalogue::LAT_W4
            .at(
                field,
                "项目已达到可清算条件，尚未申报清算",
                "the project meets a condition for settlement, and none is filed",
            )
            .numbers(expected, actual),
    );
}

fn sold_out(areas: &Areas, ctx: &Context<'_>, on: jiff::civil::Date) -> bool {
    let Ok(share) = ctx.number("lat.settle_share", on) else {
        return false;
    };
    let edge = Exact::from(areas.saleable_sqm).mul(share.value);
    let positive = areas.saleable_sqm > Decimal::ZERO;
    let enough = edge.is_ok_and(|edge| Exact::from(areas.sold_sqm) >= edge);
    positive && (enough || areas.remaining_sqm == Decimal::ZERO)
}

#[cfg(test)]
mod tests {
    use super::{FLOORS, floor_of};
    use crate::rules::RuleBook;
    use crate::types::{Region, parse_date};
    use rust_decimal::Decimal;

    /// 国税发〔2010〕53号, 公告2024年第10号: a place may not fix a rate below its floor.
    #[test]
    fn no_rate_of_the_pack_is_below_its_floor() {
        let book = RuleBook::embedded().unwrap();
        let places = book.files().keys().filter_map(|name| {
            let code = name.strip_prefix("region/")?.get(..6)?;
            Region::parse(code).ok()
        });
        let mut seen = 0;
        for place in places {
            for day in ["2018-01-01", "2024-11-30", "2024-12-01", "2027-12-31"] {
                let day = parse_date(day).unwrap();
                let floor = floor_of(book.table(FLOORS, day).unwrap(), place).unwrap();
                for (parameter, row) in book.parameters_at(place, day) {
                    let id = &parameter.id;
                    if !id.starts_with("lat.prepay_rate.") || id.ends_with(".affordable") {
                        continue;
                    }
                    seen += 1;
                    let rate: Decimal = row.value.parse().unwrap();
                    assert!(rate >= floor, "{id} in {place} on {day}: {rate} < {floor}");
                }
            }
        }
        assert!(seen > 30, "only {seen} rates were seen");
    }
}
