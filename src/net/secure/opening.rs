//! The first bytes of a connection: they tell the transports apart, and a listener that speaks another one says so in clear.
//!
//! A refusal is 10 bytes of ASCII: `refused:`, one letter, and a line feed. Anybody on the way can write one, so it is a hint: it ends a
//! dial that would have come to nothing anyway, and sets when to dial again.

use super::{SecureError, Transport};
use crate::net::limits::{REFUSAL_DRAIN, REFUSAL_DRAINED};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How a refusal begins.
const REFUSED: [u8; 8] = *b"refused:";
/// Bytes of a refusal.
pub const REFUSAL: usize = REFUSED.len() + 2;

/// Why a listener refuses before any cryptography.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It speaks this.
    Speaks(Transport),
    /// It has no room for newcomers.
    Full,
}

impl Refusal {
    /// All of them.
    const ALL: [Self; 4] =
        [Self::Speaks(Transport::Noise), Self::Speaks(Transport::Tls), Self::Speaks(Transport::Plain), Self::Full];

    const fn letter(self) -> u8 {
        match self {
            Self::Speaks(Transport::Noise) => b'n',
            Self::Speaks(Transport::Tls) => b't',
            Self::Speaks(Transport::Plain) => b'p',
            Self::Full => b'f',
        }
    }

    /// Its bytes.
    pub fn bytes(self) -> [u8; REFUSAL] {
        let [a, b, c, d, e, f, g, h] = REFUSED;
        [a, b, c, d, e, f, g, h, self.letter(), b'\n']
    }

    fn read(bytes: &[u8; REFUSAL]) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.bytes() == *bytes)
    }

    /// What it means to a dialler that speaks `ours`.
    fn error(self, ours: Transport) -> SecureError {
        match self {
            Self::Speaks(theirs) => SecureError::Incompatible { theirs, ours },
            Self::Full => SecureError::Full,
        }
    }
}

/// How the first message of each transport begins, from a dialler.
const fn first_bytes(transport: Transport) -> [u8; 2] {
    match transport {
        // The length of the first message.
        Transport::Noise => [0, 32],
        // A record of the handshake, version 3.
        Transport::Tls => [0x16, 3],
        Transport::Plain => *b"ru",
    }
}

/// Reads the first two bytes that a dialler sends, and tells it if they belong to another transport.
///
/// # Errors
/// [`SecureError::Incompatible`] and [`SecureError::Foreign`]; when the connection fails.
pub async fn listen<S>(stream: &mut S, ours: Transport) -> Result<[u8; 2], SecureError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut first = [0; 2];
    stream.read_exact(&mut first).await?;
    let theirs = Transport::ALL.into_iter().find(|transport| first_bytes(*transport) == first);
    match theirs {
        Some(theirs) if theirs == ours => Ok(first),
        Some(theirs) => {
            refuse(stream, Refusal::Speaks(ours)).await;
            Err(SecureError::Incompatible { theirs, ours })
        }
        None => Err(SecureError::Foreign(first[0], first[1])),
    }
}

/// Reads the first two bytes of a listener's answer, or why it refuses.
///
/// # Errors
/// [`SecureError::Incompatible`] and [`SecureError::Full`]; when the connection fails.
pub async fn answer<S>(stream: &mut S, ours: Transport) -> Result<[u8; 2], SecureError>
where
    S: AsyncRead + Unpin,
{
    let mut first = [0; 2];
    stream.read_exact(&mut first).await?;
    if !REFUSED.starts_with(&first) {
        return Ok(first);
    }
    let mut bytes = [0; REFUSAL];
    let (begin, rest) = bytes.split_at_mut(first.len());
    begin.copy_from_slice(&first);
    stream.read_exact(rest).await?;
    Err(Refusal::read(&bytes).map_or(SecureError::Foreign(first[0], first[1]), |refusal| refusal.error(ours)))
}

/// Writes a dialler's first message. A listener that refuses may have closed by now, and its words are still to be read.
///
/// # Errors
/// The refusal; or why the message could not be written.
pub async fn say<S>(stream: &mut S, ours: Transport, message: &[u8]) -> Result<(), SecureError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let written = async {
        stream.write_all(message).await?;
        stream.flush().await
    };
    match written.await {
        Ok(()) => Ok(()),
        Err(error) => match answer(stream, ours).await {
            Err(refused @ (SecureError::Incompatible { .. } | SecureError::Full)) => Err(refused),
            _ => Err(error.into()),
        },
    }
}

/// Says why, ends the stream, and reads what is under way: closing with unread bytes would take back what was said (RFC 1122, section
/// 4.2.2.13).
async fn refuse<S>(stream: &mut S, refusal: Refusal)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let talk = async {
        stream.write_all(&refusal.bytes()).await?;
        stream.shutdown().await?;
        let mut waste = [0; 512];
        let mut left = REFUSAL_DRAINED;
        while left > 0 {
            match stream.read(&mut waste).await? {
                0 => break,
                count => left = left.saturating_sub(count),
            }
        }
        Ok::<(), std::io::Error>(())
    };
    // Whoever does not listen does not learn it.
    let _ = timeout(REFUSAL_DRAIN, talk).await;
}

#[cfg(test)]
#[path = "opening_tests.rs"]
mod tests;
