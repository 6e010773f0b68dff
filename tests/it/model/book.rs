//! The small model: what the service must know, kept as plainly as possible.

use std::collections::BTreeMap;
use std::sync::Arc;

use caixing::pb;
use jiff::Timestamp;

use super::asked::Asked;
use super::drawing::{Facts, Form, Scope, forms};
use super::operation::Debit;

pub use pb::DeclarationState as Filed;
pub use pb::PaymentState as Paid;

/// A tax source.
#[derive(Debug, Clone)]
pub struct Source {
    pub id: String,
    pub facts: Facts,
    pub version: i64,
    pub declared: bool,
    pub closed: bool,
}

impl Source {
    /// The state's stable name.
    pub const fn state(&self) -> &'static str {
        match (self.closed, self.declared) {
            (true, _) => "CLOSED",
            (false, true) => "DECLARED",
            (false, false) => "COLLECTED",
        }
    }
}

/// A declaration.
#[derive(Debug, Clone)]
pub struct Declaration {
    pub id: String,
    pub scope: Scope,
    pub office: usize,
    pub form: Form,
    pub digest: String,
    pub state: Filed,
    pub version: i64,
    pub overdue: bool,
}

impl Declaration {
    pub const fn is_live(&self) -> bool {
        matches!(self.state, Filed::AwaitingPayment | Filed::Completed)
    }
}

/// A payment.
#[derive(Debug, Clone)]
pub struct Payment {
    pub id: String,
    pub declaration: String,
    pub behaviour: Debit,
    pub principal: i64,
    pub surcharge: i64,
    pub treasury: String,
    pub created: Timestamp,
    pub version: i64,
    /// Every state it has had, the last is the current one.
    pub states: Vec<Paid>,
    /// States a call that was cut may have led to.
    pub maybe: Vec<Paid>,
    /// The service may still be asking the bank by itself.
    pub running: bool,
    /// It was failed because the bank denied an order that it had debited.
    pub denied: bool,
    pub voucher: Option<String>,
}

impl Payment {
    pub fn state(&self) -> Paid {
        *self.states.last().unwrap()
    }

    pub const fn total(&self) -> i64 {
        self.principal + self.surcharge
    }

    pub fn is_live(&self) -> bool {
        !matches!(self.state(), Paid::Failed | Paid::Reversed | Paid::Refunded)
    }

    pub fn is_open(&self) -> bool {
        matches!(self.state(), Paid::Sent | Paid::Confirming)
    }

    pub fn can_settle(&self) -> bool {
        self.is_open() || self.state() == Paid::Debited
    }
}

/// A taxpayer with all that is its own.
#[derive(Debug, Clone, Default)]
pub struct Person {
    pub number: String,
    pub key: String,
    pub version: i64,
    pub halved: bool,
    pub sources: Vec<Source>,
    pub declarations: Vec<Declaration>,
    pub payments: Vec<Payment>,
    /// Kind and subject of each event.
    pub events: Vec<(String, String)>,
}

impl Person {
    pub fn is_declared(&self, source: &str, quarter: usize) -> bool {
        let lives = self.declarations.iter().filter(|one| one.is_live());
        lives
            .flat_map(|one| &one.form.lines)
            .any(|line| line.source_id == source && line.quarter == quarter)
    }

    /// A draft that would be drawn alike now.
    pub fn is_fresh(&self, draft: &Declaration) -> bool {
        let scope = Scope {
            office: Some(draft.office),
            ..draft.scope
        };
        forms(self, scope).get(&draft.office) == Some(&draft.form)
    }

    pub fn declaration(&mut self, id: &str) -> Option<&mut Declaration> {
        self.declarations.iter_mut().find(|one| one.id == id)
    }

    pub fn payment(&mut self, id: &str) -> Option<&mut Payment> {
        self.payments.iter_mut().find(|one| one.id == id)
    }

    pub fn live_payment(&self, declaration: &str) -> Option<&Payment> {
        let of = |one: &&Payment| one.declaration == declaration && one.is_live();
        self.payments.iter().find(of)
    }

    /// Notes an event.
    pub fn note(&mut self, kind: &str, subject: &str) {
        self.events.push((kind.to_owned(), subject.to_owned()));
    }

    /// A payment takes a step; a step to where it stands is none.
    pub fn step(&mut self, id: &str, state: Paid) {
        let payment = self.payment(id).unwrap();
        payment.maybe.clear();
        if payment.state() == state {
            return;
        }
        payment.states.push(state);
        payment.version += 1;
        // An answer that is kept may still come, and is heard as long as the bank is waited for.
        payment.running &= payment.behaviour == Debit::Hold && payment.is_open();
        let kind = match state {
            Paid::Debited => "payment.debited",
            Paid::Failed => "payment.failed",
            Paid::Confirming => "payment.confirming",
            Paid::InTreasury => "payment.in_treasury",
            other => panic!("no step leads to {other:?}"),
        };
        self.note(kind, id);
    }
}

/// What is known of an earlier request.
#[derive(Debug, Clone)]
pub enum Known {
    /// Nothing was kept of it: it was refused, only checked, or lost.
    Nothing,
    /// Kept, its answer waits for the bank's word on a payment.
    Pending(String),
    /// Kept with its answer.
    Done(Arc<[u8]>),
}

/// A request that was made.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub asked: Asked,
    pub known: Known,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Book {
    pub people: Vec<Person>,
    /// In the order they were first made.
    pub requests: Vec<Recorded>,
    /// By taxpayer and mark.
    pub marks: BTreeMap<(String, String), usize>,
    /// What the treasury reported and the service took in, fen.
    pub settled: i64,
    /// Statements of sources as they travel, and what they were made from.
    pub stated: Vec<(pb::TaxSourceInput, Facts)>,
    /// Marks and documents given out so far.
    pub serial: u32,
}

impl Book {
    pub fn person(&mut self, key: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.key == key)
    }

    /// The place of a request, kept as unknown where it is new.
    pub fn place(&mut self, asked: &Asked) -> usize {
        let mark = (asked.taxpayer(), asked.request_id().to_owned());
        let next = self.requests.len();
        let place = *self.marks.entry(mark).or_insert(next);
        if place == next {
            self.requests.push(Recorded {
                asked: asked.clone(),
                known: Known::Nothing,
            });
        }
        place
    }

    /// The service died: nothing goes on by itself any more.
    pub fn died(&mut self) {
        let payments = self.people.iter_mut().flat_map(|one| &mut one.payments);
        payments.for_each(|payment| payment.running = false);
    }
}

impl Book {
    /// The facts that a statement was made from.
    pub fn facts_of(&self, input: Option<&pb::TaxSourceInput>) -> Option<Facts> {
        let mut input = input?.clone();
        input.name = input.name.replace('甲', "");
        let stated = self.stated.iter().find(|(stated, _)| *stated == input);
        stated.map(|(_, facts)| *facts)
    }
}
