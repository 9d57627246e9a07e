//! What peers say to each other: messages, their codes and caps, the codec, frames.
//!
//! Everything here faces hostile bytes: lengths are checked before anything is allocated, each message type has its own
//! cap, and no byte may be left over.

mod address;
mod codec;
mod frame;
pub mod limits;
mod message;
mod record;

pub use address::{PeerAddress, mapped};
pub use codec::{MEMORY_FACTOR, WireError, append, block_payload, check, decode, encode, encoded_len};
pub use frame::{Frame, FrameReader};
pub use message::{Capabilities, ErrorCode, GoodbyeReason, Hello, Message, MessageKind};
pub use record::NodeRecord;
