//! Whether, where and for which period a document is filed: scope, place of real property,
//! 税款所属期 as stated.

use super::catalogue;
use super::facts::OutOfScope;
use super::item::{Item, Regime};
use super::source::{FilingMode, Source};
use crate::tax::{Context, Finding};
use crate::types::{Period, Region};

/// `ST_E22`: a reason that fits none of its items.
pub fn scope(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(reason) = source.out_of_scope else {
        return;
    };
    let abroad = reason == OutOfScope::UsedAbroad && !source.signed_abroad;
    let misfit = source
        .lines
        .iter()
        .position(|line| row(ctx, source, reason, line.item).is_none());
    if abroad || misfit.is_some() {
        let item = misfit.and_then(|place| source.lines.get(place));
        let name = item.map_or("", |line| line.item.name());
        found.push(catalogue::ST_E22.at(
            "out_of_scope",
            format!("不属于征收范围的理由 {} 与凭证不符 {name}", reason.name()),
            format!(
                "{} is no reason to leave the document untaxed {name}",
                reason.name()
            ),
        ));
    }
}

/// `ST_H03`: what makes the document no taxable one.
pub fn untaxed(source: &Source, ctx: &Context<'_>) -> Option<Finding> {
    let reason = source.out_of_scope?;
    let item = source.lines.first().map_or(Item::Sale, |line| line.item);
    let (name_zh, name_en, cite) = row(ctx, source, reason, item)?;
    Some(
        catalogue::ST_H03
            .at(
                "out_of_scope",
                format!("{name_zh}，不属于印花税征收范围，不计税"),
                format!("{name_en}: out of scope, not taxed"),
            )
            .under(cite),
    )
}

/// The names and the law of a reason for an item on the signing day.
fn row(
    ctx: &Context<'_>,
    source: &Source,
    reason: OutOfScope,
    item: Item,
) -> Option<(String, String, String)> {
    let table = ctx.rules.table("st.out_of_scope", source.signed_on)?;
    let row = table.rows.iter().find(|row| {
        let fits = |of: &str| of.is_empty() || of == item.name();
        table.cell(row, "reason") == Some(reason.name())
            && table.cell(row, "item").is_some_and(fits)
    })?;
    let cell = |name| table.cell(row, name).map(str::to_owned);
    Some((cell("name_zh")?, cell("name_en")?, cell("cite")?))
}

/// `ST_E23`: a transfer of real property is filed where it lies, by both parties.
pub fn real_property(source: &Source, ctx: &Context<'_>, regime: Regime, found: &mut Vec<Finding>) {
    let Some(property) = &source.real_property else {
        return;
    };
    let transfers = |item: Item| matches!(item, Item::LandGrant | Item::RealTransfer);
    let within = |a: Region, b: Region| a.lineage().any(|one| one == b);
    let (lies, filed) = (property.division, ctx.region);
    let elsewhere = !within(lies, filed) && !within(filed, lies);
    let transfer = source.lines.iter().any(|line| transfers(line.item));
    // The regulations named no place of their own for real property.
    if regime == Regime::Law2022 && transfer && elsewhere {
        found.push(
            catalogue::ST_E23
                .at(
                    "real_property.division_code",
                    format!("不动产在 {lies}，不应在 {filed} 申报"),
                    format!("the real property lies in {lies}, not in {filed}, where it is filed"),
                )
                .numbers(lies, filed),
        );
    }
}

/// `ST_E06`, `ST_E07`: the 税款所属期 stated is one that the law gives.
pub fn tax_period(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(stated) = source.tax_period else {
        return;
    };
    let mut allowed: Vec<Period> = Vec::new();
    for line in &source.lines {
        for day in source.days_of(line) {
            let Ok(period) = source.period_of(ctx, line.item, day) else {
                return;
            };
            allowed.push(period);
        }
    }
    let Some(first) = allowed.first() else {
        return;
    };
    if allowed.contains(&stated) {
        return;
    }
    let finding = match source.filing_mode {
        FilingMode::PerOccurrence => catalogue::ST_E06.at(
            "tax_period",
            format!("按次申报的税款所属期 {stated} 应为书立、结算或变更当日"),
            format!("filed by the occurrence, {stated} should be the day of what arose"),
        ),
        FilingMode::Periodic => catalogue::ST_E07.at(
            "tax_period",
            format!("税款所属期 {stated} 不是包含书立、结算或变更日期的申报期"),
            format!("{stated} is no filing period of what arose"),
        ),
    };
    found.push(finding.numbers(first, stated));
}
