//! Vouchers, forms and schedules as documents.

use super::app::App;
use super::call::{Answer, Call};
use super::failure::Failure;
use crate::pb;

/// Not built yet.
pub async fn render(
    _: &App,
    _: &Call,
    _: pb::RenderVoucherRequest,
) -> Result<Answer<pb::RenderVoucherResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
