//! The official main form (主表, columns 1 to 11 of 公告2021年第9号) and the relief schedule.

use rust_decimal::Decimal;

use super::Line;
use crate::types::{Money, Overflow, Period, TaxKind};

/// One row of the main form: lines of one tax, item, period and rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormRow {
    /// 税种.
    pub tax: TaxKind,
    /// 税目.
    pub item_zh: String,
    /// 税款所属期起止.
    pub period: Period,
    /// 计税依据, summed.
    pub base: Decimal,
    /// 税率或单位税额.
    pub rate: Decimal,
    /// 应纳税额.
    pub tax_amount: Money,
    /// 减免税额.
    pub relief: Money,
    /// 已缴税额.
    pub already_paid: Money,
    /// 应补(退)税额.
    pub payable: Money,
}

/// One row of the relief schedule (减免税明细申报附表).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow<'a> {
    /// The line it belongs to.
    pub line: u32,
    /// 税种.
    pub tax: TaxKind,
    /// The relief.
    pub relief: &'a crate::tax::ReliefLine,
}

/// The rows of the main form, taxes in the form's order. Plain sums, no further rounding.
///
/// # Errors
/// [`Overflow`].
pub fn form_rows(lines: &[Line]) -> Result<Vec<FormRow>, Overflow> {
    let mut rows: Vec<FormRow> = Vec::new();
    for line in lines {
        let charge = &line.charge;
        let same = |row: &&mut FormRow| {
            row.tax == charge.tax
                && row.item_zh == charge.item_zh
                && row.period == charge.period
                && row.rate == charge.rate
        };
        let relief = charge.relief()?;
        match rows.iter_mut().find(same) {
            Some(row) => {
                row.base = row.base.checked_add(charge.base).ok_or(Overflow)?;
                row.tax_amount = row.tax_amount.plus(charge.tax_amount)?;
                row.relief = row.relief.plus(relief)?;
                row.already_paid = row.already_paid.plus(charge.already_paid)?;
                row.payable = row.payable.plus(line.payable)?;
            }
            None => rows.push(FormRow {
                tax: charge.tax,
                item_zh: charge.item_zh.clone(),
                period: charge.period,
                base: charge.base,
                rate: charge.rate,
                tax_amount: charge.tax_amount,
                relief,
                already_paid: charge.already_paid,
                payable: line.payable,
            }),
        }
    }
    rows.sort_by_key(|row| row.tax);
    Ok(rows)
}

/// The relief schedule, line by line.
pub fn relief_schedule(lines: &[Line]) -> Vec<ScheduleRow<'_>> {
    lines
        .iter()
        .flat_map(|line| {
            let row = |relief| ScheduleRow {
                line: line.number,
                tax: line.charge.tax,
                relief,
            };
            line.charge.reliefs.iter().map(row)
        })
        .collect()
}
