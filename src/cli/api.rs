//! `caixing api`: the API for those who build clients: its reference, its descriptors, and how a
//! client may repeat calls.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::api_reference;
use crate::pb;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Api {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the reference of every service, message and enum, as docs/api.md.
    Reference,
    /// Write the descriptors of every served proto, for `grpcurl -protoset` and code generators.
    Protoset {
        /// The file to write.
        #[arg(
            long,
            short,
            env = "CAIXING_OUTPUT",
            default_value = "caixing.protoset"
        )]
        output: PathBuf,
    },
    /// Print the gRPC service config: time limits, and what a client may repeat by itself.
    ServiceConfig,
}

/// Runs the command.
pub fn run(command: &Api) -> Result<(), Box<dyn std::error::Error>> {
    match &command.command {
        Command::Reference => write!(std::io::stdout(), "{}", api_reference::document()?)?,
        Command::Protoset { output } => {
            std::fs::write(output, pb::DESCRIPTORS)?;
            writeln!(std::io::stdout(), "{}", output.display())?;
        }
        Command::ServiceConfig => {
            writeln!(std::io::stdout(), "{}", service_config()?)?;
        }
    }
    Ok(())
}

/// The service config: a client may repeat a call by itself only when the service was not
/// available. Every mutation carries its `request_id`, so a repeat has no second effect.
///
/// # Errors
/// When the embedded descriptors cannot be read.
pub fn service_config() -> Result<String, prost_reflect::DescriptorError> {
    let pool = prost_reflect::DescriptorPool::decode(pb::DESCRIPTORS)?;
    let services = pool
        .services()
        .filter(|service| service.package_name() == "caixing.v1");
    let names: Vec<serde_json::Value> = services
        .filter(|service| service.name() != "PaymentGateway")
        .map(|service| json!({"service": service.full_name()}))
        .collect();
    let config = json!({
        "methodConfig": [{
            "name": names,
            "waitForReady": false,
            "timeout": "30s",
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.2s",
                "maxBackoff": "3s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }],
        "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
    });
    Ok(format!("{config:#}"))
}
