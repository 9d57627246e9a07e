//! One direction of one connection: when what is sent arrives.

use super::{LinkModel, MILLION};
use crate::node::Time;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// Payload of a packet: an Ethernet frame less the headers of IPv4 and TCP.
const PACKET: u64 = 1_448;
/// Least retransmission time-out: Linux's.
const LEAST_TIMEOUT: Duration = Duration::from_millis(200);
/// A packet is lost again and again at most this often: the sixth back-off of TCP is already 12.8 s.
const LOSSES: u32 = 6;
/// Packets of one message whose loss is drawn one by one at most: the largest message has as many.
const DRAWN: u64 = 12_000;

/// What becomes of something sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// When its last byte has left the sender: the next can be sent then.
    pub sent: Time,
    /// When it arrives.
    pub arrives: Time,
    /// Whether it arrives corrupted: the receiver's decryption fails.
    pub corrupted: bool,
    /// Packets lost on the way.
    pub lost: u32,
}

/// What has gone over one direction of a connection while its link could lose anything, in packets of up to 1,448 bytes of payload. A
/// message begins a packet of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packets {
    /// Packets sent, each as often as it was sent again.
    pub sent: u64,
    /// Those of them that were lost.
    pub lost: u64,
}

/// One direction of one connection.
#[derive(Debug)]
pub struct Shaper {
    model: LinkModel,
    /// Of its chances; made when the first is taken. Thousands of links take none, and a generator is larger than all else here.
    rng: Option<Box<ChaCha8Rng>>,
    seed: u64,
    /// When the line is free.
    free: Time,
    /// When the last thing sent arrives: nothing overtakes it.
    last: Time,
    packets: Packets,
}

impl Shaper {
    /// A shaper whose chances come from `seed`.
    pub fn new(model: LinkModel, seed: u64) -> Self {
        Self { model, rng: None, seed, free: Time(0), last: Time(0), packets: Packets::default() }
    }

    /// How it behaves now.
    pub fn model(&self) -> &LinkModel {
        &self.model
    }

    /// Behaves otherwise from now on; what is on its way arrives as it would have.
    pub fn set_model(&mut self, model: LinkModel) {
        self.model = model;
    }

    /// When the line is free for the next message.
    pub fn free(&self) -> Time {
        self.free
    }

    /// What was counted so far: on a link that never could lose anything, nothing.
    pub fn packets(&self) -> Packets {
        self.packets
    }

    /// Sends `bytes` at `now`. The caller holds back while the link is [cut](LinkModel::cut).
    pub fn carry(&mut self, now: Time, bytes: usize) -> Carried {
        let model = self.model;
        let bytes = bytes as u64;
        let packets = bytes.div_ceil(PACKET).max(1);
        let begin = self.free.max(now);
        let (lost, mut delay) = self.losses(packets);
        let twice = self.happens(model.duplicate, packets);
        let sent = begin + line_time(bytes.saturating_mul(if twice { 2 } else { 1 }), model.bandwidth);
        if model.jitter > Duration::ZERO {
            delay = delay.saturating_add(Duration::from_micros(self.rng().random_range(0..=model.jitter.as_micros() as u64)));
        }
        if self.happens(model.reorder, packets) {
            // The gap is filled one packet's way later, or one jitter.
            delay = delay.saturating_add(model.jitter.max(model.latency / 4).max(Duration::from_millis(1)));
        }
        let corrupted = self.happens(model.corrupt, packets);
        let arrives = (sent + model.latency + delay).max(self.last);
        (self.free, self.last) = (sent, arrives);
        Carried { sent, arrives, corrupted, lost }
    }

    /// How many packets are lost, and how long that holds up the rest: TCP tries again after a time-out that doubles each time.
    fn losses(&mut self, packets: u64) -> (u32, Duration) {
        if self.model.loss == 0 {
            return (0, Duration::ZERO);
        }
        let timeout = LEAST_TIMEOUT.max(self.model.latency.saturating_mul(3));
        let (mut lost, mut delay) = (0u32, Duration::ZERO);
        // What is lost of a flight is sent again as the next one, all of it at once (RFC 6675).
        let mut flight = packets.min(DRAWN);
        for again in 0..LOSSES {
            flight = (0..flight).filter(|_| self.happens(self.model.loss, 1)).count() as u64;
            if flight == 0 {
                break;
            }
            delay = delay.saturating_add(timeout.saturating_mul(1 << again));
            lost += flight as u32;
        }
        self.packets.sent = self.packets.sent.saturating_add(packets).saturating_add(u64::from(lost));
        self.packets.lost = self.packets.lost.saturating_add(u64::from(lost));
        (lost, delay)
    }

    /// Whether something of this probability happens to any of so many packets. Draws no number where it cannot, so that a link without
    /// faults costs nothing.
    fn happens(&mut self, parts: u32, packets: u64) -> bool {
        if parts == 0 {
            return false;
        }
        // For several packets the union bound: exact enough for the few percent of duplicates, reordering and corruption that links have,
        // and without floating point. Loss is drawn for each packet by itself.
        let parts = u64::from(parts).saturating_mul(packets).min(u64::from(MILLION));
        self.rng().random_range(0..u64::from(MILLION)) < parts
    }

    fn rng(&mut self) -> &mut ChaCha8Rng {
        let seed = self.seed;
        self.rng.get_or_insert_with(|| Box::new(ChaCha8Rng::seed_from_u64(seed)))
    }
}

/// How long so many bytes take on the line.
fn line_time(bytes: u64, bandwidth: Option<u64>) -> Duration {
    match bandwidth {
        None => Duration::ZERO,
        Some(rate) => {
            let micros = u128::from(bytes) * 1_000_000 / u128::from(rate.max(1));
            Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
        }
    }
}

#[cfg(test)]
#[path = "shaper_tests.rs"]
mod tests;
