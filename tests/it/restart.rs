//! The real binary, killed and started again between any two steps of the journey, and while a
//! request is under way: what was acknowledged is there, what was not is whole or absent, and
//! the journey ends in one debit and one voucher.

mod journey;
mod sender;

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use caixing::pb;

use super::process::{Served, caixing};
use journey::{Journey, STEPS, Step, TOTAL, TREASURY};

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_any_two_steps_loses_nothing() {
    let mut journey = Journey::begin().await;
    for step in STEPS {
        journey.kill();
        journey.start().await;
        journey.check_acknowledged().await;
        journey.finish(step).await;
    }
    journey.kill();
    journey.start().await;
    journey.check_end().await;
    journey.kill();
    journey.start().await;
    journey.check_end().await;
}

/// Where requests are cut, in milliseconds after they were sent.
async fn journey_cut_after(milliseconds: u64) {
    let mut journey = Journey::begin().await;
    for step in STEPS {
        journey.cut(step, Duration::from_millis(milliseconds)).await;
    }
    journey.check_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_right_after_each_request_leaves_it_whole_or_absent() {
    journey_cut_after(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_amid_each_request_leaves_it_whole_or_absent() {
    for milliseconds in [1, 2, 3, 5, 8] {
        journey_cut_after(milliseconds).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_about_the_end_of_each_request_leaves_it_whole_or_absent() {
    for milliseconds in [12, 20, 40] {
        journey_cut_after(milliseconds).await;
    }
}

/// A payment whose answer was lost: the bank's books cannot be written, so that its answer to
/// the debit is an error, and the server is killed. What the bank did is up to the test.
async fn payment_with_a_lost_answer() -> Journey {
    let mut journey = Journey::begin().await;
    for step in STEPS.into_iter().filter(|step| *step != Step::Pay) {
        journey.finish(step).await;
    }
    fs::create_dir(journey.journal()).unwrap();
    journey.finish(Step::Pay).await;
    assert_eq!(
        journey.payment().await.state(),
        pb::PaymentState::Confirming
    );
    journey.kill();
    fs::remove_dir(journey.journal()).unwrap();
    journey
}

fn debit_entry(journey: &Journey) -> String {
    let debit = serde_json::json!({
        "taxpayer_id": journey.taxpayer_id, "treasury_code": TREASURY, "amount": TOTAL,
        "bank_reference": "SB-LOST-ANSWER",
    });
    let order_id = &journey.payment_id;
    serde_json::json!({"entry": "debited", "order_id": order_id, "debit": debit}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debit_whose_answer_was_lost_is_found_and_not_made_again() {
    let mut journey = payment_with_a_lost_answer().await;
    let first = journey.payment_id.clone();
    fs::write(journey.journal(), debit_entry(&journey) + "\n").unwrap();
    journey.start().await;
    let payment = journey.settle().await;
    assert_eq!(payment.payment_id, first);
    assert_eq!(payment.bank_reference, "SB-LOST-ANSWER");
    journey.check_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_never_reached_the_bank_is_paid_anew_once_that_is_certain() {
    let mut journey = payment_with_a_lost_answer().await;
    let first = journey.payment_id.clone();
    journey.start().await;
    // It may still be on its way: "never seen" is not yet a fact, and paying again is barred.
    assert_eq!(
        journey.resolve().await.state(),
        pb::PaymentState::Confirming
    );
    journey.advance_clock(1).await;
    assert_eq!(journey.resolve().await.state(), pb::PaymentState::Failed);
    journey.check_end().await;
    assert_ne!(journey.payment_id, first);
}

/// The entry after a torn one must not be written onto its line, or the debit is forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_torn_by_a_crash_does_not_swallow_the_next_debit() {
    let mut journey = payment_with_a_lost_answer().await;
    fs::write(journey.journal(), r#"{"entry":"debited","order_id":"01a2"#).unwrap();
    journey.start().await;
    journey.check_end().await;
    journey.kill();
    journey.start().await;
    journey.check_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_was_cut_short_leaves_a_directory_that_starts() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for milliseconds in [0, 5, 10, 20, 40, 80] {
        let mut child = caixing()
            .args([
                "serve",
                "--sandbox",
                "--listen",
                "127.0.0.1:0",
                "--data-dir",
            ])
            .arg(&data)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let server = Served::start(&data);
    server.kill();
    let key = fs::read_to_string(data.join("voucher-key.hex")).unwrap();
    assert_eq!(key.len(), 64, "32 bytes in hex");
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_terminate_the_server_ends_well_and_keeps_everything() {
    let mut journey = Journey::begin().await;
    journey.finish(Step::Register).await;
    // The client's connection is still open: it must not hold the server up.
    let (ended, log) = journey.server.take().unwrap().terminate();
    assert_eq!(ended.code(), Some(0), "{log}");
    journey.start().await;
    journey.check_acknowledged().await;
    for step in STEPS.into_iter().skip(1) {
        journey.finish(step).await;
    }
    journey.check_end().await;
}

fn serve(data_dir: &Path, arguments: &[&str]) -> Output {
    let mut command = caixing();
    command.args(["serve", "--data-dir"]).arg(data_dir);
    command.args(arguments).output().unwrap()
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_second_server_on_a_port_names_the_port() {
    let dir = tempfile::tempdir().unwrap();
    let first = Served::start(&dir.path().join("first"));
    let listen = first.address.as_str();
    let refused = serve(
        &dir.path().join("second"),
        &["--sandbox", "--listen", listen],
    );
    let said = refusal(&refused);
    assert!(
        said.contains(&format!("cannot listen on {listen}")),
        "{said}"
    );
    assert!(said.contains("in use"), "{said}");
}

#[test]
fn serving_without_sandbox_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let said = refusal(&serve(&data, &["--listen", "127.0.0.1:0"]));
    assert!(
        said.contains("start with --sandbox on a loopback address"),
        "{said}"
    );
    assert!(!data.exists(), "nothing was made");
}

#[test]
fn the_sandbox_is_refused_on_an_address_others_can_reach() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let said = refusal(&serve(&data, &["--sandbox", "--listen", listen]));
        assert!(said.contains("listens on loopback only"), "{said}");
        assert!(said.contains(listen), "{said}");
    }
    assert!(!data.exists(), "nothing was made");
}

#[test]
fn a_reader_that_has_read_enough_ends_the_command_quietly() {
    let mut child = caixing()
        .args(["rules", "show", "--on", "2026-10-12", "--region", "340104"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
