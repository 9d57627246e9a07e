//! What happens when: ordered by time and, within a moment, by the order in which it was put in.

use super::network::Delivery;
use crate::node::{Input, Time};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
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

/// Lanes beside the heap. A network has few different delays: those of its links, of announcements, of pings, of miners, of reports.
const LANES: usize = 8;
/// Of a lane in which nothing waits: after everything.
const NEVER: Key = (Time::MAX, u64::MAX);

/// All that will happen.
///
/// What is put in with one and the same delay comes out in the order in which it was put in: so it waits in a lane, whose end is never
/// later than what is added to it. A lane takes and gives in constant time and touches memory in order; only what fits no lane goes to the
/// heap. The next of all is the least of the lanes' fronts and the heap's top. Both hold small keys; what will happen lies still in its slot,
/// or each would be moved a dozen times.
pub(super) struct Queue {
    lanes: [VecDeque<(Key, usize)>; LANES],
    /// The key at each lane's front, side by side.
    fronts: [Key; LANES],
    heap: BinaryHeap<Reverse<(Key, usize)>>,
    slots: Vec<Option<Happening>>,
    /// Slots that are free.
    free: Vec<usize>,
    sequence: u64,
}

impl Default for Queue {
    fn default() -> Self {
        let lanes = Default::default();
        Self { lanes, fronts: [NEVER; LANES], heap: BinaryHeap::new(), slots: Vec::new(), free: Vec::new(), sequence: 0 }
    }
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
        let key = (time, self.sequence);
        self.sequence += 1;
        match self.lane_for(time) {
            Some(lane) => {
                if self.lanes[lane].is_empty() {
                    self.fronts[lane] = key;
                }
                self.lanes[lane].push_back((key, slot));
            }
            None => self.heap.push(Reverse((key, slot))),
        }
    }

    /// The lane whose end lies closest before this time, or an empty one.
    fn lane_for(&self, time: Time) -> Option<usize> {
        let ends = self.lanes.iter().map(|lane| lane.back().map(|((end, _), _)| *end));
        let fits = ends.enumerate().filter(|(_, end)| end.is_none_or(|end| end <= time));
        fits.max_by_key(|(_, end)| *end).map(|(lane, _)| lane)
    }

    /// Where the next is, and when: the place of a lane, or (beyond all of them) the heap.
    fn least(&self) -> (Key, usize) {
        let top = self.heap.peek().map_or(NEVER, |Reverse((key, _))| *key);
        let fronts = self.fronts.iter().copied().zip(0..);
        fronts.fold((top, LANES), |least, front| if front.0 < least.0 { front } else { least })
    }

    pub(super) fn pop(&mut self) -> Option<(Time, Happening)> {
        let (_, lane) = self.least();
        let ((time, _), slot) = match self.lanes.get_mut(lane) {
            Some(waiting) => {
                let first = waiting.pop_front()?;
                self.fronts[lane] = waiting.front().map_or(NEVER, |(key, _)| *key);
                first
            }
            None => self.heap.pop()?.0,
        };
        self.free.push(slot);
        let happening = self.slots[slot].take()?;
        Some((time, happening))
    }

    /// When the next happens.
    pub(super) fn next(&self) -> Option<Time> {
        let (key, _) = self.least();
        (key != NEVER).then_some(key.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes out, by the number that each was put in with.
    fn number(happening: Happening) -> usize {
        match happening {
            Happening::Deadline { host } => host,
            _ => unreachable!("only deadlines were put in"),
        }
    }

    proptest! {
        #[test]
        fn all_comes_out_by_time_and_within_a_moment_as_it_was_put_in(
            steps in proptest::collection::vec((0usize..12, 0u64..50, any::<bool>()), 1..400),
        ) {
            // Few delays that many things share, as in a network, and some of their own.
            const DELAYS: [u64; 9] = [0, 5, 50, 50, 200, 1_000, 2_000, 3, 10_000];
            let (mut queue, mut plain, mut now) = (Queue::default(), Vec::new(), 0);
            for (number_in, (delay, own, take)) in steps.into_iter().enumerate() {
                let time = now + DELAYS.get(delay).copied().unwrap_or(own * 7);
                queue.push(Time(time), Happening::Deadline { host: number_in });
                plain.push((time, number_in));
                if take {
                    plain.sort_unstable();
                    prop_assert_eq!(queue.next(), Some(Time(plain[0].0)));
                    let (time, out) = queue.pop().map(|(time, out)| (time.0, number(out))).unwrap();
                    prop_assert_eq!((time, out), plain.remove(0));
                    now = time;
                }
            }
            plain.sort_unstable();
            let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|(time, out)| (time.0, number(out))).collect();
            prop_assert_eq!(rest, plain);
            prop_assert_eq!(queue.next(), None);
        }
    }
}
