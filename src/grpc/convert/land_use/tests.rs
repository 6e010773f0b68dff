//! The round trip of a plot with every field filled, and what is said of wrong fields.

use super::super::Fields;
use super::{source, to_wire};
use crate::pb;
use crate::tax::land_use::Source;

/// A plot with every field filled.
fn full() -> Source {
    serde_json::from_str(
        r#"{
          "taxpayer_kind": "ACTUAL_USER", "holder_id": "91340100MA0000001X",
          "holder_name": "合肥某某公司", "land_no": "T340104001", "land_name": "一号地块",
          "certificate_no": "皖(2020)合肥市不动产权第0001号", "certificate_kind": "REAL_ESTATE",
          "unit_code": "340104001001GB00001W00000000", "plot_no": "GB00001", "nature": "STATE",
          "acquisition_mode": "GRANTED", "purpose": "INDUSTRIAL", "address": "蜀山区",
          "land_price": "1000000.00",
          "acquisition": {"kind": "GRANT", "event_on": "2020-04-20", "signed_on": "2020-03-01"},
          "end": {"on": "2026-05-31", "kind": "TRANSFERRED"},
          "versions": [
            {"area_sqm": "20000.00", "land_class": "CITY", "grade": 3, "city_kind": "LARGE",
             "unit_tax": {"value": "5.12345678", "document": "演示"},
                 "surveyed_area_sqm": "20000.00", "certificate_area_sqm": "19999.5"},
            {"changed_on": "2021-01-05", "area_sqm": "100.5", "change_kind": "GRADE",
         "land_class": "COUNTY_TOWN",
             "grade": 1},
            {"from_month": "2022-07", "area_sqm": "100.5", "land_class": "MINING_AREA",
             "grade": 2}],
          "shared_building": {"own_floor_area_sqm": "1.5", "building_floor_area_sqm": "10.25"},
          "underground_stand_alone": true,
          "reliefs": [
            {"claim": {"relief_id": "LU_WAREHOUSE", "base_share": "0.25",
              "period": {"first": "2025-01-01", "last": "2025-06-30"}, "document": "D"}},
            {"claim": {"relief_id": "LU_HARDSHIP", "ratio": "0.5"}, "relief_area_sqm": "7.25"},
            {"claim": {"relief_id": "LU_HARDSHIP", "amount": "12.00"},
              "monthly_amount": "3.00"}],
          "plot_area_sqm": "30000.00",
          "assessed_grades": [{"land_class": "CITY", "grade": 3}],
          "collective_sublease": true,
          "uses": [{"kind": "FARMING", "area_sqm": "12.5"},
            {"kind": "HEATING", "share": "0.75",
              "period": {"first": "2025-01-01", "last": "2025-06-30"}}],
          "staff": {"disabled": "10.5", "all": "40"},
          "restricted_industry": true,
          "payments": [{"period": {"first": "2025-01-01", "last": "2025-03-31"},
            "amount": "6000.00"}]
        }"#,
    )
    .unwrap()
}

#[test]
fn the_round_trip_is_lossless() {
    let before = full();
    let mut violations = Vec::new();
    let after = source(&mut Fields::new(&mut violations), &to_wire(&before));
    assert!(violations.is_empty(), "{violations:?}");
    assert_eq!(after.unwrap(), before);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let mut wire = to_wire(&full());
    wire.taxpayer_kind = 77;
    wire.land_price_yuan = "-1".to_owned();
    wire.acquisition = None;
    wire.versions[1].area_sqm = "1.234".to_owned();
    wire.versions[2].grade = 0;
    wire.reliefs[0].claim.as_mut().unwrap().base_share = "1.1".to_owned();
    wire.reliefs[1].claim = None;
    wire.versions[1].change_kind = 9;
    wire.assessed_grades[0].grade = 100;
    wire.uses[0].kind = 0;
    wire.uses[1].share = "2".to_owned();
    wire.staff.as_mut().unwrap().all = String::new();
    wire.payments[0].period.as_mut().unwrap().first_day = "2025-02-30".to_owned();
    let mut violations = Vec::new();
    assert!(source(&mut Fields::new(&mut violations), &wire).is_none());
    let fields: Vec<&str> = violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "taxpayer_kind",
            "land_price_yuan",
            "acquisition",
            "versions[1].area_sqm",
            "versions[1].change_kind",
            "versions[2].grade",
            "reliefs[0].claim.base_share",
            "reliefs[1].claim",
            "payments[0].period.first_day",
            "assessed_grades[0].grade",
            "uses[0].kind",
            "uses[1].share",
            "staff.all",
        ]
    );
    let empty = pb::LandUseTaxSource::default();
    let mut violations = Vec::new();
    assert!(source(&mut Fields::new(&mut violations), &empty).is_none());
    assert_eq!(violations.len(), 6, "{violations:?}");
}
