//! Findings on settlements.

use jiff::civil::Date;

use super::{
    areas, assessed_floor, claims, deductions, developer, edges, exemption, income, unconfirmed,
};
use crate::tax::land_appreciation::catalogue;
use crate::tax::land_appreciation::source::{
    AssessedSettlement, OrdinaryFacts, PropertyType, Settlement, SettlementType, StatedTotal,
};
use crate::tax::land_appreciation::work::Appreciation;
use crate::tax::{ChargeError, Context, Finding};
use crate::types::Money;

/// E8, W12: prepayments credited must be those recorded.
fn credit(
    prepaid: impl Iterator<Item = Money>,
    recorded: Option<Money>,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let (Ok(credited), Some(recorded)) = (Money::sum(prepaid), recorded) else {
        return;
    };
    let field = format!("{field}.recorded_prepaid_yuan");
    if credited > recorded {
        out.push(
            catalogue::LAT_E8
                .at(
                    field,
                    "抵减的预缴税款超过该清算单位已缴的预征税款",
                    "the credit is above the prepayments recorded for the unit",
                )
                .numbers(recorded, credited),
        );
    } else if credited < recorded {
        out.push(
            catalogue::LAT_W12
                .at(
                    field,
                    "该清算单位已缴的预征税款没有全部抵减",
                    "not all of the prepayments recorded for the unit are credited",
                )
                .numbers(recorded, credited),
        );
    }
}

/// E17, W7: types of real estate, once each, in the place's scheme.
fn types(
    types: impl Iterator<Item = PropertyType>,
    ctx: &Context<'_>,
    on: Date,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let scheme = "lat.type_scheme";
    let two = ctx.text(scheme, on).is_ok_and(|word| word == "TWO");
    let mut seen: Vec<PropertyType> = Vec::new();
    for (place, kind) in types.enumerate() {
        let path = format!("{field}.types[{place}].property_type");
        if seen.contains(&kind) {
            out.push(catalogue::LAT_E17.at(
                path.clone(),
                format!("{} 重复填写", kind.names().1),
                format!("type {} stands twice", kind.names().0),
            ));
        }
        if two && kind == PropertyType::NonOrdinary {
            out.push(catalogue::LAT_W7.at(
                path.clone(),
                "当地按两种类型清算，非普通住宅应并入其他类型",
                "the place settles two types only; this one belongs to the other type",
            ));
        }
        // Only the division between these two depends on the scheme.
        if kind == PropertyType::NonOrdinary {
            unconfirmed(ctx, scheme, on, &path, out);
        }
        seen.push(kind);
    }
}

/// E16: the total column as filled in against the sum of the types.
fn total(stated: Option<StatedTotal>, sums: StatedTotal, field: &str, out: &mut Vec<Finding>) {
    let Some(stated) = stated else {
        return;
    };
    for (name, zh, stated, sum) in [
        ("income_yuan", "收入", stated.income, sums.income),
        (
            "deductions_yuan",
            "扣除项目金额",
            stated.deductions,
            sums.deductions,
        ),
        ("tax_yuan", "税额", stated.tax, sums.tax),
        ("prepaid_yuan", "已缴税额", stated.prepaid, sums.prepaid),
    ] {
        if let (Some(stated), Some(sum)) = (stated, sum)
            && stated != sum
        {
            let path = format!("{field}.stated_total.{name}");
            out.push(
                catalogue::LAT_E16
                    .at(
                        path.clone(),
                        format!("合计栏的{zh} {stated} 不等于各类型之和 {sum}"),
                        format!("the total column says {stated}, the types sum to {sum}"),
                    )
                    .numbers(sum, stated)
                    .fix(path, sum),
            );
        }
    }
}

/// W11: ordinary housing by its facts. The plot ratio must be above its edge, the others within.
fn ordinary(
    kind: &SettlementType,
    ctx: &Context<'_>,
    on: Date,
    path: &str,
    out: &mut Vec<Finding>,
) {
    let Some(facts) = kind.ordinary_facts else {
        return;
    };
    if kind.property_type != PropertyType::Ordinary {
        return;
    }
    for (name, edge, found) in misses(facts, ctx, on) {
        out.push(
            catalogue::LAT_W11
                .at(
                    format!("{path}.ordinary_facts.{name}"),
                    format!("与普通标准住宅标准 {edge} 不符（{found}），请核对当地标准"),
                    format!("{found} misses the standard of ordinary housing ({edge})"),
                )
                .numbers(edge, found),
        );
    }
}

/// What of the standard of ordinary housing the facts miss: field, edge, value.
pub(in crate::tax::land_appreciation) fn misses(
    facts: OrdinaryFacts,
    ctx: &Context<'_>,
    on: Date,
) -> Vec<(&'static str, String, String)> {
    let edge = |name: &str| {
        let id = format!("lat.ordinary_standard.{name}");
        ctx.number(&id, on).ok().map(|found| found.value)
    };
    let mut wrong = Vec::new();
    if let Some(edge) = edge("plot_ratio")
        && facts.plot_ratio <= edge
    {
        wrong.push((
            "plot_ratio",
            format!("> {edge}"),
            facts.plot_ratio.to_string(),
        ));
    }
    if let Some(edge) = edge("unit_sqm")
        && facts.largest_unit_sqm > edge
    {
        let found = facts.largest_unit_sqm.to_string();
        wrong.push(("largest_unit_sqm", format!("≤ {edge}"), found));
    }
    if let (Some(edge), Some(price)) = (edge("price_ratio"), facts.price_to_average)
        && price > edge
    {
        wrong.push(("price_to_average", format!("≤ {edge}"), price.to_string()));
    }
    wrong
}

pub(super) fn settlement(it: &Settlement, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let field = "settlement";
    developer(ctx, field, out);
    let kinds = it.types.iter().map(|kind| kind.property_type);
    types(kinds, ctx, it.event_on, field, out);
    let prepaid = || it.types.iter().map(|kind| kind.prepaid);
    credit(prepaid(), it.recorded_prepaid, field, out);
    let worked = match it.appreciations(ctx) {
        Ok(worked) => worked,
        Err(ChargeError::Refused(finding)) => {
            out.push(*finding);
            Vec::new()
        }
        Err(_) => Vec::new(),
    };
    let worked: Vec<Appreciation> = worked.into_iter().map(|(_, it)| it).collect();
    for (place, kind) in it.types.iter().enumerate() {
        let path = format!("{field}.types[{place}]");
        income(
            &kind.income,
            ctx,
            it.event_on,
            &format!("{path}.income"),
            out,
        );
        let below = format!("{path}.deductions");
        deductions(&kind.deductions, ctx, it.event_on, &below, out);
        if let Some(given) = &kind.areas {
            areas(given, &format!("{path}.areas"), out);
        }
        ordinary(kind, ctx, it.event_on, &path, out);
        let list = format!("{path}.reliefs");
        claims(&kind.reliefs, &list, out);
        let worked = worked.get(place).zip(edges(ctx, it.event_on));
        let worked = worked.map(|(it, (share, margin))| (*it, share, margin));
        let separate = !it.ordinary_not_separate;
        exemption(
            &kind.reliefs,
            kind.property_type,
            separate,
            worked,
            &list,
            out,
        );
    }
    if worked.len() == it.types.len() {
        let tax = || -> Result<Money, ChargeError> {
            let mut sum = Money::ZERO;
            for worked in &worked {
                sum = sum.plus(worked.rounded_tax(ctx, it.event_on)?)?;
            }
            Ok(sum)
        };
        let sums = StatedTotal {
            income: Money::sum(worked.iter().map(|it| it.income)).ok(),
            deductions: Money::sum(worked.iter().map(|it| it.deductions)).ok(),
            tax: tax().ok(),
            prepaid: Money::sum(prepaid()).ok(),
        };
        total(it.stated_total, sums, field, out);
    }
}

pub(super) fn assessed(it: &AssessedSettlement, ctx: &Context<'_>, out: &mut Vec<Finding>) {
    let field = "assessed_settlement";
    developer(ctx, field, out);
    let kinds = it.types.iter().map(|kind| kind.property_type);
    types(kinds, ctx, it.event_on, field, out);
    let prepaid = || it.types.iter().map(|kind| kind.prepaid);
    credit(prepaid(), it.recorded_prepaid, field, out);
    for (place, kind) in it.types.iter().enumerate() {
        let path = format!("{field}.types[{place}]");
        income(
            &kind.income,
            ctx,
            it.event_on,
            &format!("{path}.income"),
            out,
        );
        let list = format!("{path}.reliefs");
        claims(&kind.reliefs, &list, out);
        exemption(&kind.reliefs, PropertyType::Other, false, None, &list, out);
        let id = format!("lat.assessed_rate.{}", kind.property_type.key());
        let stated = kind.stated_rate.as_ref().map(|rate| rate.value);
        assessed_floor(ctx, it.event_on, &id, stated, &path, out);
    }
    let worked: Result<Vec<(Money, Money)>, ChargeError> = it
        .types
        .iter()
        .map(|kind| kind.worked(ctx, it.event_on))
        .collect();
    if let Ok(worked) = worked {
        let sums = StatedTotal {
            income: Money::sum(worked.iter().map(|(income, _)| *income)).ok(),
            deductions: None,
            tax: Money::sum(worked.iter().map(|(_, tax)| *tax)).ok(),
            prepaid: Money::sum(prepaid()).ok(),
        };
        total(it.stated_total, sums, field, out);
    }
}
