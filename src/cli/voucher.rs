//! `caixing voucher verify FILE`: whether a voucher's signature holds, without any server.

use std::path::PathBuf;

use clap::Subcommand;

use super::json;
use crate::filing::VoucherBody;
use crate::pb;
use crate::signing;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Voucher {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify a voucher saved as the JSON of `Voucher` or of `GetVoucherResponse`.
    Verify {
        /// The file.
        file: PathBuf,
        /// The service's published key, hex; without it only the voucher's own key is used.
        #[arg(long, env = "CAIXING_PUBLIC_KEY")]
        public_key: Option<String>,
    },
}

/// Runs the command.
pub fn run(command: &Voucher) -> Result<(), Box<dyn std::error::Error>> {
    let Command::Verify { file, public_key } = &command.command;
    let text = std::fs::read_to_string(file)?;
    let voucher = match json::read::<pb::GetVoucherResponse>("GetVoucherResponse", &text) {
        Ok(pb::GetVoucherResponse {
            voucher: Some(voucher),
        }) => voucher,
        _ => json::read::<pb::Voucher>("Voucher", &text)?,
    };
    let key = public_key.as_deref().unwrap_or(&voucher.public_key);
    if !signing::verify(&voucher.signed_text, &voucher.signature, key) {
        return Err("the signature does not hold".into());
    }
    let body: VoucherBody = serde_json::from_str(&voucher.signed_text)?;
    let shown = (voucher.voucher_number.as_str(), voucher.total_yuan.clone());
    if shown != (body.voucher_number.as_str(), body.total.to_string()) {
        return Err("what is shown is not what was signed".into());
    }
    println!(
        "{} {} 元 {}：签名有效",
        body.voucher_number, body.total, body.total_in_words
    );
    Ok(())
}
