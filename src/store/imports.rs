//! Many sources at once: few statements for many rows, since each statement costs a hop to the
//! database's thread, whatever it does.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::events::chained;
use super::sources::{FORMAT, Row, select};
use super::{StoreError, Tx, micros, on_backend, one_row};
use crate::filing::SourceRecord;
use crate::types::{RequestId, SourceId, TaxpayerKey};

/// Rows in one statement. Few lengths, so that few statements are prepared.
const LENGTHS: [usize; 4] = [200, 40, 8, 1];

/// Cuts a list into pieces of the lengths of [`LENGTHS`], the longest first.
fn pieces<T>(mut rest: &[T]) -> Vec<&[T]> {
    let mut pieces = Vec::new();
    for length in LENGTHS {
        while let Some((piece, more)) = rest.split_at_checked(length) {
            pieces.push(piece);
            rest = more;
        }
    }
    pieces
}

/// Places of parameters from `$first`: `$3, $4, $5`.
fn places(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first.saturating_add(count))
        .map(|place| format!("${place}"))
        .collect();
    names.join(", ")
}

/// Places of rows of parameters: `($1, $2), ($3, $4)`.
fn rows_of_places(rows: usize, columns: usize) -> String {
    let rows: Vec<String> = (0..rows)
        .map(|row| format!("({})", places(row * columns + 1, columns)))
        .collect();
    rows.join(", ")
}

/// As many rows were inserted as were given.
fn all_rows(table: &'static str, inserted: u64, given: usize) -> Result<(), StoreError> {
    if usize::try_from(inserted).is_ok_and(|inserted| inserted == given) {
        return Ok(());
    }
    Err(StoreError::value(
        table,
        format!("{inserted} of {given} rows inserted"),
    ))
}

impl Tx {
    /// Those of the named sources that are there, as they were first stated.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_statements(
        &mut self,
        taxpayer: TaxpayerKey,
        sources: &[SourceId],
    ) -> Result<HashMap<SourceId, SourceRecord>, StoreError> {
        let mut found = HashMap::new();
        for piece in pieces(sources) {
            let head = select!(
                "WHERE head.taxpayer_id = $1 AND version.version = 1 AND head.source_id IN"
            );
            let sql = format!("{head} ({})", places(2, piece.len()));
            let rows: Vec<Row> = on_backend!(self, conn => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(taxpayer.to_string());
                for source in piece {
                    query = query.bind(source.to_string());
                }
                query.fetch_all(conn).await
            })?;
            for row in rows {
                let (_, record) = <(i64, SourceRecord)>::try_from(row)?;
                found.insert(record.id, record);
            }
        }
        Ok(found)
    }

    /// Keeps new sources of one taxpayer in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_sources(
        &mut self,
        taxpayer: TaxpayerKey,
        sources: &[SourceRecord],
    ) -> Result<(), StoreError> {
        let (last,): (i64,) = on_backend!(self, conn => sqlx::query_as(
            "SELECT CAST(COALESCE(MAX(sequence), 0) AS BIGINT) FROM tax_source
             WHERE taxpayer_id = $1",
        )
        .bind(taxpayer.to_string())
        .fetch_one(conn)
        .await)?;
        let mut sequence = last;
        for piece in pieces(sources) {
            self.insert_source_heads(piece, &mut sequence).await?;
            self.insert_source_versions(piece).await?;
        }
        Ok(())
    }

    async fn insert_source_heads(
        &mut self,
        sources: &[SourceRecord],
        sequence: &mut i64,
    ) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let sql = format!(
            "INSERT INTO tax_source (taxpayer_id, source_id, tax, sequence, state, version,
             updated_by) VALUES {}",
            rows_of_places(sources.len(), 7)
        );
        let done = on_backend!(self, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for source in sources {
                *sequence = sequence.saturating_add(1);
                query = query
                    .bind(source.taxpayer.to_string())
                    .bind(source.id.to_string())
                    .bind(source.detail.kind().name())
                    .bind(*sequence)
                    .bind(source.state.name())
                    .bind(source.version)
                    .bind(rpc);
            }
            query.execute(conn).await
        })?;
        all_rows("tax_source", done.rows_affected(), sources.len())
    }

    async fn insert_source_versions(&mut self, sources: &[SourceRecord]) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let mut details = Vec::with_capacity(sources.len());
        for source in sources {
            let detail = serde_json::to_string(&source.detail)
                .map_err(|error| StoreError::json("tax_source", &error))?;
            details.push(detail);
        }
        let sql = format!(
            "INSERT INTO tax_source_version (taxpayer_id, source_id, version, name, region,
             authority, treasury, format, detail, recorded_at, recorded_by) VALUES {}",
            rows_of_places(sources.len(), 11)
        );
        let done = on_backend!(self, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (source, detail) in sources.iter().zip(details) {
                query = query
                    .bind(source.taxpayer.to_string())
                    .bind(source.id.to_string())
                    .bind(source.version)
                    .bind(&source.name)
                    .bind(source.region.to_string())
                    .bind(source.authority.as_str())
                    .bind(source.treasury.as_str())
                    .bind(FORMAT)
                    .bind(detail)
                    .bind(micros(source.recorded_at))
                    .bind(rpc);
            }
            query.execute(conn).await
        })?;
        all_rows("tax_source_version", done.rows_affected(), sources.len())
    }

    /// Appends an event of one kind for each subject, in their order, as [`Tx::append_event`] would
    /// one by one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append_events(
        &mut self,
        taxpayer: TaxpayerKey,
        kind: &'static str,
        subjects: &[String],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let last: Option<(i64, String)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT sequence, hash FROM event WHERE taxpayer_id = $1
             ORDER BY sequence DESC LIMIT 1",
        )
        .bind(taxpayer.to_string())
        .fetch_optional(conn)
        .await)?;
        let (mut sequence, mut hash) = last.unwrap_or_default();
        let (mut position,): (i64,) = on_backend!(self, conn => sqlx::query_as(
            "SELECT CAST(COALESCE(MAX(position), 0) AS BIGINT) FROM event",
        )
        .fetch_one(conn)
        .await)?;
        let (rpc, request) = (self.rpc, self.request.map(|id| id.to_string()));
        for piece in pieces(subjects) {
            let sql = format!(
                "INSERT INTO event (taxpayer_id, sequence, kind, subject_id, rpc, request_id, at,
                 hash, position) VALUES {}",
                rows_of_places(piece.len(), 9)
            );
            let done = on_backend!(self, conn => {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for subject in piece {
                    sequence = sequence.saturating_add(1);
                    position = position.saturating_add(1);
                    hash = chained(&hash, sequence, kind, subject, rpc, request.as_deref(), at);
                    query = query
                        .bind(taxpayer.to_string())
                        .bind(sequence)
                        .bind(kind)
                        .bind(subject)
                        .bind(rpc)
                        .bind(request.clone())
                        .bind(micros(at))
                        .bind(hash.clone())
                        .bind(position);
                }
                query.execute(conn).await
            })?;
            all_rows("event", done.rows_affected(), piece.len())?;
        }
        Ok(())
    }

    /// Records how far an import is: nothing while a sending runs, its summary when it ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record_import(
        &mut self,
        taxpayer: TaxpayerKey,
        import: RequestId,
        summary: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let rpc = self.rpc;
        let done = on_backend!(self, conn => sqlx::query(
            "UPDATE request SET response = $1
             WHERE taxpayer_id = $2 AND request_id = $3 AND method = $4",
        )
        .bind(summary)
        .bind(taxpayer.to_string())
        .bind(import.to_string())
        .bind(rpc)
        .execute(conn)
        .await)?;
        one_row("request", done.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::{LENGTHS, pieces, places, rows_of_places};
    use crate::filing::Taxpayer;
    use crate::store::{Store, on_backend};
    use crate::tax::{Profile, TaxpayerKind};
    use crate::types::{RequestId, TaxpayerId, TaxpayerKey};

    fn taxpayer() -> Taxpayer {
        Taxpayer {
            key: TaxpayerKey::new(Uuid::from_u128(7)),
            tax_number: TaxpayerId::parse("91350100M000100Y43").unwrap(),
            name: "样例企业".to_owned(),
            profile: Profile {
                kind: TaxpayerKind::Enterprise,
                six_taxes: Vec::new(),
                six_taxes_facts: None,
            },
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    type Event = (i64, String, String, String, i64, String, i64);

    /// The trail after two events of before and `count` of one kind, appended as `together` says.
    async fn trail(count: usize, together: bool) -> Vec<Event> {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_sqlite(dir.path()).await.unwrap();
        let request = RequestId::new(Uuid::from_u128(9));
        let mut tx = store
            .begin("ImportTaxSources", Some(request))
            .await
            .unwrap();
        let taxpayer = taxpayer();
        let (key, at) = (taxpayer.key, taxpayer.created_at);
        tx.insert_taxpayer(&taxpayer).await.unwrap();
        let subjects: Vec<String> = (0..count).map(|n| format!("subject {n}")).collect();
        for before in ["a", "b"] {
            tx.append_event(key, "before", before, at).await.unwrap();
        }
        if together {
            tx.append_events(key, "kind", &subjects, at).await.unwrap();
        } else {
            for subject in &subjects {
                tx.append_event(key, "kind", subject, at).await.unwrap();
            }
        }
        on_backend!(tx, conn => sqlx::query_as(
            "SELECT sequence, kind, subject_id, rpc, at, hash, position FROM event
             WHERE taxpayer_id = $1 AND request_id = $2 ORDER BY sequence",
        )
        .bind(key.to_string())
        .bind(request.to_string())
        .fetch_all(conn)
        .await)
        .unwrap()
    }

    #[tokio::test]
    async fn events_appended_together_are_chained_as_one_by_one() {
        for count in [0, 1, 9, 251] {
            let together = trail(count, true).await;
            assert_eq!(together.len(), count + 2);
            assert_eq!(together, trail(count, false).await);
        }
    }

    #[test]
    fn a_list_is_cut_into_pieces_of_few_lengths_without_loss() {
        for length in [0, 1, 7, 8, 47, 200, 251, 1000] {
            let list: Vec<usize> = (0..length).collect();
            let cut = pieces(&list);
            assert_eq!(cut.concat(), list);
            assert!(cut.iter().all(|piece| LENGTHS.contains(&piece.len())));
        }
        let all: Vec<usize> = (0..251).collect();
        let lengths: Vec<usize> = pieces(&all).iter().map(|piece| piece.len()).collect();
        assert_eq!(lengths, [200, 40, 8, 1, 1, 1]);
    }

    #[test]
    fn every_parameter_has_its_own_place() {
        assert_eq!(places(2, 3), "$2, $3, $4");
        assert_eq!(rows_of_places(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
