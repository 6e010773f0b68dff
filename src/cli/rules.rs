//! `caixing rules`: check a pack, show what holds, list every rule of checking.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::BoolishValueParser;
use serde_json::{Value, json};

use super::{findings, table};
use crate::rules::{Dated, Parameter, RuleBook, RuleFiles, audit, tax_of};
use crate::server::rule_book;
use crate::types::{Region, TaxKind, parse_date};

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
    /// Check a rule pack: every problem at once, or its version.
    Check {
        /// A region's file to check together with the pack; may be given again.
        #[arg(long, env = "CAIXING_WITH", value_delimiter = ',')]
        with: Vec<PathBuf>,
    },
    /// Print every parameter that holds for a place on a day.
    Show {
        /// The day, `YYYY-MM-DD`.
        #[arg(long, env = "CAIXING_ON")]
        on: String,
        /// The place, six digits.
        #[arg(long, env = "CAIXING_REGION")]
        region: String,
        /// Only this tax, such as `LAND_USE_TAX`.
        #[arg(long, env = "CAIXING_TAX")]
        tax: Option<String>,
        /// One JSON object a line instead of a table.
        #[arg(long, env = "CAIXING_JSON", value_parser = BoolishValueParser::new())]
        json: bool,
    },
    /// Print `docs/findings.md`: every rule of checking with its severity and legal basis.
    Findings,
}

/// Runs the command.
pub fn run(command: &Rules) -> Result<(), Box<dyn std::error::Error>> {
    let text = match &command.command {
        Command::Check { with } => check(command.rules.as_deref(), with)?,
        Command::Show {
            on,
            region,
            tax,
            json,
        } => {
            let book = rule_book(command.rules.as_deref())?;
            let (on, region) = (parse_date(on)?, Region::parse(region)?);
            let tax = match tax {
                Some(name) => {
                    Some(TaxKind::from_name(name).ok_or(format!("no tax is called {name}"))?)
                }
                None => None,
            };
            let wanted = |id: &str| tax.is_none_or(|tax| tax_of(id) == Some(tax));
            let found: Vec<_> = book
                .parameters_at(region, on)
                .into_iter()
                .filter(|(parameter, _)| wanted(&parameter.id))
                .collect();
            if *json {
                let lines = found.iter().map(|found| as_json(*found).to_string());
                lines.collect::<Vec<_>>().join("\n")
            } else {
                let rows: Vec<Vec<String>> = found.iter().map(|found| as_row(*found)).collect();
                table::lay_out(
                    &["参数", "值", "地区", "起", "止", "状态", "依据"],
                    &rows,
                    9,
                )
            }
        }
        Command::Findings => findings::document().trim_end().to_owned(),
    };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

/// All that is wrong, one problem a line on standard output; or the pack's version.
fn check(
    rules: Option<&std::path::Path>,
    with: &[PathBuf],
) -> Result<String, Box<dyn std::error::Error>> {
    let mut files: RuleFiles = match rules {
        Some(dir) => RuleBook::read_dir(dir)?,
        None => RuleBook::embedded_files(),
    };
    for path in with {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or("a region's file has a name")?;
        files.insert(format!("region/{name}"), text);
    }
    match audit(files) {
        Ok(book) => Ok(format!(
            "{} files, version {}",
            book.files().len(),
            book.digest()
        )),
        Err(problems) => {
            let mut out = std::io::stdout();
            for problem in &problems {
                writeln!(out, "{problem}")?;
            }
            Err(format!("{} problems in the rule pack", problems.len()).into())
        }
    }
}

fn place(parameter: &Parameter) -> String {
    parameter
        .region
        .map_or("全国".to_owned(), |place| place.to_string())
}

fn as_row((parameter, row): (&Parameter, &Dated<String>)) -> Vec<String> {
    vec![
        parameter.id.clone(),
        row.value.clone(),
        place(parameter),
        row.from.to_string(),
        row.to.map(|day| day.to_string()).unwrap_or_default(),
        row.source.status.name().to_owned(),
        row.source.cite.clone(),
    ]
}

fn as_json((parameter, row): (&Parameter, &Dated<String>)) -> Value {
    json!({
        "parameterId": parameter.id,
        "name": parameter.name_zh,
        "value": row.value,
        "unit": parameter.unit.name(),
        "regionCode": parameter.region.map(|place| place.to_string()).unwrap_or_default(),
        "firstDay": row.from.to_string(),
        "lastDay": row.to.map(|day| day.to_string()).unwrap_or_default(),
        "cite": row.source.cite,
        "confidence": row.source.status.name(),
        "checkedOn": row.source.checked_on.to_string(),
        "tax": tax_of(&parameter.id).map(TaxKind::name).unwrap_or_default(),
    })
}
