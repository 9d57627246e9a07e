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
mod tests {
    use super::super::limits::{PENDING_INBOUND, STRANGER_GRACE};
    use super::*;
    use std::collections::VecDeque;
    use tokio::time::{Instant, timeout};

    const LONG: Duration = Duration::from_secs(1_000);

    /// Gives what it was told to, then nothing any more.
    struct Script(VecDeque<io::Result<u32>>);

    /// A gate that lets everybody in.
    fn open() -> Arc<Gate> {
        Arc::default()
    }

    impl Source for Script {
        type Stream = u32;

        fn refuse(&mut self, stream: u32, _: Option<Refusal>) {
            panic!("{stream} was refused");
        }

        async fn take(&mut self) -> io::Result<(u32, SocketAddr)> {
            match self.0.pop_front() {
                Some(Ok(stream)) => Ok((stream, "[::ffff:10.0.0.1]:7".parse().unwrap())),
                Some(Err(error)) => Err(error),
                None => std::future::pending().await,
            }
        }
    }

    /// `EMFILE` on Linux and macOS: the process has no file descriptor left.
    fn no_descriptors() -> io::Result<u32> {
        Err(io::Error::from_raw_os_error(24))
    }

    #[tokio::test(start_paused = true)]
    async fn without_descriptors_it_waits_ever_longer_and_goes_on() {
        let errors = |count| (0..count).map(|_| no_descriptors());
        let script = errors(7).chain([Ok(1)]).chain(errors(1)).chain([Ok(2)]).collect();
        let (sender, mut accepted) = mpsc::channel(10);
        let task = tokio::spawn(accept(Script(script), open(), Arc::default(), sender, LONG));
        let began = Instant::now();
        let first = accepted.recv().await.unwrap();
        // 50 + 100 + 200 + 400 + 800 + 1,000 + 1,000.
        assert_eq!((first.stream, began.elapsed().as_millis()), (1, 3_550));
        assert_eq!(first.address, "10.0.0.1:7".parse().unwrap());
        // The next time it begins with the shortest pause again.
        let second = accepted.recv().await.unwrap();
        assert_eq!((second.stream, began.elapsed().as_millis()), (2, 3_600));
        task.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn failures_take_no_place_and_the_places_are_bounded() {
        let failures = (0..PENDING_INBOUND as u32).map(|_| no_descriptors());
        let aborted = (0..PENDING_INBOUND as u32).map(|_| Err(io::ErrorKind::ConnectionAborted.into()));
        let comers = (0..PENDING_INBOUND as u32 + 2).map(Ok);
        let (sender, mut accepted) = mpsc::channel(2 * PENDING_INBOUND);
        let task =
            tokio::spawn(accept(Script(failures.chain(aborted).chain(comers).collect()), open(), Arc::default(), sender, LONG));
        let mut held = Vec::new();
        for _ in 0..PENDING_INBOUND {
            held.push(accepted.recv().await.unwrap());
        }
        assert!(timeout(STRANGER_GRACE / 2, accepted.recv()).await.is_err(), "one too many");
        held.pop();
        let last = accepted.recv().await.unwrap();
        assert_eq!(last.stream, PENDING_INBOUND as u32);
        // The next waits until the first has had his time.
        assert!(timeout(STRANGER_GRACE / 4, accepted.recv()).await.is_err(), "one too many");
        held[0].stranger.lost().await;
        assert_eq!(accepted.recv().await.unwrap().stream, PENDING_INBOUND as u32 + 1);
        task.abort();
    }
}
