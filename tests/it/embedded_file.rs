//! The embedded database's file, damaged: what a start refuses and in which words, and what a
//! server does that meets damage while it serves.

use std::fs;
use std::path::{Path, PathBuf};

use caixing::pb;
use caixing::store::{Condition, Store};
use tonic::Code;

use crate::embedded_disk::until_health;
use crate::process::{caixing, serving};
use crate::support::*;

const PAGE: usize = 4096;

/// A directory whose database holds a taxpayer with some sources, at rest.
async fn at_rest() -> (TestDatabase, Vec<u8>) {
    let kept = TestDatabase::new(On::Sqlite);
    let store = kept.open().await;
    let mut tx = store.begin("Test", None, None).await.unwrap();
    tx.insert_taxpayer(&crate::sample::taxpayer())
        .await
        .unwrap();
    for number in 1..40 {
        let state = caixing::filing::SourceState::Collected;
        let source = crate::sample::source(number, state);
        tx.insert_source(&source).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
    let bytes = fs::read(file(kept.dir())).unwrap();
    (kept, bytes)
}

fn file(dir: &Path) -> PathBuf {
    dir.join("caixing.sqlite3")
}

/// Where the first page of a table or index begins.
async fn page_of(kept: &TestDatabase, name: &str) -> usize {
    let sql = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'");
    let page: Vec<(i64,)> = kept.rows(&sql).await;
    // Reading beside leaves an empty log; it is not the question.
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(kept.dir().join(format!("caixing.sqlite3{ending}")));
    }
    (usize::try_from(page[0].0).unwrap() - 1) * PAGE
}

/// A start on such a file is refused in these words, and leaves the file as it is.
async fn refused(kept: &TestDatabase, bytes: &[u8], words: &[&str]) {
    fs::write(file(kept.dir()), bytes).unwrap();
    let error = Store::open(&kept.database).await.unwrap_err().to_string();
    for word in words.iter().chain(&["caixing.sqlite3", "restore a backup"]) {
        assert!(error.contains(word), "{word:?} is not in: {error}");
    }
    assert!(
        fs::read(file(kept.dir())).unwrap() == bytes,
        "it was changed"
    );
}

fn changed(bytes: &[u8], from: usize, with: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[from..from + with.len()].copy_from_slice(with);
    changed
}

#[tokio::test]
async fn a_damaged_page_is_found_at_the_start_and_named() {
    let (kept, bytes) = at_rest().await;
    let table = page_of(&kept, "tax_source").await;
    let index = page_of(&kept, "taxpayer_by_number").await;
    let check = "the integrity check found";
    for page in [table, index] {
        // The number of the page, as SQLite counts.
        let page_name = format!("page {}", page / PAGE + 1);
        let zeros = changed(&bytes, page, &[0; PAGE]);
        refused(&kept, &zeros, &[check, &page_name]).await;
        let garbage: Vec<u8> = (0..PAGE).map(|at| (at * 37 % 251) as u8).collect();
        refused(&kept, &changed(&bytes, page, &garbage), &[check]).await;
        let flipped = changed(&bytes, page, &[bytes[page] ^ 0xff]);
        refused(&kept, &flipped, &[check]).await;
    }
    // A key of the index altered: the page is sound, but the row is not found by it.
    let key = changed(&bytes, index + PAGE - 10, b"0");
    refused(&kept, &key, &["taxpayer_by_number"]).await;
    fs::write(file(kept.dir()), &bytes).unwrap();
    kept.open().await.close().await;
}

#[tokio::test]
async fn a_header_or_a_length_that_is_not_a_databases_is_refused() {
    let (kept, bytes) = at_rest().await;
    refused(&kept, &changed(&bytes, 0, b"X"), &["no SQLite database"]).await;
    refused(&kept, &changed(&bytes, 16, &[3, 7]), &["header is damaged"]).await;
    refused(&kept, &bytes[..50], &["no SQLite database"]).await;
    refused(&kept, b"taxpayer,amount\n", &["no SQLite database"]).await;
    for length in [PAGE, bytes.len() / 2, bytes.len() - PAGE, bytes.len() - 1] {
        refused(&kept, &bytes[..length], &["cut short"]).await;
    }
    // Nothing where something was.
    refused(&kept, b"", &["empty or gone"]).await;
    fs::remove_file(file(kept.dir())).unwrap();
    let gone = Store::open(&kept.database).await.unwrap_err().to_string();
    assert!(gone.contains("empty or gone"), "{gone}");
    assert!(!file(kept.dir()).exists());
    fs::create_dir(file(kept.dir())).unwrap();
    let folder = Store::open(&kept.database).await.unwrap_err().to_string();
    assert!(folder.contains("it is a directory"), "{folder}");
    fs::remove_dir(file(kept.dir())).unwrap();
    fs::write(file(kept.dir()), &bytes).unwrap();
    kept.open().await.close().await;
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let kept = TestDatabase::new(On::Sqlite);
    fs::write(file(kept.dir()), b"").unwrap();
    kept.change("CREATE TABLE invoice (id INTEGER)").await;
    let before = fs::read(file(kept.dir())).unwrap();
    let error = Store::open(&kept.database).await.unwrap_err().to_string();
    assert!(error.contains("of another program"), "{error}");
    let tables: Vec<(String,)> = kept.rows("SELECT name FROM sqlite_schema").await;
    assert_eq!(tables, [("invoice".to_owned(),)]);
    assert_eq!(fs::read(file(kept.dir())).unwrap().len(), before.len());
}

#[tokio::test]
async fn an_empty_file_where_nothing_was_becomes_a_database() {
    let kept = TestDatabase::new(On::Sqlite);
    fs::write(file(kept.dir()), b"").unwrap();
    kept.open().await.close().await;
    assert!(fs::metadata(file(kept.dir())).unwrap().len() > 0);
}

#[tokio::test]
async fn the_command_refuses_a_damaged_database_and_says_what_to_do() {
    let (kept, bytes) = at_rest().await;
    let table = page_of(&kept, "tax_source").await;
    fs::write(file(kept.dir()), changed(&bytes, table, &[0; PAGE])).unwrap();
    let output = serving(caixing(), kept.dir()).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("restore a backup"), "{said}");
    assert_eq!(output.stdout, b"");
}

#[tokio::test]
async fn the_full_check_finds_what_is_wrong_and_nothing_where_nothing_is() {
    let (kept, bytes) = at_rest().await;
    let index = page_of(&kept, "taxpayer_by_number").await;
    let checked = || async {
        let store = Store::open_for_reading(&kept.database).await.unwrap();
        let found = store.check_file().await.unwrap();
        store.close().await;
        found
    };
    assert_eq!(checked().await, Vec::<String>::new());
    fs::write(file(kept.dir()), changed(&bytes, index, &[0; PAGE])).unwrap();
    let found = checked().await;
    assert!(!found.is_empty());
    fs::write(file(kept.dir()), &bytes).unwrap();
    kept.change("PRAGMA foreign_keys = OFF; DELETE FROM taxpayer")
        .await;
    let found = checked().await.join("\n");
    assert!(
        found.contains("of tax_source names one of taxpayer"),
        "{found}"
    );
}

#[tokio::test]
async fn damage_met_while_serving_ends_all_writing() {
    let server = Server::on(On::Sqlite).await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let kept = server.database();
    kept.change("PRAGMA wal_checkpoint(TRUNCATE)").await;
    let rows: Vec<(i64,)> = kept
        .rows("SELECT rootpage FROM sqlite_schema WHERE name = 'tax_source'")
        .await;
    let page = (usize::try_from(rows[0].0).unwrap() - 1) * PAGE;
    let bytes = fs::read(file(kept.dir())).unwrap();
    // Into the file as it is, as a failing disk does.
    let opened = fs::OpenOptions::new().write(true).open(file(kept.dir()));
    let zeros = changed(&bytes, page, &[0; PAGE]);
    std::os::unix::fs::FileExt::write_all_at(&opened.unwrap(), &zeros, 0).unwrap();

    let listing = pb::ListTaxSourcesRequest {
        taxpayer_id: taxpayer.clone(),
        ..Default::default()
    };
    let read = server.sources().list_tax_sources(listing).await;
    assert_refused(read, Code::DataLoss, "STORED_DATA_INCONSISTENT");
    // Registering reads and writes other pages only, and is refused all the same.
    let mut another = registration();
    another.tax_number = "91350100M000100Y43".to_owned();
    let refused = server.taxpayers().register_taxpayer(another).await;
    assert_refused(refused, Code::DataLoss, "STORED_DATA_INCONSISTENT");
    until_health(&server.channel, false).await;
    let counted: Vec<(i64,)> = kept.rows("SELECT COUNT(*) FROM taxpayer").await;
    assert_eq!(counted, [(1,)]);
}

#[tokio::test]
async fn a_well_database_says_so() {
    let (kept, _) = at_rest().await;
    let store = kept.open().await;
    assert_eq!(*store.condition().borrow(), Condition::Well);
    store.close().await;
}
