//! A bank that debits once, counts, and leaves settling to the test.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use caixing::pb;
use caixing::pb::payment_gateway_server::{PaymentGateway, PaymentGatewayServer};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// The bank's number of every debit.
pub const REFERENCE: &str = "QB-1";

/// Its books. An agreement ending in `-DEAF` is debited, but the answer is lost.
#[derive(Debug, Default)]
pub struct QuietBank {
    debits: Mutex<HashMap<String, pb::DebitRequest>>,
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
        let mut debits = self.0.debits.lock().unwrap();
        debits.insert(order.order_id.clone(), order);
        if deaf {
            return Err(Status::unavailable("the line is dead"));
        }
        Ok(Response::new(pb::DebitResponse {
            outcome: pb::DebitOutcome::Debited.into(),
            bank_reference: REFERENCE.to_owned(),
            refusal_reason: String::new(),
        }))
    }

    async fn query(
        &self,
        request: Request<pb::QueryRequest>,
    ) -> Result<Response<pb::QueryResponse>, Status> {
        let debits = self.0.debits.lock().unwrap();
        let mut answer = pb::QueryResponse::default();
        match debits.get(&request.into_inner().order_id) {
            None => answer.set_outcome(pb::DebitOutcome::UnknownOrder),
            Some(order) => {
                answer.set_outcome(pb::DebitOutcome::Debited);
                answer.bank_reference = REFERENCE.to_owned();
                answer.amount_yuan = order.total_yuan.clone();
            }
        }
        Ok(Response::new(answer))
    }

    async fn reverse(
        &self,
        _: Request<pb::ReverseRequest>,
    ) -> Result<Response<pb::ReverseResponse>, Status> {
        Err(Status::unimplemented("never asked for"))
    }
}
