//! The order as the bank is sent it: by tax and period, surcharge apart, and it adds up.

use super::{Payment, PaymentRow};
use crate::types::{Money, Overflow, Period, TaxKind};

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

impl Payment {
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

    use crate::filing::{Payment, PaymentChannel, PaymentRow, PaymentState, Quote};
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
            channel: PaymentChannel::Agreement,
            refund: None,
            received: Money::ZERO,
            refunded: Money::ZERO,
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
