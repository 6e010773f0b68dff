//! What is due on a day: tax, and surcharge (滞纳金) row by row.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Content;
use crate::rules::RuleBook;
use crate::tax::ChargeError;
use crate::types::{Exact, Money, Period, TaxKind};

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
    /// The tax to pay.
    pub principal: Money,
    /// Days from the due day to the day of payment.
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
    /// Sum of both.
    pub total: Money,
}

/// What is due if a declaration is paid on a day. Lines to be refunded do not reduce it.
///
/// Surcharge (征管法 art. 32, 细则 art. 75): tax × daily rate × calendar days after the due day,
/// rounded row by row.
///
/// # Errors
/// [`ChargeError`].
pub fn quote(content: &Content, pay_on: Date, rules: &RuleBook) -> Result<Quote, ChargeError> {
    let mut rows: Vec<PaymentRow> = Vec::new();
    for line in content
        .lines
        .iter()
        .filter(|line| line.payable.is_positive())
    {
        let charge = &line.charge;
        let same = |row: &&mut PaymentRow| {
            row.tax == charge.tax
                && row.item_zh == charge.item_zh
                && row.period == charge.period
                && row.due_on == line.due_on
        };
        match rows.iter_mut().find(same) {
            Some(row) => row.principal = row.principal.plus(line.payable)?,
            None => rows.push(PaymentRow {
                tax: charge.tax,
                item_zh: charge.item_zh.clone(),
                period: charge.period,
                due_on: line.due_on,
                principal: line.payable,
                days_late: 0,
                surcharge: Money::ZERO,
            }),
        }
    }
    for row in &mut rows {
        let days = pay_on.duration_since(row.due_on).as_hours() / 24;
        row.days_late = u32::try_from(days).unwrap_or(0);
        if row.days_late > 0 {
            let rate = rules.national_number("procedure.late_surcharge.daily_rate", pay_on)?;
            let exact = Exact::from(row.principal).mul(rate)?.mul(row.days_late)?;
            row.surcharge = exact.round_to_fen()?;
        }
    }
    let principal = Money::sum(rows.iter().map(|row| row.principal))?;
    let surcharge = Money::sum(rows.iter().map(|row| row.surcharge))?;
    Ok(Quote {
        pay_on,
        rows,
        principal,
        surcharge,
        total: principal.plus(surcharge)?,
    })
}
