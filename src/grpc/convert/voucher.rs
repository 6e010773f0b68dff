//! Vouchers on the wire.

use super::{instant, period};
use crate::filing::{Voucher, VoucherRow, VoucherState};
use crate::pb;

/// Writes the state of a voucher.
pub fn state(state: VoucherState) -> pb::VoucherState {
    match state {
        VoucherState::Issued => pb::VoucherState::Issued,
        VoucherState::Voided => pb::VoucherState::Voided,
        VoucherState::Replaced => pb::VoucherState::Replaced,
    }
}

/// Writes a voucher.
pub fn voucher(voucher: &Voucher) -> pb::Voucher {
    let body = &voucher.body;
    let row = |row: &VoucherRow| pb::VoucherRow {
        tax_name: row.tax_zh.clone(),
        item_name: row.item_zh.clone(),
        period: Some(period(row.period)),
        treasury_date: body.treasury_date.to_string(),
        amount_yuan: row.amount.to_string(),
    };
    pb::Voucher {
        voucher_number: body.voucher_number.to_string(),
        taxpayer_id: voucher.taxpayer.to_string(),
        payment_id: body.payment_id.to_string(),
        declaration_id: body.declaration_id.to_string(),
        state: state(voucher.state).into(),
        tax_number: body.tax_number.to_string(),
        taxpayer_name: body.taxpayer_name.clone(),
        tax_authority_code: body.authority.to_string(),
        issued_on: body.issued_on.to_string(),
        rows: body.rows.iter().map(row).collect(),
        principal_yuan: body.principal.to_string(),
        total_yuan: body.total.to_string(),
        total_in_words: body.total_in_words.clone(),
        content_digest: body.content_digest.clone(),
        signed_text: voucher.signed_text.clone(),
        signature: voucher.signature.clone(),
        public_key: voucher.public_key.clone(),
        create_time: Some(instant(voucher.created_at)),
    }
}
