//! The nearest facts that would change a row (临界点): the plot ratio's threshold, the days at the
//! edge of a month, the kind of lessee, the end of a relief.

use super::model::{Lease, LesseeKind, Source};
use super::{ChargeError, Context};
use crate::tax::{ReliefClaim, TaxpayerKind, TurningPoint};
use crate::types::{Exact, Month, Period};

fn point(
    field: String,
    (now, turns_at): (impl ToString, impl ToString),
    (zh, en): (impl Into<String>, impl Into<String>),
    parameter_id: Option<&str>,
) -> TurningPoint {
    TurningPoint {
        field,
        now: now.to_string(),
        turns_at: turns_at.to_string(),
        zh: zh.into(),
        en: en.into(),
        parameter_id: parameter_id.map(str::to_owned),
    }
}

/// What would change a value row.
pub(super) fn of_value(
    source: &Source,
    ctx: &Context<'_>,
    row: Period,
) -> Result<Vec<TurningPoint>, ChargeError> {
    let mut points = Vec::new();
    plot_ratio(source, ctx, row.first_month(), &mut points)?;
    if source.first_month(ctx)? == row.first_month() && source.used_before_acceptance_on.is_none() {
        points.push(point(
            "acquired_on".to_owned(),
            (
                source.acquired_on,
                Month::of(source.acquired_on).next().first_day(),
            ),
            (
                "推迟到该日，则晚一个月开始纳税",
                "from that day on the tax starts a month later",
            ),
            Some("ret.liability_start"),
        ));
    }
    if let Some(ended) = source.ended_on
        && Month::of(ended) == row.last_month()
    {
        points.push(point(
            "ended_on".to_owned(),
            (ended, Month::of(ended).next().first_day()),
            (
                "推迟到该日，则多纳一个月的税",
                "from that day on one more month is taxed",
            ),
            None,
        ));
    }
    for (place, lease) in source.leases.iter().enumerate() {
        lease_edges(place, lease, ctx, row, &mut points)?;
    }
    Ok(points)
}

/// 财税〔2010〕121号 第三条: the total building area at which the plot ratio reaches the threshold.
fn plot_ratio(
    source: &Source,
    ctx: &Context<'_>,
    month: Month,
    points: &mut Vec<TurningPoint>,
) -> Result<(), ChargeError> {
    const ID: &str = "ret.plot_ratio.threshold";
    let Some(version) = source.version_in(month) else {
        return Ok(());
    };
    let Some(plot) = &version.plot else {
        return Ok(());
    };
    let mut versions = source.versions.iter();
    let place = versions.position(|other| std::ptr::eq(other, version));
    let threshold = ctx.number(ID, month.first_day())?;
    let turns_at = Exact::from(threshold.value).mul(plot.plot_area)?;
    let total = plot.total_building_area;
    let words = if Exact::from(total).sub(turns_at)?.is_negative() {
        (
            format!(
                "总建筑面积达到该值（容积率 {}），全部地价计入原值",
                threshold.value
            ),
            format!(
                "from a ratio of {} all of the land's value joins",
                threshold.value
            ),
        )
    } else {
        (
            format!(
                "总建筑面积低于该值（容积率 {}），只计入部分地价",
                threshold.value
            ),
            format!(
                "below a ratio of {} only a part of the land joins",
                threshold.value
            ),
        )
    };
    points.push(point(
        format!(
            "versions[{}].plot.total_building_area_sqm",
            place.unwrap_or_default()
        ),
        (total, turns_at.to_decimal()?.normalize()),
        words,
        Some(ID),
    ));
    Ok(())
}

/// The first and the last day of a lease, where the row begins or ends with them.
fn lease_edges(
    place: usize,
    lease: &Lease,
    ctx: &Context<'_>,
    row: Period,
    points: &mut Vec<TurningPoint>,
) -> Result<(), ChargeError> {
    let (first, last) = lease.out_of_value(ctx)?;
    let meets = |month: Month| month == row.first_month() || month == row.last_month().next();
    let start = lease.term.first();
    let month = lease.term.first_month();
    if meets(first) && (first == month || start != month.first_day()) {
        let (turns_at, words) = if first == month {
            (
                start.tomorrow().unwrap_or(start),
                (
                    "推迟到该日起租，则当月仍从价计征",
                    "from that day on the month stays on value",
                ),
            )
        } else {
            (
                month.first_day(),
                (
                    "自该日（当月 1 日）起租，则当月不再从价计征",
                    "starting on that day, the 1st, takes the month out of value",
                ),
            )
        };
        let field = format!("leases[{place}].term.first_day");
        points.push(point(
            field,
            (start, turns_at),
            words,
            Some("ret.rent_switch_rule"),
        ));
    }
    if meets(last.next()) {
        points.push(point(
            format!("leases[{place}].term.last_day"),
            (lease.term.last(), last.next().first_day()),
            (
                "推迟到该日止租，则晚一个月恢复从价计征",
                "from that day on the value returns a month later",
            ),
            None,
        ));
    }
    Ok(())
}

/// What would change the rate of a rent row: the lessee of a dwelling that an entity lets.
pub(super) fn of_rent(
    place: usize,
    lease: &Lease,
    ctx: &Context<'_>,
    row: Period,
) -> Vec<TurningPoint> {
    const ID: &str = "ret.rate.entity_housing";
    let mut points = Vec::new();
    let entity = matches!(
        ctx.profile.kind,
        TaxpayerKind::Enterprise | TaxpayerKind::Organisation
    );
    let Ok(rate) = ctx.number(ID, row.last()) else {
        return points;
    };
    if !lease.housing || !entity {
        return points;
    }
    let field = format!("leases[{place}].lessee_kind");
    if lease.lessee_kind == LesseeKind::Other {
        points.push(point(
            field,
            ("OTHER", "INDIVIDUAL"),
            (
                format!(
                    "承租方为个人或专业化规模化住房租赁企业，则适用 {}",
                    rate.value
                ),
                format!(
                    "let to an individual or a scaled lessor the rate is {}",
                    rate.value
                ),
            ),
            Some(ID),
        ));
    } else {
        let kind = match lease.lessee_kind {
            LesseeKind::Individual => "INDIVIDUAL",
            _ => "SCALED_HOUSING_LESSOR",
        };
        points.push(point(
            field,
            (kind, "OTHER"),
            (
                "承租方为其他单位，则按一般税率从租计征",
                "let to any other lessee the general rate applies",
            ),
            Some("ret.rate.rent"),
        ));
    }
    points
}

/// A rate that changes inside a declared rental period.
pub(super) fn rate_change(place: usize, number: usize, now: Period, next: Period) -> TurningPoint {
    point(
        format!("leases[{place}].rents[{number}].period.first_day"),
        (now.first(), next.first()),
        (
            "自该日起的租金适用另一税率",
            "rent from that day on falls under another rate",
        ),
        None,
    )
}

/// The last days of the reliefs that a row has.
pub(super) fn relief_ends(
    ctx: &Context<'_>,
    claims: &[ReliefClaim],
    field: &str,
    row: Period,
) -> Vec<TurningPoint> {
    let mut points = Vec::new();
    for (place, claim) in claims.iter().enumerate() {
        let Some(rule) = ctx.rules.relief(&claim.relief_id) else {
            continue;
        };
        let in_force = rule.from <= row.last() && rule.to.is_none_or(|last| row.first() <= last);
        if let (Some(last), true) = (rule.to, in_force) {
            points.push(point(
                format!("{field}[{place}].period.last_day"),
                (row.last(), last),
                (
                    format!("{}执行至该日", rule.name_zh),
                    format!("{} is in force to that day", rule.id),
                ),
                Some(&rule.id),
            ));
        }
    }
    points
}
