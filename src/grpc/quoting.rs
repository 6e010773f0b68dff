//! QuotePayment: what is due on each of some days; and ending what is not collected.

use jiff::civil::Date;

use super::app::{App, Parts, taxpayer as must_have};
use super::call::{Answer, Mutation};
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use crate::filing::{
    Declaration, MoneyRefusal, Payment, PaymentChannel, Quote, Standing, quote_standing,
};
use crate::pb;
use crate::store::Tx;
use crate::types::{DeclarationId, Region, TaxAuthority, TaxpayerKey, parse_date};

const DAYS_MAX: usize = 366;

/// The place of a tax authority: the division inside its code.
pub fn place(authority: &TaxAuthority) -> Option<Region> {
    let code = authority.as_str().get(1..7)?;
    Region::parse(code).ok()
}

/// Reads what has come about since a declaration was filed that changes what is due.
///
/// # Errors
/// [`Failure`].
pub async fn standing(
    tx: &mut Tx,
    key: TaxpayerKey,
    id: DeclarationId,
) -> Result<Standing, Failure> {
    let payments = tx.payments_of(key, id).await?;
    standing_of(tx, key, id, payments).await
}

/// The same where the declaration's payments were read already.
///
/// # Errors
/// [`Failure`].
pub async fn standing_of(
    tx: &mut Tx,
    key: TaxpayerKey,
    id: DeclarationId,
    payments: Vec<Payment>,
) -> Result<Standing, Failure> {
    let extensions = tx.extensions_of(key, id).await?;
    let set_off =
        |payment: &Payment| payment.channel == PaymentChannel::Offset && payment.state.is_settled();
    let orders = payments.into_iter().filter(set_off);
    let covered = orders.flat_map(|payment| payment.order.rows).collect();
    Ok(Standing {
        extensions,
        covered,
    })
}

/// What is due of a declaration on a day, as things stand.
///
/// # Errors
/// [`Failure`].
pub async fn due(
    app: &Parts,
    tx: &mut Tx,
    filed: &Declaration,
    day: Date,
) -> Result<Quote, Failure> {
    let standing = standing(tx, filed.content.taxpayer, filed.id).await?;
    Ok(quote_standing(&filed.content, &standing, day, &app.book)?)
}

/// Writes a quote with its order.
///
/// # Errors
/// [`MoneyRefusal`] when the order does not add up.
pub fn written(app: &Parts, filed: &Declaration, quote: &Quote) -> Result<pb::Quote, MoneyRefusal> {
    let order = if quote.total.is_positive() {
        quote.split(place(&filed.content.authority), &app.book)?
    } else {
        Vec::new()
    };
    Ok(convert::quote(quote, &order))
}

/// What is due on each day asked for.
///
/// # Errors
/// [`Failure`].
pub async fn quote(
    app: &App,
    wire: pb::QuotePaymentRequest,
) -> Result<Answer<pb::QuotePaymentResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = fields.required("declaration_id", &wire.declaration_id, DeclarationId::parse);
    fields.at_most("pay_on", wire.pay_on.len(), DAYS_MAX);
    let mut days = Vec::new();
    for (place, day) in wire.pay_on.iter().enumerate().take(DAYS_MAX) {
        days.extend(fields.required(&format!("pay_on[{place}]"), day, parse_date));
    }
    let (Some(key), Some(id), true) = (key, id, violations.is_empty()) else {
        return Err(violations.into());
    };
    if days.is_empty() {
        days.push(app.clock.today());
    }
    let mut tx = app.store.read().await?;
    must_have(&mut tx, key).await?;
    let kept = declaration(&mut tx, key, id).await?;
    kept.check_payable(&kept.digest)?;
    let standing = standing(&mut tx, key, id).await?;
    let mut quotes = Vec::new();
    for day in days {
        let quote = quote_standing(&kept.content, &standing, day, &app.book)?;
        quotes.push(written(app, &kept, &quote)?);
    }
    Ok(Answer::new(pb::QuotePaymentResponse {
        quotes,
        content_digest: kept.digest,
    }))
}

/// Keeps that a declaration ended without a payment: no bank is asked.
///
/// # Errors
/// [`Failure`].
pub async fn waive(
    app: &Parts,
    mut tx: Tx,
    mutation: &Mutation,
    ended: Declaration,
    validate_only: bool,
) -> Result<Answer<pb::CreatePaymentResponse>, Failure> {
    let message = pb::CreatePaymentResponse {
        payment: None,
        waived_yuan: ended.waived.to_string(),
    };
    if validate_only {
        return Ok(Answer::new(message));
    }
    let (key, now) = (ended.content.taxpayer, app.clock.now());
    let id = ended.id.to_string();
    tx.update_declaration(&ended).await?;
    tx.append_event(key, "declaration.completed", &id, now)
        .await?;
    mutation
        .record(&mut tx, key, &id, Some(&message), now)
        .await?;
    tx.check_invariants(key, ended.id).await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}
