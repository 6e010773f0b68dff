//! Refunds, extensions and inspections on the wire.

use super::{Fields, instant, period, tax};
use crate::clock::day_in_china;
use crate::filing::{
    Extension, Inspection, Refund, RefundCause, RefundPart, RefundState, interest_unconfirmed,
};
use crate::grpc::app::etag;
use crate::pb;
use crate::rules::RuleBook;
use crate::types::{Money, Overflow, RefundId};

/// Reads the refund a request is about.
pub fn refund_id(fields: &mut Fields<'_>, text: &str) -> Option<RefundId> {
    fields.required("refund_id", text, RefundId::parse)
}

/// Reads a cause that must be given.
pub fn refund_cause(fields: &mut Fields<'_>, wire: i32) -> Option<RefundCause> {
    let convert = |value: pb::RefundCause| {
        let stable = value.as_str_name().strip_prefix("REFUND_CAUSE_")?;
        RefundCause::from_name(stable)
    };
    fields.choice("cause", wire, convert)
}

/// Writes a refund as of a day: what is not used yet bears the interest of that day.
///
/// # Errors
/// [`Overflow`].
pub fn refund(
    refund: &Refund,
    today: jiff::civil::Date,
    rules: &RuleBook,
) -> Result<pb::Refund, Overflow> {
    let state = match refund.state {
        RefundState::Requested => pb::RefundState::Requested,
        RefundState::Approved => pb::RefundState::Approved,
        RefundState::Rejected => pb::RefundState::Rejected,
        RefundState::Paid => pb::RefundState::Paid,
    };
    let cause = match refund.cause {
        RefundCause::Overpaid => pb::RefundCause::Overpaid,
        RefundCause::Relief => pb::RefundCause::Relief,
        RefundCause::Prepaid => pb::RefundCause::Prepaid,
    };
    let part = |part: &RefundPart| pb::RefundPart {
        payment_id: part.payment.map(|id| id.to_string()).unwrap_or_default(),
        amount_yuan: part.amount.to_string(),
        paid_on: part.paid_on.map(|day| day.to_string()).unwrap_or_default(),
    };
    // Where the rule pack has no rate for today, what was kept is shown; using it is refused.
    let interest = refund.interest_on(today, rules).unwrap_or(refund.interest);
    let balance = match refund.state {
        RefundState::Rejected => Money::ZERO,
        _ => refund.amount.plus(interest)?.minus(refund.offset)?,
    };
    let day = refund.paid_at.map_or(today, day_in_china);
    let decide_by = Refund::decide_by(day_in_china(refund.created_at), rules);
    Ok(pb::Refund {
        refund_id: refund.id.to_string(),
        taxpayer_id: refund.taxpayer.to_string(),
        declaration_id: refund.declaration.to_string(),
        state: state.into(),
        cause: cause.into(),
        amount_yuan: refund.amount.to_string(),
        interest_yuan: interest.to_string(),
        offset_yuan: refund.offset.to_string(),
        balance_yuan: balance.to_string(),
        parts: refund.parts.iter().map(part).collect(),
        decide_by: decide_by.map(|day| day.to_string()).unwrap_or_default(),
        decision: refund.decision.clone().unwrap_or_default(),
        treasury_reference: refund.treasury_reference.clone().unwrap_or_default(),
        voucher_number: refund
            .voucher
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        etag: etag(refund.version),
        create_time: Some(instant(refund.created_at)),
        decide_time: refund.decided_at.map(instant),
        pay_time: refund.paid_at.map(instant),
        interest_unconfirmed: interest.is_positive() && interest_unconfirmed(day, rules),
    })
}

/// Writes a decision on paying later.
pub fn extension(extension: &Extension) -> pb::PaymentExtension {
    pb::PaymentExtension {
        extension_id: extension.id.to_string(),
        taxpayer_id: extension.taxpayer.to_string(),
        declaration_id: extension.declaration.to_string(),
        tax: extension.tax.map_or(0, |kind| tax(kind).into()),
        approved: extension.extended_to.is_some(),
        extended_to: extension
            .extended_to
            .map(|day| day.to_string())
            .unwrap_or_default(),
        requested_on: extension.requested_on.to_string(),
        document: extension.document.clone(),
        create_time: Some(instant(extension.recorded_at)),
    }
}

/// Writes an inspection.
pub fn inspection(inspection: &Inspection) -> pb::Inspection {
    pb::Inspection {
        inspection_id: inspection.id.to_string(),
        taxpayer_id: inspection.taxpayer.to_string(),
        period: Some(period(inspection.period)),
        tax: inspection.tax.map_or(0, |kind| tax(kind).into()),
        document: inspection.document.clone(),
        open_time: Some(instant(inspection.opened_at)),
        close_time: inspection.closed_at.map(instant),
    }
}
