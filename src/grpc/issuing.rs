//! Issuing vouchers: a number that is free, and the signature.

use sha2::{Digest, Sha256};

use super::app::Parts;
use super::failure::Failure;
use crate::filing::{Voucher, VoucherBody, VoucherKind, VoucherState};
use crate::store::Tx;
use crate::types::{PaymentId, TaxpayerKey, VoucherNumber};

const NUMBER_TRIES: u8 = 16;

/// A number that is free: derived from the payment, so that no counter has to be shared.
///
/// # Errors
/// [`Failure`].
pub async fn free_number(
    tx: &mut Tx,
    payment: PaymentId,
    year: i16,
) -> Result<VoucherNumber, Failure> {
    for attempt in 0..NUMBER_TRIES {
        let hash = Sha256::digest(format!("{payment}/{attempt}"));
        let serial = hash
            .iter()
            .take(8)
            .fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte));
        let number = VoucherNumber::make(year, serial);
        if !tx.voucher_number_taken(&number).await? {
            return Ok(number);
        }
    }
    Err(Failure::Internal("no free voucher number".to_owned()))
}

/// Signs the body of a payment's voucher.
///
/// # Errors
/// [`Failure`].
pub fn sign(
    app: &Parts,
    taxpayer: TaxpayerKey,
    body: VoucherBody,
    created_at: jiff::Timestamp,
) -> Result<Voucher, Failure> {
    let signed_text = serde_json::to_string(&body)?;
    let signature = app.signer.sign(&signed_text);
    let public_key = app.signer.public_key();
    let state = VoucherState::Issued;
    Ok(Voucher {
        taxpayer,
        state,
        body,
        signed_text,
        signature,
        public_key,
        created_at,
        kind: VoucherKind::Payment,
        refund: None,
        replaces: None,
        replaced_by: None,
        reprints: 0,
        close_reason: None,
        version: 1,
    })
}
