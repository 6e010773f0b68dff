//! Which months of a year are taxed: from acquisition, without the months after a theft, scrapping,
//! loss or return (实施条例 第十九条; 公告2013年第42号 第四条).

use super::source::{Event, EventKind, Source};
use crate::types::{Month, Period};

/// The runs of taxed months inside the year, in order.
///
/// A month in which a stolen vehicle came back is taxed, so a theft and recovery in one month
/// leave no gap (decision VV2).
pub(super) fn taxed(source: &Source, year: Period) -> Vec<Period> {
    let events = in_order(source);
    let start = first_month(source);
    let mut runs: Vec<Period> = Vec::new();
    for month in year.months() {
        if month < start || !is_held(&events, month) {
            continue;
        }
        let extended = runs
            .last()
            .filter(|run| run.last_month() == month.previous())
            .map(|run| Period::months_between(run.first_month(), month));
        match extended {
            Some(longer) => {
                runs.pop();
                runs.push(longer);
            }
            None => runs.push(Period::months_between(month, month)),
        }
    }
    runs
}

/// The events by date; events of one day stay as given.
pub(super) fn in_order(source: &Source) -> Vec<&Event> {
    let mut events: Vec<&Event> = source.events.iter().collect();
    events.sort_by_key(|event| event.on);
    events
}

/// The month of acquisition; the next January when the former owner paid that year.
fn first_month(source: &Source) -> Month {
    let month = Month::of(source.acquired_on);
    if source.seller_tax_certificate.trim().is_empty() {
        return month;
    }
    Period::year_of(source.acquired_on).last_month().next()
}

fn is_held(events: &[&Event], month: Month) -> bool {
    let mut held = true;
    for event in events {
        let from = match event.kind {
            // The seller keeps the year of the transfer.
            EventKind::Transferred => Period::year_of(event.on).last_month().next(),
            _ => Month::of(event.on),
        };
        if from <= month {
            held = event.kind == EventKind::Recovered;
        }
    }
    held
}
