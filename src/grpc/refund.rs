//! Refunds (退税): claimed, decided, read. Setting off and paying out stand in `offsetting`.

use std::collections::HashSet;

use super::app::{App, cut, found, new_id, page_id, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use crate::clock::day_in_china;
use crate::filing::{
    Declaration, MoneyRefusal, PaymentState, Refund, RefundClaim, RefundState, Refundable,
};
use crate::pb;
use crate::store::{StoreError, Tx};
use crate::types::{DeclarationId, Money, RefundId, TaxpayerKey};

pub use super::offsetting::{offset, report};

/// Reads a refund that must be there.
///
/// # Errors
/// [`Failure::NotFound`].
pub async fn refund(tx: &mut Tx, key: TaxpayerKey, id: RefundId) -> Result<Refund, Failure> {
    found(tx.refund(key, id).await?, "refund", &id)
}

/// The revisions a declaration corrects, the nearest first.
async fn earlier_revisions(tx: &mut Tx, of: &Declaration) -> Result<Vec<DeclarationId>, Failure> {
    let (mut earlier, mut seen) = (Vec::new(), HashSet::from([of.id]));
    let before = |one: &Declaration| one.content.correction.as_ref().map(|c| c.corrects);
    let mut next = before(of);
    while let Some(id) = next.filter(|id| seen.insert(*id)) {
        earlier.push(id);
        next = before(&declaration(tx, of.content.taxpayer, id).await?);
    }
    Ok(earlier)
}

/// What may be refunded of the payments of some declarations, the newest first.
async fn refundable(
    tx: &mut Tx,
    key: TaxpayerKey,
    of: &[DeclarationId],
) -> Result<Vec<Refundable>, Failure> {
    let open = tx.open_refunds(key).await?;
    let mut settled = Vec::new();
    for id in of {
        for payment in tx.payments_of(key, *id).await? {
            if let (PaymentState::InTreasury, Some(at)) = (payment.state, payment.settled_at) {
                settled.push((at, payment));
            }
        }
    }
    settled.sort_by_key(|(at, payment)| std::cmp::Reverse((*at, payment.id)));
    let mut found = Vec::new();
    for (at, payment) in settled {
        let parts = open.iter().flat_map(|refund| &refund.parts);
        let claimed = parts.filter(|part| part.payment == Some(payment.id));
        let claimed = Money::sum(claimed.map(|part| part.amount))?;
        let left = payment.order.principal.minus(payment.refunded)?;
        found.push(Refundable {
            payment: payment.id,
            paid_on: day_in_china(at),
            left: left.minus(claimed)?.or_zero(),
        });
    }
    Ok(found)
}

/// A refund of some declarations that took tax which was not paid through Caixing.
async fn claimed_elsewhere(
    tx: &mut Tx,
    key: TaxpayerKey,
    of: &[DeclarationId],
) -> Result<Option<RefundId>, Failure> {
    for id in of {
        if let Some(refund) = tx.live_refund_of(key, *id).await?
            && refund.parts.iter().any(|part| part.payment.is_none())
        {
            return Ok(Some(refund.id));
        }
    }
    Ok(None)
}

/// Claims back what a declaration shows as refundable.
///
/// # Errors
/// [`Failure`].
pub async fn request(
    app: &App,
    _: &Call,
    wire: pb::RequestRefundRequest,
) -> Result<Answer<pb::RequestRefundResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = fields.required("declaration_id", &wire.declaration_id, DeclarationId::parse);
    let named = fields.required_text("content_digest", &wire.content_digest, 64);
    let amount = fields.amount("amount_yuan", &wire.amount_yuan);
    let cause = convert::refund_cause(&mut fields, wire.cause);
    let (Some(request), Some(key), Some(id), Some(named), Some(amount), Some(cause)) =
        (request, key, id, named, amount, cause)
    else {
        return Err(violations.into());
    };
    let (now, today) = (app.clock.now(), app.clock.today());
    let mutation = Mutation::new("RequestRefund", request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    must_have(&mut tx, key).await?;
    let filed = declaration(&mut tx, key, id).await?;
    if let Some(alive) = tx.live_refund_of(key, id).await? {
        return Err(MoneyRefusal::RefundAlive(alive.id.to_string()).into());
    }
    let earlier = earlier_revisions(&mut tx, &filed).await?;
    let paid = refundable(&mut tx, key, &earlier).await?;
    let elsewhere = claimed_elsewhere(&mut tx, key, &earlier).await?;
    let claim = RefundClaim {
        id: RefundId::new(new_id()),
        named_digest: named,
        amount,
        cause,
        at: now,
        today,
    };
    let claimed = Refund::request(claim, &filed, &paid, elsewhere, &app.book)?;
    let message = pb::RequestRefundResponse {
        refund: Some(convert::refund(&claimed, today, &app.book)?),
    };
    if wire.validate_only {
        return Ok(Answer::new(message));
    }
    tx.insert_refund(&claimed)
        .await
        .map_err(|error| match error {
            StoreError::AlreadyExists(what) => MoneyRefusal::RefundAlive(what).into(),
            other => Failure::Store(other),
        })?;
    let subject = claimed.id.to_string();
    tx.append_event(key, "refund.requested", &subject, now)
        .await?;
    mutation
        .record(&mut tx, key, &subject, Some(&message), now)
        .await?;
    tx.check_invariants(key, id).await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

/// Approves or refuses a refund.
///
/// # Errors
/// [`Failure`].
pub async fn decide(
    app: &App,
    _: &Call,
    wire: pb::DecideRefundRequest,
) -> Result<Answer<pb::DecideRefundResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = convert::refund_id(&mut fields, &wire.refund_id);
    let cause = match wire.cause {
        0 => Some(None),
        given => convert::refund_cause(&mut fields, given).map(Some),
    };
    let decision = fields.required_text("decision", &wire.decision, 200);
    let (Some(request), Some(key), Some(id), Some(cause), Some(decision)) =
        (request, key, id, cause, decision)
    else {
        return Err(violations.into());
    };
    let (now, today) = (app.clock.now(), app.clock.today());
    let mutation = Mutation::new("DecideRefund", request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    must_have(&mut tx, key).await?;
    let claimed = refund(&mut tx, key, id).await?;
    let cause = cause.unwrap_or(claimed.cause);
    let decided = if wire.approved {
        let filed = declaration(&mut tx, key, claimed.declaration).await?;
        claimed.approve(&filed, cause, decision, (now, today), &app.book)?
    } else {
        claimed.reject(cause, decision, now)?
    };
    let message = pb::DecideRefundResponse {
        refund: Some(convert::refund(&decided, today, &app.book)?),
    };
    tx.update_refund(&decided).await?;
    let event = match decided.state {
        RefundState::Approved => "refund.approved",
        _ => "refund.rejected",
    };
    let subject = id.to_string();
    tx.append_event(key, event, &subject, now).await?;
    mutation
        .record(&mut tx, key, &subject, Some(&message), now)
        .await?;
    tx.check_invariants(key, decided.declaration).await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

/// Reads a refund.
///
/// # Errors
/// [`Failure`].
pub async fn get(
    app: &App,
    _: &Call,
    wire: pb::GetRefundRequest,
) -> Result<Answer<pb::GetRefundResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = convert::refund_id(&mut fields, &wire.refund_id);
    let (Some(key), Some(id)) = (key, id) else {
        return Err(violations.into());
    };
    let mut tx = app.store.read().await?;
    must_have(&mut tx, key).await?;
    let kept = refund(&mut tx, key, id).await?;
    let refund = Some(convert::refund(&kept, app.clock.today(), &app.book)?);
    Ok(Answer::new(pb::GetRefundResponse { refund }))
}

/// Lists a taxpayer's refunds.
///
/// # Errors
/// [`Failure`].
pub async fn list(
    app: &App,
    _: &Call,
    wire: pb::ListRefundsRequest,
) -> Result<Answer<pb::ListRefundsResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let size = convert::page(&mut fields, wire.page_size);
    let before = fields.optional("page_token", &wire.page_token, |text| {
        page_id(text, RefundId::parse)
    });
    let (Some(key), Some(size), Some(before)) = (key, size, before) else {
        return Err(violations.into());
    };
    let mut tx = app.store.read().await?;
    must_have(&mut tx, key).await?;
    let before = before.unwrap_or_default();
    let mut rows = tx
        .refunds_before(key, &before, size.saturating_add(1))
        .await?;
    let more = cut(&mut rows, size);
    let next = rows.last().filter(|_| more).map(|last| last.id.to_string());
    let mut refunds = Vec::new();
    for row in &rows {
        refunds.push(convert::refund(row, app.clock.today(), &app.book)?);
    }
    Ok(Answer::new(pb::ListRefundsResponse {
        refunds,
        next_page_token: next.unwrap_or_default(),
    }))
}
