//! The services on a database that the test can look into, with any number of declarations that
//! are ready to be filed or paid.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use caixing::clock::Clock;
use caixing::filing::{Content, Declaration, PaymentState, Redrawn, SourceRecord, Taxpayer};
use caixing::gateway::BankClient;
use caixing::grpc::{self, App, Parts};
use caixing::pb;
use caixing::rules::RuleBook;
use caixing::signing::Ed25519Signer;
use caixing::store::{Store, Tx};
use caixing::types::{DeclarationId, RequestId, SourceId, TaxpayerKey};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use super::proxy::Cut;
use super::{Request, What};
use crate::support::*;

/// Longest wait for anything in these tests.
pub const WAIT: Duration = Duration::from_secs(60);

/// What everything is copied from.
struct Model {
    taxpayer: Taxpayer,
    source: SourceRecord,
    draft: Declaration,
}

/// The services.
#[derive(Clone)]
pub struct Shop {
    pub address: SocketAddr,
    /// A connection that is never cut.
    pub channel: Channel,
    app: App,
    bank: Arc<QuietBank>,
    model: Arc<Model>,
    seconds: Arc<AtomicI64>,
    /// Payments the bank was never asked for, because the caller left before.
    unasked: Arc<AtomicUsize>,
    _dir: Arc<TempDir>,
}

impl Shop {
    pub async fn open() -> Self {
        // Thousands of durable commits: in memory where there is such a place, since what a power
        // cut would do is not the question here.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let dir = dir.unwrap();
        let bank = Arc::new(QuietBank::default());
        let bank_address = serve_quiet_bank(Arc::clone(&bank)).await;
        let app: App = Arc::new(Parts {
            store: Store::open_sqlite(dir.path()).await.unwrap(),
            book: RuleBook::embedded().unwrap(),
            clock: Clock::sandbox(dir.path().join("sandbox-clock")),
            signer: Box::new(Ed25519Signer::open(&dir.path().join("key.hex")).unwrap()),
            bank: BankClient::new(&bank_address).unwrap(),
            dial: None,
            bank_faults: None,
        });
        use pb::declaration_service_server::DeclarationServiceServer;
        use pb::outcome_service_server::OutcomeServiceServer;
        use pb::payment_service_server::PaymentServiceServer;
        use pb::tax_source_service_server::TaxSourceServiceServer;
        use pb::taxpayer_service_server::TaxpayerServiceServer;
        let router = tonic::transport::Server::builder()
            .add_service(TaxpayerServiceServer::new(grpc::Taxpayers(app.clone())))
            .add_service(TaxSourceServiceServer::new(grpc::TaxSources(app.clone())))
            .add_service(DeclarationServiceServer::new(grpc::Declarations(
                app.clone(),
            )))
            .add_service(PaymentServiceServer::new(grpc::Payments(app.clone())))
            .add_service(OutcomeServiceServer::new(grpc::Outcomes(app.clone())));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        tokio::spawn(router.serve_with_incoming(incoming));
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.connect().await.unwrap();
        let seconds = Arc::new(AtomicI64::new(NOW));
        let now = Timestamp::from_second(NOW).unwrap();
        assert!(app.clock.set(Some(now)).unwrap());
        let model = Arc::new(model(&app, channel.clone()).await);
        Self {
            address,
            channel,
            app,
            bank,
            model,
            seconds,
            unasked: Arc::default(),
            _dir: Arc::new(dir),
        }
    }

    /// So much that an order that did not reach the bank is known not to be on its way.
    pub fn let_time_pass(&self) {
        let seconds = self.seconds.fetch_add(60, Ordering::SeqCst) + 60;
        let now = Timestamp::from_second(seconds).unwrap();
        self.app.clock.set(Some(now)).unwrap();
    }

    /// Declarations of so many taxpayers, each ready for the call.
    pub async fn prepare(&self, what: What, count: usize) -> Vec<pb::Declaration> {
        let mut ready = Vec::new();
        let mut tx = self.app.store.begin("Prepare", None, None).await.unwrap();
        for _ in 0..count {
            let (taxpayer, source, draft) = self.model.copy();
            tx.insert_taxpayer(&taxpayer).await.unwrap();
            tx.insert_source(&source).await.unwrap();
            tx.insert_declaration(&draft).await.unwrap();
            ready.push(pb::Declaration {
                taxpayer_id: taxpayer.key.to_string(),
                declaration_id: draft.id.to_string(),
                content_digest: draft.digest.clone(),
                ..Default::default()
            });
            if what == What::Pay {
                file(&mut tx, draft, self.app.clock.now()).await;
            }
        }
        tx.commit().await.unwrap();
        ready
    }

    /// In one look: the call is recorded, its effect is there and its event too; or none of it.
    pub async fn check_whole_or_absent(&self, what: What, request: &Request, cut: Cut) {
        let key = TaxpayerKey::parse(request.taxpayer_id()).unwrap();
        let id = RequestId::parse(request.request_id()).unwrap();
        let mut tx = self.app.store.read().await.unwrap();
        let recorded = tx.find_request(key, id).await.unwrap().is_some();
        let (effects, events) = effects(&mut tx, what, request).await;
        let expected = usize::from(recorded);
        assert_eq!((effects, events), (expected, expected), "{cut:?}");
    }

    /// There is one effect and one event of it.
    pub async fn check_one_effect(&self, what: What, request: &Request, cut: Cut) {
        let mut tx = self.app.store.read().await.unwrap();
        assert_eq!(effects(&mut tx, what, request).await, (1, 1), "{cut:?}");
        let Request::Pay(pay) = request else { return };
        let (key, id) = ids(&pay.taxpayer_id, &pay.declaration_id);
        match tx.live_payment_of(key, id).await.unwrap() {
            Some(payment) => assert_eq!(payment.state, PaymentState::Debited, "{cut:?}"),
            None => {
                self.unasked.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// The bank was asked once for each payment, and never for one that failed unasked.
    pub fn check_debits(&self, what: What, calls: usize) {
        let expected = match what {
            What::Submit => 0,
            What::Pay => calls - self.unasked.load(Ordering::SeqCst),
        };
        assert_eq!(self.bank.debit_calls(), expected);
    }
}

fn ids(taxpayer: &str, declaration: &str) -> (TaxpayerKey, DeclarationId) {
    let key = TaxpayerKey::parse(taxpayer).unwrap();
    (key, DeclarationId::parse(declaration).unwrap())
}

/// How many filings or payments there are of the call's declaration, and events that say so.
async fn effects(tx: &mut Tx, what: What, request: &Request) -> (usize, usize) {
    let (taxpayer, declaration, kind) = match request {
        Request::Submit(of) => (&of.taxpayer_id, &of.declaration_id, "declaration.submitted"),
        Request::Pay(of) => (&of.taxpayer_id, &of.declaration_id, "payment.sent"),
    };
    let (key, id) = ids(taxpayer, declaration);
    let events = tx.taxpayer_events_after(key, 0, 100).await.unwrap();
    let events = events.iter().filter(|event| event.kind == kind).count();
    let standing = tx.standing(key, id).await.unwrap().unwrap();
    let effects = match what {
        What::Submit => usize::from(standing.state.name() != "DRAFT"),
        What::Pay => standing.payments.len(),
    };
    (effects, events)
}

/// A taxpayer with a draft of one contract, made by the services.
async fn model(app: &App, channel: Channel) -> Model {
    let mut taxpayers = pb::taxpayer_service_client::TaxpayerServiceClient::new(channel.clone());
    let made = taxpayers.register_taxpayer(registration()).await.unwrap();
    let id = made.into_inner().taxpayer.unwrap().taxpayer_id;
    let mut sources = pb::tax_source_service_client::TaxSourceServiceClient::new(channel.clone());
    let request = collecting(&id, contract("HT-1"));
    sources.create_tax_source(request).await.unwrap();
    let mut declarations = pb::declaration_service_client::DeclarationServiceClient::new(channel);
    let drawn = declarations.draft_declaration(drawing(&id)).await.unwrap();
    let draft = drawn.into_inner().declarations.remove(0);
    let (key, id) = ids(&id, &draft.declaration_id);
    let mut tx = app.store.read().await.unwrap();
    Model {
        taxpayer: tx.taxpayer(key).await.unwrap().unwrap(),
        source: tx.all_sources(key).await.unwrap().remove(0),
        draft: tx.declaration(key, id).await.unwrap().unwrap(),
    }
}

impl Model {
    /// The same under ids of its own.
    fn copy(&self) -> (Taxpayer, SourceRecord, Declaration) {
        let key = TaxpayerKey::new(Uuid::new_v4());
        let source_id = SourceId::new(Uuid::now_v7());
        let taxpayer = Taxpayer {
            key,
            ..self.taxpayer.clone()
        };
        let source = SourceRecord {
            id: source_id,
            taxpayer: key,
            ..self.source.clone()
        };
        let content = serde_json::to_string(&self.draft.content).unwrap();
        let content = content
            .replace(&self.source.id.to_string(), &source_id.to_string())
            .replace(&self.taxpayer.key.to_string(), &key.to_string());
        let content: Content = serde_json::from_str(&content).unwrap();
        let draft = Declaration {
            id: DeclarationId::new(Uuid::now_v7()),
            digest: content.digest().unwrap(),
            content,
            ..self.draft.clone()
        };
        (taxpayer, source, draft)
    }
}

/// Files a draft as SubmitDeclaration would, without its event.
async fn file(tx: &mut Tx, draft: Declaration, now: Timestamp) {
    let digest = draft.digest.clone();
    let fresh = Redrawn {
        digest: digest.clone(),
        ..Redrawn::default()
    };
    let acknowledged = vec!["FREQUENCY_UNCONFIRMED".to_owned()];
    let today = caixing::clock::day_in_china(now);
    let filed = draft
        .submit(&digest, &fresh, acknowledged, now, today)
        .unwrap();
    tx.update_declaration(&filed).await.unwrap();
    tx.insert_filed(&filed).await.unwrap();
    let key = filed.content.taxpayer;
    tx.mark_declared(key, &filed.id.to_string()).await.unwrap();
}
