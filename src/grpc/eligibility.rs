//! `ReviewEligibility`: reliefs that are due but not claimed, or claimed but not due.

use super::app::{App, taxpayer as must_have};
use super::assessment::window;
use super::call::{Answer, Call};
use super::convert::{self, Fields};
use super::failure::Failure;
use crate::filing::{Scope, radar};
use crate::pb;

/// Reviews what is kept of a taxpayer.
///
/// # Errors
/// [`Failure`].
pub async fn review(
    app: &App,
    call: &Call,
    wire: pb::ReviewEligibilityRequest,
) -> Result<Answer<pb::ReviewEligibilityResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let window = window(&app.book, &mut fields, wire.window.as_ref());
    let (Some(key), Some(window)) = (key, window) else {
        return Err(violations.into());
    };
    let mut tx = app.store.read().await?;
    let taxpayer = must_have(&mut tx, key).await?;
    let sources = tx.all_sources(key).await?;
    let declared = tx.declared(key).await?;
    let reviews = radar::review(&Scope {
        rules: &app.book,
        taxpayer: key,
        profile: &taxpayer.profile,
        window,
        sources: &sources,
        declared: &declared,
        authority: None,
        taxes: &[],
        explain: false,
    });
    let wire = |review| convert::eligibility(review, call.language);
    Ok(Answer::new(pb::ReviewEligibilityResponse {
        reviews: reviews.iter().map(wire).collect(),
    }))
}
