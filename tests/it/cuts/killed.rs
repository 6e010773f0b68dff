//! The connection breaks and the server's process is killed at the same moment: after a new start
//! the request id alone still tells what became of the call.

use std::path::Path;

use caixing::pb;
use pb::sandbox_service_client::SandboxServiceClient;
use pb::tax_source_service_client::TaxSourceServiceClient;
use pb::taxpayer_service_client::TaxpayerServiceClient;
use tonic::transport::{Channel, Endpoint};

use super::proxy::{Cut, through};
use super::shop::WAIT;
use super::{Request, What};
use crate::process::Served;
use crate::support::*;

async fn start(dir: &Path) -> (Served, Channel) {
    let server = Served::start(dir);
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).unwrap();
    (server, endpoint.connect().await.unwrap())
}

async fn set_clock(channel: &Channel, seconds: i64) {
    let now = Some(prost_types::Timestamp { seconds, nanos: 0 });
    let mut sandbox = SandboxServiceClient::new(channel.clone());
    let request = pb::SetClockRequest { now };
    sandbox.set_clock(request).await.unwrap();
}

/// Sends it again until it is answered. A payment left at the bank is asked about when so much
/// time has passed that it cannot be on its way any more.
async fn finish(channel: &Channel, request: &Request, seconds: &mut i64) -> (Vec<u8>, bool) {
    let started = std::time::Instant::now();
    loop {
        match request.send(channel.clone()).await {
            Ok(answer) => return answer,
            Err(status) => assert_eq!(reason(&status), "REQUEST_STILL_RUNNING"),
        }
        assert!(started.elapsed() < WAIT, "never answered");
        *seconds += 60;
        set_clock(channel, *seconds).await;
    }
}

async fn outcome(channel: &Channel, request: &Request) -> pb::GetOutcomeResponse {
    let ask = pb::GetOutcomeRequest {
        taxpayer_id: request.taxpayer_id().to_owned(),
        request_id: request.request_id().to_owned(),
        tax_number: String::new(),
    };
    let mut client = pb::outcome_service_client::OutcomeServiceClient::new(channel.clone());
    client.get_outcome(ask).await.unwrap().into_inner()
}

/// Draws what is not yet declared: one form.
async fn draft(channel: &Channel, taxpayer: &str) -> pb::Declaration {
    let mut client = pb::declaration_service_client::DeclarationServiceClient::new(channel.clone());
    let drawn = client.draft_declaration(drawing(taxpayer)).await.unwrap();
    drawn.into_inner().declarations.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_cut_and_a_server_killed_at_the_same_moment_is_never_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (mut server, mut channel) = start(&data).await;
    let mut seconds = NOW;
    set_clock(&channel, seconds).await;
    let mut taxpayers = TaxpayerServiceClient::new(channel.clone());
    let made = taxpayers.register_taxpayer(registration()).await.unwrap();
    let taxpayer = made.into_inner().taxpayer.unwrap().taxpayer_id;
    let cuts = [
        Cut::Up(150),
        Cut::Up(430),
        Cut::Down(0),
        Cut::Down(60),
        Cut::Down(300),
    ];
    for (number, cut) in cuts.into_iter().enumerate() {
        let mut sources = TaxSourceServiceClient::new(channel.clone());
        let source = contract(&format!("HT-{number}"));
        let request = collecting(&taxpayer, source);
        sources.create_tax_source(request).await.unwrap();
        let declaration = draft(&channel, &taxpayer).await;
        for what in [What::Submit, What::Pay] {
            let request = Request::new(what, &declaration);
            let address = server.address.parse().unwrap();
            let (told, _) = through(address, cut, |channel| {
                let request = request.clone();
                async move { request.send(channel).await }
            })
            .await;
            server.kill();
            (server, channel) = start(&data).await;
            let known = outcome(&channel, &request).await;
            let (bytes, replay) = finish(&channel, &request, &mut seconds).await;
            if known.state() == pb::OutcomeState::Done {
                assert!(replay, "{what:?} {cut:?}");
                assert_eq!(known.response, bytes, "{what:?} {cut:?}");
            }
            if let Ok((told, _)) = told {
                assert_eq!(told, bytes, "{what:?} {cut:?}");
            }
            let known = outcome(&channel, &request).await;
            assert_eq!(known.state(), pb::OutcomeState::Done, "{what:?} {cut:?}");
            assert_eq!(known.response, bytes, "{what:?} {cut:?}");
        }
    }
    // Each order stands in the bank's journal once at most.
    let journal = std::fs::read_to_string(data.join("sandbox-bank.jsonl")).unwrap_or_default();
    let mut orders: Vec<String> = journal
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|entry| entry["entry"] == "debited")
        .map(|entry| entry["order_id"].as_str().unwrap().to_owned())
        .collect();
    assert!(!orders.is_empty());
    let all = orders.len();
    orders.sort();
    orders.dedup();
    assert_eq!((orders.len(), all <= cuts.len()), (all, true));
}
