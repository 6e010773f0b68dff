//! `caixing verify`: everything that must hold in a database, recounted beside a running server or
//! without one. It only reads.

use std::io::Write as _;

use clap::builder::BoolishValueParser;
use serde_json::{Value, json};

use super::place::Place;
use super::progress::Bar;
use crate::signing;
use crate::store::{Store, Violation};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    place: Place,
    /// Print one line of JSON.
    #[arg(long, env = "CAIXING_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

fn as_json(violation: &Violation) -> Value {
    let numbers = violation.numbers;
    json!({
        "invariant": violation.invariant,
        "rule": violation.rule,
        "taxpayerId": violation.taxpayer_id,
        "subject": violation.subject,
        "expected": numbers.map(|(expected, _)| expected),
        "found": numbers.map(|(_, found)| found),
        "text": violation.text,
    })
}

/// Runs the command.
pub async fn run(command: &Verify) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open_for_reading(&command.place.database()).await?;
    let mut bar = Bar::new();
    let mut watch = |progress| bar.draw(progress);
    let verified = store.verify(signing::verify, &mut watch).await;
    let millis = bar.end();
    store.close().await;
    let verified = verified?;
    let count = u64::try_from(verified.violations.len()).unwrap_or(u64::MAX);
    let count = count.saturating_add(verified.untold);
    let (taxpayers, events) = (verified.taxpayers, verified.events);
    let text = if command.json {
        let violations: Vec<Value> = verified.violations.iter().map(as_json).collect();
        json!({
            "holds": count == 0,
            "taxpayers": taxpayers,
            "events": events,
            "violations": violations,
            "untold": verified.untold,
            "millis": millis,
        })
        .to_string()
    } else {
        let mut lines: Vec<String> = verified
            .violations
            .iter()
            .map(Violation::to_string)
            .collect();
        lines.push(match count {
            0 => {
                format!("{events} events of {taxpayers} taxpayers: all invariants hold (账实相符)")
            }
            _ => format!("{events} events of {taxpayers} taxpayers: {count} violations (账实不符)"),
        });
        lines.join("\n")
    };
    writeln!(std::io::stdout(), "{text}")?;
    match count {
        0 => Ok(()),
        _ => Err(format!("{count} violations found").into()),
    }
}
