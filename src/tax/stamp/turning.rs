//! The nearest facts that would change a line (临界点): the least base that is taxed, the mark of a
//! capital book, the end of a relief, the change of law.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::amount::Tax;
use super::base::{Basis, Event, Obligation};
use super::claims::RESTRUCTURING;
use super::item::{Item, Regime};
use super::relief::{ratio_parameter, six_taxes_day};
use super::source::Source;
use crate::tax::{Context, ReliefLine, TurningPoint, six_taxes};
use crate::types::{Exact, Money, Month};

/// The turning points of a line.
pub fn points(
    source: &Source,
    ctx: &Context<'_>,
    obligation: &Obligation<'_>,
    (tax, reliefs): (&Tax, &[ReliefLine]),
) -> Vec<TurningPoint> {
    let mut found = Vec::new();
    found.extend(least_base(source, ctx, obligation, tax));
    found.extend(mark(obligation, tax));
    for relief in reliefs {
        found.extend(if relief.relief_id == six_taxes::RELIEF_ID {
            end_of_six_taxes(source, ctx, obligation)
        } else {
            end_of_relief(source, ctx, relief)
        });
        found.extend(kept_share(source, ctx, relief));
    }
    if obligation.event == Event::Signed {
        found.extend(change_of_law(source, ctx, obligation, tax));
    }
    found
}

/// The field that states the amount of an obligation.
fn amount_field(obligation: &Obligation<'_>) -> Option<String> {
    let name = match obligation.event {
        Event::Signed if obligation.line.foreign_amount.is_some() => "foreign_amount",
        Event::Signed if obligation.line.capital.is_some() => return None,
        Event::Signed | Event::Settled => "amount_yuan",
        Event::Increased | Event::Decreased => return None,
    };
    Some(format!("{}.{name}", obligation.field))
}

/// Where less is not taxed, or taxed at the minimum of a lease: the base at which that ends.
fn least_base(
    source: &Source,
    ctx: &Context<'_>,
    obligation: &Obligation<'_>,
    tax: &Tax,
) -> Option<TurningPoint> {
    let Basis::Value(base) = obligation.basis else {
        return None;
    };
    let field = amount_field(obligation)?;
    let on = source.signed_on;
    let exact = Exact::from(base).mul(tax.rate).ok()?;
    if exact.is_zero() || exact.is_negative() {
        return None;
    }
    let lease = (obligation.line.item == Item::Lease)
        .then(|| ctx.number("st.minimum.lease", on).ok())
        .flatten();
    let jiao = ctx.text("st.rounding", on).ok()? == "JIAO";
    let (least, id, zh, en) = if let Some(least) = lease {
        let zh = "租金超过该数额的，不再按最低税额贴花，按租金计税";
        let en = "above it the rent is taxed by its rate, not at the minimum";
        (Exact::from(least.value), "st.minimum.lease", zh, en)
    } else if jiao {
        let least = ctx.number("st.jiao.exempt_below", on).ok()?.value;
        let zh = "达到该计税金额的，税额满一角，不再免税";
        let en = "from it on the tax reaches one jiao and is no longer free";
        (Exact::from(least), "st.jiao.exempt_below", zh, en)
    } else {
        let half = Exact::from(Money::from_fen(1)).div(2_i64).ok()?;
        let zh = "达到该计税金额的，应纳税额为 1 分";
        let en = "from it on the tax is one fen";
        (half, "st.rounding", zh, en)
    };
    (exact < least).then_some(())?;
    Some(TurningPoint {
        field,
        now: base.to_string(),
        turns_at: reaching(least, tax.rate)?.to_string(),
        zh: zh.to_owned(),
        en: en.to_owned(),
        parameter_id: Some(id.to_owned()),
    })
}

/// The least base whose tax reaches an amount.
fn reaching(least: Exact, rate: Decimal) -> Option<Money> {
    let near = least.div(rate).ok()?.round_to_fen().ok()?;
    if Exact::from(near).mul(rate).ok()? < least {
        return near.plus(Money::from_fen(1)).ok();
    }
    Some(near)
}

/// A capital book at or below its mark: the mark.
fn mark(obligation: &Obligation<'_>, tax: &Tax) -> Option<TurningPoint> {
    let capital = obligation.line.capital.as_ref()?;
    tax.base.is_zero().then_some(())?;
    Some(TurningPoint {
        field: format!("{}.capital", obligation.field),
        now: capital.paid_in.plus(capital.reserve).ok()?.to_string(),
        turns_at: capital.taxed_high_water.to_string(),
        zh: "实收资本与资本公积合计超过该数额的部分计税".to_owned(),
        en: "what paid-in capital and reserve exceed it by is taxed".to_owned(),
        parameter_id: Some(obligation.line.item.rate_parameter().to_owned()),
    })
}

/// The field of the day of an obligation.
fn day_field(obligation: &Obligation<'_>) -> String {
    match obligation.event {
        Event::Settled => format!("{}.settled_on", obligation.field),
        Event::Increased => format!("{}.amended_on", obligation.field),
        Event::Signed | Event::Decreased => "signed_on".to_owned(),
    }
}

/// The last month of the taxpayer's standing or the last day of the relief, whichever is first.
fn end_of_six_taxes(
    source: &Source,
    ctx: &Context<'_>,
    obligation: &Obligation<'_>,
) -> Option<TurningPoint> {
    let day = six_taxes_day(source, obligation);
    let month = Month::of(day);
    let (subject, _) = six_taxes::eligibility(ctx, month)?;
    let id = ratio_parameter(subject);
    let windows = ctx.profile.six_taxes.iter();
    // Standing by any subject keeps the relief; an open window has no end of its own.
    let open = windows
        .clone()
        .any(|window| window.last.is_none() && window.first <= month);
    let standing = windows
        .filter(|window| window.first <= month)
        .filter_map(|window| window.last)
        .max()
        .filter(|_| !open)
        .map(Month::last_day);
    let mut last_row = ctx.rules.find(id, ctx.region, day).ok()?.1;
    // Windows of the relief that follow each other are one.
    while let Some(to) = last_row.to
        && let Ok(next) = to.tomorrow()
        && let Ok((_, row)) = ctx.rules.find(id, ctx.region, next)
        && row.from == next
    {
        last_row = row;
    }
    let end = [standing, last_row.to].into_iter().flatten().min()?;
    Some(TurningPoint {
        field: day_field(obligation),
        now: day.to_string(),
        turns_at: end.tomorrow().ok()?.to_string(),
        zh: "自该日起不再享受“六税两费”减征".to_owned(),
        en: "from that day on the half of the six taxes and two fees ends".to_owned(),
        parameter_id: Some(id.to_owned()),
    })
}

/// The day after the last of a dated relief.
fn end_of_relief(source: &Source, ctx: &Context<'_>, line: &ReliefLine) -> Option<TurningPoint> {
    let rule = ctx.rules.relief(&line.relief_id)?;
    let after = rule.to?.tomorrow().ok()?;
    Some(TurningPoint {
        field: "signed_on".to_owned(),
        now: source.signed_on.to_string(),
        turns_at: after.to_string(),
        zh: format!("自该日起书立的凭证不再享受：{}", rule.name_zh),
        en: format!(
            "documents signed from that day on have no more of: {}",
            rule.name_en
        ),
        parameter_id: Some(rule.id.clone()),
    })
}

/// The share that the former investors of a restructuring must keep more than.
fn kept_share(source: &Source, ctx: &Context<'_>, line: &ReliefLine) -> Option<TurningPoint> {
    let stated = source
        .restructuring
        .filter(|_| line.relief_id == RESTRUCTURING)?;
    let id = stated.body.share_parameter();
    let least = ctx.number(id, source.signed_on).ok()?;
    Some(TurningPoint {
        field: "restructuring.continuing_share".to_owned(),
        now: stated.continuing_share.to_string(),
        turns_at: least.value.to_string(),
        zh: "原投资主体所占比例不超过该比例的，不享受改制重组免税".to_owned(),
        en: "at or below it the exemption of restructurings is lost".to_owned(),
        parameter_id: Some(id.to_owned()),
    })
}

/// In the year in which the law changes: the first or last day of the other regime.
fn change_of_law(
    source: &Source,
    ctx: &Context<'_>,
    obligation: &Obligation<'_>,
    tax: &Tax,
) -> Option<TurningPoint> {
    let on = source.signed_on;
    let (_, row) = ctx.rules.find("st.regime", ctx.region, on).ok()?;
    let other: Date = match Regime::of(ctx, on).ok()? {
        Regime::Reg1988 => row.to?.tomorrow().ok()?,
        Regime::Law2022 => row.from.yesterday().ok()?,
    };
    (other.year() == on.year()).then_some(())?;
    let item = obligation.line.item;
    let (zh, en) = match item.rate(ctx, other, "item") {
        Ok(rate) => (
            format!(
                "改在该日书立的，适用另一法规，税率 {}（现为 {}）",
                rate.value, tax.rate
            ),
            format!(
                "signed then, the other law governs: {}, now {}",
                rate.value, tax.rate
            ),
        ),
        Err(_) => (
            format!("改在该日书立的，适用另一法规，没有税目 {}", item.name()),
            format!(
                "signed then, the other law governs, without item {}",
                item.name()
            ),
        ),
    };
    Some(TurningPoint {
        field: "signed_on".to_owned(),
        now: on.to_string(),
        turns_at: other.to_string(),
        zh,
        en,
        parameter_id: Some("st.regime".to_owned()),
    })
}
