//! Events and earlier payments that cannot be as stated (V9, V13).

use super::super::catalogue;
use super::super::source::{EventKind, Kind, Payment, PaymentKind, Source};
use super::super::spans;
use super::late;
use crate::tax::Finding;
use crate::types::{Money, Month};

/// Events out of order and payments without proof.
pub(super) fn refusals(source: &Source) -> Vec<Finding> {
    let mut findings = before_acquisition(source);
    findings.extend(changes(source));
    findings.extend(invoice(source));
    findings.extend(order(source));
    findings.extend(payments(source));
    findings
}

fn before_acquisition(source: &Source) -> Vec<Finding> {
    let early = source
        .events
        .iter()
        .enumerate()
        .filter(|(_, event)| event.on < source.acquired_on);
    early
        .map(|(place, event)| {
            catalogue::VV_V9
                .at(
                    format!("events[{place}].event_date"),
                    format!("{} 早于取得日期 {}", event.on, source.acquired_on),
                    format!(
                        "{} is before the acquisition on {}",
                        event.on, source.acquired_on
                    ),
                )
                .numbers(source.acquired_on, event.on)
        })
        .collect()
}

/// Changes before the acquisition, or from vehicle to vessel.
fn changes(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, change) in source.changes.iter().enumerate() {
        if change.on < source.acquired_on {
            findings.push(
                catalogue::VV_V9
                    .at(
                        format!("changes[{place}].change_date"),
                        format!("{} 早于取得日期 {}", change.on, source.acquired_on),
                        format!(
                            "{} is before the acquisition on {}",
                            change.on, source.acquired_on
                        ),
                    )
                    .numbers(source.acquired_on, change.on),
            );
        }
        let other = |kind: Kind| kind.is_vessel() != source.kind.is_vessel();
        if change.kind.is_some_and(other) {
            findings.push(catalogue::VV_CHANGE_KIND.at(
                format!("changes[{place}].kind"),
                "变更不能使车辆成为船舶，或使船舶成为车辆，请另建税源",
                "a change does not make a vehicle a vessel or the reverse: make another source",
            ));
        }
    }
    findings
}

/// The month of the vehicle invoice starts the tax, so the acquisition is not later (X3).
fn invoice(source: &Source) -> Option<Finding> {
    let invoiced = source.invoiced_on?;
    (Month::of(invoiced) < Month::of(source.acquired_on)).then(|| {
        catalogue::VV_X3
            .at(
                "acquired_date",
                format!(
                    "购车发票开具于 {invoiced}，纳税义务自发票当月起，取得日期 {} 晚于发票月份",
                    source.acquired_on
                ),
                format!(
                    "the invoice is of {invoiced} and its month starts the tax; the acquisition on \
                     {} is later",
                    source.acquired_on
                ),
            )
            .numbers(invoiced, source.acquired_on)
            .fix("acquired_date", invoiced)
    })
}

/// A recovery follows a theft; nothing follows scrapping, loss, return or transfer.
fn order(source: &Source) -> Option<Finding> {
    let mut before: Option<EventKind> = None;
    for event in spans::in_order(source) {
        let follows = match before {
            None => event.kind != EventKind::Recovered,
            Some(EventKind::Recovered) => event.kind != EventKind::Recovered,
            Some(EventKind::Stolen) => event.kind == EventKind::Recovered,
            Some(_) => false,
        };
        if !follows {
            return Some(catalogue::VV_V9_ORDER.at(
                "events",
                format!(
                    "{} 的事项与之前的事项矛盾：失而复得须在被盗之后，\
                     报废、灭失、退货、转让后不再有事项",
                    event.on
                ),
                format!(
                    "the event of {} contradicts the one before: a recovery follows a theft, and \
                     nothing follows scrapping, loss, return or transfer",
                    event.on
                ),
            ));
        }
        before = Some(event.kind);
    }
    None
}

fn payments(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, payment) in source.payments.iter().enumerate() {
        if payment.document.trim().is_empty() && !payment.amount.is_zero() {
            findings.push(catalogue::VV_V13.at(
                format!("payments[{place}].document"),
                "已缴、代收或已退税款须填写完税凭证号",
                "an amount paid, withheld or refunded needs the number of its certificate",
            ));
        }
        if let Some(finding) = late::form(payment, place) {
            findings.push(finding);
        }
        if payment.kind == PaymentKind::InsurerWithheld && source.kind.is_vessel() {
            findings.push(catalogue::VV_WITHHELD_VESSEL.at(
                format!("payments[{place}].kind"),
                "保险机构只代收机动车车船税，不代收船舶的税款",
                "insurers collect the tax of motor vehicles only, not of vessels",
            ));
        }
    }
    let mut years: Vec<i16> = source.payments.iter().map(|paid| paid.tax_year).collect();
    years.sort_unstable();
    years.dedup();
    for year in years {
        let of_year = source.payments.iter().filter(|paid| paid.tax_year == year);
        let (refunded, paid): (Vec<_>, Vec<_>) =
            of_year.partition(|paid| paid.kind == PaymentKind::Refunded);
        let sum = |list: Vec<&Payment>| Money::sum(list.into_iter().map(|payment| payment.amount));
        if let (Ok(refunded), Ok(paid)) = (sum(refunded), sum(paid))
            && refunded > paid
        {
            findings.push(
                catalogue::VV_REFUND_ABOVE_PAID
                    .at(
                        "payments",
                        format!("{year} 年度已退税款 {refunded} 大于已缴税款 {paid}"),
                        format!("of {year} more was refunded ({refunded}) than paid ({paid})"),
                    )
                    .numbers(paid, refunded),
            );
        }
    }
    findings
}
