//! The rows of a file of JSON lines: each an object with a `rowKey`, read without holding the file.

use std::io::{BufRead, Read as _};

use serde_json::{Value, json};

use crate::cli::json;
use crate::pb;

/// No line is longer; the service takes no longer message.
const LINE_MAX: usize = 16 << 20;
/// The member with a row's key.
const KEY: &str = "rowKey";
/// The member in which refused rows say why; not read.
const ERRORS: &str = "errors";

/// A row of the file.
#[derive(Debug)]
pub struct Line {
    /// What it comes from.
    pub origin: Origin,
    /// The row to send, or why it cannot be one.
    pub row: Result<pb::ImportRow, String>,
}

/// What is needed to write a refused row as it came.
#[derive(Debug)]
pub struct Origin {
    /// Its key: its own or the number of its line.
    pub key: String,
    /// Its members as text, without errors of before; nothing where it is no object.
    members: Option<Vec<(String, String)>>,
    /// The line, where it is no object.
    text: String,
    /// The members are those of the source, not of an `ImportRow`.
    flat: bool,
}

/// Reads the next line that is not blank. `number` counts lines.
pub fn next(input: &mut impl BufRead, number: &mut u64) -> std::io::Result<Option<Line>> {
    loop {
        let mut bytes = Vec::new();
        let limit = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
        if input.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        *number += 1;
        if *number == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        if bytes.len() >= LINE_MAX && !bytes.ends_with(b"\n") {
            input.skip_until(b'\n')?;
            return Ok(Some(unreadable(
                *number,
                String::new(),
                "longer than 16 MiB",
            )));
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        return Ok(Some(match std::str::from_utf8(&bytes) {
            Ok(text) => line(text.trim(), *number),
            Err(_) => {
                let text = String::from_utf8_lossy(&bytes).trim().to_owned();
                unreadable(*number, text, "not UTF-8")
            }
        }));
    }
}

/// A row that cannot be read.
pub fn unreadable(number: u64, text: String, problem: &str) -> Line {
    Line {
        origin: Origin {
            key: number.to_string(),
            members: None,
            text,
            flat: true,
        },
        row: Err(problem.to_owned()),
    }
}

/// Reads one line.
pub fn line(text: &str, number: u64) -> Line {
    let members = match serde_json::from_str(text) {
        Ok(Value::Object(_)) => members(text),
        Ok(_) => return unreadable(number, text.to_owned(), "not a JSON object"),
        Err(error) => return unreadable(number, text.to_owned(), &error.to_string()),
    };
    let own = members.iter().find(|(name, _)| name == KEY);
    // A number is a key too: the text of it.
    let key = own.map(|(_, value)| {
        serde_json::from_str::<String>(value).unwrap_or_else(|_| value.trim().to_owned())
    });
    let key = key.unwrap_or_else(|| number.to_string());
    let members: Vec<_> = members
        .into_iter()
        .filter(|(name, _)| name != ERRORS)
        .collect();
    let flat = !members.iter().any(|(name, _)| name == "source");
    let row = row(&members, &key, flat);
    Line {
        origin: Origin {
            key,
            members: Some(members),
            text: String::new(),
            flat,
        },
        row,
    }
}

fn row(members: &[(String, String)], key: &str, flat: bool) -> Result<pb::ImportRow, String> {
    let said: Vec<_> = members.iter().filter(|(name, _)| name != KEY).collect();
    let source = if flat {
        Some(object(&said))
    } else {
        let beside = said.iter().find(|(name, _)| name != "source");
        if let Some((name, _)) = beside {
            return Err(format!("`{name}` stands beside `source`"));
        }
        said.first().map(|(_, value)| value.clone())
    };
    let source = source.unwrap_or_default();
    let source = json::read::<pb::TaxSourceInput>("TaxSourceInput", &source)
        .map_err(|error| error.to_string())?;
    Ok(pb::ImportRow {
        row_key: key.to_owned(),
        source: Some(source),
    })
}

fn object(members: &[&(String, String)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
        .collect();
    format!("{{{}}}", members.join(","))
}

impl Origin {
    /// The line as it came, with its key and why it is refused.
    pub fn refused(&self, failure: &pb::ItemFailure) -> String {
        let errors = Value::Array(self.errors(failure)).to_string();
        let key = (KEY.to_owned(), Value::from(self.key.as_str()).to_string());
        let errors = (ERRORS.to_owned(), errors);
        let text = (
            "text".to_owned(),
            Value::from(self.text.as_str()).to_string(),
        );
        let mut all = match &self.members {
            Some(members) => members.iter().collect(),
            None => vec![&text],
        };
        if !all.iter().any(|(name, _)| name == KEY) {
            all.insert(0, &key);
        }
        all.push(&errors);
        object(&all)
    }

    /// Why it is refused: every wrong field by its path in the line, or the reason.
    fn errors(&self, failure: &pb::ItemFailure) -> Vec<Value> {
        if failure.violations.is_empty() {
            return vec![
                json!({"field": "", "reason": failure.reason, "message": failure.message}),
            ];
        }
        failure
            .violations
            .iter()
            .map(|wrong| {
                json!({
                    "field": self.field(wrong),
                    "reason": wrong.reason,
                    "message": wrong.message,
                })
            })
            .collect()
    }

    /// The path of a wrong field in the line.
    pub fn field<'a>(&self, wrong: &'a pb::ItemViolation) -> &'a str {
        match wrong.field.strip_prefix("source.") {
            Some(below) if self.flat => below,
            _ => &wrong.field,
        }
    }
}

/// The members of a JSON object that is known to be one, their values as they stand.
fn members(text: &str) -> Vec<(String, String)> {
    let inside = text.trim();
    let inside = inside.strip_prefix('{').unwrap_or(inside);
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let mut members = Vec::new();
    let (mut start, mut colon) = (0, None);
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (place, letter) in inside.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && colon.is_none() => colon = Some(place),
            ',' if depth == 0 => {
                members.extend(member(inside, start, colon, place));
                (start, colon) = (place + 1, None);
            }
            _ => {}
        }
    }
    members.extend(member(inside, start, colon, inside.len()));
    members
}

fn member(
    inside: &str,
    start: usize,
    colon: Option<usize>,
    end: usize,
) -> Option<(String, String)> {
    let colon = colon?;
    let name = inside.get(start..colon)?.trim();
    let value = inside.get(colon + 1..end)?.trim();
    Some((serde_json::from_str(name).ok()?, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{line, members, next};
    use crate::pb;

    fn failure() -> pb::ItemFailure {
        pb::ItemFailure {
            code: 3,
            reason: "FIELDS_INVALID".to_owned(),
            message: String::new(),
            violations: vec![pb::ItemViolation {
                field: "source.region_code".to_owned(),
                reason: "REQUIRED".to_owned(),
                message: "必填".to_owned(),
            }],
            violation_count: 1,
        }
    }

    #[test]
    fn members_are_told_apart_whatever_their_values_hold() {
        let text = r#" { "a" : "x,\"y\":{" , "b":[1,{"c":2}], "d":{"e":"\\"},"甲\"":null } "#;
        let told = members(text);
        let told: Vec<(&str, &str)> = told
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("a", r#""x,\"y\":{""#),
                ("b", r#"[1,{"c":2}]"#),
                ("d", r#"{"e":"\\"}"#),
                ("甲\"", "null"),
            ]
        );
        assert!(members("{}").is_empty());
    }

    #[test]
    fn a_refused_row_is_written_as_it_came_and_read_again_without_its_errors() {
        let came = r#"{"name":"仓库",  "treasuryCode":"1234010400","rowKey":"A-1"}"#;
        let first = line(came, 7);
        assert_eq!(first.row.as_ref().unwrap().row_key, "A-1");
        let written = first.origin.refused(&failure());
        assert_eq!(
            written,
            "{\"name\":\"仓库\",\"treasuryCode\":\"1234010400\",\"rowKey\":\"A-1\",\"errors\":\
             [{\"field\":\"region_code\",\"message\":\"必填\",\"reason\":\"REQUIRED\"}]}"
        );
        let again = line(&written, 1);
        assert_eq!(again.row, first.row);
        assert_eq!(
            again.origin.refused(&failure()),
            written,
            "errors do not pile up"
        );
    }

    #[test]
    fn a_row_without_a_key_keeps_the_number_of_its_line() {
        let first = line(r#"{"name":"仓库"}"#, 7);
        assert_eq!(first.origin.key, "7");
        let again = line(&first.origin.refused(&failure()), 1);
        assert_eq!(again.row.unwrap().row_key, "7");
        assert_eq!(
            line(r#"{"rowKey":12,"name":"a"}"#, 7).row.unwrap().row_key,
            "12"
        );
    }

    #[test]
    fn a_row_may_be_an_import_row_whole() {
        let whole = line(r#"{"rowKey":"1","source":{"name":"仓库"}}"#, 7);
        let flat = line(r#"{"rowKey":"1","name":"仓库"}"#, 7);
        assert_eq!(whole.row.as_ref().unwrap(), flat.row.as_ref().unwrap());
        let violation = &failure().violations[0];
        assert_eq!(whole.origin.field(violation), "source.region_code");
        assert_eq!(flat.origin.field(violation), "region_code");
        assert!(line(r#"{"source":{},"name":"a"}"#, 1).row.is_err());
    }

    #[test]
    fn lines_are_counted_and_what_is_no_row_is_told() {
        let text =
            "\u{feff}{\"name\":\"a\"}\r\n\n[1]\n{\"name\":\n{\"nom\":\"a\"}\n{\"name\":\"b\"}";
        let mut input = text.as_bytes();
        let (mut number, mut told) = (0, Vec::new());
        while let Some(line) = next(&mut input, &mut number).unwrap() {
            told.push((line.origin.key, line.row.is_ok()));
        }
        let told: Vec<(&str, bool)> = told.iter().map(|(key, ok)| (key.as_str(), *ok)).collect();
        assert_eq!(
            told,
            [
                ("1", true),
                ("3", false),
                ("4", false),
                ("5", false),
                ("6", true)
            ]
        );
    }
}
