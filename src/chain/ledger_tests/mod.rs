//! The ledger, driven as a node with a store drives it.

mod reorg;
mod rules;
mod store;

use super::*;
use crate::chain::testing::*;
use std::collections::BTreeMap;

/// Later than every block of these tests.
const NOW: u64 = 1 << 50;

/// A ledger with a store beside it.
struct Node {
    ledger: Ledger,
    store: BTreeMap<BlockId, Arc<Block>>,
    /// What happened, in order.
    connected: Vec<Connected>,
    /// Bodies that the ledger asked the store for.
    loads: usize,
    replays: usize,
}

impl Node {
    fn new(spec: Arc<ChainSpec>) -> Self {
        Self { ledger: Ledger::new(spec), store: BTreeMap::new(), connected: Vec::new(), loads: 0, replays: 0 }
    }

    fn headers(&mut self, blocks: &[Arc<Block>]) {
        for block in blocks {
            self.ledger.insert_header(&block.header, NOW).unwrap();
        }
    }

    /// Works off all needs.
    fn run(&mut self) {
        loop {
            match self.ledger.next_need() {
                Need::Nothing => return,
                Need::Load(ids) => {
                    self.loads += ids.len();
                    for id in ids {
                        match self.store.get(&id) {
                            Some(block) => assert!(self.ledger.insert_body(id, Arc::clone(block))),
                            None => self.ledger.forget_body(&id),
                        }
                    }
                }
                Need::Validate(job) => {
                    assert!(matches!(self.ledger.next_need(), Need::Nothing), "one job is out at a time");
                    self.replays += usize::from(!job.check_signatures);
                    let verdict = job.run();
                    let connected = self.ledger.connect(&verdict);
                    if verdict.result.is_ok() && !self.store.contains_key(&verdict.id) {
                        self.store.insert(verdict.id, verdict.block);
                        self.ledger.stored(&verdict.id);
                    }
                    self.connected.push(connected);
                }
            }
        }
    }

    /// Headers, then bodies, then work.
    fn take(&mut self, blocks: &[Arc<Block>]) {
        self.headers(blocks);
        for block in blocks {
            self.ledger.insert_body(block.id(), Arc::clone(block));
            self.run();
        }
    }

    fn reorgs(&self) -> Vec<&Reorg> {
        let reorg = |connected: &'_ _| matches!(connected, Connected::Tip { reorg: Some(_), .. });
        let reorgs = self.connected.iter().filter(|connected| reorg(connected));
        reorgs.filter_map(|connected| if let Connected::Tip { reorg, .. } = connected { reorg.as_ref() } else { None }).collect()
    }
}

fn supply(state: &State) -> u128 {
    state.iter().map(|(_, account)| u128::from(account.balance)).sum()
}

fn ids(blocks: &[Arc<Block>]) -> Vec<BlockId> {
    blocks.iter().map(|block| block.id()).collect()
}
