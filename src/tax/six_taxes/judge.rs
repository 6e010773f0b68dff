//! From dated facts to months and days of eligibility (公告2022年第3号; decisions S6, PR3, PR4).
//!
//! - small-scale VAT: until the month in which general status takes effect; not after a term missed
//! - individual business: from its establishment
//! - small low-profit: July of the year after the settled one to the June after
//! - new enterprise: until the first settlement, by its size at month ends
//!
//! A first settlement that says "not small" ends the test with its month; one that says "small"
//! lets it go on to June. A late settlement counts as filed on the last day of its term, so that
//! the same windows are judged again; a correction changes what is said, not when.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::facts::{Conclusion, Cycle, Facts, Figures, Size, VatStatus};
use crate::rules::{LookupError, RuleBook};
use crate::tax::{Frequency, SixTaxesSubject, TaxpayerKind};
use crate::types::{Money, Month, Period};

/// Why a month or a day is eligible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// 增值税小规模纳税人.
    SmallScaleVat,
    /// 个体工商户.
    IndividualBusiness,
    /// The settlement of a year says small low-profit.
    Settled(i16),
    /// A new enterprise before its first settlement, small enough at the month end.
    NewEnterprise,
}

impl Ground {
    /// The subject of the relief it makes.
    pub const fn subject(self) -> SixTaxesSubject {
        match self {
            Self::SmallScaleVat => SixTaxesSubject::SmallScaleVat,
            Self::IndividualBusiness => SixTaxesSubject::IndividualBusiness,
            Self::Settled(_) | Self::NewEnterprise => SixTaxesSubject::SmallLowProfit,
        }
    }

    /// In Chinese and English, with the article.
    pub fn words(self) -> (String, String, &'static str) {
        match self {
            Self::SmallScaleVat => (
                "增值税小规模纳税人，一般纳税人生效之日前".to_owned(),
                "small-scale VAT taxpayer, until general status takes effect".to_owned(),
                "公告2022年第3号 第二条",
            ),
            Self::IndividualBusiness => (
                "登记为个体工商户".to_owned(),
                "registered as an individual business".to_owned(),
                "公告2022年第10号 第一条；公告2023年第12号 第二条",
            ),
            Self::Settled(year) => (
                format!("{year} 年度汇算清缴确定为小型微利企业"),
                format!("the settlement of {year} says small low-profit"),
                "公告2022年第3号 第一条第一项",
            ),
            Self::NewEnterprise => (
                "新设立企业首次汇算清缴前，月末从业人数和资产总额符合条件".to_owned(),
                "new enterprise before its first settlement, within the limits at month end"
                    .to_owned(),
                "公告2022年第3号 第一条第二项",
            ),
        }
    }
}

/// Months in which one ground holds, and the ratio of law exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eligible {
    /// Why.
    pub ground: Ground,
    /// First month.
    pub first: Month,
    /// Last month.
    pub last: Month,
}

/// What is judged: the facts of one taxpayer under one rule pack.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// The rule pack.
    pub rules: &'a RuleBook,
    /// What kind of taxpayer it is.
    pub kind: TaxpayerKind,
    /// Its facts.
    pub facts: &'a Facts,
}

impl Judge<'_> {
    /// The grounds of a month of a period filed by month, quarter or year, best first.
    ///
    /// # Errors
    /// [`LookupError`] when a threshold of law is missing.
    pub fn in_month(&self, month: Month) -> Result<Vec<Ground>, LookupError> {
        let days = Period::months_between(month, month);
        let mut grounds = self.without_income(days);
        if self.may_be_small() {
            grounds.extend(self.settled(month)?);
            let (through, _) = self.test_ends(month.first_day())?;
            let established = self.facts.established_on.map(Month::of);
            if established.is_some_and(|first| first <= month)
                && through.is_some_and(|m| month <= m)
            {
                let frequency = match self.facts.cycle {
                    Cycle::Month => Frequency::Month,
                    Cycle::Quarter => Frequency::Quarter,
                    Cycle::HalfYear => Frequency::HalfYear,
                    Cycle::Year => Frequency::Year,
                };
                let end = frequency.period_of(month).last_month();
                grounds.extend(self.new_enterprise(self.size_at(end), end.last_day())?);
            }
        }
        Ok(grounds)
    }

    /// The grounds of a liability that is filed by occurrence (按次), best first.
    ///
    /// # Errors
    /// [`LookupError`] when a threshold of law is missing.
    pub fn on_day(&self, day: Date) -> Result<Vec<Ground>, LookupError> {
        let mut grounds = self.without_income(Period::day(day));
        if self.may_be_small() {
            let month = Month::of(day);
            grounds.extend(self.settled(month)?);
            let (through, barred_from) = self.test_ends(day)?;
            let established = self.facts.established_on;
            let tested = established.is_some_and(|first| first <= day)
                && through.is_some_and(|last| month <= last)
                && barred_from.is_none_or(|barred| day < barred);
            if tested {
                let founded = established.map(Month::of) == Some(month);
                let (size, on) = if founded {
                    (self.facts.at_establishment, day)
                } else {
                    (self.size_at(month.previous()), month.previous().last_day())
                };
                grounds.extend(self.new_enterprise(size, on)?);
            }
        }
        Ok(grounds)
    }

    /// The months of eligibility, one entry for each run of months with the same best ground.
    ///
    /// # Errors
    /// [`LookupError`] when a threshold of law is missing.
    pub fn windows(&self) -> Result<Vec<Eligible>, LookupError> {
        let mut found: Vec<Eligible> = Vec::new();
        let Some((first, last)) = self
            .rules
            .in_force(&ratio_id(SixTaxesSubject::SmallScaleVat))
        else {
            return Ok(found);
        };
        for month in Month::of(first).up_to(Month::of(last)) {
            let covered = |ground: &Ground| {
                let id = ratio_id(ground.subject());
                self.rules.national_number(&id, month.first_day()).is_ok()
            };
            let Some(ground) = self.in_month(month)?.into_iter().find(covered) else {
                continue;
            };
            match found.last_mut() {
                Some(run) if run.ground == ground && run.last.next() == month => run.last = month,
                _ => found.push(Eligible {
                    ground,
                    first: month,
                    last: month,
                }),
            }
        }
        Ok(found)
    }

    /// The grounds that no income decides, when they hold on all of the days.
    fn without_income(&self, days: Period) -> Vec<Ground> {
        let mut grounds = Vec::new();
        if self.small_scale(days) {
            grounds.push(Ground::SmallScaleVat);
        }
        let registered = self.facts.established_on.is_none_or(|on| on <= days.last());
        if self.kind == TaxpayerKind::IndividualBusiness && registered {
            grounds.push(Ground::IndividualBusiness);
        }
        grounds
    }

    fn small_scale(&self, days: Period) -> bool {
        let missed = self.facts.registration_missed_on.map(Month::of);
        if missed.is_some_and(|month| month < days.first_month()) {
            return false;
        }
        // A natural person outside any register pays VAT as a small-scale taxpayer.
        if self.facts.vat.is_empty() {
            return self.kind == TaxpayerKind::Individual;
        }
        let before = self
            .facts
            .vat
            .iter()
            .rev()
            .find(|one| one.from <= days.first());
        // One that is founded inside the month is what it becomes on its first day.
        let first = before.or_else(|| self.facts.vat.first().filter(|one| one.from <= days.last()));
        let left = |status: VatStatus| status == VatStatus::General;
        first.is_some_and(|one| one.status == VatStatus::SmallScale)
            && !self
                .facts
                .vat
                .iter()
                .any(|one| days.contains(one.from) && left(one.status))
    }

    /// Enterprise income tax is not paid by individuals and their businesses.
    const fn may_be_small(&self) -> bool {
        matches!(
            self.kind,
            TaxpayerKind::Enterprise | TaxpayerKind::Organisation
        )
    }

    /// The settlement whose window the month lies in, when it says small.
    fn settled(&self, month: Month) -> Result<Option<Ground>, LookupError> {
        let opens = self.number("six_taxes.settlement.window_month", month.first_day())?;
        let opened = Decimal::from(month.number()) >= opens;
        let year = month.year() - if opened { 1 } else { 2 };
        let small = self.says_small(year) == Some(true);
        Ok(small.then_some(Ground::Settled(year)))
    }

    /// What the settlement of a year says, after its corrections.
    fn says_small(&self, year: i16) -> Option<bool> {
        let of_year = self.facts.settlements.iter().filter(|one| one.year == year);
        match &of_year.max_by_key(|one| one.filed_on)?.conclusion {
            Conclusion::Small(small) => Some(*small),
            Conclusion::Figures(figures) => {
                let restricted = self.facts.restricted_industry;
                // A year without thresholds of law says nothing (decision G5).
                small_low_profit(self.rules, restricted, figures, year).ok()
            }
        }
    }

    /// The last month in which a new enterprise is judged by its size, and the day from which a
    /// filing by occurrence is barred.
    fn test_ends(&self, on: Date) -> Result<(Option<Month>, Option<Date>), LookupError> {
        let Some(established) = self.facts.established_on else {
            return Ok((None, None));
        };
        let year = established.year();
        let first_filed = self
            .facts
            .settlements
            .iter()
            .filter(|one| one.year == year)
            .map(|one| one.filed_on)
            .min();
        let opens = self.number("six_taxes.settlement.window_month", on)?;
        let term = self.number("six_taxes.settlement.term_month", on)?;
        let next = |number: Decimal| {
            let number = i32::try_from(number).unwrap_or_default();
            Month::of(established.last_of_year()).plus(number)
        };
        let until_july = next(opens).previous();
        match (first_filed, self.says_small(year)) {
            (Some(filed), Some(false)) => {
                let counted = filed.min(next(term).last_day());
                Ok((Some(Month::of(counted)), Some(counted)))
            }
            _ => Ok((Some(until_july), None)),
        }
    }

    fn size_at(&self, month: Month) -> Option<Size> {
        let same = self.facts.month_ends.iter().find(|end| end.month == month);
        same.map(|end| end.size)
    }

    fn new_enterprise(&self, size: Option<Size>, on: Date) -> Result<Option<Ground>, LookupError> {
        let Some(size) = size.filter(|_| !self.facts.restricted_industry) else {
            return Ok(None);
        };
        let people = self.number("six_taxes.new_enterprise.people", on)?;
        let assets = self.number("six_taxes.new_enterprise.assets", on)?;
        let within = Decimal::from(size.people) <= people && yuan(size.assets) <= assets;
        Ok(within.then_some(Ground::NewEnterprise))
    }

    fn number(&self, id: &str, on: Date) -> Result<Decimal, LookupError> {
        self.rules.national_number(id, on)
    }
}

fn yuan(amount: Money) -> Decimal {
    Decimal::new(amount.fen(), 2)
}

/// The parameter of a subject's ratio.
pub(super) fn ratio_id(subject: SixTaxesSubject) -> String {
    format!("{}{}", super::RATIO_PARAMETERS, subject.key().0)
}

/// Whether the figures of a year's settlement are those of a small low-profit enterprise
/// (小型微利企业).
///
/// # Errors
/// [`LookupError`] when the year's thresholds are missing.
pub fn small_low_profit(
    rules: &RuleBook,
    restricted_industry: bool,
    figures: &Figures,
    year: i16,
) -> Result<bool, LookupError> {
    let on = Date::constant(year.clamp(1, 9999), 12, 31);
    let number = |name: &str| rules.national_number(&format!("cit.small_low_profit.{name}"), on);
    let (income, people, assets) = (number("income")?, number("people")?, number("assets")?);
    Ok(!restricted_industry
        && yuan(figures.income) <= income
        && figures.people <= people
        && yuan(figures.assets) <= assets)
}
