//! The states that are kept: of recent blocks, and ever fewer of the main chain further back.
//!
//! A reorg to any depth starts at the nearest kept state below the fork and replays from there. Versions share what they have in common,
//! so a kept state costs what changed since the one before it.

use super::tree::{Chain, GENESIS, Index, Tree};
use crate::chain::State;
use crate::chain::limits::{CHECKPOINTS_PER_OCTAVE, RECENT_STATES};
use std::collections::BTreeMap;

struct Kept {
    state: State,
    /// Which it was of all states that came here.
    number: u64,
}

/// States by block.
pub(super) struct States {
    kept: BTreeMap<Index, Kept>,
    came: u64,
}

impl States {
    pub(super) fn new(genesis: State) -> Self {
        Self { kept: BTreeMap::from([(GENESIS, Kept { state: genesis, number: 0 })]), came: 0 }
    }

    pub(super) fn get(&self, index: Index) -> Option<&State> {
        self.kept.get(&index).map(|kept| &kept.state)
    }

    pub(super) fn insert(&mut self, index: Index, state: State) {
        self.came += 1;
        self.kept.insert(index, Kept { state, number: self.came });
    }

    /// Height of the highest kept state of this chain at or below `height`.
    pub(super) fn nearest(&self, tree: &Tree, chain: &Chain, height: u64) -> u64 {
        let heights = self.kept.keys().filter(|index| chain.contains(tree, **index)).map(|index| tree.height(*index));
        heights.filter(|kept| *kept <= height).max().unwrap_or(0)
    }

    /// Drops what is neither recent nor a checkpoint of the main chain. A few hundred are kept at most, so this is quick.
    pub(super) fn prune(&mut self, tree: &Tree, main: &Chain) {
        let (came, top) = (self.came, main.height());
        self.kept.retain(|index, kept| {
            let height = tree.height(*index);
            came - kept.number < RECENT_STATES || (main.contains(tree, *index) && is_checkpoint(height, top - height))
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }
}

/// Whether the state at this height stays when the tip is `distance` above it.
///
/// The spacing doubles with the distance, so a height that is dropped once is never wanted again. Genesis and the tip always stay.
fn is_checkpoint(height: u64, distance: u64) -> bool {
    // The power of two at or below the distance, split into this many steps.
    let octave = 1u64 << distance.max(1).ilog2();
    height.is_multiple_of((octave / CHECKPOINTS_PER_OCTAVE).max(1))
}
