//! Following a declaration live.

use std::pin::Pin;

use tokio_stream::Stream;
use tonic::Status;

use super::app::App;
use super::call::Call;
use super::failure::Failure;
use crate::pb;

/// The answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::WatchDeclarationResponse, Status>> + Send>>;

/// Not built yet.
pub async fn watch(_: &App, _: &Call, _: pb::WatchDeclarationRequest) -> Result<Answers, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
