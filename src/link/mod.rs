//! What lies between two nodes: latency, jitter, loss, bandwidth, and worse, for each direction on its own.
//!
//! Both drivers send through the same [`Shaper`], so that a preset means the same on either. Nodes talk over TCP, and so does the model: what
//! a real network loses, reorders or duplicates reaches a node late, never wrong and never twice. A lost packet costs a retransmission
//! time-out, a reordered one waits for the gap to fill, a duplicated one takes its bandwidth again; all that comes after waits, as TCP
//! delivers in order. A corrupted record cannot be decrypted, and ends its connection.

mod shaper;

pub use shaper::{Carried, Packets, Shaper};

use std::time::Duration;

/// Parts of a million: a probability without floating point.
pub const MILLION: u32 = 1_000_000;

/// How one direction of a link behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LinkModel {
    /// One-way delay, added to whatever the way really takes.
    pub latency: Duration,
    /// Up to this much is added at random, evenly.
    pub jitter: Duration,
    /// Packets lost, in parts of a million.
    pub loss: u32,
    /// Bytes a second; `None`: no limit.
    pub bandwidth: Option<u64>,
    /// Packets that overtake each other, in parts of a million.
    pub reorder: u32,
    /// Packets that come twice, in parts of a million.
    pub duplicate: u32,
    /// Packets with a flipped bit that no checksum caught, in parts of a million.
    pub corrupt: u32,
    /// Nothing comes through.
    pub cut: bool,
}

impl LinkModel {
    /// A link that does nothing at all: the driver may bypass the shaper.
    pub fn is_clear(&self) -> bool {
        *self == Self::default()
    }
}
