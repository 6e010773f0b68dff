//! Findings on a developer's deductions.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{developer_taxes, local_education};
use crate::tax::land_appreciation::catalogue;
use crate::tax::land_appreciation::figures::expense_cap;
use crate::tax::land_appreciation::parts::{Deductions, ExpenseMode};
use crate::tax::{Context, Finding};
use crate::types::Money;

/// E4, E5, W5, W6, and what the taxes say.
pub(super) fn deductions(
    deductions: &Deductions,
    ctx: &Context<'_>,
    on: Date,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let path = |name: &str| format!("{field}.{name}");
    expense(deductions, ctx, on, field, out);
    if deductions.without_invoice.is_positive() {
        let amount = deductions.without_invoice;
        out.push(catalogue::LAT_W5.at(
            path("without_invoice_yuan"),
            format!("开发成本中有 {amount} 元未取得合法有效凭证，可能不予扣除"),
            format!("{amount} yuan of development cost have no valid invoice: may be disallowed"),
        ));
    }
    developer_taxes(deductions.taxes, ctx, on, &path("taxes"), out);
    local_education(deductions.taxes, ctx, on, &path("taxes"), out);
}

/// E4, E5, W6: how expense is deducted.
fn expense(
    deductions: &Deductions,
    ctx: &Context<'_>,
    on: Date,
    field: &str,
    out: &mut Vec<Finding>,
) {
    let path = |name: &str| format!("{field}.{name}");
    if deductions.expense_mode == ExpenseMode::TenPercent && !deductions.interest.is_zero() {
        out.push(
            catalogue::LAT_E4
                .at(
                    path("interest_yuan"),
                    "按比例计算扣除全部开发费用时，不能另行扣除利息",
                    "interest cannot be added when all expense is deducted by ratio",
                )
                .numbers(Money::ZERO, deductions.interest),
        );
    }
    if let Some(rate) = deductions.expense_rate
        && let Ok(cap) = ctx.number(expense_cap(deductions.expense_mode), on)
        && (rate > cap.value || rate < Decimal::ZERO)
    {
        let cap = cap.value;
        out.push(
            catalogue::LAT_E5
                .at(
                    path("expense_rate"),
                    format!("房地产开发费用扣除比例 {rate} 超过规定的 {cap}"),
                    format!("the expense ratio {rate} is over the cap {cap}"),
                )
                .numbers(cap, rate)
                .fix(path("expense_rate"), cap),
        );
    }
    if deductions.expense_mode == ExpenseMode::InterestPlusFive
        && let Some(cap) = deductions.interest_cap
        && let Ok(left) = deductions.interest.minus(deductions.interest_disallowed)
        && left > cap
    {
        out.push(
            catalogue::LAT_W6
                .at(
                    path("interest_yuan"),
                    "利息超过按商业银行同类同期贷款利率计算的金额，超过部分不予扣除",
                    "interest above the commercial bank rate is not deducted",
                )
                .numbers(cap, left),
        );
    }
}
