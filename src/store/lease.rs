//! Which of several processes does a piece of work: the one that holds its lease. The embedded
//! database has one process, which needs none.

use jiff::{SignedDuration, Timestamp};

use super::{Store, StoreError, change, micros};

impl Store {
    /// Takes or keeps the lease of a piece of work until `now + keep`; false while another holder
    /// has it. `now` is real time, which processes share, whatever the sandbox's clock says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold_lease(
        &self,
        name: &'static str,
        holder: &str,
        now: Timestamp,
        keep: SignedDuration,
    ) -> Result<bool, StoreError> {
        if self.is_alone() {
            return Ok(true);
        }
        let until = now.saturating_add(keep).unwrap_or(Timestamp::MAX);
        let mut tx = self.begin("HoldLease", None, None).await?;
        let held = change!(tx, conn => sqlx::query(
            "INSERT INTO worker_lease (name, holder, until) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
             WHERE worker_lease.holder = excluded.holder OR worker_lease.until < $4",
        )
        .bind(name)
        .bind(holder)
        .bind(micros(until))
        .bind(micros(now))
        .execute(conn)
        .await)?;
        tx.commit().await?;
        Ok(held > 0)
    }
}
