//! A chain made before a run, for those who have much to catch up with: made once, shared by all.

use crate::chain::{Address, Block, ChainSpec, MiningJob, State, ValidationJob, next_difficulty};
use crate::store::{Batch, Store, StoreError};
use std::sync::Arc;

/// Blocks on top of genesis, without transactions, each a block time after the last.
pub struct Preloaded {
    batch: Option<Batch>,
}

impl Preloaded {
    /// `count` blocks, mined in turn by `miners`.
    pub fn make(spec: &Arc<ChainSpec>, count: u32, miners: &[Address]) -> Self {
        let (genesis, mut state) = spec.genesis();
        let mut parent = genesis.header;
        let mut before = parent;
        let mut blocks: Vec<Arc<Block>> = Vec::with_capacity(count as usize);
        for miner in miners.iter().cycle().take(count as usize) {
            let difficulty = if parent.height >= 2 {
                next_difficulty(parent.difficulty, parent.time, before.time, spec.block_time_ms)
            } else {
                spec.initial_difficulty.max(1)
            };
            let Some((block, after)) = mine(spec, parent, state.clone(), difficulty, *miner) else { break };
            state = after;
            (before, parent) = (parent, block.header);
            blocks.push(block);
        }
        let tip = blocks.last().map(|block| block.id());
        Self { batch: tip.map(|tip| Batch { blocks, tip, state }) }
    }

    /// Puts the chain into a new store; in memory the blocks themselves are shared.
    pub fn fill(&self, store: &mut dyn Store) -> Result<(), StoreError> {
        self.batch.as_ref().map_or(Ok(()), |batch| store.commit(batch))
    }
}

fn mine(
    spec: &Arc<ChainSpec>,
    parent: crate::chain::Header,
    state: State,
    difficulty: u64,
    miner: Address,
) -> Option<(Arc<Block>, State)> {
    let job = MiningJob {
        spec: Arc::clone(spec),
        parent,
        parent_id: parent.id(),
        state,
        difficulty,
        earliest_time: parent.time.saturating_add(1),
        miner,
        transactions: Vec::new(),
        clock_skew: 0,
    };
    let block = Arc::new(job.build(parent.time.saturating_add(spec.block_time_ms)).search(0, u64::MAX)?);
    let validation = ValidationJob {
        spec: Arc::clone(spec),
        id: block.id(),
        block: Arc::clone(&block),
        parent_state: job.state,
        check_signatures: false,
    };
    let state = validation.run().result.ok()?.state;
    Some((block, state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Ledger;
    use crate::store::MemoryStore;

    #[test]
    fn a_ledger_takes_it_whole() {
        let spec = Arc::new(ChainSpec { initial_difficulty: 4, ..ChainSpec::lab() });
        let preloaded = Preloaded::make(&spec, 60, &[Address([1; 32]), Address([2; 32])]);
        let mut store = MemoryStore::new();
        preloaded.fill(&mut store).unwrap();
        let stored = store.load().unwrap().unwrap();
        let ledger = Ledger::restore(spec.clone(), stored.headers, stored.tip, stored.state).unwrap();
        assert_eq!(ledger.tip().height, 60);
        assert_eq!(ledger.header(&ledger.tip().id).unwrap().time, spec.genesis_time + 60 * spec.block_time_ms);
    }
}
