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

/// Reads one rule file: what can be read of it, and everything that is wrong.
pub fn parse(path: &str, text: &str) -> (RuleFile, Vec<RuleFileError>) {
    let (mut file, mut errors) = (RuleFile::default(), Vec::new());
    let raw: RawFile = match toml::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            let (path, message) = (path.to_owned(), error.to_string());
            return (file, vec![RuleFileError::Syntax { path, message }]);
        }
    };
    let reader = Reader { path };
    let region = match raw.region.as_deref().map(Region::parse) {
        Some(Err(error)) => {
            errors.push(reader.invalid("region", &error));
            return (file, errors);
        }
        Some(Ok(region)) => Some(region),
        None => None,
    };
    for parameter in raw.parameters {
        match reader.parameter(parameter, region) {
            Ok(parameter) => file.parameters.push(parameter),
            Err(wrong) => errors.extend(wrong),
        }
    }
    for table in raw.tables {
        match reader.table(table) {
            Ok(table) => file.tables.push(table),
            Err(wrong) => errors.push(wrong),
        }
    }
    for relief in raw.reliefs {
        match reader.relief(relief) {
            Ok(relief) => file.reliefs.push(relief),
            Err(wrong) => errors.push(wrong),
        }
    }
    (file, errors)
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

    /// A parameter, or what is wrong with any of its rows.
    fn parameter(
        &self,
        raw: RawParameter,
        region: Option<Region>,
    ) -> Result<Parameter, Vec<RuleFileError>> {
        let (id, unit) = (raw.id, unit(raw.unit));
        let mut errors = Vec::new();
        let range = match self.range(&id, raw.range) {
            Ok(range) => range,
            Err(error) => {
                errors.push(error);
                None
            }
        };
        let stated = !raw.values.is_empty();
        let mut rows: Vec<Dated<String>> = Vec::new();
        for row in raw.values {
            match self.row(&id, unit, rows.last(), row) {
                Ok(row) => rows.push(row),
                Err(error) => errors.push(error),
            }
        }
        if !stated && range.is_none() {
            errors.push(self.content(&id, "has neither values nor a range"));
        }
        if !errors.is_empty() {
            return Err(errors);
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

    fn range(
        &self,
        id: &str,
        raw: Option<[String; 2]>,
    ) -> Result<Option<(Decimal, Decimal)>, RuleFileError> {
        let Some([low, high]) = raw else {
            return Ok(None);
        };
        let range = (self.decimal(id, &low)?, self.decimal(id, &high)?);
        if range.1 < range.0 {
            return Err(self.content(id, "the range is upside down"));
        }
        Ok(Some(range))
    }

    fn row(
        &self,
        id: &str,
        unit: Unit,
        before: Option<&Dated<String>>,
        row: RawValue,
    ) -> Result<Dated<String>, RuleFileError> {
        let (from, to) = self.days(id, &row.from, row.to.as_deref())?;
        if unit != Unit::Text {
            self.decimal(id, &row.value)?;
        } else if row.value.trim().is_empty() {
            return Err(self.content(id, "has an empty value"));
        }
        if before.is_some_and(|before| before.to.is_none_or(|to| from <= to)) {
            let problem = format!("the row from {from} overlaps the one before");
            return Err(self.content(id, problem));
        }
        let source = self.citation(id, row.cite, row.status, &row.checked_on)?;
        Ok(Dated {
            from,
            to,
            value: row.value,
            source,
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
