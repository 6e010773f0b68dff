//! Inspections (税务检查): while one is open its periods cannot be corrected.

use super::app::{App, found, new_id, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::convert::{self, Fields};
use super::failure::Failure;
use crate::filing::Inspection;
use crate::pb;
use crate::types::InspectionId;

/// Opens an inspection.
///
/// # Errors
/// [`Failure`].
pub async fn open(
    app: &App,
    _: &Call,
    wire: pb::OpenInspectionRequest,
) -> Result<Answer<pb::OpenInspectionResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let period = fields.period("period", wire.period.as_ref());
    let tax = convert::tax_filter(&mut fields, "tax", wire.tax);
    let document = fields.required_text("document", &wire.document, 200);
    let (Some(request), Some(key), Some(period), Some(tax), Some(document)) =
        (request, key, period, tax, document)
    else {
        return Err(violations.into());
    };
    let now = app.clock.now();
    let mutation = Mutation::new("OpenInspection", request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    must_have(&mut tx, key).await?;
    let opened = Inspection {
        id: InspectionId::new(new_id()),
        taxpayer: key,
        period,
        tax,
        document,
        opened_at: now,
        closed_at: None,
        version: 1,
    };
    let message = pb::OpenInspectionResponse {
        inspection: Some(convert::inspection(&opened)),
    };
    tx.insert_inspection(&opened).await?;
    let subject = opened.id.to_string();
    tx.append_event(key, "inspection.opened", &subject, now)
        .await?;
    mutation
        .record(&mut tx, key, &subject, Some(&message), now)
        .await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

/// Closes an inspection.
///
/// # Errors
/// [`Failure`].
pub async fn close(
    app: &App,
    _: &Call,
    wire: pb::CloseInspectionRequest,
) -> Result<Answer<pb::CloseInspectionResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = fields.required("inspection_id", &wire.inspection_id, InspectionId::parse);
    let (Some(request), Some(key), Some(id)) = (request, key, id) else {
        return Err(violations.into());
    };
    let now = app.clock.now();
    let mutation = Mutation::new("CloseInspection", request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    must_have(&mut tx, key).await?;
    let kept = found(tx.inspection(key, id).await?, "inspection", &id)?;
    let closed = kept.close(now)?;
    let message = pb::CloseInspectionResponse {
        inspection: Some(convert::inspection(&closed)),
    };
    tx.update_inspection(&closed).await?;
    let subject = id.to_string();
    tx.append_event(key, "inspection.closed", &subject, now)
        .await?;
    mutation
        .record(&mut tx, key, &subject, Some(&message), now)
        .await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}
