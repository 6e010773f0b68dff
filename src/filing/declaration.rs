//! The declaration (申报表): what was drawn, and the steps of its life.
//!
//! | state | submit | settle | void | correct | replace |
//! | --- | --- | --- | --- | --- | --- |
//! | DRAFT | AWAITING_PAYMENT, or COMPLETED where nothing is payable | – | – | – | – |
//! | AWAITING_PAYMENT | – | COMPLETED | VOIDED | a draft revision | CORRECTED |
//! | COMPLETED | – | – | – | a draft revision | CORRECTED |
//!
//! A declaration under correction stays in force until its revision is submitted; then, in the
//! same transaction, it is replaced.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Changes, Redrawn, Refusal};
use crate::tax::{Charge, Finding, Profile, Severity};
use crate::types::{
    DeclarationId, Money, Overflow, Period, SourceId, TaxAuthority, TaxpayerKey, Treasury,
};

fn nothing(money: &Money) -> bool {
    money.is_zero()
}

/// One line of the declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Number on the declaration, from 1.
    pub number: u32,
    /// The source it comes from.
    pub source_id: SourceId,
    /// The version of the source.
    pub source_version: i64,
    /// The tax period it was charged for.
    pub tax_period: Period,
    /// The last day to file and pay.
    pub due_on: Date,
    /// The charge, without its explanation.
    pub charge: Charge,
    /// 应补(退)税额 of the line.
    pub payable: Money,
    /// On a correction: the part of `charge.already_paid` that earlier revisions have paid.
    #[serde(default, skip_serializing_if = "nothing")]
    pub carried: Money,
    /// On a correction: the declaration the line was first computed on, where it stands unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_from: Option<DeclarationId>,
}

/// A source and one of its tax periods that the declaration covers, also where the tax is zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// The source.
    pub source_id: SourceId,
    /// The version of the source.
    pub source_version: i64,
    /// The tax period.
    pub period: Period,
}

/// What makes a declaration a correction (更正申报) of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The declaration it corrects.
    pub corrects: DeclarationId,
    /// Its number in the chain, from 2.
    pub revision: u32,
    /// The taxes whose rows are replaced; the rest stand.
    pub taxes: Vec<crate::types::TaxKind>,
    /// Sources that should never have been declared.
    pub excluded: Vec<SourceId>,
    /// Why.
    pub reason: String,
}

/// Everything that was computed: immutable, and the subject of the digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Version of this stored format.
    pub format: u32,
    /// Whose it is.
    pub taxpayer: TaxpayerKey,
    /// The filing window.
    pub window: Period,
    /// 主管税务机关.
    pub authority: TaxAuthority,
    /// 国库.
    pub treasury: Treasury,
    /// The taxpayer's dated attributes at the time.
    pub profile: Profile,
    /// The rule pack's version.
    pub rule_pack: String,
    /// Taxes it was limited to; empty means all.
    pub taxes: Vec<crate::types::TaxKind>,
    /// What it covers.
    pub covered: Vec<Covered>,
    /// The lines.
    pub lines: Vec<Line>,
    /// The findings.
    pub findings: Vec<Finding>,
    /// What it corrects; nothing for a first filing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
}

/// 合计.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// 应纳税额.
    pub tax_amount: Money,
    /// 减免税额.
    pub relief: Money,
    /// 已缴税额.
    pub already_paid: Money,
    /// 应补(退)税额, signed.
    pub net: Money,
    /// The lines above zero.
    pub payable: Money,
    /// The lines below zero, as a positive amount.
    pub refundable: Money,
}

impl Content {
    /// The current stored format.
    pub const FORMAT: u32 = 1;

    /// SHA-256 over the canonical JSON, in hex.
    ///
    /// # Errors
    /// Never for values made by this crate; serialisation of plain data cannot fail.
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        Ok(hex::encode(Sha256::digest(serde_json::to_vec(self)?)))
    }

    /// 合计.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn totals(&self) -> Result<Totals, Overflow> {
        totals(&self.lines)
    }

    /// The earliest due day.
    pub fn due_on(&self) -> Option<Date> {
        self.lines.iter().map(|line| line.due_on).min()
    }

    fn rule_ids(&self, severity: Severity) -> Vec<String> {
        let mut ids: Vec<String> = self
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .map(|finding| finding.rule_id.clone())
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

/// 合计 of some lines.
///
/// # Errors
/// [`Overflow`].
pub fn totals(lines: &[Line]) -> Result<Totals, Overflow> {
    let mut totals = Totals::default();
    for line in lines {
        totals.tax_amount = totals.tax_amount.plus(line.charge.tax_amount)?;
        totals.relief = totals.relief.plus(line.charge.relief()?)?;
        totals.already_paid = totals.already_paid.plus(line.charge.already_paid)?;
        totals.net = totals.net.plus(line.payable)?;
        totals.payable = totals.payable.plus(line.payable.or_zero())?;
        totals.refundable = totals.refundable.minus(line.payable.min(Money::ZERO))?;
    }
    Ok(totals)
}

/// The life of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclarationState {
    /// Drawn, not filed.
    Draft,
    /// Filed; passed through inside one transaction.
    Submitted,
    /// Filed and waiting for its payment.
    AwaitingPayment,
    /// Filed, and paid where anything was payable.
    Completed,
    /// Voided (作废).
    Voided,
    /// Replaced by a corrected one (更正).
    Corrected,
}

impl DeclarationState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Draft,
        Self::Submitted,
        Self::AwaitingPayment,
        Self::Completed,
        Self::Voided,
        Self::Corrected,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted => "SUBMITTED",
            Self::AwaitingPayment => "AWAITING_PAYMENT",
            Self::Completed => "COMPLETED",
            Self::Voided => "VOIDED",
            Self::Corrected => "CORRECTED",
        }
    }

    /// Finds a state by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// A live declaration holds its sources' periods.
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Submitted | Self::AwaitingPayment | Self::Completed
        )
    }
}

/// When and how a declaration was filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The instant.
    pub at: Timestamp,
    /// After some line's due day (逾期).
    pub overdue: bool,
    /// The warnings that were acknowledged.
    pub acknowledged: Vec<String>,
}

/// How a declaration left the living: voided, or replaced by a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The instant.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A declaration with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The service's id.
    pub id: DeclarationId,
    /// What was computed.
    pub content: Content,
    /// SHA-256 over the content.
    pub digest: String,
    /// Where its life stands.
    pub state: DeclarationState,
    /// When it was drawn.
    pub created_at: Timestamp,
    /// When it was filed.
    pub submission: Option<Submission>,
    /// When and why it was voided or replaced.
    pub closing: Option<Closing>,
    /// Tax and surcharge under 1 yuan that were not collected (公告2012年第25号).
    pub waived: Money,
    /// Version of the row, from 1.
    pub version: i64,
}

impl Declaration {
    /// 1 for a first filing, one more for each correction.
    pub fn revision(&self) -> u32 {
        self.content.correction.as_ref().map_or(1, |of| of.revision)
    }

    /// Refuses unless it is a draft.
    ///
    /// # Errors
    /// [`Refusal::WrongState`].
    pub fn check_draft(&self) -> Result<(), Refusal> {
        self.expect_state(&[DeclarationState::Draft], "DRAFT")
    }

    /// Files a draft. `fresh` is the content drawn again at this moment.
    ///
    /// # Errors
    /// [`Refusal`] when it is no draft, the digest named is not its own, anything has moved, an
    /// error stops it or a warning has not been acknowledged.
    pub fn submit(
        self,
        named_digest: &str,
        fresh: &Redrawn,
        acknowledged: Vec<String>,
        at: Timestamp,
        today: Date,
    ) -> Result<Self, Refusal> {
        self.check_draft()?;
        self.check_digest(named_digest)?;
        if fresh.digest != self.digest {
            let changes = Changes::between(&self.content, fresh.content.as_ref())?;
            return Err(Refusal::Stale {
                drawn: self.digest,
                now: fresh.digest.clone(),
                changes: Box::new(changes),
            });
        }
        let errors = self.content.rule_ids(Severity::Error);
        if !errors.is_empty() {
            return Err(Refusal::Findings(errors));
        }
        let mut open = self.content.rule_ids(Severity::Warning);
        open.retain(|id| !acknowledged.contains(id));
        if !open.is_empty() {
            return Err(Refusal::Unacknowledged(open));
        }
        let payable = self.content.totals()?.payable;
        let state = if payable.is_positive() {
            DeclarationState::AwaitingPayment
        } else {
            DeclarationState::Completed
        };
        let overdue = fresh.overdue(&self.content.lines, today);
        let submission = Some(Submission {
            at,
            overdue,
            acknowledged,
        });
        Ok(Self {
            state,
            submission,
            version: self.version.saturating_add(1),
            ..self
        })
    }

    /// The payment is in the treasury.
    ///
    /// # Errors
    /// [`Refusal::WrongState`].
    pub fn settle(self) -> Result<Self, Refusal> {
        self.expect_state(&[DeclarationState::AwaitingPayment], "AWAITING_PAYMENT")?;
        let version = self.version.saturating_add(1);
        Ok(Self {
            state: DeclarationState::Completed,
            version,
            ..self
        })
    }

    /// Refuses unless it waits for its payment and the digest named is its own.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check_payable(&self, named_digest: &str) -> Result<(), Refusal> {
        self.expect_state(&[DeclarationState::AwaitingPayment], "AWAITING_PAYMENT")?;
        self.check_digest(named_digest)
    }

    pub(super) fn check_digest(&self, named_digest: &str) -> Result<(), Refusal> {
        if named_digest == self.digest {
            return Ok(());
        }
        Err(Refusal::DigestMismatch {
            named: named_digest.to_owned(),
            actual: self.digest.clone(),
        })
    }

    pub(super) fn expect_state(
        &self,
        allowed: &[DeclarationState],
        needed: &'static str,
    ) -> Result<(), Refusal> {
        if allowed.contains(&self.state) {
            return Ok(());
        }
        Err(Refusal::WrongState {
            what: "declaration",
            state: self.state.name(),
            needed,
        })
    }
}
