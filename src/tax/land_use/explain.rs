//! The steps of a line, only those that determined its amount, and the values of law behind them.

use super::charge::Reliefs;
use super::months::{Segment, Start};
use super::relief::Relieved;
use super::source::Source;
use crate::tax::{
    Applied, ChargeError, Context, ReliefLine, SixTaxesSubject, Step, relieved_in, six_taxes,
};
use crate::types::{Exact, Money, Month, Overflow, Period};

const BASIS_TAX: &str = "城镇土地使用税暂行条例 第三条、第四条、第八条";
const BASIS_START: &str =
    "城镇土地使用税暂行条例 第九条；财税〔2006〕186号 第二条；国税发〔2003〕89号 第二条";
const BASIS_END: &str = "财税〔2008〕152号 第三条";
const BASIS_SHARE: &str = "国税地字〔1988〕15号（土地使用权共有）";

/// The values of law applied to a segment and the steps in which they were.
///
/// # Errors
/// [`ChargeError::Overflow`].
pub fn line(
    source: &Source,
    ctx: &Context<'_>,
    start: &Start,
    (segment, tax): (&Segment<'_>, Money),
    reliefs: &Reliefs,
) -> Result<(Vec<Applied>, Vec<Step>), ChargeError> {
    let period = segment.period;
    let mut applied = vec![segment.unit_tax.clone()];
    let mut steps = Vec::new();
    if ctx.period.contains(start.month.first_day()) && period.first_month() == start.month {
        applied.push(start.rule.clone());
        steps.push(start_step(start));
    }
    if let Some(end) = source.end
        && period.contains(end.on)
    {
        steps.push(Step {
            label_zh: "纳税义务终止：计税至变化当月".to_owned(),
            label_en: "end of liability: the month of the change is the last one taxed".to_owned(),
            expression: end.on.to_string(),
            value: period.last_month().to_string(),
            parameter_id: None,
            legal_basis: Some(BASIS_END.to_owned()),
        });
    }
    if let Some(step) = share_step(source, segment)? {
        steps.push(step);
    }
    steps.push(tax_step(segment, tax)?);
    for one in &reliefs.own.0 {
        applied.extend(one.applied.clone());
        steps.push(relief_step(one));
    }
    let before: Vec<ReliefLine> = reliefs.own.0.iter().map(|one| one.line.clone()).collect();
    if let Some((six, left)) = &reliefs.six
        && let Some((ratio, step)) = six_step(ctx, period, six, &before, (tax, *left))
    {
        applied.push(ratio);
        steps.push(step);
    }
    for one in &reliefs.own.1 {
        applied.extend(one.applied.clone());
        applied.extend(reliefs.order.clone());
        steps.push(relief_step(one));
    }
    Ok((applied, steps))
}

fn start_step(start: &Start) -> Step {
    Step {
        label_zh: "纳税义务发生：首个应税月份".to_owned(),
        label_en: "start of liability: first taxed month".to_owned(),
        expression: format!("{} + {} 个月", start.event, start.rule.value),
        value: start.month.to_string(),
        parameter_id: Some(start.rule.parameter_id.clone()),
        legal_basis: Some(BASIS_START.to_owned()),
    }
}

fn share_step(source: &Source, segment: &Segment<'_>) -> Result<Option<Step>, Overflow> {
    let Some(shared) = source.shared_building else {
        return Ok(None);
    };
    Ok(Some(Step {
        label_zh: "按建筑面积分摊的应税面积（平方米）".to_owned(),
        label_en: "taxed area by share of floor area (m²)".to_owned(),
        expression: format!(
            "{} × {} ÷ {}",
            segment.version.area_sqm, shared.own_floor_area_sqm, shared.building_floor_area_sqm
        ),
        value: segment.area.to_decimal()?.to_string(),
        parameter_id: None,
        legal_basis: Some(BASIS_SHARE.to_owned()),
    }))
}

fn tax_step(segment: &Segment<'_>, tax: Money) -> Result<Step, Overflow> {
    Ok(Step {
        label_zh: "应纳税额 = 应税面积 × 税额标准 × 月数 ÷ 12".to_owned(),
        label_en: "tax = area × unit tax × months ÷ 12".to_owned(),
        expression: format!(
            "{} × {} × {} ÷ 12",
            segment.area.to_decimal()?,
            segment.unit_tax.value,
            segment.period.month_count()
        ),
        value: tax.to_string(),
        parameter_id: Some(segment.unit_tax.parameter_id.clone()),
        legal_basis: Some(BASIS_TAX.to_owned()),
    })
}

fn relief_step(relieved: &Relieved) -> Step {
    let line = &relieved.line;
    Step {
        label_zh: format!("减免：{}", line.name_zh),
        label_en: format!("relief {}", line.relief_id),
        expression: relieved.expression.clone(),
        value: line.amount.to_string(),
        parameter_id: Some(line.relief_id.clone()),
        legal_basis: Some(relieved.cite.clone()),
    }
}

/// The ratio of the 六税两费 on a line.
pub fn six_ratio(ctx: &Context<'_>, six: &ReliefLine) -> Option<Applied> {
    let first = six.period.first_month();
    let (subject, _) = six_taxes::eligibility(ctx, first)?;
    let name = match subject {
        SixTaxesSubject::SmallScaleVat => "small_scale_vat",
        SixTaxesSubject::IndividualBusiness => "individual_business",
        SixTaxesSubject::SmallLowProfit => "small_low_profit",
    };
    ctx.number(&format!("six_taxes.ratio.{name}"), first.first_day())
        .ok()
}

fn six_step(
    ctx: &Context<'_>,
    period: Period,
    six: &ReliefLine,
    before: &[ReliefLine],
    (tax, left): (Money, Money),
) -> Option<(Applied, Step)> {
    let ratio = six_ratio(ctx, six)?;
    let eligible: Vec<Month> = period
        .months()
        .filter(|month| six_taxes::eligibility(ctx, *month).is_some())
        .collect();
    let count = period.month_count();
    let expression = if eligible.len() == count as usize {
        let other = tax.minus(left).ok()?;
        format!("({tax} − {other}) × {}", ratio.value)
    } else {
        let mut spread = Exact::ZERO;
        for month in &eligible {
            let one = relieved_in(before, Period::months_between(*month, *month)).ok()?;
            spread = spread.add(one).ok()?;
        }
        format!(
            "({tax} ÷ {count} × {} − {}) × {}",
            eligible.len(),
            spread.to_decimal().ok()?.normalize(),
            ratio.value
        )
    };
    let step = Step {
        label_zh: six.name_zh.clone(),
        label_en: "relief of the six taxes and two fees".to_owned(),
        expression,
        value: six.amount.to_string(),
        parameter_id: Some(ratio.parameter_id.clone()),
        legal_basis: Some(ratio.provenance.document().to_owned()),
    };
    Some((ratio, step))
}
