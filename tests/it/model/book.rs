//! The small model: what the service must know, kept as plainly as possible.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use caixing::pb;
use jiff::Timestamp;

use super::asked::Asked;
use super::drawing::{Facts, Form, Scope, forms};
use super::operation::Debit;

pub use pb::DeclarationState as Filed;
pub use pb::PaymentState as Paid;
pub use pb::VoucherState as SheetState;

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
    /// What was not collected, being under 1 yuan.
    pub waived: i64,
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
    /// What the treasury has of it: reference and amount.
    pub parts: Vec<(String, i64)>,
    /// The bank's number, once known.
    pub reference: Option<String>,
    /// A case that a call that was cut may have opened, and the money kept with it.
    pub maybe_case: Option<(Rule, Option<(String, i64)>)>,
}

/// A rule that a case is about.
pub type Rule = &'static str;

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

    /// Money may come for it: also where it was taken for failed.
    pub fn can_settle(&self) -> bool {
        self.is_open() || matches!(self.state(), Paid::Debited | Paid::Failed)
    }

    /// What a call of which nothing is known may have led to.
    pub fn may_hear(&mut self, states: Vec<Paid>, rule: Option<Rule>) {
        self.maybe.extend(states);
        self.maybe_case = rule.map(|rule| (rule, None)).or(self.maybe_case.take());
    }

    pub fn received(&self) -> i64 {
        self.parts.iter().map(|part| part.1).sum()
    }
}

/// A voucher sheet.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub number: String,
    pub payment: String,
    pub state: SheetState,
    pub reprints: i32,
    /// No other number has taken its place.
    pub is_last: bool,
}

impl Sheet {
    pub fn new(number: &str, payment: &str) -> Self {
        Self {
            number: number.to_owned(),
            payment: payment.to_owned(),
            state: SheetState::Issued,
            reprints: 0,
            is_last: true,
        }
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
    pub sheets: Vec<Sheet>,
    /// Kind and subject of each event; of a case, its rule and what it is about.
    pub events: Vec<(String, String)>,
    /// What a case was opened about, and the rule.
    pub cases: BTreeSet<(String, String)>,
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

    /// Opens a case, unless there is one that says so.
    pub fn open_case(&mut self, subject: &str, rule: Rule) {
        if self.cases.insert((subject.to_owned(), rule.to_owned())) {
            self.note(&format!("case.opened {rule}"), subject);
        }
    }

    /// Money that the books did not await is kept beside them.
    pub fn keep_beside(&mut self, id: &str, rule: Rule, part: Option<(String, i64)>) {
        let payment = self.payment(id).unwrap();
        if let Some(part) = part {
            payment.parts.push(part);
            payment.version += 1;
            self.note("payment.part_received", id);
        }
        self.open_case(id, rule);
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
        payment.denied &= state == Paid::Failed;
        // An answer that is kept may still come, and is heard as long as the bank is waited for.
        payment.running &= payment.behaviour == Debit::Hold && payment.is_open();
        let kind = match state {
            Paid::Debited => "payment.debited",
            Paid::Failed => "payment.failed",
            Paid::Confirming => "payment.confirming",
            Paid::InTreasury => "payment.in_treasury",
            Paid::Reversed => "payment.reversed",
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
