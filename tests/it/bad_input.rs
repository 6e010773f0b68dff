//! Bad input: refused with the path of the field, never an internal error, and nothing written.

use caixing::pb;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::bad_values::table;
use crate::support::*;

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

/// Calls any method with any message.
pub async fn call(server: &Server, method: &str, message: DynamicMessage) -> Result<(), Status> {
    let mut grpc = Grpc::new(server.channel.clone());
    grpc.ready().await.unwrap();
    let path = PathAndQuery::try_from(format!("/caixing.v1.{method}")).unwrap();
    let codec: ProstCodec<DynamicMessage, ()> = ProstCodec::default();
    grpc.unary(Request::new(message), path, codec)
        .await
        .map(|_| ())
}

async fn ask(server: &Server, method: &str, body: Value) -> Result<(), Status> {
    let (_, name) = method.split_once('/').unwrap();
    call(server, method, dynamic(&format!("{name}Request"), body)).await
}

/// The body with the value at a path such as `window.last_day` replaced.
fn with(body: &Value, path: &str, value: Value) -> Value {
    let mut body = body.clone();
    let pointer = format!("/{}", path.replace('.', "/"));
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(list) => list[last.parse::<usize>().unwrap()] = value,
        other => other[last] = value,
    }
    body
}

/// A JSON path as a proto field path: `a.0.b` is `a[0].b`, `camelCase` is `camel_case`.
fn proto_path(path: &str) -> String {
    let mut written = String::new();
    for part in path.split('.') {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            written.push_str(&format!("[{part}]"));
            continue;
        }
        if !written.is_empty() {
            written.push('.');
        }
        for letter in part.chars() {
            if letter.is_ascii_uppercase() {
                written.push('_');
            }
            written.push(letter.to_ascii_lowercase());
        }
    }
    written
}

/// What is wrong with how a bad value was answered; nothing when it was answered well.
fn complaint(path: &str, outcome: Result<(), Status>) -> Option<String> {
    let status = match outcome {
        Ok(()) => return Some("accepted".to_owned()),
        Err(status) => status,
    };
    if status.code() != Code::InvalidArgument || reason(&status) != "FIELDS_INVALID" {
        return Some(format!("{:?} {}", status.code(), status.message()));
    }
    let fields = bad_fields(&status);
    // A list whose element is refused may be named itself, and a period by its own path.
    let named = |field: &String| field == path;
    (!fields.iter().any(named)).then(|| format!("names {fields:?}"))
}

#[tokio::test]
async fn wrong_value_of_any_request_field_is_named_by_its_path() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut wrong = Vec::new();
    let mut asked = 0;
    for (method, body, fields) in table(&taxpayer) {
        for (field, values) in fields {
            for value in values {
                asked += 1;
                let outcome = ask(&server, method, with(&body, field, value.clone())).await;
                if let Some(complaint) = complaint(&proto_path(field), outcome) {
                    let value: String = value.to_string().chars().take(40).collect();
                    wrong.push(format!("{method} {field} = {value}: {complaint}"));
                }
            }
        }
    }
    assert!(asked > 900, "{asked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(source_list(&server, &taxpayer).await.is_empty());
    assert!(declaration_list(&server, &taxpayer).await.is_empty());
    let known = outcome(&server, &taxpayer, NOBODY).await;
    assert_eq!(known.state(), pb::OutcomeState::NotFound);
}

/// Every leaf of a JSON value with its path.
fn leaves(at: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    let below = |name: &str| format!("{at}.{name}");
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(&below(name), value, found);
            }
        }
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                leaves(&below(&place.to_string()), value, found);
            }
        }
        leaf => found.push((at.to_owned(), leaf.clone())),
    }
}

/// How the names of enum values begin.
const ENUMS: [&str; 6] = [
    "REAL_ESTATE_",
    "LAND_USE_",
    "VEHICLE_VESSEL_",
    "STAMP_",
    "LAND_APPRECIATION_",
    "ENVIRONMENTAL_",
];

/// Values that no field with such a name and example can take.
fn bad_values(path: &str, example: &Value) -> Vec<Value> {
    let Value::String(example) = example else {
        return Vec::new();
    };
    if ENUMS.iter().any(|prefix| example.starts_with(prefix)) {
        return vec![json!(99), json!(-7)];
    }
    let mut bad = vec![
        json!("1\u{202e}2"),
        json!("x\u{0}"),
        json!("九".repeat(201)),
    ];
    let name = path.rsplit('.').next().unwrap_or_default();
    let plain = example
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if name.ends_with("Yuan") || name.ends_with("Sqm") || name.ends_with("Tonnes") {
        assert!(plain, "{path}");
        let more = [
            "1e3",
            "NaN",
            "-1.00",
            "9999999999999999",
            "1,0",
            "+1",
            "1.123456789",
        ];
        bad.extend(more.map(Value::from));
    }
    let date = example.len() == 10 && example.chars().filter(|c| *c == '-').count() == 2;
    if date && !name.ends_with("Number") && !name.ends_with("No") {
        let more = ["2026-02-30", "2026-13-01", "20260701", "2026-07-1"];
        bad.extend(more.map(Value::from));
    }
    bad
}

#[tokio::test]
async fn wrong_value_in_any_leaf_of_every_tax_is_named_by_its_path() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for source in example["sources"].as_array().unwrap() {
        let body = json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "source": source});
        let mut found = Vec::new();
        leaves("source", source, &mut found);
        for (path, example) in found {
            for value in bad_values(&path, &example) {
                asked += 1;
                let body = with(&body, &path, value.clone());
                let outcome = ask(&server, "TaxSourceService/CreateTaxSource", body).await;
                if let Some(complaint) = complaint(&proto_path(&path), outcome) {
                    let value: String = value.to_string().chars().take(20).collect();
                    wrong.push(format!("{path} = {value}: {complaint}"));
                }
            }
        }
    }
    assert!(asked > 1000, "{asked}");
    assert!(
        wrong.is_empty(),
        "{} of {asked}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(source_list(&server, &taxpayer).await.is_empty());
}

/// Every list of a JSON value with its path.
fn lists(at: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                lists(&format!("{at}.{name}"), value, found);
            }
        }
        Value::Array(list) => {
            found.push((at.to_owned(), list[0].clone()));
            for (place, value) in list.iter().enumerate() {
                lists(&format!("{at}.{place}"), value, found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn endless_list_of_any_tax_is_refused_by_its_path() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let mut wrong = Vec::new();
    for source in example["sources"].as_array().unwrap() {
        let mut found = Vec::new();
        lists("source", source, &mut found);
        for (path, element) in found {
            let body = json!({"request_id": fresh(), "taxpayer_id": taxpayer, "source": source});
            let body = with(&body, &path, json!(vec![element; 10_001]));
            let outcome = ask(&server, "TaxSourceService/CreateTaxSource", body).await;
            if let Some(complaint) = complaint(&proto_path(&path), outcome) {
                wrong.push(format!("{path}: {complaint}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(source_list(&server, &taxpayer).await.is_empty());
}

#[tokio::test]
async fn hundreds_of_bad_fields_fit_in_four_kibibytes_and_are_counted() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut input = contract("HT-1");
    let bad = pb::StampLine {
        item: pb::StampItem::Sale.into(),
        amount_yuan: "1e3".to_owned(),
        vat_stated_apart_yuan: "NaN".to_owned(),
        own_share: "2".to_owned(),
        prior_paid_yuan: "-1".to_owned(),
        settlements: vec![
            pb::StampSettlement {
                settled_on: "2026-02-30".to_owned(),
                ..Default::default()
            };
            10
        ],
        ..Default::default()
    };
    stamp(&mut input).lines = vec![bad; 50];
    for language in ["zh-CN", "en"] {
        let request = collecting(&taxpayer, input.clone());
        let request = with_header(request, "accept-language", language);
        let status = server.sources().create_tax_source(request).await;
        let status = status.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.details().len() <= 4096, "{}", status.details().len());
        // 4 of each line itself, and day and amount of each of its 10 settlements.
        assert_eq!(fact(&status, "total"), "1200");
        assert_eq!(fact(&status, "truncated"), "true");
        let named = bad_fields(&status);
        assert!(named.len() > 4, "{named:?}");
        assert_eq!(named[0], "source.stamp.lines[0].amount_yuan");
    }
    let one = &mut stamp(&mut input).lines;
    one.truncate(1);
    one[0].settlements.clear();
    let request = collecting(&taxpayer, input);
    let status = server.sources().create_tax_source(request).await;
    let status = status.unwrap_err();
    assert_eq!(fact(&status, "total"), "4");
    assert_eq!(fact(&status, "truncated"), "false");
    let expected = [
        "amount_yuan",
        "vat_stated_apart_yuan",
        "own_share",
        "prior_paid_yuan",
    ]
    .map(|field| format!("source.stamp.lines[0].{field}"));
    assert_eq!(bad_fields(&status), expected);
    assert!(source_list(&server, &taxpayer).await.is_empty());
}

/// Calls with an id that nothing has, and what is not found.
fn unknown(taxpayer: &str) -> Vec<(&'static str, Value, &'static str)> {
    let free = caixing::types::VoucherNumber::make(2026, 1).to_string();
    let nobody = json!({"taxpayer_id": NOBODY});
    let source = json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "source_id": NOBODY,
        "etag": "v1"});
    let declaration = json!({"taxpayer_id": taxpayer, "declaration_id": NOBODY});
    let window = json!({"first_day": "2026-07-01", "last_day": "2026-09-30"});
    let due = json!({"taxpayer_id": NOBODY, "window": window});
    let draw = json!({"request_id": NOBODY, "taxpayer_id": NOBODY, "window": window});
    let submit = json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "declaration_id": NOBODY,
        "content_digest": "00"});
    let pay = json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "declaration_id": NOBODY,
        "content_digest": "00", "total_yuan": "1.00", "agreement_number": "A"});
    let payment = json!({"taxpayer_id": taxpayer, "payment_id": NOBODY});
    let resolve = json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "payment_id": NOBODY});
    let read = json!({"taxpayer_id": taxpayer, "source_id": NOBODY});
    let voucher = json!({"taxpayer_id": taxpayer, "voucher_number": free});
    vec![
        ("TaxpayerService/GetTaxpayer", nobody.clone(), "TAXPAYER"),
        (
            "TaxSourceService/ListTaxSources",
            nobody.clone(),
            "TAXPAYER",
        ),
        (
            "DeclarationService/ListDeclarations",
            nobody.clone(),
            "TAXPAYER",
        ),
        ("VoucherService/ListVouchers", nobody, "TAXPAYER"),
        ("DeclarationService/ListObligations", due, "TAXPAYER"),
        ("DeclarationService/DraftDeclaration", draw, "TAXPAYER"),
        ("TaxSourceService/GetTaxSource", read, "TAX_SOURCE"),
        ("TaxSourceService/CloseTaxSource", source, "TAX_SOURCE"),
        (
            "DeclarationService/GetDeclaration",
            declaration.clone(),
            "DECLARATION",
        ),
        (
            "DeclarationService/ValidateDeclaration",
            declaration.clone(),
            "DECLARATION",
        ),
        (
            "DeclarationService/ExplainDeclaration",
            declaration.clone(),
            "DECLARATION",
        ),
        (
            "DeclarationService/SubmitDeclaration",
            submit,
            "DECLARATION",
        ),
        ("PaymentService/QuotePayment", declaration, "DECLARATION"),
        ("PaymentService/CreatePayment", pay, "DECLARATION"),
        ("PaymentService/GetPayment", payment, "PAYMENT"),
        ("PaymentService/ResolvePayment", resolve, "PAYMENT"),
        ("VoucherService/GetVoucher", voucher, "VOUCHER"),
    ]
}

#[tokio::test]
async fn unknown_ids_are_not_found_each_with_its_reason() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    for (method, body, what) in unknown(&taxpayer) {
        let status = ask(&server, method, body).await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound, "{method}");
        assert_eq!(reason(&status), format!("{what}_NOT_FOUND"), "{method}");
    }
}

/// The law stands in the pack from 2018 to 2027: what lies outside is refused, not guessed.
#[tokio::test]
async fn windows_beyond_the_law_of_the_pack_are_refused() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    for (first, last) in [
        ("2017-10-01", "2017-12-31"),
        ("2017-12-31", "2018-03-31"),
        ("2027-10-01", "2028-01-01"),
    ] {
        let window = json!({"first_day": first, "last_day": last});
        let body = json!({"taxpayer_id": taxpayer, "window": window});
        let draft = json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "window": window});
        for (method, body) in [
            ("DeclarationService/ListObligations", &body),
            ("DeclarationService/ReviewEligibility", &body),
            ("DeclarationService/DraftDeclaration", &draft),
        ] {
            let status = ask(&server, method, body.clone()).await.unwrap_err();
            assert_eq!(bad_fields(&status), ["window"], "{method} {first}..{last}");
            let details = details(&status);
            let violation = &details.bad_request().unwrap().field_violations[0];
            let said = &violation.description;
            assert!(
                said.contains("2018-01-01") && said.contains("2027-12-31"),
                "{method}: {said}"
            );
        }
    }
    let whole = json!({"first_day": "2018-01-01", "last_day": "2027-12-31"});
    let body = json!({"taxpayer_id": taxpayer, "window": whole});
    ask(&server, "DeclarationService/ListObligations", body)
        .await
        .unwrap();
}
