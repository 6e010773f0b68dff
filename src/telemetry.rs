//! What the service tells of itself in numbers (Prometheus). No label holds anything of a taxpayer.
//!
//! Where nobody asked for an endpoint, nothing is counted.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::PrometheusBuilder;

/// Why there is no endpoint.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be served on {address}: {problem}")]
pub struct TelemetryError {
    address: SocketAddr,
    problem: String,
}

/// Serves the numbers over HTTP at an address, on any path. Once per process.
///
/// # Errors
/// [`TelemetryError`].
pub fn serve(address: SocketAddr) -> Result<(), TelemetryError> {
    let refuse = |problem: String| TelemetryError { address, problem };
    let built = PrometheusBuilder::new().with_http_listener(address).build();
    let (recorder, endpoint) = built.map_err(|error| refuse(error.to_string()))?;
    metrics::set_global_recorder(recorder).map_err(|error| refuse(error.to_string()))?;
    SERVED.store(true, Ordering::Relaxed);
    describe();
    gauge!("caixing_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    tokio::spawn(async move {
        if let Err(error) = endpoint.await {
            tracing::error!(?error, "the metrics endpoint ended");
        }
    });
    Ok(())
}

/// There is an endpoint.
static SERVED: AtomicBool = AtomicBool::new(false);

/// True where somebody can read the numbers.
pub fn is_served() -> bool {
    SERVED.load(Ordering::Relaxed)
}

fn describe() {
    describe_gauge!("caixing_build_info", "1, with the version as label");
    describe_histogram!(CALLS, "seconds from a call's head to its answer's head");
    describe_counter!(EVENTS, "events committed, by kind");
    describe_counter!(AGAIN, "transactions that clashed and ran again, by name");
    describe_counter!(GIVEN_UP, "transactions that clashed every time, by name");
    describe_counter!(BROKEN, "invariants found broken; nothing was committed");
    describe_gauge!(
        CONFIRMING,
        "age of the oldest payment the bank has not answered for, seconds"
    );
    describe_histogram!(TO_VOUCHER, "seconds from a filing to its voucher");
}

const CALLS: &str = "rpc_server_call_duration_seconds";
const EVENTS: &str = "caixing_events_total";
const AGAIN: &str = "caixing_transactions_again_total";
const GIVEN_UP: &str = "caixing_transactions_given_up_total";
const BROKEN: &str = "caixing_invariant_violations_total";
const CONFIRMING: &str = "caixing_oldest_unanswered_payment_seconds";
const TO_VOUCHER: &str = "caixing_filing_to_voucher_seconds";

/// A call was answered: its method, and the name of its code.
pub fn answered(method: String, code: &'static str, after: Duration) {
    let labels = [
        ("rpc_system", "grpc".to_owned()),
        ("rpc_method", method),
        ("rpc_response_status_code", code.to_owned()),
    ];
    histogram!(CALLS, &labels).record(after);
}

/// An event was committed.
pub fn committed(kind: &str) {
    if is_served() {
        counter!(EVENTS, "kind" => kind.to_owned()).increment(1);
    }
}

/// A transaction clashed and runs again.
pub fn ran_again(transaction: &'static str) {
    counter!(AGAIN, "transaction" => transaction).increment(1);
}

/// A transaction clashed every time.
pub fn gave_up(transaction: &'static str) {
    counter!(GIVEN_UP, "transaction" => transaction).increment(1);
}

/// An invariant does not hold.
pub fn broken(invariant: &'static str) {
    counter!(BROKEN, "invariant" => invariant).increment(1);
}

/// How old the oldest payment is that the bank has not answered for; zero where there is none.
pub fn oldest_unanswered(age: Duration) {
    gauge!(CONFIRMING).set(age);
}

/// A voucher was issued so long after the filing.
pub fn filed_to_voucher(after: Duration) {
    histogram!(TO_VOUCHER).record(after);
}
