//! What `grpc.health.v1` says: serving, unless the database stays away or cannot be written, or the
//! service stops.

use std::time::Duration;

use tokio::task::JoinHandle;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::SERVICES;
use crate::store::{Condition, Store};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the database may take to show that it is there.
const PATIENCE: Duration = Duration::from_secs(5);
/// Looks in a row that find no database before it counts as away.
const MISSED_MAX: u32 = 2;

/// Says the same of the server as a whole and of each service.
pub async fn say(reporter: &HealthReporter, status: ServingStatus) {
    reporter.set_service_status("", status).await;
    for service in SERVICES {
        reporter.set_service_status(service, status).await;
    }
}

/// Says how it is now, and goes on saying it as it changes.
pub async fn begin(reporter: &HealthReporter, store: &Store) -> JoinHandle<()> {
    let well = *store.condition().borrow() == Condition::Well;
    say(reporter, status(well)).await;
    tokio::spawn(watch(reporter.clone(), store.clone(), well))
}

/// Looks at the database now and then, and at once when its condition changes.
async fn watch(reporter: HealthReporter, store: Store, mut said: bool) {
    let mut condition = store.condition();
    let (mut missed, mut told) = (0_u32, true);
    while !store.is_closed() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {
                let looked = tokio::time::timeout(PATIENCE, store.look()).await;
                let there = matches!(looked, Ok(Ok(())));
                missed = if there { 0 } else { missed.saturating_add(1) };
            }
            // Only the embedded database tells of its condition.
            changed = condition.changed(), if told => told = changed.is_ok(),
        }
        let can = *condition.borrow_and_update() == Condition::Well;
        let well = can && missed < MISSED_MAX;
        if well == said {
            continue;
        }
        if well {
            tracing::info!("the database is well again");
        } else {
            tracing::error!(
                writable = can,
                missed,
                "the database is away or cannot be written"
            );
        }
        say(&reporter, status(well)).await;
        said = well;
    }
}

const fn status(well: bool) -> ServingStatus {
    if well {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    }
}
