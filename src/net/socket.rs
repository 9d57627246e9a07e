//! A connection's socket: it ends as its node does.

use super::switches::Switches;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// The sending half. When its node was killed, what the system has not sent yet is thrown away and the peer gets a reset, as after a
/// crash; else the stream ends in order.
pub struct Sender {
    /// `None` only while it is dropped.
    half: Option<OwnedWriteHalf>,
    switches: Arc<Switches>,
}

/// Takes a socket apart.
pub fn split(stream: TcpStream, switches: Arc<Switches>) -> (OwnedReadHalf, Sender) {
    let (reader, half) = stream.into_split();
    (reader, Sender { half: Some(half), switches })
}

impl Sender {
    fn half(&mut self) -> io::Result<Pin<&mut OwnedWriteHalf>> {
        self.half.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncWrite for Sender {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.half()?.poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.half()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.half()?.poll_shutdown(cx)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if self.switches.is_killed()
            && let Some(half) = self.half.take()
        {
            // Where the system refuses, it ends in order all the same.
            let _ = half.as_ref().set_zero_linger();
            // Dropped, the half would end the stream first.
            half.forget();
        }
    }
}
