//! Any source at all, for the properties that hold whatever is stated.

use super::month;
use crate::tax::real_estate::Source;
use crate::types::Money;

/// Tenths as text.
fn tenths(number: u8) -> String {
    format!("0.{number}")
}

/// Choices out of closed lists, by number.
pub(super) fn pick<'a>(words: &[&'a str], number: u8) -> &'a str {
    words[usize::from(number) % words.len()]
}

/// Any source at all: also one that makes no sense.
pub(super) fn anything(bits: &[u8; 24], fen: [i64; 6], months: [i32; 6]) -> Source {
    let money = |number: usize| Money::from_fen(fen[number]).to_string();
    let area = |number: usize| format!("{}.{:02}", fen[number] / 1000, fen[number].rem_euclid(100));
    let day = |number: usize| {
        let month = month(2018, 1).plus(months[number].rem_euclid(120));
        let last = month.last_day();
        if bits[number].is_multiple_of(3) {
            last
        } else {
            month.first_day()
        }
    };
    let span = |from: usize, to: usize| {
        let (first, last) = (day(from).min(day(to)), day(from).max(day(to)));
        serde_json::json!({"first": first, "last": last})
    };
    let some = |number: usize, value: serde_json::Value| (bits[number] & 1 == 1).then_some(value);
    let claim = |number: usize| {
        let ids = [
            "RE_FARM_MARKET",
            "RE_BANK_FORECLOSED",
            "RE_PUBLIC_RENTAL",
            "RE_HEATING",
            "RE_MAJOR_REPAIR",
            "RE_LOW_RENT",
            "RE_NOTHING",
            "LU_WAREHOUSE",
            "RE_HARDSHIP",
        ];
        serde_json::json!({
            "relief_id": pick(&ids, bits[number]),
            "period": some(number + 1, span(0, 1)),
            "base_share": some(number, format!("0.{:02}", bits[number]).into()),
            "ratio": some(number + 2, tenths(5).into()),
        })
    };
    let plot = some(
        3,
        serde_json::json!({
            "land_no": "P", "plot_cost": money(2), "deed_tax": money(3), "plot_area": area(2),
            "total_building_area": area(4),
        }),
    );
    let rent = |from: usize, to: usize, number: usize| {
        let period = span(from, to);
        serde_json::json!({"period": period, "rent_ex_vat": money(number)})
    };
    let lease = |number: usize| {
        serde_json::json!({
            "lease_no": pick(&["", "C1", "C2"], bits[number]),
            "lessee_kind": pick(&["INDIVIDUAL", "SCALED_HOUSING_LESSOR", "OTHER"], bits[number]),
            "term": span(number % 6, (number + 2) % 6),
            "leased_area": some(number, area(3).into()),
            "leased_value": some(number + 1, money(4).into()),
            "rent_free_months": some(number + 2, serde_json::json!(["2025-02"]))
                .unwrap_or_else(|| serde_json::json!([])),
            "housing": bits[number] & 2 == 2,
            "rate_mode": pick(&["RATE_4", "RATE_12_WITH_RELIEF"], bits[number + 1]),
            "rents": [rent(0, 2, 5), rent(3, 4, 4)],
            "reliefs": some(number, serde_json::json!([claim(number)]))
                .unwrap_or_else(|| serde_json::json!([])),
        })
    };
    let roles = ["OWNER", "USER", "FINANCE_LESSEE", "PAWNEE"];
    let kinds = [
        "SELF_BUILT",
        "CONTRACTED",
        "ORIGINAL_HOUSE_TO_BUSINESS",
        "FINANCE_LEASE",
    ];
    serde_json::from_value(serde_json::json!({
        "house_no": pick(&["", "H"], bits[0]), "house_name": pick(&["地下供热站", ""], bits[1]),
        "taxpayer_role": pick(&roles, bits[2]), "acquired_on": day(0),
        "house_use": pick(&["INDUSTRIAL", "HOUSING", "OTHER"], bits[3]),
        "acquisition_kind": pick(&kinds, bits[4]), "ended_on": some(5, day(1).to_string().into()),
        "used_before_acceptance_on": some(6, day(2).to_string().into()),
        "underground": pick(&["NONE", "CONNECTED", "STANDALONE_OTHER"], bits[7]),
        "underground_ratio": some(8, serde_json::json!({"value": tenths(7), "document": "文"})),
        "ownership_share": some(9, format!("0.{:02}", bits[9]).into()),
        "versions": [
            {"building_value": money(0), "equipment_value": money(1),
             "building_area": some(10, area(1).into()), "plot": plot},
            {"building_value": money(1), "changed_on": day(3)},
        ],
        "leases": [lease(11), lease(13)],
        "reliefs": [claim(16), claim(19)],
        "relief_mode": pick(&["EXACT", "MONTHLY_AMOUNT"], bits[22]),
        "hardship": some(23, serde_json::json!({
            "period": span(2, 3), "ratio": tenths(4), "document": "核"})),
    }))
    .unwrap()
}
