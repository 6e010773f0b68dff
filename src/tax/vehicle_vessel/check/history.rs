//! Events and earlier payments that cannot be as stated (V9, V13).

use super::super::source::{EventKind, Payment, PaymentKind, Source};
use super::super::spans;
use crate::tax::Finding;
use crate::types::Money;

const CITE_EVENTS: &str = "车船税法实施条例 第十九条、第二十条";

/// Events out of order and payments without proof.
pub(super) fn refusals(source: &Source) -> Vec<Finding> {
    let mut findings = before_acquisition(source);
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
            Finding::error(
                "VV_V9",
                format!("events[{place}].event_date"),
                format!("{} 早于取得日期 {}", event.on, source.acquired_on),
                format!(
                    "{} is before the acquisition on {}",
                    event.on, source.acquired_on
                ),
                CITE_EVENTS,
            )
            .numbers(source.acquired_on, event.on)
        })
        .collect()
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
            return Some(Finding::error(
                "VV_V9_ORDER",
                "events",
                format!(
                    "{} 的事项与之前的事项矛盾：失而复得须在被盗之后，报废、灭失、退货、转让后不再有事项",
                    event.on
                ),
                format!(
                    "the event of {} contradicts the one before: a recovery follows a theft, and \
                     nothing follows scrapping, loss, return or transfer",
                    event.on
                ),
                CITE_EVENTS,
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
            findings.push(Finding::error(
                "VV_V13",
                format!("payments[{place}].document"),
                "已缴、代收或已退税款须填写完税凭证号",
                "an amount paid, withheld or refunded needs the number of its certificate",
                "税务总局公告2021年第9号",
            ));
        }
        if payment.kind == PaymentKind::InsurerWithheld && source.kind.is_vessel() {
            findings.push(Finding::error(
                "VV_WITHHELD_VESSEL",
                format!("payments[{place}].kind"),
                "保险机构只代收机动车车船税，不代收船舶的税款",
                "insurers collect the tax of motor vehicles only, not of vessels",
                "车船税法 第六条",
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
                Finding::error(
                    "VV_REFUND_ABOVE_PAID",
                    "payments",
                    format!("{year} 年度已退税款 {refunded} 大于已缴税款 {paid}"),
                    format!("of {year} more was refunded ({refunded}) than paid ({paid})"),
                    "车船税法实施条例 第十九条",
                )
                .numbers(paid, refunded),
            );
        }
    }
    findings
}
