//! Fills a database with copies of taxpayers whose lives were played through the services: other
//! ids, numbers and digests, chains and signatures made anew, so that the audit holds.
//!
//! What an event sealed of a row that changed again later stays as the template has it: nobody can
//! check that, in a copy or in the original. Foreign keys are not checked while rows are written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use caixing::filing::candidate_number;
use caixing::signing::{Ed25519Signer, Signer as _};
use caixing::store::{Database, KeptEvent, sealed_rows};
use caixing::types::{PaymentId, TaxpayerId};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Column as _, Connection as _, Row as _, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

/// The tables of a taxpayer, in the order in which their rows may be written.
const TABLES: [&str; 12] = [
    "taxpayer",
    "tax_source",
    "tax_source_version",
    "declaration",
    "declaration_line",
    "declared_period",
    "payment",
    "settlement_part",
    "voucher",
    "voucher_number_claim",
    "request",
    "event",
];

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            other => panic!("{other:?} is no text"),
        }
    }
}

/// The rows of a table.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: &'static str,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    fn column(&self, name: &str) -> usize {
        let found = self.columns.iter().position(|column| column == name);
        found.unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }
}

/// A text with holes where what differs in each copy goes.
enum Piece {
    Fixed(Vec<u8>),
    Hole(usize),
}

struct Pattern(Vec<Piece>);

impl Pattern {
    fn filled(&self, fill: &[String]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Fixed(fixed) => bytes.extend_from_slice(fixed),
                Piece::Hole(hole) => bytes.extend_from_slice(fill[*hole].as_bytes()),
            }
        }
        bytes
    }
}

/// What is sealed by an event of a copy.
struct Plan {
    seals: Json,
    /// The table and the patterns of a row that it is the last event about.
    row: Option<(&'static str, Vec<Option<Pattern>>)>,
    /// The place of its request, and whether that was open when the event was written.
    answer: Option<(usize, bool)>,
    /// The place of the request whose answer it brought.
    completed: Option<usize>,
}

/// A taxpayer to be copied.
pub struct Template {
    tables: Vec<Table>,
    /// What differs in each copy: ids, the tax number, digests, numbers of vouchers, signatures.
    holes: Vec<String>,
    patterns: HashMap<(usize, usize, usize), Pattern>,
    plans: Vec<Plan>,
    taxpayer: String,
    number: String,
    pub declarations: Vec<String>,
}

fn sha(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn read_row(row: &sqlx::sqlite::SqliteRow) -> Vec<Value> {
    let value = |place: usize| {
        let raw = row.try_get_raw(place).unwrap();
        let kind = raw.type_info().name().to_owned();
        if raw.is_null() {
            return Value::Null;
        }
        match kind.as_str() {
            "INTEGER" => Value::Int(row.get(place)),
            "TEXT" => Value::Text(row.get(place)),
            "BLOB" => Value::Bytes(row.get(place)),
            other => panic!("a column of {other}"),
        }
    };
    (0..row.len()).map(value).collect()
}

fn index(table: &str) -> usize {
    TABLES.iter().position(|name| *name == table).unwrap()
}

/// The digest of a request's record that an event carries; `open` before its answer.
fn answer_seal(requests: &Table, row: &[Value], open: bool) -> String {
    let response = match &row[requests.column("response")] {
        Value::Bytes(bytes) if !open => Some(sha(bytes)),
        _ => None,
    };
    let cell = |name: &str| row[requests.column(name)].text();
    let seal = [cell("method"), cell("content_digest"), cell("subject_id")];
    let [method, content, subject] = seal;
    sha(json!([method, content, subject, response])
        .to_string()
        .as_bytes())
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

impl Template {
    /// Reads a taxpayer from an embedded database.
    pub async fn read(database: &Database, taxpayer: &str) -> Self {
        let Database::Embedded(dir) = database else {
            panic!("templates are played on the embedded database");
        };
        let file = format!("sqlite://{}", dir.join("caixing.sqlite3").display());
        let mut connection = sqlx::SqliteConnection::connect(&file).await.unwrap();
        let mut tables = Vec::new();
        for name in TABLES {
            let order = if name == "event" {
                "ORDER BY sequence"
            } else {
                ""
            };
            let sql = format!("SELECT * FROM {name} WHERE taxpayer_id = $1 {order}");
            let rows = sqlx::query(AssertSqlSafe(sql)).bind(taxpayer);
            let rows = rows.fetch_all(&mut connection).await.unwrap();
            let named = |column: &sqlx::sqlite::SqliteColumn| column.name().to_owned();
            tables.push(Table {
                name,
                columns: rows[0].columns().iter().map(named).collect(),
                rows: rows.iter().map(read_row).collect(),
            });
        }
        let at = |table: &str| tables.iter().find(|one| one.name == table).unwrap();
        let texts = |table: &str, column: &str| -> Vec<String> {
            let place = at(table).column(column);
            let rows = at(table).rows.iter();
            rows.map(|row| row[place].text().to_owned()).collect()
        };
        let mut sealed = BTreeMap::new();
        for event in &at("event").rows {
            let kind = event[at("event").column("kind")].text().to_owned();
            let subject = event[at("event").column("subject_id")].text().to_owned();
            let Some((table, sql, columns)) = sealed_rows(&kind) else {
                continue;
            };
            let query = sqlx::query(AssertSqlSafe(format!("{sql}($2)")));
            let query = query.bind(taxpayer).bind(&subject);
            let row = query.fetch_one(&mut connection).await.unwrap();
            let values: Vec<Option<String>> = (1..=columns).map(|place| row.get(place)).collect();
            sealed.insert((table, subject), values);
        }
        connection.close().await.unwrap();
        let number = texts("taxpayer", "tax_number").remove(0);
        let mut holes: BTreeSet<String> = BTreeSet::new();
        for value in tables.iter().flat_map(|table| table.rows.iter().flatten()) {
            if let Value::Text(text) = value
                && is_id(text)
            {
                holes.insert(text.clone());
            }
        }
        holes.extend(texts("declaration", "digest"));
        holes.extend(texts("voucher", "voucher_number"));
        holes.extend(texts("voucher", "signature"));
        holes.extend(texts("voucher", "public_key"));
        holes.insert(number.clone());
        let declarations = texts("declaration", "declaration_id");
        let mut template = Self {
            tables,
            holes: holes.into_iter().collect(),
            patterns: HashMap::new(),
            plans: Vec::new(),
            taxpayer: taxpayer.to_owned(),
            number,
            declarations,
        };
        template.find_patterns(&sealed);
        template
    }

    fn find_patterns(&mut self, sealed: &BTreeMap<(&'static str, String), Vec<Option<String>>>) {
        let known: HashMap<&[u8], usize> =
            self.holes.iter().map(String::as_bytes).zip(0..).collect();
        let lengths: BTreeSet<usize> = self.holes.iter().map(String::len).collect();
        let pattern = |bytes: &[u8]| {
            let (mut pieces, mut fixed, mut place) = (Vec::new(), Vec::new(), 0);
            while place < bytes.len() {
                let hole = lengths.iter().rev().find_map(|length| {
                    let word = bytes.get(place..place + length)?;
                    known.get(word).map(|hole| (*hole, *length))
                });
                match hole {
                    Some((hole, length)) => {
                        pieces.push(Piece::Fixed(std::mem::take(&mut fixed)));
                        pieces.push(Piece::Hole(hole));
                        place += length;
                    }
                    None => {
                        fixed.push(bytes[place]);
                        place += 1;
                    }
                }
            }
            pieces.push(Piece::Fixed(fixed));
            Pattern(pieces)
        };
        let mut patterns = HashMap::new();
        for (table, of) in self.tables.iter().enumerate() {
            for (row, values) in of.rows.iter().enumerate() {
                for (column, value) in values.iter().enumerate() {
                    let found = match value {
                        Value::Text(text) => pattern(text.as_bytes()),
                        Value::Bytes(bytes) => pattern(bytes),
                        Value::Null | Value::Int(_) => continue,
                    };
                    if found.0.len() > 1 {
                        patterns.insert((table, row, column), found);
                    }
                }
            }
        }
        let requests = self.at("request");
        let place_of = |column: &str, text: &str| {
            let cell = requests.column(column);
            let found = |row: &Vec<Value>| {
                let method = row[requests.column("method")].text();
                row[cell].text() == text && (column == "request_id" || method == "CreatePayment")
            };
            requests.rows.iter().position(found).unwrap()
        };
        let events = self.at("event");
        let cell = |row: &[Value], name: &str| row[events.column(name)].clone();
        let mut last = HashMap::new();
        for (place, event) in events.rows.iter().enumerate() {
            if let Some((table, ..)) = sealed_rows(cell(event, "kind").text()) {
                last.insert((table, cell(event, "subject_id").text().to_owned()), place);
            }
        }
        let mut plans = Vec::new();
        for (place, event) in events.rows.iter().enumerate() {
            let subject = cell(event, "subject_id").text().to_owned();
            let seals: Json = serde_json::from_str(cell(event, "detail").text()).unwrap();
            let table = sealed_rows(cell(event, "kind").text()).map(|(table, ..)| table);
            let table = table.filter(|table| last[&(*table, subject.clone())] == place);
            let row = table.map(|table| {
                let values = sealed[&(table, subject.clone())].iter();
                let values = values.map(|text| text.as_ref().map(|text| pattern(text.as_bytes())));
                (table, values.collect())
            });
            let answer = match cell(event, "request_id") {
                Value::Text(id) => {
                    let found = place_of("request_id", &id);
                    let closed = answer_seal(requests, &requests.rows[found], false);
                    Some((found, seals["answer"] != Json::String(closed)))
                }
                _ => None,
            };
            let completed = seals.get("completed");
            let completed = completed.map(|_| place_of("subject_id", &subject));
            plans.push(Plan {
                seals,
                row,
                answer,
                completed,
            });
        }
        self.patterns = patterns;
        self.plans = plans;
    }

    fn at(&self, table: &str) -> &Table {
        &self.tables[index(table)]
    }

    /// A copy as the n-th taxpayer; its events begin after a position.
    pub fn copy(
        &self,
        n: u64,
        number: &TaxpayerId,
        signer: &Ed25519Signer,
        position: &mut i64,
    ) -> Vec<Table> {
        let hole = |text: &str| {
            self.holes
                .binary_search_by(|one| one.as_str().cmp(text))
                .unwrap()
        };
        let mut fill: Vec<String> = self.holes.iter().map(|id| other_id(id, n)).collect();
        fill[hole(&self.number)] = number.as_str().to_owned();
        fill[hole(&self.taxpayer)] = key_of(number);
        let written = |fill: &[String], at| self.patterns[&at].filled(fill);
        // Numbers of vouchers come from their payments, digests from contents, signatures from
        // what is signed.
        let voucher = self.at("voucher");
        for row in &voucher.rows {
            let payment = row[voucher.column("payment_id")].text();
            let old = row[voucher.column("voucher_number")].text();
            let payment = PaymentId::parse(&fill[hole(payment)]).unwrap();
            let year = old[..4].parse().unwrap();
            let new = candidate_number(payment, None, None, (year, 0));
            assert_eq!(new.as_str().len(), old.len());
            fill[hole(old)] = new.as_str().to_owned();
        }
        let declaration = self.at("declaration");
        let content = declaration.column("content");
        for (place, row) in declaration.rows.iter().enumerate() {
            let digest = sha(&written(&fill, (index("declaration"), place, content)));
            fill[hole(row[declaration.column("digest")].text())] = digest;
        }
        let signed = voucher.column("signed_text");
        for (place, row) in voucher.rows.iter().enumerate() {
            let text = written(&fill, (index("voucher"), place, signed));
            let signature = signer.sign(std::str::from_utf8(&text).unwrap());
            fill[hole(row[voucher.column("signature")].text())] = signature;
            fill[hole(row[voucher.column("public_key")].text())] = signer.public_key();
        }
        let mut tables = self.tables.clone();
        for (table, of) in tables.iter_mut().enumerate() {
            for (row, values) in of.rows.iter_mut().enumerate() {
                for (column, value) in values.iter_mut().enumerate() {
                    if let Some(pattern) = self.patterns.get(&(table, row, column)) {
                        let bytes = pattern.filled(&fill);
                        *value = match value {
                            Value::Text(_) => Value::Text(String::from_utf8(bytes).unwrap()),
                            _ => Value::Bytes(bytes),
                        };
                    }
                }
            }
        }
        self.chain(&mut tables, &fill, position);
        tables
    }

    /// Seals the rows of a copy and chains its events.
    fn chain(&self, tables: &mut [Table], fill: &[String], position: &mut i64) {
        let of = self.at("event");
        let column = |name: &str| of.column(name);
        let mut hash = String::new();
        for (place, plan) in self.plans.iter().enumerate() {
            let mut seals = plan.seals.clone();
            if let Some((table, patterns)) = &plan.row {
                let text = |one: &Pattern| String::from_utf8(one.filled(fill)).unwrap();
                let values = patterns.iter().map(|one| one.as_ref().map(text));
                let values: Vec<Option<String>> = values.collect();
                seals["row"] = Json::String(sha(json!([table, values]).to_string().as_bytes()));
            }
            let requests = &tables[index("request")];
            if let Some((request, open)) = plan.answer {
                let seal = answer_seal(requests, &requests.rows[request], open);
                seals["answer"] = Json::String(seal);
            }
            if let Some(request) = plan.completed
                && let Value::Bytes(bytes) = &requests.rows[request][requests.column("response")]
            {
                seals["completed"] = Json::String(sha(bytes));
            }
            *position += 1;
            let row = &mut tables[index("event")].rows[place];
            let Value::Int(at) = row[column("at")] else {
                panic!("an event without an instant");
            };
            let text = |name: &str| row[column(name)].text().to_owned();
            let mut event = KeptEvent {
                position: *position,
                taxpayer_id: text("taxpayer_id"),
                sequence: i64::try_from(place).unwrap() + 1,
                kind: text("kind"),
                subject_id: text("subject_id"),
                rpc: text("rpc"),
                request_id: match &row[column("request_id")] {
                    Value::Text(id) => Some(id.clone()),
                    _ => None,
                },
                at,
                hash: String::new(),
                detail: Some(seals.to_string()),
            };
            event.hash = event.hash_after(&hash);
            hash.clone_from(&event.hash);
            row[column("detail")] = Value::Text(event.detail.unwrap());
            row[column("hash")] = Value::Text(event.hash);
            row[column("position")] = Value::Int(event.position);
        }
    }

    /// The id of a declaration in the n-th copy.
    pub fn declaration(&self, place: usize, n: u64) -> String {
        other_id(&self.declarations[place], n)
    }
}

/// The id of the taxpayer with a number.
pub fn key_of(number: &TaxpayerId) -> String {
    let url = &Uuid::NAMESPACE_URL;
    Uuid::new_v5(url, number.as_str().as_bytes()).to_string()
}

/// The same instant, another id: order and length stay.
pub fn other_id(id: &str, n: u64) -> String {
    let Ok(id) = Uuid::try_parse(id) else {
        return id.to_owned();
    };
    let other = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFFFF_FFFF_FFFF;
    Uuid::from_u128(id.as_u128() ^ u128::from(other)).to_string()
}
