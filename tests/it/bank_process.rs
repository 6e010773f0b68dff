//! The bank as a process of its own beside the server as one: `caixing gateway` and
//! `caixing serve --gateway`.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use caixing::pb;
use pb::PaymentState as State;

use crate::process::caixing;
use crate::support::*;

/// A process that says where it listens; dropping it kills it.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(mut command: Command, says: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let Some(address) = line.trim_end().strip_prefix(says) else {
            let _ = child.kill();
            panic!("it said {line:?}");
        };
        Self {
            address: address.to_owned(),
            child,
        }
    }

    /// Ends it at once, as a power cut would.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server and the address at which its bank is to be.
struct Town {
    dir: tempfile::TempDir,
    _serve: Process,
    server: Server,
    bank_address: String,
}

impl Town {
    async fn found() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // A port that is free, and stays the bank's over a restart.
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let bank_address = free.local_addr().unwrap().to_string();
        drop(free);
        let mut command = caixing();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir.path().join("server"))
            .env("CAIXING_SANDBOX", "true")
            .env("CAIXING_GATEWAY", format!("http://{bank_address}"));
        let serve = Process::start(command, "caixing listens on ");
        Self {
            server: Server::at(&serve.address).await,
            _serve: serve,
            bank_address,
            dir,
        }
    }

    fn faults(&self) -> PathBuf {
        self.dir.path().join("faults.json")
    }

    fn books(&self) -> PathBuf {
        self.dir.path().join("bank")
    }

    fn gateway(&self, arguments: &[&str]) -> Command {
        let mut command = caixing();
        command.arg("gateway").args(arguments);
        command.arg("--data-dir").arg(self.books());
        command.args(["--callback", &self.server.address]);
        command
    }

    fn bank(&self) -> Process {
        let mut command = self.gateway(&["--listen", &self.bank_address]);
        if self.faults().exists() {
            command.arg("--faults").arg(self.faults());
        }
        Process::start(command, "caixing gateway listens on ")
    }
}

/// A declaration of one more contract, 300.00 to pay.
async fn another(server: &Server, taxpayer: &str, number: &str) -> pb::Declaration {
    collect(server, taxpayer, contract(number)).await;
    let draft = draft(server, taxpayer).await;
    submit(server, &draft).await
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_of_its_own_misbehaves_as_its_file_says_and_reconciles_the_day() {
    let town = Town::found().await;
    let server = &town.server;
    std::fs::write(town.faults(), r#"[{"fault": "LOSE_ANSWER", "times": 1}]"#).unwrap();
    let _bank = town.bank();
    let first = filed(server).await;
    let lost = pay(server, &first, "300.00").await;
    wait_for(server, &lost, State::InTreasury).await;
    // The file changes while the bank runs.
    let lines = "{\"fault\": \"SETTLE_BY_FILE\", \"times\": 1}\n";
    std::fs::write(town.faults(), lines).unwrap();
    let second = another(server, &first.taxpayer_id, "HT-2").await;
    let silent = pay(server, &second, "300.00").await;
    assert_eq!(silent.state(), State::Debited);
    let orders = [lost.payment_id.clone(), silent.payment_id.clone()];
    assert_eq!(journal(&town.books(), "debited"), orders);
    let reconcile = || {
        let mut command = town.gateway(&["reconcile", "--day", "2026-10-12"]);
        text(command.output().unwrap())
    };
    let said = reconcile();
    assert!(
        said.contains("MERGED") && said.contains("IN_TREASURY"),
        "{said}"
    );
    assert!(
        said.contains("rows 2, agree 1, merged 1, cases 0, refused 0"),
        "{said}"
    );
    assert_eq!(
        read_payment(server, &silent).await.state(),
        State::InTreasury
    );
    let said = reconcile();
    assert_eq!(said, "rows 2, agree 2, merged 0, cases 0, refused 0\n");
    assert_eq!(voucher_list(server, &first.taxpayer_id).await.len(), 2);
    let mut other = town.gateway(&["reconcile", "--day", "2026-10-11"]);
    assert_eq!(text(other.output().unwrap()), "no orders on that day\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_killed_after_the_debit_settles_it_when_it_is_back() {
    let town = Town::found().await;
    let server = &town.server;
    let filed = filed(server).await;
    std::fs::write(town.faults(), r#"[{"fault": "TIME_OUT_AFTER_DEBIT"}]"#).unwrap();
    let bank = town.bank();
    let mut payments = server.payments();
    let paying = payments.create_payment(paying(&filed, "300.00"));
    let kill = async {
        wait_until("the debit is in the journal", || {
            !journal(&town.books(), "debited").is_empty()
        })
        .await;
        bank.kill();
    };
    let (answer, ()) = tokio::join!(paying, kill);
    let payment = answer.unwrap().into_inner().payment.unwrap();
    assert_eq!(payment.state(), State::Confirming);
    std::fs::remove_file(town.faults()).unwrap();
    let _bank = town.bank();
    wait_for(server, &payment, State::InTreasury).await;
    assert_eq!(journal(&town.books(), "debited"), [payment.payment_id]);
    assert_eq!(voucher_list(server, &filed.taxpayer_id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_is_not_there_leaves_the_payment_unknown_until_it_is() {
    let town = Town::found().await;
    let server = &town.server;
    let filed = filed(server).await;
    let first = pay(server, &filed, "300.00").await;
    assert_eq!(first.state(), State::Confirming);
    server.set_clock(NOW + 60).await;
    assert_eq!(
        read_payment(server, &first).await.state(),
        State::Confirming
    );
    let _bank = town.bank();
    // Asked by the worker, which nobody calls.
    let failed = wait_for(server, &first, State::Failed).await;
    assert_eq!(failed.failure_reason, "ORDER_NEVER_REACHED_BANK");
    let second = pay(server, &filed, "300.00").await;
    wait_for(server, &second, State::InTreasury).await;
    assert_eq!(journal(&town.books(), "debited"), [second.payment_id]);
}

async fn wait_until(what: &str, mut there: impl FnMut() -> bool) {
    let started = Instant::now();
    while !there() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn refused(arguments: &[&str], dir: &Path) -> String {
    let mut command = caixing();
    command
        .arg("gateway")
        .args(arguments)
        .arg("--data-dir")
        .arg(dir);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_malformed_faults_file_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("faults.json");
    std::fs::write(&file, r#"[{"fault": "EAT_THE_MONEY"}]"#).unwrap();
    let path = file.to_str().unwrap();
    let said = refused(&["--faults", path, "--listen", "127.0.0.1:0"], dir.path());
    assert!(
        said.contains(path) && said.contains("EAT_THE_MONEY"),
        "{said}"
    );
}

#[test]
fn a_bank_is_refused_on_an_address_others_can_reach() {
    let dir = tempfile::tempdir().unwrap();
    let said = refused(&["--listen", "0.0.0.0:0"], dir.path());
    assert!(said.contains("listens on loopback only"), "{said}");
}
