//! The validation of a block's body on its parent's state. The header's own rules are checked before, when it enters the ledger.
//!
//! Nearly all of the time goes to signatures, so these are checked in batches (Bernstein, Duif, Lange, Schwabe and Yang,
//! "High-speed high-security signatures", 2012), and everything else is arranged to disappear beside them.

use super::execute::Execution;
use super::limits::{MAX_BLOCK_BYTES, MIN_SIGNATURE_BATCH};
use super::{Block, BlockError, BlockId, ChainSpec, State, Transaction, TransactionError, TxId, encode, merkle};
use ed25519_zebra::{VerificationKeyBytes, batch};
use rand::{SeedableRng, rngs::ChaCha20Rng};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The validation of one block on its parent's state. Pure; heavy; shared: the same block gives the same verdict everywhere.
#[derive(Clone)]
pub struct ValidationJob {
    /// The rules.
    pub spec: Arc<ChainSpec>,
    /// The block.
    pub block: Arc<Block>,
    /// Its id: a key for sharing verdicts between the nodes of a process.
    pub id: BlockId,
    /// State after its parent.
    pub parent_state: State,
    /// False when it was fully validated before (replay on a deep reorg): then signatures are not checked again.
    pub check_signatures: bool,
}

/// The state after a block.
#[derive(Clone)]
pub struct PostState {
    /// All accounts after it.
    pub state: State,
}

/// What validation found.
///
/// It can be shared by block id, except [`BlockError::BodyMismatch`]: that is of one body only, and another of the same id may be right.
#[derive(Clone)]
pub struct Verdict {
    /// The block.
    pub block: Arc<Block>,
    /// Its id.
    pub id: BlockId,
    /// The state after it, or what is wrong.
    pub result: Result<PostState, BlockError>,
}

impl ValidationJob {
    /// Does the work, on the calling thread.
    pub fn run(&self) -> Verdict {
        self.run_on(1)
    }

    /// Does the work on `threads` threads, the calling one among them: signatures are checked while the transfers are executed.
    /// The verdict does not depend on how many.
    pub fn run_on(&self, threads: usize) -> Verdict {
        let result = self.validate(threads).map(|state| PostState { state });
        Verdict { block: Arc::clone(&self.block), id: self.id, result }
    }

    fn validate(&self, threads: usize) -> Result<State, BlockError> {
        let transactions = &self.block.transactions;
        let ids = self.block.transaction_ids();
        // First of all: any other error is the header's fault, this one is only the sender's.
        if merkle::transaction_root(&ids) != self.block.header.tx_root {
            return Err(BlockError::BodyMismatch);
        }
        if transactions.len() > self.spec.max_transactions || self.block.size() > MAX_BLOCK_BYTES {
            return Err(BlockError::Invalid(format!("{} transactions are too many", transactions.len())));
        }
        for (index, transaction) in transactions.iter().enumerate() {
            transaction.transfer.check(self.spec.chain).map_err(|error| BlockError::Transaction { index, error })?;
        }
        if !self.check_signatures {
            return self.execute();
        }
        let batches = Batches::new(transactions, &ids, threads);
        let helpers = threads.min(batches.count()).saturating_sub(1);
        let executed = std::thread::scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|| batches.work());
            }
            let executed = self.execute();
            batches.work();
            executed
        });
        // A wrong signature is reported before anything else, so that the error does not depend on which was found first.
        match batches.first_wrong() {
            Some(index) => Err(BlockError::Transaction { index, error: TransactionError::BadSignature }),
            None => executed,
        }
    }

    /// A transaction that stands in the block twice fails here: its nonce is used up.
    fn execute(&self) -> Result<State, BlockError> {
        let header = &self.block.header;
        let mut execution = Execution::new(&self.parent_state);
        for (index, transaction) in self.block.transactions.iter().enumerate() {
            let applied = execution.apply(&transaction.transfer);
            applied.map_err(|error| BlockError::Invalid(format!("transaction {index} does not apply: {error}")))?;
        }
        let state = execution.finish(&header.miner, self.spec.reward).map_err(|error| BlockError::Invalid(error.to_string()))?;
        if state.root() != header.state_root {
            return Err(BlockError::Invalid("the state root is not that of the state after the block".into()));
        }
        Ok(state)
    }
}

/// The signatures of a block in pieces of equal size, which any number of threads take one after another.
struct Batches<'a> {
    transactions: &'a [Transaction],
    ids: &'a [TxId],
    piece: usize,
    next: AtomicUsize,
    wrong: AtomicUsize,
}

impl<'a> Batches<'a> {
    fn new(transactions: &'a [Transaction], ids: &'a [TxId], threads: usize) -> Self {
        // Two pieces a thread, since the calling one starts later; a single thread takes all at once, which is fastest.
        let pieces = if threads > 1 { threads.saturating_mul(2) } else { 1 };
        let piece = transactions.len().div_ceil(pieces).max(MIN_SIGNATURE_BATCH);
        Self { transactions, ids, piece, next: AtomicUsize::new(0), wrong: AtomicUsize::new(usize::MAX) }
    }

    fn count(&self) -> usize {
        self.transactions.len().div_ceil(self.piece)
    }

    /// Checks pieces until none is left.
    fn work(&self) {
        loop {
            let piece = self.next.fetch_add(1, Ordering::Relaxed);
            if piece >= self.count() {
                return;
            }
            let start = piece * self.piece;
            let end = self.transactions.len().min(start + self.piece);
            if let Err(index) = verify_batch(&self.transactions[start..end], &self.ids[start..end]) {
                self.wrong.fetch_min(start + index, Ordering::Relaxed);
            }
        }
    }

    /// The index of the first wrong signature. All threads have ended.
    fn first_wrong(&self) -> Option<usize> {
        Some(self.wrong.load(Ordering::Relaxed)).filter(|index| *index != usize::MAX)
    }
}

/// Checks the signatures of transactions with these ids at once; `Err` holds the index of the first that fails.
///
/// A batch needs coefficients that whoever made the signatures could not know. They come from a generator whose seed is the hash of all
/// the ids, and an id is a hash over key, message and signature: whoever changes any of these changes all
/// coefficients (as the transcripts of ed25519-dalek's batches do), and the outcome is the same everywhere. By ZIP 215 a batch passes if all
/// of its signatures pass singly; that it fails if one does not is certain up to 2^-128.
pub(super) fn verify_batch(transactions: &[Transaction], ids: &[TxId]) -> Result<(), usize> {
    let mut seed = Sha256::new_with_prefix(b"rumormill/batch/1");
    let mut verifier = batch::Verifier::new();
    for (transaction, id) in transactions.iter().zip(ids) {
        seed.update(id.0);
        verifier.queue((
            VerificationKeyBytes::from(transaction.transfer.from.0),
            ed25519_zebra::Signature::from_bytes(&transaction.signature.0),
            &encode::signed_bytes(&transaction.transfer),
        ));
    }
    if verifier.verify(ChaCha20Rng::from_seed(seed.finalize().into())).is_ok() {
        return Ok(());
    }
    match transactions.iter().position(|transaction| !transaction.has_valid_signature()) {
        Some(index) => Err(index),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
