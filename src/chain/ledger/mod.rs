//! The block tree with its states: headers, fork choice, and what to validate next.
//!
//! | File | What it holds |
//! |---|---|
//! | `tree` | the headers, and chains of them by height |
//! | `rules` | what a header's ancestors demand of it |
//! | `bodies` | bodies in memory, and which leave first |
//! | `states` | which states are kept, so that a reorg to any depth can start |
//! | `progress` | bodies come, jobs go out, verdicts come back, the tip moves |
//! | `restore` | the tree from what a store holds |

mod bodies;
mod progress;
mod restore;
mod rules;
mod states;
mod tree;

use super::limits::{LOCATOR_DENSE, MAX_LOCATOR};
use super::{Address, Block, BlockError, BlockId, ChainSpec, Header, HeaderError, MiningJob, State, ValidationJob};
use bodies::Bodies;
use states::States;
use std::collections::BTreeSet;
use std::sync::Arc;
use tree::{Chain, GENESIS, Index, Tree};

/// Where a chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The last block.
    pub id: BlockId,
    /// Its height.
    pub height: u64,
    /// Work of all blocks up to it: the sum of their difficulties.
    pub work: u128,
    /// Its time, Unix milliseconds.
    pub time: u64,
}

/// What became of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderAccepted {
    /// It was new.
    New,
    /// It was here already (valid or not: see [`Ledger::is_invalid`]).
    Known,
}

/// What the ledger needs to go on.
pub enum Need {
    /// Nothing: the best known chain is validated as far as its bodies are here.
    Nothing,
    /// Bodies that were stored and are not in memory: load them and give them to [`Ledger::insert_body`]. What the store no longer has,
    /// tell with [`Ledger::forget_body`]. Asked once.
    Load(Vec<BlockId>),
    /// Run this beside the state machine and give the verdict to [`Ledger::connect`].
    Validate(ValidationJob),
}

/// A change of the main chain that left blocks behind.
#[derive(Clone)]
pub struct Reorg {
    /// The last common block.
    pub fork: BlockId,
    /// Its height.
    pub fork_height: u64,
    /// Blocks that left the main chain, lowest first. Bodies that are no longer in memory are missing here.
    pub disconnected: Vec<Arc<Block>>,
    /// How many left, in memory or not.
    pub depth: u64,
}

/// What a verdict did to the chain.
pub enum Connected {
    /// The main chain's tip moved. `connected` lowest first.
    Tip {
        /// Blocks that joined the main chain. All of them, unless a reorg is so deep that their bodies exceed the cache's limits.
        connected: Vec<Arc<Block>>,
        /// Set when others left it.
        reorg: Option<Reorg>,
    },
    /// Valid, but the main chain stays.
    Side,
    /// Invalid: it and its descendants are marked, and the best header may be another now. With [`BlockError::BodyMismatch`]
    /// only the body was dropped.
    Invalid(BlockError),
    /// The verdict is of a block no longer waited for.
    Stale,
}

/// The block tree.
///
/// Every header whose ancestors are known and whose own rules hold is in the tree. The *best header* is the one with most work
/// that is not known to be invalid (first seen wins a tie). The *tip* is the last validated block of the main chain. Bodies on the path from
/// the tip's fork point to the best header are validated in order as they arrive; the tip moves when a validated block has more work than it.
///
/// While the next body of that path is missing, a block off it whose parent is validated is taken instead if it has more work than the
/// tip: who announces a header and withholds the body must not hold up the chain (Bitcoin, too, chooses among blocks it has).
pub struct Ledger {
    spec: Arc<ChainSpec>,
    tree: Tree,
    /// The validated chain: its last block is the tip.
    main: Chain,
    /// The chain of the best header.
    best: Chain,
    /// Height of the last block that both have.
    fork: u64,
    /// Height of the last validated block of the best chain.
    validated: u64,
    /// After the tip.
    state: State,
    states: States,
    bodies: Bodies,
    /// Bodies in memory that could be validated now, by what comes before them.
    ready: BTreeSet<Index>,
    /// Bodies asked from the store that have not come.
    loading: BTreeSet<Index>,
    /// Bodies that came from the store for a validation, and stay until then.
    held: BTreeSet<Index>,
    /// Validated bodies that were dropped as damaged, and are wanted again for a replay.
    lost: BTreeSet<Index>,
    /// The block whose verdict is awaited.
    job: Option<Index>,
}

impl Ledger {
    /// Only the genesis block.
    pub fn new(spec: Arc<ChainSpec>) -> Self {
        let (genesis, state) = spec.genesis();
        Self::with_genesis(spec, genesis, state)
    }
    /// Only the genesis block, which `spec.genesis()` made before: ledgers of one process can share one state.
    pub fn with_genesis(spec: Arc<ChainSpec>, genesis: Block, state: State) -> Self {
        let mut ledger = Self {
            spec,
            tree: Tree::new(genesis.header),
            main: Chain::new(),
            best: Chain::new(),
            fork: 0,
            validated: 0,
            states: States::new(state.clone()),
            state,
            bodies: Bodies::new(),
            ready: BTreeSet::new(),
            loading: BTreeSet::new(),
            held: BTreeSet::new(),
            lost: BTreeSet::new(),
            job: None,
        };
        ledger.keep_body(GENESIS, Arc::new(genesis));
        ledger
    }
    /// The rules.
    pub fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }
    /// The last validated block of the main chain.
    pub fn tip(&self) -> Tip {
        self.tree.tip(self.main.last())
    }
    /// The header with most work.
    pub fn best_header(&self) -> Tip {
        self.tree.tip(self.best.last())
    }
    /// Height up to which the best header's chain is validated.
    pub fn validated_height(&self) -> u64 {
        self.validated
    }
    /// The state after the tip.
    pub fn state(&self) -> &State {
        &self.state
    }
    /// The header, if known.
    pub fn header(&self, id: &BlockId) -> Option<&Header> {
        self.tree.find(id).map(|index| &self.tree.get(index).header)
    }
    /// Work up to and with this block, if its header is known.
    pub fn work(&self, id: &BlockId) -> Option<u128> {
        self.tree.find(id).map(|index| self.tree.get(index).work)
    }
    /// Whether the block was found invalid, or descends from one that was.
    pub fn is_invalid(&self, id: &BlockId) -> bool {
        self.tree.find(id).is_some_and(|index| self.tree.get(index).invalid)
    }
    /// Whether the block was fully validated.
    pub fn is_valid(&self, id: &BlockId) -> bool {
        self.tree.find(id).is_some_and(|index| self.tree.get(index).validated)
    }
    /// The main chain's block at this height (up to the tip).
    pub fn at_height(&self, height: u64) -> Option<BlockId> {
        self.main.at(height).map(|index| self.tree.get(index).id)
    }
    /// Whether the block's body is at hand: in memory or in the store.
    pub fn has_body(&self, id: &BlockId) -> bool {
        self.tree.find(id).is_some_and(|index| self.tree.get(index).has_body())
    }
    /// The body, if in memory.
    pub fn body(&self, id: &BlockId) -> Option<Arc<Block>> {
        self.bodies.get(self.tree.find(id)?).cloned()
    }
    /// How many bodies are in memory.
    pub fn bodies_in_memory(&self) -> usize {
        self.bodies.len()
    }
    /// How many headers are in the tree.
    pub fn headers(&self) -> usize {
        self.tree.len()
    }
    /// Ids from the best header backwards, ever sparser, at most 101, genesis last (as Bitcoin's locator).
    pub fn locator(&self) -> Vec<BlockId> {
        let mut ids = Vec::new();
        let (mut height, mut step) = (self.best.height(), 1u64);
        while height > 0 && ids.len() < MAX_LOCATOR - 1 {
            ids.extend(self.best.at(height).map(|index| self.tree.get(index).id));
            if ids.len() >= LOCATOR_DENSE {
                step = step.saturating_mul(2);
            }
            height = height.saturating_sub(step);
        }
        ids.push(self.tree.get(GENESIS).id);
        ids
    }
    /// Headers of the main chain after the first id of `locator` that is on it (else after genesis), at most `count`.
    pub fn headers_after(&self, locator: &[BlockId], count: usize) -> Vec<Header> {
        let known = locator.iter().filter_map(|id| self.tree.find(id));
        let after = known.into_iter().find(|index| self.main.contains(&self.tree, *index)).unwrap_or(GENESIS);
        let from = self.tree.height(after) + 1;
        self.main.from(from).iter().take(count).map(|index| self.tree.get(*index).header).collect()
    }
    /// Checks a header against its ancestors and puts it in the tree. `now`: Unix milliseconds.
    pub fn insert_header(&mut self, header: &Header, now: u64) -> Result<HeaderAccepted, HeaderError> {
        let id = header.id();
        if self.tree.find(&id).is_some() {
            return Ok(HeaderAccepted::Known);
        }
        let parent = rules::check(&self.tree, &self.spec, &id, header, now)?;
        let index = self.tree.insert(id, *header, parent);
        if self.tree.get(index).work > self.best_header().work {
            self.set_best(index);
        }
        Ok(HeaderAccepted::New)
    }
    /// All for building the next block on the tip; the caller adds transactions.
    pub fn mining_job(&self, miner: Address) -> MiningJob {
        let tip = self.main.last();
        let entry = self.tree.get(tip);
        MiningJob {
            spec: Arc::clone(&self.spec),
            parent: entry.header,
            parent_id: entry.id,
            state: self.state().clone(),
            difficulty: self.tree.next_difficulty(&self.spec, tip),
            earliest_time: self.tree.median_time(tip).saturating_add(1),
            miner,
            transactions: Vec::new(),
            clock_skew: 0,
        }
    }

    /// Makes `index` the best header.
    fn set_best(&mut self, index: Index) {
        let (kept, left) = self.best.set_last(&self.tree, index);
        if !left.is_empty() {
            // Whatever was asked from the store was for another branch.
            self.loading.clear();
            self.held.clear();
        }
        self.validated = self.validated.min(kept);
        self.compare_chains(kept);
    }

    /// Finds again where main and best chain part, after one of them changed above `kept`.
    fn compare_chains(&mut self, kept: u64) {
        self.fork = self.main.common_height(&self.best, self.fork.min(kept));
        self.validated = self.validated.max(self.fork);
        while self.best.at(self.validated + 1).is_some_and(|index| self.tree.get(index).validated) {
            self.validated += 1;
        }
    }
}

#[cfg(test)]
#[path = "../ledger_tests/mod.rs"]
mod tests;
