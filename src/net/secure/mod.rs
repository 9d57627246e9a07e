//! Connections are secured: who is at the other end, proven, and a channel to it that nobody else reads or changes.
//!
//! | File | What |
//! |---|---|
//! | `transport` | which there are, and their names |
//! | `opening` | the first bytes: each transport recognises the others, and says why it refuses |
//! | [`noise`], `resolver` | the Noise handshake; its primitives |
//! | `tls`, `certificate` | the TLS handshake and records; what binds a TLS key to a node id |
//! | `plain` | greetings in clear |
//! | `channel` | records of all three |
//! | `error` | what can go wrong |

mod certificate;
mod channel;
mod error;
pub mod noise;
mod opening;
mod plain;
mod resolver;
mod tls;
mod transport;

pub use channel::Channel;
pub use error::SecureError;
pub use opening::{REFUSAL, Refusal};
pub use transport::{Transport, UnknownTransport};

use super::limits::HANDSHAKE;
use crate::chain::{Address, KeyPair};
use crate::node::Direction;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

/// What a node secures its connections with: its transport, and how it proves itself there.
pub enum Credentials {
    /// By Noise.
    Noise(Box<noise::Identity>),
    /// By TLS.
    Tls(tls::Identity),
    /// In plain: its node id is said, and nothing more.
    Plain(Address),
}

impl Credentials {
    /// Of the node with these keys; `secret` becomes its Noise static key, and must be random.
    ///
    /// # Errors
    /// [`SecureError::Certificate`] and [`SecureError::Tls`]: a defect, or no randomness.
    pub fn new(transport: Transport, keys: &KeyPair, secret: [u8; 32]) -> Result<Self, SecureError> {
        Ok(match transport {
            Transport::Noise => Self::Noise(Box::new(noise::Identity::new(keys, secret))),
            Transport::Tls => Self::Tls(tls::Identity::new(keys)?),
            Transport::Plain => Self::Plain(keys.address()),
        })
    }

    /// Which transport.
    pub fn transport(&self) -> Transport {
        match self {
            Self::Noise(_) => Transport::Noise,
            Self::Tls(_) => Transport::Tls,
            Self::Plain(_) => Transport::Plain,
        }
    }
}

/// A secured connection: who is at the other end, and the channel to it.
pub struct Secured {
    /// The other end's node id: proven, but in plain only said.
    pub peer: Address,
    /// Seals and opens records.
    pub channel: Channel,
}

/// Secures a fresh connection within [`HANDSHAKE`]. `seed` is the randomness of this one handshake, where the transport takes any.
///
/// # Errors
/// See [`SecureError`]; after one, the stream is of no use.
pub async fn secure<S>(
    stream: &mut S,
    credentials: &Credentials,
    direction: Direction,
    seed: [u8; 32],
) -> Result<Secured, SecureError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    secure_by(stream, credentials, direction, seed, sleep(HANDSHAKE)).await
}

/// The same, within the time that `late` leaves it.
///
/// # Errors
/// As [`secure`].
pub async fn secure_by<S>(
    stream: &mut S,
    credentials: &Credentials,
    direction: Direction,
    seed: [u8; 32],
    late: impl Future<Output = ()>,
) -> Result<Secured, SecureError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Boxed: the room that a handshake takes goes with it, and is not held and moved with the task of a connection for all its life.
    Box::pin(within(late, async {
        match credentials {
            Credentials::Noise(identity) => noise::exchange(stream, identity, direction == Direction::Outbound, seed).await,
            Credentials::Tls(identity) => tls::exchange(stream, identity, direction).await,
            Credentials::Plain(node) => plain::exchange(stream, *node, direction).await,
        }
    }))
    .await
}

/// The deadline of the whole handshake.
async fn within(
    late: impl Future<Output = ()>,
    exchange: impl Future<Output = Result<Secured, SecureError>>,
) -> Result<Secured, SecureError> {
    tokio::select! {
        biased;
        done = exchange => done,
        () = late => Err(SecureError::TimedOut),
    }
}

#[cfg(test)]
#[path = "secure_tests.rs"]
mod tests;
