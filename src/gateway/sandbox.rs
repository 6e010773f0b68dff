//! The sandbox's bank and treasury: a `PaymentGateway` on a port of its own that debits once,
//! remembers what it did across restarts, and reports each settlement back.

use std::collections::HashMap;
use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::pb;
use crate::pb::payment_gateway_server::{PaymentGateway, PaymentGatewayServer};
use crate::pb::treasury_callback_service_client::TreasuryCallbackServiceClient;
use crate::types::Money;

/// Agreements ending in this are refused, so that a refusal can be tried.
const REFUSED_AGREEMENT: &str = "-REFUSED";
const REPORT_RETRY: Duration = Duration::from_millis(200);
const REPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// One entry of the bank's journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
enum Entry {
    Debited { order_id: String, debit: Debit },
    Refused { order_id: String, reason: String },
    Reversed { order_id: String },
    Settled { order_id: String },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Debit {
    taxpayer_id: String,
    treasury_code: String,
    amount: Money,
    bank_reference: String,
}

#[derive(Debug, Clone)]
enum Known {
    Debited { debit: Debit, settled: bool },
    Refused(String),
    Reversed(String),
}

/// The bank's books: a journal file, and what it says.
#[derive(Debug)]
pub struct SandboxBank {
    file: PathBuf,
    orders: Mutex<HashMap<String, Known>>,
    to_settle: mpsc::UnboundedSender<String>,
}

impl SandboxBank {
    /// Opens the books in a directory. Orders debited but not settled are settled again.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn open(dir: &Path) -> std::io::Result<(Arc<Self>, mpsc::UnboundedReceiver<String>)> {
        let file = dir.join("sandbox-bank.jsonl");
        let mut orders = HashMap::new();
        if file.exists() {
            let text = std::fs::read_to_string(&file)?;
            if !text.is_empty() && !text.ends_with('\n') {
                // Else the next entry would be written onto a line torn by a crash, and lost.
                let mut out = std::fs::OpenOptions::new().append(true).open(&file)?;
                out.write_all(b"\n")?;
                out.sync_data()?;
            }
            for line in text.lines() {
                // A last line torn by a crash was never acknowledged.
                if let Ok(entry) = serde_json::from_str(line) {
                    apply(&mut orders, entry);
                }
            }
        }
        let (to_settle, settle) = mpsc::unbounded_channel();
        for (order_id, known) in &orders {
            if matches!(known, Known::Debited { settled: false, .. }) {
                let _ = to_settle.send(order_id.clone());
            }
        }
        Ok((
            Arc::new(Self {
                file,
                orders: Mutex::new(orders),
                to_settle,
            }),
            settle,
        ))
    }

    /// Writes an entry durably, then takes it into the books. The lock is held by the caller.
    fn write(&self, orders: &mut HashMap<String, Known>, entry: Entry) -> std::io::Result<()> {
        let mut line = serde_json::to_string(&entry)?;
        line.push('\n');
        let mut out = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)?;
        out.write_all(line.as_bytes())?;
        out.sync_data()?;
        apply(orders, entry);
        Ok(())
    }

    fn debit_of(&self, order_id: &str) -> Option<(Debit, bool)> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        match orders.get(order_id) {
            Some(Known::Debited { debit, settled }) => Some((debit.clone(), *settled)),
            _ => None,
        }
    }

    fn answer(&self, order_id: &str) -> pb::QueryResponse {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answer = pb::QueryResponse::default();
        match orders.get(order_id) {
            None => answer.set_outcome(pb::DebitOutcome::UnknownOrder),
            Some(Known::Debited { debit, .. }) => {
                answer.set_outcome(pb::DebitOutcome::Debited);
                answer.bank_reference = debit.bank_reference.clone();
                answer.amount_yuan = debit.amount.to_string();
            }
            Some(Known::Refused(reason)) => {
                answer.set_outcome(pb::DebitOutcome::Refused);
                answer.refusal_reason = reason.clone();
            }
            Some(Known::Reversed(reference)) => {
                answer.set_outcome(pb::DebitOutcome::Reversed);
                answer.bank_reference = reference.clone();
            }
        }
        answer
    }
}

fn apply(orders: &mut HashMap<String, Known>, entry: Entry) {
    match entry {
        Entry::Debited { order_id, debit } => {
            orders.insert(
                order_id,
                Known::Debited {
                    debit,
                    settled: false,
                },
            );
        }
        Entry::Refused { order_id, reason } => {
            orders.insert(order_id, Known::Refused(reason));
        }
        Entry::Reversed { order_id } => {
            if let Some(Known::Debited { debit, .. }) = orders.get(&order_id) {
                let reference = debit.bank_reference.clone();
                orders.insert(order_id, Known::Reversed(reference));
            }
        }
        Entry::Settled { order_id } => {
            if let Some(Known::Debited { settled, .. }) = orders.get_mut(&order_id) {
                *settled = true;
            }
        }
    }
}

/// Checks an order as a bank would.
fn check(order: &pb::DebitRequest) -> Result<Money, Status> {
    let bad = |what: &str| Status::invalid_argument(format!("order: {what}"));
    Uuid::try_parse(&order.order_id).map_err(|_| bad("order_id is not a UUID"))?;
    let total = Money::parse_yuan(&order.total_yuan).map_err(|_| bad("total_yuan"))?;
    let mut sum = Money::ZERO;
    for row in &order.rows {
        let amount = Money::parse_yuan(&row.amount_yuan).map_err(|_| bad("amount_yuan"))?;
        sum = sum.plus(amount).map_err(|_| bad("the sum is too large"))?;
    }
    if sum != total || !total.is_positive() {
        return Err(bad("the rows do not sum to the total"));
    }
    Ok(total)
}

/// The bank as a service.
#[derive(Debug, Clone)]
struct BankService(Arc<SandboxBank>);

#[tonic::async_trait]
impl PaymentGateway for BankService {
    async fn debit(
        &self,
        request: Request<pb::DebitRequest>,
    ) -> Result<Response<pb::DebitResponse>, Status> {
        let order = request.into_inner();
        let amount = check(&order)?;
        let order_id = order.order_id;
        {
            let mut orders = self.0.orders.lock().unwrap_or_else(PoisonError::into_inner);
            if !orders.contains_key(&order_id) {
                let entry = if order.agreement_number.ends_with(REFUSED_AGREEMENT) {
                    let reason = "INSUFFICIENT_FUNDS".to_owned();
                    Entry::Refused {
                        order_id: order_id.clone(),
                        reason,
                    }
                } else {
                    let debit = Debit {
                        taxpayer_id: order.taxpayer_id,
                        treasury_code: order.treasury_code,
                        amount,
                        bank_reference: format!("SB{}", Uuid::now_v7().simple()),
                    };
                    Entry::Debited {
                        order_id: order_id.clone(),
                        debit,
                    }
                };
                let debited = matches!(entry, Entry::Debited { .. });
                self.0
                    .write(&mut orders, entry)
                    .map_err(|error| Status::unavailable(error.to_string()))?;
                if debited {
                    let _ = self.0.to_settle.send(order_id.clone());
                }
            }
        }
        let known = self.0.answer(&order_id);
        Ok(Response::new(pb::DebitResponse {
            outcome: known.outcome,
            bank_reference: known.bank_reference,
            refusal_reason: known.refusal_reason,
        }))
    }

    async fn query(
        &self,
        request: Request<pb::QueryRequest>,
    ) -> Result<Response<pb::QueryResponse>, Status> {
        Ok(Response::new(self.0.answer(&request.into_inner().order_id)))
    }

    async fn reverse(
        &self,
        request: Request<pb::ReverseRequest>,
    ) -> Result<Response<pb::ReverseResponse>, Status> {
        let order_id = request.into_inner().order_id;
        {
            let mut orders = self.0.orders.lock().unwrap_or_else(PoisonError::into_inner);
            match orders.get(&order_id) {
                Some(Known::Debited { settled: false, .. }) => {
                    let entry = Entry::Reversed {
                        order_id: order_id.clone(),
                    };
                    self.0
                        .write(&mut orders, entry)
                        .map_err(|error| Status::unavailable(error.to_string()))?;
                }
                Some(Known::Debited { settled: true, .. }) => {
                    return Err(Status::failed_precondition("the money is in the treasury"));
                }
                _ => {}
            }
        }
        let outcome = self.0.answer(&order_id).outcome;
        Ok(Response::new(pb::ReverseResponse { outcome }))
    }
}

/// Serves the sandbox's bank until `stop`, and reports settlements to `callback`.
///
/// # Errors
/// When the port cannot be served.
pub async fn serve_sandbox(
    bank: Arc<SandboxBank>,
    settle: mpsc::UnboundedReceiver<String>,
    listener: TcpListener,
    callback: String,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), tonic::transport::Error> {
    let reporter = tokio::spawn(report_settlements(Arc::clone(&bank), settle, callback));
    let served = Server::builder()
        .add_service(PaymentGatewayServer::new(BankService(bank)))
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop)
        .await;
    reporter.abort();
    served
}

/// Reports each settlement until it is taken in: a report may be repeated, never lost.
async fn report_settlements(
    bank: Arc<SandboxBank>,
    mut settle: mpsc::UnboundedReceiver<String>,
    callback: String,
) {
    let Ok(endpoint) = Endpoint::from_shared(callback) else {
        return;
    };
    let channel = endpoint.timeout(REPORT_TIMEOUT).connect_lazy();
    let mut client = TreasuryCallbackServiceClient::new(channel);
    while let Some(order_id) = settle.recv().await {
        let Some((debit, false)) = bank.debit_of(&order_id) else {
            continue;
        };
        let request = pb::ReportSettlementRequest {
            // The same order always reports under the same id, so a repeat is answered.
            request_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, order_id.as_bytes()).to_string(),
            taxpayer_id: debit.taxpayer_id,
            payment_id: order_id.clone(),
            amount_yuan: debit.amount.to_string(),
            treasury_code: debit.treasury_code,
            bank_reference: debit.bank_reference,
            part_reference: String::new(),
        };
        match client.report_settlement(request).await {
            Ok(_) => {
                let mut orders = bank.orders.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = bank.write(&mut orders, Entry::Settled { order_id }) {
                    tracing::error!(%error, "the sandbox bank cannot write its journal");
                }
            }
            Err(status) if is_final(&status) => {
                tracing::error!(code = ?status.code(), "settlement report refused");
            }
            Err(status) => {
                tracing::info!(code = ?status.code(), "settlement report not taken; again soon");
                let again = bank.to_settle.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(REPORT_RETRY).await;
                    let _ = again.send(order_id);
                });
            }
        }
    }
}

/// A refusal that repeating would not change.
fn is_final(status: &Status) -> bool {
    use tonic::Code;
    matches!(
        status.code(),
        Code::InvalidArgument | Code::NotFound | Code::FailedPrecondition | Code::PermissionDenied
    )
}
