//! What a refused request answers, as JSON.

use serde_json::{Value, json};

use crate::grpc::{self, Call, Failure, Language};

/// A refusal without fields.
pub fn message(reason: &str, problem: &str) -> Value {
    json!({ "reason": reason, "message": problem })
}

/// A refusal with every wrong field.
pub fn refused(failure: Failure, call: &Call) -> Value {
    let Failure::Fields(violations) = failure else {
        return message("REFUSED", grpc::status(failure, call).message());
    };
    let fields: Vec<Value> = violations
        .iter()
        .map(|wrong| {
            let text = match call.language {
                Language::Chinese => &wrong.invalid.zh,
                Language::English => &wrong.invalid.en,
            };
            json!({ "field": wrong.field, "reason": wrong.invalid.reason, "message": text })
        })
        .collect();
    json!({ "reason": "FIELDS_INVALID", "fields": fields })
}
