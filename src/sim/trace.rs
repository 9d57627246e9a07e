//! The hash of a history: every delivery, start and kill with its moment, in order.

use crate::chain::Hash256;
use crate::node::Time;
use sha2::{Digest, Sha256};

/// The history so far.
#[derive(Default)]
pub(super) struct Trace {
    hasher: Sha256,
}

/// A short digest of a message's bytes, computed once however many nodes it goes to.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    hash[..8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

impl Trace {
    /// Notes that something happened to `subject`.
    pub(super) fn note(&mut self, now: Time, what: &[u8], subject: u64, numbers: &[u64]) {
        self.hasher.update(now.0.to_le_bytes());
        self.hasher.update([what.len() as u8]);
        self.hasher.update(what);
        self.hasher.update(subject.to_le_bytes());
        for number in numbers {
            self.hasher.update(number.to_le_bytes());
        }
    }

    /// The hash of what was noted so far.
    pub(super) fn hash(&self) -> Hash256 {
        Hash256(self.hasher.clone().finalize().into())
    }
}
