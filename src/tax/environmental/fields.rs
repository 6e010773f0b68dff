//! Findings that every kind of record shares.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::catalogue;
use crate::tax::Finding;

/// `ENV_NEGATIVE` for each figure below zero.
pub(super) fn check_negative(
    path: &str,
    figures: &[(&str, Option<Decimal>)],
    findings: &mut Vec<Finding>,
) {
    for (name, value) in figures {
        if let Some(value) = value.filter(|value| *value < Decimal::ZERO) {
            findings.push(
                catalogue::ENV_NEGATIVE
                    .at(
                        format!("{path}.{name}"),
                        format!("{value} 小于零"),
                        format!("{value} is below zero"),
                    )
                    .numbers(0, value),
            );
        }
    }
}

/// `ENV_NEGATIVE` for tax already paid.
pub(super) fn check_paid(path: &str, paid: crate::types::Money, findings: &mut Vec<Finding>) {
    if paid.is_negative() {
        findings.push(
            catalogue::ENV_NEGATIVE
                .at(
                    format!("{path}.already_paid_yuan"),
                    "已缴税额不能为负数",
                    "tax already paid cannot be below zero",
                )
                .numbers(0, paid),
        );
    }
}

/// `ENV_DUPLICATE_LINE` when the key of a record stands twice.
pub(super) fn check_duplicate(
    seen: &mut BTreeSet<String>,
    key: String,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    if seen.contains(&key) {
        findings.push(catalogue::ENV_DUPLICATE_LINE.at(
            path,
            format!("{key} 重复填报"),
            format!("{key} stands twice"),
        ));
    }
    seen.insert(key);
}

/// `ENV_METHOD_FIELDS`: figures of the method missing, or those of another given.
pub(super) fn method_fields(
    field: impl Into<String>,
    zh: impl Into<String>,
    en: impl Into<String>,
) -> Finding {
    catalogue::ENV_METHOD_FIELDS.at(field, zh, en)
}
