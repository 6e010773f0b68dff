//! A client that plays the journey step by step on a server it can kill at any moment.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use caixing::pb;
use pb::declaration_service_client::DeclarationServiceClient;
use pb::outcome_service_client::OutcomeServiceClient;
use pb::payment_service_client::PaymentServiceClient;
use pb::sandbox_service_client::SandboxServiceClient;
use pb::tax_source_service_client::TaxSourceServiceClient;
use pb::taxpayer_service_client::TaxpayerServiceClient;
use pb::voucher_service_client::VoucherServiceClient;
use prost::Message;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use super::sender::Sender;
use crate::process::{LOOK_EVERY, Served, WAIT_MAX};

pub const TAX_NUMBER: &str = "91340100MA8WXJ264T";
/// 2026-10-12 10:00 in China: within the filing period of the third quarter.
const NOW: i64 = 1_791_770_400;
/// (5,650,000.00 − 650,000.00) × 0.3‰ + 2,000,000.00 × 0.05‰ = 1,500.00 + 100.00.
pub const TOTAL: &str = "1600.00";
pub const TREASURY: &str = "1234010400";

/// The steps that change something, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Register,
    CollectSale,
    CollectLoan,
    Draft,
    Submit,
    Pay,
}

pub const STEPS: [Step; 6] = [
    Step::Register,
    Step::CollectSale,
    Step::CollectLoan,
    Step::Draft,
    Step::Submit,
    Step::Pay,
];

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A client that remembers what it was told, beside a server that forgets nothing.
pub struct Journey {
    dir: tempfile::TempDir,
    pub server: Option<Served>,
    pub channel: Channel,
    /// One request id per step, kept over every restart.
    ids: Vec<String>,
    /// Acknowledged mutations: request id and the answer's bytes.
    acknowledged: Vec<(String, Vec<u8>)>,
    pub taxpayer_id: String,
    declaration_id: String,
    digest: String,
    pub payment_id: String,
    minutes: i64,
}

impl Journey {
    pub async fn begin() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Served::start(&dir.path().join("data"));
        let mut journey = Self {
            channel: connect(&server).await,
            server: Some(server),
            dir,
            ids: STEPS.iter().map(|_| new_id()).collect(),
            acknowledged: Vec::new(),
            taxpayer_id: String::new(),
            declaration_id: String::new(),
            digest: String::new(),
            payment_id: String::new(),
            minutes: 0,
        };
        journey.advance_clock(0).await;
        journey
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn journal(&self) -> PathBuf {
        self.data().join("sandbox-bank.jsonl")
    }

    pub fn kill(&mut self) {
        self.server.take().unwrap().kill();
    }

    pub async fn start(&mut self) {
        let server = Served::start(&self.data());
        self.channel = connect(&server).await;
        self.server = Some(server);
    }

    pub async fn advance_clock(&mut self, minutes: i64) {
        self.minutes += minutes;
        let now = prost_types::Timestamp {
            seconds: NOW + self.minutes * 60,
            nanos: 0,
        };
        let set = pb::SetClockRequest { now: Some(now) };
        let mut client = SandboxServiceClient::new(self.channel.clone());
        let answer = client.set_clock(set).await.unwrap().into_inner();
        assert_eq!(answer.today, "2026-10-12");
    }

    /// A sender of a step's request, which can run while the server is killed.
    fn sender(&self, step: Step) -> Sender {
        Sender {
            step,
            channel: self.channel.clone(),
            request_id: self.ids[step as usize].clone(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: self.declaration_id.clone(),
            digest: self.digest.clone(),
        }
    }

    pub async fn outcome(&self, request_id: &str) -> pb::GetOutcomeResponse {
        let request = pb::GetOutcomeRequest {
            request_id: request_id.to_owned(),
            tax_number: TAX_NUMBER.to_owned(),
            taxpayer_id: self.taxpayer_id.clone(),
        };
        let mut client = OutcomeServiceClient::new(self.channel.clone());
        client.get_outcome(request).await.unwrap().into_inner()
    }

    /// Every acknowledged answer is found, byte for byte.
    pub async fn check_acknowledged(&self) {
        for (request_id, bytes) in &self.acknowledged {
            let outcome = self.outcome(request_id).await;
            assert_eq!(
                outcome.state(),
                pb::OutcomeState::Done,
                "{}",
                outcome.method
            );
            assert_eq!(outcome.response, *bytes, "{}", outcome.method);
        }
    }

    /// Takes an answer in, and what the next steps need of it.
    pub fn acknowledge(&mut self, step: Step, bytes: Vec<u8>) {
        match step {
            Step::Register => {
                let answer = pb::RegisterTaxpayerResponse::decode(&*bytes).unwrap();
                self.taxpayer_id = answer.taxpayer.unwrap().taxpayer_id;
            }
            Step::CollectSale | Step::CollectLoan => {}
            Step::Draft => {
                let answer = pb::DraftDeclarationResponse::decode(&*bytes).unwrap();
                let draft = answer.declarations.into_iter().next().unwrap();
                assert_eq!(draft.totals.unwrap().payable_yuan, TOTAL);
                self.declaration_id = draft.declaration_id;
                self.digest = draft.content_digest;
            }
            Step::Submit => {
                let answer = pb::SubmitDeclarationResponse::decode(&*bytes).unwrap();
                let state = answer.declaration.unwrap().state();
                assert_eq!(state, pb::DeclarationState::AwaitingPayment);
            }
            Step::Pay => {
                let answer = pb::CreatePaymentResponse::decode(&*bytes).unwrap();
                self.payment_id = answer.payment.unwrap().payment_id;
            }
        }
        self.acknowledged
            .push((self.ids[step as usize].clone(), bytes));
    }

    /// Sends a step, again and with the same id where it was sent before, until it is answered.
    pub async fn finish(&mut self, step: Step) {
        let started = Instant::now();
        loop {
            match self.sender(step).send().await {
                Ok(bytes) => return self.acknowledge(step, bytes),
                // The bank is still being asked, as far as the clock tells: let time pass.
                Err(status) if status.code() == Code::Aborted => self.advance_clock(1).await,
                Err(status) => panic!("{step:?}: {status}"),
            }
            assert!(started.elapsed() < WAIT_MAX, "{step:?} is not answered");
        }
    }

    /// Sends a step, kills the server `after` a while without waiting for the answer, starts it
    /// again, and checks that the step is whole or absent.
    pub async fn cut(&mut self, step: Step, after: Duration) {
        let sender = self.sender(step);
        let sent = tokio::spawn(async move { sender.send().await });
        // Not a wait for anything: it chooses where the work is cut.
        tokio::time::sleep(after).await;
        self.kill();
        let told = sent.await.unwrap();
        self.start().await;
        let outcome = self.outcome(&self.ids[step as usize]).await;
        match (&told, outcome.state()) {
            (Ok(bytes), pb::OutcomeState::Done) => assert_eq!(outcome.response, *bytes),
            (Ok(_), state) => panic!("{step:?} was acknowledged and is {state:?}"),
            (Err(_), pb::OutcomeState::Pending) => assert_eq!(step, Step::Pay),
            (Err(_), _) => {}
        }
        let done = outcome.state() == pb::OutcomeState::Done;
        self.check_shelves(step, done).await;
        self.finish(step).await;
        if done {
            let (_, bytes) = self.acknowledged.last().unwrap();
            assert_eq!(
                outcome.response, *bytes,
                "{step:?}: the repeat is byte-equal"
            );
        }
        self.check_shelves(step, true).await;
        self.check_acknowledged().await;
    }

    /// As many sources and declarations are kept as steps are done, no more and no less.
    pub async fn check_shelves(&self, step: Step, done: bool) {
        let steps = step as usize + usize::from(done);
        if steps == 0 {
            let mut client = TaxpayerServiceClient::new(self.channel.clone());
            let request = pb::ListTaxpayersRequest::default();
            let listed = client.list_taxpayers(request).await.unwrap().into_inner();
            assert_eq!(listed.taxpayers, []);
            return;
        }
        let taxpayer_id = match self.taxpayer_id.as_str() {
            "" => return,
            known => known.to_owned(),
        };
        let request = pb::ListTaxSourcesRequest {
            taxpayer_id: taxpayer_id.clone(),
            ..Default::default()
        };
        let mut client = TaxSourceServiceClient::new(self.channel.clone());
        let sources = client.list_tax_sources(request).await.unwrap().into_inner();
        assert_eq!(
            sources.sources.len(),
            steps.saturating_sub(1).min(2),
            "{step:?}"
        );
        let request = pb::ListDeclarationsRequest {
            taxpayer_id,
            ..Default::default()
        };
        let mut client = DeclarationServiceClient::new(self.channel.clone());
        let kept = client
            .list_declarations(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(kept.declarations.len(), usize::from(steps > 3), "{step:?}");
    }

    pub async fn payment(&self) -> pb::Payment {
        let request = pb::GetPaymentRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            payment_id: self.payment_id.clone(),
        };
        let mut client = PaymentServiceClient::new(self.channel.clone());
        let answer = client.get_payment(request).await.unwrap().into_inner();
        answer.payment.unwrap()
    }

    pub async fn resolve(&self) -> pb::Payment {
        let request = pb::ResolvePaymentRequest {
            request_id: new_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            payment_id: self.payment_id.clone(),
        };
        let mut client = PaymentServiceClient::new(self.channel.clone());
        let answer = client.resolve_payment(request).await.unwrap().into_inner();
        answer.payment.unwrap()
    }

    /// Follows the payment to the treasury. One that never reached the bank is paid anew, but
    /// only once that is certain.
    pub async fn settle(&mut self) -> pb::Payment {
        let started = Instant::now();
        loop {
            let payment = self.payment().await;
            match payment.state() {
                pb::PaymentState::InTreasury => return payment,
                pb::PaymentState::Sent | pb::PaymentState::Confirming => {
                    self.advance_clock(1).await;
                    self.resolve().await;
                }
                pb::PaymentState::Failed => {
                    assert_eq!(payment.failure_reason, "ORDER_NEVER_REACHED_BANK");
                    self.ids[Step::Pay as usize] = new_id();
                    self.finish(Step::Pay).await;
                }
                pb::PaymentState::Debited => tokio::time::sleep(LOOK_EVERY).await,
                other => panic!("{other:?}"),
            }
            assert!(started.elapsed() < WAIT_MAX, "not settled: {payment:?}");
        }
    }

    /// The end: one voucher of the whole total, one debit at the bank, everything still there.
    pub async fn check_end(&mut self) {
        let payment = self.settle().await;
        assert_eq!(payment.total_yuan, TOTAL);
        let mut client = VoucherServiceClient::new(self.channel.clone());
        let request = pb::ListVouchersRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            ..Default::default()
        };
        let vouchers = client
            .list_vouchers(request)
            .await
            .unwrap()
            .into_inner()
            .vouchers;
        assert_eq!(vouchers.len(), 1);
        let voucher = &vouchers[0];
        assert_eq!(voucher.voucher_number, payment.voucher_number);
        assert_eq!(voucher.total_yuan, TOTAL);
        let request = pb::VerifyVoucherRequest {
            voucher_number: voucher.voucher_number.clone(),
            tax_number: TAX_NUMBER.to_owned(),
            total_yuan: TOTAL.to_owned(),
            verification_code: String::new(),
        };
        assert!(
            client
                .verify_voucher(request)
                .await
                .unwrap()
                .into_inner()
                .valid
        );
        let debits = self.debits();
        assert_eq!(debits, [(self.payment_id.clone(), TOTAL.to_owned())]);
        self.check_acknowledged().await;
    }

    /// Order and amount of every debit in the bank's journal.
    pub fn debits(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.journal()).unwrap();
        let entries = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        entries
            .filter(|entry| entry["entry"] == "debited")
            .map(|entry| {
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                (text(&entry["order_id"]), text(&entry["debit"]["amount"]))
            })
            .collect()
    }
}

async fn connect(server: &Served) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).unwrap();
    endpoint.connect().await.unwrap()
}
