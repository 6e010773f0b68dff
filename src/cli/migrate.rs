//! `caixing migrate`: one database copied into another, with no file between them.

use std::io::Write as _;

use clap::builder::BoolishValueParser;
use serde_json::json;

use super::progress::{Bar, pace};
use crate::clock::system_now;
use crate::signing;
use crate::store::{Database, Hooks, migrate};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Migrate {
    /// The database to copy: `sqlite://DIRECTORY` or `postgres://USER:PASSWORD@HOST/DATABASE`. No
    /// server may run on it.
    #[arg(long, env = "CAIXING_FROM", hide_env_values = true)]
    from: Database,
    /// The empty database to fill.
    #[arg(long, env = "CAIXING_TO", hide_env_values = true)]
    to: Database,
    /// Empty what an unfinished copy left in the database, and begin again.
    #[arg(long, env = "CAIXING_BEGIN_AGAIN", value_parser = BoolishValueParser::new())]
    begin_again: bool,
    /// Print the outcome as one line of JSON.
    #[arg(long, env = "CAIXING_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// Runs the command.
pub async fn run(command: &Migrate) -> Result<(), Box<dyn std::error::Error>> {
    let hooks = Hooks {
        at: system_now(),
        verify: signing::verify,
        begin_again: command.begin_again,
    };
    let mut bar = Bar::new();
    let mut watch = |progress| bar.draw(progress);
    let done = migrate(&command.from, &command.to, hooks, &mut watch).await;
    let millis = bar.end();
    let copied = done?;
    let (rows, before) = (copied.sums.rows(), copied.before);
    let text = if command.json {
        json!({"rows": rows, "before": before, "sums": copied.sums, "millis": millis}).to_string()
    } else {
        format!(
            "{rows} rows copied ({before} were there from an earlier run), compared table by table \
             and audited, {} rows/s\nserve the new database with the same --data-dir: the key that \
             signs vouchers and the sandbox's clock lie there",
            pace(rows, millis)
        )
    };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
