//! The amount of tax of an obligation: rate, base × rate or pieces, minimum, rounding.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::base::{Basis, Event, Obligation};
use super::item::{Item, Regime};
use super::source::{Line, Source};
use crate::tax::{Applied, BaseUnit, ChargeError, Context, Step};
use crate::types::{Exact, Money};

/// The tax of an obligation before reliefs, with how it came about.
pub struct Tax {
    /// The base, for display.
    pub base: Decimal,
    /// Its unit.
    pub unit: BaseUnit,
    /// The rate, or the amount per piece.
    pub rate: Decimal,
    /// The rounded tax.
    pub amount: Money,
    /// Every value of law applied.
    pub applied: Vec<Applied>,
    /// How it came about.
    pub steps: Vec<Step>,
}

/// The tax of an obligation before reliefs.
///
/// # Errors
/// [`ChargeError`].
pub fn tax(
    source: &Source,
    ctx: &Context<'_>,
    obligation: &Obligation<'_>,
) -> Result<Tax, ChargeError> {
    let day = source.signed_on;
    match obligation.basis {
        Basis::Value(base) => by_value(ctx, day, obligation, base),
        Basis::Pieces => by_piece(ctx, day, obligation, source.count),
        Basis::Undetermined => undetermined(ctx, day, obligation, source.count),
    }
}

/// The highest rate of the items that are not stated apart (法第九条, decision ST9).
///
/// # Errors
/// `ST_E01` or `ST_E11` when one of them is not taxable on the day.
pub fn highest_rate(
    ctx: &Context<'_>,
    day: Date,
    line: &Line,
    place: usize,
) -> Result<Applied, ChargeError> {
    let field = format!("lines[{place}].item");
    let mut highest = line.item.rate(ctx, day, &field)?;
    for (at, other) in line.other_items.iter().enumerate() {
        let rate = other.rate(ctx, day, &format!("lines[{place}].other_items[{at}]"))?;
        if highest.value < rate.value {
            highest = rate;
        }
    }
    Ok(highest)
}

/// Base × rate, the minimum of a lease, the assessed part, then the rounding (decision ST1).
fn by_value(
    ctx: &Context<'_>,
    day: Date,
    obligation: &Obligation<'_>,
    base: Money,
) -> Result<Tax, ChargeError> {
    let line = obligation.line;
    let rate = highest_rate(ctx, day, line, obligation.place)?;
    let mut steps = obligation.working.steps.clone();
    if !line.other_items.is_empty() {
        steps.push(apart(ctx, day, line, &rate)?);
    }
    steps.push(Step {
        label_zh: "计税金额".to_owned(),
        label_en: "Tax base".to_owned(),
        expression: obligation.working.expression.clone(),
        value: base.to_string(),
        parameter_id: None,
        legal_basis: Some(base_law(Regime::of(ctx, day)?, obligation.event).to_owned()),
    });
    let mut exact = Exact::from(base).mul(rate.value)?;
    let mut expression = format!("{base} × {}", rate.value);
    let mut shown = Exact::from(base);
    let mut applied = vec![rate.clone()];
    if line.item == Item::Lease
        && !exact.is_zero()
        && let Ok(least) = ctx.number("st.minimum.lease", day)
        && exact < Exact::from(least.value)
    {
        exact = Exact::from(least.value);
        expression = format!("max({expression}, {})", least.value);
        steps.push(Step {
            label_zh: "不足一元的按一元贴花".to_owned(),
            label_en: "A lease of less than one yuan of tax is stamped at one yuan".to_owned(),
            expression: expression.clone(),
            value: least.value.to_string(),
            parameter_id: Some(least.parameter_id.clone()),
            legal_basis: Some(least.provenance.document().to_owned()),
        });
        applied.push(least);
    }
    if obligation.event == Event::Signed
        && let Some(assessment) = &line.assessment
    {
        let field = format!("lines[{}].assessment.ratio", obligation.place);
        let ratio = ctx.rate("st.assess_ratio", day, Some(&assessment.ratio), &field)?;
        let part = Exact::from(assessment.base).mul(ratio.value)?;
        exact = exact.add(part.mul(rate.value)?)?;
        shown = shown.add(part)?;
        expression = format!(
            "{expression} + {} × {} × {}",
            assessment.base, ratio.value, rate.value
        );
        applied.push(ratio);
    }
    let amount = match line.item {
        // Trades are withheld to the fen under both laws (decision ST8).
        Item::Securities => exact.round_to_fen()?,
        _ => round(ctx, day, exact, &mut applied)?,
    };
    steps.push(Step {
        label_zh: "应纳税额".to_owned(),
        label_en: "Tax".to_owned(),
        expression,
        value: if exact == Exact::from(amount) {
            amount.to_string()
        } else {
            shown_exactly(exact)?
        },
        parameter_id: Some(rate.parameter_id.clone()),
        legal_basis: Some(rate.provenance.document().to_owned()),
    });
    if exact != Exact::from(amount) {
        steps.push(rounded(ctx, day, exact, amount, line.item)?);
    }
    Ok(Tax {
        base: shown.to_decimal()?,
        unit: BaseUnit::Yuan,
        rate: rate.value,
        amount,
        applied,
        steps,
    })
}

/// To the fen, or under the regulations to the 角 with less than one 角 free (条例第三条).
fn round(
    ctx: &Context<'_>,
    day: Date,
    exact: Exact,
    applied: &mut Vec<Applied>,
) -> Result<Money, ChargeError> {
    if ctx.text("st.rounding", day)? != "JIAO" {
        return Ok(exact.round_to_fen()?);
    }
    let free_below = ctx.number("st.jiao.exempt_below", day)?;
    let unit = ctx.number("st.jiao.unit", day)?;
    let amount = if exact < Exact::from(free_below.value) {
        Money::ZERO
    } else {
        let units = exact.div(unit.value)?.round_to_scale(0)?;
        Exact::from(units).mul(unit.value)?.round_to_fen()?
    };
    applied.extend([free_below, unit]);
    Ok(amount)
}

/// Decimal places in which an unrounded tax is shown.
const PLACES: u32 = 8;

fn shown_exactly(exact: Exact) -> Result<String, ChargeError> {
    Ok(exact.round_to_scale(PLACES)?.normalize().to_string())
}

/// The step of the rounding.
fn rounded(
    ctx: &Context<'_>,
    day: Date,
    exact: Exact,
    amount: Money,
    item: Item,
) -> Result<Step, ChargeError> {
    let jiao = item != Item::Securities && ctx.text("st.rounding", day)? == "JIAO";
    let (zh, en) = match (jiao, amount.is_zero()) {
        (true, true) => ("税额不足一角的免税", "Less than one jiao of tax is free"),
        (true, false) => (
            "税额取整到角，满五分的进位",
            "Rounded to the jiao, five fen up",
        ),
        (false, _) => ("税额四舍五入到分", "Rounded half up to the fen"),
    };
    let id = match (jiao, amount.is_zero()) {
        (true, true) => "st.jiao.exempt_below",
        (true, false) => "st.jiao.unit",
        (false, _) => "st.rounding",
    };
    let found = ctx.rules.find(id, ctx.region, day)?;
    Ok(Step {
        label_zh: zh.to_owned(),
        label_en: en.to_owned(),
        expression: format!("round({})", shown_exactly(exact)?),
        value: amount.to_string(),
        parameter_id: Some(id.to_owned()),
        legal_basis: Some(found.1.source.cite.clone()),
    })
}

/// The step that says why the highest rate of several items is taken.
fn apart(
    ctx: &Context<'_>,
    day: Date,
    line: &Line,
    highest: &Applied,
) -> Result<Step, ChargeError> {
    let mut rates = vec![line.item.rate(ctx, day, "item")?.value.to_string()];
    for other in &line.other_items {
        rates.push(other.rate(ctx, day, "other_items")?.value.to_string());
    }
    let law = Regime::of(ctx, day)?.law("印花税暂行条例施行细则 第十七条", "印花税法 第九条");
    Ok(Step {
        label_zh: "未分别列明金额的，从高适用税率".to_owned(),
        label_en: "Amounts not stated apart: the highest rate".to_owned(),
        expression: format!("max({})", rates.join(", ")),
        value: highest.value.to_string(),
        parameter_id: Some(highest.parameter_id.clone()),
        legal_basis: Some(law.to_owned()),
    })
}

fn by_piece(
    ctx: &Context<'_>,
    day: Date,
    obligation: &Obligation<'_>,
    count: u32,
) -> Result<Tax, ChargeError> {
    let field = format!("lines[{}].item", obligation.place);
    let piece = obligation.line.item.rate(ctx, day, &field)?;
    pieces(piece, count, ("应纳税额（按件）", "Tax by the piece"))
}

/// Nothing yet under the law (法第六条); five yuan under the regulations (decision ST3).
fn undetermined(
    ctx: &Context<'_>,
    day: Date,
    obligation: &Obligation<'_>,
    count: u32,
) -> Result<Tax, ChargeError> {
    let rate = highest_rate(ctx, day, obligation.line, obligation.place)?;
    if let Ok(flat) = ctx.number("st.flat.undetermined", day) {
        let label = ("金额未定，先按定额贴花", "Flat amount, amount undetermined");
        return pieces(flat, count, label);
    }
    Ok(Tax {
        base: Decimal::ZERO,
        unit: BaseUnit::Yuan,
        rate: rate.value,
        amount: Money::ZERO,
        steps: vec![Step {
            label_zh: "金额未确定，实际结算时计税".to_owned(),
            label_en: "Amount undetermined, taxed when settled".to_owned(),
            expression: format!("0.00 × {}", rate.value),
            value: Money::ZERO.to_string(),
            parameter_id: Some(rate.parameter_id.clone()),
            legal_basis: Some("印花税法 第六条；税务总局公告2022年第14号 第一条".to_owned()),
        }],
        applied: vec![rate],
    })
}

fn pieces(each: Applied, count: u32, label: (&str, &str)) -> Result<Tax, ChargeError> {
    let amount = Exact::from(each.value).mul(count)?.round_to_fen()?;
    Ok(Tax {
        base: Decimal::from(count),
        unit: BaseUnit::Piece,
        rate: each.value,
        amount,
        steps: vec![Step {
            label_zh: label.0.to_owned(),
            label_en: label.1.to_owned(),
            expression: format!("{count} × {}", each.value),
            value: amount.to_string(),
            parameter_id: Some(each.parameter_id.clone()),
            legal_basis: Some(each.provenance.document().to_owned()),
        }],
        applied: vec![each],
    })
}

/// Where the law says what the base is.
const fn base_law(regime: Regime, event: Event) -> &'static str {
    match event {
        Event::Signed => regime.law(
            "印花税暂行条例 税目税率表；施行细则 第十七至十九条",
            "印花税法 第五条至第十一条",
        ),
        Event::Settled => regime.law(
            "国家税务局（88）国税地字第025号 第四条",
            "印花税法 第六条；税务总局公告2022年第14号 第一条",
        ),
        Event::Increased | Event::Decreased => regime.law(
            "印花税暂行条例 第九条；施行细则 第二十四条",
            "财政部 税务总局公告2022年第22号 第三条第（二）（三）项",
        ),
    }
}
