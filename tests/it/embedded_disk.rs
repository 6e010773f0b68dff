//! The embedded database on a disk that fails it: full, read-only, or held by another process.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use caixing::pb;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::process::{LOOK_EVERY, Served, WAIT_MAX, caixing, caixing_behind, serving};
use crate::support::*;

/// What a command said as it failed.
fn failure(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn verify(dir: &Path) -> Command {
    let mut command = caixing();
    command.args(["audit", "verify", "--data-dir"]).arg(dir);
    command
}

#[test]
fn a_second_process_is_told_who_serves_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let first = Served::start(dir.path());
    let said = failure(serving(caixing(), dir.path()));
    let wanted = format!(
        "another caixing (process {}) serves the directory",
        first.id()
    );
    assert!(said.contains(&wanted), "{said}");
    // Reading goes on beside it, and the refused one has harmed nothing.
    assert!(verify(dir.path()).output().unwrap().status.success());
    // The lock ends with the process, also where it had no chance to free it.
    first.kill();
    let second = Served::start(dir.path());
    let said = failure(serving(caixing(), dir.path()));
    assert!(
        said.contains(&format!("process {})", second.id())),
        "{said}"
    );
}

/// Waits until the server as a whole, and its payments, say how they are.
pub async fn until_health(channel: &Channel, serving: bool) {
    let started = Instant::now();
    let mut client = HealthClient::new(channel.clone());
    for service in ["", "caixing.v1.PaymentService"] {
        loop {
            let request = HealthCheckRequest {
                service: service.to_owned(),
            };
            let status = client.check(request).await.unwrap().into_inner().status;
            if (status == 1) == serving {
                break;
            }
            assert!(started.elapsed() < WAIT_MAX, "{service:?} is {status}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Limits how long a file of a process may become, so that it cannot write any further; `unlimited`
/// makes room again.
fn limit_files(process: u32, bytes: &str) {
    let limited = Command::new("prlimit")
        .args(["--pid", &process.to_string(), &format!("--fsize={bytes}:")])
        .status()
        .unwrap();
    assert!(limited.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_more_refuses_the_call_whole_and_is_well_again_after() {
    let dir = tempfile::tempdir().unwrap();
    // The system's signal for a file too long is ignored, so that the write itself fails.
    let shell = caixing_behind("sh", &["-c", r#"trap '' XFSZ; exec "$0" "$@""#]);
    let served = Served::started(serving(shell, dir.path()));
    let server = Server::at(&served.address).await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    until_health(&server.channel, true).await;

    limit_files(served.id(), "1024");
    let request = collecting(&taxpayer, contract("HT-2"));
    for _ in 0..3 {
        let refused = server.sources().create_tax_source(request.clone()).await;
        let status = assert_refused(refused, Code::Unavailable, "STORE_CANNOT_WRITE");
        assert!(details(&status).retry_info().is_some());
    }
    until_health(&server.channel, false).await;
    assert_eq!(source_list(&server, &taxpayer).await.len(), 1);
    let told = outcome(&server, &taxpayer, &request.request_id).await;
    assert_eq!(told.state(), pb::OutcomeState::NotFound, "{told:?}");

    limit_files(served.id(), "unlimited");
    until_health(&server.channel, true).await;
    let done = server.sources().create_tax_source(request.clone()).await;
    assert!(!is_replay(&done.unwrap()));
    let again = server.sources().create_tax_source(request).await;
    assert!(is_replay(&again.unwrap()));
    assert_eq!(source_list(&server, &taxpayer).await.len(), 2);
    assert!(verify(dir.path()).output().unwrap().status.success());
}

/// The command without what lets root write where no one may.
fn without_privilege() -> Command {
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        let none = "-dac_override,-dac_read_search";
        let (bounding, inherited) = (
            format!("--bounding-set={none}"),
            format!("--inh-caps={none}"),
        );
        caixing_behind("setpriv", &[&bounding, &inherited])
    } else {
        caixing()
    }
}

fn may(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_start_where_nothing_may_be_written_says_so() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("data");
    Served::start(&dir).terminate();
    let database = dir.join("caixing.sqlite3");
    let start = || failure(serving(without_privilege(), &dir));

    may(&database, 0o444);
    let said = start();
    assert!(
        said.contains("caixing.sqlite3: it cannot be written"),
        "{said}"
    );
    may(&database, 0o644);

    may(&dir.join("caixing.lock"), 0o444);
    may(&dir, 0o555);
    let said = start();
    assert!(said.contains("must be able to write there"), "{said}");

    // A directory that cannot be made.
    let below = dir.join("below");
    let said = failure(serving(without_privilege(), &below));
    assert!(said.contains("Permission denied"), "{said}");
    assert!(said.contains("below"), "{said}");

    may(&dir, 0o755);
    may(&dir.join("caixing.lock"), 0o644);
    Served::started(serving(without_privilege(), &dir)).terminate();
}
