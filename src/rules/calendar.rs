//! Due days (申报缴款期限) and how rest days move them.
//!
//! Source: 税收征收管理法实施细则 art. 109. The published calendar governs the usual day 15; the
//! rule, which fits all 72 published months, is for other day counts and years without one.

use std::collections::{HashMap, HashSet};

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::error::RuleFileError;
use super::pack::RuleFiles;
use crate::types::{Month, Period, parse_date};

const DEADLINES: &str = "national/filing-deadlines.csv";
const HOLIDAYS: &str = "national/holidays.csv";

/// When something is due, as rule files write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueRule {
    /// `period_end+15d`: days after the end of the period.
    AfterPeriod(u32),
    /// `event+7d`: days after the liability arose.
    AfterEvent(u32),
    /// `year_end`: the last day of the year.
    YearEnd,
    /// `04-01..04-15,10-01..10-15`: filing windows (征期) of each year; the first that opens in or
    /// after the period counts.
    Yearly(YearlyWindows),
}

/// Filing windows of each year, at most four, by month and day, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearlyWindows([Option<YearlyWindow>; 4]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct YearlyWindow {
    first: (i8, i8),
    last: (i8, i8),
}

impl YearlyWindows {
    /// Reads `MM-DD..MM-DD`, several with commas between them.
    fn parse(text: &str) -> Option<Self> {
        let mut windows = [None; 4];
        let mut before = (0, 0);
        let mut slots = windows.iter_mut();
        for part in text.split(',') {
            let (first, last) = part.split_once("..")?;
            let window = YearlyWindow {
                first: month_day(first)?,
                last: month_day(last)?,
            };
            if window.first <= before || window.last < window.first {
                return None;
            }
            before = window.last;
            *slots.next()? = Some(window);
        }
        Some(Self(windows))
    }

    /// The first window that opens on or after the first day of a period.
    fn opening_from(self, day: Date) -> Option<Period> {
        let year = day.year();
        [year, year.saturating_add(1)].into_iter().find_map(|year| {
            self.0.iter().flatten().find_map(|window| {
                let on = |(month, day)| Date::new(year, month, day).ok();
                let period = Period::new(on(window.first)?, on(window.last)?).ok()?;
                (day <= period.first()).then_some(period)
            })
        })
    }
}

/// Reads `MM-DD` of any year; 29 February is not a day of every year.
fn month_day(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    let read = |part: &str| (part.len() == 2).then(|| part.parse::<i8>().ok()).flatten();
    let (month, day) = (read(month)?, read(day)?);
    // 2023 is a common year.
    Date::new(2023, month, day).ok().map(|_| (month, day))
}

impl DueRule {
    /// Reads `period_end+Nd`, `event+Nd`, `year_end` or `MM-DD..MM-DD,…`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "year_end" {
            return Some(Self::YearEnd);
        }
        if text.contains("..") {
            return YearlyWindows::parse(text).map(Self::Yearly);
        }
        let (kind, count) = text.strip_suffix('d')?.split_once('+')?;
        let count = count.parse().ok()?;
        match kind {
            "period_end" => Some(Self::AfterPeriod(count)),
            "event" => Some(Self::AfterEvent(count)),
            _ => None,
        }
    }
}

/// A due day and how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The last day to file and pay.
    pub due_on: Date,
    /// Rest days that were added (workdays after the nominal day).
    pub rest_days: u32,
    /// False when no holiday calendar is published for the year (finding `DDL_UNKNOWN`).
    pub calendar_known: bool,
}

/// Published deadlines, holidays and adjusted workdays.
#[derive(Debug, Default)]
pub struct Calendar {
    deadlines: HashMap<Month, Date>,
    off: HashSet<Date>,
    work: HashSet<Date>,
    years: HashSet<i16>,
}

impl Calendar {
    /// Reads the calendar files of a pack. A pack without them knows only weekends.
    pub(super) fn from_files(files: &RuleFiles) -> Result<Self, RuleFileError> {
        let mut calendar = Self::default();
        for (line, fields) in rows(files, DEADLINES) {
            let refuse = |problem: &str| refuse(DEADLINES, line, problem);
            let [year, month, due, ..] = fields.as_slice() else {
                return Err(refuse("needs year, month, deadline"));
            };
            let month = month.parse().unwrap_or(0_u8);
            let month = Month::parse(&format!("{year}-{month:02}")).map_err(|_| refuse("month"))?;
            let due = parse_date(due).map_err(|_| refuse("deadline"))?;
            if Month::of(due) != month || calendar.deadlines.insert(month, due).is_some() {
                return Err(refuse(
                    "the deadline lies elsewhere or the month stands twice",
                ));
            }
        }
        for (line, fields) in rows(files, HOLIDAYS) {
            let refuse = |problem: &str| refuse(HOLIDAYS, line, problem);
            let [day, _, kind, ..] = fields.as_slice() else {
                return Err(refuse("needs date, weekday, kind"));
            };
            let day = parse_date(day).map_err(|_| refuse("date"))?;
            let set = match *kind {
                "off" => &mut calendar.off,
                "work" => &mut calendar.work,
                _ => return Err(refuse("kind is off or work")),
            };
            if !set.insert(day) {
                return Err(refuse("the day stands twice"));
            }
            calendar.years.insert(day.year());
        }
        Ok(calendar)
    }

    /// True on a holiday, and on a weekend that is not an adjusted workday.
    pub fn is_rest_day(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.off.contains(&day) || (weekend && !self.work.contains(&day))
    }

    /// The due day under a rule, for a period and, where the rule counts from it, an event day.
    pub fn due(&self, rule: DueRule, period: Period) -> Window {
        match rule {
            DueRule::AfterPeriod(15) if period.last() == period.last().last_of_month() => {
                self.fifteenth(Month::of(period.last()).next())
            }
            DueRule::Yearly(windows) => match windows.opening_from(period.first()) {
                Some(window) => self.closing(window),
                None => self.shifted(period.last().saturating_add(1.day()), 1),
            },
            DueRule::AfterPeriod(days) | DueRule::AfterEvent(days) => {
                self.shifted(period.last().saturating_add(1.day()), days)
            }
            DueRule::YearEnd => {
                let nominal = period.last().last_of_year();
                let mut due_on = nominal;
                while self.is_rest_day(due_on) {
                    due_on = due_on.saturating_add(1.day());
                }
                Window {
                    due_on,
                    rest_days: 0,
                    calendar_known: self.knows(nominal),
                }
            }
        }
    }

    /// The published day of a month, or days 1 to 15 by the rule.
    fn fifteenth(&self, month: Month) -> Window {
        match self.deadlines.get(&month) {
            Some(due_on) => Window {
                due_on: *due_on,
                rest_days: self.counted_rest_days(Period::months_between(month, month), 15),
                calendar_known: true,
            },
            None => self.shifted(month.first_day(), 15),
        }
    }

    /// When a filing window closes: as the national one where it is days 1 to 15 of a month.
    fn closing(&self, window: Period) -> Window {
        let month = window.first_month();
        let days = (window.last() - window.first()).get_days() + 1;
        if window.first() == month.first_day() && window.last_month() == month && days == 15 {
            return self.fifteenth(month);
        }
        self.shifted(window.first(), u32::try_from(days).unwrap_or(1))
    }

    fn knows(&self, day: Date) -> bool {
        self.years.contains(&day.year())
    }

    /// The rule: a window of `days` days from `first`; rest-day runs of three and more that hold
    /// a holiday add as many workdays; else the last day moves to the next workday.
    fn shifted(&self, first: Date, days: u32) -> Window {
        let nominal = first.saturating_add((i64::from(days) - 1).days());
        let Ok(window) = Period::new(first, nominal) else {
            return Window {
                due_on: nominal,
                rest_days: 0,
                calendar_known: false,
            };
        };
        let mut left = self.counted_rest_days(window, days);
        let rest_days = left;
        let mut due_on = nominal;
        if left == 0 {
            while self.is_rest_day(due_on) {
                due_on = due_on.saturating_add(1.day());
            }
        }
        while left > 0 {
            due_on = due_on.saturating_add(1.day());
            if !self.is_rest_day(due_on) {
                left -= 1;
            }
        }
        Window {
            due_on,
            rest_days,
            calendar_known: self.knows(nominal),
        }
    }

    /// Rest days in runs of at least three that hold a holiday, inside the first `days` days.
    fn counted_rest_days(&self, window: Period, days: u32) -> u32 {
        let (mut counted, mut run, mut holiday) = (0, 0, false);
        for offset in 0..=days {
            let day = window.first().saturating_add(i64::from(offset).days());
            if offset < days && self.is_rest_day(day) {
                run += 1;
                holiday |= self.off.contains(&day);
            } else {
                if run >= 3 && holiday {
                    counted += run;
                }
                (run, holiday) = (0, false);
            }
        }
        counted
    }
}

fn rows<'a>(files: &'a RuleFiles, name: &str) -> Vec<(usize, Vec<&'a str>)> {
    let text = files.get(name).map(String::as_str).unwrap_or_default();
    text.lines()
        .enumerate()
        .skip(1)
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| (number + 1, line.splitn(4, ',').collect()))
        .collect()
}

fn refuse(path: &str, line: usize, problem: &str) -> RuleFileError {
    RuleFileError::Content {
        path: path.to_owned(),
        id: format!("line {line}"),
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Calendar, DueRule};
    use crate::rules::RuleBook;
    use crate::types::{Month, Period};

    fn months(calendar: &Calendar) -> Vec<Month> {
        let mut months: Vec<Month> = calendar.deadlines.keys().copied().collect();
        months.sort();
        months
    }

    #[test]
    fn the_rule_finds_every_published_deadline() {
        let book = RuleBook::embedded().unwrap();
        let calendar = book.calendar();
        let months = months(calendar);
        assert_eq!(months.len(), 72);
        for month in months {
            let by_rule = calendar.shifted(month.first_day(), 15);
            assert_eq!(by_rule.due_on, calendar.deadlines[&month], "{month}");
        }
    }

    #[test]
    fn yearly_windows_close_as_the_calendar_says() {
        let book = RuleBook::embedded().unwrap();
        let rule = DueRule::parse("04-01..04-15,10-01..10-15").unwrap();
        let due = |first: &str, last: &str| {
            let month = |text| Month::parse(text).unwrap();
            let window = book
                .calendar()
                .due(rule, Period::months_between(month(first), month(last)));
            (window.due_on.to_string(), window.calendar_known)
        };
        // The published days of April and October 2025 and 2026 hold for windows 1 to 15.
        assert_eq!(due("2025-01", "2025-06"), ("2025-04-18".to_owned(), true));
        assert_eq!(due("2025-07", "2025-12"), ("2025-10-27".to_owned(), true));
        assert_eq!(due("2026-07", "2026-12"), ("2026-10-26".to_owned(), true));
        // A year: its first window. A quarter after the last one: the next year's first.
        assert_eq!(due("2025-01", "2025-12"), ("2025-04-18".to_owned(), true));
        assert_eq!(due("2024-10", "2024-12"), ("2024-10-24".to_owned(), true));
        assert_eq!(due("2027-07", "2027-12"), ("2027-10-15".to_owned(), false));
        // Other days follow the rule of rest days: 15 June 2024 is a Saturday, the 10th a holiday
        // in a run of three (8 to 10 June), so three workdays after the 20th.
        let june = DueRule::parse("06-01..06-20").unwrap();
        let month = Month::parse("2024-01").unwrap();
        let window = book
            .calendar()
            .due(june, Period::months_between(month, month));
        assert_eq!(window.due_on.to_string(), "2024-06-25");
        for wrong in [
            "04-01..",
            "4-1..4-15",
            "04-15..04-01",
            "02-29..03-01",
            "10-01..10-15,04-01..04-15",
        ] {
            assert_eq!(DueRule::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_year_without_calendar_is_flagged() {
        let book = RuleBook::embedded().unwrap();
        let quarter = Period::months_between(
            Month::parse("2027-01").unwrap(),
            Month::parse("2027-03").unwrap(),
        );
        let window = book.calendar().due(DueRule::AfterPeriod(15), quarter);
        assert!(!window.calendar_known);
        assert_eq!(window.due_on.to_string(), "2027-04-15");
    }
}
