//! Comparisons on the wire: every cause with a sentence in the caller's language.

use super::declaration::{number, totals};
use super::{finding, period, tax};
use crate::filing::{Cause, Comparison, Kind, Line, LineDifference};
use crate::grpc::call::Language;
use crate::pb;
use crate::tax::{Finding, Severity};

/// Writes a comparison, without the names of its sources.
pub fn comparison(
    compared: &Comparison<'_>,
    language: Language,
) -> pb::CompareDeclarationsResponse {
    let line = |difference| line(difference, language);
    pb::CompareDeclarationsResponse {
        before: Some(totals(compared.before)),
        after: Some(totals(compared.after)),
        difference: Some(totals(compared.difference)),
        lines: compared.lines.iter().map(line).collect(),
        unchanged_line_count: i32::try_from(compared.unchanged).unwrap_or(i32::MAX),
        ..pb::CompareDeclarationsResponse::default()
    }
}

/// Writes those findings that stop a side.
pub fn errors(findings: &[Finding], language: Language) -> Vec<pb::Finding> {
    findings
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| finding(found, language))
        .collect()
}

fn line(difference: &LineDifference<'_>, language: Language) -> pb::LineDifference {
    let (before, after) = (difference.before, difference.after);
    let mut wire = pb::LineDifference {
        before_line_number: before.map_or(0, |line| number(line.number)),
        after_line_number: after.map_or(0, |line| number(line.number)),
        before_period: before.map(|line| period(line.charge.period)),
        after_period: after.map(|line| period(line.charge.period)),
        before_payable_yuan: payable(before),
        after_payable_yuan: payable(after),
        effect_yuan: difference.effect.to_string(),
        causes: difference
            .causes
            .iter()
            .map(|why| cause(why, language))
            .collect(),
        ..pb::LineDifference::default()
    };
    if let Some(shown) = after.or(before) {
        wire.set_tax(tax(shown.charge.tax));
        wire.item.clone_from(&shown.charge.item);
        wire.item_name.clone_from(&shown.charge.item_zh);
        wire.detail.clone_from(&shown.charge.detail);
    }
    wire
}

fn payable(line: Option<&Line>) -> String {
    line.map(|line| line.payable.to_string())
        .unwrap_or_default()
}

fn cause(cause: &Cause, language: Language) -> pb::DifferenceCause {
    let kind = match cause.kind {
        Kind::Added => pb::DifferenceKind::Added,
        Kind::Removed => pb::DifferenceKind::Removed,
        Kind::Months => pb::DifferenceKind::Months,
        Kind::Base => pb::DifferenceKind::Base,
        Kind::Rate => pb::DifferenceKind::Rate,
        Kind::Rule => pb::DifferenceKind::Rule,
        Kind::Facts => pb::DifferenceKind::Facts,
        Kind::Relief => pb::DifferenceKind::Relief,
        Kind::AlreadyPaid => pb::DifferenceKind::AlreadyPaid,
        Kind::DueOn => pb::DifferenceKind::DueOn,
    };
    pb::DifferenceCause {
        kind: kind.into(),
        before: cause.before.clone(),
        after: cause.after.clone(),
        effect_yuan: cause.effect.to_string(),
        parameter_id: cause.parameter_id.clone().unwrap_or_default(),
        message: sentence(cause, language),
        before_legal_basis: cause.basis_before.clone(),
        after_legal_basis: cause.basis_after.clone(),
    }
}

fn sentence(cause: &Cause, language: Language) -> String {
    let (zh, en) = match cause.kind {
        Kind::Added => ("新增的行", "a new line"),
        Kind::Removed => ("不再有的行", "a line that is gone"),
        Kind::Months => ("所属期不同", "the period is another"),
        Kind::Base => ("计税依据不同", "the base is another"),
        Kind::Rate => ("适用的税率或单位税额不同", "another rate applies"),
        Kind::Rule => ("适用的规定不同", "another rule of law applies"),
        Kind::Facts => ("税源的其他情况不同", "other facts of the source differ"),
        Kind::Relief => ("减免税额不同", "the relief is another"),
        Kind::AlreadyPaid => ("已缴税额不同", "the amount already paid is another"),
        Kind::DueOn => ("申报缴款期限不同", "the due day is another"),
    };
    let (before, after, effect) = (&cause.before, &cause.after, cause.effect);
    let about = cause.parameter_id.as_deref().unwrap_or_default();
    let moved = match (before.is_empty(), after.is_empty()) {
        (false, false) => format!("{before} → {after}"),
        (true, _) => after.clone(),
        (_, true) => before.clone(),
    };
    let subject = if about.is_empty() {
        moved
    } else {
        format!("{about} {moved}")
    };
    match language {
        Language::Chinese => format!("{zh}：{subject}，影响 {effect} 元"),
        Language::English => format!("{en}: {subject}, effect {effect} yuan"),
    }
}
