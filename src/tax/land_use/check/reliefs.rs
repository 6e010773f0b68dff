//! The claims of relief: how they are stated, and what is doubtful of them.

use super::super::catalogue;
use super::super::months;
use super::super::relief::{LandRelief, UNDERGROUND, area_too_large, is_hardship};
use super::super::source::Source;
use crate::rules::ReliefShape;
use crate::tax::{Context, Finding};
use crate::types::Exact;

/// The relief that the law limits to some years.
const RECLAIMED: &str = "LU_RECLAIMED";

/// Errors of the claims, whatever the place.
pub fn form(source: &Source, found: &mut Vec<Finding>) {
    for (place, relief) in source.reliefs.iter().enumerate() {
        let field = format!("reliefs[{place}]");
        one(source, relief, &field, found);
        area(source, relief, &field, found);
    }
}

fn one(source: &Source, relief: &LandRelief, field: &str, found: &mut Vec<Finding>) {
    let claim = &relief.claim;
    if relief.relief_area_sqm.is_some() && claim.base_share.is_some() {
        found.push(catalogue::LU_RELIEF_BASIS.at(
            format!("{field}.relief_area_sqm"),
            "减免税土地面积和份额只能填写一项",
            "state either a relief area or a share, not both",
        ));
    }
    let amount = claim.amount.is_some() || relief.monthly_amount.is_some();
    let area = relief.relief_area_sqm.is_some() || claim.base_share.is_some();
    let both = claim.amount.is_some() && relief.monthly_amount.is_some();
    if (amount && (area || claim.ratio.is_some())) || both {
        let name = match claim.amount {
            Some(_) => "claim.amount_yuan",
            None => "monthly_amount_yuan",
        };
        found.push(catalogue::LU_RELIEF_BASIS.at(
            format!("{field}.{name}"),
            "核准金额、月减免税金额与面积、比例只能填写一种",
            "an approved or monthly amount stands alone, without area, share or ratio",
        ));
    }
    if claim.period.is_some_and(|period| !period.is_whole_months()) {
        found.push(catalogue::LU_RELIEF_MONTHS.at(
            format!("{field}.claim.period"),
            "减免起止时间应为整月",
            "a relief runs over whole months",
        ));
    }
    if claim.relief_id == UNDERGROUND && source.underground_stand_alone {
        found.push(catalogue::LU_UNDERGROUND_TWICE.at(
            format!("{field}.claim.relief_id"),
            "已标明单独建造的地下建筑用地，不再重复填写该项减免",
            "the stand-alone underground flag already gives this relief",
        ));
    }
}

/// A relief area above every version's; segments a relief does not reach are judged when it is
/// applied (LU4).
fn area(source: &Source, relief: &LandRelief, field: &str, found: &mut Vec<Finding>) {
    let Some(area) = relief.relief_area_sqm else {
        return;
    };
    if let Some(largest) = months::largest_area(source)
        && Exact::from(area) > largest
        && let Ok(finding) = area_too_large(area, largest, field)
    {
        found.push(finding);
    }
}

/// What is doubtful of the claims.
pub fn doubts(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut hardship = false;
    for (place, relief) in source.reliefs.iter().enumerate() {
        let claim = &relief.claim;
        let Some(rule) = ctx.rules.relief(&claim.relief_id) else {
            continue;
        };
        let field = format!("reliefs[{place}]");
        if matches!(rule.shape, ReliefShape::ByInput) && claim.document.trim().is_empty() {
            let finding = catalogue::LU_RELIEF_DOCUMENT.at(
                format!("{field}.claim.document"),
                format!("减免税项目 {} 应填写核准或备案文书号", rule.name_zh),
                format!("relief {} needs its approval or filing document", rule.id),
            );
            found.push(finding.under(rule.source.cite.clone()));
        }
        if claim.amount.is_some() && claim.period.is_none() {
            found.push(catalogue::LU_RELIEF_AMOUNT_MONTHS.at(
                format!("{field}.claim.period"),
                "核准减免金额未填所属月份，将在每个税款所属期各减免一次",
                "the approved amount has no months, so every tax period takes it in full",
            ));
        }
        if hardship && !is_hardship(ctx, relief) {
            found.push(catalogue::LU_HARDSHIP_ORDER.at(
                format!("{field}.claim.relief_id"),
                format!("{} 列在困难减免之后；政策性减免应先计算", rule.name_zh),
                format!(
                    "{} stands after hardship; policy reliefs come first",
                    rule.id
                ),
            ));
        }
        hardship |= is_hardship(ctx, relief);
        if claim.relief_id == RECLAIMED {
            found.extend(reclaimed(relief, &field, ctx));
        }
    }
    found
}

/// Reclaimed land is free for some years by approval, not for ever.
fn reclaimed(relief: &LandRelief, field: &str, ctx: &Context<'_>) -> Option<Finding> {
    let on = ctx.period.first();
    let least = ctx.number("lut.reclaimed_months.min", on).ok()?.value;
    let most = ctx.number("lut.reclaimed_months.max", on).ok()?.value;
    let rule = format!("{least}–{most}");
    let field = format!("{field}.claim.period");
    let Some(period) = relief.claim.period else {
        let finding = catalogue::LU_RECLAIMED_YEARS.at(
            field,
            "应填写核准的免税起止时间（5年至10年）",
            "the approved months (5 to 10 years) must be stated",
        );
        return Some(finding);
    };
    let count = rust_decimal::Decimal::from(period.month_count());
    (count < least || count > most).then(|| {
        catalogue::LU_RECLAIMED_YEARS
            .at(
                field,
                format!("免税期为 {count} 个月，应在 {least} 至 {most} 个月之间"),
                format!("the relief runs {count} months, the law allows {least} to {most}"),
            )
            .numbers(rule, count)
    })
}
