//! The commands `backup`, `restore`, `migrate` and `verify` of the real binary: killed at any point
//! they go on, and files that are not right are refused in words that say what is wrong.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use caixing::store::Database;
use serde_json::Value;

use crate::process::{caixing, poll};
use crate::sample::{instant, taxpayer, taxpayer_key};
use crate::support::*;

const ROWS: u64 = 30_000;

/// A taxpayer and many records of requests.
async fn filled(rows: u64, bytes: u64) -> TestDatabase {
    let database = TestDatabase::new(On::Sqlite);
    let store = database.open().await;
    let key = taxpayer_key();
    let mut tx = store.begin("Test", Some(key), None).await.unwrap();
    tx.insert_taxpayer(&taxpayer()).await.unwrap();
    tx.append_event(key, "taxpayer.registered", &key.to_string(), instant(0))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    database
        .change(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO request SELECT '{key}', printf('request-%09d', i), 'Sample', 'digest',
             'subject', zeroblob({bytes}), i FROM n"
        ))
        .await;
    database
}

fn url(database: &Database) -> String {
    match database {
        Database::Embedded(dir) => format!("sqlite://{}", dir.display()),
        Database::Postgres(url) => url.clone(),
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[track_caller]
fn well(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stderr).to_owned()
}

fn backing_up(database: &Database, to: &Path) -> Command {
    let mut command = caixing();
    command.args(["backup", "--json", "--database-url", &url(database)]);
    command.arg("--to").arg(to);
    command
}

fn restoring(from: &Path, database: &Database) -> Command {
    let mut command = caixing();
    command.args(["restore", "--json", "--database-url", &url(database)]);
    command.arg("--from").arg(from);
    command
}

fn migrating(from: &Database, to: &Database) -> Command {
    let mut command = caixing();
    command.args(["migrate", "--json", "--from", &url(from), "--to", &url(to)]);
    command
}

async fn requests(database: &TestDatabase) -> u64 {
    let rows: Vec<(i64,)> = database.rows("SELECT COUNT(*) FROM request").await;
    rows[0].0.unsigned_abs()
}

/// Kills the command again and again, later each time, and lets it end at last.
async fn killed_and_ended(command: impl Fn() -> Command, into: &TestDatabase) -> Value {
    let mut killed = 0;
    for least in [1, ROWS / 3, ROWS * 2 / 3, ROWS] {
        let mut child = command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = std::time::Instant::now();
        while requests(into).await < least && child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < crate::process::WAIT_MAX);
        }
        child.kill().unwrap();
        if !child.wait().unwrap().success() {
            killed += 1;
            let mut serve = caixing();
            serve.args(["serve", "--sandbox", "--listen", "127.0.0.1:0"]);
            serve.args(["--database-url", &url(&into.database), "--data-dir"]);
            let told = refused(&serve.arg(into.dir()).output().unwrap());
            assert!(told.contains("holds an unfinished copy of"), "{told}");
        }
    }
    assert!(killed >= 3, "killed {killed} times");
    well(&command().output().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_migration_and_a_killed_restore_go_on() {
    let source = filled(ROWS, 100).await;
    let there = TestDatabase::new(On::Postgres);
    there.open().await.close().await;
    let copied = killed_and_ended(|| migrating(&source.database, &there.database), &there).await;
    assert!(copied["before"].as_u64().unwrap() >= ROWS / 3, "{copied}");
    assert_eq!(requests(&there).await, ROWS);

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("whole.caixing");
    let written = well(&backing_up(&there.database, &file).output().unwrap());
    assert_eq!(written["sums"], copied["sums"]);
    let back = TestDatabase::new(On::Sqlite);
    back.open().await.close().await;
    let restored = killed_and_ended(|| restoring(&file, &back.database), &back).await;
    assert!(restored["before"].as_u64().unwrap() >= ROWS / 3);
    assert_eq!(restored["sums"], written["sums"]);
    let verified = caixing()
        .args(["verify", "--data-dir"])
        .arg(back.dir())
        .output()
        .unwrap();
    assert_eq!(
        text(&verified.stdout),
        "1 events of 1 taxpayers: all invariants hold (账实相符)\n"
    );
    // `audit verify` reads both databases too.
    let audited = caixing()
        .args(["audit", "verify", "--database-url", &url(&there.database)])
        .output()
        .unwrap();
    assert!(audited.status.success(), "{}", text(&audited.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_takes_constant_memory() {
    const MANY: u64 = 100_000;
    let source = filled(MANY, 300).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("whole.caixing");
    let back = TestDatabase::new(On::Sqlite);
    for mut command in [
        backing_up(&source.database, &file),
        restoring(&file, &back.database),
    ] {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut most = 0;
        poll("the command ends", || {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
            most = kib.map_or(most, |kib| kib.trim().parse::<u64>().unwrap());
            child.try_wait().unwrap()
        });
        let said = well(&child.wait_with_output().unwrap());
        let rows = said["rows"].as_u64().unwrap();
        let pace = rows * 1000 / said["millis"].as_u64().unwrap();
        println!("{rows} rows, {pace} rows/s, at most {most} KiB");
        assert!(rows > MANY);
        // The rows' own text is 66 MB.
        assert!(most < 60_000, "{most} KiB");
    }
}

#[tokio::test]
async fn files_that_are_not_right_are_refused_and_nothing_is_touched() {
    let source = filled(100, 10).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("whole.caixing");
    well(&backing_up(&source.database, &file).output().unwrap());
    let good = std::fs::read(&file).unwrap();
    // Never over a file that is there, unless told to.
    let told = refused(&backing_up(&source.database, &file).output().unwrap());
    assert!(
        told.contains("is there already; --force writes over it"),
        "{told}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), good);
    let forced = backing_up(&source.database, &file).arg("--force").output();
    well(&forced.unwrap());
    let checked = restoring(&file, &source.database).arg("--check").output();
    assert_eq!(well(&checked.unwrap())["rows"], 103);

    let lines = {
        let file = std::fs::File::open(&file).unwrap();
        let mut text = String::new();
        let mut unpacked = flate2::read::MultiGzDecoder::new(file);
        std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
        text
    };
    let packed = |text: &str| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut out, text.as_bytes()).unwrap();
        out.finish().unwrap()
    };
    let good = std::fs::read(&file).unwrap();
    let schema = lines.split("\"schemaVersion\":").nth(1).unwrap();
    let schema = schema.split(',').next().unwrap();
    let newer = format!("\"schemaVersion\":{schema}");
    let cases: [(Vec<u8>, &str); 8] = [
        (b"not at all".to_vec(), "is not a backup made by caixing"),
        (Vec::new(), "is not a backup made by caixing"),
        (packed("{\"name\":1}\n"), "if it is a backup at all"),
        (good[..good.len() / 2].to_vec(), "is cut off"),
        (
            packed(&lines.replace("\"formatVersion\":1", "\"formatVersion\":2")),
            "has format 2 of backups, and this caixing knows 1: use the newer",
        ),
        (
            packed(&lines.replace(&newer, "\"schemaVersion\":999")),
            "restore it with that newer caixing",
        ),
        (
            packed(&lines.replace("request-000000007", "request-000000008")),
            "is damaged in table request, row 101: its rows are not those it counts",
        ),
        ([good.as_slice(), b"more"].concat(), "is damaged"),
    ];
    let bad = dir.path().join("bad.caixing");
    let there = TestDatabase::new(On::Sqlite);
    for (bytes, words) in cases {
        std::fs::write(&bad, bytes).unwrap();
        let told = refused(&restoring(&bad, &there.database).output().unwrap());
        assert!(told.contains(words), "{words} is not in: {told}");
        assert!(!there.dir().join("caixing.sqlite3").exists());
    }
    let missing = dir.path().join("missing");
    let told = refused(&restoring(&missing, &there.database).output().unwrap());
    assert!(told.contains("missing: No such file"), "{told}");
    // The key goes along only when it is asked for.
    let key = "ab".repeat(32);
    std::fs::write(source.dir().join("voucher-key.hex"), &key).unwrap();
    for with in [false, true] {
        let file = dir.path().join(format!("key-{with}.caixing"));
        let mut command = caixing();
        command.args(["backup", "--data-dir"]).arg(source.dir());
        command.arg("--to").arg(&file);
        if with {
            command.arg("--with-voucher-key");
        }
        let output = command.output().unwrap();
        let not = text(&output.stdout).contains("is not in it: keep");
        assert_eq!(not, !with, "{}", text(&output.stdout));
        let there = tempfile::tempdir().unwrap();
        let restored = caixing()
            .args(["restore", "--from"])
            .arg(&file)
            .arg("--data-dir")
            .arg(there.path())
            .output()
            .unwrap();
        assert!(restored.status.success(), "{}", text(&restored.stderr));
        let kept = std::fs::read_to_string(there.path().join("voucher-key.hex"));
        assert_eq!(kept.ok(), with.then(|| key.clone()));
    }
}
