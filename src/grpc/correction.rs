//! Correcting (更正) and voiding (作废) what was filed.

use super::app::{App, new_id, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::convert::{self, Fields};
use super::declaration::{declaration, declaration_id, taxes};
use super::facts::{Facts, facts};
use super::failure::Failure;
use crate::filing::{
    Bars, Base, Content, Correction, Declaration, DeclarationState, Moved, PaymentState, Redrawn,
    RefundState, carried_after, revise,
};
use crate::pb;
use crate::rules::RuleBook;
use crate::store::Tx;
use crate::types::{DeclarationId, Invalid, Money, SourceId, TaxKind, TaxpayerKey};

const EXCLUDED_MAX: usize = 1000;
const REASON_MAX: usize = 200;

/// Opens a correction: a new revision as a draft. The declaration stays in force until the
/// revision is submitted.
///
/// # Errors
/// [`Failure`].
pub async fn correct(
    app: &App,
    _: &Call,
    wire: pb::CorrectDeclarationRequest,
) -> Result<Answer<pb::CorrectDeclarationResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = declaration_id(&mut fields, &wire.declaration_id);
    let named = fields.required_text("content_digest", &wire.content_digest, 64);
    let taxes = taxes(&mut fields, &wire.taxes);
    let excluded = excluded(&mut fields, &wire.excluded_source_ids);
    let reason = fields.required_text("reason", &wire.reason, REASON_MAX);
    let (
        Some(request),
        Some(key),
        Some(id),
        Some(named),
        Some(taxes),
        Some(excluded),
        Some(reason),
    ) = (request, key, id, named, taxes, excluded, reason)
    else {
        return Err(violations.into());
    };
    let now = app.clock.now();
    let mutation = Mutation::new("CorrectDeclaration", request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    let facts = facts(&mut tx, key).await?;
    let filed = declaration(&mut tx, key, id).await?;
    filed.check_correctable(&named)?;
    let base = base(&mut tx, key, filed).await?;
    let correction = asked(&base.filed, taxes, excluded, reason)?;
    let content = revise(&base, correction, &facts.known(&app.book))?;
    let bars = bars(&mut tx, key, id).await?;
    bars.check_opening(&base.filed.content, &content)?;
    let draft = Declaration {
        id: DeclarationId::new(new_id()),
        digest: content.digest()?,
        content,
        state: DeclarationState::Draft,
        created_at: now,
        submission: None,
        closing: None,
        waived: Money::ZERO,
        version: 1,
    };
    let message = pb::CorrectDeclarationResponse {
        declaration: Some(convert::with_lines(&draft)?),
    };
    if wire.validate_only {
        return Ok(Answer::new(message));
    }
    tx.keep_rule_pack(&app.book, now).await?;
    tx.insert_declaration(&draft).await?;
    for tax in draft.content.correction.iter().flat_map(|of| &of.taxes) {
        tx.mark_correcting(key, id, *tax).await?;
    }
    let subject = draft.id.to_string();
    tx.append_event(key, "declaration.correction_opened", &id.to_string(), now)
        .await?;
    tx.append_event(key, "declaration.drawn", &subject, now)
        .await?;
    mutation
        .record(&mut tx, key, &subject, Some(&message), now)
        .await?;
    tx.check_invariants(key, id).await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

/// Voids a declaration; its sources and their periods can be declared again.
///
/// # Errors
/// [`Failure`].
pub async fn void(
    app: &App,
    _: &Call,
    wire: pb::VoidDeclarationRequest,
) -> Result<Answer<pb::VoidDeclarationResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = declaration_id(&mut fields, &wire.declaration_id);
    let named = fields.required_text("content_digest", &wire.content_digest, 64);
    let reason = fields.required_text("reason", &wire.reason, REASON_MAX);
    let (Some(request), Some(key), Some(id), Some(named), Some(reason)) =
        (request, key, id, named, reason)
    else {
        return Err(violations.into());
    };
    let now = app.clock.now();
    let mutation = Mutation::new("VoidDeclaration", request, &wire);
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    must_have(&mut tx, key).await?;
    let filed = declaration(&mut tx, key, id).await?;
    let payments = tx.payments_of(key, id).await?;
    let paid = payments.iter().find(|payment| !payment.is_without_money());
    let paid = paid.map(|payment| payment.id.to_string());
    let voided = filed.void(&named, paid, app.clock.today(), now, reason)?;
    let message = pb::VoidDeclarationResponse {
        declaration: Some(convert::with_lines(&voided)?),
    };
    if wire.validate_only {
        return Ok(Answer::new(message));
    }
    tx.update_declaration(&voided).await?;
    tx.retire(key, id).await?;
    tx.release_sources(key, id).await?;
    let subject = id.to_string();
    tx.append_event(key, "declaration.voided", &subject, now)
        .await?;
    mutation
        .record(&mut tx, key, &subject, Some(&message), now)
        .await?;
    tx.check_invariants(key, id).await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

fn excluded(fields: &mut Fields<'_>, wire: &[String]) -> Option<Vec<SourceId>> {
    const NAME: &str = "excluded_source_ids";
    if !fields.at_most(NAME, wire.len(), EXCLUDED_MAX) {
        return None;
    }
    let read = |(place, id): (usize, &String)| {
        fields.required(&format!("{NAME}[{place}]"), id, SourceId::parse)
    };
    let ids: Vec<Option<SourceId>> = wire.iter().enumerate().map(read).collect();
    let mut ids: Vec<SourceId> = ids.into_iter().collect::<Option<_>>()?;
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}

/// What is asked for: no taxes named means all that are declared (where every row is gone, those
/// that were corrected last), and only a source that stands
/// on the declaration with a corrected tax can be excluded.
fn asked(
    filed: &Declaration,
    mut taxes: Vec<TaxKind>,
    excluded: Vec<SourceId>,
    reason: String,
) -> Result<Correction, Failure> {
    if taxes.is_empty() {
        taxes = filed.content.taxes_declared();
    }
    if let (true, Some(last)) = (taxes.is_empty(), &filed.content.correction) {
        taxes.clone_from(&last.taxes);
    }
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    for id in &excluded {
        let on_it = filed
            .content
            .lines
            .iter()
            .any(|line| line.source_id == *id && taxes.contains(&line.charge.tax));
        if !on_it {
            let zh = format!("税源 {id} 不在被更正税种的申报明细中");
            let en = format!("source {id} has no row of a corrected tax on the declaration");
            fields.refuse("excluded_source_ids", Invalid::new("CHOICE", zh, en));
        }
    }
    if !violations.is_empty() {
        return Err(violations.into());
    }
    Ok(Correction {
        corrects: filed.id,
        revision: filed.revision().saturating_add(1),
        taxes,
        excluded,
        reason,
    })
}

/// A filed declaration with what has been paid of its lines.
async fn base(tx: &mut Tx, key: TaxpayerKey, filed: Declaration) -> Result<Base, Failure> {
    let settled = tx.payments_of(key, filed.id).await?;
    let settled = settled.into_iter().filter(|one| one.state.is_settled());
    let refund = tx.live_refund_of(key, filed.id).await?;
    let moved = Moved {
        rows: settled.flat_map(|payment| payment.order.rows).collect(),
        refunded: refund.is_some_and(|refund| refund.state == RefundState::Paid),
    };
    let carried = carried_after(&filed, &moved)?;
    Ok(Base { filed, carried })
}

async fn bars(tx: &mut Tx, key: TaxpayerKey, id: DeclarationId) -> Result<Bars, Failure> {
    let refund = tx.live_refund_of(key, id).await?;
    let refund = refund.filter(|refund| refund.state != RefundState::Paid);
    let payment = tx.live_payment_of(key, id).await?;
    let payment = payment.filter(|payment| payment.state != PaymentState::InTreasury);
    Ok(Bars {
        inspections: tx.open_inspections(key).await?,
        refund: refund.map(|refund| refund.id.to_string()),
        payment: payment.map(|payment| payment.id.to_string()),
    })
}

/// A draft drawn again from what is kept now: nothing where nothing is to be declared any more,
/// or what it corrects is no longer in force.
///
/// # Errors
/// [`Failure`].
pub async fn redrawn(
    book: &RuleBook,
    tx: &mut Tx,
    facts: &Facts,
    draft: &Content,
) -> Result<Redrawn, Failure> {
    let key = draft.taxpayer;
    let Some(correction) = &draft.correction else {
        return Ok(Redrawn::new(facts.redraw(book, draft), None)?);
    };
    let filed = declaration(tx, key, correction.corrects).await?;
    if !filed.is_in_force() {
        return Ok(Redrawn::new(None, Some(filed))?);
    }
    let base = base(tx, key, filed).await?;
    let content = revise(&base, correction.clone(), &facts.known(book))?;
    Ok(Redrawn::new(Some(content), Some(base.filed))?)
}

/// True where nothing bars the filing of a draft, as far as it is a correction.
///
/// # Errors
/// [`Failure`] when the store cannot be read.
pub async fn unbarred(tx: &mut Tx, draft: &Content, fresh: &Redrawn) -> Result<bool, Failure> {
    match check_bars(tx, draft, fresh).await {
        Ok(()) => Ok(true),
        Err(Failure::Refused(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Refuses a draft revision whose base is no longer in force, or that something bars.
async fn check_bars(tx: &mut Tx, draft: &Content, fresh: &Redrawn) -> Result<(), Failure> {
    let (Some(_), Some(base)) = (&draft.correction, &fresh.corrects) else {
        return Ok(());
    };
    base.check_replaceable()?;
    let bars = bars(tx, draft.taxpayer, base.id).await?;
    let new = fresh.content.as_ref().unwrap_or(draft);
    Ok(bars.check_filing(&base.content, new)?)
}

/// The declaration that a draft revision replaces when it is submitted; nothing for a first
/// filing.
///
/// # Errors
/// [`Failure`] when it is no longer in force, or something bars the correction.
pub async fn replaced(
    tx: &mut Tx,
    draft: &Content,
    fresh: &Redrawn,
    now: jiff::Timestamp,
) -> Result<Option<Declaration>, Failure> {
    check_bars(tx, draft, fresh).await?;
    let (Some(correction), Some(base)) = (&draft.correction, &fresh.corrects) else {
        return Ok(None);
    };
    Ok(Some(base.clone().replace(now, correction.reason.clone())?))
}

/// Keeps that a declaration was replaced, before its revision takes its sources.
///
/// # Errors
/// [`Failure`].
pub async fn keep_replaced(
    tx: &mut Tx,
    key: TaxpayerKey,
    replaced: &Declaration,
    now: jiff::Timestamp,
) -> Result<(), Failure> {
    tx.update_declaration(replaced).await?;
    tx.retire(key, replaced.id).await?;
    let id = replaced.id.to_string();
    Ok(tx
        .append_event(key, "declaration.corrected", &id, now)
        .await?)
}

/// Keeps what a filed revision means for the sources of the two.
///
/// # Errors
/// [`Failure`].
pub async fn keep_sources(
    tx: &mut Tx,
    key: TaxpayerKey,
    replaced: &Declaration,
    revision: &Declaration,
) -> Result<(), Failure> {
    tx.mark_corrected(key, revision.id).await?;
    tx.release_sources(key, replaced.id).await?;
    Ok(tx.check_invariants(key, replaced.id).await?)
}
