//! Checks over the whole form (整表校验), beside those each tax makes on its own sources.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::catalogue;
use super::declaration::Line;
use crate::rules::RuleStatus;
use crate::tax::{Charge, Context, Finding, Provenance, TaxSource};
use crate::types::{Money, TaxKind};

/// Values of law that were applied without being confirmed: each is named once per source.
pub fn applied(charges: &[Charge]) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for applied in charges.iter().flat_map(|charge| &charge.applied) {
        if !seen.insert((&applied.parameter_id, applied.value)) {
            continue;
        }
        let (id, value) = (&applied.parameter_id, applied.value);
        match &applied.provenance {
            Provenance::Rule {
                unconfirmed: true,
                cite,
                ..
            } => findings.push(
                catalogue::RULE_UNCONFIRMED
                    .at(
                        "",
                        format!("参数 {id} = {value} 尚未核实，请以主管税务机关口径为准"),
                        format!("parameter {id} = {value} is not confirmed; ask the tax authority"),
                    )
                    .under(cite.clone()),
            ),
            Provenance::Stated { document } => findings.push(
                catalogue::RATE_STATED
                    .at(
                        "",
                        format!("参数 {id} = {value} 由申报人按“{document}”列明，不在规则库中"),
                        format!(
                            "parameter {id} = {value} is stated under '{document}', \
                             not in the rule pack"
                        ),
                    )
                    .under(document.clone()),
            ),
            Provenance::Rule { .. } => {}
        }
    }
    findings
}

/// The due day was computed without a published holiday calendar.
pub fn deadline_unknown(due_on: Date) -> Finding {
    catalogue::DDL_UNKNOWN
        .at(
            "",
            format!("该年度节假日安排尚未公布，期限 {due_on} 为推算"),
            format!("no holiday calendar is published for the year; {due_on} is computed"),
        )
        .under("税收征收管理法实施细则 第一百零九条")
}

/// The rule behind the due day is not confirmed for the place.
pub fn due_rule_unconfirmed(rule: &str) -> Finding {
    catalogue::DUE_RULE_UNCONFIRMED
        .at(
            "",
            format!("申报缴款期限规则 {rule} 尚未核实，请以主管税务机关通知为准"),
            format!("the due rule {rule} is not confirmed for the place; ask the tax authority"),
        )
        .under(rule)
}

/// How often the place has the source filed is not confirmed.
pub fn frequency_unconfirmed(ctx: &Context<'_>, source: &TaxSource) -> Option<Finding> {
    let id = source.frequency_parameter()?;
    let (_, row) = ctx.rules.find(id, ctx.region, ctx.period.last()).ok()?;
    (row.source.status == RuleStatus::Unconfirmed).then(|| {
        catalogue::FREQUENCY_UNCONFIRMED
            .at(
                "",
                format!(
                    "申报期限 {id} = {} 尚未核实，请以主管税务机关认定为准",
                    row.value
                ),
                format!(
                    "the filing frequency {id} = {} is not confirmed for the place",
                    row.value
                ),
            )
            .under(row.source.cite.clone())
    })
}

/// Identities of the form and facts of one tax that call for another.
pub fn whole_form(lines: &[Line]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for line in lines {
        let charge = &line.charge;
        let key = (line.source_id, &charge.item, &charge.detail, charge.period);
        if !seen.insert(key) {
            findings.push(catalogue::FORM_DUP.at(
                format!("lines[{}]", line.number - 1),
                "同一税源、税目、所属期重复申报",
                "the same source, item and period stand twice",
            ));
        }
        let relief = charge.relief().unwrap_or(Money::from_fen(i64::MAX));
        if relief.is_negative() || relief > charge.tax_amount.or_zero() {
            findings.push(
                catalogue::FORM_RELIEF_CAP
                    .at(
                        format!("lines[{}].relief_yuan", line.number - 1),
                        "减免税额应在零与应纳税额之间",
                        "the relief must lie between zero and the tax",
                    )
                    .numbers(charge.tax_amount, relief),
            );
        }
    }
    findings.extend(across_taxes(lines));
    findings
}

/// A transfer calls for stamp tax; a building stands on a plot.
fn across_taxes(lines: &[Line]) -> Vec<Finding> {
    let of = |tax: TaxKind| lines.iter().filter(move |line| line.charge.tax == tax);
    let mut findings = Vec::new();
    if let Some(transfer) = of(TaxKind::LandAppreciationTax).next()
        && !of(TaxKind::StampTax).any(|line| line.charge.item.contains("REAL_TRANSFER"))
    {
        findings.push(catalogue::X_TRANSFER_WITHOUT_STAMP.at(
            format!("lines[{}]", transfer.number - 1),
            "有土地增值税转让行，但没有相应的产权转移书据印花税行",
            "a transfer bears land appreciation tax, but no stamp tax line for its document",
        ));
    }
    let has = |tax: TaxKind| of(tax).next().is_some();
    if has(TaxKind::RealEstateTax) && !has(TaxKind::LandUseTax) {
        findings.push(
            catalogue::X_BUILDING_WITHOUT_PLOT
                .at(
                    "lines",
                    "有房产税行，但没有城镇土地使用税行",
                    "there is real estate tax, but no land use tax",
                )
                .under("城镇土地使用税暂行条例 第二条"),
        );
    }
    findings
}

/// Errors first, then warnings, then hints; within one severity as they were found.
pub fn in_order(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| finding.severity);
}
