//! Bad input: refused with the path of the field, never an internal error, and nothing written.

use caixing::pb;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::support::*;

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

/// Calls any method with any message.
async fn call(server: &Server, method: &str, message: DynamicMessage) -> Result<(), Status> {
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

/// Every method with a taxpayer, a body that passes the reading of fields, and what is wrong with
/// each field: `(field, bad values)`.
fn table(taxpayer: &str) -> Vec<(&'static str, Value, Vec<(&'static str, Vec<Value>)>)> {
    let ids = || {
        let long = "9".repeat(70_000);
        vec![json!(""), json!("no-uuid"), json!("\u{202e}"), json!(long)]
    };
    let texts = |limit: usize| {
        let long = "长".repeat(limit + 1);
        vec![
            json!(""),
            json!("  "),
            json!("a\u{202e}b"),
            json!("a\u{200b}b"),
            json!("a\nb"),
            json!("a\u{0}b"),
            json!(long),
        ]
    };
    let amounts = || {
        [
            "",
            "1e3",
            "NaN",
            "Infinity",
            "+1",
            " 1",
            "1,000.00",
            "１",
            "0x10",
            "1.005",
            ".5",
            "5.",
            "--1",
            "99999999999999",
            "9999999999999999999999999999999999999",
        ]
        .map(Value::from)
        .to_vec()
    };
    let days = || {
        [
            "",
            "2026-02-29",
            "2026-02-30",
            "2026-13-01",
            "2026-00-10",
            "26-01-01",
            "2026/07/01",
            "2026-7-1",
            "2026-07-01T00:00:00Z",
            "+2026-07-01",
            "99999-01-01",
            "tomorrow",
        ]
        .map(Value::from)
        .to_vec()
    };
    let choices = || vec![json!(0), json!(99), json!(-1), json!(i32::MAX)];
    let filters = || vec![json!(99), json!(-1)];
    let tokens = || {
        vec![
            json!("x"),
            json!("1e9"),
            json!("9".repeat(40)),
            json!("\u{202e}"),
        ]
    };
    let sizes = || vec![json!(-1), json!(i32::MIN)];
    let quarter = json!({"first_day": "2026-07-01", "last_day": "2026-09-30"});
    let digest = "0".repeat(64);
    let id = NOBODY;
    let input = serde_json::from_str::<Value>(EXAMPLE).unwrap()["sources"][12].clone();
    let window = || {
        let backwards = json!({"first_day": "2026-09-30", "last_day": "2026-07-01"});
        vec![Value::Null, backwards]
    };
    vec![
        (
            "TaxpayerService/RegisterTaxpayer",
            json!({"request_id": id, "tax_number": "91350100M000100Y43", "name": "甲",
                "kind": 1, "six_taxes_windows": [
                    {"subject": 3, "first_month": "2026-07", "last_month": "2026-12"}]}),
            vec![
                ("request_id", ids()),
                (
                    "tax_number",
                    [ids(), vec![json!("91340100MA8WXJ264X"), json!("1")]].concat(),
                ),
                ("name", texts(200)),
                ("kind", choices()),
                ("six_taxes_windows.0.subject", choices()),
                (
                    "six_taxes_windows.0.first_month",
                    ["", "2026-13", "2026-00", "2026", "2026-7", "2026-07-01"]
                        .map(Value::from)
                        .to_vec(),
                ),
                (
                    "six_taxes_windows.0.last_month",
                    vec![json!("2026-13"), json!("2026-06")],
                ),
            ],
        ),
        (
            "TaxpayerService/UpdateTaxpayer",
            json!({"request_id": id, "taxpayer_id": taxpayer, "etag": "v1", "name": "甲",
                "kind": 1}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("etag", texts(63)),
                ("name", texts(200)),
                ("kind", choices()),
            ],
        ),
        (
            "TaxpayerService/GetTaxpayer",
            json!({"taxpayer_id": taxpayer}),
            vec![("taxpayer_id", ids())],
        ),
        (
            "TaxpayerService/ListTaxpayers",
            json!({}),
            vec![("page_size", sizes()), ("page_token", tokens())],
        ),
        (
            "TaxSourceService/CreateTaxSource",
            json!({"request_id": id, "taxpayer_id": taxpayer, "source": input}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("source", vec![Value::Null]),
                ("source.name", texts(200)),
            ],
        ),
        (
            "TaxSourceService/UpdateTaxSource",
            json!({"request_id": id, "taxpayer_id": taxpayer, "source_id": id, "etag": "v1",
                "source": input}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("source_id", ids()),
                ("etag", texts(63)),
                ("source", vec![Value::Null]),
            ],
        ),
        (
            "TaxSourceService/CloseTaxSource",
            json!({"request_id": id, "taxpayer_id": taxpayer, "source_id": id, "etag": "v1"}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("source_id", ids()),
                ("etag", texts(63)),
            ],
        ),
        (
            "TaxSourceService/GetTaxSource",
            json!({"taxpayer_id": taxpayer, "source_id": id}),
            vec![("taxpayer_id", ids()), ("source_id", ids())],
        ),
        (
            "TaxSourceService/ListTaxSources",
            json!({"taxpayer_id": taxpayer}),
            vec![
                ("taxpayer_id", ids()),
                ("tax", filters()),
                ("page_size", sizes()),
                ("page_token", tokens()),
            ],
        ),
        (
            "DeclarationService/ListObligations",
            json!({"taxpayer_id": taxpayer, "window": quarter}),
            vec![
                ("taxpayer_id", ids()),
                ("window", window()),
                ("window.first_day", days()),
                ("window.last_day", days()),
            ],
        ),
        (
            "DeclarationService/AssessDeclaration",
            json!({"taxpayer_kind": 1, "window": quarter, "sources": [input]}),
            vec![
                ("taxpayer_kind", filters()),
                ("window", window()),
                ("window.first_day", days()),
                ("window.last_day", days()),
                ("sources", vec![json!([])]),
                ("sources.0.name", texts(200)),
                ("sources.0.stamp.signed_on", days()),
            ],
        ),
        (
            "DeclarationService/DraftDeclaration",
            json!({"request_id": id, "taxpayer_id": taxpayer, "window": quarter, "taxes": [4]}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("window", window()),
                ("window.first_day", days()),
                ("window.last_day", days()),
                (
                    "tax_authority_code",
                    vec![json!("1"), json!("1340104000x"), json!("\u{202e}")],
                ),
                ("taxes.0", choices()),
            ],
        ),
        (
            "DeclarationService/ValidateDeclaration",
            json!({"taxpayer_id": taxpayer, "declaration_id": id}),
            vec![("taxpayer_id", ids()), ("declaration_id", ids())],
        ),
        (
            "DeclarationService/SubmitDeclaration",
            json!({"request_id": id, "taxpayer_id": taxpayer, "declaration_id": id,
                "content_digest": digest, "acknowledged_warnings": ["ST_W02"]}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("declaration_id", ids()),
                ("content_digest", texts(64)),
                ("acknowledged_warnings.0", texts(63)),
                (
                    "acknowledged_warnings",
                    vec![json!(vec!["ST_W02"; 100_000])],
                ),
            ],
        ),
        (
            "DeclarationService/GetDeclaration",
            json!({"taxpayer_id": taxpayer, "declaration_id": id}),
            vec![("taxpayer_id", ids()), ("declaration_id", ids())],
        ),
        (
            "DeclarationService/ListDeclarations",
            json!({"taxpayer_id": taxpayer}),
            vec![
                ("taxpayer_id", ids()),
                ("page_size", sizes()),
                ("page_token", tokens()),
            ],
        ),
        (
            "DeclarationService/ExplainDeclaration",
            json!({"taxpayer_id": taxpayer, "declaration_id": id}),
            vec![("taxpayer_id", ids()), ("declaration_id", ids())],
        ),
        (
            "PaymentService/QuotePayment",
            json!({"taxpayer_id": taxpayer, "declaration_id": id, "pay_on": ["2026-10-12"]}),
            vec![
                ("taxpayer_id", ids()),
                ("declaration_id", ids()),
                ("pay_on.0", days()),
                ("pay_on", vec![json!(vec!["2026-10-12"; 367])]),
            ],
        ),
        (
            "PaymentService/CreatePayment",
            json!({"request_id": id, "taxpayer_id": taxpayer, "declaration_id": id,
                "content_digest": digest, "total_yuan": "1.00", "agreement_number": "A"}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("declaration_id", ids()),
                ("content_digest", texts(64)),
                ("total_yuan", amounts()),
                ("agreement_number", texts(60)),
            ],
        ),
        (
            "PaymentService/GetPayment",
            json!({"taxpayer_id": taxpayer, "payment_id": id}),
            vec![("taxpayer_id", ids()), ("payment_id", ids())],
        ),
        (
            "PaymentService/ResolvePayment",
            json!({"request_id": id, "taxpayer_id": taxpayer, "payment_id": id}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("payment_id", ids()),
            ],
        ),
        (
            "TreasuryCallbackService/ReportSettlement",
            json!({"request_id": id, "taxpayer_id": taxpayer, "payment_id": id,
                "amount_yuan": "1.00", "treasury_code": "1234010400", "bank_reference": "B"}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("payment_id", ids()),
                ("amount_yuan", [amounts(), vec![json!("-1.00")]].concat()),
                (
                    "treasury_code",
                    vec![json!(""), json!("12"), json!("12340104\u{202e}0")],
                ),
                ("bank_reference", texts(60)),
            ],
        ),
        (
            "VoucherService/GetVoucher",
            json!({"taxpayer_id": taxpayer, "voucher_number": "x"}),
            vec![("taxpayer_id", ids()), ("voucher_number", ids())],
        ),
        (
            "VoucherService/ListVouchers",
            json!({"taxpayer_id": taxpayer}),
            vec![
                ("taxpayer_id", ids()),
                ("page_size", sizes()),
                ("page_token", tokens()),
            ],
        ),
        (
            "VoucherService/VerifyVoucher",
            json!({"voucher_number": "x", "tax_number": TAX_NUMBER, "total_yuan": "1.00"}),
            vec![
                ("voucher_number", ids()),
                ("tax_number", ids()),
                ("total_yuan", [amounts(), vec![json!("-1.00")]].concat()),
            ],
        ),
        (
            "OutcomeService/GetOutcome",
            json!({"taxpayer_id": taxpayer, "request_id": id}),
            vec![("taxpayer_id", ids()), ("request_id", ids())],
        ),
        (
            "SandboxService/SetClock",
            json!({"now": "2026-10-12T02:00:00Z"}),
            vec![],
        ),
    ]
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
    assert!(asked > 500, "{asked}");
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

/// Values that no field with such a name and example can take.
fn bad_values(path: &str, example: &Value) -> Vec<Value> {
    let Value::String(example) = example else {
        return Vec::new();
    };
    if example.contains("_KIND_") || example.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
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
