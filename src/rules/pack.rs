//! The whole pack: loading, checking across files, and lookup by place and day.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::calendar::Calendar;
use super::error::{LookupError, RuleFileError};
use super::file;
use super::frozen::Frozen;
use super::lookups::Lookups;
use super::parameter::{Dated, Parameter, Policy, ReliefRule, Table, Unit};
use crate::types::{Period, Region, TaxKind, parse_date};

/// The files of a pack: path below `rules/` to text, in order. The content is the version.
pub type RuleFiles = BTreeMap<String, String>;

include!(concat!(env!("OUT_DIR"), "/embedded_rules.rs"));

/// The law as dated data, ready for lookup. A copy shares the pack.
#[derive(Debug, Clone)]
pub struct RuleBook {
    pub(super) pack: Arc<Pack>,
    pub(super) frozen: Option<Frozen>,
    pub(super) lookups: Option<Lookups>,
}

/// The parameters of one id, by the place that fixed them (nothing for the nation).
pub(super) type Places = HashMap<Option<Region>, Parameter>;

/// What the files say.
#[derive(Debug, Default)]
pub(super) struct Pack {
    pub(super) files: RuleFiles,
    pub(super) digest: String,
    pub(super) parameters: HashMap<String, Places>,
    pub(super) tables: HashMap<String, Vec<Table>>,
    pub(super) reliefs: HashMap<String, ReliefRule>,
    pub(super) calendar: Calendar,
}

/// A value found in the pack, with the row it came from.
pub type Found<'a> = (&'a Parameter, &'a Dated<String>);

impl RuleBook {
    /// The pack compiled into the binary.
    ///
    /// # Errors
    /// When the embedded files are wrong; the test run would have refused them.
    pub fn embedded() -> Result<Self, RuleFileError> {
        Self::from_files(Self::embedded_files())
    }

    /// A pack from a directory laid out like `rules/`.
    ///
    /// # Errors
    /// [`RuleFileError`] for the first file that is refused.
    pub fn from_dir(dir: &Path) -> Result<Self, RuleFileError> {
        Self::from_files(Self::read_dir(dir)?)
    }

    /// The files of a directory laid out like `rules/`, unread.
    ///
    /// # Errors
    /// [`RuleFileError::Read`].
    pub fn read_dir(dir: &Path) -> Result<RuleFiles, RuleFileError> {
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
        Ok(files)
    }

    /// The files compiled into the binary.
    pub fn embedded_files() -> RuleFiles {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        EMBEDDED_RULES.iter().map(own).collect()
    }

    /// A pack from its files.
    ///
    /// # Errors
    /// [`RuleFileError`] for the first file or cross-file check that fails.
    pub fn from_files(files: RuleFiles) -> Result<Self, RuleFileError> {
        Self::load(files).map_err(|mut errors| errors.swap_remove(0))
    }

    /// A pack from its files, or everything that speaks against it at once.
    ///
    /// # Errors
    /// At least one [`RuleFileError`].
    pub fn load(files: RuleFiles) -> Result<Self, Vec<RuleFileError>> {
        let (mut pack, mut errors) = (Pack::default(), Vec::new());
        let mut hash = Sha256::new();
        for (path, text) in &files {
            hash.update((path.len() as u64).to_be_bytes());
            hash.update(path);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
            if !path.ends_with(".csv") {
                let (file, wrong) = file::parse(path, text);
                errors.extend(wrong);
                pack.add(path, file, &mut errors);
            }
        }
        check_ranges(&pack.parameters, &mut errors);
        match Calendar::from_files(&files) {
            Ok(calendar) => pack.calendar = calendar,
            Err(error) => errors.push(error),
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        pack.digest = hex::encode(hash.finalize());
        pack.files = files;
        Ok(Self {
            pack: Arc::new(pack),
            frozen: None,
            lookups: None,
        })
    }

    /// The pack's version: SHA-256 over its files, in hex.
    pub fn digest(&self) -> &str {
        &self.pack.digest
    }

    /// The files the pack was made from.
    pub fn files(&self) -> &RuleFiles {
        &self.pack.files
    }

    /// The calendar of due days.
    pub fn calendar(&self) -> &Calendar {
        &self.pack.calendar
    }

    /// The row of a parameter that covers a day: of the place, else its city, its province, the
    /// nation. After the last row the parameter's policy decides.
    ///
    /// # Errors
    /// [`LookupError::Missing`] (`JURISDICTION_PARAMETER_MISSING` at the edge).
    pub fn find(&self, id: &str, region: Region, on: Date) -> Result<Found<'_>, LookupError> {
        let day = self.seen(id, on);
        let places = self.pack.parameters.get(id);
        region
            .lineage()
            .map(Some)
            .chain([None])
            .filter_map(|place| places?.get(&place))
            .find_map(|parameter| row_on(parameter, day).map(|row| (parameter, row)))
            .ok_or_else(|| LookupError::Missing {
                id: id.to_owned(),
                region,
                on: day,
            })
    }

    /// Notes a lookup where that is wanted; the day whose law answers it.
    fn seen(&self, id: &str, on: Date) -> Date {
        if let Some(lookups) = &self.lookups {
            lookups.note(id);
        }
        self.frozen.as_ref().map_or(on, |frozen| frozen.day)
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
        let row = self.national(id, on).map_err(|_| wrong())?;
        Decimal::from_str_exact(&row.value).map_err(|_| wrong())
    }

    /// The row that the nation fixes, on a day.
    ///
    /// # Errors
    /// [`LookupError::WrongKind`] when there is none.
    pub fn national(&self, id: &str, on: Date) -> Result<&Dated<String>, LookupError> {
        let day = self.seen(id, on);
        let places = self.pack.parameters.get(id);
        let parameter = places.and_then(|places| places.get(&None));
        parameter
            .and_then(|parameter| row_on(parameter, day))
            .ok_or_else(|| LookupError::WrongKind {
                id: id.to_owned(),
                wanted: "national value",
            })
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
        if let Some(lookups) = &self.lookups {
            lookups.note(id);
        }
        let rows = &self.pack.parameters.get(id)?.get(&None)?.rows;
        Some((rows.first()?.from, rows.last()?.to?))
    }

    /// The national limits within which a place fixes a parameter, where the law sets them.
    pub fn national_range(&self, id: &str) -> Option<(Decimal, Decimal)> {
        if let Some(lookups) = &self.lookups {
            lookups.note(id);
        }
        self.pack.parameters.get(id)?.get(&None)?.range
    }

    /// The version of a table in force on a day.
    pub fn table(&self, id: &str, on: Date) -> Option<&Table> {
        let day = self.seen(id, on);
        self.pack
            .tables
            .get(id)?
            .iter()
            .find(|table| table.from <= day && table.to.is_none_or(|to| day <= to))
    }

    /// A relief by its stable id. Under a frozen law one in force on its day has no end, and any
    /// other is in force on no day.
    pub fn relief(&self, id: &str) -> Option<&ReliefRule> {
        match &self.frozen {
            Some(frozen) => frozen.reliefs.get(id),
            None => self.pack.reliefs.get(id),
        }
    }

    /// A relief as the pack dates it, also under a frozen law.
    pub fn dated_relief(&self, id: &str) -> Option<&ReliefRule> {
        self.pack.reliefs.get(id)
    }

    /// The reliefs of a tax in force on a day (on any day where none is named), by id.
    pub fn reliefs_of(&self, tax: TaxKind, on: Option<Date>) -> Vec<&ReliefRule> {
        let in_force = |rule: &ReliefRule| on.is_none_or(|day| rule.in_force(day));
        let mut found: Vec<_> = self
            .pack
            .reliefs
            .values()
            .filter(|rule| rule.tax == tax && in_force(rule))
            .collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    }

    /// The days for which the pack says what the law is; nothing where it does not say so.
    pub fn covered_days(&self) -> Option<Period> {
        const ID: &str = "coverage.days";
        if let Some(lookups) = &self.lookups {
            lookups.note(ID);
        }
        let row = self.pack.parameters.get(ID)?.get(&None)?.rows.last()?;
        let (first, last) = row.value.split_once("..")?;
        Period::new(parse_date(first).ok()?, parse_date(last).ok()?).ok()
    }

    /// The parameters that hold for a place on a day, by id.
    pub fn parameters_at(&self, region: Region, on: Date) -> Vec<Found<'_>> {
        let mut ids: Vec<&str> = self.pack.parameters.keys().map(String::as_str).collect();
        ids.sort_unstable();
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

impl Pack {
    /// Adds what one file holds; ids that stand twice are errors.
    fn add(&mut self, path: &str, file: file::RuleFile, errors: &mut Vec<RuleFileError>) {
        let mut refuse = |id: &str, problem: &str| {
            errors.push(RuleFileError::Content {
                path: path.to_owned(),
                id: id.to_owned(),
                problem: problem.to_owned(),
            });
        };
        for parameter in file.parameters {
            let places = self.parameters.entry(parameter.id.clone()).or_default();
            if let Some(twice) = places.insert(parameter.region, parameter) {
                refuse(&twice.id, "stands twice");
            }
        }
        for table in file.tables {
            let versions = self.tables.entry(table.id.clone()).or_default();
            if versions.iter().any(|other| overlap(other, &table)) {
                refuse(&table.id, "two versions overlap");
            } else {
                versions.push(table);
            }
        }
        for relief in file.reliefs {
            if let Some(twice) = self.reliefs.insert(relief.id.clone(), relief) {
                refuse(&twice.id, "stands twice");
            }
        }
    }
}

/// National ranges hold for every place's values.
fn check_ranges(parameters: &HashMap<String, Places>, errors: &mut Vec<RuleFileError>) {
    let mut wrong = Vec::new();
    for places in parameters.values() {
        let national = places.get(&None);
        let Some((low, high)) = national.and_then(|national| national.range) else {
            continue;
        };
        for parameter in places.values() {
            for row in &parameter.rows {
                let fits = Decimal::from_str_exact(&row.value)
                    .is_ok_and(|value| low <= value && value <= high);
                if !fits {
                    let problem =
                        format!("{} is outside the national range {low}..{high}", row.value);
                    wrong.push((parameter.region, parameter.id.clone(), problem));
                }
            }
        }
    }
    wrong.sort();
    let place = |region: Option<Region>| region.map_or("national".to_owned(), |r| r.to_string());
    errors.extend(wrong.into_iter().map(|(region, id, problem)| {
        let path = place(region);
        RuleFileError::Content { path, id, problem }
    }));
}
