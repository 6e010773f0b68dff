//! `caixing rules check` and `caixing rules show`.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Subcommand;

use super::table;
use crate::server::rule_book;
use crate::types::{Region, parse_date};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Rules {
    /// A rule pack that replaces the embedded one.
    #[arg(long, env = "CAIXING_RULES", global = true)]
    rules: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a rule pack and print its version.
    Check,
    /// Print every parameter that holds for a place on a day.
    Show {
        /// The day, `YYYY-MM-DD`.
        #[arg(long, env = "CAIXING_ON")]
        on: String,
        /// The place, six digits.
        #[arg(long, env = "CAIXING_REGION")]
        region: String,
    },
}

/// Runs the command.
pub fn run(command: &Rules) -> Result<(), Box<dyn std::error::Error>> {
    let book = rule_book(command.rules.as_deref())?;
    match &command.command {
        Command::Check => {
            let files = book.files().len();
            writeln!(
                std::io::stdout(),
                "{files} files, version {}",
                book.digest()
            )?;
        }
        Command::Show { on, region } => {
            let (on, region) = (parse_date(on)?, Region::parse(region)?);
            let rows: Vec<Vec<String>> = book
                .parameters_at(region, on)
                .into_iter()
                .map(|(parameter, row)| {
                    vec![
                        parameter.id.clone(),
                        row.value.clone(),
                        parameter
                            .region
                            .map_or("全国".to_owned(), |place| place.to_string()),
                        row.source.status.name().to_owned(),
                        row.source.cite.clone(),
                    ]
                })
                .collect();
            writeln!(
                std::io::stdout(),
                "{}",
                table::lay_out(&["参数", "值", "地区", "状态", "依据"], &rows, 9)
            )?;
        }
    }
    Ok(())
}
