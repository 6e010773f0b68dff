//! Forgetting: the only statements that delete, for the sandbox's Reset, and for what an unfinished
//! copy left, which nobody was ever served.

use sqlx::AssertSqlSafe;

use super::tables::{Spread, copied};
use super::{Store, StoreError, Tx, change, on_backend};
use crate::types::TaxpayerKey;

impl Tx {
    /// Every taxpayer there is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn everybody(&mut self) -> Result<Vec<TaxpayerKey>, StoreError> {
        let rows: Vec<(String,)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT taxpayer_id FROM taxpayer ORDER BY taxpayer_id",
        )
        .fetch_all(conn)
        .await)?;
        let key = |(id,): (String,)| {
            TaxpayerKey::parse(&id).map_err(|_| StoreError::value("taxpayer", "taxpayer_id"))
        };
        rows.into_iter().map(key).collect()
    }

    /// A payment of a taxpayer whose end is not known yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn running_payment(
        &mut self,
        taxpayer: TaxpayerKey,
    ) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT payment_id FROM payment WHERE taxpayer_id = $1
             AND state IN ('CREATED', 'SENT', 'CONFIRMING') ORDER BY payment_id LIMIT 1",
        )
        .bind(taxpayer.to_string())
        .fetch_optional(conn)
        .await)?;
        Ok(row.map(|(id,)| id))
    }

    /// Forgets everything of a taxpayer; true when there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&mut self, taxpayer: TaxpayerKey) -> Result<bool, StoreError> {
        Ok(self.forget_rows(&taxpayer.to_string()).await? > 0)
    }

    /// Forgets what nobody knows the taxpayer of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_nobodys(&mut self) -> Result<(), StoreError> {
        self.forget_rows("").await?;
        Ok(())
    }

    async fn forget_rows(&mut self, taxpayer_id: &str) -> Result<u64, StoreError> {
        let mut last = 0;
        // Each table before those it refers to; the taxpayer's own row is the last.
        for table in copied()
            .rev()
            .filter(|table| table.place("taxpayer_id").is_some())
        {
            let sql = format!("DELETE FROM {} WHERE taxpayer_id = $1", table.name);
            let done = change!(self, conn => sqlx::query(AssertSqlSafe(sql))
                .bind(taxpayer_id.to_owned())
                .execute(conn)
                .await)?;
            last = done;
        }
        Ok(last)
    }
}

impl Store {
    /// Empties a database whose copy has stopped half-way, its mark last.
    pub(super) async fn empty_unfinished(&self) -> Result<(), StoreError> {
        let filled = copied().filter(|table| table.spread != Spread::OneRow);
        for name in filled
            .map(|table| table.name)
            .rev()
            .chain(["database_copy"])
        {
            let mut tx = self.begin("Copy", None, None).await?;
            tx.unhurried().await?;
            let unfinished = "(SELECT COUNT(*) FROM database_copy WHERE finished_at IS NULL) = 1";
            let sql = format!("DELETE FROM {name} WHERE {unfinished}");
            change!(tx, conn => sqlx::query(AssertSqlSafe(sql)).execute(conn).await)?;
            tx.commit().await?;
        }
        Ok(())
    }
}
