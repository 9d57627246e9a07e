//! Bodies in memory: a cache with a limit, out of which nothing falls that could not be had again.

use super::tree::Index;
use crate::chain::Block;
use crate::chain::limits::{BODY_CACHE_BLOCKS, BODY_CACHE_BYTES};
use std::collections::BTreeMap;
use std::sync::Arc;

struct Body {
    block: Arc<Block>,
    bytes: usize,
    /// Which it was of all bodies that came here.
    number: u64,
}

/// How readily a body leaves memory: those of the greatest class first, and of one class those of the greatest rank. `None`: never.
pub(super) type Leaves = Option<(Class, u64)>;

/// Why a body could leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// In the store, and to be announced when the tip moves to its branch.
    Announced,
    /// Waits to be validated: the highest first, since they are wanted last.
    Waiting,
    /// On no way to the best header.
    Aside,
    /// In the store, and not needed soon: the oldest first.
    Stored,
}

/// Bodies by block.
pub(super) struct Bodies {
    bodies: BTreeMap<Index, Body>,
    bytes: usize,
    came: u64,
    most_blocks: usize,
    most_bytes: usize,
    /// Bodies are looked at for dropping only when this many have come: if few can leave, not each time anew.
    look_again: u64,
}

impl Bodies {
    pub(super) fn new() -> Self {
        Self {
            bodies: BTreeMap::new(),
            bytes: 0,
            came: 0,
            most_blocks: BODY_CACHE_BLOCKS,
            most_bytes: BODY_CACHE_BYTES,
            look_again: 0,
        }
    }

    pub(super) fn get(&self, index: Index) -> Option<&Arc<Block>> {
        self.bodies.get(&index).map(|body| &body.block)
    }

    pub(super) fn insert(&mut self, index: Index, block: Arc<Block>) {
        self.remove(index);
        self.came += 1;
        let bytes = block.size();
        self.bytes += bytes;
        self.bodies.insert(index, Body { block, bytes, number: self.came });
    }

    pub(super) fn remove(&mut self, index: Index) {
        if let Some(body) = self.bodies.remove(&index) {
            self.bytes -= body.bytes;
        }
    }

    /// Those that should leave, if there are more than the limits allow. `leaves` is asked with the body's block and how long ago it
    /// came (in bodies).
    ///
    /// Makes room for some more than needed, so that it need not look at all of them each time.
    pub(super) fn leaving(&mut self, leaves: impl Fn(Index, u64) -> Leaves) -> Vec<Index> {
        if self.came < self.look_again || (self.bodies.len() <= self.most_blocks && self.bytes <= self.most_bytes) {
            return Vec::new();
        }
        self.look_again = self.came + self.most_blocks as u64 / 16;
        let age = |body: &Body| self.came - body.number;
        let candidates = self.bodies.iter().filter_map(|(index, body)| Some((leaves(*index, age(body))?, *index, body.bytes)));
        let mut candidates: Vec<_> = candidates.collect();
        candidates.sort_unstable();
        let (most_blocks, most_bytes) = (self.most_blocks - self.most_blocks / 8, self.most_bytes - self.most_bytes / 8);
        let (mut blocks, mut bytes) = (self.bodies.len(), self.bytes);
        let leaving = candidates.into_iter().rev().take_while(|(_, _, size)| {
            let too_much = blocks > most_blocks || bytes > most_bytes;
            (blocks, bytes) = (blocks - 1, bytes - size);
            too_much
        });
        leaving.map(|(_, index, _)| index).collect()
    }

    #[cfg(test)]
    pub(super) fn set_limits(&mut self, most_blocks: usize, most_bytes: usize) {
        (self.most_blocks, self.most_bytes) = (most_blocks, most_bytes);
    }

    pub(super) fn len(&self) -> usize {
        self.bodies.len()
    }
}
