//! Listening: takes connections, at most so many from strangers at once.

use super::StartError;
use super::limits::{ACCEPT_PAUSE, PENDING_INBOUND};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// A connection that came in, with its place among the strangers.
pub struct Accepted {
    /// The socket.
    pub stream: TcpStream,
    /// The other end; a mapped IPv4 address as IPv4.
    pub address: SocketAddr,
    /// Given up when hands are shaken.
    pub stranger: OwnedSemaphorePermit,
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

/// Takes connections until it is dropped. While all places for strangers are taken, newcomers wait in the system's queue: a place is free
/// again after seconds at most, since whoever does not shake hands is cut off.
pub async fn accept(listener: TcpListener, accepted: mpsc::Sender<Accepted>) {
    let places = Arc::new(Semaphore::new(PENDING_INBOUND));
    let mut pause = ACCEPT_PAUSE.0;
    while let Ok(stranger) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, address)) => {
                pause = ACCEPT_PAUSE.0;
                let address = SocketAddr::new(address.ip().to_canonical(), address.port());
                // Without TCP_NODELAY it still works, only slower.
                let _ = stream.set_nodelay(true);
                if accepted.send(Accepted { stream, address, stranger }).await.is_err() {
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
