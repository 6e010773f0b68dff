//! The small acts of a taxpayer, with the wire as any client sees it.

use caixing::pb;
use serde_json::json;

use super::{Server, TAX_NUMBER, fresh, message};

/// An agreement the sandbox's bank accepts.
pub const AGREEMENT: &str = "SFXY-2026-000188";

/// The third quarter of 2026.
pub fn third_quarter() -> pb::Period {
    window("2026-07-01", "2026-09-30")
}

/// A window.
pub fn window(first_day: &str, last_day: &str) -> pb::Period {
    pb::Period {
        first_day: first_day.to_owned(),
        last_day: last_day.to_owned(),
    }
}

/// A registration of the example taxpayer, without six-taxes relief.
pub fn registration() -> pb::RegisterTaxpayerRequest {
    pb::RegisterTaxpayerRequest {
        request_id: fresh(),
        tax_number: TAX_NUMBER.to_owned(),
        name: "合肥皖星精密机械制造有限公司".to_owned(),
        kind: pb::TaxpayerKind::Enterprise.into(),
        six_taxes_windows: Vec::new(),
        validate_only: false,
        six_taxes_facts: None,
    }
}

/// Registers the example taxpayer.
pub async fn register(server: &Server) -> String {
    let answer = server.taxpayers().register_taxpayer(registration()).await;
    answer.unwrap().into_inner().taxpayer.unwrap().taxpayer_id
}

/// A sales contract of 1,000,000.00 without VAT signed on 2026-07-10: 0.3‰ are 300.00, due for
/// the third quarter on 2026-10-26.
pub fn contract(number: &str) -> pb::TaxSourceInput {
    message(
        "TaxSourceInput",
        json!({
            "name": "产品销售合同",
            "regionCode": "340104",
            "taxAuthorityCode": "13401040000",
            "treasuryCode": "1234010400",
            "stamp": {
                "documentNumber": number,
                "documentName": "产品销售合同",
                "filingMode": "STAMP_FILING_MODE_PERIODIC",
                "count": 1,
                "signedOn": "2026-07-10",
                "role": "STAMP_PARTY_ROLE_PROVIDER",
                "lines": [{"item": "STAMP_ITEM_SALE", "amountYuan": "1000000.00"}],
                "counterparties": [{
                    "name": "芜湖某机械有限公司",
                    "kind": "STAMP_COUNTERPARTY_KIND_ENTERPRISE",
                }],
            },
        }),
    )
}

/// The stamp tax part of a source.
pub fn stamp(input: &mut pb::TaxSourceInput) -> &mut pb::StampTaxSource {
    match input.detail.as_mut() {
        Some(pb::tax_source_input::Detail::Stamp(stamp)) => stamp,
        _ => panic!("not a document"),
    }
}

/// A request to collect a source.
pub fn collecting(taxpayer: &str, input: pb::TaxSourceInput) -> pb::CreateTaxSourceRequest {
    pb::CreateTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.to_owned(),
        source: Some(input),
        validate_only: false,
    }
}

/// Collects a source.
pub async fn collect(server: &Server, taxpayer: &str, input: pb::TaxSourceInput) -> pb::TaxSource {
    let request = collecting(taxpayer, input);
    let answer = server.sources().create_tax_source(request).await;
    answer.unwrap().into_inner().source.unwrap()
}

/// A request to draw the third quarter.
pub fn drawing(taxpayer: &str) -> pb::DraftDeclarationRequest {
    pb::DraftDeclarationRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.to_owned(),
        window: Some(third_quarter()),
        tax_authority_code: String::new(),
        taxes: Vec::new(),
    }
}

/// Draws the third quarter: one form.
pub async fn draft(server: &Server, taxpayer: &str) -> pb::Declaration {
    let answer = server
        .declarations()
        .draft_declaration(drawing(taxpayer))
        .await;
    let mut drawn = answer.unwrap().into_inner().declarations;
    assert_eq!(drawn.len(), 1);
    drawn.remove(0)
}

/// A request to file a draft as it was seen.
pub fn filing(draft: &pb::Declaration) -> pb::SubmitDeclarationRequest {
    pb::SubmitDeclarationRequest {
        request_id: fresh(),
        taxpayer_id: draft.taxpayer_id.clone(),
        declaration_id: draft.declaration_id.clone(),
        content_digest: draft.content_digest.clone(),
        acknowledged_warnings: vec!["FREQUENCY_UNCONFIRMED".to_owned()],
        validate_only: false,
    }
}

/// Files a draft.
pub async fn submit(server: &Server, draft: &pb::Declaration) -> pb::Declaration {
    let answer = server
        .declarations()
        .submit_declaration(filing(draft))
        .await;
    answer.unwrap().into_inner().declaration.unwrap()
}

/// A request to pay a filed declaration.
pub fn paying(filed: &pb::Declaration, total_yuan: &str) -> pb::CreatePaymentRequest {
    pb::CreatePaymentRequest {
        request_id: fresh(),
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        content_digest: filed.content_digest.clone(),
        total_yuan: total_yuan.to_owned(),
        agreement_number: AGREEMENT.to_owned(),
        validate_only: false,
    }
}

/// Pays a filed declaration.
pub async fn pay(server: &Server, filed: &pb::Declaration, total_yuan: &str) -> pb::Payment {
    let request = paying(filed, total_yuan);
    let answer = server.payments().create_payment(request).await;
    answer.unwrap().into_inner().payment.unwrap()
}

/// The treasury's word on a payment.
pub fn settling(payment: &pb::Payment) -> pb::ReportSettlementRequest {
    pb::ReportSettlementRequest {
        request_id: fresh(),
        taxpayer_id: payment.taxpayer_id.clone(),
        payment_id: payment.payment_id.clone(),
        amount_yuan: payment.total_yuan.clone(),
        treasury_code: payment.treasury_code.clone(),
        bank_reference: "QB-1".to_owned(),
        part_reference: String::new(),
    }
}

/// Registers, collects one contract, draws and files it: 300.00 to pay.
pub async fn filed(server: &Server) -> pb::Declaration {
    let taxpayer = register(server).await;
    collect(server, &taxpayer, contract("HT-1")).await;
    let draft = draft(server, &taxpayer).await;
    submit(server, &draft).await
}

/// Reads a payment again.
pub async fn read_payment(server: &Server, payment: &pb::Payment) -> pb::Payment {
    let request = pb::GetPaymentRequest {
        taxpayer_id: payment.taxpayer_id.clone(),
        payment_id: payment.payment_id.clone(),
    };
    let answer = server.payments().get_payment(request).await;
    answer.unwrap().into_inner().payment.unwrap()
}

/// Reads a declaration again.
pub async fn read_declaration(server: &Server, declaration: &pb::Declaration) -> pb::Declaration {
    let request = pb::GetDeclarationRequest {
        taxpayer_id: declaration.taxpayer_id.clone(),
        declaration_id: declaration.declaration_id.clone(),
    };
    let answer = server.declarations().get_declaration(request).await;
    answer.unwrap().into_inner().declaration.unwrap()
}

/// A taxpayer's sources, at most 200.
pub async fn source_list(server: &Server, taxpayer: &str) -> Vec<pb::TaxSource> {
    let request = pb::ListTaxSourcesRequest {
        taxpayer_id: taxpayer.to_owned(),
        page_size: 200,
        ..Default::default()
    };
    let answer = server.sources().list_tax_sources(request).await;
    answer.unwrap().into_inner().sources
}

/// A taxpayer's declarations, at most 200.
pub async fn declaration_list(server: &Server, taxpayer: &str) -> Vec<pb::Declaration> {
    let request = pb::ListDeclarationsRequest {
        taxpayer_id: taxpayer.to_owned(),
        page_size: 200,
        ..Default::default()
    };
    let answer = server.declarations().list_declarations(request).await;
    answer.unwrap().into_inner().declarations
}

/// A taxpayer's vouchers, at most 200.
pub async fn voucher_list(server: &Server, taxpayer: &str) -> Vec<pb::Voucher> {
    let request = pb::ListVouchersRequest {
        taxpayer_id: taxpayer.to_owned(),
        page_size: 200,
        ..Default::default()
    };
    let answer = server.vouchers().list_vouchers(request).await;
    answer.unwrap().into_inner().vouchers
}

/// What is known of a request.
pub async fn outcome(server: &Server, taxpayer: &str, request_id: &str) -> pb::GetOutcomeResponse {
    let request = pb::GetOutcomeRequest {
        taxpayer_id: taxpayer.to_owned(),
        request_id: request_id.to_owned(),
        tax_number: String::new(),
    };
    let answer = server.outcomes().get_outcome(request).await;
    answer.unwrap().into_inner()
}

/// Every open case, newest first.
pub async fn cases(server: &Server) -> Vec<pb::Case> {
    let request = pb::ListCasesRequest {
        page_size: 200,
        ..Default::default()
    };
    let answer = server.officers().list_cases(request).await;
    answer.unwrap().into_inner().cases
}

/// The rules of cases.
pub fn rules(cases: &[pb::Case]) -> Vec<String> {
    let rule = |case: &pb::Case| case.finding.as_ref().unwrap().rule_id.clone();
    cases.iter().map(rule).collect()
}
