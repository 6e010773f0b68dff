//! Doubts about the amounts, when the line could be computed (V10, V11, refunds, withheld amounts).

use super::super::catalogue;
use super::super::compute;
use super::super::source::Source;
use super::super::spans;
use crate::tax::{Charge, Context, Finding};
use crate::types::Period;

/// What an officer should look at in the amounts of a line.
pub(in super::super) fn amounts(
    source: &Source,
    ctx: &Context<'_>,
    year: Period,
    line: Option<&Charge>,
) -> Vec<Finding> {
    let mut findings = approved(source, line);
    findings.extend(range(source, ctx, line));
    findings.extend(paid(source, ctx, year, line));
    findings
}

/// A stated unit amount outside the range within which the place chooses (V7).
fn range(source: &Source, ctx: &Context<'_>, line: Option<&Charge>) -> Option<Finding> {
    let stated = source.stated_unit_amount.as_ref()?.value;
    let id = &line?.applied.first()?.parameter_id;
    let (low, high) = ctx.rules.national_range(id)?;
    (stated < low || high < stated).then(|| {
        catalogue::VV_V7
            .at(
                "stated_unit_amount.value",
                format!("列明的单位税额 {stated} 超出法定幅度 {low}–{high}，请核对文件"),
                format!(
                    "the stated unit amount {stated} is outside the statutory range {low}–{high}: \
                     check its document"
                ),
            )
            .numbers(format!("{low}–{high}"), stated)
    })
}

/// Approved amounts above the tax of one vehicle: they are cut to it (decision G2). The whole tax
/// may be relieved.
fn approved(source: &Source, line: Option<&Charge>) -> Vec<Finding> {
    let Some(line) = line else {
        return Vec::new();
    };
    let count = i64::from(source.count.max(1));
    let one = crate::types::Money::from_fen(line.tax_amount.fen() / count);
    let mut findings = Vec::new();
    for (place, claim) in source.reliefs.iter().enumerate() {
        if let Some(amount) = claim.amount.filter(|amount| *amount > one) {
            findings.push(
                catalogue::VV_V10
                    .at(
                        format!("reliefs[{place}].amount_yuan"),
                        format!(
                            "核准减免税额 {amount} 大于每辆（艘）应纳税额 {one}，按应纳税额减免"
                        ),
                        format!(
                            "the approved relief {amount} is above the tax of one, {one}; it is \
                             cut to it"
                        ),
                    )
                    .numbers(one, amount),
            );
        }
    }
    findings
}

/// Doubts about the amounts, when the line could be computed (V11, withheld amounts).
fn paid(
    source: &Source,
    ctx: &Context<'_>,
    year: Period,
    line: Option<&Charge>,
) -> Option<Finding> {
    let line = line?;
    let payable = line.payable().ok()?;
    let due = line.tax_amount.minus(line.relief().ok()?).ok()?;
    if compute::is_left_out(source, ctx, year, line).ok()? {
        return Some(catalogue::VV_WITHHELD_OMITTED.at(
            "payments",
            format!("保险机构已代收全部应缴税款 {due}，本车不列入申报表"),
            format!("the insurer withheld all that is due ({due}): it is left out of the return"),
        ));
    }
    let runs = spans::taxed(source, year);
    let ended = runs
        .last()
        .is_none_or(|run| run.last_month() != year.last_month());
    if payable.is_negative() && ended {
        let refund = line.already_paid.minus(due).ok()?;
        let months: u32 = runs.iter().map(|run| run.month_count()).sum();
        return Some(
            catalogue::VV_REFUND
                .at(
                    "payments",
                    format!(
                        "本年度应税 {months} 个月，应缴 {due}，已缴 {}，应退 {}；凭有关证明和完税凭证申请退税",
                        line.already_paid,
                        refund
                    ),
                    format!(
                        "{months} months are taxed: {due} is due, {} was paid, {} is refundable \
                         with the certificate and the proof of payment",
                        line.already_paid,
                        refund
                    ),
                )
                .numbers(due, line.already_paid),
        );
    }
    if payable.is_negative() {
        return Some(
            catalogue::VV_V11
                .at(
                    "payments",
                    format!(
                        "已缴税款 {} 大于应缴税款 {due}，差额将作退税",
                        line.already_paid
                    ),
                    format!(
                        "more was paid ({}) than is due ({due}); the difference is refundable",
                        line.already_paid
                    ),
                )
                .numbers(due, line.already_paid),
        );
    }
    let short = payable.is_positive() && compute::only_withheld(source, year);
    short.then(|| {
        catalogue::VV_WITHHELD_DIFFERS
            .at(
                "payments",
                format!(
                    "保险机构代收 {} 少于应缴税款 {due}，差额列入申报",
                    line.already_paid
                ),
                format!(
                    "the insurer withheld {}, less than is due ({due}); the difference is declared",
                    line.already_paid
                ),
            )
            .numbers(due, line.already_paid)
    })
}
