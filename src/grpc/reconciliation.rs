//! The day's reconciliation file (日终对账): each row is a fact, taken in in a transaction of its
//! own, so that the same file can be sent again at any time and after any break.

use std::collections::HashSet;
use std::pin::Pin;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::app::{App, repeating};
use super::call::Call;
use super::case::open_case;
use super::convert::{self, Fields};
use super::failure::Failure;
use super::item::item_failure;
use super::treasury::{Taken, positive, take_in};
use crate::clock::first_instant_in_china;
use crate::filing::case::{file_incomplete, missing_in_file, payment_unknown};
use crate::filing::{Fact, Part, elsewhere};
use crate::pb;
use crate::pb::ReconciliationResult as Outcome;
use crate::store::StoreError;
use crate::tax::Finding;
use crate::types::{CaseId, Invalid, Money, PaymentId, RequestId, TaxpayerKey, Treasury};

/// The answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::ReconcileDayResponse, Status>> + Send>>;

const METHOD: &str = "ReconcileDay";
/// Answers that wait for a slow reader.
const WAITING: usize = 64;
const PAGE: i64 = 200;

/// The head of a file as read.
#[derive(Debug)]
struct Head {
    request: RequestId,
    day: Date,
    treasury: Treasury,
    row_count: i64,
    total: Money,
}

/// What came of a row: the outcome, the payment's state, the case.
type Came = (Outcome, &'static str, Option<CaseId>);

/// A row as read.
#[derive(Debug)]
struct Row {
    taxpayer: TaxpayerKey,
    order: PaymentId,
    amount: Money,
    fact: Fact,
}

/// A file that is being read. Of its rows only the order ids are kept.
#[derive(Debug)]
struct File {
    app: App,
    call: Call,
    head: Head,
    seen: HashSet<PaymentId>,
    last_row: i64,
    sum: Money,
    summary: pb::ReconciliationSummary,
}

/// `ReconcileDay`. Answers each row as it comes and ends with the summary.
///
/// # Errors
/// [`Failure::Fields`] when the file does not begin with a sound head.
pub async fn reconcile(
    app: &App,
    call: &Call,
    mut messages: Streaming<pb::ReconcileDayRequest>,
) -> Result<Answers, Failure> {
    use pb::reconcile_day_request::Part as Carried;
    let first = messages.message().await.ok().flatten();
    let head = match first.and_then(|message| message.part) {
        Some(Carried::Head(head)) => read_head(app, &head)?,
        _ => {
            let mut violations = Vec::new();
            Fields::new(&mut violations).missing("head");
            return Err(violations.into());
        }
    };
    let file = File {
        app: app.clone(),
        call: call.clone(),
        head,
        seen: HashSet::new(),
        last_row: 0,
        sum: Money::ZERO,
        summary: pb::ReconciliationSummary::default(),
    };
    let (answers, answered) = mpsc::channel(WAITING);
    // The facts are taken in to the end even if the reader leaves.
    tokio::spawn(file.read(messages, answers));
    Ok(Box::pin(ReceiverStream::new(answered)))
}

fn read_head(app: &App, wire: &pb::ReconciliationHead) -> Result<Head, Failure> {
    let mut violations = Vec::new();
    let mut top = Fields::new(&mut violations);
    let mut fields = top.below("head");
    let request = convert::request_id(&mut fields, &wire.request_id);
    let day = fields.date("day", &wire.day);
    let treasury = fields.required("treasury_code", &wire.treasury_code, Treasury::parse);
    let total = fields.amount("total_yuan", &wire.total_yuan);
    if day.is_some_and(|day| day > app.clock.today()) {
        let invalid = Invalid::new("DATE_ORDER", "不能晚于今日", "must not be after today");
        fields.refuse("day", invalid);
    }
    if wire.row_count < 0 {
        let invalid = Invalid::new("NEGATIVE", "不能为负数", "must not be negative");
        fields.refuse("row_count", invalid);
    }
    let (Some(request), Some(day), Some(treasury), Some(total), true) =
        (request, day, treasury, total, violations.is_empty())
    else {
        return Err(violations.into());
    };
    Ok(Head {
        request,
        day,
        treasury,
        row_count: wire.row_count,
        total,
    })
}

fn answer(part: pb::reconcile_day_response::Part) -> pb::ReconcileDayResponse {
    pb::ReconcileDayResponse { part: Some(part) }
}

impl File {
    async fn read(
        mut self,
        mut messages: Streaming<pb::ReconcileDayRequest>,
        answers: mpsc::Sender<Result<pb::ReconcileDayResponse, Status>>,
    ) {
        use pb::reconcile_day_response::Part as Answered;
        let whole = loop {
            match messages.message().await {
                Ok(Some(message)) => match self.row(message).await {
                    Ok(row) => {
                        let _ = answers.send(Ok(answer(Answered::Row(row)))).await;
                    }
                    Err(failure) => {
                        let _ = answers.send(Err(self.call.status(failure))).await;
                        return;
                    }
                },
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        let end = match self.close(whole).await {
            Ok(()) => Ok(answer(Answered::Summary(self.summary))),
            Err(failure) => Err(self.call.status(failure)),
        };
        let _ = answers.send(end).await;
    }

    /// One row. Only a database that is gone ends the file: it is to be sent again.
    async fn row(
        &mut self,
        message: pb::ReconcileDayRequest,
    ) -> Result<pb::ReconciliationRowResult, Failure> {
        use pb::reconcile_day_request::Part as Carried;
        let wire = match message.part {
            Some(Carried::Row(row)) => Some(row),
            _ => None,
        };
        let number = wire.as_ref().map_or(0, |row| row.row_number);
        let mut result = pb::ReconciliationRowResult {
            row_number: number,
            ..Default::default()
        };
        let read = self.read_row(wire.as_ref());
        let outcome = match read {
            Ok(row) => self.take(row).await,
            Err(failure) => Err(failure),
        };
        let kind = match outcome {
            Ok((kind, state, case)) => {
                result.payment_state = state.to_owned();
                result.case_id = case.map(|id| id.to_string()).unwrap_or_default();
                kind
            }
            // The file can be sent again when the store is well again.
            Err(Failure::Store(error)) if !matches!(error, StoreError::Inconsistent { .. }) => {
                return Err(error.into());
            }
            Err(failure) => {
                result.failure = Some(item_failure(failure, &self.call));
                Outcome::Refused
            }
        };
        result.result = kind.into();
        self.summary.row_count += 1;
        match kind {
            Outcome::Agrees => self.summary.agree_count += 1,
            Outcome::Merged => self.summary.merged_count += 1,
            Outcome::CaseOpened => self.summary.case_count += 1,
            Outcome::Refused | Outcome::Unspecified => self.summary.refused_count += 1,
        }
        Ok(result)
    }

    fn read_row(&mut self, wire: Option<&pb::ReconciliationRow>) -> Result<Row, Failure> {
        use pb::ReconciliationKind as Kind;
        let mut violations = Vec::new();
        let mut top = Fields::new(&mut violations);
        let Some(wire) = wire else {
            top.missing("row");
            return Err(violations.into());
        };
        let mut fields = top.below("row");
        if wire.row_number <= self.last_row {
            let invalid = Invalid::new(
                "COUNT_RANGE",
                "应从 1 起逐行递增",
                "must count up from 1, row by row",
            );
            fields.refuse("row_number", invalid);
        }
        self.last_row = self.last_row.max(wire.row_number);
        let kind = fields.choice("kind", wire.kind, |kind: Kind| {
            (kind != Kind::Unspecified).then_some(kind)
        });
        let order = fields.required("order_id", &wire.order_id, PaymentId::parse);
        let taxpayer = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let amount = fields.amount("amount_yuan", &wire.amount_yuan);
        let amount = match kind {
            Some(Kind::Settled | Kind::Debited) => positive(&mut fields, "amount_yuan", amount),
            _ => amount,
        };
        let reference = fields.required_text("bank_reference", &wire.bank_reference, 60);
        let part = fields.text("part_reference", wire.part_reference.trim(), 60);
        let (Some(kind), Some(order), Some(taxpayer), Some(amount), Some(reference), Some(part)) =
            (kind, order, taxpayer, amount, reference, part)
        else {
            return Err(violations.into());
        };
        if !violations.is_empty() {
            return Err(violations.into());
        }
        let treasury = self.head.treasury.clone();
        let fact = match kind {
            Kind::Debited => Fact::Debited { amount, reference },
            Kind::Reversed => Fact::Reversed(None),
            Kind::Refused => Fact::Refused,
            Kind::Settled | Kind::Unspecified => {
                Fact::Settled(Part::new(part, amount, treasury, reference))
            }
        };
        Ok(Row {
            taxpayer,
            order,
            amount,
            fact,
        })
    }

    /// Takes a row in: what came of it, the payment's state, the case.
    async fn take(&mut self, row: Row) -> Result<Came, Failure> {
        self.seen.insert(row.order);
        self.sum = self.sum.plus(row.amount)?;
        repeating(&self.app, METHOD, || self.take_once(&row)).await
    }

    async fn take_once(&self, row: &Row) -> Result<Came, Failure> {
        let now = self.app.clock.now();
        let request = Some(self.head.request);
        let subject = row.order.to_string();
        let store = &self.app.store;
        let mut tx = store.begin(METHOD, Some(row.taxpayer), request).await?;
        let Some(before) = tx.payment(row.taxpayer, row.order).await? else {
            drop(tx);
            let mut tx = store.begin(METHOD, None, request).await?;
            let finding = payment_unknown(&subject, row.amount, &self.head.treasury);
            let case = open_case(&mut tx, None, &subject, finding, now).await?;
            tx.commit().await?;
            return Ok((Outcome::CaseOpened, "", Some(case)));
        };
        if before.treasury != self.head.treasury {
            let finding = elsewhere(&before, &self.head.treasury, row.amount);
            let case = open_case(&mut tx, Some(row.taxpayer), &subject, finding, now).await?;
            tx.commit().await?;
            return Ok((Outcome::CaseOpened, before.state.name(), Some(case)));
        }
        let taken = take_in(&self.app, &mut tx, before, row.fact.clone()).await?;
        tx.commit().await?;
        Ok(match taken {
            Taken::Known(payment) => (Outcome::Agrees, payment.state.name(), None),
            Taken::Merged(payment) => (Outcome::Merged, payment.state.name(), None),
            Taken::Case { payment, case, .. } => {
                (Outcome::CaseOpened, payment.state.name(), Some(case))
            }
        })
    }

    /// The end of the file. Only a file that is whole can say that a payment is missing.
    async fn close(&mut self, whole: bool) -> Result<(), Failure> {
        let good = self
            .summary
            .row_count
            .saturating_sub(self.summary.refused_count);
        if whole && good == self.head.row_count && self.sum == self.head.total {
            return self.look_for_missing().await;
        }
        let (count, total) = (self.head.row_count, self.head.total);
        let expected = format!("{count} rows, {total} yuan");
        let cut = if whole { "" } else { ", cut off" };
        let read = format!("{good} rows, {} yuan{cut}", self.sum);
        let subject = format!("{} {}", self.head.treasury, self.head.day);
        let finding = || file_incomplete(&expected, &read);
        let open = || self.open_case(None, &subject, finding());
        repeating(&self.app, METHOD, open).await?;
        self.summary.case_count += 1;
        Ok(())
    }

    async fn open_case(
        &self,
        owner: Option<TaxpayerKey>,
        subject: &str,
        finding: Finding,
    ) -> Result<(), Failure> {
        let request = Some(self.head.request);
        let mut tx = self.app.store.begin(METHOD, owner, request).await?;
        open_case(&mut tx, owner, subject, finding, self.app.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn look_for_missing(&mut self) -> Result<(), Failure> {
        let day = self.head.day;
        let bounds = day_bounds(day).map_err(|error| Failure::Internal(error.to_string()))?;
        let mut after = None;
        loop {
            let mut tx = self.app.store.read().await?;
            let page = tx
                .debited_between(&self.head.treasury, bounds, after, PAGE)
                .await?;
            drop(tx);
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for payment in page.iter().filter(|one| !self.seen.contains(&one.id)) {
                let finding = missing_in_file(day, payment.state.name(), payment.order.total);
                let subject = payment.id.to_string();
                let owner = Some(payment.taxpayer);
                let open = || self.open_case(owner, &subject, finding.clone());
                repeating(&self.app, METHOD, open).await?;
                self.summary.case_count += 1;
            }
        }
    }
}

/// The first instant of a day in China and that of the next.
fn day_bounds(day: Date) -> Result<(Timestamp, Timestamp), jiff::Error> {
    let next = day.checked_add(Span::new().days(1))?;
    Ok((first_instant_in_china(day)?, first_instant_in_china(next)?))
}
