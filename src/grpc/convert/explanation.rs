//! Traces on the wire: every amount with its steps, in the caller's language.

use super::declaration::number;
use crate::filing::explain::{Amount, AmountTrace, LawValue, LineTrace, Trace, TraceStep};
use crate::grpc::call::Language;
use crate::pb;
use crate::tax::TurningPoint;

/// Writes how each line came about.
pub fn line_explanations(trace: &Trace, language: Language) -> Vec<pb::LineExplanation> {
    trace
        .lines
        .iter()
        .map(|traced| line(traced, language))
        .collect()
}

/// Writes how the totals came about.
pub fn total_explanations(trace: &Trace, language: Language) -> Vec<pb::AmountExplanation> {
    let write = |traced| amount(traced, language);
    trace.totals.iter().map(write).collect()
}

fn line(traced: &LineTrace, language: Language) -> pb::LineExplanation {
    pb::LineExplanation {
        line_number: number(traced.number),
        steps: traced.steps.iter().map(|s| step(s, language)).collect(),
        parameters: traced.applied.iter().map(law).collect(),
        amounts: traced.amounts.iter().map(|a| amount(a, language)).collect(),
        turning_points: traced
            .turning_points
            .iter()
            .map(|point| turning_point(point, language))
            .collect(),
        text: traced.text(language == Language::English),
    }
}

fn amount(traced: &AmountTrace, language: Language) -> pb::AmountExplanation {
    let amount = match traced.amount {
        Amount::Tax => pb::ExplainedAmount::Tax,
        Amount::Relief => pb::ExplainedAmount::Relief,
        Amount::Payable => pb::ExplainedAmount::Payable,
        Amount::DueOn => pb::ExplainedAmount::DueOn,
        Amount::TotalTax => pb::ExplainedAmount::TotalTax,
        Amount::TotalRelief => pb::ExplainedAmount::TotalRelief,
        Amount::TotalAlreadyPaid => pb::ExplainedAmount::TotalAlreadyPaid,
        Amount::TotalNet => pb::ExplainedAmount::TotalNet,
        Amount::TotalPayable => pb::ExplainedAmount::TotalPayable,
        Amount::TotalRefundable => pb::ExplainedAmount::TotalRefundable,
    };
    pb::AmountExplanation {
        amount: amount.into(),
        relief_id: traced
            .relief
            .as_ref()
            .map(|(id, _)| id.clone())
            .unwrap_or_default(),
        value: traced.value.clone(),
        steps: traced.steps.iter().map(|s| step(s, language)).collect(),
        text: traced.text(language == Language::English),
    }
}

fn step(traced: &TraceStep, language: Language) -> pb::ExplanationStep {
    let step = &traced.step;
    let label = match language {
        Language::Chinese => &step.label_zh,
        Language::English => &step.label_en,
    };
    let (exact_value, places) = match &traced.rounded {
        Some((exact, places)) => (exact.clone(), *places),
        None => (String::new(), 0),
    };
    pb::ExplanationStep {
        label: label.clone(),
        expression: step.expression.clone(),
        value: step.value.clone(),
        parameter_id: step.parameter_id.clone().unwrap_or_default(),
        legal_basis: step.legal_basis.clone().unwrap_or_default(),
        exact_value,
        rounded_to_places: number(places),
        parameter: traced.law.as_ref().map(law),
    }
}

fn law(law: &LawValue) -> pb::AppliedParameter {
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    pb::AppliedParameter {
        parameter_id: law.id.clone(),
        value: law.value.clone(),
        first_day: day(law.first_day),
        last_day: day(law.last_day),
        cite: law.cite.clone(),
        unconfirmed: matches!(law.confidence, "unconfirmed" | "stated"),
        confidence: law.confidence.to_owned(),
        region_code: law
            .region
            .map(|region| region.to_string())
            .unwrap_or_default(),
        name: law.name_zh.clone(),
    }
}

fn turning_point(point: &TurningPoint, language: Language) -> pb::TurningPoint {
    let message = match language {
        Language::Chinese => &point.zh,
        Language::English => &point.en,
    };
    pb::TurningPoint {
        field: point.field.clone(),
        now: point.now.clone(),
        turns_at: point.turns_at.clone(),
        message: message.clone(),
        parameter_id: point.parameter_id.clone().unwrap_or_default(),
    }
}
