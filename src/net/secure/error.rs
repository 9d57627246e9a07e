//! Why a connection could not be secured, or why a record is refused.

use super::Transport;
use crate::net::limits::HANDSHAKE;
use std::io;

/// Why a connection could not be secured, or why a record is refused.
#[derive(Debug, thiserror::Error)]
pub enum SecureError {
    /// It took more than [`HANDSHAKE`].
    #[error("the encryption's handshake took more than {} s", HANDSHAKE.as_secs())]
    TimedOut,
    /// The other side closed, or the network failed.
    #[error("the connection failed during the encryption's handshake: {0}")]
    Io(#[from] io::Error),
    /// Its first bytes, or its refusal, show another transport. It is a hint, no proof: nothing is decided by it but when to dial again.
    #[error("it speaks {theirs}, we speak {ours}: start both with the same --transport")]
    Incompatible {
        /// What the other side speaks.
        theirs: Transport,
        /// What we speak.
        ours: Transport,
    },
    /// The listener has no room for newcomers, and said so.
    #[error("it has no free slot")]
    Full,
    /// The first bytes are none of ours.
    #[error("not a Rumormill node: it began with {0:#04x} {1:#04x}")]
    Foreign(u8, u8),
    /// A message of another length than the handshake's.
    #[error("not a Rumormill node: a handshake message of {0} bytes")]
    Length(usize),
    /// The cryptography says no: another protocol, a replay, a low-order point, a changed record.
    #[error("the encryption failed: {0}")]
    Crypto(snow::Error),
    /// TLS says no: a certificate without proof, a changed record, no protocol in common.
    #[error("TLS failed: {0}")]
    Tls(#[from] rustls::Error),
    /// The certificate for TLS could not be made.
    #[error("no certificate could be made: {0}")]
    Certificate(String),
    /// The node id does not sign for the key of the connection.
    #[error("the other side does not prove the node id that it claims")]
    Identity,
    /// A record too short to hold anything, or too many of them.
    #[error("an encrypted record without content")]
    EmptyRecord,
}

impl From<snow::Error> for SecureError {
    fn from(error: snow::Error) -> Self {
        Self::Crypto(error)
    }
}
