//! `caixing restore`: an empty database filled from a backup, or a backup checked on its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use serde_json::json;

use super::place::Place;
use super::progress::{Bar, pace};
use crate::clock::system_now;
use crate::signing;
use crate::store::{Hooks, check_backup, restore};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The backup.
    #[arg(long, env = "CAIXING_FROM")]
    from: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Only read the backup and check every byte of it; no database is touched.
    #[arg(long, env = "CAIXING_CHECK", value_parser = BoolishValueParser::new())]
    check: bool,
    /// Empty what an unfinished copy left in the database, and begin again.
    #[arg(long, env = "CAIXING_BEGIN_AGAIN", value_parser = BoolishValueParser::new())]
    begin_again: bool,
    /// Print the outcome as one line of JSON.
    #[arg(long, env = "CAIXING_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
}

/// Runs the command.
pub async fn run(command: &Restore) -> Result<(), Box<dyn std::error::Error>> {
    let mut bar = Bar::new();
    let mut watch = |progress| bar.draw(progress);
    let (done, key) = if command.check {
        let checked = check_backup(&command.from, &mut watch);
        let millis = bar.end();
        let (header, sums, _) = checked?;
        let key = header.voucher_key.is_some();
        let rows = sums.rows();
        let text = format!(
            "{}: whole and unchanged, {rows} rows of {} taxpayers' chains, taken at {} of {} by \
             caixing {}",
            command.from.display(),
            sums.chains,
            header.taken_at,
            header.database,
            header.caixing
        );
        let said = json!({"rows": rows, "sums": sums, "takenAt": header.taken_at,
            "database": header.database, "voucherKey": key, "millis": millis});
        ((text, said), None)
    } else {
        let hooks = Hooks {
            at: system_now(),
            verify: signing::verify,
            begin_again: command.begin_again,
        };
        let database = command.place.database();
        let restored = restore(&command.from, &database, hooks, &mut watch).await;
        let millis = bar.end();
        let (header, copied) = restored?;
        let (rows, before) = (copied.sums.rows(), copied.before);
        let text = format!(
            "{rows} rows restored and compared ({before} were there from an earlier run), {} \
             rows/s",
            pace(rows, millis)
        );
        let said = json!({"rows": rows, "before": before, "sums": copied.sums,
            "takenAt": header.taken_at, "voucherKey": header.voucher_key.is_some(),
            "millis": millis});
        ((text, said), Some(header.voucher_key))
    };
    let (text, said) = done;
    let mut lines = vec![if command.json { said.to_string() } else { text }];
    if let Some(key) = key {
        let told = put_key(key.as_deref(), &command.place.voucher_key())?;
        if !command.json {
            lines.push(told);
        }
    }
    writeln!(std::io::stdout(), "{}", lines.join("\n"))?;
    Ok(())
}

/// Puts the key of a backup where the service looks for it; what there is to say of it.
fn put_key(key: Option<&str>, file: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let place = file.display();
    let Some(key) = key else {
        return Ok(format!(
            "the backup has no key that signs vouchers: put the old one to {place} before serving, \
             else new vouchers are signed with a new key"
        ));
    };
    match std::fs::read_to_string(file) {
        Ok(there) if there.trim() == key => return Ok(format!("{place} is there already")),
        Ok(_) => {
            return Err(format!(
                "the rows are restored, but {place} holds another key than the backup: move it \
                 away and run the restore's key again, or keep it"
            )
            .into());
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{place}: {error}").into()),
    }
    if let Some(dir) = file.parent() {
        std::fs::create_dir_all(dir)?;
    }
    signing::keep_key(file, key)?;
    Ok(format!("the key that signs vouchers → {place}"))
}
