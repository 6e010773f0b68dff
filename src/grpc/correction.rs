//! Correcting (更正) and voiding (作废) what was filed.

use super::app::App;
use super::call::{Answer, Call};
use super::failure::Failure;
use crate::pb;

/// Not built yet.
pub async fn correct(
    _: &App,
    _: &Call,
    _: pb::CorrectDeclarationRequest,
) -> Result<Answer<pb::CorrectDeclarationResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn void(
    _: &App,
    _: &Call,
    _: pb::VoidDeclarationRequest,
) -> Result<Answer<pb::VoidDeclarationResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
