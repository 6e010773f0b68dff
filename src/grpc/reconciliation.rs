//! The day's reconciliation file (日终对账).

use std::pin::Pin;

use tokio_stream::Stream;
use tonic::Status;

use super::app::App;
use super::call::Call;
use super::failure::Failure;
use crate::pb;

/// The answers.
pub type Answers = Pin<Box<dyn Stream<Item = Result<pb::ReconcileDayResponse, Status>> + Send>>;

/// Not built yet.
pub async fn reconcile(
    _: &App,
    _: &Call,
    _: tonic::Streaming<pb::ReconcileDayRequest>,
) -> Result<Answers, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
