//! What the lines of a backup say: a header, each table with its rows and their sum, a trailer.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::tables::{Kind, Table, copied};
use super::super::{StoreError, Tx, on_backend};
use super::file::{BackupError, BackupFile, Lines};
use super::{Progress, Row, Summing, Sums, TableSum, Watcher, row_of};

/// What the first line calls it.
const NAME: &str = "caixing backup";
/// The format that is written and read.
const FORMAT: u64 = 1;

/// The newest version of the schema.
pub(super) fn newest_schema() -> i64 {
    let all = sqlx::migrate!("migrations/sqlite");
    all.iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// The first line of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    format: String,
    format_version: u64,
    /// The version of the schema.
    pub schema_version: i64,
    /// The version of caixing that made it.
    pub caixing: String,
    /// When, as an ISO instant.
    pub taken_at: String,
    /// The kind of database it was made of.
    pub database: String,
    /// How many rows there are.
    pub rows: u64,
    /// The key that signs vouchers, hex, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher_key: Option<String>,
    tables: Vec<Described>,
}

/// A table as a header describes it: each column with what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Described {
    table: String,
    columns: Vec<String>,
}

impl Described {
    fn of(table: &Table) -> Self {
        let columns = table.columns.iter().map(|column| {
            let kind = match column.kind {
                Kind::Text => "text",
                Kind::Integer => "integer",
                Kind::Bytes => "hex",
            };
            format!("{} {kind}", column.name)
        });
        Self {
            table: table.name.to_owned(),
            columns: columns.collect(),
        }
    }
}

impl Header {
    pub(super) fn new(
        taken_at: String,
        database: &str,
        rows: u64,
        voucher_key: Option<String>,
    ) -> Self {
        Self {
            format: NAME.to_owned(),
            format_version: FORMAT,
            schema_version: newest_schema(),
            caixing: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at,
            database: database.to_owned(),
            rows,
            voucher_key,
            tables: copied().map(Described::of).collect(),
        }
    }

    /// For people: what it is a backup of.
    pub(super) fn said(&self) -> String {
        format!("the backup of {} ({})", self.taken_at, self.database)
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begins {
    table: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    end: TableSum,
}

/// The last line. `lines` is SHA-256 over all lines before it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    whole: Sums,
    rows: u64,
    lines: String,
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::json("backup", &error))
}

/// The lines that are no rows.
pub(super) fn header_line(header: &Header) -> Result<String, StoreError> {
    json(header)
}

pub(super) fn begin_line(table: &Table) -> Result<String, StoreError> {
    json(&Begins {
        table: table.name.to_owned(),
    })
}

pub(super) fn end_line(sum: &TableSum) -> Result<String, StoreError> {
    json(&Ends { end: sum.clone() })
}

pub(super) fn trailer_line(sums: &Sums, file: &BackupFile) -> Result<String, StoreError> {
    json(&Trailer {
        whole: sums.clone(),
        rows: sums.rows(),
        lines: file.digest(),
    })
}

/// Where the next line is.
fn place(table: Option<&Table>, summing: &Summing) -> String {
    match table {
        Some(table) => {
            let row = summing.rows.saturating_add(1);
            format!("in table {}, row {row}", table.name)
        }
        None => format!("after {} tables", summing.tables.len()),
    }
}

/// Reads a backup from its first line to its last, and checks all of it.
#[derive(Debug)]
pub(super) struct Reader {
    lines: Lines,
    pub(super) header: Header,
    tables: std::vec::IntoIter<&'static Table>,
    table: Option<&'static Table>,
    summing: Summing,
}

/// What a reader comes upon.
#[derive(Debug)]
pub(super) enum Item {
    /// A row of a table.
    Row(&'static Table, Row),
    /// The end, with what all sums up to, and what tells this backup from others.
    End(Sums, String),
}

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let foreign = || BackupError::Foreign(path.to_owned());
        let mut lines = Lines::open(path)?;
        let first = lines
            .next(|| "in its first line, if it is a backup at all")?
            .ok_or_else(foreign)?;
        let said: serde_json::Value = serde_json::from_str(&first).map_err(|_| foreign())?;
        if said.get("format").and_then(serde_json::Value::as_str) != Some(NAME) {
            return Err(foreign());
        }
        let found = said
            .get("formatVersion")
            .and_then(serde_json::Value::as_u64);
        match found {
            Some(FORMAT) => {}
            Some(found) if found > FORMAT => {
                return Err(BackupError::NewerFormat {
                    file: path.to_owned(),
                    found,
                    known: FORMAT,
                });
            }
            _ => return Err(lines.damaged("in its first line", "it says no format")),
        }
        let header: Header = serde_json::from_value(said)
            .map_err(|error| lines.damaged("in its first line", &error.to_string()))?;
        let known = newest_schema();
        if header.schema_version != known {
            let newer = header.schema_version > known;
            return Err(BackupError::OtherSchema {
                file: path.to_owned(),
                caixing: header.caixing,
                found: header.schema_version,
                known,
                advice: if newer {
                    "restore it with that newer caixing"
                } else {
                    "restore it with that older caixing, then start this one on the database, \
                     which brings it up to date"
                },
            });
        }
        let ours: Vec<Described> = copied().map(Described::of).collect();
        if header.tables != ours {
            let what = "its tables are not those of its schema";
            return Err(lines.damaged("in its first line", what));
        }
        let tables: Vec<&'static Table> = copied().collect();
        Ok(Self {
            lines,
            header,
            tables: tables.into_iter(),
            table: None,
            summing: Summing::default(),
        })
    }

    /// What comes next.
    pub(super) fn next(&mut self) -> Result<Item, BackupError> {
        loop {
            let (table, summing) = (self.table, &self.summing);
            let place = || place(table, summing);
            let Some(line) = self.lines.next(place)? else {
                return Err(self.lines.cut(&place()));
            };
            let damaged = |what: &str| self.lines.damaged(&place(), what);
            let Some(table) = self.table else {
                match self.tables.next() {
                    Some(table) => {
                        let begins = serde_json::from_str::<Begins>(&line);
                        if begins.ok().is_none_or(|begins| begins.table != table.name) {
                            let what = format!("table {} does not begin there", table.name);
                            return Err(damaged(&what));
                        }
                        self.table = Some(table);
                        continue;
                    }
                    None => return self.trailer(&line),
                }
            };
            if line.starts_with('[') {
                let row = row_of(table, &line).ok_or_else(|| damaged("it is no row of it"))?;
                self.summing.row(table, &row, &line);
                return Ok(Item::Row(table, row));
            }
            let ends: Ends = serde_json::from_str(&line)
                .map_err(|_| damaged("it is neither a row nor the end of the table"))?;
            let at = place();
            if self.summing.end(table) != ends.end {
                let what = "its rows are not those it counts and digests";
                return Err(self.lines.damaged(&at, what));
            }
            self.table = None;
        }
    }

    fn trailer(&mut self, line: &str) -> Result<Item, BackupError> {
        let lines = self.lines.digest_before();
        let damaged = |what: &str| self.lines.damaged("in its last line", what);
        let trailer: Trailer = serde_json::from_str(line)
            .map_err(|_| damaged("it does not say what the backup sums up to"))?;
        let sums = std::mem::take(&mut self.summing).sums();
        if trailer.lines != lines || trailer.whole != sums || trailer.rows != sums.rows() {
            return Err(damaged("it does not sum up what is before it"));
        }
        if self.lines.next(|| "after its last line")?.is_some() {
            return Err(self.lines.damaged("after its last line", "more follows"));
        }
        Ok(Item::End(sums, lines))
    }

    /// After the end: every byte is as it was sealed.
    pub(super) fn seal(self) -> Result<(), BackupError> {
        self.lines.end()
    }

    pub(super) fn path(&self) -> &Path {
        self.lines.path()
    }
}

/// Reads a backup whole, without any database: its header, what it sums up to, and what tells it
/// from others.
///
/// # Errors
/// [`BackupError`].
pub fn check_backup(
    path: &Path,
    watcher: Watcher<'_>,
) -> Result<(Header, Sums, String), BackupError> {
    let mut reader = Reader::open(path)?;
    let all = reader.header.rows;
    let mut done = 0_u64;
    loop {
        match reader.next()? {
            Item::Row(..) => {
                done = done.saturating_add(1);
                if done.is_multiple_of(1000) {
                    let what = "checking the file";
                    watcher(Progress { what, done, all });
                }
            }
            Item::End(sums, digest) => {
                let header = reader.header.clone();
                reader.seal()?;
                return Ok((header, sums, digest));
            }
        }
    }
}

impl Tx {
    /// The version of the database's schema.
    pub(in crate::store) async fn schema_version(&mut self) -> Result<i64, StoreError> {
        let (version,): (i64,) = on_backend!(self, conn => sqlx::query_as(
            "SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM _sqlx_migrations",
        )
        .fetch_one(conn)
        .await)?;
        Ok(version)
    }

    /// Refuses a database of an older schema than this program's.
    pub(in crate::store) async fn ask_newest_schema(&mut self) -> Result<(), StoreError> {
        let (found, newest) = (self.schema_version().await?, newest_schema());
        if found == newest {
            return Ok(());
        }
        Err(StoreError::Open(format!(
            "its schema has version {found}, and this caixing works on {newest}: start `caixing \
             serve` of this version on it once, which brings it up to date, or use the caixing \
             that runs on it"
        )))
    }
}
