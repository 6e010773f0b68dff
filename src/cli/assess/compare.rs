//! `caixing assess compare A B`: what differs between two requests, and why.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;

use super::refused::refused;
use super::{open, read};
use crate::cli::{json, table};
use crate::grpc::{self, Call};
use crate::pb;
use crate::rules::RuleBook;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The request before.
    before: PathBuf,
    /// The request after; the same as before where only the law is another.
    after: Option<PathBuf>,
    /// The law of this day for the request before, `YYYY-MM-DD`.
    #[arg(long, env = "CAIXING_LAW_DATE_BEFORE")]
    law_date_before: Option<String>,
    /// The law of this day for the request after, `YYYY-MM-DD`.
    #[arg(long, env = "CAIXING_LAW_DATE_AFTER")]
    law_date_after: Option<String>,
    /// Print a table for people instead of JSON.
    #[arg(long, env = "CAIXING_TABLE", value_parser = BoolishValueParser::new())]
    table: bool,
}

/// Runs the command.
pub fn run(
    command: &Compare,
    book: &RuleBook,
    call: &Call,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut before = request(&command.before)?;
    let mut after = match &command.after {
        Some(path) => request(path)?,
        None => before.clone(),
    };
    for (request, day) in [
        (&mut before, &command.law_date_before),
        (&mut after, &command.law_date_after),
    ] {
        if let Some(day) = day {
            request.law_date.clone_from(day);
        }
    }
    let answer = grpc::compare_assessments(book, call, &before, &after)
        .map_err(|failure| refused(failure, call).to_string())?;
    let text = if command.table {
        readable(&answer)
    } else {
        json::write("CompareDeclarationsResponse", &answer)?
    };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

fn request(path: &Path) -> Result<pb::AssessDeclarationRequest, Box<dyn std::error::Error>> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    let problem = |error: serde_json::Value| format!("{}: {error}", path.display());
    Ok(read(text.trim_start_matches('\u{feff}')).map_err(problem)?)
}

/// One row for each cause, the totals at the end.
fn readable(answer: &pb::CompareDeclarationsResponse) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in &answer.lines {
        for cause in &line.causes {
            rows.push(vec![
                line.source_name.clone(),
                line.item_name.clone(),
                cause.message.clone(),
                cause.effect_yuan.clone(),
            ]);
        }
    }
    let net = |totals: &Option<pb::DeclarationTotals>| {
        totals
            .as_ref()
            .map(|totals| totals.net_yuan.clone())
            .unwrap_or_default()
    };
    let moved = format!("{} → {}", net(&answer.before), net(&answer.after));
    rows.push(vec![
        "合计".to_owned(),
        String::new(),
        moved,
        net(&answer.difference),
    ]);
    table::lay_out(&["税源", "税目", "原因", "影响（元）"], &rows, 3)
}
