//! Following a declaration live: the present state, then an answer for each event of the taxpayer
//! that touches it. The stream stays open when the declaration's life is over; the client leaves.

use std::pin::Pin;

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::app::{App, found, taxpayer as must_have};
use super::call::Call;
use super::convert::{self, Fields, Violation};
use super::failure::Failure;
use super::following::until_over;
use crate::pb;
use crate::store::{Follower, KeptEvent, Standing};
use crate::types::{DeclarationId, Invalid, TaxpayerKey};

/// Events of one reading.
const PAGE: i64 = 256;
/// Answers that wait for a client before its stream waits for it.
const WAITING: usize = 64;

/// The answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::WatchDeclarationResponse, Status>> + Send>>;

type Out = mpsc::Sender<Result<pb::WatchDeclarationResponse, Status>>;

/// Everything one stream needs.
struct Watching {
    app: App,
    call: Call,
    key: TaxpayerKey,
    id: DeclarationId,
    follower: Follower,
    /// The taxpayer's last event dealt with.
    after: i64,
    /// The position through which every event of the taxpayer is dealt with.
    seen: i64,
}

/// Tells where a declaration stands, now or after an event, and each change from there on.
///
/// # Errors
/// [`Failure`] before the first answer.
pub async fn watch(
    app: &App,
    call: &Call,
    wire: pb::WatchDeclarationRequest,
) -> Result<Answers, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = fields.required("declaration_id", &wire.declaration_id, DeclarationId::parse);
    let (Some(key), Some(id)) = (key, id) else {
        return Err(violations.into());
    };
    let follower = app.store.follow();
    let mut tx = app.store.read().await?;
    must_have(&mut tx, key).await?;
    let standing = found(tx.standing(key, id).await?, "declaration", &id)?;
    let last = tx.last_event(key).await?;
    drop(tx);
    let sequence = last.as_ref().map_or(0, |last| last.sequence);
    if !(0..=sequence).contains(&wire.after_sequence) {
        let zh = "该纳税人没有此序号的事件";
        let en = "the taxpayer has no event of this number";
        let invalid = Invalid::new("SEQUENCE_UNKNOWN", zh, en);
        let field = "after_sequence".to_owned();
        return Err(Failure::Fields(vec![Violation { field, invalid }]));
    }
    let mut watching = Watching {
        app: app.clone(),
        call: call.clone(),
        key,
        id,
        follower,
        after: wire.after_sequence,
        seen: 0,
    };
    let (out, answers) = mpsc::channel(WAITING);
    if wire.after_sequence == 0 {
        let mut first = answer(&standing, standing.live_payment());
        if let Some(last) = &last {
            first.sequence = last.sequence;
            first.event_time = Some(convert::instant(last.instant()?));
            watching.seen = last.position;
        }
        watching.after = sequence;
        let _ = out.try_send(Ok(first));
    }
    tokio::spawn(watching.tell(out));
    Ok(Box::pin(ReceiverStream::new(answers)))
}

impl Watching {
    async fn tell(mut self, out: Out) {
        let (app, call) = (self.app.clone(), self.call.clone());
        until_over(&app, &call, &out, self.tell_all(&out)).await;
    }

    async fn tell_all(&mut self, out: &Out) -> Result<(), Failure> {
        loop {
            let (answers, more) = self.page().await?;
            for answer in answers {
                if out.send(Ok(answer)).await.is_err() {
                    return Ok(());
                }
            }
            while !more && self.nothing_of_the_taxpayer() {
                if !self.follower.wait(self.seen).await {
                    return Err(Failure::Stopping);
                }
            }
        }
    }

    /// True when memory says that nothing happened to the taxpayer up to where it reaches.
    fn nothing_of_the_taxpayer(&mut self) -> bool {
        let Some((events, through)) = self.follower.after(self.seen) else {
            return false;
        };
        let key = self.key.to_string();
        if events.iter().any(|event| event.taxpayer_id == key) {
            return false;
        }
        self.seen = through;
        true
    }

    /// The answers for the next events, and whether there are more to be read at once. Events and
    /// state are read in one snapshot.
    async fn page(&mut self) -> Result<(Vec<pb::WatchDeclarationResponse>, bool), Failure> {
        let through = self.follower.through();
        let mut tx = self.app.store.read().await?;
        let events = tx.taxpayer_events_after(self.key, self.after, PAGE).await?;
        let more = i64::try_from(events.len()).is_ok_and(|count| count == PAGE);
        let last = events.last().map_or(self.seen, |last| last.position);
        self.after = events.last().map_or(self.after, |last| last.sequence);
        self.seen = if more { last } else { last.max(through) };
        if events.is_empty() {
            return Ok((Vec::new(), more));
        }
        let subjects = tx.subjects_of(self.key, self.id).await?;
        let standing = tx.standing(self.key, self.id).await?;
        let standing =
            standing.ok_or_else(|| Failure::Internal("a declaration left".to_owned()))?;
        drop(tx);
        let touching = |event: &&KeptEvent| subjects.contains(&event.subject_id);
        let answers = events
            .iter()
            .filter(touching)
            .map(|event| after(event, &standing));
        Ok((answers.collect::<Result<_, _>>()?, more))
    }
}

/// The state after an event; the payment is the one it touched, else the live one.
fn after(event: &KeptEvent, standing: &Standing) -> Result<pb::WatchDeclarationResponse, Failure> {
    let subject = event.subject_id.as_str();
    let of_voucher = standing
        .vouchers
        .iter()
        .find(|(number, _)| number == subject);
    let touched = of_voucher.map_or(subject, |(_, payment)| payment.as_str());
    let payment = standing
        .payment(touched)
        .or_else(|| standing.live_payment());
    Ok(pb::WatchDeclarationResponse {
        sequence: event.sequence,
        event_kind: event.kind.clone(),
        event_time: Some(convert::instant(event.instant()?)),
        ..answer(standing, payment)
    })
}

fn answer(standing: &Standing, payment: Option<(&str, &str)>) -> pb::WatchDeclarationResponse {
    let (payment_id, payment_state) = payment.unwrap_or_default();
    let voucher = standing.vouchers.last();
    let mut answer = pb::WatchDeclarationResponse {
        payment_id: payment_id.to_owned(),
        payment_state: payment_state.to_owned(),
        voucher_number: voucher
            .map(|(number, _)| number.clone())
            .unwrap_or_default(),
        ..Default::default()
    };
    answer.set_state(convert::declaration_state(standing.state));
    answer
}
