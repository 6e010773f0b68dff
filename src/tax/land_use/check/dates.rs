//! Dates against each other: order of versions, acquisition and end (V2, V7, V8).

use jiff::civil::Date;

use super::super::catalogue;
use super::super::source::{Source, Version};
use crate::tax::Finding;
use crate::types::Month;

/// Each version has its day, and they stand in order.
pub fn order(source: &Source, found: &mut Vec<Finding>) {
    let mut before: Option<&Version> = None;
    for (place, version) in source.versions.iter().enumerate() {
        version_day(place, version, found);
        if let Some(before) = before {
            after(place, version, before, found);
        }
        if version.first_month().is_some() || before.is_none() {
            before = Some(version);
        }
    }
}

/// The first version has no day of change; each other one has exactly one.
fn version_day(place: usize, version: &Version, found: &mut Vec<Finding>) {
    let days = u8::from(version.changed_on.is_some()) + u8::from(version.from_month.is_some());
    if days != u8::from(place > 0) {
        found.push(catalogue::LU_VERSION_DAY.at(
            format!("versions[{place}].changed_on"),
            "首条信息不填变更时间；其后每条应填变更日期或起始月份之一",
            "the first version has no day; every later one has a day of change or a first month",
        ));
    }
}

/// V8: a change lies in the current or a later month of the latest row, and no two on one day.
fn after(place: usize, version: &Version, before: &Version, found: &mut Vec<Finding>) {
    let Some((first, latest)) = version.first_month().zip(before.first_month()) else {
        return;
    };
    let field = format!("versions[{place}].{}", day_field(version));
    if first < latest {
        let finding = catalogue::LU_VERSION_ORDER.at(
            field,
            "变更信息应按时间顺序填写，变更时间不得早于最近一条明细的起始月份",
            "versions must stand in the order of their days, none before the latest row",
        );
        found.push(finding.numbers(format!("≥ {latest}"), first));
    } else if version.changed_on == before.changed_on && version.from_month == before.from_month {
        let finding = catalogue::LU_VERSION_TWICE.at(
            field,
            "同一日有两条变更信息，无法确定以哪条为准",
            "two versions have the same day, so neither can be told to count",
        );
        found.push(finding);
    }
}

fn day_field(version: &Version) -> &'static str {
    match version.from_month {
        Some(_) if version.changed_on.is_none() => "from_month",
        _ => "changed_on",
    }
}

/// Errors between the dates (V2, V7, V8).
pub fn dates(source: &Source, event: Date) -> Vec<Finding> {
    let mut found = Vec::new();
    let acquired = Month::of(event);
    for (place, version) in source.versions.iter().enumerate() {
        let Some(day) = version
            .changed_on
            .or(version.from_month.map(Month::first_day))
        else {
            continue;
        };
        let field = format!("versions[{place}].{}", day_field(version));
        let early = version.changed_on.is_some_and(|day| day < event)
            || version.from_month.is_some_and(|month| month < acquired);
        if early {
            let finding = catalogue::LU_V2_CHANGE_BEFORE_ACQUISITION.at(
                field.clone(),
                format!("变更时间早于土地取得时间 {event}"),
                format!("the change lies before the acquisition on {event}"),
            );
            found.push(finding.numbers(format!("≥ {event}"), day));
        }
        if let Some(end) = source.end
            && day > end.on
        {
            let finding = catalogue::LU_V8_CHANGE_AFTER_END.at(
                field,
                format!("变更时间晚于纳税义务终止时间 {}", end.on),
                format!(
                    "the change lies after the end of the liability on {}",
                    end.on
                ),
            );
            found.push(finding.numbers(format!("≤ {}", end.on), day));
        }
    }
    if let Some(end) = source.end
        && end.on < event
    {
        let finding = catalogue::LU_V7_END_BEFORE_ACQUISITION.at(
            "end.on",
            format!("终止时间早于土地取得时间 {event}"),
            format!("the end lies before the acquisition on {event}"),
        );
        found.push(finding.numbers(format!("≥ {event}"), end.on));
    }
    found
}
