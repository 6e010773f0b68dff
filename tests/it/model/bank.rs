//! The bank and treasury on the other side. What an order is to meet stands in its agreement
//! number, so that a repeated or delayed order meets the same; what a query is to hear is set
//! before it. Its books are the measure of what really happened to the money.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};

use caixing::grpc::Parts;
use caixing::pb;
use caixing::pb::payment_gateway_server::{PaymentGateway, PaymentGatewayServer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::asked::{Asked, Outcome};
use super::operation::{Debit, Query};

/// What the bank did with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booked {
    Debited,
    Refused,
    TakenBack,
}

/// An order as the bank has it.
#[derive(Debug, Clone)]
pub struct Order {
    pub request: pb::DebitRequest,
    pub booked: Booked,
    pub reference: String,
}

/// What an answer to a query says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Debited(String),
    OtherAmount,
    Refused,
    TakenBack,
    NeverSeen,
    Nothing,
}

#[derive(Debug, Default)]
struct Books {
    orders: BTreeMap<String, Order>,
    /// How often a debit of an order was asked for.
    asked: BTreeMap<String, u32>,
    queries: BTreeMap<String, Query>,
    reports: Vec<(Asked, Outcome)>,
    app: Weak<Parts>,
}

/// The bank; it outlives the service.
#[derive(Debug)]
pub struct Bank {
    books: Mutex<Books>,
    /// Orders whose answer is kept.
    pub held: watch::Sender<usize>,
    gate: watch::Sender<u64>,
}

/// Why the bank refuses.
pub const REFUSAL: &str = "INSUFFICIENT_FUNDS";

impl Bank {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            books: Mutex::default(),
            held: watch::Sender::new(0),
            gate: watch::Sender::new(0),
        })
    }

    /// The service that settlements are reported to.
    pub fn connect(&self, app: &Arc<Parts>) {
        self.books.lock().unwrap().app = Arc::downgrade(app);
        self.held.send_replace(0);
    }

    /// Gives the answers that were kept.
    pub fn release(&self) {
        self.gate.send_modify(|count| *count += 1);
        self.held.send_replace(0);
    }

    /// The next query about an order hears this.
    pub fn tell(&self, order_id: &str, query: Query) {
        let mut books = self.books.lock().unwrap();
        books.queries.insert(order_id.to_owned(), query);
    }

    /// An order as the bank has it.
    pub fn order(&self, order_id: &str) -> Option<Order> {
        self.books.lock().unwrap().orders.get(order_id).cloned()
    }

    /// All orders.
    pub fn orders(&self) -> Vec<Order> {
        let books = self.books.lock().unwrap();
        books.orders.values().cloned().collect()
    }

    /// An order whose debit was asked for more than once.
    pub fn asked_twice(&self) -> Option<String> {
        let books = self.books.lock().unwrap();
        let twice = books.asked.iter().find(|(_, count)| **count > 1);
        twice.map(|(order_id, _)| order_id.clone())
    }

    /// Reports that the treasury made by itself since last asked.
    pub fn take_reports(&self) -> Vec<(Asked, Outcome)> {
        std::mem::take(&mut self.books.lock().unwrap().reports)
    }

    fn query_of(&self, order_id: &str) -> Query {
        let books = self.books.lock().unwrap();
        books.queries.get(order_id).copied().unwrap_or(Query::Truth)
    }

    /// What a query about an order tells.
    pub fn says(&self, order_id: &str) -> Said {
        let (query, order) = (self.query_of(order_id), self.order(order_id));
        match (query, order) {
            (Query::Silent, _) => Said::Nothing,
            (Query::Forget, _) | (_, None) => Said::NeverSeen,
            (Query::OtherAmount, Some(order)) if order.booked == Booked::Debited => {
                Said::OtherAmount
            }
            (_, Some(order)) => match order.booked {
                Booked::Debited => Said::Debited(order.reference),
                Booked::Refused => Said::Refused,
                Booked::TakenBack => Said::TakenBack,
            },
        }
    }

    /// The other amount that a query may name.
    pub fn other_amount(&self, order_id: &str) -> String {
        let order = self.order(order_id);
        order
            .map(|order| format!("1{}", order.request.total_yuan))
            .unwrap_or_default()
    }

    fn book(&self, request: &pb::DebitRequest, booked: Booked) -> String {
        let mut books = self.books.lock().unwrap();
        let reference = format!("B-{}", books.orders.len() + 1);
        let order = Order {
            request: request.clone(),
            booked,
            reference: reference.clone(),
        };
        books.orders.insert(request.order_id.clone(), order);
        reference
    }

    /// The treasury has the money before the bank has answered.
    async fn settle(&self, request: &pb::DebitRequest, reference: &str) {
        let app = self.books.lock().unwrap().app.upgrade().unwrap();
        let asked = Asked::ReportSettlement(pb::ReportSettlementRequest {
            request_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, request.order_id.as_bytes()).to_string(),
            taxpayer_id: request.taxpayer_id.clone(),
            payment_id: request.order_id.clone(),
            amount_yuan: request.total_yuan.clone(),
            treasury_code: request.treasury_code.clone(),
            bank_reference: reference.to_owned(),
            part_reference: String::new(),
        });
        let outcome = asked.clone().ask(app).await;
        self.books.lock().unwrap().reports.push((asked, outcome));
    }
}

/// The agreement number that brings a behaviour about.
pub fn agreement(debit: Debit) -> String {
    format!("SFXY-{debit:?}")
}

/// The behaviour an agreement number brings about.
pub fn behaviour(agreement: &str) -> Debit {
    let all = [
        Debit::Answer,
        Debit::Refuse,
        Debit::LoseAnswer,
        Debit::NeverTaken,
        Debit::Unreadable,
        Debit::TakeBack,
        Debit::SettleFirst,
        Debit::Hold,
    ];
    all.into_iter()
        .find(|debit| self::agreement(*debit) == agreement)
        .unwrap()
}

/// Serves it on a port of its own, as long as the runtime lives.
pub async fn serve(bank: Arc<Bank>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router =
        tonic::transport::Server::builder().add_service(PaymentGatewayServer::new(Door(bank)));
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

#[derive(Debug)]
struct Door(Arc<Bank>);

#[tonic::async_trait]
impl PaymentGateway for Door {
    async fn debit(
        &self,
        request: Request<pb::DebitRequest>,
    ) -> Result<Response<pb::DebitResponse>, Status> {
        let order = request.into_inner();
        {
            let mut books = self.0.books.lock().unwrap();
            *books.asked.entry(order.order_id.clone()).or_default() += 1;
        }
        let lost = || Err(Status::unavailable("the line is dead"));
        let debited = |reference| {
            Ok(Response::new(pb::DebitResponse {
                outcome: pb::DebitOutcome::Debited.into(),
                bank_reference: reference,
                refusal_reason: String::new(),
                amount_yuan: order.total_yuan.clone(),
            }))
        };
        match behaviour(&order.agreement_number) {
            Debit::Answer => debited(self.0.book(&order, Booked::Debited)),
            Debit::Refuse => {
                self.0.book(&order, Booked::Refused);
                Ok(Response::new(pb::DebitResponse {
                    outcome: pb::DebitOutcome::Refused.into(),
                    bank_reference: String::new(),
                    refusal_reason: REFUSAL.to_owned(),
                    amount_yuan: String::new(),
                }))
            }
            Debit::LoseAnswer => {
                self.0.book(&order, Booked::Debited);
                lost()
            }
            Debit::NeverTaken => lost(),
            Debit::Unreadable => {
                self.0.book(&order, Booked::Debited);
                debited(String::new())
            }
            Debit::TakeBack => {
                self.0.book(&order, Booked::TakenBack);
                lost()
            }
            Debit::SettleFirst => {
                let reference = self.0.book(&order, Booked::Debited);
                self.0.settle(&order, &reference).await;
                debited(reference)
            }
            Debit::Hold => {
                let mut gate = self.0.gate.subscribe();
                gate.mark_unchanged();
                let reference = self.0.book(&order, Booked::Debited);
                self.0.held.send_modify(|count| *count += 1);
                let _ = gate.changed().await;
                debited(reference)
            }
        }
    }

    async fn query(
        &self,
        request: Request<pb::QueryRequest>,
    ) -> Result<Response<pb::QueryResponse>, Status> {
        let order_id = request.into_inner().order_id;
        let query = self.0.query_of(&order_id);
        let order = self.0.order(&order_id);
        let mut answer = pb::QueryResponse::default();
        match (query, order) {
            (Query::Silent, _) => return Err(Status::unavailable("the line is dead")),
            (Query::Forget, _) | (_, None) => answer.set_outcome(pb::DebitOutcome::UnknownOrder),
            (_, Some(order)) => {
                answer.bank_reference = order.reference;
                answer.amount_yuan = match query {
                    Query::OtherAmount => self.0.other_amount(&order_id),
                    _ => order.request.total_yuan,
                };
                match order.booked {
                    Booked::Debited => answer.set_outcome(pb::DebitOutcome::Debited),
                    Booked::TakenBack => answer.set_outcome(pb::DebitOutcome::Reversed),
                    Booked::Refused => {
                        answer.set_outcome(pb::DebitOutcome::Refused);
                        answer.refusal_reason = REFUSAL.to_owned();
                    }
                }
            }
        }
        Ok(Response::new(answer))
    }

    async fn reverse(
        &self,
        request: Request<pb::ReverseRequest>,
    ) -> Result<Response<pb::ReverseResponse>, Status> {
        let order_id = request.into_inner().order_id;
        let mut books = self.0.books.lock().unwrap();
        let order = books.orders.get_mut(&order_id);
        let order = order.filter(|order| order.booked != Booked::Refused);
        let order = order.ok_or_else(|| Status::failed_precondition("nothing to take back"))?;
        order.booked = Booked::TakenBack;
        let mut answer = pb::ReverseResponse::default();
        answer.set_outcome(pb::DebitOutcome::Reversed);
        Ok(Response::new(answer))
    }
}
