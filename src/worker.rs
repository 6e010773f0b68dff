//! What happens without a caller: payments whose bank answer is unknown are queried.

use std::time::Duration;

use crate::filing::PaymentState;
use crate::grpc::{App, Failure, hear};

const EVERY: Duration = Duration::from_secs(5);
const BATCH: i64 = 100;

/// Resolves open payments at start and then at intervals, until the task is ended.
pub async fn resolve_payments(app: App) {
    loop {
        if let Err(failure) = resolve_once(&app).await {
            tracing::warn!(?failure, "open payments could not be resolved; again soon");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Asks the bank about each open payment once.
async fn resolve_once(app: &App) -> Result<(), Failure> {
    let open = app.store.read().await?.payments_to_resolve(BATCH).await?;
    for payment in open {
        let answer = app.bank.query(&payment).await;
        let heard = hear(app, "ResolvePayments", payment.taxpayer, payment.id, answer).await?;
        if heard.state != PaymentState::Confirming {
            tracing::info!(payment = %heard.id, state = heard.state.name(), "payment resolved");
        }
    }
    Ok(())
}
