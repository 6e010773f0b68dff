//! The annex of pollutants and equivalent values (应税污染物和当量值表), read from the rule pack.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::rules::{RuleBook, RuleStatus, Table};
use crate::tax::{Applied, Finding, Provenance};
use crate::types::{Month, parse_decimal};

use super::Medium;

/// Name under which pH is recorded; the band of the measured value is found in the annex.
pub(super) const PH: &str = "pH值";
const TABLE: &str = "ept.pollutants";

/// Block of the annex (水污染物种类).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PollutantClass {
    /// 大气污染物.
    Air,
    /// 第一类水污染物.
    #[serde(rename = "CLASS_1")]
    Class1,
    /// 第二类水污染物.
    #[serde(rename = "CLASS_2")]
    Class2,
    /// pH 值、色度、大肠菌群数、余氯量.
    Sewage,
    /// 禽畜养殖业、小型企业和第三产业.
    Small,
}

impl PollutantClass {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "AIR" => Self::Air,
            "CLASS_1" => Self::Class1,
            "CLASS_2" => Self::Class2,
            "SEWAGE" => Self::Sewage,
            "SMALL" => Self::Small,
            _ => return None,
        })
    }

    /// Name in Chinese.
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Air => "大气污染物",
            Self::Class1 => "第一类水污染物",
            Self::Class2 => "第二类水污染物",
            Self::Sewage => "pH值、色度、大肠菌群数、余氯量",
            Self::Small => "禽畜养殖业、小型企业和第三产业",
        }
    }
}

/// What a row of the annex counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Kilograms.
    Kilogram,
    /// Tonnes of sewage.
    Sewage,
    /// Tonnes of sewage times the excess of colour.
    SewageTimes,
    /// Heads, birds, beds.
    Feature,
}

/// One row of the annex.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub class: PollutantClass,
    pub name: &'a str,
    /// Equivalent value (污染当量值) in the row's unit.
    pub value: Decimal,
    pub counted: Counted,
    /// Place in the annex: the statutory order of the medium (decision ENV1).
    pub order: usize,
    /// The pollutant's key for a unit tax of its own.
    pub key: &'a str,
    /// Members of one group exclude each other; empty for none.
    pub group: &'a str,
    /// Parameter at or below which nothing is levied; empty for none.
    pub scale: &'a str,
    pub applied: Applied,
}

/// True when the law is in force in the month.
pub(super) fn in_force(rules: &RuleBook, month: Month) -> bool {
    rules.table(TABLE, month.last_day()).is_some()
}

/// The row of a pollutant, by its name and medium; for pH by the measured value.
pub(super) fn find<'a>(
    rules: &'a RuleBook,
    medium: Medium,
    name: &str,
    ph: Option<Decimal>,
    month: Month,
) -> Option<Entry<'a>> {
    let on = month.last_day();
    let band = match ph {
        Some(ph) if name == PH => ph_band(rules, ph, month)?,
        _ => name,
    };
    let table = rules.table(TABLE, on)?;
    table
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| table.cell(row, "name_zh") == Some(band))
        .filter_map(|(order, row)| entry(table, order, row))
        .find(|entry| {
            let fits = match medium {
                Medium::Air => entry.class == PollutantClass::Air,
                Medium::Water => entry.class != PollutantClass::Air,
            };
            // A single band is never named by itself: the measured pH chooses it.
            let named = entry.group != "PH" || name == PH;
            fits && named
        })
}

/// The band of the annex that a pH lies in; none between 6 and 9.
pub(super) fn ph_band(rules: &RuleBook, ph: Decimal, month: Month) -> Option<&str> {
    let table = rules.table("ept.ph_bands", month.last_day())?;
    let edge = |row: &[String], column: &str| {
        let cell = table.cell(row, column)?;
        parse_decimal(cell, 2, 2).ok()
    };
    let lies_in = |row: &[String]| {
        let acid = edge(row, "acid_from").is_some_and(|low| low <= ph)
            && edge(row, "acid_below").is_some_and(|high| ph < high);
        let alkali = edge(row, "alkali_above").is_some_and(|low| low < ph)
            && edge(row, "alkali_to").is_some_and(|high| ph <= high);
        acid || alkali
    };
    let row = table.rows.iter().find(|row| lies_in(row))?;
    table.cell(row, "name_zh")
}

fn entry<'a>(table: &'a Table, order: usize, row: &'a [String]) -> Option<Entry<'a>> {
    let class = PollutantClass::parse(table.cell(row, "class")?)?;
    let value = parse_decimal(table.cell(row, "value")?, 13, 12).ok()?;
    let counted = match table.cell(row, "unit")? {
        "kg" => Counted::Kilogram,
        "t_sewage" => Counted::Sewage,
        "t_water_times" => Counted::SewageTimes,
        "head" | "bird" | "bed" => Counted::Feature,
        _ => return None,
    };
    Some(Entry {
        class,
        name: table.cell(row, "name_zh")?,
        value,
        counted,
        order,
        key: table.cell(row, "key")?,
        group: table.cell(row, "group")?,
        scale: table.cell(row, "scale")?,
        applied: from_table(table, value),
    })
}

/// A value of a table as an applied value of law.
pub(super) fn from_table(table: &Table, value: Decimal) -> Applied {
    Applied {
        parameter_id: table.id.clone(),
        value,
        provenance: Provenance::Rule {
            first_day: table.from,
            last_day: table.to,
            cite: table.source.cite.clone(),
            unconfirmed: table.source.status == RuleStatus::Unconfirmed,
        },
    }
}

/// The pollutant is not in the annex: it is not taxable and never gets a value of 1.
pub(super) fn unknown(field: String, name: &str, medium: Medium) -> Finding {
    let medium = medium.name_zh();
    Finding::error(
        "ENV_POLLUTANT_UNKNOWN",
        field,
        format!("“{name}”不是《应税污染物和当量值表》列明的{medium}，不属于应税污染物"),
        format!("`{name}` is not in the annex of taxable pollutants for this medium"),
        "环境保护税法 第三条、附表二",
    )
}

#[cfg(test)]
mod tests {
    use super::entry;
    use crate::rules::RuleBook;

    #[test]
    fn every_row_of_the_annex_is_read() {
        let book = RuleBook::embedded().unwrap();
        let table = book
            .table("ept.pollutants", "2026-07-01".parse().unwrap())
            .unwrap();
        assert_eq!(table.rows.len(), 123);
        let read = table
            .rows
            .iter()
            .enumerate()
            .filter_map(|(order, row)| entry(table, order, row))
            .count();
        assert_eq!(read, 123);
    }
}
