//! `caixing gateway`: the sandbox's bank and treasury as a process of its own.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::BoolishValueParser;
use jiff::civil::Date;

use super::start_logging;
use super::table::lay_out;
use crate::gateway::{Books, Reporter};
use crate::pb;
use crate::server::{self, GatewaySettings};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Gateway {
    #[command(subcommand)]
    then: Option<Then>,
    /// Where to listen.
    #[arg(long, env = "CAIXING_LISTEN", default_value = "127.0.0.1:50052")]
    listen: SocketAddr,
    /// Where Caixing takes settlements and the day's file in.
    #[arg(
        long,
        env = "CAIXING_CALLBACK",
        default_value = "http://127.0.0.1:50051",
        global = true
    )]
    callback: String,
    /// Where the bank's books lie.
    #[arg(
        long,
        env = "CAIXING_DATA_DIR",
        default_value = "./caixing-bank",
        global = true
    )]
    data_dir: PathBuf,
    /// How it misbehaves: a JSON list of `{"taxpayer_id", "fault", "times"}`, or one on each
    /// line. Looked at before each order.
    #[arg(long, env = "CAIXING_FAULTS")]
    faults: Option<PathBuf>,
    /// Write logs as JSON lines.
    #[arg(long, env = "CAIXING_LOG_JSON", value_parser = BoolishValueParser::new())]
    log_json: bool,
}

#[derive(Debug, Subcommand)]
enum Then {
    /// Send the reconciliation file of a day (日终对账), one for each treasury, and print what
    /// came of it.
    Reconcile {
        /// The day, ISO date.
        #[arg(long, env = "CAIXING_DAY")]
        day: Date,
    },
}

/// Runs the command.
pub async fn run(command: Gateway) -> Result<(), Box<dyn Error>> {
    start_logging(command.log_json);
    match command.then {
        Some(Then::Reconcile { day }) => {
            let books = Books::read(&command.data_dir)?;
            let reporter = Reporter::new(&command.callback)?;
            show(&reporter.send_day(&books, day).await?);
            Ok(())
        }
        None => serve(command).await,
    }
}

async fn serve(command: Gateway) -> Result<(), Box<dyn Error>> {
    let settings = GatewaySettings {
        listen: command.listen,
        callback: command.callback,
        data_dir: command.data_dir,
        faults: command.faults,
    };
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let running = server::start_gateway(&settings).await?;
    println!("caixing gateway listens on {}", running.address);
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    running.stop().await?;
    Ok(())
}

/// Every row that did not simply agree, and the sums of each file.
fn show(answers: &[pb::ReconcileDayResponse]) {
    use pb::reconcile_day_response::Part;
    let mut rows = Vec::new();
    for answer in answers {
        match &answer.part {
            Some(Part::Row(row)) if row.result() == pb::ReconciliationResult::Agrees => {}
            Some(Part::Row(row)) => {
                let result = row.result().as_str_name();
                let result = result.trim_start_matches("RECONCILIATION_RESULT_");
                let failure = row.failure.as_ref().map(|failure| failure.message.clone());
                rows.push(vec![
                    row.row_number.to_string(),
                    result.to_owned(),
                    row.payment_state.clone(),
                    failure.unwrap_or_else(|| row.case_id.clone()),
                ]);
            }
            Some(Part::Summary(sums)) => {
                if !rows.is_empty() {
                    let heading = ["row", "result", "payment", "case or failure"];
                    println!("{}\n", lay_out(&heading, &rows, usize::MAX));
                    rows.clear();
                }
                println!(
                    "rows {}, agree {}, merged {}, cases {}, refused {}",
                    sums.row_count,
                    sums.agree_count,
                    sums.merged_count,
                    sums.case_count,
                    sums.refused_count
                );
            }
            None => {}
        }
    }
    if answers.is_empty() {
        println!("no orders on that day");
    }
}
