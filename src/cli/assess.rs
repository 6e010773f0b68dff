//! `caixing assess`: the same engine and JSON as `AssessDeclaration`, offline.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use clap::builder::BoolishValueParser;

use super::json;
use crate::grpc::{self, Call, Language};
use crate::pb;
use crate::server::rule_book;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Assess {
    /// A JSON file with one request, a JSONL file with one per line, or `-` for standard input.
    file: PathBuf,
    /// Also explain every line.
    #[arg(long, env = "CAIXING_EXPLAIN", value_parser = BoolishValueParser::new())]
    explain: bool,
    /// A rule pack that replaces the embedded one.
    #[arg(long, env = "CAIXING_RULES")]
    rules: Option<PathBuf>,
    /// Messages in English.
    #[arg(long, env = "CAIXING_ENGLISH", value_parser = BoolishValueParser::new())]
    english: bool,
}

/// Answers each request with one line of JSON; a refused request answers `{"error": …}` and the
/// command ends non-zero.
pub fn run(command: &Assess) -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    if command.file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(&command.file)?;
    }
    let book = rule_book(command.rules.as_deref())?;
    let language = if command.english {
        Language::English
    } else {
        Language::Chinese
    };
    let call = Call {
        id: "offline".to_owned(),
        language,
    };
    let one_per_line = command
        .file
        .extension()
        .is_some_and(|ending| ending == "jsonl")
        || serde_json::from_str::<serde_json::Value>(&text).is_err();
    let requests: Vec<&str> = if one_per_line {
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .collect()
    } else {
        vec![&text]
    };
    let mut out = std::io::stdout();
    let mut refused = 0;
    for request in requests {
        match answer(&book, &call, request, command.explain) {
            Ok(answer) => writeln!(out, "{answer}")?,
            Err(problem) => {
                refused += 1;
                writeln!(out, "{}", serde_json::json!({ "error": problem }))?;
            }
        }
    }
    if refused > 0 {
        Err(format!("{refused} requests were refused").into())
    } else {
        Ok(())
    }
}

fn answer(
    book: &crate::rules::RuleBook,
    call: &Call,
    text: &str,
    explain: bool,
) -> Result<String, serde_json::Value> {
    let message = |problem: String| serde_json::json!({ "message": problem });
    let mut request: pb::AssessDeclarationRequest =
        json::read("AssessDeclarationRequest", text).map_err(|error| message(error.to_string()))?;
    request.explain |= explain;
    match grpc::assess(book, call, request) {
        Ok(answer) => json::write("AssessDeclarationResponse", &answer)
            .map_err(|error| message(error.to_string())),
        Err(grpc::Failure::Fields(violations)) => {
            let fields: Vec<_> = violations
                .iter()
                .map(|wrong| {
                    let text = match call.language {
                        Language::Chinese => &wrong.invalid.zh,
                        Language::English => &wrong.invalid.en,
                    };
                    serde_json::json!({
                        "field": wrong.field, "reason": wrong.invalid.reason, "message": text,
                    })
                })
                .collect();
            Err(serde_json::json!({ "reason": "FIELDS_INVALID", "fields": fields }))
        }
        Err(other) => Err(message(grpc::status(other, call).message().to_owned())),
    }
}
