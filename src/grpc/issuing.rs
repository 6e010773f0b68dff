//! Issuing vouchers: a number that is free, the body, and the signature.

use jiff::Timestamp;

use super::app::Parts;
use super::failure::Failure;
use crate::clock::{Clock, day_in_china};
use crate::filing::{Grounds, Issue, Voucher, VoucherBody, VoucherState, candidate_number};
use crate::store::Tx;
use crate::types::{PaymentId, RefundId, VoucherNumber};

const NUMBER_TRIES: u8 = 16;

/// A number that is free, always the same one as long as nothing is kept under it.
///
/// # Errors
/// [`Failure`].
pub async fn free_number(
    tx: &mut Tx,
    payment: PaymentId,
    refund: Option<RefundId>,
    replaces: Option<&VoucherNumber>,
    now: Timestamp,
) -> Result<VoucherNumber, Failure> {
    let year = day_in_china(now).year();
    for attempt in 0..NUMBER_TRIES {
        let number = candidate_number(payment, refund, replaces, (year, attempt));
        if !tx.voucher_number_taken(&number).await? {
            return Ok(number);
        }
    }
    Err(Failure::Internal("no free voucher number".to_owned()))
}

/// Makes the sheet for a payment or a refund under a number that is free. The caller keeps it
/// (`Tx::insert_voucher`) and tells the event, in its own transaction.
///
/// # Errors
/// [`Failure`], also when the rows do not add up (invariant 1).
pub async fn issue(
    app: &Parts,
    tx: &mut Tx,
    grounds: &Grounds<'_>,
    now: Timestamp,
) -> Result<Voucher, Failure> {
    let refund = grounds.refund.as_ref().map(|refund| refund.id);
    let replaces = grounds.replaces.as_ref();
    let number = free_number(tx, grounds.payment.id, refund, replaces, now).await?;
    issue_under(app, number, grounds, now)
}

/// The same under a number that was found free in the same transaction.
///
/// # Errors
/// [`Failure`], also when the rows do not add up (invariant 1).
pub fn issue_under(
    app: &Parts,
    number: VoucherNumber,
    grounds: &Grounds<'_>,
    now: Timestamp,
) -> Result<Voucher, Failure> {
    let issue = Issue {
        number,
        at: now,
        on: day_in_china(now),
        algorithm: app.signer.algorithm().to_owned(),
        key_id: app.signer.key_id(),
        sample: matches!(app.clock, Clock::Sandbox(_)),
    };
    let body = VoucherBody::new(grounds, issue)?;
    let signed_text = serde_json::to_string(&body)?;
    Ok(Voucher {
        taxpayer: grounds.taxpayer.key,
        state: VoucherState::Issued,
        signature: app.signer.sign(&signed_text),
        public_key: app.signer.public_key(),
        signed_text,
        created_at: now,
        kind: body.proves(),
        refund: body.refund_id,
        replaces: body.replaces.clone(),
        replaced_by: None,
        reprints: 0,
        close_reason: None,
        version: 1,
        body,
    })
}
