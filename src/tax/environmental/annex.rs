//! The annex of pollutants and equivalent values (应税污染物和当量值表), read from the rule pack.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::rules::{RuleBook, RuleStatus, Table};
use crate::tax::{Applied, Finding, Provenance};
use crate::types::{Month, parse_decimal};

use super::{Medium, catalogue};

/// Name under which pH is recorded; the band of the measured value is found in the annex.
pub(super) const PH: &str = "pH值";
/// What construction dust is filed as (财税〔2018〕117号).
pub(super) const DUST: &str = "一般性粉尘";
const TABLE: &str = "ept.pollutants";
/// All tables with rows of the annex, in statutory order; a pilot for more pollutants
/// (环境保护税法 art. 27 of 2025) would be the last.
const TABLES: [&str; 4] = [
    TABLE,
    "ept.pollutants.small",
    "ept.pollutants.small_unread",
    "ept.pollutants.pilot",
];

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
    /// Parameter of the province below which it levies nothing; empty for none.
    pub scale_province: &'a str,
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
    rows(rules, on)
        .filter(|(_, table, row)| table.cell(row, "name_zh") == Some(band))
        .filter_map(|(order, table, row)| entry(table, order, row))
        .find(|entry| {
            // A single band is never named by itself: the measured pH chooses it.
            let named = entry.group != "PH" || name == PH;
            medium.has(entry.class) && named
        })
}

/// Every row of the annex on a day with its place in it.
fn rows(rules: &RuleBook, on: Date) -> impl Iterator<Item = (usize, &Table, &[String])> {
    TABLES
        .into_iter()
        .filter_map(move |id| rules.table(id, on))
        .flat_map(|table| table.rows.iter().map(move |row| (table, row.as_slice())))
        .enumerate()
        .map(|(order, (table, row))| (order, table, row))
}

impl Medium {
    /// True when a block of the annex is of the medium.
    const fn has(self, class: PollutantClass) -> bool {
        matches!(self, Self::Air) == matches!(class, PollutantClass::Air)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Air => "AIR",
            Self::Water => "WATER",
        }
    }
}

/// The band of the annex that a pH lies in; none between 6 and 9.
pub(super) fn ph_band(rules: &RuleBook, ph: Decimal, month: Month) -> Option<&str> {
    let table = rules.table("ept.ph_bands", month.last_day())?;
    let row = table
        .rows
        .iter()
        .find(|row| edges(table, row, ph).is_some())?;
    table.cell(row, "name_zh")
}

/// The edges of the band that a pH lies in: the one towards neutral water, then the other.
pub(super) fn ph_edges(rules: &RuleBook, ph: Decimal, month: Month) -> Option<(Decimal, Decimal)> {
    let table = rules.table("ept.ph_bands", month.last_day())?;
    table.rows.iter().find_map(|row| edges(table, row, ph))
}

/// The acid side includes its lower edge, the alkaline side its upper edge.
fn edges(table: &Table, row: &[String], ph: Decimal) -> Option<(Decimal, Decimal)> {
    let edge = |column: &str| parse_decimal(table.cell(row, column)?, 2, 2).ok();
    let acid = edge("acid_from").zip(edge("acid_below"));
    let alkali = edge("alkali_above").zip(edge("alkali_to"));
    acid.filter(|(low, high)| *low <= ph && ph < *high)
        .map(|(low, high)| (high, low))
        .or(alkali.filter(|(low, high)| *low < ph && ph <= *high))
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
        scale_province: table.cell(row, "scale_province").unwrap_or_default(),
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

/// The pollutant is not in the annex: it is not taxable and never gets a value of 1. What it may
/// be called there is said, where that is known.
pub(super) fn unknown(
    rules: &RuleBook,
    field: String,
    name: &str,
    medium: Medium,
    month: Month,
) -> Finding {
    let on = month.last_day();
    let alias = rules.table("ept.pollutant_aliases", on).and_then(|table| {
        let row = table.rows.iter().find(|row| {
            table.cell(row, "medium") == Some(medium.word())
                && table.cell(row, "name_zh") == Some(name.trim())
        })?;
        Some((table, row))
    });
    let said = |column: &str| {
        alias
            .and_then(|(table, row)| table.cell(row, column))
            .unwrap_or_default()
    };
    let plain = plain(name);
    let same = rows(rules, on).find_map(|(order, table, row)| {
        let entry = entry(table, order, row)?;
        (medium.has(entry.class) && entry.name == plain).then_some(entry.name)
    });
    let instead = same.unwrap_or(said("instead"));
    let with = |label: &str, text: &str| match text {
        "" => String::new(),
        _ => format!("{label}{text}"),
    };
    let (zh, en) = (medium.name_zh(), with("; ", said("note_en")));
    let finding = catalogue::ENV_POLLUTANT_UNKNOWN.at(
        field.clone(),
        format!(
            "“{name}”不是《应税污染物和当量值表》列明的{zh}，不属于应税污染物{}{}",
            with("；应填：", instead),
            with("；", said("note_zh")),
        ),
        format!(
            "`{name}` is not in the annex of taxable pollutants for this medium{}{en}",
            with("; write ", instead),
        ),
    );
    let finding = match said("cite") {
        "" => finding,
        cite => finding.under(cite),
    };
    match instead {
        "" => finding,
        _ => finding.fix(field, instead),
    }
}

/// A name as the annex writes it: half-width brackets and commas, no spaces.
fn plain(name: &str) -> String {
    let half = |letter: char| match letter {
        '（' => '(',
        '）' => ')',
        '，' => ',',
        '－' => '-',
        other => other,
    };
    name.chars()
        .filter(|letter| !letter.is_whitespace())
        .map(half)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{entry, rows, unknown};
    use crate::rules::RuleBook;
    use crate::tax::environmental::Medium;
    use crate::types::Month;

    #[test]
    fn every_row_of_the_annex_is_read() {
        let book = RuleBook::embedded().unwrap();
        let all: Vec<_> = rows(&book, "2026-07-01".parse().unwrap()).collect();
        assert_eq!(all.len(), 123);
        let read = all
            .into_iter()
            .filter_map(|(order, table, row)| entry(table, order, row));
        assert_eq!(read.count(), 123);
    }

    #[test]
    fn a_name_of_the_street_is_told_the_name_of_the_law() {
        let book = RuleBook::embedded().unwrap();
        let month = Month::parse("2026-07").unwrap();
        let fix = |name: &str, medium| {
            let finding = unknown(&book, "pollutant".to_owned(), name, medium, month);
            finding.fix.map(|fix| fix.value)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(fix("COD", Medium::Water), some("化学需氧量(CODcr)"));
        assert_eq!(fix("悬浮物（SS）", Medium::Water), some("悬浮物(SS)"));
        assert_eq!(fix(" 烟尘 ", Medium::Air), some("烟尘"));
        assert_eq!(fix("COD", Medium::Air), None);
        assert_eq!(fix("颗粒物", Medium::Air), None);
        assert_eq!(fix("VOCs", Medium::Air), None);
    }
}
