//! A bank that debits once, counts, and leaves settling to the test.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use caixing::pb;
use caixing::pb::payment_gateway_server::{PaymentGateway, PaymentGatewayServer};
use caixing::types::Money;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// The bank's number of every debit.
pub const REFERENCE: &str = "QB-1";

/// Its books. An agreement ending in `-DEAF` is debited, but the answer is lost; `-SHORT` is
/// debited one fen short; `-FIRM` is never taken back; `-MUMBLE` is not answered when it is to be
/// taken back for the first time.
#[derive(Debug, Default)]
pub struct QuietBank {
    debits: Mutex<HashMap<String, pb::DebitRequest>>,
    reversed: Mutex<HashSet<String>>,
    mumbled: Mutex<HashSet<String>>,
    calls: Mutex<usize>,
}

impl QuietBank {
    /// How often a debit was asked for.
    pub fn debit_calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }
}

/// Serves it on a port of its own.
pub async fn serve(bank: Arc<QuietBank>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router =
        tonic::transport::Server::builder().add_service(PaymentGatewayServer::new(Door(bank)));
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

/// What was debited for an order.
fn debited(order: &pb::DebitRequest) -> String {
    if order.agreement_number.ends_with("-SHORT") {
        let ordered = Money::parse_yuan(&order.total_yuan).unwrap();
        return ordered.minus(Money::from_fen(1)).unwrap().to_string();
    }
    order.total_yuan.clone()
}

#[derive(Debug)]
struct Door(Arc<QuietBank>);

#[tonic::async_trait]
impl PaymentGateway for Door {
    async fn debit(
        &self,
        request: Request<pb::DebitRequest>,
    ) -> Result<Response<pb::DebitResponse>, Status> {
        let order = request.into_inner();
        *self.0.calls.lock().unwrap() += 1;
        let deaf = order.agreement_number.ends_with("-DEAF");
        let amount_yuan = debited(&order);
        let mut debits = self.0.debits.lock().unwrap();
        debits.insert(order.order_id.clone(), order);
        if deaf {
            return Err(Status::unavailable("the line is dead"));
        }
        Ok(Response::new(pb::DebitResponse {
            outcome: pb::DebitOutcome::Debited.into(),
            bank_reference: REFERENCE.to_owned(),
            refusal_reason: String::new(),
            amount_yuan,
        }))
    }

    async fn query(
        &self,
        request: Request<pb::QueryRequest>,
    ) -> Result<Response<pb::QueryResponse>, Status> {
        let debits = self.0.debits.lock().unwrap();
        let mut answer = pb::QueryResponse::default();
        let order_id = request.into_inner().order_id;
        match debits.get(&order_id) {
            Some(_) if self.0.reversed.lock().unwrap().contains(&order_id) => {
                answer.set_outcome(pb::DebitOutcome::Reversed);
            }
            None => answer.set_outcome(pb::DebitOutcome::UnknownOrder),
            Some(order) => {
                answer.set_outcome(pb::DebitOutcome::Debited);
                answer.bank_reference = REFERENCE.to_owned();
                answer.amount_yuan = debited(order);
            }
        }
        Ok(Response::new(answer))
    }

    async fn reverse(
        &self,
        request: Request<pb::ReverseRequest>,
    ) -> Result<Response<pb::ReverseResponse>, Status> {
        let order_id = request.into_inner().order_id;
        let debits = self.0.debits.lock().unwrap();
        let agreement = debits[&order_id].agreement_number.as_str();
        if agreement.ends_with("-FIRM") {
            return Err(Status::failed_precondition("the day is closed"));
        }
        self.0.reversed.lock().unwrap().insert(order_id.clone());
        if agreement.ends_with("-MUMBLE") && self.0.mumbled.lock().unwrap().insert(order_id) {
            return Err(Status::unavailable("the line is dead"));
        }
        let outcome = pb::DebitOutcome::Reversed.into();
        Ok(Response::new(pb::ReverseResponse { outcome }))
    }
}
