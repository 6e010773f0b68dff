//! The law as data on the wire.

use jiff::civil::Date;

use super::tax;
use crate::grpc::call::Language;
use crate::pb;
use crate::rules::{Dated, Parameter, ReliefRule, ReliefShape, RuleBook, TaxItem, tax_of};

fn day(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// Writes a parameter with the row in force.
pub fn parameter(
    book: &RuleBook,
    (parameter, row): (&Parameter, &Dated<String>),
) -> pb::RuleParameter {
    let mut wire = pb::RuleParameter {
        parameter_id: parameter.id.clone(),
        name: parameter.name_zh.clone(),
        value: row.value.clone(),
        region_code: parameter.region.map(|r| r.to_string()).unwrap_or_default(),
        first_day: row.from.to_string(),
        last_day: day(row.to),
        cite: row.source.cite.clone(),
        confidence: row.source.status.name().to_owned(),
        checked_on: row.source.checked_on.to_string(),
        unit: parameter.unit.name().to_owned(),
        ..pb::RuleParameter::default()
    };
    if let Some(kind) = tax_of(&parameter.id) {
        wire.set_tax(tax(kind));
    }
    if let Some((low, high)) = book.national_range(&parameter.id) {
        wire.national_range = vec![low.to_string(), high.to_string()];
    }
    wire
}

/// Writes a relief.
pub fn relief_rule(rule: &ReliefRule, language: Language) -> pb::RuleRelief {
    pb::RuleRelief {
        relief_id: rule.id.clone(),
        relief_code: rule.code.clone().unwrap_or_default(),
        tax: tax(rule.tax).into(),
        name: match language {
            Language::Chinese => rule.name_zh.clone(),
            Language::English => rule.name_en.clone(),
        },
        first_day: rule.from.to_string(),
        last_day: day(rule.to),
        cite: rule.source.cite.clone(),
        confidence: rule.source.status.name().to_owned(),
        shape: rule.shape.name().to_owned(),
        ratio: match rule.shape {
            ReliefShape::Ratio(ratio) => ratio.to_string(),
            ReliefShape::Full | ReliefShape::ByInput => String::new(),
        },
        items: rule.items.clone(),
        checked_on: rule.source.checked_on.to_string(),
    }
}

/// Writes an item with its rate.
pub fn tax_item(item: &TaxItem<'_>) -> pb::TaxItem {
    let mut wire = pb::TaxItem {
        item: item.id.to_owned(),
        item_code: item.code.to_owned(),
        name: item.name_zh.to_owned(),
        base_unit: item.base_unit.to_owned(),
        rate_parameter_id: item.rate_parameter.to_owned(),
        rate_table_id: item.rate_table.to_owned(),
        cite: item.cite.to_owned(),
        confidence: item.status.name().to_owned(),
        ..pb::TaxItem::default()
    };
    if let Some((parameter, row)) = item.rate {
        wire.rate.clone_from(&row.value);
        wire.rate_unit = parameter.unit.name().to_owned();
        wire.cite.clone_from(&row.source.cite);
        wire.confidence = row.source.status.name().to_owned();
    }
    wire
}
