//! Backups and copies from each database into each: the same rows, and a service that goes on as
//! if nothing had happened.

use caixing::pb;
use caixing::signing;
use caixing::store::{
    CopyError, Hooks, Progress, Store, Sums, backup, check_backup, migrate, restore,
};
use prost::Message as _;

use crate::sample::instant;
use crate::support::*;

on_both!(
    a_copy_goes_on_as_the_original_would,
    a_copy_goes_only_into_an_empty_database
);

fn quiet(_: Progress) {}

fn hooks() -> Hooks {
    Hooks {
        at: instant(0),
        verify: signing::verify,
        begin_again: false,
    }
}

async fn sums(database: &TestDatabase) -> Sums {
    let store = Store::open_for_reading(&database.database).await.unwrap();
    let sums = store.sums("", &mut quiet).await.unwrap();
    store.close().await;
    sums
}

async fn backed_up(database: &TestDatabase, file: &std::path::Path) -> Sums {
    let store = Store::open_for_reading(&database.database).await.unwrap();
    let (sums, bytes) = backup(&store, file, (false, None), instant(0), &mut quiet)
        .await
        .unwrap();
    store.close().await;
    assert_eq!(std::fs::metadata(file).unwrap().len(), bytes);
    sums
}

const fn other(on: On) -> On {
    match on {
        On::Sqlite => On::Postgres,
        On::Postgres => On::Sqlite,
    }
}

async fn told(server: &Server, cursor: &str) -> Vec<pb::StreamEventsResponse> {
    let request = pb::StreamEventsRequest {
        cursor: cursor.to_owned(),
        until_now: true,
        ..Default::default()
    };
    let mut stream = server
        .events()
        .stream_events(request)
        .await
        .unwrap()
        .into_inner();
    let mut told = Vec::new();
    while let Some(event) = stream.message().await.unwrap() {
        told.push(event);
    }
    told
}

async fn a_copy_goes_on_as_the_original_would(on: On) {
    let server = Server::on(on).await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let drawn = draft(&server, &taxpayer).await;
    let filing = filing(&drawn);
    let answer = server
        .declarations()
        .submit_declaration(filing.clone())
        .await;
    let answer = answer.unwrap().into_inner();
    let filed = answer.declaration.clone().unwrap();
    let paid = pay(&server, &filed, "300.00").await;
    wait_for(&server, &paid, pb::PaymentState::InTreasury).await;
    let before = told(&server, "").await;
    // One less where the treasury spoke before the bank's answer was taken in; below, too.
    assert!(matches!(before.len(), 8 | 9), "{before:?}");
    let end = before.last().unwrap().cursor.clone();

    // Beside the running server.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("whole.caixing");
    let written = backed_up(server.database(), &file).await;
    let there = TestDatabase::new(other(on));
    let (_, restored) = restore(&file, &there.database, hooks(), &mut quiet)
        .await
        .unwrap();
    assert_eq!((restored.before, &restored.sums), (0, &written));
    assert_eq!(sums(&there).await, written);
    // And back again: every row the same.
    let again = dir.path().join("again.caixing");
    assert_eq!(backed_up(&there, &again).await, written);
    let back = TestDatabase::new(on);
    restore(&again, &back.database, hooks(), &mut quiet)
        .await
        .unwrap();
    assert_eq!(sums(&back).await, sums(server.database()).await);

    for kept in [there, back] {
        let key = server.data_dir().join("voucher-key.hex");
        std::fs::copy(key, kept.dir().join("voucher-key.hex")).unwrap();
        let copy = Server::over(kept).await;
        let replayed = copy.declarations().submit_declaration(filing.clone()).await;
        let replayed = replayed.unwrap();
        assert!(is_replay(&replayed));
        assert_eq!(
            replayed.into_inner().encode_to_vec(),
            answer.encode_to_vec()
        );
        // Every cursor of before goes on.
        assert_eq!(told(&copy, "").await, before);
        assert_eq!(told(&copy, &before[3].cursor).await, before[4..]);
        assert!(told(&copy, &end).await.is_empty());
        let sheets = voucher_list(&copy, &taxpayer).await;
        assert_eq!(sheets.len(), 1);
        // A new filing, a new payment, a new voucher.
        let new = collect(&copy, &taxpayer, contract("HT-2")).await;
        let second = submit(&copy, &draft(&copy, &taxpayer).await).await;
        assert_ne!(second.declaration_id, filed.declaration_id);
        assert_eq!(second.lines[0].source_id, new.source_id);
        let paid = pay(&copy, &second, "300.00").await;
        wait_for(&copy, &paid, pb::PaymentState::InTreasury).await;
        let sheets = voucher_list(&copy, &taxpayer).await;
        assert_eq!(sheets.len(), 2);
        let one_key = |sheet: &pb::Voucher| sheet.public_key == sheets[0].public_key;
        assert!(sheets.iter().all(one_key));
        let after = told(&copy, &end).await;
        assert!(matches!(after.len(), 7 | 8), "{after:?}");
        let store = Store::open_for_reading(&copy.database().database)
            .await
            .unwrap();
        let mut tx = store.read().await.unwrap();
        let all = i64::try_from(before.len() + after.len()).unwrap();
        assert_eq!(tx.last_position().await.unwrap(), all);
        drop(tx);
        let verified = store.verify(signing::verify, &mut quiet).await.unwrap();
        assert_eq!(verified.violations, []);
        let all = u64::try_from(all).unwrap();
        assert_eq!((verified.taxpayers, verified.events), (1, all));
        store.close().await;
        copy.stop().await;
    }
    server.stop().await;
}

async fn a_copy_goes_only_into_an_empty_database(on: On) {
    let server = Server::on(on).await;
    register(&server).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("whole.caixing");
    backed_up(server.database(), &file).await;
    let mut bar = quiet;
    let full = &server.database().database;
    let refused = restore(&file, full, hooks(), &mut bar).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the database is not empty: 1 rows are in its table taxpayer. A copy goes only into a \
         fresh database"
    );
    let refused = migrate(full, full, hooks(), &mut bar).await.unwrap_err();
    assert!(matches!(refused, CopyError::Same));
    // Whole already.
    let there = TestDatabase::new(other(on));
    restore(&file, &there.database, hooks(), &mut bar)
        .await
        .unwrap();
    let refused = restore(&file, &there.database, hooks(), &mut bar).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("is a whole copy of the backup of"),
        "{refused}"
    );
    // Half-way: nothing serves it, nothing reads it, another backup does not go on with it.
    there
        .change("UPDATE database_copy SET finished_at = NULL; DELETE FROM event")
        .await;
    for refused in [
        Store::open(&there.database).await.unwrap_err(),
        Store::open_for_reading(&there.database).await.unwrap_err(),
    ] {
        assert!(
            refused.to_string().contains("holds an unfinished copy"),
            "{refused}"
        );
    }
    let second = dir.path().join("second.caixing");
    server
        .database()
        .change("UPDATE request SET recorded_at = recorded_at + 1")
        .await;
    let changed = backed_up(server.database(), &second).await;
    let refused = restore(&second, &there.database, hooks(), &mut bar).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("begin again with --begin-again"),
        "{refused}"
    );
    // The same goes on where it stopped; another begins again.
    let (_, copied) = restore(&file, &there.database, hooks(), &mut bar)
        .await
        .unwrap();
    assert_eq!(copied.before, copied.sums.rows() - 2);
    there
        .change("UPDATE database_copy SET finished_at = NULL")
        .await;
    let again = Hooks {
        begin_again: true,
        ..hooks()
    };
    let (_, copied) = restore(&second, &there.database, again, &mut bar)
        .await
        .unwrap();
    assert_eq!((copied.before, copied.sums), (0, changed));
    server.stop().await;
}

#[tokio::test]
async fn a_row_that_was_altered_on_the_way_is_found() {
    let server = Server::on(On::Sqlite).await;
    register(&server).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("whole.caixing");
    backed_up(server.database(), &file).await;
    let there = TestDatabase::new(On::Sqlite);
    restore(&file, &there.database, hooks(), &mut quiet)
        .await
        .unwrap();
    there
        .change("UPDATE database_copy SET finished_at = NULL; UPDATE taxpayer SET name = 'x'")
        .await;
    let refused = restore(&file, &there.database, hooks(), &mut quiet).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("(taxpayer: the same 1 rows, not alike)"),
        "{refused}"
    );
    assert!(Store::open(&there.database).await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn a_source_that_moves_on_is_noticed() {
    let source = Server::on(On::Sqlite).await;
    register(&source).await;
    let there = TestDatabase::new(On::Postgres);
    let mut done = migrate(
        &source.database().database,
        &there.database,
        hooks(),
        &mut quiet,
    )
    .await
    .unwrap();
    assert_eq!(done.before, 0);
    there
        .change("UPDATE database_copy SET finished_at = NULL")
        .await;
    // The same source goes on; one that was written to does not.
    done = migrate(
        &source.database().database,
        &there.database,
        hooks(),
        &mut quiet,
    )
    .await
    .unwrap();
    assert_eq!(done.before, done.sums.rows() - 1);
    there
        .change("UPDATE database_copy SET finished_at = NULL")
        .await;
    let taxpayer = done.sums.tables[0].clone();
    assert_eq!((taxpayer.table.as_str(), taxpayer.rows), ("taxpayer", 1));
    let other = pb::RegisterTaxpayerRequest {
        tax_number: "91350100M000100Y43".to_owned(),
        ..registration()
    };
    source.taxpayers().register_taxpayer(other).await.unwrap();
    let from = &source.database().database;
    let refused = migrate(from, &there.database, hooks(), &mut quiet).await;
    assert!(matches!(refused, Err(CopyError::Moved)), "{refused:?}");
    // PostgreSQL into SQLite, beginning again.
    let again = Hooks {
        begin_again: true,
        ..hooks()
    };
    let whole = migrate(from, &there.database, again, &mut quiet)
        .await
        .unwrap();
    assert_eq!(whole.sums.tables[0].rows, 2);
    let back = TestDatabase::new(On::Sqlite);
    let whole_back = migrate(&there.database, &back.database, hooks(), &mut quiet)
        .await
        .unwrap();
    assert_eq!(whole_back.sums, whole.sums);
    source.stop().await;
}

/// Events of the last commits may have no position when a snapshot of PostgreSQL is taken.
#[tokio::test]
async fn events_without_a_position_get_one_after_all_others() {
    let server = Server::on(On::Postgres).await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let source = TestDatabase::new(On::Postgres);
    let from = &server.database().database;
    migrate(from, &source.database, hooks(), &mut quiet)
        .await
        .unwrap();
    server.stop().await;
    source
        .change("UPDATE event SET position = NULL WHERE sequence = 2")
        .await;
    let there = TestDatabase::new(On::Sqlite);
    migrate(&source.database, &there.database, hooks(), &mut quiet)
        .await
        .unwrap();
    let positions: Vec<(i64, i64)> = there
        .rows("SELECT sequence, position FROM event ORDER BY sequence")
        .await;
    assert_eq!(positions, [(1, 1), (2, 2)]);
}

#[tokio::test]
async fn every_changed_byte_of_a_backup_is_noticed_and_so_is_every_cut() {
    let database = TestDatabase::new(On::Sqlite);
    database.open().await.close().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("small.caixing");
    let written = backed_up(&database, &file).await;
    let (_, read, _) = check_backup(&file, &mut quiet).unwrap();
    assert_eq!(read, written);
    let good = std::fs::read(&file).unwrap();
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1 << (place % 8);
        std::fs::write(&file, bad).unwrap();
        assert!(check_backup(&file, &mut quiet).is_err(), "byte {place}");
    }
    for length in (0..good.len()).step_by(17) {
        std::fs::write(&file, &good[..length]).unwrap();
        assert!(check_backup(&file, &mut quiet).is_err(), "cut at {length}");
    }
}
