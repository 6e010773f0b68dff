//! Room for messages read ahead, by their size: a stream of large ones takes no more memory than
//! one of small ones.

use std::sync::Arc;

use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// KiB of messages read ahead in one stream; a single larger one goes alone.
const KIB: u16 = 4096;

/// The room of one stream.
#[derive(Debug)]
pub struct Room(Arc<Semaphore>);

/// A message's share of it, given back when dropped.
#[derive(Debug)]
pub struct Share {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// All of it.
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(usize::from(KIB))))
    }

    /// Waits until there is room for a message.
    pub async fn share(&self, message: &impl Message) -> Share {
        let kib = u32::try_from(message.encoded_len() / 1024 + 1).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.0).acquire_many_owned(kib.min(u32::from(KIB)));
        Share {
            _permit: share.await.ok(),
        }
    }
}
