//! What bank and treasury say of a payment after the fact, in whatever order it comes: the money
//! arrived whole or in parts, it was debited, refused or taken back.
//!
//! The treasury's word that it has the money is the strongest fact there is: it brings back a
//! payment that was taken for failed. What cannot be true together with the books changes
//! nothing and becomes a case.

use jiff::Timestamp;
use jiff::civil::Date;

use super::case;
use super::{BankAnswer, DeclarationState, Payment, PaymentChannel, PaymentState, Refusal};
use crate::tax::Finding;
use crate::types::{Money, Overflow, Treasury, VoucherNumber};

/// Money, or a part of it, that the treasury has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What tells it from other parts of the payment: the same part counts once.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// Which treasury has it.
    pub treasury: Treasury,
    /// The bank's number of the debit.
    pub bank_reference: String,
}

impl Part {
    /// A part as it is reported. One that is not told from others goes by the debit's number.
    pub fn new(
        reference: String,
        amount: Money,
        treasury: Treasury,
        bank_reference: String,
    ) -> Self {
        let reference = match reference.as_str() {
            "" => bank_reference.clone(),
            _ => reference,
        };
        Self {
            reference,
            amount,
            treasury,
            bank_reference,
        }
    }
}

/// A fact of bank or treasury.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The treasury has money of the payment.
    Settled(Part),
    /// The bank debited the payer; the treasury does not have the money yet.
    Debited {
        /// How much.
        amount: Money,
        /// The bank's number.
        reference: String,
    },
    /// The debit was taken back on the same day; why, where an officer asked for it.
    Reversed(Option<String>),
    /// The bank refused the order.
    Refused,
}

/// What else a decision on a fact rests on.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The parts that are known already.
    pub parts: &'a [Part],
    /// Where the declaration stands.
    pub declaration: DeclarationState,
    /// Another payment of the declaration is on its way or in the treasury.
    pub rival: bool,
    /// Tax of the declaration that refunds set against it have covered.
    pub covered: Money,
    /// The number of the voucher, if one is to be issued.
    pub voucher: &'a VoucherNumber,
    /// Now.
    pub at: Timestamp,
}

/// What a fact brings about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learnt {
    /// It agrees with what is known.
    Known(Payment),
    /// The payment as it is from now on, and the part to be kept.
    Changed(Payment, Option<Part>),
    /// It disagrees: a case. Money that is in the treasury beside the books is kept as a part of
    /// the payment, so that it can be refunded.
    Case(Payment, Box<Finding>, Option<Part>),
}

impl Payment {
    /// Takes in a fact. Only a change raises the version.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn learn(self, fact: Fact, around: Around<'_>) -> Result<Learnt, Overflow> {
        Ok(match fact {
            Fact::Settled(part) => self.settled(part, around)?,
            Fact::Debited { amount, reference } => self.debited(amount, reference, around),
            Fact::Reversed(why) => self.reversed(why),
            Fact::Refused => self.refused(),
        })
    }

    fn settled(self, part: Part, around: Around<'_>) -> Result<Learnt, Overflow> {
        let known = around
            .parts
            .iter()
            .find(|known| known.reference == part.reference);
        if let Some(known) = known.filter(|known| known.amount != part.amount) {
            let finding = part_changed(known, &part);
            return Ok(self.case(finding));
        }
        if part.treasury != self.treasury {
            let finding = elsewhere(&self, &part.treasury, part.amount);
            return Ok(self.case(finding));
        }
        let known = known.is_some() || self.is_the_whole(&part);
        let sum = if known {
            self.received
        } else {
            self.received.plus(part.amount)?
        };
        if sum > self.order.total {
            let finding = too_much(&self, sum);
            return Ok(self.case(finding));
        }
        let finding = match self.state {
            PaymentState::Sent | PaymentState::Confirming | PaymentState::Debited => {
                self.check_awaited(around, &part)
            }
            PaymentState::Failed if around.rival => Some(twice(&self, part.amount)),
            PaymentState::Failed => self.check_awaited(around, &part),
            PaymentState::Reversed => Some(after_reversal(&self, part.amount)),
            PaymentState::InTreasury | PaymentState::Refunded => None,
            PaymentState::Created => Some(not_awaited(&self, around, &part)),
        };
        let Some(finding) = finding else {
            // What was held beside the books becomes the payment once nothing else pays for it.
            return Ok(if known && self.state != PaymentState::Failed {
                Learnt::Known(self)
            } else {
                let received = self.receive(&part, sum, around);
                Learnt::Changed(received, (!known).then_some(part))
            });
        };
        if known {
            return Ok(self.case(finding));
        }
        let version = self.version.saturating_add(1);
        let kept = Self {
            received: sum,
            version,
            ..self
        };
        Ok(Learnt::Case(kept, Box::new(finding), Some(part)))
    }

    /// The whole sum under the debit's own number, of which the parts are known already.
    fn is_the_whole(&self, part: &Part) -> bool {
        self.received == self.order.total
            && part.amount == self.order.total
            && self.bank_reference.as_ref() == Some(&part.reference)
    }

    /// Money that is awaited: all of it makes the payment IN_TREASURY, a part leaves it DEBITED.
    fn receive(self, part: &Part, sum: Money, around: Around<'_>) -> Self {
        let whole = sum == self.order.total;
        let state = match self.state {
            _ if whole => PaymentState::InTreasury,
            // Who has a part of the money will have the rest: nothing may be paid again.
            PaymentState::Failed => PaymentState::Debited,
            state => state,
        };
        Self {
            state,
            received: sum,
            bank_reference: self
                .bank_reference
                .or_else(|| Some(part.bank_reference.clone())),
            failure: None,
            voucher: whole.then(|| around.voucher.clone()),
            settled_at: whole.then_some(around.at),
            version: self.version.saturating_add(1),
            ..self
        }
    }

    fn check_awaited(&self, around: Around<'_>, part: &Part) -> Option<Finding> {
        let offset = self.channel != PaymentChannel::Agreement;
        match around.declaration {
            // A part of what it was made for was set off since.
            DeclarationState::AwaitingPayment if around.covered != self.order.offset => {
                Some(twice(self, part.amount))
            }
            DeclarationState::AwaitingPayment if !offset => None,
            DeclarationState::Completed => Some(twice(self, part.amount)),
            _ => Some(not_awaited(self, around, part)),
        }
    }

    fn debited(self, amount: Money, reference: String, around: Around<'_>) -> Learnt {
        if amount != self.order.total {
            let finding = other_amount(&self, amount);
            return self.case(finding);
        }
        match self.state {
            PaymentState::Failed
                if around.rival
                    || around.declaration != DeclarationState::AwaitingPayment
                    || around.covered != self.order.offset =>
            {
                let finding = twice(&self, amount);
                self.case(finding)
            }
            PaymentState::Sent | PaymentState::Confirming | PaymentState::Failed => {
                let version = self.version.saturating_add(1);
                let debited = Self {
                    state: PaymentState::Debited,
                    bank_reference: Some(reference),
                    failure: None,
                    version,
                    ..self
                };
                Learnt::Changed(debited, None)
            }
            PaymentState::Debited | PaymentState::InTreasury | PaymentState::Refunded => {
                Learnt::Known(self)
            }
            PaymentState::Created | PaymentState::Reversed => {
                let finding = incompatible(&self, "DEBITED");
                self.case(finding)
            }
        }
    }

    fn reversed(self, why: Option<String>) -> Learnt {
        match self.state {
            PaymentState::Sent | PaymentState::Confirming | PaymentState::Debited
                if self.received.is_zero() =>
            {
                Learnt::Changed(self.reverse(why), None)
            }
            PaymentState::Sent
            | PaymentState::Confirming
            | PaymentState::Debited
            | PaymentState::InTreasury
            | PaymentState::Refunded => {
                let finding = reversal_after_settlement(&self);
                self.case(finding)
            }
            // No money either way.
            PaymentState::Reversed | PaymentState::Failed => Learnt::Known(self),
            PaymentState::Created => {
                let finding = incompatible(&self, "REVERSED");
                self.case(finding)
            }
        }
    }

    /// The debit was taken back: nothing was paid, and the declaration may be paid again.
    #[must_use]
    pub fn reverse(self, why: Option<String>) -> Self {
        Self {
            state: PaymentState::Reversed,
            failure: why,
            version: self.version.saturating_add(1),
            ..self
        }
    }

    /// Refuses unless the bank can be asked to take the debit back: it was made today, and
    /// nothing of it is in the treasury.
    ///
    /// # Errors
    /// [`Refusal::WrongState`].
    pub fn check_reversible(&self, today: Date) -> Result<(), Refusal> {
        let debited = self.state == PaymentState::Debited && self.received.is_zero();
        let agreement = self.channel == PaymentChannel::Agreement;
        if debited && agreement && self.order.pay_on == today {
            Ok(())
        } else {
            Err(self.not_reversible())
        }
    }

    /// The refusal of a reversal that comes too late.
    pub const fn not_reversible(&self) -> Refusal {
        Refusal::WrongState {
            what: "payment",
            state: self.state.name(),
            needed: "DEBITED today and nothing of it in the treasury",
        }
    }

    fn refused(self) -> Learnt {
        match self.state {
            PaymentState::Sent | PaymentState::Confirming if self.received.is_zero() => {
                // The file does not say why.
                Learnt::Changed(self.hear(BankAnswer::Refused(String::new())), None)
            }
            PaymentState::Failed | PaymentState::Reversed => Learnt::Known(self),
            PaymentState::Created
            | PaymentState::Sent
            | PaymentState::Confirming
            | PaymentState::Debited
            | PaymentState::InTreasury
            | PaymentState::Refunded => {
                let finding = incompatible(&self, "REFUSED");
                self.case(finding)
            }
        }
    }

    fn case(self, finding: Finding) -> Learnt {
        Learnt::Case(self, Box::new(finding), None)
    }
}

/// The bank debited another amount than the order's.
pub(super) fn other_amount(payment: &Payment, debited: Money) -> Finding {
    let total = payment.order.total;
    case::BANK_AMOUNT
        .at(
            "amount_yuan",
            format!("缴款指令为 {total} 元，银行称扣款 {debited} 元"),
            format!("the order is {total} yuan, the bank says it debited {debited}"),
        )
        .numbers(total, debited)
}

/// The bank took back what the treasury has.
pub(super) fn reversal_after_settlement(payment: &Payment) -> Finding {
    let received = payment.received;
    case::REVERSAL_AFTER_SETTLEMENT
        .at(
            "state",
            format!("国库已收到 {received} 元，银行称该扣款已冲正"),
            format!("the treasury has {received} yuan, the bank says the debit was taken back"),
        )
        .numbers(received, "0.00")
}

fn part_changed(known: &Part, part: &Part) -> Finding {
    let (before, now) = (known.amount, part.amount);
    case::SETTLEMENT_PART
        .at(
            "part_reference",
            format!("入库 {} 原报 {before} 元，现报 {now} 元", part.reference),
            format!("part {} was {before} yuan and is now {now}", part.reference),
        )
        .numbers(before, now)
}

/// Another treasury than the order's speaks of the payment.
pub fn elsewhere(payment: &Payment, named: &Treasury, amount: Money) -> Finding {
    let ordered = &payment.treasury;
    case::SETTLEMENT_TREASURY
        .at(
            "treasury_code",
            format!("缴款指令的国库为 {ordered}，{amount} 元由 {named} 报告"),
            format!("the order names treasury {ordered}; {named} reports {amount} yuan"),
        )
        .numbers(ordered, named)
}

fn too_much(payment: &Payment, sum: Money) -> Finding {
    let total = payment.order.total;
    case::SETTLEMENT_AMOUNT
        .at(
            "amount_yuan",
            format!("缴款指令为 {total} 元，入库合计将为 {sum} 元"),
            format!("the order is {total} yuan, with this the treasury has {sum}"),
        )
        .numbers(total, sum)
}

fn twice(payment: &Payment, amount: Money) -> Finding {
    let declaration = payment.declaration;
    case::DOUBLE_PAYMENT
        .at(
            "amount_yuan",
            format!("申报 {declaration} 已另行缴纳，本缴款又有 {amount} 元"),
            format!("declaration {declaration} is paid otherwise, and {amount} yuan came again"),
        )
        .numbers("0.00", amount)
}

fn after_reversal(payment: &Payment, amount: Money) -> Finding {
    let id = payment.id;
    case::SETTLEMENT_AFTER_REVERSAL
        .at(
            "amount_yuan",
            format!("缴款 {id} 已冲正，国库又报入库 {amount} 元"),
            format!("payment {id} was taken back, and the treasury reports {amount} yuan"),
        )
        .numbers("0.00", amount)
}

fn not_awaited(payment: &Payment, around: Around<'_>, part: &Part) -> Finding {
    let (state, declaration) = (payment.state.name(), around.declaration.name());
    let amount = part.amount;
    case::SETTLEMENT_NOT_AWAITED
        .at(
            "amount_yuan",
            format!("缴款为 {state}、申报为 {declaration}，国库报入库 {amount} 元"),
            format!(
                "the payment is {state}, the declaration {declaration}; the treasury has {amount}"
            ),
        )
        .numbers("0.00", amount)
}

fn incompatible(payment: &Payment, said: &str) -> Finding {
    let state = payment.state.name();
    case::RECON_STATE
        .at(
            "kind",
            format!("系统记录为 {state}，对账文件为 {said}"),
            format!("the payment is {state}, the day's file says {said}"),
        )
        .numbers(state, said)
}
