//! `SandboxService`: only on a server started with `--sandbox`.

use tonic::{Request, Response, Status};

use super::app::{App, repeating};
use super::call::{Answer, Call};
use super::convert::{self, Fields};
use super::failure::Failure;
use crate::pb;
use crate::pb::sandbox_service_server::SandboxService;

/// The service.
#[derive(Debug, Clone)]
pub struct Sandbox(pub App);

impl Sandbox {
    fn set(&self, wire: &pb::SetClockRequest) -> Result<Answer<pb::SetClockResponse>, Failure> {
        let mut violations = Vec::new();
        let mut fields = Fields::new(&mut violations);
        let Some(now) = convert::read_instant(&mut fields, "now", wire.now.as_ref()) else {
            return Err(violations.into());
        };
        let set = self
            .0
            .clock
            .set(now)
            .map_err(|error| Failure::Internal(error.to_string()))?;
        if !set {
            return Err(Failure::Internal("the clock cannot be set".to_owned()));
        }
        Ok(Answer::new(pb::SetClockResponse {
            now: Some(convert::instant(self.0.clock.now())),
            today: self.0.clock.today().to_string(),
        }))
    }
}

#[tonic::async_trait]
impl SandboxService for Sandbox {
    async fn set_clock(
        &self,
        request: Request<pb::SetClockRequest>,
    ) -> Result<Response<pb::SetClockResponse>, Status> {
        let call = Call::of(&request);
        call.answer(self.set(request.get_ref()))
    }

    async fn set_fault(
        &self,
        request: Request<pb::SetFaultRequest>,
    ) -> Result<Response<pb::SetFaultResponse>, Status> {
        let call = Call::of(&request);
        call.answer(super::fault::set(&self.0, &call, request.into_inner()).await)
    }

    async fn reset(
        &self,
        request: Request<pb::ResetRequest>,
    ) -> Result<Response<pb::ResetResponse>, Status> {
        let call = Call::of(&request);
        let wire = request.into_inner();
        let outcome = repeating(&self.0, "Reset", || {
            super::fault::reset(&self.0, &call, wire.clone())
        })
        .await;
        call.answer(outcome)
    }
}
