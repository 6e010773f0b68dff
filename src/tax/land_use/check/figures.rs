//! What the figures of the period say: range of the unit tax, nothing taxed, reliefs above the
//! tax, paid too much.

use super::super::catalogue;
use super::super::months::{self, Start};
use super::super::relief::{self, Row};
use super::super::source::{LandClass, Source, Version};
use crate::tax::{ChargeError, Context, Finding};
use crate::types::{Money, Month, Period};

/// All of them.
pub fn all(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let Ok(start) = months::start(source, ctx) else {
        return found;
    };
    changes_before_taxed(source, &start, &mut found);
    if source.collective_sublease {
        found.push(catalogue::LU_SUBLEASE.at(
            "collective_sublease",
            "转租的集体土地由直接承租人缴纳，本税源不计税",
            "collective land that is rented on is taxed with the first lessee; nothing is taxed",
        ));
    }
    let Some(taxed) = months::taxed(source, &start, ctx.period) else {
        found.push(catalogue::LU_NOT_TAXED.at(
            "",
            format!("本期 {} 没有应税月份", ctx.period),
            format!("no month of {} is taxed", ctx.period),
        ));
        paid_for_nothing(source, ctx, &mut found);
        return found;
    };
    ranges(source, ctx, taxed, &mut found);
    relief_months(source, ctx, taxed, &mut found);
    if let Ok(Some(finding)) = above_tax(source, ctx, (&start, taxed)) {
        found.push(finding);
    }
    for (place, payment) in source.payments.iter().enumerate() {
        let partly = ctx.period.overlap(payment.period).is_some();
        if partly && !ctx.period.covers(payment.period) {
            found.push(catalogue::LU_PAID_PERIOD.at(
                format!("payments[{place}].period"),
                format!("已缴税款的所属期 {} 超出本期，未予抵减", payment.period),
                format!(
                    "the payment for {} reaches outside the period",
                    payment.period
                ),
            ));
        }
    }
    overpaid(source, ctx, &mut found);
    found
}

/// V8: a change before the first taxed month belongs into the first version.
fn changes_before_taxed(source: &Source, start: &Start, found: &mut Vec<Finding>) {
    for (place, version) in source.versions.iter().enumerate() {
        let month = version.from_month.or(version.changed_on.map(Month::of));
        if let Some(month) = month
            && month < start.month
        {
            found.push(catalogue::LU_V8_CHANGE_BEFORE_TAXED.at(
                format!("versions[{place}].changed_on"),
                format!(
                    "变更发生在首个应税月份 {} 之前，可直接填入首条信息",
                    start.month
                ),
                format!(
                    "the change lies before the first taxed month {}; the first version can say it",
                    start.month
                ),
            ));
        }
    }
}

/// V11: outside the range, a poor or rich area's rule must stand behind the value.
fn ranges(source: &Source, ctx: &Context<'_>, taxed: Period, found: &mut Vec<Finding>) {
    let mut last = None;
    for month in taxed.months() {
        let Some((place, version)) = months::version_in(source, month) else {
            continue;
        };
        let Ok(applied) = months::unit_tax(ctx, place, version, month) else {
            continue;
        };
        let range = months::range(ctx, version, month.first_day());
        if last == Some((place, applied.value, range)) {
            continue;
        }
        last = Some((place, applied.value, range));
        found.extend(city_kind(ctx, place, version, month));
        if let Some((low, high)) = range
            && !(low <= applied.value && applied.value <= high)
        {
            let finding = catalogue::LU_V11_UNIT_TAX_RANGE.at(
                format!("versions[{place}].unit_tax.value"),
                format!(
                    "自 {month} 起税额标准超出法定幅度：低于下限须为经济落后地区降低，\
                     高于上限须经财政部批准"
                ),
                format!(
                    "from {month} the unit tax is outside the national range; a poor or rich \
                     area's rule is needed"
                ),
            );
            found.push(finding.numbers(format!("{low}–{high}"), applied.value));
        }
    }
}

/// A stated kind of city that is not the one the rule pack knows for the place.
fn city_kind(ctx: &Context<'_>, place: usize, version: &Version, month: Month) -> Option<Finding> {
    let stated = version
        .city_kind
        .filter(|_| version.land_class == LandClass::City)?;
    let known = months::known_city_kind(ctx, month.first_day())?;
    (known != stated.key()).then(|| {
        let (known, stated) = (known.to_uppercase(), stated.key().to_uppercase());
        catalogue::LU_CITY_KIND
            .at(
                format!("versions[{place}].city_kind"),
                format!("列明的城市规模 {stated} 与规则库的 {known} 不符"),
                format!("the stated kind of city {stated} is not the rule pack's {known}"),
            )
            .numbers(known, stated)
    })
}

/// V10: a claim must meet the taxed months.
fn relief_months(source: &Source, ctx: &Context<'_>, taxed: Period, found: &mut Vec<Finding>) {
    for (place, relief) in source.reliefs.iter().enumerate() {
        let Some(claimed) = relief.claim.period else {
            continue;
        };
        if claimed.overlap(taxed).is_none() {
            found.push(catalogue::LU_V10_RELIEF_MONTHS.at(
                format!("reliefs[{place}].claim.period"),
                format!("减免期 {claimed} 与本期 {} 没有共同月份", ctx.period),
                format!("the relief for {claimed} has no month in {}", ctx.period),
            ));
        }
    }
}

/// V6: what the claims ask for in a month, against its tax.
fn above_tax(
    source: &Source,
    ctx: &Context<'_>,
    (start, taxed): (&Start, Period),
) -> Result<Option<Finding>, ChargeError> {
    for segment in months::segments(source, ctx, start)? {
        let (item, _) = segment.version.land_class.item(segment.version.grade);
        let tax = segment.tax_of(segment.area)?.round_to_fen()?;
        let mut row = Row::new((taxed, &segment), &item, tax)?;
        for (field, relief) in relief::claims(source) {
            row.apply(ctx, &field, &relief)?;
        }
        if let Some((month, tax, asked)) = row.excess()? {
            let (tax, asked) = (tax.round_to_fen()?, asked.round_to_fen()?);
            let finding = catalogue::LU_V6_RELIEF_ABOVE_TAX.at(
                "reliefs",
                format!("{month} 各项减免合计 {asked} 大于当月应纳税额 {tax}，整行以应纳税额为限"),
                format!(
                    "in {month} the reliefs ask for {asked} but the tax is {tax}; the row's \
                     reliefs are cut to its tax"
                ),
            );
            return Ok(Some(finding.numbers(format!("≤ {tax}"), asked)));
        }
    }
    Ok(None)
}

/// V13 where no line is left to carry the payment: it is refunded outside the return.
fn paid_for_nothing(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let inside = source
        .payments
        .iter()
        .filter(|payment| ctx.period.covers(payment.period));
    if let Ok(paid) = Money::sum(inside.map(|payment| payment.amount))
        && paid.is_positive()
    {
        let finding = catalogue::LU_V13_OVERPAID.at(
            "payments",
            format!("本期没有应税月份，已缴税额 {paid} 应申请退税"),
            format!("no month is taxed, so the {paid} paid is to be claimed back"),
        );
        found.push(finding.numbers(format!("≤ {}", Money::ZERO), paid));
    }
}

/// V13: more was paid than is due; refunds are allowed, so only a warning.
fn overpaid(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let Ok(charges) = source.charge(&[], ctx) else {
        return;
    };
    let due = charges
        .iter()
        .map(|line| line.tax_amount.minus(line.relief()?))
        .collect::<Result<Vec<Money>, _>>()
        .and_then(Money::sum);
    let paid = Money::sum(charges.iter().map(|line| line.already_paid));
    if let (Ok(due), Ok(paid)) = (due, paid)
        && paid > due
    {
        let finding = catalogue::LU_V13_OVERPAID.at(
            "payments",
            format!("已缴税额 {paid} 大于应纳税额 {due}，差额为应退税额"),
            format!("{paid} was paid but {due} is due; the difference is refundable"),
        );
        found.push(finding.numbers(format!("≤ {due}"), paid));
    }
}
