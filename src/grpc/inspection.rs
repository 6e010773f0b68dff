//! Inspections (税务检查): while one is open its periods cannot be corrected.

use super::app::App;
use super::call::{Answer, Call};
use super::failure::Failure;
use crate::pb;

/// Not built yet.
pub async fn open(
    _: &App,
    _: &Call,
    _: pb::OpenInspectionRequest,
) -> Result<Answer<pb::OpenInspectionResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}

/// Not built yet.
pub async fn close(
    _: &App,
    _: &Call,
    _: pb::CloseInspectionRequest,
) -> Result<Answer<pb::CloseInspectionResponse>, Failure> {
    Err(Failure::Internal("not built".to_owned()))
}
