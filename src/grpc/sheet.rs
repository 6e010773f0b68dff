//! The life of a voucher sheet: reprinted (补打), replaced (换开), voided (作废).

use super::app::App;
use super::call::{Answer, Call};
use super::failure::Failure;
use crate::pb;

/// Not built yet.
pub async fn reprint(
    _: &App,
    _: &Call,
    _: pb::ReprintVoucherRequest,
) -> Result<Answer<pb::ReprintVoucherResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn replace(
    _: &App,
    _: &Call,
    _: pb::ReplaceVoucherRequest,
) -> Result<Answer<pb::ReplaceVoucherResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn void(
    _: &App,
    _: &Call,
    _: pb::VoidVoucherRequest,
) -> Result<Answer<pb::VoidVoucherResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
