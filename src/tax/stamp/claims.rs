//! Reliefs claimed: of this tax, this item and this day, with what they need, and conditions of
//! theirs that the document itself can show.

use super::catalogue;
use super::facts::{RestructuredBody, Restructuring};
use super::item::Item;
use super::source::{Line, Source};
use crate::rules::{ReliefRule, ReliefShape};
use crate::tax::{Context, Finding, ReliefClaim, catalogue as shared, six_taxes};
use crate::types::{Month, TaxKind};

/// The relief of restructurings whose shares are known (公告2024年第14号).
pub const RESTRUCTURING: &str = "ST_RESTRUCTURING_2024";

/// What is wrong with the claims of a line; fields are relative to it.
pub fn findings(source: &Source, ctx: &Context<'_>, line: &Line, found: &mut Vec<Finding>) {
    for (place, claim) in line.reliefs.iter().enumerate() {
        let field = format!("reliefs[{place}]");
        if claim.relief_id == six_taxes::RELIEF_ID {
            found.extend(six(source, ctx, line, &field));
            continue;
        }
        let Some(rule) = ctx.rules.relief(&claim.relief_id) else {
            found.push(shared::RELIEF_UNKNOWN.at(
                format!("{field}.relief_id"),
                format!("没有名为 {} 的减免税项目", claim.relief_id),
                format!("there is no relief called {}", claim.relief_id),
            ));
            continue;
        };
        if fits(source, line, claim, rule) {
            found.extend(incomplete(claim, rule, &field));
        } else {
            found.push(unfit(source, ctx, line, rule, &field));
        }
        if let Some(restructuring) = &source.restructuring
            && claim.relief_id == RESTRUCTURING
        {
            found.extend(too_small(source, ctx, restructuring));
        }
    }
}

/// True when the claim is of this tax, for this item and the signing day (decision ST10).
fn fits(source: &Source, line: &Line, claim: &ReliefClaim, rule: &ReliefRule) -> bool {
    let days = claim.period;
    rule.tax == TaxKind::StampTax
        && covers(rule, line.item)
        && rule.in_force(source.signed_on)
        && days.is_none_or(|days| days.contains(source.signed_on))
}

/// True when a relief is for an item.
pub fn covers(rule: &ReliefRule, item: Item) -> bool {
    rule.items.is_empty() || rule.items.iter().any(|one| one == item.id())
}

/// `ST_E05`, with the relief that stands in its place where there is one.
fn unfit(
    source: &Source,
    ctx: &Context<'_>,
    line: &Line,
    rule: &ReliefRule,
    field: &str,
) -> Finding {
    let (on, item) = (source.signed_on, line.item);
    let path = format!("{field}.relief_id");
    let finding = catalogue::ST_E05
        .at(
            path.clone(),
            format!(
                "减免税项目 {} 不适用于 {on} 书立的 {}",
                rule.name_zh,
                item.name()
            ),
            format!(
                "relief {} is not for {} signed on {on}",
                rule.id,
                item.name()
            ),
        )
        .under(rule.source.cite.clone());
    let table = ctx.rules.table("st.reliefs.instead", on);
    let instead = table.and_then(|table| {
        let mut rows = table.rows.iter();
        let row = rows.find(|row| table.cell(row, "relief") == Some(rule.id.as_str()))?;
        ctx.rules.relief(table.cell(row, "instead")?)
    });
    match instead.filter(|other| other.in_force(on) && covers(other, item)) {
        Some(other) => finding
            .numbers(other.id.as_str(), rule.id.as_str())
            .fix(path, other.id.as_str()),
        None => finding,
    }
}

/// `ST_E05`: an approved amount or ratio where the relief takes one, none where it does not.
fn incomplete(claim: &ReliefClaim, rule: &ReliefRule, field: &str) -> Option<Finding> {
    let by_input = matches!(rule.shape, ReliefShape::ByInput);
    let stated = usize::from(claim.amount.is_some()) + usize::from(claim.ratio.is_some());
    let wanted = usize::from(by_input);
    (stated != wanted).then(|| {
        let (zh, en) = match by_input {
            true => (
                format!(
                    "减免税项目 {} 应填写批准的金额或比例，二者填一",
                    rule.name_zh
                ),
                format!(
                    "relief {} states the approved amount or ratio, one of them",
                    rule.id
                ),
            ),
            false => (
                format!(
                    "减免税项目 {} 的比例由法律规定，不填写金额或比例",
                    rule.name_zh
                ),
                format!("the law fixes relief {}: state no amount or ratio", rule.id),
            ),
        };
        catalogue::ST_E05
            .at(format!("{field}.amount_yuan"), zh, en)
            .under(rule.source.cite.clone())
    })
}

/// `ST_E12`: a claim of the 六税两费, which follow from the taxpayer's standing on the days.
fn six(source: &Source, ctx: &Context<'_>, line: &Line, field: &str) -> Option<Finding> {
    let mut days = source.days_of(line);
    let eligible = days.any(|day| six_taxes::eligibility(ctx, Month::of(day)).is_some());
    let (zh, en) = if line.item == Item::Securities {
        (
            "证券交易印花税不适用“六税两费”减征".to_owned(),
            "securities trades have no part in the six-taxes relief".to_owned(),
        )
    } else if !eligible {
        (
            format!(
                "{} 无“六税两费”适用主体资格或不在有效期内",
                source.signed_on
            ),
            format!(
                "no subject of the six-taxes relief, or out of its dates, on {}",
                { source.signed_on }
            ),
        )
    } else {
        return None;
    };
    Some(catalogue::ST_E12.at(format!("{field}.relief_id"), zh, en))
}

/// `ST_E24`: the former investors must keep more than the share.
fn too_small(source: &Source, ctx: &Context<'_>, stated: &Restructuring) -> Option<Finding> {
    let least = ctx
        .number(stated.body.share_parameter(), source.signed_on)
        .ok()?
        .value;
    (stated.continuing_share <= least).then(|| {
        let share = stated.continuing_share;
        let (zh, en) = match stated.body {
            RestructuredBody::Enterprise => ("企业改制", "enterprise"),
            RestructuredBody::PublicInstitution => ("事业单位改制", "public institution"),
        };
        catalogue::ST_E24
            .at(
                "reliefs",
                format!("{zh}原投资主体所占比例 {share} 未超过 {least}，不享受免税"),
                format!("the former investors of the {en} keep {share}, not more than {least}"),
            )
            .numbers(format!("> {least}"), share)
    })
}
