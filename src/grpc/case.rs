//! Cases for an officer: facts of bank and treasury that disagree with the books.

use super::app::App;
use super::call::{Answer, Call};
use super::failure::Failure;
use crate::pb;

/// Not built yet.
pub async fn reverse(
    _: &App,
    _: &Call,
    _: pb::ReversePaymentRequest,
) -> Result<Answer<pb::ReversePaymentResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn list(
    _: &App,
    _: &Call,
    _: pb::ListCasesRequest,
) -> Result<Answer<pb::ListCasesResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn resolve(
    _: &App,
    _: &Call,
    _: pb::ResolveCaseRequest,
) -> Result<Answer<pb::ResolveCaseResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
