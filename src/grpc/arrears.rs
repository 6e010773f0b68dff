//! What is owed (欠税), extensions of payment, and payments listed.

use jiff::civil::Date;

use super::app::{App, cut, new_id, page_id, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use super::quoting::{due, written};
use crate::filing::{Extension, PaymentState, Refusal};
use crate::pb;
use crate::types::{DeclarationId, ExtensionId, Invalid, Money, PaymentId};

/// The unpaid declarations past their due day, or the end of an extension. One whose order the bank
/// has debited is paid; one under 1 yuan is not collected.
///
/// # Errors
/// [`Failure`].
pub async fn list(
    app: &App,
    _: &Call,
    wire: pb::ListArrearsRequest,
) -> Result<Answer<pb::ListArrearsResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let as_of = fields.optional_date("as_of", &wire.as_of);
    let (Some(key), Some(as_of)) = (key, as_of) else {
        return Err(violations.into());
    };
    let as_of = as_of.unwrap_or_else(|| app.clock.today());
    let mut tx = app.store.read().await?;
    must_have(&mut tx, key).await?;
    let (mut principal, mut surcharge) = (Money::ZERO, Money::ZERO);
    let mut found: Vec<(Date, pb::Arrears)> = Vec::new();
    for id in tx.awaiting_payment(key).await? {
        let debited = tx.live_payment_of(key, id).await?;
        if debited.is_some_and(|payment| payment.state == PaymentState::Debited) {
            continue;
        }
        let filed = declaration(&mut tx, key, id).await?;
        let quote = due(app, &mut tx, &filed, as_of).await?;
        let late = || quote.rows.iter().filter(|row| row.days_late > 0);
        let Some(oldest) = late().map(|row| row.due_on).min() else {
            continue;
        };
        if quote.total.is_zero() {
            continue;
        }
        principal = principal.plus(Money::sum(late().map(|row| row.principal))?)?;
        surcharge = surcharge.plus(Money::sum(late().map(|row| row.surcharge))?)?;
        let one = pb::Arrears {
            declaration_id: id.to_string(),
            quote: Some(written(app, &filed, &quote)?),
            content_digest: filed.digest,
        };
        found.push((oldest, one));
    }
    found.sort_by_key(|(oldest, _)| *oldest);
    Ok(Answer::new(pb::ListArrearsResponse {
        arrears: found.into_iter().map(|(_, one)| one).collect(),
        principal_yuan: principal.to_string(),
        surcharge_yuan: surcharge.to_string(),
    }))
}

/// Lists a taxpayer's payments, newest first.
///
/// # Errors
/// [`Failure`].
pub async fn list_payments(
    app: &App,
    _: &Call,
    wire: pb::ListPaymentsRequest,
) -> Result<Answer<pb::ListPaymentsResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let only = fields.optional("declaration_id", &wire.declaration_id, DeclarationId::parse);
    let size = convert::page(&mut fields, wire.page_size);
    let before = fields.optional("page_token", &wire.page_token, |text| {
        page_id(text, PaymentId::parse)
    });
    let (Some(key), Some(only), Some(size), Some(before)) = (key, only, size, before) else {
        return Err(violations.into());
    };
    let mut tx = app.store.read().await?;
    must_have(&mut tx, key).await?;
    let only = only.map(|id| id.to_string()).unwrap_or_default();
    let before = before.unwrap_or_default();
    let mut rows = tx
        .payments_before(key, &only, &before, size.saturating_add(1))
        .await?;
    let more = cut(&mut rows, size);
    let next = rows.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Answer::new(pb::ListPaymentsResponse {
        payments: rows.iter().map(convert::payment).collect(),
        next_page_token: next.unwrap_or_default(),
    }))
}

/// Records the decision on a request to pay later.
///
/// # Errors
/// [`Failure`].
pub async fn extend(
    app: &App,
    _: &Call,
    wire: pb::ExtendPaymentRequest,
) -> Result<Answer<pb::ExtendPaymentResponse>, Failure> {
    let (now, today) = (app.clock.now(), app.clock.today());
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = fields.required("declaration_id", &wire.declaration_id, DeclarationId::parse);
    let tax = convert::tax_filter(&mut fields, "tax", wire.tax);
    let extended_to = if wire.approved {
        fields.date("extended_to", &wire.extended_to).map(Some)
    } else {
        Some(None)
    };
    let requested_on = fields.date("requested_on", &wire.requested_on);
    if requested_on.is_some_and(|day| today < day) {
        fields.refuse("requested_on", later_than_today());
    }
    let document = fields.required_text("document", &wire.document, 200);
    let (Some(request), Some(key), Some(id), Some(tax), Some(extended_to), Some(requested_on)) =
        (request, key, id, tax, extended_to, requested_on)
    else {
        return Err(violations.into());
    };
    let Some(document) = document else {
        return Err(violations.into());
    };
    let mutation = Mutation::new("ExtendPayment", request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    // Only what is new is measured by today: a sandbox clock may have been set back since.
    if !violations.is_empty() {
        return Err(violations.into());
    }
    must_have(&mut tx, key).await?;
    let filed = declaration(&mut tx, key, id).await?;
    let decided = Extension {
        id: ExtensionId::new(new_id()),
        taxpayer: key,
        declaration: id,
        tax,
        extended_to,
        requested_on,
        document,
        recorded_at: now,
    };
    let decided = decided.check(&filed, &app.book)?;
    if let Some(alive) = tx.live_payment_of(key, id).await? {
        return Err(Refusal::PaymentAlive(alive.id.to_string()).into());
    }
    let message = pb::ExtendPaymentResponse {
        extension: Some(convert::extension(&decided)),
    };
    if wire.validate_only {
        return Ok(Answer::new(message));
    }
    tx.insert_extension(&decided).await?;
    let event = match decided.extended_to {
        Some(_) => "declaration.payment_extended",
        None => "declaration.extension_refused",
    };
    tx.append_event(key, event, &id.to_string(), now).await?;
    mutation
        .record(&mut tx, key, &decided.id.to_string(), Some(&message), now)
        .await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

fn later_than_today() -> Invalid {
    Invalid::new("DATE_ORDER", "不能晚于今日", "must not be later than today")
}
