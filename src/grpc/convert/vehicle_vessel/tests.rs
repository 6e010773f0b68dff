//! The wire form reads back, and every wrong field is named.

use super::{source, to_wire};
use crate::grpc::convert::Fields;
use crate::pb;
use crate::tax::vehicle_vessel::Source;

const FULL: &str = r#"{
    "kind": "SPECIAL_PURPOSE_VEHICLE", "declared_item": "SPECIAL_PURPOSE_VEHICLE", "count": 1,
    "acquired_on": "2026-08-05", "plate": "皖A12345", "vin": "1M8GDM9AXKP042788",
    "vessel_code": "", "name": "演示", "energy": "PLUG_IN_HYBRID", "displacement_ml": 1598,
    "seats": 3, "curb_mass_tonnes": "12.350000", "net_tonnage_tonnes": "0.5",
    "engine_power_kw": "300", "hull_length_metres": "9.50", "foreign": true,
    "seller_tax_certificate": "A1", "insurance_policy": "P1",
    "events": [{"kind": "STOLEN", "on": "2026-09-01", "document": "C1"},
               {"kind": "RECOVERED", "on": "2026-10-01", "document": ""}],
    "reliefs": [{"relief_id": "VV_PUBLIC_TRANSPORT", "base_share": "0.5", "ratio": "0.30",
                 "period": {"first": "2026-08-01", "last": "2026-12-31"},
                 "amount": "1.00", "document": "D"}],
    "payments": [{"kind": "INSURER_WITHHELD", "tax_year": 2026, "amount": "12.30",
                  "document": "E", "paid_on": "2027-01-05", "late_fee": "0.02"}],
    "usage": "FIRE_RESCUE", "invoiced_on": "2026-08-04", "purchase_tax_certificate": "G1",
    "catalogue_from": "2026-01-01", "catalogue_to": "2026-12-31",
    "engine_number": "F1", "first_registration_number": "R1", "home_port": "芜湖",
    "completed_on": "2019-01-01",
    "changes": [{"on": "2026-11-01", "kind": "TRUCK", "energy": "HYBRID", "displacement_ml": 1,
                 "seats": 2, "curb_mass_tonnes": "3.5", "net_tonnage_tonnes": "4",
                 "engine_power_kw": "5", "hull_length_metres": "6", "document": "H",
                 "stated_unit_amount": {"value": "70", "document": "演示值"}}],
    "withheld_treatment": "ENTER_AS_PAID",
    "stated_unit_amount": {"value": "60.00", "document": "演示值，非正式文号"}
}"#;

fn read(wire: &pb::VehicleVesselTaxSource) -> (Option<Source>, Vec<String>) {
    let mut violations = Vec::new();
    let read = source(&mut Fields::new(&mut violations), wire);
    (
        read,
        violations.into_iter().map(|wrong| wrong.field).collect(),
    )
}

#[test]
fn the_round_trip_loses_nothing() {
    let least = r#"{"kind": "MOTORCYCLE", "acquired_on": "2020-01-31"}"#;
    for text in [FULL, least] {
        let own: Source = serde_json::from_str(text).unwrap();
        let (back, wrong) = read(&to_wire(&own));
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(back, Some(own));
    }
}

#[test]
fn every_bad_field_is_named_at_once() {
    let mut wire = to_wire(&serde_json::from_str(FULL).unwrap());
    wire.kind = 99;
    wire.energy = 99;
    wire.acquired_date = "2026-02-30".to_owned();
    wire.curb_mass_tonnes = "-1".to_owned();
    wire.count = 100_001;
    wire.vin.push('1');
    wire.events[1].event_date = String::new();
    wire.payments[0].tax_year = 26;
    wire.payments[0].amount_yuan = "1.001".to_owned();
    wire.payments[0].paid_date = "2026-13-01".to_owned();
    wire.payments[0].late_fee_yuan = "-1".to_owned();
    wire.usage = 99;
    wire.invoice_date = "today".to_owned();
    wire.catalogue_last_date = "2026".to_owned();
    wire.completion_date = "1899-12-31".to_owned();
    wire.home_port = "港".repeat(51);
    wire.changes[0].change_date = String::new();
    wire.changes[0].kind = 99;
    wire.changes[0].engine_power_kw = "1e3".to_owned();
    let (back, wrong) = read(&wire);
    assert_eq!(back, None);
    assert_eq!(
        wrong,
        [
            "kind",
            "count",
            "acquired_date",
            "vin",
            "energy",
            "curb_mass_tonnes",
            "events[1].event_date",
            "payments[0].tax_year",
            "payments[0].amount_yuan",
            "payments[0].paid_date",
            "payments[0].late_fee_yuan",
            "usage",
            "invoice_date",
            "catalogue_last_date",
            "completion_date",
            "home_port",
            "changes[0].change_date",
            "changes[0].kind",
            "changes[0].engine_power_kw",
        ]
    );
}
