//! The 六税两费 relief: half of what other reliefs leave, in the months of eligibility.
//!
//! Sources: 财税〔2019〕13号; 公告2022年第10号; 公告2023年第12号; 公告2022年第3号 (who and when).
//! Ratios and dates are rule data (`six_taxes.ratio.*`); here is only the shape.

use jiff::civil::Date;
use rust_decimal::Decimal;

mod facts;
mod judge;

pub use facts::{
    AnnualSettlement, Conclusion, Cycle, Facts, Figures, MonthEnd, Size, VatChange, VatStatus,
};
pub use judge::{Eligible, Ground, Judge, small_low_profit};

use super::charge::{ChargeError, ReliefLine};
use super::context::{Context, Profile, SixTaxesSubject, SixTaxesWindow};
use crate::types::{Exact, Money, Month, Period, TaxKind};

/// The stable id of the relief.
pub const RELIEF_ID: &str = "SIX_TAXES";

/// How the ids of the ratios begin; the subject follows.
pub const RATIO_PARAMETERS: &str = "six_taxes.ratio.";

impl SixTaxesSubject {
    /// The word in rule files, and the ending of the relief code.
    const fn key(self) -> (&'static str, &'static str) {
        match self {
            Self::SmallScaleVat => ("small_scale_vat", "01"),
            Self::IndividualBusiness => ("individual_business", "02"),
            Self::SmallLowProfit => ("small_low_profit", "03"),
        }
    }
}

/// True for the taxes of the consolidated form that the relief halves.
pub const fn covers(tax: TaxKind) -> bool {
    matches!(
        tax,
        TaxKind::RealEstateTax | TaxKind::LandUseTax | TaxKind::StampTax
    )
}

/// Months that are claimed without ground, and months with ground that are not claimed, by what
/// the facts of the profile say; nothing where no windows are stated beside the facts. What kind
/// of taxpayer it is, is a fact of its own.
pub fn doubted_months(ctx: &Context<'_>) -> (Vec<Month>, Vec<Month>) {
    let own = Facts::default();
    let stated_facts = ctx.profile.six_taxes_facts.as_deref();
    let (mut without, mut unclaimed) = (Vec::new(), Vec::new());
    if stated_facts.is_some() && ctx.profile.six_taxes.is_empty() {
        return (without, unclaimed);
    }
    let judge = Judge {
        rules: ctx.rules,
        kind: ctx.profile.kind,
        facts: stated_facts.unwrap_or(&own),
    };
    for month in ctx.period.months() {
        let on = month.first_day();
        let claimed = best(ctx, stated(ctx.profile, month), on).is_some();
        let grounds = judge.in_month(month).unwrap_or_default();
        let grounded = best(ctx, subjects_of(&grounds), on).is_some();
        match (claimed, grounded) {
            (true, false) if stated_facts.is_some() => without.push(month),
            (false, true) => unclaimed.push(month),
            _ => {}
        }
    }
    (without, unclaimed)
}

/// Who the taxpayer is for this relief in a month, by precedence, and the ratio then in force.
/// Months outside the law's windows, or of a subject not yet covered, give nothing (decision G5).
pub fn eligibility(ctx: &Context<'_>, month: Month) -> Option<(SixTaxesSubject, Decimal)> {
    let subjects = match judge(ctx) {
        Some(judge) => subjects_of(&judge.in_month(month).unwrap_or_default()),
        None => stated(ctx.profile, month),
    };
    best(ctx, subjects, month.first_day())
}

/// The same for a liability of one day. Filed by occurrence, dated facts decide by the day.
fn eligibility_on(ctx: &Context<'_>, day: Date) -> Option<(SixTaxesSubject, Decimal)> {
    match judge(ctx) {
        Some(judge) if ctx.period == Period::day(day) => {
            let grounds = judge.on_day(day).unwrap_or_default();
            best(ctx, subjects_of(&grounds), day)
        }
        _ => eligibility(ctx, Month::of(day)),
    }
}

fn best(
    ctx: &Context<'_>,
    mut subjects: Vec<SixTaxesSubject>,
    on: Date,
) -> Option<(SixTaxesSubject, Decimal)> {
    subjects.sort_unstable();
    subjects.into_iter().find_map(|subject| {
        let id = judge::ratio_id(subject);
        let (ratio, _) = ctx.rules.number(&id, ctx.region, on).ok()?;
        Some((subject, ratio))
    })
}

/// The parameter whose ratio applies in a month, where the taxpayer is eligible.
pub fn ratio_parameter(ctx: &Context<'_>, month: Month) -> Option<String> {
    let (subject, _) = eligibility(ctx, month)?;
    Some(judge::ratio_id(subject))
}

/// Dated facts decide where no windows are stated.
fn judge<'a>(ctx: &Context<'a>) -> Option<Judge<'a>> {
    let facts = ctx.profile.six_taxes_facts.as_deref()?;
    ctx.profile.six_taxes.is_empty().then_some(Judge {
        rules: ctx.rules,
        kind: ctx.profile.kind,
        facts,
    })
}

fn subjects_of(grounds: &[Ground]) -> Vec<SixTaxesSubject> {
    grounds.iter().map(|ground| ground.subject()).collect()
}

fn stated(profile: &Profile, month: Month) -> Vec<SixTaxesSubject> {
    let holds = |window: &&SixTaxesWindow| {
        window.first <= month && window.last.is_none_or(|last| month <= last)
    };
    let windows = profile.six_taxes.iter().filter(holds);
    windows.map(|window| window.subject).collect()
}

/// The relief on a line whose tax is spread over whole months (房产税, 城镇土地使用税).
///
/// `months` are the line's taxed months; `reliefs` are the reliefs already applied, each spread
/// evenly over its own months. Decision G3: all months eligible → (tax − reliefs) × ratio; else the
/// eligible months' part of that, rounded once.
///
/// # Errors
/// [`ChargeError::Overflow`].
pub fn on_months(
    ctx: &Context<'_>,
    tax: TaxKind,
    tax_amount: Money,
    months: Period,
    reliefs: &[ReliefLine],
) -> Result<Option<ReliefLine>, ChargeError> {
    let count = months.month_count();
    let mut eligible: Vec<(Month, SixTaxesSubject, Decimal)> = Vec::new();
    for month in months.months() {
        if let Some((subject, ratio)) = eligibility(ctx, month) {
            eligible.push((month, subject, ratio));
        }
    }
    let (Some(first), Some(last)) = (eligible.first().copied(), eligible.last().copied()) else {
        return Ok(None);
    };
    let one_ratio = eligible.iter().all(|(_, _, ratio)| *ratio == first.2);
    let relieved = Money::sum(reliefs.iter().map(|line| line.amount))?;
    let exact = if eligible.len() == count as usize && one_ratio {
        Exact::from(tax_amount.minus(relieved)?).mul(first.2)?
    } else {
        let per_month = Exact::from(tax_amount).div(count)?;
        let mut sum = Exact::ZERO;
        for (month, _, ratio) in &eligible {
            let mut left = per_month;
            for line in reliefs {
                if line.period.first_month() <= *month && *month <= line.period.last_month() {
                    left = left.sub(Exact::from(line.amount).div(line.period.month_count())?)?;
                }
            }
            sum = sum.add(left.mul(*ratio)?)?;
        }
        sum
    };
    let left = tax_amount.minus(relieved)?;
    let amount = exact.round_to_fen()?.min(left).or_zero();
    let period = Period::months_between(first.0, last.0);
    Ok((!amount.is_zero()).then(|| line(ctx, tax, first.1, period, amount)))
}

/// The relief on a line whose liability arose on one day (印花税): decision S7, ST4.
///
/// # Errors
/// [`ChargeError::Overflow`].
pub fn on_day(
    ctx: &Context<'_>,
    tax: TaxKind,
    left: Money,
    day: Date,
) -> Result<Option<ReliefLine>, ChargeError> {
    let Some((subject, ratio)) = eligibility_on(ctx, day) else {
        return Ok(None);
    };
    let amount = Exact::from(left).mul(ratio)?.round_to_fen()?.or_zero();
    Ok((!amount.is_zero()).then(|| line(ctx, tax, subject, Period::day(day), amount)))
}

fn line(
    ctx: &Context<'_>,
    tax: TaxKind,
    subject: SixTaxesSubject,
    period: Period,
    amount: Money,
) -> ReliefLine {
    let code = ctx
        .rules
        .table("six_taxes.codes", period.first())
        .and_then(|table| {
            let row = table.rows.iter().find(|row| {
                table.cell(row, "tax") == Some(tax.name())
                    && table.cell(row, "subject") == Some(subject.key().0)
            })?;
            table.cell(row, "code").map(str::to_owned)
        });
    let name_zh = match subject {
        SixTaxesSubject::SmallScaleVat => "增值税小规模纳税人“六税两费”减征",
        SixTaxesSubject::IndividualBusiness => "个体工商户“六税两费”减征",
        SixTaxesSubject::SmallLowProfit => "小型微利企业“六税两费”减征",
    };
    ReliefLine {
        relief_id: RELIEF_ID.to_owned(),
        code,
        name_zh: name_zh.to_owned(),
        period,
        amount,
    }
}
