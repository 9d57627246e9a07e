//! No security: each side says in clear who it is, and nothing proves it.
//!
//! A greeting is `rumormill/plain/1` and the node id, 49 bytes, first from the dialler and then from the listener. After it frames
//! follow as they are. Whoever sits on the way reads and changes all of it, and anybody can say any node id: a ban or a reputation means
//! nothing here. It is for a lab in which somebody looks at the bytes.

use super::{Channel, SecureError, Secured, Transport, opening};
use crate::chain::Address;
use crate::node::Direction;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How a greeting begins.
const MAGIC: &[u8; 17] = b"rumormill/plain/1";
/// Bytes of a greeting.
pub const GREETING: usize = MAGIC.len() + 32;

/// Exchanges greetings.
pub async fn exchange<S>(stream: &mut S, node: Address, direction: Direction) -> Result<Secured, SecureError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut greeting = [0; GREETING];
    let (magic, id) = greeting.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    id.copy_from_slice(&node.0);
    let peer = match direction {
        Direction::Outbound => {
            opening::say(stream, Transport::Plain, &greeting).await?;
            let first = opening::answer(stream, Transport::Plain).await?;
            read(stream, first).await?
        }
        Direction::Inbound => {
            let first = opening::listen(stream, Transport::Plain).await?;
            let peer = read(stream, first).await?;
            stream.write_all(&greeting).await?;
            stream.flush().await?;
            peer
        }
    };
    Ok(Secured { peer, channel: Channel::Plain })
}

/// The rest of a greeting, after its first two bytes.
async fn read<S: AsyncRead + Unpin>(stream: &mut S, first: [u8; 2]) -> Result<Address, SecureError> {
    let foreign = SecureError::Foreign(first[0], first[1]);
    if !MAGIC.starts_with(&first) {
        return Err(foreign);
    }
    let mut rest = [0; GREETING - 2];
    stream.read_exact(&mut rest).await?;
    let (magic, id) = rest.split_at(MAGIC.len() - first.len());
    match (MAGIC.ends_with(magic), id.first_chunk()) {
        (true, Some(id)) => Ok(Address(*id)),
        _ => Err(foreign),
    }
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
