//! `idempotency-hit` is a trailer by contract, but a unary handler can only write headers: here
//! it is moved.

use http_body_util::BodyExt as _;
use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Response};

use super::call::IDEMPOTENCY_HIT;

/// Moves the mark of a repeated answer from the headers to the trailers.
pub fn move_idempotency_hit(mut response: Response<Body>) -> Response<Body> {
    if response.headers_mut().remove(IDEMPOTENCY_HIT).is_none() {
        return response;
    }
    response.map(|body| {
        Body::new(body.map_frame(|mut frame| {
            if let Some(trailers) = frame.trailers_mut() {
                trailers.insert(IDEMPOTENCY_HIT, HeaderValue::from_static("true"));
            }
            frame
        }))
    })
}
