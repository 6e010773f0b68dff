//! The fields of the calls about corrections, refunds, officers, vouchers and the sandbox, with
//! values they cannot take.

use serde_json::{Value, json};

use crate::bad_values::{Row, amounts, choices, days, digest, filters, ids, sizes, texts, tokens};
use crate::support::NOBODY;

/// A request about a thing, with its id.
fn about(taxpayer: &str, name: &str, id: &str) -> Value {
    json!({"request_id": NOBODY, "taxpayer_id": taxpayer, name: id})
}

/// The same with more fields.
fn with(mut request: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

fn treasuries() -> Vec<Value> {
    vec![json!(""), json!("12"), json!("12340104\u{202e}0")]
}

fn declarations(taxpayer: &str) -> Vec<Row> {
    let request = with(
        about(taxpayer, "declaration_id", NOBODY),
        &json!({"content_digest": digest(), "reason": "填报有误"}),
    );
    let fields = || {
        vec![
            ("request_id", ids()),
            ("taxpayer_id", ids()),
            ("declaration_id", ids()),
            ("content_digest", texts(64)),
            ("reason", texts(200)),
        ]
    };
    vec![
        (
            "DeclarationService/CorrectDeclaration",
            request.clone(),
            fields(),
        ),
        ("DeclarationService/VoidDeclaration", request, fields()),
    ]
}

fn money(taxpayer: &str) -> Vec<Row> {
    let refund = |more: &Value| with(about(taxpayer, "refund_id", NOBODY), more);
    let claim = json!({"content_digest": digest(), "amount_yuan": "1.00",
        "cause": "REFUND_CAUSE_OVERPAID"});
    vec![
        (
            "PaymentService/ListPayments",
            json!({"taxpayer_id": taxpayer}),
            vec![
                ("taxpayer_id", ids()),
                ("page_size", sizes()),
                ("page_token", tokens()),
            ],
        ),
        (
            "PaymentService/ListArrears",
            json!({"taxpayer_id": taxpayer, "as_of": "2026-10-12"}),
            vec![
                ("taxpayer_id", ids()),
                ("as_of", days().into_iter().skip(1).collect()),
            ],
        ),
        (
            "PaymentService/RequestRefund",
            with(about(taxpayer, "declaration_id", NOBODY), &claim),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("declaration_id", ids()),
                ("content_digest", texts(64)),
                ("amount_yuan", amounts()),
                ("cause", choices()),
            ],
        ),
        (
            "PaymentService/OffsetRefund",
            refund(&json!({"declaration_id": NOBODY, "content_digest": digest()})),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("refund_id", ids()),
                ("declaration_id", ids()),
                ("content_digest", texts(64)),
            ],
        ),
        (
            "PaymentService/GetRefund",
            json!({"taxpayer_id": taxpayer, "refund_id": NOBODY}),
            vec![("taxpayer_id", ids()), ("refund_id", ids())],
        ),
        (
            "PaymentService/ListRefunds",
            json!({"taxpayer_id": taxpayer}),
            vec![
                ("taxpayer_id", ids()),
                ("page_size", sizes()),
                ("page_token", tokens()),
            ],
        ),
        (
            "TreasuryCallbackService/ReportRefund",
            refund(
                &json!({"amount_yuan": "1.00", "treasury_code": "1234010400",
                "treasury_reference": "T"}),
            ),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("refund_id", ids()),
                ("amount_yuan", amounts()),
                ("treasury_code", treasuries()),
                ("treasury_reference", texts(60)),
            ],
        ),
    ]
}

fn officers(taxpayer: &str) -> Vec<Row> {
    let extension = json!({"approved": true, "extended_to": "2026-11-30",
        "requested_on": "2026-10-12", "document": "皖税延〔2026〕1号"});
    vec![
        (
            "OfficerService/ExtendPayment",
            with(about(taxpayer, "declaration_id", NOBODY), &extension),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("declaration_id", ids()),
                ("tax", filters()),
                ("extended_to", days()),
                ("requested_on", days()),
                ("document", texts(200)),
            ],
        ),
        (
            "OfficerService/OpenInspection",
            json!({"request_id": NOBODY, "taxpayer_id": taxpayer, "document": "通知",
                "period": {"first_day": "2026-07-01", "last_day": "2026-09-30"}}),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("period", vec![Value::Null]),
                ("tax", filters()),
                ("document", texts(200)),
            ],
        ),
        (
            "OfficerService/CloseInspection",
            about(taxpayer, "inspection_id", NOBODY),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("inspection_id", ids()),
            ],
        ),
        (
            "OfficerService/DecideRefund",
            with(
                about(taxpayer, "refund_id", NOBODY),
                &json!({"approved": true, "decision": "准予退还"}),
            ),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("refund_id", ids()),
                ("cause", filters()),
                ("decision", texts(200)),
            ],
        ),
        (
            "OfficerService/ReversePayment",
            with(
                about(taxpayer, "payment_id", NOBODY),
                &json!({"reason": "多扣"}),
            ),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("payment_id", ids()),
                ("reason", texts(200)),
            ],
        ),
        (
            "OfficerService/ListCases",
            json!({"taxpayer_id": taxpayer}),
            vec![("page_size", sizes()), ("page_token", tokens())],
        ),
        (
            "OfficerService/ResolveCase",
            with(
                about(taxpayer, "case_id", NOBODY),
                &json!({"resolution": "已核实"}),
            ),
            vec![
                ("request_id", ids()),
                ("case_id", ids()),
                ("resolution", texts(200)),
            ],
        ),
    ]
}

fn vouchers(taxpayer: &str) -> Vec<Row> {
    let sheet = |method| {
        (
            method,
            with(
                about(taxpayer, "voucher_number", "x"),
                &json!({"reason": "填写有误"}),
            ),
            vec![
                ("request_id", ids()),
                ("taxpayer_id", ids()),
                ("voucher_number", ids()),
                ("reason", texts(200)),
            ],
        )
    };
    vec![
        sheet("VoucherService/ReprintVoucher"),
        sheet("VoucherService/ReplaceVoucher"),
        sheet("VoucherService/VoidVoucher"),
        (
            "VoucherService/RenderVoucher",
            json!({"taxpayer_id": taxpayer, "voucher_number": "x"}),
            vec![
                ("taxpayer_id", ids()),
                ("voucher_number", ids()),
                ("document", filters()),
                ("format", filters()),
                ("page", vec![json!(-1), json!(i32::MIN)]),
            ],
        ),
        (
            "SandboxService/SetFault",
            json!({"bank": "BANK_FAULT_SLOW", "times": 0}),
            vec![("bank", filters()), ("taxpayer_id", ids()[1..].to_vec())],
        ),
        (
            "SandboxService/Reset",
            json!({"taxpayer_id": taxpayer}),
            vec![("taxpayer_id", ids()[1..].to_vec())],
        ),
    ]
}

/// See [`crate::bad_values::table`].
pub fn table(taxpayer: &str) -> Vec<Row> {
    [
        declarations(taxpayer),
        money(taxpayer),
        officers(taxpayer),
        vouchers(taxpayer),
    ]
    .concat()
}
