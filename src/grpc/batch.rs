//! `BatchSubmit`: many drafts in one stream, each filed or refused by itself.
//!
//! Items go to one of a few lanes by their taxpayer, so that a taxpayer's items are filed in the
//! order they came while others go on beside them. Answers leave in the order of the items. Both
//! ways are bounded, so that a client which does not read is not read from either.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::app::{App, repeating};
use super::call::{Answer, Call};
use super::convert::Fields;
use super::declaration::Declarations;
use super::failure::Failure;
use super::item::item_failure;
use super::room::{Room, Share};
use crate::pb;
use crate::pb::batch_submit_response::Outcome;
use crate::types::Invalid;

/// Items of one stream.
const ITEMS_MAX: usize = 10_000;
/// Items filed beside each other.
const LANES: usize = 16;
/// Items read ahead of their answers.
const AHEAD: usize = 32;
/// Answers written ahead of the client's reading.
const ANSWERS_AHEAD: usize = 16;

/// The answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::BatchSubmitResponse, Status>> + Send>>;

type Submitted = Result<Answer<pb::SubmitDeclarationResponse>, Failure>;

/// Opens a batch. What is wrong with the stream as a whole is told at the end of the answers.
///
/// # Errors
/// None; the answers tell.
pub async fn submit(
    app: &App,
    call: &Call,
    stream: Streaming<pb::BatchSubmitRequest>,
) -> Result<Answers, Failure> {
    let (answers, answered) = mpsc::channel(ANSWERS_AHEAD);
    let (turns, waiting) = mpsc::channel(AHEAD);
    tokio::spawn(read(stream, Lanes::open(app), turns));
    tokio::spawn(tell(waiting, answers, call.clone()));
    Ok(Box::pin(ReceiverStream::new(answered)))
}

/// What stands in the order of the items.
enum Turn {
    /// What an item comes to, as soon as it is known.
    Item(i64, oneshot::Receiver<Submitted>),
    /// Something is wrong with the stream.
    Failed(Failure),
    /// The transport says so: the client left, or its message cannot be read.
    Transport(Status),
}

/// An item in its lane.
struct Job {
    submit: pb::SubmitDeclarationRequest,
    done: oneshot::Sender<Submitted>,
    /// Its share of the room for items read ahead.
    _share: Share,
}

/// Gives each item its turn and its lane, until there are no more or nobody waits for them.
async fn read(
    mut stream: Streaming<pb::BatchSubmitRequest>,
    lanes: Lanes,
    turns: mpsc::Sender<Turn>,
) {
    let room = Room::new();
    let mut numbers = HashSet::new();
    let mut count: usize = 0;
    loop {
        let item = match stream.message().await {
            Ok(None) => return,
            Ok(Some(item)) => item,
            Err(status) => {
                let _ = turns.send(Turn::Transport(status)).await;
                return;
            }
        };
        count = count.saturating_add(1);
        if let Err(failure) = no_more_than(count) {
            let _ = turns.send(Turn::Failed(failure)).await;
            return;
        }
        let share = room.share(&item).await;
        let (done, wait) = oneshot::channel();
        if turns
            .send(Turn::Item(item.item_number, wait))
            .await
            .is_err()
        {
            return;
        }
        match wanted(item, &mut numbers) {
            Ok(submit) => {
                let job = Job {
                    submit,
                    done,
                    _share: share,
                };
                lanes.take(job).await;
            }
            // Whoever left needs no answer.
            Err(failure) => drop(done.send(Err(failure))),
        }
    }
}

fn no_more_than(count: usize) -> Result<(), Failure> {
    let mut violations = Vec::new();
    if Fields::new(&mut violations).at_most("item_number", count, ITEMS_MAX) {
        return Ok(());
    }
    Err(violations.into())
}

/// What an item asks for.
fn wanted(
    item: pb::BatchSubmitRequest,
    numbers: &mut HashSet<i64>,
) -> Result<pb::SubmitDeclarationRequest, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    if item.item_number < 0 {
        let negative = Invalid::new("NEGATIVE", "不能为负数", "must not be negative");
        fields.refuse("item_number", negative);
    } else if !numbers.insert(item.item_number) {
        let twice = Invalid::new(
            "ITEM_NUMBER_TWICE",
            "该序号在本次批量中已出现",
            "the item_number stood on an earlier item of this stream",
        );
        fields.refuse("item_number", twice);
    }
    if item.submit.is_none() {
        fields.missing("submit");
    }
    match item.submit {
        Some(submit) if violations.is_empty() => Ok(submit),
        _ => Err(violations.into()),
    }
}

/// Lanes that file beside each other; a taxpayer's items are in one of them.
struct Lanes {
    lanes: Vec<mpsc::Sender<Job>>,
    hash: RandomState,
}

impl Lanes {
    fn open(app: &App) -> Self {
        let open = |_| {
            let (jobs, waiting) = mpsc::channel(AHEAD);
            tokio::spawn(file(Declarations(Arc::clone(app)), waiting));
            jobs
        };
        Self {
            lanes: (0..LANES).map(open).collect(),
            hash: RandomState::new(),
        }
    }

    async fn take(&self, job: Job) {
        let hash = self.hash.hash_one(&job.submit.taxpayer_id);
        let place = usize::try_from(hash).unwrap_or_default() % LANES;
        if let Some(lane) = self.lanes.get(place) {
            // A lane that broke down answers by dropping the job.
            let _ = lane.send(job).await;
        }
    }
}

/// Files the items of one lane, one after the other; what nobody waits for any more is left.
async fn file(declarations: Declarations, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.recv().await {
        if !job.done.is_closed() {
            let submit = || declarations.submit(job.submit.clone());
            let outcome = repeating(&declarations.0, "BatchSubmit", submit).await;
            drop(job.done.send(outcome.map_err(below_submit)));
        }
    }
}

/// Names wrong fields by their paths inside the item.
fn below_submit(failure: Failure) -> Failure {
    let Failure::Fields(mut violations) = failure else {
        return failure;
    };
    for violation in &mut violations {
        violation.field = format!("submit.{}", violation.field);
    }
    Failure::Fields(violations)
}

/// Answers the items in their order.
async fn tell(
    mut waiting: mpsc::Receiver<Turn>,
    answers: mpsc::Sender<Result<pb::BatchSubmitResponse, Status>>,
    call: Call,
) {
    while let Some(turn) = waiting.recv().await {
        let answer = match turn {
            Turn::Transport(status) => Err(status),
            Turn::Failed(failure) => Err(call.status(failure)),
            Turn::Item(number, wait) => {
                let broken = |_| Err(Failure::Internal("the lane broke down".to_owned()));
                let outcome = wait.await.unwrap_or_else(broken);
                Ok(response(number, outcome, &call))
            }
        };
        if answers.send(answer).await.is_err() {
            return;
        }
    }
}

fn response(number: i64, outcome: Submitted, call: &Call) -> pb::BatchSubmitResponse {
    let (replayed, outcome) = match outcome {
        Ok(answer) => (answer.replayed, Outcome::Response(answer.message)),
        Err(failure) => (false, Outcome::Failure(item_failure(failure, call))),
    };
    pb::BatchSubmitResponse {
        item_number: number,
        replayed,
        outcome: Some(outcome),
    }
}
