//! Addresses sorted by whose they are and by what they are worth, so that the worst of the largest share is found at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// What an address is worth; the least goes first.
pub(super) type Worth = (u16, crate::node::Time);

/// A part of the book.
pub(super) struct Shelf<K> {
    rows: BTreeMap<K, BTreeSet<(Worth, SocketAddr)>>,
    /// Each row's length, so that the longest is the last.
    sizes: BTreeSet<(usize, K)>,
    len: usize,
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), sizes: BTreeSet::new(), len: 0 }
    }
}

impl<K: Ord + Clone> Shelf<K> {
    pub(super) fn insert(&mut self, key: &K, worth: Worth, address: SocketAddr) {
        let row = self.rows.entry(key.clone()).or_default();
        let before = row.len();
        if row.insert((worth, address)) {
            self.len += 1;
            self.resize(key, before, before + 1);
        }
    }

    pub(super) fn remove(&mut self, key: &K, worth: Worth, address: SocketAddr) {
        let Some(row) = self.rows.get_mut(key) else { return };
        let before = row.len();
        if row.remove(&(worth, address)) {
            self.len -= 1;
            if before == 1 {
                self.rows.remove(key);
            }
            self.resize(key, before, before - 1);
        }
    }

    fn resize(&mut self, key: &K, before: usize, after: usize) {
        self.sizes.remove(&(before, key.clone()));
        if after > 0 {
            self.sizes.insert((after, key.clone()));
        }
    }

    /// How many are here.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many of them are `key`'s.
    pub(super) fn share(&self, key: &K) -> usize {
        self.rows.get(key).map_or(0, BTreeSet::len)
    }

    /// Whose share is the largest.
    pub(super) fn largest(&self) -> Option<&K> {
        self.shares().next().map(|(_, key)| key)
    }

    /// All shares, the largest first.
    pub(super) fn shares(&self) -> impl Iterator<Item = (usize, &K)> + '_ {
        self.sizes.iter().rev().map(|(share, key)| (*share, key))
    }

    /// `key`'s addresses, the worst first.
    pub(super) fn worst(&self, key: &K) -> impl Iterator<Item = SocketAddr> + '_ {
        self.rows.get(key).into_iter().flatten().map(|(_, address)| *address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Time;

    fn address(n: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], n))
    }

    #[test]
    fn the_longest_row_and_its_worst_are_at_hand() {
        let mut shelf = Shelf::default();
        for n in 1..=5u16 {
            shelf.insert(&"a", (n, Time(0)), address(n));
            if n <= 3 {
                shelf.insert(&"b", (n, Time(0)), address(n));
            }
        }
        assert_eq!((shelf.len(), shelf.share(&"a"), shelf.largest()), (8, 5, Some(&"a")));
        assert_eq!(shelf.worst(&"a").next(), Some(address(1)));
        for n in 1..=4 {
            shelf.remove(&"a", (n, Time(0)), address(n));
        }
        shelf.remove(&"a", (9, Time(0)), address(5));
        assert_eq!((shelf.len(), shelf.share(&"a"), shelf.largest()), (4, 1, Some(&"b")), "what is not here is not removed");
        shelf.remove(&"a", (5, Time(0)), address(5));
        assert_eq!((shelf.share(&"a"), shelf.worst(&"a").next(), shelf.rows.len()), (0, None, 1));
    }
}
