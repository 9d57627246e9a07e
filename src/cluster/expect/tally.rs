//! A multiset of one value for each node, with its lowest and highest at hand.

use std::collections::BTreeMap;

/// One value for some of the nodes.
#[derive(Clone, Debug)]
pub(super) struct Tally<K> {
    of: Vec<Option<K>>,
    counts: BTreeMap<K, u32>,
}

impl<K: Ord + Copy> Tally<K> {
    pub(super) fn new(nodes: u32) -> Self {
        Self { of: vec![None; nodes as usize], counts: BTreeMap::new() }
    }

    /// Whether that changed anything.
    pub(super) fn set(&mut self, node: u32, value: Option<K>) -> bool {
        let Some(place) = self.of.get_mut(node as usize) else { return false };
        if *place == value {
            return false;
        }
        if let Some(old) = std::mem::replace(place, value)
            && let Some(count) = self.counts.get_mut(&old)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&old);
            }
        }
        if let Some(new) = value {
            *self.counts.entry(new).or_default() += 1;
        }
        true
    }

    pub(super) fn lowest(&self) -> Option<K> {
        self.counts.keys().next().copied()
    }

    pub(super) fn highest(&self) -> Option<K> {
        self.counts.keys().next_back().copied()
    }

    /// How many different values there are.
    pub(super) fn kinds(&self) -> usize {
        self.counts.len()
    }

    /// The value that most have, and how many; of equals the lowest.
    pub(super) fn commonest(&self) -> Option<(K, u32)> {
        self.counts.iter().map(|(value, count)| (*value, *count)).max_by_key(|(value, count)| (*count, std::cmp::Reverse(*value)))
    }

    /// How many nodes have a value.
    pub(super) fn len(&self) -> u32 {
        self.counts.values().sum()
    }
}
