//! The refund (退税): claimed, decided, set against arrears, paid out (征管法 art. 51, 实施细则
//! art. 78 and 79).
//!
//! | state | approve | reject | set off | pay out |
//! | --- | --- | --- | --- | --- |
//! | REQUESTED | APPROVED | REJECTED | – | – |
//! | APPROVED | – | – | APPROVED, or PAID with the last fen | PAID |
//! | REJECTED, PAID | – | – | – | – |
//!
//! Interest is that of the refund day: the first day on which any of it is set off or paid out.
//! Until then what is kept is what it was on the day of approval, and is shown as of today.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::refund_parts::{RefundPart, Refundable, count, day_known, interest, paid_by_us, parts};
use super::{Declaration, DeclarationState, MoneyRefusal, Refusal};
use crate::rules::RuleBook;
use crate::types::{
    DeclarationId, Money, Overflow, RefundId, TaxpayerKey, Treasury, VoucherNumber,
};

/// Days back in which a pay-out's day is looked for: a report is at most a year late.
const REPORT_DAYS_MAX: u16 = 366;

/// Why tax is refunded; it decides on interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundCause {
    /// 误收多缴: more was paid than was due.
    Overpaid,
    /// 减免退税: a relief was not enjoyed when paid.
    Relief,
    /// 汇算清缴结算: settlement of prepaid tax.
    Prepaid,
}

impl RefundCause {
    /// All causes.
    pub const ALL: [Self; 3] = [Self::Overpaid, Self::Relief, Self::Prepaid];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overpaid => "OVERPAID",
            Self::Relief => "RELIEF",
            Self::Prepaid => "PREPAID",
        }
    }

    /// Finds a cause by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }

    /// 实施细则 art. 78: no interest on the settlement of prepaid tax and on reliefs.
    pub const fn bears_interest(self) -> bool {
        matches!(self, Self::Overpaid)
    }
}

/// The life of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    /// Claimed.
    Requested,
    /// Approved; to be set off or paid out.
    Approved,
    /// Refused.
    Rejected,
    /// Paid out, or set off to the last fen.
    Paid,
}

impl RefundState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Requested, Self::Approved, Self::Rejected, Self::Paid];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Paid => "PAID",
        }
    }

    /// Finds a state by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A claim as it comes in.
#[derive(Debug, Clone)]
pub struct RefundClaim {
    /// The new refund's id.
    pub id: RefundId,
    /// The declaration's digest the claimant saw.
    pub named_digest: String,
    /// What the claimant expects.
    pub amount: Money,
    /// Why.
    pub cause: RefundCause,
    /// When.
    pub at: Timestamp,
    /// The civil day.
    pub today: Date,
}

/// A refund of what one declaration shows as refundable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The service's id.
    pub id: RefundId,
    /// Whose it is.
    pub taxpayer: TaxpayerKey,
    /// The declaration that shows it.
    pub declaration: DeclarationId,
    /// Where its life stands.
    pub state: RefundState,
    /// Why.
    pub cause: RefundCause,
    /// Tax to refund.
    pub amount: Money,
    /// Interest.
    pub interest: Money,
    /// What was set against arrears.
    pub offset: Money,
    /// What it comes from.
    pub parts: Vec<RefundPart>,
    /// The officer's words.
    pub decision: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// The treasury's number.
    pub treasury_reference: Option<String>,
    /// The voucher of what was paid out.
    pub voucher: Option<VoucherNumber>,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// When it was paid out, or set off to the last fen.
    pub paid_at: Option<Timestamp>,
    /// Version of the row, from 1.
    pub version: i64,
}

/// What a treasury reports of a pay-out.
#[derive(Debug, Clone)]
pub struct PayOut {
    /// What was paid, interest inside.
    pub amount: Money,
    /// The treasury that paid.
    pub treasury: Treasury,
    /// Its number.
    pub reference: String,
    /// The civil day of the approval.
    pub decided_on: Date,
    /// The civil day of the report.
    pub today: Date,
    /// The instant of the report.
    pub at: Timestamp,
}

impl Refund {
    /// Claims what a declaration shows as refundable. `paid` are the settled payments of the
    /// revisions it corrects, newest first: what earlier revisions paid comes from them, the newest
    /// first. `claimed_elsewhere` is a refund of an earlier revision that took tax paid elsewhere.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn request(
        claim: RefundClaim,
        declaration: &Declaration,
        paid: &[Refundable],
        claimed_elsewhere: Option<RefundId>,
        rules: &RuleBook,
    ) -> Result<Self, Refusal> {
        use DeclarationState::{AwaitingPayment, Completed};
        if !matches!(declaration.state, AwaitingPayment | Completed) {
            return Err(not(declaration));
        }
        if claim.named_digest != declaration.digest {
            return Err(Refusal::DigestMismatch {
                named: claim.named_digest,
                actual: declaration.digest.clone(),
            });
        }
        let refundable = declaration.content.totals()?.refundable;
        if claim.amount != refundable || !refundable.is_positive() {
            return Err(MoneyRefusal::RefundMismatch {
                named: claim.amount,
                refundable,
            }
            .into());
        }
        let ours = paid_by_us(declaration)?;
        let elsewhere = refundable.minus(ours)?;
        let mut parts = parts(ours, paid)?;
        let years = count(rules, "procedure.refund.claim_years", claim.today)?;
        for paid_on in parts.iter().filter_map(|part| part.paid_on) {
            let limit = paid_on.saturating_add(years.years());
            if limit < claim.today {
                return Err(MoneyRefusal::RefundLapsed { paid_on, limit }.into());
            }
        }
        if elsewhere.is_positive() {
            if let Some(earlier) = claimed_elsewhere {
                return Err(MoneyRefusal::RefundAlive(earlier.to_string()).into());
            }
            parts.push(RefundPart {
                payment: None,
                amount: elsewhere,
                paid_on: None,
            });
        }
        day_known(claim.cause, &parts)?;
        Ok(Self {
            id: claim.id,
            taxpayer: declaration.content.taxpayer,
            declaration: declaration.id,
            state: RefundState::Requested,
            cause: claim.cause,
            amount: refundable,
            interest: Money::ZERO,
            offset: Money::ZERO,
            parts,
            decision: None,
            decided_at: None,
            treasury_reference: None,
            voucher: None,
            created_at: claim.at,
            paid_at: None,
            version: 1,
        })
    }

    /// The last day to decide on a claim of some day (实施细则 art. 78).
    ///
    /// # Errors
    /// [`MoneyRefusal::ParameterMissing`].
    pub fn decide_by(claimed_on: Date, rules: &RuleBook) -> Result<Date, MoneyRefusal> {
        let days = count(rules, "procedure.refund.decide_days", claimed_on)?;
        Ok(claimed_on.saturating_add(days.days()))
    }

    /// Approves it, with the cause as the officer finds it. The declaration must still stand.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn approve(
        self,
        declaration: &Declaration,
        cause: RefundCause,
        decision: String,
        (at, today): (Timestamp, Date),
        rules: &RuleBook,
    ) -> Result<Self, Refusal> {
        self.expect(RefundState::Requested)?;
        if !declaration.state.is_live() {
            return Err(not(declaration));
        }
        day_known(cause, &self.parts)?;
        let approved = Self {
            state: RefundState::Approved,
            cause,
            decision: Some(decision),
            decided_at: Some(at),
            version: self.version.saturating_add(1),
            ..self
        };
        Ok(Self {
            interest: approved.interest_on(today, rules)?,
            ..approved
        })
    }

    /// Refuses it.
    ///
    /// # Errors
    /// [`Refusal::WrongState`].
    pub fn reject(
        self,
        cause: RefundCause,
        decision: String,
        at: Timestamp,
    ) -> Result<Self, Refusal> {
        self.expect(RefundState::Requested)?;
        Ok(Self {
            state: RefundState::Rejected,
            cause,
            decision: Some(decision),
            decided_at: Some(at),
            version: self.version.saturating_add(1),
            ..self
        })
    }

    /// Interest if a day is the refund day: the rate of that day × tax × days ÷ basis, from each
    /// payment's day, rounded once. Fixed as soon as any of the refund was used.
    ///
    /// # Errors
    /// [`MoneyRefusal`] when the rule pack has no rate for the day.
    pub fn interest_on(&self, day: Date, rules: &RuleBook) -> Result<Money, MoneyRefusal> {
        let used = self.state == RefundState::Paid || self.offset.is_positive();
        if used || self.state != RefundState::Approved || !self.cause.bears_interest() {
            return Ok(self.interest);
        }
        interest(&self.parts, day, rules)
    }

    /// What is left to be paid out.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn balance(&self) -> Result<Money, Overflow> {
        self.amount.plus(self.interest)?.minus(self.offset)
    }

    /// What may be set off on a day.
    ///
    /// # Errors
    /// [`Refusal`] when it is not approved.
    pub fn at_hand(&self, day: Date, rules: &RuleBook) -> Result<Money, Refusal> {
        self.expect(RefundState::Approved)?;
        let interest = self.interest_on(day, rules)?;
        Ok(self.amount.plus(interest)?.minus(self.offset)?)
    }

    /// Sets an amount of it against arrears.
    ///
    /// # Errors
    /// [`Refusal`] when it is not approved or holds less.
    pub fn set_off(
        self,
        amount: Money,
        (at, today): (Timestamp, Date),
        rules: &RuleBook,
    ) -> Result<Self, Refusal> {
        let at_hand = self.at_hand(today, rules)?;
        if !amount.is_positive() || at_hand < amount {
            return Err(MoneyRefusal::OffsetTooSmall { at_hand }.into());
        }
        let ended = amount == at_hand;
        Ok(Self {
            state: if ended {
                RefundState::Paid
            } else {
                RefundState::Approved
            },
            interest: self.interest_on(today, rules)?,
            offset: self.offset.plus(amount)?,
            paid_at: ended.then_some(at),
            version: self.version.saturating_add(1),
            ..self
        })
    }

    /// Takes in that the treasury has paid it out. A report may come later than the money went: the
    /// refund day is the latest day since the approval on which the balance was what was paid.
    ///
    /// # Errors
    /// [`Refusal`] when it is not approved, or amount or treasury are not its own.
    pub fn pay_out(self, paid: PayOut, own: &Treasury, rules: &RuleBook) -> Result<Self, Refusal> {
        self.expect(RefundState::Approved)?;
        let mut day = paid.today;
        let earliest = paid
            .decided_on
            .max(paid.today.saturating_sub(i64::from(REPORT_DAYS_MAX).days()));
        let mut found = None;
        while found.is_none() && earliest <= day && paid.treasury == *own {
            let interest = self.interest_on(day, rules)?;
            let balance = self.amount.plus(interest)?.minus(self.offset)?;
            found = (balance == paid.amount).then_some(interest);
            day = day.saturating_sub(1.days());
        }
        let Some(interest) = found else {
            let balance = self.at_hand(paid.today, rules)?;
            return Err(Refusal::SettlementMismatch {
                expected: format!("{balance} yuan, treasury {own}"),
                reported: format!("{} yuan, treasury {}", paid.amount, paid.treasury),
            });
        };
        Ok(Self {
            state: RefundState::Paid,
            interest,
            treasury_reference: Some(paid.reference),
            paid_at: Some(paid.at),
            version: self.version.saturating_add(1),
            ..self
        })
    }

    fn expect(&self, needed: RefundState) -> Result<(), Refusal> {
        if self.state == needed {
            return Ok(());
        }
        Err(Refusal::WrongState {
            what: "refund",
            state: self.state.name(),
            needed: needed.name(),
        })
    }
}

fn not(declaration: &Declaration) -> Refusal {
    Refusal::WrongState {
        what: "declaration",
        state: declaration.state.name(),
        needed: "COMPLETED or AWAITING_PAYMENT",
    }
}
