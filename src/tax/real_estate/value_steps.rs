//! How a value row came about, step by step.

use super::model::Source;
use super::value::Figures;
use super::{ChargeError, Context, MONTHS_IN_YEAR};
use crate::tax::Step;
use crate::types::{Money, Month, Period};

/// The document on when the liability starts.
const START: &str = "国税发〔2003〕89号 第二条";
/// The document on when it ends.
const END: &str = "财税〔2008〕152号 第三条";

/// Why the row does not have all months of the period: the first taxed month and the last one.
pub(super) fn taxed_months(
    source: &Source,
    ctx: &Context<'_>,
    period: Period,
) -> Result<Vec<Step>, ChargeError> {
    let mut steps = Vec::new();
    let first = source.first_month(ctx)?;
    if first == period.first_month() {
        let early = source.used_before_acceptance_on;
        let early = early.filter(|day| Month::of(*day) == first);
        let (label_zh, label_en, day) = match early {
            Some(day) => (
                "验收前已使用，自使用当月起纳税",
                "taxed from the early use",
                day,
            ),
            None => (
                "纳税义务发生：起始纳税月份",
                "first taxed month",
                source.acquired_on,
            ),
        };
        let expression = match (early, Month::of(day) == first) {
            (None, false) => format!("{day}（{}）次月", source.acquisition_kind.name()),
            _ => format!("{day}（{}）当月", source.acquisition_kind.name()),
        };
        steps.push(Step {
            label_zh: label_zh.to_owned(),
            label_en: label_en.to_owned(),
            expression,
            value: first.to_string(),
            parameter_id: Some("ret.liability_start".to_owned()),
            legal_basis: Some(START.to_owned()),
        });
    }
    if let Some(ended) = source.ended_on
        && Month::of(ended) == period.last_month()
    {
        steps.push(Step {
            label_zh: "纳税义务终止：最后纳税月份".to_owned(),
            label_en: "last taxed month".to_owned(),
            expression: format!("{ended} 当月末"),
            value: period.last_month().to_string(),
            parameter_id: None,
            legal_basis: Some(END.to_owned()),
        });
    }
    Ok(steps)
}

/// How the base and the tax came about.
pub(super) fn of(figures: &Figures, months: u32, amount: Money) -> Result<Vec<Step>, ChargeError> {
    let mut steps: Vec<Step> = figures.land_step.iter().cloned().collect();
    let land = figures.land.to_decimal()?;
    let leased = figures.leased.to_decimal()?;
    if !figures.leased.is_zero() {
        steps.push(Step {
            label_zh: "出租房产原值".to_owned(),
            label_en: "value let".to_owned(),
            expression: figures.leased_text.join(" + "),
            value: leased.to_string(),
            parameter_id: None,
            legal_basis: Some("房产税暂行条例 第三条".to_owned()),
        });
    }
    let mut expression = format!(
        "({} + {} + {land} − {leased})",
        figures.building, figures.equipment
    );
    let mut basis = "财税〔2008〕152号 第一条；国税发〔2005〕173号".to_owned();
    if let Some(ratio) = &figures.underground {
        expression.push_str(&format!(" × {}", ratio.value));
        basis.push_str("；财税〔2005〕181号 第二条");
    }
    if let Some(share) = figures.share {
        expression.push_str(&format!(" × {share}"));
        basis.push_str("；房产税暂行条例 第二条");
    }
    steps.push(Step {
        label_zh: "应税原值（房屋＋设备＋土地－出租原值）".to_owned(),
        label_en: "taxable value (building + equipment + land − let)".to_owned(),
        expression,
        value: figures.taxable.to_decimal()?.to_string(),
        parameter_id: figures
            .underground
            .as_ref()
            .map(|ratio| ratio.parameter_id.clone()),
        legal_basis: Some(basis),
    });
    steps.push(Step {
        label_zh: "房产余值".to_owned(),
        label_en: "residual value".to_owned(),
        expression: format!(
            "{} × (1 − {})",
            figures.taxable.to_decimal()?,
            figures.deduction.value
        ),
        value: figures.base()?.to_decimal()?.to_string(),
        parameter_id: Some(figures.deduction.parameter_id.clone()),
        legal_basis: Some("房产税暂行条例 第三条".to_owned()),
    });
    steps.push(tax(figures, months, amount)?);
    Ok(steps)
}

/// The last step: the tax.
pub(super) fn tax(figures: &Figures, months: u32, amount: Money) -> Result<Step, ChargeError> {
    Ok(Step {
        label_zh: "应纳税额".to_owned(),
        label_en: "tax".to_owned(),
        expression: format!(
            "{} × (1 − {}) × {} × {months} ÷ {MONTHS_IN_YEAR}",
            figures.taxable.to_decimal()?,
            figures.deduction.value,
            figures.rate.value
        ),
        value: amount.to_string(),
        parameter_id: Some(figures.rate.parameter_id.clone()),
        legal_basis: Some("房产税暂行条例 第三条、第四条".to_owned()),
    })
}
