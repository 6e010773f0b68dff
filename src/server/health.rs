//! What `grpc.health.v1` says: serving, unless the database stays away or the service stops.

use std::time::Duration;

use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::SERVICES;
use crate::store::Store;

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

/// Looks at the database now and then, and says what it finds.
pub async fn watch(reporter: HealthReporter, store: Store) {
    let mut missed = 0;
    while !store.is_closed() {
        tokio::time::sleep(LOOK_EVERY).await;
        let looked = tokio::time::timeout(PATIENCE, store.look()).await;
        if matches!(looked, Ok(Ok(()))) {
            if missed >= MISSED_MAX {
                tracing::info!("the database is there again");
                say(&reporter, ServingStatus::Serving).await;
            }
            missed = 0;
        } else {
            missed = missed.saturating_add(1);
            if missed == MISSED_MAX {
                tracing::error!(?looked, "the database stays away");
                say(&reporter, ServingStatus::NotServing).await;
            }
        }
    }
}
