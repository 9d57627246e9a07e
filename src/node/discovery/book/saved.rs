//! What is kept of the book across a restart.

use super::scope::canonical;
use super::{Book, Entry};
use crate::chain::Address;
use crate::node::Time;
use crate::node::limits::{ANCHORS, BOOK_ADDRESSES};
use crate::store::{SavedAddress, SavedAddresses, Teller};
use rand::Rng;
use std::net::SocketAddr;

/// Microseconds in a second.
const SECOND: u64 = 1_000_000;

impl Book {
    /// All that is worth keeping. Bootstrap addresses come from the set-up again; what is known of those that are not in it any more is
    /// nothing.
    pub(in crate::node) fn to_saved(&self, anchors: Vec<SocketAddr>) -> SavedAddresses {
        let kept = self.entries.iter().filter(|(_, entry)| !entry.bootstrap);
        let addresses = kept.map(|(address, entry)| SavedAddress {
            address: *address,
            node: entry.node,
            teller: entry.teller.clone(),
            seen: entry.seen.0 / SECOND,
            since: entry.since.0 / SECOND,
            tried: entry.tried,
            attempts: entry.attempts,
            successes: entry.successes,
        });
        SavedAddresses { anchors, addresses: addresses.collect(), ..SavedAddresses::default() }
    }

    /// Takes back what was kept, under the same rules as what is heard of: it may have been written by another program.
    pub(in crate::node) fn restore(&mut self, saved: &SavedAddresses, anchors: bool, now: Time) {
        let kept = saved.addresses.iter().take(BOOK_ADDRESSES);
        // The tried ones first: they only pass through their source's account.
        for kept in kept.clone().filter(|kept| kept.tried).chain(kept.filter(|kept| !kept.tried)) {
            let address = canonical(kept.address);
            if self.entries.contains_key(&address) || !self.is_of_use(address) {
                continue;
            }
            let seen = Time(kept.seen.saturating_mul(SECOND)).min(now);
            let ticket = self.rng.next_u64();
            let mut entry = Entry::new(kept.node, kept.teller.clone(), seen, now, ticket);
            entry.since = Time(kept.since.saturating_mul(SECOND)).min(now);
            entry.attempts = kept.attempts;
            entry.successes = kept.successes.min(kept.attempts);
            if self.admit(address, entry, false) && kept.tried {
                self.promote(address);
            }
        }
        // Nothing that was read has been tested: no place is contested by it.
        self.challenges.clear();
        self.drop_stale(now);
        if anchors {
            for anchor in saved.anchors.iter().take(ANCHORS).map(|anchor| canonical(*anchor)) {
                if !self.entries.contains_key(&anchor) && self.is_of_use(anchor) {
                    let ticket = self.rng.next_u64();
                    self.admit(anchor, Entry::new(None, Teller::Own, now, now, ticket), true);
                }
                if self.entries.get(&anchor).is_some_and(|entry| !entry.bootstrap) {
                    self.anchors.push(anchor);
                }
            }
        }
        self.changed = !saved.anchors.is_empty();
    }

    /// Whether anything has changed since this was asked last.
    pub(in crate::node) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// It could not be kept.
    pub(in crate::node) fn note_unsaved(&mut self) {
        self.changed = true;
    }

    /// Whether a peer could be an anchor: bootstrap addresses are dialled first anyway.
    pub(in crate::node) fn may_anchor(&self, address: SocketAddr, node: &Address) -> bool {
        let entry = self.entries.get(&canonical(address));
        entry.is_some_and(|entry| !entry.bootstrap && entry.node.as_ref() == Some(node))
    }

    /// Anchors that have not been dialled yet.
    #[cfg(test)]
    pub(in crate::node) fn anchors(&self) -> &[SocketAddr] {
        &self.anchors
    }
}
