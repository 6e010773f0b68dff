//! `OutcomeService`: "did it happen?" for any earlier call, for ever.

use tonic::{Request, Response, Status};

use super::app::App;
use super::call::{Answer, Call};
use super::convert::{self, Fields};
use super::failure::Failure;
use super::taxpayer::named_taxpayer;
use crate::pb;
use crate::pb::outcome_service_server::OutcomeService;

/// The service.
#[derive(Debug, Clone)]
pub struct Outcomes(pub App);

impl Outcomes {
    async fn get(
        &self,
        wire: pb::GetOutcomeRequest,
    ) -> Result<Answer<pb::GetOutcomeResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let request = convert::request_id(&mut fields, &wire.request_id);
        let key = named_taxpayer(&mut fields, &wire.taxpayer_id, &wire.tax_number);
        let (Some(request), Some(key)) = (request, key) else {
            return Err(violations.into());
        };
        let found = self
            .0
            .store
            .read()
            .await?
            .find_request(key, request)
            .await?;
        let mut message = pb::GetOutcomeResponse::default();
        match found {
            None => message.set_state(pb::OutcomeState::NotFound),
            Some(recorded) => {
                message.response_type = format!("caixing.v1.{}Response", recorded.method);
                message.method = recorded.method;
                message.record_time = Some(convert::instant(recorded.recorded_at));
                match recorded.response {
                    None => message.set_state(pb::OutcomeState::Pending),
                    Some(bytes) => {
                        message.response = bytes;
                        message.set_state(pb::OutcomeState::Done);
                    }
                }
            }
        }
        Ok(Answer::new(message))
    }
}

#[tonic::async_trait]
impl OutcomeService for Outcomes {
    async fn get_outcome(
        &self,
        request: Request<pb::GetOutcomeRequest>,
    ) -> Result<Response<pb::GetOutcomeResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.get(request.into_inner()).await)
    }
}
