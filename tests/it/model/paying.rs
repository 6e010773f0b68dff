//! The judgements on payments, settlements and vouchers.

use caixing::pb;
use tonic::Code;

use super::asked::Outcome;
use super::bank::behaviour;
use super::book::{Book, Filed, Paid, Payment};
use super::drawing::{OFFICES, yuan};
use super::filing::{etag, precondition};
use super::judge::{Refusal, Seen, Verdict, answered, ensure, read, running, same};
use super::learning::{Fact, Learnt};
use super::operation::Debit;
use super::play::Split;

const NO_PAYMENT: Refusal = (Code::NotFound, "PAYMENT_NOT_FOUND");

impl Book {
    pub fn pay(
        &mut self,
        m: &pb::CreatePaymentRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let alive = person.live_payment(&m.declaration_id).is_some();
        let filed = person.filed(&m.declaration_id).ok_or("no declaration")?;
        let due = person.due(filed, seen.today());
        let collected = due.collected();
        let refusal = if alive {
            precondition("PAYMENT_ALIVE")
        } else if filed.state != Filed::AwaitingPayment {
            precondition("WRONG_STATE")
        } else if m.content_digest != filed.digest {
            precondition("CONTENT_DIGEST_MISMATCH")
        } else if m.total_yuan != yuan(collected) {
            precondition("AMOUNT_CHANGED")
        } else {
            None
        };
        if refusal.is_none() && collected == 0 {
            return self.waived(m, outcome, due.whole());
        }
        let mut payment = Payment {
            id: String::new(),
            declaration: m.declaration_id.clone(),
            behaviour: behaviour(&m.agreement_number),
            rows: due.rows,
            treasury: OFFICES[filed.office][2].to_owned(),
            offset: None,
            covered: due.offset,
            refunded: 0,
            settled_at: None,
            created: seen.before,
            version: 1,
            states: vec![Paid::Sent],
            maybe: Vec::new(),
            running: true,
            denied: false,
            voucher: None,
            parts: Vec::new(),
            reference: None,
            maybe_case: None,
        };
        if let (Outcome::Waiting { payment_id }, None) = (outcome, refusal) {
            payment.id.clone_from(payment_id);
            person.note("payment.sent", payment_id);
            person.payments.push(payment);
            return Ok(());
        }
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::CreatePaymentResponse = read(bytes)?;
        let answer = message.payment.ok_or("no payment")?;
        payment.id.clone_from(&answer.payment_id);
        if m.validate_only {
            return check_payment(&payment, &answer);
        }
        person.note("payment.sent", &answer.payment_id);
        person.payments.push(payment.clone());
        if payment.behaviour == Debit::SettleFirst {
            self.take_reports(seen)?;
        } else {
            let allowed = running(&payment);
            ensure(allowed.contains(&answer.state()), || {
                format!("{:?}, expected one of {allowed:?}", answer.state())
            })?;
            self.take_step(&m.taxpayer_id, &payment.id, answer.state(), &seen)?;
        }
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let payment = person.payment(&answer.payment_id).ok_or("no payment")?;
        payment.running = false;
        check_payment(payment, &answer)
    }

    /// Under 1 yuan nothing is collected: the declaration ends without a payment.
    fn waived(&mut self, m: &pb::CreatePaymentRequest, outcome: &Outcome, fen: i64) -> Verdict {
        let Some(bytes) = answered(outcome, None)? else {
            return Ok(());
        };
        let message: pb::CreatePaymentResponse = read(bytes)?;
        same("waived", &message.waived_yuan, &yuan(fen))?;
        same("payment", &message.payment, &None)?;
        if m.validate_only {
            return Ok(());
        }
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let filed = person.declaration(&m.declaration_id).ok_or("no draft")?;
        filed.state = Filed::Completed;
        filed.version += 1;
        filed.waived = fen;
        person.note("declaration.completed", &m.declaration_id);
        Ok(())
    }

    /// What the treasury reported by itself while the bank was at it.
    fn take_reports(&mut self, seen: Seen<'_>) -> Verdict {
        for (asked, outcome) in seen.bank.take_reports() {
            self.judge(&asked, &outcome, seen)?;
        }
        Ok(())
    }

    pub fn resolve(
        &mut self,
        m: &pb::ResolvePaymentRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let Some(payment) = person.payment(&m.payment_id) else {
            return answered(outcome, Some(NO_PAYMENT)).map(|_| ());
        };
        let mut allowed = seen.heard(payment);
        let disagrees = seen.disagrees(payment);
        if *outcome == Outcome::Absent {
            // It was cut, perhaps after the bank's word was taken in.
            payment.may_hear(allowed, seen.disagrees(payment));
            return Ok(());
        }
        if payment.running {
            allowed.extend(running(payment));
        }
        let Some(bytes) = answered(outcome, None)? else {
            return Ok(());
        };
        let message: pb::ResolvePaymentResponse = read(bytes)?;
        let answer = message.payment.ok_or("no payment")?;
        ensure(allowed.contains(&answer.state()), || {
            let before = payment.state();
            format!(
                "{before:?} became {:?}, expected one of {allowed:?}",
                answer.state()
            )
        })?;
        self.take_step(&m.taxpayer_id, &m.payment_id, answer.state(), &seen)?;
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        if let Some(objection) = disagrees {
            person.open_case(&m.payment_id, objection);
        }
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        check_payment(person.payment(&m.payment_id).ok_or("no payment")?, &answer)
    }

    /// Takes in only what the bank says of the payment that is to be resolved, as the first of
    /// the two steps in which it is done.
    pub fn hear_only(
        &mut self,
        m: &pb::ResolvePaymentRequest,
        seen: &Seen<'_>,
        split: Split,
    ) -> Verdict {
        if split == Split::Not {
            return Ok(());
        }
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let payment = person.payment(&m.payment_id).ok_or("no payment")?;
        payment.may_hear(Vec::new(), seen.disagrees(payment));
        match seen
            .heard(payment)
            .first()
            .filter(|_| split == Split::Around)
        {
            Some(state) => self.take_step(&m.taxpayer_id, &m.payment_id, *state, seen),
            None => Ok(()),
        }
    }

    pub fn settle(&mut self, m: &pb::ReportSettlementRequest, outcome: &Outcome) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let Some(payment) = person.payments.iter().find(|one| one.id == m.payment_id) else {
            return answered(outcome, Some(NO_PAYMENT)).map(|_| ());
        };
        let reference = match m.part_reference.as_str() {
            "" => m.bank_reference.clone(),
            named => named.to_owned(),
        };
        let fact = Fact::Settled {
            part: (reference, super::drawing::fen(&m.amount_yuan)),
            treasury: m.treasury_code.clone(),
            bank_reference: m.bank_reference.clone(),
        };
        if let Learnt::Case(objection, kept) = person.weigh(payment, &fact) {
            let id = m.payment_id.as_str();
            if *outcome == Outcome::Absent {
                // It was cut, perhaps after the case was opened.
                person.payment(id).ok_or("no payment")?.maybe_case = Some((objection, kept));
                return Ok(());
            }
            answered(outcome, precondition("SETTLEMENT_MISMATCH"))?;
            person.keep_beside(id, objection, kept);
            return Ok(());
        }
        let Some(bytes) = answered(outcome, None)? else {
            return Ok(());
        };
        let message: pb::ReportSettlementResponse = read(bytes)?;
        let answer = message.payment.ok_or("no payment")?;
        self.take_in(
            (&m.taxpayer_id, &m.payment_id),
            &fact,
            &message.voucher_number,
        )?;
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let payment = person.payment(&m.payment_id).ok_or("no payment")?;
        check_payment(payment, &answer)?;
        let voucher = payment.voucher.clone().unwrap_or_default();
        same("voucher", &message.voucher_number, &voucher)?;
        let whole = payment.is_settled();
        ensure(whole != voucher.is_empty(), || "no voucher".to_owned())
    }
}

/// A payment as answered against the book.
pub fn check_payment(payment: &Payment, answer: &pb::Payment) -> Verdict {
    same("payment", &answer.payment_id, &payment.id)?;
    same("declaration", &answer.declaration_id, &payment.declaration)?;
    same("state", &answer.state(), &payment.state())?;
    same("etag", &answer.etag, &etag(payment.version))?;
    same(
        "principal",
        &answer.principal_yuan,
        &yuan(payment.principal()),
    )?;
    same(
        "surcharge",
        &answer.surcharge_yuan,
        &yuan(payment.surcharge()),
    )?;
    same("total", &answer.total_yuan, &yuan(payment.total()))?;
    same("treasury", &answer.treasury_code, &payment.treasury)?;
    let voucher = payment.voucher.clone().unwrap_or_default();
    same("voucher", &answer.voucher_number, &voucher)?;
    let channel = match payment.offset {
        Some(_) => pb::PaymentChannel::Offset,
        None => pb::PaymentChannel::Agreement,
    };
    same("channel", &answer.channel(), &channel)?;
    let refund = payment.offset.clone().unwrap_or_default();
    same("made from", &answer.refund_id, &refund)?;
    same("refunded", &answer.refunded_yuan, &yuan(payment.refunded))?;
    let received = yuan(payment.received());
    same("received", &answer.received_yuan, &received)?;
    let reference = payment.reference.clone().unwrap_or_default();
    same("reference", &answer.bank_reference, &reference)
}
