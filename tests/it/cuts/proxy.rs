//! A connection that breaks after a number of bytes.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use super::shop::WAIT;

/// After how many bytes the connection breaks, and in which direction they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// From client to server.
    Up(usize),
    /// From server to client: the byte after these is held back, then the line breaks.
    Down(usize),
    /// Not at all.
    Never,
}

/// How many bytes went through.
#[derive(Debug, Clone, Copy)]
pub struct Passed {
    pub up: usize,
    pub down: usize,
}

/// Makes a call on a connection that breaks; what the caller was told.
pub async fn through<T, F>(
    server: SocketAddr,
    cut: Cut,
    call: impl FnOnce(Channel) -> F,
) -> (Result<T, Status>, Passed)
where
    F: Future<Output = Result<T, Status>>,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let line = tokio::spawn(run(listener, server, cut, Arc::clone(&counts)));
    let endpoint = Endpoint::from_shared(address).unwrap();
    let told = tokio::time::timeout(WAIT, async {
        match endpoint.connect().await {
            Ok(channel) => call(channel).await,
            Err(error) => Err(Status::unavailable(error.to_string())),
        }
    });
    let told = told.await.expect("a cut connection is not noticed");
    let passed = Passed {
        up: counts.0.load(Ordering::SeqCst),
        down: counts.1.load(Ordering::SeqCst),
    };
    line.abort();
    let _ = line.await;
    (told, passed)
}

/// Serves one connection; a second one is refused, so that nothing is tried again unseen.
async fn run(
    listener: TcpListener,
    server: SocketAddr,
    cut: Cut,
    counts: Arc<(AtomicUsize, AtomicUsize)>,
) {
    let (client, _) = listener.accept().await.unwrap();
    drop(listener);
    let server = TcpStream::connect(server).await.unwrap();
    for side in [&client, &server] {
        side.set_nodelay(true).unwrap();
    }
    let (up_from, down_to) = client.into_split();
    let (down_from, up_to) = server.into_split();
    let (up_most, down_most) = match cut {
        Cut::Up(most) => (most, usize::MAX),
        Cut::Down(most) => (usize::MAX, most),
        Cut::Never => (usize::MAX, usize::MAX),
    };
    let up = pump(&up_from, &up_to, up_most, &counts.0);
    let down = async {
        pump(&down_from, &down_to, down_most, &counts.1).await;
        let _ = down_from.readable().await;
    };
    // Whichever ends first, both sides are closed.
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

async fn pump(from: &OwnedReadHalf, to: &OwnedWriteHalf, most: usize, passed: &AtomicUsize) {
    let mut buffer = [0; 4096];
    let mut left = most;
    while left > 0 {
        if from.readable().await.is_err() {
            return;
        }
        let room = left.min(buffer.len());
        let count = match from.try_read(&mut buffer[..room]) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => return,
        };
        let mut written = 0;
        while written < count {
            if to.writable().await.is_err() {
                return;
            }
            match to.try_write(&buffer[written..count]) {
                Ok(more) => written += more,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
        passed.fetch_add(count, Ordering::SeqCst);
        left -= count;
    }
}
