//! The whole way over real sockets: the example, what is due when, why, and what proves it.

use std::collections::BTreeMap;

use caixing::cli::{JourneyInput, play};
use caixing::types::Money;
use caixing::{pb, signing};
use tokio_stream::StreamExt as _;

use crate::support::*;

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

const SERVICES: [&str; 9] = [
    "caixing.v1.TaxpayerService",
    "caixing.v1.TaxSourceService",
    "caixing.v1.DeclarationService",
    "caixing.v1.PaymentService",
    "caixing.v1.TreasuryCallbackService",
    "caixing.v1.VoucherService",
    "caixing.v1.RuleService",
    "caixing.v1.OutcomeService",
    "caixing.v1.SandboxService",
];

#[tokio::test]
async fn example_ends_in_a_verified_voucher_with_the_amounts_worked_out_by_hand() {
    let server = Server::start().await;
    let input = JourneyInput::parse(EXAMPLE).unwrap();
    let outcome = play(&server.address, &input, true).await.unwrap();
    assert_eq!(outcome.voucher.total_yuan, "917129.19");
    let mut by_tax: BTreeMap<&str, Money> = BTreeMap::new();
    for row in &outcome.voucher.rows {
        let amount = Money::parse_yuan(&row.amount_yuan).unwrap();
        let sum = by_tax.entry(row.tax_name.as_str()).or_default();
        *sum = sum.plus(amount).unwrap();
    }
    let by_tax: Vec<(&str, String)> = by_tax
        .into_iter()
        .map(|(tax, sum)| (tax, sum.to_string()))
        .collect();
    let mut expected = [
        ("房产税", "53819.48"),
        ("城镇土地使用税", "15833.33"),
        ("车船税", "2929.33"),
        ("印花税", "5208.51"),
        ("土地增值税", "834837.50"),
        ("环境保护税", "4501.04"),
    ]
    .map(|(tax, sum)| (tax, sum.to_owned()));
    expected.sort();
    assert_eq!(by_tax, expected);
    assert_eq!(outcome.payment.surcharge_yuan, "0.00");
    server.stop().await;
}

#[tokio::test]
async fn second_play_on_the_same_sandbox_is_another_taxpayer_with_the_same_amounts() {
    let server = Server::start().await;
    let input = JourneyInput::parse(EXAMPLE).unwrap();
    let first = play(&server.address, &input, true).await.unwrap();
    let second = play(&server.address, &input, true).await.unwrap();
    assert_ne!(first.voucher.voucher_number, second.voucher.voucher_number);
    assert_ne!(first.voucher.taxpayer_id, second.voucher.taxpayer_id);
    assert_eq!(second.voucher.total_yuan, "917129.19");
}

/// Pays the one contract and answers its voucher.
async fn voucher(server: &Server) -> pb::Voucher {
    let filed = filed(server).await;
    let payment = pay(server, &filed, "300.00").await;
    let paid = wait_for(server, &payment, pb::PaymentState::InTreasury).await;
    let request = pb::GetVoucherRequest {
        taxpayer_id: paid.taxpayer_id,
        voucher_number: paid.voucher_number,
    };
    let answer = server.vouchers().get_voucher(request).await;
    answer.unwrap().into_inner().voucher.unwrap()
}

async fn verify(server: &Server, question: [&str; 3]) -> pb::VerifyVoucherResponse {
    let [voucher_number, tax_number, total_yuan] = question.map(str::to_owned);
    let request = pb::VerifyVoucherRequest {
        voucher_number,
        tax_number,
        total_yuan,
        verification_code: String::new(),
    };
    let answer = server.vouchers().verify_voucher(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn one_contract_is_one_form_one_payment_and_one_voucher() {
    let server = Server::start().await;
    let voucher = voucher(&server).await;
    assert_eq!(voucher.state(), pb::VoucherState::Issued);
    assert_eq!(voucher.total_yuan, "300.00");
    assert_eq!(voucher.principal_yuan, "300.00");
    assert_eq!(voucher.total_in_words, "叁佰元整");
    assert_eq!(voucher.tax_number, TAX_NUMBER);
    assert_eq!(voucher.issued_on, "2026-10-12");
    assert_eq!(voucher.rows.len(), 1);
    assert_eq!(voucher.rows[0].tax_name, "印花税");
    assert_eq!(voucher.rows[0].period, Some(third_quarter()));
    let list = declaration_list(&server, &voucher.taxpayer_id).await;
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].state(), pb::DeclarationState::Completed);
    assert!(!list[0].overdue);
    let sources = source_list(&server, &voucher.taxpayer_id).await;
    assert_eq!(sources[0].state(), pb::TaxSourceState::Declared);
}

#[tokio::test]
async fn voucher_verifies_only_with_its_number_taxpayer_and_amount_together() {
    let server = Server::start().await;
    let voucher = voucher(&server).await;
    let number = voucher.voucher_number.as_str();
    let right = verify(&server, [number, TAX_NUMBER, "300.00"]).await;
    assert!(right.valid);
    assert_eq!(right.issued_on, "2026-10-12");
    let nothing = pb::VerifyVoucherResponse::default();
    assert_eq!(
        verify(&server, [number, TAX_NUMBER, "300.01"]).await,
        nothing
    );
    assert_eq!(verify(&server, [number, TAX_NUMBER, "0.00"]).await, nothing);
    let next = caixing::types::TaxpayerId::parse(TAX_NUMBER).unwrap();
    let next = next.next_demonstration_number().unwrap().to_string();
    assert_eq!(verify(&server, [number, &next, "300.00"]).await, nothing);
    let free = caixing::types::VoucherNumber::make(2026, 1).to_string();
    assert_ne!(free, number);
    assert_eq!(
        verify(&server, [&free, TAX_NUMBER, "300.00"]).await,
        nothing
    );
}

#[tokio::test]
async fn signature_holds_offline_and_breaks_with_one_changed_character() {
    let server = Server::start().await;
    let voucher = voucher(&server).await;
    let (text, key) = (voucher.signed_text.as_str(), voucher.public_key.as_str());
    assert!(signing::verify(text, &voucher.signature, key));
    assert!(text.contains("300.00"));
    let forged = text.replacen("300.00", "300.01", 1);
    assert!(!signing::verify(&forged, &voucher.signature, key));
    let renamed = text.replacen("皖", "晥", 1);
    assert_ne!(renamed, text);
    assert!(!signing::verify(&renamed, &voucher.signature, key));
    let flipped = match &voucher.signature[..1] {
        "0" => format!("1{}", &voucher.signature[1..]),
        _ => format!("0{}", &voucher.signature[1..]),
    };
    assert!(!signing::verify(text, &flipped, key));
}

async fn obligations(server: &Server, taxpayer: &str, window: pb::Period) -> Vec<pb::Obligation> {
    let request = pb::ListObligationsRequest {
        taxpayer_id: taxpayer.to_owned(),
        window: Some(window),
    };
    let answer = server.declarations().list_obligations(request).await;
    answer.unwrap().into_inner().obligations
}

#[tokio::test]
async fn obligations_say_what_is_due_when_and_what_is_not_and_why() {
    use pb::ObligationReason as Reason;
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-JUL")).await;
    let mut spring = contract("HT-APR");
    stamp(&mut spring).signed_on = "2026-04-10".to_owned();
    collect(&server, &taxpayer, spring).await;
    let mut single = contract("HT-SEP");
    stamp(&mut single).signed_on = "2026-09-29".to_owned();
    stamp(&mut single).set_filing_mode(pb::StampFilingMode::PerOccurrence);
    collect(&server, &taxpayer, single).await;

    let listed = obligations(&server, &taxpayer, third_quarter()).await;
    let said: Vec<(Reason, &str)> = listed
        .iter()
        .map(|one| (one.reason(), one.due_on.as_str()))
        .collect();
    // Third quarter: the STA's notice for 2026 moves October's day 15 to the 26th. The single
    // document of 29 September: 15 days end on 14 October; the seven rest days of 1 to 7 October
    // add seven workdays: 15, 16, 19, 20, 21, 22, 23.
    let expected = [
        (Reason::Due, "2026-10-26"),
        (Reason::NotDueInWindow, ""),
        (Reason::Due, "2026-10-23"),
    ];
    assert_eq!(said, expected);
    assert!(
        listed[0].due_rule.starts_with("period_end+15d"),
        "{listed:?}"
    );
    assert!(
        listed[0].due_rule.contains("印花税法 第十六条"),
        "{listed:?}"
    );
    assert!(listed[2].due_rule.starts_with("event+15d"), "{listed:?}");
    assert_eq!(listed[2].period, Some(window("2026-09-29", "2026-09-29")));

    // Second quarter: 15 July 2026 is a Wednesday and stays.
    let second_quarter = window("2026-04-01", "2026-06-30");
    let listed = obligations(&server, &taxpayer, second_quarter).await;
    let said: Vec<(Reason, &str)> = listed
        .iter()
        .map(|one| (one.reason(), one.due_on.as_str()))
        .collect();
    let expected = [
        (Reason::NotDueInWindow, ""),
        (Reason::Due, "2026-07-15"),
        (Reason::NotDueInWindow, ""),
    ];
    assert_eq!(said, expected);

    let filed = submit(&server, &draft(&server, &taxpayer).await).await;
    let listed = obligations(&server, &taxpayer, third_quarter()).await;
    assert_eq!(listed[0].reason(), Reason::AlreadyDeclared);
    assert_eq!(listed[0].declaration_id, filed.declaration_id);
    assert_eq!(listed[1].reason(), Reason::NotDueInWindow);
    assert_eq!(listed[2].reason(), Reason::AlreadyDeclared);
}

#[tokio::test]
async fn sources_under_two_authorities_are_two_drafts_and_each_is_filed_alone() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let mut elsewhere = contract("HT-2");
    elsewhere.tax_authority_code = "13401050000".to_owned();
    elsewhere.treasury_code = "1234010500".to_owned();
    collect(&server, &taxpayer, elsewhere).await;
    let answer = server
        .declarations()
        .draft_declaration(drawing(&taxpayer))
        .await;
    let drawn = answer.unwrap().into_inner().declarations;
    let authorities: Vec<(&str, &str, usize)> = drawn
        .iter()
        .map(|one| {
            let code = one.tax_authority_code.as_str();
            (code, one.treasury_code.as_str(), one.lines.len())
        })
        .collect();
    let expected = [
        ("13401040000", "1234010400", 1),
        ("13401050000", "1234010500", 1),
    ];
    assert_eq!(authorities, expected);
    for one in &drawn {
        let filed = submit(&server, one).await;
        assert_eq!(filed.state(), pb::DeclarationState::AwaitingPayment);
        assert_eq!(filed.totals.unwrap().payable_yuan, "300.00");
    }

    let mut one_only = drawing(&taxpayer);
    one_only.tax_authority_code = "13401050000".to_owned();
    let refused = server.declarations().draft_declaration(one_only).await;
    assert_precondition(refused, "NOTHING_TO_DECLARE");
}

#[tokio::test]
async fn explanation_names_the_values_of_the_line() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut input = contract("HT-1");
    stamp(&mut input).lines[0].vat_stated_apart_yuan = "130000.00".to_owned();
    stamp(&mut input).lines[0].amount_yuan = "1130000.00".to_owned();
    collect(&server, &taxpayer, input).await;
    let filed = submit(&server, &draft(&server, &taxpayer).await).await;
    assert_eq!(filed.lines.len(), 1);
    assert_eq!(filed.lines[0].base, "1000000");
    assert_eq!(filed.lines[0].payable_yuan, "300.00");
    let request = pb::ExplainDeclarationRequest {
        taxpayer_id: taxpayer,
        declaration_id: filed.declaration_id,
    };
    let answer = server.declarations().explain_declaration(request).await;
    let explained = answer.unwrap().into_inner().explanations;
    assert_eq!(explained.len(), 1);
    let steps: Vec<&str> = explained[0]
        .steps
        .iter()
        .map(|step| step.expression.as_str())
        .collect();
    let taken_off = |text: &&str| text.contains("1130000.00") && text.contains("130000.00");
    assert!(steps.iter().any(taken_off), "{steps:?}");
    let by_rate = |text: &&str| text.contains("1000000") && text.contains("0.0003");
    assert!(steps.iter().any(by_rate), "{steps:?}");
    let rate = explained[0]
        .parameters
        .iter()
        .find(|one| one.value == "0.0003");
    assert!(
        rate.is_some_and(|rate| rate.cite.contains("印花税法")),
        "{explained:?}"
    );
}

#[tokio::test]
async fn health_says_serving_for_the_server_and_each_service() {
    use tonic_health::pb::health_check_response::ServingStatus;
    let server = Server::start().await;
    let mut client = tonic_health::pb::health_client::HealthClient::new(server.channel.clone());
    for service in [""].into_iter().chain(SERVICES) {
        let service = service.to_owned();
        let request = tonic_health::pb::HealthCheckRequest { service };
        let answer = client.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving);
    }
    let service = "caixing.v1.Nothing".to_owned();
    let request = tonic_health::pb::HealthCheckRequest { service };
    let status = client.check(request).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);
}

macro_rules! reflected {
    ($server:expr, $version:ident) => {{
        use reflection::server_reflection_request::MessageRequest;
        use reflection::server_reflection_response::MessageResponse;
        use tonic_reflection::pb::$version as reflection;
        let mut client = reflection::server_reflection_client::ServerReflectionClient::new(
            $server.channel.clone(),
        );
        let ask = |question| reflection::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(question),
        };
        let questions = [
            ask(MessageRequest::ListServices(String::new())),
            ask(MessageRequest::FileContainingSymbol(
                "caixing.v1.StampTaxSource".to_owned(),
            )),
        ];
        let answers = client
            .server_reflection_info(tokio_stream::iter(questions))
            .await;
        let mut answers = answers.unwrap().into_inner();
        let listed = answers.next().await.unwrap().unwrap().message_response;
        let Some(MessageResponse::ListServicesResponse(listed)) = listed else {
            panic!("{listed:?}");
        };
        let file = answers.next().await.unwrap().unwrap().message_response;
        assert!(
            matches!(file, Some(MessageResponse::FileDescriptorResponse(_))),
            "{file:?}"
        );
        let names: Vec<String> = listed.service.into_iter().map(|one| one.name).collect();
        names
    }};
}

#[tokio::test]
async fn reflection_of_both_versions_lists_every_service() {
    let server = Server::start().await;
    for names in [reflected!(server, v1), reflected!(server, v1alpha)] {
        for service in SERVICES.into_iter().chain(["grpc.health.v1.Health"]) {
            assert!(
                names.iter().any(|name| name == service),
                "{service}: {names:?}"
            );
        }
    }
}
