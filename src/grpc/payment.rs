//! `PaymentService`: one payment for one declaration.
//!
//! CreatePayment is a saga. Transaction 1 records the payment as SENT together with the request
//! (its answer still open). Then, outside any transaction, the bank is asked once. Transaction 2
//! records what it said and the answer. If the process dies in between, the payment stays SENT:
//! the worker, ResolvePayment or a repeat of the request finds out by query, never by debit.

use jiff::SignedDuration;
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::app::{App, Parts, found, new_id, repeating, taxpayer as must_have};
use super::call::{Answer, Call, Mutation, replayed};
use super::case::open_case;
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use super::quoting::{place, standing_of, waive};
use crate::filing::{BankAnswer, Payment, PaymentChannel, PaymentState, Refusal, quote_standing};
use crate::pb;
use crate::pb::payment_service_server::PaymentService;
use crate::store::{StoreError, Tx};
use crate::types::{DeclarationId, Money, PaymentId, RequestId, TaxpayerKey};

const CREATE: &str = "CreatePayment";
/// A debit may still be on its way to the bank this long after it was sent: until then "never
/// seen" is not yet a fact.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(30);

/// The service.
#[derive(Debug, Clone)]
pub struct Payments(pub App);

/// Reads a payment that must be there.
///
/// # Errors
/// [`Failure::NotFound`].
pub async fn payment(tx: &mut Tx, key: TaxpayerKey, id: PaymentId) -> Result<Payment, Failure> {
    found(tx.payment(key, id).await?, "payment", &id)
}

/// Takes in what the bank said, and answers the request that was waiting for it.
///
/// # Errors
/// [`Failure`].
pub async fn hear(
    app: &Parts,
    rpc: &'static str,
    key: TaxpayerKey,
    id: PaymentId,
    answer: BankAnswer,
) -> Result<Payment, Failure> {
    let (heard, _) = hear_and_answer(app, rpc, key, id, answer).await?;
    Ok(heard)
}

/// The same; true where a request waited for it and is answered by it.
async fn hear_and_answer(
    app: &Parts,
    rpc: &'static str,
    key: TaxpayerKey,
    id: PaymentId,
    answer: BankAnswer,
) -> Result<(Payment, bool), Failure> {
    repeating(app, rpc, || hear_once(app, rpc, key, id, answer.clone())).await
}

async fn hear_once(
    app: &Parts,
    rpc: &'static str,
    key: TaxpayerKey,
    id: PaymentId,
    answer: BankAnswer,
) -> Result<(Payment, bool), Failure> {
    let now = app.clock.now();
    let mut tx = app.store.begin(rpc, Some(key), None).await?;
    let before = payment(&mut tx, key, id).await?;
    let version = before.version;
    let young = now.duration_since(before.created_at).abs() < IN_FLIGHT;
    let answer = match answer {
        BankAnswer::NeverSeen if young => BankAnswer::Unknown,
        other => other,
    };
    let finding = before.disagreement(&answer);
    let after = before.hear(answer);
    if after.version != version {
        tx.update_payment(&after).await?;
        tx.append_event(key, event_of(&after), &id.to_string(), now)
            .await?;
    }
    if let Some(finding) = finding {
        open_case(&mut tx, Some(key), &id.to_string(), finding, now).await?;
    }
    let answered = answer_waiting(&mut tx, &after).await?;
    tx.check_invariants(key, after.declaration).await?;
    tx.commit().await?;
    Ok((after, answered))
}

/// The event of a payment's new state.
pub fn event_of(payment: &Payment) -> &'static str {
    use crate::filing::PaymentState as State;
    match payment.state {
        State::Created => "payment.created",
        State::Sent => "payment.sent",
        State::Debited => "payment.debited",
        State::InTreasury => "payment.in_treasury",
        State::Failed => "payment.failed",
        State::Confirming => "payment.confirming",
        State::Reversed => "payment.reversed",
        State::Refunded => "payment.refunded",
    }
}

/// It bars another order of its declaration.
fn is_alive(payment: &Payment) -> bool {
    payment.channel == PaymentChannel::Agreement && payment.state.is_live()
}

fn created(payment: Option<pb::Payment>) -> pb::CreatePaymentResponse {
    pb::CreatePaymentResponse {
        payment,
        waived_yuan: String::new(),
    }
}

/// Gives the payment as the answer to a CreatePayment that has none yet; false where none waits.
///
/// # Errors
/// [`Failure::Store`].
pub async fn answer_waiting(tx: &mut Tx, payment: &Payment) -> Result<bool, Failure> {
    let message = created(Some(convert::payment(payment)));
    let id = payment.id.to_string();
    let answered = tx
        .complete_requests_of(payment.taxpayer, CREATE, &id, &message.encode_to_vec())
        .await?;
    Ok(answered)
}

impl Payments {
    async fn create(
        &self,
        wire: pb::CreatePaymentRequest,
    ) -> Result<Answer<pb::CreatePaymentResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = fields.required("declaration_id", &wire.declaration_id, DeclarationId::parse);
        let named = fields.required_text("content_digest", &wire.content_digest, 64);
        let total = fields.required("total_yuan", &wire.total_yuan, Money::parse_yuan);
        let agreement = fields.required_text("agreement_number", &wire.agreement_number, 60);
        let (Some(request), Some(key), Some(id), Some(named), Some(total), Some(agreement)) =
            (request, key, id, named, total, agreement)
        else {
            return Err(violations.into());
        };
        let now = self.0.clock.now();
        let mutation = Mutation::new(CREATE, request, &wire);
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        if let Some(earlier) = mutation.earlier(&mut tx, key).await? {
            drop(tx);
            return self.again(key, request, earlier).await;
        }
        let taxpayer = must_have(&mut tx, key).await?;
        let kept = declaration(&mut tx, key, id).await?;
        let payments = tx.payments_of(key, id).await?;
        if let Some(alive) = payments.iter().find(|payment| is_alive(payment)) {
            return Err(Refusal::PaymentAlive(alive.id.to_string()).into());
        }
        kept.check_payable(&named)?;
        let standing = standing_of(&mut tx, key, id, payments).await?;
        let today = self.0.clock.today();
        let order = quote_standing(&kept.content, &standing, today, &self.0.book)?;
        if order.waived.is_positive() {
            let ended = kept.waive(&named, total, &order)?;
            return waive(&self.0, tx, &mutation, ended, wire.validate_only).await;
        }
        order.split(place(&kept.content.authority), &self.0.book)?;
        let payment_id = PaymentId::new(new_id());
        let sent = Payment::send(payment_id, &kept, &named, total, agreement, order, now)?;
        if wire.validate_only {
            let payment = Some(convert::payment(&sent));
            return Ok(Answer::new(created(payment)));
        }
        tx.insert_payment(&sent)
            .await
            .map_err(|error| match error {
                StoreError::AlreadyExists(what) => Refusal::PaymentAlive(what).into(),
                other => Failure::Store(other),
            })?;
        let subject = payment_id.to_string();
        tx.append_event(key, "payment.sent", &subject, now).await?;
        let open: Option<&pb::CreatePaymentResponse> = None;
        mutation.record(&mut tx, key, &subject, open, now).await?;
        tx.check_invariants(key, id).await?;
        // From the commit on the money may move: all of it runs to its end even if the caller
        // leaves, so that no order is left that the bank was never asked about.
        let app = self.0.clone();
        let work = tokio::spawn(async move {
            tx.commit().await?;
            let answer = app.bank.debit(&sent, &taxpayer.tax_number).await?;
            hear_and_answer(&app, CREATE, key, payment_id, answer).await
        });
        let (heard, answered) = work
            .await
            .map_err(|error| Failure::Internal(error.to_string()))??;
        if answered {
            return Ok(Answer::new(created(Some(convert::payment(&heard)))));
        }
        self.recorded(key, request, &heard, false).await
    }

    /// The recorded answer, which is what every repeat is told, whoever brought it about.
    async fn recorded(
        &self,
        key: TaxpayerKey,
        request: RequestId,
        heard: &Payment,
        repeat: bool,
    ) -> Result<Answer<pb::CreatePaymentResponse>, Failure> {
        let mut tx = self.0.store.read().await?;
        let recorded = tx.find_request(key, request).await?;
        let message = match recorded.and_then(|recorded| recorded.response) {
            Some(bytes) => replayed::<pb::CreatePaymentResponse>(&bytes)?.message,
            None => created(Some(convert::payment(heard))),
        };
        Ok(Answer {
            message,
            replayed: repeat,
        })
    }

    /// Answers a repeat: the recorded answer, or what a query of the bank brings to light.
    async fn again(
        &self,
        key: TaxpayerKey,
        request: RequestId,
        earlier: crate::store::RecordedRequest,
    ) -> Result<Answer<pb::CreatePaymentResponse>, Failure> {
        if let Some(bytes) = earlier.response {
            return replayed(&bytes);
        }
        let bad = |error: crate::types::Invalid| Failure::Internal(error.to_string());
        let id = PaymentId::parse(&earlier.subject_id).map_err(bad)?;
        let kept = payment(&mut self.0.store.read().await?, key, id).await?;
        let young = self.0.clock.now().duration_since(kept.created_at).abs() < IN_FLIGHT;
        if kept.state == PaymentState::Sent && young {
            return Err(Failure::StillRunning);
        }
        let answer = self.0.bank.query(&kept).await;
        let heard = hear(&self.0, CREATE, key, id, answer).await?;
        self.recorded(key, request, &heard, true).await
    }

    async fn get(
        &self,
        wire: pb::GetPaymentRequest,
    ) -> Result<Answer<pb::GetPaymentResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = fields.required("payment_id", &wire.payment_id, PaymentId::parse);
        let (Some(key), Some(id)) = (key, id) else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        must_have(&mut tx, key).await?;
        let payment = Some(convert::payment(&payment(&mut tx, key, id).await?));
        Ok(Answer::new(pb::GetPaymentResponse { payment }))
    }

    async fn resolve(
        &self,
        wire: pb::ResolvePaymentRequest,
    ) -> Result<Answer<pb::ResolvePaymentResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = fields.required("payment_id", &wire.payment_id, PaymentId::parse);
        let (Some(request), Some(key), Some(id)) = (request, key, id) else {
            return Err(violations.into());
        };
        let mutation = Mutation::new("ResolvePayment", request, &wire);
        let mut tx = self.0.store.read().await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        must_have(&mut tx, key).await?;
        let kept = payment(&mut tx, key, id).await?;
        drop(tx);
        // A debit may have been taken back since.
        if kept.state.is_open() || kept.state == PaymentState::Debited {
            let answer = self.0.bank.query(&kept).await;
            hear(&self.0, mutation.method, key, id, answer).await?;
        }
        let now = self.0.clock.now();
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        let current = payment(&mut tx, key, id).await?;
        let message = pb::ResolvePaymentResponse {
            payment: Some(convert::payment(&current)),
        };
        mutation
            .record(&mut tx, key, &id.to_string(), Some(&message), now)
            .await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }
}

#[tonic::async_trait]
impl PaymentService for Payments {
    async fn quote_payment(
        &self,
        request: Request<pb::QuotePaymentRequest>,
    ) -> Result<Response<pb::QuotePaymentResponse>, Status> {
        let call = Call::of(&request);
        call.answer(super::quoting::quote(&self.0, request.into_inner()).await)
    }

    async fn create_payment(
        &self,
        request: Request<pb::CreatePaymentRequest>,
    ) -> Result<Response<pb::CreatePaymentResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "CreatePayment", || self.create(wire.clone())).await;
        call.answer(outcome)
    }

    async fn get_payment(
        &self,
        request: Request<pb::GetPaymentRequest>,
    ) -> Result<Response<pb::GetPaymentResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.get(request.into_inner()).await)
    }

    async fn resolve_payment(
        &self,
        request: Request<pb::ResolvePaymentRequest>,
    ) -> Result<Response<pb::ResolvePaymentResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "ResolvePayment", || self.resolve(wire.clone())).await;
        call.answer(outcome)
    }

    async fn list_payments(
        &self,
        request: Request<pb::ListPaymentsRequest>,
    ) -> Result<Response<pb::ListPaymentsResponse>, Status> {
        let call = Call::of(&request);
        call.answer(super::arrears::list_payments(&self.0, &call, request.into_inner()).await)
    }

    async fn list_arrears(
        &self,
        request: Request<pb::ListArrearsRequest>,
    ) -> Result<Response<pb::ListArrearsResponse>, Status> {
        let call = Call::of(&request);
        call.answer(super::arrears::list(&self.0, &call, request.into_inner()).await)
    }

    async fn request_refund(
        &self,
        request: Request<pb::RequestRefundRequest>,
    ) -> Result<Response<pb::RequestRefundResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "RequestRefund", || {
            super::refund::request(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn offset_refund(
        &self,
        request: Request<pb::OffsetRefundRequest>,
    ) -> Result<Response<pb::OffsetRefundResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "OffsetRefund", || {
            super::refund::offset(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn get_refund(
        &self,
        request: Request<pb::GetRefundRequest>,
    ) -> Result<Response<pb::GetRefundResponse>, Status> {
        let call = Call::of(&request);
        call.answer(super::refund::get(&self.0, &call, request.into_inner()).await)
    }

    async fn list_refunds(
        &self,
        request: Request<pb::ListRefundsRequest>,
    ) -> Result<Response<pb::ListRefundsResponse>, Status> {
        let call = Call::of(&request);
        call.answer(super::refund::list(&self.0, &call, request.into_inner()).await)
    }
}
