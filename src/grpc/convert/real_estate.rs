//! The wire form of a 房产税 source and its domain form.

mod read;
mod write;

pub use read::source;
pub use write::to_wire;

#[cfg(test)]
mod tests {
    use super::super::Fields;
    use super::{source, to_wire};
    use crate::pb;
    use crate::tax::real_estate::Source;

    /// A source with every field set.
    const FULL: &str = r#"{
        "house_no": "F1", "source_no": "S1", "ownership_share": "0.25",
        "house_name": "厂房", "certificate_no": "皖1",
        "taxpayer_role": "USER", "owner_id": "91340100MA2TXYZ12X", "owner_name": "甲公司",
        "house_use": "INDUSTRIAL", "acquisition_kind": "CONTRACTED", "acquired_on": "2020-05-12",
        "used_before_acceptance_on": "2020-04-01", "ended_on": "2026-09-30",
        "termination": "OTHER", "unit_code": "340104001001GB00001F00010001", "address": "路1号",
        "underground": "STANDALONE_OTHER",
        "underground_ratio": {"value": "0.70", "document": "文1"},
        "deduction_ratio": {"value": "0.30", "document": "文2"},
        "versions": [
            {"building_value": "100.50", "equipment_value": "0.00", "building_area": "10.50",
             "plot": {"land_no": "P1", "plot_cost": "7.00", "plot_area": "20.00",
                      "total_building_area": "10.50", "stated_plot_ratio": "0.53",
                      "deed_tax": "3.00"}},
            {"changed_on": "2021-01-05", "building_value": "200.00"}],
        "leases": [{
            "lease_no": "L1", "lessee_id": "1", "lessee_name": "乙",
            "lessee_kind": "INDIVIDUAL", "lease_kind": "FIXED_RETURN_INVESTMENT",
            "term": {"first": "2024-01-01", "last": "2026-12-31"}, "leased_area": "5.00",
            "changed_on": "2024-06-15",
            "contract_rent": "900.00", "rent_free_months": ["2024-02"], "housing": true,
            "rate_mode": "RATE_12_WITH_RELIEF",
            "rents": [{"period": {"first": "2024-01-01", "last": "2024-01-31"},
                       "rent_ex_vat": "3.00", "already_paid": "0.10"}],
            "reliefs": [{"relief_id": "RE_LOW_RENT", "base_share": "0.50", "document": "备1"}],
            "hardship": {"period": {"first": "2024-01-01", "last": "2024-12-31"},
                         "amount": "9.00", "document": "核1"}}],
        "reliefs": [{"relief_id": "RE_BANK_FORECLOSED", "ratio": "0.5",
                     "period": {"first": "2024-01-01", "last": "2024-12-31"}}],
        "relief_mode": "MONTHLY_AMOUNT",
        "hardship": {"period": {"first": "2024-01-01", "last": "2024-12-31"},
                     "ratio": "0.25", "document": "核2"},
        "value_payments": [{"period": {"first": "2024-01-01", "last": "2024-03-31"},
                            "amount": "1.00"}]
    }"#;

    #[test]
    fn the_round_trip_is_lossless() {
        let domain: Source = serde_json::from_str(FULL).unwrap();
        let wire = to_wire(&domain);
        let mut violations = Vec::new();
        let read = source(&mut Fields::new(&mut violations), &wire);
        assert!(violations.is_empty(), "{violations:?}");
        assert_eq!(read.as_ref(), Some(&domain));
        assert_eq!(to_wire(&read.unwrap()), wire);
    }

    #[test]
    fn all_wrong_fields_are_told_at_once() {
        let wire = pb::RealEstateTaxSource {
            acquired_on: "2025-02-30".to_owned(),
            versions: vec![pb::RealEstateValueVersion {
                building_value_yuan: "1e3".to_owned(),
                ..Default::default()
            }],
            leases: vec![pb::RealEstateLease {
                rent_free_months: vec!["2025-01".to_owned(), "2025-13".to_owned()],
                ..Default::default()
            }],
            ..Default::default()
        };
        let mut violations = Vec::new();
        assert!(source(&mut Fields::new(&mut violations), &wire).is_none());
        let paths: Vec<&str> = violations
            .iter()
            .map(|wrong| wrong.field.as_str())
            .collect();
        let expected = [
            "taxpayer_role",
            "house_use",
            "acquisition_kind",
            "acquired_on",
            "versions[0].building_value_yuan",
            "leases[0].lessee_kind",
            "leases[0].term",
            "leases[0].rent_free_months[1]",
        ];
        assert_eq!(paths, expected);
    }
}
