//! What a refund comes from: payments of earlier revisions, and the interest on them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Declaration, MoneyRefusal, Payment, PaymentChannel, PaymentState, Quote, RefundCause, Refusal,
};
use crate::rules::{RuleBook, RuleStatus};
use crate::types::{Exact, Money, Overflow, PaymentId, RefundId, VoucherNumber};

const RATE: &str = "procedure.refund.demand_rate";
const BASIS: &str = "procedure.refund.day_basis";

/// A whole number that the nation fixes.
pub(super) fn count(rules: &RuleBook, id: &str, on: Date) -> Result<i64, MoneyRefusal> {
    let value = rules.national_number(id, on)?;
    let whole = value.normalize();
    i64::try_from(whole.mantissa())
        .ok()
        .filter(|_| whole.scale() == 0)
        .ok_or_else(|| MoneyRefusal::ParameterMissing(id.to_owned()))
}

/// What one payment contributes. Tax that was not paid through Caixing has neither payment nor day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundPart {
    /// The payment.
    pub payment: Option<PaymentId>,
    /// Tax.
    pub amount: Money,
    /// The day its money came into the treasury.
    pub paid_on: Option<Date>,
}

/// What may be refunded of a payment of the declaration's earlier revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refundable {
    /// The payment.
    pub payment: PaymentId,
    /// The day its money came into the treasury.
    pub paid_on: Date,
    /// Its tax, without what was refunded or is claimed by another refund.
    pub left: Money,
}

/// True where the rule pack does not confirm the rate or the day count of interest on a day.
pub fn interest_unconfirmed(day: Date, rules: &RuleBook) -> bool {
    [RATE, BASIS].into_iter().any(|id| {
        rules
            .national(id, day)
            .is_ok_and(|row| row.source.status == RuleStatus::Unconfirmed)
    })
}

/// What of the refundable lines earlier revisions have paid; the rest was stated as paid before.
pub(super) fn paid_by_us(declaration: &Declaration) -> Result<Money, Overflow> {
    let mut ours = Money::ZERO;
    for line in &declaration.content.lines {
        let refundable = Money::ZERO.minus(line.payable.min(Money::ZERO))?;
        ours = ours.plus(refundable.min(line.carried.or_zero()))?;
    }
    Ok(ours)
}

/// The payments an amount comes from, in the order given.
pub(super) fn parts(needed: Money, paid: &[Refundable]) -> Result<Vec<RefundPart>, Refusal> {
    let (mut open, mut parts) = (needed, Vec::new());
    for one in paid {
        let amount = open.min(one.left);
        if amount.is_positive() {
            open = open.minus(amount)?;
            parts.push(RefundPart {
                payment: Some(one.payment),
                amount,
                paid_on: Some(one.paid_on),
            });
        }
    }
    if open.is_positive() {
        let left = needed.minus(open)?;
        return Err(MoneyRefusal::RefundUncovered { needed, left }.into());
    }
    Ok(parts)
}

/// Interest runs from a day, so it must be known.
pub(super) fn day_known(cause: RefundCause, parts: &[RefundPart]) -> Result<(), MoneyRefusal> {
    let unknown = parts.iter().find(|part| part.paid_on.is_none());
    match unknown {
        Some(part) if cause.bears_interest() => Err(MoneyRefusal::RefundDayUnknown {
            amount: part.amount,
        }),
        _ => Ok(()),
    }
}

/// Interest on parts of a refund to a day (实施细则 art. 78).
///
/// # Errors
/// [`MoneyRefusal`] when the rule pack has no rate for the day.
pub fn interest(parts: &[RefundPart], day: Date, rules: &RuleBook) -> Result<Money, MoneyRefusal> {
    let rate = rules.national_number(RATE, day)?;
    let basis = count(rules, BASIS, day)?;
    let mut sum = Exact::ZERO;
    for part in parts {
        let Some(paid_on) = part.paid_on else {
            continue;
        };
        let days = (day.duration_since(paid_on).as_hours() / 24).max(0);
        let one = Exact::from(part.amount).mul(rate)?.mul(days)?.div(basis)?;
        sum = sum.add(one)?;
    }
    Ok(sum.round_to_fen()?)
}

impl Payment {
    /// A payment made from a refund (抵缴): it is in the treasury at once, no bank is asked.
    pub fn set_off(
        id: PaymentId,
        declaration: &Declaration,
        order: Quote,
        refund: RefundId,
        voucher: VoucherNumber,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            taxpayer: declaration.content.taxpayer,
            declaration: declaration.id,
            state: PaymentState::InTreasury,
            authority: declaration.content.authority.clone(),
            treasury: declaration.content.treasury.clone(),
            agreement: String::new(),
            bank_reference: None,
            failure: None,
            voucher: Some(voucher),
            created_at: at,
            settled_at: Some(at),
            channel: PaymentChannel::Offset,
            refund: Some(refund),
            received: order.total,
            refunded: Money::ZERO,
            order,
            version: 1,
        }
    }

    /// Takes in that a part of its tax was refunded; REFUNDED with the last fen.
    ///
    /// # Errors
    /// [`Refusal`] when it is not in the treasury or would give back more tax than it brought.
    pub fn refund(self, amount: Money) -> Result<Self, Refusal> {
        if self.state != PaymentState::InTreasury {
            return Err(Refusal::WrongState {
                what: "payment",
                state: self.state.name(),
                needed: "IN_TREASURY",
            });
        }
        let refunded = self.refunded.plus(amount)?;
        if self.order.principal < refunded {
            let left = self.order.principal.minus(self.refunded)?;
            let needed = amount;
            return Err(MoneyRefusal::RefundUncovered { needed, left }.into());
        }
        let state = if refunded == self.order.principal {
            PaymentState::Refunded
        } else {
            PaymentState::InTreasury
        };
        Ok(Self {
            state,
            refunded,
            version: self.version.saturating_add(1),
            ..self
        })
    }
}
