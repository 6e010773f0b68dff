//! The whole pack: loading, checking across files, and lookup by place and day.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::civil::Date;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::calendar::Calendar;
use super::error::{LookupError, RuleFileError};
use super::file;
use super::parameter::{Dated, Parameter, Policy, ReliefRule, Table, Unit};
use crate::types::{Region, TaxKind};

/// The files of a pack: path below `rules/` to text, in order. The content is the version.
pub type RuleFiles = BTreeMap<String, String>;

include!(concat!(env!("OUT_DIR"), "/embedded_rules.rs"));

/// The law as dated data, ready for lookup.
#[derive(Debug)]
pub struct RuleBook {
    files: RuleFiles,
    digest: String,
    parameters: HashMap<(Option<Region>, String), Parameter>,
    tables: HashMap<String, Vec<Table>>,
    reliefs: HashMap<String, ReliefRule>,
    calendar: Calendar,
}

/// A value found in the pack, with the row it came from.
pub type Found<'a> = (&'a Parameter, &'a Dated<String>);

impl RuleBook {
    /// The pack compiled into the binary.
    ///
    /// # Errors
    /// When the embedded files are wrong; the test run would have refused them.
    pub fn embedded() -> Result<Self, RuleFileError> {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self::from_files(EMBEDDED_RULES.iter().map(own).collect())
    }

    /// A pack from a directory laid out like `rules/`.
    ///
    /// # Errors
    /// [`RuleFileError`] for the first file that is refused.
    pub fn from_dir(dir: &Path) -> Result<Self, RuleFileError> {
        let mut files = RuleFiles::new();
        for folder in ["national", "region"] {
            let below = dir.join(folder);
            let read = |source| RuleFileError::Read {
                path: below.display().to_string(),
                source,
            };
            for entry in std::fs::read_dir(&below).map_err(read)? {
                let path = entry.map_err(read)?.path();
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or_default();
                if name.ends_with(".toml") || name.ends_with(".csv") {
                    let text =
                        std::fs::read_to_string(&path).map_err(|source| RuleFileError::Read {
                            path: path.display().to_string(),
                            source,
                        })?;
                    files.insert(format!("{folder}/{name}"), text);
                }
            }
        }
        Self::from_files(files)
    }

    /// A pack from its files.
    ///
    /// # Errors
    /// [`RuleFileError`] for the first file or cross-file check that fails.
    pub fn from_files(files: RuleFiles) -> Result<Self, RuleFileError> {
        let mut hash = Sha256::new();
        let mut parameters = HashMap::new();
        let mut tables: HashMap<String, Vec<Table>> = HashMap::new();
        let mut reliefs = HashMap::new();
        for (path, text) in &files {
            hash.update((path.len() as u64).to_be_bytes());
            hash.update(path);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
            if path.ends_with(".csv") {
                continue;
            }
            let refuse = |id: &str, problem: &str| RuleFileError::Content {
                path: path.clone(),
                id: id.to_owned(),
                problem: problem.to_owned(),
            };
            let file = file::parse(path, text)?;
            for parameter in file.parameters {
                let key = (parameter.region, parameter.id.clone());
                if let Some(twice) = parameters.insert(key, parameter) {
                    return Err(refuse(&twice.id, "stands twice"));
                }
            }
            for table in file.tables {
                let versions = tables.entry(table.id.clone()).or_default();
                if versions.iter().any(|other| overlap(other, &table)) {
                    return Err(refuse(&table.id, "two versions overlap"));
                }
                versions.push(table);
            }
            for relief in file.reliefs {
                if let Some(twice) = reliefs.insert(relief.id.clone(), relief) {
                    return Err(refuse(&twice.id, "stands twice"));
                }
            }
        }
        check_ranges(&parameters)?;
        let calendar = Calendar::from_files(&files)?;
        let digest = hex::encode(hash.finalize());
        Ok(Self {
            files,
            digest,
            parameters,
            tables,
            reliefs,
            calendar,
        })
    }

    /// The pack's version: SHA-256 over its files, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The files the pack was made from.
    pub fn files(&self) -> &RuleFiles {
        &self.files
    }

    /// The calendar of due days.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The row of a parameter that covers a day: of the place, else its city, its province, the
    /// nation. After the last row the parameter's policy decides.
    ///
    /// # Errors
    /// [`LookupError::Missing`] (`JURISDICTION_PARAMETER_MISSING` at the edge).
    pub fn find(&self, id: &str, region: Region, on: Date) -> Result<Found<'_>, LookupError> {
        region
            .lineage()
            .map(Some)
            .chain([None])
            .filter_map(|place| self.parameters.get(&(place, id.to_owned())))
            .find_map(|parameter| row_on(parameter, on).map(|row| (parameter, row)))
            .ok_or_else(|| LookupError::Missing {
                id: id.to_owned(),
                region,
                on,
            })
    }

    /// As [`RuleBook::find`], for a number.
    ///
    /// # Errors
    /// [`LookupError`].
    pub fn number(
        &self,
        id: &str,
        region: Region,
        on: Date,
    ) -> Result<(Decimal, Found<'_>), LookupError> {
        let found = self.find(id, region, on)?;
        let wrong = || LookupError::WrongKind {
            id: id.to_owned(),
            wanted: "number",
        };
        if found.0.unit == Unit::Text {
            return Err(wrong());
        }
        let value = Decimal::from_str_exact(&found.1.value).map_err(|_| wrong())?;
        Ok((value, found))
    }

    /// A number that the nation fixes, on a day.
    ///
    /// # Errors
    /// [`LookupError`].
    pub fn national_number(&self, id: &str, on: Date) -> Result<Decimal, LookupError> {
        let wrong = || LookupError::WrongKind {
            id: id.to_owned(),
            wanted: "national number",
        };
        let parameter = self
            .parameters
            .get(&(None, id.to_owned()))
            .ok_or_else(wrong)?;
        let row = row_on(parameter, on).ok_or_else(wrong)?;
        Decimal::from_str_exact(&row.value).map_err(|_| wrong())
    }

    /// As [`RuleBook::find`], for a word.
    ///
    /// # Errors
    /// [`LookupError`].
    pub fn text(&self, id: &str, region: Region, on: Date) -> Result<&str, LookupError> {
        self.find(id, region, on).map(|(_, row)| row.value.as_str())
    }

    /// The first and the last day on which the nation's value of a parameter is in force; nothing
    /// where no end is written.
    pub fn in_force(&self, id: &str) -> Option<(Date, Date)> {
        let rows = &self.parameters.get(&(None, id.to_owned()))?.rows;
        Some((rows.first()?.from, rows.last()?.to?))
    }

    /// The national limits within which a place fixes a parameter, where the law sets them.
    pub fn national_range(&self, id: &str) -> Option<(Decimal, Decimal)> {
        self.parameters
            .get(&(None, id.to_owned()))
            .and_then(|parameter| parameter.range)
    }

    /// The version of a table in force on a day.
    pub fn table(&self, id: &str, on: Date) -> Option<&Table> {
        self.tables
            .get(id)?
            .iter()
            .find(|table| table.from <= on && table.to.is_none_or(|to| on <= to))
    }

    /// A relief by its stable id.
    pub fn relief(&self, id: &str) -> Option<&ReliefRule> {
        self.reliefs.get(id)
    }

    /// The reliefs of a tax in force on a day, by id.
    pub fn reliefs_of(&self, tax: TaxKind, on: Date) -> Vec<&ReliefRule> {
        let mut found: Vec<_> = self
            .reliefs
            .values()
            .filter(|rule| rule.tax == tax && rule.in_force(on))
            .collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    }

    /// The parameters that hold for a place on a day, by id.
    pub fn parameters_at(&self, region: Region, on: Date) -> Vec<Found<'_>> {
        let mut ids: Vec<&str> = self.parameters.keys().map(|(_, id)| id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
            .filter_map(|id| self.find(id, region, on).ok())
            .collect()
    }
}

/// The row covering a day; after the last row, the last one when the policy lets it go on.
fn row_on(parameter: &Parameter, on: Date) -> Option<&Dated<String>> {
    let covering = parameter
        .rows
        .iter()
        .rev()
        .find(|row| row.from <= on && row.to.is_none_or(|to| on <= to));
    covering.or_else(|| match parameter.policy {
        Policy::Refuse => None,
        Policy::Extend | Policy::Warn => parameter
            .rows
            .last()
            .filter(|row| row.to.is_some_and(|to| to < on)),
    })
}

fn overlap(a: &Table, b: &Table) -> bool {
    a.to.is_none_or(|to| b.from <= to) && b.to.is_none_or(|to| a.from <= to)
}

/// National ranges hold for every place's values.
fn check_ranges(
    parameters: &HashMap<(Option<Region>, String), Parameter>,
) -> Result<(), RuleFileError> {
    for parameter in parameters.values() {
        let national = parameters.get(&(None, parameter.id.clone()));
        let Some((low, high)) = national.and_then(|national| national.range) else {
            continue;
        };
        for row in &parameter.rows {
            let fits = Decimal::from_str_exact(&row.value)
                .is_ok_and(|value| low <= value && value <= high);
            if !fits {
                return Err(RuleFileError::Content {
                    path: parameter
                        .region
                        .map_or("national".to_owned(), |r| r.to_string()),
                    id: parameter.id.clone(),
                    problem: format!("{} is outside the national range {low}..{high}", row.value),
                });
            }
        }
    }
    Ok(())
}
