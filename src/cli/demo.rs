//! `caixing demo`: plays a journey against a sandbox, its own when none is named.

use std::path::PathBuf;

use uuid::Uuid;

use clap::builder::BoolishValueParser;

use super::journey::{Failed, JourneyInput, play};
use crate::server::{self, Settings};

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// A running sandbox such as `http://127.0.0.1:50051`; without it one is started for the demo.
    #[arg(long, env = "CAIXING_SERVER")]
    server: Option<String>,
    /// A journey file like `examples/hefei-manufacturer.json`; without it that one is played.
    #[arg(long, env = "CAIXING_INPUT")]
    input: Option<PathBuf>,
    /// Print the outcome as one line of JSON instead of tables.
    #[arg(long, env = "CAIXING_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// Runs the command.
pub async fn run(command: Demo) -> Result<(), Failed> {
    let text = match &command.input {
        Some(file) => std::fs::read_to_string(file)?,
        None => EXAMPLE.to_owned(),
    };
    let input = JourneyInput::parse(&text)?;
    let quiet = command.json;
    let outcome = match command.server {
        Some(address) => play(&address, &input, quiet).await?,
        None => {
            let dir = std::env::temp_dir().join(format!("caixing-demo-{}", Uuid::now_v7()));
            let settings = Settings {
                listen: ([127, 0, 0, 1], 0).into(),
                data_dir: dir.clone(),
                rules_dir: None,
                sandbox: true,
                gateway: None,
            };
            let running = server::start(&settings).await?;
            let outcome = play(&format!("http://{}", running.address), &input, quiet).await;
            running.stop().await?;
            std::fs::remove_dir_all(&dir)?;
            outcome?
        }
    };
    if command.json {
        println!(
            "{}",
            serde_json::json!({
                "verified": true,
                "declarationId": outcome.declaration.declaration_id,
                "paymentId": outcome.payment.payment_id,
                "voucherNumber": outcome.voucher.voucher_number,
                "totalYuan": outcome.voucher.total_yuan,
            })
        );
    }
    Ok(())
}
