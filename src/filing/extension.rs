//! Paying later (延期缴纳税款): 征管法 art. 31, 实施细则 art. 42.

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::refund_parts::count;
use super::{Declaration, DeclarationState, MoneyRefusal, Refusal};
use crate::rules::RuleBook;
use crate::types::{DeclarationId, ExtensionId, TaxKind, TaxpayerKey};

/// A decision on paying later, as recorded. It never changes; a later one stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The service's id.
    pub id: ExtensionId,
    /// Whose it is.
    pub taxpayer: TaxpayerKey,
    /// The declaration whose rows it is for.
    pub declaration: DeclarationId,
    /// The tax; nothing means all of the declaration.
    pub tax: Option<TaxKind>,
    /// The last day to pay without surcharge; nothing when it was refused.
    pub extended_to: Option<Date>,
    /// The day it was asked for.
    pub requested_on: Date,
    /// 批准文书号.
    pub document: String,
    /// When the decision was recorded.
    pub recorded_at: Timestamp,
}

impl Extension {
    /// Checks a decision against the declaration it is for. All rows concerned must allow it: it
    /// was asked for on the due day at the latest, and ends at most three months after it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check(self, declaration: &Declaration, rules: &RuleBook) -> Result<Self, Refusal> {
        if declaration.state != DeclarationState::AwaitingPayment {
            return Err(Refusal::WrongState {
                what: "declaration",
                state: declaration.state.name(),
                needed: "AWAITING_PAYMENT",
            });
        }
        let concerned = declaration.content.lines.iter().filter(|line| {
            line.payable.is_positive() && self.tax.is_none_or(|tax| tax == line.charge.tax)
        });
        let days: Vec<Date> = concerned.map(|line| line.due_on).collect();
        let (Some(first), Some(last)) = (days.iter().min(), days.iter().max()) else {
            return Err(MoneyRefusal::NothingDue.into());
        };
        if *first < self.requested_on {
            return Err(MoneyRefusal::ExtensionTooLate {
                requested_on: self.requested_on,
                due_on: *first,
            }
            .into());
        }
        let Some(extended_to) = self.extended_to else {
            return Ok(self);
        };
        let months = count(rules, "procedure.extension.months", self.requested_on)?;
        let limit = first.saturating_add(months.months());
        if limit < extended_to {
            return Err(MoneyRefusal::ExtensionTooLong { extended_to, limit }.into());
        }
        if extended_to <= *last {
            return Err(MoneyRefusal::ExtensionTooShort {
                extended_to,
                due_on: *last,
            }
            .into());
        }
        Ok(self)
    }

    /// The last day it gives to a tax; nothing when it was refused or is for another tax.
    pub fn reaches(&self, tax: TaxKind) -> Option<Date> {
        let concerns = self.tax.is_none_or(|own| own == tax);
        self.extended_to.filter(|_| concerns)
    }
}
