//! The catalogue of tables is the schema of both databases, column by column.

use caixing::store::tables::{Kind, Spread, TABLES};

use crate::support::*;

on_both!(
    the_catalogue_is_the_migrated_schema,
    references_point_backwards
);

async fn the_catalogue_is_the_migrated_schema(on: On) {
    let database = TestDatabase::new(on);
    database.open().await.close().await;
    let (all, columns) = match on {
        On::Sqlite => (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
             AND name NOT LIKE '%sqlx%'",
            "SELECT name, lower(type), CASE WHEN \"notnull\" = 1 THEN 'NO' ELSE 'YES' END
             FROM pragma_table_info('TABLE') ORDER BY cid",
        ),
        On::Postgres => (
            "SELECT table_name::text FROM information_schema.tables
             WHERE table_schema = current_schema() AND table_name NOT LIKE '%sqlx%'",
            "SELECT column_name::text, data_type::text, is_nullable::text
             FROM information_schema.columns WHERE table_schema = current_schema()
             AND table_name = 'TABLE' ORDER BY ordinal_position",
        ),
    };
    let mut there: Vec<(String,)> = database.rows(all).await;
    there.sort();
    let mut listed: Vec<(String,)> = TABLES
        .iter()
        .map(|table| (table.name.to_owned(),))
        .collect();
    listed.sort();
    assert_eq!(there, listed);
    for table in &TABLES {
        let there: Vec<(String, String, String)> =
            database.rows(&columns.replace("TABLE", table.name)).await;
        let listed: Vec<(String, String, String)> = table
            .columns
            .iter()
            .map(|column| {
                let kind = match (column.kind, on) {
                    (Kind::Text, _) => "text",
                    (Kind::Integer, On::Sqlite) => "integer",
                    (Kind::Integer, On::Postgres) => "bigint",
                    (Kind::Bytes, On::Sqlite) => "blob",
                    (Kind::Bytes, On::Postgres) => "bytea",
                };
                let nullable = if column.nullable { "YES" } else { "NO" };
                (column.name.to_owned(), kind.to_owned(), nullable.to_owned())
            })
            .collect();
        assert_eq!(there, listed, "{}", table.name);
        let key = match on {
            On::Sqlite => "SELECT name FROM pragma_table_info('TABLE') WHERE pk > 0 ORDER BY pk",
            On::Postgres => {
                "SELECT k.column_name::text FROM information_schema.key_column_usage AS k
                 JOIN information_schema.table_constraints AS c USING (constraint_schema,
                 constraint_name) WHERE k.table_schema = current_schema()
                 AND k.table_name = 'TABLE' AND c.constraint_type = 'PRIMARY KEY'
                 ORDER BY k.ordinal_position"
            }
        };
        let there: Vec<(String,)> = database.rows(&key.replace("TABLE", table.name)).await;
        let there: Vec<&str> = there.iter().map(|(name,)| name.as_str()).collect();
        assert_eq!(there, table.key, "{}", table.name);
        let leads = table.columns[0].name == "taxpayer_id" && table.key[0] == "taxpayer_id";
        assert_eq!(leads, table.spread == Spread::Taxpayer, "{}", table.name);
    }
}

async fn references_point_backwards(on: On) {
    let database = TestDatabase::new(on);
    database.open().await.close().await;
    let mut seen = 0;
    for (place, table) in TABLES.iter().enumerate() {
        let referred = match on {
            On::Sqlite => "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list('TABLE')",
            On::Postgres => {
                "SELECT f.relname::text FROM pg_constraint AS c JOIN pg_class AS t
                 ON t.oid = c.conrelid JOIN pg_class AS f ON f.oid = c.confrelid
                 WHERE c.contype = 'f' AND t.relname = 'TABLE'
                 AND t.relnamespace = current_schema()::regnamespace"
            }
        };
        let referred: Vec<(String,)> = database.rows(&referred.replace("TABLE", table.name)).await;
        for (name,) in referred {
            let before = TABLES[..place].iter().any(|other| other.name == name);
            assert!(before, "{} refers to {name}", table.name);
            seen += 1;
        }
    }
    assert!(seen > 8, "only {seen} references: is the look blind?");
}
