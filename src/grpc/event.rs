//! `EventService`: what happened, in order and without gaps.

use std::pin::Pin;

use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::app::App;
use super::call::{Answer, Call};
use super::failure::Failure;
use crate::pb;
use crate::pb::event_service_server::EventService;

/// The service.
#[derive(Debug, Clone)]
pub struct Events(pub App);

/// The answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::StreamEventsResponse, Status>> + Send>>;

/// Not built yet.
pub async fn stream(_: &App, _: &Call, _: pb::StreamEventsRequest) -> Result<Answers, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

#[tonic::async_trait]
impl EventService for Events {
    type StreamEventsStream = Answers;

    async fn stream_events(
        &self,
        request: Request<pb::StreamEventsRequest>,
    ) -> Result<Response<Answers>, Status> {
        let call = Call::of(&request);
        let outcome = stream(&self.0, &call, request.into_inner()).await;
        call.answer(outcome.map(Answer::new))
    }
}
