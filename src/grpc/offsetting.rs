//! Using an approved refund: set against an unpaid declaration (抵缴), or paid out (退库).

use jiff::civil::Date;

use super::app::{App, Parts, new_id, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use super::issuing::{free_number, issue, issue_under};
use super::payment::payment;
use super::quoting::{due, place};
use super::refund::refund;
use crate::clock::day_in_china;
use crate::filing::{
    Declaration, Grounds, MoneyRefusal, PayOut, Payment, Refund, RefundState, Refunded, Refusal,
    Voucher, VoucherRow,
};
use crate::pb;
use crate::store::Tx;
use crate::types::{DeclarationId, Money, PaymentId, Period, Treasury};

/// Sets an approved refund against an unpaid declaration. Payment, declaration, refund and voucher
/// change in one transaction.
///
/// # Errors
/// [`Failure`].
pub async fn offset(
    app: &App,
    _: &Call,
    wire: pb::OffsetRefundRequest,
) -> Result<Answer<pb::OffsetRefundResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let refund_id = convert::refund_id(&mut fields, &wire.refund_id);
    let id = fields.required("declaration_id", &wire.declaration_id, DeclarationId::parse);
    let named = fields.required_text("content_digest", &wire.content_digest, 64);
    let (Some(request), Some(key), Some(refund_id), Some(id), Some(named)) =
        (request, key, refund_id, id, named)
    else {
        return Err(violations.into());
    };
    let (now, today) = (app.clock.now(), app.clock.today());
    let mutation = Mutation::new("OffsetRefund", request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    let taxpayer = must_have(&mut tx, key).await?;
    let approved = refund(&mut tx, key, refund_id).await?;
    let origin = declaration(&mut tx, key, approved.declaration).await?;
    let owing = declaration(&mut tx, key, id).await?;
    owing.check_payable(&named)?;
    one_treasury(&origin, &owing)?;
    if let Some(alive) = tx.live_payment_of(key, id).await? {
        return Err(Refusal::PaymentAlive(alive.id.to_string()).into());
    }
    let at_hand = approved.at_hand(today, &app.book)?;
    let whole = due(app, &mut tx, &owing, today).await?;
    let order = whole.covered_by(at_hand, &app.book)?;
    order.split(place(&owing.content.authority), &app.book)?;
    let ends = order.total == whole.total;
    let used = approved.set_off(order.total, (now, today), &app.book)?;
    let payment_id = PaymentId::new(new_id());
    let number = free_number(&mut tx, payment_id, None, None, now).await?;
    let made = Payment::set_off(payment_id, &owing, order, refund_id, number.clone(), now);
    let grounds = Grounds {
        taxpayer: &taxpayer,
        declaration: &owing,
        payment: &made,
        treasury_date: today,
        refund: None,
        replaces: None,
    };
    let voucher = issue_under(app, number.clone(), &grounds, now)?;
    let message = pb::OffsetRefundResponse {
        refund: Some(convert::refund(&used, today, &app.book)?),
        payment: Some(convert::payment(&made)),
    };
    if wire.validate_only {
        return Ok(Answer::new(message));
    }
    tx.insert_payment(&made).await?;
    tx.insert_voucher(&voucher).await?;
    let subject = payment_id.to_string();
    tx.append_event(key, "payment.in_treasury", &subject, now)
        .await?;
    if ends {
        tx.update_declaration(&owing.settle()?).await?;
        tx.append_event(key, "declaration.completed", &id.to_string(), now)
            .await?;
    }
    tx.append_event(key, "voucher.issued", number.as_str(), now)
        .await?;
    keep_used(app, &mut tx, &used, "refund.offset").await?;
    mutation
        .record(&mut tx, key, &subject, Some(&message), now)
        .await?;
    tx.check_invariants(key, id).await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

fn one_treasury(origin: &Declaration, owing: &Declaration) -> Result<(), MoneyRefusal> {
    let (expected, found) = (&origin.content.treasury, &owing.content.treasury);
    if expected == found {
        return Ok(());
    }
    Err(MoneyRefusal::OtherTreasury {
        expected: expected.to_string(),
        found: found.to_string(),
    })
}

/// Keeps a refund after use; with its last fen its payments are refunded.
async fn keep_used(
    app: &Parts,
    tx: &mut Tx,
    used: &Refund,
    event: &'static str,
) -> Result<(), Failure> {
    let (key, now) = (used.taxpayer, app.clock.now());
    tx.update_refund(used).await?;
    tx.append_event(key, event, &used.id.to_string(), now)
        .await?;
    if used.state == RefundState::Paid {
        for part in &used.parts {
            let Some(id) = part.payment else { continue };
            let given_back = payment(tx, key, id).await?.refund(part.amount)?;
            tx.update_payment(&given_back).await?;
            tx.append_event(key, "payment.refunded", &id.to_string(), now)
                .await?;
            tx.check_invariants(key, given_back.declaration).await?;
        }
    }
    Ok(tx.check_invariants(key, used.declaration).await?)
}

/// Takes in that the treasury has paid a refund out; its voucher is issued in the same step.
///
/// # Errors
/// [`Failure`].
pub async fn report(
    app: &App,
    _: &Call,
    wire: pb::ReportRefundRequest,
) -> Result<Answer<pb::ReportRefundResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = convert::refund_id(&mut fields, &wire.refund_id);
    let amount = fields.amount("amount_yuan", &wire.amount_yuan);
    let treasury = fields.required("treasury_code", &wire.treasury_code, Treasury::parse);
    let reference = fields.required_text("treasury_reference", &wire.treasury_reference, 60);
    let (Some(request), Some(key), Some(id), Some(amount), Some(treasury), Some(reference)) =
        (request, key, id, amount, treasury, reference)
    else {
        return Err(violations.into());
    };
    let (now, today) = (app.clock.now(), app.clock.today());
    let mutation = Mutation::new("ReportRefund", request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    must_have(&mut tx, key).await?;
    let approved = refund(&mut tx, key, id).await?;
    let origin = declaration(&mut tx, key, approved.declaration).await?;
    let own = origin.content.treasury.clone();
    let paid = PayOut {
        amount,
        treasury,
        reference,
        decided_on: day_in_china(approved.decided_at.unwrap_or(now)),
        today,
        at: now,
    };
    let mut used = approved.pay_out(paid, &own, &app.book)?;
    let voucher = voucher(app, &mut tx, &used, &origin).await?;
    if let Some(voucher) = &voucher {
        used.voucher = Some(voucher.body.voucher_number.clone());
        tx.insert_voucher(voucher).await?;
        let number = voucher.body.voucher_number.as_str();
        tx.append_event(key, "voucher.issued", number, now).await?;
    }
    keep_used(app, &mut tx, &used, "refund.paid").await?;
    let number = used.voucher.as_ref().map(ToString::to_string);
    let message = pb::ReportRefundResponse {
        refund: Some(convert::refund(&used, today, &app.book)?),
        voucher_number: number.unwrap_or_default(),
    };
    mutation
        .record(&mut tx, key, &id.to_string(), Some(&message), now)
        .await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

/// The voucher of what was paid out (税收收入退还书): the refundable lines, interest, and what was
/// set off before, taken away. It hangs on the newest payment that was refunded; nothing where no
/// payment of ours was.
async fn voucher(
    app: &Parts,
    tx: &mut Tx,
    paid: &Refund,
    origin: &Declaration,
) -> Result<Option<Voucher>, Failure> {
    let Some(payment_id) = paid.parts.iter().find_map(|part| part.payment) else {
        return Ok(None);
    };
    let taxpayer = must_have(tx, paid.taxpayer).await?;
    let from = payment(tx, paid.taxpayer, payment_id).await?;
    let now = app.clock.now();
    let refunded = Refunded {
        id: paid.id,
        rows: refund_rows(paid, origin, payment_id, day_in_china(now))?,
        principal: Money::ZERO.minus(paid.amount)?,
    };
    let grounds = Grounds {
        taxpayer: &taxpayer,
        declaration: origin,
        payment: &from,
        treasury_date: day_in_china(now),
        refund: Some(refunded),
        replaces: None,
    };
    Ok(Some(issue(app, tx, &grounds, now).await?))
}

/// The rows of a refund's voucher, amounts below zero; their sum is what was paid out. Interest and
/// what was set off are of all the periods that are refunded.
fn refund_rows(
    paid: &Refund,
    origin: &Declaration,
    payment: PaymentId,
    today: Date,
) -> Result<Vec<VoucherRow>, Failure> {
    let mut rows = Vec::new();
    let mut span: Option<Period> = None;
    let lines = origin.content.lines.iter();
    for line in lines.filter(|line| line.payable.is_negative()) {
        let charge = &line.charge;
        span = Some(charge.period.spanning(span.unwrap_or(charge.period)));
        let name = format!("退税（{}）", charge.item_zh);
        let head = (charge.tax, false);
        rows.push(VoucherRow::refund(
            payment,
            head,
            name,
            charge.period,
            today,
            line.payable,
        ));
    }
    let period = span.unwrap_or(origin.content.window);
    let interest = Money::ZERO.minus(paid.interest)?;
    for (name, amount) in [("退税利息", interest), ("减：已抵缴", paid.offset)] {
        if !amount.is_zero() {
            rows.push(VoucherRow {
                tax_zh: String::new(),
                item_zh: name.to_owned(),
                period,
                amount,
                original_voucher_number: None,
                treasury_date: Some(today),
            });
        }
    }
    let sum = Money::sum(rows.iter().map(|row| row.amount))?;
    if sum == Money::ZERO.minus(paid.balance()?)? {
        Ok(rows)
    } else {
        Err(Failure::Internal(
            "the refund's rows do not add up".to_owned(),
        ))
    }
}
