//! Rows of a CSV file: the header names the fields by their proto JSON paths, such as
//! `landUse.areaSqm` or `stamp.lines[0].item`; an empty cell is a field left out.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::lines::{self, Line};

/// No record is longer.
const RECORD_MAX: usize = 1 << 20;
/// Elements of a list that a header may name.
const ELEMENTS_MAX: usize = 1000;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Element(usize),
}

/// A table with its header read.
pub struct Table<R> {
    input: R,
    columns: Vec<Vec<Step>>,
    /// Lines read.
    number: u64,
}

impl<R: BufRead> Table<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// When it names no fields.
    pub fn open(input: R) -> Result<Self, String> {
        let mut table = Self {
            input,
            columns: Vec::new(),
            number: 0,
        };
        let header = table.record().map_err(|error| error.to_string())?;
        let header = header.ok_or("the file is empty")?.1?;
        for name in header {
            let path = path(name.trim()).ok_or(format!("the header names no field: `{name}`"))?;
            table.columns.push(path);
        }
        Ok(table)
    }

    /// The next row; its key is that of its `rowKey` column or the number of its first line.
    pub fn next(&mut self) -> std::io::Result<Option<Line>> {
        let Some((number, cells)) = self.record()? else {
            return Ok(None);
        };
        Ok(Some(match cells.and_then(|cells| self.row(&cells)) {
            Ok(row) => lines::line(&row.to_string(), number),
            Err(problem) => lines::unreadable(number, String::new(), &problem),
        }))
    }

    fn row(&self, cells: &[String]) -> Result<Value, String> {
        if cells.len() != self.columns.len() {
            let (cells, columns) = (cells.len(), self.columns.len());
            return Err(format!("{cells} cells under {columns} names"));
        }
        let mut row = Value::Object(Map::new());
        for (path, cell) in self.columns.iter().zip(cells) {
            let value = match cell.trim() {
                "" => continue,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                text => Value::from(text),
            };
            put(&mut row, path, value);
        }
        Ok(row)
    }

    /// The cells of the next record that is not blank, with the number of its first line.
    #[expect(clippy::type_complexity, reason = "end, number, and cells or why not")]
    fn record(&mut self) -> std::io::Result<Option<(u64, Result<Vec<String>, String>)>> {
        loop {
            let mut bytes = Vec::new();
            let first = self.number + 1;
            // A cell in quotes may hold line ends.
            while bytes.is_empty() || quotes(&bytes) % 2 == 1 {
                if self.input.read_until(b'\n', &mut bytes)? == 0 {
                    break;
                }
                self.number += 1;
                if bytes.len() > RECORD_MAX {
                    return Ok(Some((first, Err("longer than 1 MiB".to_owned()))));
                }
            }
            if bytes.is_empty() {
                return Ok(None);
            }
            if first == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
            let Ok(text) = String::from_utf8(bytes) else {
                return Ok(Some((first, Err("not UTF-8".to_owned()))));
            };
            if !text.trim().is_empty() {
                return Ok(Some((first, cells(text.trim_end_matches(['\r', '\n'])))));
            }
        }
    }
}

fn quotes(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'"').count()
}

/// The cells of one record (RFC 4180).
fn cells(text: &str) -> Result<Vec<String>, String> {
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    if quoted {
        Err("a quoted cell does not end".to_owned())
    } else {
        Ok(cells)
    }
}

/// Reads a path such as `stamp.lines[0].item`.
fn path(name: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in name.split('.') {
        let (field, elements) = match part.split_once('[') {
            Some((field, elements)) => (field, Some(elements)),
            None => (part, None),
        };
        if field.is_empty() {
            return None;
        }
        steps.push(Step::Field(field.to_owned()));
        if let Some(elements) = elements {
            let element: usize = elements.strip_suffix(']')?.parse().ok()?;
            steps.push(Step::Element(Some(element).filter(|n| *n < ELEMENTS_MAX)?));
        }
    }
    Some(steps)
}

/// Puts a value at a path; what stands in the way is replaced.
fn put(at: &mut Value, path: &[Step], value: Value) {
    match path.split_first() {
        None => *at = value,
        Some((Step::Field(name), rest)) => {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            if let Some(fields) = at.as_object_mut() {
                put(
                    fields.entry(name.as_str()).or_insert(Value::Null),
                    rest,
                    value,
                );
            }
        }
        Some((Step::Element(place), rest)) => {
            if !at.is_array() {
                *at = Value::Array(Vec::new());
            }
            if let Some(elements) = at.as_array_mut() {
                if elements.len() <= *place {
                    elements.resize(place + 1, Value::Null);
                }
                if let Some(element) = elements.get_mut(*place) {
                    put(element, rest, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::pb;

    const HEADER: &str = "\u{feff}rowKey,name,regionCode,stamp.count,stamp.signedAbroad,\
                          stamp.lines[0].amountYuan,stamp.lines[1].amountYuan\r\n";

    fn rows(text: &str) -> Vec<(String, Result<pb::ImportRow, String>)> {
        let text = format!("{HEADER}{text}");
        let mut table = Table::open(text.as_bytes()).unwrap();
        let mut rows = Vec::new();
        while let Some(line) = table.next().unwrap() {
            rows.push((line.origin.key, line.row));
        }
        rows
    }

    #[test]
    fn cells_are_the_fields_their_header_names() {
        let rows = rows(
            "A-1,\"合同 \"\"一\"\", 二\",340104,1,true,100.00,200.00\n\n\
             ,\"第一行\n第二行\",,2,,100.00,\r\n",
        );
        let row = rows[0].1.as_ref().unwrap();
        assert_eq!(row.row_key, "A-1");
        let source = row.source.as_ref().unwrap();
        assert_eq!(source.name, "合同 \"一\", 二");
        assert_eq!(source.region_code, "340104");
        let Some(pb::tax_source_input::Detail::Stamp(stamp)) = &source.detail else {
            panic!("{source:?}")
        };
        assert_eq!((stamp.count, stamp.signed_abroad), (1, true));
        let amounts: Vec<&str> = stamp
            .lines
            .iter()
            .map(|line| line.amount_yuan.as_str())
            .collect();
        assert_eq!(amounts, ["100.00", "200.00"]);
        let (key, row) = &rows[1];
        let source = row.as_ref().unwrap().source.as_ref().unwrap();
        assert_eq!(
            (key.as_str(), source.name.as_str()),
            ("4", "第一行\n第二行")
        );
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_record_of_another_shape_is_told_and_the_next_is_read() {
        let rows = rows("A-1,短\nA-2,合同,340104,一,,,\nA-3,合同,340104,1,,100.00,\n");
        let read: Vec<(&str, bool)> = rows
            .iter()
            .map(|(key, row)| (key.as_str(), row.is_ok()))
            .collect();
        assert_eq!(read, [("2", false), ("A-2", false), ("A-3", true)]);
    }

    #[test]
    fn a_header_without_names_is_refused() {
        for header in [
            "",
            "name,,regionCode\n",
            "stamp.lines[x].item\n",
            "lines[1000]\n",
        ] {
            assert!(Table::open(header.as_bytes()).is_err(), "{header}");
        }
    }
}
