//! Checks over the whole form (整表校验), beside those each tax makes on its own sources.
//!
//! Rules of the form that cannot be broken are no findings: columns 8 − 9 − 10 = 11 and their sums
//! (FORM_TOTALS), the relief schedule (FORM_RELIEF_MATCH), reliefs between zero and the tax
//! (FORM_RELIEF_CAP), periods in order and on calendar bounds (FORM_PERIOD), one line for each
//! source, item and period (FORM_DUP). The form is a sum of lines and no line is typed. 六税两费 is
//! computed, not claimed by line, so that SIX_TAX cannot occur; a changed source makes a draft
//! stale and is refused as such (FORM_STALE).

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::catalogue;
use super::obligations::frequency;
use crate::tax::{BaseUnit, Charge, Context, Finding, Provenance, Step, TaxSource};
use crate::types::{Money, Period, TaxKind};

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
    let often = frequency(ctx, source)?;
    often.unconfirmed.then(|| {
        catalogue::FREQUENCY_UNCONFIRMED
            .at(
                "",
                format!(
                    "申报期限 {id} = {} 尚未核实，请以主管税务机关认定为准",
                    often.word
                ),
                format!(
                    "the filing frequency {id} = {} is not confirmed for the place",
                    often.word
                ),
            )
            .under(often.cite)
    })
}

/// A tax was ticked, but nothing of it is to be declared.
pub fn no_source(tax: TaxKind) -> Finding {
    catalogue::FORM_NO_SOURCE.at(
        "taxes",
        format!("勾选了{}，但没有未申报的税源", tax.zh()),
        format!(
            "{} is ticked, but has no source left to declare",
            tax.name()
        ),
    )
}

/// A source whose period is declared although nothing of it is taxed.
pub fn declared_without_tax(period: Period) -> Finding {
    catalogue::FORM_ZERO.at(
        "",
        format!("{period} 没有应税数据，按零申报；如有排放，请先补录税源数据"),
        format!("nothing is taxed in {period}: declared with zero tax"),
    )
}

/// The line of a period in which nothing is taxed (零申报).
pub fn zero_line(tax: TaxKind, period: Period) -> Charge {
    Charge {
        tax,
        item: "ZERO".to_owned(),
        item_code: None,
        item_zh: "零申报".to_owned(),
        detail: String::new(),
        period,
        base: Decimal::ZERO,
        base_unit: BaseUnit::Yuan,
        rate: Decimal::ZERO,
        tax_amount: Money::ZERO,
        reliefs: Vec::new(),
        already_paid: Money::ZERO,
        applied: Vec::new(),
        steps: vec![Step {
            label_zh: "本期没有应税数据".to_owned(),
            label_en: "nothing is taxed in the period".to_owned(),
            expression: "0.00".to_owned(),
            value: Money::ZERO.to_string(),
            parameter_id: Some(format!(
                "procedure.zero_filing.{}",
                tax.name().to_lowercase()
            )),
            legal_basis: Some(catalogue::FORM_ZERO.legal_basis.to_owned()),
        }],
        turning_points: Vec::new(),
    }
}

/// Errors first, then warnings, then hints; within one severity as they were found.
pub fn in_order(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| finding.severity);
}
