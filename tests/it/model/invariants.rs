//! The invariants of the design, read off the database itself after every step, and the book
//! against its rows.

use std::collections::{BTreeMap, BTreeSet};

use caixing::store::Store;
use sha2::{Digest, Sha256};
use sqlx::FromRow;

use super::bank::{Bank, Booked};
use super::book::{Book, Filed, Paid, Payment};
use super::drawing::fen;
use super::eyes::Eyes;
use super::forbidden::FORBIDDEN;
use super::judge::{Verdict, ensure, same};

/// Tables that no row is ever deleted from.
const TABLES: [&str; 18] = [
    "taxpayer",
    "tax_source",
    "tax_source_version",
    "declaration",
    "declaration_line",
    "declared_period",
    "payment",
    "voucher",
    "event",
    "request",
    "voucher_number_claim",
    "rule_pack",
    "settlement_part",
    "officer_case",
    "refund",
    "payment_extension",
    "inspection",
    "voucher_act",
];

#[derive(Debug, FromRow)]
struct EventRow {
    position: i64,
    taxpayer_id: String,
    sequence: i64,
    kind: String,
    subject_id: String,
    rpc: String,
    request_id: Option<String>,
    at: i64,
    hash: String,
    detail: String,
    /// Of a case: its rule and what it is about.
    rule: Option<String>,
    about: Option<String>,
}

/// What the database holds that a step may have changed.
#[derive(Debug, Default)]
pub struct Rows {
    forbidden: Vec<(String, String)>,
    counts: Vec<i64>,
    events: Vec<EventRow>,
    /// By payment.
    payments: BTreeMap<String, PaymentRow>,
    /// State, version, digest, payable, refundable by declaration.
    declarations: BTreeMap<String, (String, i64, String, i64, i64)>,
    /// By refund.
    refunds: BTreeMap<String, RefundRow>,
    vouchers_fen: i64,
    /// What the treasury has of each payment, beside the books too, fen.
    parts: BTreeMap<String, i64>,
    /// Cases: id, what it is about, its rule, whether it is open; those of nobody are left out.
    cases: Vec<(String, String, String, bool)>,
}

/// A payment's row.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
struct PaymentRow {
    payment_id: String,
    state: String,
    version: i64,
    principal_fen: i64,
    surcharge_fen: i64,
    refunded_fen: i64,
    voucher_number: Option<String>,
    settled_at: Option<i64>,
}

/// A refund's row.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
struct RefundRow {
    refund_id: String,
    state: String,
    version: i64,
    amount_fen: i64,
    interest_fen: i64,
    offset_fen: i64,
    voucher_number: Option<String>,
}

type DeclarationRow = (String, String, i64, String, i64, i64);

/// Reads what a step may have changed, the events from a position on, all at one instant.
pub async fn rows(eyes: &mut Eyes, store: &Store, seen: i64) -> Rows {
    eyes.hold_still(store).await;
    let forbidden = eyes.rows(FORBIDDEN).await;
    let counts = TABLES.map(|table| format!("SELECT COUNT(*) FROM {table}"));
    let counts: Vec<(i64,)> = eyes.rows(counts.join(" UNION ALL ")).await;
    let events = format!(
        "SELECT e.position, e.taxpayer_id, e.sequence, e.kind, e.subject_id, e.rpc, e.request_id,
         e.at, e.hash, e.detail, c.rule_id AS rule, c.subject_id AS about
         FROM event AS e LEFT JOIN officer_case AS c ON e.kind IN ('case.opened', 'case.resolved')
           AND c.taxpayer_id = e.taxpayer_id AND c.case_id = e.subject_id
         WHERE e.position > {seen} ORDER BY e.position"
    );
    let events = eyes.rows(events).await;
    let payments = "SELECT payment_id, state, version, principal_fen, surcharge_fen, refunded_fen,
                    voucher_number, settled_at FROM payment";
    let payments: Vec<PaymentRow> = eyes.rows(payments).await;
    let declarations = "SELECT declaration_id, state, version, digest, payable_fen, refundable_fen
                        FROM declaration";
    let declarations: Vec<DeclarationRow> = eyes.rows(declarations).await;
    let vouchers = "SELECT CAST(COALESCE(SUM(total_fen), 0) AS BIGINT) FROM voucher
                    WHERE kind = 'PAYMENT' AND replaced_by IS NULL";
    let vouchers_fen = eyes.number(vouchers).await;
    let parts = "SELECT payment_id, CAST(SUM(amount_fen) AS BIGINT) FROM settlement_part
                 GROUP BY payment_id";
    let parts: Vec<(String, i64)> = eyes.rows(parts).await;
    let cases = "SELECT case_id, subject_id, rule_id, state = 'OPEN' FROM officer_case
                 WHERE taxpayer_id <> ''";
    let cases = eyes.rows(cases).await;
    let refunds = "SELECT refund_id, state, version, amount_fen, interest_fen, offset_fen,
                   voucher_number FROM refund";
    let refunds: Vec<RefundRow> = eyes.rows(refunds).await;
    eyes.go_on().await;
    let of_payment = |row: PaymentRow| (row.payment_id.clone(), row);
    let of_refund = |row: RefundRow| (row.refund_id.clone(), row);
    let of_declaration = |row: DeclarationRow| (row.0, (row.1, row.2, row.3, row.4, row.5));
    Rows {
        forbidden,
        counts: counts.into_iter().map(|count| count.0).collect(),
        events,
        payments: payments.into_iter().map(of_payment).collect(),
        declarations: declarations.into_iter().map(of_declaration).collect(),
        vouchers_fen,
        parts: parts.into_iter().collect(),
        cases,
        refunds: refunds.into_iter().map(of_refund).collect(),
    }
}

impl Rows {
    /// Kind and subject of the events of a taxpayer.
    fn events_of(&self, key: &str) -> Vec<(String, String)> {
        let of = self.events.iter().filter(|event| event.taxpayer_id == key);
        of.map(|event| match (&event.rule, &event.about) {
            (Some(rule), Some(about)) => (format!("{} {rule}", event.kind), about.clone()),
            _ => (event.kind.clone(), event.subject_id.clone()),
        })
        .collect()
    }

    /// How many cases of a rule there are about something.
    pub fn cases_of(&self, subject: &str, rule: &str) -> usize {
        let of = self
            .cases
            .iter()
            .filter(|one| one.1 == subject && one.2 == rule);
        of.count()
    }

    /// The voucher of a payment.
    pub fn voucher(&self, payment: &str) -> Option<String> {
        self.payments.get(payment)?.voucher_number.clone()
    }

    /// What the treasury has of a payment, fen.
    pub fn received(&self, payment: &str) -> i64 {
        self.parts.get(payment).copied().unwrap_or(0)
    }

    /// The state of a payment.
    pub fn payment(&self, id: &str) -> Option<Paid> {
        let state = &self.payments.get(id)?.state;
        Paid::from_str_name(&format!("PAYMENT_STATE_{state}"))
    }
}

/// What was seen of the database before.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// The last event seen.
    pub position: i64,
    counts: Vec<i64>,
    /// The last sequence and hash of each taxpayer.
    chains: BTreeMap<String, (i64, String)>,
}

impl Watch {
    /// How many events of a taxpayer were seen.
    fn seen_of(&self, key: &str) -> usize {
        let sequence = self.chains.get(key).map_or(0, |chain| chain.0);
        usize::try_from(sequence).unwrap()
    }

    /// Checks the rows by themselves, and remembers them.
    pub fn check(&mut self, rows: &Rows) -> Verdict {
        ensure(rows.forbidden.is_empty(), || {
            format!("invariant {:?}", rows.forbidden)
        })?;
        let (before, now) = (&self.counts, &rows.counts);
        let fewer = before.iter().zip(now).any(|(before, now)| before > now);
        ensure(!fewer, || {
            format!("4: rows were deleted: {before:?}, now {now:?}")
        })?;
        self.counts = rows.counts.clone();
        for event in &rows.events {
            same(
                "position of an event",
                &event.position,
                &(self.position + 1),
            )?;
            self.position = event.position;
            let chain = self.chains.entry(event.taxpayer_id.clone()).or_default();
            same("sequence of an event", &event.sequence, &(chain.0 + 1))?;
            let linked = serde_json::json!([
                chain.1,
                event.sequence,
                event.kind,
                event.subject_id,
                event.rpc,
                event.request_id,
                event.at,
                event.detail
            ]);
            let hash = hex::encode(Sha256::digest(linked.to_string()));
            same("hash of an event", &event.hash, &hash)?;
            *chain = (event.sequence, hash);
        }
        Ok(())
    }
}

impl Book {
    /// Whether the rows say what the book says. Events are those since the last check.
    pub fn agrees(&self, watch: &Watch, rows: &Rows) -> Verdict {
        let payments = self.people.iter().flat_map(|one| &one.payments);
        let count = payments.clone().count();
        same("payments", &rows.payments.len(), &count)?;
        for payment in payments {
            let row = rows.payments.get(&payment.id).ok_or("a payment is lost")?;
            same("a payment's row", row, &row_of(payment, row.settled_at))?;
            let settled = row.settled_at.is_some();
            same("settled", &settled, &payment.is_settled())?;
            let real = rows.received(&payment.id);
            let received: i64 = payment.parts.iter().map(|part| part.1).sum();
            same("what the treasury has", &real, &received)?;
        }
        let declarations = self.people.iter().flat_map(|one| &one.declarations);
        let count = declarations.clone().count();
        same("declarations", &rows.declarations.len(), &count)?;
        for filed in declarations {
            let row = rows
                .declarations
                .get(&filed.id)
                .ok_or("a declaration is lost")?;
            let name = filed.state.as_str_name().replace("DECLARATION_STATE_", "");
            let (digest, form) = (filed.digest.clone(), &filed.form);
            let expected = (
                name,
                filed.version,
                digest,
                form.payable(),
                form.refundable(),
            );
            same("a declaration's row", row, &expected)?;
        }
        let cases = self.people.iter().flat_map(|one| &one.cases);
        let mut cases: Vec<(&str, &str, bool)> = cases
            .map(|one| (one.subject.as_str(), one.objection.0, one.open))
            .collect();
        let mut real: Vec<(&str, &str, bool)> = rows
            .cases
            .iter()
            .map(|one| (one.1.as_str(), one.2.as_str(), one.3))
            .collect();
        cases.sort_unstable();
        real.sort_unstable();
        same("cases", &real, &cases)?;
        let refunds = self.people.iter().flat_map(|one| &one.refunds);
        same("refunds", &rows.refunds.len(), &refunds.clone().count())?;
        for refund in refunds {
            let row = rows.refunds.get(&refund.id).ok_or("a refund is lost")?;
            let expected = RefundRow {
                refund_id: refund.id.clone(),
                state: refund.state.as_str_name().replace("REFUND_STATE_", ""),
                version: refund.version,
                amount_fen: refund.amount,
                interest_fen: refund.interest,
                offset_fen: refund.offset,
                voucher_number: refund.voucher.clone(),
            };
            same("a refund's row", row, &expected)?;
        }
        same("Σ vouchers = Σ settled", &rows.vouchers_fen, &self.settled)?;
        for person in &self.people {
            let expected = person.events.get(watch.seen_of(&person.key)..);
            let expected = expected.ok_or("more events than steps")?;
            same(
                "5: events of the step",
                &rows.events_of(&person.key),
                &expected.to_vec(),
            )?;
        }
        Ok(())
    }

    /// Takes over what the service alone decides: ids of cases, and the instants of settlements.
    pub fn learn_from(&mut self, rows: &Rows) {
        for person in &mut self.people {
            let known: BTreeSet<String> = person.cases.iter().map(|one| one.id.clone()).collect();
            for case in person.cases.iter_mut().filter(|one| one.id.is_empty()) {
                let mut new = rows.cases.iter().filter(|one| !known.contains(&one.0));
                let of = |one: &&(String, String, String, bool)| {
                    one.1 == case.subject && one.2 == case.objection.0
                };
                case.id = new.find(of).map(|one| one.0.clone()).unwrap_or_default();
            }
            for payment in person.payments.iter_mut().filter(|one| one.is_settled()) {
                let at = rows
                    .payments
                    .get(&payment.id)
                    .and_then(|row| row.settled_at);
                let at = at.map(|at| jiff::Timestamp::from_microsecond(at).unwrap());
                payment.settled_at = payment.settled_at.or(at);
            }
        }
    }

    /// A payment is made in two transactions, between which another call may fall: what happened
    /// to each thing must be in order, between things the real order is taken.
    pub fn in_real_order(&mut self, watch: &Watch, rows: &Rows) {
        for person in &mut self.people {
            let seen = watch.seen_of(&person.key);
            let real = rows.events_of(&person.key);
            let by_subject = |events: &[(String, String)]| {
                let mut events = events.to_vec();
                events.sort_by(|one, other| one.1.cmp(&other.1));
                events
            };
            if by_subject(&real) == by_subject(person.events.get(seen..).unwrap_or_default()) {
                person.events.truncate(seen);
                person.events.extend(real);
            }
        }
    }

    /// What really happened to the money: no order is debited twice, no declaration is, unless
    /// the bank itself denied a debit, and nothing of a declaration that is not filed is.
    pub fn money(&self, bank: &Bank) -> Verdict {
        if let Some(order) = bank.asked_twice() {
            return Err(format!("the debit of {order} was asked for twice"));
        }
        let mut debits: BTreeMap<&str, usize> = BTreeMap::new();
        let orders = bank.orders();
        for order in orders
            .iter()
            .filter(|order| order.booked == Booked::Debited)
        {
            let id = &order.request.order_id;
            let mut payments = self.people.iter().flat_map(|one| &one.payments);
            let payment = payments.find(|one| one.id == *id);
            let payment = payment.ok_or("a debit that nobody knows of")?;
            let total = super::drawing::yuan(payment.total());
            same("what the bank debited", &order.request.total_yuan, &total)?;
            let rows: i64 = order
                .request
                .rows
                .iter()
                .map(|row| fen(&row.amount_yuan))
                .sum();
            same("the rows of an order", &rows, &payment.total())?;
            if !payment.denied {
                *debits.entry(payment.declaration.as_str()).or_default() += 1;
            }
        }
        let twice = debits.iter().find(|(_, count)| **count > 1);
        ensure(twice.is_none(), || format!("debited twice: {twice:?}"))?;
        let people = self.people.iter();
        let mut filed = people.flat_map(|one| &one.declarations);
        let unfiled =
            filed.find(|one| one.state == Filed::Draft && debits.contains_key(one.id.as_str()));
        ensure(unfiled.is_none(), || {
            format!("debited unfiled: {unfiled:?}")
        })
    }
}

fn row_of(payment: &Payment, settled_at: Option<i64>) -> PaymentRow {
    PaymentRow {
        payment_id: payment.id.clone(),
        state: payment.state().as_str_name().replace("PAYMENT_STATE_", ""),
        version: payment.version,
        principal_fen: payment.principal(),
        surcharge_fen: payment.surcharge(),
        refunded_fen: payment.refunded,
        voucher_number: payment.voucher.clone(),
        settled_at,
    }
}
