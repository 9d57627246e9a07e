//! Floods headers of low work: a chain from genesis whose times are stretched until a header costs one try.

use super::limits::{BEAT, FLOOD_HEADERS};
use super::shell::{Around, Behaviour};
use crate::chain::{BlockId, Hash256, Header, Seal, next_difficulty};
use crate::node::{Input, Time};
use crate::wire::Message;
use crate::wire::limits::MAX_HEADERS;
use rand::Rng;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct HeaderFlood {
    chain: Vec<Header>,
    /// Where in the chain an id stands: each costs two hashes.
    places: BTreeMap<BlockId, usize>,
    next: Time,
    /// Which part of the chain is told next, in messages.
    part: usize,
}

impl HeaderFlood {
    /// Grows the chain by what a header's price allows: one part at a time, so that no step is long.
    fn grow(&mut self, around: &mut Around<'_>) {
        let ledger = around.node.ledger();
        let spec = ledger.spec();
        let Some(genesis) = ledger.at_height(0).and_then(|id| ledger.header(&id).copied()) else { return };
        let now = around.now.as_millis();
        let mut id = self.chain.last().unwrap_or(&genesis).id();
        for _ in 0..MAX_HEADERS.min(FLOOD_HEADERS - self.chain.len()) {
            let height = self.chain.len() as u64 + 1;
            let parent = self.chain.last().copied().unwrap_or(genesis);
            let before = self.chain.len().checked_sub(2).map_or(genesis.time, |at| self.chain[at].time);
            let difficulty = if height < 3 {
                spec.initial_difficulty.max(1)
            } else {
                next_difficulty(parent.difficulty, parent.time, before, spec.block_time_ms)
            };
            // First as far apart as the rules reward, then as close as keeps the price down.
            let step = if difficulty > 1 { spec.block_time_ms.saturating_mul(6) } else { spec.block_time_ms };
            let time = parent.time.saturating_add(step.max(1));
            if time > now {
                return;
            }
            let mut root = [0; 32];
            around.rng.fill_bytes(&mut root);
            let mut header = Header {
                version: genesis.version,
                height,
                parent: id,
                tx_root: Hash256(root),
                state_root: Hash256(root),
                time,
                stream: 0,
                difficulty,
                miner: around.node.id(),
                seal: Seal::Work { nonce: 0 },
            };
            // Expected tries are the difficulty; many times that is never needed.
            let most = difficulty.saturating_mul(64);
            let Some(nonce) = (0..most).find(|nonce| {
                header.seal = Seal::Work { nonce: *nonce };
                header.is_sealed()
            }) else {
                return;
            };
            header.seal = Seal::Work { nonce };
            id = header.id();
            self.places.insert(id, self.chain.len());
            self.chain.push(header);
        }
    }
}

impl Behaviour for HeaderFlood {
    fn on_start(&mut self, around: &mut Around<'_>) {
        self.next = around.now + BEAT;
    }

    fn on_input(&mut self, around: &mut Around<'_>, input: Input) -> Option<Input> {
        match &input {
            Input::Received { connection, message, .. } => {
                let Message::GetHeaders { locator } = &**message else { return Some(input) };
                // Whoever asks gets more of it.
                let after = locator.iter().filter_map(|id| self.places.get(id)).min().map_or(0, |at| at + 1);
                let headers = self.chain.iter().skip(after).take(MAX_HEADERS).copied().collect();
                around.send(vec![*connection], Message::Headers { answer: true, headers });
                None
            }
            _ => Some(input),
        }
    }

    fn on_deadline(&mut self, around: &mut Around<'_>) {
        self.next = around.now + BEAT;
        self.grow(around);
        let parts = self.chain.len().div_ceil(MAX_HEADERS).max(1);
        let headers: Vec<_> = self.chain.iter().skip(self.part % parts * MAX_HEADERS).take(MAX_HEADERS).copied().collect();
        self.part += 1;
        if !headers.is_empty() {
            around.broadcast(Message::Headers { answer: false, headers });
        }
    }

    fn next_deadline(&self) -> Time {
        self.next
    }
}
