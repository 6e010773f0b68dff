//! The shape of a rule file. Unknown keys, unquoted numbers and missing citations are refused.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::error::RuleFileError;
use super::parameter::{
    Citation, Dated, Parameter, Policy, ReliefRule, ReliefShape, RuleStatus, Table, Unit,
};
use crate::types::{Invalid, Region, TaxKind, parse_date, parse_decimal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    region: Option<String>,
    #[serde(default, rename = "parameter")]
    parameters: Vec<RawParameter>,
    #[serde(default, rename = "table")]
    tables: Vec<RawTable>,
    #[serde(default, rename = "relief")]
    reliefs: Vec<RawRelief>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParameter {
    id: String,
    name_zh: String,
    unit: RawUnit,
    policy: Option<RawPolicy>,
    range: Option<[String; 2]>,
    values: Vec<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValue {
    from: String,
    to: Option<String>,
    value: String,
    cite: String,
    status: RawStatus,
    checked_on: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    id: String,
    columns: Vec<String>,
    from: String,
    to: Option<String>,
    cite: String,
    status: RawStatus,
    checked_on: String,
    rows: Vec<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRelief {
    id: String,
    code: Option<String>,
    tax: String,
    name_zh: String,
    name_en: String,
    shape: RawShape,
    ratio: Option<String>,
    #[serde(default)]
    after_policy: bool,
    #[serde(default)]
    items: Vec<String>,
    from: String,
    to: Option<String>,
    cite: String,
    status: RawStatus,
    checked_on: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum RawUnit {
    Ratio,
    Yuan,
    YuanPerSqmYear,
    YuanPerYear,
    YuanPerTonne,
    YuanPerMetre,
    YuanPerEquivalent,
    YuanPerMonth,
    Count,
    Text,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum RawPolicy {
    Extend,
    Warn,
    Refuse,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum RawStatus {
    Confirmed,
    Secondary,
    Unconfirmed,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum RawShape {
    Full,
    Ratio,
    ByInput,
}

/// What one rule file holds, checked row by row.
#[derive(Debug, Default)]
pub struct RuleFile {
    pub parameters: Vec<Parameter>,
    pub tables: Vec<Table>,
    pub reliefs: Vec<ReliefRule>,
}

/// Reads one rule file.
pub fn parse(path: &str, text: &str) -> Result<RuleFile, RuleFileError> {
    let raw: RawFile = toml::from_str(text).map_err(|error| RuleFileError::Syntax {
        path: path.to_owned(),
        message: error.to_string(),
    })?;
    let reader = Reader { path };
    let region = match raw.region.as_deref() {
        Some(code) => Some(Region::parse(code).map_err(|e| reader.invalid("region", &e))?),
        None => None,
    };
    let mut file = RuleFile::default();
    for parameter in raw.parameters {
        file.parameters.push(reader.parameter(parameter, region)?);
    }
    for table in raw.tables {
        file.tables.push(reader.table(table)?);
    }
    for relief in raw.reliefs {
        file.reliefs.push(reader.relief(relief)?);
    }
    Ok(file)
}

struct Reader<'a> {
    path: &'a str,
}

impl Reader<'_> {
    fn content(&self, id: &str, problem: impl Into<String>) -> RuleFileError {
        RuleFileError::Content {
            path: self.path.to_owned(),
            id: id.to_owned(),
            problem: problem.into(),
        }
    }

    fn invalid(&self, id: &str, invalid: &Invalid) -> RuleFileError {
        self.content(id, invalid.to_string())
    }

    fn date(&self, id: &str, text: &str) -> Result<Date, RuleFileError> {
        parse_date(text).map_err(|error| self.invalid(id, &error))
    }

    fn days(
        &self,
        id: &str,
        from: &str,
        to: Option<&str>,
    ) -> Result<(Date, Option<Date>), RuleFileError> {
        let from = self.date(id, from)?;
        let to = to.map(|text| self.date(id, text)).transpose()?;
        if to.is_some_and(|to| to < from) {
            return Err(self.content(id, "ends before it starts"));
        }
        Ok((from, to))
    }

    fn citation(
        &self,
        id: &str,
        cite: String,
        status: RawStatus,
        checked_on: &str,
    ) -> Result<Citation, RuleFileError> {
        if cite.trim().is_empty() {
            return Err(self.content(id, "has no citation"));
        }
        let status = match status {
            RawStatus::Confirmed => RuleStatus::Confirmed,
            RawStatus::Secondary => RuleStatus::Secondary,
            RawStatus::Unconfirmed => RuleStatus::Unconfirmed,
        };
        Ok(Citation {
            cite,
            status,
            checked_on: self.date(id, checked_on)?,
        })
    }

    fn decimal(&self, id: &str, text: &str) -> Result<Decimal, RuleFileError> {
        parse_decimal(text, 13, 12).map_err(|error| self.invalid(id, &error))
    }

    fn parameter(
        &self,
        raw: RawParameter,
        region: Option<Region>,
    ) -> Result<Parameter, RuleFileError> {
        let id = raw.id;
        let unit = unit(raw.unit);
        let range = match raw.range {
            Some([low, high]) => {
                let range = (self.decimal(&id, &low)?, self.decimal(&id, &high)?);
                if range.1 < range.0 {
                    return Err(self.content(&id, "the range is upside down"));
                }
                Some(range)
            }
            None => None,
        };
        let mut rows: Vec<Dated<String>> = Vec::new();
        for row in raw.values {
            let (from, to) = self.days(&id, &row.from, row.to.as_deref())?;
            if unit != Unit::Text {
                self.decimal(&id, &row.value)?;
            } else if row.value.trim().is_empty() {
                return Err(self.content(&id, "has an empty value"));
            }
            if let Some(before) = rows.last()
                && before.to.is_none_or(|to| from <= to)
            {
                return Err(
                    self.content(&id, format!("the row from {from} overlaps the one before"))
                );
            }
            let source = self.citation(&id, row.cite, row.status, &row.checked_on)?;
            rows.push(Dated {
                from,
                to,
                value: row.value,
                source,
            });
        }
        if rows.is_empty() && range.is_none() {
            return Err(self.content(&id, "has neither values nor a range"));
        }
        let policy = match raw.policy {
            Some(RawPolicy::Extend) => Policy::Extend,
            Some(RawPolicy::Warn) => Policy::Warn,
            Some(RawPolicy::Refuse) | None => Policy::Refuse,
        };
        Ok(Parameter {
            id,
            name_zh: raw.name_zh,
            unit,
            region,
            policy,
            range,
            rows,
        })
    }

    fn table(&self, raw: RawTable) -> Result<Table, RuleFileError> {
        let (from, to) = self.days(&raw.id, &raw.from, raw.to.as_deref())?;
        if let Some(row) = raw.rows.iter().find(|row| row.len() != raw.columns.len()) {
            return Err(self.content(&raw.id, format!("row {row:?} has the wrong width")));
        }
        if raw.rows.is_empty() {
            return Err(self.content(&raw.id, "has no rows"));
        }
        let source = self.citation(&raw.id, raw.cite, raw.status, &raw.checked_on)?;
        Ok(Table {
            id: raw.id,
            columns: raw.columns,
            from,
            to,
            source,
            rows: raw.rows,
        })
    }

    fn relief(&self, raw: RawRelief) -> Result<ReliefRule, RuleFileError> {
        let id = raw.id;
        let (from, to) = self.days(&id, &raw.from, raw.to.as_deref())?;
        let tax = TaxKind::from_name(&raw.tax)
            .ok_or_else(|| self.content(&id, format!("no tax is called {}", raw.tax)))?;
        if let Some(code) = &raw.code
            && !(code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(self.content(&id, "a relief code has ten digits"));
        }
        let shape = match (raw.shape, raw.ratio) {
            (RawShape::Full, None) => ReliefShape::Full,
            (RawShape::ByInput, None) => ReliefShape::ByInput,
            (RawShape::Ratio, Some(text)) => {
                let ratio = self.decimal(&id, &text)?;
                if ratio <= Decimal::ZERO || ratio > Decimal::ONE {
                    return Err(self.content(&id, "the ratio must be above 0 and at most 1"));
                }
                ReliefShape::Ratio(ratio)
            }
            _ => return Err(self.content(&id, "a ratio belongs to the shape `ratio` only")),
        };
        let source = self.citation(&id, raw.cite, raw.status, &raw.checked_on)?;
        Ok(ReliefRule {
            id,
            code: raw.code,
            tax,
            name_zh: raw.name_zh,
            name_en: raw.name_en,
            shape,
            after_policy: raw.after_policy,
            items: raw.items,
            from,
            to,
            source,
        })
    }
}

fn unit(raw: RawUnit) -> Unit {
    match raw {
        RawUnit::Ratio => Unit::Ratio,
        RawUnit::Yuan => Unit::Yuan,
        RawUnit::YuanPerSqmYear => Unit::YuanPerSqmYear,
        RawUnit::YuanPerYear => Unit::YuanPerYear,
        RawUnit::YuanPerTonne => Unit::YuanPerTonne,
        RawUnit::YuanPerMetre => Unit::YuanPerMetre,
        RawUnit::YuanPerEquivalent => Unit::YuanPerEquivalent,
        RawUnit::YuanPerMonth => Unit::YuanPerMonth,
        RawUnit::Count => Unit::Count,
        RawUnit::Text => Unit::Text,
    }
}
