//! Calls that go wrong on demand, before or after their effect. Only in the sandbox: elsewhere the
//! layer lets every call pass and the header means nothing.

use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use prost::bytes::Bytes;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use tonic::body::Body;
use tonic::codec::{CompressionEncoding, DecodeBuf, Decoder, Streaming};
use tonic::codegen::http::{Request, Response};
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Status};
use tower::{Layer, Service};

use super::app::App;
use super::call::{Answer, Call};
use super::convert::Violation;
use super::dial::Scenario;
use super::failure::Failure;
use crate::filing::Refusal;
use crate::gateway::FaultRule;
use crate::pb;
use crate::types::Invalid;

/// The header that makes one call go wrong.
pub const SCENARIO_HEADER: &str = "x-test-scenario";
const PACKAGE: &str = "caixing.v1.";
/// The call that makes an order for the bank.
const ORDERING: &str = "CreatePayment";
/// Turning the dial never fails on demand.
const DIALLING: &str = "SandboxService";
/// The bank's reports fail on demand only where they are named.
const REPORTING: &str = "TreasuryCallbackService";
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
const FRAME_HEAD_BYTES: usize = 5;

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(pb::DESCRIPTORS).ok());

/// The methods of the service by their path, such as `/caixing.v1.PaymentService/GetPayment`.
pub fn method_of(path: &str) -> Option<MethodDescriptor> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    let service = POOL.as_ref()?.get_service_by_name(service)?;
    service.methods().find(|one| one.name() == method)
}

/// True when some service has a method of this name.
pub fn is_method(name: &str) -> bool {
    let mut services = POOL.iter().flat_map(DescriptorPool::services);
    services.any(|service| {
        let ours = service.full_name().starts_with(PACKAGE) && service.name() != DIALLING;
        ours && service.methods().any(|method| method.name() == name)
    })
}

/// Puts the dial before the services.
#[derive(Debug, Clone)]
pub struct ScenarioLayer {
    app: App,
}

impl ScenarioLayer {
    /// The layer of a server.
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

impl<S> Layer<S> for ScenarioLayer {
    type Service = Scenarios<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Scenarios {
            app: self.app.clone(),
            inner,
        }
    }
}

/// The services behind the dial.
#[derive(Debug, Clone)]
pub struct Scenarios<S> {
    app: App,
    inner: S,
}

type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S> Service<Request<Body>> for Scenarios<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The clone that was ready is used up; a fresh one waits for the next call.
        let fresh = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, fresh);
        let app = self.app.clone();
        Box::pin(async move {
            let call = call_of(&request);
            match look(&app, request).await {
                Ok((request, None)) => pass(inner, request).await,
                Ok((request, Some(at_hand))) => at_hand.play(&app, &call, inner, request).await,
                Err(failure) => Ok(refusal(&call, failure)),
            }
        })
    }
}

async fn pass<S: Service<Request<Body>>>(
    mut inner: S,
    request: Request<Body>,
) -> Result<S::Response, S::Error> {
    inner.call(request).await
}

fn call_of(request: &Request<Body>) -> Call {
    let metadata = MetadataMap::from_headers(request.headers().clone());
    Call::of(&tonic::Request::from_parts(
        metadata,
        Extensions::default(),
        (),
    ))
}

fn refusal(call: &Call, failure: Failure) -> Response<Body> {
    match call.answer(Err::<Answer<()>, Failure>(failure)) {
        Err(status) => status.into_http(),
        Ok(_) => Response::default(),
    }
}

fn bad_header() -> Failure {
    let zh =
        "应为错误目录中的原因、ANSWER_LOST、ANSWER_RESET，或用于 CreatePayment 的 BANK_FAULT_…";
    let en = "must be a reason of the catalogue, ANSWER_LOST, ANSWER_RESET or, on CreatePayment, \
              a BANK_FAULT_…";
    Failure::Fields(vec![Violation {
        field: SCENARIO_HEADER.to_owned(),
        invalid: Invalid::new("CHOICE", zh, en),
    }])
}

/// What is to happen to a call, and whose call it is where that was read.
struct AtHand {
    scenario: Scenario,
    taxpayer_id: Option<String>,
}

/// Looks whether a call is to go wrong. What of the body was read is put back.
async fn look(
    app: &App,
    request: Request<Body>,
) -> Result<(Request<Body>, Option<AtHand>), Failure> {
    let Some(dial) = &app.dial else {
        return Ok((request, None));
    };
    let Some(method) = method_of(request.uri().path()) else {
        return Ok((request, None));
    };
    let service = method.parent_service().name().to_owned();
    if service == DIALLING {
        return Ok((request, None));
    }
    let header = request.headers().get(SCENARIO_HEADER);
    if let Some(header) = header.filter(|header| !header.is_empty()) {
        let named = header.to_str().ok().and_then(Scenario::parse);
        let scenario = named.ok_or_else(bad_header)?;
        let (request, taxpayer_id) = match scenario {
            Scenario::Bank(_) if method.name() != ORDERING => return Err(bad_header()),
            Scenario::Bank(_) => peek(request, &method).await?,
            _ => (request, None),
        };
        let at_hand = AtHand {
            scenario,
            taxpayer_id,
        };
        return Ok((request, Some(at_hand)));
    }
    let Some(whose) = dial.waits_for(method.name(), service != REPORTING) else {
        return Ok((request, None));
    };
    let (request, taxpayer_id) = if whose && !method.is_client_streaming() {
        peek(request, &method).await?
    } else {
        (request, None)
    };
    let taken = dial.take(method.name(), service != REPORTING, taxpayer_id.as_deref());
    let at_hand = taken.map(|scenario| AtHand {
        scenario,
        taxpayer_id,
    });
    Ok((request, at_hand))
}

impl AtHand {
    async fn play<S>(
        self,
        app: &App,
        call: &Call,
        inner: S,
        request: Request<Body>,
    ) -> Result<Response<Body>, S::Error>
    where
        S: Service<Request<Body>, Response = Response<Body>>,
    {
        match self.scenario {
            Scenario::Fails(reason) => Ok(refusal(call, reason.on_demand())),
            // A handler answers when its effect is kept, so from here on only the answer is lost.
            Scenario::AnswerLost => {
                pass(inner, request).await?;
                Ok(Status::unavailable("the connection broke (on demand)").into_http())
            }
            Scenario::AnswerReset => {
                let answer = pass(inner, request).await?;
                let cut = Status::internal("the stream broke (on demand)");
                let broken = StreamBody::new(tokio_stream::once(Err::<_, Status>(cut)));
                Ok(answer.map(|_| Body::new(broken)))
            }
            Scenario::Bank(fault) => {
                let Some(faults) = &app.bank_faults else {
                    return Ok(refusal(call, Refusal::BankIsExternal.into()));
                };
                let Some(taxpayer_id) = self.taxpayer_id else {
                    return pass(inner, request).await;
                };
                let rule = |times| FaultRule {
                    taxpayer_id: taxpayer_id.clone(),
                    fault,
                    times: Some(times),
                };
                faults.set(rule(1));
                let answer = pass(inner, request).await;
                // Not left behind for another order where this call never reached the bank.
                faults.set(rule(0));
                answer
            }
        }
    }
}

/// Reads whose call it is: the `taxpayer_id` of the message, where it has one.
async fn peek(
    request: Request<Body>,
    method: &MethodDescriptor,
) -> Result<(Request<Body>, Option<String>), Failure> {
    let (parts, body) = request.into_parts();
    let gzip = parts
        .headers
        .get("grpc-encoding")
        .is_some_and(|name| name == "gzip");
    let limited = Limited::new(body, MESSAGE_BYTES_MAX + FRAME_HEAD_BYTES);
    let collected = limited.collect().await;
    let unread = |error| Failure::Internal(format!("the message could not be read: {error}"));
    let bytes = collected.map_err(unread)?.to_bytes();
    let encoding = gzip.then_some(CompressionEncoding::Gzip);
    let body = Full::new(bytes.clone());
    let mut frames = Streaming::new_request(Frame, body, encoding, Some(MESSAGE_BYTES_MAX));
    // What cannot be read is nobody's; the service itself says what is wrong with it.
    let message = frames.message().await.ok().flatten();
    let taxpayer_id = message.and_then(|bytes| taxpayer_of(method, bytes));
    Ok((
        Request::from_parts(parts, Body::new(Full::new(bytes))),
        taxpayer_id,
    ))
}

fn taxpayer_of(method: &MethodDescriptor, message: Bytes) -> Option<String> {
    let input = method.input();
    let field = input.get_field_by_name("taxpayer_id")?;
    let message = DynamicMessage::decode(input, message).ok()?;
    message.get_field(&field).as_str().map(str::to_owned)
}

/// A message as it is, uncompressed.
struct Frame;

impl Decoder for Frame {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        use prost::bytes::Buf as _;
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}
