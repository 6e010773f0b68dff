//! The order of events over all taxpayers, where many processes write: given after the commit.
//!
//! A writing transaction touches one taxpayer and leaves its events without a number; so no commit
//! waits for another taxpayer's, and on a distributed database it stays on one shard. Whoever holds
//! the row of `event_numbering` numbers what is committed and not numbered yet. What commits later
//! is numbered later, so the order has no gaps, and nothing ever comes before what was read.
//! Within a taxpayer the numbers keep the order of the chain, whatever the clocks of the processes
//! say.
//!
//! The embedded database has one writer, which numbers as it writes.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use tokio::sync::watch;

use super::events::select;
use super::many::{all_rows, pieces};
use super::{KeptEvent, Store, StoreError, Tx, TxBackend};

/// Events numbered in one transaction.
const BATCH: i64 = 1000;
/// How often one looks for events that a process left unnumbered when it died.
const LOOK_EVERY: Duration = Duration::from_millis(500);

const HOLD: &str = "SELECT last FROM event_numbering WHERE id = 1 FOR UPDATE";
const UNNUMBERED: &str = select!("WHERE position IS NULL ORDER BY taxpayer_id, sequence LIMIT $1");
const RAISE: &str = "UPDATE event_numbering SET last = $1 WHERE id = 1 AND last = $2";

impl Store {
    /// Numbers all that is committed. Afterwards every event of a commit that was answered before
    /// this call stands in the order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn number_events(&self) -> Result<(), StoreError> {
        if self.is_alone() {
            return Ok(());
        }
        loop {
            let mut tx = self.begin("NumberEvents", None, None).await?;
            let numbered = tx.number_some().await?;
            let more = i64::try_from(numbered.len()).is_ok_and(|count| count >= BATCH);
            tx.commit().await?;
            self.news.tell(numbered);
            if !more {
                return Ok(());
            }
        }
    }

    /// Numbers events as they are committed, as long as the store is used.
    pub(super) fn keep_numbering(&self) {
        if self.is_alone() {
            return;
        }
        let committed = self.committed.subscribe();
        let store = self.clone();
        tokio::spawn(keep_numbering(store, committed));
    }
}

async fn keep_numbering(store: Store, mut committed: watch::Receiver<()>) {
    while !store.is_closed() {
        committed.mark_unchanged();
        match store.number_events().await {
            // Another process numbers at the same time.
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) if !store.is_closed() => {
                tracing::warn!(%error, "events could not be numbered; again soon");
            }
            Err(_) => {}
        }
        let _ = tokio::time::timeout(LOOK_EVERY, committed.changed()).await;
    }
}

impl Tx {
    async fn number_some(&mut self) -> Result<Vec<KeptEvent>, StoreError> {
        let TxBackend::Postgres(transaction) = &mut self.backend else {
            return Ok(Vec::new());
        };
        let (last,): (i64,) = sqlx::query_as(HOLD).fetch_one(&mut **transaction).await?;
        let mut events: Vec<KeptEvent> = sqlx::query_as(UNNUMBERED)
            .bind(BATCH)
            .fetch_all(&mut **transaction)
            .await?;
        if events.is_empty() {
            return Ok(events);
        }
        let mut position = last;
        for event in &mut events {
            position = position.saturating_add(1);
            event.position = position;
        }
        for piece in pieces(&events) {
            let rows: Vec<String> = (0..piece.len())
                .map(|row| {
                    let first = row * 3 + 1;
                    let (second, third) = (first + 1, first + 2);
                    format!("(${first}::text, ${second}::bigint, ${third}::bigint)")
                })
                .collect();
            let sql = format!(
                "UPDATE event SET position = numbered.position
                 FROM (VALUES {}) AS numbered (taxpayer_id, sequence, position)
                 WHERE event.taxpayer_id = numbered.taxpayer_id
                 AND event.sequence = numbered.sequence AND event.position IS NULL",
                rows.join(", ")
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for event in piece {
                query = query
                    .bind(&event.taxpayer_id)
                    .bind(event.sequence)
                    .bind(event.position);
            }
            let done = query.execute(&mut **transaction).await?;
            if all_rows("event", done.rows_affected(), piece.len()).is_err() {
                // On a distributed database the row held above may come free a moment before the
                // last shard shows what its holder numbered. Then nothing is kept of this.
                let why = "another process has numbered these events".to_owned();
                return Err(StoreError::Conflict(why));
            }
        }
        let done = sqlx::query(RAISE)
            .bind(position)
            .bind(last)
            .execute(&mut **transaction)
            .await?;
        all_rows("event_numbering", done.rows_affected(), 1)?;
        Ok(events)
    }
}
