//! The generated wire types; nothing else. Seen by `grpc`, `gateway` and the command line only.
#![allow(
    missing_docs,
    reason = "generated; the comments stand in the proto files"
)]
#![allow(clippy::all, reason = "generated")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "generated"
)]

mod generated {
    include!(concat!(env!("OUT_DIR"), "/mod.rs"));
}

pub use generated::caixing::v1::*;

/// Every descriptor of the served protos with all options, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
