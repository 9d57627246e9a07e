//! Sealing blocks of one's own making: a search in slices, at a pace that follows the network's.

use super::limits::{SLICE, SLICE_TRIES};
use crate::chain::{Block, ChainSpec, MiningJob, Template};
use crate::node::Time;
use std::sync::Arc;

/// A search for one block's seal.
pub(super) struct Forge {
    template: Template,
    nonce: u64,
    tries: u64,
    next: Time,
}

impl Forge {
    /// A search with `percent` of the network's hash rate, as the job's difficulty tells it.
    pub(super) fn new(job: &MiningJob, percent: u64, now: Time) -> Self {
        let network = u128::from(job.difficulty) * SLICE.as_millis() / u128::from(job.spec.block_time_ms.max(1));
        let tries = (network * u128::from(percent) / 100).clamp(1, u128::from(SLICE_TRIES)) as u64;
        // Template times are the miner's own affair; an honest-looking one raises no other question.
        Self { template: job.build(now.as_millis()), nonce: 0, tries, next: now + SLICE }
    }

    /// When its next slice is done.
    pub(super) fn next(&self) -> Time {
        self.next
    }

    /// Does the slice that is due; the block, if it is found.
    pub(super) fn search(&mut self, now: Time) -> Option<Arc<Block>> {
        self.next = now + SLICE;
        self.template.set_time(now.as_millis());
        let found = self.template.search(self.nonce, self.tries);
        self.nonce = self.nonce.wrapping_add(self.tries);
        found.map(Arc::new)
    }
}

/// The same job, except that the miner pays itself twice the reward: every rule of the header holds, and the state root is one that
/// no honest node comes to.
pub(super) fn greedy(mut job: MiningJob) -> MiningJob {
    let reward = job.spec.reward.saturating_mul(2).max(1);
    job.spec = Arc::new(ChainSpec { reward, ..(*job.spec).clone() });
    job
}
