//! Rows read page by page, in the order of a table's key.

use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;

use super::super::many::places;
use super::super::tables::{Kind, Spread, Table, copied};
use super::super::{Store, StoreError, Tx, TxBackend, on_backend};
use super::{Progress, Row, Summing, Sums, TableSum, Value, Watcher, bound, head_line, line_of};

/// What a page may weigh, in bytes, and how many rows it may have.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
const ROWS_MAX: usize = 1000;
const ROWS_FIRST: usize = 100;
/// Taxpayers whose chains are asked for at once.
const CHAINS: i64 = 500;

/// Reads a table in pages of bounded weight.
#[derive(Debug)]
pub(super) struct Pages {
    table: &'static Table,
    after: Option<Row>,
    limit: usize,
    ended: bool,
}

impl Pages {
    /// From the start, or after a row's key.
    pub(super) const fn of(table: &'static Table, after: Option<Row>) -> Self {
        Self {
            table,
            after,
            limit: ROWS_FIRST,
            ended: false,
        }
    }

    /// The next rows with their lines; none at the end.
    pub(super) async fn next(&mut self, tx: &mut Tx) -> Result<Vec<(Row, String)>, StoreError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let rows = tx
            .copied_rows(self.table, self.after.as_deref(), self.limit)
            .await?;
        self.ended = rows.len() < self.limit;
        let lined: Vec<(Row, String)> = rows
            .into_iter()
            .map(|row| {
                let line = line_of(&row);
                (row, line)
            })
            .collect();
        if let Some((row, _)) = lined.last() {
            self.after = Some(key_of(self.table, row));
        }
        let weight: usize = lined.iter().map(|(_, line)| line.len()).sum();
        let each = weight.checked_div(lined.len()).unwrap_or(0).max(1);
        self.limit = (PAGE_BYTES / each).clamp(1, ROWS_MAX);
        Ok(lined)
    }
}

/// The key of a row.
fn key_of(table: &Table, row: &[Value]) -> Row {
    let value = |name: &&str| table.place(name).and_then(|place| row.get(place)).cloned();
    table.key.iter().filter_map(value).collect()
}

/// How a column is read. How far events are numbered follows from the events where one process
/// numbers as it writes.
fn reading(table: &Table, column: &'static str) -> String {
    if table.name == "event_numbering" && column == "last" {
        let newest = "(SELECT CAST(COALESCE(MAX(position), 0) AS BIGINT) FROM event)";
        return format!("CASE WHEN last < {newest} THEN {newest} ELSE last END AS last");
    }
    column.to_owned()
}

impl Tx {
    /// Takes the time limits off a long piece of work that nobody else waits for.
    pub(in crate::store) async fn unhurried(&mut self) -> Result<(), StoreError> {
        if let TxBackend::Postgres(transaction) = &mut self.backend {
            for limit in [
                "SET LOCAL statement_timeout = 0",
                "SET LOCAL idle_in_transaction_session_timeout = 0",
            ] {
                sqlx::query(limit).execute(&mut **transaction).await?;
            }
        }
        Ok(())
    }

    async fn copied_rows(
        &mut self,
        table: &'static Table,
        after: Option<&[Value]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let key = table.key.join(", ");
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| reading(table, column.name))
            .collect();
        let after = after.unwrap_or_default();
        let behind = match after.len() {
            0 => String::new(),
            values => format!(" WHERE ({key}) > ({})", places(1, values)),
        };
        let sql = format!(
            "SELECT {} FROM {}{behind} ORDER BY {key} LIMIT {limit}",
            columns.join(", "),
            table.name
        );
        let kinds: Vec<Kind> = table.columns.iter().map(|column| column.kind).collect();
        self.values(sql, after, &kinds).await
    }

    /// Rows of columns of these kinds.
    async fn values(
        &mut self,
        sql: String,
        places: &[Value],
        kinds: &[Kind],
    ) -> Result<Vec<Row>, StoreError> {
        let rows: Result<Vec<Row>, sqlx::Error> = on_backend!(self, conn => {
            let query = bound!(sqlx::query(AssertSqlSafe(sql)), places);
            query.fetch_all(conn).await.and_then(|rows| {
                let read = |row| {
                    let value = |(place, kind): (usize, &Kind)| {
                        Ok(match kind {
                            Kind::Text => Value::Text(sqlx::Row::try_get(row, place)?),
                            Kind::Integer => Value::Integer(sqlx::Row::try_get(row, place)?),
                            Kind::Bytes => Value::Bytes(sqlx::Row::try_get(row, place)?),
                        })
                    };
                    kinds.iter().enumerate().map(value).collect()
                };
                rows.iter().map(read).collect()
            })
        });
        Ok(rows?)
    }

    /// The key of a table's last row.
    pub(super) async fn last_key(
        &mut self,
        table: &'static Table,
    ) -> Result<Option<Row>, StoreError> {
        let down: Vec<String> = table
            .key
            .iter()
            .map(|name| format!("{name} DESC"))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {} LIMIT 1",
            table.key.join(", "),
            table.name,
            down.join(", ")
        );
        let kinds: Vec<Kind> = table
            .key
            .iter()
            .filter_map(|name| table.place(name))
            .filter_map(|place| table.columns.get(place))
            .map(|column| column.kind)
            .collect();
        Ok(self.values(sql, &[], &kinds).await?.pop())
    }

    /// How many rows a table has.
    pub(super) async fn count_rows(&mut self, table: &'static Table) -> Result<u64, StoreError> {
        let sql = format!("SELECT COUNT(*) FROM {}", table.name);
        let (rows,): (i64,) = on_backend!(self, conn =>
            sqlx::query_as(AssertSqlSafe(sql)).fetch_one(conn).await)?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// How many rows all tables have.
    pub(super) async fn count_all(&mut self) -> Result<u64, StoreError> {
        let mut all = 0_u64;
        for table in copied() {
            all = all.saturating_add(self.count_rows(table).await?);
        }
        Ok(all)
    }

    /// Sums up every row of all, and hands each line on.
    pub(super) async fn sum_up<E: From<StoreError>>(
        &mut self,
        (what, all): (&'static str, u64),
        watcher: Watcher<'_>,
        mut each: impl FnMut(&'static Table, Line<'_>) -> Result<(), E>,
    ) -> Result<Sums, E> {
        let (mut summing, mut done) = (Summing::default(), 0_u64);
        for table in copied() {
            each(table, Line::Begins)?;
            let mut pages = Pages::of(table, None);
            loop {
                let rows = pages.next(self).await?;
                if rows.is_empty() {
                    break;
                }
                for (row, line) in &rows {
                    summing.row(table, row, line);
                    each(table, Line::Row(line))?;
                }
                done = done.saturating_add(rows.len().try_into().unwrap_or(0));
                watcher(Progress { what, done, all });
            }
            let sum = summing.end(table);
            each(table, Line::Ends(&sum))?;
        }
        Ok(summing.sums())
    }

    /// The fingerprint of [`Sums`], without reading every row.
    pub(super) async fn fingerprint(&mut self) -> Result<String, StoreError> {
        self.unhurried().await?;
        let mut tables = Vec::new();
        for table in copied() {
            tables.push(TableSum {
                table: table.name.to_owned(),
                rows: self.count_rows(table).await?,
                sha256: String::new(),
            });
        }
        let (mut chains, mut heads, mut after) = (0_u64, Sha256::new(), String::new());
        loop {
            let ids: Vec<(String,)> = on_backend!(self, conn => sqlx::query_as(
                "SELECT taxpayer_id FROM taxpayer WHERE taxpayer_id > $1
                 ORDER BY taxpayer_id LIMIT $2",
            )
            .bind(&after)
            .bind(CHAINS)
            .fetch_all(conn)
            .await)?;
            let Some((through,)) = ids.last().cloned() else {
                break;
            };
            let ends: Vec<(String, i64, String)> = on_backend!(self, conn => sqlx::query_as(
                "SELECT e.taxpayer_id, e.sequence, e.hash FROM event AS e
                 JOIN (SELECT taxpayer_id, MAX(sequence) AS newest FROM event
                       WHERE taxpayer_id > $1 AND taxpayer_id <= $2 GROUP BY taxpayer_id) AS n
                 ON n.taxpayer_id = e.taxpayer_id AND n.newest = e.sequence
                 WHERE e.taxpayer_id > $1 AND e.taxpayer_id <= $2 ORDER BY e.taxpayer_id",
            )
            .bind(&after)
            .bind(&through)
            .fetch_all(conn)
            .await)?;
            for (taxpayer, sequence, hash) in ends {
                chains = chains.saturating_add(1);
                heads.update(head_line(&taxpayer, sequence, &hash));
            }
            after = through;
        }
        let sums = Sums {
            tables,
            chains,
            heads: hex::encode(heads.finalize()),
            position: self.last_position().await?,
        };
        Ok(sums.fingerprint())
    }
}

/// What [`Tx::sum_up`] hands on.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// A table begins.
    Begins,
    /// A row of it.
    Row(&'a str),
    /// It has ended.
    Ends(&'a TableSum),
}

impl Store {
    /// What the database holds, read whole on one snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sums(&self, what: &'static str, watcher: Watcher<'_>) -> Result<Sums, StoreError> {
        let mut tx = self.read().await?;
        tx.unhurried().await?;
        let all = tx.count_all().await?;
        tx.sum_up((what, all), watcher, |_, _| Ok::<(), StoreError>(()))
            .await
    }
}

/// True for a table that has its row from the start.
pub(super) fn has_its_row(table: &Table) -> bool {
    table.spread == Spread::OneRow
}
