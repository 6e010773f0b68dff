//! The same request again: one effect, the first answer byte for byte, for ever.

use caixing::pb;
use prost::Message as _;
use tonic::Code;

use crate::support::*;

/// Calls twice with one request; the second answer is the first again. Gives the first.
macro_rules! twice {
    ($client:expr, $method:ident, $request:expr) => {{
        let request = $request;
        let first = $client.$method(request.clone()).await.unwrap();
        let again = $client.$method(request).await.unwrap();
        assert!(!is_replay(&first));
        assert!(is_replay(&again));
        let (first, again) = (first.into_inner(), again.into_inner());
        assert_eq!(first.encode_to_vec(), again.encode_to_vec());
        first
    }};
}

/// Calls with a used request id and other content.
macro_rules! reused {
    ($client:expr, $method:ident, $request:expr) => {{
        let outcome = $client.$method($request).await;
        let status = assert_refused(outcome, Code::InvalidArgument, "REQUEST_ID_REUSED");
        fact(&status, "method")
    }};
}

async fn taxpayer_count(server: &Server) -> usize {
    let request = pb::ListTaxpayersRequest::default();
    let answer = server.taxpayers().list_taxpayers(request).await;
    answer.unwrap().into_inner().taxpayers.len()
}

#[tokio::test]
async fn repeated_registration_and_update_of_a_taxpayer_have_one_effect() {
    let server = Server::start().await;
    let request = registration();
    let answer = twice!(server.taxpayers(), register_taxpayer, request.clone());
    let taxpayer = answer.taxpayer.clone().unwrap();
    assert_eq!(taxpayer_count(&server).await, 1);
    let mut other = request.clone();
    other.name = "另一家".to_owned();
    let method = reused!(server.taxpayers(), register_taxpayer, other);
    assert_eq!(method, "RegisterTaxpayer");

    let known = pb::GetOutcomeRequest {
        taxpayer_id: String::new(),
        request_id: request.request_id,
        tax_number: TAX_NUMBER.to_owned(),
    };
    let known = server.outcomes().get_outcome(known).await.unwrap();
    let known = known.into_inner();
    assert_eq!(known.state(), pb::OutcomeState::Done);
    assert_eq!(known.response_type, "caixing.v1.RegisterTaxpayerResponse");
    assert_eq!(known.response, answer.encode_to_vec());

    let update = pb::UpdateTaxpayerRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.taxpayer_id.clone(),
        etag: taxpayer.etag,
        name: "新名称".to_owned(),
        kind: pb::TaxpayerKind::Enterprise.into(),
        six_taxes_windows: Vec::new(),
        validate_only: false,
        six_taxes_facts: None,
    };
    let updated = twice!(server.taxpayers(), update_taxpayer, update.clone());
    let updated = updated.taxpayer.unwrap();
    assert_eq!(updated.name, "新名称");
    let get = pb::GetTaxpayerRequest {
        taxpayer_id: taxpayer.taxpayer_id,
        tax_number: String::new(),
    };
    let now = server.taxpayers().get_taxpayer(get).await.unwrap();
    assert_eq!(now.into_inner().taxpayer.unwrap(), updated);
    let mut other = update;
    other.name = "又一个名称".to_owned();
    let method = reused!(server.taxpayers(), update_taxpayer, other);
    assert_eq!(method, "UpdateTaxpayer");
}

#[tokio::test]
async fn repeated_mutations_of_a_source_have_one_effect() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let create = collecting(&taxpayer, contract("HT-1"));
    let created = twice!(server.sources(), create_tax_source, create.clone());
    let source = created.source.unwrap();
    assert_eq!(source_list(&server, &taxpayer).await.len(), 1);
    let other = pb::CreateTaxSourceRequest {
        source: Some(contract("HT-2")),
        ..create
    };
    reused!(server.sources(), create_tax_source, other);

    let update = pb::UpdateTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        source_id: source.source_id.clone(),
        etag: source.etag,
        source: Some(contract("HT-3")),
        validate_only: false,
    };
    let updated = twice!(server.sources(), update_tax_source, update.clone());
    assert_eq!(updated.source.clone().unwrap().version, 2);
    assert_eq!(source_list(&server, &taxpayer).await[0].version, 2);
    let other = pb::UpdateTaxSourceRequest {
        source: Some(contract("HT-4")),
        ..update
    };
    reused!(server.sources(), update_tax_source, other);

    let close = pb::CloseTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        source_id: source.source_id,
        etag: updated.source.unwrap().etag,
        validate_only: false,
    };
    let closed = twice!(server.sources(), close_tax_source, close.clone());
    assert_eq!(closed.source.unwrap().state(), pb::TaxSourceState::Closed);
    assert_eq!(source_list(&server, &taxpayer).await[0].version, 3);
    let other = pb::CloseTaxSourceRequest {
        etag: "v9".to_owned(),
        ..close
    };
    reused!(server.sources(), close_tax_source, other);
}

#[tokio::test]
async fn repeated_draft_submit_payment_and_settlement_have_one_effect() {
    let (server, bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let draw = drawing(&taxpayer);
    let drawn = twice!(server.declarations(), draft_declaration, draw.clone());
    assert_eq!(declaration_list(&server, &taxpayer).await.len(), 1);
    let known = outcome(&server, &taxpayer, &draw.request_id).await;
    assert_eq!(known.response, drawn.encode_to_vec());
    let mut other = draw;
    other.taxes = vec![pb::TaxKind::StampTax.into()];
    reused!(server.declarations(), draft_declaration, other);

    let submit = filing(&drawn.declarations[0]);
    let filed = twice!(server.declarations(), submit_declaration, submit.clone());
    let known = outcome(&server, &taxpayer, &submit.request_id).await;
    assert_eq!(known.method, "SubmitDeclaration");
    assert_eq!(known.response, filed.encode_to_vec());
    let mut other = submit;
    other.acknowledged_warnings.push("ST_W02".to_owned());
    reused!(server.declarations(), submit_declaration, other);

    let pay = paying(&filed.declaration.unwrap(), "300.00");
    let paid = twice!(server.payments(), create_payment, pay.clone());
    assert_eq!(bank.debit_calls(), 1);
    let known = outcome(&server, &taxpayer, &pay.request_id).await;
    assert_eq!(known.state(), pb::OutcomeState::Done);
    assert_eq!(known.response, paid.encode_to_vec());
    let mut other = pay;
    other.agreement_number = "SFXY-OTHER".to_owned();
    reused!(server.payments(), create_payment, other);
    assert_eq!(bank.debit_calls(), 1);

    let payment = paid.payment.unwrap();
    assert_eq!(payment.state(), pb::PaymentState::Debited);
    let resolve = pb::ResolvePaymentRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        payment_id: payment.payment_id.clone(),
    };
    let resolved = twice!(server.payments(), resolve_payment, resolve.clone());
    assert_eq!(resolved.payment.unwrap().state(), pb::PaymentState::Debited);
    let other = pb::ResolvePaymentRequest {
        payment_id: NOBODY.to_owned(),
        ..resolve
    };
    reused!(server.payments(), resolve_payment, other);

    let settle = settling(&payment);
    let settled = twice!(server.treasury(), report_settlement, settle.clone());
    let vouchers = voucher_list(&server, &taxpayer).await;
    assert_eq!(vouchers.len(), 1);
    assert_eq!(vouchers[0].voucher_number, settled.voucher_number);
    let mut other = settle;
    other.bank_reference = "QB-2".to_owned();
    reused!(server.treasury(), report_settlement, other);
}

#[tokio::test]
async fn one_request_id_cannot_serve_two_methods() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let create = collecting(&taxpayer, contract("HT-1"));
    let request_id = create.request_id.clone();
    server.sources().create_tax_source(create).await.unwrap();
    let mut draw = drawing(&taxpayer);
    draw.request_id = request_id;
    let method = reused!(server.declarations(), draft_declaration, draw);
    assert_eq!(method, "CreateTaxSource");
    assert!(declaration_list(&server, &taxpayer).await.is_empty());
}

#[tokio::test]
async fn outcome_of_a_request_without_effect_is_not_found() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let unknown = outcome(&server, &taxpayer, &fresh()).await;
    assert_eq!(unknown.state(), pb::OutcomeState::NotFound);
    let expected = pb::GetOutcomeResponse {
        state: pb::OutcomeState::NotFound.into(),
        ..Default::default()
    };
    assert_eq!(unknown, expected);
    // A refused call had no effect and leaves its id free.
    let draw = drawing(&taxpayer);
    let refused = server.declarations().draft_declaration(draw.clone()).await;
    assert_precondition(refused, "NOTHING_TO_DECLARE");
    let known = outcome(&server, &taxpayer, &draw.request_id).await;
    assert_eq!(known.state(), pb::OutcomeState::NotFound);
    collect(&server, &taxpayer, contract("HT-1")).await;
    let drawn = server.declarations().draft_declaration(draw).await.unwrap();
    assert!(!is_replay(&drawn));
}

const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_copies_of_one_submit_are_one_filing() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let request = filing(&draft(&server, &taxpayer).await);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (mut client, request) = (server.declarations(), request.clone());
        running.spawn(async move { client.submit_declaration(request).await });
    }
    let mut fresh_answers = 0;
    let mut bodies = Vec::new();
    while let Some(answer) = running.join_next().await {
        let answer = answer.unwrap().unwrap();
        fresh_answers += usize::from(!is_replay(&answer));
        bodies.push(answer.into_inner().encode_to_vec());
    }
    assert_eq!(fresh_answers, 1);
    assert_eq!(bodies.len(), AT_ONCE);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_submits_of_one_draft_under_different_ids_file_it_once() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (mut client, request) = (server.declarations(), filing(&draft));
        running.spawn(async move { client.submit_declaration(request).await });
    }
    let mut done = 0;
    while let Some(answer) = running.join_next().await {
        match answer.unwrap() {
            Ok(_) => done += 1,
            Err(status) => assert_eq!(reason(&status), "WRONG_STATE"),
        }
    }
    assert_eq!(done, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_copies_of_one_payment_debit_once() {
    let (server, bank) = Server::with_quiet_bank().await;
    let request = paying(&filed(&server).await, "300.00");
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (mut client, request) = (server.payments(), request.clone());
        running.spawn(async move { client.create_payment(request).await });
    }
    let mut ids = Vec::new();
    while let Some(answer) = running.join_next().await {
        match answer.unwrap() {
            Ok(answer) => ids.push(answer.into_inner().payment.unwrap().payment_id),
            // A copy that came while the first asked the bank is told to come again.
            Err(status) => assert_eq!(reason(&status), "REQUEST_STILL_RUNNING"),
        }
    }
    assert!(!ids.is_empty());
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(bank.debit_calls(), 1);
    let again = server.payments().create_payment(request).await.unwrap();
    assert!(is_replay(&again));
    assert_eq!(again.into_inner().payment.unwrap().payment_id, ids[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_payments_under_different_ids_debit_once() {
    let (server, bank) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (mut client, request) = (server.payments(), paying(&filed, "300.00"));
        running.spawn(async move { client.create_payment(request).await });
    }
    let mut done = 0;
    while let Some(answer) = running.join_next().await {
        match answer.unwrap() {
            Ok(_) => done += 1,
            Err(status) => assert_eq!(reason(&status), "PAYMENT_ALIVE"),
        }
    }
    assert_eq!(done, 1);
    assert_eq!(bank.debit_calls(), 1);
}

#[tokio::test]
async fn validate_only_changes_nothing_and_leaves_the_request_id_free() {
    let server = Server::start().await;
    let mut request = registration();
    request.validate_only = true;
    let mut client = server.taxpayers();
    let checked = client.register_taxpayer(request.clone()).await.unwrap();
    assert_eq!(
        checked.into_inner().taxpayer.unwrap().tax_number,
        TAX_NUMBER
    );
    assert_eq!(taxpayer_count(&server).await, 0);
    request.validate_only = false;
    let done = client.register_taxpayer(request).await.unwrap();
    assert!(!is_replay(&done));
    let person = done.into_inner().taxpayer.unwrap();
    let taxpayer = person.taxpayer_id.clone();
    let update = pb::UpdateTaxpayerRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        etag: person.etag.clone(),
        name: "新名称".to_owned(),
        kind: pb::TaxpayerKind::Enterprise.into(),
        six_taxes_windows: Vec::new(),
        validate_only: true,
        six_taxes_facts: None,
    };
    client.update_taxpayer(update).await.unwrap();
    let get = pb::GetTaxpayerRequest {
        taxpayer_id: taxpayer.clone(),
        tax_number: String::new(),
    };
    let now = client.get_taxpayer(get).await.unwrap().into_inner();
    assert_eq!(now.taxpayer.unwrap(), person);

    let mut create = collecting(&taxpayer, contract("HT-1"));
    create.validate_only = true;
    server.sources().create_tax_source(create).await.unwrap();
    assert!(source_list(&server, &taxpayer).await.is_empty());
    let source = collect(&server, &taxpayer, contract("HT-1")).await;
    let update = pb::UpdateTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        source_id: source.source_id.clone(),
        etag: source.etag.clone(),
        source: Some(contract("HT-2")),
        validate_only: true,
    };
    server.sources().update_tax_source(update).await.unwrap();
    let close = pb::CloseTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        source_id: source.source_id.clone(),
        etag: source.etag.clone(),
        validate_only: true,
    };
    server.sources().close_tax_source(close).await.unwrap();
    assert_eq!(source_list(&server, &taxpayer).await, vec![source]);
}

#[tokio::test]
async fn validate_only_files_and_pays_nothing() {
    let (server, bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let draft = draft(&server, &taxpayer).await;
    let mut submit_only = filing(&draft);
    submit_only.validate_only = true;
    let checked = server.declarations().submit_declaration(submit_only).await;
    let state = checked.unwrap().into_inner().declaration.unwrap().state();
    assert_eq!(state, pb::DeclarationState::AwaitingPayment);
    assert_eq!(read_declaration(&server, &draft).await, draft);

    let filed = submit(&server, &draft).await;
    let mut pay_only = paying(&filed, "300.00");
    pay_only.validate_only = true;
    let checked = server.payments().create_payment(pay_only.clone()).await;
    let seen = checked.unwrap().into_inner().payment.unwrap();
    assert_eq!(bank.debit_calls(), 0);
    let get = pb::GetPaymentRequest {
        taxpayer_id: taxpayer.clone(),
        payment_id: seen.payment_id,
    };
    let gone = server.payments().get_payment(get).await;
    assert_refused(gone, Code::NotFound, "PAYMENT_NOT_FOUND");
    let known = outcome(&server, &taxpayer, &pay_only.request_id).await;
    assert_eq!(known.state(), pb::OutcomeState::NotFound);
}

also_on_postgres!(
    repeated_registration_and_update_of_a_taxpayer_have_one_effect,
    repeated_mutations_of_a_source_have_one_effect,
    repeated_draft_submit_payment_and_settlement_have_one_effect,
    one_request_id_cannot_serve_two_methods,
    outcome_of_a_request_without_effect_is_not_found,
    concurrent_copies_of_one_submit_are_one_filing,
    concurrent_submits_of_one_draft_under_different_ids_file_it_once,
    concurrent_copies_of_one_payment_debit_once,
    concurrent_payments_under_different_ids_debit_once,
    validate_only_changes_nothing_and_leaves_the_request_id_free,
    validate_only_files_and_pays_nothing,
);
