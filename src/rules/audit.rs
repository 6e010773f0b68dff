//! What the loader lets pass but nobody should publish: gaps, days that cannot be meant, rows that
//! no code looks up (`caixing rules check`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::calendar::DueRule;
use super::error::RuleFileError;
use super::item::item_table;
use super::lookups::is_looked_up;
use super::pack::{Pack, RuleBook, RuleFiles};
use super::parameter::{Citation, Parameter, Table};
use crate::types::{Region, TaxKind};

/// One thing wrong with a pack.
pub type Problem = String;

/// Rows that always held begin in 1900, and no announced end is later: a slip of the pen is told
/// from a date.
const DAYS: (Date, Date) = (date(1900, 1, 1), date(2099, 12, 31));
/// Nobody checked a row before this project began, nor a century after.
const CHECKED: (Date, Date) = (date(2025, 1, 1), date(2099, 12, 31));

/// Everything that speaks against a pack, all at once: what the loader refuses, or else what it
/// lets pass. Without problems, the loaded pack.
///
/// # Errors
/// At least one problem.
pub fn audit(files: RuleFiles) -> Result<RuleBook, Vec<Problem>> {
    let told = |errors: Vec<RuleFileError>| errors.iter().map(ToString::to_string).collect();
    let book = RuleBook::load(files).map_err(|errors| -> Vec<Problem> { told(errors) })?;
    let problems = Auditor::default().pack(&book.pack);
    if problems.is_empty() {
        Ok(book)
    } else {
        Err(problems)
    }
}

#[derive(Default)]
struct Auditor {
    problems: BTreeSet<Problem>,
}

impl Auditor {
    fn pack(mut self, pack: &Pack) -> Vec<Problem> {
        for path in pack.files.keys() {
            self.place_of_file(path, pack);
        }
        for (id, places) in &pack.parameters {
            if !is_looked_up(id) {
                self.say(id, "no code looks it up");
            }
            let national = places.get(&None);
            for parameter in places.values() {
                let name = name_of(parameter);
                if national.is_some_and(|national| national.unit != parameter.unit) {
                    self.say(&name, "its unit is not the national one");
                }
                self.rows(&name, parameter);
            }
        }
        for (id, versions) in &pack.tables {
            if !is_looked_up(id) {
                self.say(id, "no code looks it up");
            }
            self.versions(id, versions);
        }
        let items = items(pack);
        for rule in pack.reliefs.values() {
            self.days(&rule.id, rule.from, rule.to, &rule.source);
            let known = items.get(rule.tax.name());
            for item in &rule.items {
                if !known.is_some_and(|known| known.contains(item.as_str())) {
                    self.say(&rule.id, &format!("the tax has no item {item}"));
                }
            }
        }
        self.problems.into_iter().collect()
    }

    fn say(&mut self, id: &str, problem: &str) {
        self.problems.insert(format!("{id}: {problem}"));
    }

    /// A region's file is named by the code it is for.
    fn place_of_file(&mut self, path: &str, pack: &Pack) {
        let Some(name) = path.strip_prefix("region/") else {
            return;
        };
        let code = name.get(..6).and_then(|code| Region::parse(code).ok());
        let text = pack.files.get(path).map(String::as_str).unwrap_or_default();
        let said = code.is_some_and(|code| {
            let wanted = format!("region = \"{code}\"");
            text.lines().any(|line| line.trim() == wanted)
        });
        if !said {
            self.say(path, "the name does not begin with the code of its region");
        }
    }

    fn rows(&mut self, name: &str, parameter: &Parameter) {
        for row in &parameter.rows {
            self.days(name, row.from, row.to, &row.source);
            let due = parameter.id.split('.').any(|part| part == "due");
            if due && DueRule::parse(&row.value).is_none() {
                self.say(name, &format!("{} is not a rule for a due day", row.value));
            }
        }
        for (before, after) in parameter.rows.iter().zip(parameter.rows.iter().skip(1)) {
            self.gap(name, before.to, after.from);
        }
    }

    fn versions(&mut self, id: &str, versions: &[Table]) {
        let mut sorted: Vec<&Table> = versions.iter().collect();
        sorted.sort_by_key(|table| table.from);
        for table in &sorted {
            self.days(id, table.from, table.to, &table.source);
        }
        for (before, after) in sorted.iter().zip(sorted.iter().skip(1)) {
            self.gap(id, before.to, after.from);
            if before.columns != after.columns {
                self.say(id, "two versions have different columns");
            }
        }
    }

    fn gap(&mut self, id: &str, to: Option<Date>, from: Date) {
        let next = to.map(|to| to.saturating_add(1.day()));
        if let Some(next) = next
            && next < from
        {
            self.say(id, &format!("no row from {next} until the one of {from}"));
        }
    }

    fn days(&mut self, id: &str, from: Date, to: Option<Date>, source: &Citation) {
        let outside = |day: Date, (first, last): (Date, Date)| day < first || last < day;
        for day in [Some(from), to].into_iter().flatten() {
            if outside(day, DAYS) {
                self.say(id, &format!("{day} cannot be meant as a day of law"));
            }
        }
        let day = source.checked_on;
        if outside(day, CHECKED) {
            self.say(id, &format!("{day} cannot be a day somebody checked it"));
        }
    }
}

fn name_of(parameter: &Parameter) -> String {
    match parameter.region {
        Some(region) => format!("{} {region}", parameter.id),
        None => parameter.id.clone(),
    }
}

/// The items of each tax that the pack lists, on any day.
fn items(pack: &Pack) -> BTreeMap<&'static str, BTreeSet<&str>> {
    let mut found: BTreeMap<&'static str, BTreeSet<&str>> = BTreeMap::new();
    for tax in TaxKind::ALL {
        let id = item_table(tax);
        for table in pack.tables.get(&id).into_iter().flatten() {
            let cells = table.rows.iter().filter_map(|row| table.cell(row, "item"));
            found.entry(tax.name()).or_default().extend(cells);
        }
    }
    found
}
