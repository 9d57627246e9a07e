//! Dialling: a TCP connection, then the encryption's handshake.

use super::limits::HANDSHAKE;
use super::secure::{Credentials, SecureError, Secured, secure_by};
use super::switches::Switches;
use crate::node::{DialError, Direction};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// Connects to an address within `connect`, and proves who is there. `seed` is the randomness of this one handshake.
/// What the node stands still counts for neither.
pub async fn dial(
    address: SocketAddr,
    connect: Duration,
    credentials: &Credentials,
    seed: [u8; 32],
    switches: &Arc<Switches>,
) -> Result<(TcpStream, Secured), DialError> {
    let late = switches.deadline(connect);
    let mut stream = tokio::select! {
        biased;
        connected = TcpStream::connect(address) => connected.map_err(|error| failed(&error))?,
        () = late.passed() => return Err(DialError::TimedOut),
    };
    // Frames are gathered into large writes here; the system must not hold back the last of them.
    stream.set_nodelay(true).map_err(|error| failed(&error))?;
    let late = switches.deadline(HANDSHAKE);
    let securing = secure_by(&mut stream, credentials, Direction::Outbound, seed, late.passed());
    let secured = securing.await.map_err(|error| match error {
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
