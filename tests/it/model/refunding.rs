//! Refunds (退税): claimed, decided, set against what is owed (抵缴), paid out (征管法 art. 51, 细则
//! art. 78 and 79).

use caixing::clock::day_in_china;
use caixing::pb;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::asked::Outcome;
use super::asking::pick;
use super::book::{Book, Declaration, Filed, Paid, Payment, Person, Sheet};
use super::drawing::{OFFICES, divided, fen, yuan};
use super::filing::{WRONG_STATE, etag, precondition};
use super::judge::{Seen, Verdict, answered, ensure, read, same};
use super::paying::check_payment;

pub use pb::RefundState;

pub const CAUSES: [pb::RefundCause; 3] = [
    pb::RefundCause::Overpaid,
    pb::RefundCause::Relief,
    pb::RefundCause::Prepaid,
];

/// A refund of what one declaration shows as refundable.
#[derive(Debug, Clone)]
pub struct Refund {
    pub id: String,
    pub declaration: String,
    pub state: RefundState,
    pub cause: pb::RefundCause,
    pub amount: i64,
    /// As kept: of the day of approval, then of the first day on which any of it was used.
    pub interest: i64,
    pub offset: i64,
    /// The payments it comes from, the newest first: id, tax, the day it was paid.
    pub parts: Vec<(String, i64, Date)>,
    pub claimed_on: Date,
    pub decided_on: Option<Date>,
    pub voucher: Option<String>,
    pub version: i64,
}

impl Refund {
    /// 细则 art. 78: the demand rate of 0.35% of the refund day by days over 360, from each
    /// payment's day; none on reliefs and on prepaid tax.
    fn interest_on(&self, day: Date) -> i64 {
        let open = self.state == RefundState::Approved && self.offset == 0;
        if !open || self.cause != pb::RefundCause::Overpaid {
            return self.interest;
        }
        let of = |(_, fen, paid_on): &(String, i64, Date)| {
            i128::from(*fen) * i128::from((day - *paid_on).get_days().max(0))
        };
        divided(self.parts.iter().map(of).sum::<i128>() * 35, 10_000 * 360)
    }

    pub fn at_hand(&self, day: Date) -> i64 {
        self.amount + self.interest_on(day) - self.offset
    }

    /// Some of it is used: what is left of it after that.
    fn used(&mut self, day: Date, offset: i64) -> i64 {
        let left = self.at_hand(day) - offset;
        self.interest = self.interest_on(day);
        self.offset += offset;
        self.version += 1;
        left
    }
}

impl Person {
    /// The refund of a declaration that was not rejected.
    pub fn live_refund(&self, declaration: &str) -> Option<&Refund> {
        let of =
            |one: &&Refund| one.declaration == declaration && one.state != RefundState::Rejected;
        self.refunds.iter().find(of)
    }

    pub fn refund(&mut self, id: &str) -> Option<&mut Refund> {
        self.refunds.iter_mut().find(|one| one.id == id)
    }

    /// The payments an amount comes from: those of the revisions before, the newest first, each
    /// with what is not refunded and not claimed by another refund.
    fn parts(&self, filed: &Declaration, needed: i64) -> Result<Vec<(String, i64, Date)>, String> {
        let mut earlier: Vec<&Payment> = Vec::new();
        let mut next = filed.correction.as_ref();
        while let Some(of) = next {
            let paid = |one: &&Payment| one.state() == Paid::InTreasury;
            earlier.extend(self.payments_of(&of.corrects).filter(paid));
            let base = self.filed(&of.corrects).ok_or("no base")?;
            next = base.correction.as_ref();
        }
        earlier.sort_by_key(|one| std::cmp::Reverse((one.settled_at, one.id.clone())));
        let (mut open, mut parts) = (needed, Vec::new());
        for payment in earlier {
            let pending =
                |one: &&Refund| matches!(one.state, RefundState::Requested | RefundState::Approved);
            let claims = self
                .refunds
                .iter()
                .filter(pending)
                .flat_map(|one| &one.parts);
            let claims = claims.filter(|part| part.0 == payment.id);
            let claimed: i64 = claims.map(|part| part.1).sum();
            let left = payment.principal() - payment.refunded - claimed;
            let part = open.min(left).max(0);
            if part > 0 {
                open -= part;
                let at = payment.settled_at.ok_or("settled, nobody knows when")?;
                parts.push((payment.id.clone(), part, day_in_china(at)));
            }
        }
        ensure(open == 0, || {
            format!("{open} fen refundable that nobody paid")
        })?;
        Ok(parts)
    }

    /// With its last fen the payments a refund comes from are refunded.
    fn give_back(&mut self, refund: &str) {
        let parts = self.refund(refund).unwrap().parts.clone();
        for (id, fen, _) in parts {
            let payment = self.payment(&id).unwrap();
            payment.refunded += fen;
            payment.version += 1;
            if payment.refunded == payment.principal() {
                payment.states.push(Paid::Refunded);
            }
            self.note("payment.refunded", &id);
        }
    }

    /// A refund to act on: one in a state, or any.
    pub fn refund_in(&self, state: Option<RefundState>, which: u8) -> Option<&Refund> {
        let fits = |one: &&Refund| state.is_none_or(|state| one.state == state);
        pick(self.refunds.iter().filter(fits), which)
    }
}

impl Book {
    pub fn claim(
        &mut self,
        m: &pb::RequestRefundRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let today = seen.today();
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let filed = person.filed(&m.declaration_id).ok_or("no declaration")?;
        let refundable = filed.form.refundable();
        let refusal = if person.live_refund(&filed.id).is_some() {
            precondition("REFUND_ALIVE")
        } else if !filed.is_live() {
            Some(WRONG_STATE)
        } else if m.content_digest != filed.digest {
            precondition("CONTENT_DIGEST_MISMATCH")
        } else if refundable == 0 || m.amount_yuan != yuan(refundable) {
            precondition("REFUND_AMOUNT_MISMATCH")
        } else {
            None
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::RequestRefundResponse = read(bytes)?;
        let answer = message.refund.ok_or("no refund")?;
        let claimed = Refund {
            id: answer.refund_id.clone(),
            declaration: filed.id.clone(),
            state: RefundState::Requested,
            cause: m.cause(),
            amount: refundable,
            interest: 0,
            offset: 0,
            parts: person.parts(filed, refundable)?,
            claimed_on: today,
            decided_on: None,
            voucher: None,
            version: 1,
        };
        check_refund(&claimed, today, &answer)?;
        if !m.validate_only {
            person.note("refund.requested", &claimed.id);
            person.refunds.push(claimed);
        }
        Ok(())
    }

    pub fn decide(
        &mut self,
        m: &pb::DecideRefundRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let today = seen.today();
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let refund = person.refund(&m.refund_id).ok_or("no refund")?;
        let refusal = (refund.state != RefundState::Requested).then_some(WRONG_STATE);
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::DecideRefundResponse = read(bytes)?;
        if m.cause() != pb::RefundCause::Unspecified {
            refund.cause = m.cause();
        }
        refund.version += 1;
        refund.decided_on = Some(today);
        let kind = if m.approved {
            refund.state = RefundState::Approved;
            refund.interest = refund.interest_on(today);
            "refund.approved"
        } else {
            refund.state = RefundState::Rejected;
            "refund.rejected"
        };
        check_refund(refund, today, &message.refund.ok_or("no refund")?)?;
        person.note(kind, &m.refund_id);
        Ok(())
    }

    pub fn set_off(
        &mut self,
        m: &pb::OffsetRefundRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let today = seen.today();
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let refund = person.refund(&m.refund_id).ok_or("no refund")?.clone();
        let owing = person.filed(&m.declaration_id).ok_or("no declaration")?;
        let origin = person.filed(&refund.declaration).ok_or("no origin")?;
        let due = person.due(owing, today);
        let rows = due.covered_by(refund.at_hand(today));
        let refusal = if owing.state != Filed::AwaitingPayment {
            Some(WRONG_STATE)
        } else if m.content_digest != owing.digest {
            precondition("CONTENT_DIGEST_MISMATCH")
        } else if origin.office != owing.office {
            precondition("PAY_TREASURY")
        } else if person.live_payment(&owing.id).is_some() {
            precondition("PAYMENT_ALIVE")
        } else if refund.state != RefundState::Approved {
            Some(WRONG_STATE)
        } else if due.collected() == 0 {
            precondition("NOTHING_DUE")
        } else if rows.is_empty() {
            precondition("OFFSET_TOO_SMALL")
        } else {
            None
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::OffsetRefundResponse = read(bytes)?;
        let answer = message.payment.ok_or("no payment")?;
        let made = Payment {
            id: answer.payment_id.clone(),
            declaration: owing.id.clone(),
            behaviour: super::operation::Debit::Answer,
            rows,
            treasury: OFFICES[owing.office][2].to_owned(),
            offset: Some(refund.id.clone()),
            covered: due.offset,
            refunded: 0,
            settled_at: None,
            created: seen.before,
            version: 1,
            states: vec![Paid::InTreasury],
            maybe: Vec::new(),
            running: false,
            denied: false,
            voucher: Some(answer.voucher_number.clone()),
            parts: Vec::new(),
            reference: None,
            maybe_case: None,
        };
        check_payment(&made, &answer)?;
        let mut used = refund;
        let (total, number) = (made.total(), answer.voucher_number);
        if used.used(today, total) == 0 {
            used.state = RefundState::Paid;
        }
        check_refund(&used, today, &message.refund.ok_or("no refund")?)?;
        if m.validate_only {
            return Ok(());
        }
        let (ended, owing) = (total == due.whole(), made.declaration.clone());
        person.note("payment.in_treasury", &made.id);
        person.sheets.push(Sheet::new(&number, &made.id));
        person.payments.push(made);
        if ended {
            let owing = person.declaration(&owing).ok_or("no declaration")?;
            owing.state = Filed::Completed;
            owing.version += 1;
            person.note("declaration.completed", &m.declaration_id);
        }
        person.note("voucher.issued", &number);
        person.note("refund.offset", &used.id);
        let over = used.state == RefundState::Paid;
        *person.refund(&m.refund_id).ok_or("no refund")? = used;
        if over {
            person.give_back(&m.refund_id);
        }
        self.settled += total;
        Ok(())
    }

    pub fn pay_out(
        &mut self,
        m: &pb::ReportRefundRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let today = seen.today();
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let mut used = person.refund(&m.refund_id).ok_or("no refund")?.clone();
        let origin = person.filed(&used.declaration).ok_or("no origin")?;
        // The latest day since the approval, within a year, on which this was what was left.
        let own = m.treasury_code == OFFICES[origin.office][2];
        let paid = fen(&m.amount_yuan);
        let mut days = (0..=366).map(|back: i64| today.saturating_sub(back.days()));
        let on = days.find(|day| {
            let since = used.decided_on.is_some_and(|decided| decided <= *day);
            since && own && used.at_hand(*day) == paid
        });
        let refusal = if used.state != RefundState::Approved {
            Some(WRONG_STATE)
        } else if on.is_none() {
            precondition("SETTLEMENT_MISMATCH")
        } else {
            None
        };
        let (Some(bytes), Some(on)) = (answered(outcome, refusal)?, on) else {
            return Ok(());
        };
        let message: pb::ReportRefundResponse = read(bytes)?;
        used.used(on, 0);
        used.state = RefundState::Paid;
        used.voucher = Some(message.voucher_number.clone());
        check_refund(&used, today, &message.refund.ok_or("no refund")?)?;
        let newest = used.parts.first().ok_or("a refund of nothing")?.0.clone();
        person.sheets.push(Sheet {
            refund: Some((used.id.clone(), paid)),
            ..Sheet::new(&message.voucher_number, &newest)
        });
        person.note("voucher.issued", &message.voucher_number);
        person.note("refund.paid", &m.refund_id);
        *person.refund(&m.refund_id).ok_or("no refund")? = used;
        person.give_back(&m.refund_id);
        Ok(())
    }
}

/// A refund as answered on a day against the book.
pub fn check_refund(refund: &Refund, today: Date, answer: &pb::Refund) -> Verdict {
    same("refund", &answer.refund_id, &refund.id)?;
    same(
        "refund's declaration",
        &answer.declaration_id,
        &refund.declaration,
    )?;
    same("refund's state", &answer.state(), &refund.state)?;
    same("cause", &answer.cause(), &refund.cause)?;
    same("refund's etag", &answer.etag, &etag(refund.version))?;
    same("amount", &answer.amount_yuan, &yuan(refund.amount))?;
    same(
        "interest",
        &answer.interest_yuan,
        &yuan(refund.interest_on(today)),
    )?;
    same("set off", &answer.offset_yuan, &yuan(refund.offset))?;
    let balance = match refund.state {
        RefundState::Rejected => 0,
        _ => refund.at_hand(today),
    };
    same("balance", &answer.balance_yuan, &yuan(balance))?;
    let parts = refund.parts.iter().map(|(id, fen, day)| pb::RefundPart {
        payment_id: id.clone(),
        amount_yuan: yuan(*fen),
        paid_on: day.to_string(),
    });
    same("parts", &answer.parts, &parts.collect())?;
    let decide_by = refund.claimed_on.saturating_add(30.days());
    same("decide_by", &answer.decide_by, &decide_by.to_string())?;
    let voucher = refund.voucher.clone().unwrap_or_default();
    same("refund's voucher", &answer.voucher_number, &voucher)
}
