//! `RuleService`: the law as data.

use tonic::{Request, Response, Status};

use super::app::App;
use super::call::{Answer, Call};
use super::convert::{self, Fields};
use super::failure::Failure;
use crate::pb;
use crate::pb::rule_service_server::RuleService;
use crate::rules::tax_of;
use crate::types::{Region, TaxKind};

/// The service.
#[derive(Debug, Clone)]
pub struct Rules(pub App);

impl Rules {
    fn parameters(
        &self,
        wire: &pb::ListParametersRequest,
    ) -> Result<Answer<pb::ListParametersResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let on = fields.date("on", &wire.on);
        let region = fields.required("region_code", &wire.region_code, Region::parse);
        let tax = convert::tax_filter(&mut fields, "tax", wire.tax);
        let (Some(on), Some(region), Some(tax)) = (on, region, tax) else {
            return Err(violations.into());
        };
        let book = &self.0.book;
        let wanted = |id: &str| tax.is_none_or(|tax| tax_of(id) == Some(tax));
        let found = book.parameters_at(region, on).into_iter();
        let parameters = found
            .filter(|(parameter, _)| wanted(&parameter.id))
            .map(|found| convert::parameter(book, found))
            .collect();
        Ok(Answer::new(pb::ListParametersResponse {
            parameters,
            rule_pack_digest: book.digest().to_owned(),
        }))
    }

    fn items(
        &self,
        wire: &pb::ListTaxItemsRequest,
    ) -> Result<Answer<pb::ListTaxItemsResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let tax = required_tax(&mut fields, wire.tax);
        let on = fields.date("on", &wire.on);
        let region = fields.required("region_code", &wire.region_code, Region::parse);
        let (Some(tax), Some(on), Some(region)) = (tax, on, region) else {
            return Err(violations.into());
        };
        let items = self.0.book.tax_items(tax, region, on);
        Ok(Answer::new(pb::ListTaxItemsResponse {
            items: items.iter().map(convert::tax_item).collect(),
            rule_pack_digest: self.0.book.digest().to_owned(),
        }))
    }

    fn reliefs(
        &self,
        call: &Call,
        wire: &pb::ListReliefsRequest,
    ) -> Result<Answer<pb::ListReliefsResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let on = match wire.any_day {
            true => fields.optional_date("on", &wire.on).map(|_| None),
            false => fields.date("on", &wire.on).map(Some),
        };
        let tax = required_tax(&mut fields, wire.tax);
        let (Some(on), Some(tax)) = (on, tax) else {
            return Err(violations.into());
        };
        let found = self.0.book.reliefs_of(tax, on);
        let write = |rule| convert::relief_rule(rule, call.language);
        Ok(Answer::new(pb::ListReliefsResponse {
            reliefs: found.into_iter().map(write).collect(),
            rule_pack_digest: self.0.book.digest().to_owned(),
        }))
    }
}

fn required_tax(fields: &mut Fields<'_>, wire: i32) -> Option<TaxKind> {
    let tax = convert::tax_filter(fields, "tax", wire)?;
    if tax.is_none() {
        fields.missing("tax");
    }
    tax
}

#[tonic::async_trait]
impl RuleService for Rules {
    async fn list_parameters(
        &self,
        request: Request<pb::ListParametersRequest>,
    ) -> Result<Response<pb::ListParametersResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.parameters(request.get_ref()))
    }

    async fn list_tax_items(
        &self,
        request: Request<pb::ListTaxItemsRequest>,
    ) -> Result<Response<pb::ListTaxItemsResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.items(request.get_ref()))
    }

    async fn list_reliefs(
        &self,
        request: Request<pb::ListReliefsRequest>,
    ) -> Result<Response<pb::ListReliefsResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.reliefs(&call, request.get_ref()))
    }

    async fn get_rule_pack(
        &self,
        request: Request<pb::GetRulePackRequest>,
    ) -> Result<Response<pb::GetRulePackResponse>, Status> {
        let call = Call::of(&request);
        let files = self
            .0
            .book
            .files()
            .iter()
            .map(|(path, text)| pb::RuleFile {
                path: path.clone(),
                text: text.clone(),
            })
            .collect();
        let digest = self.0.book.digest().to_owned();
        call.answer(Ok(Answer::new(pb::GetRulePackResponse { digest, files })))
    }
}
