//! Whole pieces of work: backup, restore, migrate.

use std::path::Path;

use jiff::Timestamp;

use super::super::tables::copied;
use super::super::{Backend, Database, Limits, Store, StoreError, Violation};
use super::file::{BackupError, BackupFile};
use super::fill::{FillError, NotEmpty};
use super::format::{
    Header, Item, Reader, begin_line, check_backup, end_line, header_line, trailer_line,
};
use super::hold::Hold;
use super::read::{Line, Pages, has_its_row};
use super::{Progress, Row, Sums, Watcher};

/// Rows in one transaction, and about how many bytes of values.
const ROWS: usize = 2000;
const BYTES: usize = 8 * 1024 * 1024;

/// What a copy needs from outside the store.
#[derive(Debug, Clone, Copy)]
pub struct Hooks {
    /// Now.
    pub at: Timestamp,
    /// Whether a signature over a text holds under a public key.
    pub verify: fn(&str, &str, &str) -> bool,
    /// Empty what an unfinished copy left, and begin again.
    pub begin_again: bool,
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What the copy sums up to.
    pub sums: Sums,
    /// Rows that were there already from an earlier run.
    pub before: u64,
}

/// Why a copy was not made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database to be filled is not empty.
    #[error(transparent)]
    NotEmpty(#[from] NotEmpty),
    /// From and to are one.
    #[error("both URLs name the same database")]
    Same,
    /// The source moves on.
    #[error(
        "the database that is copied was written to since the copy began: stop every server on it, \
         then run the same command with --begin-again"
    )]
    Moved,
    /// The copy is not what was copied.
    #[error(
        "the copy does not agree with what was copied ({0}): it stays marked as unfinished; run \
         the same command with --begin-again"
    )]
    Differs(String),
    /// The copy does not hold what a database must.
    #[error(
        "the copy is equal to its source, but {0} rules do not hold in it, the first: {1}. See \
         `caixing verify` on the source"
    )]
    Wrong(usize, String),
}

impl From<FillError> for CopyError {
    fn from(error: FillError) -> Self {
        match error {
            FillError::NotEmpty(error) => error.into(),
            FillError::Store(error) => error.into(),
        }
    }
}

impl Store {
    const fn kind(&self) -> &'static str {
        match self.backend {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgres",
        }
    }
}

/// Writes all a database holds to a file, from one snapshot, beside a running server or without.
///
/// # Errors
/// [`CopyError`]; then no file was made and none was changed.
pub async fn backup(
    store: &Store,
    to: &Path,
    (force, voucher_key): (bool, Option<String>),
    at: Timestamp,
    watcher: Watcher<'_>,
) -> Result<(Sums, u64), CopyError> {
    let mut file = BackupFile::create(to, force)?;
    let mut tx = store.read().await?;
    tx.ask_newest_schema().await?;
    tx.unhurried().await?;
    let rows = tx.count_all().await?;
    let header = Header::new(at.to_string(), store.kind(), rows, voucher_key);
    file.line(&header_line(&header)?)?;
    let sums = tx
        .sum_up(("backing up", rows), watcher, |table, line| {
            match line {
                Line::Begins => file.line(&begin_line(table)?)?,
                Line::Row(row) => file.line(row)?,
                Line::Ends(sum) => file.line(&end_line(sum)?)?,
            }
            Ok::<(), CopyError>(())
        })
        .await?;
    drop(tx);
    let trailer = trailer_line(&sums, &file)?;
    file.line(&trailer)?;
    Ok((sums, file.finish()?))
}

/// Rows on their way into a table.
#[derive(Default)]
struct Batch {
    table: Option<&'static super::super::tables::Table>,
    rows: Vec<Row>,
    bytes: usize,
}

impl Batch {
    async fn flush(&mut self, store: &Store) -> Result<(), StoreError> {
        if let Some(table) = self.table {
            store.fill(table, &self.rows).await?;
        }
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn weight(row: &Row) -> usize {
    let of = |value: &super::Value| match value {
        super::Value::Text(text) => text.as_ref().map_or(0, String::len),
        super::Value::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        super::Value::Integer(_) => 8,
    };
    row.iter().map(of).sum()
}

/// Fills an empty database from a backup. What an earlier run of the same restore copied stays.
///
/// # Errors
/// [`CopyError`]; then the database is untouched, or marked as unfinished.
pub async fn restore(
    from: &Path,
    to: &Database,
    hooks: Hooks,
    watcher: Watcher<'_>,
) -> Result<(Header, Copied), CopyError> {
    // The whole file first: nothing is written for one that is damaged further on.
    let (header, sums, digest) = check_backup(from, watcher)?;
    let store = Store::open_to_fill(to, Limits::default()).await?;
    let filled = fill_from_file(from, &store, (&header, &sums, &digest), hooks, watcher).await;
    store.close().await;
    Ok((header, filled?))
}

async fn fill_from_file(
    from: &Path,
    store: &Store,
    (header, sums, digest): (&Header, &Sums, &str),
    hooks: Hooks,
    watcher: Watcher<'_>,
) -> Result<Copied, CopyError> {
    let said = header.said();
    let begun = store.begin_copy(digest, &said, hooks.begin_again, hooks.at);
    begun.await?;
    let mut there = std::collections::BTreeMap::new();
    let mut tx = store.read().await?;
    tx.unhurried().await?;
    for table in copied().filter(|table| !has_its_row(table)) {
        there.insert(table.name, tx.count_rows(table).await?);
    }
    drop(tx);
    let before: u64 = there.values().sum();
    let mut reader = Reader::open(from)?;
    let (mut batch, mut done) = (Batch::default(), 0_u64);
    loop {
        let item = reader.next()?;
        let Item::Row(table, row) = item else {
            let Item::End(again, _) = item else { break };
            batch.flush(store).await?;
            if again != *sums {
                let what = "the file was changed while it was read";
                return Err(
                    BackupError::Io(reader.path().to_owned(), std::io::Error::other(what)).into(),
                );
            }
            break;
        };
        done = done.saturating_add(1);
        if let Some(left) = there.get_mut(table.name)
            && *left > 0
        {
            *left -= 1;
            continue;
        }
        if batch.table.is_none_or(|before| before.name != table.name) {
            batch.flush(store).await?;
            batch.table = Some(table);
        }
        batch.bytes = batch.bytes.saturating_add(weight(&row));
        batch.rows.push(row);
        if batch.rows.len() >= ROWS || batch.bytes >= BYTES {
            batch.flush(store).await?;
            let what = "restoring";
            watcher(Progress {
                what,
                done,
                all: header.rows,
            });
        }
    }
    let copy = store.sums("comparing", watcher).await?;
    if let Some(what) = sums.difference(&copy) {
        return Err(CopyError::Differs(what));
    }
    store.finish_copy(hooks.at).await?;
    Ok(Copied { sums: copy, before })
}

/// Copies one database into another, empty one. What an earlier run copied stays; nobody may write
/// to the source meanwhile.
///
/// # Errors
/// [`CopyError`]; then the target is untouched, or marked as unfinished.
pub async fn migrate(
    from: &Database,
    to: &Database,
    hooks: Hooks,
    watcher: Watcher<'_>,
) -> Result<Copied, CopyError> {
    if from == to {
        return Err(CopyError::Same);
    }
    let source = Store::open_for_reading(from).await?;
    let _hold = Hold::on(from).await?;
    let mut tx = source.read().await?;
    tx.ask_newest_schema().await?;
    let fingerprint = tx.fingerprint().await?;
    drop(tx);
    let store = Store::open_to_fill(to, Limits::default()).await?;
    let said = format!("a {} database", source.kind());
    let mark = format!("database {fingerprint}");
    let begun = store
        .begin_copy(&mark, &said, hooks.begin_again, hooks.at)
        .await;
    let copied = match begun {
        // The mark of an earlier run of this command on a source that moved on.
        Err(FillError::NotEmpty(NotEmpty::Half(what))) if what == said => Err(CopyError::Moved),
        Err(error) => Err(error.into()),
        Ok(()) => copy_rows(&source, &store, &fingerprint, hooks, watcher).await,
    };
    store.close().await;
    source.close().await;
    copied
}

async fn copy_rows(
    source: &Store,
    store: &Store,
    fingerprint: &str,
    hooks: Hooks,
    watcher: Watcher<'_>,
) -> Result<Copied, CopyError> {
    let mut reading = source.read().await?;
    reading.unhurried().await?;
    let all = reading.count_all().await?;
    let (mut before, mut done) = (0_u64, 0_u64);
    for table in copied() {
        let mut after = None;
        if !has_its_row(table) {
            let mut there = store.read().await?;
            there.unhurried().await?;
            after = there.last_key(table).await?;
            let rows = there.count_rows(table).await?;
            before = before.saturating_add(rows);
            done = done.saturating_add(rows);
        }
        let mut pages = Pages::of(table, after);
        loop {
            let rows: Vec<Row> = pages
                .next(&mut reading)
                .await?
                .into_iter()
                .map(|(row, _)| row)
                .collect();
            if rows.is_empty() {
                break;
            }
            store.fill(table, &rows).await?;
            done = done.saturating_add(rows.len().try_into().unwrap_or(0));
            let what = "copying";
            watcher(Progress { what, done, all });
        }
    }
    drop(reading);
    let original = source.sums("reading the source again", watcher).await?;
    if original.fingerprint() != fingerprint {
        return Err(CopyError::Moved);
    }
    let copy = store.sums("comparing", watcher).await?;
    if let Some(what) = original.difference(&copy) {
        return Err(CopyError::Differs(what));
    }
    let found = store.verify(hooks.verify, watcher).await?;
    if let Some(first) = found.violations.first() {
        return Err(CopyError::Wrong(
            found.violations.len(),
            Violation::to_string(first),
        ));
    }
    // Written meanwhile, after all?
    let mut tx = source.read().await?;
    if tx.fingerprint().await? != fingerprint {
        return Err(CopyError::Moved);
    }
    drop(tx);
    store.finish_copy(hooks.at).await?;
    Ok(Copied { sums: copy, before })
}
