//! Every request's fields with values they cannot take.

use serde_json::{Value, json};

use crate::support::{NOBODY, TAX_NUMBER};

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

/// A method, a body that passes the reading of fields, and bad values of its fields.
pub type Row = (&'static str, Value, Vec<(&'static str, Vec<Value>)>);

pub fn ids() -> Vec<Value> {
    let long = "9".repeat(70_000);
    vec![json!(""), json!("no-uuid"), json!("\u{202e}"), json!(long)]
}

pub fn texts(limit: usize) -> Vec<Value> {
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
}

pub fn amounts() -> Vec<Value> {
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
}

pub fn days() -> Vec<Value> {
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
}

/// A required choice.
pub fn choices() -> Vec<Value> {
    vec![json!(0), json!(99), json!(-1), json!(i32::MAX)]
}

/// A choice that may be left unspecified.
pub fn filters() -> Vec<Value> {
    vec![json!(99), json!(-1)]
}

pub fn tokens() -> Vec<Value> {
    vec![
        json!("x"),
        json!("1e9"),
        json!("9".repeat(40)),
        json!("\u{202e}"),
    ]
}

pub fn sizes() -> Vec<Value> {
    vec![json!(-1), json!(i32::MIN)]
}

fn windows() -> Vec<Value> {
    let backwards = json!({"first_day": "2026-09-30", "last_day": "2026-07-01"});
    vec![Value::Null, backwards]
}

fn quarter() -> Value {
    json!({"first_day": "2026-07-01", "last_day": "2026-09-30"})
}

fn document() -> Value {
    serde_json::from_str::<Value>(EXAMPLE).unwrap()["sources"][12].clone()
}

pub fn digest() -> String {
    "0".repeat(64)
}

fn register_taxpayer_and_on(taxpayer: &str) -> Vec<Row> {
    vec![
        (
            "TaxpayerService/RegisterTaxpayer",
            json!({"request_id": NOBODY, "tax_number": "91350100M000100Y43", "name": "甲",
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
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "etag": "v1", "name": "甲",
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
    ]
}

fn create_tax_source_and_on(taxpayer: &str) -> Vec<Row> {
    vec![
        (
            "TaxSourceService/CreateTaxSource",
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "source": document()}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("source", vec![Value::Null]),
                ("source.name", texts(200)),
            ],
        ),
        (
            "TaxSourceService/UpdateTaxSource",
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "source_id": NOBODY, "etag": "v1",
                "source": document()}),
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
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "source_id": NOBODY,
                "etag": "v1"}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("source_id", ids()),
                ("etag", texts(63)),
            ],
        ),
        (
            "TaxSourceService/GetTaxSource",
            json!({"taxpayer_id": taxpayer, "source_id": NOBODY}),
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
    ]
}

fn list_obligations_and_on(taxpayer: &str) -> Vec<Row> {
    vec![
        (
            "DeclarationService/ListObligations",
            json!({"taxpayer_id": taxpayer, "window": quarter()}),
            vec![
                ("taxpayer_id", ids()),
                ("window", windows()),
                ("window.first_day", days()),
                ("window.last_day", days()),
            ],
        ),
        (
            "DeclarationService/AssessDeclaration",
            json!({"taxpayer_kind": 1, "window": quarter(), "sources": [document()]}),
            vec![
                ("taxpayer_kind", filters()),
                ("window", windows()),
                ("window.first_day", days()),
                ("window.last_day", days()),
                ("sources", vec![json!([])]),
                ("sources.0.name", texts(200)),
                ("sources.0.stamp.signed_on", days()),
            ],
        ),
        (
            "DeclarationService/DraftDeclaration",
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "window": quarter(),
                "taxes": [4]}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("window", windows()),
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
            json!({"taxpayer_id": taxpayer, "declaration_id": NOBODY}),
            vec![("taxpayer_id", ids()), ("declaration_id", ids())],
        ),
    ]
}

fn submit_declaration_and_on(taxpayer: &str) -> Vec<Row> {
    vec![
        (
            "DeclarationService/SubmitDeclaration",
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "declaration_id": NOBODY,
                "content_digest": digest(), "acknowledged_warnings": ["ST_W02"]}),
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
            json!({"taxpayer_id": taxpayer, "declaration_id": NOBODY}),
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
            json!({"taxpayer_id": taxpayer, "declaration_id": NOBODY}),
            vec![("taxpayer_id", ids()), ("declaration_id", ids())],
        ),
        (
            "PaymentService/QuotePayment",
            json!({"taxpayer_id": taxpayer, "declaration_id": NOBODY, "pay_on": ["2026-10-12"]}),
            vec![
                ("taxpayer_id", ids()),
                ("declaration_id", ids()),
                ("pay_on.0", days()),
                ("pay_on", vec![json!(vec!["2026-10-12"; 367])]),
            ],
        ),
    ]
}

fn create_payment_and_on(taxpayer: &str) -> Vec<Row> {
    vec![
        (
            "PaymentService/CreatePayment",
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "declaration_id": NOBODY,
                "content_digest": digest(), "total_yuan": "1.00", "agreement_number": "A"}),
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
            json!({"taxpayer_id": taxpayer, "payment_id": NOBODY}),
            vec![("taxpayer_id", ids()), ("payment_id", ids())],
        ),
        (
            "PaymentService/ResolvePayment",
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "payment_id": NOBODY}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("payment_id", ids()),
            ],
        ),
        (
            "TreasuryCallbackService/ReportSettlement",
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "payment_id": NOBODY,
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
    ]
}

fn list_vouchers_and_on(taxpayer: &str) -> Vec<Row> {
    vec![
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
                // A refund's total is below zero.
                ("total_yuan", amounts()),
            ],
        ),
        (
            "OutcomeService/GetOutcome",
            json!({"taxpayer_id": taxpayer, "request_id": NOBODY}),
            vec![("taxpayer_id", ids()), ("request_id", ids())],
        ),
        (
            "SandboxService/SetClock",
            json!({"now": "2026-10-12T02:00:00Z"}),
            vec![],
        ),
    ]
}

/// Every method with a taxpayer, a body that passes the reading of fields, and what is wrong with
/// each field: `(field, bad values)`.
pub fn table(taxpayer: &str) -> Vec<Row> {
    [
        register_taxpayer_and_on(taxpayer),
        create_tax_source_and_on(taxpayer),
        list_obligations_and_on(taxpayer),
        submit_declaration_and_on(taxpayer),
        create_payment_and_on(taxpayer),
        list_vouchers_and_on(taxpayer),
        crate::bad_values_life::table(taxpayer),
    ]
    .concat()
}
