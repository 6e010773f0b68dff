//! What is refused, why, and in which words.

use caixing::pb;
use tonic::Code;
use tonic::metadata::MetadataValue;

use crate::support::*;

fn update(source: &pb::TaxSource, etag: &str) -> pb::UpdateTaxSourceRequest {
    pb::UpdateTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: source.taxpayer_id.clone(),
        source_id: source.source_id.clone(),
        etag: etag.to_owned(),
        source: Some(contract("HT-NEW")),
        validate_only: false,
    }
}

fn close(source: &pb::TaxSource, etag: &str) -> pb::CloseTaxSourceRequest {
    pb::CloseTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: source.taxpayer_id.clone(),
        source_id: source.source_id.clone(),
        etag: etag.to_owned(),
        validate_only: false,
    }
}

#[tokio::test]
async fn stale_etag_is_aborted_and_names_the_current_one() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let source = collect(&server, &taxpayer, contract("HT-1")).await;
    let mut sources = server.sources();
    let changed = sources
        .update_tax_source(update(&source, &source.etag))
        .await;
    let changed = changed.unwrap().into_inner().source.unwrap();
    assert_ne!(changed.etag, source.etag);
    let again = sources
        .update_tax_source(update(&source, &source.etag))
        .await;
    let status = assert_refused(again, Code::Aborted, "ETAG_STALE");
    assert_eq!(fact(&status, "current_etag"), changed.etag);
    let closed = sources.close_tax_source(close(&source, &source.etag)).await;
    assert_refused(closed, Code::Aborted, "ETAG_STALE");
    let person = pb::UpdateTaxpayerRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        etag: "v7".to_owned(),
        name: "新名称".to_owned(),
        kind: pb::TaxpayerKind::Enterprise.into(),
        six_taxes_windows: Vec::new(),
        validate_only: false,
        six_taxes_facts: None,
    };
    let refused = server.taxpayers().update_taxpayer(person).await;
    assert_refused(refused, Code::Aborted, "ETAG_STALE");
    assert_eq!(source_list(&server, &taxpayer).await, vec![changed]);
}

#[tokio::test]
async fn closed_source_is_not_drawn_and_cannot_be_changed() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let source = collect(&server, &taxpayer, contract("HT-1")).await;
    let mut sources = server.sources();
    let closed = sources.close_tax_source(close(&source, &source.etag)).await;
    let closed = closed.unwrap().into_inner().source.unwrap();
    assert_eq!(closed.state(), pb::TaxSourceState::Closed);
    let refused = sources
        .update_tax_source(update(&source, &closed.etag))
        .await;
    let status = assert_precondition(refused, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "CLOSED");
    let refused = sources.close_tax_source(close(&source, &closed.etag)).await;
    assert_precondition(refused, "WRONG_STATE");
    let drawn = server
        .declarations()
        .draft_declaration(drawing(&taxpayer))
        .await;
    assert_precondition(drawn, "NOTHING_TO_DECLARE");
    let request = pb::ListObligationsRequest {
        taxpayer_id: taxpayer,
        window: Some(third_quarter()),
    };
    let listed = server.declarations().list_obligations(request).await;
    let listed = listed.unwrap().into_inner().obligations;
    assert_eq!(listed[0].reason(), pb::ObligationReason::Closed);
}

#[tokio::test]
async fn tax_of_a_source_cannot_change() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let source = collect(&server, &taxpayer, contract("HT-1")).await;
    let mut request = update(&source, &source.etag);
    let plot = serde_json::json!({"landUse": EXAMPLE_PLOT.parse::<serde_json::Value>().unwrap()});
    let plot: pb::TaxSourceInput = message("TaxSourceInput", plot);
    request.source.as_mut().unwrap().detail = plot.detail;
    let refused = server.sources().update_tax_source(request).await;
    let status = assert_precondition(refused, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "STAMP_TAX");
}

const EXAMPLE_PLOT: &str = r#"{
    "taxpayerKind": "LAND_USE_TAXPAYER_KIND_RIGHT_HOLDER",
    "nature": "LAND_USE_NATURE_STATE",
    "acquisitionMode": "LAND_USE_ACQUISITION_MODE_GRANTED",
    "purpose": "LAND_USE_PURPOSE_INDUSTRIAL",
    "acquisition": {"kind": "LAND_USE_ACQUISITION_KIND_CARRIED_OVER", "eventOn": "2020-01-01"},
    "versions": [{
        "areaSqm": "20000.00",
        "landClass": "LAND_USE_CLASS_CITY",
        "grade": 3,
        "unitTax": {"value": "5", "document": "演示值，非正式文号"}
    }],
    "landNo": "340104000001",
    "landName": "一号地块"
}"#;

#[tokio::test]
async fn draft_is_stale_after_a_source_changed_and_says_so_before_submitting() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let source = collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    let mut changed = update(&source, &source.etag);
    let input = changed.source.as_mut().unwrap();
    stamp(input).lines[0].amount_yuan = "2000000.00".to_owned();
    server.sources().update_tax_source(changed).await.unwrap();
    let check = pb::ValidateDeclarationRequest {
        taxpayer_id: taxpayer.clone(),
        declaration_id: draft.declaration_id.clone(),
    };
    let checked = server.declarations().validate_declaration(check).await;
    let checked = checked.unwrap().into_inner();
    assert!(checked.stale && !checked.submittable);
    let refused = server
        .declarations()
        .submit_declaration(filing(&draft))
        .await;
    let status = assert_precondition(refused, "DRAFT_STALE");
    assert_eq!(fact(&status, "drawn_digest"), draft.content_digest);
    assert_eq!(fact(&status, "current_digest"), checked.content_digest);
    assert_eq!(read_declaration(&server, &draft).await, draft);
    let again = crate::support::draft(&server, &taxpayer).await;
    assert_eq!(again.totals.as_ref().unwrap().payable_yuan, "600.00");
    submit(&server, &again).await;
}

#[tokio::test]
async fn draft_is_stale_after_the_taxpayer_became_eligible_for_relief() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    let person = pb::UpdateTaxpayerRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        etag: "v1".to_owned(),
        name: "合肥皖星精密机械制造有限公司".to_owned(),
        kind: pb::TaxpayerKind::Enterprise.into(),
        six_taxes_windows: vec![pb::SixTaxesWindow {
            subject: pb::SixTaxesSubject::SmallLowProfit.into(),
            first_month: "2026-07".to_owned(),
            last_month: String::new(),
        }],
        validate_only: false,
        six_taxes_facts: None,
    };
    server.taxpayers().update_taxpayer(person).await.unwrap();
    let refused = server
        .declarations()
        .submit_declaration(filing(&draft))
        .await;
    assert_precondition(refused, "DRAFT_STALE");
    // Half of 300.00.
    let again = crate::support::draft(&server, &taxpayer).await;
    assert_eq!(again.totals.unwrap().payable_yuan, "150.00");
}

#[tokio::test]
async fn submit_needs_the_draft_s_own_digest_and_happens_once() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    let mut other = filing(&draft);
    other.content_digest = "f".repeat(64);
    let refused = server.declarations().submit_declaration(other).await;
    let status = assert_precondition(refused, "CONTENT_DIGEST_MISMATCH");
    assert_eq!(fact(&status, "actual_digest"), draft.content_digest);
    let filed = submit(&server, &draft).await;
    assert_eq!(filed.state(), pb::DeclarationState::AwaitingPayment);
    let again = server
        .declarations()
        .submit_declaration(filing(&draft))
        .await;
    let status = assert_precondition(again, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "AWAITING_PAYMENT");
}

#[tokio::test]
async fn warning_must_be_acknowledged_by_its_id() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut alone = contract("HT-1");
    stamp(&mut alone).counterparties.clear();
    collect(&server, &taxpayer, alone).await;
    let draft = draft(&server, &taxpayer).await;
    // One doubt of the document, one of the place's filing frequency.
    assert_eq!((draft.error_count, draft.warning_count), (0, 2));
    let frequency = || "FREQUENCY_UNCONFIRMED".to_owned();
    for acknowledged in [vec![frequency()], vec![frequency(), "ST_W03".to_owned()]] {
        let mut request = filing(&draft);
        request.acknowledged_warnings = acknowledged;
        let refused = server.declarations().submit_declaration(request).await;
        let status = assert_precondition(refused, "WARNINGS_NOT_ACKNOWLEDGED");
        assert_eq!(fact(&status, "rule_ids"), "ST_W02");
    }
    let mut request = filing(&draft);
    request.acknowledged_warnings = vec!["ST_W02".to_owned(), frequency()];
    let filed = server.declarations().submit_declaration(request).await;
    let state = filed.unwrap().into_inner().declaration.unwrap().state();
    assert_eq!(state, pb::DeclarationState::AwaitingPayment);
}

#[tokio::test]
async fn error_stops_the_filing_however_it_is_acknowledged() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    // Securities trades are withheld by the clearing house (印花税法 第十四条).
    let mut securities = contract("HT-1");
    stamp(&mut securities).lines[0].set_item(pb::StampItem::Securities);
    collect(&server, &taxpayer, securities).await;
    collect(&server, &taxpayer, contract("HT-2")).await;
    let draft = draft(&server, &taxpayer).await;
    assert!(draft.error_count > 0);
    let mut request = filing(&draft);
    request.acknowledged_warnings = vec!["ST_E10".to_owned()];
    let refused = server.declarations().submit_declaration(request).await;
    let status = assert_precondition(refused, "FINDINGS_STOP_FILING");
    assert!(fact(&status, "rule_ids").contains("ST_E10"), "{status:?}");
    let check = pb::ValidateDeclarationRequest {
        taxpayer_id: taxpayer,
        declaration_id: draft.declaration_id,
    };
    let checked = server.declarations().validate_declaration(check).await;
    let checked = checked.unwrap().into_inner();
    assert!(!checked.submittable && !checked.stale);
    assert_eq!(checked.findings[0].severity(), pb::Severity::Error);
    assert!(
        checked.findings[0].field.starts_with("sources["),
        "{checked:?}"
    );
}

#[tokio::test]
async fn second_draft_of_filed_sources_finds_nothing_to_declare() {
    let server = Server::start().await;
    let filed = filed(&server).await;
    let taxpayer = filed.taxpayer_id.clone();
    let again = server
        .declarations()
        .draft_declaration(drawing(&taxpayer))
        .await;
    assert_precondition(again, "NOTHING_TO_DECLARE");
    // A new source is declared beside them, and the answer says what was left out and why.
    collect(&server, &taxpayer, contract("HT-2")).await;
    let drawn = server
        .declarations()
        .draft_declaration(drawing(&taxpayer))
        .await;
    let drawn = drawn.unwrap().into_inner();
    assert_eq!(drawn.declarations[0].lines.len(), 1);
    assert_eq!(drawn.left_out.len(), 1);
    let left = &drawn.left_out[0];
    assert_eq!(left.reason(), pb::ObligationReason::AlreadyDeclared);
    assert_eq!(left.declaration_id, filed.declaration_id);
}

#[tokio::test]
async fn of_two_drafts_of_one_source_only_one_can_be_filed() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let first = draft(&server, &taxpayer).await;
    let second = draft(&server, &taxpayer).await;
    submit(&server, &second).await;
    let refused = server
        .declarations()
        .submit_declaration(filing(&first))
        .await;
    assert_precondition(refused, "DRAFT_STALE");
    let states: Vec<pb::DeclarationState> = declaration_list(&server, &taxpayer)
        .await
        .iter()
        .map(pb::Declaration::state)
        .collect();
    let expected = [
        pb::DeclarationState::AwaitingPayment,
        pb::DeclarationState::Draft,
    ];
    assert_eq!(states, expected);
}

#[tokio::test]
async fn same_tax_number_is_registered_once() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let again = server.taxpayers().register_taxpayer(registration()).await;
    let status = assert_refused(again, Code::AlreadyExists, "ALREADY_EXISTS");
    assert_eq!(fact(&status, "id"), taxpayer);
}

#[tokio::test]
async fn another_taxpayer_s_things_are_not_found() {
    let server = Server::start().await;
    let filed = filed(&server).await;
    let mut second = registration();
    // GB 32100 example: 91350100M000100Y43.
    second.tax_number = "91350100M000100Y43".to_owned();
    let other = server.taxpayers().register_taxpayer(second).await.unwrap();
    let other = other.into_inner().taxpayer.unwrap().taxpayer_id;
    let get = pb::GetDeclarationRequest {
        taxpayer_id: other.clone(),
        declaration_id: filed.declaration_id.clone(),
    };
    let refused = server.declarations().get_declaration(get).await;
    assert_refused(refused, Code::NotFound, "DECLARATION_NOT_FOUND");
    let mut request = paying(&filed, "300.00");
    request.taxpayer_id = other;
    let refused = server.payments().create_payment(request).await;
    assert_refused(refused, Code::NotFound, "DECLARATION_NOT_FOUND");
}

#[tokio::test]
async fn messages_are_chinese_unless_english_is_asked_for() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let said = async |language: Option<&'static str>| {
        let request = match language {
            None => tonic::Request::new(drawing(&taxpayer)),
            Some(language) => with_header(drawing(&taxpayer), "accept-language", language),
        };
        let status = server.declarations().draft_declaration(request).await;
        let status = status.unwrap_err();
        let words = details(&status).localized_message().unwrap().clone();
        (words.locale, words.message)
    };
    let chinese = ("zh-CN".to_owned(), "该期间没有应申报的税源".to_owned());
    let english = (
        "en".to_owned(),
        "nothing is to be declared in the window".to_owned(),
    );
    assert_eq!(said(None).await, chinese);
    assert_eq!(said(Some("zh-CN")).await, chinese);
    assert_eq!(said(Some("fr, en;q=0.5")).await, chinese);
    assert_eq!(said(Some("en")).await, english);
    assert_eq!(said(Some("en-GB,en;q=0.9")).await, english);
}

#[tokio::test]
async fn request_id_header_is_echoed_on_answers_and_in_failures() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let header = "x-request-id";
    let echoed = |metadata: &tonic::metadata::MetadataMap| metadata.get(header).cloned();
    let named = Some(MetadataValue::from_static("trace-4711"));
    let request = with_header(drawing(&taxpayer), header, "trace-4711");
    let status = server.declarations().draft_declaration(request).await;
    let status = status.unwrap_err();
    assert_eq!(echoed(status.metadata()), named);
    let told = details(&status).request_info().unwrap().request_id.clone();
    assert_eq!(told, "trace-4711");
    let get = pb::GetTaxpayerRequest {
        taxpayer_id: taxpayer.clone(),
        tax_number: String::new(),
    };
    let request = with_header(get.clone(), header, "trace-4711");
    let answer = server.taxpayers().get_taxpayer(request).await.unwrap();
    assert_eq!(echoed(answer.metadata()), named);
    // Without one, or with one that is too long, the service makes its own.
    let answer = server.taxpayers().get_taxpayer(get.clone()).await.unwrap();
    assert!(echoed(answer.metadata()).is_some_and(|id| id.len() == 36));
    let request = with_header(get, header, &"x".repeat(129));
    let answer = server.taxpayers().get_taxpayer(request).await.unwrap();
    assert!(echoed(answer.metadata()).is_some_and(|id| id.len() == 36));
}
