//! The books of the sandbox's bank: a journal file that only grows, and what it says.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::faults::BankFault;
use crate::pb;
use crate::types::{Money, Overflow};

/// The journal in the data directory.
const JOURNAL: &str = "sandbox-bank.jsonl";

/// One entry of the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// The payer was debited.
    Debited {
        /// The order's number.
        order_id: String,
        /// What was debited.
        debit: Debit,
    },
    /// The order was refused.
    Refused {
        /// The order's number.
        order_id: String,
        /// Why.
        reason: String,
        /// What was asked for; journals of before do not say.
        #[serde(default)]
        debit: Option<Debit>,
    },
    /// The debit was taken back.
    Reversed {
        /// The order's number.
        order_id: String,
    },
    /// The settlement was reported and taken in.
    Settled {
        /// The order's number.
        order_id: String,
    },
}

/// An order as the bank has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Debit {
    /// Caixing's taxpayer id.
    pub taxpayer_id: String,
    /// 国库代码.
    pub treasury_code: String,
    /// How much.
    pub amount: Money,
    /// The bank's number.
    pub bank_reference: String,
    /// The day of the order; journals of before do not say.
    #[serde(default)]
    pub day: Option<Date>,
    /// How the bank misbehaves with this order, also after a restart.
    #[serde(default)]
    pub fault: Option<BankFault>,
}

impl Debit {
    /// The amounts in which the money reaches the treasury, each with its part's name; empty
    /// where it comes whole.
    pub fn parts(&self) -> Result<Vec<(String, Money)>, Overflow> {
        let first = Money::from_fen(self.amount.fen() / 2);
        if self.fault != Some(BankFault::SettleInParts) || first.is_zero() {
            return Ok(vec![(String::new(), self.amount)]);
        }
        let rest = self.amount.minus(first)?;
        let name = |number: u8| format!("{}-{number}", self.bank_reference);
        Ok(vec![(name(1), first), (name(2), rest)])
    }
}

/// What the bank knows of an order.
#[derive(Debug, Clone)]
pub enum Known {
    /// The payer was debited.
    Debited {
        /// What was debited.
        debit: Debit,
        /// The settlement was reported and taken in.
        settled: bool,
    },
    /// The order was refused.
    Refused {
        /// Why.
        reason: String,
        /// What was asked for.
        debit: Option<Debit>,
    },
    /// The debit was taken back.
    Reversed(Debit),
}

/// The books: the journal, and what it says.
#[derive(Debug)]
pub struct Books {
    file: PathBuf,
    orders: BTreeMap<String, Known>,
}

impl Books {
    /// Opens the books of a directory to write in them.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn open(dir: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let books = Self::read(dir)?;
        if let Ok(text) = std::fs::read_to_string(&books.file)
            && !text.is_empty()
            && !text.ends_with('\n')
        {
            // Else the next entry would be written onto a line torn by a crash, and lost.
            let mut out = std::fs::OpenOptions::new().append(true).open(&books.file)?;
            out.write_all(b"\n")?;
            out.sync_data()?;
        }
        Ok(books)
    }

    /// Reads the books of a directory, also of a bank that is running.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn read(dir: &Path) -> std::io::Result<Self> {
        let file = dir.join(JOURNAL);
        let mut books = Self {
            orders: BTreeMap::new(),
            file,
        };
        if books.file.exists() {
            for line in std::fs::read_to_string(&books.file)?.lines() {
                // A last line torn by a crash was never acknowledged.
                if let Ok(entry) = serde_json::from_str(line) {
                    books.apply(entry);
                }
            }
        }
        Ok(books)
    }

    /// Writes an entry durably, then takes it into the books.
    ///
    /// # Errors
    /// When the journal cannot be written; then nothing happened.
    pub fn write(&mut self, entry: Entry) -> std::io::Result<()> {
        let mut line = serde_json::to_string(&entry)?;
        line.push('\n');
        let mut out = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)?;
        out.write_all(line.as_bytes())?;
        out.sync_data()?;
        self.apply(entry);
        Ok(())
    }

    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Debited { order_id, debit } => {
                let settled = false;
                self.orders
                    .insert(order_id, Known::Debited { debit, settled });
            }
            Entry::Refused {
                order_id,
                reason,
                debit,
            } => {
                self.orders
                    .insert(order_id, Known::Refused { reason, debit });
            }
            Entry::Reversed { order_id } => {
                if let Some(Known::Debited { debit, .. }) = self.orders.get(&order_id) {
                    let debit = debit.clone();
                    self.orders.insert(order_id, Known::Reversed(debit));
                }
            }
            Entry::Settled { order_id } => {
                if let Some(Known::Debited { settled, .. }) = self.orders.get_mut(&order_id) {
                    *settled = true;
                }
            }
        }
    }

    /// What is known of an order.
    pub fn order(&self, order_id: &str) -> Option<&Known> {
        self.orders.get(order_id)
    }

    /// Orders debited whose settlement was not taken in yet.
    pub fn unsettled(&self) -> Vec<String> {
        let open = |(id, known): (&String, &Known)| match known {
            Known::Debited { settled: false, .. } => Some(id.clone()),
            _ => None,
        };
        self.orders.iter().filter_map(open).collect()
    }

    /// What the books answer to a query.
    pub fn answer(&self, order_id: &str) -> pb::QueryResponse {
        let mut answer = pb::QueryResponse::default();
        let mut outcome = pb::DebitOutcome::UnknownOrder;
        match self.orders.get(order_id) {
            None => {}
            Some(Known::Debited { debit, .. }) => {
                outcome = pb::DebitOutcome::Debited;
                answer.bank_reference = debit.bank_reference.clone();
                answer.amount_yuan = debit.amount.to_string();
            }
            Some(Known::Refused { reason, .. }) => {
                outcome = pb::DebitOutcome::Refused;
                answer.refusal_reason = reason.clone();
            }
            Some(Known::Reversed(debit)) => {
                outcome = pb::DebitOutcome::Reversed;
                answer.bank_reference = debit.bank_reference.clone();
            }
        }
        answer.set_outcome(outcome);
        answer
    }

    /// The reconciliation files of a day, one for each treasury: the head and its rows.
    ///
    /// # Errors
    /// When the amounts are beyond exact arithmetic.
    pub fn day_files(
        &self,
        day: Date,
    ) -> Result<Vec<(pb::ReconciliationHead, Vec<pb::ReconciliationRow>)>, Overflow> {
        use pb::ReconciliationKind as Kind;
        let mut files: BTreeMap<&str, (Money, Vec<pb::ReconciliationRow>)> = BTreeMap::new();
        for (order_id, known) in &self.orders {
            let (kind, debit) = match known {
                Known::Debited { debit, .. } => (Kind::Settled, debit),
                Known::Reversed(debit) => (Kind::Reversed, debit),
                Known::Refused {
                    debit: Some(debit), ..
                } => (Kind::Refused, debit),
                Known::Refused { debit: None, .. } => continue,
            };
            if debit.day != Some(day) {
                continue;
            }
            let whole = vec![(String::new(), debit.amount)];
            let parts = match kind {
                Kind::Settled => debit.parts()?,
                _ => whole,
            };
            let (sum, rows) = files.entry(&debit.treasury_code).or_default();
            for (part_reference, amount) in parts {
                *sum = sum.plus(amount)?;
                rows.push(pb::ReconciliationRow {
                    row_number: i64::try_from(rows.len())
                        .unwrap_or(i64::MAX)
                        .saturating_add(1),
                    kind: kind.into(),
                    order_id: order_id.clone(),
                    taxpayer_id: debit.taxpayer_id.clone(),
                    amount_yuan: amount.to_string(),
                    bank_reference: debit.bank_reference.clone(),
                    part_reference,
                });
            }
        }
        let file = |(treasury, (sum, rows)): (&str, (Money, Vec<pb::ReconciliationRow>))| {
            let named = format!("{treasury} {day}");
            let head = pb::ReconciliationHead {
                request_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, named.as_bytes()).to_string(),
                day: day.to_string(),
                treasury_code: treasury.to_owned(),
                row_count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
                total_yuan: sum.to_string(),
            };
            (head, rows)
        };
        Ok(files.into_iter().map(file).collect())
    }
}
