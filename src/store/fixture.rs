//! A chain for the store's tests: the same blocks every time, each with a transfer to a new account.

use super::{Batch, Store};
use crate::chain::{Address, Block, BlockId, ChainSpec, Header, KeyPair, MiningJob, State, Transfer, ValidationJob};
use std::sync::Arc;

mod disk;

pub use disk::Disk;

/// The chain of the tests: anybody seals it at once.
pub fn spec() -> ChainSpec {
    ChainSpec { initial_difficulty: 1, ..ChainSpec::lab() }
}

/// Builds blocks one after the other.
#[derive(Clone)]
pub struct Chain {
    spec: Arc<ChainSpec>,
    parent: Header,
    state: State,
    miner: u8,
    /// Every tip so far, genesis first.
    pub tips: Vec<BlockId>,
}

impl Chain {
    pub fn new() -> Self {
        let spec = Arc::new(spec());
        let (genesis, state) = spec.genesis();
        Self { tips: vec![genesis.id()], parent: genesis.header, state, miner: 1, spec }
    }

    /// The same chain up to here; blocks from now on differ.
    pub fn branch(&self, miner: u8) -> Self {
        Self { miner, ..self.clone() }
    }

    pub fn height(&self) -> u64 {
        self.parent.height
    }

    /// The next block, and the state after it.
    pub fn block(&mut self) -> Arc<Block> {
        let keys = KeyPair::from_seed([7; 32]);
        let faucet = ChainSpec::lab_faucet();
        let nonce = self.state.get(&faucet.address()).map_or(0, |account| account.nonce);
        let mut to = keys.address();
        to.0[..8].copy_from_slice(&self.parent.height.to_le_bytes());
        let transfer = Transfer { chain: self.spec.chain, from: faucet.address(), to, amount: 5, fee: 1, nonce };
        let parent_id = self.parent.id();
        let job = MiningJob {
            spec: Arc::clone(&self.spec),
            parent: self.parent,
            parent_id,
            state: self.state.clone(),
            difficulty: 1,
            earliest_time: self.parent.time + 1,
            miner: Address([self.miner; 32]),
            transactions: vec![transfer.sign(&faucet)],
            clock_skew: 0,
        };
        let block = job.build(self.parent.time + 4_000).search(0, 1_000).expect("difficulty 1");
        let block = Arc::new(block);
        let verdict = ValidationJob {
            spec: Arc::clone(&self.spec),
            block: Arc::clone(&block),
            id: block.id(),
            parent_state: self.state.clone(),
            check_signatures: false,
        }
        .run();
        self.state = verdict.result.expect("valid").state;
        self.parent = block.header;
        self.tips.push(block.id());
        block
    }

    /// The next block as a batch of its own.
    pub fn batch(&mut self) -> Batch {
        self.batch_of(1)
    }

    /// The next `count` blocks as a batch.
    pub fn batch_of(&mut self, count: usize) -> Batch {
        let blocks: Vec<_> = (0..count).map(|_| self.block()).collect();
        Batch { tip: self.parent.id(), blocks, state: self.state.clone() }
    }
}

/// Checks that what a store holds is whole. Returns its tip and the tip's height.
pub fn check(store: &mut dyn Store) -> Option<(BlockId, u64)> {
    let stored = store.load().expect("loads")?;
    let find = |id: BlockId| stored.headers.iter().find(|header| header.id() == id);
    let tip = find(stored.tip).expect("the tip's header is there");
    assert_eq!(stored.state.root(), tip.state_root);
    for pair in stored.headers.windows(2) {
        assert!(pair[0].height <= pair[1].height, "parents first");
    }
    let mut at = *tip;
    loop {
        let block = store.block(&at.id()).expect("readable").expect("there");
        assert_eq!(block.header, at);
        if at.height == 1 {
            assert_eq!(at.parent, spec().genesis_id());
            return Some((stored.tip, tip.height));
        }
        at = *find(at.parent).expect("the parent's header is there");
    }
}
