//! `caixing audit verify`: whether the trail and the tables hold together, beside a running
//! server or without one. It only reads.

use std::io::{IsTerminal as _, Write as _};

use clap::Subcommand;
use clap::builder::BoolishValueParser;
use serde_json::{Value, json};

use super::place::Place;
use crate::signing;
use crate::store::{Break, Store, Tx};
use crate::types::TaxpayerKey;

/// Taxpayers between two lines of progress.
const PROGRESS_EVERY: usize = 50;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Recompute every chain of events and compare the tables with it; exit code 1 on a break.
    Verify {
        #[command(flatten)]
        place: Place,
        /// Only this taxpayer's.
        #[arg(long, env = "CAIXING_TAXPAYER")]
        taxpayer: Option<String>,
        /// Print one line of JSON, with the head of every chain to be kept elsewhere.
        #[arg(long, env = "CAIXING_JSON", value_parser = BoolishValueParser::new())]
        json: bool,
    },
}

/// What was found over all.
#[derive(Default)]
struct Report {
    taxpayers: usize,
    events: usize,
    heads: Vec<Value>,
    breaks: Vec<Break>,
}

/// Runs the command.
pub async fn run(command: &Audit) -> Result<(), Box<dyn std::error::Error>> {
    let Command::Verify {
        place,
        taxpayer,
        json,
    } = &command.command;
    let one = taxpayer.as_deref().map(TaxpayerKey::parse).transpose()?;
    let store = Store::open_for_reading(&place.database()).await?;
    // One snapshot for everything: what a running server writes meanwhile is not in it.
    let mut tx = store.read().await?;
    let report = audited(&mut tx, one).await?;
    drop(tx);
    store.close().await;
    let text = if *json {
        as_json(&report).to_string()
    } else {
        as_text(&report)
    };
    writeln!(std::io::stdout(), "{text}")?;
    match report.breaks.len() {
        0 => Ok(()),
        breaks => Err(format!("the trail does not hold: {breaks} found").into()),
    }
}

async fn audited(
    tx: &mut Tx,
    one: Option<TaxpayerKey>,
) -> Result<Report, Box<dyn std::error::Error>> {
    let mut report = Report::default();
    let all = tx.audit_taxpayers().await?;
    let ids = match one {
        None => {
            let (_, gap) = tx.audit_positions().await?;
            report.breaks.extend(gap);
            report.breaks.extend(tx.audit_rule_packs().await?);
            all
        }
        Some(key) if all.contains(&key.to_string()) => vec![key.to_string()],
        Some(key) => return Err(format!("there is no taxpayer {key}").into()),
    };
    let terminal = std::io::stderr().is_terminal();
    for (done, id) in ids.iter().enumerate() {
        if terminal && done % PROGRESS_EVERY == 0 {
            eprint!("\r{done}/{} taxpayers", ids.len());
        }
        let found = tx.audit_taxpayer(id, signing::verify).await?;
        report.taxpayers += 1;
        report.events += found.events;
        report.breaks.extend(found.breaks);
        report
            .heads
            .push(json!({"taxpayerId": id, "sequence": found.events, "hash": found.head}));
    }
    if terminal {
        eprint!("\r\x1b[K");
    }
    Ok(report)
}

fn as_json(report: &Report) -> Value {
    let broken = |found: &Break| {
        json!({
            "taxpayerId": found.taxpayer_id,
            "sequence": found.sequence,
            "subject": found.subject,
            "fault": found.fault.name(),
            "text": found.text,
        })
    };
    json!({
        "holds": report.breaks.is_empty(),
        "taxpayers": report.taxpayers,
        "events": report.events,
        "breaks": report.breaks.iter().map(broken).collect::<Vec<_>>(),
        "heads": report.heads,
    })
}

fn as_text(report: &Report) -> String {
    let mut lines = Vec::new();
    for found in &report.breaks {
        let place = found.sequence.map(|number| format!(" event {number}"));
        let owner = if found.taxpayer_id.is_empty() {
            "all taxpayers".to_owned()
        } else {
            format!("taxpayer {}", found.taxpayer_id)
        };
        let name = found.fault.name();
        let place = place.unwrap_or_default();
        let about = [found.subject.as_str(), found.text.as_str()];
        let about = about.into_iter().filter(|text| !text.is_empty());
        let about = about.collect::<Vec<_>>().join(": ");
        lines.push(format!("{name} {owner}{place} {about}"));
    }
    let (events, taxpayers) = (report.events, report.taxpayers);
    lines.push(match report.breaks.is_empty() {
        true => format!("{events} events of {taxpayers} taxpayers: the trail holds (审计链完整)"),
        false => format!("{events} events of {taxpayers} taxpayers (审计链有断裂)"),
    });
    lines.join("\n")
}
