//! Payments and quotes on the wire.

use super::{instant, period, tax};
use crate::filing::{Payment, PaymentChannel, PaymentRow, PaymentState, Quote};
use crate::grpc::app::etag;
use crate::pb;

fn row(row: &PaymentRow) -> pb::PaymentRow {
    pb::PaymentRow {
        tax: tax(row.tax).into(),
        item_name: row.item_zh.clone(),
        period: Some(period(row.period)),
        principal_yuan: row.principal.to_string(),
        surcharge_yuan: row.surcharge.to_string(),
        days_late: i32::try_from(row.days_late).unwrap_or(i32::MAX),
        due_on: row.due_on.to_string(),
        extended_to: String::new(),
    }
}

/// Writes a quote.
pub fn quote(quote: &Quote) -> pb::Quote {
    pb::Quote {
        pay_on: quote.pay_on.to_string(),
        rows: quote.rows.iter().map(row).collect(),
        principal_yuan: quote.principal.to_string(),
        surcharge_yuan: quote.surcharge.to_string(),
        total_yuan: quote.total.to_string(),
        ..pb::Quote::default()
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
