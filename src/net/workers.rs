//! Heavy work beside the nodes: a fixed number of threads, shared by all nodes of a process.
//!
//! A block is validated once in a process. Its verdict, and the state after it, go to every node that asks, now or a little later.

use super::limits::{VERDICT_TRANSACTIONS, VERDICTS};
use crate::chain::{
    Block, BlockError, BlockId, ChainId, Transaction, TransactionError, ValidationJob, Verdict, verify_signatures,
};
use crate::panics::{Panicked, contain};
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Work to do.
type Job = Box<dyn FnOnce() + Send>;
/// Where a verdict goes.
type Reply = Box<dyn FnOnce(Arc<Verdict>) + Send>;

/// A bounded pool of threads for heavy work (validation, signatures), shared by the nodes of a process. A block's verdict is computed
/// once and shared. The threads end with the last clone.
#[derive(Clone)]
pub struct Workers {
    pool: Arc<Pool>,
}

/// Closes the queue when the last clone of the workers goes.
struct Pool {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    verdicts: Mutex<Verdicts>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// Verdicts by block, the oldest dropped first.
#[derive(Default)]
struct Verdicts {
    slots: HashMap<BlockId, Slot>,
    order: VecDeque<BlockId>,
    transactions: usize,
}

enum Slot {
    /// Being computed for this block; all these wait for it.
    Running(Arc<Block>, Vec<Reply>),
    Done(Arc<Verdict>),
}

impl Workers {
    /// A pool of `threads`, at least one.
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared::default());
        for number in 0..threads.max(1) {
            let shared = Arc::clone(&shared);
            let spawned = thread::Builder::new().name(format!("worker-{number}")).spawn(move || shared.work());
            if let Err(error) = spawned {
                tracing::warn!(%error, "cannot start a worker thread");
            }
        }
        Self { pool: Arc::new(Pool { shared }) }
    }

    /// Validates a block, or waits for whoever is at it, or knows the verdict already.
    pub(super) fn validate(&self, job: ValidationJob, reply: impl FnOnce(Arc<Verdict>) + Send + 'static) {
        let shared = &self.pool.shared;
        let reply: Reply = Box::new(reply);
        if !job.check_signatures {
            // A verdict without signatures is for this node alone, which has checked them before.
            return shared.submit(Box::new(move || reply(run(&job))));
        }
        let mut verdicts = shared.verdicts();
        match verdicts.slots.get_mut(&job.id) {
            // The id names the header only: a verdict is for one body.
            Some(Slot::Done(verdict)) if same(&verdict.block, &job.block) => {
                let verdict = Arc::clone(verdict);
                drop(verdicts);
                reply(verdict);
            }
            Some(Slot::Running(block, waiting)) if same(block, &job.block) => waiting.push(reply),
            Some(_) => {
                drop(verdicts);
                shared.submit(Box::new(move || reply(run(&job))));
            }
            None => {
                verdicts.slots.insert(job.id, Slot::Running(Arc::clone(&job.block), vec![reply]));
                drop(verdicts);
                let handle = Arc::clone(shared);
                shared.submit(Box::new(move || {
                    let verdict = run(&job);
                    let waiting = handle.verdicts().settle(job.id, &verdict);
                    for reply in waiting {
                        reply(Arc::clone(&verdict));
                    }
                }));
            }
        }
    }

    /// Checks transactions: all signatures at once, one by one only if that fails.
    pub(super) fn check(
        &self,
        chain: ChainId,
        transactions: Vec<Transaction>,
        reply: impl FnOnce(Vec<(Transaction, Result<(), TransactionError>)>) + Send + 'static,
    ) {
        self.pool.shared.submit(Box::new(move || reply(check_all(chain, transactions))));
    }
}

impl Shared {
    fn work(&self) {
        loop {
            let job = {
                let mut queue = self.queue();
                loop {
                    match queue.jobs.pop_front() {
                        Some(job) => break job,
                        None if queue.closed => return,
                        None => queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner),
                    }
                }
            };
            // A worker outlives a defect in what it runs; the next job is another node's.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a worker's job panicked: this is a defect");
            }
        }
    }

    fn submit(&self, job: Job) {
        self.queue().jobs.push_back(job);
        self.work.notify_one();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn verdicts(&self) -> MutexGuard<'_, Verdicts> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.work.notify_all();
    }
}

impl Verdicts {
    /// Keeps a verdict, and gives back who waits for it. One that could not be made, or is of a body that is not the header's, is not
    /// kept: the right body must still be validated.
    fn settle(&mut self, id: BlockId, verdict: &Arc<Verdict>) -> Vec<Reply> {
        let waiting = match self.slots.remove(&id) {
            Some(Slot::Running(_, waiting)) => waiting,
            _ => Vec::new(),
        };
        if !matches!(verdict.result, Err(BlockError::BodyMismatch | BlockError::Unchecked)) {
            self.transactions += verdict.block.transactions.len();
            self.order.push_back(id);
            self.slots.insert(id, Slot::Done(Arc::clone(verdict)));
            while self.order.len() > VERDICTS || (self.transactions > VERDICT_TRANSACTIONS && self.order.len() > 1) {
                if let Some(Slot::Done(old)) = self.order.pop_front().and_then(|oldest| self.slots.remove(&oldest)) {
                    self.transactions -= old.block.transactions.len();
                }
            }
        }
        waiting
    }
}

/// Whether two blocks of one id have one body.
fn same(left: &Arc<Block>, right: &Arc<Block>) -> bool {
    Arc::ptr_eq(left, right) || left == right
}

/// Validates.
fn run(job: &ValidationJob) -> Arc<Verdict> {
    let result = attempt(|| job.run());
    Arc::new(result.unwrap_or_else(|| Verdict { block: Arc::clone(&job.block), id: job.id, result: Err(BlockError::Unchecked) }))
}

/// Does something that may panic, which is a defect, and at once once more if it does; `None` after the second time. Whoever waits gets
/// an answer all the same, and no peer is blamed.
fn attempt<T>(work: impl Fn() -> T) -> Option<T> {
    for _ in 0..2 {
        match contain(&work) {
            Ok(done) => return Some(done),
            Err(Panicked) => tracing::error!("a check panicked: this is a defect"),
        }
    }
    None
}

/// All transactions that could be checked, with what is wrong with each.
fn check_all(chain: ChainId, transactions: Vec<Transaction>) -> Vec<(Transaction, Result<(), TransactionError>)> {
    // What is wrong by itself is told apart before the signatures are checked together.
    let sound = |transaction: &Transaction| {
        let transfer = &transaction.transfer;
        transfer.chain == chain && transfer.amount.checked_add(transfer.fee).is_some()
    };
    let all_well = attempt(|| transactions.iter().all(sound) && verify_signatures(&transactions).is_ok()).unwrap_or(false);
    transactions
        .into_iter()
        .filter_map(|transaction| {
            let result = if all_well { Some(Ok(())) } else { attempt(|| transaction.verify(chain)) };
            result.map(|result| (transaction, result))
        })
        .collect()
}

#[cfg(test)]
#[path = "workers_tests.rs"]
mod tests;
