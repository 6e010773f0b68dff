//! What all streams share that are followed until the client leaves or the service stops.

use std::future::Future;

use tokio::sync::mpsc;
use tonic::Status;

use super::app::App;
use super::call::Call;
use super::failure::Failure;

/// Tells until everything is told, nobody listens, or the service stops; then says why it ended.
pub async fn until_over<T>(
    app: &App,
    call: &Call,
    out: &mpsc::Sender<Result<T, Status>>,
    telling: impl Future<Output = Result<(), Failure>>,
) {
    let mut ended = app.store.follow();
    let failure = tokio::select! {
        told = telling => told.err(),
        // A client that does not read does not hold up the end.
        () = ended.ended() => Some(Failure::Stopping),
        // Nobody listens any more.
        () = out.closed() => None,
    };
    if let Some(failure) = failure {
        let _ = out.try_send(Err(call.status(failure)));
    }
}
