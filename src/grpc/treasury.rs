//! `TreasuryCallbackService`: the money is in the treasury, so the voucher is issued.

use tonic::{Request, Response, Status};

use super::app::{App, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use super::issuing::{free_number, issue};
use super::payment::{answer_waiting, payment};
use crate::clock::day_in_china;
use crate::filing::Grounds;
use crate::pb;
use crate::pb::treasury_callback_service_server::TreasuryCallbackService;
use crate::store::Tx;
use crate::types::{Money, PaymentId, Treasury};

/// The service.
#[derive(Debug, Clone)]
pub struct TreasuryCallbacks(pub App);

impl TreasuryCallbacks {
    async fn settle(
        &self,
        wire: pb::ReportSettlementRequest,
    ) -> Result<Answer<pb::ReportSettlementResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = fields.required("payment_id", &wire.payment_id, PaymentId::parse);
        let amount = fields.amount("amount_yuan", &wire.amount_yuan);
        let treasury = fields.required("treasury_code", &wire.treasury_code, Treasury::parse);
        let reference = fields.required_text("bank_reference", &wire.bank_reference, 60);
        let (Some(request), Some(key), Some(id), Some(amount), Some(treasury), Some(reference)) =
            (request, key, id, amount, treasury, reference)
        else {
            return Err(violations.into());
        };
        let mutation = Mutation::new("ReportSettlement", request, &wire);
        let mut tx = self.0.store.begin(mutation.method, Some(request)).await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        let message = self
            .issue(&mut tx, key, id, amount, treasury, reference)
            .await?;
        let now = self.0.clock.now();
        mutation
            .record(&mut tx, key, &id.to_string(), Some(&message), now)
            .await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }

    /// Payment, declaration and voucher change in one transaction (invariant 3).
    async fn issue(
        &self,
        tx: &mut Tx,
        key: crate::types::TaxpayerKey,
        id: PaymentId,
        amount: Money,
        treasury: Treasury,
        reference: String,
    ) -> Result<pb::ReportSettlementResponse, Failure> {
        let now = self.0.clock.now();
        let today = day_in_china(now);
        let taxpayer = must_have(tx, key).await?;
        let before = payment(tx, key, id).await?;
        let number = free_number(tx, id, None, None, now).await?;
        let paid = before.settle(amount, &treasury, reference, number.clone(), now)?;
        let filed = declaration(tx, key, paid.declaration).await?.settle()?;
        let grounds = Grounds {
            taxpayer: &taxpayer,
            declaration: &filed,
            payment: &paid,
            treasury_date: today,
            refund: None,
            replaces: None,
        };
        let voucher = issue(&self.0, tx, &grounds, now).await?;
        tx.update_payment(&paid).await?;
        tx.update_declaration(&filed).await?;
        tx.insert_voucher(&voucher).await?;
        tx.append_event(key, "payment.in_treasury", &id.to_string(), now)
            .await?;
        tx.append_event(key, "declaration.completed", &filed.id.to_string(), now)
            .await?;
        tx.append_event(key, "voucher.issued", number.as_str(), now)
            .await?;
        answer_waiting(tx, &paid).await?;
        tx.check_invariants(key, filed.id).await?;
        Ok(pb::ReportSettlementResponse {
            payment: Some(convert::payment(&paid)),
            voucher_number: number.to_string(),
        })
    }
}

#[tonic::async_trait]
impl TreasuryCallbackService for TreasuryCallbacks {
    async fn report_settlement(
        &self,
        request: Request<pb::ReportSettlementRequest>,
    ) -> Result<Response<pb::ReportSettlementResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.settle(request.into_inner()).await)
    }

    async fn report_refund(
        &self,
        request: Request<pb::ReportRefundRequest>,
    ) -> Result<Response<pb::ReportRefundResponse>, Status> {
        let call = Call::of(&request);
        call.answer(super::refund::report(&self.0, &call, request.into_inner()).await)
    }

    type ReconcileDayStream = super::reconciliation::Answers;

    async fn reconcile_day(
        &self,
        request: Request<tonic::Streaming<pb::ReconcileDayRequest>>,
    ) -> Result<Response<Self::ReconcileDayStream>, Status> {
        let call = Call::of(&request);
        let outcome = super::reconciliation::reconcile(&self.0, &call, request.into_inner()).await;
        call.answer(outcome.map(Answer::new))
    }
}
