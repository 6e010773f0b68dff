//! What is looked at before the embedded database is opened for writing, and the full check.
//!
//! The start must be quick on a large file, so the full check runs there only on a small one; what
//! it would find on a large one is found by `Store::check_file`, or when the page is read.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, SqliteConnection};
use tokio_stream::StreamExt as _;

use super::StoreError;

/// The largest file that is checked page by page at each start, bytes.
const SMALL: u64 = 16 * 1024 * 1024;
/// Findings that one check gives at most.
const FINDINGS_MAX: usize = 20;
const MAGIC: &[u8] = b"SQLite format 3\0";
const HEADER: usize = 100;
/// Written into the header: the file is this program's.
pub(super) const APPLICATION_ID: &str = "PRAGMA application_id = 1128352088";
const FOREIGN_KEYS: &str = "PRAGMA foreign_key_check";
const WHAT_TO_DO: &str = "nothing was changed; restore a backup, or read a copy of the file";

/// An error at the start, with the file it is about.
pub(super) fn refuse(file: &Path, problem: &dyn std::fmt::Display) -> StoreError {
    StoreError::Open(format!("{}: {problem}", file.display()))
}

/// An error of the driver at the start, in words that say what to do.
pub(super) fn refuse_error(file: &Path, error: sqlx::Error) -> StoreError {
    let text = error.to_string();
    match StoreError::from(error) {
        StoreError::Damaged(_) => refuse(file, &format!("it is damaged: {text}; {WHAT_TO_DO}")),
        StoreError::ReadOnly => refuse(file, &"it may only be read; it must be writable"),
        StoreError::NoSpace | StoreError::CannotWrite(_) => {
            refuse(file, &format!("nothing can be written ({text}); make room"))
        }
        _ => refuse(file, &text),
    }
}

/// The companion of a file, such as its log.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |found| found.len())
}

/// Looks at the file without SQLite: that it is one, may be written, is not cut short. `made` says
/// that there was a database before, so that none may be made in its place.
///
/// # Errors
/// [`StoreError::Open`] in words that say what to do.
pub(super) fn before_opening(file: &Path, made: bool) -> Result<(), StoreError> {
    if file.is_dir() {
        return Err(refuse(file, &"it is a directory, not a database"));
    }
    for each in [file, &beside(file, "-wal"), &beside(file, "-shm")] {
        if each.exists()
            && let Err(error) = OpenOptions::new().read(true).write(true).open(each)
            // The last connection of an earlier life takes the log away as it closes.
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(refuse(
                each,
                &format!("it cannot be written ({error}); whoever runs caixing must own it"),
            ));
        }
    }
    let length = length(file);
    let logged = self::length(&beside(file, "-wal")) > 0;
    if length == 0 {
        let gone = "it is empty or gone, but a database was made here: restore a backup, or begin \
                    anew in another directory";
        return if made && !logged {
            Err(refuse(file, &gone))
        } else {
            Ok(())
        };
    }
    let mut header = Vec::with_capacity(HEADER);
    File::open(file)
        .and_then(|opened| opened.take(100).read_to_end(&mut header))
        .map_err(|error| refuse(file, &error))?;
    let number = |at: usize, bytes: usize| {
        let part = header.get(at..at.saturating_add(bytes)).unwrap_or_default();
        part.iter()
            .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
    };
    if !header.starts_with(MAGIC) || header.len() < HEADER {
        let text = format!("it is no SQLite database (its header is not one); {WHAT_TO_DO}");
        return Err(refuse(file, &text));
    }
    let page = match number(16, 2) {
        1 => 65536,
        size => size,
    };
    if !page.is_power_of_two() || page < 512 {
        let text = format!("its header is damaged (pages of {page} bytes); {WHAT_TO_DO}");
        return Err(refuse(file, &text));
    }
    let whole = number(28, 4).saturating_mul(page);
    // What a crash left in the log may still have to lengthen the file.
    if number(24, 4) == number(92, 4) && length < whole && !logged {
        let text = format!("it is cut short: {length} bytes of {whole} are there; {WHAT_TO_DO}");
        return Err(refuse(file, &text));
    }
    Ok(())
}

/// Checks an opened file: that it is this program's, and, where it is small, every page.
///
/// # Errors
/// [`StoreError::Open`] in words that say what to do.
pub(super) async fn after_opening(
    file: &Path,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    let tables = "SELECT COUNT(*), CAST(COALESCE(SUM(name = '_sqlx_migrations'), 0) AS BIGINT)
                  FROM sqlite_schema WHERE type = 'table'";
    let (tables, own): (i64, i64) = sqlx::query_as(tables)
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| refuse_error(file, error))?;
    if tables > 0 && own == 0 {
        let text = "it is a database of another program; give caixing a directory of its own";
        return Err(refuse(file, &text));
    }
    if length(file).max(length(&beside(file, "-wal"))) > SMALL {
        return Ok(());
    }
    let found = structure(connection, FINDINGS_MAX)
        .await
        .map_err(|error| refuse_error(file, error))?;
    if found.is_empty() {
        return Ok(());
    }
    let text = format!(
        "it is damaged; the integrity check found: {}; {WHAT_TO_DO}",
        found.join("; ")
    );
    Err(refuse(file, &text))
}

/// What SQLite's check of every page, row and index finds, at most so much.
pub(super) async fn structure(
    connection: &mut SqliteConnection,
    most: usize,
) -> Result<Vec<String>, sqlx::Error> {
    let check = AssertSqlSafe(format!("PRAGMA integrity_check({most})"));
    let mut rows = sqlx::query_as::<_, (String,)>(check).fetch(connection);
    let mut found = Vec::new();
    while let Some(row) = rows.next().await {
        match row {
            // A headline, such as "*** in database main ***", says nothing by itself.
            Ok((text,)) => found.extend(
                text.lines()
                    .filter(|line| *line != "ok" && !line.starts_with("***"))
                    .map(str::to_owned),
            ),
            Err(error) if found.is_empty() => return Err(error),
            // What it found before it could not go on says which page it is.
            Err(_) => break,
        }
    }
    found.truncate(most);
    Ok(found)
}

/// The full check: every page, row and index, and every row that another names.
///
/// # Errors
/// The driver's, where damage keeps the check from running.
pub(super) async fn full(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut found = structure(connection, FINDINGS_MAX).await?;
    type Missing = (String, Option<i64>, String, i64);
    let rows: Vec<Missing> = sqlx::query_as(FOREIGN_KEYS).fetch_all(connection).await?;
    let missing = |(table, row, parent, _): Missing| {
        let row = row.map_or_else(|| "a row".to_owned(), |row| format!("row {row}"));
        format!("{row} of {table} names one of {parent} that is not there")
    };
    found.extend(rows.into_iter().take(FINDINGS_MAX).map(missing));
    Ok(found)
}
