//! The nearest facts that would change a line (临界点): thresholds of concentration, the cut of the
//! ranking, scales, bands of pH, tiers, days and points of noise.

use rust_decimal::Decimal;

use super::noise::{NoisePart, NoiseSite, TIERS, decibels};
use super::quantity::Quantity;
use super::relief::Decided;
use super::selection::Taxed;
use super::{annex, catalogue};
use crate::tax::{ChargeError, Context, TurningPoint};
use crate::types::{Exact, Month};

fn point(
    field: impl Into<String>,
    now: impl ToString,
    turns_at: impl ToString,
    zh: impl Into<String>,
    en: impl Into<String>,
    parameter_id: Option<&str>,
) -> TurningPoint {
    TurningPoint {
        field: field.into(),
        now: now.to_string(),
        turns_at: turns_at.to_string(),
        zh: zh.into(),
        en: en.into(),
        parameter_id: parameter_id.map(str::to_owned),
    }
}

/// Of a pollutant's line.
pub(super) fn of_outlet(
    ctx: &Context<'_>,
    taxed: &Taxed<'_>,
    decided: &Decided,
) -> Result<Vec<TurningPoint>, ChargeError> {
    let mut points = of_concentration(ctx, taxed, decided)?;
    points.extend(of_limit(taxed, decided));
    points.extend(of_rank(taxed)?);
    points.extend(of_scale(taxed)?);
    points.extend(of_sewage(ctx, taxed));
    Ok(points)
}

/// The two steps of the low-concentration relief, where nothing else stands against it.
fn of_concentration(
    ctx: &Context<'_>,
    taxed: &Taxed<'_>,
    decided: &Decided,
) -> Result<Vec<TurningPoint>, ChargeError> {
    let candidate = &taxed.candidate;
    let record = candidate.record;
    let reduced = decided.claims.first().map(|claim| claim.relief_id.as_str());
    let not_low = decided
        .bar
        .as_ref()
        .is_some_and(|bar| bar.check.id == catalogue::ENV_RELIEF_NOT_LOW.id);
    let (Some(mean), Some(limit)) = (record.mean_concentration, record.concentration_limit) else {
        return Ok(Vec::new());
    };
    let on = record.month.first_day();
    let field = format!("outlet.records[{}].mean_concentration", candidate.place);
    let half = ctx.number("ept.low_concentration.half.below", on)?;
    let quarter = ctx.number("ept.low_concentration.quarter.below", on)?;
    let half_at = Exact::from(limit).mul(half.value)?.to_decimal()?;
    let quarter_at = Exact::from(limit).mul(quarter.value)?.to_decimal()?;
    let half_id = Some("ept.low_concentration.half.below");
    let quarter_id = Some("ept.low_concentration.quarter.below");
    Ok(match reduced {
        Some("ENV_LOW_50") => vec![point(
            field,
            mean,
            half_at,
            "月均浓度达到该值，由减按50%改为减按75%征收",
            "at this mean the reduction falls from a half to a quarter",
            half_id,
        )],
        Some("ENV_LOW_30") => vec![
            point(
                field.clone(),
                mean,
                half_at,
                "月均浓度低于该值，改为减按50%征收",
                "below this mean the reduction is a half",
                half_id,
            ),
            point(
                field,
                mean,
                quarter_at,
                "月均浓度达到该值，不再减征",
                "at this mean there is no reduction",
                quarter_id,
            ),
        ],
        None if not_low => vec![point(
            field,
            mean,
            quarter_at,
            "月均浓度低于该值，减按75%征收",
            "below this mean the reduction is a quarter",
            quarter_id,
        )],
        _ => Vec::new(),
    })
}

/// The standard itself: above it a reduction or an exemption is lost.
fn of_limit(taxed: &Taxed<'_>, decided: &Decided) -> Option<TurningPoint> {
    let record = taxed.candidate.record;
    let (max, limit) = record.max_concentration.zip(record.concentration_limit)?;
    let place = taxed.candidate.place;
    let field = format!("outlet.records[{place}].max_concentration");
    let over = catalogue::ENV_RELIEF_EXCEEDED.id;
    let own = limit < max;
    match decided.bar.as_ref() {
        None if !decided.claims.is_empty() => Some(point(
            field,
            max,
            limit,
            "最高浓度超过该值，当月不得减免",
            "above this maximum the relief of the month is lost",
            decided.claims.first().map(|claim| claim.relief_id.as_str()),
        )),
        Some(bar) if bar.check.id == over && own => Some(point(
            field,
            max,
            limit,
            "最高浓度不超过该值，本项不再是减免的障碍",
            "at or below this maximum this pollutant bars no relief",
            None,
        )),
        _ => None,
    }
}

/// The cut of the ranking: only the last of those taxed can lose its place to the next.
fn of_rank(taxed: &Taxed<'_>) -> Result<Option<TurningPoint>, ChargeError> {
    let (Some((name, next)), Some(count)) = (taxed.next, &taxed.count) else {
        return Ok(None);
    };
    let rank = i64::try_from(taxed.rank).unwrap_or(i64::MAX);
    if Exact::int(rank) != Exact::from(count.value) {
        return Ok(None);
    }
    let candidate = &taxed.candidate;
    Ok(Some(point(
        format!("outlet.records[{}].quantity", candidate.place),
        candidate.equivalents.to_decimal()?,
        next.to_decimal()?,
        format!("污染当量数低于该值，改为对“{name}”征税"),
        format!("below these equivalents `{name}` is taxed in its place"),
        Some(&count.parameter_id),
    )))
}

/// The scale at or under which nothing is levied.
fn of_scale(taxed: &Taxed<'_>) -> Result<Vec<TurningPoint>, ChargeError> {
    let candidate = &taxed.candidate;
    let field = format!("outlet.records[{}].feature", candidate.place);
    let now = candidate.measured.scale.to_decimal()?;
    let annex = candidate.scales.annex.iter().map(|scale| {
        point(
            field.clone(),
            now,
            scale.value,
            "不超过该规模，不征税",
            "at or under this scale nothing is levied",
            Some(&scale.parameter_id),
        )
    });
    let province = candidate.scales.province.iter().map(|scale| {
        point(
            field.clone(),
            now,
            scale.value,
            "未达到省级规模标准，不征税",
            "under the province's scale nothing is levied",
            Some(&scale.parameter_id),
        )
    });
    Ok(annex.chain(province).collect())
}

/// The edges of the band of pH; the standard of colour and coliform count.
fn of_sewage(ctx: &Context<'_>, taxed: &Taxed<'_>) -> Vec<TurningPoint> {
    let candidate = &taxed.candidate;
    let Quantity::Sewage(it) = &candidate.record.quantity else {
        return Vec::new();
    };
    let path = format!("outlet.records[{}].sewage", candidate.place);
    let edges = |ph| annex::ph_edges(ctx.rules, ph, candidate.record.month);
    if let Some((ph, (neutral, outer))) = it.ph.and_then(|ph| Some((ph, edges(ph)?))) {
        let field = format!("{path}.ph");
        let id = Some("ept.ph_bands");
        let milder = (
            "pH 趋于中性越过该值，税额降低",
            "past this towards neutral the tax falls",
        );
        let harder = (
            "pH 偏离中性越过该值，税额升高",
            "past this from neutral the tax rises",
        );
        return vec![
            point(field.clone(), ph, neutral, milder.0, milder.1, id),
            point(field, ph, outer, harder.0, harder.1, id),
        ];
    }
    let compared = it.measured.zip(it.measured_limit);
    let standard = compared.map(|(found, limit)| {
        point(
            format!("{path}.measured"),
            found,
            limit,
            "不超过该标准，不征税",
            "not above this standard nothing is taxed",
            None,
        )
    });
    standard.into_iter().collect()
}

/// Of a line of noise.
pub(super) fn of_noise(
    ctx: &Context<'_>,
    site: &NoiseSite,
    month: Month,
    part: &NoisePart,
    path: &str,
) -> Result<Vec<TurningPoint>, ChargeError> {
    let mut points = of_tier(ctx, month, part, path)?;
    let on = month.first_day();
    let excess = part.excess()?;
    if excess.points_over == 0 {
        return Ok(points);
    }
    let full = ctx.number("ept.noise.full_days", on)?;
    let few = Decimal::from(part.days_over) < full.value;
    points.push(point(
        format!("{path}.days_over"),
        part.days_over,
        full.value,
        if few {
            "达到该天数，按全月计税"
        } else {
            "不足该天数，减半计税"
        },
        if few {
            "from these days on the whole is due"
        } else {
            "under these days a half is due"
        },
        Some("ept.noise.full_days"),
    ));
    let several = ctx.number("ept.noise.double_points", on)?;
    if several.value <= Decimal::from(excess.points_over)
        && let Some(metres) = site.boundary_metres
    {
        let length = ctx.number("ept.noise.double_above_metres", on)?;
        let long = length.value < metres;
        points.push(point(
            "noise_site.boundary_metres",
            metres,
            length.value,
            if long {
                "不超过该长度，按一个单位计税"
            } else {
                "超过该长度，按两个单位计税"
            },
            if long {
                "up to this length the tax is single"
            } else {
                "above this it doubles"
            },
            Some("ept.noise.double_above_metres"),
        ));
    }
    Ok(points)
}

/// The levels at which the next tier begins and this one ends.
fn of_tier(
    ctx: &Context<'_>,
    month: Month,
    part: &NoisePart,
    path: &str,
) -> Result<Vec<TurningPoint>, ChargeError> {
    let excess = part.excess()?;
    let (Some(table), Some((place, measured, by_peak))) =
        (ctx.rules.table(TIERS, month.last_day()), excess.highest)
    else {
        return Ok(Vec::new());
    };
    let (name, now, limit) = match by_peak {
        true => ("peak_db", measured.peak_db, part.peak_limit_db),
        false => ("level_db", Some(measured.level_db), Some(part.limit_db)),
    };
    let lows: Vec<Decimal> = table
        .rows
        .iter()
        .filter_map(|row| decibels(table, row, "low_db"))
        .collect();
    let next = lows.iter().filter(|low| excess.decibels < **low).min();
    let this = lows.iter().filter(|low| **low <= excess.decibels).max();
    let field = format!("{path}.points[{place}].{name}");
    // Half up: a tier begins half a decibel before its first whole one.
    let begins = |low: &Decimal| {
        let half = Exact::ONE.div(Exact::int(2))?;
        Exact::from(limit.unwrap_or_default())
            .add(*low)?
            .sub(half)?
            .to_decimal()
    };
    let mut points = Vec::new();
    for (low, zh, en) in [
        (
            next,
            "达到该分贝数，进入上一档",
            "from this level on the next tier holds",
        ),
        (
            this,
            "低于该分贝数，降到下一档",
            "below this level the tier before holds",
        ),
    ] {
        if let Some(low) = low {
            let now = now.unwrap_or_default();
            points.push(point(field.clone(), now, begins(low)?, zh, en, Some(TIERS)));
        }
    }
    Ok(points)
}

#[cfg(test)]
mod tests;
