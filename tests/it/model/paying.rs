//! The judgements on payments, settlements and vouchers.

use caixing::pb;
use tonic::Code;

use super::asked::Outcome;
use super::bank::behaviour;
use super::book::{Book, Filed, Paid, Payment};
use super::drawing::{OFFICES, yuan};
use super::filing::etag;
use super::judge::{Refusal, Seen, Verdict, answered, ensure, read, running, same};
use super::operation::Debit;

const NO_PAYMENT: Refusal = (Code::NotFound, "PAYMENT_NOT_FOUND");

const fn precondition(reason: &'static str) -> Option<Refusal> {
    Some((Code::FailedPrecondition, reason))
}

impl Book {
    pub fn pay(
        &mut self,
        m: &pb::CreatePaymentRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let alive = person.live_payment(&m.declaration_id).is_some();
        let filed = person
            .declaration(&m.declaration_id)
            .ok_or("no declaration")?;
        let (principal, surcharge) = (filed.form.payable(), filed.form.surcharge(seen.today()));
        let refusal = if alive {
            precondition("PAYMENT_ALIVE")
        } else if filed.state != Filed::AwaitingPayment {
            precondition("WRONG_STATE")
        } else if m.content_digest != filed.digest {
            precondition("CONTENT_DIGEST_MISMATCH")
        } else if m.total_yuan != yuan(principal + surcharge) {
            precondition("AMOUNT_CHANGED")
        } else {
            None
        };
        if let Outcome::Refused { reason, .. } = outcome
            && seen.rival
            && reason == "PAYMENT_ALIVE"
        {
            // The other payment was alive in between, although it has failed since.
            return Ok(());
        }
        let mut payment = Payment {
            id: String::new(),
            declaration: m.declaration_id.clone(),
            behaviour: behaviour(&m.agreement_number),
            principal,
            surcharge,
            treasury: OFFICES[filed.office][2].to_owned(),
            created: seen.before,
            version: 1,
            states: vec![Paid::Sent],
            maybe: Vec::new(),
            running: true,
            denied: false,
            voucher: None,
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
            person.step(&answer.payment_id, answer.state());
        }
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let payment = person.payment(&answer.payment_id).ok_or("no payment")?;
        payment.running = false;
        check_payment(payment, &answer)
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
        if *outcome == Outcome::Absent {
            // It was cut, perhaps after the bank's word was taken in.
            payment.maybe.extend(allowed);
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
        check_payment(person.payment(&m.payment_id).ok_or("no payment")?, &answer)
    }

    /// Takes in only what the bank says of the payment that is to be resolved, as the first of
    /// the two steps in which it is done.
    pub fn hear_only(&mut self, m: &pb::ResolvePaymentRequest, seen: &Seen<'_>) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let payment = person.payment(&m.payment_id).ok_or("no payment")?;
        match seen.heard(payment).first() {
            Some(state) => self.take_step(&m.taxpayer_id, &m.payment_id, *state, seen),
            None => Ok(()),
        }
    }

    pub fn settle(&mut self, m: &pb::ReportSettlementRequest, outcome: &Outcome) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let Some(payment) = person.payment(&m.payment_id) else {
            return answered(outcome, Some(NO_PAYMENT)).map(|_| ());
        };
        let right = m.amount_yuan == yuan(payment.total()) && m.treasury_code == payment.treasury;
        let refusal = if !payment.can_settle() {
            precondition("WRONG_STATE")
        } else if !right {
            precondition("SETTLEMENT_MISMATCH")
        } else {
            None
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::ReportSettlementResponse = read(bytes)?;
        let answer = message.payment.ok_or("no payment")?;
        ensure(!message.voucher_number.is_empty(), || {
            "no voucher".to_owned()
        })?;
        let (total, declaration) = (payment.total(), payment.declaration.clone());
        payment.voucher = Some(message.voucher_number.clone());
        person.step(&m.payment_id, Paid::InTreasury);
        person.note("declaration.completed", &declaration);
        person.note("voucher.issued", &message.voucher_number);
        let filed = person.declaration(&declaration).ok_or("no declaration")?;
        filed.state = Filed::Completed;
        filed.version += 1;
        check_payment(person.payment(&m.payment_id).ok_or("no payment")?, &answer)?;
        same("reference", &answer.bank_reference, &m.bank_reference)?;
        self.settled += total;
        Ok(())
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
        &yuan(payment.principal),
    )?;
    same(
        "surcharge",
        &answer.surcharge_yuan,
        &yuan(payment.surcharge),
    )?;
    same("total", &answer.total_yuan, &yuan(payment.total()))?;
    same("treasury", &answer.treasury_code, &payment.treasury)?;
    let voucher = payment.voucher.clone().unwrap_or_default();
    same("voucher", &answer.voucher_number, &voucher)?;
    let in_treasury = payment.state() == Paid::InTreasury;
    let received = if in_treasury { payment.total() } else { 0 };
    same("received", &answer.received_yuan, &yuan(received))
}
