//! How a line came about, step by step: item, months, tax of each run of months, reliefs, payments.

use super::class::Classed;
use super::compute::{MONTHS_IN_YEAR, Rates};
use super::source::{EventKind, PaymentKind, Source};
use super::spans;
use crate::rules::ReliefShape;
use crate::tax::{ChargeError, Context, ReliefClaim, ReliefLine, Step};
use crate::types::{Exact, Money, Period};

const CITE_MONTHS: &str = "车船税法实施条例 第十九条、第二十三条";

/// The amounts of a line.
pub(super) struct Figures<'a> {
    /// The runs of taxed months and the tax of one vehicle in each.
    pub parts: &'a [(Period, Money)],
    /// The tax of one vehicle.
    pub one: Money,
    /// The tax of all.
    pub tax_amount: Money,
    /// The reliefs of all.
    pub reliefs: &'a [ReliefLine],
    /// What was paid, less what was refunded.
    pub already_paid: Money,
}

/// How the line came about.
pub(super) fn steps(
    ctx: &Context<'_>,
    source: &Source,
    year: Period,
    classed: &Classed,
    rates: &Rates,
    figures: &Figures<'_>,
) -> Result<Vec<Step>, ChargeError> {
    let quantity = classed.quantity.to_decimal()?;
    let mut steps = vec![Step {
        label_zh: "适用税目和单位税额".to_owned(),
        label_en: "Item and unit amount".to_owned(),
        expression: format!("{} {}", classed.code, classed.name_zh),
        value: rates.amount.value.to_string(),
        parameter_id: Some(rates.amount.parameter_id.clone()),
        legal_basis: Some(classed.cite.clone()),
    }];
    if let Some(converted) = &classed.converted {
        steps.push(Step {
            label_zh: "拖船按主机功率折合净吨位".to_owned(),
            label_en: "Net tons of the tug from its engine power".to_owned(),
            expression: converted.expression.clone(),
            value: quantity.to_string(),
            parameter_id: Some(converted.factor.parameter_id.clone()),
            legal_basis: Some("车船税法实施条例 第四条".to_owned()),
        });
    }
    if let Some(share) = &rates.share {
        steps.push(Step {
            label_zh: "减按比例计算的单位税额".to_owned(),
            label_en: "Share of the unit amount".to_owned(),
            expression: rates.expression(),
            value: Exact::from(rates.amount.value)
                .mul(share.value)?
                .to_decimal()?
                .to_string(),
            parameter_id: Some(share.parameter_id.clone()),
            legal_basis: Some(classed.cite.clone()),
        });
    }
    steps.extend(months(source, year, figures));
    for (run, tax) in figures.parts {
        let (first, last) = (run.first_month(), run.last_month());
        steps.push(Step {
            label_zh: format!("每辆（艘）{first} 至 {last} 应纳税额"),
            label_en: format!("Tax of one, {first} to {last}"),
            expression: format!(
                "{quantity} × {} × {} ÷ {MONTHS_IN_YEAR}",
                rates.expression(),
                run.month_count()
            ),
            value: tax.to_string(),
            parameter_id: Some(rates.amount.parameter_id.clone()),
            legal_basis: Some(CITE_MONTHS.to_owned()),
        });
    }
    let one = figures.one;
    if source.count > 1 || figures.parts.len() != 1 {
        let runs: Vec<String> = figures
            .parts
            .iter()
            .map(|part| part.1.to_string())
            .collect();
        let sum = match runs.len() {
            0 | 1 => one.to_string(),
            _ => format!("({})", runs.join(" + ")),
        };
        steps.push(Step {
            label_zh: "应纳税额".to_owned(),
            label_en: "Tax".to_owned(),
            expression: format!("{sum} × {}", source.count),
            value: figures.tax_amount.to_string(),
            parameter_id: None,
            legal_basis: Some(CITE_MONTHS.to_owned()),
        });
    }
    for relief in figures.reliefs {
        steps.push(relief_step(ctx, source, figures, relief));
    }
    steps.extend(payments(source, year, figures));
    Ok(steps)
}

/// Why fewer than all months are taxed.
fn months(source: &Source, year: Period, figures: &Figures<'_>) -> Option<Step> {
    let count: u32 = figures.parts.iter().map(|(run, _)| run.month_count()).sum();
    if count == MONTHS_IN_YEAR {
        return None;
    }
    let mut why: Vec<String> = Vec::new();
    if year.contains(source.acquired_on) {
        why.push(format!("{} 取得 (acquired)", source.acquired_on));
    }
    for event in spans::in_order(source) {
        if event.on <= year.last() {
            why.push(format!("{} {}", event.on, word(event.kind)));
        }
    }
    Some(Step {
        label_zh: "应税月份数".to_owned(),
        label_en: "Taxed months".to_owned(),
        expression: why.join("; "),
        value: count.to_string(),
        parameter_id: None,
        legal_basis: Some("车船税法 第八条; 车船税法实施条例 第十九条、第二十一条".to_owned()),
    })
}

const fn word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Stolen => "被盗抢 (stolen)",
        EventKind::Recovered => "失而复得 (recovered)",
        EventKind::Scrapped => "报废 (scrapped)",
        EventKind::Lost => "灭失 (lost)",
        EventKind::Returned => "退货 (returned)",
        EventKind::Transferred => "转让 (transferred)",
    }
}

fn relief_step(
    ctx: &Context<'_>,
    source: &Source,
    figures: &Figures<'_>,
    relief: &ReliefLine,
) -> Step {
    let rule = ctx.rules.relief(&relief.relief_id);
    let same = |claim: &&ReliefClaim| claim.relief_id == relief.relief_id;
    let claim = source.reliefs.iter().find(same);
    let expression = match claim.and_then(|claim| claim.amount) {
        Some(amount) => format!("min({amount}, {})", figures.one),
        None => {
            let ratio = match rule.map(|rule| rule.shape) {
                Some(ReliefShape::Ratio(ratio)) => Some(ratio),
                Some(ReliefShape::ByInput) => claim.and_then(|claim| claim.ratio),
                Some(ReliefShape::Full) | None => None,
            };
            let share = claim.and_then(|claim| claim.base_share);
            let factors = [ratio, share].into_iter().flatten();
            let factors: String = factors.map(|factor| format!(" × {factor}")).collect();
            format!("{}{factors}", borne(figures, relief.period))
        }
    };
    Step {
        label_zh: format!("减免税额：{}（{}）", relief.name_zh, relief.period),
        label_en: format!("Relief {} ({})", relief.relief_id, relief.period),
        expression: format!("{expression} × {}", source.count),
        value: relief.amount.to_string(),
        parameter_id: Some(relief.relief_id.clone()),
        legal_basis: rule.map(|rule| rule.source.cite.clone()),
    }
}

/// What the months of a relief bear of the tax of one, such as `125.00 × 2 ÷ 5 + 100.00`.
fn borne(figures: &Figures<'_>, months: Period) -> String {
    let mut whole = true;
    let mut terms: Vec<String> = Vec::new();
    for (run, tax) in figures.parts {
        match run.overlap(months).map(|both| both.month_count()) {
            Some(count) if count == run.month_count() => terms.push(tax.to_string()),
            Some(count) => {
                whole = false;
                terms.push(format!("{tax} × {count} ÷ {}", run.month_count()));
            }
            None => whole = false,
        }
    }
    match terms.as_slice() {
        _ if whole => figures.one.to_string(),
        [term] => term.clone(),
        terms => format!("({})", terms.join(" + ")),
    }
}

/// What was paid before, where anything was.
fn payments(source: &Source, year: Period, figures: &Figures<'_>) -> Option<Step> {
    let mut parts: Vec<String> = Vec::new();
    for payment in source.payments.iter().filter(|paid| paid.is_of(year)) {
        let sign = match payment.kind {
            PaymentKind::Refunded => "−",
            PaymentKind::Paid | PaymentKind::InsurerWithheld if parts.is_empty() => "",
            PaymentKind::Paid | PaymentKind::InsurerWithheld => "+",
        };
        parts.push(format!("{sign} {}", payment.amount).trim().to_owned());
    }
    (!parts.is_empty()).then(|| Step {
        label_zh: "已缴（含保险机构代收）减已退税额".to_owned(),
        label_en: "Paid or withheld, less refunded".to_owned(),
        expression: parts.join(" "),
        value: figures.already_paid.to_string(),
        parameter_id: None,
        legal_basis: Some("车船税法 第六条; 车船税法实施条例 第十五条、第十九条".to_owned()),
    })
}
