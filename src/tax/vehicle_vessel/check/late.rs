//! The late fee that is collected along with arrears (滞纳金): never a part of the tax paid, only
//! compared with the daily rate by the days (税收征收管理法 第三十二条; 实施细则 第七十五条).

use jiff::civil::Date;

use super::super::DUE;
use super::super::catalogue;
use super::super::source::{Payment, PaymentKind, Source};
use crate::rules::DueRule;
use crate::tax::{Context, Finding};
use crate::types::{Exact, Money, Period};

/// The late fee of a day as a share of the arrears.
const DAILY_RATE: &str = "procedure.late_surcharge.daily_rate";

/// A late fee without the day of payment, or with a refund.
pub(super) fn form(payment: &Payment, place: usize) -> Option<Finding> {
    let fee = payment.late_fee.filter(|fee| !fee.is_zero())?;
    if payment.kind == PaymentKind::Refunded {
        return Some(catalogue::VV_LATE_FEE_FORM.at(
            format!("payments[{place}].late_fee_yuan"),
            "退税没有滞纳金",
            "a refund bears no late fee",
        ));
    }
    if fee.is_negative() {
        return Some(catalogue::VV_LATE_FEE_FORM.at(
            format!("payments[{place}].late_fee_yuan"),
            "滞纳金不能为负数",
            "a late fee is not negative",
        ));
    }
    payment.paid_on.is_none().then(|| {
        catalogue::VV_LATE_FEE_FORM.at(
            format!("payments[{place}].paid_date"),
            "填写滞纳金的，须填写缴款日期",
            "a late fee needs the day of payment",
        )
    })
}

/// Late fees that are not what the days give, or are not stated though the payment was late.
pub(super) fn doubts(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let payments = source.payments.iter().enumerate();
    payments
        .filter(|(_, payment)| payment.kind != PaymentKind::Refunded)
        .filter_map(|(place, payment)| doubt(ctx, payment, place))
        .collect()
}

fn doubt(ctx: &Context<'_>, payment: &Payment, place: usize) -> Option<Finding> {
    let paid_on = payment.paid_on?;
    let first = Date::new(payment.tax_year, 1, 1).ok()?;
    let due_on = due_day(ctx, Period::year_of(first))?;
    let days = days_late(due_on, paid_on)?;
    let rate = ctx.number(DAILY_RATE, due_on).ok()?.value;
    let expected = fee(payment.amount, rate, days)?;
    let field = format!("payments[{place}].late_fee_yuan");
    let how = format!("{} × {rate} × {days} = {expected}", payment.amount);
    match payment.late_fee {
        Some(stated) if stated != expected => Some(
            catalogue::VV_LATE_FEE
                .at(
                    field,
                    format!(
                        "{} 年度税款应于 {due_on} 前缴纳，{paid_on} 缴纳逾期 {days} 天，\
                         滞纳金应为 {how}，填写为 {stated}",
                        payment.tax_year
                    ),
                    format!(
                        "the tax of {} was due on {due_on} and paid on {paid_on}, {days} days \
                         late: the late fee is {how}, not {stated}",
                        payment.tax_year
                    ),
                )
                .numbers(expected, stated),
        ),
        None if !expected.is_zero() => Some(catalogue::VV_LATE_FEE_OPEN.at(
            field,
            format!("该笔税款逾期 {days} 天缴纳，滞纳金 {how}，未见记录"),
            format!("this was paid {days} days late; a late fee of {how} is not stated"),
        )),
        Some(_) | None => None,
    }
}

/// The due day of a tax year, by the place's rule.
fn due_day(ctx: &Context<'_>, year: Period) -> Option<Date> {
    let rule = DueRule::parse(ctx.text(DUE, year.last()).ok()?)?;
    Some(ctx.rules.calendar().due(rule, year).due_on)
}

/// From the day after the due day to the day of payment, both counted.
fn days_late(due_on: Date, paid_on: Date) -> Option<u32> {
    let days = due_on.until(paid_on).ok()?.get_days();
    Some(u32::try_from(days).unwrap_or(0))
}

fn fee(arrears: Money, rate: rust_decimal::Decimal, days: u32) -> Option<Money> {
    let exact = Exact::from(arrears).mul(rate).and_then(|fee| fee.mul(days));
    exact.and_then(Exact::round_to_fen).ok()
}
