//! The stock `grpcurl` needs nothing but the address: reflection, health, errors, the journey.

use std::process::{Command, Output};
use std::time::Instant;

use serde_json::{Value, json};

use super::process::{LOOK_EVERY, Served, WAIT_MAX, grpcurl_folder};

struct Stage {
    server: Served,
    _dir: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            server: Served::start(&dir.path().join("data")),
            _dir: dir,
        }
    }

    fn run(&self, before: &[&str], after: &[&str]) -> Output {
        Command::new(grpcurl_folder().join("grpcurl"))
            .arg("-plaintext")
            .args(before)
            .arg(&self.server.address)
            .args(after)
            .output()
            .unwrap()
    }

    fn text(&self, before: &[&str], after: &[&str]) -> String {
        let output = self.run(before, after);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{after:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn call(&self, method: &str, request: &Value) -> Value {
        let full = format!("caixing.v1.{method}");
        let answer = self.text(&["-d", &request.to_string()], &[&full]);
        serde_json::from_str(&answer).unwrap()
    }
}

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[test]
fn every_service_is_listed() {
    let stage = Stage::new();
    let listed = stage.text(&[], &["list"]);
    let listed: Vec<&str> = listed.lines().collect();
    for service in [
        "caixing.v1.DeclarationService",
        "caixing.v1.OutcomeService",
        "caixing.v1.PaymentService",
        "caixing.v1.RuleService",
        "caixing.v1.SandboxService",
        "caixing.v1.TaxSourceService",
        "caixing.v1.TaxpayerService",
        "caixing.v1.TreasuryCallbackService",
        "caixing.v1.VoucherService",
        "grpc.health.v1.Health",
    ] {
        assert!(listed.contains(&service), "{service} in {listed:?}");
    }
}

#[test]
fn messages_and_methods_are_described_with_their_comments() {
    let stage = Stage::new();
    let period = stage.text(&[], &["describe", "caixing.v1.Period"]);
    assert!(period.contains("string first_day = 1 ["), "{period}");
    assert!(period.contains("field_behavior) = REQUIRED]"), "{period}");
    assert!(period.contains("税款所属期起止"), "{period}");
    let methods = stage.text(&[], &["describe", "caixing.v1.VoucherService"]);
    let verify = "rpc VerifyVoucher ( .caixing.v1.VerifyVoucherRequest ) \
                  returns ( .caixing.v1.VerifyVoucherResponse );";
    assert!(methods.contains(verify), "{methods}");
}

#[test]
fn health_is_serving_for_the_server_and_for_each_service() {
    let stage = Stage::new();
    for request in ["{}", r#"{"service": "caixing.v1.PaymentService"}"#] {
        let answer = stage.text(&["-d", request], &["grpc.health.v1.Health/Check"]);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer, json!({"status": "SERVING"}));
    }
    let unknown = r#"{"service": "caixing.v1.NoSuchService"}"#;
    let refused = stage.run(&["-d", unknown], &["grpc.health.v1.Health/Check"]);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("Code: NotFound"), "{said}");
}

/// `grpcurl` can decode error details only when their types are in the reflected set.
#[test]
fn error_details_are_printed_decoded() {
    let stage = Stage::new();
    let request = r#"{"taxNumber": "91340100MA8WXJ264T", "kind": "TAXPAYER_KIND_ENTERPRISE"}"#;
    let register = "caixing.v1.TaxpayerService/RegisterTaxpayer";
    let refused = stage.run(&["-format-error", "-d", request], &[register]);
    assert!(!refused.status.success());
    let said: Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert_eq!(said["code"], 3);
    let detail = |name: &str| {
        let of_type = format!("type.googleapis.com/google.rpc.{name}");
        let details = said["details"].as_array().unwrap();
        let mut found = details.iter().filter(|one| one["@type"] == *of_type);
        let first = found.next().unwrap_or_else(|| panic!("{name} in {said}"));
        assert!(found.next().is_none(), "{name} stands once");
        assert!(first.get("value").is_none(), "decoded: {first}");
        first.clone()
    };
    let info = detail("ErrorInfo");
    assert_eq!(info["domain"], "caixing");
    assert_eq!(info["reason"], "FIELDS_INVALID");
    let fields = detail("BadRequest");
    let fields = fields["fieldViolations"].as_array().unwrap();
    let fields: Vec<&str> = fields
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["request_id", "name"]);
    let message = detail("LocalizedMessage");
    assert_eq!(message["locale"], "zh-CN");
    assert_eq!(message["message"], "有 2 个字段不正确");
    assert!(
        !detail("RequestInfo")["requestId"]
            .as_str()
            .unwrap()
            .is_empty()
    );
}

fn collect(stage: &Stage, taxpayer: &Value) {
    let request = json!({
        "requestId": new_id(), "taxpayerId": taxpayer, "source": {
            "name": "产品销售合同", "regionCode": "340104", "taxAuthorityCode": "13401040000",
            "treasuryCode": "1234010400",
            "stamp": {
                "documentName": "产品销售合同", "filingMode": "STAMP_FILING_MODE_PERIODIC",
                "count": 1, "signedOn": "2026-07-10", "role": "STAMP_PARTY_ROLE_PROVIDER",
                "lines": [{"item": "STAMP_ITEM_SALE", "amountYuan": "5650000.00",
                           "vatStatedApartYuan": "650000.00"}],
                "counterparties": [{"name": "芜湖某机械有限公司"}],
            },
        },
    });
    let kept = stage.call("TaxSourceService/CreateTaxSource", &request);
    assert_eq!(kept["source"]["tax"], "TAX_KIND_STAMP_TAX");
}

/// Draws, checks and files the third quarter; the declaration as filed.
fn file(stage: &Stage, taxpayer: &Value) -> Value {
    let window = json!({"firstDay": "2026-07-01", "lastDay": "2026-09-30"});
    let request = json!({"requestId": new_id(), "taxpayerId": taxpayer, "window": window});
    let drawn = stage.call("DeclarationService/DraftDeclaration", &request);
    let draft = &drawn["declarations"][0];
    let id = &draft["declarationId"];
    let request = json!({"taxpayerId": taxpayer, "declarationId": id});
    let checked = stage.call("DeclarationService/ValidateDeclaration", &request);
    assert_eq!(checked["submittable"], true);
    assert_eq!(checked["contentDigest"], draft["contentDigest"]);
    let request = json!({
        "requestId": new_id(), "taxpayerId": taxpayer, "declarationId": id,
        "contentDigest": draft["contentDigest"],
        "acknowledgedWarnings": ["FREQUENCY_UNCONFIRMED"],
    });
    let filed = stage.call("DeclarationService/SubmitDeclaration", &request);
    let filed = filed["declaration"].clone();
    assert_eq!(filed["state"], "DECLARATION_STATE_AWAITING_PAYMENT");
    filed
}

fn pay(stage: &Stage, taxpayer: &Value, filed: &Value) -> Value {
    let id = &filed["declarationId"];
    let request = json!({"taxpayerId": taxpayer, "declarationId": id});
    let quoted = stage.call("PaymentService/QuotePayment", &request);
    // (5,650,000.00 − 650,000.00) × 0.3‰ = 1,500.00, in time.
    assert_eq!(quoted["quotes"][0]["totalYuan"], "1500.00");
    assert_eq!(quoted["quotes"][0]["surchargeYuan"], "0.00");
    let request = json!({
        "requestId": new_id(), "taxpayerId": taxpayer, "declarationId": id,
        "contentDigest": quoted["contentDigest"], "totalYuan": "1500.00",
        "agreementNumber": "SFXY-2026-000188",
    });
    let sent = stage.call("PaymentService/CreatePayment", &request);
    let request = json!({
        "taxpayerId": taxpayer, "paymentId": sent["payment"]["paymentId"],
    });
    let started = Instant::now();
    loop {
        let now = stage.call("PaymentService/GetPayment", &request);
        if now["payment"]["state"] == "PAYMENT_STATE_IN_TREASURY" {
            return now["payment"].clone();
        }
        assert!(started.elapsed() < WAIT_MAX, "not settled: {now}");
        std::thread::sleep(LOOK_EVERY);
    }
}

#[test]
fn the_journey_needs_nothing_but_grpcurl() {
    let stage = Stage::new();
    let clock = json!({"now": "2026-10-12T02:00:00Z"});
    let clock = stage.call("SandboxService/SetClock", &clock);
    assert_eq!(clock["today"], "2026-10-12");
    let request = json!({
        "requestId": new_id(), "taxNumber": "91340100MA8WXJ264T",
        "name": "合肥皖星精密机械制造有限公司", "kind": "TAXPAYER_KIND_ENTERPRISE",
    });
    let registered = stage.call("TaxpayerService/RegisterTaxpayer", &request);
    let taxpayer = &registered["taxpayer"]["taxpayerId"];
    collect(&stage, taxpayer);
    let filed = file(&stage, taxpayer);
    let paid = pay(&stage, taxpayer, &filed);
    let request = json!({"taxpayerId": taxpayer, "voucherNumber": paid["voucherNumber"]});
    let voucher = stage.call("VoucherService/GetVoucher", &request)["voucher"].clone();
    assert_eq!(voucher["totalYuan"], "1500.00");
    assert_eq!(voucher["totalInWords"], "壹仟伍佰元整");
    let mut request = json!({
        "voucherNumber": voucher["voucherNumber"], "taxNumber": "91340100MA8WXJ264T",
        "totalYuan": "1500.00",
    });
    let verified = stage.call("VoucherService/VerifyVoucher", &request);
    assert_eq!(verified["valid"], true);
    request["totalYuan"] = json!("1500.01");
    let refuted = stage.call("VoucherService/VerifyVoucher", &request);
    assert_eq!(refuted, json!({}));
}
