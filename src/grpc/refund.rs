//! Refunds (退税): claimed, decided, set against arrears, paid out.

use super::app::App;
use super::call::{Answer, Call};
use super::failure::Failure;
use crate::pb;

/// Not built yet.
pub async fn request(
    _: &App,
    _: &Call,
    _: pb::RequestRefundRequest,
) -> Result<Answer<pb::RequestRefundResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn offset(
    _: &App,
    _: &Call,
    _: pb::OffsetRefundRequest,
) -> Result<Answer<pb::OffsetRefundResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn get(
    _: &App,
    _: &Call,
    _: pb::GetRefundRequest,
) -> Result<Answer<pb::GetRefundResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn list(
    _: &App,
    _: &Call,
    _: pb::ListRefundsRequest,
) -> Result<Answer<pb::ListRefundsResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn decide(
    _: &App,
    _: &Call,
    _: pb::DecideRefundRequest,
) -> Result<Answer<pb::DecideRefundResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn report(
    _: &App,
    _: &Call,
    _: pb::ReportRefundRequest,
) -> Result<Answer<pb::ReportRefundResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
