//! `caixing assess`: the same engine and JSON as `AssessDeclaration`, offline and in bulk.
//!
//! Input is one JSON object, a JSON array, or JSON lines; each request is answered by one line, in
//! order. A request that is refused or cannot be read answers `{"error": …}` at its place, the run
//! goes on, and the command ends non-zero.

mod compare;
mod elements;
mod refused;

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Subcommand;
use clap::builder::BoolishValueParser;

use super::json;
use crate::grpc::{self, Call, Language};
use crate::pb;
use crate::rules::RuleBook;
use crate::server::rule_book;
use elements::Elements;
use refused::refused;

/// How many requests are read ahead for each thread.
const AHEAD: usize = 128;
/// How many bytes are read ahead for all threads, at least one request.
const AHEAD_BYTES: usize = 32 << 20;

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Assess {
    /// One JSON request, a JSON array of them, or one per line (JSONL); `-` for standard input.
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// Also explain every amount.
    #[arg(long, env = "CAIXING_EXPLAIN", value_parser = BoolishValueParser::new())]
    explain: bool,
    /// Print the explanation as text for people instead of JSON.
    #[arg(long, env = "CAIXING_TEXT", value_parser = BoolishValueParser::new())]
    text: bool,
    /// The law of this day for all days, `YYYY-MM-DD`, where a request names none.
    #[arg(long, env = "CAIXING_LAW_DATE")]
    law_date: Option<String>,
    /// A rule pack that replaces the embedded one.
    #[arg(long, env = "CAIXING_RULES", global = true)]
    rules: Option<PathBuf>,
    /// Messages in English.
    #[arg(long, env = "CAIXING_ENGLISH", value_parser = BoolishValueParser::new(), global = true)]
    english: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare two requests line by line: what differs, and why.
    Compare(compare::Compare),
}

/// What every request of a run has in common.
struct Run<'a> {
    book: &'a RuleBook,
    call: &'a Call,
    explain: bool,
    text: bool,
    law_date: &'a str,
}

/// Runs the command.
pub fn run(command: &Assess) -> Result<(), Box<dyn std::error::Error>> {
    let book = rule_book(command.rules.as_deref())?;
    let call = Call {
        id: "offline".to_owned(),
        language: if command.english {
            Language::English
        } else {
            Language::Chinese
        },
    };
    if let Some(Command::Compare(command)) = &command.command {
        return compare::run(command, &book, &call);
    }
    let Some(path) = &command.file else {
        return Err("name a file, or - for standard input".into());
    };
    let run = Run {
        book: &book,
        call: &call,
        explain: command.explain || command.text,
        text: command.text,
        law_date: command.law_date.as_deref().unwrap_or_default(),
    };
    let lines = path.extension().is_some_and(|ending| ending == "jsonl");
    let elements = Elements::new(BufReader::new(open(path)?), lines)?;
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let counted = run.all(elements, BufWriter::new(std::io::stdout()), threads)?;
    match counted {
        Counted { requests: 0, .. } => Err("the input holds no request".into()),
        Counted { refused: 0, .. } => Ok(()),
        Counted { refused, requests } => {
            Err(format!("{refused} of {requests} requests were refused").into())
        }
    }
}

fn open(path: &Path) -> std::io::Result<Box<dyn Read>> {
    Ok(if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        let named = |error: std::io::Error| {
            std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        Box::new(File::open(path).map_err(named)?)
    })
}

/// How a run went.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    requests: usize,
    refused: usize,
}

impl Run<'_> {
    /// Answers every request in order. Rounds of requests are read, answered on all threads and
    /// written, so that memory is bounded whatever the length of the input.
    fn all<R: Read>(
        &self,
        mut elements: Elements<R>,
        mut out: impl Write,
        threads: usize,
    ) -> std::io::Result<Counted> {
        let mut counted = Counted::default();
        loop {
            let (mut round, mut bytes) = (Vec::new(), 0_usize);
            while round.len() < AHEAD.saturating_mul(threads) && bytes < AHEAD_BYTES {
                let Some(element) = elements.next()? else {
                    break;
                };
                bytes = bytes.saturating_add(element.as_ref().map_or(0, Vec::len));
                round.push(element);
            }
            if round.is_empty() {
                out.flush()?;
                return Ok(counted);
            }
            counted.requests += round.len();
            for answer in self.round(&round, threads) {
                let (Ok(line) | Err(line)) = &answer;
                counted.refused += usize::from(answer.is_err());
                out.write_all(line.as_bytes())?;
                out.write_all(b"\n")?;
            }
            // Whoever reads a pipe line by line waits for no later round.
            out.flush()?;
        }
    }

    /// The answers to a round of requests, in order.
    fn round(&self, round: &[elements::Element], threads: usize) -> Vec<Result<String, String>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(element) = round.get(place) else {
                    return done;
                };
                done.push((place, self.element(element)));
            }
        };
        let mut answers: Vec<(usize, Result<String, String>)> = if threads < 2 || round.len() < 2 {
            work()
        } else {
            std::thread::scope(|scope| {
                let hands: Vec<_> = (0..threads.min(round.len()))
                    .map(|_| scope.spawn(work))
                    .collect();
                let joined = hands.into_iter().filter_map(|hand| hand.join().ok());
                joined.flatten().collect()
            })
        };
        answers.sort_unstable_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    fn element(&self, element: &elements::Element) -> Result<String, String> {
        let error = |value: serde_json::Value| serde_json::json!({ "error": value }).to_string();
        let bytes = element.as_ref().map_err(|problem| error(problem.json()))?;
        let text = std::str::from_utf8(bytes).map_err(|_| error(elements::not_utf8().json()))?;
        self.answer(text).map_err(error)
    }

    fn answer(&self, text: &str) -> Result<String, serde_json::Value> {
        let mut request = read(text)?;
        request.explain |= self.explain;
        if request.law_date.is_empty() {
            self.law_date.clone_into(&mut request.law_date);
        }
        let answer = grpc::assess(self.book, self.call, request)
            .map_err(|failure| refused(failure, self.call))?;
        if self.text {
            return Ok(readable(&answer));
        }
        json::write("AssessDeclarationResponse", &answer)
            .map_err(|error| refused::message("INTERNAL", &error.to_string()))
    }
}

/// Reads one request.
fn read(text: &str) -> Result<pb::AssessDeclarationRequest, serde_json::Value> {
    json::read("AssessDeclarationRequest", text)
        .map_err(|error| refused::message("JSON_INVALID", &error.to_string()))
}

/// The explanation as text: lines, totals, findings.
fn readable(answer: &pb::AssessDeclarationResponse) -> String {
    let lines = answer.explanations.iter().map(|line| line.text.clone());
    let totals = answer
        .total_explanations
        .iter()
        .map(|total| total.text.clone());
    let findings = answer.findings.iter().map(|found| {
        let severity = found.severity().as_str_name();
        let word = severity.strip_prefix("SEVERITY_").unwrap_or(severity);
        format!(
            "{word} {} {}: {}",
            found.rule_id, found.field, found.message
        )
    });
    let mut parts: Vec<String> = lines.chain(totals).chain(findings).collect();
    parts.push(String::new());
    parts.join("\n")
}

#[cfg(test)]
mod tests;
