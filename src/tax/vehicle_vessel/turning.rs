//! The nearest facts that would change a line (临界点): the bound of a class, the turn of a month.

use jiff::civil::Date;

use super::class::{Class, Classed, Neighbour};
use super::source::{Kind, Source};
use crate::tax::{ChargeError, Context, TurningPoint};
use crate::types::{Exact, Month, Period};

/// The class bound nearest to the size, and the month of acquisition where it is in the year.
pub(super) fn points(
    ctx: &Context<'_>,
    source: &Source,
    year: Period,
    classed: &Classed,
) -> Result<Vec<TurningPoint>, ChargeError> {
    let mut points = Vec::new();
    if let Some(class) = &classed.class {
        points.extend(bound(ctx, source, year, classed, class)?);
    }
    points.extend(acquisition(source, year));
    Ok(points)
}

/// The nearer of the two bounds of the class; the one above where both are as near.
fn bound(
    ctx: &Context<'_>,
    source: &Source,
    year: Period,
    classed: &Classed,
    class: &Class,
) -> Result<Option<TurningPoint>, ChargeError> {
    let distance = |side: &Option<Neighbour>| match side {
        Some(side) if side.bound < class.size => class.size.sub(side.bound).map(Some),
        Some(side) => side.bound.sub(class.size).map(Some),
        None => Ok(None),
    };
    let (below, beyond) = (distance(&class.below)?, distance(&class.beyond)?);
    let upward = match (below, beyond) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(below), Some(beyond)) => beyond <= below,
    };
    let side = if upward { &class.beyond } else { &class.below };
    let Some(side) = side else {
        return Ok(None);
    };
    let words = Words::of(source.kind, &class.by);
    // A tug is classed by its net tons, but what it states is the power of its engine.
    let in_field = |size: Exact| match &classed.converted {
        Some(converted) => size.div(converted.factor.value),
        None => Ok(size),
    };
    let counted = matches!(class.by.as_str(), "DISPLACEMENT_ML" | "SEATS");
    let turns_at = match (upward, counted) {
        (true, true) => side.bound.add(Exact::ONE)?,
        _ => in_field(side.bound)?,
    };
    let amount = ctx
        .number(&side.amount_id, year.first())
        .map(|amount| amount.value.to_string())
        .ok();
    let (amount_zh, amount_en) = match &amount {
        Some(amount) => (
            format!("，单位税额 {amount} 元"),
            format!(", at a unit amount of {amount} yuan"),
        ),
        None => (String::new(), String::new()),
    };
    let at = side.bound.to_decimal()?;
    let (side_zh, side_en) = if upward {
        ("超过", "above")
    } else {
        ("不超过", "at or below")
    };
    Ok(Some(TurningPoint {
        field: words.field.to_owned(),
        now: in_field(class.size)?.to_decimal()?.to_string(),
        turns_at: turns_at.to_decimal()?.to_string(),
        zh: format!(
            "{}{side_zh} {at} {}时，全部数量适用“{}”{amount_zh}",
            words.zh, words.unit_zh, side.name_zh
        ),
        en: format!(
            "{} {side_en} {at} {}: the whole quantity falls under {}{amount_en}",
            words.en, words.unit_en, side.item
        ),
        parameter_id: Some(side.amount_id.clone()),
    }))
}

/// How a measure is called.
struct Words {
    field: &'static str,
    zh: &'static str,
    unit_zh: &'static str,
    en: &'static str,
    unit_en: &'static str,
}

impl Words {
    fn of(kind: Kind, by: &str) -> Self {
        let (field, zh, unit_zh, en, unit_en) = match by {
            "DISPLACEMENT_ML" => ("displacement_ml", "排气量", "毫升", "a displacement", "ml"),
            "SEATS" => ("seats", "核定载客人数", "人", "seats", "persons"),
            "HULL_METRES" => ("hull_length_metres", "艇身长度", "米", "a hull length", "m"),
            _ if kind == Kind::Tug => (
                "engine_power_kw",
                "按主机功率折合的净吨位",
                "吨",
                "net tons from the engine power",
                "t",
            ),
            _ => ("net_tonnage_tonnes", "净吨位", "吨", "a net tonnage", "t"),
        };
        Self {
            field,
            zh,
            unit_zh,
            en,
            unit_en,
        }
    }
}

/// The month of acquisition is taxed whole: from the next month on it is one month less.
fn acquisition(source: &Source, year: Period) -> Option<TurningPoint> {
    let day: Date = source.acquired_on;
    if !year.contains(day) || !source.seller_tax_certificate.trim().is_empty() {
        return None;
    }
    let next = Month::of(day).next().first_day();
    let (zh, en) = if year.contains(next) {
        (
            "取得当月全月计税；次月取得的少计一个月".to_owned(),
            "the month of acquisition counts whole; acquired in the next month, one less is taxed"
                .to_owned(),
        )
    } else {
        (
            "取得当月全月计税；次年一月取得的，本年度不征".to_owned(),
            "the month of acquisition counts whole; acquired in January, nothing is due this year"
                .to_owned(),
        )
    };
    Some(TurningPoint {
        field: "acquired_date".to_owned(),
        now: day.to_string(),
        turns_at: next.to_string(),
        zh,
        en,
        parameter_id: None,
    })
}
