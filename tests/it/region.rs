//! A province is added by a file alone: the sample region assesses all six taxes.

use caixing::grpc::{Call, Language, assess};
use caixing::pb;
use caixing::rules::{RuleBook, RuleFiles, audit};
use serde_json::{Value, json};

use super::sample;

const FILE: &str = "tests/rules/990000-sample.toml";

fn files() -> RuleFiles {
    let mut files = RuleBook::embedded_files();
    files.insert("region/990000-sample.toml".to_owned(), sample::read(FILE));
    files
}

fn source(name: &str, tax: &str, detail: Value) -> Value {
    json!({
        "name": name, "regionCode": "990102", "taxAuthorityCode": "19901020000",
        "treasuryCode": "9901020000", tax: detail,
    })
}

/// One source of each tax in a county of the sample region, in 2026.
fn sources() -> Vec<Value> {
    vec![
        source(
            "厂房",
            "realEstate",
            json!({
                "houseName": "厂房", "taxpayerRole": "REAL_ESTATE_TAXPAYER_ROLE_OWNER",
                "houseUse": "REAL_ESTATE_USE_INDUSTRIAL",
                "acquisitionKind": "REAL_ESTATE_ACQUISITION_KIND_SELF_BUILT",
                "acquiredOn": "2015-06-20",
                "versions": [{"buildingValueYuan": "10000000.00", "buildingAreaSqm": "8000.00"}],
            }),
        ),
        source(
            "地块",
            "landUse",
            json!({
                "taxpayerKind": "LAND_USE_TAXPAYER_KIND_RIGHT_HOLDER",
                "nature": "LAND_USE_NATURE_STATE",
                "acquisitionMode": "LAND_USE_ACQUISITION_MODE_GRANTED",
                "purpose": "LAND_USE_PURPOSE_INDUSTRIAL", "landName": "地块",
                "acquisition": {"kind": "LAND_USE_ACQUISITION_KIND_CARRIED_OVER",
                    "eventOn": "2020-01-01"},
                "versions": [{"areaSqm": "10000.00", "landClass": "LAND_USE_CLASS_CITY",
                    "grade": 2}],
            }),
        ),
        source(
            "轿车",
            "vehicleVessel",
            json!({
                "kind": "VEHICLE_VESSEL_KIND_PASSENGER_CAR",
                "declaredItem": "PASSENGER_CAR_1_0_1_6", "count": 1, "acquiredDate": "2021-03-18",
                "plate": "样A10001", "vin": "LHFDEM161M1000001", "name": "轿车",
                "energy": "VEHICLE_VESSEL_ENERGY_CONVENTIONAL", "displacementMl": 1598, "seats": 5,
            }),
        ),
        source(
            "合同",
            "stamp",
            json!({
                "documentNumber": "HT-1", "documentName": "买卖合同",
                "filingMode": "STAMP_FILING_MODE_PERIODIC", "count": 1, "signedOn": "2026-07-10",
                "role": "STAMP_PARTY_ROLE_PROVIDER",
                "lines": [{"item": "STAMP_ITEM_SALE", "amountYuan": "1000000.00"}],
                "counterparties": [{"name": "某公司",
                    "kind": "STAMP_COUNTERPARTY_KIND_ENTERPRISE"}],
            }),
        ),
        source(
            "旧厂房转让",
            "landAppreciation",
            json!({
                "projectName": "旧厂房转让", "oldAssessed": {"transfer": {
                    "contractOn": "2026-09-28",
                    "propertyUse": "LAND_APPRECIATION_PROPERTY_USE_NON_HOUSING",
                    "income": [{"kind": "LAND_APPRECIATION_INCOME_KIND_MONETARY",
                        "amountYuan": "600000.00",
                        "vatMethod": "LAND_APPRECIATION_VAT_METHOD_EXCLUDED"}],
                }},
            }),
        ),
        source(
            "排放口",
            "environmentalProtection",
            json!({
                "name": "排放口", "outletNumber": "DA001",
                "permitNumber": "91340100MA2TEST00X001V", "permitRequired": true,
                "outlet": {
                    "medium": "ENVIRONMENTAL_MEDIUM_AIR",
                    "facility": "ENVIRONMENTAL_FACILITY_ORDINARY",
                    "destination": "ENVIRONMENTAL_DESTINATION_ENVIRONMENT",
                    "records": [{"month": "2026-07", "pollutant": "二氧化硫",
                        "monitored": {"automatic": true, "flow": "1250",
                            "readings": [{"concentration": "38"}]},
                        "meanConcentration": "38", "maxConcentration": "48",
                        "concentrationLimit": "50"}],
                },
            }),
        ),
    ]
}

fn answer(book: &RuleBook) -> pb::AssessDeclarationResponse {
    let request = json!({
        "window": {"firstDay": "2026-01-01", "lastDay": "2026-12-31"},
        "sources": sources(),
    });
    let request = caixing::cli::read_json("AssessDeclarationRequest", &request.to_string());
    let call = Call {
        id: "test".to_owned(),
        language: Language::English,
    };
    assess(book, &call, request.unwrap()).unwrap()
}

#[test]
fn the_sample_region_passes_the_check() {
    if let Err(problems) = audit(files()) {
        panic!("{problems:#?}");
    }
}

#[test]
fn one_file_is_all_that_six_taxes_need() {
    let answer = answer(&RuleBook::from_files(files()).unwrap());
    let mut sums = std::collections::BTreeMap::new();
    for line in &answer.lines {
        let tax = sums
            .entry(line.tax().as_str_name())
            .or_insert(sample::yuan("0.00"));
        *tax = tax.plus(sample::yuan(&line.tax_amount_yuan)).unwrap();
    }
    let sums: Vec<(&str, String)> = sums.into_iter().map(|(t, s)| (t, s.to_string())).collect();
    let expected = [
        // 1250 × 38 ÷ 100 = 475 kg, ÷ 0.95 = 500, × 4.8
        ("TAX_KIND_ENVIRONMENTAL_PROTECTION_TAX", "2400.00"),
        // 600,000.00 × 0.06
        ("TAX_KIND_LAND_APPRECIATION_TAX", "36000.00"),
        // 10,000 × 8, in two halves
        ("TAX_KIND_LAND_USE_TAX", "80000.00"),
        // 10,000,000.00 × (1 − 0.25) × 0.012, in four quarters
        ("TAX_KIND_REAL_ESTATE_TAX", "90000.00"),
        // 1,000,000.00 × 0.0003
        ("TAX_KIND_STAMP_TAX", "300.00"),
        ("TAX_KIND_VEHICLE_VESSEL_TAX", "420.00"),
    ];
    let expected = expected.map(|(tax, sum)| (tax, sum.to_owned()));
    assert_eq!(sums, expected, "{:#?}", answer.findings);
    // Nothing is stated and nothing is unconfirmed: the file says it all.
    let doubts = [
        "RULE_UNCONFIRMED",
        "RATE_STATED",
        "DUE_RULE_UNCONFIRMED",
        "FREQUENCY_UNCONFIRMED",
    ];
    for finding in &answer.findings {
        assert_ne!(finding.severity(), pb::Severity::Error, "{finding:?}");
        assert!(!doubts.contains(&finding.rule_id.as_str()), "{finding:?}");
    }
    let halves = answer
        .lines
        .iter()
        .filter(|line| line.item == "LUT_CITY_GRADE_2");
    assert_eq!(
        halves
            .map(|line| line.item_code.as_str())
            .collect::<Vec<_>>(),
        ["101120102"; 2]
    );
}

#[test]
fn without_the_file_the_place_is_refused_and_nothing_is_guessed() {
    let answer = answer(&RuleBook::embedded().unwrap());
    let missing = answer
        .findings
        .iter()
        .filter(|finding| finding.rule_id == "JURISDICTION_PARAMETER_MISSING")
        .count();
    // The house, the plot and the car at least have no value of their own.
    assert!(missing >= 3, "{:#?}", answer.findings);
}
