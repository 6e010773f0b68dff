//! Both databases have the same tables, columns, keys and indexes, and what has landed of the
//! migrations stays as it is.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::support::{On, TestDatabase};

/// The landed migrations of SQLite, as `sha256sum` prints them: databases of users were made by
/// them.
const LANDED: [(&str, &str); 2] = [
    (
        "0001_initial.sql",
        "abb6fb1ede19ff2621a5326c7c5006085c236dfc4f19c915f2eb2d64d71b97c7",
    ),
    (
        "0002_filing_life.sql",
        "46367da7670882188c368c21625a71b0cd519610bdebd4339bab499bffe3c39e",
    ),
];

/// A column: table, place, name, kind, whether it must be filled.
type Column = (String, i64, String, String, i64);
/// A column of a key or index: table, key, whether unique, place, column.
type Keyed = (String, String, i64, i64, String);

const COLUMNS: [&str; 2] = [
    "SELECT m.name, c.cid + 1, c.name, c.type, c.\"notnull\"
     FROM sqlite_master m JOIN pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> '_sqlx_migrations'
     ORDER BY 1, 2",
    "SELECT table_name::text, ordinal_position::bigint, column_name::text,
     CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'text' THEN 'TEXT'
       WHEN 'bytea' THEN 'BLOB' ELSE data_type::text END,
     CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END::bigint
     FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations' ORDER BY 1, 2",
];

const PRIMARY: [&str; 2] = [
    "SELECT m.name, '', 1, c.pk, c.name
     FROM sqlite_master m JOIN pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> '_sqlx_migrations'
     AND c.pk > 0 ORDER BY 1, 4",
    "SELECT t.table_name::text, ''::text, 1::bigint, k.ordinal_position::bigint,
     k.column_name::text
     FROM information_schema.table_constraints t
     JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
     WHERE t.table_schema = current_schema() AND t.constraint_type = 'PRIMARY KEY'
     AND t.table_name <> '_sqlx_migrations' ORDER BY 1, 4",
];

const INDEXES: [&str; 2] = [
    "SELECT m.tbl_name, m.name, l.\"unique\", i.seqno + 1, COALESCE(i.name, '')
     FROM sqlite_master m JOIN pragma_index_list(m.tbl_name) l ON l.name = m.name
     JOIN pragma_index_info(m.name) i
     WHERE m.type = 'index' AND m.sql IS NOT NULL ORDER BY 1, 2, 4",
    "SELECT t.relname::text, c.relname::text, CASE WHEN x.indisunique THEN 1 ELSE 0 END::bigint,
     k.place::bigint, COALESCE(a.attname::text, '')
     FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL unnest(x.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
     LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
     WHERE n.nspname = current_schema()
     AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = c.oid) ORDER BY 1, 2, 4",
];

/// Indexes that only PostgreSQL has, where events are numbered after their commit.
const ONLY_POSTGRES: [&str; 1] = ["event_unnumbered"];

/// Unique in the embedded database only: on PostgreSQL a unique key over all shards is not needed,
/// as whoever holds the one row of `event_numbering` gives the numbers.
const UNIQUE_IN_SQLITE: &str = "event_position";

/// The rows by table, in the order of bytes.
fn by_table<T: Clone + Ord>(rows: &[T], table: impl Fn(&T) -> &str) -> BTreeMap<String, Vec<T>> {
    let mut tables: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for row in rows {
        tables
            .entry(table(row).to_owned())
            .or_default()
            .push(row.clone());
    }
    tables.values_mut().for_each(|rows| rows.sort());
    tables
}

async fn migrated() -> [TestDatabase; 2] {
    let (sqlite, one) = TestDatabase::opened(On::Sqlite).await;
    let (postgres, other) = TestDatabase::opened(On::Postgres).await;
    one.close().await;
    other.close().await;
    [sqlite, postgres]
}

#[tokio::test]
async fn tables_and_columns_are_the_same_in_name_order_kind_and_need() {
    let [sqlite, postgres] = migrated().await;
    let ours: Vec<Column> = sqlite.rows(COLUMNS[0]).await;
    let theirs: Vec<Column> = postgres.rows(COLUMNS[1]).await;
    let (ours, theirs) = (
        by_table(&ours, |row| &row.0),
        by_table(&theirs, |row| &row.0),
    );
    assert!(ours.len() >= 20, "only {} tables were seen", ours.len());
    assert!(ours.keys().eq(theirs.keys()), "{ours:?} {theirs:?}");
    for (table, columns) in &ours {
        assert_eq!(columns, &theirs[table], "{table}");
    }
}

#[tokio::test]
async fn primary_keys_and_indexes_are_the_same() {
    let [sqlite, postgres] = migrated().await;
    for (statements, least) in [(PRIMARY, 20), (INDEXES, 10)] {
        let ours: Vec<Keyed> = sqlite.rows(statements[0]).await;
        let mut theirs: Vec<Keyed> = postgres.rows(statements[1]).await;
        theirs.retain(|(_, name, ..)| !ONLY_POSTGRES.contains(&name.as_str()));
        for (_, name, unique, ..) in &mut theirs {
            if name.as_str() == UNIQUE_IN_SQLITE {
                assert_eq!(std::mem::replace(unique, 1), 0);
            }
        }
        let (ours, theirs) = (
            by_table(&ours, |row| &row.0),
            by_table(&theirs, |row| &row.0),
        );
        assert!(ours.len() >= least, "only {} tables were seen", ours.len());
        assert!(ours.keys().eq(theirs.keys()), "{ours:?} {theirs:?}");
        for (table, keys) in &ours {
            assert_eq!(keys, &theirs[table], "{table}");
        }
    }
}

#[test]
fn landed_migrations_are_never_changed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    for (name, sum) in LANDED {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        assert_eq!(hex::encode(Sha256::digest(bytes)), sum, "{name}");
    }
}
