//! The law of one day, applied to all days (法律时点): what an amount would be under it.

use std::collections::HashMap;

use jiff::civil::Date;

use super::pack::RuleBook;
use super::parameter::ReliefRule;

/// The day whose law holds, and the reliefs as they stood on it.
#[derive(Debug, Clone)]
pub(super) struct Frozen {
    pub(super) day: Date,
    pub(super) reliefs: HashMap<String, ReliefRule>,
}

impl RuleBook {
    /// The same pack with the law in force on one day applied to all days: every lookup is
    /// answered as on that day, and a parameter without a row on it refuses. The calendar of due
    /// days stays the real one: weekends are no law.
    #[must_use]
    pub fn frozen_at(&self, day: Date) -> Self {
        let on_all_days = |rule: &ReliefRule| {
            let (from, to) = if rule.in_force(day) {
                (Date::MIN, None)
            } else {
                // In force on no day: a claim is out of date, not unknown.
                (Date::MAX, Some(Date::MIN))
            };
            let frozen = ReliefRule {
                from,
                to,
                ..rule.clone()
            };
            (rule.id.clone(), frozen)
        };
        let reliefs = self.pack.reliefs.values().map(on_all_days).collect();
        Self {
            frozen: Some(Frozen { day, reliefs }),
            ..self.clone()
        }
    }

    /// The day whose law holds for all days, where there is one.
    pub fn law_date(&self) -> Option<Date> {
        self.frozen.as_ref().map(|frozen| frozen.day)
    }
}

#[cfg(test)]
mod tests {
    use super::RuleBook;
    use crate::types::{Region, parse_date};

    const PACK: &str = r#"
[[parameter]]
id = "a.rate"
name_zh = "税率"
unit = "ratio"

[[parameter.values]]
from = "2018-01-01"
to = "2019-12-31"
value = "0.1"
cite = "甲"
status = "confirmed"
checked_on = "2026-11-24"

[[parameter.values]]
from = "2020-01-01"
value = "0.2"
cite = "乙"
status = "confirmed"
checked_on = "2026-11-24"

[[relief]]
id = "OLD"
tax = "STAMP_TAX"
name_zh = "旧"
name_en = "old"
shape = "full"
from = "2018-01-01"
to = "2019-12-31"
cite = "丙"
status = "confirmed"
checked_on = "2026-11-24"
"#;

    #[test]
    fn every_day_has_the_law_of_the_one() {
        let files = [("national/a.toml".to_owned(), PACK.to_owned())];
        let book = RuleBook::from_files(files.into()).unwrap();
        let region = Region::parse("340100").unwrap();
        let day = |text| parse_date(text).unwrap();
        let rate = |book: &RuleBook, on| book.number("a.rate", region, day(on)).unwrap().0;
        let old = book.frozen_at(day("2019-12-31"));
        let new = book.frozen_at(day("2020-01-01"));
        assert_eq!(rate(&book, "2019-12-31").to_string(), "0.1");
        assert_eq!(rate(&new, "2019-12-31").to_string(), "0.2");
        assert_eq!(rate(&old, "2026-06-30").to_string(), "0.1");
        assert!(old.relief("OLD").unwrap().in_force(day("2026-06-30")));
        assert!(!new.relief("OLD").unwrap().in_force(day("2019-06-30")));
        let before = book.frozen_at(day("2017-12-31"));
        let refused = before.number("a.rate", region, day("2026-06-30"));
        assert_eq!(
            refused.unwrap_err().to_string(),
            "no value of a.rate for 340100 on 2017-12-31"
        );
        assert_eq!(new.digest(), book.digest());
    }
}
