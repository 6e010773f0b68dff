use super::{source, to_wire};
use crate::grpc::convert::Fields;
use crate::pb;
use crate::tax::land_appreciation::Source;

const PART: &str = r#"{"kind":"MONETARY","amount":"109.00","vat_method":"GENERAL",
        "vat_offset":"1.00","sold_on":"2018-04-30"}"#;
const CLAIM: &str = r#"{"relief_id":"LAT_X","period":{"first":"2024-01-01","last":"2024-01-31"},
        "base_share":"0.5","ratio":"0.25","amount":"3.00","document":"文号"}"#;
const TAXES: &str = r#"{"business_tax":"1.00","urban_construction":"2.00","education":"3.00",
        "local_education":"4.00","stamp":"5.00"}"#;
const COST: &str = r#"{"clearance":"1.00","preliminary":"2.00","construction":"3.00",
        "infrastructure":"4.00","public_facilities":"5.00","indirect":"6.00"}"#;
const AREAS: &str = r#"{"saleable_sqm":"100.00","sold_sqm":"50.00","self_used_sqm":"10.00",
        "remaining_sqm":"40.00","weight_sqm":"120.50"}"#;
const STATED: &str = r#"{"value":"0.05","document":"文号"}"#;

fn deductions() -> String {
    format!(
        r#"{{"land":"9.00","development_cost":{COST},"expense_mode":"INTEREST_PLUS_FIVE",
        "expense_rate":"0.04","interest":"1.00","interest_disallowed":"0.50",
        "interest_cap":"0.40","taxes":{TAXES},"collected_fees":"7.00","without_invoice":"8.00"}}"#
    )
}

fn transfer() -> String {
    format!(
        r#"{{"contract_on":"2024-01-20","property_use":"NON_HOUSING","income":[{PART}],
        "assessed_price":"200.00","low_price_justified":true,"restructuring":"MERGER",
        "any_party_is_developer":true,"already_paid":"1.00","reliefs":[{CLAIM}],
        "occasion":"PUBLIC_RENTAL_STOCK","stated_additional":"6.00"}}"#
    )
}

fn developer_bases() -> Vec<String> {
    let deductions = deductions();
    vec![
        format!(
            r#"{{"PREPAY":{{"rows":[{{"month":"2024-01","class":"VILLA","sub_type":"联排",
            "monetary":"1.00","in_kind":"2.00","deemed":"3.00","vat_method":"SIMPLE",
            "ratio_band":"ABOVE_200","stated_rate":{STATED},"already_paid":"4.00",
            "reliefs":[{CLAIM}]}}],"base_method":"RECEIPT_DIV_ONE_PLUS_RATE",
            "settlement_accepted_on":"2024-03-01","areas":{AREAS},
            "presale_permit_on":"2020-01-01"}}}}"#
        ),
        format!(
            r#"{{"SETTLEMENT":{{"event_on":"2024-01-20","types":[{{"property_type":"NON_ORDINARY",
            "income":[{PART}],"deductions":{deductions},"areas":{AREAS},"prepaid":"1.00",
            "reliefs":[{CLAIM}],"ordinary_facts":{{"plot_ratio":"1.2",
            "largest_unit_sqm":"118.50","price_to_average":"1.15"}}}}],
            "ordinary_not_separate":true,
            "shared_costs":{{"land":"1.00","development_cost":{COST}}},
            "recorded_prepaid":"2.00","accepted_on":"2024-03-01",
            "stated_total":{{"income":"1.00","deductions":"2.00","tax":"3.00",
            "prepaid":"4.00"}}}}}}"#
        ),
        format!(
            r#"{{"ASSESSED_SETTLEMENT":{{"event_on":"2024-01-20","types":[{{
            "property_type":"OTHER","income":[{PART}],"stated_rate":{STATED},"prepaid":"1.00",
            "reliefs":[{CLAIM}]}}],"recorded_prepaid":"2.00","accepted_on":"2024-03-01",
            "stated_total":{{"income":"1.00"}}}}}}"#
        ),
        format!(
            r#"{{"WIP_TRANSFER":{{"contract_on":"2024-01-20","income":[{PART}],
            "deductions":{deductions},"prepaid":"1.00","reliefs":[{CLAIM}]}}}}"#
        ),
        format!(
            r#"{{"TAIL":{{"rows":[{{"month":"2024-01","property_type":"ORDINARY",
            "income":[{PART}],"area_sqm":"10.25","settled":{{"income":"9.00",
            "deductions":"8.00","taxes":"1.00","sold_area_sqm":"7.00","unit_cost":"1.00"}},
            "taxes":{TAXES},"already_paid":"1.00","reliefs":[{CLAIM}]}}],
            "ordinary_not_separate":true}}}}"#
        ),
    ]
}

fn other_bases() -> Vec<String> {
    let transfer = transfer();
    vec![
        format!(
            r#"{{"OLD_BUILDING":{{"transfer":{transfer},"method":{{"APPRAISAL":{{
            "land_paid":"1.00","replacement_cost":"2.00","newness":"0.7","fee":"3.00",
            "ordered_by_bureau":true,"invoice_amount":"5.00"}}}},"taxes":{TAXES}}}}}"#
        ),
        format!(
            r#"{{"OLD_BUILDING":{{"transfer":{transfer},"method":{{"INVOICE":{{
            "kind":"SPECIAL_VAT","purchase_on":"2018-12-20","sale_on":"2024-01-15",
            "amount":"2.00","vat":"1.00","deed_tax":"0.50","stated_years":0,
            "appraised_value":"4.00"}}}},
            "taxes":{TAXES}}}}}"#
        ),
        format!(r#"{{"OLD_ASSESSED":{{"transfer":{transfer},"stated_rate":{STATED}}}}}"#),
        format!(
            r#"{{"LAND_TRANSFER":{{"transfer":{transfer},"land_paid":"1.00",
            "development_cost":"2.00","taxes":{TAXES}}}}}"#
        ),
    ]
}

fn sources() -> Vec<Source> {
    developer_bases()
        .iter()
        .chain(&other_bases())
        .map(|basis| {
            let text =
                format!(r#"{{"project_name":"项目","project_number":"34-1","basis":{basis}}}"#);
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
        })
        .collect()
}

#[test]
fn the_round_trip_is_lossless() {
    for before in sources() {
        let mut violations = Vec::new();
        let after = source(&mut Fields::new(&mut violations), &to_wire(&before));
        assert_eq!(violations, []);
        assert_eq!(after.as_ref(), Some(&before));
        let stored = serde_json::to_string(&before).unwrap();
        assert_eq!(serde_json::from_str::<Source>(&stored).unwrap(), before);
    }
}

#[test]
fn all_wrong_fields_are_named_at_once() {
    let mut wire = to_wire(&sources()[1]);
    wire.project_name = String::new();
    let Some(pb::land_appreciation_tax_source::Basis::Settlement(it)) = &mut wire.basis else {
        panic!("the second source is a settlement");
    };
    it.event_on = "2024-02-30".to_owned();
    it.types[0].property_type = 9;
    it.types[0].income[0].amount_yuan = "1e3".to_owned();
    it.types[0].deductions = None;
    let mut violations = Vec::new();
    assert!(source(&mut Fields::new(&mut violations), &wire).is_none());
    let paths: Vec<&str> = violations.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(
        paths,
        [
            "project_name",
            "settlement.event_on",
            "settlement.types[0].property_type",
            "settlement.types[0].income[0].amount_yuan",
            "settlement.types[0].deductions",
        ]
    );
}

#[test]
fn a_source_without_basis_is_refused() {
    let wire = pb::LandAppreciationTaxSource {
        project_name: "项目".to_owned(),
        ..Default::default()
    };
    let mut violations = Vec::new();
    assert!(source(&mut Fields::new(&mut violations), &wire).is_none());
    assert_eq!(violations[0].field, "basis");
}
