//! Payments and quotes on the wire.

use super::{instant, period, tax};
use crate::filing::{
    BudgetLevel, BudgetShare, OrderTax, Payment, PaymentChannel, PaymentRow, PaymentState, Quote,
};
use crate::grpc::app::etag;
use crate::pb;
use crate::types::Money;

fn row(row: &PaymentRow) -> pb::PaymentRow {
    pb::PaymentRow {
        tax: tax(row.tax).into(),
        item_name: row.item_zh.clone(),
        period: Some(period(row.period)),
        principal_yuan: row.principal.to_string(),
        surcharge_yuan: row.surcharge.to_string(),
        days_late: i32::try_from(row.days_late).unwrap_or(i32::MAX),
        due_on: row.due_on.to_string(),
        extended_to: row
            .extended_to
            .map(|day| day.to_string())
            .unwrap_or_default(),
    }
}

fn where_any(amount: Money) -> String {
    if amount.is_zero() {
        String::new()
    } else {
        amount.to_string()
    }
}

fn share(share: &BudgetShare) -> pb::BudgetShare {
    let level = match share.level {
        BudgetLevel::Centre => pb::BudgetLevel::Centre,
        BudgetLevel::Province => pb::BudgetLevel::Province,
        BudgetLevel::City => pb::BudgetLevel::City,
        BudgetLevel::County => pb::BudgetLevel::County,
        BudgetLevel::Township => pb::BudgetLevel::Township,
        BudgetLevel::Local => pb::BudgetLevel::Local,
    };
    pb::BudgetShare {
        level: level.into(),
        share: share.share.to_string(),
        amount_yuan: share.amount.to_string(),
        unconfirmed: share.unconfirmed,
    }
}

fn order_tax(one: &OrderTax) -> pb::OrderTax {
    let subject = |subject: &crate::filing::OrderSubject| pb::OrderSubject {
        name: subject.name.clone(),
        amount_yuan: subject.amount.to_string(),
    };
    pb::OrderTax {
        tax: tax(one.tax).into(),
        surcharge: one.surcharge,
        budget_subject_code: one.head.clone(),
        name: one.name(),
        period: Some(period(one.period)),
        amount_yuan: one.amount.to_string(),
        subjects: one.subjects.iter().map(subject).collect(),
        shares: one.shares.iter().map(share).collect(),
    }
}

/// Writes a quote with the order it would become; none where nothing is collected.
pub fn quote(quote: &Quote, order: &[OrderTax]) -> pb::Quote {
    pb::Quote {
        pay_on: quote.pay_on.to_string(),
        rows: quote.rows.iter().map(row).collect(),
        principal_yuan: quote.principal.to_string(),
        surcharge_yuan: quote.surcharge.to_string(),
        total_yuan: quote.total.to_string(),
        waived_yuan: where_any(quote.waived),
        offset_yuan: where_any(quote.offset),
        taxes: order.iter().map(order_tax).collect(),
    }
}

/// Writes a payment.
pub fn payment(payment: &Payment) -> pb::Payment {
    let state = match payment.state {
        PaymentState::Created => pb::PaymentState::Created,
        PaymentState::Sent => pb::PaymentState::Sent,
        PaymentState::Debited => pb::PaymentState::Debited,
        PaymentState::InTreasury => pb::PaymentState::InTreasury,
        PaymentState::Failed => pb::PaymentState::Failed,
        PaymentState::Confirming => pb::PaymentState::Confirming,
        PaymentState::Reversed => pb::PaymentState::Reversed,
        PaymentState::Refunded => pb::PaymentState::Refunded,
    };
    pb::Payment {
        payment_id: payment.id.to_string(),
        taxpayer_id: payment.taxpayer.to_string(),
        declaration_id: payment.declaration.to_string(),
        state: state.into(),
        rows: payment.order.rows.iter().map(row).collect(),
        principal_yuan: payment.order.principal.to_string(),
        surcharge_yuan: payment.order.surcharge.to_string(),
        total_yuan: payment.order.total.to_string(),
        tax_authority_code: payment.authority.to_string(),
        treasury_code: payment.treasury.to_string(),
        bank_reference: payment.bank_reference.clone().unwrap_or_default(),
        failure_reason: payment.failure.clone().unwrap_or_default(),
        voucher_number: payment
            .voucher
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        etag: etag(payment.version),
        create_time: Some(instant(payment.created_at)),
        settle_time: payment.settled_at.map(instant),
        channel: match payment.channel {
            PaymentChannel::Agreement => pb::PaymentChannel::Agreement,
            PaymentChannel::Offset => pb::PaymentChannel::Offset,
        }
        .into(),
        refund_id: payment.refund.map(|id| id.to_string()).unwrap_or_default(),
        received_yuan: payment.received.to_string(),
        refunded_yuan: payment.refunded.to_string(),
    }
}
