//! Cases for an officer: facts of bank and treasury that disagree with the books.

use tokio::task::JoinError;
use uuid::Uuid;

use super::app::{App, cut, found, new_id, page_place, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::convert::{self, Fields};
use super::failure::Failure;
use super::payment::payment;
use super::treasury::{Taken, take_in};
use crate::filing::{Case, CaseState, Fact, Payment, Refusal};
use crate::gateway::Reversal;
use crate::pb;
use crate::store::Tx;
use crate::tax::Finding;
use crate::types::{CaseId, PaymentId, RequestId, TaxpayerKey};

/// The key under which requests about cases of nobody are recorded: no taxpayer has it.
const NOBODY: TaxpayerKey = TaxpayerKey::new(Uuid::nil());

/// Opens a case, or finds the one that says so already: open, or closed with the same numbers.
///
/// # Errors
/// [`Failure::Store`].
pub async fn open_case(
    tx: &mut Tx,
    taxpayer: Option<TaxpayerKey>,
    subject: &str,
    finding: Finding,
    now: jiff::Timestamp,
) -> Result<CaseId, Failure> {
    let earlier = tx.cases_of(taxpayer, subject, &finding.rule_id).await?;
    let same = |case: &&Case| case.state == CaseState::Open || case.finding == finding;
    if let Some(known) = earlier.iter().find(same) {
        return Ok(known.id);
    }
    tracing::warn!(rule = %finding.rule_id, subject, "a case for an officer");
    let case = Case::open(
        CaseId::new(new_id()),
        taxpayer,
        subject.to_owned(),
        finding,
        now,
    );
    tx.insert_case(&case).await?;
    if let Some(key) = taxpayer {
        tx.append_event(key, "case.opened", &case.id.to_string(), now)
            .await?;
    }
    Ok(case.id)
}

fn case(case: &Case, call: &Call) -> pb::Case {
    let state = match case.state {
        CaseState::Open => pb::CaseState::Open,
        CaseState::Resolved => pb::CaseState::Resolved,
    };
    pb::Case {
        case_id: case.id.to_string(),
        taxpayer_id: case.taxpayer.map(|key| key.to_string()).unwrap_or_default(),
        subject_id: case.subject.clone(),
        state: state.into(),
        finding: Some(convert::finding(&case.finding, call.language)),
        resolution: case.resolution.clone().unwrap_or_default(),
        open_time: Some(convert::instant(case.opened_at)),
        resolve_time: case.resolved_at.map(convert::instant),
    }
}

/// `ReversePayment`: the bank is asked, and only its yes changes anything. Where its answer is
/// not known nothing is recorded, so that a repeat asks again: a reversal is answered, not redone.
///
/// # Errors
/// [`Failure`].
pub async fn reverse(
    app: &App,
    _: &Call,
    wire: pb::ReversePaymentRequest,
) -> Result<Answer<pb::ReversePaymentResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    let id = fields.required("payment_id", &wire.payment_id, PaymentId::parse);
    let reason = fields.required_text("reason", &wire.reason, 200);
    let (Some(request), Some(key), Some(id), Some(reason)) = (request, key, id, reason) else {
        return Err(violations.into());
    };
    let mutation = Mutation::new("ReversePayment", request, &wire);
    let mut tx = app.store.read().await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    must_have(&mut tx, key).await?;
    let kept = payment(&mut tx, key, id).await?;
    drop(tx);
    kept.check_reversible(app.clock.today())?;
    // What the bank does must be recorded even if the caller leaves.
    let app = app.clone();
    let work = tokio::spawn(async move { reversed(&app, mutation, kept, reason).await });
    work.await
        .map_err(|error: JoinError| Failure::Internal(error.to_string()))?
}

async fn reversed(
    app: &App,
    mutation: Mutation,
    kept: Payment,
    reason: String,
) -> Result<Answer<pb::ReversePaymentResponse>, Failure> {
    match app.bank.reverse(&kept).await {
        Reversal::Reversed => {}
        Reversal::Refused(words) => return Err(Refusal::ReversalRefused(words).into()),
        Reversal::Unknown => return Err(Failure::StillRunning),
    }
    let (key, id) = (kept.taxpayer, kept.id);
    let now = app.clock.now();
    let mut tx = app
        .store
        .begin(mutation.method, Some(key), Some(mutation.request))
        .await?;
    if let Some(answer) = mutation.replay(&mut tx, key).await? {
        return Ok(answer);
    }
    let before = payment(&mut tx, key, id).await?;
    let taken = take_in(app, &mut tx, before, Fact::Reversed(Some(reason))).await?;
    let (after, found) = match taken {
        Taken::Known(after) | Taken::Merged(after) => (after, None),
        // The money reached the treasury while the bank said it had taken it back.
        Taken::Case { payment, .. } => {
            let found = Failure::Refused(payment.not_reversible());
            (payment, Some(found))
        }
    };
    if let Some(found) = found {
        tx.commit().await?;
        return Err(found);
    }
    let message = pb::ReversePaymentResponse {
        payment: Some(convert::payment(&after)),
    };
    mutation
        .record(&mut tx, key, &id.to_string(), Some(&message), now)
        .await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}

/// `ListCases`.
///
/// # Errors
/// [`Failure`].
pub async fn list(
    app: &App,
    call: &Call,
    wire: pb::ListCasesRequest,
) -> Result<Answer<pb::ListCasesResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let key = fields.optional("taxpayer_id", &wire.taxpayer_id, TaxpayerKey::parse);
    let size = convert::page(&mut fields, wire.page_size);
    let before = fields.optional("page_token", &wire.page_token, |text| {
        page_place(text, CaseId::parse)
    });
    let (Some(key), Some(size), Some(before)) = (key, size, before) else {
        return Err(violations.into());
    };
    let mut tx = app.store.read().await?;
    if let Some(key) = key {
        must_have(&mut tx, key).await?;
    }
    let (before, id) = before.unwrap_or((i64::MAX, String::new()));
    let also_resolved = wire.include_resolved;
    let mut rows = tx
        .cases_before(key, also_resolved, (before, &id), size.saturating_add(1))
        .await?;
    let more = cut(&mut rows, size);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("{}.{}", last.opened_at.as_microsecond(), last.id));
    Ok(Answer::new(pb::ListCasesResponse {
        cases: rows.iter().map(|one| case(one, call)).collect(),
        next_page_token: next.unwrap_or_default(),
    }))
}

/// `ResolveCase`.
///
/// # Errors
/// [`Failure`].
pub async fn resolve(
    app: &App,
    call: &Call,
    wire: pb::ResolveCaseRequest,
) -> Result<Answer<pb::ResolveCaseResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let request = convert::request_id(&mut fields, &wire.request_id);
    let key = fields.optional("taxpayer_id", &wire.taxpayer_id, TaxpayerKey::parse);
    let id = fields.required("case_id", &wire.case_id, CaseId::parse);
    let resolution = fields.required_text("resolution", &wire.resolution, 200);
    let (Some(request), Some(key), Some(id), Some(resolution)) = (request, key, id, resolution)
    else {
        return Err(violations.into());
    };
    let mutation = Mutation::new("ResolveCase", request, &wire);
    close(app, call, (mutation, request), (key, id), resolution).await
}

async fn close(
    app: &App,
    call: &Call,
    (mutation, request): (Mutation, RequestId),
    (key, id): (Option<TaxpayerKey>, CaseId),
    resolution: String,
) -> Result<Answer<pb::ResolveCaseResponse>, Failure> {
    let owner = key.unwrap_or(NOBODY);
    let now = app.clock.now();
    let mut tx = app.store.begin(mutation.method, key, Some(request)).await?;
    if let Some(answer) = mutation.replay(&mut tx, owner).await? {
        return Ok(answer);
    }
    if let Some(key) = key {
        must_have(&mut tx, key).await?;
    }
    let kept = found(tx.case(key, id).await?, "case", &id)?;
    let closed = kept.resolve(resolution, now)?;
    tx.update_case(&closed).await?;
    if let Some(key) = key {
        tx.append_event(key, "case.resolved", &id.to_string(), now)
            .await?;
    }
    let message = pb::ResolveCaseResponse {
        case: Some(case(&closed, call)),
    };
    mutation
        .record(&mut tx, owner, &id.to_string(), Some(&message), now)
        .await?;
    tx.commit().await?;
    Ok(Answer::new(message))
}
