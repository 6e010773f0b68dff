//! `caixing verify` on databases that were damaged in one way for each rule: every one is named.

use std::collections::BTreeSet;

use caixing::cli::{Life, live};
use caixing::pb;
use caixing::store::Database;
use caixing::store::tables::TABLES;
use serde_json::Value;

use crate::process::caixing;
use crate::support::*;

const LIFE: &str = include_str!("../../examples/two-years.json");

on_both!(a_sound_database_holds, two_years_of_a_life_hold);

fn report(database: &Database) -> Value {
    let mut command = caixing();
    command.args(["verify", "--json", "--database-url"]);
    match database {
        Database::Embedded(dir) => command.arg(format!("sqlite://{}", dir.display())),
        Database::Postgres(url) => command.arg(url),
    };
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let holds = report["holds"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!holds)), "{output:?}");
    report
}

fn found(database: &Database) -> BTreeSet<(u64, String)> {
    let report = report(database);
    let violations = report["violations"].as_array().unwrap().iter();
    violations
        .map(|one| {
            assert!(!one["text"].as_str().unwrap().is_empty());
            let rule = one["rule"].as_str().unwrap().to_owned();
            (one["invariant"].as_u64().unwrap(), rule)
        })
        .collect()
}

/// A copy of a database's rows, free of what guards them.
async fn unguarded(of: &TestDatabase) -> TestDatabase {
    let copy = TestDatabase::new(of.on());
    match &of.database {
        Database::Embedded(_) => {
            let file = copy.dir().join("caixing.sqlite3");
            of.change(&format!("VACUUM INTO '{}'", file.display()))
                .await;
        }
        Database::Postgres(url) => {
            let schema = url.split("search_path%3D").nth(1).unwrap();
            let names = TABLES.iter().map(|table| table.name);
            for name in names.chain(["_sqlx_migrations"]) {
                let make = format!(
                    "CREATE TABLE {name} (LIKE {schema}.{name});
                     INSERT INTO {name} SELECT * FROM {schema}.{name}"
                );
                copy.change(&make).await;
            }
        }
    }
    copy
}

async fn damage(database: &TestDatabase, statements: &str) {
    let free = match database.on() {
        On::Sqlite => "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;",
        On::Postgres => "",
    };
    database.change(&format!("{free} {statements}")).await;
}

/// The first row once more, with one column changed.
fn twice(table: &str, column: &str, value: &str) -> String {
    let table = TABLES.iter().find(|one| one.name == table).unwrap();
    let columns: Vec<&str> = table.columns.iter().map(|one| one.name).collect();
    let values: Vec<&str> = columns
        .iter()
        .map(|name| if *name == column { value } else { *name })
        .collect();
    format!(
        "INSERT INTO {0} ({1}) SELECT {2} FROM {0} LIMIT 1;",
        table.name,
        columns.join(", "),
        values.join(", ")
    )
}

fn refund(id: &str, amount: i64, offset: i64) -> String {
    format!(
        "INSERT INTO refund (taxpayer_id, refund_id, declaration_id, amount_fen, parts, created_at,
         state, cause, offset_fen, version, updated_by)
         SELECT taxpayer_id, '{id}', declaration_id, {amount}, '[]', 1, 'REQUESTED', 'OVERPAID',
         {offset}, 1, 'Test' FROM declaration;"
    )
}

async fn settled(on: On) -> Server {
    let server = Server::on(on).await;
    let filed = filed(&server).await;
    let paid = pay(&server, &filed, "300.00").await;
    wait_for(&server, &paid, pb::PaymentState::InTreasury).await;
    server
}

async fn a_sound_database_holds(on: On) {
    let server = settled(on).await;
    let clean = report(&server.database().database);
    assert_eq!(
        (&clean["holds"], &clean["taxpayers"]),
        (&true.into(), &1.into())
    );
    // One less where the treasury spoke before the bank's answer was taken in.
    assert!(matches!(clean["events"].as_u64(), Some(8 | 9)), "{clean}");
    let copy = unguarded(server.database()).await;
    assert_eq!(found(&copy.database), BTreeSet::new());
}

/// The rules are the same SQL on both databases; the damage is done to SQLite's file, whose guards
/// can be put aside.
#[tokio::test]
async fn every_kind_of_damage_is_named() {
    let server = settled(On::Sqlite).await;
    let base = unguarded(server.database()).await;
    assert_eq!(found(&base.database), BTreeSet::new());

    let line = format!(
        "DROP INDEX IF EXISTS line_declared_once; {}",
        twice("declaration_line", "line_number", "99")
    );
    let period = format!(
        "DROP INDEX IF EXISTS period_declared_once; {}",
        twice("declared_period", "declaration_id", "'another'")
    );
    let payment = format!(
        "DROP INDEX IF EXISTS one_live_payment; {}",
        twice("payment", "payment_id", "'another'")
    );
    let voucher = format!(
        "DROP INDEX IF EXISTS one_live_voucher; {}",
        twice("voucher", "voucher_number", "'another'")
    );
    let refunds = format!(
        "DROP INDEX IF EXISTS one_refund; {}{}",
        refund("r1", 5, 0),
        refund("r2", 5, 0)
    );
    let offset = refund("r1", 5, 1);
    let cases: [(u64, &str, &str); 33] = [
        (
            1,
            "LINES_SUM",
            "UPDATE declaration SET payable_fen = payable_fen + 1",
        ),
        (
            8,
            "REFUNDABLE_SUM",
            "UPDATE declaration SET refundable_fen = 5",
        ),
        (
            1,
            "LINE_SUM",
            "UPDATE declaration_line SET tax_fen = tax_fen + 1",
        ),
        (
            1,
            "PAYMENT_PRINCIPAL",
            "UPDATE payment SET principal_fen = principal_fen - 1",
        ),
        (
            1,
            "VOUCHER_TOTAL",
            "UPDATE voucher SET total_fen = total_fen + 1",
        ),
        (1, "PARTS_SUM", "DELETE FROM settlement_part"),
        (1, "RECEIVED", "UPDATE payment SET received_fen = 1"),
        (
            1,
            "REFUNDED_BEYOND",
            "UPDATE payment SET refunded_fen = principal_fen + 1",
        ),
        (2, "LINE_TWICE", &line),
        (2, "PERIOD_TWICE", &period),
        (2, "LINES_HELD", "UPDATE declaration SET state = 'VOIDED'"),
        (2, "PERIODS_HELD", "UPDATE declaration SET state = 'VOIDED'"),
        (2, "LINES_DEAD", "UPDATE declaration_line SET live = 0"),
        (2, "PERIODS_DEAD", "UPDATE declared_period SET live = 0"),
        (3, "PAYMENT_TWICE", &payment),
        (3, "VOUCHER_TWICE", &voucher),
        (3, "VOUCHER_UNPAID", "UPDATE payment SET state = 'DEBITED'"),
        (3, "PAID_WITHOUT_VOUCHER", "DELETE FROM voucher"),
        (3, "OVERPAID", "UPDATE declaration SET payable_fen = 1"),
        (3, "COMPLETED_UNPAID", "DELETE FROM payment"),
        (3, "VOIDED_PAID", "UPDATE declaration SET state = 'VOIDED'"),
        (
            3,
            "VOUCHER_FORGED",
            "UPDATE voucher SET signature = replace(signature, 'a', 'b')",
        ),
        (4, "CHAIN_END", "UPDATE declaration SET state = 'CORRECTED'"),
        (4, "REVISION_BASE", "UPDATE declaration SET revision = 3"),
        (
            4,
            "SOURCE_VERSIONS",
            "UPDATE tax_source SET version = version + 1",
        ),
        (4, "ORPHAN_ROW", "DELETE FROM tax_source"),
        (5, "EVENT_NUMBERS", "DELETE FROM event WHERE sequence = 2"),
        (
            5,
            "ROW_ALTERED",
            "UPDATE taxpayer SET name = 'somebody else'",
        ),
        (
            6,
            "CONTENT_ALTERED",
            "UPDATE declaration SET content = content || ' '",
        ),
        (7, "ANSWER_OPEN", "UPDATE request SET response = NULL"),
        (8, "REFUNDS_SUM", &refunds),
        (8, "REFUND_TWICE", &refunds),
        (8, "OFFSET_SUM", &offset),
    ];
    for (invariant, rule, statements) in cases {
        let damaged = unguarded(&base).await;
        damage(&damaged, statements).await;
        let found = found(&damaged.database);
        assert!(
            found.contains(&(invariant, rule.to_owned())),
            "{rule} is not in {found:?}"
        );
    }
    // Every table that refers to another is looked at.
    for table in [
        "declaration_line",
        "declared_period",
        "settlement_part",
        "voucher",
        "tax_source_version",
    ] {
        let damaged = unguarded(&base).await;
        let key = if table == "settlement_part" {
            "payment_id"
        } else {
            "source_id"
        };
        let key = if table == "voucher" {
            "payment_id"
        } else {
            key
        };
        damage(&damaged, &format!("UPDATE {table} SET {key} = 'nobody'")).await;
        let report = report(&damaged.database);
        let orphan = report["violations"].as_array().unwrap().iter().any(|one| {
            one["rule"] == "ORPHAN_ROW" && one["subject"].as_str().unwrap().starts_with(table)
        });
        assert!(orphan, "{table}: {report}");
    }
    server.stop().await;
}

/// Corrections, voids, refunds, offsets and interest among them.
async fn two_years_of_a_life_hold(on: On) {
    let server = Server::on(on).await;
    let life = Life::parse(LIFE).unwrap();
    live(&server.address, &life, 24, |_| {}).await.unwrap();
    let report = report(&server.database().database);
    assert_eq!(report["violations"], serde_json::json!([]));
    assert!(report["events"].as_u64().unwrap() > 100, "{report}");
    server.stop().await;
}
