//! The seen-set: ids that have been here lately, so that nothing is fetched or relayed twice.
//!
//! Two generations: new ids go into the young one; when it is full or old it becomes the old one, and the old one is forgotten. An id
//! thus stays at least half of [`SEEN_TIME`], unless more than half of [`SEEN_IDS`] newer ones came meanwhile.

use super::Time;
use super::limits::{SEEN_IDS, SEEN_TIME};
use crate::chain::Hash256;
use std::collections::BTreeSet;

/// Ids that have been here lately.
pub(super) struct Seen {
    young: BTreeSet<Hash256>,
    old: BTreeSet<Hash256>,
    since: Time,
}

impl Seen {
    /// Empty.
    pub(super) fn new(now: Time) -> Self {
        Self { young: BTreeSet::new(), old: BTreeSet::new(), since: now }
    }

    /// Puts an id in; true if it was not here.
    pub(super) fn insert(&mut self, id: Hash256, now: Time) -> bool {
        if self.contains(&id) {
            return false;
        }
        if self.young.len() >= SEEN_IDS / 2 || now.since(self.since) > SEEN_TIME / 2 {
            self.old = std::mem::take(&mut self.young);
            self.since = now;
        }
        self.young.insert(id)
    }

    /// How many ids it holds.
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether it has been here lately.
    pub(super) fn contains(&self, id: &Hash256) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }

    /// Forgets an id: what was dropped unseen may come again.
    pub(super) fn remove(&mut self, id: &Hash256) {
        self.young.remove(id);
        self.old.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn id(n: u32) -> Hash256 {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Hash256(bytes)
    }

    #[test]
    fn an_id_is_new_once() {
        let mut seen = Seen::new(Time(0));
        assert!(seen.insert(id(1), Time(0)));
        assert!(!seen.insert(id(1), Time(0)));
        seen.remove(&id(1));
        assert!(seen.insert(id(1), Time(0)));
    }

    #[test]
    fn it_is_bounded_and_keeps_the_newest() {
        let mut seen = Seen::new(Time(0));
        for n in 0..3 * SEEN_IDS as u32 {
            seen.insert(id(n), Time(0));
            assert!(seen.young.len() + seen.old.len() <= SEEN_IDS);
        }
        assert!(seen.contains(&id(3 * SEEN_IDS as u32 - SEEN_IDS as u32 / 2)));
        assert!(!seen.contains(&id(0)));
    }

    #[test]
    fn it_forgets_with_time() {
        let mut seen = Seen::new(Time(0));
        seen.insert(id(1), Time(0));
        let later = Time(0) + SEEN_TIME + Duration::from_secs(1);
        seen.insert(id(2), later);
        assert!(seen.contains(&id(1)), "one generation on, still here");
        seen.insert(id(3), later + SEEN_TIME);
        assert!(!seen.contains(&id(1)));
    }
}
