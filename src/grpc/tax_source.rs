//! `TaxSourceService`: tax sources (税源), stated once.

use tonic::{Request, Response, Status};

use super::app::{App, check_etag, cut, found, new_id, repeating, taxpayer as must_have};
use super::call::{Answer, Call, Language, Mutation};
use super::convert::{self, Fields, SourceInput};
use super::failure::Failure;
use crate::filing::{SourceRecord, SourceState, Taxpayer};
use crate::pb;
use crate::pb::tax_source_service_server::TaxSourceService;
use crate::store::Tx;
use crate::tax::Context;
use crate::types::{Period, SourceId, TaxpayerKey};

/// The service.
#[derive(Debug, Clone)]
pub struct TaxSources(pub App);

/// Reads a source that must be there.
async fn source(
    tx: &mut Tx,
    key: TaxpayerKey,
    id: SourceId,
    known_at: Option<jiff::Timestamp>,
) -> Result<SourceRecord, Failure> {
    found(tx.source(key, id, known_at).await?, "tax_source", &id)
}

/// A source as it is first collected.
pub fn record(
    key: TaxpayerKey,
    id: SourceId,
    input: SourceInput,
    at: jiff::Timestamp,
) -> SourceRecord {
    SourceRecord {
        id,
        taxpayer: key,
        name: input.name,
        region: input.region,
        authority: input.authority,
        treasury: input.treasury,
        state: SourceState::Collected,
        version: 1,
        detail: input.detail,
        recorded_at: at,
    }
}

/// What is wrong or doubtful with a source by itself, seen over the current year.
pub fn findings(
    app: &App,
    taxpayer: &Taxpayer,
    source: &SourceRecord,
    language: Language,
) -> Vec<pb::Finding> {
    let ctx = Context {
        rules: &app.book,
        region: source.region,
        period: Period::year_of(app.clock.today()),
        profile: &taxpayer.profile,
        explain: false,
    };
    source
        .detail
        .check(&ctx)
        .into_iter()
        .map(|finding| convert::finding(&finding.below("source"), language))
        .collect()
}

impl TaxSources {
    async fn create(
        &self,
        call: &Call,
        wire: pb::CreateTaxSourceRequest,
    ) -> Result<Answer<pb::CreateTaxSourceResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let input = convert::source_input(&mut fields, "source", wire.source.as_ref());
        let (Some(request), Some(key), Some(input)) = (request, key, input) else {
            return Err(violations.into());
        };
        let now = self.0.clock.now();
        let mutation = Mutation::new("CreateTaxSource", request, &wire);
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        let taxpayer = must_have(&mut tx, key).await?;
        let source = record(key, SourceId::new(new_id()), input, now);
        let message = pb::CreateTaxSourceResponse {
            source: Some(convert::source(&source)),
            findings: findings(&self.0, &taxpayer, &source, call.language),
        };
        if wire.validate_only {
            return Ok(Answer::new(message));
        }
        tx.insert_source(&source).await?;
        let id = source.id.to_string();
        tx.append_event(key, "tax_source.collected", &id, now)
            .await?;
        mutation
            .record(&mut tx, key, &id, Some(&message), now)
            .await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }

    async fn update(
        &self,
        call: &Call,
        wire: pb::UpdateTaxSourceRequest,
    ) -> Result<Answer<pb::UpdateTaxSourceResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = convert::source_id(&mut fields, &wire.source_id);
        let named = fields.required_text("etag", &wire.etag, 63);
        let input = convert::source_input(&mut fields, "source", wire.source.as_ref());
        let (Some(request), Some(key), Some(id), Some(named), Some(input)) =
            (request, key, id, named, input)
        else {
            return Err(violations.into());
        };
        let now = self.0.clock.now();
        let mutation = Mutation::new("UpdateTaxSource", request, &wire);
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        let taxpayer = must_have(&mut tx, key).await?;
        let before = source(&mut tx, key, id, None).await?;
        check_etag("tax_source", &named, before.version)?;
        let after = before.restate(record(key, id, input, now))?;
        let message = pb::UpdateTaxSourceResponse {
            source: Some(convert::source(&after)),
            findings: findings(&self.0, &taxpayer, &after, call.language),
        };
        if wire.validate_only {
            return Ok(Answer::new(message));
        }
        tx.update_source(&after).await?;
        let id = id.to_string();
        tx.append_event(key, "tax_source.restated", &id, now)
            .await?;
        mutation
            .record(&mut tx, key, &id, Some(&message), now)
            .await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }

    async fn close(
        &self,
        wire: pb::CloseTaxSourceRequest,
    ) -> Result<Answer<pb::CloseTaxSourceResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = convert::source_id(&mut fields, &wire.source_id);
        let named = fields.required_text("etag", &wire.etag, 63);
        let (Some(request), Some(key), Some(id), Some(named)) = (request, key, id, named) else {
            return Err(violations.into());
        };
        let now = self.0.clock.now();
        let mutation = Mutation::new("CloseTaxSource", request, &wire);
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        must_have(&mut tx, key).await?;
        let before = source(&mut tx, key, id, None).await?;
        check_etag("tax_source", &named, before.version)?;
        let after = before.close(now)?;
        let message = pb::CloseTaxSourceResponse {
            source: Some(convert::source(&after)),
        };
        if wire.validate_only {
            return Ok(Answer::new(message));
        }
        tx.update_source(&after).await?;
        let id = id.to_string();
        tx.append_event(key, "tax_source.closed", &id, now).await?;
        mutation
            .record(&mut tx, key, &id, Some(&message), now)
            .await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }

    async fn get(
        &self,
        wire: pb::GetTaxSourceRequest,
    ) -> Result<Answer<pb::GetTaxSourceResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let id = convert::source_id(&mut fields, &wire.source_id);
        let known_at = convert::read_instant(&mut fields, "known_at", wire.known_at.as_ref());
        let (Some(key), Some(id), Some(known_at)) = (key, id, known_at) else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        must_have(&mut tx, key).await?;
        let source = source(&mut tx, key, id, known_at).await?;
        let source = Some(convert::source(&source));
        Ok(Answer::new(pb::GetTaxSourceResponse { source }))
    }

    async fn list(
        &self,
        wire: pb::ListTaxSourcesRequest,
    ) -> Result<Answer<pb::ListTaxSourcesResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let tax = convert::tax_filter(&mut fields, "tax", wire.tax);
        let size = convert::page(&mut fields, wire.page_size);
        let after = fields.optional("page_token", &wire.page_token, super::app::sequence);
        let (Some(key), Some(tax), Some(size), Some(after)) = (key, tax, size, after) else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        must_have(&mut tx, key).await?;
        let tax = tax.map(crate::types::TaxKind::name);
        let after = after.unwrap_or(0);
        let mut rows = tx
            .sources_after(key, tax, after, size.saturating_add(1))
            .await?;
        let more = cut(&mut rows, size);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|(sequence, _)| sequence.to_string());
        Ok(Answer::new(pb::ListTaxSourcesResponse {
            sources: rows
                .iter()
                .map(|(_, record)| convert::source(record))
                .collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }
}

#[tonic::async_trait]
impl TaxSourceService for TaxSources {
    async fn create_tax_source(
        &self,
        request: Request<pb::CreateTaxSourceRequest>,
    ) -> Result<Response<pb::CreateTaxSourceResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "CreateTaxSource", || {
            self.create(&call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn update_tax_source(
        &self,
        request: Request<pb::UpdateTaxSourceRequest>,
    ) -> Result<Response<pb::UpdateTaxSourceResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "UpdateTaxSource", || {
            self.update(&call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }

    async fn close_tax_source(
        &self,
        request: Request<pb::CloseTaxSourceRequest>,
    ) -> Result<Response<pb::CloseTaxSourceResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "CloseTaxSource", || self.close(wire.clone())).await;
        call.answer(outcome)
    }

    async fn get_tax_source(
        &self,
        request: Request<pb::GetTaxSourceRequest>,
    ) -> Result<Response<pb::GetTaxSourceResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.get(request.into_inner()).await)
    }

    async fn list_tax_sources(
        &self,
        request: Request<pb::ListTaxSourcesRequest>,
    ) -> Result<Response<pb::ListTaxSourcesResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.list(request.into_inner()).await)
    }

    type ImportTaxSourcesStream = super::import::Answers;

    async fn import_tax_sources(
        &self,
        request: Request<tonic::Streaming<pb::ImportTaxSourcesRequest>>,
    ) -> Result<Response<Self::ImportTaxSourcesStream>, Status> {
        let call = Call::of(&request);
        let outcome = super::import::import(&self.0, &call, request.into_inner()).await;
        call.answer(outcome.map(Answer::new))
    }
}
