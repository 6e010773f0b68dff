//! The sandbox's bank and treasury: a `PaymentGateway` on a port of its own that debits once,
//! remembers what it did across restarts, reports each settlement back, and misbehaves when it
//! is told to.

use std::collections::HashSet;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::Date;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::books::{Books, Debit, Entry, Known};
use super::faults::{BankFault, FaultSource};
use super::reporter::{DayFileError, Reported, Reporter};
use crate::pb;
use crate::pb::payment_gateway_server::{PaymentGateway, PaymentGatewayServer};
use crate::types::{Money, parse_date};

/// Agreements ending in this are refused, so that a refusal can be tried.
const REFUSED_AGREEMENT: &str = "-REFUSED";
const REPORT_RETRY: Duration = Duration::from_millis(200);
/// A late answer, within Caixing's deadline of 5 seconds.
const SLOW: Duration = Duration::from_secs(2);
/// An answer that comes after Caixing's deadline.
const TOO_LATE: Duration = Duration::from_secs(7);
/// How long a bank that is gone stays away from an order.
const AWAY: Duration = Duration::from_secs(3);

/// The bank: its books, its faults, and the settlements it still has to report.
#[derive(Debug)]
pub struct SandboxBank {
    books: Mutex<Books>,
    faults: FaultSource,
    reporter: Reporter,
    /// Orders for which the bank is not reachable just now.
    away: Mutex<HashSet<String>>,
    to_settle: mpsc::UnboundedSender<String>,
}

/// The settlements a bank still has to report.
pub type ToSettle = mpsc::UnboundedReceiver<String>;

/// Why a bank does not open.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// The journal.
    #[error("the bank's journal cannot be read: {0}")]
    Journal(#[from] std::io::Error),
    /// The address of the callbacks.
    #[error("the callback address is not a URI: {0}")]
    Callback(#[from] tonic::transport::Error),
}

impl SandboxBank {
    /// Opens the books in a directory. Orders debited but not settled are settled again.
    ///
    /// # Errors
    /// [`BankError`].
    pub fn open(
        dir: &Path,
        faults: FaultSource,
        callback: &str,
    ) -> Result<(Arc<Self>, ToSettle), BankError> {
        let books = Books::open(dir)?;
        let reporter = Reporter::new(callback)?;
        let (to_settle, settle) = mpsc::unbounded_channel();
        for order_id in books.unsettled() {
            let _ = to_settle.send(order_id);
        }
        let bank = Self {
            books: Mutex::new(books),
            faults,
            reporter,
            away: Mutex::default(),
            to_settle,
        };
        Ok((Arc::new(bank), settle))
    }

    /// Sends the reconciliation files of a day, and gives back all that is answered.
    ///
    /// # Errors
    /// [`DayFileError`].
    pub async fn send_day(
        &self,
        dir: &Path,
        day: Date,
    ) -> Result<Vec<pb::ReconcileDayResponse>, DayFileError> {
        // Read from the journal, so that no lock is held while the file is sent.
        let books = Books::read(dir)?;
        self.reporter.send_day(&books, day).await
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn away(&self) -> MutexGuard<'_, HashSet<String>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, entry: Entry) -> Result<(), Status> {
        self.books()
            .write(entry)
            .map_err(|error| Status::unavailable(error.to_string()))
    }

    /// A debit whose settlement is still to be reported.
    fn unsettled(&self, order_id: &str) -> Option<Debit> {
        match self.books().order(order_id) {
            Some(Known::Debited {
                debit,
                settled: false,
            }) => Some(debit.clone()),
            _ => None,
        }
    }

    fn settle_soon(&self, order_id: &str) {
        let _ = self.to_settle.send(order_id.to_owned());
    }

    fn settle_after(&self, order_id: &str, pause: Duration) {
        let (to_settle, order_id) = (self.to_settle.clone(), order_id.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            let _ = to_settle.send(order_id);
        });
    }

    /// Takes an order in, once: what happens with it, or nothing where it was taken in before.
    fn take(&self, order: pb::DebitRequest, amount: Money, day: Date) -> Result<Taken, Status> {
        let mut books = self.books();
        if books.order(&order.order_id).is_some() {
            return Ok(Taken::Before);
        }
        let fault = self.faults.take(&order.taxpayer_id);
        match fault {
            Some(BankFault::Gone) => return Ok(Taken::Gone),
            Some(BankFault::TimeOutBeforeDebit) => return Ok(Taken::Ignored),
            _ => {}
        }
        let debit = Debit {
            taxpayer_id: order.taxpayer_id,
            treasury_code: order.treasury_code,
            amount,
            bank_reference: format!("SB{}", Uuid::now_v7().simple()),
            day: Some(day),
            fault,
        };
        let refused =
            fault == Some(BankFault::Refuse) || order.agreement_number.ends_with(REFUSED_AGREEMENT);
        let order_id = order.order_id;
        let entry = if refused {
            Entry::Refused {
                order_id,
                reason: "INSUFFICIENT_FUNDS".to_owned(),
                debit: Some(debit),
            }
        } else {
            Entry::Debited { order_id, debit }
        };
        books
            .write(entry)
            .map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(if refused {
            Taken::Refused
        } else {
            Taken::Debited(fault)
        })
    }
}

/// What happens with an order.
#[derive(Debug)]
enum Taken {
    /// It was taken in before: it is answered, not redone.
    Before,
    /// The bank is not reachable.
    Gone,
    /// The bank never takes it in.
    Ignored,
    /// It is refused.
    Refused,
    /// The payer is debited.
    Debited(Option<BankFault>),
}

/// Checks an order as a bank would.
fn check(order: &pb::DebitRequest) -> Result<(Money, Date), Status> {
    let bad = |what: &str| Status::invalid_argument(format!("order: {what}"));
    Uuid::try_parse(&order.order_id).map_err(|_| bad("order_id is not a UUID"))?;
    let day = parse_date(&order.order_date).map_err(|_| bad("order_date"))?;
    let total = Money::parse_yuan(&order.total_yuan).map_err(|_| bad("total_yuan"))?;
    let mut sum = Money::ZERO;
    for row in &order.rows {
        let amount = Money::parse_yuan(&row.amount_yuan).map_err(|_| bad("amount_yuan"))?;
        sum = sum.plus(amount).map_err(|_| bad("the sum is too large"))?;
    }
    if sum != total || !total.is_positive() {
        return Err(bad("the rows do not sum to the total"));
    }
    Ok((total, day))
}

/// The bank as a service.
#[derive(Debug, Clone)]
struct BankService(Arc<SandboxBank>);

impl BankService {
    /// What the bank does after the debit is in its books, until it answers.
    async fn misbehave(&self, order_id: &str, fault: Option<BankFault>) -> Result<(), Status> {
        let bank = &self.0;
        match fault {
            Some(BankFault::Slow) => {
                bank.settle_after(order_id, SLOW);
                tokio::time::sleep(SLOW).await;
            }
            Some(BankFault::TimeOutAfterDebit) => {
                bank.settle_after(order_id, TOO_LATE);
                tokio::time::sleep(TOO_LATE).await;
            }
            Some(BankFault::LoseAnswer) => {
                bank.settle_soon(order_id);
                return Err(Status::unavailable("the connection broke"));
            }
            // Only the day's file will tell.
            Some(BankFault::Forget) => return Err(Status::unavailable("the connection broke")),
            Some(BankFault::SettleByFile) => {}
            Some(BankFault::Reverse) => bank.write(Entry::Reversed {
                order_id: order_id.to_owned(),
            })?,
            Some(BankFault::SettleBeforeAnswer) => {
                if !settle(bank, order_id).await {
                    bank.settle_soon(order_id);
                }
            }
            Some(
                BankFault::Refuse
                | BankFault::TimeOutBeforeDebit
                | BankFault::ReportTwice
                | BankFault::SettleInParts
                | BankFault::WrongAmount
                | BankFault::Gone,
            )
            | None => bank.settle_soon(order_id),
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl PaymentGateway for BankService {
    async fn debit(
        &self,
        request: Request<pb::DebitRequest>,
    ) -> Result<Response<pb::DebitResponse>, Status> {
        let order = request.into_inner();
        let (amount, day) = check(&order)?;
        let order_id = order.order_id.clone();
        match self.0.take(order, amount, day)? {
            Taken::Gone => {
                self.0.away().insert(order_id.clone());
                let bank = Arc::clone(&self.0);
                tokio::spawn(async move {
                    tokio::time::sleep(AWAY).await;
                    bank.away().remove(&order_id);
                });
                return Err(Status::unavailable("the bank is gone"));
            }
            Taken::Ignored => {
                tokio::time::sleep(TOO_LATE).await;
                return Err(Status::deadline_exceeded("never taken in"));
            }
            Taken::Debited(fault) => {
                // What was debited is answered as it was when it was debited.
                let known = self.0.books().answer(&order_id);
                self.misbehave(&order_id, fault).await?;
                return Ok(Response::new(debited(known)));
            }
            Taken::Before | Taken::Refused => {}
        }
        Ok(Response::new(debited(self.0.books().answer(&order_id))))
    }

    async fn query(
        &self,
        request: Request<pb::QueryRequest>,
    ) -> Result<Response<pb::QueryResponse>, Status> {
        let order_id = request.into_inner().order_id;
        if self.0.away().contains(&order_id) {
            return Err(Status::unavailable("the bank is gone"));
        }
        let books = self.0.books();
        let forgotten = match books.order(&order_id) {
            Some(Known::Debited { debit, .. }) => debit.fault == Some(BankFault::Forget),
            _ => false,
        };
        let asked = if forgotten { "" } else { &order_id };
        Ok(Response::new(books.answer(asked)))
    }

    async fn reverse(
        &self,
        request: Request<pb::ReverseRequest>,
    ) -> Result<Response<pb::ReverseResponse>, Status> {
        let order_id = request.into_inner().order_id;
        let mut books = self.0.books();
        match books.order(&order_id) {
            Some(Known::Debited { settled: false, .. }) => {
                let order_id = order_id.clone();
                books
                    .write(Entry::Reversed { order_id })
                    .map_err(|error| Status::unavailable(error.to_string()))?;
            }
            Some(Known::Debited { settled: true, .. }) => {
                return Err(Status::failed_precondition("the money is in the treasury"));
            }
            _ => {}
        }
        let outcome = books.answer(&order_id).outcome;
        Ok(Response::new(pb::ReverseResponse { outcome }))
    }
}

fn debited(known: pb::QueryResponse) -> pb::DebitResponse {
    pb::DebitResponse {
        outcome: known.outcome,
        bank_reference: known.bank_reference,
        refusal_reason: known.refusal_reason,
        amount_yuan: known.amount_yuan,
    }
}

/// Serves the sandbox's bank until `stop`, and reports settlements to its callback.
///
/// # Errors
/// When the port cannot be served.
pub async fn serve_sandbox(
    bank: Arc<SandboxBank>,
    settle: ToSettle,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), tonic::transport::Error> {
    let reporter = tokio::spawn(report_settlements(Arc::clone(&bank), settle));
    let served = Server::builder()
        .add_service(PaymentGatewayServer::new(BankService(bank)))
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop)
        .await;
    reporter.abort();
    served
}

/// Reports each settlement until it is taken in: a report may be repeated, never lost.
async fn report_settlements(bank: Arc<SandboxBank>, mut to_settle: ToSettle) {
    while let Some(order_id) = to_settle.recv().await {
        if !settle(&bank, &order_id).await {
            bank.settle_after(&order_id, REPORT_RETRY);
        }
    }
}

/// Reports a settlement; false when it has to be reported again.
async fn settle(bank: &SandboxBank, order_id: &str) -> bool {
    let Some(debit) = bank.unsettled(order_id) else {
        return true;
    };
    if matches!(
        debit.fault,
        Some(BankFault::SettleByFile | BankFault::Forget)
    ) {
        return true;
    }
    if debit.fault == Some(BankFault::Reverse) {
        // A crash came between the debit and its reversal.
        let order_id = order_id.to_owned();
        return bank.write(Entry::Reversed { order_id }).is_ok();
    }
    match bank.reporter.report(order_id, &debit).await {
        Reported::Taken => {
            let settled = Entry::Settled {
                order_id: order_id.to_owned(),
            };
            if let Err(error) = bank.write(settled) {
                tracing::error!(%error, "the sandbox bank cannot write its journal");
            }
            true
        }
        Reported::Refused => true,
        Reported::Again => false,
    }
}
