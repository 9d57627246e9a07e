//! The hash of a history: everything sent, delivered, started and killed, with its moment, in order.

use crate::chain::Hash256;
use crate::node::Time;
use crate::wire::{Message, append};
use sha2::{Digest, Sha256};

/// Bytes gathered before they are hashed: many small pieces cost more than one large one.
const GATHERED: usize = 16 * 1024;

/// The history so far.
#[derive(Default)]
pub(super) struct Trace {
    hasher: Sha256,
    gathered: Vec<u8>,
}

impl Trace {
    /// Notes that something happened to `subject`.
    pub(super) fn note(&mut self, now: Time, what: &[u8], subject: u64, numbers: &[u64]) {
        self.gathered.extend_from_slice(&now.0.to_le_bytes());
        self.gathered.push(what.len() as u8);
        self.gathered.extend_from_slice(what);
        self.gathered.extend_from_slice(&subject.to_le_bytes());
        for number in numbers {
            self.gathered.extend_from_slice(&number.to_le_bytes());
        }
        self.hash_when_enough();
    }

    /// Notes the very bytes of a message sent: how many.
    pub(super) fn note_message(&mut self, message: &Message) -> usize {
        let bytes = append(message, &mut self.gathered);
        self.hash_when_enough();
        bytes
    }

    fn hash_when_enough(&mut self) {
        if self.gathered.len() >= GATHERED {
            self.hasher.update(&self.gathered);
            self.gathered.clear();
        }
    }

    /// The hash of what was noted so far.
    pub(super) fn hash(&self) -> Hash256 {
        Hash256(self.hasher.clone().chain_update(&self.gathered).finalize().into())
    }
}
