//! `caixing backup`: a whole database in one file, from one snapshot.

use std::io::Write as _;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use serde_json::json;

use super::place::Place;
use super::progress::{Bar, pace};
use crate::clock::system_now;
use crate::store::{Store, backup};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The file to write; it appears when it is whole.
    #[arg(long, env = "CAIXING_TO")]
    to: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Write over a file that is there already.
    #[arg(long, env = "CAIXING_FORCE", value_parser = BoolishValueParser::new())]
    force: bool,
    /// Put the key that signs vouchers into the file: whoever has the file can then sign.
    #[arg(long, env = "CAIXING_WITH_VOUCHER_KEY", value_parser = BoolishValueParser::new())]
    with_voucher_key: bool,
    /// Print the outcome as one line of JSON.
    #[arg(long, env = "CAIXING_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// Runs the command.
pub async fn run(command: &Backup) -> Result<(), Box<dyn std::error::Error>> {
    let file = command.place.voucher_key();
    let key = match command.with_voucher_key {
        true => Some(
            std::fs::read_to_string(&file)
                .map_err(|error| format!("{}: {error}", file.display()))?
                .trim()
                .to_owned(),
        ),
        false => None,
    };
    let with_key = key.is_some();
    let store = Store::open_for_reading(&command.place.database()).await?;
    let mut bar = Bar::new();
    let mut watch = |progress| bar.draw(progress);
    let how = (command.force, key);
    let written = backup(&store, &command.to, how, system_now(), &mut watch).await;
    let millis = bar.end();
    store.close().await;
    let (sums, bytes) = written?;
    let rows = sums.rows();
    let text = if command.json {
        json!({
            "file": command.to,
            "bytes": bytes,
            "rows": rows,
            "sums": sums,
            "voucherKey": with_key,
            "millis": millis,
        })
        .to_string()
    } else {
        let key = if with_key {
            "the key that signs vouchers is in it: keep it as secret as the key".to_owned()
        } else {
            format!(
                "the key that signs vouchers is not in it: keep {} apart, or use \
                 --with-voucher-key",
                file.display()
            )
        };
        format!(
            "{rows} rows of {} taxpayers' chains, {bytes} bytes, {} rows/s → {}\n{key}",
            sums.chains,
            pace(rows, millis),
            command.to.display()
        )
    };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
