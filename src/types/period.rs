//! Civil dates, months and periods (税款所属期).

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::Invalid;

/// Reads an ISO date `YYYY-MM-DD` that exists, in the years 1900 to 2199.
///
/// # Errors
/// `DATE_SYNTAX`.
pub fn parse_date(text: &str) -> Result<Date, Invalid> {
    let invalid = || {
        Invalid::new(
            "DATE_SYNTAX",
            "应为存在的日期，格式 YYYY-MM-DD",
            "must be an existing date written YYYY-MM-DD",
        )
    };
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Err(invalid());
    }
    let date: Date = text.parse().map_err(|_| invalid())?;
    if (1900..=2199).contains(&date.year()) {
        Ok(date)
    } else {
        Err(invalid())
    }
}

/// A calendar month. Written `YYYY-MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Months since year 0, so that arithmetic is plain.
    index: i32,
}

impl Month {
    /// The month a day lies in.
    pub fn of(day: Date) -> Self {
        Self {
            index: i32::from(day.year()) * 12 + i32::from(day.month()) - 1,
        }
    }

    /// Reads `YYYY-MM`.
    ///
    /// # Errors
    /// `MONTH_SYNTAX`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() != 7 {
            return Err(Self::syntax());
        }
        parse_date(&format!("{text}-01"))
            .map(Self::of)
            .map_err(|_| Self::syntax())
    }

    fn syntax() -> Invalid {
        Invalid::new(
            "MONTH_SYNTAX",
            "应为月份，格式 YYYY-MM",
            "must be a month written YYYY-MM",
        )
    }

    /// The calendar year.
    pub fn year(self) -> i16 {
        i16::try_from(self.index.div_euclid(12)).unwrap_or(i16::MAX)
    }

    /// The month of the year, 1 to 12.
    pub fn number(self) -> i8 {
        i8::try_from(self.index.rem_euclid(12) + 1).unwrap_or(1)
    }

    /// The month `count` later (earlier when negative).
    #[must_use]
    pub fn plus(self, count: i32) -> Self {
        Self {
            index: self.index.saturating_add(count),
        }
    }

    /// The following month.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The preceding month.
    #[must_use]
    pub fn previous(self) -> Self {
        self.plus(-1)
    }

    /// First day of the month.
    pub fn first_day(self) -> Date {
        Date::new(self.year(), self.number(), 1).unwrap_or(Date::MAX)
    }

    /// Last day of the month.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// Months from `self` to `other`, both counted; 0 when `other` is earlier.
    pub fn count_to(self, other: Self) -> u32 {
        u32::try_from(other.index - self.index + 1).unwrap_or(0)
    }

    /// The months from `self` to `last`, both included.
    pub fn up_to(self, last: Self) -> impl DoubleEndedIterator<Item = Self> + Clone {
        (self.index..=last.index).map(|index| Self { index })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A span of days, both ends inside (税款所属期起止).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawPeriod")]
pub struct Period {
    first: Date,
    last: Date,
}

/// A period as written, before its order is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPeriod {
    first: Date,
    last: Date,
}

impl TryFrom<RawPeriod> for Period {
    type Error = Invalid;

    fn try_from(raw: RawPeriod) -> Result<Self, Invalid> {
        Self::new(raw.first, raw.last)
    }
}

impl Period {
    /// The days from `first` to `last`.
    ///
    /// # Errors
    /// `PERIOD_ORDER` when `last` is before `first`.
    pub fn new(first: Date, last: Date) -> Result<Self, Invalid> {
        if last < first {
            return Err(Invalid::new(
                "PERIOD_ORDER",
                format!("所属期止 {last} 早于所属期起 {first}"),
                format!("the period ends ({last}) before it starts ({first})"),
            ));
        }
        Ok(Self { first, last })
    }

    /// One day (按次申报).
    pub fn day(day: Date) -> Self {
        Self {
            first: day,
            last: day,
        }
    }

    /// Whole months from `first` to `last`; when `last` is earlier, just `first`.
    pub fn months_between(first: Month, last: Month) -> Self {
        Self {
            first: first.first_day(),
            last: last.max(first).last_day(),
        }
    }

    /// The calendar year a day lies in.
    pub fn year_of(day: Date) -> Self {
        Self {
            first: day.first_of_year(),
            last: day.last_of_year(),
        }
    }

    /// The shortest period that holds both.
    #[must_use]
    pub fn spanning(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    /// First day, inside.
    pub const fn first(self) -> Date {
        self.first
    }

    /// Last day, inside.
    pub const fn last(self) -> Date {
        self.last
    }

    /// Month of the first day.
    pub fn first_month(self) -> Month {
        Month::of(self.first)
    }

    /// Month of the last day.
    pub fn last_month(self) -> Month {
        Month::of(self.last)
    }

    /// The months touched, in order.
    pub fn months(self) -> impl DoubleEndedIterator<Item = Month> + Clone {
        self.first_month().up_to(self.last_month())
    }

    /// How many months it touches.
    pub fn month_count(self) -> u32 {
        self.first_month().count_to(self.last_month())
    }

    /// True when the day lies inside.
    pub fn contains(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }

    /// True when `other` lies wholly inside.
    pub fn covers(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// The common days, if any.
    pub fn overlap(self, other: Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last)).ok()
    }

    /// True when it starts on the first and ends on the last day of a month.
    pub fn is_whole_months(self) -> bool {
        self.first.day() == 1 && self.last == self.last.last_of_month()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::{Month, Period, parse_date};

    #[test]
    fn dates_must_exist_and_be_iso() {
        assert!(parse_date("2024-02-29").is_ok());
        for bad in [
            "2023-02-29",
            "2024-2-9",
            "20240209",
            "2024-02-09T00",
            "1899-12-31",
            "２024-1-1",
        ] {
            assert!(parse_date(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn months_are_counted_with_both_ends() {
        let first = Month::parse("2024-11").unwrap();
        let last = Month::parse("2025-02").unwrap();
        assert_eq!(first.count_to(last), 4);
        assert_eq!(last.count_to(first), 0);
        assert_eq!(first.plus(2).to_string(), "2025-01");
        assert_eq!(last.last_day().to_string(), "2025-02-28");
        assert_eq!(Period::months_between(first, last).month_count(), 4);
        assert!(Month::parse("2024-13").is_err());
    }
}
