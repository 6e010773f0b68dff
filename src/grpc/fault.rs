//! The sandbox's fault dial, and forgetting.

use super::app::App;
use super::call::{Answer, Call};
use super::failure::Failure;
use crate::pb;

/// Not built yet.
pub async fn set(
    _: &App,
    _: &Call,
    _: pb::SetFaultRequest,
) -> Result<Answer<pb::SetFaultResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn reset(
    _: &App,
    _: &Call,
    _: pb::ResetRequest,
) -> Result<Answer<pb::ResetResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
