//! Playing lists: one world a list, every step judged, what fails made short.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use caixing::clock::day_in_china;
use caixing::pb;

use super::asked::{Asked, Outcome};
use super::bank::behaviour;
use super::book::{Book, Case, Known, Paid};
use super::dice::Dice;
use super::invariants::{Rows, Watch};
use super::judge::{Seen, Verdict, ensure, read, running};
use super::operation::{Act, Debit, Look, Operation};
use super::world::World;
use crate::support::On;

/// 2026-01-01, noon in China.
const NEW_YEAR: i64 = 1_767_240_000;
const DAY: i64 = 86_400;
/// The whole is read back after so many steps, and at the end.
const READ_ALL_EVERY: usize = 100;
/// How long a failing list may be shortened.
const SHORTEN: Duration = Duration::from_secs(90);
/// How long an answer that the bank has let go is waited for.
const BOUND: Duration = Duration::from_secs(2);

/// What was done, by name.
pub type Tally = BTreeMap<String, u64>;

/// A list that fails, and where.
#[derive(Debug)]
pub struct Failing {
    pub place: usize,
    pub what: String,
}

/// Where the two steps of a resolution fall: the bank is asked, and its word taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Both on one side of the other call.
    Not,
    /// Its word was taken in before the other call, the answer given after it.
    Around,
    /// Asked before the other call, its word taken in after it.
    Late,
}

pub struct Player {
    pub world: World,
    pub book: Book,
    pub watch: Watch,
    pub tally: Tally,
}

/// Plays a list in a world of its own, on a database of a kind.
pub fn play(on: On, list: &[Operation]) -> Result<Tally, Failing> {
    // The 12th of October 2026.
    let mut player = Player {
        world: World::new(on, NEW_YEAR + 284 * DAY),
        book: Book::default(),
        watch: Watch::default(),
        tally: Tally::new(),
    };
    for (place, operation) in list.iter().enumerate() {
        let last = place + 1 == list.len();
        let step = catch_unwind(AssertUnwindSafe(|| {
            player.step(*operation)?;
            if *operation != Operation::Crowd {
                player.world.disperse();
            }
            player.check()?;
            if last || place % READ_ALL_EVERY == READ_ALL_EVERY - 1 {
                player.see(Look::All)?;
            }
            Ok(())
        }));
        let verdict = step.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            Err(format!("a panic: {}", text.unwrap_or_default()))
        });
        verdict.map_err(|what| Failing { place, what })?;
    }
    Ok(player.tally)
}

/// A random list.
pub fn list(seed: u64, length: usize) -> Vec<Operation> {
    let mut dice = Dice::new(seed);
    // Somebody with something to declare, so that no list is idle.
    let mut list = vec![Operation::Do(Act::Register { who: 0 })];
    list.extend((1..length).map(|_| dice.operation()));
    list
}

/// Leaves out of a failing list what it fails without.
pub fn shortened(on: On, list: &[Operation], failing: &Failing) -> Vec<Operation> {
    let started = Instant::now();
    let mut list = list[..=failing.place].to_vec();
    let mut size = list.len().div_ceil(2);
    loop {
        let mut place = 0;
        let mut shorter = false;
        while place < list.len() && started.elapsed() < SHORTEN {
            let mut without = list.clone();
            without.drain(place..list.len().min(place + size));
            match play(on, &without) {
                Err(failing) => {
                    without.truncate(failing.place + 1);
                    list = without;
                    shorter = true;
                }
                Ok(_) => place += size,
            }
        }
        if started.elapsed() >= SHORTEN || (size == 1 && !shorter) {
            return list;
        }
        size = size.div_ceil(2);
    }
}

/// The bank behaves such that the call has to be played in its own way.
fn is_held(asked: &Asked) -> bool {
    let Asked::CreatePayment(message) = asked else {
        return false;
    };
    behaviour(&message.agreement_number) == Debit::Hold && !message.validate_only
}

fn settles_first(asked: &Asked) -> bool {
    let Asked::CreatePayment(message) = asked else {
        return false;
    };
    behaviour(&message.agreement_number) == Debit::SettleFirst
}

impl Player {
    fn count(&mut self, what: impl Into<String>) {
        *self.tally.entry(what.into()).or_default() += 1;
    }

    fn asking(&mut self, act: Act) -> Option<Asked> {
        let today = day_in_china(self.world.now());
        let asked = self.book.asking(act, &self.world.bank, today);
        match &asked {
            None => self.count("nothing to act on"),
            Some(Asked::CreatePayment(message)) => {
                let what = format!("bank: {:?}", behaviour(&message.agreement_number));
                self.count(what);
            }
            Some(_) => {}
        }
        asked
    }

    /// Acts of which the bank's part must be over when the call is.
    fn tame(&mut self, act: Act) -> Option<Asked> {
        self.asking(act)
            .filter(|asked| !is_held(asked) && !settles_first(asked))
            .filter(|asked| !matches!(asked, Asked::ReversePayment(_)))
    }

    fn judge(&mut self, asked: &Asked, call: impl FnOnce(&mut World) -> Outcome) -> Verdict {
        let before = self.world.now();
        let outcome = call(&mut self.world);
        let after = self.world.now();
        self.tell(asked, &outcome);
        if asked.is_stream() {
            return self.judge_stream(asked, &outcome, (before, after));
        }
        let seen = Seen {
            bank: &self.world.bank,
            before,
            after,
            rival: false,
        };
        self.book.judge(asked, &outcome, seen)
    }

    /// Acts that can be played beside another one.
    fn paired(&mut self, act: Act) -> Option<Asked> {
        self.tame(act).filter(|asked| !asked.is_stream())
    }

    pub fn tell(&mut self, asked: &Asked, outcome: &Outcome) {
        let whole = matches!(outcome, Outcome::Streamed { ended: None, .. });
        if whole || matches!(outcome, Outcome::Answered { .. } | Outcome::Found { .. }) {
            self.count(format!("answered: {}", asked.method()));
        }
        match outcome {
            Outcome::Answered { replayed: true, .. } => self.count("outcome: given again"),
            Outcome::Answered { .. } => self.count("outcome: answered"),
            Outcome::Refused { reason, .. } => self.count(format!("refused: {reason}")),
            Outcome::Found { .. } => self.count("outcome: lost, found"),
            Outcome::Waiting { .. } => self.count("outcome: lost, waiting"),
            Outcome::Streamed { .. } => self.count("outcome: streamed"),
            Outcome::Absent => self.count("outcome: lost, absent"),
        }
    }

    fn step(&mut self, operation: Operation) -> Verdict {
        self.count("operations");
        match operation {
            Operation::Do(act) => match self.asking(act) {
                Some(asked) if is_held(&asked) => {
                    self.judge(&asked.clone(), |world| world.ask_held(asked))
                }
                Some(asked) => self.judge(&asked.clone(), |world| world.ask(asked)),
                None => Ok(()),
            },
            Operation::Check(act) => match self.asking(act).map(Asked::checking) {
                Some(asked) if asked.only_checks() => {
                    self.judge(&asked.clone(), |world| world.ask(asked))
                }
                _ => Ok(()),
            },
            Operation::Cut(act, polls) => {
                let Some(asked) = self.tame(act) else {
                    return Ok(());
                };
                let mut cut = false;
                self.judge(&asked.clone(), |world| {
                    let outcome;
                    (outcome, cut) = world.ask_cut(asked, polls);
                    outcome
                })?;
                self.count(if cut {
                    "calls cut"
                } else {
                    "calls over before the cut"
                });
                Ok(())
            }
            Operation::Die(act, polls) => {
                let Some(asked) = self.tame(act) else {
                    return Ok(());
                };
                self.count("deaths amid a call");
                self.judge(&asked.clone(), |world| world.ask_and_die(asked, polls).0)?;
                self.book.died();
                Ok(())
            }
            Operation::Twice(act) => match self.paired(act) {
                Some(asked) => self.both(&asked, &asked),
                None => Ok(()),
            },
            Operation::Both(one, other) => match (self.paired(one), self.paired(other)) {
                (Some(one), Some(other)) => self.both(&one, &other),
                _ => Ok(()),
            },
            Operation::See(look) => self.see(look),
            Operation::Release => {
                self.release();
                Ok(())
            }
            Operation::Crowd => {
                self.count("crowds");
                self.world.crowd();
                Ok(())
            }
            Operation::Restart => {
                self.count("restarts");
                self.world.restart();
                self.book.died();
                Ok(())
            }
            Operation::Clock { day, second } => {
                self.count("clock moves");
                let day = i64::from(day) * DAY;
                self.world.set_clock(NEW_YEAR + day + i64::from(second));
                Ok(())
            }
            Operation::Pass { seconds } => {
                let now = self.world.now().as_second();
                self.world.set_clock(now + i64::from(seconds));
                Ok(())
            }
        }
    }

    fn see(&mut self, look: Look) -> Verdict {
        let today = day_in_china(self.world.now());
        self.count(match look {
            Look::Read { what, .. } => format!("read: {}", super::reading::name(what)),
            Look::Quote { .. } => "read: quote".to_owned(),
            Look::Validate { .. } => "read: validation".to_owned(),
            Look::Verify { .. } => "read: verification".to_owned(),
            Look::Outcome { .. } => "read: outcome".to_owned(),
            Look::All => "read: everything".to_owned(),
        });
        self.book.look(&mut self.world, look, today)
    }

    fn release(&mut self) {
        self.count("bank: Release");
        self.world.bank.release();
        let started = Instant::now();
        while started.elapsed() < BOUND {
            let rows = self.rows();
            let payments = self.book.people.iter().flat_map(|one| &one.payments);
            let sent = |id: &str| rows.payment(id) == Some(Paid::Sent);
            if !payments.into_iter().any(|one| one.running && sent(&one.id)) {
                return;
            }
        }
    }

    /// Two calls at the same time: what came of them must be what comes of them one after the
    /// other, in either order; a resolution may also be done on both sides of the other call.
    fn both(&mut self, one: &Asked, other: &Asked) -> Verdict {
        self.count("pairs at the same time");
        let before = self.world.now();
        let (first, second) = self.world.ask_both(one.clone(), other.clone());
        let after = self.world.now();
        self.tell(one, &first);
        self.tell(other, &second);
        let rows = self.rows();
        let bank = Arc::clone(&self.world.bank);
        let seen = Seen {
            bank: &bank,
            before,
            after,
            rival: true,
        };
        let orders = [
            [(one, &first), (other, &second)],
            [(other, &second), (one, &first)],
        ];
        let mut whys = Vec::new();
        for order in orders {
            for split in [Split::Not, Split::Around, Split::Late] {
                let mut book = self.book.clone();
                let verdict = (|| {
                    if let Asked::ResolvePayment(message) = order[1].0 {
                        book.hear_only(message, &seen, split)?;
                    }
                    book.judge(order[0].0, order[0].1, seen)?;
                    book.judge(order[1].0, order[1].1, seen)?;
                    book.sync(&rows, &seen)?;
                    book.in_real_order(&self.watch, &rows);
                    book.agrees(&self.watch, &rows)
                })();
                match verdict {
                    Ok(()) => {
                        self.book = book;
                        return Ok(());
                    }
                    Err(what) => whys.push(what),
                }
            }
        }
        Err(format!("{first:?} and {second:?} fit no order: {whys:#?}"))
    }

    pub fn rows(&mut self) -> Rows {
        self.world.rows(self.watch.position)
    }

    /// Everything that must hold after every step.
    fn check(&mut self) -> Verdict {
        let rows = self.rows();
        let now = self.world.now();
        let bank = Arc::clone(&self.world.bank);
        let seen = Seen {
            bank: &bank,
            before: now,
            after: now,
            rival: false,
        };
        if self.book.sync(&rows, &seen)? {
            self.book.in_real_order(&self.watch, &rows);
        }
        self.book.agrees(&self.watch, &rows)?;
        self.book.learn_from(&rows);
        self.watch.check(&rows)?;
        self.hear_of_pending()?;
        self.book.money(&bank)
    }

    /// A request whose payment the bank was heard about has its answer from then on.
    fn hear_of_pending(&mut self) -> Verdict {
        for place in 0..self.book.requests.len() {
            let recorded = &self.book.requests[place];
            let Known::Pending(payment_id) = &recorded.known else {
                continue;
            };
            let key = recorded.asked.taxpayer();
            let person = self.book.people.iter().find(|person| person.key == key);
            let payment = person.and_then(|one| one.payments.iter().find(|p| p.id == *payment_id));
            let payment = payment.ok_or("no payment")?;
            if payment.state() == Paid::Sent {
                continue;
            }
            let known = self.world.outcome(&recorded.asked);
            ensure(known.state() == pb::OutcomeState::Done, || {
                format!(
                    "{:?} although the payment is {:?}",
                    known.state(),
                    payment.state()
                )
            })?;
            let message: pb::CreatePaymentResponse = read(&known.response)?;
            let answer = message.payment.ok_or("no payment")?;
            ensure(payment.states[1..].contains(&answer.state()), || {
                format!("answered {:?}, was {:?}", answer.state(), payment.states)
            })?;
            self.book.requests[place].known = Known::Done(Arc::from(known.response.as_slice()));
        }
        Ok(())
    }
}

impl Book {
    /// Takes in what a payment may have come to without an answer to anybody; true where one did.
    pub fn sync(&mut self, rows: &Rows, seen: &Seen<'_>) -> Result<bool, String> {
        let (mut steps, mut beside) = (Vec::new(), Vec::new());
        for person in &mut self.people {
            for payment in &mut person.payments {
                if let Some((objection, part)) = payment.maybe_case.take() {
                    let fen = part.as_ref().map_or(0, |part| part.1);
                    let same =
                        |one: &&Case| one.subject == payment.id && one.objection.0 == objection.0;
                    let known = person.cases.iter().filter(same).count();
                    let opened = rows.cases_of(&payment.id, objection.0) > known;
                    let kept = fen > 0 && rows.received(&payment.id) == payment.received() + fen;
                    if opened || kept {
                        beside.push((person.key.clone(), payment.id.clone(), objection, part));
                    }
                }
                let mut allowed = std::mem::take(&mut payment.maybe);
                if payment.running {
                    allowed.extend(running(payment));
                }
                let real = rows.payment(&payment.id).ok_or("a payment is lost")?;
                if real != payment.state() && allowed.contains(&real) {
                    steps.push((person.key.clone(), payment.id.clone(), real));
                }
            }
        }
        for (key, payment, state) in &steps {
            self.take_step(key, payment, *state, seen)?;
        }
        let changed = !steps.is_empty() || !beside.is_empty();
        for (key, payment, objection, part) in beside {
            let person = self.person(&key).ok_or("nobody's")?;
            person.keep_beside(&payment, objection, part);
        }
        Ok(changed)
    }
}
