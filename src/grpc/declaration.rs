//! `DeclarationService`: the one form and its one filing.

use tonic::{Request, Response, Status};

use super::app::{App, cut, found, new_id, repeating, taxpayer as must_have};
use super::assessment::{assess, window};
use super::call::{Answer, Call, Mutation};
use super::comparison;
use super::convert::{self, Fields};
use super::correction::{keep_replaced, keep_sources, redrawn, replaced, unbarred};
use super::explanation::explained;
use super::facts::facts;
use super::failure::Failure;
use crate::filing::explain::TRACE_VERSION;
use crate::filing::{Declaration, DeclarationState, Redrawn, Refusal};
use crate::pb;
use crate::pb::declaration_service_server::DeclarationService;
use crate::store::{StoreError, Tx};
use crate::types::{DeclarationId, Money, Overflow, TaxAuthority, TaxKind, TaxpayerKey};

const ACKNOWLEDGED_MAX: usize = 1000;

/// The service.
#[derive(Debug, Clone)]
pub struct Declarations(pub App);

/// Reads a declaration that must be there.
///
/// # Errors
/// [`Failure::NotFound`].
pub async fn declaration(
    tx: &mut Tx,
    key: TaxpayerKey,
    id: DeclarationId,
) -> Result<Declaration, Failure> {
    found(tx.declaration(key, id).await?, "declaration", &id)
}

/// Reads the declaration a request is about.
pub fn declaration_id(fields: &mut Fields<'_>, text: &str) -> Option<DeclarationId> {
    fields.required("declaration_id", text, DeclarationId::parse)
}

impl Declarations {
    async fn obligations(
        &self,
        call: &Call,
        wire: pb::ListObligationsRequest,
    ) -> Result<Answer<pb::ListObligationsResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let window = window(&self.0.book, &mut fields, wire.window.as_ref());
        let (Some(key), Some(window)) = (key, window) else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        let facts = facts(&mut tx, key).await?;
        let drawing = facts.draw(&self.0.book, window, None, &[]);
        let wire = |obligation| convert::obligation(obligation, call.language);
        let obligations = drawing.obligations.iter().map(wire).collect();
        Ok(Answer::new(pb::ListObligationsResponse { obligations }))
    }

    async fn assess(
        &self,
        call: &Call,
        wire: pb::AssessDeclarationRequest,
    ) -> Result<Answer<pb::AssessDeclarationResponse>, Failure> {
        assess(&self.0.book, call, wire).map(Answer::new)
    }

    async fn draft(
        &self,
        call: &Call,
        wire: pb::DraftDeclarationRequest,
    ) -> Result<Answer<pb::DraftDeclarationResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let window = window(&self.0.book, &mut fields, wire.window.as_ref());
        let authority = fields.optional(
            "tax_authority_code",
            &wire.tax_authority_code,
            TaxAuthority::parse,
        );
        let taxes = taxes(&mut fields, &wire.taxes);
        let (Some(request), Some(key), Some(window), Some(authority), Some(taxes)) =
            (request, key, window, authority, taxes)
        else {
            return Err(violations.into());
        };
        let now = self.0.clock.now();
        let mutation = Mutation::new("DraftDeclaration", request, &wire);
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        let facts = facts(&mut tx, key).await?;
        let drawing = facts.draw(&self.0.book, window, authority.as_ref(), &taxes);
        if drawing.contents.is_empty() {
            return Err(Refusal::NothingToDeclare.into());
        }
        tx.keep_rule_pack(&self.0.book, now).await?;
        let mut message = pb::DraftDeclarationResponse::default();
        for content in drawing.contents {
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
            tx.insert_declaration(&draft).await?;
            let id = draft.id.to_string();
            tx.append_event(key, "declaration.drawn", &id, now).await?;
            message.declarations.push(convert::with_lines(&draft)?);
        }
        let out = |obligation: &&crate::filing::Obligation| !obligation.reason.is_due();
        let wire = |obligation| convert::obligation(obligation, call.language);
        message.left_out = drawing.obligations.iter().filter(out).map(wire).collect();
        mutation
            .record(&mut tx, key, "", Some(&message), now)
            .await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }

    async fn validate(
        &self,
        call: &Call,
        wire: pb::ValidateDeclarationRequest,
    ) -> Result<Answer<pb::ValidateDeclarationResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = declaration_id(&mut fields, &wire.declaration_id);
        let (Some(key), Some(id)) = (key, id) else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        let facts = facts(&mut tx, key).await?;
        let kept = declaration(&mut tx, key, id).await?;
        let draft = kept.state == DeclarationState::Draft;
        let fresh = if draft {
            redrawn(&self.0.book, &mut tx, &facts, &kept.content).await?
        } else {
            Redrawn::new(Some(kept.content.clone()), None)?
        };
        let unbarred = unbarred(&mut tx, &kept.content, &fresh).await?;
        let stale = fresh.digest != kept.digest;
        let findings = &fresh.content.as_ref().unwrap_or(&kept.content).findings;
        let stops = |finding: &crate::tax::Finding| finding.severity == crate::tax::Severity::Error;
        let submittable = draft && !stale && unbarred && !findings.iter().any(stops);
        let wire = |finding| convert::finding(finding, call.language);
        Ok(Answer::new(pb::ValidateDeclarationResponse {
            findings: findings.iter().map(wire).collect(),
            submittable,
            content_digest: fresh.digest,
            stale,
        }))
    }

    pub(super) async fn submit(
        &self,
        wire: pb::SubmitDeclarationRequest,
    ) -> Result<Answer<pb::SubmitDeclarationResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = declaration_id(&mut fields, &wire.declaration_id);
        let named = fields.required_text("content_digest", &wire.content_digest, 64);
        let acknowledged = acknowledged(&mut fields, &wire.acknowledged_warnings);
        let (Some(request), Some(key), Some(id), Some(named), Some(acknowledged)) =
            (request, key, id, named, acknowledged)
        else {
            return Err(violations.into());
        };
        let now = self.0.clock.now();
        let today = self.0.clock.today();
        let mutation = Mutation::new("SubmitDeclaration", request, &wire);
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        let facts = facts(&mut tx, key).await?;
        let draft = declaration(&mut tx, key, id).await?;
        draft.check_draft()?;
        let fresh = redrawn(&self.0.book, &mut tx, &facts, &draft.content).await?;
        let replaced = replaced(&mut tx, &draft.content, &fresh, now).await?;
        let filed = draft.submit(&named, &fresh, acknowledged, now, today)?;
        let message = pb::SubmitDeclarationResponse {
            declaration: Some(convert::with_lines(&filed)?),
        };
        if wire.validate_only {
            return Ok(Answer::new(message));
        }
        if let Some(replaced) = &replaced {
            keep_replaced(&mut tx, key, replaced, now).await?;
        }
        tx.update_declaration(&filed).await?;
        // The unique indexes guard invariant 2 a second time, beside the fresh drawing above.
        tx.insert_filed(&filed).await.map_err(|error| match error {
            StoreError::AlreadyExists(what) => Refusal::AlreadyDeclared(what).into(),
            other => Failure::Store(other),
        })?;
        let id = id.to_string();
        tx.mark_declared(key, &id).await?;
        tx.append_event(key, "declaration.submitted", &id, now)
            .await?;
        if filed.state == DeclarationState::Completed {
            tx.append_event(key, "declaration.completed", &id, now)
                .await?;
        }
        if let Some(replaced) = &replaced {
            keep_sources(&mut tx, key, replaced, &filed).await?;
        }
        mutation
            .record(&mut tx, key, &id, Some(&message), now)
            .await?;
        tx.check_invariants(key, filed.id).await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }

    async fn get(
        &self,
        wire: pb::GetDeclarationRequest,
    ) -> Result<Answer<pb::GetDeclarationResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = declaration_id(&mut fields, &wire.declaration_id);
        let (Some(key), Some(id)) = (key, id) else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        must_have(&mut tx, key).await?;
        let kept = declaration(&mut tx, key, id).await?;
        let mut wire = convert::with_lines(&kept)?;
        convert::corrected_by(&mut wire, tx.corrected_by(key).await?.get(&id));
        let declaration = Some(wire);
        Ok(Answer::new(pb::GetDeclarationResponse { declaration }))
    }

    async fn list(
        &self,
        wire: pb::ListDeclarationsRequest,
    ) -> Result<Answer<pb::ListDeclarationsResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let size = convert::page(&mut fields, wire.page_size);
        let before = fields.optional("page_token", &wire.page_token, DeclarationId::parse);
        let (Some(key), Some(size), Some(before)) = (key, size, before) else {
            return Err(violations.into());
        };
        let before = before.map(|id| id.to_string()).unwrap_or_default();
        let mut tx = self.0.store.read().await?;
        must_have(&mut tx, key).await?;
        let mut rows = tx
            .declarations_before(key, &before, size.saturating_add(1))
            .await?;
        let more = cut(&mut rows, size);
        let next = rows.last().filter(|_| more).map(|last| last.id.to_string());
        let corrected_by = tx.corrected_by(key).await?;
        let declarations: Result<Vec<_>, _> = rows
            .iter()
            .map(|kept| {
                let mut wire = convert::declaration(kept)?;
                convert::corrected_by(&mut wire, corrected_by.get(&kept.id));
                Ok::<_, Overflow>(wire)
            })
            .collect();
        Ok(Answer::new(pb::ListDeclarationsResponse {
            declarations: declarations?,
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn explain(
        &self,
        call: &Call,
        wire: pb::ExplainDeclarationRequest,
    ) -> Result<Answer<pb::ExplainDeclarationResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = declaration_id(&mut fields, &wire.declaration_id);
        let (Some(key), Some(id)) = (key, id) else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        must_have(&mut tx, key).await?;
        let kept = declaration(&mut tx, key, id).await?;
        let trace = explained(&self.0.book, &mut tx, key, kept.content).await?;
        Ok(Answer::new(pb::ExplainDeclarationResponse {
            explanations: convert::line_explanations(&trace, call.language),
            trace_version: TRACE_VERSION,
            total_explanations: convert::total_explanations(&trace, call.language),
        }))
    }
}

fn acknowledged(fields: &mut Fields<'_>, wire: &[String]) -> Option<Vec<String>> {
    const NAME: &str = "acknowledged_warnings";
    if !fields.at_most(NAME, wire.len(), ACKNOWLEDGED_MAX) {
        return None;
    }
    let ids: Vec<Option<String>> = wire
        .iter()
        .enumerate()
        .map(|(place, id)| fields.required_text(&format!("{NAME}[{place}]"), id, 63))
        .collect();
    ids.into_iter().collect()
}

/// Reads a choice of taxes, each once, in the form's order.
pub fn taxes(fields: &mut Fields<'_>, wire: &[i32]) -> Option<Vec<TaxKind>> {
    let mut taxes = Vec::new();
    for (place, tax) in wire.iter().enumerate() {
        let name = format!("taxes[{place}]");
        match convert::tax_filter(fields, &name, *tax)? {
            Some(tax) if !taxes.contains(&tax) => taxes.push(tax),
            Some(_) => {}
            None => {
                fields.missing(&name);
                return None;
            }
        }
    }
    taxes.sort_unstable();
    Some(taxes)
}

#[tonic::async_trait]
impl DeclarationService for Declarations {
    async fn list_obligations(
        &self,
        request: Request<pb::ListObligationsRequest>,
    ) -> Result<Response<pb::ListObligationsResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.obligations(&call, request.into_inner()).await)
    }

    async fn assess_declaration(
        &self,
        request: Request<pb::AssessDeclarationRequest>,
    ) -> Result<Response<pb::AssessDeclarationResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.assess(&call, request.into_inner()).await)
    }

    async fn draft_declaration(
        &self,
        request: Request<pb::DraftDeclarationRequest>,
    ) -> Result<Response<pb::DraftDeclarationResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "DraftDeclaration", || {
            self.draft(&call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn validate_declaration(
        &self,
        request: Request<pb::ValidateDeclarationRequest>,
    ) -> Result<Response<pb::ValidateDeclarationResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.validate(&call, request.into_inner()).await)
    }

    async fn submit_declaration(
        &self,
        request: Request<pb::SubmitDeclarationRequest>,
    ) -> Result<Response<pb::SubmitDeclarationResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "SubmitDeclaration", || self.submit(wire.clone())).await;
        call.answer(outcome)
    }

    async fn get_declaration(
        &self,
        request: Request<pb::GetDeclarationRequest>,
    ) -> Result<Response<pb::GetDeclarationResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.get(request.into_inner()).await)
    }

    async fn list_declarations(
        &self,
        request: Request<pb::ListDeclarationsRequest>,
    ) -> Result<Response<pb::ListDeclarationsResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.list(request.into_inner()).await)
    }

    async fn explain_declaration(
        &self,
        request: Request<pb::ExplainDeclarationRequest>,
    ) -> Result<Response<pb::ExplainDeclarationResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.explain(&call, request.into_inner()).await)
    }

    async fn review_eligibility(
        &self,
        request: Request<pb::ReviewEligibilityRequest>,
    ) -> Result<Response<pb::ReviewEligibilityResponse>, Status> {
        let call = Call::of(&request);
        call.answer(super::eligibility::review(&self.0, &call, request.into_inner()).await)
    }

    async fn compare_declarations(
        &self,
        request: Request<pb::CompareDeclarationsRequest>,
    ) -> Result<Response<pb::CompareDeclarationsResponse>, Status> {
        let call = Call::of(&request);
        call.answer(comparison::answer(&self.0, &call, request.get_ref()).await)
    }

    async fn correct_declaration(
        &self,
        request: Request<pb::CorrectDeclarationRequest>,
    ) -> Result<Response<pb::CorrectDeclarationResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "CorrectDeclaration", || {
            super::correction::correct(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn void_declaration(
        &self,
        request: Request<pb::VoidDeclarationRequest>,
    ) -> Result<Response<pb::VoidDeclarationResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "VoidDeclaration", || {
            super::correction::void(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    type WatchDeclarationStream = super::watching::Answers;

    async fn watch_declaration(
        &self,
        request: Request<pb::WatchDeclarationRequest>,
    ) -> Result<Response<Self::WatchDeclarationStream>, Status> {
        let call = Call::of(&request);
        let outcome = super::watching::watch(&self.0, &call, request.into_inner()).await;
        call.answer(outcome.map(Answer::new))
    }

    type BatchSubmitStream = super::batch::Answers;

    async fn batch_submit(
        &self,
        request: Request<tonic::Streaming<pb::BatchSubmitRequest>>,
    ) -> Result<Response<Self::BatchSubmitStream>, Status> {
        let call = Call::of(&request);
        let outcome = super::batch::submit(&self.0, &call, request.into_inner()).await;
        call.answer(outcome.map(Answer::new))
    }
}
