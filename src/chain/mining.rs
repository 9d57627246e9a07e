//! Making a block: filling a template, and searching for its proof of work.

use super::execute::Execution;
use super::limits::{HEADER_VERSION, MAX_BLOCK_BYTES};
use super::{Address, Block, BlockId, ChainSpec, Header, Seal, State, Transaction, difficulty, encode, merkle};
use std::sync::Arc;

/// All that is needed to build a block on a tip. Building executes transactions, so it is done beside the node.
#[derive(Clone)]
pub struct MiningJob {
    /// The rules.
    pub spec: Arc<ChainSpec>,
    /// The tip to build on.
    pub parent: Header,
    /// `parent.id()`.
    pub parent_id: BlockId,
    /// State after the tip.
    pub state: State,
    /// Difficulty the next block must have.
    pub difficulty: u64,
    /// Earliest time the rules allow it (median of 11, plus 1 ms), Unix milliseconds.
    pub earliest_time: u64,
    /// Who is paid.
    pub miner: Address,
    /// What to include, best first; those that do not apply are left out.
    pub transactions: Vec<Transaction>,
    /// How far the miner's clock is off, in milliseconds.
    pub clock_skew: i64,
}

/// An unsealed block.
#[derive(Clone)]
pub struct Template {
    /// Its header carries nonce 0.
    pub block: Block,
    /// Earliest time the rules allow its header, Unix milliseconds.
    pub earliest_time: u64,
    /// How far the miner's clock is off, in milliseconds.
    pub clock_skew: i64,
}

impl MiningJob {
    /// Executes the transactions and fills in the roots. `now` is Unix milliseconds.
    ///
    /// Transactions that do not apply are left out, and those beyond the block's limits. Signatures are not checked: the pool's are.
    /// Should the reward not fit the miner's balance any more, no valid block with this miner exists, and the
    /// template will be refused.
    pub fn build(&self, now: u64) -> Template {
        let most = self.spec.max_transactions.min(encode::transactions_within(MAX_BLOCK_BYTES));
        let mut execution = Execution::new(&self.state);
        let mut transactions = Vec::with_capacity(most.min(self.transactions.len()));
        for transaction in &self.transactions {
            if transactions.len() == most {
                break;
            }
            let transfer = &transaction.transfer;
            if transfer.check(self.spec.chain).is_ok() && execution.apply(transfer).is_ok() {
                transactions.push(*transaction);
            }
        }
        let state = execution.finish(&self.miner, self.spec.reward).or_else(|_| {
            transactions.clear();
            Execution::new(&self.state).finish(&self.miner, self.spec.reward)
        });
        let ids: Vec<_> = transactions.iter().map(Transaction::id).collect();
        let header = Header {
            version: HEADER_VERSION,
            height: self.parent.height.saturating_add(1),
            parent: self.parent_id,
            tx_root: merkle::transaction_root(&ids),
            state_root: state.as_ref().unwrap_or(&self.state).root(),
            time: now.saturating_add_signed(self.clock_skew).max(self.earliest_time),
            stream: 0,
            difficulty: self.difficulty,
            miner: self.miner,
            seal: Seal::Work { nonce: 0 },
        };
        Template { block: Block { header, transactions }, earliest_time: self.earliest_time, clock_skew: self.clock_skew }
    }
}

impl Template {
    /// Tries `count` nonces from `first`, going on at 0 after the last; the sealed block, or `None`.
    ///
    /// The hash of all that comes before the nonce is taken once: a try costs two blocks of SHA-256.
    pub fn search(&self, first: u64, count: u64) -> Option<Block> {
        let midstate = encode::header_midstate(&self.block.header);
        let target = difficulty::target(self.block.header.difficulty);
        let found = (0..count)
            .map(|offset| first.wrapping_add(offset))
            .find(|nonce| difficulty::upper_bits(&encode::header_hash(midstate.clone(), *nonce)) <= target);
        found.map(|nonce| {
            let mut block = self.block.clone();
            block.header.seal = Seal::Work { nonce };
            block
        })
    }
    /// Moves the header's time (never before the earliest allowed).
    pub fn set_time(&mut self, now: u64) {
        self.block.header.time = now.saturating_add_signed(self.clock_skew).max(self.earliest_time);
    }
}

#[cfg(test)]
#[path = "mining_tests.rs"]
mod tests;
