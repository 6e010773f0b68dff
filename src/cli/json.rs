//! Proto3 JSON ⇄ wire messages, through the served descriptors.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};

use crate::pb;

/// Why a JSON text is not the message it should be.
#[derive(Debug, thiserror::Error)]
#[error("{message}: {problem}")]
pub struct JsonError {
    message: String,
    problem: String,
}

/// Decoded once: in bulk it would be most of the work.
static POOL: LazyLock<Result<DescriptorPool, String>> =
    LazyLock::new(|| DescriptorPool::decode(pb::DESCRIPTORS).map_err(|error| error.to_string()));

fn descriptor(name: &str) -> Result<prost_reflect::MessageDescriptor, JsonError> {
    let bad = |problem: &str| JsonError {
        message: name.to_owned(),
        problem: problem.to_owned(),
    };
    let pool = POOL.as_ref().map_err(|error| bad(error))?;
    pool.get_message_by_name(&format!("caixing.v1.{name}"))
        .ok_or_else(|| bad("there is no such message"))
}

/// Reads proto3 JSON as the named message. Unknown fields are refused.
///
/// # Errors
/// [`JsonError`] that says where.
pub fn read<T: Message + Default>(name: &str, json: &str) -> Result<T, JsonError> {
    let bad = |problem: String| JsonError {
        message: name.to_owned(),
        problem,
    };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let dynamic = DynamicMessage::deserialize(descriptor(name)?, &mut deserializer)
        .map_err(|error| bad(error.to_string()))?;
    deserializer.end().map_err(|error| bad(error.to_string()))?;
    T::decode(dynamic.encode_to_vec().as_slice()).map_err(|error| bad(error.to_string()))
}

/// Writes the named message as proto3 JSON on one line.
///
/// # Errors
/// [`JsonError`].
pub fn write(name: &str, message: &impl Message) -> Result<String, JsonError> {
    let bad = |problem: String| JsonError {
        message: name.to_owned(),
        problem,
    };
    let bytes = message.encode_to_vec();
    let dynamic = DynamicMessage::decode(descriptor(name)?, bytes.as_slice())
        .map_err(|error| bad(error.to_string()))?;
    serde_json::to_string(&dynamic).map_err(|error| bad(error.to_string()))
}
