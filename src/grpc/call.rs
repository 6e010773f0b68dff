//! One call: its id, its language, and how its answer is written.

use prost::Message;
use sha2::{Digest, Sha256};
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::failure::Failure;
use super::status::status;
use crate::store::{RecordedRequest, Tx};
use crate::types::{RequestId, TaxpayerKey};

const REQUEST_ID_HEADER: &str = "x-request-id";
/// The mark of an earlier answer given again.
pub const IDEMPOTENCY_HIT: &str = "idempotency-hit";
const REQUEST_ID_MAX: usize = 128;

/// The language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// zh-CN, unless English is asked for.
    Chinese,
    /// en.
    English,
}

/// What is known of a call before its message is read.
#[derive(Debug, Clone)]
pub struct Call {
    /// The caller's `x-request-id`, or one of our own; on every answer, also on failures.
    pub id: String,
    /// The language of `accept-language`.
    pub language: Language,
}

/// An answer, and whether it is an earlier one given again.
#[derive(Debug)]
pub struct Answer<T> {
    /// The message.
    pub message: T,
    /// It answers a repeat.
    pub replayed: bool,
}

impl<T> Answer<T> {
    /// A fresh answer.
    pub fn new(message: T) -> Self {
        Self {
            message,
            replayed: false,
        }
    }
}

impl Call {
    /// Reads the metadata of a request.
    pub fn of<T>(request: &Request<T>) -> Self {
        let header = |name: &str| request.metadata().get(name).and_then(|v| v.to_str().ok());
        let id = header(REQUEST_ID_HEADER)
            .filter(|id| !id.is_empty() && id.len() <= REQUEST_ID_MAX)
            .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
        let english = header("accept-language")
            .is_some_and(|languages| languages.trim().to_ascii_lowercase().starts_with("en"));
        let language = if english {
            Language::English
        } else {
            Language::Chinese
        };
        Self { id, language }
    }

    /// Writes an outcome as what the wire carries.
    pub fn answer<T>(&self, outcome: Result<Answer<T>, Failure>) -> Result<Response<T>, Status> {
        match outcome {
            Ok(answer) => {
                let mut response = Response::new(answer.message);
                if let Ok(value) = MetadataValue::try_from(&self.id) {
                    response.metadata_mut().insert(REQUEST_ID_HEADER, value);
                }
                if answer.replayed {
                    let hit = MetadataValue::from_static("true");
                    response.metadata_mut().insert(IDEMPOTENCY_HIT, hit);
                }
                Ok(response)
            }
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Writes a failure as what the wire carries, also at the end of a stream.
    pub fn failed(&self, failure: Failure) -> Status {
        let mut status = status(failure, self);
        if let Ok(value) = MetadataValue::try_from(&self.id) {
            status.metadata_mut().insert(REQUEST_ID_HEADER, value);
        }
        status
    }
}

/// A mutation: a method, the client's mark on it, and what it asks for.
#[derive(Debug, Clone)]
pub struct Mutation {
    /// The method, such as `SubmitDeclaration`.
    pub method: &'static str,
    /// The client's mark.
    pub request: RequestId,
    digest: String,
}

impl Mutation {
    /// A mutation asked for by a message.
    pub fn new(method: &'static str, request: RequestId, message: &impl Message) -> Self {
        let digest = hex::encode(Sha256::digest(message.encode_to_vec()));
        Self {
            method,
            request,
            digest,
        }
    }

    /// What is recorded of it, if it came before.
    ///
    /// # Errors
    /// [`Failure::RequestIdReused`] when it came with other content.
    pub async fn earlier(
        &self,
        tx: &mut Tx,
        taxpayer: TaxpayerKey,
    ) -> Result<Option<RecordedRequest>, Failure> {
        let Some(recorded) = tx.find_request(taxpayer, self.request).await? else {
            return Ok(None);
        };
        if recorded.method != self.method || recorded.content_digest != self.digest {
            return Err(Failure::RequestIdReused {
                method: recorded.method,
            });
        }
        Ok(Some(recorded))
    }

    /// The first answer, if the same mutation came before and is done.
    ///
    /// # Errors
    /// [`Failure::RequestIdReused`], or [`Failure::StillRunning`] when it is not done yet.
    pub async fn replay<T: Message + Default>(
        &self,
        tx: &mut Tx,
        taxpayer: TaxpayerKey,
    ) -> Result<Option<Answer<T>>, Failure> {
        match self.earlier(tx, taxpayer).await? {
            None => Ok(None),
            Some(RecordedRequest { response: None, .. }) => Err(Failure::StillRunning),
            Some(RecordedRequest {
                response: Some(bytes),
                ..
            }) => replayed(&bytes).map(Some),
        }
    }

    /// Records the answer in the transaction of its effect; nothing while the bank is awaited.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn record<T: Message>(
        &self,
        tx: &mut Tx,
        taxpayer: TaxpayerKey,
        subject_id: &str,
        response: Option<&T>,
        recorded_at: jiff::Timestamp,
    ) -> Result<(), Failure> {
        let recorded = RecordedRequest {
            method: self.method.to_owned(),
            content_digest: self.digest.clone(),
            subject_id: subject_id.to_owned(),
            response: response.map(Message::encode_to_vec),
            recorded_at,
        };
        Ok(tx.insert_request(taxpayer, self.request, &recorded).await?)
    }
}

/// A recorded answer given again.
pub fn replayed<T: Message + Default>(bytes: &[u8]) -> Result<Answer<T>, Failure> {
    let message = T::decode(bytes).map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(Answer {
        message,
        replayed: true,
    })
}
