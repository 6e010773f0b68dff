//! The small model: what the service must know, kept as plainly as possible.

use std::collections::BTreeMap;
use std::sync::Arc;

use caixing::pb;
use jiff::Timestamp;

use super::asked::Asked;
use super::correcting::Correction;
use super::drawing::{Facts, Form, Scope, forms};
use super::officer::{Extension, Inspection};
use super::operation::Debit;
use super::owing::Row;
use super::refunding::Refund;

pub use pb::DeclarationState as Filed;
pub use pb::PaymentState as Paid;
pub use pb::VoucherState as SheetState;

/// A tax source.
#[derive(Debug, Clone)]
pub struct Source {
    pub id: String,
    pub facts: Facts,
    /// As it was first stated, where it was imported.
    pub first: Option<pb::TaxSourceInput>,
    pub version: i64,
    pub declared: bool,
    /// A correction of a declaration it stands on was opened.
    pub correcting: bool,
    pub closed: bool,
}

impl Source {
    /// The state's stable name.
    pub const fn state(&self) -> &'static str {
        match (self.closed, self.correcting, self.declared) {
            (true, ..) => "CLOSED",
            (false, true, _) => "CORRECTING",
            (false, false, true) => "DECLARED",
            (false, false, false) => "COLLECTED",
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
    /// What it corrects; nothing for a first filing.
    pub correction: Option<Correction>,
    /// Decisions on paying it later.
    pub extensions: Vec<Extension>,
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
    /// What it pays.
    pub rows: Vec<Row>,
    pub treasury: String,
    /// The refund it was made from (抵缴): no bank is asked.
    pub offset: Option<String>,
    /// Tax of the declaration that was set off before it was made.
    pub covered: i64,
    /// Tax that was given back of it.
    pub refunded: i64,
    /// When its money was in the treasury.
    pub settled_at: Option<Timestamp>,
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
    pub maybe_case: Option<(Objection, Option<Part>)>,
}

/// A part of the money: reference and amount.
pub type Part = (String, i64);

/// The rule that a case is about, and what was said: the same about the same is one case for ever.
pub type Objection = (&'static str, String);

/// A case for an officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Empty until it was seen in the database.
    pub id: String,
    pub subject: String,
    pub objection: Objection,
    pub open: bool,
}

impl Payment {
    pub fn state(&self) -> Paid {
        *self.states.last().unwrap()
    }

    pub fn principal(&self) -> i64 {
        self.rows.iter().map(|row| row.principal).sum()
    }

    pub fn surcharge(&self) -> i64 {
        self.rows.iter().map(|row| row.surcharge).sum()
    }

    pub fn total(&self) -> i64 {
        self.principal() + self.surcharge()
    }

    pub fn is_live(&self) -> bool {
        let over = matches!(self.state(), Paid::Failed | Paid::Reversed | Paid::Refunded);
        !over && self.offset.is_none()
    }

    /// Its money is in the treasury, or was until it was refunded.
    pub fn is_settled(&self) -> bool {
        matches!(self.state(), Paid::InTreasury | Paid::Refunded)
    }

    pub fn is_open(&self) -> bool {
        matches!(self.state(), Paid::Sent | Paid::Confirming)
    }

    /// Money may come for it: also where it was taken for failed.
    pub fn can_settle(&self) -> bool {
        self.is_open() || matches!(self.state(), Paid::Debited | Paid::Failed)
    }

    /// What a call of which nothing is known may have led to.
    pub fn may_hear(&mut self, states: Vec<Paid>, objection: Option<Objection>) {
        self.maybe.extend(states);
        let case = objection.map(|objection| (objection, None));
        self.maybe_case = case.or(self.maybe_case.take());
    }

    pub fn received(&self) -> i64 {
        if self.offset.is_some() {
            return self.total();
        }
        self.parts.iter().map(|part| part.1).sum()
    }
}

/// A voucher sheet.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub number: String,
    pub payment: String,
    /// The refund it proves (税收收入退还书), and the amount.
    pub refund: Option<(String, i64)>,
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
            refund: None,
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
    pub cases: Vec<Case>,
    pub refunds: Vec<Refund>,
    pub inspections: Vec<Inspection>,
}

impl Person {
    pub fn is_declared(&self, source: &str, quarter: usize) -> bool {
        let mut lives = self.declarations.iter().filter(|one| one.is_live());
        lives.any(|one| one.form.declares(source, quarter))
    }

    /// The sources of a declaration that left force can be declared again, where nothing else in
    /// force declares them.
    pub fn release(&mut self, form: &Form) {
        for line in form.lines.iter().filter(|line| !line.withdrawn) {
            let mut quarters = 0..super::drawing::QUARTERS.len();
            if quarters.any(|one| self.is_declared(&line.source_id, one)) {
                continue;
            }
            let mut sources = self.sources.iter_mut();
            if let Some(source) = sources.find(|one| one.id == line.source_id) {
                (source.declared, source.correcting) = (false, false);
            }
        }
    }

    /// A draft that would be drawn alike now.
    pub fn is_fresh(&self, draft: &Declaration) -> bool {
        if let Some(of) = &draft.correction {
            let base = self.filed(&of.corrects).filter(|base| base.is_live());
            return base.is_some_and(|base| self.revised(base, of) == draft.form);
        }
        let scope = Scope {
            office: Some(draft.office),
            ..draft.scope
        };
        forms(self, scope).get(&draft.office) == Some(&draft.form)
    }

    pub fn filed(&self, id: &str) -> Option<&Declaration> {
        self.declarations.iter().find(|one| one.id == id)
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

    /// Opens a case, unless there is one that says so: open, or closed with the same numbers.
    pub fn open_case(&mut self, subject: &str, objection: Objection) {
        let says = |one: &Case| {
            let about = one.subject == subject && one.objection.0 == objection.0;
            about && (one.open || one.objection == objection)
        };
        if !self.cases.iter().any(says) {
            self.note(&format!("case.opened {}", objection.0), subject);
            self.cases.push(Case {
                id: String::new(),
                subject: subject.to_owned(),
                objection,
                open: true,
            });
        }
    }

    /// Money that the books did not await is kept beside them.
    pub fn keep_beside(&mut self, id: &str, objection: Objection, part: Option<Part>) {
        let payment = self.payment(id).unwrap();
        if let Some(part) = part {
            payment.parts.push(part);
            payment.version += 1;
            self.note("payment.part_received", id);
        }
        self.open_case(id, objection);
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
    /// Kept, an import whose sending did not come to its end.
    Importing,
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
