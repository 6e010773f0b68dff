//! The only place where a failure becomes what one item of a stream answers.

use tonic_types::ErrorDetails;

use super::call::{Call, Language};
use super::convert::Violation;
use super::failure::Failure;
use super::status::words;
use crate::pb;

/// Wrong fields told of one item; the rest is counted.
const VIOLATIONS_MAX: usize = 100;

/// Writes a failure as the answer to one item: what a call of its own would have failed with.
pub fn item_failure(failure: Failure, call: &Call) -> pb::ItemFailure {
    let wrong: &[Violation] = match &failure {
        Failure::Fields(violations) => violations,
        _ => &[],
    };
    let violation_count = i32::try_from(wrong.len()).unwrap_or(i32::MAX);
    let told = wrong.iter().take(VIOLATIONS_MAX);
    let violations = told.map(|one| violation(one, call.language)).collect();
    let words = words(failure, call, &mut ErrorDetails::new());
    pb::ItemFailure {
        code: words.code.into(),
        reason: words.reason.to_owned(),
        message: match call.language {
            Language::Chinese => words.zh,
            Language::English => words.en,
        },
        violations,
        violation_count,
    }
}

fn violation(violation: &Violation, language: Language) -> pb::ItemViolation {
    let message = match language {
        Language::Chinese => &violation.invalid.zh,
        Language::English => &violation.invalid.en,
    };
    pb::ItemViolation {
        field: violation.field.clone(),
        reason: violation.invalid.reason.to_owned(),
        message: message.clone(),
    }
}
