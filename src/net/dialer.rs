//! Dialling: a TCP connection, then the encryption's handshake.

use super::secure::{Credentials, SecureError, Secured, secure};
use crate::node::{DialError, Direction};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Connects to an address within `connect`, and proves who is there. `seed` is the randomness of this one handshake.
pub async fn dial(
    address: SocketAddr,
    connect: Duration,
    credentials: &Credentials,
    seed: [u8; 32],
) -> Result<(TcpStream, Secured), DialError> {
    let connecting = timeout(connect, TcpStream::connect(address)).await;
    let mut stream = connecting.map_err(|_| DialError::TimedOut)?.map_err(|error| failed(&error))?;
    // Frames are gathered into large writes here; the system must not hold back the last of them.
    stream.set_nodelay(true).map_err(|error| failed(&error))?;
    let secured = secure(&mut stream, credentials, Direction::Outbound, seed).await.map_err(|error| match error {
        SecureError::TimedOut => DialError::TimedOut,
        incompatible @ SecureError::Incompatible { .. } => DialError::Incompatible(incompatible.to_string()),
        other => DialError::Failed(other.to_string()),
    })?;
    Ok((stream, secured))
}

fn failed(error: &io::Error) -> DialError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialError::Refused,
        io::ErrorKind::TimedOut => DialError::TimedOut,
        _ => DialError::Failed(error.to_string()),
    }
}
