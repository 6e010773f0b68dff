//! The system under test: the real services on a real database, called in process. A life is one
//! run of the service on a runtime of its own, so that its death takes every task with it at
//! whatever await it stands.

use std::future::Future;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use caixing::clock::Clock;
use caixing::gateway::BankClient;
use caixing::grpc::{self, App, Parts};
use caixing::pb;
use caixing::pb::outcome_service_server::OutcomeService as _;
use caixing::rules::RuleBook;
use caixing::signing::Ed25519Signer;
use caixing::store::Tx;
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};
use tonic::Request;

use super::asked::{Asked, Outcome};
use super::bank::{self, Bank};
use super::eyes::Eyes;
use super::invariants::{Rows, rows};
use super::streaming::open_streams;
use crate::support::{On, TestDatabase, cut};

/// How long a payment that the service works on by itself is waited for.
const BOUND: Duration = Duration::from_millis(500);

/// How long a stream that was left is waited for.
const LEFT: Duration = Duration::from_secs(5);

/// Writes that may follow one another after a stream was read: an item of a batch each.
const TURNS: usize = 12;

/// The law, read once.
static BOOK: LazyLock<RuleBook> = LazyLock::new(|| RuleBook::embedded().unwrap());

/// One run of the service.
struct Life {
    app: App,
    eyes: Eyes,
    /// Last, so that it is dropped after what needs it.
    runtime: Runtime,
}

/// The system under test.
pub struct World {
    life: Option<Life>,
    pub bank: Arc<Bank>,
    /// Readers whose connections the calls do without.
    crowd: Vec<Tx>,
    kept: TestDatabase,
}

impl World {
    /// A new one on a fresh database of a kind, its clock at an instant.
    pub fn new(on: On, now: i64) -> Self {
        let kept = TestDatabase::new(on);
        let bank = Bank::new();
        let life = Some(Life::begin(&kept, &bank));
        let crowd = Vec::new();
        let world = Self {
            life,
            bank,
            crowd,
            kept,
        };
        world.set_clock(now);
        world
    }

    fn life(&self) -> &Life {
        self.life.as_ref().unwrap()
    }

    /// The service's parts.
    pub fn app(&self) -> App {
        self.life().app.clone()
    }

    /// Its time.
    pub fn now(&self) -> Timestamp {
        self.life().app.clock.now()
    }

    /// Sets its clock, in seconds since 1970.
    pub fn set_clock(&self, seconds: i64) {
        let now = Timestamp::from_second(seconds).unwrap();
        assert!(self.life().app.clock.set(Some(now)).unwrap());
    }

    /// Runs a reading future.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.life().runtime.block_on(future)
    }

    /// Reads with the test's own eyes.
    pub fn read<T>(&mut self, body: impl AsyncFnOnce(&mut Eyes) -> T) -> T {
        let Life { runtime, eyes, .. } = self.life.as_mut().unwrap();
        runtime.block_on(body(eyes))
    }

    /// What a step may have changed, the events after a position.
    pub fn rows(&mut self, seen: i64) -> Rows {
        let app = self.app();
        self.read(async |eyes| rows(eyes, &app.store, seen).await)
    }

    /// Calls and waits for the answer.
    pub fn ask(&self, asked: Asked) -> Outcome {
        self.run(asked.ask(self.app()))
    }

    /// Calls twice at the same time.
    pub fn ask_both(&self, one: Asked, other: Asked) -> (Outcome, Outcome) {
        let (one, other) = (one.ask(self.app()), other.ask(self.app()));
        self.run(async { tokio::join!(one, other) })
    }

    /// Calls, and leaves when the bank keeps its answer.
    pub fn ask_held(&mut self, asked: Asked) -> Outcome {
        let mut held = self.bank.held.subscribe();
        held.mark_unchanged();
        let call = asked.clone().ask(self.app());
        let answered = self.run(async {
            tokio::select! {
                outcome = call => Some(outcome),
                _ = held.changed() => None,
            }
        });
        answered.unwrap_or_else(|| self.find(&asked, false))
    }

    /// How many tasks run.
    fn tasks(&self) -> usize {
        self.life().runtime.metrics().num_alive_tasks()
    }

    /// Waits until a stream that its caller left is over: it is read, what was read is done, and
    /// no task is left of it.
    fn wait_for_streams(&mut self, tasks: usize) {
        let started = Instant::now();
        while open_streams() > 0 || self.tasks() > tasks {
            assert!(started.elapsed() < LEFT, "a stream that was left goes on");
            self.run(async { tokio::time::sleep(Duration::from_millis(1)).await });
        }
        for _ in 0..TURNS {
            self.run(async { tokio::task::yield_now().await });
            self.barrier();
        }
    }

    /// Calls, and leaves after so many polls; true when the call was cut.
    pub fn ask_cut(&mut self, asked: Asked, polls: u8) -> (Outcome, bool) {
        let tasks = self.tasks();
        match self.run(cut(asked.clone().ask(self.app()), polls.into())) {
            Some(outcome) => (outcome, false),
            None if asked.is_stream() => {
                self.wait_for_streams(tasks);
                (Outcome::Absent, true)
            }
            None => (self.find(&asked, true), true),
        }
    }

    /// Calls, and dies after so many polls. True when the call was cut.
    pub fn ask_and_die(&mut self, asked: Asked, polls: u8) -> (Outcome, bool) {
        let answered = self.run(cut(asked.clone().ask(self.app()), polls.into()));
        self.die();
        match answered {
            Some(outcome) => (outcome, false),
            None if asked.is_stream() => (Outcome::Absent, true),
            None => (self.find(&asked, false), true),
        }
    }

    /// Another reader begins to read, and goes on.
    pub fn crowd(&mut self) {
        let app = self.app();
        let tx = self.run(async move { app.store.read().await.unwrap() });
        self.crowd.push(tx);
    }

    /// The other readers go.
    pub fn disperse(&mut self) {
        let crowd = std::mem::take(&mut self.crowd);
        let _inside = self.life().runtime.enter();
        drop(crowd);
    }

    /// Ends without warning, and starts again.
    fn die(&mut self) {
        self.disperse();
        drop(self.life.take());
        self.life = Some(Life::begin(&self.kept, &self.bank));
    }

    /// Ends in order, and starts again.
    pub fn restart(&mut self) {
        self.disperse();
        let life = self.life.take().unwrap();
        life.runtime.block_on(life.app.store.close());
        drop(life);
        self.life = Some(Life::begin(&self.kept, &self.bank));
    }

    /// What became of a call whose answer was lost, by the only means a client has. Where the
    /// service goes on by itself it is given the time.
    fn find(&mut self, asked: &Asked, patient: bool) -> Outcome {
        self.barrier();
        // What goes on without its caller has begun, and stands in line for the one writer.
        for _ in 0..if patient { 3 } else { 0 } {
            self.run(async { tokio::task::yield_now().await });
            self.barrier();
        }
        let started = Instant::now();
        loop {
            let known = self.outcome(asked);
            match known.state() {
                pb::OutcomeState::Done => {
                    return Outcome::Found {
                        bytes: known.response,
                    };
                }
                pb::OutcomeState::Pending if patient && started.elapsed() < BOUND => {
                    self.run(async { tokio::time::sleep(Duration::from_millis(1)).await });
                }
                pb::OutcomeState::Pending => {
                    let payment_id = self.subject_of(asked);
                    return Outcome::Waiting { payment_id };
                }
                pb::OutcomeState::NotFound | pb::OutcomeState::Unspecified => {
                    return Outcome::Absent;
                }
            }
        }
    }

    /// Waits until what a cut call left to the database is done.
    fn barrier(&mut self) {
        let app = self.app();
        self.read(async |eyes| eyes.settle(&app.store).await);
    }

    /// What is known of a call.
    pub fn outcome(&self, asked: &Asked) -> pb::GetOutcomeResponse {
        let mut request = pb::GetOutcomeRequest {
            taxpayer_id: asked.taxpayer(),
            request_id: asked.request_id().to_owned(),
            tax_number: String::new(),
        };
        if let Asked::RegisterTaxpayer(message) = asked {
            request.taxpayer_id = String::new();
            request.tax_number = message.tax_number.clone();
        }
        let service = grpc::Outcomes(self.app());
        let answer = self.run(service.get_outcome(Request::new(request)));
        answer.unwrap().into_inner()
    }

    fn subject_of(&mut self, asked: &Asked) -> String {
        let (taxpayer, request) = (asked.taxpayer(), asked.request_id());
        let sql = format!(
            "SELECT subject_id FROM request WHERE taxpayer_id = '{taxpayer}'
             AND request_id = '{request}'"
        );
        let mut rows: Vec<(String,)> = self.read(async |eyes| eyes.rows(sql).await);
        rows.pop().unwrap().0
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.life.is_some() {
            self.disperse();
        }
        drop(self.life.take());
        // A long run makes many.
        self.kept.remove();
    }
}

impl Life {
    fn begin(kept: &TestDatabase, bank: &Arc<Bank>) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (app, eyes) = runtime.block_on(async {
            let path = kept.dir();
            let address = bank::serve(Arc::clone(bank)).await;
            let app = Arc::new(Parts {
                store: kept.open().await,
                book: BOOK.clone(),
                clock: Clock::sandbox(path.join("sandbox-clock")),
                signer: Box::new(Ed25519Signer::open(&path.join("key.hex")).unwrap()),
                bank: BankClient::new(&address).unwrap(),
                bank_faults: None,
                dial: None,
            });
            let mut eyes = Eyes::open(&kept.database).await;
            // What a dead life had begun to commit is whole or absent before anybody looks.
            eyes.settle(&app.store).await;
            (app, eyes)
        });
        bank.connect(&app);
        Self { app, eyes, runtime }
    }
}
