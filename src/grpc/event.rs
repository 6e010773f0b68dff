//! `EventService`: what happened, in order and without gaps.
//!
//! A stream reads pages by index until it has told everything kept, then takes new events from
//! memory. It holds no reading transaction while its client takes its time, and it is bounded: a
//! slow client is waited for, and finds the rest in the database.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::app::{App, taxpayer as must_have};
use super::call::{Answer, Call};
use super::convert::{self, Fields, Violation};
use super::failure::Failure;
use super::following::until_over;
use crate::pb;
use crate::pb::event_service_server::EventService;
use crate::store::{Follower, KeptEvent, Tx};
use crate::types::{Invalid, TaxpayerKey};

/// Events of one reading.
const PAGE: i64 = 256;
/// Answers that wait for a client before its stream waits for it.
const WAITING: usize = 64;
const PREFIXES_MAX: usize = 20;
const PREFIX_MAX: usize = 60;
/// Letters of an event's hash that a cursor carries.
const MARK: usize = 16;

/// The service.
#[derive(Debug, Clone)]
pub struct Events(pub App);

/// The answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::StreamEventsResponse, Status>> + Send>>;

/// A place in the trail: the number of an event, and the head of its hash, so that a cursor of
/// another database, or of events that are no longer there, is found out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    /// Of one taxpayer's events rather than all.
    one: bool,
    number: i64,
    mark: String,
}

impl Cursor {
    fn of(event: &KeptEvent, one: bool) -> String {
        let number = if one { event.sequence } else { event.position };
        let scope = if one { "t" } else { "e" };
        let mark: String = event.hash.chars().take(MARK).collect();
        format!("{scope}1.{number}.{mark}")
    }

    /// `CURSOR_SYNTAX`: not a text of [`Cursor::of`].
    fn parse(text: &str) -> Result<Self, Invalid> {
        let bad = || {
            let (zh, en) = ("不是事件游标", "is not a cursor of events");
            Invalid::new("CURSOR_SYNTAX", zh, en)
        };
        let mut parts = text.split('.');
        let (Some(scope), Some(digits), Some(mark), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(bad());
        };
        let one = match scope {
            "e1" => false,
            "t1" => true,
            _ => return Err(bad()),
        };
        let number: i64 = digits.parse().map_err(|_| bad())?;
        let hex = |letter: u8| letter.is_ascii_digit() || (b'a'..=b'f').contains(&letter);
        if number < 1 || number.to_string() != digits {
            return Err(bad());
        }
        if mark.len() != MARK || !mark.bytes().all(hex) {
            return Err(bad());
        }
        let mark = mark.to_owned();
        Ok(Self { one, number, mark })
    }
}

fn kind_prefix(text: &str) -> Result<String, Invalid> {
    let letter = |letter: u8| letter.is_ascii_lowercase() || letter == b'_' || letter == b'.';
    if text.len() <= PREFIX_MAX && text.bytes().all(letter) {
        return Ok(text.to_owned());
    }
    let en = "must be the beginning of a kind of event";
    Err(Invalid::new("KIND_PREFIX_SYNTAX", "应为事件类型的开头", en))
}

fn kind_prefixes(fields: &mut Fields<'_>, wire: &[String]) -> Option<Vec<String>> {
    const NAME: &str = "kind_prefixes";
    if !fields.at_most(NAME, wire.len(), PREFIXES_MAX) {
        return None;
    }
    let read: Vec<Option<String>> = wire
        .iter()
        .enumerate()
        .map(|(place, text)| fields.required(&format!("{NAME}[{place}]"), text, kind_prefix))
        .collect();
    read.into_iter().collect()
}

/// The event a cursor names.
async fn found(
    tx: &mut Tx,
    taxpayer: Option<TaxpayerKey>,
    cursor: &Cursor,
) -> Result<KeptEvent, Failure> {
    let event = match taxpayer {
        _ if cursor.one != taxpayer.is_some() => None,
        None => tx.event_at(cursor.number).await?,
        Some(key) => tx.event_of(key, cursor.number).await?,
    };
    event
        .filter(|event| event.hash.starts_with(&cursor.mark))
        .ok_or_else(|| {
            let (zh, en) = ("游标不属于这些事件", "is not a cursor of these events");
            let invalid = Invalid::new("CURSOR_FOREIGN", zh, en);
            let field = "cursor".to_owned();
            Failure::Fields(vec![Violation { field, invalid }])
        })
}

/// Everything one stream needs.
struct Telling {
    app: App,
    call: Call,
    taxpayer: Option<TaxpayerKey>,
    prefixes: Vec<String>,
    follower: Follower,
    /// The number of the last event dealt with: a sequence of the taxpayer, or a position.
    after: i64,
    /// The position through which everything of the scope is dealt with.
    seen: i64,
    /// The end of what is kept has been reached once.
    caught_up: bool,
    /// Where to end; nothing means never.
    until: Option<i64>,
}

/// Tells events from a cursor on.
///
/// # Errors
/// [`Failure`] before the first answer.
pub async fn stream(
    app: &App,
    call: &Call,
    wire: pb::StreamEventsRequest,
) -> Result<Answers, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = fields.optional("taxpayer_id", &wire.taxpayer_id, TaxpayerKey::parse);
    let cursor = fields.optional("cursor", &wire.cursor, Cursor::parse);
    let prefixes = kind_prefixes(&mut fields, &wire.kind_prefixes);
    let (Some(taxpayer), Some(cursor), Some(prefixes)) = (key, cursor, prefixes) else {
        return Err(violations.into());
    };
    let follower = app.store.follow();
    if wire.until_now {
        // What was answered before this call is told by it.
        app.store.number_events().await?;
    }
    let mut tx = app.store.read().await?;
    if let Some(key) = taxpayer {
        must_have(&mut tx, key).await?;
    }
    let (after, seen) = match cursor {
        None => (0, 0),
        Some(cursor) => {
            let event = found(&mut tx, taxpayer, &cursor).await?;
            (cursor.number, event.position)
        }
    };
    let until = match (wire.until_now, taxpayer) {
        (false, _) => None,
        (true, None) => Some(tx.last_position().await?),
        (true, Some(key)) => Some(tx.last_event(key).await?.map_or(0, |last| last.sequence)),
    };
    drop(tx);
    let telling = Telling {
        app: app.clone(),
        call: call.clone(),
        taxpayer,
        prefixes,
        follower,
        after,
        seen,
        caught_up: false,
        until,
    };
    let (out, answers) = mpsc::channel(WAITING);
    tokio::spawn(telling.tell(out));
    Ok(Box::pin(ReceiverStream::new(answers)))
}

impl Telling {
    async fn tell(mut self, out: mpsc::Sender<Result<pb::StreamEventsResponse, Status>>) {
        let (app, call) = (self.app.clone(), self.call.clone());
        until_over(&app, &call, &out, self.tell_all(&out)).await;
    }

    async fn tell_all(
        &mut self,
        out: &mpsc::Sender<Result<pb::StreamEventsResponse, Status>>,
    ) -> Result<(), Failure> {
        loop {
            let (events, more) = self.page().await?;
            for event in events {
                if self.until.is_some_and(|until| self.number(&event) > until) {
                    return Ok(());
                }
                self.after = self.number(&event);
                if self.is_asked_for(&event) {
                    let answer = answer(&event, self.taxpayer.is_some())?;
                    if out.send(Ok(answer)).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if self.until.is_some_and(|until| self.after >= until) {
                return Ok(());
            }
            if !more && !self.follower.wait(self.seen).await {
                return Err(Failure::Stopping);
            }
        }
    }

    fn number(&self, event: &KeptEvent) -> i64 {
        if self.taxpayer.is_some() {
            event.sequence
        } else {
            event.position
        }
    }

    fn is_asked_for(&self, event: &KeptEvent) -> bool {
        let begins = |prefix: &String| event.kind.starts_with(prefix);
        self.prefixes.is_empty() || self.prefixes.iter().any(begins)
    }

    /// The next events of the scope, and whether there are more to be read at once.
    async fn page(&mut self) -> Result<(Vec<Arc<KeptEvent>>, bool), Failure> {
        if self.caught_up
            && let Some((mut events, through)) = self.follower.after(self.seen)
        {
            self.seen = through;
            if let Some(key) = self.taxpayer.map(|key| key.to_string()) {
                events.retain(|event| event.taxpayer_id == key && event.sequence > self.after);
            }
            return Ok((events, false));
        }
        // Asked before reading: what is committed up to here, the reading will find.
        let through = self.follower.through();
        let mut tx = self.app.store.read().await?;
        let events = match self.taxpayer {
            None => tx.events_after(self.after, PAGE).await?,
            Some(key) => tx.taxpayer_events_after(key, self.after, PAGE).await?,
        };
        drop(tx);
        let more = i64::try_from(events.len()).is_ok_and(|count| count == PAGE);
        let last = events.last().map_or(self.seen, |last| last.position);
        self.seen = if more { last } else { last.max(through) };
        self.caught_up = !more;
        Ok((events.into_iter().map(Arc::new).collect(), more))
    }
}

fn answer(event: &KeptEvent, one: bool) -> Result<pb::StreamEventsResponse, Failure> {
    Ok(pb::StreamEventsResponse {
        cursor: Cursor::of(event, one),
        taxpayer_id: event.taxpayer_id.clone(),
        sequence: event.sequence,
        kind: event.kind.clone(),
        subject_id: event.subject_id.clone(),
        rpc: event.rpc.clone(),
        request_id: event.request_id.clone().unwrap_or_default(),
        event_time: Some(convert::instant(event.instant()?)),
        hash: event.hash.clone(),
    })
}

#[tonic::async_trait]
impl EventService for Events {
    type StreamEventsStream = Answers;

    async fn stream_events(
        &self,
        request: Request<pb::StreamEventsRequest>,
    ) -> Result<Response<Answers>, Status> {
        let call = Call::of(&request);
        let outcome = stream(&self.0, &call, request.into_inner()).await;
        call.answer(outcome.map(Answer::new))
    }
}
