//! The same request many times at once over several connections: one effect, one answer byte for
//! byte, every answer but the first marked as given again; and other content under the id refused.

use std::future::Future;

use caixing::pb;
use pb::declaration_service_client::DeclarationServiceClient;
use pb::payment_service_client::PaymentServiceClient;
use pb::tax_source_service_client::TaxSourceServiceClient;
use pb::taxpayer_service_client::TaxpayerServiceClient;
use pb::treasury_callback_service_client::TreasuryCallbackServiceClient;
use prost::Message;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Response, Status};

use crate::support::*;

const AT_ONCE: usize = 32;
const CONNECTIONS: usize = 4;

/// Sends one request at once from all sides; the answer all were given.
async fn at_once<T, F>(server: &Server, call: impl Fn(Channel) -> F) -> T
where
    T: Message + Default + std::fmt::Debug + Send + 'static,
    F: Future<Output = Result<Response<T>, Status>> + Send + 'static,
{
    let mut channels = Vec::new();
    for _ in 0..CONNECTIONS {
        let endpoint = Endpoint::from_shared(server.address.clone()).unwrap();
        channels.push(endpoint.connect().await.unwrap());
    }
    let mut running = JoinSet::new();
    for number in 0..AT_ONCE {
        running.spawn(call(channels[number % CONNECTIONS].clone()));
    }
    let mut first = 0;
    let mut bodies = Vec::new();
    let mut too_early = 0;
    while let Some(answer) = running.join_next().await {
        match answer.unwrap() {
            Ok(answer) => {
                first += usize::from(!is_replay(&answer));
                bodies.push(answer.into_inner().encode_to_vec());
            }
            // The first is still at the bank.
            Err(status) => {
                assert_refused::<T>(Err(status), Code::Aborted, "REQUEST_STILL_RUNNING");
                too_early += 1;
            }
        }
    }
    for _ in 0..too_early {
        let again = call(server.channel.clone()).await.unwrap();
        assert!(is_replay(&again));
        bodies.push(again.into_inner().encode_to_vec());
    }
    assert_eq!((first, bodies.len()), (1, AT_ONCE));
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    T::decode(bodies[0].as_slice()).unwrap()
}

/// The same id with other content, from all sides while the first content is answered.
fn reused<T: std::fmt::Debug>(outcome: Result<Response<T>, Status>) {
    assert_refused(outcome, Code::InvalidArgument, "REQUEST_ID_REUSED");
}

/// The kinds of the taxpayer's events, in order.
async fn kinds(server: &Server, taxpayer: &str) -> Vec<String> {
    let request = pb::StreamEventsRequest {
        taxpayer_id: taxpayer.to_owned(),
        until_now: true,
        ..Default::default()
    };
    let answer = server.events().stream_events(request).await;
    let mut stream = answer.unwrap().into_inner();
    let mut kinds = Vec::new();
    while let Some(event) = stream.message().await.unwrap() {
        kinds.push(event.kind);
    }
    kinds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mutation_sent_many_times_at_once_is_done_once() {
    let (server, bank) = Server::with_quiet_bank().await;

    let request = registration();
    let call = |channel| {
        let request = request.clone();
        async move {
            TaxpayerServiceClient::new(channel)
                .register_taxpayer(request)
                .await
        }
    };
    let taxpayer = at_once(&server, call).await.taxpayer.unwrap().taxpayer_id;
    let mut other = request.clone();
    other.name = "另一家".to_owned();
    reused(server.taxpayers().register_taxpayer(other).await);
    assert_eq!(kinds(&server, &taxpayer).await, ["taxpayer.registered"]);

    let request = collecting(&taxpayer, contract("HT-1"));
    let call = |channel| {
        let request = request.clone();
        async move {
            TaxSourceServiceClient::new(channel)
                .create_tax_source(request)
                .await
        }
    };
    at_once(&server, call).await;
    assert_eq!(source_list(&server, &taxpayer).await.len(), 1);
    let other = pb::CreateTaxSourceRequest {
        source: Some(contract("HT-2")),
        ..request.clone()
    };
    reused(server.sources().create_tax_source(other).await);

    let request = drawing(&taxpayer);
    let call = |channel| {
        let request = request.clone();
        async move {
            DeclarationServiceClient::new(channel)
                .draft_declaration(request)
                .await
        }
    };
    let draft = at_once(&server, call).await.declarations.remove(0);
    assert_eq!(declaration_list(&server, &taxpayer).await.len(), 1);
    let mut other = request.clone();
    other.taxes = vec![pb::TaxKind::StampTax.into()];
    reused(server.declarations().draft_declaration(other).await);

    let request = filing(&draft);
    let call = |channel| {
        let request = request.clone();
        async move {
            DeclarationServiceClient::new(channel)
                .submit_declaration(request)
                .await
        }
    };
    let filed = at_once(&server, call).await.declaration.unwrap();
    let mut other = request.clone();
    other.content_digest = fresh();
    reused(server.declarations().submit_declaration(other).await);

    let request = paying(&filed, "300.00");
    let call = |channel| {
        let request = request.clone();
        async move {
            PaymentServiceClient::new(channel)
                .create_payment(request)
                .await
        }
    };
    let paid = at_once(&server, call).await.payment.unwrap();
    assert_eq!(bank.debit_calls(), 1);
    let mut other = request.clone();
    other.agreement_number = "SFXY-OTHER".to_owned();
    reused(server.payments().create_payment(other).await);
    assert_eq!(bank.debit_calls(), 1);

    let request = settling(&paid);
    let call = |channel| {
        let request = request.clone();
        async move {
            TreasuryCallbackServiceClient::new(channel)
                .report_settlement(request)
                .await
        }
    };
    let settled = at_once(&server, call).await;
    let vouchers = voucher_list(&server, &taxpayer).await;
    assert_eq!(vouchers.len(), 1);
    assert_eq!(vouchers[0].voucher_number, settled.voucher_number);
    let mut other = request.clone();
    other.bank_reference = "QB-2".to_owned();
    reused(server.treasury().report_settlement(other).await);

    let once = [
        "taxpayer.registered",
        "tax_source.collected",
        "declaration.drawn",
        "declaration.submitted",
        "payment.sent",
        "payment.debited",
        "payment.in_treasury",
        "declaration.completed",
        "voucher.issued",
    ];
    assert_eq!(kinds(&server, &taxpayer).await, once);
    server.check_trail().await;
}

also_on_postgres!(every_mutation_sent_many_times_at_once_is_done_once,);
