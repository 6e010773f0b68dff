//! The embedded database after a power cut, as far as copies can show it: the log cut at every
//! frame, at random bytes, torn inside of a frame, or gone. Each opens to a prefix of what was
//! committed, which holds all that was acknowledged before the cut.
//!
//! It shows nothing about a disk that says it has written what it has not.

use std::fs;
use std::path::Path;

use caixing::signing;
use caixing::store::{Database, Store};
use caixing::types::{RequestId, TaxpayerKey};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::support::*;

/// The header of the log, and of a frame, bytes; a page follows it.
const HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

/// A mutation that was answered: when it was, the log was so long.
struct Acknowledged {
    taxpayer: String,
    request: String,
    log: usize,
}

/// The files of a database under load, and what its clients were told.
struct Life {
    database: Vec<u8>,
    log: Vec<u8>,
    acknowledged: Vec<Acknowledged>,
}

fn log_of(dir: &Path) -> std::path::PathBuf {
    dir.join("caixing.sqlite3-wal")
}

/// Registers a taxpayer, collects, draws and files.
async fn filing_life(server: &Server, number: usize) -> Vec<Acknowledged> {
    let mut told = Vec::new();
    let mut wanted = registration();
    let numbers = ["91340100MA8WXJ264T", "91350100M000100Y43"];
    wanted.tax_number = numbers[number].to_owned();
    let log = log_of(server.data_dir());
    let length = || usize::try_from(fs::metadata(&log).unwrap().len()).unwrap();
    let answer = server.taxpayers().register_taxpayer(wanted.clone()).await;
    let taxpayer = answer.unwrap().into_inner().taxpayer.unwrap().taxpayer_id;
    let mut acknowledge = |request: &str| {
        told.push(Acknowledged {
            taxpayer: taxpayer.clone(),
            request: request.to_owned(),
            log: length(),
        });
    };
    acknowledge(&wanted.request_id);
    for contract_number in ["HT-1", "HT-2", "HT-3"] {
        let request = collecting(&taxpayer, contract(contract_number));
        let answer = server.sources().create_tax_source(request.clone()).await;
        answer.unwrap();
        acknowledge(&request.request_id);
    }
    let request = drawing(&taxpayer);
    let mut declarations = server.declarations();
    let answer = declarations.draft_declaration(request.clone()).await;
    let drawn = answer.unwrap().into_inner().declarations.remove(0);
    acknowledge(&request.request_id);
    let request = filing(&drawn);
    let answer = declarations.submit_declaration(request.clone()).await;
    answer.unwrap();
    acknowledge(&request.request_id);
    told
}

async fn live() -> Life {
    let server = std::sync::Arc::new(Server::on(On::Sqlite).await);
    // All that was there goes into the file; what follows is in the log alone.
    let kept = server.database();
    kept.change("PRAGMA wal_checkpoint(TRUNCATE)").await;
    let mut all = JoinSet::new();
    for number in 0..2 {
        let server = std::sync::Arc::clone(&server);
        all.spawn(async move { filing_life(&server, number).await });
    }
    let acknowledged = all.join_all().await.into_iter().flatten().collect();
    let database = fs::read(server.data_dir().join("caixing.sqlite3")).unwrap();
    let log = fs::read(log_of(server.data_dir())).unwrap();
    assert_eq!((log.len() - HEADER) % FRAME, 0);
    Life {
        database,
        log,
        acknowledged,
    }
}

impl Life {
    /// A database as a cut leaves it: the file, and what there is of the log.
    fn copy(&self, log: Option<&[u8]>) -> TempDir {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let dir = dir.unwrap();
        fs::write(dir.path().join("caixing.sqlite3"), &self.database).unwrap();
        if let Some(log) = log {
            fs::write(log_of(dir.path()), log).unwrap();
        }
        dir
    }

    /// Opens a copy: every chain and table holds, and all that was acknowledged while the log was
    /// no longer than what is whole of it is there. How many acknowledged mutations are there.
    async fn check(&self, dir: &TempDir, whole: usize, what: &str) -> usize {
        let database = Database::Embedded(dir.path().to_owned());
        let store = Store::open(&database).await;
        let store = store.unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut tx = store.read().await.unwrap();
        for taxpayer in tx.audit_taxpayers().await.unwrap() {
            let audited = tx.audit_taxpayer(&taxpayer, signing::verify).await;
            assert_eq!(audited.unwrap().breaks, [], "{what}");
        }
        let (_, gap) = tx.audit_positions().await.unwrap();
        assert_eq!(gap, None, "{what}");
        let mut there = 0;
        for one in &self.acknowledged {
            let key = TaxpayerKey::parse(&one.taxpayer).unwrap();
            let request = RequestId::parse(&one.request).unwrap();
            let found = tx.find_request(key, request).await.unwrap();
            assert!(
                found.is_some() || one.log > whole,
                "{what}: acknowledged at {} and gone",
                one.log
            );
            there += usize::from(found.is_some());
        }
        drop(tx);
        assert_eq!(store.check_file().await.unwrap(), Vec::<String>::new());
        store.close().await;
        there
    }

    fn frames(&self) -> usize {
        (self.log.len() - HEADER) / FRAME
    }
}

#[tokio::test]
async fn a_log_cut_at_any_frame_opens_to_a_prefix_with_all_that_was_acknowledged() {
    let life = live().await;
    let mut before = 0;
    for frame in 0..=life.frames() {
        let end = HEADER + frame * FRAME;
        let dir = life.copy(Some(&life.log[..end]));
        let there = life
            .check(&dir, end, &format!("cut after frame {frame}"))
            .await;
        assert!(there >= before, "a longer log holds less");
        before = there;
    }
    assert_eq!(before, life.acknowledged.len());
}

#[tokio::test]
async fn a_log_cut_or_torn_inside_of_a_frame_ends_before_that_frame() {
    let life = live().await;
    // Spread over the log without a rule; always the same.
    let mut number = 12345_usize;
    let mut next = || {
        number = (number * 1_103_515_245 + 12_345) % 2_147_483_648;
        number >> 8
    };
    for _ in 0..40 {
        let end = next() % life.log.len();
        let dir = life.copy(Some(&life.log[..end]));
        life.check(&dir, end, &format!("cut after {end} bytes"))
            .await;
    }
    for torn in 0..45 {
        let frame = next() % life.frames();
        let start = HEADER + frame * FRAME;
        let mut log = life.log.clone();
        let half = start + FRAME / 2..start + FRAME;
        match torn % 3 {
            0 => log[half].fill(0),
            1 => log[half]
                .iter_mut()
                .for_each(|byte| *byte = byte.wrapping_mul(31) ^ 0x5a),
            // What another frame left there.
            _ => {
                let other = HEADER + (next() % life.frames()) * FRAME;
                log.copy_within(other + FRAME / 2..other + FRAME, half.start);
            }
        }
        let same = log == life.log;
        // The frames after a torn one may be on the disk or not.
        if torn % 2 == 0 {
            log.truncate(start + FRAME);
        }
        let whole = if same { log.len() } else { start };
        let dir = life.copy(Some(&log));
        life.check(&dir, whole, &format!("frame {frame} torn ({})", torn % 3))
            .await;
    }
}

#[tokio::test]
async fn a_log_that_is_gone_and_a_wrong_map_of_it_open_too() {
    let life = live().await;
    let without = life.copy(None);
    assert_eq!(life.check(&without, 0, "no log").await, 0);
    // The map of the log (-shm) is made anew from the log, whatever stands in it.
    let whole = life.copy(Some(&life.log));
    let map = whole.path().join("caixing.sqlite3-shm");
    assert!(!map.exists());
    fs::write(&map, [0xa5; 32768]).unwrap();
    let there = life.check(&whole, life.log.len(), "a wrong map").await;
    assert_eq!(there, life.acknowledged.len());
}
