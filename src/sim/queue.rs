//! What happens when: ordered by time and, within a moment, by the order in which it was put in.

use super::network::Delivery;
use crate::node::{Input, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;

/// Something that will happen.
pub(super) enum Happening {
    /// A node gets an input, if it still is the boot that it was meant for (`None`: any).
    Input { host: usize, input: Input, boot: Option<u64> },
    /// A message, or the end of a connection, arrives.
    Deliver(Delivery),
    /// The dialler's end of a connection is encrypted.
    Handshaken { pipe: usize },
    /// A dial arrives at its address.
    Dialled { host: usize, address: SocketAddr, boot: u64 },
    /// A line may be free for its next message.
    LineFree { pipe: usize, end: usize },
    /// A node's deadline may have come.
    Deadline { host: usize },
    /// A miner has done a slice of its search.
    MineSlice { host: usize, job: u64 },
}

/// When, and which of all that was ever put in: the order of all things.
type Key = (Time, u64);

/// All that will happen.
///
/// The heap orders small keys; what will happen lies still in its slot. A heap of the things themselves would move each a dozen times.
#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<(Key, usize)>>,
    slots: Vec<Option<Happening>>,
    /// Slots that are free.
    free: Vec<usize>,
    sequence: u64,
}

impl Queue {
    pub(super) fn push(&mut self, time: Time, happening: Happening) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = Some(happening);
                slot
            }
            None => {
                self.slots.push(Some(happening));
                self.slots.len() - 1
            }
        };
        self.heap.push(Reverse(((time, self.sequence), slot)));
        self.sequence += 1;
    }

    pub(super) fn pop(&mut self) -> Option<(Time, Happening)> {
        let Reverse(((time, _), slot)) = self.heap.pop()?;
        self.free.push(slot);
        let happening = self.slots[slot].take()?;
        Some((time, happening))
    }

    /// When the next happens.
    pub(super) fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(((time, _), _))| *time)
    }
}
