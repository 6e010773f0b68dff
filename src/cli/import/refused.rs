//! Refused rows, written as they came with what is wrong.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::Tally;
use super::lines::Origin;
use crate::pb;

/// Refused rows told on standard error where no file is named for them.
const TOLD_MAX: u64 = 20;

/// Where refused rows go.
pub struct Refusals {
    file: Option<(PathBuf, File)>,
    told: u64,
}

impl Refusals {
    /// Makes the file. One that is there is not written over: it may be the one that is read.
    pub fn open(path: Option<&Path>) -> Result<Self, String> {
        let file = match path {
            None => None,
            Some(path) => {
                let file = File::create_new(path).map_err(|error| match error.kind() {
                    ErrorKind::AlreadyExists => format!(
                        "{} is there already: name another file for refused rows",
                        path.display()
                    ),
                    _ => format!("{}: {error}", path.display()),
                })?;
                Some((path.to_owned(), file))
            }
        };
        Ok(Self { file, told: 0 })
    }

    /// Writes a refused row, or tells of it.
    pub fn write(&mut self, origin: &Origin, failure: &pb::ItemFailure) -> std::io::Result<()> {
        if let Some((_, file)) = &mut self.file {
            let line = origin.refused(failure) + "\n";
            return file.write_all(line.as_bytes());
        }
        self.told += 1;
        if self.told <= TOLD_MAX {
            let key = &origin.key;
            if failure.violations.is_empty() {
                eprintln!("row {key}: {}: {}", failure.reason, failure.message);
            }
            for wrong in &failure.violations {
                let field = origin.field(wrong);
                eprintln!("row {key}: {field}: {}: {}", wrong.reason, wrong.message);
            }
        }
        Ok(())
    }

    /// Says where the refused rows are; takes the file away where there are none.
    pub fn close(self, tally: &Tally) -> std::io::Result<()> {
        match self.file {
            Some((path, _)) if tally.refused == 0 => std::fs::remove_file(path)?,
            Some((path, file)) => {
                file.sync_all()?;
                let (refused, path) = (tally.refused, path.display());
                println!("{refused} refused rows: correct them in {path} and import it");
            }
            None if self.told > TOLD_MAX => {
                let more = self.told - TOLD_MAX;
                eprintln!("{more} more were refused: name a file for them with --errors");
            }
            None => {}
        }
        Ok(())
    }
}
