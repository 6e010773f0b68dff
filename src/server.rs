//! Putting a server together, so that `main` and the tests both can.

mod health;

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tower::util::MapResponseLayer;

use crate::clock::Clock;
use crate::gateway::{
    BankClient, BankError, BankFaults, DayFileError, FaultFile, FaultFileError, FaultSource,
    SandboxBank, serve_sandbox,
};
use crate::grpc::{self, App, Parts};
use crate::pb;
use crate::pb::declaration_service_server::DeclarationServiceServer;
use crate::pb::event_service_server::EventServiceServer;
use crate::pb::officer_service_server::OfficerServiceServer;
use crate::pb::outcome_service_server::OutcomeServiceServer;
use crate::pb::payment_service_server::PaymentServiceServer;
use crate::pb::rule_service_server::RuleServiceServer;
use crate::pb::sandbox_service_server::SandboxServiceServer;
use crate::pb::tax_source_service_server::TaxSourceServiceServer;
use crate::pb::taxpayer_service_server::TaxpayerServiceServer;
use crate::pb::treasury_callback_service_server::TreasuryCallbackServiceServer;
use crate::pb::voucher_service_server::VoucherServiceServer;
use crate::rules::RuleBook;
use crate::signing::{self, Ed25519Signer};
use crate::store::{Database, Store};
use crate::telemetry;
use crate::worker;

/// Largest request message, bytes.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
const CALLS_PER_CONNECTION_MAX: usize = 256;
/// Bytes on the way to us in one call and in all calls of a connection: a long stream that waits
/// for its own client must leave room for the calls beside it.
const CALL_WINDOW: u32 = 512 * 1024;
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;
const KEEPALIVE_EVERY: Duration = Duration::from_secs(30);
const STOP_PATIENCE: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Services listed by reflection and health.
const SERVICES: [&str; 11] = [
    "caixing.v1.TaxpayerService",
    "caixing.v1.TaxSourceService",
    "caixing.v1.DeclarationService",
    "caixing.v1.PaymentService",
    "caixing.v1.TreasuryCallbackService",
    "caixing.v1.VoucherService",
    "caixing.v1.RuleService",
    "caixing.v1.OutcomeService",
    "caixing.v1.EventService",
    "caixing.v1.OfficerService",
    "caixing.v1.SandboxService",
];

/// Why a server does not start or stops.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// The rule pack.
    #[error("the rule pack is refused: {0}")]
    Rules(#[from] crate::rules::RuleFileError),
    /// Files and sockets.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The transport.
    #[error("{0}")]
    Transport(#[from] tonic::transport::Error),
    /// Reflection.
    #[error("reflection: {0}")]
    Reflection(String),
    /// The sandbox's bank.
    #[error("{0}")]
    Bank(#[from] BankError),
    /// The faults of the sandbox's bank.
    #[error("{0}")]
    Faults(#[from] FaultFileError),
    /// The metrics endpoint.
    #[error("{0}")]
    Metrics(#[from] telemetry::TelemetryError),
    /// A setting that is not allowed.
    #[error("{0}")]
    Setting(String),
}

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where keys lie, and the embedded database where no other is named.
    pub data_dir: PathBuf,
    /// The database; nothing for the embedded one of the data directory.
    pub database: Option<Database>,
    /// A rule pack that replaces the embedded one.
    pub rules_dir: Option<PathBuf>,
    /// Sandbox: plaintext on loopback, a clock that can be set, a simulated bank.
    pub sandbox: bool,
    /// A bank and treasury in a process of its own, such as `http://127.0.0.1:50052`; without it
    /// the sandbox has one of its own.
    pub gateway: Option<String>,
    /// Where the service's numbers are served to Prometheus; once per process.
    pub metrics: Option<SocketAddr>,
}

/// How the sandbox's bank and treasury are started as a process of their own.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where Caixing takes settlements and files in, such as `http://127.0.0.1:50051`.
    pub callback: String,
    /// Where its books lie.
    pub data_dir: PathBuf,
    /// How it misbehaves.
    pub faults: Option<PathBuf>,
}

/// A running server.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    bank: Option<OwnBank>,
    faults: Arc<BankFaults>,
    data_dir: PathBuf,
    stop: watch::Sender<bool>,
    served: JoinHandle<Result<(), tonic::transport::Error>>,
    worker: JoinHandle<()>,
    store: Store,
}

/// The sandbox's bank inside the same process.
#[derive(Debug)]
struct OwnBank {
    bank: Arc<SandboxBank>,
    served: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Running {
    /// The fault dial of the sandbox's own bank; nothing where the bank is somebody else.
    pub fn bank_faults(&self) -> Option<&BankFaults> {
        self.bank.as_ref().map(|_| self.faults.as_ref())
    }

    /// Has the sandbox's own bank send its reconciliation files of a day, and gives back all
    /// that is answered; nothing where the bank is somebody else.
    ///
    /// # Errors
    /// [`DayFileError`].
    pub async fn send_day_file(
        &self,
        day: Date,
    ) -> Result<Vec<pb::ReconcileDayResponse>, DayFileError> {
        match &self.bank {
            Some(own) => own.bank.send_day(&self.data_dir, day).await,
            None => Ok(Vec::new()),
        }
    }

    /// Stops taking calls, ends the streams that follow, lets the running calls end, and closes
    /// the database. Who does not take in its answer is not waited for longer than 10 seconds.
    ///
    /// # Errors
    /// [`ServerError::Transport`].
    pub async fn stop(mut self) -> Result<(), ServerError> {
        let _ = self.stop.send(true);
        self.store.end_following();
        self.worker.abort();
        let served = match tokio::time::timeout(STOP_PATIENCE, &mut self.served).await {
            Ok(served) => served,
            Err(_) => {
                tracing::warn!("a client does not take in its answer; stopping without it");
                self.served.abort();
                Ok(Ok(()))
            }
        };
        let bank = match self.bank {
            Some(own) => own.served.await,
            None => Ok(Ok(())),
        };
        self.store.close().await;
        for ended in [served, bank] {
            ended.map_err(|error| ServerError::Setting(error.to_string()))??;
        }
        Ok(())
    }

    /// Waits until the server ends by itself, which is an error.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn ended(&mut self) -> Result<(), ServerError> {
        let ended = (&mut self.served).await;
        ended.map_err(|error| ServerError::Setting(error.to_string()))??;
        Ok(())
    }
}

/// Reads the rule pack a server is to use.
///
/// # Errors
/// [`ServerError::Rules`].
pub fn rule_book(rules_dir: Option<&Path>) -> Result<RuleBook, ServerError> {
    Ok(match rules_dir {
        Some(dir) => RuleBook::from_dir(dir)?,
        None => RuleBook::embedded()?,
    })
}

/// Starts a server.
///
/// # Errors
/// [`ServerError`] that says what to do.
pub async fn start(settings: &Settings) -> Result<Running, ServerError> {
    if !settings.sandbox {
        return Err(ServerError::Setting(
            "serving without an identity is refused: TLS and identities are not built yet, so \
             start with --sandbox on a loopback address"
                .to_owned(),
        ));
    }
    check_loopback(settings.listen)?;
    if let Some(address) = settings.metrics {
        telemetry::serve(address)?;
    }
    let dir = &settings.data_dir;
    std::fs::create_dir_all(dir).map_err(|error| {
        ServerError::Setting(format!(
            "cannot make the directory {}: {error}",
            dir.display()
        ))
    })?;
    let book = rule_book(settings.rules_dir.as_deref())?;
    let embedded = || Database::Embedded(settings.data_dir.clone());
    let store = Store::open(&settings.database.clone().unwrap_or_else(embedded)).await?;
    let signer = Ed25519Signer::open(&signing::key_file(&settings.data_dir))?;
    let listener = listen(settings.listen).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let faults = Arc::new(BankFaults::default());
    let (bank, bank_address, bank_faults) = match &settings.gateway {
        Some(gateway) => (None, gateway.clone(), None),
        None => {
            let listener = TcpListener::bind((settings.listen.ip(), 0)).await?;
            let gateway = format!("http://{}", listener.local_addr()?);
            let source = FaultSource::Dial(Arc::clone(&faults));
            let callback = format!("http://{address}");
            let (bank, settle) = SandboxBank::open(&settings.data_dir, source, &callback)?;
            let stop = until(stopped.clone());
            let served = tokio::spawn(serve_sandbox(Arc::clone(&bank), settle, listener, stop));
            (
                Some(OwnBank { bank, served }),
                gateway,
                Some(Arc::clone(&faults)),
            )
        }
    };

    let app: App = Arc::new(Parts {
        store: store.clone(),
        book,
        clock: Clock::sandbox(settings.data_dir.join("sandbox-clock")),
        signer: Box::new(signer),
        bank: BankClient::new(&bank_address)?,
        bank_faults,
        dial: settings.sandbox.then(grpc::ErrorDial::default),
    });
    let worker = tokio::spawn(worker::resolve_payments(Arc::clone(&app)));
    let served = serve(app, listener, until(stopped)).await?;
    tracing::info!(%address, bank = %bank_address, "serving");
    Ok(Running {
        address,
        bank,
        faults,
        data_dir: settings.data_dir.clone(),
        stop,
        served,
        worker,
        store,
    })
}

/// A bank and treasury that runs as a process of its own.
#[derive(Debug)]
pub struct RunningGateway {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    served: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl RunningGateway {
    /// Stops taking orders and lets the running ones end.
    ///
    /// # Errors
    /// [`ServerError::Transport`].
    pub async fn stop(self) -> Result<(), ServerError> {
        let _ = self.stop.send(true);
        let served = self.served.await;
        served.map_err(|error| ServerError::Setting(error.to_string()))??;
        Ok(())
    }
}

/// Starts the sandbox's bank and treasury on their own.
///
/// # Errors
/// [`ServerError`] that says what to do.
pub async fn start_gateway(settings: &GatewaySettings) -> Result<RunningGateway, ServerError> {
    check_loopback(settings.listen)?;
    let source = match &settings.faults {
        Some(file) => FaultSource::File(FaultFile::open(file.clone())?),
        None => FaultSource::Dial(Arc::new(BankFaults::default())),
    };
    let (bank, settle) = SandboxBank::open(&settings.data_dir, source, &settings.callback)?;
    let listener = listen(settings.listen).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let served = tokio::spawn(serve_sandbox(bank, settle, listener, until(stopped)));
    Ok(RunningGateway {
        address,
        stop,
        served,
    })
}

fn check_loopback(listen: SocketAddr) -> Result<(), ServerError> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    Err(ServerError::Setting(format!(
        "the sandbox speaks plaintext and listens on loopback only, not on {listen}"
    )))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    let refuse = |error| ServerError::Setting(format!("cannot listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(refuse)
}

async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<JoinHandle<Result<(), tonic::transport::Error>>, ServerError> {
    let reflection =
        |error: tonic_reflection::server::Error| ServerError::Reflection(error.to_string());
    let with_names = || {
        let mut builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        for service in SERVICES {
            builder = builder.with_service_name(service);
        }
        builder
    };
    let reflection_v1 = with_names().build_v1().map_err(reflection)?;
    let reflection_v1alpha = with_names().build_v1alpha().map_err(reflection)?;
    let (reporter, health_service) = tonic_health::server::health_reporter();
    let looking = health::begin(&reporter, &app.store).await;
    macro_rules! service {
        ($server:ident, $inner:expr) => {
            $server::new($inner)
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .accept_compressed(tonic::codec::CompressionEncoding::Gzip)
                .send_compressed(tonic::codec::CompressionEncoding::Gzip)
        };
    }
    let router = Server::builder()
        .concurrency_limit_per_connection(CALLS_PER_CONNECTION_MAX)
        .initial_stream_window_size(CALL_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keepalive_interval(Some(KEEPALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .layer(grpc::MeasuringLayer)
        .layer(grpc::ScenarioLayer::new(app.clone()))
        .layer(MapResponseLayer::new(grpc::move_idempotency_hit))
        .add_service(health_service)
        .add_service(reflection_v1)
        .add_service(reflection_v1alpha)
        .add_service(service!(
            TaxpayerServiceServer,
            grpc::Taxpayers(app.clone())
        ))
        .add_service(service!(
            TaxSourceServiceServer,
            grpc::TaxSources(app.clone())
        ))
        .add_service(service!(
            DeclarationServiceServer,
            grpc::Declarations(app.clone())
        ))
        .add_service(service!(PaymentServiceServer, grpc::Payments(app.clone())))
        .add_service(service!(
            TreasuryCallbackServiceServer,
            grpc::TreasuryCallbacks(app.clone())
        ))
        .add_service(service!(VoucherServiceServer, grpc::Vouchers(app.clone())))
        .add_service(service!(RuleServiceServer, grpc::Rules(app.clone())))
        .add_service(service!(OutcomeServiceServer, grpc::Outcomes(app.clone())))
        .add_service(service!(EventServiceServer, grpc::Events(app.clone())))
        .add_service(service!(OfficerServiceServer, grpc::Officers(app.clone())))
        .add_service(service!(SandboxServiceServer, grpc::Sandbox(app)));
    // Small answers go out at once instead of waiting for the client's acknowledgement.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let stopping = async move {
        stop.await;
        looking.abort();
        let _ = looking.await;
        // Clients that watch health see it before the door closes.
        health::say(&reporter, tonic_health::ServingStatus::NotServing).await;
    };
    Ok(tokio::spawn(
        router.serve_with_incoming_shutdown(incoming, stopping),
    ))
}
