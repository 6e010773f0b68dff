//! `TreasuryCallbackService`: the money is in the treasury, so the voucher is issued.

use tonic::{Request, Response, Status};

use super::app::{App, Parts, repeating, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::case::open_case;
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use super::issuing::{free_number, issue_under};
use super::payment::{answer_waiting, event_of};
use super::quoting::standing;
use crate::clock::day_in_china;
use crate::filing::case::payment_unknown;
use crate::filing::{
    Around, Declaration, Fact, Grounds, Learnt, Part, Payment, PaymentState, Refusal,
};
use crate::pb;
use crate::pb::treasury_callback_service_server::TreasuryCallbackService;
use crate::store::Tx;
use crate::telemetry;
use crate::types::{CaseId, Invalid, Money, PaymentId, TaxpayerKey, Treasury};

/// The service.
#[derive(Debug, Clone)]
pub struct TreasuryCallbacks(pub App);

/// What came of a fact.
#[derive(Debug)]
pub enum Taken {
    /// It agrees with what was known.
    Known(Payment),
    /// It was not known, and is saved.
    Merged(Payment),
    /// It disagrees, and the case is saved.
    Case {
        /// The payment as it is.
        payment: Payment,
        /// The case.
        case: CaseId,
        /// The rule it is about.
        rule: String,
    },
}

/// Takes a fact of bank or treasury in: decides, and saves what it brings about. Money that is
/// all there changes payment, declaration and voucher in one transaction (invariant 3).
///
/// # Errors
/// [`Failure`].
pub async fn take_in(
    app: &Parts,
    tx: &mut Tx,
    before: Payment,
    fact: Fact,
) -> Result<Taken, Failure> {
    let now = app.clock.now();
    let (key, id) = (before.taxpayer, before.id);
    let (state, version) = (before.state, before.version);
    let parts = tx.settlement_parts(key, id).await?;
    let filed = declaration(tx, key, before.declaration).await?;
    let alive = tx.live_payment_of(key, before.declaration).await?;
    let standing = standing(tx, key, before.declaration).await?;
    let covered = Money::sum(standing.covered.iter().map(|row| row.principal))?;
    let voucher = free_number(tx, id, None, None, now).await?;
    let around = Around {
        parts: &parts,
        declaration: filed.state,
        rival: alive.is_some_and(|alive| alive.id != id),
        covered,
        voucher: &voucher,
        at: now,
    };
    let (after, finding, part) = match before.learn(fact, around)? {
        Learnt::Known(payment) => return Ok(Taken::Known(payment)),
        Learnt::Changed(payment, part) => (payment, None, part),
        Learnt::Case(payment, finding, part) => (payment, Some(finding), part),
    };
    if let Some(part) = &part {
        tx.insert_settlement_part(key, id, part, now).await?;
    }
    if after.version != version {
        tx.update_payment(&after).await?;
        let event = if after.state == state {
            "payment.part_received"
        } else {
            event_of(&after)
        };
        tx.append_event(key, event, &id.to_string(), now).await?;
    }
    if after.state == PaymentState::InTreasury && state != PaymentState::InTreasury {
        complete(app, tx, &after, filed).await?;
    }
    if !after.state.is_open() {
        answer_waiting(tx, &after).await?;
    }
    tx.check_invariants(key, after.declaration).await?;
    Ok(match finding {
        None => Taken::Merged(after),
        Some(finding) => Taken::Case {
            rule: finding.rule_id.clone(),
            case: open_case(tx, Some(key), &id.to_string(), *finding, now).await?,
            payment: after,
        },
    })
}

/// Completes the declaration of a payment that is in the treasury, and issues its voucher.
async fn complete(
    app: &Parts,
    tx: &mut Tx,
    paid: &Payment,
    filed: Declaration,
) -> Result<(), Failure> {
    let (now, key) = (app.clock.now(), paid.taxpayer);
    let taxpayer = must_have(tx, key).await?;
    let filed = filed.settle()?;
    let grounds = Grounds {
        taxpayer: &taxpayer,
        declaration: &filed,
        payment: paid,
        treasury_date: day_in_china(now),
        refund: None,
        replaces: None,
    };
    if let Some(submission) = &filed.submission {
        telemetry::filed_to_voucher(now.duration_since(submission.at).unsigned_abs());
    }
    let Some(number) = paid.voucher.clone() else {
        let problem = "a settled payment names no voucher".to_owned();
        return Err(Failure::Internal(problem));
    };
    // Found free above, in this transaction.
    let voucher = issue_under(app, number, &grounds, now)?;
    let number = &voucher.body.voucher_number;
    tx.update_declaration(&filed).await?;
    tx.insert_voucher(&voucher).await?;
    tx.append_event(key, "declaration.completed", &filed.id.to_string(), now)
        .await?;
    tx.append_event(key, "voucher.issued", number.as_str(), now)
        .await?;
    Ok(())
}

/// Refuses an amount of zero: no money is no settlement.
pub fn positive(fields: &mut Fields<'_>, name: &str, amount: Option<Money>) -> Option<Money> {
    if amount.is_some_and(|amount| !amount.is_positive()) {
        let invalid = Invalid::new("DECIMAL_RANGE", "应大于零", "must be more than zero");
        fields.refuse(name, invalid);
    }
    amount.filter(|amount| amount.is_positive())
}

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
        let amount = positive(&mut fields, "amount_yuan", amount);
        let treasury = fields.required("treasury_code", &wire.treasury_code, Treasury::parse);
        let reference = fields.required_text("bank_reference", &wire.bank_reference, 60);
        let part = fields.text("part_reference", wire.part_reference.trim(), 60);
        let (Some(request), Some(key), Some(id), Some(amount), Some(treasury), Some(reference)) =
            (request, key, id, amount, treasury, reference)
        else {
            return Err(violations.into());
        };
        let Some(part) = part else {
            return Err(violations.into());
        };
        let part = Part::new(part, amount, treasury, reference);
        let mutation = Mutation::new("ReportSettlement", request, &wire);
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        let Some(before) = tx.payment(key, id).await? else {
            return self.unknown(tx, key, id, &part).await;
        };
        let now = self.0.clock.now();
        let reported = format!("{amount} yuan, treasury {}", part.treasury);
        let taken = take_in(&self.0, &mut tx, before, Fact::Settled(part)).await?;
        let payment = match taken {
            Taken::Known(payment) | Taken::Merged(payment) => payment,
            Taken::Case { payment, rule, .. } => {
                // The case is kept although the report is refused. Nothing is recorded of the
                // request: a repeat is decided again, and alike.
                tx.commit().await?;
                let reported = format!("{reported}: {rule}");
                let (total, treasury) = (payment.order.total, payment.treasury);
                let expected = format!("{total} yuan, treasury {treasury}");
                return Err(Refusal::SettlementMismatch { expected, reported }.into());
            }
        };
        let voucher = payment.voucher.as_ref();
        let message = pb::ReportSettlementResponse {
            payment: Some(convert::payment(&payment)),
            voucher_number: voucher.map(ToString::to_string).unwrap_or_default(),
        };
        mutation
            .record(&mut tx, key, &id.to_string(), Some(&message), now)
            .await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }

    /// Nobody has this payment under that taxpayer: whose else it may be is not told.
    async fn unknown(
        &self,
        mut tx: Tx,
        key: TaxpayerKey,
        id: PaymentId,
        part: &Part,
    ) -> Result<Answer<pb::ReportSettlementResponse>, Failure> {
        let taxpayer = must_have(&mut tx, key).await;
        let subject = id.to_string();
        let finding = payment_unknown(&subject, part.amount, &part.treasury);
        open_case(&mut tx, None, &subject, finding, self.0.clock.now()).await?;
        tx.commit().await?;
        taxpayer?;
        Err(Failure::NotFound {
            what: "payment",
            id: subject,
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
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "ReportSettlement", || self.settle(wire.clone())).await;
        call.answer(outcome)
    }

    async fn report_refund(
        &self,
        request: Request<pb::ReportRefundRequest>,
    ) -> Result<Response<pb::ReportRefundResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "ReportRefund", || {
            super::refund::report(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
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
