//! Floods its peers: announcements of nothing, questions without end, pings.

use super::limits::{BURSTS_PER_SECOND, SPAM_IDS};
use super::shell::{Around, Behaviour};
use crate::chain::{BlockId, TxId};
use crate::node::Time;
use crate::wire::Message;
use rand::{Rng, RngExt};
use std::time::Duration;

pub(super) struct Spam {
    /// Messages a second to each peer.
    rate: u32,
    next: Time,
    /// Bursts so far: what a burst cannot divide evenly comes in later ones.
    bursts: u64,
}

impl Spam {
    pub(super) fn new(rate: u32) -> Self {
        Self { rate, next: Time(0), bursts: 0 }
    }

    /// Messages in the burst at hand.
    fn burst(&mut self) -> u64 {
        let total = |bursts: u64| bursts * u64::from(self.rate) / u64::from(BURSTS_PER_SECOND);
        let now = total(self.bursts + 1) - total(self.bursts);
        self.bursts += 1;
        now
    }
}

fn random_id(around: &mut Around<'_>) -> [u8; 32] {
    let mut id = [0; 32];
    around.rng.fill_bytes(&mut id);
    id
}

/// Ids of nothing. Only the first is drawn, the others lie beside it: to draw them all costs a simulation as much as to handle them.
fn random_ids<T>(around: &mut Around<'_>, id: fn([u8; 32]) -> T) -> Vec<T> {
    let mut bytes = random_id(around);
    let next = |_| {
        bytes[0] = bytes[0].wrapping_add(1);
        id(bytes)
    };
    (0..SPAM_IDS).map(next).collect()
}

fn nonsense(around: &mut Around<'_>) -> Message {
    match around.rng.random_range(0..5) {
        0 => Message::Announce { ids: random_ids(around, TxId) },
        1 => Message::GetData { ids: random_ids(around, TxId) },
        // No questions for headers: the node inside would blame its peers for answers that it did not ask for.
        2 => Message::GetPeers,
        3 => Message::GetBlock { id: BlockId(random_id(around)) },
        _ => Message::Ping { nonce: around.rng.next_u64(), time: 0 },
    }
}

impl Behaviour for Spam {
    fn on_start(&mut self, around: &mut Around<'_>) {
        self.next = around.now;
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        self.next = around.now + Duration::from_secs(1) / BURSTS_PER_SECOND;
        for _ in 0..self.burst() {
            let message = nonsense(around);
            around.broadcast(message);
        }
    }

    fn next_deadline(&self) -> Time {
        self.next
    }
}
