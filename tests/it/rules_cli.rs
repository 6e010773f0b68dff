//! The rule pack as its users see it: the command line and `RuleService`.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use caixing::pb;
use serde_json::Value;

use super::support::Server;

fn caixing(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_caixing"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_embedded_pack_and_the_sample_region_are_clean() {
    let sample = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/rules/990000-sample.toml"
    );
    for arguments in [
        vec!["rules", "check"],
        vec!["rules", "check", "--with", sample],
    ] {
        let output = caixing(&arguments, b"");
        let told = lines(&output);
        assert!(output.status.success(), "{told:?}");
        assert!(told[0].contains("files, version "), "{told:?}");
    }
}

#[test]
fn every_problem_of_a_pack_is_listed_at_once() {
    let row = |from: &str, to: &str, value: &str| {
        format!(
            "{{ from = \"{from}\", to = \"{to}\", value = \"{value}\", cite = \"样例\", \
             status = \"confirmed\", checked_on = \"2026-11-24\" }}"
        )
    };
    let parameter = |id: &str, unit: &str, rows: &[String]| {
        let rows = rows.join(",\n");
        format!(
            "[[parameter]]\nid = \"{id}\"\nname_zh = \"样例\"\nunit = \"{unit}\"\n\
             values = [\n{rows}\n]\n"
        )
    };
    let gap = [
        row("2018-01-01", "2019-12-31", "0.2"),
        row("2020-01-02", "2020-12-31", "0.3"),
    ];
    let text = [
        "region = \"990000\"\n".to_owned(),
        parameter("ret.deduction", "ratio", &gap),
        parameter(
            "ret.colour",
            "ratio",
            &[row("2018-01-01", "2019-12-31", "0.2")],
        ),
        parameter(
            "ret.due",
            "text",
            &[row("2018-01-01", "2019-12-31", "tomorrow")],
        ),
        parameter(
            "ret.frequency",
            "count",
            &[row("2018-01-01", "2199-12-31", "4")],
        ),
    ]
    .concat();
    let dir = tempfile::tempdir().unwrap();
    let checked = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let output = caixing(&["rules", "check", "--with", path.to_str().unwrap()], b"");
        assert_eq!(output.status.code(), Some(1));
        lines(&output)
    };
    let expected = [
        "region/wrong.toml: the name does not begin with the code of its region",
        "ret.colour: no code looks it up",
        "ret.deduction 990000: no row from 2020-01-01 until the one of 2020-01-02",
        "ret.due 990000: tomorrow is not a rule for a due day",
        "ret.frequency 990000: 2199-12-31 cannot be meant as a day of law",
        "ret.frequency 990000: its unit is not the national one",
    ];
    assert_eq!(checked("wrong.toml", &text), expected);
    // What the loader refuses is listed whole as well: range, overlap, citation.
    let refused = text
        .replace("\"0.3\"", "\"0.31\"")
        .replace("2020-01-02", "2019-12-31")
        .replacen("样例\", status", "\", status", 1);
    let told = checked("990000-wrong.toml", &refused);
    assert!(
        told.iter()
            .any(|line| line.contains("ret.deduction: has no citation")),
        "{told:?}"
    );
    let wide = text
        .replace("\"0.3\"", "\"0.31\"")
        .replace("\"0.2\"", "\"0.05\"");
    let told = checked("990000-wide.toml", &wide);
    let outside = told
        .iter()
        .filter(|line| line.contains("outside the national range"));
    assert_eq!(outside.count(), 2, "{told:?}");
}

#[test]
fn what_holds_at_a_place_is_shown_for_one_tax() {
    let shown = ["rules", "show", "--on", "2024-07-01", "--region", "310000"];
    let json = [
        &shown[..],
        &["--tax", "ENVIRONMENTAL_PROTECTION_TAX", "--json"],
    ]
    .concat();
    let output = caixing(&json, b"");
    assert!(output.status.success());
    let rows: Vec<Value> = lines(&output)
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sulfur = rows
        .iter()
        .find(|row| row["parameterId"] == "ept.unit_tax.air.sulfur_dioxide");
    assert_eq!(sulfur.unwrap()["value"], "7.6");
    assert!(
        rows.iter()
            .all(|row| row["tax"] == "ENVIRONMENTAL_PROTECTION_TAX")
    );
    let table = lines(&caixing(&shown, b""));
    assert!(table.len() > rows.len() + 2 && table[0].starts_with("参数"));
    let unknown = caixing(&[&shown[..], &["--tax", "WINDOW_TAX"]].concat(), b"");
    assert!(!unknown.status.success());
}

#[test]
fn assess_reads_a_pipe_and_ends_non_zero_where_a_request_is_refused() {
    let empty = caixing(&["assess", "-"], b" \n");
    assert_eq!(empty.status.code(), Some(1));
    assert!(empty.stdout.is_empty());
    let refused = caixing(&["assess", "-", "--english"], b"{}\n{}\n");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(lines(&refused).len(), 2);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("2 of 2 requests were refused"), "{told}");
}

/// The example as a request, in a file.
fn example(dir: &tempfile::TempDir) -> String {
    let text = super::sample::read("examples/hefei-manufacturer.json");
    let example: Value = serde_json::from_str(&text).unwrap();
    let request = serde_json::json!({
        "window": example["window"],
        "sources": example["sources"],
        "sixTaxesWindows": example["taxpayer"]["sixTaxesWindows"],
    });
    let path = dir.path().join("request.json");
    std::fs::write(&path, request.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_request_is_explained_as_text_and_compared_with_another_law() {
    let dir = tempfile::tempdir().unwrap();
    let path = example(&dir);
    let output = caixing(&["assess", &path, "--text"], b"");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(text.contains("应补税额 917129.19"), "{text}");
    let compare = ["assess", "compare", &path, "--law-date-after", "2024-01-01"];
    let output = caixing(&compare, b"");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["before"]["payableYuan"], "917129.19");
    let same = caixing(&["assess", "compare", &path, &path, "--table"], b"");
    let told = lines(&same);
    assert!(told.last().unwrap().ends_with("0.00"), "{told:?}");
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn the_items_of_every_tax_are_listed_with_their_rates() {
    let server = Server::start().await;
    let ask = |tax: pb::TaxKind| pb::ListTaxItemsRequest {
        tax: tax.into(),
        on: "2026-07-01".to_owned(),
        region_code: "340104".to_owned(),
    };
    let expected = [
        (
            pb::TaxKind::RealEstateTax,
            "RET_VALUE",
            "101100700",
            "0.012",
        ),
        (pb::TaxKind::LandUseTax, "LUT_CITY_GRADE_1", "", ""),
        (pb::TaxKind::VehicleVesselTax, "MOTORCYCLE", "101140400", ""),
        (pb::TaxKind::StampTax, "ST_SALE", "101110111", "0.0003"),
        (pb::TaxKind::LandAppreciationTax, "LAT_OLD_BUILDING", "", ""),
        (
            pb::TaxKind::EnvironmentalProtectionTax,
            "EPT_AIR",
            "",
            "1.2",
        ),
    ];
    for (tax, id, code, rate) in expected {
        let answer = server
            .rules()
            .list_tax_items(ask(tax))
            .await
            .unwrap()
            .into_inner();
        let item = answer.items.iter().find(|item| item.item == id).unwrap();
        assert_eq!(item.item_code, code, "{id}");
        assert_eq!(item.rate, rate, "{id}");
        assert!(
            item.rate_parameter_id.is_empty() != item.rate_table_id.is_empty(),
            "{id}"
        );
        assert!(!item.cite.is_empty() && !item.name.is_empty(), "{id}");
    }
    let none = ask(pb::TaxKind::Unspecified);
    assert!(server.rules().list_tax_items(none).await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn parameters_are_listed_by_tax_and_reliefs_with_all_they_say() {
    let server = Server::start().await;
    let ask = |tax: pb::TaxKind| pb::ListParametersRequest {
        on: "2026-07-01".to_owned(),
        region_code: "340104".to_owned(),
        tax: tax.into(),
    };
    let all = server
        .rules()
        .list_parameters(ask(pb::TaxKind::Unspecified))
        .await;
    let all = all.unwrap().into_inner().parameters;
    let of_tax = server
        .rules()
        .list_parameters(ask(pb::TaxKind::RealEstateTax))
        .await;
    let of_tax = of_tax.unwrap().into_inner().parameters;
    assert!(!of_tax.is_empty() && of_tax.len() < all.len());
    assert!(
        of_tax
            .iter()
            .all(|parameter| parameter.tax() == pb::TaxKind::RealEstateTax)
    );
    let deduction = of_tax
        .iter()
        .find(|p| p.parameter_id == "ret.deduction")
        .unwrap();
    assert_eq!(deduction.national_range, ["0.10", "0.30"]);
    assert_eq!(deduction.unit, "ratio");
    let reliefs = |on: &str, any_day: bool| pb::ListReliefsRequest {
        tax: pb::TaxKind::VehicleVesselTax.into(),
        on: on.to_owned(),
        any_day,
    };
    let dated = server
        .rules()
        .list_reliefs(reliefs("2026-07-01", false))
        .await;
    let dated = dated.unwrap().into_inner().reliefs;
    let whole = server.rules().list_reliefs(reliefs("", true)).await;
    let whole = whole.unwrap().into_inner().reliefs;
    assert!(dated.len() <= whole.len());
    let half = dated
        .iter()
        .find(|relief| relief.relief_id == "VV_ENERGY_SAVING")
        .unwrap();
    assert_eq!((half.shape.as_str(), half.ratio.as_str()), ("ratio", "0.5"));
    assert!(half.items.contains(&"TRUCK".to_owned()));
    assert!(
        server
            .rules()
            .list_reliefs(reliefs("", false))
            .await
            .is_err()
    );
    server.stop().await;
}
