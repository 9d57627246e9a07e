//! What happens when: ordered by time and, within a moment, by the order in which it was put in.

use super::network::Delivery;
use crate::node::{Input, Time};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::net::SocketAddr;

/// Something that will happen.
pub(super) enum Happening {
    /// A node gets an input, if it still is the boot that it was meant for (`None`: any).
    Input { host: usize, input: Input, boot: Option<u64> },
    /// A message, or the end of a connection, arrives.
    Deliver(Delivery),
    /// The dialler's end of a connection is encrypted.
    Handshaken { pipe: u64 },
    /// A dial arrives at its address.
    Dialled { host: usize, address: SocketAddr, boot: u64 },
    /// A line may be free for its next message.
    LineFree { pipe: u64, end: usize },
    /// A node's deadline may have come.
    Deadline { host: usize },
    /// A miner has done a slice of its search.
    MineSlice { host: usize, job: u64 },
}

struct Entry {
    time: Time,
    sequence: u64,
    happening: Happening,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.time, self.sequence).cmp(&(other.time, other.sequence))
    }
}

/// All that will happen.
#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
}

impl Queue {
    pub(super) fn push(&mut self, time: Time, happening: Happening) {
        self.heap.push(Reverse(Entry { time, sequence: self.sequence, happening }));
        self.sequence += 1;
    }

    pub(super) fn pop(&mut self) -> Option<(Time, Happening)> {
        self.heap.pop().map(|Reverse(entry)| (entry.time, entry.happening))
    }

    /// When the next happens.
    pub(super) fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(entry)| entry.time)
    }
}
