//! A call whose caller leaves.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

/// Polls a call so many times at most, then drops it at the await it stands.
pub async fn cut<F: Future>(call: F, polls: u32) -> Option<F::Output> {
    let mut call = pin!(call);
    let mut left = polls;
    std::future::poll_fn(move |context| match call.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
