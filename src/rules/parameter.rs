//! The kinds of rows a rule pack holds, each with its days in force and its citation.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::types::{Region, TaxKind};

/// How sure a value is (see `rules/README.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleStatus {
    /// Read in its source.
    Confirmed,
    /// Read in a secondary source or well known, not re-read in the primary text.
    Secondary,
    /// Not confirmed: it may compute, but always with a warning that names it.
    Unconfirmed,
}

impl RuleStatus {
    /// The name in rule files and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Secondary => "secondary",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

/// What happens on a day after the last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The last value goes on.
    Extend,
    /// The last value goes on, with a warning.
    Warn,
    /// Nothing is computed.
    Refuse,
}

/// The unit of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain ratio, such as 0.012.
    Ratio,
    /// Yuan.
    Yuan,
    /// Yuan per square metre and year.
    YuanPerSqmYear,
    /// Yuan per piece and year.
    YuanPerYear,
    /// Yuan per tonne of curb mass or net ton and year, or per tonne of waste.
    YuanPerTonne,
    /// Yuan per metre of hull and year.
    YuanPerMetre,
    /// Yuan per pollution equivalent.
    YuanPerEquivalent,
    /// Yuan per month.
    YuanPerMonth,
    /// A count of something named by the id.
    Count,
    /// A word from a closed list the code knows.
    Text,
}

impl Unit {
    /// The name in rule files and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Yuan => "yuan",
            Self::YuanPerSqmYear => "yuan_per_sqm_year",
            Self::YuanPerYear => "yuan_per_year",
            Self::YuanPerTonne => "yuan_per_tonne",
            Self::YuanPerMetre => "yuan_per_metre",
            Self::YuanPerEquivalent => "yuan_per_equivalent",
            Self::YuanPerMonth => "yuan_per_month",
            Self::Count => "count",
            Self::Text => "text",
        }
    }
}

/// How the ids of each tax's parameters begin.
const PREFIXES: [(&str, TaxKind); 6] = [
    ("ret.", TaxKind::RealEstateTax),
    ("lut.", TaxKind::LandUseTax),
    ("vvt.", TaxKind::VehicleVesselTax),
    ("st.", TaxKind::StampTax),
    ("lat.", TaxKind::LandAppreciationTax),
    ("ept.", TaxKind::EnvironmentalProtectionTax),
];

/// The tax a parameter belongs to; nothing where taxes share it.
pub fn tax_of(id: &str) -> Option<TaxKind> {
    let own = |(prefix, _): &&(&str, TaxKind)| id.starts_with(prefix);
    PREFIXES.iter().find(own).map(|(_, tax)| *tax)
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Document and article.
    pub cite: String,
    /// How sure it is.
    pub status: RuleStatus,
    /// The day somebody last checked it.
    pub checked_on: Date,
}

/// A value in force from a first day, to a last day when its end is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated<T> {
    /// First day in force.
    pub from: Date,
    /// Last day in force, where an end is known.
    pub to: Option<Date>,
    /// The value.
    pub value: T,
    /// Its source.
    pub source: Citation,
}

/// A dated parameter of one place (or of the nation).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Stable id, such as `ret.rate.value`.
    pub id: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Unit of the values.
    pub unit: Unit,
    /// The place that fixed it; nothing for the nation.
    pub region: Option<Region>,
    /// What happens after the last row.
    pub policy: Policy,
    /// National limits for what a place may fix, where the law sets them.
    pub range: Option<(Decimal, Decimal)>,
    /// Rows by first day, without overlap.
    pub rows: Vec<Dated<String>>,
}

/// A dated table (brackets, tiers, pollutants): all cells are text, read by the tax module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Stable id, such as `lat.brackets`.
    pub id: String,
    /// Column names.
    pub columns: Vec<String>,
    /// First day in force.
    pub from: Date,
    /// Last day in force, where an end is known.
    pub to: Option<Date>,
    /// Its source.
    pub source: Citation,
    /// The rows; each has as many cells as there are columns.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The text in a row's named column.
    pub fn cell<'a>(&self, row: &'a [String], column: &str) -> Option<&'a str> {
        let place = self.columns.iter().position(|name| name == column)?;
        row.get(place).map(String::as_str)
    }
}

/// What a relief does to the tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReliefShape {
    /// All of the tax is relieved.
    Full,
    /// A share of the tax, the ratio between 0 and 1.
    Ratio(Decimal),
    /// The amount or ratio comes with the source (approval document, local decision).
    ByInput,
}

/// A relief (减免税) of one tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReliefRule {
    /// Stable id, such as `LU_WAREHOUSE`.
    pub id: String,
    /// The official code (减免性质代码), where one was confirmed.
    pub code: Option<String>,
    /// The tax it belongs to.
    pub tax: TaxKind,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// What it does.
    pub shape: ReliefShape,
    /// True for hardship (困难减免): a ratio works on what the policy reliefs leave.
    pub after_policy: bool,
    /// Items it is limited to; empty means all items of the tax.
    pub items: Vec<String>,
    /// First day in force.
    pub from: Date,
    /// Last day in force, where an end is known.
    pub to: Option<Date>,
    /// Its source.
    pub source: Citation,
}

impl ReliefShape {
    /// The name in rule files and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Ratio(_) => "ratio",
            Self::ByInput => "by_input",
        }
    }
}

impl ReliefRule {
    /// True when the relief is in force on the day.
    pub fn in_force(&self, on: Date) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }
}
