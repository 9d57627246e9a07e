//! Heavy work, done once for all nodes: a block's verdict and the state after it, and whether a transaction is well signed.

use crate::chain::{BlockError, BlockId, ChainId, Transaction, TransactionError, ValidationJob, Verdict};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Verdicts kept: nodes that lag further behind have the work done again.
const VERDICTS: usize = 4_096;
/// Checked transactions kept.
const CHECKS: usize = 100_000;

/// A bounded map that forgets the oldest.
struct Recent<K, V> {
    map: BTreeMap<K, V>,
    order: VecDeque<K>,
    most: usize,
}

impl<K: Ord + Copy, V> Recent<K, V> {
    fn new(most: usize) -> Self {
        Self { map: BTreeMap::new(), order: VecDeque::new(), most }
    }

    fn insert(&mut self, key: K, value: V) {
        if self.map.insert(key, value).is_none() {
            self.order.push_back(key);
            if self.order.len() > self.most
                && let Some(oldest) = self.order.pop_front()
            {
                self.map.remove(&oldest);
            }
        }
    }
}

/// Work done so far.
pub(super) struct Work {
    verdicts: Recent<BlockId, Arc<Verdict>>,
    /// By signature, which is there to be compared: an id would have to be computed.
    checks: Recent<[u8; 64], (Transaction, Result<(), TransactionError>)>,
}

impl Default for Work {
    fn default() -> Self {
        Self { verdicts: Recent::new(VERDICTS), checks: Recent::new(CHECKS) }
    }
}

impl Work {
    /// Validates a block, or gives the verdict that another node got for the very same one.
    pub(super) fn validate(&mut self, job: &ValidationJob) -> Arc<Verdict> {
        // The id names the header only: a mutated body must not share the verdict of the true one, nor spoil it.
        if let Some(known) = self.verdicts.map.get(&job.id)
            && (Arc::ptr_eq(&known.block, &job.block) || known.block == job.block)
        {
            return known.clone();
        }
        let verdict = Arc::new(job.run());
        if !matches!(verdict.result, Err(BlockError::BodyMismatch)) {
            self.verdicts.insert(job.id, verdict.clone());
        }
        verdict
    }

    /// Checks transactions, each once.
    pub(super) fn check(
        &mut self,
        chain: ChainId,
        transactions: Vec<Transaction>,
    ) -> Vec<(Transaction, Result<(), TransactionError>)> {
        transactions
            .into_iter()
            .map(|transaction| {
                let key = transaction.signature.0;
                match self.checks.map.get(&key) {
                    Some(known) if known.0 == transaction => *known,
                    _ => {
                        let checked = (transaction, transaction.verify(chain));
                        self.checks.insert(key, checked);
                        checked
                    }
                }
            })
            .collect()
    }
}
