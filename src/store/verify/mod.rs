//! Everything that must hold in a whole database, recounted on one snapshot: the invariants of
//! declarations and money in set-based SQL, page by page of taxpayers; references; records of
//! requests; the trail with all it seals; and, of the embedded database, its file.

mod rules;

use super::copying::{Progress, Watcher};
use super::file_check::structure as structure_of;
use super::{Break, Fault, Store, StoreError, Tx, TxBackend, on_backend};
use rules::{REFERENCES, RULES, Reference};
use sqlx::AssertSqlSafe;

/// Taxpayers in one page.
const PAGE: i64 = 500;
/// Sorts after every id.
const LAST: &str = "~";
/// So much is told of the embedded database's file.
const FILE_FINDINGS_MAX: usize = 100;
/// So many violations are told; more are counted.
const TOLD_MAX: usize = 10_000;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The number of the invariant; 0 for the database's own structure.
    pub invariant: u8,
    /// The rule's stable name.
    pub rule: &'static str,
    /// Whose it is; empty where that cannot be told.
    pub taxpayer_id: String,
    /// What it is about, such as `payment 0198…`.
    pub subject: String,
    /// What should be, and what is, where these are numbers.
    pub numbers: Option<(i64, i64)>,
    /// In words.
    pub text: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "invariant {} {}", self.invariant, self.rule)?;
        if !self.taxpayer_id.is_empty() {
            write!(f, " taxpayer {}", self.taxpayer_id)?;
        }
        if !self.subject.is_empty() {
            write!(f, " {}", self.subject)?;
        }
        write!(f, ": {}", self.text)?;
        match self.numbers {
            Some((expected, found)) => write!(f, " (expected {expected}, found {found})"),
            None => Ok(()),
        }
    }
}

impl From<Break> for Violation {
    fn from(found: Break) -> Self {
        let invariant = match found.fault {
            Fault::ContentAltered => 6,
            Fault::LinesAltered => 4,
            Fault::VoucherForged => 3,
            Fault::AnswerAltered | Fault::AnswerMissing => 7,
            _ => 5,
        };
        let place = found.sequence.map(|number| format!("event {number} "));
        Self {
            invariant,
            rule: found.fault.name(),
            subject: format!("{}{}", place.unwrap_or_default(), found.subject),
            taxpayer_id: found.taxpayer_id,
            numbers: None,
            text: found.text,
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// How many taxpayers there are.
    pub taxpayers: u64,
    /// How many events there are.
    pub events: u64,
    /// What does not hold, at most 10,000.
    pub violations: Vec<Violation>,
    /// How many more there are.
    pub untold: u64,
}

impl Verified {
    fn add(&mut self, violation: Violation) {
        if self.violations.len() < TOLD_MAX {
            self.violations.push(violation);
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }
}

impl Store {
    /// Recounts everything. `verify` says whether a signature over a text holds under a public
    /// key.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read; what does not hold is in the answer.
    pub async fn verify(
        &self,
        verify: fn(&str, &str, &str) -> bool,
        watcher: Watcher<'_>,
    ) -> Result<Verified, StoreError> {
        let mut tx = self.read().await?;
        tx.unhurried().await?;
        tx.ask_newest_schema().await?;
        let mut found = Verified::default();
        tx.verify_file(&mut found).await?;
        let all = tx.audit_taxpayers().await?;
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let (mut after, mut done) = (String::new(), 0_u64);
        for page in all.chunks(PAGE.unsigned_abs().try_into().unwrap_or(1)) {
            let last = page.last().filter(|last| all.last() != Some(*last));
            let through = last.map_or(LAST, String::as_str);
            tx.verify_page((&after, through), &mut found).await?;
            through.clone_into(&mut after);
            done = done.saturating_add(page.len().try_into().unwrap_or(0));
            let what = "recounting taxpayers";
            watcher(Progress {
                what,
                done,
                all: count,
            });
        }
        if all.is_empty() {
            tx.verify_page(("", LAST), &mut found).await?;
        }
        let (_, gap) = tx.audit_positions().await?;
        let packs = tx.audit_rule_packs().await?;
        gap.into_iter()
            .chain(packs)
            .for_each(|one| found.add(one.into()));
        for (done, taxpayer) in (1..).zip(&all) {
            let audited = tx.audit_taxpayer(taxpayer, verify).await?;
            let events = u64::try_from(audited.events).unwrap_or(0);
            found.events = found.events.saturating_add(events);
            audited
                .breaks
                .into_iter()
                .for_each(|one| found.add(one.into()));
            let what = "auditing taxpayers";
            watcher(Progress {
                what,
                done,
                all: count,
            });
        }
        found.taxpayers = count;
        Ok(found)
    }
}

impl Tx {
    /// What SQLite itself says of its file.
    async fn verify_file(&mut self, found: &mut Verified) -> Result<(), StoreError> {
        let TxBackend::Sqlite(transaction) = &mut self.backend else {
            return Ok(());
        };
        let structure = |rule, text| Violation {
            invariant: 0,
            rule,
            taxpayer_id: String::new(),
            subject: String::new(),
            numbers: None,
            text,
        };
        let conn = transaction.connection()?;
        for text in structure_of(conn, FILE_FINDINGS_MAX).await? {
            found.add(structure("FILE_DAMAGED", text));
        }
        Ok(())
    }

    async fn verify_page(
        &mut self,
        (after, through): (&str, &str),
        found: &mut Verified,
    ) -> Result<(), StoreError> {
        for rule in &RULES {
            let rows: Vec<(String, String, i64, i64)> = on_backend!(self, conn =>
                sqlx::query_as(rule.sql).bind(after).bind(through).fetch_all(conn).await)?;
            for (taxpayer_id, subject, expected, is) in rows {
                found.add(Violation {
                    invariant: rule.invariant,
                    rule: rule.name,
                    taxpayer_id,
                    subject: format!("{} {subject}", rule.of),
                    numbers: Some((expected, is)),
                    text: rule.text.to_owned(),
                });
            }
        }
        for reference in &REFERENCES {
            self.verify_reference(reference, (after, through), found)
                .await?;
        }
        Ok(())
    }

    /// Rows that refer to one that is not there.
    async fn verify_reference(
        &mut self,
        reference: &Reference,
        (after, through): (&str, &str),
        found: &mut Verified,
    ) -> Result<(), StoreError> {
        let sql = reference.sql();
        let rows: Vec<(String, String)> = on_backend!(self, conn =>
            sqlx::query_as(AssertSqlSafe(sql)).bind(after).bind(through).fetch_all(conn).await)?;
        for (taxpayer_id, id) in rows {
            found.add(Violation {
                invariant: 4,
                rule: "ORPHAN_ROW",
                taxpayer_id,
                subject: format!("{} {id}", reference.table),
                numbers: None,
                text: format!("the {} it refers to is not there", reference.to),
            });
        }
        Ok(())
    }
}
