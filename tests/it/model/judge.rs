//! Whether what came of a call is what had to come of it, and what the book says from then on.

use std::sync::Arc;

use caixing::clock::day_in_china;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use tonic::Code;

use super::asked::{Asked, Outcome};
use super::bank::{Bank, Said};
use super::book::{Book, Known, Objection, Paid, Payment};
use super::drawing::yuan;
use super::operation::Print;

/// Why an outcome is wrong.
pub type Verdict = Result<(), String>;

/// A refusal that had to come.
pub type Refusal = (Code, &'static str);

/// The circumstances of a call.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub bank: &'a Bank,
    /// The service's time when the call began and when it was over.
    pub before: Timestamp,
    pub after: Timestamp,
    /// Another call ran at the same time.
    pub rival: bool,
}

/// A debit may still be on its way this long.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(30);

impl Seen<'_> {
    pub fn today(&self) -> Date {
        day_in_china(self.before)
    }

    /// Whether a payment made at an instant was young: both where it cannot be told.
    fn young(&self, created: Timestamp) -> Vec<bool> {
        let young = |at: Timestamp| at.duration_since(created).abs() < IN_FLIGHT;
        let mut both = vec![young(self.before), young(self.after)];
        both.dedup();
        both
    }

    /// The states a payment may have after the bank was asked about it.
    pub fn heard(&self, payment: &Payment) -> Vec<Paid> {
        let said = self.bank.says(&payment.id);
        let open = payment.is_open();
        if said == Said::TakenBack && payment.state() == Paid::Debited && payment.received() == 0 {
            return vec![Paid::Reversed];
        }
        let denies = matches!(said, Said::Refused | Said::TakenBack);
        if !open {
            return vec![payment.state()];
        }
        if denies && payment.received() > 0 {
            // It cannot be the truth, so it tells nothing.
            return vec![Paid::Confirming];
        }
        match said {
            Said::Debited(_) => vec![Paid::Debited],
            Said::Refused => vec![Paid::Failed],
            Said::TakenBack => vec![Paid::Reversed],
            Said::Nothing | Said::OtherAmount => vec![Paid::Confirming],
            Said::NeverSeen => {
                let of = |young| {
                    if young || payment.received() > 0 {
                        Paid::Confirming
                    } else {
                        Paid::Failed
                    }
                };
                self.young(payment.created).into_iter().map(of).collect()
            }
        }
    }
}

impl Seen<'_> {
    /// What of the bank's word cannot be true together with the books.
    pub fn disagrees(&self, payment: &Payment) -> Option<Objection> {
        if !payment.is_open() && payment.state() != Paid::Debited {
            return None;
        }
        match self.bank.says(&payment.id) {
            Said::OtherAmount => Some(("BANK_AMOUNT", self.bank.other_amount(&payment.id))),
            Said::TakenBack if payment.received() > 0 => {
                Some(("REVERSAL_AFTER_SETTLEMENT", yuan(payment.received())))
            }
            _ => None,
        }
    }
}

/// Fails with what was wrong.
pub fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

/// Two values that must be the same.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Verdict {
    ensure(got == expected, || {
        format!("{what}: got {got:?}, expected {expected:?}")
    })
}

/// Reads an answer.
pub fn read<T: Message + Default>(bytes: &[u8]) -> Result<T, String> {
    T::decode(bytes).map_err(|error| error.to_string())
}

/// The bytes of the answer that had to come, or nothing where the call was refused as it had to
/// be, or lost without a trace.
pub fn answered(outcome: &Outcome, refusal: Option<Refusal>) -> Result<Option<&[u8]>, String> {
    match (outcome, refusal) {
        (Outcome::Absent, _) => Ok(None),
        (Outcome::Refused { code, reason, .. }, Some((right, stable))) => {
            ensure(*code == right && reason == stable, || {
                format!("refused with {code:?} {reason}, expected {right:?} {stable}")
            })?;
            Ok(None)
        }
        (Outcome::Refused { .. }, None) => Err(format!("{outcome:?}")),
        (other, Some(refusal)) => Err(format!("{other:?}, expected the refusal {refusal:?}")),
        (Outcome::Answered { replayed: true, .. }, None) => {
            Err("says that it is a repeat".to_owned())
        }
        (Outcome::Answered { bytes, .. } | Outcome::Found { bytes }, None) => Ok(Some(bytes)),
        (Outcome::Waiting { .. }, None) => Err("still waiting".to_owned()),
        (Outcome::Streamed { .. }, None) => Err("a stream of answers".to_owned()),
    }
}

impl Book {
    /// Judges what came of a call, and takes it in.
    pub fn judge(&mut self, asked: &Asked, outcome: &Outcome, seen: Seen<'_>) -> Verdict {
        self.judged(asked, outcome, seen)
            .map_err(|what| format!("{}: {what}", asked.method()))
    }

    fn judged(&mut self, asked: &Asked, outcome: &Outcome, seen: Seen<'_>) -> Verdict {
        let place = self.place(asked);
        let earlier = &self.requests[place];
        let alike = earlier.asked == *asked;
        match earlier.known.clone() {
            Known::Nothing => self.fresh(place, asked, outcome, seen),
            _ if !alike => match outcome {
                // What GetOutcome tells is about the earlier request.
                Outcome::Found { .. } | Outcome::Waiting { .. } => Ok(()),
                _ => answered(outcome, Some((Code::InvalidArgument, "REQUEST_ID_REUSED")))
                    .map(|_| ()),
            },
            Known::Done(bytes) => {
                if let (true, Asked::CreatePayment(_)) = (seen.rival, asked) {
                    self.may_have_asked(&asked.taxpayer(), &bytes, &seen)?;
                }
                repeated(&bytes, outcome, seen)
            }
            Known::Pending(payment) => self.again(asked, &payment, outcome, seen),
            Known::Importing => Err("an import is judged row by row".to_owned()),
        }
    }

    /// A request that nothing was kept of before.
    fn fresh(&mut self, place: usize, asked: &Asked, outcome: &Outcome, seen: Seen<'_>) -> Verdict {
        if let Outcome::Refused { reason, .. } = outcome
            && seen.rival
            && reason == "PAYMENT_ALIVE"
        {
            // The other call's payment was alive in between, although it has failed since.
            return Ok(());
        }
        match asked {
            Asked::RegisterTaxpayer(message) => self.register(message, outcome),
            Asked::UpdateTaxpayer(message) => self.reprofile(message, outcome),
            Asked::CreateTaxSource(message) => self.collect(message, outcome),
            Asked::UpdateTaxSource(message) => self.restate(message, outcome),
            Asked::CloseTaxSource(message) => self.close(message, outcome),
            Asked::DraftDeclaration(message) => self.draft(message, outcome),
            Asked::SubmitDeclaration(message) => self.submit(message, outcome, seen),
            Asked::CreatePayment(message) => self.pay(message, outcome, seen),
            Asked::ResolvePayment(message) => self.resolve(message, outcome, seen),
            Asked::ReportSettlement(message) => self.settle(message, outcome),
            Asked::ReversePayment(message) => self.reverse(message, outcome, seen),
            Asked::VoidDeclaration(message) => self.void(message, outcome, seen),
            Asked::CorrectDeclaration(message) => self.correct(message, outcome),
            Asked::RequestRefund(message) => self.claim(message, outcome, seen),
            Asked::DecideRefund(message) => self.decide(message, outcome, seen),
            Asked::OffsetRefund(message) => self.set_off(message, outcome, seen),
            Asked::ReportRefund(message) => self.pay_out(message, outcome, seen),
            Asked::ExtendPayment(message) => self.extend(message, outcome, seen),
            Asked::OpenInspection(message) => self.inspect(message, outcome),
            Asked::CloseInspection(message) => self.end_inspection(message, outcome),
            Asked::ResolveCase(message) => self.close_case(message, outcome),
            Asked::ImportTaxSources(_) | Asked::BatchSubmit(_) | Asked::ReconcileDay(_) => {
                Err("a stream is judged part by part".to_owned())
            }
            Asked::ReprintVoucher(m) => {
                self.print(Print::Again, (&m.taxpayer_id, &m.voucher_number), outcome)
            }
            Asked::ReplaceVoucher(m) => {
                self.print(Print::Replace, (&m.taxpayer_id, &m.voucher_number), outcome)
            }
            Asked::VoidVoucher(m) => {
                self.print(Print::Void, (&m.taxpayer_id, &m.voucher_number), outcome)
            }
        }?;
        let recorded = &mut self.requests[place];
        if !asked.only_checks() {
            recorded.known = match outcome {
                Outcome::Answered { bytes, .. } | Outcome::Found { bytes } => {
                    Known::Done(Arc::from(bytes.as_slice()))
                }
                Outcome::Waiting { payment_id } => Known::Pending(payment_id.clone()),
                Outcome::Refused { .. } | Outcome::Absent | Outcome::Streamed { .. } => {
                    Known::Nothing
                }
            };
        }
        if !matches!(recorded.known, Known::Nothing) {
            recorded.asked = asked.clone();
        }
        Ok(())
    }

    /// A payment asked for again while its answer waits for the bank.
    fn again(
        &mut self,
        asked: &Asked,
        payment_id: &str,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let person = self.person(&asked.taxpayer()).ok_or("nobody's")?;
        let payment = person.payment(payment_id).ok_or("no payment")?.clone();
        let bytes = match outcome {
            Outcome::Refused { code, reason, .. } => {
                let running = *code == Code::Aborted && reason == "REQUEST_STILL_RUNNING";
                let young = seen.young(payment.created).contains(&true);
                return ensure(running && young && payment.state() == Paid::Sent, || {
                    format!("refused with {code:?} {reason} in {:?}", payment.state())
                });
            }
            Outcome::Waiting { .. } | Outcome::Absent | Outcome::Streamed { .. } => {
                let payment = person.payment(payment_id).ok_or("no payment")?;
                payment.may_hear(seen.heard(payment), seen.disagrees(payment));
                return Ok(());
            }
            Outcome::Answered { bytes, .. } | Outcome::Found { bytes } => bytes,
        };
        let message: caixing::pb::CreatePaymentResponse = read(bytes)?;
        let answer = message.payment.ok_or("no payment in the answer")?;
        person.payment(payment_id).ok_or("no payment")?.maybe_case =
            seen.disagrees(&payment).map(|objection| (objection, None));
        let old = payment.state() != Paid::Sent || seen.young(payment.created).contains(&false);
        let mut allowed = payment.states.clone();
        if old {
            allowed.extend(seen.heard(&payment));
        }
        if payment.running {
            allowed.extend(running(&payment));
        }
        ensure(allowed.contains(&answer.state()), || {
            format!("{:?}, expected one of {allowed:?}", answer.state())
        })?;
        if !payment.states.contains(&answer.state()) {
            self.take_step(&asked.taxpayer(), payment_id, answer.state(), &seen)?;
        }
        let place = self.place(asked);
        self.requests[place].known = Known::Done(Arc::from(bytes.as_slice()));
        Ok(())
    }

    /// A repeat at the same time may have found no answer yet, and asked the bank.
    fn may_have_asked(&mut self, key: &str, bytes: &[u8], seen: &Seen<'_>) -> Verdict {
        let message: caixing::pb::CreatePaymentResponse = read(bytes)?;
        // Where nothing is collected there is none.
        let Some(id) = message.payment.map(|payment| payment.payment_id) else {
            return Ok(());
        };
        let person = self.person(key).ok_or("nobody's")?;
        let payment = person.payment(&id).ok_or("no payment")?;
        payment.may_hear(seen.heard(payment), seen.disagrees(payment));
        Ok(())
    }

    /// A payment takes a step that the bank's word led to.
    pub fn take_step(
        &mut self,
        key: &str,
        payment_id: &str,
        state: Paid,
        seen: &Seen<'_>,
    ) -> Verdict {
        let person = self.person(key).ok_or("nobody's")?;
        let payment = person.payment(payment_id).ok_or("no payment")?;
        let order = seen.bank.order(payment_id);
        let taken = order.is_some_and(|order| order.booked == super::bank::Booked::Debited);
        payment.denied |= state == Paid::Failed && taken;
        if state == Paid::Debited {
            payment.reference = seen.bank.order(payment_id).map(|order| order.reference);
        }
        person.step(payment_id, state);
        Ok(())
    }
}

/// What a payment that the service works on by itself may come to.
pub fn running(payment: &Payment) -> Vec<Paid> {
    use super::operation::Debit;
    match payment.behaviour {
        Debit::Answer | Debit::SettleFirst => vec![Paid::Debited],
        Debit::Refuse => vec![Paid::Failed],
        Debit::LoseAnswer | Debit::NeverTaken | Debit::Unreadable | Debit::TakeBack => {
            vec![Paid::Confirming]
        }
        // The deadline may pass while the answer is kept.
        Debit::Hold => vec![Paid::Debited, Paid::Confirming],
    }
}

fn repeated(first: &[u8], outcome: &Outcome, seen: Seen<'_>) -> Verdict {
    match outcome {
        Outcome::Answered { bytes, replayed } => {
            ensure(*replayed, || "a repeat that does not say so".to_owned())?;
            ensure(bytes == first, || {
                "a repeat with another answer than the first".to_owned()
            })
        }
        Outcome::Found { bytes } => ensure(bytes == first, || {
            "GetOutcome gives another answer than the first".to_owned()
        }),
        Outcome::Refused { code, reason, .. } => {
            let running = *code == Code::Aborted && reason == "REQUEST_STILL_RUNNING";
            ensure(running && seen.rival, || {
                format!("a repeat refused with {code:?} {reason}")
            })
        }
        Outcome::Waiting { .. } | Outcome::Absent | Outcome::Streamed { .. } => {
            Err("an answered request is not known any more".to_owned())
        }
    }
}
