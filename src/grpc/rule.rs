//! `RuleService`: the law as data.

use jiff::civil::Date;
use tonic::{Request, Response, Status};

use super::app::App;
use super::call::{Answer, Call, Language};
use super::convert::{self, Fields};
use super::failure::Failure;
use crate::pb;
use crate::pb::rule_service_server::RuleService;
use crate::types::Region;

/// The service.
#[derive(Debug, Clone)]
pub struct Rules(pub App);

fn day(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

impl Rules {
    fn parameters(
        &self,
        wire: &pb::ListParametersRequest,
    ) -> Result<Answer<pb::ListParametersResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let on = fields.date("on", &wire.on);
        let region = fields.required("region_code", &wire.region_code, Region::parse);
        let (Some(on), Some(region)) = (on, region) else {
            return Err(violations.into());
        };
        let parameters = self
            .0
            .book
            .parameters_at(region, on)
            .into_iter()
            .map(|(parameter, row)| pb::RuleParameter {
                parameter_id: parameter.id.clone(),
                name: parameter.name_zh.clone(),
                value: row.value.clone(),
                region_code: parameter.region.map(|r| r.to_string()).unwrap_or_default(),
                first_day: row.from.to_string(),
                last_day: day(row.to),
                cite: row.source.cite.clone(),
                confidence: row.source.status.name().to_owned(),
                checked_on: row.source.checked_on.to_string(),
            })
            .collect();
        let rule_pack_digest = self.0.book.digest().to_owned();
        Ok(Answer::new(pb::ListParametersResponse {
            parameters,
            rule_pack_digest,
        }))
    }

    fn reliefs(
        &self,
        call: &Call,
        wire: &pb::ListReliefsRequest,
    ) -> Result<Answer<pb::ListReliefsResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let on = fields.date("on", &wire.on);
        let tax = convert::tax_filter(&mut fields, "tax", wire.tax);
        if tax == Some(None) {
            fields.missing("tax");
        }
        let (Some(on), Some(Some(tax))) = (on, tax) else {
            return Err(violations.into());
        };
        let reliefs = self
            .0
            .book
            .reliefs_of(tax, on)
            .into_iter()
            .map(|rule| pb::RuleRelief {
                relief_id: rule.id.clone(),
                relief_code: rule.code.clone().unwrap_or_default(),
                tax: convert::tax(rule.tax).into(),
                name: match call.language {
                    Language::Chinese => rule.name_zh.clone(),
                    Language::English => rule.name_en.clone(),
                },
                first_day: rule.from.to_string(),
                last_day: day(rule.to),
                cite: rule.source.cite.clone(),
                confidence: rule.source.status.name().to_owned(),
            })
            .collect();
        Ok(Answer::new(pb::ListReliefsResponse { reliefs }))
    }
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
