//! What the facts of bank and treasury mean, from whatever side they come: a report by itself or a
//! row of the day's file.

use super::book::{Book, Filed, Objection, Paid, Part, Payment, Person, Sheet};
use super::drawing::yuan;
use super::judge::Verdict;

/// A fact of bank or treasury.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The treasury has money of a payment.
    Settled {
        part: Part,
        treasury: String,
        bank_reference: String,
    },
    Debited {
        amount: i64,
        reference: String,
    },
    /// The debit was taken back.
    Reversed,
    Refused,
}

/// What a fact must bring about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learnt {
    /// It agrees with what is known.
    Known,
    /// It was not known.
    Merged,
    /// It cannot be true together with the books: a case, and money that is kept with it.
    Case(Objection, Option<Part>),
}

impl Person {
    /// What of a fact is true together with the books.
    pub fn weigh(&self, payment: &Payment, fact: &Fact) -> Learnt {
        let case = |rule, said: String| Learnt::Case((rule, said), None);
        let (state, total) = (payment.state(), payment.total());
        let odd = |said: &str| case("RECON_STATE", format!("{state:?} {said}"));
        match fact {
            Fact::Settled { part, treasury, .. } => self.settles(payment, part, treasury),
            Fact::Debited { amount, .. } if *amount != total => case("BANK_AMOUNT", yuan(*amount)),
            Fact::Debited { amount, .. } => match state {
                Paid::Sent | Paid::Confirming => Learnt::Merged,
                Paid::Failed if self.is_awaited(payment) => Learnt::Merged,
                Paid::Failed => case("DOUBLE_PAYMENT", yuan(*amount)),
                Paid::Debited | Paid::InTreasury | Paid::Refunded => Learnt::Known,
                _ => odd("DEBITED"),
            },
            Fact::Reversed => match state {
                Paid::Reversed | Paid::Failed => Learnt::Known,
                Paid::Sent | Paid::Confirming | Paid::Debited if payment.received() == 0 => {
                    Learnt::Merged
                }
                _ => case("REVERSAL_AFTER_SETTLEMENT", yuan(payment.received())),
            },
            Fact::Refused => match state {
                Paid::Failed | Paid::Reversed => Learnt::Known,
                Paid::Sent | Paid::Confirming if payment.received() == 0 => Learnt::Merged,
                _ => odd("REFUSED"),
            },
        }
    }

    /// Nothing else has paid, or is paying, what a payment was made for.
    fn is_awaited(&self, payment: &Payment) -> bool {
        let rival = self.live_payment(&payment.declaration);
        let rival = rival.is_some_and(|one| one.id != payment.id);
        let filed = self.filed(&payment.declaration);
        let awaits = filed.is_some_and(|filed| filed.state == Filed::AwaitingPayment);
        awaits && !rival && self.covered(&payment.declaration) == payment.covered
    }

    /// Tax of a declaration that was set off.
    fn covered(&self, declaration: &str) -> i64 {
        let set_off = self
            .payments_of(declaration)
            .filter(|one| one.offset.is_some());
        set_off.map(Payment::principal).sum()
    }

    /// The treasury's word that it has the money is the strongest fact there is.
    fn settles(&self, payment: &Payment, part: &Part, treasury: &str) -> Learnt {
        let case = |rule, said: String| Learnt::Case((rule, said), None);
        let (reference, amount) = part;
        let (state, total) = (payment.state(), payment.total());
        let before = payment.parts.iter().find(|one| one.0 == *reference);
        if let Some(before) = before.filter(|before| before.1 != *amount) {
            let said = format!("{reference} {} {}", yuan(before.1), yuan(*amount));
            return case("SETTLEMENT_PART", said);
        }
        if *treasury != payment.treasury {
            let said = format!("{treasury} {}", yuan(*amount));
            return case("SETTLEMENT_TREASURY", said);
        }
        // The whole sum under the debit's number, of which the parts are known.
        let whole = payment.received() == total
            && *amount == total
            && payment.reference.as_ref() == Some(reference);
        let known = before.is_some() || whole;
        let sum = payment.received() + if known { 0 } else { *amount };
        if sum > total {
            return case("SETTLEMENT_AMOUNT", yuan(sum));
        }
        let filed = self.filed(&payment.declaration).unwrap().state;
        let rival = self.live_payment(&payment.declaration);
        let rival = rival.is_some_and(|one| one.id != payment.id);
        let set_off = self.covered(&payment.declaration) != payment.covered;
        let twice = ("DOUBLE_PAYMENT", yuan(*amount));
        let odd = |rule| (rule, format!("{state:?} {filed:?} {}", yuan(*amount)));
        let objection = match state {
            Paid::InTreasury | Paid::Refunded => None,
            Paid::Reversed => Some(("SETTLEMENT_AFTER_REVERSAL", yuan(*amount))),
            Paid::Failed if rival => Some(twice),
            _ => match filed {
                Filed::AwaitingPayment if set_off => Some(twice),
                Filed::AwaitingPayment => None,
                Filed::Completed => Some(twice),
                _ => Some(odd("SETTLEMENT_NOT_AWAITED")),
            },
        };
        match objection {
            // The treasury does have it: it is kept, so that it can be given back.
            Some(objection) => Learnt::Case(objection, Some(part.clone()).filter(|_| !known)),
            None if known && state != Paid::Failed => Learnt::Known,
            None => Learnt::Merged,
        }
    }
}

impl Book {
    /// Takes in a fact that was not known. `voucher` is the number that its money got, if it is all
    /// there.
    pub fn take_in(&mut self, (key, id): (&str, &str), fact: &Fact, voucher: &str) -> Verdict {
        let person = self.person(key).ok_or("nobody's")?;
        let payment = person.payment(id).ok_or("no payment")?.clone();
        if person.weigh(&payment, fact) != Learnt::Merged {
            return Ok(());
        }
        let kept = person.payment(id).ok_or("no payment")?;
        let (part, bank_reference) = match fact {
            Fact::Debited { reference, .. } => {
                kept.reference = Some(reference.clone());
                person.step(id, Paid::Debited);
                return Ok(());
            }
            Fact::Reversed => {
                person.step(id, Paid::Reversed);
                return Ok(());
            }
            Fact::Refused => {
                person.step(id, Paid::Failed);
                return Ok(());
            }
            Fact::Settled {
                part,
                bank_reference,
                ..
            } => (part, bank_reference),
        };
        kept.reference.get_or_insert_with(|| bank_reference.clone());
        if !kept.parts.iter().any(|one| one.0 == part.0) && kept.received() < kept.total() {
            kept.parts.push(part.clone());
        }
        if kept.received() < kept.total() {
            if payment.state() == Paid::Failed {
                person.step(id, Paid::Debited);
            } else {
                kept.version += 1;
                person.note("payment.part_received", id);
            }
            return Ok(());
        }
        kept.voucher = Some(voucher.to_owned());
        let fen = kept.total();
        person.sheets.push(Sheet::new(voucher, id));
        person.step(id, Paid::InTreasury);
        person.note("declaration.completed", &payment.declaration);
        person.note("voucher.issued", voucher);
        let filed = person.declaration(&payment.declaration);
        let filed = filed.ok_or("no declaration")?;
        filed.state = Filed::Completed;
        filed.version += 1;
        self.settled += fen;
        Ok(())
    }
}
