//! `TaxpayerService`: registered taxpayers.

use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::app::{App, check_etag, repeating, taxpayer as must_have};
use super::call::{Answer, Call, Mutation};
use super::convert::{self, Fields};
use super::failure::Failure;
use crate::filing::Taxpayer;
use crate::pb;
use crate::pb::taxpayer_service_server::TaxpayerService;
use crate::types::{TaxpayerId, TaxpayerKey};

/// The service.
#[derive(Debug, Clone)]
pub struct Taxpayers(pub App);

/// The id of the taxpayer with a number: derived, so that one number is one taxpayer.
pub fn key_of(number: &TaxpayerId) -> TaxpayerKey {
    TaxpayerKey::new(Uuid::new_v5(
        &Uuid::NAMESPACE_URL,
        number.as_str().as_bytes(),
    ))
}

/// Reads which taxpayer is meant: by id, or by tax number where the id is not known.
pub fn named_taxpayer(
    fields: &mut Fields<'_>,
    taxpayer_id: &str,
    tax_number: &str,
) -> Option<TaxpayerKey> {
    if taxpayer_id.is_empty() && !tax_number.is_empty() {
        let number = fields.required("tax_number", tax_number, TaxpayerId::parse_historic);
        return number.map(|number| key_of(&number));
    }
    convert::taxpayer_key(fields, taxpayer_id)
}

impl Taxpayers {
    async fn register(
        &self,
        wire: pb::RegisterTaxpayerRequest,
    ) -> Result<Answer<pb::RegisterTaxpayerResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let number = fields.required("tax_number", &wire.tax_number, TaxpayerId::parse);
        let input = convert::taxpayer_input(
            &mut fields,
            &wire.name,
            wire.kind,
            &wire.six_taxes_windows,
            wire.six_taxes_facts.as_ref(),
        );
        let (Some(request), Some(number), Some(input)) = (request, number, input) else {
            return Err(violations.into());
        };
        let now = self.0.clock.now();
        let key = key_of(&number);
        let mutation = Mutation::new("RegisterTaxpayer", request, &wire);
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        // In this order: there is no row yet whose lock makes others wait, and whoever sees the
        // taxpayer of a commit in between must see its request too.
        let there = tx.taxpayer(key).await?.is_some();
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        if there {
            return Err(Failure::AlreadyExists {
                what: "taxpayer",
                id: key.to_string(),
            });
        }
        let taxpayer = Taxpayer {
            key,
            tax_number: number,
            name: input.name,
            profile: input.profile,
            version: 1,
            created_at: now,
        };
        let message = pb::RegisterTaxpayerResponse {
            taxpayer: Some(convert::taxpayer(&taxpayer, &self.0.book)),
        };
        if wire.validate_only {
            return Ok(Answer::new(message));
        }
        tx.insert_taxpayer(&taxpayer).await?;
        let id = key.to_string();
        tx.append_event(key, "taxpayer.registered", &id, now)
            .await?;
        mutation
            .record(&mut tx, key, &id, Some(&message), now)
            .await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }

    async fn update(
        &self,
        wire: pb::UpdateTaxpayerRequest,
    ) -> Result<Answer<pb::UpdateTaxpayerResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
        let named = fields.required_text("etag", &wire.etag, 63);
        let input = convert::taxpayer_input(
            &mut fields,
            &wire.name,
            wire.kind,
            &wire.six_taxes_windows,
            wire.six_taxes_facts.as_ref(),
        );
        let (Some(request), Some(key), Some(named), Some(input)) = (request, key, named, input)
        else {
            return Err(violations.into());
        };
        let now = self.0.clock.now();
        let mutation = Mutation::new("UpdateTaxpayer", request, &wire);
        let mut tx = self
            .0
            .store
            .begin(mutation.method, Some(key), Some(request))
            .await?;
        if let Some(answer) = mutation.replay(&mut tx, key).await? {
            return Ok(answer);
        }
        let before = must_have(&mut tx, key).await?;
        check_etag("taxpayer", &named, before.version)?;
        let version = before.version.saturating_add(1);
        let after = Taxpayer {
            name: input.name,
            profile: input.profile,
            version,
            ..before
        };
        let message = pb::UpdateTaxpayerResponse {
            taxpayer: Some(convert::taxpayer(&after, &self.0.book)),
        };
        if wire.validate_only {
            return Ok(Answer::new(message));
        }
        tx.update_taxpayer(&after, now).await?;
        let id = key.to_string();
        tx.append_event(key, "taxpayer.updated", &id, now).await?;
        mutation
            .record(&mut tx, key, &id, Some(&message), now)
            .await?;
        tx.commit().await?;
        Ok(Answer::new(message))
    }

    async fn get(
        &self,
        wire: pb::GetTaxpayerRequest,
    ) -> Result<Answer<pb::GetTaxpayerResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let key = named_taxpayer(&mut fields, &wire.taxpayer_id, &wire.tax_number);
        let Some(key) = key else {
            return Err(violations.into());
        };
        let mut tx = self.0.store.read().await?;
        let taxpayer = must_have(&mut tx, key).await?;
        let taxpayer = Some(convert::taxpayer(&taxpayer, &self.0.book));
        Ok(Answer::new(pb::GetTaxpayerResponse { taxpayer }))
    }

    async fn list(
        &self,
        wire: pb::ListTaxpayersRequest,
    ) -> Result<Answer<pb::ListTaxpayersResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let size = convert::page(&mut fields, wire.page_size);
        let after = fields.optional("page_token", &wire.page_token, TaxpayerId::parse_historic);
        let (Some(size), Some(after)) = (size, after) else {
            return Err(violations.into());
        };
        let after = after.map(|number| number.to_string()).unwrap_or_default();
        let mut tx = self.0.store.read().await?;
        let mut taxpayers = tx.taxpayers_after(&after, size.saturating_add(1)).await?;
        let more = super::app::cut(&mut taxpayers, size);
        let next = taxpayers
            .last()
            .filter(|_| more)
            .map(|last| last.tax_number.to_string());
        Ok(Answer::new(pb::ListTaxpayersResponse {
            taxpayers: taxpayers
                .iter()
                .map(|one| convert::taxpayer(one, &self.0.book))
                .collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }
}

#[tonic::async_trait]
impl TaxpayerService for Taxpayers {
    async fn register_taxpayer(
        &self,
        request: Request<pb::RegisterTaxpayerRequest>,
    ) -> Result<Response<pb::RegisterTaxpayerResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "RegisterTaxpayer", || self.register(wire.clone())).await;
        call.answer(outcome)
    }

    async fn get_taxpayer(
        &self,
        request: Request<pb::GetTaxpayerRequest>,
    ) -> Result<Response<pb::GetTaxpayerResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.get(request.into_inner()).await)
    }

    async fn update_taxpayer(
        &self,
        request: Request<pb::UpdateTaxpayerRequest>,
    ) -> Result<Response<pb::UpdateTaxpayerResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "UpdateTaxpayer", || self.update(wire.clone())).await;
        call.answer(outcome)
    }

    async fn list_taxpayers(
        &self,
        request: Request<pb::ListTaxpayersRequest>,
    ) -> Result<Response<pb::ListTaxpayersResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.list(request.into_inner()).await)
    }
}
