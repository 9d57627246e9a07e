//! What the tests of this room share.

use super::*;
use std::sync::Arc;

pub(crate) const BLOCK_TIME: u64 = 4_000;

/// A chain on which every nonce seals, with 20 funded accounts.
pub(crate) fn easy_spec() -> Arc<ChainSpec> {
    let allocation = (0..20).map(|n| (keys(n).address(), 1_000_000)).collect();
    Arc::new(ChainSpec { initial_difficulty: 1, reward: 50, genesis_time: 1_000_000, allocation, ..ChainSpec::lab() })
}

pub(crate) fn keys(n: u8) -> KeyPair {
    KeyPair::from_seed([n + 100; 32])
}

pub(crate) fn pay(from: u8, nonce: u64, amount: u64, fee: u64) -> Transaction {
    let keys_from = keys(from);
    Transfer { chain: ChainId(1), from: keys_from.address(), to: keys(from + 1).address(), amount, fee, nonce }.sign(&keys_from)
}

/// Builds chains beside any ledger: headers and states of its own.
#[derive(Clone)]
pub(crate) struct Builder {
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) blocks: Vec<Arc<Block>>,
    pub(crate) state: State,
}

impl Builder {
    pub(crate) fn new(spec: Arc<ChainSpec>) -> Self {
        let (genesis, state) = spec.genesis();
        Self { spec, blocks: vec![Arc::new(genesis)], state }
    }

    pub(crate) fn job(&self, transactions: Vec<Transaction>, miner: u8) -> MiningJob {
        let parent = self.blocks[self.blocks.len() - 1].header;
        MiningJob {
            spec: Arc::clone(&self.spec),
            parent,
            parent_id: parent.id(),
            state: self.state.clone(),
            difficulty: self.difficulty(),
            earliest_time: parent.time + 1,
            miner: Address([miner; 32]),
            transactions,
            clock_skew: 0,
        }
    }

    fn difficulty(&self) -> u64 {
        match self.blocks.as_slice() {
            [.., before, parent] if parent.header.height >= 2 => {
                let parent = parent.header;
                next_difficulty(parent.difficulty, parent.time, before.header.time, self.spec.block_time_ms)
            }
            _ => self.spec.initial_difficulty,
        }
    }

    /// Adds a block `after` milliseconds after the last one.
    pub(crate) fn mine_after(&mut self, transactions: Vec<Transaction>, miner: u8, after: u64) -> Arc<Block> {
        let job = self.job(transactions, miner);
        let template = job.build(job.parent.time + after);
        let block = Arc::new(template.search(0, u64::MAX).unwrap());
        let validation = ValidationJob {
            spec: Arc::clone(&self.spec),
            id: block.id(),
            block: Arc::clone(&block),
            parent_state: self.state.clone(),
            check_signatures: false,
        };
        self.state = validation.run().result.unwrap_or_else(|error| panic!("{error}")).state;
        self.blocks.push(Arc::clone(&block));
        block
    }

    /// Adds a block on time.
    pub(crate) fn mine(&mut self, transactions: Vec<Transaction>, miner: u8) -> Arc<Block> {
        self.mine_after(transactions, miner, BLOCK_TIME)
    }

    /// Adds empty blocks on time.
    pub(crate) fn grow(&mut self, count: usize, miner: u8) {
        for _ in 0..count {
            self.mine(Vec::new(), miner);
        }
    }

    /// The same chain up to this height, with its state: to fork from.
    pub(crate) fn fork_at(&self, height: usize) -> Self {
        let mut fork = Self::new(Arc::clone(&self.spec));
        for block in &self.blocks[1..=height] {
            let validation = ValidationJob {
                spec: Arc::clone(&self.spec),
                id: block.id(),
                block: Arc::clone(block),
                parent_state: fork.state.clone(),
                check_signatures: false,
            };
            fork.state = validation.run().result.unwrap_or_else(|error| panic!("{error}")).state;
            fork.blocks.push(Arc::clone(block));
        }
        fork
    }

    pub(crate) fn tip(&self) -> BlockId {
        self.blocks[self.blocks.len() - 1].id()
    }
}

/// Changes a block's header and seals it again (on a chain where every nonce does).
pub(crate) fn with_header(block: &Block, change: impl FnOnce(&mut Header)) -> Arc<Block> {
    let mut block = block.clone();
    change(&mut block.header);
    Arc::new(block)
}
