//! The invariants of the design, read off the database itself after every step, and the book
//! against its rows.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use sqlx::FromRow;
use sqlx::sqlite::SqliteConnection;

use super::bank::{Bank, Booked};
use super::book::{Book, Filed, Paid, Payment};
use super::drawing::fen;
use super::judge::{Verdict, ensure, same};

/// One row for each thing that must never be: which rule, and whose.
const FORBIDDEN: &str = "
SELECT '1: the lines do not sum to what the declaration says', d.declaration_id
  FROM declaration AS d WHERE d.state <> 'DRAFT' AND (
    (SELECT COALESCE(SUM(MAX(l.payable_fen, 0)), 0) FROM declaration_line AS l
      WHERE l.taxpayer_id = d.taxpayer_id AND l.declaration_id = d.declaration_id)
    <> d.payable_fen
    OR (SELECT COALESCE(SUM(MAX(-l.payable_fen, 0)), 0) FROM declaration_line AS l
      WHERE l.taxpayer_id = d.taxpayer_id AND l.declaration_id = d.declaration_id)
    <> d.refundable_fen)
UNION ALL
SELECT '1: the order and what was set off are not what is payable', p.payment_id
  FROM payment AS p JOIN declaration AS d USING (taxpayer_id, declaration_id)
  WHERE p.channel = 'AGREEMENT' AND p.state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')
    AND p.principal_fen + (SELECT COALESCE(SUM(o.principal_fen), 0) FROM payment AS o
      WHERE o.taxpayer_id = p.taxpayer_id AND o.declaration_id = p.declaration_id
        AND o.channel = 'OFFSET') <> d.payable_fen
UNION ALL
SELECT '1: more was paid than is payable', d.declaration_id
  FROM declaration AS d WHERE d.payable_fen < (
    SELECT COALESCE(SUM(p.principal_fen), 0) FROM payment AS p
      WHERE p.taxpayer_id = d.taxpayer_id AND p.declaration_id = d.declaration_id
        AND p.state IN ('IN_TREASURY', 'REFUNDED'))
UNION ALL
SELECT '1: a revision carries another sum than was paid and not refunded before', d.declaration_id
  FROM declaration AS d WHERE d.corrects IS NOT NULL AND d.state <> 'DRAFT' AND (
    SELECT COALESCE(SUM(l.paid_fen), 0) FROM declaration_line AS l
      WHERE l.taxpayer_id = d.taxpayer_id AND l.declaration_id = d.declaration_id) <> (
    WITH RECURSIVE earlier (id) AS (
      SELECT d.corrects UNION ALL SELECT e.corrects FROM declaration AS e JOIN earlier
        ON e.taxpayer_id = d.taxpayer_id AND e.declaration_id = earlier.id
        WHERE e.corrects IS NOT NULL)
    SELECT COALESCE(SUM(
      (SELECT COALESCE(SUM(p.principal_fen), 0) FROM payment AS p
        WHERE p.taxpayer_id = d.taxpayer_id AND p.declaration_id = earlier.id
          AND p.state IN ('IN_TREASURY', 'REFUNDED'))
      - (SELECT COALESCE(SUM(r.amount_fen), 0) FROM refund AS r
        WHERE r.taxpayer_id = d.taxpayer_id AND r.declaration_id = earlier.id
          AND r.state = 'PAID')), 0) FROM earlier)
UNION ALL
SELECT '1: more was given back of a payment than it brought, or its state does not say so',
  p.payment_id FROM payment AS p WHERE p.refunded_fen > p.principal_fen
    OR (p.state = 'REFUNDED') <> (p.refunded_fen = p.principal_fen)
UNION ALL
SELECT '1: a refund was set off, and its payments do not show it', r.refund_id
  FROM refund AS r WHERE r.offset_fen <> (
    SELECT COALESCE(SUM(p.principal_fen + p.surcharge_fen), 0) FROM payment AS p
      WHERE p.taxpayer_id = r.taxpayer_id AND p.refund_id = r.refund_id)
UNION ALL
SELECT '1: a refund is used up, and its money does not say so', r.refund_id
  FROM refund AS r WHERE (r.state = 'PAID') <> (r.offset_fen + COALESCE((
    SELECT v.total_fen FROM voucher AS v WHERE v.taxpayer_id = r.taxpayer_id
      AND v.refund_id = r.refund_id AND v.replaced_by IS NULL), 0)
    = r.amount_fen + r.interest_fen AND r.paid_at IS NOT NULL)
UNION ALL
SELECT '1: what was given back of payments is not what refunds used up', p.taxpayer_id
  FROM payment AS p GROUP BY p.taxpayer_id HAVING SUM(p.refunded_fen) <> (
    SELECT COALESCE(SUM(r.amount_fen), 0) FROM refund AS r
      WHERE r.taxpayer_id = p.taxpayer_id AND r.state = 'PAID')
UNION ALL
SELECT '4: a chain of revisions has not one live end', d.declaration_id
  FROM declaration AS d WHERE (d.state = 'CORRECTED') <> (1 = (
    SELECT COUNT(*) FROM declaration AS n WHERE n.taxpayer_id = d.taxpayer_id
      AND n.corrects = d.declaration_id AND n.state <> 'DRAFT'))
UNION ALL
SELECT '8: refunds of a declaration are not what it shows as refundable', r.declaration_id
  FROM refund AS r JOIN declaration AS d USING (taxpayer_id, declaration_id)
  WHERE r.state <> 'REJECTED'
  GROUP BY r.taxpayer_id, r.declaration_id, d.refundable_fen
  HAVING COUNT(*) > 1 OR SUM(r.amount_fen) <> d.refundable_fen
UNION ALL
SELECT '1: a voucher of another total than its payment', v.voucher_number
  FROM voucher AS v JOIN payment AS p USING (taxpayer_id, payment_id)
  WHERE v.kind = 'PAYMENT' AND (v.total_fen <> p.principal_fen + p.surcharge_fen
    OR p.received_fen <> v.total_fen)
UNION ALL
SELECT '2: a source, item and period declared twice', MIN(source_id)
  FROM declaration_line WHERE live = 1
  GROUP BY taxpayer_id, source_id, item, detail, first_day, last_day HAVING COUNT(*) > 1
UNION ALL
SELECT '2: a source and period declared twice', MIN(source_id)
  FROM declared_period WHERE live = 1
  GROUP BY taxpayer_id, source_id, first_day, last_day HAVING COUNT(*) > 1
UNION ALL
SELECT '2: live lines on a declaration that is not', l.declaration_id
  FROM declaration_line AS l JOIN declaration AS d USING (taxpayer_id, declaration_id)
  WHERE (l.live = 1 AND d.state NOT IN ('SUBMITTED', 'AWAITING_PAYMENT', 'COMPLETED'))
    -- A line that only carries what was paid declares nothing.
    OR (l.live = 0 AND d.state IN ('SUBMITTED', 'AWAITING_PAYMENT', 'COMPLETED')
      AND (l.tax_fen <> 0 OR l.relief_fen <> 0 OR l.paid_fen = 0))
UNION ALL
SELECT '3: two live payments', declaration_id
  FROM payment WHERE channel = 'AGREEMENT' AND state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')
  GROUP BY taxpayer_id, declaration_id HAVING COUNT(*) > 1
UNION ALL
SELECT '3: two live vouchers', payment_id
  FROM voucher WHERE state = 'ISSUED'
  GROUP BY taxpayer_id, payment_id, kind, refund_id HAVING COUNT(*) > 1
UNION ALL
SELECT '3: a voucher without money in the treasury', v.voucher_number
  FROM voucher AS v JOIN payment AS p USING (taxpayer_id, payment_id)
  WHERE v.state = 'ISSUED' AND p.state NOT IN ('IN_TREASURY', 'REFUNDED')
UNION ALL
SELECT '3: a sheet replaced by none, or by one of other money', v.voucher_number
  FROM voucher AS v LEFT JOIN voucher AS n
    ON n.taxpayer_id = v.taxpayer_id AND n.voucher_number = v.replaced_by
  WHERE (v.replaced_by IS NOT NULL AND (n.replaces IS NULL OR n.replaces <> v.voucher_number
      OR n.total_fen <> v.total_fen OR n.payment_id <> v.payment_id))
    OR (v.state = 'REPLACED' AND v.replaced_by IS NULL)
UNION ALL
SELECT '3: a voided declaration was paid', d.declaration_id
  FROM declaration AS d WHERE d.state = 'VOIDED' AND EXISTS (
    SELECT 1 FROM payment AS p WHERE p.taxpayer_id = d.taxpayer_id
      AND p.declaration_id = d.declaration_id AND p.state NOT IN ('FAILED', 'REVERSED'))
UNION ALL
SELECT '3: money in the treasury without its voucher', p.payment_id
  FROM payment AS p WHERE p.state = 'IN_TREASURY' AND NOT EXISTS (
    SELECT 1 FROM voucher AS v WHERE v.taxpayer_id = p.taxpayer_id
      AND v.payment_id = p.payment_id AND v.voucher_number = p.voucher_number)
UNION ALL
SELECT '3: completed without its money', d.declaration_id
  FROM declaration AS d WHERE d.state = 'COMPLETED' AND d.payable_fen > 0
    AND d.waived_fen = 0 AND d.payable_fen <> (
    SELECT COALESCE(SUM(p.principal_fen), 0) FROM payment AS p
      WHERE p.taxpayer_id = d.taxpayer_id AND p.declaration_id = d.declaration_id
        AND p.state IN ('IN_TREASURY', 'REFUNDED'))
UNION ALL
SELECT '3: what is not collected is a yuan or more, or paid', d.declaration_id
  FROM declaration AS d WHERE d.waived_fen > 0 AND (d.waived_fen >= 100
    OR d.waived_fen < d.payable_fen - (
      SELECT COALESCE(SUM(o.principal_fen), 0) FROM payment AS o
        WHERE o.taxpayer_id = d.taxpayer_id AND o.declaration_id = d.declaration_id
          AND o.channel = 'OFFSET')
    OR d.state NOT IN ('COMPLETED', 'CORRECTED') OR EXISTS (
    SELECT 1 FROM payment AS p WHERE p.taxpayer_id = d.taxpayer_id
      AND p.declaration_id = d.declaration_id AND p.state = 'IN_TREASURY'
      AND p.channel = 'AGREEMENT'))
UNION ALL
SELECT '3: received is not the sum of its parts', p.payment_id
  FROM payment AS p WHERE p.channel = 'AGREEMENT' AND p.received_fen <> (
    SELECT COALESCE(SUM(s.amount_fen), 0) FROM settlement_part AS s
      WHERE s.taxpayer_id = p.taxpayer_id AND s.payment_id = p.payment_id)
UNION ALL
SELECT '5: an event of a request that was not kept', e.subject_id
  FROM event AS e WHERE e.request_id IS NOT NULL
    -- A report that disagrees is refused and not kept; its case and its money are.
    AND NOT (e.rpc = 'ReconcileDay')
    AND NOT (e.rpc = 'ReportSettlement' AND e.kind IN ('case.opened', 'payment.part_received'))
    AND NOT EXISTS (
    SELECT 1 FROM request AS r WHERE r.taxpayer_id = e.taxpayer_id
      AND r.request_id = e.request_id)
UNION ALL
SELECT '7: an answer that waits although the bank was heard', r.request_id
  FROM request AS r LEFT JOIN payment AS p
    ON p.taxpayer_id = r.taxpayer_id AND p.payment_id = r.subject_id
  WHERE r.method <> 'ImportTaxSources' AND r.response IS NULL AND COALESCE(p.state, '') <> 'SENT'
UNION ALL
SELECT '8: what is refundable reduced what is payable', p.payment_id
  FROM payment AS p WHERE p.channel = 'AGREEMENT' AND p.principal_fen + (
    SELECT COALESCE(SUM(o.principal_fen), 0) FROM payment AS o
      WHERE o.taxpayer_id = p.taxpayer_id AND o.declaration_id = p.declaration_id
        AND o.channel = 'OFFSET') < (
    SELECT COALESCE(SUM(MAX(l.payable_fen, 0)), 0) FROM declaration_line AS l
      WHERE l.taxpayer_id = p.taxpayer_id AND l.declaration_id = p.declaration_id)
";

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

/// Reads what a step may have changed, the events from a position on.
pub async fn rows(eyes: &mut SqliteConnection, seen: i64) -> Rows {
    let forbidden = sqlx::query_as(FORBIDDEN).fetch_all(&mut *eyes).await;
    let counts = TABLES.map(|table| format!("SELECT COUNT(*) FROM {table}"));
    let counts = sqlx::query_as(sqlx::AssertSqlSafe(counts.join(" UNION ALL ")));
    let counts: Vec<(i64,)> = counts.fetch_all(&mut *eyes).await.unwrap();
    let events = sqlx::query_as(
        "SELECT e.position, e.taxpayer_id, e.sequence, e.kind, e.subject_id, e.rpc, e.request_id,
         e.at, e.hash, e.detail, c.rule_id AS rule, c.subject_id AS about
         FROM event AS e LEFT JOIN officer_case AS c ON e.kind IN ('case.opened', 'case.resolved')
           AND c.taxpayer_id = e.taxpayer_id AND c.case_id = e.subject_id
         WHERE e.position > $1 OR e.position IS NULL ORDER BY e.position",
    );
    let events = events.bind(seen).fetch_all(&mut *eyes).await;
    let payments: Vec<PaymentRow> = sqlx::query_as(
        "SELECT payment_id, state, version, principal_fen, surcharge_fen, refunded_fen,
         voucher_number, settled_at FROM payment",
    )
    .fetch_all(&mut *eyes)
    .await
    .unwrap();
    let declarations: Vec<DeclarationRow> = sqlx::query_as(
        "SELECT declaration_id, state, version, digest, payable_fen, refundable_fen
         FROM declaration",
    )
    .fetch_all(&mut *eyes)
    .await
    .unwrap();
    let vouchers: (i64,) = sqlx::query_as(
        "SELECT COALESCE(SUM(total_fen), 0) FROM voucher WHERE kind = 'PAYMENT'
         AND replaced_by IS NULL",
    )
    .fetch_one(&mut *eyes)
    .await
    .unwrap();
    let parts = "SELECT payment_id, SUM(amount_fen) FROM settlement_part GROUP BY payment_id";
    let parts = sqlx::query_as(parts).fetch_all(&mut *eyes).await;
    let parts: Vec<(String, i64)> = parts.unwrap();
    let cases = "SELECT case_id, subject_id, rule_id, state = 'OPEN' FROM officer_case
                 WHERE taxpayer_id <> ''";
    let cases = sqlx::query_as(cases).fetch_all(&mut *eyes).await;
    let refunds = "SELECT refund_id, state, version, amount_fen, interest_fen, offset_fen,
                   voucher_number FROM refund";
    let refunds = sqlx::query_as(refunds).fetch_all(&mut *eyes).await;
    let of_payment = |row: PaymentRow| (row.payment_id.clone(), row);
    let of_refund = |row: RefundRow| (row.refund_id.clone(), row);
    let of_declaration = |row: DeclarationRow| (row.0, (row.1, row.2, row.3, row.4, row.5));
    Rows {
        forbidden: forbidden.unwrap(),
        counts: counts.into_iter().map(|count| count.0).collect(),
        events: events.unwrap(),
        payments: payments.into_iter().map(of_payment).collect(),
        declarations: declarations.into_iter().map(of_declaration).collect(),
        vouchers_fen: vouchers.0,
        parts: parts.into_iter().collect(),
        cases: cases.unwrap(),
        refunds: refunds.unwrap().into_iter().map(of_refund).collect(),
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
