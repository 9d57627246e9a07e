//! How the chain moves: bodies come, jobs go out, verdicts come back, the tip moves.

use super::bodies::{Class, Leaves};
use super::tree::{GENESIS, Index};
use super::{Connected, Ledger, Need, Reorg};
use crate::chain::limits::{BODY_CACHE_BYTES, LOAD_BATCH};
use crate::chain::{Block, BlockError, BlockId, State, ValidationJob, Verdict};
use std::cmp::Reverse;
use std::sync::Arc;

impl Ledger {
    /// Bodies wanted next: on the way to the best header, lowest first, not at hand, at most `count`, within `window` blocks above
    /// the last validated one.
    ///
    /// Fewer when the bodies that wait already fill half of the cache. Looks at no more than `window` blocks.
    pub fn wanted_bodies(&self, window: usize, count: usize) -> Vec<BlockId> {
        let lost = self.lost.iter().copied().filter(|index| self.best.contains(&self.tree, *index));
        let mut waiting = 0;
        let path = self.best.from(self.validated + 1).iter().copied().take(window).take_while(|index| {
            let fits = waiting < BODY_CACHE_BYTES / 2;
            waiting += self.tree.get(*index).in_memory;
            fits
        });
        let entries = lost.chain(path).map(|index| self.tree.get(index));
        entries.filter(|entry| !entry.has_body()).map(|entry| entry.id).take(count).collect()
    }

    /// Keeps a body whose header is in the tree (from a peer or loaded from the store). False if its header is unknown, the block is
    /// invalid, or it is no longer needed (or there is no room for it: then it is still wanted).
    ///
    /// Whether the transactions match the header is left to the validation.
    pub fn insert_body(&mut self, id: BlockId, block: Arc<Block>) -> bool {
        let Some(index) = self.tree.find(&id) else {
            return false;
        };
        let entry = self.tree.get(index);
        let asked = self.loading.contains(&index);
        if entry.invalid || entry.in_memory > 0 || (entry.stored && !asked) {
            return false;
        }
        if entry.header != block.header {
            // From the store: it is damaged there.
            if asked {
                self.forget_body(&id);
            }
            return false;
        }
        if asked {
            self.loading.remove(&index);
            self.held.insert(index);
        }
        self.lost.remove(&index);
        self.keep_body(index, block);
        self.shrink_bodies();
        self.tree.get(index).in_memory > 0
    }

    /// Drops a body that did not match its header, or that the store lost, so that it is wanted again.
    pub fn forget_body(&mut self, id: &BlockId) {
        let Some(index) = self.tree.find(id).filter(|index| *index != GENESIS) else {
            return;
        };
        self.drop_body(index);
        self.loading.remove(&index);
        let entry = self.tree.get_mut(index);
        entry.stored = false;
        if entry.validated {
            self.lost.insert(index);
        }
    }

    /// Tells that a block is in the store, so that its body may leave memory when the cache is full.
    pub fn stored(&mut self, id: &BlockId) {
        if let Some(index) = self.tree.find(id) {
            self.tree.get_mut(index).stored = true;
            self.lost.remove(&index);
        }
    }

    /// What to do next. A job given out is not given again until its verdict came back; one job is out at a time.
    pub fn next_need(&mut self) -> Need {
        if self.job.is_some() {
            return Need::Nothing;
        }
        if let Some(need) = self.need_on_best_chain() {
            return need;
        }
        // The best chain waits for bodies. Does any other block at hand lead on?
        let tip = self.tip().work;
        let ready = self.ready.iter().copied().filter(|index| self.tree.get(*index).work > tip);
        let ready = ready.filter(|index| self.states.get(self.tree.get(*index).parent).is_some());
        match ready.max_by_key(|index| (self.tree.get(*index).work, Reverse(*index))) {
            Some(index) => self.validate(index).unwrap_or(Need::Nothing),
            None => Need::Nothing,
        }
    }

    fn need_on_best_chain(&mut self) -> Option<Need> {
        let next = self.best.at(self.validated + 1)?;
        let parent = self.best.at(self.validated)?;
        if !self.tree.get(next).has_body() {
            return None;
        }
        if self.states.get(parent).is_some() {
            return self.validate(next).or_else(|| self.load(self.validated + 1));
        }
        // A fork further back than states are kept: replay from the nearest one.
        let height = self.states.nearest(&self.tree, &self.best, self.validated) + 1;
        self.validate(self.best.at(height)?).or_else(|| self.load(height))
    }

    /// The job for a block whose parent's state is kept; `None` if its body is not in memory.
    fn validate(&mut self, index: Index) -> Option<Need> {
        let entry = self.tree.get(index);
        let block = Arc::clone(self.bodies.get(index)?);
        let parent_state = self.states.get(entry.parent)?.clone();
        let (spec, id, check_signatures) = (Arc::clone(&self.spec), entry.id, !entry.validated);
        self.job = Some(index);
        Some(Need::Validate(ValidationJob { spec, block, id, parent_state, check_signatures }))
    }

    /// Asks the store for bodies of the best chain from this height on; `None` if all there are have been asked for.
    fn load(&mut self, height: u64) -> Option<Need> {
        let near = self.best.from(height).iter().copied().take(LOAD_BATCH);
        let missing = near.filter(|index| {
            let entry = self.tree.get(*index);
            entry.stored && entry.in_memory == 0 && !self.loading.contains(index)
        });
        let missing: Vec<Index> = missing.collect();
        self.loading.extend(&missing);
        let ids: Vec<BlockId> = missing.into_iter().map(|index| self.tree.get(index).id).collect();
        (!ids.is_empty()).then_some(Need::Load(ids))
    }

    /// Takes a verdict. `BodyMismatch` and `Unchecked` forget the body only; any other error marks the block and its descendants.
    pub fn connect(&mut self, verdict: &Verdict) -> Connected {
        let Some(index) = self.job.filter(|index| self.tree.get(*index).id == verdict.id) else {
            return Connected::Stale;
        };
        self.job = None;
        match &verdict.result {
            Ok(post) => self.accept(index, &verdict.block, post.state.clone()),
            Err(error) => {
                self.refuse(index, error);
                Connected::Invalid(error.clone())
            }
        }
    }

    fn accept(&mut self, index: Index, block: &Arc<Block>, state: State) -> Connected {
        self.held.remove(&index);
        self.states.insert(index, state.clone());
        let first_time = !self.tree.get(index).validated;
        let connected = if first_time {
            // Until it is in the store, memory is the only place where it is.
            self.keep_body(index, Arc::clone(block));
            self.ready.remove(&index);
            self.tree.get_mut(index).validated = true;
            let freed: Vec<Index> = self.tree.children(index).filter(|child| self.is_ready(*child)).collect();
            self.ready.extend(freed);
            self.compare_chains(self.fork);
            if self.tree.get(index).work > self.tip().work { self.move_tip(index, state) } else { Connected::Side }
        } else {
            Connected::Side
        };
        self.states.prune(&self.tree, &self.main);
        self.shrink_bodies();
        connected
    }

    fn move_tip(&mut self, index: Index, state: State) -> Connected {
        self.state = state;
        let (fork, left) = self.main.set_last(&self.tree, index);
        self.compare_chains(fork);
        let bodies = |indices: &[Index]| indices.iter().filter_map(|index| self.bodies.get(*index).cloned()).collect();
        let reorg = (!left.is_empty()).then(|| Reorg {
            fork: self.at_height(fork).unwrap_or_default(),
            fork_height: fork,
            disconnected: bodies(&left),
            depth: left.len() as u64,
        });
        Connected::Tip { connected: bodies(self.main.from(fork + 1)), reorg }
    }

    fn refuse(&mut self, index: Index, error: &BlockError) {
        let entry = self.tree.get(index);
        // What was valid once and fails now was damaged on its way through the store: the block is still good.
        if matches!(error, BlockError::BodyMismatch | BlockError::Unchecked) || entry.validated {
            let id = entry.id;
            return self.forget_body(&id);
        }
        for index in self.tree.mark_invalid(index) {
            self.drop_body(index);
            self.loading.remove(&index);
        }
        if self.tree.get(self.best.last()).invalid {
            self.set_best(self.tree.elect());
        }
    }

    pub(super) fn keep_body(&mut self, index: Index, block: Arc<Block>) {
        self.tree.get_mut(index).in_memory = block.size();
        self.bodies.insert(index, block);
        if self.is_ready(index) {
            self.ready.insert(index);
        }
    }

    fn drop_body(&mut self, index: Index) {
        self.bodies.remove(index);
        self.tree.get_mut(index).in_memory = 0;
        self.ready.remove(&index);
        self.held.remove(&index);
    }

    /// Whether a body is in memory and not validated, and its parent is.
    fn is_ready(&self, index: Index) -> bool {
        let entry = self.tree.get(index);
        entry.in_memory > 0 && !entry.validated && !entry.invalid && self.tree.get(entry.parent).validated
    }

    fn shrink_bodies(&mut self) {
        let Self { bodies, tree, best, held, fork, validated, .. } = self;
        let leaves = |index: Index, age: u64| -> Leaves {
            let entry = tree.get(index);
            let height = entry.header.height;
            let on_best = best.contains(tree, index);
            match (entry.validated, entry.stored) {
                _ if index == GENESIS || held.contains(&index) => None,
                (true, false) => None,
                (true, true) if on_best && height > *fork => Some((Class::Announced, age)),
                (false, _) if on_best => (height > *validated + 1).then_some((Class::Waiting, height)),
                (false, false) => Some((Class::Aside, age)),
                (_, true) => Some((Class::Stored, age)),
            }
        };
        for index in bodies.leaving(leaves) {
            self.drop_body(index);
        }
    }
}
