//! What is due on a day: tax, and surcharge (滞纳金) row by row.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Content, Extension, MoneyRefusal, Refusal};
use crate::rules::{LookupError, RuleBook};
use crate::tax::ChargeError;
use crate::types::{Exact, Money, Overflow, Period, TaxKind};

const CAP: &str = "procedure.late_surcharge.cap";

fn nothing(money: &Money) -> bool {
    money.is_zero()
}

/// One row of a quote or order. Surcharge stands apart from tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    /// 税种.
    pub tax: TaxKind,
    /// 税目.
    pub item_zh: String,
    /// 税款所属期.
    pub period: Period,
    /// The due day.
    pub due_on: Date,
    /// The last day of an approved extension of payment, where it is later than the due day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_to: Option<Date>,
    /// The tax to pay.
    pub principal: Money,
    /// Days from the due day, or the end of the extension, to the day of payment.
    pub days_late: u32,
    /// 滞纳金.
    pub surcharge: Money,
}

/// What is due if paid on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The day of payment.
    pub pay_on: Date,
    /// The rows above zero.
    pub rows: Vec<PaymentRow>,
    /// Sum of tax.
    pub principal: Money,
    /// Sum of surcharge.
    pub surcharge: Money,
    /// Sum of both, or nothing where it is not collected: what is to be paid.
    pub total: Money,
    /// Tax and surcharge that are not collected, being under 1 yuan together (公告2012年第25号).
    #[serde(default, skip_serializing_if = "nothing")]
    pub waived: Money,
    /// Tax of the declaration that refunds set against it had covered before.
    #[serde(default, skip_serializing_if = "nothing")]
    pub offset: Money,
}

/// What has come about since a declaration was filed that changes what is due.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Decisions on paying later.
    pub extensions: Vec<Extension>,
    /// Rows that refunds set against the declaration have paid.
    pub covered: Vec<PaymentRow>,
}

/// The law of the surcharge on a day of payment.
#[derive(Debug, Clone, Copy)]
pub(super) struct LateLaw {
    rate: Decimal,
    capped: bool,
}

impl LateLaw {
    pub(super) fn on(rules: &RuleBook, day: Date) -> Result<Self, ChargeError> {
        let rate = rules.national_number("procedure.late_surcharge.daily_rate", day)?;
        let cap = rules.national(CAP, day)?;
        let capped = match cap.value.as_str() {
            "NONE" => false,
            "PRINCIPAL" => true,
            _ => {
                let (id, wanted) = (CAP.to_owned(), "NONE or PRINCIPAL");
                return Err(LookupError::WrongKind { id, wanted }.into());
            }
        };
        Ok(Self { rate, capped })
    }

    /// Tax × daily rate × days, rounded once (征管法 art. 32, 细则 art. 75).
    pub(super) fn surcharge(self, principal: Money, days: u32) -> Result<Money, Overflow> {
        let exact = Exact::from(principal).mul(self.rate)?.mul(days)?;
        let rounded = exact.round_to_fen()?;
        Ok(if self.capped {
            rounded.min(principal)
        } else {
            rounded
        })
    }
}

/// What is due if a declaration is paid on a day, before anything came about since.
///
/// # Errors
/// As [`quote_standing`].
pub fn quote(content: &Content, pay_on: Date, rules: &RuleBook) -> Result<Quote, ChargeError> {
    quote_standing(content, &Standing::default(), pay_on, rules)
}

/// What is due if a declaration is paid on a day. Lines to be refunded do not reduce it; what was
/// set off does. Days are counted from an approved extension's end where there is one.
///
/// # Errors
/// [`ChargeError`], also when more was covered than is payable.
pub fn quote_standing(
    content: &Content,
    standing: &Standing,
    pay_on: Date,
    rules: &RuleBook,
) -> Result<Quote, ChargeError> {
    let mut rows = payable(content)?;
    let mut offset = Money::ZERO;
    for covered in &standing.covered {
        let same = |row: &&mut PaymentRow| row.is_for(covered);
        let row = rows.iter_mut().find(same).ok_or(Overflow)?;
        row.principal = row.principal.minus(covered.principal)?;
        if row.principal.is_negative() {
            return Err(Overflow.into());
        }
        offset = offset.plus(covered.principal)?;
    }
    rows.retain(|row| row.principal.is_positive());
    for row in &mut rows {
        let reaching = standing
            .extensions
            .iter()
            .filter_map(|e| e.reaches(row.tax));
        row.extended_to = reaching.max().filter(|day| row.due_on < *day);
        let last = row.extended_to.unwrap_or(row.due_on);
        let days = pay_on.duration_since(last).as_hours() / 24;
        row.days_late = u32::try_from(days).unwrap_or(0);
    }
    let mut late = rows.iter_mut().filter(|row| row.days_late > 0).peekable();
    if late.peek().is_some() {
        let law = LateLaw::on(rules, pay_on)?;
        for row in late {
            row.surcharge = law.surcharge(row.principal, row.days_late)?;
        }
    }
    let mut quote = Quote::of(rows, pay_on)?;
    quote.offset = offset;
    if quote.total < minimum(rules, pay_on)? {
        quote.waived = quote.total;
        quote.total = Money::ZERO;
    }
    Ok(quote)
}

/// What a payment voucher must come to, to be collected; nothing before there was such a rule.
fn minimum(rules: &RuleBook, day: Date) -> Result<Money, ChargeError> {
    match rules.national_number("procedure.collection.minimum", day) {
        Ok(yuan) => Ok(Exact::from(yuan).round_to_fen()?),
        Err(_) => Ok(Money::ZERO),
    }
}

/// The payable lines of a declaration as rows, those of one tax, item, period and day together.
fn payable(content: &Content) -> Result<Vec<PaymentRow>, Overflow> {
    let mut rows: Vec<PaymentRow> = Vec::new();
    let lines = content.lines.iter();
    for line in lines.filter(|line| line.payable.is_positive()) {
        let charge = &line.charge;
        let fresh = PaymentRow {
            tax: charge.tax,
            item_zh: charge.item_zh.clone(),
            period: charge.period,
            due_on: line.due_on,
            extended_to: None,
            principal: line.payable,
            days_late: 0,
            surcharge: Money::ZERO,
        };
        match rows.iter_mut().find(|row| row.is_for(&fresh)) {
            Some(row) => row.principal = row.principal.plus(line.payable)?,
            None => rows.push(fresh),
        }
    }
    Ok(rows)
}

impl PaymentRow {
    /// The same tax, item, period and due day.
    fn is_for(&self, other: &Self) -> bool {
        self.tax == other.tax
            && self.item_zh == other.item_zh
            && self.period == other.period
            && self.due_on == other.due_on
    }
}

impl Quote {
    /// The sums of some rows.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(super) fn of(rows: Vec<PaymentRow>, pay_on: Date) -> Result<Self, Overflow> {
        let principal = Money::sum(rows.iter().map(|row| row.principal))?;
        let surcharge = Money::sum(rows.iter().map(|row| row.surcharge))?;
        Ok(Self {
            pay_on,
            rows,
            principal,
            surcharge,
            total: principal.plus(surcharge)?,
            waived: Money::ZERO,
            offset: Money::ZERO,
        })
    }

    /// What an amount at hand covers of it (细则 art. 79): all of it, or else the rows by due day,
    /// oldest first, each fen of tax together with the surcharge that this tax bears today. What
    /// cannot buy a further fen of the row it stops at stays over.
    ///
    /// # Errors
    /// [`Refusal`] when nothing is due, or not one fen of tax can be covered.
    pub fn covered_by(&self, at_hand: Money, rules: &RuleBook) -> Result<Self, Refusal> {
        if !self.total.is_positive() {
            return Err(MoneyRefusal::NothingDue.into());
        }
        if self.total <= at_hand {
            return Ok(self.clone());
        }
        let mut oldest: Vec<&PaymentRow> = self.rows.iter().collect();
        oldest.sort_by_key(|row| row.due_on);
        let (mut left, mut rows) = (at_hand, Vec::new());
        for row in oldest {
            let part = row.affordable(left, self.pay_on, rules)?;
            left = left.minus(part.principal.plus(part.surcharge)?)?;
            let whole = part.principal == row.principal;
            if part.principal.is_positive() {
                rows.push(part);
            }
            if !whole {
                break;
            }
        }
        if rows.is_empty() {
            return Err(MoneyRefusal::OffsetTooSmall { at_hand }.into());
        }
        let mut part = Self::of(rows, self.pay_on)?;
        part.offset = self.offset;
        Ok(part)
    }
}

impl PaymentRow {
    /// The most of the row that an amount pays, tax and its surcharge.
    fn affordable(&self, at_hand: Money, day: Date, rules: &RuleBook) -> Result<Self, Refusal> {
        let law = match self.days_late {
            0 => None,
            _ => Some(LateLaw::on(rules, day).map_err(MoneyRefusal::from)?),
        };
        let of = |fen: i64| -> Result<Self, Overflow> {
            let principal = Money::from_fen(fen);
            let surcharge = match law {
                None => Money::ZERO,
                Some(_) if principal == self.principal => self.surcharge,
                Some(law) => law.surcharge(principal, self.days_late)?,
            };
            let row = self.clone();
            Ok(Self {
                principal,
                surcharge,
                ..row
            })
        };
        let fits = |row: &Self| -> Result<bool, Overflow> {
            Ok(row.principal.plus(row.surcharge)? <= at_hand)
        };
        // Tax with its surcharge never falls as tax grows: halve until one fen apart.
        let (mut low, mut high) = (0, self.principal.fen());
        while low < high {
            let middle = low + (high - low + 1) / 2;
            if fits(&of(middle)?)? {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(of(low)?)
    }
}
