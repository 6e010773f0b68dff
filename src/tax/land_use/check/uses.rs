//! Uses and staff: facts that the radar reads must be usable.

use rust_decimal::Decimal;

use super::super::catalogue;
use super::super::facts::PieceUse;
use super::super::months;
use super::super::source::Source;
use crate::tax::Finding;
use crate::types::Exact;

/// Errors of uses and staff.
pub fn form(source: &Source, found: &mut Vec<Finding>) {
    let largest = months::largest_area(source);
    for (place, piece) in source.uses.iter().enumerate() {
        if let Some((name, zh, en)) = wrong(piece, largest) {
            found.push(catalogue::LU_USE.at(format!("uses[{place}].{name}"), zh, en));
        }
    }
    if let Some(staff) = source.staff
        && (staff.disabled < Decimal::ZERO || staff.disabled > staff.all)
    {
        let finding = catalogue::LU_STAFF.at(
            "staff.disabled",
            "安置残疾人数应在零与在职职工总数之间",
            "the disabled persons employed must be between none and all staff",
        );
        found.push(finding.numbers(format!("≤ {}", staff.all), staff.disabled));
    }
}

fn wrong(
    piece: &PieceUse,
    largest: Option<Exact>,
) -> Option<(&'static str, &'static str, &'static str)> {
    if piece.period.is_some_and(|period| !period.is_whole_months()) {
        return Some((
            "period",
            "用途起止时间应为整月",
            "a use runs over whole months",
        ));
    }
    if let Some(share) = piece.share
        && (share < Decimal::ZERO || share > Decimal::ONE || piece.area_sqm.is_some())
    {
        return Some((
            "share",
            "份额应在 0 与 1 之间，且不与面积同时填写",
            "a share lies between 0 and 1 and does not stand beside an area",
        ));
    }
    let area = piece.area_sqm?;
    let above = largest.is_some_and(|largest| Exact::from(area) > largest);
    (area <= Decimal::ZERO || above).then_some((
        "area_sqm",
        "用途面积应大于零且不超过应税面积",
        "the area of a use must be above zero and not above the taxed area",
    ))
}
