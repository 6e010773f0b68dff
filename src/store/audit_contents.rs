//! The part of the audit that knows what a declaration and a voucher say.

use super::audit::{Break, Fault};
use super::seal::bytes_digest;
use super::{StoreError, Tx, on_backend};
use crate::filing::{Content, DeclarationState, Line, VoucherBody};
use crate::rules::RuleBook;

/// A line as the table has it.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct LineRow {
    line_number: i64,
    source_id: String,
    source_version: i64,
    tax: String,
    item: String,
    detail: String,
    first_day: String,
    last_day: String,
    tax_fen: i64,
    relief_fen: i64,
    paid_fen: i64,
    payable_fen: i64,
    live: i64,
}

impl LineRow {
    /// What the table must have of a line.
    fn of(line: &Line, live: bool) -> Option<Self> {
        let charge = &line.charge;
        Some(Self {
            line_number: line.number.into(),
            source_id: line.source_id.to_string(),
            source_version: line.source_version,
            tax: charge.tax.name().to_owned(),
            item: charge.item.clone(),
            detail: charge.detail.clone(),
            first_day: charge.period.first().to_string(),
            last_day: charge.period.last().to_string(),
            tax_fen: charge.tax_amount.fen(),
            relief_fen: charge.relief().ok()?.fen(),
            paid_fen: charge.already_paid.fen(),
            payable_fen: line.payable.fen(),
            live: live.into(),
        })
    }
}

#[derive(sqlx::FromRow)]
struct DeclarationRow {
    declaration_id: String,
    content: String,
    digest: String,
    state: String,
    payable_fen: i64,
    refundable_fen: i64,
}

impl DeclarationRow {
    fn fault(&self, lines: &[LineRow]) -> Option<(Fault, &'static str)> {
        if bytes_digest(self.content.as_bytes()) != self.digest {
            return Some((
                Fault::ContentAltered,
                "its content does not give its digest",
            ));
        }
        let unreadable = Some((Fault::ContentAltered, "its content cannot be read"));
        let Ok(content) = serde_json::from_str::<Content>(&self.content) else {
            return unreadable;
        };
        let (Some(state), Ok(totals)) =
            (DeclarationState::from_name(&self.state), content.totals())
        else {
            return unreadable;
        };
        if (self.payable_fen, self.refundable_fen)
            != (totals.payable.fen(), totals.refundable.fen())
        {
            return Some((
                Fault::LinesAltered,
                "its totals are not those of its content",
            ));
        }
        // A line that a correction withdraws holds no source and period.
        let of = |line: &Line| LineRow::of(line, state.is_live() && !line.is_withdrawn());
        let expected: Option<Vec<LineRow>> = match state {
            DeclarationState::Draft => Some(Vec::new()),
            _ => content.lines.iter().map(of).collect(),
        };
        if expected.as_deref() != Some(lines) {
            return Some((
                Fault::LinesAltered,
                "its lines are not those of its content",
            ));
        }
        None
    }
}

#[derive(sqlx::FromRow)]
struct VoucherRow {
    voucher_number: String,
    payment_id: String,
    declaration_id: String,
    total_fen: i64,
    signed_text: String,
    signature: String,
    public_key: String,
}

impl VoucherRow {
    fn fault(&self, verify: fn(&str, &str, &str) -> bool) -> Option<(Fault, &'static str)> {
        if !verify(&self.signed_text, &self.signature, &self.public_key) {
            return Some((Fault::VoucherForged, "its signature does not hold"));
        }
        let same = serde_json::from_str::<VoucherBody>(&self.signed_text).is_ok_and(|body| {
            body.voucher_number.as_str() == self.voucher_number
                && body.payment_id.to_string() == self.payment_id
                && body.declaration_id.to_string() == self.declaration_id
                && body.total.fen().saturating_abs() == self.total_fen
        });
        (!same).then_some((Fault::VoucherForged, "its row is not what was signed"))
    }
}

impl Tx {
    /// Loads each rule pack that a declaration was computed with and compares its digest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_rule_packs(&mut self) -> Result<Vec<Break>, StoreError> {
        let rows: Vec<(String, String)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT digest, files FROM rule_pack ORDER BY digest",
        )
        .fetch_all(conn)
        .await)?;
        let holds = |(digest, files): &(String, String)| {
            let files = serde_json::from_str(files).ok();
            let book = files.and_then(|files| RuleBook::load(files).ok());
            book.is_some_and(|book| book.digest() == digest)
        };
        let broken = rows.iter().filter(|row| !holds(row)).map(|(digest, _)| {
            let text = "its files do not give its digest";
            Break::of(
                "",
                format!("rule_pack {digest}"),
                Fault::ContentAltered,
                text,
            )
        });
        Ok(broken.collect())
    }

    /// Compares each declaration with its digest and its lines with its content.
    pub(super) async fn audit_declarations(
        &mut self,
        taxpayer: &str,
    ) -> Result<Vec<Break>, StoreError> {
        let ids: Vec<(String,)> = on_backend!(self, conn => sqlx::query_as(
            "SELECT declaration_id FROM declaration WHERE taxpayer_id = $1",
        )
        .bind(taxpayer)
        .fetch_all(conn)
        .await)?;
        let mut breaks = Vec::new();
        for (id,) in ids {
            let row: DeclarationRow = on_backend!(self, conn => sqlx::query_as(
                "SELECT declaration_id, content, digest, state, payable_fen, refundable_fen
                 FROM declaration WHERE taxpayer_id = $1 AND declaration_id = $2",
            )
            .bind(taxpayer)
            .bind(&id)
            .fetch_one(conn)
            .await)?;
            let lines: Vec<LineRow> = on_backend!(self, conn => sqlx::query_as(
                "SELECT line_number, source_id, source_version, tax, item, detail, first_day,
                 last_day, tax_fen, relief_fen, paid_fen, payable_fen, live FROM declaration_line
                 WHERE taxpayer_id = $1 AND declaration_id = $2 ORDER BY line_number",
            )
            .bind(taxpayer)
            .bind(&id)
            .fetch_all(conn)
            .await)?;
            if let Some((fault, text)) = row.fault(&lines) {
                let subject = format!("declaration {}", row.declaration_id);
                breaks.push(Break::of(taxpayer, subject, fault, text));
            }
        }
        Ok(breaks)
    }

    /// Verifies each voucher's signature and compares its row with what was signed.
    pub(super) async fn audit_vouchers(
        &mut self,
        taxpayer: &str,
        verify: fn(&str, &str, &str) -> bool,
    ) -> Result<Vec<Break>, StoreError> {
        let rows: Vec<VoucherRow> = on_backend!(self, conn => sqlx::query_as(
            "SELECT voucher_number, payment_id, declaration_id, total_fen, signed_text, signature,
             public_key FROM voucher WHERE taxpayer_id = $1",
        )
        .bind(taxpayer)
        .fetch_all(conn)
        .await)?;
        let broken = |row: &VoucherRow| {
            let (fault, text) = row.fault(verify)?;
            let subject = format!("voucher {}", row.voucher_number);
            Some(Break::of(taxpayer, subject, fault, text))
        };
        Ok(rows.iter().filter_map(broken).collect())
    }
}
