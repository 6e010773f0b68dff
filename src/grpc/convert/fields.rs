//! Reading wire fields: every bad field is noted with its path, none stops the reading.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::pb;
use crate::tax::{ReliefClaim, StatedRate};
use crate::types::{Invalid, Money, Month, Period, parse_date, parse_decimal};

/// Elements of a list whose message names no smaller limit.
const LIST_MAX: usize = 10_000;

/// A wrong field: where and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path in proto form, such as `source.real_estate.original_value_yuan`.
    pub field: String,
    /// What is wrong.
    pub invalid: Invalid,
}

/// Reads fields below one path and collects what is wrong with them.
#[derive(Debug)]
pub struct Fields<'a> {
    violations: &'a mut Vec<Violation>,
    path: String,
}

impl<'a> Fields<'a> {
    /// A reader at the top of a message.
    pub fn new(violations: &'a mut Vec<Violation>) -> Self {
        Self {
            violations,
            path: String::new(),
        }
    }

    /// A reader for a message field.
    pub fn below(&mut self, name: &str) -> Fields<'_> {
        let path = self.path_of(name);
        Fields {
            violations: self.violations,
            path,
        }
    }

    /// A reader for one element of a repeated message field.
    pub fn element(&mut self, name: &str, place: usize) -> Fields<'_> {
        self.below(&format!("{name}[{place}]"))
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Notes a wrong field.
    pub fn refuse(&mut self, name: &str, invalid: Invalid) {
        let field = self.path_of(name);
        self.violations.push(Violation { field, invalid });
    }

    /// Keeps a value or notes why it was refused.
    pub fn keep<T>(&mut self, name: &str, result: Result<T, Invalid>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.refuse(name, invalid);
                None
            }
        }
    }

    /// Notes a field that must be there.
    pub fn missing(&mut self, name: &str) {
        self.refuse(name, Invalid::new("REQUIRED", "必填", "is required"));
    }

    /// A required field read by `parse`.
    pub fn required<T>(
        &mut self,
        name: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        if text.is_empty() {
            self.missing(name);
            return None;
        }
        self.keep(name, parse(text))
    }

    /// An optional field read by `parse`: absent when empty. The outer option is the reading's
    /// success, the inner one the field.
    pub fn optional<T>(
        &mut self,
        name: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        if text.is_empty() {
            Some(None)
        } else {
            self.keep(name, parse(text)).map(Some)
        }
    }

    /// A required amount in yuan, zero or more.
    pub fn amount(&mut self, name: &str, text: &str) -> Option<Money> {
        self.required(name, text, amount)
    }

    /// An optional amount in yuan, zero or more.
    pub fn optional_amount(&mut self, name: &str, text: &str) -> Option<Option<Money>> {
        self.optional(name, text, amount)
    }

    /// An optional amount in yuan, zero when absent.
    pub fn amount_or_zero(&mut self, name: &str, text: &str) -> Option<Money> {
        self.optional_amount(name, text)
            .map(Option::unwrap_or_default)
    }

    /// A required quantity (area, mass, concentration), zero or more, at most 13 digits before
    /// the point and `scale` after it.
    pub fn quantity(&mut self, name: &str, text: &str, scale: usize) -> Option<Decimal> {
        self.required(name, text, |text| quantity(text, scale))
    }

    /// An optional quantity.
    pub fn optional_quantity(
        &mut self,
        name: &str,
        text: &str,
        scale: usize,
    ) -> Option<Option<Decimal>> {
        self.optional(name, text, |text| quantity(text, scale))
    }

    /// A required ratio between 0 and 1.
    pub fn ratio(&mut self, name: &str, text: &str) -> Option<Decimal> {
        self.required(name, text, ratio)
    }

    /// An optional ratio between 0 and 1.
    pub fn optional_ratio(&mut self, name: &str, text: &str) -> Option<Option<Decimal>> {
        self.optional(name, text, ratio)
    }

    /// A list of at most [`LIST_MAX`] elements, or a note that it is longer.
    pub fn list<'w, W>(&mut self, name: &str, wire: &'w [W]) -> Option<&'w [W]> {
        self.at_most(name, wire.len(), LIST_MAX).then_some(wire)
    }

    /// True when a list is no longer than `most`; else it is noted.
    pub fn at_most(&mut self, name: &str, length: usize, most: usize) -> bool {
        if length > most {
            let zh = format!("最多 {most} 项");
            let en = format!("at most {most} elements");
            self.refuse(name, Invalid::new("LIST_LENGTH", zh, en));
        }
        length <= most
    }

    /// A required date.
    pub fn date(&mut self, name: &str, text: &str) -> Option<Date> {
        self.required(name, text, parse_date)
    }

    /// An optional date.
    pub fn optional_date(&mut self, name: &str, text: &str) -> Option<Option<Date>> {
        self.optional(name, text, parse_date)
    }

    /// An optional month.
    pub fn optional_month(&mut self, name: &str, text: &str) -> Option<Option<Month>> {
        self.optional(name, text, Month::parse)
    }

    /// A required period of days.
    pub fn period(&mut self, name: &str, wire: Option<&pb::Period>) -> Option<Period> {
        let Some(wire) = wire else {
            self.missing(name);
            return None;
        };
        let mut below = self.below(name);
        let first = below.date("first_day", &wire.first_day);
        let last = below.date("last_day", &wire.last_day);
        self.keep(name, Period::new(first?, last?))
    }

    /// An optional period of days.
    pub fn optional_period(
        &mut self,
        name: &str,
        wire: Option<&pb::Period>,
    ) -> Option<Option<Period>> {
        match wire {
            None => Some(None),
            Some(_) => self.period(name, wire).map(Some),
        }
    }

    /// Free text of at most `limit` code points without control characters; may be empty.
    pub fn text(&mut self, name: &str, text: &str, limit: usize) -> Option<String> {
        self.keep(name, free_text(text, limit))
    }

    /// As [`Fields::text`], but not empty.
    pub fn required_text(&mut self, name: &str, text: &str, limit: usize) -> Option<String> {
        self.required(name, text.trim(), |text| free_text(text, limit))
    }

    /// An optional rate stated with its document.
    pub fn stated_rate(
        &mut self,
        name: &str,
        wire: Option<&pb::StatedRate>,
    ) -> Option<Option<StatedRate>> {
        let Some(wire) = wire else { return Some(None) };
        let mut below = self.below(name);
        let value = below.quantity("value", &wire.value, 8);
        let document = below.required_text("document", &wire.document, 200);
        Some(Some(StatedRate {
            value: value?,
            document: document?,
        }))
    }

    /// The reliefs claimed on a source.
    pub fn reliefs(&mut self, name: &str, wire: &[pb::ReliefClaim]) -> Option<Vec<ReliefClaim>> {
        let claims: Vec<Option<ReliefClaim>> = self
            .list(name, wire)?
            .iter()
            .enumerate()
            .map(|(place, wire)| self.element(name, place).relief(wire))
            .collect();
        claims.into_iter().collect()
    }

    /// One relief claimed on a source.
    pub fn relief(&mut self, wire: &pb::ReliefClaim) -> Option<ReliefClaim> {
        let relief_id = self.required_text("relief_id", &wire.relief_id, 63);
        let period = self.optional_period("period", wire.period.as_ref());
        let base_share = self.optional_ratio("base_share", &wire.base_share);
        let ratio = self.optional_ratio("ratio", &wire.ratio);
        let amount = self.optional_amount("amount_yuan", &wire.amount_yuan);
        let document = self.text("document", &wire.document, 200);
        Some(ReliefClaim {
            relief_id: relief_id?,
            period: period?,
            base_share: base_share?,
            ratio: ratio?,
            amount: amount?,
            document: document?,
        })
    }

    /// A count between `low` and `high`.
    pub fn count(&mut self, name: &str, value: u32, low: u32, high: u32) -> Option<u32> {
        if (low..=high).contains(&value) {
            return Some(value);
        }
        self.refuse(
            name,
            Invalid::new(
                "COUNT_RANGE",
                format!("应在 {low} 与 {high} 之间"),
                format!("must lie between {low} and {high}"),
            ),
        );
        None
    }

    /// A closed list on the wire: `convert` maps known, specified values. A value that this
    /// version does not know, or the unspecified one, is refused.
    pub fn choice<W: TryFrom<i32>, T>(
        &mut self,
        name: &str,
        wire: i32,
        convert: impl FnOnce(W) -> Option<T>,
    ) -> Option<T> {
        let value = W::try_from(wire).ok().and_then(convert);
        if value.is_none() {
            self.refuse(
                name,
                Invalid::new(
                    "CHOICE",
                    "应为列出的选项之一",
                    "must be one of the listed values",
                ),
            );
        }
        value
    }
}

fn negative() -> Invalid {
    Invalid::new("NEGATIVE", "不能为负数", "must not be negative")
}

fn amount(text: &str) -> Result<Money, Invalid> {
    let value = Money::parse_yuan(text)?;
    if value.is_negative() {
        Err(negative())
    } else {
        Ok(value)
    }
}

fn quantity(text: &str, scale: usize) -> Result<Decimal, Invalid> {
    let value = parse_decimal(text, 13, scale)?;
    if value < Decimal::ZERO {
        Err(negative())
    } else {
        Ok(value)
    }
}

fn ratio(text: &str) -> Result<Decimal, Invalid> {
    let value = parse_decimal(text, 1, 8)?;
    if Decimal::ZERO <= value && value <= Decimal::ONE {
        return Ok(value);
    }
    Err(Invalid::new(
        "RATIO_RANGE",
        "应在 0 与 1 之间",
        "must lie between 0 and 1",
    ))
}

/// Bidirectional and zero-width marks could make a form read other than it is.
fn is_forbidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn free_text(text: &str, limit: usize) -> Result<String, Invalid> {
    if text.chars().count() > limit {
        return Err(Invalid::new(
            "TEXT_LENGTH",
            format!("最多 {limit} 个字符"),
            format!("at most {limit} characters"),
        ));
    }
    if text.chars().any(is_forbidden) {
        return Err(Invalid::new(
            "TEXT_CHARACTER",
            "不能含有控制字符或不可见的方向符号",
            "must not contain control or invisible formatting characters",
        ));
    }
    Ok(text.to_owned())
}
