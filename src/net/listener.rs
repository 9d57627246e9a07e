//! Listening: takes connections, at most so many from strangers at once, and refuses whom the node does not want.

use super::StartError;
use super::gate::{Gate, Place, Verdict};
use super::limits::{ACCEPT_PAUSE, REFUSED_READ};
use super::secure::Refusal;
use super::strangers::{Stranger, Strangers};
use super::switches::Switches;
use std::future::Future;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A connection that came in, with its place among the strangers.
pub struct Accepted<S = TcpStream> {
    /// The socket.
    pub stream: S,
    /// The other end; a mapped IPv4 address as IPv4.
    pub address: SocketAddr,
    /// Given up when hands are shaken.
    pub stranger: Stranger,
    /// Its place among those from its address, for as long as it lasts.
    pub place: Place,
}

/// Binds an address.
///
/// # Errors
/// [`StartError::Listen`], which says what to do.
pub async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listen = |error: io::Error| StartError::Listen { address, why: advice(&error) };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    Ok((listener, bound))
}

fn advice(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there; choose another port, or port 0 for any that is free".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine does not have that address; listen on 127.0.0.1 for this machine only, or on 0.0.0.0 for all".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "the system does not allow it; ports below 1024 are often reserved, choose a higher one".to_owned()
        }
        _ => format!("{error}; choose another address or port"),
    }
}

/// Where connections come from.
pub trait Source: Send {
    /// One end of a connection.
    type Stream: Send;

    /// The next connection, and the address of its other end.
    fn take(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// Ends a connection, after a last word if there is one.
    fn refuse(&mut self, stream: Self::Stream, word: Option<Refusal>);
}

impl Source for TcpListener {
    type Stream = TcpStream;

    async fn take(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        self.accept().await
    }

    /// Without waiting: there is room for ten bytes in a new socket. What is here is read first, as closing with unread bytes would take
    /// back what was said; what comes later is too late to do so on loopback and, mostly, elsewhere.
    fn refuse(&mut self, stream: TcpStream, word: Option<Refusal>) {
        let (Some(word), Ok(mut stream)) = (word, stream.into_std()) else { return };
        // Who does not get the word sees a closed connection, which says as much.
        let _ = stream.read(&mut [0; REFUSED_READ]);
        let _ = stream.write(&word.bytes());
    }
}

/// Takes connections until it is dropped, those that `gate` lets in; each has `handshake` to shake hands. While all places for strangers
/// are taken and nobody would give way, newcomers wait, all but the first in the system's queue.
pub async fn accept<S: Source>(
    mut source: S,
    gate: Arc<Gate>,
    switches: Arc<Switches>,
    accepted: mpsc::Sender<Accepted<S::Stream>>,
    handshake: Duration,
) {
    let strangers = Arc::new(Strangers::new(switches));
    let mut pause = ACCEPT_PAUSE.0;
    loop {
        match source.take().await {
            Ok((stream, address)) => {
                pause = ACCEPT_PAUSE.0;
                let address = SocketAddr::new(address.ip().to_canonical(), address.port());
                let place = match gate.judge(address.ip()) {
                    Verdict::Take(place) => place,
                    Verdict::Full => {
                        source.refuse(stream, Some(Refusal::Full));
                        continue;
                    }
                    Verdict::Silent => {
                        source.refuse(stream, None);
                        continue;
                    }
                };
                strangers.room().await;
                let stranger = strangers.enter(address.ip(), handshake);
                if accepted.send(Accepted { stream, address, stranger, place }).await.is_err() {
                    return;
                }
            }
            // Gone before we took it: nobody to blame, nothing to wait for.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // No file descriptors left, most likely: they come back as connections end.
                tracing::warn!(%error, pause = ?pause, "cannot take a connection");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(ACCEPT_PAUSE.1);
            }
        }
    }
}

#[cfg(test)]
#[path = "listener_tests.rs"]
mod tests;
