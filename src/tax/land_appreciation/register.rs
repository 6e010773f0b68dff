//! The project register (项目登记): prepayment, settlement and tail sales of one project must
//! tell one story. Sources of one project are those with its number, or with its name where either
//! has no number.

use jiff::civil::Date;

use super::catalogue;
use super::source::{Basis, Prepay, PropertyType, Settlement, Source, Tail, TailRow};
use crate::tax::{ChargeError, Context, Finding, TaxSource};
use crate::types::{Money, Month, Period};

/// What the other sources of the same project contradict; nothing where they agree.
pub(super) fn conflict(
    source: &Source,
    peers: &[&TaxSource],
    ctx: &Context<'_>,
) -> Option<Finding> {
    let bases: Vec<&Basis> = peers
        .iter()
        .filter_map(|peer| match peer {
            TaxSource::LandAppreciationTax(peer) if same_project(source, peer) => Some(&peer.basis),
            _ => None,
        })
        .collect();
    match &source.basis {
        Basis::Prepay(it) => prepaid_after_settlement(it, &bases, ctx),
        // Where a record says how much was prepaid, the source itself was checked against it.
        Basis::Settlement(it) if it.recorded_prepaid.is_none() => {
            let credited = it.types.iter().map(|kind| kind.prepaid);
            credit(credited, it.event_on, &bases, ctx, "settlement.types")
        }
        Basis::AssessedSettlement(it) if it.recorded_prepaid.is_none() => {
            let credited = it.types.iter().map(|kind| kind.prepaid);
            let field = "assessed_settlement.types";
            credit(credited, it.event_on, &bases, ctx, field)
        }
        Basis::Tail(it) => tail(it, &bases, ctx),
        _ => None,
    }
}

fn same_project(one: &Source, other: &Source) -> bool {
    if one.project_number.is_empty() || other.project_number.is_empty() {
        return one.project_name == other.project_name;
    }
    one.project_number == other.project_number
}

/// The day the project's settlement was accepted, as its settlement says.
fn accepted(bases: &[&Basis]) -> Option<Date> {
    bases.iter().find_map(|basis| match basis {
        Basis::Settlement(it) => it.accepted_on,
        Basis::AssessedSettlement(it) => it.accepted_on,
        _ => None,
    })
}

/// E2: receipts of a month after the acceptance, or of a month that has tail sales.
fn prepaid_after_settlement(it: &Prepay, bases: &[&Basis], ctx: &Context<'_>) -> Option<Finding> {
    let accepted = accepted(bases);
    let first_tail: Option<Month> = bases
        .iter()
        .filter_map(|basis| match basis {
            Basis::Tail(it) => it.rows.iter().map(|row| row.month).min(),
            _ => None,
        })
        .min();
    it.rows.iter().enumerate().find_map(|(place, row)| {
        if !ctx.period.contains(row.month.first_day()) {
            return None;
        }
        let settled = accepted.filter(|day| row.month.first_day() > *day);
        let tail = first_tail.filter(|month| row.month > *month);
        let since = settled.map(|day| day.to_string());
        let since = since.or_else(|| tail.map(|month| month.to_string()))?;
        Some(
            catalogue::LAT_E2
                .at(
                    format!("prepay.rows[{place}].month"),
                    format!("该项目自 {since} 起已清算，取得的收入应按尾盘申报"),
                    format!("the project is settled since {since}: file tail sales instead"),
                )
                .numbers(since, row.month),
        )
    })
}

/// E8: a credit above the prepayments that the project's sources come to.
fn credit(
    credited: impl Iterator<Item = Money>,
    until: Date,
    bases: &[&Basis],
    ctx: &Context<'_>,
    field: &str,
) -> Option<Finding> {
    let credited = Money::sum(credited).ok()?;
    let mut prepays = bases.iter().filter_map(|basis| match basis {
        Basis::Prepay(it) => Some(it),
        _ => None,
    });
    let first = prepays.next()?;
    let prepaid = || -> Result<Money, ChargeError> {
        let mut sum = Money::ZERO;
        for it in std::iter::once(first).chain(prepays) {
            sum = sum.plus(prepaid_until(it, until, ctx)?)?;
        }
        Ok(sum)
    };
    let prepaid = prepaid().ok()?;
    (credited > prepaid).then(|| {
        catalogue::LAT_E8
            .at(
                field,
                format!("抵减的预缴税款 {credited} 超过本项目各期预征税额之和 {prepaid}"),
                format!("the credit {credited} is above the project's prepayments of {prepaid}"),
            )
            .numbers(prepaid, credited)
    })
}

/// Prepayments due by the rows up to a day.
fn prepaid_until(it: &Prepay, until: Date, ctx: &Context<'_>) -> Result<Money, ChargeError> {
    let first = it.rows.iter().map(|row| row.month.first_day()).min();
    let Some(period) = first.and_then(|first| Period::new(first, until).ok()) else {
        return Ok(Money::ZERO);
    };
    let ctx = Context {
        period,
        explain: false,
        ..*ctx
    };
    let mut sum = Money::ZERO;
    for line in it.charge(&ctx)? {
        sum = sum.plus(line.tax_amount.minus(line.relief()?)?)?;
    }
    Ok(sum)
}

/// E7, E15: tail sales against the settlement of the project.
fn tail(it: &Tail, bases: &[&Basis], ctx: &Context<'_>) -> Option<Finding> {
    if let Some(accepted) = accepted(bases)
        && let Some((place, row)) = it.rows.iter().enumerate().find(|(_, row)| {
            ctx.period.contains(row.month.first_day()) && row.month < Month::of(accepted)
        })
    {
        let finding = catalogue::LAT_E15.at(
            format!("tail.rows[{place}].month"),
            format!("清算于 {accepted} 受理，此前取得的收入应预征"),
            format!("the settlement was accepted on {accepted}: sales before it are prepaid"),
        );
        return Some(finding.numbers(accepted, row.month));
    }
    let settlements: Vec<&Settlement> = bases
        .iter()
        .filter_map(|basis| match basis {
            Basis::Settlement(it) => Some(&**it),
            _ => None,
        })
        .collect();
    if settlements.is_empty() {
        return None;
    }
    it.rows.iter().enumerate().find_map(|(place, row)| {
        if !ctx.period.contains(row.month.first_day()) {
            return None;
        }
        let found: Vec<Option<Finding>> = settlements
            .iter()
            .map(|settlement| row_conflict(it, place, row, settlement, ctx))
            .collect();
        // One settlement (of the phase sold from) that agrees is enough.
        if found.iter().any(Option::is_none) {
            return None;
        }
        found.into_iter().flatten().next()
    })
}

fn row_conflict(
    it: &Tail,
    place: usize,
    row: &TailRow,
    settlement: &Settlement,
    ctx: &Context<'_>,
) -> Option<Finding> {
    let path = format!("tail.rows[{place}]");
    let kinds = &settlement.types;
    let Some(at) = kinds
        .iter()
        .position(|kind| kind.property_type == row.property_type)
    else {
        return Some(catalogue::LAT_E15.at(
            format!("{path}.property_type"),
            "该项目的清算中没有这一房地产类型",
            "the project's settlement has no such type of real estate",
        ));
    };
    let kind = kinds.get(at)?;
    let worked = settlement.appreciations(ctx).ok()?;
    let (_, worked) = worked.get(at)?;
    let mut pairs = vec![
        (
            "income_yuan",
            worked.income.to_string(),
            row.settled.income.to_string(),
        ),
        (
            "deductions_yuan",
            worked.deductions.to_string(),
            row.settled.deductions.to_string(),
        ),
    ];
    if let Some(areas) = kind.areas {
        let (sold, said) = (areas.sold_sqm, row.settled.sold_area_sqm);
        pairs.push((
            "sold_area_sqm",
            sold.normalize().to_string(),
            said.normalize().to_string(),
        ));
    }
    for (name, expected, actual) in pairs {
        if expected != actual {
            let finding = catalogue::LAT_E15.at(
                format!("{path}.settled.{name}"),
                format!("清算数据为 {expected}，尾盘填写为 {actual}"),
                format!("the settlement has {expected}, the tail sale says {actual}"),
            );
            return Some(finding.numbers(expected, actual));
        }
    }
    over_area(it, place, row.property_type, kind.areas?)
}

/// E7: the tail sales of a type up to a row, within what the settlement left.
fn over_area(it: &Tail, place: usize, kind: PropertyType, areas: super::Areas) -> Option<Finding> {
    let left = areas.saleable_sqm.checked_sub(areas.sold_sqm)?;
    let rows = it.rows.iter().filter(|row| row.property_type == kind);
    let sold = rows
        .map(|row| row.area_sqm)
        .try_fold(rust_decimal::Decimal::ZERO, |sum, area| {
            sum.checked_add(area)
        })?;
    (sold > left).then(|| {
        catalogue::LAT_E7
            .at(
                format!("tail.rows[{place}].area_sqm"),
                format!("尾盘销售面积合计 {sold} 超过清算后剩余面积 {left}"),
                format!("tail sales of {sold} are above the {left} that the settlement left"),
            )
            .numbers(left, sold)
    })
}
