//! `ImportTaxSources`: many sources in one stream, each row by itself, none collected twice.
//!
//! One task reads and checks rows as they come, another writes what has gathered in one small
//! transaction and answers. Both ways between them and the client are bounded: a client that does
//! not read its answers stops the writing, which stops the reading, which stops the client. The
//! write lock is never held while anybody waits for the client.

mod reading;

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::app::{App, repeating, taxpayer as must_have};
use super::call::{Call, Mutation};
use super::convert::Violation;
use super::failure::Failure;
use super::item::item_failure;
use crate::filing::{SourceRecord, Taxpayer};
use crate::pb;
use crate::pb::import_tax_sources_response::Part;
use crate::store::{StoreError, Tx};
use crate::types::{Invalid, RequestId, SourceId, TaxpayerKey};
use reading::{Row, Step};

const METHOD: &str = "ImportTaxSources";
/// Rows written in one transaction, and read ahead of it.
const BATCH_MAX: usize = 200;
/// Answers written ahead of the client's reading.
const ANSWERS_AHEAD: usize = 64;

/// The answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::ImportTaxSourcesResponse, Status>> + Send>>;

/// Opens an import. What is wrong with the stream as a whole is told at the end of the answers, so
/// that a client which waits for the answers to begin before it sends does not wait for ever.
///
/// # Errors
/// None; the answers tell.
pub async fn import(
    app: &App,
    call: &Call,
    stream: tonic::Streaming<pb::ImportTaxSourcesRequest>,
) -> Result<Answers, Failure> {
    let (answers, answered) = mpsc::channel(ANSWERS_AHEAD);
    let (app, call) = (Arc::clone(app), call.clone());
    tokio::spawn(async move {
        let status = match run(app, &call, stream, &answers).await {
            Ok(()) | Err(End::Left) => return,
            Err(End::Transport(status)) => status,
            Err(End::Failed(failure)) => call.status(failure),
        };
        // Whoever left needs no status.
        let _ = answers.send(Err(status)).await;
    });
    Ok(Box::pin(ReceiverStream::new(answered)))
}

/// Why an import ends before its summary.
#[derive(Debug)]
enum End {
    /// Something is wrong; what was acknowledged is kept.
    Failed(Failure),
    /// The transport says so: the client left, or its message cannot be read.
    Transport(Status),
    /// Nobody reads the answers any more.
    Left,
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// An import under way.
#[derive(Debug)]
struct Import {
    app: App,
    call: Call,
    request: RequestId,
    taxpayer: Taxpayer,
    validate_only: bool,
}

type Sender = mpsc::Sender<Result<pb::ImportTaxSourcesResponse, Status>>;

async fn run(
    app: App,
    call: &Call,
    mut stream: tonic::Streaming<pb::ImportTaxSourcesRequest>,
    answers: &Sender,
) -> Result<(), End> {
    let head = reading::head(&mut stream).await?;
    let open = || Import::open(app.clone(), call, &head);
    let import = Arc::new(repeating(&app, METHOD, open).await?);
    let (steps, gathered) = mpsc::channel(BATCH_MAX);
    tokio::spawn(reading::rows(Arc::clone(&import), stream, steps));
    import.write(gathered, answers).await
}

impl Import {
    /// Opens an import, or opens it again where its id is known.
    async fn open(app: App, call: &Call, head: &pb::ImportHead) -> Result<Self, Failure> {
        let (request, key) = reading::named(head)?;
        // Only checking is the same import: what is collected already is said to be.
        let whole = pb::ImportHead {
            validate_only: false,
            ..head.clone()
        };
        let mutation = Mutation::new(METHOD, request, &whole);
        let mut tx = if head.validate_only {
            app.store.read().await?
        } else {
            app.store.begin(METHOD, Some(key), Some(request)).await?
        };
        let earlier = mutation.earlier(&mut tx, key).await?;
        let taxpayer = must_have(&mut tx, key).await?;
        if !head.validate_only {
            if earlier.is_some() {
                tx.record_import(key, request, None).await?;
            } else {
                let now = app.clock.now();
                mutation
                    .record::<pb::ImportTaxSourcesResponse>(&mut tx, key, "", None, now)
                    .await?;
            }
            tx.commit().await?;
        }
        Ok(Self {
            app,
            call: call.clone(),
            request,
            taxpayer,
            validate_only: head.validate_only,
        })
    }

    fn key(&self) -> TaxpayerKey {
        self.taxpayer.key
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        if self.validate_only {
            self.app.store.read().await
        } else {
            self.app
                .store
                .begin(METHOD, Some(self.key()), Some(self.request))
                .await
        }
    }

    /// Writes and answers rows as they gather, and the summary when they end.
    async fn write(&self, mut gathered: mpsc::Receiver<Step>, answers: &Sender) -> Result<(), End> {
        let mut kept = HashSet::new();
        let mut summary = pb::ImportSummary::default();
        loop {
            let mut steps = Vec::with_capacity(BATCH_MAX);
            if gathered.recv_many(&mut steps, BATCH_MAX).await == 0 {
                return Err(Failure::Internal("the reading of rows broke off".to_owned()).into());
            }
            let (mut rows, mut last) = (Vec::with_capacity(steps.len()), None);
            for step in steps {
                match step {
                    Step::Row(row) => rows.push(row),
                    Step::Last => last = Some(Ok(())),
                    Step::Broken(end) => last = Some(Err(end)),
                }
            }
            for result in self.keep(rows, &mut kept).await? {
                count(&mut summary, &result);
                answer(answers, Part::Row(result)).await?;
            }
            match last {
                None => {}
                Some(Ok(())) => return self.end(summary, answers).await,
                Some(Err(end)) => return Err(end),
            }
        }
    }

    async fn end(&self, summary: pb::ImportSummary, answers: &Sender) -> Result<(), End> {
        if !self.validate_only {
            let message = pb::ImportTaxSourcesResponse {
                part: Some(Part::Summary(summary)),
            };
            let bytes = prost::Message::encode_to_vec(&message);
            repeating(&self.app, METHOD, || self.record(&bytes)).await?;
        }
        answer(answers, Part::Summary(summary)).await
    }

    async fn record(&self, summary: &[u8]) -> Result<(), Failure> {
        let mut tx = self.begin().await?;
        tx.record_import(self.key(), self.request, Some(summary))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Keeps what is to be kept of some rows; what came of each.
    async fn keep(
        &self,
        rows: Vec<Row>,
        kept: &mut HashSet<SourceId>,
    ) -> Result<Vec<pb::ImportRowResult>, Failure> {
        let checked = rows.iter().filter_map(|row| row.checked.as_ref().ok());
        let named: Vec<SourceId> = checked.map(|checked| checked.source.id).collect();
        let mut results = Vec::with_capacity(rows.len());
        if named.is_empty() {
            let refused = rows.into_iter().map(|row| self.result(row, None));
            return Ok(refused.collect());
        }
        let mut tx = self.begin().await?;
        let now = self.app.clock.now();
        let earlier = tx.first_statements(self.key(), &named).await?;
        let mut new = Vec::new();
        for mut row in rows {
            let mut came = None;
            if let Ok(checked) = &mut row.checked {
                checked.source.recorded_at = now;
                match collect(&checked.source, earlier.get(&checked.source.id), kept) {
                    Ok(pb::ImportResult::Collected) => {
                        new.push(checked.source.clone());
                        came = Some(pb::ImportResult::Collected);
                    }
                    Ok(other) => came = Some(other),
                    Err(failure) => row.checked = Err(failure),
                }
            }
            results.push(self.result(row, came));
        }
        if !self.validate_only && !new.is_empty() {
            let mut first = Some(tx);
            let insert = || self.insert(first.take(), &new, now);
            repeating(&self.app, METHOD, insert).await?;
        }
        Ok(results)
    }

    /// Keeps new sources; their ids come from the rows' keys, so that none is kept twice.
    async fn insert(
        &self,
        tx: Option<Tx>,
        new: &[SourceRecord],
        now: jiff::Timestamp,
    ) -> Result<(), Failure> {
        let mut tx = match tx {
            Some(tx) => tx,
            None => self.begin().await?,
        };
        tx.insert_sources(self.key(), new).await?;
        for source in new {
            let id = source.id.to_string();
            tx.append_event(self.key(), "tax_source.collected", &id, now)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    fn result(&self, row: Row, came: Option<pb::ImportResult>) -> pb::ImportRowResult {
        let mut result = pb::ImportRowResult {
            row_number: row.number,
            row_key: row.key,
            result: came.unwrap_or(pb::ImportResult::Refused).into(),
            ..Default::default()
        };
        match row.checked {
            Err(failure) => result.failure = Some(item_failure(failure, &self.call)),
            Ok(checked) => {
                if !self.validate_only {
                    result.source_id = checked.source.id.to_string();
                }
                result.findings = checked.findings;
                result.finding_count = checked.finding_count;
            }
        }
        result
    }
}

/// What comes of a row whose fields are right. The key of a collected row stands for its source
/// for ever; twice in one stream it is a slip, and is not passed over in silence.
fn collect(
    row: &SourceRecord,
    earlier: Option<&SourceRecord>,
    kept: &mut HashSet<SourceId>,
) -> Result<pb::ImportResult, Failure> {
    if kept.contains(&row.id) {
        let twice = Invalid::new(
            "ROW_KEY_TWICE",
            "该行标识在本次导入中已出现",
            "the row_key stood on an earlier row of this stream",
        );
        return Err(Failure::Fields(vec![Violation {
            field: "row_key".to_owned(),
            invalid: twice,
        }]));
    }
    let came = match earlier {
        None => pb::ImportResult::Collected,
        Some(earlier) if earlier.states_the_same(row) => pb::ImportResult::AlreadyCollected,
        Some(earlier) => {
            let source = earlier.id.to_string();
            return Err(Failure::RowKeyReused { source });
        }
    };
    kept.insert(row.id);
    Ok(came)
}

fn count(summary: &mut pb::ImportSummary, result: &pb::ImportRowResult) {
    summary.row_count += 1;
    match result.result() {
        pb::ImportResult::Collected => summary.collected_count += 1,
        pb::ImportResult::AlreadyCollected => summary.already_collected_count += 1,
        pb::ImportResult::Refused | pb::ImportResult::Unspecified => summary.refused_count += 1,
    }
}

async fn answer(answers: &Sender, part: Part) -> Result<(), End> {
    let message = pb::ImportTaxSourcesResponse { part: Some(part) };
    answers.send(Ok(message)).await.map_err(|_| End::Left)
}
