//! The nearest facts that would change a line: a month earlier or later, the end of a relief, the
//! threshold of a condition (临界点).

use jiff::civil::Date;

use super::charge::Reliefs;
use super::explain;
use super::months::{Segment, Start};
use super::radar::{DISABLED, staff_needed};
use super::source::Source;
use crate::tax::{ChargeError, Context, Provenance, TurningPoint};
use crate::types::Month;

/// The turning points of a line.
///
/// # Errors
/// [`ChargeError::Overflow`], or a missing threshold.
pub fn points(
    source: &Source,
    ctx: &Context<'_>,
    start: &Start,
    segment: &Segment<'_>,
    reliefs: &Reliefs,
) -> Result<Vec<TurningPoint>, ChargeError> {
    let mut points = Vec::new();
    if segment.period.first_month() == start.month {
        points.push(started(source, start));
    }
    if let Some(changed) = segment.version.changed_on
        && segment.version.first_month() == Some(segment.period.first_month())
    {
        let place = source.versions.iter().position(|v| v == segment.version);
        let field = format!("versions[{}].changed_on", place.unwrap_or_default());
        points.push(next_month(
            field,
            changed,
            "变更推迟到次月，新的面积和等级晚一个月起算",
            "changed a month later, the new area and grade count from a month later",
        ));
    }
    if let Some(end) = source.end
        && segment.period.contains(end.on)
    {
        points.push(next_month(
            "end.on".to_owned(),
            end.on,
            "终止推迟到次月，多计税一个月",
            "ended a month later, one more month is taxed",
        ));
    }
    for one in reliefs.own.0.iter().chain(&reliefs.own.1) {
        if let Some(ends) = one.ends
            && let Ok(turns_at) = ends.tomorrow()
        {
            points.push(TurningPoint {
                field: one.field.clone(),
                now: one.line.period.last().to_string(),
                turns_at: turns_at.to_string(),
                zh: format!("{}政策执行至 {ends}，此后不再减免", one.line.name_zh),
                en: format!("relief {} ends on {ends}", one.line.relief_id),
                parameter_id: Some(one.line.relief_id.clone()),
            });
        }
        if one.line.relief_id == DISABLED
            && let Some(staff) = source.staff
        {
            let needed = staff_needed(ctx, staff, one.line.period.first())?;
            points.push(TurningPoint {
                field: "staff.disabled".to_owned(),
                now: staff.disabled.to_string(),
                turns_at: needed.to_decimal()?.normalize().to_string(),
                zh: "安置残疾人数低于该人数，不再享受该项减免".to_owned(),
                en: "with fewer disabled persons employed the relief is lost".to_owned(),
                parameter_id: Some(DISABLED.to_owned()),
            });
        }
    }
    points.extend(six_taxes_end(ctx, reliefs));
    Ok(points)
}

fn started(source: &Source, start: &Start) -> TurningPoint {
    let field = match source.acquisition.event_on {
        Some(_) => "acquisition.event_on",
        None => "acquisition.signed_on",
    };
    TurningPoint {
        parameter_id: Some(start.rule.parameter_id.clone()),
        ..next_month(
            field.to_owned(),
            start.event,
            "推迟到次月，少计税一个月",
            "a month later, one month less is taxed",
        )
    }
}

fn next_month(field: String, now: Date, zh: &str, en: &str) -> TurningPoint {
    TurningPoint {
        field,
        now: now.to_string(),
        turns_at: Month::of(now).next().first_day().to_string(),
        zh: zh.to_owned(),
        en: en.to_owned(),
        parameter_id: None,
    }
}

/// The first day on which the ratio of the 六税两费 is no longer in force: a fact of the law, not
/// of the plot.
fn six_taxes_end(ctx: &Context<'_>, reliefs: &Reliefs) -> Option<TurningPoint> {
    let (six, _) = reliefs.six.as_ref()?;
    let ratio = explain::six_ratio(ctx, six)?;
    let Provenance::Rule {
        last_day: Some(last),
        ..
    } = ratio.provenance
    else {
        return None;
    };
    Some(TurningPoint {
        field: String::new(),
        now: six.period.last().to_string(),
        turns_at: last.tomorrow().ok()?.to_string(),
        zh: format!("“六税两费”减征政策执行至 {last}"),
        en: format!("the relief of the six taxes and two fees runs until {last}"),
        parameter_id: Some(ratio.parameter_id),
    })
}
