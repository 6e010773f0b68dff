//! `caixing demo`: plays a journey, or months of a life, against a sandbox, its own when none is
//! named.

use std::path::PathBuf;

use uuid::Uuid;

use clap::builder::BoolishValueParser;

use super::journey::{Failed, JourneyInput, play};
use super::months::{Life, live};
use crate::server::{self, Settings};

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");
const LIFE: &str = include_str!("../../examples/two-years.json");

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// A running sandbox such as `http://127.0.0.1:50051`; without it one is started for the demo.
    #[arg(long, env = "CAIXING_SERVER")]
    server: Option<String>,
    /// Play the first months of a life instead of one journey: filings, payments, late quarters.
    #[arg(long, env = "CAIXING_MONTHS")]
    months: Option<usize>,
    /// A journey file like `examples/hefei-manufacturer.json`, or with `--months` a life like
    /// `examples/two-years.json`; without it that one is played.
    #[arg(long, env = "CAIXING_INPUT")]
    input: Option<PathBuf>,
    /// Print the outcome as one line of JSON instead of tables.
    #[arg(long, env = "CAIXING_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// Runs the command.
pub async fn run(command: Demo) -> Result<(), Failed> {
    let Some(address) = command.server.clone() else {
        let dir = std::env::temp_dir().join(format!("caixing-demo-{}", Uuid::now_v7()));
        let settings = Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            data_dir: dir.clone(),
            database: None,
            rules_dir: None,
            sandbox: true,
            gateway: None,
        };
        let running = server::start(&settings).await?;
        let played = command.play(&format!("http://{}", running.address)).await;
        running.stop().await?;
        std::fs::remove_dir_all(&dir)?;
        return played;
    };
    command.play(&address).await
}

impl Demo {
    async fn play(&self, address: &str) -> Result<(), Failed> {
        let text = match &self.input {
            Some(file) => Some(std::fs::read_to_string(file)?),
            None => None,
        };
        match self.months {
            Some(months) => {
                let life = Life::parse(text.as_deref().unwrap_or(LIFE))?;
                self.live(address, &life, months).await
            }
            None => {
                let input = JourneyInput::parse(text.as_deref().unwrap_or(EXAMPLE))?;
                self.journey(address, &input).await
            }
        }
    }

    async fn live(&self, address: &str, life: &Life, months: usize) -> Result<(), Failed> {
        let say = |line: &str| {
            if !self.json {
                println!("{line}");
            }
        };
        let outcome = live(address, life, months, say).await?;
        if self.json {
            println!("{}", outcome.json()?);
        } else {
            println!("\n{}", outcome.table()?);
        }
        Ok(())
    }

    async fn journey(&self, address: &str, input: &JourneyInput) -> Result<(), Failed> {
        let outcome = play(address, input, self.json).await?;
        if self.json {
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
}
