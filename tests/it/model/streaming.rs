//! Streams of requests, called in process: the messages go through the codec as on the wire, only
//! the wire is left out.

use std::cell::Cell;
use std::pin::Pin;

use caixing::pb;
use prost::Message;
use tokio_stream::{Stream, StreamExt as _};
use tonic::codec::{Codec as _, EncodeBody};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use super::asked::{Asked, Outcome};
use super::asking::{ACKNOWLEDGED, pick};
use super::book::{Book, Known};
use super::drawing::{Facts, OFFICES};
use super::operation::{Filing, Kind};

/// An import of sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    pub head: pb::ImportHead,
    pub rows: Vec<pb::ImportRow>,
}

/// Drafts submitted in one stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub items: Vec<pb::SubmitDeclarationRequest>,
}

/// The day's file.
#[derive(Debug, Clone, PartialEq)]
pub struct DayFile {
    /// Somebody whose payment may stand in it.
    pub owner: String,
    pub head: pb::ReconciliationHead,
    pub rows: Vec<pb::ReconciliationRow>,
}

impl Import {
    pub fn request_id(&self) -> &str {
        &self.head.request_id
    }

    pub fn messages(self) -> Vec<pb::ImportTaxSourcesRequest> {
        use pb::import_tax_sources_request::Part;
        let part = |part| pb::ImportTaxSourcesRequest { part: Some(part) };
        let head = std::iter::once(part(Part::Head(self.head)));
        let rows = self.rows.into_iter().map(Part::Row);
        head.chain(rows.map(part)).collect()
    }
}

impl Batch {
    pub fn request_id(&self) -> &str {
        self.items.first().map_or("", |item| &item.request_id)
    }

    pub fn owner(&self) -> String {
        let first = self.items.first();
        first
            .map(|item| item.taxpayer_id.clone())
            .unwrap_or_default()
    }

    pub fn messages(self) -> Vec<pb::BatchSubmitRequest> {
        let item = |(item_number, submit)| pb::BatchSubmitRequest {
            item_number,
            submit: Some(submit),
        };
        (0..).zip(self.items).map(item).collect()
    }
}

impl DayFile {
    pub fn request_id(&self) -> &str {
        &self.head.request_id
    }

    pub fn messages(self) -> Vec<pb::ReconcileDayRequest> {
        use pb::reconcile_day_request::Part;
        let part = |part| pb::ReconcileDayRequest { part: Some(part) };
        let head = std::iter::once(part(Part::Head(self.head)));
        let rows = self.rows.into_iter().map(Part::Row);
        head.chain(rows.map(part)).collect()
    }
}

thread_local! {
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// A stream that the service has not read to its end, nor dropped. A life's tasks all run on the
/// thread of its test.
struct Open;

impl Open {
    fn new() -> Self {
        OPEN.set(OPEN.get() + 1);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        OPEN.set(OPEN.get() - 1);
    }
}

/// How many streams are open.
pub fn open_streams() -> usize {
    OPEN.get()
}

/// A stream of messages as a request.
pub fn streaming<T: Message + Default + Send + 'static>(messages: Vec<T>) -> Request<Streaming<T>> {
    let mut codec = ProstCodec::<T, T>::default();
    let open = Open::new();
    let sound = move |message| {
        let _ = &open;
        Ok(message)
    };
    let source = tokio_stream::iter(messages.into_iter().map(sound));
    let body = EncodeBody::new_client(codec.encoder(), source, None, None);
    Request::new(Streaming::new_request(codec.decoder(), body, None, None))
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// All answers of a stream.
pub async fn collected<T: Message>(result: Result<Response<Answers<T>>, Status>) -> Outcome {
    let mut answers = match result {
        Ok(response) => response.into_inner(),
        Err(status) => return Outcome::of::<()>(Err(status)),
    };
    let (mut parts, mut ended) = (Vec::new(), None);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(message) => parts.push(message.encode_to_vec()),
            Err(status) => ended = Some(status.to_string()),
        }
    }
    Outcome::Streamed { parts, ended }
}

impl Book {
    pub fn asking_import(
        &mut self,
        (who, rows): (u8, u8),
        size: u32,
        twice: bool,
    ) -> Option<Asked> {
        let taxpayer_id = self.someone(who)?.key.clone();
        let request_id = self.mark();
        let kinds = [Kind::Sale, Kind::Lease, Kind::Plot, Kind::Sale];
        let mut sent = Vec::new();
        for (place, kind) in kinds.into_iter().take(usize::from(rows) + 1).enumerate() {
            self.serial += 1;
            let source = self.state(Facts {
                kind,
                size: (size / 3).max(1),
                quarter: place % 3,
                office: usize::from(who) % OFFICES.len(),
                number: self.serial,
            });
            sent.push(pb::ImportRow {
                row_key: format!("K{place}"),
                source,
            });
        }
        if let (true, Some(last)) = (twice, sent.last_mut()) {
            "K0".clone_into(&mut last.row_key);
        }
        Some(Asked::ImportTaxSources(Import {
            head: pb::ImportHead {
                request_id,
                taxpayer_id,
                validate_only: false,
            },
            rows: sent,
        }))
    }

    pub fn asking_batch(
        &mut self,
        (who, items): (u8, u8),
        way: Filing,
        twice: bool,
    ) -> Option<Asked> {
        let mut sent = Vec::new();
        for place in 0..=items {
            let Some(person) = self.someone(who.wrapping_add(place)) else {
                break;
            };
            let Some(draft) = Self::draft_for(person, place / 3, way) else {
                continue;
            };
            let (draft, taxpayer_id) = (draft.clone(), person.key.clone());
            sent.push(pb::SubmitDeclarationRequest {
                request_id: self.mark(),
                taxpayer_id,
                declaration_id: draft.id,
                content_digest: match way {
                    Filing::OtherDigest => "0".repeat(64),
                    _ => draft.digest,
                },
                acknowledged_warnings: ACKNOWLEDGED.map(str::to_owned).to_vec(),
                validate_only: false,
            });
        }
        // One that is answered already is told the same here.
        let filed = self
            .requests
            .iter()
            .filter_map(|one| match (&one.asked, &one.known) {
                (Asked::SubmitDeclaration(message), Known::Done(_)) => Some(message.clone()),
                _ => None,
            });
        let again = pick(filed.collect::<Vec<_>>().into_iter(), items).filter(|_| twice);
        let first = sent.first().cloned().filter(|_| twice);
        sent.extend(first.into_iter().chain(again));
        (!sent.is_empty()).then_some(Asked::BatchSubmit(Batch { items: sent }))
    }
}
