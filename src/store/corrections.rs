//! Corrections and voids: chains of revisions, and what leaves force.

use std::collections::HashMap;

use super::{StoreError, Tx, change, on_backend};
use crate::types::{DeclarationId, Invalid, TaxKind, TaxpayerKey};

impl Tx {
    /// The submitted revision that replaced each declaration of a taxpayer's that has one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn corrected_by(
        &mut self,
        taxpayer: TaxpayerKey,
    ) -> Result<HashMap<DeclarationId, DeclarationId>, StoreError> {
        let rows: Vec<(String, String)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT corrects, declaration_id FROM declaration
             WHERE taxpayer_id = $1 AND corrects IS NOT NULL AND state <> 'DRAFT'",
        )
        .bind(taxpayer.to_string())
        .fetch_all(conn)
        .await)?;
        let bad = |error: Invalid| StoreError::value("declaration", error);
        let read = |(old, new): (String, String)| {
            let old = DeclarationId::parse(&old).map_err(bad)?;
            Ok((old, DeclarationId::parse(&new).map_err(bad)?))
        };
        rows.into_iter().map(read).collect()
    }

    /// A declaration's lines and periods hold no source any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retire(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<(), StoreError> {
        for statement in [
            "UPDATE declaration_line SET live = 0
             WHERE taxpayer_id = $1 AND declaration_id = $2",
            "UPDATE declared_period SET live = 0
             WHERE taxpayer_id = $1 AND declaration_id = $2",
        ] {
            change!(self, conn => sqlx::query(statement)
                .bind(taxpayer.to_string())
                .bind(declaration.to_string())
                .execute(conn)
                .await)?;
        }
        Ok(())
    }

    /// The declared sources of a declaration's tax are being corrected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_correcting(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
        tax: TaxKind,
    ) -> Result<(), StoreError> {
        let rpc = self.rpc;
        change!(self, conn => sqlx::query(
            "UPDATE tax_source SET state = 'CORRECTING', updated_by = $1
             WHERE taxpayer_id = $2 AND state = 'DECLARED' AND tax = $4 AND source_id IN
             (SELECT source_id FROM declared_period WHERE taxpayer_id = $2
              AND declaration_id = $3)",
        )
        .bind(rpc)
        .bind(taxpayer.to_string())
        .bind(declaration.to_string())
        .bind(tax.name())
        .execute(conn)
        .await)?;
        Ok(())
    }

    /// The sources of a revision that is in force are declared, also those that were corrected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_corrected(
        &mut self,
        taxpayer: TaxpayerKey,
        revision: DeclarationId,
    ) -> Result<(), StoreError> {
        let rpc = self.rpc;
        change!(self, conn => sqlx::query(
            "UPDATE tax_source SET state = 'DECLARED', updated_by = $1
             WHERE taxpayer_id = $2 AND state IN ('COLLECTED', 'CORRECTING') AND source_id IN
             (SELECT source_id FROM declared_period WHERE taxpayer_id = $2
              AND declaration_id = $3)",
        )
        .bind(rpc)
        .bind(taxpayer.to_string())
        .bind(revision.to_string())
        .execute(conn)
        .await)?;
        Ok(())
    }

    /// The sources of a declaration that left force go back to COLLECTED where they stand on no
    /// live one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_sources(
        &mut self,
        taxpayer: TaxpayerKey,
        declaration: DeclarationId,
    ) -> Result<(), StoreError> {
        let rpc = self.rpc;
        change!(self, conn => sqlx::query(
            "UPDATE tax_source SET state = 'COLLECTED', updated_by = $1
             WHERE taxpayer_id = $2 AND state IN ('DECLARED', 'CORRECTING') AND source_id IN
             (SELECT source_id FROM declared_period WHERE taxpayer_id = $2
              AND declaration_id = $3) AND source_id NOT IN
             (SELECT source_id FROM declared_period WHERE taxpayer_id = $2 AND live = 1)",
        )
        .bind(rpc)
        .bind(taxpayer.to_string())
        .bind(declaration.to_string())
        .execute(conn)
        .await)?;
        Ok(())
    }
}
