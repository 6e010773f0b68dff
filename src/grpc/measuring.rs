//! How long calls take, by method and code.

use std::pin::Pin;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::scenario::method_of;
use crate::clock::Stopwatch;
use crate::telemetry;

/// A path that is no method of ours: one name for all, so that nobody can make names at will.
const OTHER: &str = "_OTHER";

/// Measures every call.
#[derive(Debug, Clone, Copy)]
pub struct MeasuringLayer;

impl<S> Layer<S> for MeasuringLayer {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Measured(inner)
    }
}

/// The services, measured.
#[derive(Debug, Clone)]
pub struct Measured<S>(S);

impl<S> Service<Request<Body>> for Measured<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if !telemetry::is_served() {
            return Box::pin(self.0.call(request));
        }
        let method = method_of(request.uri().path())
            .map_or_else(|| OTHER.to_owned(), |method| method.full_name().to_owned());
        let watch = Stopwatch::start();
        let answered = self.0.call(request);
        Box::pin(async move {
            let answered = answered.await;
            // A failed unary call says so in its head; a stream that fails later counts as begun.
            let code = answered.as_ref().map_or(Code::Unknown, |response| {
                Status::from_header_map(response.headers()).map_or(Code::Ok, |told| told.code())
            });
            telemetry::answered(method, name(code), watch.elapsed());
            answered
        })
    }
}

/// The name of a code, as gRPC writes it.
const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
