//! The payment (缴款): what is due on a day, and the steps of a payment's life.
//!
//! | state | bank: debited | bank: refused | no answer | never seen | treasury settles |
//! | --- | --- | --- | --- | --- | --- |
//! | SENT | DEBITED | FAILED | CONFIRMING | FAILED | IN_TREASURY |
//! | CONFIRMING | DEBITED | FAILED | CONFIRMING | FAILED | IN_TREASURY |
//! | DEBITED | – | – | – | – | IN_TREASURY |
//!
//! A payment is recorded as SENT and committed *before* the bank is asked, so that a crash at any
//! later point leaves a row to be queried; a debit is never sent twice. A settlement report may
//! overtake the bank's answer: it is the stronger fact.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Content, Declaration, Refusal};
use crate::rules::RuleBook;
use crate::tax::ChargeError;
use crate::types::{
    DeclarationId, Exact, Money, Overflow, PaymentId, Period, TaxAuthority, TaxKind, TaxpayerKey,
    Treasury, VoucherNumber,
};

/// One row of a quote or order. Surcharge stands apart from tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    /// 税种.
    pub tax: TaxKind,
    /// 税目.
    pub item_zh: String,
    /// 税款所属期.
    pub period: Period,
    /// The due day.
    pub due_on: Date,
    /// The tax to pay.
    pub principal: Money,
    /// Days from the due day to the day of payment.
    pub days_late: u32,
    /// 滞纳金.
    pub surcharge: Money,
}

/// What is due if paid on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The day of payment.
    pub pay_on: Date,
    /// The rows above zero.
    pub rows: Vec<PaymentRow>,
    /// Sum of tax.
    pub principal: Money,
    /// Sum of surcharge.
    pub surcharge: Money,
    /// Sum of both.
    pub total: Money,
}

/// What is due if a declaration is paid on a day. Lines to be refunded do not reduce it.
///
/// Surcharge (征管法 art. 32, 细则 art. 75): tax × daily rate × calendar days after the due day,
/// rounded row by row.
///
/// # Errors
/// [`ChargeError`].
pub fn quote(content: &Content, pay_on: Date, rules: &RuleBook) -> Result<Quote, ChargeError> {
    let mut rows: Vec<PaymentRow> = Vec::new();
    for line in content
        .lines
        .iter()
        .filter(|line| line.payable.is_positive())
    {
        let charge = &line.charge;
        let same = |row: &&mut PaymentRow| {
            row.tax == charge.tax
                && row.item_zh == charge.item_zh
                && row.period == charge.period
                && row.due_on == line.due_on
        };
        match rows.iter_mut().find(same) {
            Some(row) => row.principal = row.principal.plus(line.payable)?,
            None => rows.push(PaymentRow {
                tax: charge.tax,
                item_zh: charge.item_zh.clone(),
                period: charge.period,
                due_on: line.due_on,
                principal: line.payable,
                days_late: 0,
                surcharge: Money::ZERO,
            }),
        }
    }
    for row in &mut rows {
        let days = pay_on.duration_since(row.due_on).as_hours() / 24;
        row.days_late = u32::try_from(days).unwrap_or(0);
        if row.days_late > 0 {
            let rate = rules.national_number("procedure.late_surcharge.daily_rate", pay_on)?;
            let exact = Exact::from(row.principal).mul(rate)?.mul(row.days_late)?;
            row.surcharge = exact.round_to_fen()?;
        }
    }
    let principal = Money::sum(rows.iter().map(|row| row.principal))?;
    let surcharge = Money::sum(rows.iter().map(|row| row.surcharge))?;
    Ok(Quote {
        pay_on,
        rows,
        principal,
        surcharge,
        total: principal.plus(surcharge)?,
    })
}

/// Rows that one debit carries at the most (财税库银横向联网).
const ORDER_ROWS_MAX: usize = 99;

/// One row of the order as the bank is sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The tax's collection code.
    pub code: &'static str,
    /// The tax's name; 滞纳金 on rows of its own.
    pub name: String,
    /// 税款所属期.
    pub period: Period,
    /// The amount.
    pub amount: Money,
}

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
    /// It refused, and why.
    Refused(String),
    /// It has never seen the order: nothing was debited.
    NeverSeen,
    /// Nothing is known: no answer, or an answer that cannot be read.
    Unknown,
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
    /// Version of the row, from 1.
    pub version: i64,
}

impl Payment {
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
            return Err(Refusal::AmountChanged {
                named: agreed_total,
                today: order.total,
            });
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
            version: 1,
        })
    }

    /// Takes in what the bank said. A fact that came too late changes nothing.
    #[must_use]
    pub fn hear(self, answer: BankAnswer) -> Self {
        if !self.state.is_open() {
            return self;
        }
        let version = self.version.saturating_add(1);
        match answer {
            BankAnswer::Debited(reference) => Self {
                state: PaymentState::Debited,
                bank_reference: Some(reference),
                version,
                ..self
            },
            BankAnswer::Refused(reason) => Self {
                state: PaymentState::Failed,
                failure: Some(reason),
                version,
                ..self
            },
            BankAnswer::NeverSeen => Self {
                state: PaymentState::Failed,
                failure: Some("ORDER_NEVER_REACHED_BANK".to_owned()),
                version,
                ..self
            },
            BankAnswer::Unknown if self.state == PaymentState::Confirming => self,
            BankAnswer::Unknown => Self {
                state: PaymentState::Confirming,
                version,
                ..self
            },
        }
    }

    /// The treasury has the money.
    ///
    /// # Errors
    /// [`Refusal`] when the payment is over, or amount or treasury are not the order's.
    pub fn settle(
        self,
        amount: Money,
        treasury: &Treasury,
        bank_reference: String,
        voucher: VoucherNumber,
        at: Timestamp,
    ) -> Result<Self, Refusal> {
        match self.state {
            PaymentState::Sent | PaymentState::Confirming | PaymentState::Debited => {}
            state => {
                return Err(Refusal::WrongState {
                    what: "payment",
                    state: state.name(),
                    needed: "SENT, CONFIRMING or DEBITED",
                });
            }
        }
        if amount != self.order.total || *treasury != self.treasury {
            return Err(Refusal::SettlementMismatch {
                expected: format!("{} yuan, treasury {}", self.order.total, self.treasury),
                reported: format!("{amount} yuan, treasury {treasury}"),
            });
        }
        Ok(Self {
            state: PaymentState::InTreasury,
            bank_reference: Some(bank_reference),
            voucher: Some(voucher),
            settled_at: Some(at),
            version: self.version.saturating_add(1),
            ..self
        })
    }

    /// The rows the bank is sent: tax, and surcharge on rows of its own. Their sum is the total.
    /// An order with more rows than a debit carries is summed by tax.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn order_rows(&self) -> Result<Vec<OrderRow>, Overflow> {
        let mut rows = self.rows_by(|row| Some((row.tax, row.period)))?;
        if rows.len() > ORDER_ROWS_MAX {
            rows = self.rows_by(|row| Some((row.tax, self.order_period(row.tax)?)))?;
        }
        let sum = Money::sum(rows.iter().map(|row| row.amount))?;
        if sum == self.order.total {
            Ok(rows)
        } else {
            Err(Overflow)
        }
    }

    /// From the first to the last day of all rows of a tax.
    fn order_period(&self, tax: TaxKind) -> Option<Period> {
        let of_tax = || self.order.rows.iter().filter(|row| row.tax == tax);
        let first = of_tax().map(|row| row.period.first()).min()?;
        let last = of_tax().map(|row| row.period.last()).max()?;
        Period::new(first, last).ok()
    }

    fn rows_by(
        &self,
        key: impl Fn(&PaymentRow) -> Option<(TaxKind, Period)>,
    ) -> Result<Vec<OrderRow>, Overflow> {
        let mut rows: Vec<OrderRow> = Vec::new();
        for row in &self.order.rows {
            let (tax, period) = key(row).ok_or(Overflow)?;
            let surcharge = format!("{}滞纳金", tax.zh());
            for (name, amount) in [
                (tax.zh().to_owned(), row.principal),
                (surcharge, row.surcharge),
            ] {
                let same = |other: &&mut OrderRow| other.name == name && other.period == period;
                match rows.iter_mut().find(same) {
                    Some(other) => other.amount = other.amount.plus(amount)?,
                    None if amount.is_zero() => {}
                    None => rows.push(OrderRow {
                        code: tax.code(),
                        name,
                        period,
                        amount,
                    }),
                }
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Payment, PaymentRow, PaymentState, Quote};
    use crate::types::{
        DeclarationId, Money, PaymentId, Period, TaxAuthority, TaxKind, TaxpayerKey, Treasury,
    };

    const ID: &str = "0190f5fe-0000-7000-8000-000000000001";

    fn payment(days: i8) -> Payment {
        let row = |day: i8| PaymentRow {
            tax: TaxKind::LandAppreciationTax,
            item_zh: "转让旧房及建筑物".to_owned(),
            period: Period::day(date(2026, 1, 1).saturating_add(jiff::Span::new().days(day))),
            due_on: date(2026, 12, 31),
            principal: Money::from_fen(100),
            days_late: 1,
            surcharge: Money::from_fen(1),
        };
        let rows: Vec<PaymentRow> = (0..days).map(row).collect();
        let (principal, surcharge) = (i64::from(days) * 100, i64::from(days));
        Payment {
            id: PaymentId::parse(ID).unwrap(),
            taxpayer: TaxpayerKey::parse(ID).unwrap(),
            declaration: DeclarationId::parse(ID).unwrap(),
            state: PaymentState::Sent,
            order: Quote {
                pay_on: date(2027, 1, 1),
                rows,
                principal: Money::from_fen(principal),
                surcharge: Money::from_fen(surcharge),
                total: Money::from_fen(principal + surcharge),
            },
            authority: TaxAuthority::parse("13401040000").unwrap(),
            treasury: Treasury::parse("1234010400").unwrap(),
            agreement: "A".to_owned(),
            bank_reference: None,
            failure: None,
            voucher: None,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            settled_at: None,
            version: 1,
        }
    }

    #[test]
    fn an_order_too_long_for_a_debit_is_summed_by_tax() {
        assert_eq!(payment(49).order_rows().unwrap().len(), 98);
        let rows = payment(50).order_rows().unwrap();
        let amounts: Vec<String> = rows.iter().map(|row| row.amount.to_string()).collect();
        assert_eq!(amounts, ["50.00", "0.50"]);
        assert_eq!(rows[0].period.to_string(), "2026-01-01..2026-02-19");
        assert_eq!(rows[1].name, "土地增值税滞纳金");
    }

    #[test]
    fn an_order_whose_rows_do_not_sum_to_its_total_is_never_sent() {
        let mut wrong = payment(2);
        wrong.order.total = Money::from_fen(203);
        assert!(wrong.order_rows().is_err());
    }
}
