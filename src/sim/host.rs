//! One machine: its node, its store, its miner.

use crate::chain::{Block, ChainSpec, KeyPair, Ledger, MiningJob, State, Template};
use crate::node::{Config, Input, Machine, Node, Time, Wrap};
use crate::store::{AddressFile, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// How often a miner looks whether it has found something.
const SLICE: Duration = Duration::from_millis(50);

/// A search under way.
struct Search {
    job: u64,
    template: Template,
    nonce: u64,
}

/// What a slice of the search brought.
pub(super) enum Mined {
    /// Not yet; look again then.
    Nothing(Time),
    /// A block.
    Block(Arc<Block>),
    /// The search was given up meanwhile.
    Stale,
}

/// A machine.
pub(super) struct Host {
    pub(super) node: Option<Box<dyn Machine>>,
    /// Makes an adversary of the node.
    pub(super) wrap: Option<Wrap>,
    pub(super) store: Box<dyn Store>,
    /// Its address book, which outlives its node.
    pub(super) addresses: AddressFile,
    config: Config,
    pub(super) keys: KeyPair,
    /// How often it was started: what was meant for an earlier life does not reach a later one.
    pub(super) boots: u64,
    /// When the queue will look at the node's deadline.
    pub(super) deadline: Time,
    search: Option<Search>,
    jobs: u64,
    /// Commits fail.
    pub(super) disk_full: bool,
    /// The machine stands still.
    pub(super) paused: bool,
    /// What came while it stood still, in order.
    pub(super) backlog: Vec<Input>,
}

/// The first block and the state after it, made once for all nodes.
pub(super) struct Genesis {
    pub(super) spec: Arc<ChainSpec>,
    pub(super) block: Block,
    pub(super) state: State,
}

impl Genesis {
    pub(super) fn new(spec: Arc<ChainSpec>) -> Self {
        let (block, state) = spec.genesis();
        Self { spec, block, state }
    }
}

impl Host {
    pub(super) fn new(config: Config, keys: KeyPair, store: Box<dyn Store>) -> Self {
        Self {
            node: None,
            wrap: None,
            store,
            addresses: AddressFile::in_memory(),
            config,
            keys,
            boots: 0,
            deadline: Time::MAX,
            search: None,
            jobs: 0,
            disk_full: false,
            paused: false,
            backlog: Vec::new(),
        }
    }

    /// A node on what the store holds.
    pub(super) fn boot(&mut self, genesis: &Genesis, seed: u64, index: usize, now: Time) -> Result<Box<dyn Machine>, StoreError> {
        self.boots += 1;
        self.deadline = Time::MAX;
        let ledger = match self.store.load()? {
            Some(stored) => Ledger::restore(genesis.spec.clone(), stored.headers, stored.tip, stored.state)
                .map_err(|error| StoreError::Damaged(error.to_string()))?,
            None => Ledger::with_genesis(genesis.spec.clone(), genesis.block.clone(), genesis.state.clone()),
        };
        // Odd multipliers keep the seeds of all nodes and boots apart.
        let seed = seed ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.boots.wrapping_mul(0xd1b5_4a32_d192_ed03);
        let mut node = Node::new(self.config.clone(), self.keys.clone(), ledger, seed, now);
        if let (Some(saved), _) = self.addresses.load() {
            node.restore_addresses(&saved, now);
        }
        Ok(match &self.wrap {
            Some(wrap) => wrap(node),
            None => Box::new(node),
        })
    }

    /// All but the store is gone.
    pub(super) fn power_off(&mut self) {
        self.search = None;
        self.boots += 1;
        self.paused = false;
        self.backlog.clear();
    }

    /// Mines on something else from now on. The job's number, and when its first slice is done.
    pub(super) fn search(&mut self, job: Option<Box<MiningJob>>, now: Time) -> Option<(u64, Time)> {
        self.jobs += 1;
        self.search = job.map(|job| Search { job: self.jobs, template: job.build(now.as_millis()), nonce: 0 });
        self.search.as_ref().map(|search| (search.job, now + SLICE))
    }

    /// Does a slice of a search: as many tries as the pace allows.
    pub(super) fn mine(&mut self, job: u64, now: Time) -> Mined {
        let Some(search) = self.search.as_mut().filter(|search| search.job == job) else { return Mined::Stale };
        if self.paused {
            return Mined::Nothing(now + SLICE);
        }
        let rate = self.config.mining.map_or(0, |mining| mining.tries_per_second);
        let tries = (u128::from(rate) * SLICE.as_micros() / 1_000_000).max(1) as u64;
        search.template.set_time(now.as_millis());
        match search.template.search(search.nonce, tries) {
            Some(block) => {
                self.search = None;
                Mined::Block(Arc::new(block))
            }
            None => {
                search.nonce = search.nonce.wrapping_add(tries);
                Mined::Nothing(now + SLICE)
            }
        }
    }
}
