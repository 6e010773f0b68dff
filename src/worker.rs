//! What happens without a caller: payments whose bank answer is unknown are queried. Of several
//! processes on one database one does it: the one that holds the lease.

use std::time::Duration;

use jiff::SignedDuration;
use uuid::Uuid;

use crate::clock;
use crate::grpc::{App, Failure, hear};

const EVERY: Duration = Duration::from_secs(5);
/// The lease of the work, and how long its holder may be away before another takes it over.
const LEASE: &str = "resolve-payments";
const LEASE_KEPT: SignedDuration = SignedDuration::from_secs(20);
const BATCH: i64 = 100;

/// Resolves open payments at start and then at intervals, until the task is ended.
pub async fn resolve_payments(app: App) {
    let holder = Uuid::now_v7().to_string();
    loop {
        if let Err(failure) = resolve_if_held(&app, &holder).await {
            tracing::warn!(?failure, "open payments could not be resolved; again soon");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn resolve_if_held(app: &App, holder: &str) -> Result<(), Failure> {
    let now = clock::system_now();
    if app.store.hold_lease(LEASE, holder, now, LEASE_KEPT).await? {
        resolve_once(app).await?;
    }
    Ok(())
}

/// Asks the bank about each open payment once. One that cannot be taken in does not keep the
/// others waiting.
async fn resolve_once(app: &App) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let mut tx = app.store.read().await?;
        let open = tx.payments_to_resolve(after, BATCH).await?;
        drop(tx);
        let Some(last) = open.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for payment in open {
            let answer = app.bank.query(&payment).await;
            let (key, id) = (payment.taxpayer, payment.id);
            match hear(app, "ResolvePayments", key, id, answer).await {
                Ok(heard) if heard.state.is_open() => {}
                Ok(heard) => {
                    tracing::info!(payment = %id, state = heard.state.name(), "payment resolved");
                }
                Err(failure) => tracing::error!(payment = %id, ?failure, "not resolved"),
            }
        }
    }
}
