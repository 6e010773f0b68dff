//! Servers in process on a directory and port of their own, and the small acts of a taxpayer.

mod acts;
mod bank;
mod cluster;
mod corrections;
mod cut;
mod database;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use caixing::clock::Clock;
use caixing::gateway::{BankClient, BankFault, FaultRule};
use caixing::grpc::{self, Parts};
use caixing::pb;
use caixing::rules::RuleBook;
use caixing::server::{self, Running, Settings};
use caixing::signing::Ed25519Signer;
use caixing::store::Store;
use prost_reflect::{DescriptorPool, DynamicMessage};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub use acts::*;
pub use bank::{QuietBank, serve as serve_quiet_bank};
pub use cluster::{ASKED, Cluster, cluster};
pub use corrections::*;
pub use cut::cut;
pub use database::{On, TestDatabase, with_setting};
pub(crate) use database::{also_on_postgres, on_both};

/// The example taxpayer's number.
pub const TAX_NUMBER: &str = "91340100MA8WXJ264T";
/// The day on which tests play unless they say otherwise: 2026-10-12 in China.
pub const NOW: i64 = 1_791_770_400;
/// An id that nothing has.
pub const NOBODY: &str = "00000000-0000-7000-8000-000000000001";

/// A server under test with a connection to it.
pub struct Server {
    running: Option<Running>,
    /// `http://127.0.0.1:…`.
    pub address: String,
    /// A connection; clients share it.
    pub channel: Channel,
    kept: Arc<TestDatabase>,
}

async fn connect(address: &str) -> Channel {
    let endpoint = Endpoint::from_shared(address.to_owned()).unwrap();
    endpoint.connect().await.unwrap()
}

macro_rules! clients {
    ($($name:ident: $module:ident :: $client:ident),+ $(,)?) => {
        impl Server {
            $(pub fn $name(&self) -> pb::$module::$client<Channel> {
                pb::$module::$client::new(self.channel.clone())
            })+
        }
    };
}

clients! {
    taxpayers: taxpayer_service_client::TaxpayerServiceClient,
    sources: tax_source_service_client::TaxSourceServiceClient,
    declarations: declaration_service_client::DeclarationServiceClient,
    payments: payment_service_client::PaymentServiceClient,
    treasury: treasury_callback_service_client::TreasuryCallbackServiceClient,
    vouchers: voucher_service_client::VoucherServiceClient,
    rules: rule_service_client::RuleServiceClient,
    events: event_service_client::EventServiceClient,
    officers: officer_service_client::OfficerServiceClient,
    outcomes: outcome_service_client::OutcomeServiceClient,
    sandbox: sandbox_service_client::SandboxServiceClient,
}

impl Server {
    /// The sandbox as it is served, its clock at [`NOW`].
    pub async fn start() -> Self {
        Self::on(On::usual()).await
    }

    /// The sandbox on a database of a kind.
    pub async fn on(on: On) -> Self {
        let server = Self::of(Arc::new(TestDatabase::new(on)), None).await;
        server.set_clock(NOW).await;
        server
    }

    /// The sandbox on a database as it stands.
    pub async fn over(kept: TestDatabase) -> Self {
        let server = Self::of(Arc::new(kept), None).await;
        server.set_clock(NOW).await;
        server
    }

    /// The sandbox on a database that is there, with its own bank or another.
    pub async fn of(kept: Arc<TestDatabase>, gateway: Option<String>) -> Self {
        let settings = Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            data_dir: kept.dir().to_owned(),
            database: Some(kept.database.clone()),
            rules_dir: None,
            sandbox: true,
            gateway,
            metrics: None,
        };
        let running = server::start(&settings).await.unwrap();
        let address = format!("http://{}", running.address);
        let channel = connect(&address).await;
        Self {
            running: Some(running),
            address,
            channel,
            kept,
        }
    }

    /// Two servers on one database, and the quiet bank beside them.
    pub async fn two_on_one() -> (Self, Self, Arc<QuietBank>) {
        let bank = Arc::new(QuietBank::default());
        let gateway = bank::serve(Arc::clone(&bank)).await;
        let kept = Arc::new(TestDatabase::new(On::Postgres));
        let one = Self::of(Arc::clone(&kept), Some(gateway.clone())).await;
        one.set_clock(NOW).await;
        let other = Self::of(kept, Some(gateway)).await;
        (one, other, bank)
    }

    /// The same server over another connection.
    pub async fn over_another_connection(&self) -> Self {
        Self {
            running: None,
            address: self.address.clone(),
            channel: connect(&self.address).await,
            kept: Arc::clone(&self.kept),
        }
    }

    /// The same services on a bank that debits once and never reports a settlement by itself, so
    /// that a test decides when the treasury speaks.
    pub async fn with_quiet_bank() -> (Self, Arc<QuietBank>) {
        Self::with_quiet_bank_on(On::usual()).await
    }

    /// The same on a database of a kind.
    pub async fn with_quiet_bank_on(on: On) -> (Self, Arc<QuietBank>) {
        let kept = Arc::new(TestDatabase::new(on));
        let dir = kept.dir();
        let bank = Arc::new(QuietBank::default());
        let bank_address = bank::serve(Arc::clone(&bank)).await;
        let app = Arc::new(Parts {
            store: kept.open().await,
            book: RuleBook::embedded().unwrap(),
            clock: Clock::sandbox(dir.join("sandbox-clock")),
            signer: Box::new(Ed25519Signer::open(&dir.join("key.hex")).unwrap()),
            bank: BankClient::new(&bank_address).unwrap(),
            bank_faults: None,
            dial: None,
        });
        macro_rules! service {
            ($module:ident :: $server:ident, $inner:ident) => {
                pb::$module::$server::new(grpc::$inner(app.clone()))
            };
        }
        let router = tonic::transport::Server::builder()
            .layer(grpc::ScenarioLayer::new(app.clone()))
            .add_service(service!(
                taxpayer_service_server::TaxpayerServiceServer,
                Taxpayers
            ))
            .add_service(service!(
                tax_source_service_server::TaxSourceServiceServer,
                TaxSources
            ))
            .add_service(service!(
                declaration_service_server::DeclarationServiceServer,
                Declarations
            ))
            .add_service(service!(
                payment_service_server::PaymentServiceServer,
                Payments
            ))
            .add_service(service!(
                treasury_callback_service_server::TreasuryCallbackServiceServer,
                TreasuryCallbacks
            ))
            .add_service(service!(
                voucher_service_server::VoucherServiceServer,
                Vouchers
            ))
            .add_service(service!(
                outcome_service_server::OutcomeServiceServer,
                Outcomes
            ))
            .add_service(service!(event_service_server::EventServiceServer, Events))
            .add_service(service!(
                officer_service_server::OfficerServiceServer,
                Officers
            ))
            .add_service(service!(
                sandbox_service_server::SandboxServiceServer,
                Sandbox
            ));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
        let channel = connect(&address).await;
        let server = Self {
            running: None,
            address,
            channel,
            kept,
        };
        server.set_clock(NOW).await;
        (server, bank)
    }

    /// Its database.
    pub fn database(&self) -> &TestDatabase {
        &self.kept
    }

    /// Where its keys lie, and the embedded database.
    pub fn data_dir(&self) -> &std::path::Path {
        self.kept.dir()
    }

    /// The trail of events holds, and every table agrees with it.
    pub async fn check_trail(&self) {
        let store = Store::open_for_reading(&self.kept.database).await;
        let store = store.unwrap();
        let mut tx = store.read().await.unwrap();
        let (_, gap) = tx.audit_positions().await.unwrap();
        assert_eq!(gap, None);
        for taxpayer in tx.audit_taxpayers().await.unwrap() {
            let verify = caixing::signing::verify;
            let audited = tx.audit_taxpayer(&taxpayer, verify).await.unwrap();
            assert_eq!(audited.breaks, []);
        }
        drop(tx);
        store.close().await;
    }

    /// A server that runs as a process of its own, its clock at [`NOW`].
    pub async fn at(address: &str) -> Self {
        let address = format!("http://{address}");
        let channel = connect(&address).await;
        let server = Self {
            running: None,
            address,
            channel,
            kept: Arc::new(TestDatabase::new(On::Sqlite)),
        };
        server.set_clock(NOW).await;
        server
    }

    /// Turns the fault dial of the sandbox's own bank for the next order.
    pub fn next_order(&self, fault: BankFault) {
        let rule = FaultRule {
            taxpayer_id: String::new(),
            fault,
            times: Some(1),
        };
        let running = self.running.as_ref().unwrap();
        running.bank_faults().unwrap().set(rule);
    }

    /// Has the sandbox's own bank send its files of a day.
    pub async fn send_day_file(&self, day: &str) -> Vec<pb::ReconcileDayResponse> {
        let running = self.running.as_ref().unwrap();
        running.send_day_file(day.parse().unwrap()).await.unwrap()
    }

    /// The entries of a kind in the journal of the sandbox's own bank, by order.
    pub fn journal(&self, kind: &str) -> Vec<String> {
        journal(self.kept.dir(), kind)
    }

    /// Lets a client talk on a connection of its own and breaks that off when it has said its
    /// piece, without an end to what it was sending.
    pub async fn cut_off<T, F>(&self, talk: impl FnOnce(Channel) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let address = self.address.clone();
        let client = move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            // With its runtime the client's socket is gone.
            runtime.block_on(async move { talk(connect(&address).await).await })
        };
        tokio::task::spawn_blocking(client).await.unwrap()
    }

    /// Sets the service's clock, in seconds since 1970.
    pub async fn set_clock(&self, seconds: i64) {
        let now = Some(prost_types::Timestamp { seconds, nanos: 0 });
        let request = pb::SetClockRequest { now };
        self.sandbox().set_clock(request).await.unwrap();
    }

    /// Ends a served sandbox; it must end in order, and leave a trail that holds.
    pub async fn stop(self) {
        self.check_trail().await;
        let Self {
            running, channel, ..
        } = self;
        drop(channel);
        running.unwrap().stop().await.unwrap();
    }
}

/// The entries of a kind in the journal of a sandbox bank, by order.
pub fn journal(dir: &Path, kind: &str) -> Vec<String> {
    let text = std::fs::read_to_string(dir.join("sandbox-bank.jsonl")).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|entry| entry["entry"] == kind)
        .map(|entry| entry["order_id"].as_str().unwrap().to_owned())
        .collect()
}

/// Reads a message from its proto JSON.
pub fn message<T: prost::Message + Default>(name: &str, json: serde_json::Value) -> T {
    dynamic(name, json).transcode_to().unwrap()
}

/// Reads a message of any type from its proto JSON.
pub fn dynamic(name: &str, json: serde_json::Value) -> DynamicMessage {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(pb::DESCRIPTORS).unwrap());
    let descriptor = POOL
        .get_message_by_name(&format!("caixing.v1.{name}"))
        .unwrap();
    DynamicMessage::deserialize(descriptor, json).unwrap()
}

/// A fresh request id.
pub fn fresh() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// True when an answer says it is an earlier one given again.
pub fn is_replay<T>(response: &Response<T>) -> bool {
    response
        .metadata()
        .get("idempotency-hit")
        .is_some_and(|value| value == "true")
}

/// What a status carries; exactly one ErrorInfo of the service's domain, RequestInfo always.
pub fn details(status: &Status) -> ErrorDetails {
    let all = status.get_error_details_vec();
    let infos =
        |one: &&tonic_types::ErrorDetail| matches!(one, tonic_types::ErrorDetail::ErrorInfo(_));
    assert_eq!(all.iter().filter(infos).count(), 1, "{status:?}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().domain, "caixing");
    assert!(!details.request_info().unwrap().request_id.is_empty());
    assert!(
        status.details().len() <= 4096,
        "{} bytes",
        status.details().len()
    );
    details
}

/// The stable reason of a status.
pub fn reason(status: &Status) -> String {
    details(status).error_info().unwrap().reason.clone()
}

/// One entry of the metadata of a status's ErrorInfo.
pub fn fact(status: &Status, key: &str) -> String {
    let details = details(status);
    details.error_info().unwrap().metadata[key].clone()
}

/// The paths of the fields a status finds wrong.
pub fn bad_fields(status: &Status) -> Vec<String> {
    let details = details(status);
    let Some(bad) = details.bad_request() else {
        return Vec::new();
    };
    let path = |one: &tonic_types::FieldViolation| one.field.clone();
    bad.field_violations.iter().map(path).collect()
}

/// Asserts that a call was refused with a code and reason.
#[track_caller]
pub fn assert_refused<T: std::fmt::Debug>(
    outcome: Result<Response<T>, Status>,
    code: tonic::Code,
    stable: &str,
) -> Status {
    let status = outcome.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (code, stable));
    status
}

/// Asserts that a step was refused in the state things are in.
#[track_caller]
pub fn assert_precondition<T: std::fmt::Debug>(
    outcome: Result<Response<T>, Status>,
    stable: &str,
) -> Status {
    let status = assert_refused(outcome, tonic::Code::FailedPrecondition, stable);
    let failed = details(&status).precondition_failure().unwrap().clone();
    assert_eq!(failed.violations[0].r#type, stable);
    status
}

/// A request with one header.
pub fn with_header<T>(message: T, name: &'static str, value: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(name, value.parse().unwrap());
    request
}

pub(crate) const BOUND: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// Reads a payment until it is in a state, at most half a minute.
pub async fn wait_for(
    server: &Server,
    payment: &pb::Payment,
    state: pb::PaymentState,
) -> pb::Payment {
    let started = Instant::now();
    loop {
        let now = read_payment(server, payment).await;
        if now.state() == state {
            return now;
        }
        assert!(started.elapsed() < BOUND, "still {:?}", now.state());
        tokio::time::sleep(POLL).await;
    }
}
