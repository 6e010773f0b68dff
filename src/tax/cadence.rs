//! How often a tax is filed, and which tax periods end inside a filing window.

use crate::types::{Month, Period};

/// How often a periodic tax is filed (申报期限).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// 按月.
    Month,
    /// 按季.
    Quarter,
    /// 按半年.
    HalfYear,
    /// 按年.
    Year,
}

impl Frequency {
    /// Reads `MONTH`, `QUARTER`, `HALF_YEAR` or `YEAR`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "MONTH" => Self::Month,
            "QUARTER" => Self::Quarter,
            "HALF_YEAR" => Self::HalfYear,
            "YEAR" => Self::Year,
            _ => return None,
        })
    }

    /// Months in one period.
    pub const fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::HalfYear => 6,
            Self::Year => 12,
        }
    }

    /// The calendar period of this length that a month lies in.
    pub fn period_of(self, month: Month) -> Period {
        let offset = (i32::from(month.number()) - 1) % self.months();
        let first = month.plus(-offset);
        Period::months_between(first, first.plus(self.months() - 1))
    }

    /// The calendar periods of this length whose last day lies inside the window.
    pub fn periods_ending_in(self, window: Period) -> Vec<Period> {
        let mut periods: Vec<Period> = Vec::new();
        for month in window.months() {
            let period = self.period_of(month);
            if window.contains(period.last()) && periods.last() != Some(&period) {
                periods.push(period);
            }
        }
        periods
    }
}

#[cfg(test)]
mod tests {
    use super::Frequency;
    use crate::types::{Month, Period};

    #[test]
    fn periods_end_inside_the_window() {
        let month = |text| Month::parse(text).unwrap();
        let window = Period::months_between(month("2024-04"), month("2024-09"));
        let count = |frequency: Frequency| frequency.periods_ending_in(window).len();
        assert_eq!(count(Frequency::Month), 6);
        assert_eq!(count(Frequency::Quarter), 2);
        assert_eq!(count(Frequency::HalfYear), 1);
        assert_eq!(count(Frequency::Year), 0);
        let half = Frequency::HalfYear.periods_ending_in(window);
        assert_eq!(half.first().unwrap().to_string(), "2024-01-01..2024-06-30");
    }
}
