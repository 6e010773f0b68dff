//! QuotePayment: what is due on each of some days.

use super::app::{App, taxpayer as must_have};
use super::call::Answer;
use super::convert::{self, Fields};
use super::declaration::declaration;
use super::failure::Failure;
use crate::filing::quote as quoted;
use crate::pb;
use crate::types::{DeclarationId, Invalid, parse_date};

const DAYS_MAX: usize = 366;

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
    if wire.pay_on.len() > DAYS_MAX {
        let zh = format!("最多 {DAYS_MAX} 天");
        let en = format!("at most {DAYS_MAX} days");
        fields.refuse("pay_on", Invalid::new("LIST_LENGTH", zh, en));
    }
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
    let mut quotes = Vec::new();
    for day in days {
        quotes.push(convert::quote(&quoted(&kept.content, day, &app.book)?));
    }
    Ok(Answer::new(pb::QuotePaymentResponse {
        quotes,
        content_digest: kept.digest,
    }))
}
