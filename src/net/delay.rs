//! The delay line: frames on their way over a link that is not clear, in one direction of one connection.

use super::limits::{LINE_AHEAD, LINE_BYTES, LINE_FARTHEST, LINE_FRAMES};
use crate::link::{LinkModel, Packets, Shaper};
use crate::node::Time;
use bytes::Bytes;
use std::collections::VecDeque;
use tokio::time::Instant;

/// A frame on its way.
struct Travelling {
    arrives: Time,
    frame: Bytes,
    corrupted: bool,
}

/// Between the outbox and the socket. Bounded: what it does not take waits in the outbox, whose priorities and bounds do the rest.
pub struct Line {
    shaper: Shaper,
    /// Where its time begins.
    anchor: Instant,
    queue: VecDeque<Travelling>,
    bytes: usize,
}

impl Line {
    /// An empty one, whose chances come from `seed`.
    pub fn new(model: LinkModel, seed: u64, now: Instant) -> Self {
        Self { shaper: Shaper::new(model, seed), anchor: now, queue: VecDeque::new(), bytes: 0 }
    }

    /// The link behaves otherwise from now on; what is on its way arrives as it would have.
    pub fn set_model(&mut self, model: LinkModel) {
        self.shaper.set_model(model);
    }

    /// Whether it may be bypassed: the link is clear, and nothing would be overtaken.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.shaper.model().is_clear()
    }

    /// Whether nothing comes through.
    pub fn is_cut(&self) -> bool {
        self.shaper.model().cut
    }

    /// Whether nothing is on its way.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// What has gone over it while it could lose anything.
    pub fn packets(&self) -> Packets {
        self.shaper.packets()
    }

    fn has_room(&self) -> bool {
        self.queue.len() < LINE_FRAMES && self.bytes < LINE_BYTES
    }

    /// Whether it takes another frame now.
    pub fn takes(&self, now: Instant) -> bool {
        !self.is_cut() && self.has_room() && self.shaper.free() <= self.time(now) + LINE_AHEAD
    }

    /// Sends a frame on its way.
    pub fn carry(&mut self, frame: Bytes, now: Instant) {
        let carried = self.shaper.carry(self.time(now), frame.len());
        self.bytes += frame.len();
        self.queue.push_back(Travelling { arrives: carried.arrives, frame, corrupted: carried.corrupted });
    }

    /// Takes what has arrived by `now`, until it makes `most` bytes. A corrupted frame comes alone: then true.
    pub fn arrived(&mut self, now: Instant, most: usize, into: &mut VecDeque<Bytes>) -> bool {
        let now = self.time(now);
        let mut taken = 0;
        while taken < most
            && !self.is_cut()
            && let Some(first) = self.queue.front()
            && first.arrives <= now
            && (taken == 0 || !first.corrupted)
            && let Some(Travelling { frame, corrupted, .. }) = self.queue.pop_front()
        {
            self.bytes -= frame.len();
            taken += frame.len();
            into.push_back(frame);
            if corrupted {
                return true;
            }
        }
        false
    }

    /// When to look again: something arrives, or it takes the next frame. `None`: not before something else happens.
    pub fn next(&self, now: Instant) -> Option<Instant> {
        if self.is_cut() {
            return None;
        }
        let now_here = self.time(now);
        let arrives = self.queue.front().map(|first| first.arrives);
        let free = Some(self.shaper.free()).filter(|free| self.has_room() && *free > now_here + LINE_AHEAD);
        // What is due already waits for the socket, which wakes by itself.
        let next = [arrives, free].into_iter().flatten().filter(|at| *at > now_here).min()?;
        Some(now + next.since(now_here).min(LINE_FARTHEST))
    }

    fn time(&self, at: Instant) -> Time {
        Time(0) + at.saturating_duration_since(self.anchor)
    }
}

#[cfg(test)]
#[path = "delay_tests.rs"]
mod tests;
