//! What is owed (欠税), extensions of payment, and payments listed.

use super::app::App;
use super::call::{Answer, Call};
use super::failure::Failure;
use crate::pb;

/// Not built yet.
pub async fn list(
    _: &App,
    _: &Call,
    _: pb::ListArrearsRequest,
) -> Result<Answer<pb::ListArrearsResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn list_payments(
    _: &App,
    _: &Call,
    _: pb::ListPaymentsRequest,
) -> Result<Answer<pb::ListPaymentsResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn extend(
    _: &App,
    _: &Call,
    _: pb::ExtendPaymentRequest,
) -> Result<Answer<pb::ExtendPaymentResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
