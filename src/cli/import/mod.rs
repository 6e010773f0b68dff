//! `caixing import`: collects the sources of a file, and gives back the rows that were refused with
//! what is wrong, so that they can be corrected in place and sent again.

mod csv;
mod lines;
mod refused;

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use uuid::Uuid;

use super::journey::Failed;
use crate::clock::Stopwatch;
use crate::pb;
use crate::pb::import_tax_sources_request::Part;
use crate::pb::import_tax_sources_response::Part as Answer;
use crate::pb::tax_source_service_client::TaxSourceServiceClient;
use lines::{Line, Origin};
use refused::Refusals;

/// Rows handed to the transport ahead of its taking them.
const SENT_AHEAD: usize = 64;
/// Rows remembered until they are answered.
const UNANSWERED_MAX: usize = 1024;
/// Between two looks at the progress, in milliseconds.
const PROGRESS_EVERY: u64 = 200;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// Rows: JSON lines (each the proto JSON of `TaxSourceInput` with a `rowKey`), or CSV where the
    /// name ends in `.csv`; `-` for JSON lines on standard input.
    file: PathBuf,
    /// The taxpayer whose sources they are.
    #[arg(long, env = "CAIXING_TAXPAYER")]
    taxpayer: String,
    /// The service.
    #[arg(long, env = "CAIXING_SERVER", default_value = "http://127.0.0.1:50051")]
    server: String,
    /// The id of an import that was begun before, to go on with it; without it a new one.
    #[arg(long, env = "CAIXING_REQUEST_ID")]
    request_id: Option<String>,
    /// Where refused rows are written as they came, each with its `errors`; must not be there yet.
    #[arg(long, env = "CAIXING_ERRORS")]
    errors: Option<PathBuf>,
    /// Only check, collect nothing.
    #[arg(long, env = "CAIXING_CHECK_ONLY", value_parser = BoolishValueParser::new())]
    check_only: bool,
    /// Messages in English.
    #[arg(long, env = "CAIXING_ENGLISH", value_parser = BoolishValueParser::new())]
    english: bool,
}

/// A row on its way: what it comes from, and why it was not sent, if it was not.
struct Pending {
    origin: Origin,
    unsent: Option<String>,
}

/// How an import goes.
#[derive(Debug, Default)]
struct Tally {
    collected: u64,
    already: u64,
    refused: u64,
    /// Collected with findings that would stop a filing.
    to_mend: u64,
}

impl Tally {
    fn rows(&self) -> u64 {
        self.collected + self.already + self.refused
    }
}

/// Runs the command.
pub async fn run(command: Import) -> Result<(), Failed> {
    let input = open(&command.file)?;
    let mut refusals = Refusals::open(command.errors.as_deref())?;
    let request_id = match &command.request_id {
        Some(id) => id.clone(),
        None => Uuid::new_v4().to_string(),
    };
    println!("request id: {request_id}");
    let mut tally = Tally::default();
    let outcome = sent(&command, &request_id, input, &mut refusals, &mut tally).await;
    refusals.close(&tally)?;
    outcome.map_err(|error| -> Failed {
        let rows = tally.rows();
        format!("broke off after {rows} rows: {error}; go on with --request-id {request_id}").into()
    })?;
    let Tally {
        collected,
        already,
        refused,
        to_mend,
    } = tally;
    let (rows, verb) = match command.check_only {
        true => (tally.rows(), "would be collected"),
        false => (tally.rows(), "collected"),
    };
    println!("{rows} rows: {collected} {verb}, {already} collected before, {refused} refused");
    if to_mend > 0 {
        println!("{to_mend} of them have errors of their own that are to be mended before filing");
    }
    match refused {
        0 => Ok(()),
        _ => Err(format!("{refused} of {rows} rows were refused").into()),
    }
}

/// Where lines come from.
type Input = Box<dyn FnMut() -> std::io::Result<Option<Line>> + Send>;

fn open(path: &Path) -> Result<Input, Failed> {
    let mut reader: Box<dyn BufRead + Send> = if path.as_os_str() == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let named = |error: std::io::Error| format!("{}: {error}", path.display());
        Box::new(BufReader::new(File::open(path).map_err(named)?))
    };
    if path.extension().is_some_and(|ending| ending == "csv") {
        let mut table = csv::Table::open(reader)?;
        return Ok(Box::new(move || table.next()));
    }
    let mut number = 0;
    Ok(Box::new(move || lines::next(&mut reader, &mut number)))
}

/// Sends every row and hears what came of it.
async fn sent(
    command: &Import,
    request_id: &str,
    input: Input,
    refusals: &mut Refusals,
    tally: &mut Tally,
) -> Result<(), Failed> {
    let channel = Endpoint::from_shared(command.server.clone())?
        .connect()
        .await?;
    let head = pb::ImportHead {
        request_id: request_id.to_owned(),
        taxpayer_id: command.taxpayer.clone(),
        validate_only: command.check_only,
    };
    let (messages, taken) = mpsc::channel(SENT_AHEAD);
    messages.send(part(Part::Head(head))).await?;
    let (pending, unanswered) = mpsc::channel(UNANSWERED_MAX);
    let (broken, breakage) = mpsc::channel(1);
    // A thread of its own, so that nothing waits for a terminal or pipe when the import is over.
    std::thread::spawn(move || {
        if let Err(error) = read(input, &messages, &pending) {
            // The sender goes only after the breakage is told, so that no half file is a whole one.
            let _ = broken.blocking_send(error);
            let _ = messages.blocking_send(pb::ImportTaxSourcesRequest { part: None });
        }
    });
    let mut request = tonic::Request::new(ReceiverStream::new(taken));
    let language = if command.english { "en" } else { "zh-CN" };
    let language = tonic::metadata::MetadataValue::from_static(language);
    request.metadata_mut().insert("accept-language", language);
    let mut client = TaxSourceServiceClient::new(channel);
    let answers = client
        .import_tax_sources(request)
        .await
        .map_err(|status| told(&status))?;
    hear(answers.into_inner(), unanswered, breakage, refusals, tally).await
}

fn part(part: Part) -> pb::ImportTaxSourcesRequest {
    pb::ImportTaxSourcesRequest { part: Some(part) }
}

fn told(status: &tonic::Status) -> Failed {
    format!("{:?}: {}", status.code(), status.message()).into()
}

/// Reads the file until its end, or until nobody takes its rows.
fn read(
    mut input: Input,
    messages: &mpsc::Sender<pb::ImportTaxSourcesRequest>,
    pending: &mpsc::Sender<Pending>,
) -> std::io::Result<()> {
    while let Some(Line { origin, row }) = input()? {
        let (row, unsent) = match row {
            Ok(row) => (Some(row), None),
            Err(problem) => (None, Some(problem)),
        };
        if pending.blocking_send(Pending { origin, unsent }).is_err() {
            return Ok(());
        }
        if let Some(row) = row
            && messages.blocking_send(part(Part::Row(row))).is_err()
        {
            return Ok(());
        }
    }
    Ok(())
}

/// Hears what came of each row in their order, then of the whole.
async fn hear(
    mut answers: tonic::Streaming<pb::ImportTaxSourcesResponse>,
    mut unanswered: mpsc::Receiver<Pending>,
    mut breakage: mpsc::Receiver<std::io::Error>,
    refusals: &mut Refusals,
    tally: &mut Tally,
) -> Result<(), Failed> {
    let mut progress = Progress::new();
    while let Some(Pending { origin, unsent }) = unanswered.recv().await {
        if let Some(problem) = unsent {
            tally.refused += 1;
            refusals.write(&origin, &unreadable(problem))?;
        } else {
            match answers.message().await.map_err(|status| told(&status))? {
                Some(pb::ImportTaxSourcesResponse {
                    part: Some(Answer::Row(result)),
                }) => row(&origin, &result, refusals, tally)?,
                other => {
                    return Err(format!("an answer to a row was awaited, not {other:?}").into());
                }
            }
        }
        progress.show(tally);
    }
    progress.clear();
    if let Some(error) = breakage.recv().await {
        return Err(error.into());
    }
    match answers.message().await.map_err(|status| told(&status))? {
        Some(pb::ImportTaxSourcesResponse {
            part: Some(Answer::Summary(_)),
        }) => Ok(()),
        other => Err(format!("the summary was awaited, not {other:?}").into()),
    }
}

/// A line that is no row: it is not sent.
fn unreadable(problem: String) -> pb::ItemFailure {
    pb::ItemFailure {
        code: tonic::Code::InvalidArgument.into(),
        reason: "ROW_UNREADABLE".to_owned(),
        message: problem,
        ..Default::default()
    }
}

fn row(
    origin: &Origin,
    result: &pb::ImportRowResult,
    refusals: &mut Refusals,
    tally: &mut Tally,
) -> Result<(), Failed> {
    let stops = |finding: &pb::Finding| finding.severity() == pb::Severity::Error;
    match result.result() {
        pb::ImportResult::Collected => tally.collected += 1,
        pb::ImportResult::AlreadyCollected => tally.already += 1,
        pb::ImportResult::Refused | pb::ImportResult::Unspecified => {
            tally.refused += 1;
            let failure = result.failure.clone().unwrap_or_default();
            refusals.write(origin, &failure)?;
        }
    }
    tally.to_mend += u64::from(result.findings.iter().any(stops));
    Ok(())
}

/// A line on a terminal that says how far it is.
struct Progress {
    watch: Stopwatch,
    next: u64,
    terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self {
            watch: Stopwatch::start(),
            next: PROGRESS_EVERY,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, tally: &Tally) {
        if !self.terminal {
            return;
        }
        let passed = self.watch.millis();
        if passed < self.next {
            return;
        }
        self.next = passed + PROGRESS_EVERY;
        let (rows, refused) = (tally.rows(), tally.refused);
        let speed = rows.saturating_mul(1000) / passed.max(1);
        let _ = write!(
            std::io::stderr(),
            "\r\u{1b}[K{rows} rows, {speed} rows/s, {refused} refused"
        );
    }

    fn clear(&self) {
        if self.terminal {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
