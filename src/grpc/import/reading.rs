//! Reading an import: its head, then its rows, each checked as it comes.

use std::sync::Arc;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::{End, Import};
use crate::filing::SourceRecord;
use crate::grpc::convert::{self, Fields};
use crate::grpc::failure::Failure;
use crate::grpc::room::{Room, Share};
use crate::grpc::tax_source::{findings, record};
use crate::pb;
use crate::pb::import_tax_sources_request::Part;
use crate::types::{Invalid, RequestId, SourceId, TaxpayerKey};

/// Rows of one stream.
const ROWS_MAX: usize = 100_000;
/// Code points of a row's key.
const ROW_KEY_MAX: usize = 60;
/// Findings told of one row; the rest is counted.
const FINDINGS_MAX: usize = 100;

/// What the reading hands to the writing.
#[derive(Debug)]
pub enum Step {
    /// A row.
    Row(Row),
    /// The client sent all it has.
    Last,
    /// The stream cannot go on.
    Broken(End),
}

/// A row as read.
#[derive(Debug)]
pub struct Row {
    /// Its place, from 1.
    pub number: i64,
    /// Its key as sent, cut to what a key may have.
    pub key: String,
    /// What it states, or what is wrong with that.
    pub checked: Result<Checked, Failure>,
    /// Its share of the room for rows read ahead.
    _share: Share,
}

/// A row whose fields are right.
#[derive(Debug)]
pub struct Checked {
    /// The source it would be.
    pub source: SourceRecord,
    /// What is wrong or doubtful with it by itself.
    pub findings: Vec<pb::Finding>,
    /// How many of those there are.
    pub finding_count: i32,
}

/// The head, which is the first message.
pub async fn head(
    stream: &mut tonic::Streaming<pb::ImportTaxSourcesRequest>,
) -> Result<pb::ImportHead, End> {
    let first = stream.message().await.map_err(End::Transport)?;
    match first.and_then(|message| message.part) {
        Some(Part::Head(head)) => Ok(head),
        Some(Part::Row(_)) => Err(wrong(|fields| fields.refuse("row", order()))),
        None => Err(wrong(|fields| fields.missing("head"))),
    }
}

/// Whose import it is, and which.
pub fn named(head: &pb::ImportHead) -> Result<(RequestId, TaxpayerKey), Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let mut fields = fields.below("head");
    let request = convert::request_id(&mut fields, &head.request_id);
    let key = convert::taxpayer_key(&mut fields, &head.taxpayer_id);
    match (request, key) {
        (Some(request), Some(key)) => Ok((request, key)),
        _ => Err(violations.into()),
    }
}

/// Reads rows until there are no more, or until nobody takes them.
pub async fn rows(
    import: Arc<Import>,
    mut stream: tonic::Streaming<pb::ImportTaxSourcesRequest>,
    steps: mpsc::Sender<Step>,
) {
    let room = Room::new();
    let mut count: usize = 0;
    loop {
        let step = match stream.message().await {
            Ok(None) => Step::Last,
            Err(status) => Step::Broken(End::Transport(status)),
            Ok(Some(message)) => {
                count = count.saturating_add(1);
                match row(message, count) {
                    Err(end) => Step::Broken(end),
                    Ok(row) => Step::Row(import.check(count, row, &room).await),
                }
            }
        };
        let more = matches!(step, Step::Row(_));
        if steps.send(step).await.is_err() || !more {
            return;
        }
    }
}

/// The row a message carries.
fn row(message: pb::ImportTaxSourcesRequest, count: usize) -> Result<pb::ImportRow, End> {
    match message.part {
        Some(Part::Row(row)) if count <= ROWS_MAX => Ok(row),
        Some(Part::Row(_)) => Err(wrong(|fields| {
            fields.at_most("row", count, ROWS_MAX);
        })),
        Some(Part::Head(_)) => Err(wrong(|fields| fields.refuse("head", order()))),
        None => Err(wrong(|fields| fields.missing("row"))),
    }
}

fn order() -> Invalid {
    Invalid::new(
        "PART_ORDER",
        "应先发送一次 head，再发送各行",
        "the head comes first and once, then rows",
    )
}

fn wrong(note: impl FnOnce(&mut Fields<'_>)) -> End {
    let mut violations = Vec::new();
    note(&mut Fields::new(&mut violations));
    End::Failed(violations.into())
}

impl Import {
    /// Checks a row by itself.
    async fn check(&self, count: usize, row: pb::ImportRow, room: &Room) -> Row {
        let share = room.share(&row).await;
        Row {
            number: i64::try_from(count).unwrap_or(i64::MAX),
            key: row.row_key.chars().take(ROW_KEY_MAX).collect(),
            checked: self.checked(&row),
            _share: share,
        }
    }

    fn checked(&self, row: &pb::ImportRow) -> Result<Checked, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let row_key = fields.required_text("row_key", &row.row_key, ROW_KEY_MAX);
        let input = convert::source_input(&mut fields, "source", row.source.as_ref());
        let (Some(row_key), Some(input)) = (row_key, input) else {
            return Err(violations.into());
        };
        let id = self.source_id(&row_key);
        let source = record(self.key(), id, input, self.app.clock.now());
        let mut findings = findings(&self.app, &self.taxpayer, &source, self.call.language);
        let finding_count = i32::try_from(findings.len()).unwrap_or(i32::MAX);
        findings.truncate(FINDINGS_MAX);
        Ok(Checked {
            source,
            findings,
            finding_count,
        })
    }

    /// The id of the source a row stands for: the same for every sending of the row.
    fn source_id(&self, row_key: &str) -> SourceId {
        let name = [self.request.uuid().as_bytes(), row_key.as_bytes()].concat();
        SourceId::new(Uuid::new_v5(&self.key().uuid(), &name))
    }
}
