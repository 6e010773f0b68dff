//! The command line: `serve`, `gateway`, `demo`, `assess`, `import`, `rules`, `voucher`, `audit`,
//! `backup`, `restore`, `migrate`, `verify`.
//! Every flag has a `CAIXING_*` variable beside it.

mod api;
mod api_reference;
mod assess;
mod audit;
mod backup;
mod demo;
mod findings;
mod gateway;
mod import;
mod journey;
mod json;
mod migrate;
mod months;
mod paper;
mod place;
mod progress;
mod restore;
mod rules;
mod table;
mod verify;
mod voucher;
mod voucher_check;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::BoolishValueParser;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::server::{self, Settings};

pub use api::service_config;
pub use api_reference::document as api_reference;
pub use findings::document as findings_document;
pub use journey::{JourneyInput, JourneyOutcome, play};
pub use json::{JsonError, read as read_json, write as write_json};
pub use months::{Filed, Life, LifeOutcome, PaidBack, live};
pub use voucher_check::{Altered, check_voucher};

/// Consolidated filing of China's property-and-behaviour taxes (财产和行为税合并申报).
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the gRPC API.
    Serve(Serve),
    /// Be the sandbox's bank and treasury, with faults on demand.
    Gateway(gateway::Gateway),
    /// Play the whole journey, or months of a life, and verify every voucher.
    Demo(demo::Demo),
    /// Compute declarations offline: AssessDeclaration requests in JSON, one answer per request.
    Assess(assess::Assess),
    /// Collect the sources of a file; refused rows are given back with what is wrong.
    Import(import::Import),
    /// The rule pack.
    Rules(rules::Rules),
    /// Vouchers.
    Voucher(voucher::Voucher),
    /// The audit trail.
    Audit(audit::Audit),
    /// The API for those who build clients: reference, descriptors, service config.
    Api(api::Api),
    /// Write a whole database to one file, beside a running server or without one.
    Backup(backup::Backup),
    /// Fill an empty database from a backup, or check a backup without any database.
    Restore(restore::Restore),
    /// Copy one database into another, empty one: from SQLite to PostgreSQL, or back.
    Migrate(migrate::Migrate),
    /// Recount everything that must hold in a database; exit code 1 where something does not.
    Verify(verify::Verify),
}

#[derive(Debug, clap::Args)]
struct Serve {
    /// Where to listen.
    #[arg(long, env = "CAIXING_LISTEN", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    #[command(flatten)]
    place: place::Place,
    /// A rule pack that replaces the embedded one.
    #[arg(long, env = "CAIXING_RULES")]
    rules: Option<PathBuf>,
    /// Plaintext on loopback, a clock that can be set, a simulated bank and treasury.
    #[arg(long, env = "CAIXING_SANDBOX", value_parser = BoolishValueParser::new())]
    sandbox: bool,
    /// A full Chinese font for documents with letters outside GB 2312.
    #[arg(long, env = "CAIXING_FONT")]
    font: Option<PathBuf>,
    /// A bank and treasury to ask, such as `http://127.0.0.1:50052` (`caixing gateway`); without
    /// it the sandbox has one of its own.
    #[arg(long, env = "CAIXING_GATEWAY")]
    gateway: Option<String>,
    /// Serve metrics to Prometheus at this address, over HTTP.
    #[arg(long, env = "CAIXING_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Write logs as JSON lines.
    #[arg(long, env = "CAIXING_LOG_JSON", value_parser = BoolishValueParser::new())]
    log_json: bool,
}

/// Runs the command the arguments name.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let done: Result<(), Box<dyn std::error::Error>> = match cli.command {
        Command::Serve(command) => runtime.block_on(serve(command)),
        Command::Gateway(command) => runtime.block_on(gateway::run(command)),
        Command::Demo(command) => runtime.block_on(demo::run(command)),
        Command::Assess(command) => assess::run(&command),
        Command::Import(command) => runtime.block_on(import::run(command)),
        Command::Rules(command) => rules::run(&command),
        Command::Voucher(command) => voucher::run(&command),
        Command::Audit(command) => runtime.block_on(audit::run(&command)),
        Command::Api(command) => api::run(&command),
        Command::Backup(command) => runtime.block_on(backup::run(&command)),
        Command::Restore(command) => runtime.block_on(restore::run(&command)),
        Command::Migrate(command) => runtime.block_on(migrate::run(&command)),
        Command::Verify(command) => runtime.block_on(verify::run(&command)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads standard output has read enough, such as `head`.
        Err(error) if reader_left(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref()),
    }
}

fn reader_left(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("caixing: {error}");
    ExitCode::FAILURE
}

/// Logs to standard error; frames of the transport are not logged unless asked for.
fn start_logging(json: bool) {
    let filter = EnvFilter::try_from_env("CAIXING_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,h2=warn,hyper=warn,tower=warn,sqlx=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = if json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    // A second start in one process (tests) keeps the first.
    let _ = started;
}

async fn serve(command: Serve) -> Result<(), Box<dyn std::error::Error>> {
    start_logging(command.log_json);
    voucher::use_font(command.font.as_deref())?;
    let settings = Settings {
        listen: command.listen,
        database: Some(command.place.database()),
        data_dir: command.place.data_dir,
        rules_dir: command.rules,
        sandbox: command.sandbox,
        gateway: command.gateway,
        metrics: command.metrics_listen,
    };
    // Taken in before anything says the server is up, so that no signal finds the default action.
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut running = server::start(&settings).await?;
    println!("caixing listens on {}", running.address);
    tokio::select! {
        ended = running.ended() => return Ok(ended?),
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping; running calls end first");
    running.stop().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    fn flags_without_variable(command: &Command, found: &mut Vec<String>) {
        for flag in command
            .get_arguments()
            .filter(|arg| arg.get_long().is_some())
        {
            let name = flag.get_id().as_str();
            let variable = format!("CAIXING_{}", name.to_uppercase());
            let own = matches!(name, "help" | "version");
            if !own && flag.get_env().is_none_or(|env| env != variable.as_str()) {
                found.push(format!("{} --{name}", command.get_name()));
            }
        }
        for inner in command.get_subcommands() {
            flags_without_variable(inner, found);
        }
    }

    #[test]
    fn every_flag_has_its_variable() {
        let mut found = Vec::new();
        flags_without_variable(&super::Cli::command(), &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
}
