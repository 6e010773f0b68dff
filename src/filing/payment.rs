//! The payment (缴款): what is due on a day, and the steps of a payment's life.
//!
//! | state | bank: debited | other amount | refused | never seen | no answer | reversed |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | SENT | DEBITED | CONFIRMING, case | FAILED | FAILED | CONFIRMING | REVERSED |
//! | CONFIRMING | DEBITED | case | FAILED | FAILED | – | REVERSED |
//! | DEBITED | – | case | – | – | – | REVERSED |
//!
//! A payment is recorded as SENT and committed *before* the bank is asked, so that a crash at any
//! later point leaves a row to be queried; a debit is never sent twice. What treasury and day's
//! file say is the stronger fact and may overtake the bank's answer: see `settlement`.

use jiff::Timestamp;

use super::settlement::{other_amount, reversal_after_settlement};
use super::{Declaration, Quote, Refusal};
use crate::tax::Finding;
use crate::types::{
    DeclarationId, Money, PaymentId, RefundId, TaxAuthority, TaxpayerKey, Treasury, VoucherNumber,
};

/// The life of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentState {
    /// Recorded, not sent.
    Created,
    /// Sent to the bank.
    Sent,
    /// The bank has debited the payer.
    Debited,
    /// In the treasury.
    InTreasury,
    /// The bank said no.
    Failed,
    /// The bank's answer is not known.
    Confirming,
    /// The debit was reversed.
    Reversed,
    /// Refunded.
    Refunded,
}

impl PaymentState {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Sent,
        Self::Debited,
        Self::InTreasury,
        Self::Failed,
        Self::Confirming,
        Self::Reversed,
        Self::Refunded,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Sent => "SENT",
            Self::Debited => "DEBITED",
            Self::InTreasury => "IN_TREASURY",
            Self::Failed => "FAILED",
            Self::Confirming => "CONFIRMING",
            Self::Reversed => "REVERSED",
            Self::Refunded => "REFUNDED",
        }
    }

    /// Finds a state by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// A live payment bars another one of its declaration.
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Failed | Self::Reversed | Self::Refunded)
    }

    /// The money is in the treasury, or was until it was refunded.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::InTreasury | Self::Refunded)
    }

    /// The bank is still to be heard.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Sent | Self::Confirming)
    }
}

/// What the bank is known to have said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BankAnswer {
    /// It debited the payer, under its own number.
    Debited(String),
    /// It debited another amount than the order's.
    OtherAmount(Money),
    /// It debited the payer and took the debit back.
    Reversed,
    /// It refused, and why.
    Refused(String),
    /// It has never seen the order: nothing was debited.
    NeverSeen,
    /// Nothing is known: no answer, or an answer that cannot be read.
    Unknown,
}

/// How a payment reaches the treasury.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentChannel {
    /// 三方协议扣款: a debit by the bank.
    Agreement,
    /// 抵缴: a refund set against the declaration.
    Offset,
}

impl PaymentChannel {
    /// All channels.
    pub const ALL: [Self; 2] = [Self::Agreement, Self::Offset];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agreement => "AGREEMENT",
            Self::Offset => "OFFSET",
        }
    }

    /// Finds a channel by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// A payment of one declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The service's id, also the order's number at the bank.
    pub id: PaymentId,
    /// Whose it is.
    pub taxpayer: TaxpayerKey,
    /// What it pays.
    pub declaration: DeclarationId,
    /// Where its life stands.
    pub state: PaymentState,
    /// The order.
    pub order: Quote,
    /// 主管税务机关.
    pub authority: TaxAuthority,
    /// 国库.
    pub treasury: Treasury,
    /// 三方协议号.
    pub agreement: String,
    /// The bank's number.
    pub bank_reference: Option<String>,
    /// Why the bank said no.
    pub failure: Option<String>,
    /// The voucher.
    pub voucher: Option<VoucherNumber>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When the money was in the treasury.
    pub settled_at: Option<Timestamp>,
    /// How it reaches the treasury.
    pub channel: PaymentChannel,
    /// The refund an offset was made from.
    pub refund: Option<RefundId>,
    /// What the treasury has received so far.
    pub received: Money,
    /// What was refunded of it.
    pub refunded: Money,
    /// Version of the row, from 1.
    pub version: i64,
}

impl Payment {
    /// Nothing was paid by it and nothing will be, as far as is known.
    pub fn is_without_money(&self) -> bool {
        let over = matches!(self.state, PaymentState::Failed | PaymentState::Reversed);
        over && self.settled_at.is_none() && self.received.is_zero()
    }

    /// Records the order for a declaration, ready to be sent.
    ///
    /// # Errors
    /// [`Refusal`] when the declaration does not wait for a payment, another digest is named, or
    /// the total agreed to is not today's.
    pub fn send(
        id: PaymentId,
        declaration: &Declaration,
        named_digest: &str,
        agreed_total: Money,
        agreement: String,
        order: Quote,
        at: Timestamp,
    ) -> Result<Self, Refusal> {
        declaration.check_payable(named_digest)?;
        if order.total != agreed_total {
            return Err(order.changed(agreed_total));
        }
        Ok(Self {
            id,
            taxpayer: declaration.content.taxpayer,
            declaration: declaration.id,
            state: PaymentState::Sent,
            order,
            authority: declaration.content.authority.clone(),
            treasury: declaration.content.treasury.clone(),
            agreement,
            bank_reference: None,
            failure: None,
            voucher: None,
            created_at: at,
            settled_at: None,
            channel: PaymentChannel::Agreement,
            refund: None,
            received: Money::ZERO,
            refunded: Money::ZERO,
            version: 1,
        })
    }

    /// What of the bank's answer cannot be true together with the books, for an officer.
    pub fn disagreement(&self, answer: &BankAnswer) -> Option<Finding> {
        match answer {
            BankAnswer::OtherAmount(debited) => Some(other_amount(self, *debited)),
            BankAnswer::Reversed if self.received.is_positive() => {
                Some(reversal_after_settlement(self))
            }
            _ => None,
        }
    }

    /// Takes in what the bank said. A fact that came too late changes nothing.
    #[must_use]
    pub fn hear(self, answer: BankAnswer) -> Self {
        let debited = self.state == PaymentState::Debited;
        let answer = match answer {
            BankAnswer::Reversed if debited && self.received.is_zero() => {
                return self.reverse(None);
            }
            _ if !self.state.is_open() => return self,
            // A part of the money is in the treasury: the answer cannot be the truth.
            BankAnswer::Refused(_) | BankAnswer::NeverSeen | BankAnswer::Reversed
                if self.received.is_positive() =>
            {
                BankAnswer::Unknown
            }
            answer => answer,
        };
        let version = self.version.saturating_add(1);
        match answer {
            BankAnswer::Debited(reference) => Self {
                state: PaymentState::Debited,
                bank_reference: Some(reference),
                version,
                ..self
            },
            BankAnswer::Reversed => self.reverse(None),
            BankAnswer::Refused(reason) => Self {
                state: PaymentState::Failed,
                failure: Some(match reason.as_str() {
                    "" => "REFUSED_BY_BANK".to_owned(),
                    _ => reason,
                }),
                version,
                ..self
            },
            BankAnswer::NeverSeen => Self {
                state: PaymentState::Failed,
                failure: Some("ORDER_NEVER_REACHED_BANK".to_owned()),
                version,
                ..self
            },
            BankAnswer::Unknown | BankAnswer::OtherAmount(_)
                if self.state == PaymentState::Confirming =>
            {
                self
            }
            BankAnswer::Unknown | BankAnswer::OtherAmount(_) => Self {
                state: PaymentState::Confirming,
                version,
                ..self
            },
        }
    }
}
