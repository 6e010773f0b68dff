//! The wire form of a 环境保护税 source and its domain form.

mod choices;
mod read;
mod write;

pub use read::source;
pub use write::to_wire;

#[cfg(test)]
mod tests {
    use super::{source, to_wire};
    use crate::grpc::convert::Fields;
    use crate::pb::environmental_protection_tax_source::Subject;
    use crate::tax::environmental::Source;

    fn sources() -> Vec<Source> {
        let texts = [
            r#"{"name":"A","outlet_number":"DA001","permit_number":"P1","permit_required":true,
                "valid_period":{"first":"2026-01-01","last":"2026-12-31"},
                "stated_unit_tax":{"value":"1.20","document":"D"},
                "subject":{"OUTLET":{"medium":"AIR","fugitive":true,"rounds_equivalents":true,
                "facility":"HOUSEHOLD_REFUSE_PLANT","destination":"CENTRALISED_PLANT",
                "other_exceeded_months":["2026-08"],"records":[
                {"month":"2026-07","pollutant":"烟尘","pollutant_class":"AIR",
                 "quantity":{"MONITORED":{"automatic":true,"flow":"10.5","readings":[
                   {"concentration":"3.25","flow":"2"},{"below_detection_limit":true}]}},
                 "generation_kg":"5","generation_reason":"DATA_FALSIFIED","reviewed_kg":"6",
                 "mean_concentration":"1","max_concentration":"2","concentration_limit":"3",
                 "carried_forward":true,"claims_low_concentration_relief":true,
                 "already_paid":"1.50","previous_year_quantity":"77",
                 "stated_unit_tax":{"value":"6","document":"E"},
                 "reliefs":[{"relief_id":"ENV_OTHER","period":{"first":"2026-07-01",
                 "last":"2026-07-31"},"base_share":"0.5","ratio":"0.25","amount":"3.00",
                 "document":"D"}]},
                {"month":"2026-07","pollutant":"苯","quantity":{"COEFFICIENT":{
                 "base_quantity":"7","discharge_coefficient":"0.85",
                 "generation_coefficient":"9","mass_unit":"GRAM"}}},
                {"month":"2026-07","pollutant":"氨","quantity":{"MASS_BALANCE":
                 {"emission_kg":"4"}}},
                {"month":"2026-07","pollutant":"一般性粉尘","quantity":{"CONSTRUCTION_DUST":
                 {"area_sqm":"1","generation_coefficient":"1.01",
                  "reduction_coefficient":"0.30","work":"BUILDING"}}}]}}}"#,
            r#"{"name":"B","offshore":true,"occurrence_date":"2026-07-09",
                "subject":{"OUTLET":{"medium":"WATER",
                "records":[{"month":"2026-07","pollutant":"色度","pollutant_class":"SEWAGE",
                "quantity":{"SEWAGE":{"sewage_tonnes":"8","ph":"5.5","measured":"80",
                "measured_limit":"50"}}},{"month":"2026-07","pollutant":"牛",
                "quantity":{"FEATURE":{"count":"1","opening_stock":"2","closing_stock":"3",
                "beds":"4",
                "stated_scale":{"value":"100","document":"S"}}}},
                {"month":"2026-08","pollutant":"牛","quantity":{"FEATURE":{"count":"1"}}}],
                "destination":"MANURE_USE"}}}"#,
            r#"{"name":"C","subject":{"SOLID_WASTE":{"waste_kind":"HAZARDOUS",
                "hazardous_subclass":"HW01","records":[{"month":"2026-07",
                "generated_tonnes":"9","stored_tonnes":"1","disposed_tonnes":"2",
                "utilised_tonnes":"3","unmeasured_tonnes":"0.5","substandard_tonnes":"0.25",
                "generation_reason":"ILLEGAL_DUMPING","already_paid":"7.00"}]}}}"#,
            r#"{"name":"D","subject":{"NOISE_SITE":{"boundary_metres":"120","records":[
                {"month":"2026-07","day":{"limit_db":"65","days_over":3,
                 "points":[{"level_db":"70.5"}]},
                 "night":{"limit_db":"55","peak_limit_db":"70","days_over":4,"points":
                 [{"name":"N","level_db":"60","peak_db":"72"}],"already_paid":"5.00"}}]}}}"#,
        ];
        texts
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect()
    }

    #[test]
    fn the_wire_form_loses_nothing() {
        for before in sources() {
            let mut violations = Vec::new();
            let after = source(&mut Fields::new(&mut violations), &to_wire(&before));
            assert_eq!(violations, []);
            assert_eq!(after, Some(before));
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let mut wire = to_wire(&sources()[2]);
        wire.name = String::new();
        if let Some(Subject::SolidWaste(it)) = &mut wire.subject {
            it.waste_kind = 99;
            it.records[0].generated_tonnes = "-1".to_owned();
            it.records[0].month = "2026-7".to_owned();
        }
        let mut violations = Vec::new();
        assert!(source(&mut Fields::new(&mut violations), &wire).is_none());
        let names: Vec<&str> = violations.iter().map(|v| v.field.as_str()).collect();
        assert_eq!(
            names,
            [
                "name",
                "solid_waste.waste_kind",
                "solid_waste.records[0].month",
                "solid_waste.records[0].generated_tonnes"
            ]
        );
    }
}
