//! Vouchers on the wire.

use super::{instant, period};
use crate::filing::{Voucher, VoucherKind, VoucherRow, VoucherState};
use crate::grpc::app::etag;
use crate::pb;
use crate::types::VoucherNumber;

fn number(number: Option<&VoucherNumber>) -> String {
    number.map(ToString::to_string).unwrap_or_default()
}

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
        treasury_date: row.treasury_date.unwrap_or(body.treasury_date).to_string(),
        amount_yuan: row.amount.to_string(),
        original_voucher_number: number(row.original_voucher_number.as_ref()),
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
        kind: match voucher.kind {
            VoucherKind::Payment => pb::VoucherKind::Payment,
            VoucherKind::Refund => pb::VoucherKind::Refund,
        }
        .into(),
        replaces_voucher_number: number(voucher.replaces.as_ref()),
        replaced_by_voucher_number: number(voucher.replaced_by.as_ref()),
        reprint_count: i32::try_from(voucher.reprints).unwrap_or(i32::MAX),
        refund_id: voucher.refund.map(|id| id.to_string()).unwrap_or_default(),
        rule_pack_digest: body.rule_pack_digest.clone(),
        close_reason: voucher.close_reason.clone().unwrap_or_default(),
        etag: etag(voucher.version),
        verification_code: voucher.verification_code(),
        qr_text: voucher.qr_text(),
        signature_algorithm: voucher.algorithm().to_owned(),
        key_id: voucher.key_id(),
        treasury_code: body
            .treasury
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        bank_reference: body.bank_reference.clone().unwrap_or_default(),
        sample: body.sample,
    }
}
