//! The tree of headers, and chains of it by height.

use crate::chain::limits::MEDIAN_SPAN;
use crate::chain::{BlockId, ChainSpec, Header, Tip, difficulty};
use std::collections::BTreeMap;

/// A header's place in the tree: headers are numbered as they come, so the smaller was seen first.
pub(super) type Index = usize;

/// Genesis comes first.
pub(super) const GENESIS: Index = 0;

/// A header and what is known of its block.
pub(super) struct Entry {
    pub(super) id: BlockId,
    pub(super) header: Header,
    /// Genesis is its own.
    pub(super) parent: Index,
    /// Work up to and with this block.
    pub(super) work: u128,
    /// The block and all before it were found valid.
    pub(super) validated: bool,
    /// The block or one before it was found invalid.
    pub(super) invalid: bool,
    /// Its body is in the store.
    pub(super) stored: bool,
    /// Bytes of its body in memory; 0 if it is not there.
    pub(super) in_memory: usize,
    last_child: Option<Index>,
    /// The child of the same parent that was seen before this one.
    sibling: Option<Index>,
}

impl Entry {
    /// Whether its body is in memory or in the store.
    pub(super) fn has_body(&self) -> bool {
        self.stored || self.in_memory > 0
    }
}

/// All known headers.
pub(super) struct Tree {
    entries: Vec<Entry>,
    by_id: BTreeMap<BlockId, Index>,
}

impl Tree {
    pub(super) fn new(genesis: Header) -> Self {
        let id = genesis.id();
        let entry = Entry {
            id,
            header: genesis,
            parent: GENESIS,
            work: u128::from(genesis.difficulty),
            validated: true,
            invalid: false,
            stored: true,
            in_memory: 0,
            last_child: None,
            sibling: None,
        };
        Self { entries: vec![entry], by_id: BTreeMap::from([(id, GENESIS)]) }
    }

    /// Adds a header that is not here yet.
    pub(super) fn insert(&mut self, id: BlockId, header: Header, parent: Index) -> Index {
        let index = self.entries.len();
        let before = &mut self.entries[parent];
        let entry = Entry {
            id,
            header,
            parent,
            work: before.work.saturating_add(u128::from(header.difficulty)),
            validated: false,
            invalid: before.invalid,
            stored: false,
            in_memory: 0,
            last_child: None,
            sibling: before.last_child,
        };
        before.last_child = Some(index);
        self.entries.push(entry);
        self.by_id.insert(id, index);
        index
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn find(&self, id: &BlockId) -> Option<Index> {
        self.by_id.get(id).copied()
    }

    pub(super) fn get(&self, index: Index) -> &Entry {
        &self.entries[index]
    }

    pub(super) fn get_mut(&mut self, index: Index) -> &mut Entry {
        &mut self.entries[index]
    }

    pub(super) fn height(&self, index: Index) -> u64 {
        self.entries[index].header.height
    }

    pub(super) fn tip(&self, index: Index) -> Tip {
        let entry = self.get(index);
        Tip { id: entry.id, height: entry.header.height, work: entry.work, time: entry.header.time }
    }

    /// Its children, the one seen last first.
    pub(super) fn children(&self, index: Index) -> impl Iterator<Item = Index> + '_ {
        std::iter::successors(self.entries[index].last_child, |child| self.entries[*child].sibling)
    }

    /// The block and its ancestors, down to genesis.
    fn back_from(&self, index: Index) -> impl Iterator<Item = Index> + '_ {
        std::iter::successors(Some(index), |index| (*index != GENESIS).then(|| self.entries[*index].parent))
    }

    /// The median time of the last 11 blocks up to this one; with an even number, the upper of the two in the middle (as Bitcoin).
    pub(super) fn median_time(&self, index: Index) -> u64 {
        let mut times = [0; MEDIAN_SPAN];
        let mut count = 0;
        for (place, index) in times.iter_mut().zip(self.back_from(index)) {
            *place = self.entries[index].header.time;
            count += 1;
        }
        let times = &mut times[..count];
        times.sort_unstable();
        times[count / 2]
    }

    /// The difficulty that a child of this block must have.
    ///
    /// The first block's solve time does not count: nobody mined between genesis and the start of the network.
    pub(super) fn next_difficulty(&self, spec: &ChainSpec, index: Index) -> u64 {
        let entry = self.get(index);
        if entry.header.height < 2 {
            return spec.initial_difficulty.max(1);
        }
        let before = self.get(entry.parent).header.time;
        difficulty::next_difficulty(entry.header.difficulty, entry.header.time, before, spec.block_time_ms)
    }

    /// Marks the block and its descendants as invalid; all that were marked now.
    pub(super) fn mark_invalid(&mut self, index: Index) -> Vec<Index> {
        let mut marked = Vec::new();
        let mut open = vec![index];
        while let Some(index) = open.pop() {
            if !self.entries[index].invalid {
                self.entries[index].invalid = true;
                marked.push(index);
                open.extend(self.children(index));
            }
        }
        marked
    }

    /// The block with most work that is not invalid; of several the one seen first.
    pub(super) fn elect(&self) -> Index {
        let valid = (0..self.entries.len()).filter(|index| !self.entries[*index].invalid);
        valid.max_by_key(|index| (self.entries[*index].work, std::cmp::Reverse(*index))).unwrap_or(GENESIS)
    }
}

/// A chain from genesis, by height.
pub(super) struct Chain {
    blocks: Vec<Index>,
}

impl Chain {
    pub(super) fn new() -> Self {
        Self { blocks: vec![GENESIS] }
    }

    /// Height of the last block.
    pub(super) fn height(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    pub(super) fn last(&self) -> Index {
        self.blocks[self.blocks.len() - 1]
    }

    pub(super) fn at(&self, height: u64) -> Option<Index> {
        self.blocks.get(usize::try_from(height).ok()?).copied()
    }

    pub(super) fn contains(&self, tree: &Tree, index: Index) -> bool {
        self.at(tree.height(index)) == Some(index)
    }

    /// Blocks from this height to the end.
    pub(super) fn from(&self, height: u64) -> &[Index] {
        usize::try_from(height).ok().and_then(|height| self.blocks.get(height..)).unwrap_or_default()
    }

    /// Makes `index` the last block. Gives the height of the last block that stayed, and those that left, lowest first.
    ///
    /// Takes time in the number of blocks that join and leave: one, when the chain grows (as Bitcoin's `CChain::SetTip`).
    pub(super) fn set_last(&mut self, tree: &Tree, index: Index) -> (u64, Vec<Index>) {
        let joining: Vec<Index> = tree.back_from(index).take_while(|index| !self.contains(tree, *index)).collect();
        // Heights follow each other without a gap, so this many are below the first that joins.
        let kept = tree.height(index) as usize + 1 - joining.len();
        let left = self.blocks.split_off(kept);
        self.blocks.extend(joining.iter().rev());
        (kept as u64 - 1, left)
    }

    /// Height of the last block that both have, which is not below `from`.
    pub(super) fn common_height(&self, other: &Self, from: u64) -> u64 {
        let same = self.from(from).iter().zip(other.from(from)).take_while(|(a, b)| a == b).count();
        from + (same as u64).saturating_sub(1)
    }
}
