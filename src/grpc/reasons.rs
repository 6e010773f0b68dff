//! The catalogue of reasons: `docs/errors.md` itself, read once. Whoever adds a reason adds its
//! row, and from that row on a sandbox can be told to fail with it.

use std::sync::LazyLock;

use super::convert::Violation;
use super::failure::Failure;
use super::refusals::refusals;
use crate::gateway::BankFault;
use crate::store::StoreError;
use crate::types::Invalid;

const PAGE: &str = include_str!("../../docs/errors.md");
/// The field and ids that a failure on demand speaks of.
const DIALLED: &str = "dialled";
/// What can be missing, each with a `.._NOT_FOUND` of its own where the page has one.
const KEPT: [&str; 9] = [
    "taxpayer",
    "tax_source",
    "declaration",
    "payment",
    "voucher",
    "refund",
    "extension",
    "inspection",
    "case",
];

/// What a reason is a reason of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A call that fails.
    Call,
    /// A step that is refused.
    Step,
    /// A field that is wrong, under `FIELDS_INVALID`.
    Field,
    /// A payment that failed; the call that made it answers OK.
    Payment,
}

/// A row of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The stable reason in `UPPER_SNAKE_CASE`.
    pub name: &'static str,
    /// What it is a reason of.
    pub topic: Topic,
    /// The gRPC code as its page writes it; nothing for fields and payments.
    pub code: Option<&'static str>,
    /// What it says, in Chinese.
    pub zh: &'static str,
    /// What it says, in English.
    pub en: &'static str,
    /// What the client should do.
    pub advice: &'static str,
}

/// Every reason, in the order of the page.
pub fn reasons() -> &'static [Reason] {
    static REASONS: LazyLock<Vec<Reason>> = LazyLock::new(|| read(PAGE));
    &REASONS
}

/// The reason of a name.
pub fn reason(name: &str) -> Option<&'static Reason> {
    reasons().iter().find(|reason| reason.name == name)
}

fn read(page: &'static str) -> Vec<Reason> {
    let mut topic = None;
    let mut found = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            topic = match heading {
                "Reasons of a call" => Some(Topic::Call),
                "Refused steps" => Some(Topic::Step),
                "Wrong fields" => Some(Topic::Field),
                "Why a payment failed" => Some(Topic::Payment),
                _ => None,
            };
        }
        if let (Some(topic), Some(row)) = (topic, line.strip_prefix("| `")) {
            found.extend(read_row(topic, row));
        }
    }
    found
}

fn read_row(topic: Topic, row: &'static str) -> Option<Reason> {
    let (name, rest) = row.split_once('`')?;
    let cells: Vec<&'static str> = rest.trim_matches([' ', '|']).split(" | ").collect();
    let (code, words) = match topic {
        Topic::Call | Topic::Step => cells
            .split_first()
            .map(|(code, words)| (Some(*code), words)),
        Topic::Field | Topic::Payment => Some((None, cells.as_slice())),
    }?;
    let &[zh, en, advice] = words else {
        return None;
    };
    Some(Reason {
        name,
        topic,
        code,
        zh,
        en,
        advice,
    })
}

impl Reason {
    /// A failure with this reason as the real thing makes it, with made-up ids and amounts; nothing
    /// for a payment's reason, which is no failure of a call.
    pub fn failure(&self) -> Option<Failure> {
        match self.topic {
            Topic::Call => call(self.name),
            Topic::Step => refusals()
                .into_iter()
                .find(|refusal| refusal.reason() == self.name)
                .map(Failure::Refused),
            Topic::Field => {
                let invalid = Invalid::new(self.name, self.zh, self.en);
                Some(Failure::Fields(vec![Violation {
                    field: DIALLED.to_owned(),
                    invalid,
                }]))
            }
            Topic::Payment => None,
        }
    }

    /// What the sandbox's bank has to do so that a payment ends for this reason.
    pub fn bank_fault(&self) -> Option<BankFault> {
        match self.name {
            "REFUSED_BY_BANK" => Some(BankFault::Refuse),
            "ORDER_NEVER_REACHED_BANK" => Some(BankFault::TimeOutBeforeDebit),
            _ => None,
        }
    }
}

fn call(name: &str) -> Option<Failure> {
    let id = || DIALLED.to_owned();
    let missing = |what| Failure::NotFound { what, id: id() };
    let named = |what: &&&str| name == format!("{}_NOT_FOUND", what.to_uppercase());
    if let Some(what) = KEPT.iter().find(named) {
        return Some(missing(what));
    }
    Some(match name {
        "FIELDS_INVALID" => Failure::Fields(vec![Violation {
            field: id(),
            invalid: Invalid::new("REQUIRED", "必填", "is required"),
        }]),
        "REQUEST_ID_REUSED" => Failure::RequestIdReused { method: id() },
        "NOT_FOUND" => missing("thing"),
        "ALREADY_EXISTS" => Failure::AlreadyExists {
            what: "taxpayer",
            id: id(),
        },
        "ROW_KEY_REUSED" => Failure::RowKeyReused { source: id() },
        "ETAG_STALE" => Failure::StaleEtag {
            what: "taxpayer",
            current: "v2".to_owned(),
        },
        "REQUEST_STILL_RUNNING" => Failure::StillRunning,
        "SERVER_STOPPING" => Failure::Stopping,
        "CONCURRENT_CHANGE" => Failure::Store(StoreError::Stale(DIALLED)),
        "STORE_UNAVAILABLE" => Failure::Store(StoreError::Unavailable(id())),
        "STORE_OVERLOADED" => Failure::Store(StoreError::Overloaded),
        "STORE_CANNOT_WRITE" => Failure::Store(StoreError::NoSpace),
        "STORED_DATA_INCONSISTENT" => Failure::Store(StoreError::Inconsistent {
            table: DIALLED,
            problem: id(),
        }),
        "INTERNAL" => Failure::Internal(id()),
        _ => return None,
    })
}
