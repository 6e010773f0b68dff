//! A whole database as rows: written to a file, read from one, copied into another database and
//! compared. What is said of a row is said of one line of text, the same on both databases.

mod file;
mod fill;
mod format;
mod hold;
mod read;
mod run;

pub use file::BackupError;
pub use format::{Header, check_backup};
pub use run::{Copied, CopyError, Hooks, backup, migrate, restore};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::tables::{Column, Kind, Table};

/// A value of a column; nothing where it holds none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Of a text column.
    Text(Option<String>),
    /// Of a column of integers.
    Integer(Option<i64>),
    /// Of a column of bytes.
    Bytes(Option<Vec<u8>>),
}

/// The values of a row, in the order of the catalogue.
pub type Row = Vec<Value>;

impl Value {
    /// As JSON: bytes are hex.
    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(value) => value.as_deref().into(),
            Self::Integer(value) => (*value).into(),
            Self::Bytes(value) => value.as_ref().map(hex::encode).into(),
        }
    }

    /// From JSON; nothing where it is not what the column holds.
    fn of_json(json: serde_json::Value, column: &Column) -> Option<Self> {
        use serde_json::Value as Json;
        Some(match (column.kind, json) {
            (_, Json::Null) if !column.nullable => return None,
            (Kind::Text, Json::Null) => Self::Text(None),
            (Kind::Integer, Json::Null) => Self::Integer(None),
            (Kind::Bytes, Json::Null) => Self::Bytes(None),
            (Kind::Text, Json::String(text)) => Self::Text(Some(text)),
            (Kind::Integer, Json::Number(number)) => Self::Integer(Some(number.as_i64()?)),
            (Kind::Bytes, Json::String(text)) => Self::Bytes(Some(hex::decode(text).ok()?)),
            _ => return None,
        })
    }
}

/// A query with values bound to its next places.
macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                crate::store::copying::Value::Text(value) => query.bind(value.as_deref()),
                crate::store::copying::Value::Integer(value) => query.bind(*value),
                crate::store::copying::Value::Bytes(value) => query.bind(value.as_deref()),
            };
        }
        query
    }};
}
use bound;

/// The last event of a chain, as [`Sums::heads`] takes it in.
fn head_line(taxpayer: &str, sequence: i64, hash: &str) -> String {
    format!("{taxpayer} {sequence} {hash}\n")
}

/// A row as one line of JSON.
fn line_of(row: &[Value]) -> String {
    serde_json::Value::Array(row.iter().map(Value::to_json).collect()).to_string()
}

/// A row read back; nothing where the line is none of the table.
fn row_of(table: &Table, line: &str) -> Option<Row> {
    let values: Vec<serde_json::Value> = serde_json::from_str(line).ok()?;
    if values.len() != table.columns.len() {
        return None;
    }
    let pairs = values.into_iter().zip(table.columns);
    pairs
        .map(|(value, column)| Value::of_json(value, column))
        .collect()
}

/// How many rows a table has, and SHA-256 over their lines in the order of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// The digest, hex.
    pub sha256: String,
}

/// What a database, or a backup of it, holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Of each table, in the order of the catalogue.
    pub tables: Vec<TableSum>,
    /// Chains of events: one for each taxpayer that has any.
    pub chains: u64,
    /// SHA-256 over the number and hash of the last event of each chain.
    pub heads: String,
    /// The highest position of an event.
    pub position: i64,
}

impl Sums {
    /// All rows.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// What changes whenever the service changes anything: every change leaves an event, a request
    /// or another row.
    fn fingerprint(&self) -> String {
        let rows: Vec<u64> = self.tables.iter().map(|table| table.rows).collect();
        let text = serde_json::json!([rows, self.chains, self.heads, self.position]).to_string();
        hex::encode(Sha256::digest(text))
    }

    /// What differs in the other, for people; nothing where both are the same.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let pairs = self.tables.iter().zip(&other.tables);
        let mut told = pairs.filter(|(one, two)| one != two).map(|(one, two)| {
            if one.rows == two.rows {
                return format!("{}: the same {} rows, not alike", one.table, one.rows);
            }
            format!("{}: {} rows and {} rows", one.table, one.rows, two.rows)
        });
        told.next()
            .or_else(|| (self != other).then(|| "the chains of events".to_owned()))
    }
}

/// Sums that are made row by row.
#[derive(Debug, Default)]
struct Summing {
    tables: Vec<TableSum>,
    rows: u64,
    digest: Sha256,
    chains: u64,
    heads: Sha256,
    /// Taxpayer, number and hash of the last event seen.
    head: Option<(String, i64, String)>,
    position: i64,
}

impl Summing {
    /// Takes in a row of the table that is summed now.
    fn row(&mut self, table: &Table, row: &[Value], line: &str) {
        self.rows = self.rows.saturating_add(1);
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
        if table.name == "event" {
            self.event(table, row);
        }
    }

    fn event(&mut self, table: &Table, row: &[Value]) {
        let value = |name: &str| table.place(name).and_then(|place| row.get(place));
        let text = |name: &str| match value(name) {
            Some(Value::Text(Some(text))) => text.clone(),
            _ => String::new(),
        };
        let number = |name: &str| match value(name) {
            Some(Value::Integer(Some(number))) => *number,
            _ => 0,
        };
        self.position = self.position.max(number("position"));
        let event = (text("taxpayer_id"), number("sequence"), text("hash"));
        if self
            .head
            .as_ref()
            .is_some_and(|(whose, ..)| *whose != event.0)
        {
            self.end_chain();
        }
        self.head = Some(event);
    }

    fn end_chain(&mut self) {
        if let Some((taxpayer, sequence, hash)) = self.head.take() {
            self.chains = self.chains.saturating_add(1);
            self.heads.update(head_line(&taxpayer, sequence, &hash));
        }
    }

    /// Ends a table.
    fn end(&mut self, table: &Table) -> TableSum {
        self.end_chain();
        let sum = TableSum {
            table: table.name.to_owned(),
            rows: std::mem::take(&mut self.rows),
            sha256: hex::encode(std::mem::take(&mut self.digest).finalize()),
        };
        self.tables.push(sum.clone());
        sum
    }

    fn sums(self) -> Sums {
        Sums {
            tables: self.tables,
            chains: self.chains,
            heads: hex::encode(self.heads.finalize()),
            position: self.position,
        }
    }
}

/// How far a long piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is done.
    pub what: &'static str,
    /// Rows, or taxpayers, that are done.
    pub done: u64,
    /// How many there are.
    pub all: u64,
}

/// Told of progress, often.
pub type Watcher<'a> = &'a mut (dyn FnMut(Progress) + Send);

#[cfg(test)]
mod tests {
    use super::super::tables::TABLES;
    use super::{Row, Value, line_of, row_of};

    #[test]
    fn a_row_comes_back_from_its_line_exactly() {
        let request = TABLES.iter().find(|table| table.name == "request").unwrap();
        let text = |text: &str| Value::Text(Some(text.to_owned()));
        for (bytes, at) in [
            (None, i64::MIN),
            (Some(Vec::new()), i64::MAX),
            (Some(vec![0, 10, 255]), 0),
        ] {
            let row: Row = vec![
                text("t"),
                text("引号\" 换行\n 零\u{0} \u{1f600}"),
                text(""),
                text("null"),
                text("\\"),
                Value::Bytes(bytes),
                Value::Integer(Some(at)),
            ];
            let line = line_of(&row);
            assert!(!line.contains('\n'), "{line}");
            assert_eq!(row_of(request, &line), Some(row));
        }
        for bad in [
            "",
            "[]",
            "{}",
            "[1,2,3,4,5,6,7]",
            "[null,\"\",\"\",\"\",\"\",null,1]",
        ] {
            assert_eq!(row_of(request, bad), None, "{bad}");
        }
    }
}
