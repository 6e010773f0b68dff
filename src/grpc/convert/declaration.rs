//! Declarations, obligations and explanations on the wire.

use super::{finding, instant, period, tax};
use crate::filing::{
    Content, Declaration, DeclarationState, FormRow, Line, Obligation, Reason, ScheduleRow, Totals,
    form_rows, relief_schedule,
};
use crate::grpc::app::etag;
use crate::grpc::call::Language;
use crate::pb;
use crate::tax::{BaseUnit, Finding, Severity};
use crate::types::{DeclarationId, Money, Overflow};

/// Writes where a declaration's life stands.
pub fn declaration_state(state: DeclarationState) -> pb::DeclarationState {
    match state {
        DeclarationState::Draft => pb::DeclarationState::Draft,
        DeclarationState::Submitted => pb::DeclarationState::Submitted,
        DeclarationState::AwaitingPayment => pb::DeclarationState::AwaitingPayment,
        DeclarationState::Completed => pb::DeclarationState::Completed,
        DeclarationState::Voided => pb::DeclarationState::Voided,
        DeclarationState::Corrected => pb::DeclarationState::Corrected,
    }
}

/// Writes a declaration with its form and totals, without its lines.
pub fn declaration(declaration: &Declaration) -> Result<pb::Declaration, Overflow> {
    let content = &declaration.content;
    let state = declaration_state(declaration.state);
    let submission = declaration.submission.as_ref();
    let correction = content.correction.as_ref();
    let closing = declaration.closing.as_ref();
    Ok(pb::Declaration {
        declaration_id: declaration.id.to_string(),
        taxpayer_id: content.taxpayer.to_string(),
        state: state.into(),
        window: Some(period(content.window)),
        tax_authority_code: content.authority.to_string(),
        treasury_code: content.treasury.to_string(),
        form: form(&content.lines)?,
        relief_schedule: schedule(&content.lines),
        lines: Vec::new(),
        totals: Some(totals(content.totals()?)),
        content_digest: declaration.digest.clone(),
        rule_pack_digest: content.rule_pack.clone(),
        due_on: content
            .due_on()
            .map(|day| day.to_string())
            .unwrap_or_default(),
        overdue: submission.is_some_and(|filed| filed.overdue),
        etag: etag(declaration.version),
        create_time: Some(instant(declaration.created_at)),
        submit_time: submission.map(|filed| instant(filed.at)),
        error_count: count(&content.findings, Severity::Error),
        warning_count: count(&content.findings, Severity::Warning),
        revision: i32::try_from(declaration.revision()).unwrap_or(i32::MAX),
        corrects_declaration_id: correction
            .map(|of| of.corrects.to_string())
            .unwrap_or_default(),
        corrected_by_declaration_id: String::new(),
        corrected_taxes: correction
            .map(|of| of.taxes.iter().map(|kind| tax(*kind).into()).collect())
            .unwrap_or_default(),
        reason: closing
            .map(|closed| closed.reason.clone())
            .or_else(|| correction.map(|of| of.reason.clone()))
            .unwrap_or_default(),
        close_time: closing.map(|closed| instant(closed.at)),
        waived_yuan: Some(declaration.waived)
            .filter(|waived| !waived.is_zero())
            .map(|waived| waived.to_string())
            .unwrap_or_default(),
    })
}

/// Names the revision that replaced a declaration.
pub fn corrected_by(wire: &mut pb::Declaration, by: Option<&DeclarationId>) {
    wire.corrected_by_declaration_id = by.map(DeclarationId::to_string).unwrap_or_default();
}

/// Writes a declaration with its lines.
pub fn with_lines(filed: &Declaration) -> Result<pb::Declaration, Overflow> {
    let mut wire = declaration(filed)?;
    wire.lines = lines(&filed.content.lines, |line| line.source_id.to_string())?;
    Ok(wire)
}

/// Writes what was computed without being kept. Sources are named by their place.
pub fn assessed(
    content: &Content,
    language: Language,
) -> Result<pb::AssessDeclarationResponse, Overflow> {
    Ok(pb::AssessDeclarationResponse {
        form: form(&content.lines)?,
        relief_schedule: schedule(&content.lines),
        lines: lines(&content.lines, |line| place_of(&line.source_id.to_string()))?,
        totals: Some(totals(content.totals()?)),
        findings: content
            .findings
            .iter()
            .map(|found| {
                let mut wire = finding(found, language);
                wire.field = replace_places(&wire.field);
                if let Some(fix) = &mut wire.fix {
                    fix.field = replace_places(&fix.field);
                }
                wire
            })
            .collect(),
        rule_pack_digest: content.rule_pack.clone(),
        ..pb::AssessDeclarationResponse::default()
    })
}

/// `#3` for the pseudo id of the fourth source of an assessment.
fn place_of(id: &str) -> String {
    let place = u128::from_str_radix(&id.replace('-', ""), 16).unwrap_or(0);
    format!("#{}", place.saturating_sub(1))
}

/// `sources[3].…` for `sources[<pseudo id>].…`.
fn replace_places(field: &str) -> String {
    match field
        .strip_prefix("sources[")
        .and_then(|rest| rest.split_once(']'))
    {
        Some((id, rest)) => format!("sources[{}]{rest}", place_of(id).trim_start_matches('#')),
        None => field.to_owned(),
    }
}

fn count(findings: &[Finding], severity: Severity) -> i32 {
    let count = findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .count();
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Writes a line's number.
pub fn number(line: u32) -> i32 {
    i32::try_from(line).unwrap_or(i32::MAX)
}

fn form(lines: &[Line]) -> Result<Vec<pb::FormRow>, Overflow> {
    let row = |(place, row): (usize, FormRow)| pb::FormRow {
        row_number: i32::try_from(place + 1).unwrap_or(i32::MAX),
        tax: tax(row.tax).into(),
        tax_name: row.tax.zh().to_owned(),
        item_name: row.item_zh,
        period: Some(period(row.period)),
        base: row.base.to_string(),
        rate: row.rate.to_string(),
        tax_amount_yuan: row.tax_amount.to_string(),
        relief_yuan: row.relief.to_string(),
        already_paid_yuan: row.already_paid.to_string(),
        payable_yuan: row.payable.to_string(),
    };
    Ok(form_rows(lines)?.into_iter().enumerate().map(row).collect())
}

fn schedule(lines: &[Line]) -> Vec<pb::ReliefScheduleRow> {
    relief_schedule(lines).iter().map(schedule_row).collect()
}

fn schedule_row(row: &ScheduleRow<'_>) -> pb::ReliefScheduleRow {
    pb::ReliefScheduleRow {
        line_number: number(row.line),
        tax: tax(row.tax).into(),
        relief_id: row.relief.relief_id.clone(),
        relief_code: row.relief.code.clone().unwrap_or_default(),
        relief_name: row.relief.name_zh.clone(),
        period: Some(period(row.relief.period)),
        amount_yuan: row.relief.amount.to_string(),
    }
}

fn carried(carried: Money) -> String {
    if carried.is_zero() {
        String::new()
    } else {
        carried.to_string()
    }
}

fn lines(
    lines: &[Line],
    source_id: impl Fn(&Line) -> String,
) -> Result<Vec<pb::DeclarationLine>, Overflow> {
    lines
        .iter()
        .map(|line| {
            let charge = &line.charge;
            Ok(pb::DeclarationLine {
                line_number: number(line.number),
                source_id: source_id(line),
                source_version: line.source_version,
                tax: tax(charge.tax).into(),
                item: charge.item.clone(),
                item_code: charge.item_code.clone().unwrap_or_default(),
                item_name: charge.item_zh.clone(),
                detail: charge.detail.clone(),
                period: Some(period(charge.period)),
                base: charge.base.to_string(),
                base_unit: base_unit(charge.base_unit).to_owned(),
                rate: charge.rate.to_string(),
                tax_amount_yuan: charge.tax_amount.to_string(),
                relief_yuan: charge.relief()?.to_string(),
                already_paid_yuan: charge.already_paid.to_string(),
                carried_yuan: carried(line.carried),
                stands_from_declaration_id: line
                    .stands_from
                    .map(|id| id.to_string())
                    .unwrap_or_default(),
                payable_yuan: line.payable.to_string(),
                reliefs: charge
                    .reliefs
                    .iter()
                    .map(|relief| {
                        let (line, tax) = (line.number, charge.tax);
                        schedule_row(&ScheduleRow { line, tax, relief })
                    })
                    .collect(),
                due_on: line.due_on.to_string(),
            })
        })
        .collect()
}

/// Writes the unit of a base.
pub const fn base_unit(unit: BaseUnit) -> &'static str {
    match unit {
        BaseUnit::Yuan => "YUAN",
        BaseUnit::SquareMetre => "SQUARE_METRE",
        BaseUnit::Piece => "PIECE",
        BaseUnit::Tonne => "TONNE",
        BaseUnit::Metre => "METRE",
        BaseUnit::Equivalent => "EQUIVALENT",
        BaseUnit::Decibel => "DECIBEL",
    }
}

/// Writes totals, or the difference of two.
pub fn totals(totals: Totals) -> pb::DeclarationTotals {
    pb::DeclarationTotals {
        tax_amount_yuan: totals.tax_amount.to_string(),
        relief_yuan: totals.relief.to_string(),
        already_paid_yuan: totals.already_paid.to_string(),
        net_yuan: totals.net.to_string(),
        payable_yuan: totals.payable.to_string(),
        refundable_yuan: totals.refundable.to_string(),
    }
}

/// Writes an obligation.
pub fn obligation(obligation: &Obligation, language: Language) -> pb::Obligation {
    let mut wire = pb::Obligation {
        tax: tax(obligation.tax).into(),
        period: obligation.period.map(period),
        source_id: obligation.source_id.to_string(),
        source_name: obligation.source_name.clone(),
        tax_authority_code: obligation.authority.to_string(),
        ..pb::Obligation::default()
    };
    if let Some(due) = &obligation.due {
        wire.due_on = due.on.to_string();
        wire.due_rule = due.rule.clone();
        wire.due_on_computed = !due.calendar_known;
        wire.due_rule_unconfirmed = due.unconfirmed;
    }
    if let Some(often) = &obligation.frequency {
        wire.frequency = often.word.clone();
        wire.frequency_cite = often.cite.clone();
        wire.frequency_unconfirmed = often.unconfirmed;
    }
    let reason = match &obligation.reason {
        Reason::Due => pb::ObligationReason::Due,
        Reason::DueWithoutTax => pb::ObligationReason::DueWithoutTax,
        Reason::NotDueInWindow => pb::ObligationReason::NotDueInWindow,
        Reason::AlreadyDeclared(id) => {
            wire.declaration_id = id.to_string();
            pb::ObligationReason::AlreadyDeclared
        }
        Reason::NotTaxedInPeriod => pb::ObligationReason::NotTaxedInPeriod,
        Reason::CannotBeCharged(found) => {
            wire.finding = Some(finding(found, language));
            pb::ObligationReason::CannotBeCharged
        }
        Reason::Closed => pb::ObligationReason::Closed,
    };
    wire.set_reason(reason);
    wire
}
