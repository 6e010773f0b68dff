//! The order as the bank is sent it: by tax and period, surcharge apart, and it adds up.

use super::Payment;
use crate::types::{Money, Overflow, Period};

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
    /// The rows the bank is sent: the taxes of the order, surcharge on rows of its own. Their sum
    /// is the total, checked on every level.
    ///
    /// # Errors
    /// [`Overflow`] when a level does not add up; then nothing may be sent.
    pub fn order_rows(&self) -> Result<Vec<OrderRow>, Overflow> {
        let taxes = self.order.order_taxes().map_err(|_| Overflow)?;
        let row = |tax: &super::OrderTax| OrderRow {
            code: tax.tax.code(),
            name: tax.name(),
            period: tax.period,
            amount: tax.amount,
        };
        Ok(taxes.iter().map(row).collect())
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
            extended_to: None,
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
                waived: Money::ZERO,
                offset: Money::ZERO,
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
