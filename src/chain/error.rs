//! What can be wrong with what we are given. Each error says what the reader can do.

use super::BlockId;

/// A transaction breaks a rule that needs no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// For another chain.
    #[error("the transaction is signed for chain {0}, not for this one")]
    WrongChain(u32),
    /// amount + fee does not fit 64 bits.
    #[error("amount and fee together overflow")]
    Overflow,
    /// Not signed by its payer.
    #[error("the signature does not match the payer's key")]
    BadSignature,
}

/// A header breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Ask for what comes before it.
    #[error("the parent {0:?} is not known")]
    UnknownParent(BlockId),
    /// Built on a block known to be invalid.
    #[error("it builds on an invalid block")]
    InvalidParent,
    /// Too far ahead of our clock; may be valid later. Unix milliseconds.
    #[error("its time {time} is more than 2 minutes ahead of ours ({now})")]
    FromTheFuture {
        /// The header's time.
        time: u64,
        /// Our time.
        now: u64,
    },
    /// A rule that the sender could have checked is broken: fatal for it.
    #[error("{0}")]
    Invalid(&'static str),
}

/// A block's body or execution breaks a rule. Fatal for its sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The body does not match the header's transaction root: the sender mutated it, the header may still be fine.
    #[error("the transactions do not match the header's transaction root")]
    BodyMismatch,
    /// A transaction is invalid by itself.
    #[error("transaction {index}: {error}")]
    Transaction {
        /// Its place in the block.
        index: usize,
        /// What is wrong.
        error: TransactionError,
    },
    /// The check itself failed, which says nothing about the block: nobody is to blame, and it is not marked.
    #[error("it could not be checked: this is a fault of the program, please report it")]
    Unchecked,
    /// Anything else: nonce, balance, state root, size.
    #[error("{0}")]
    Invalid(String),
}

/// Why the pool refused a transaction. None of these is an offence of the relaying peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// Already here.
    #[error("already in the pool")]
    Known,
    /// Its nonce was used.
    #[error("nonce {nonce} is used up, the account is at {account}")]
    Stale {
        /// The transaction's.
        nonce: u64,
        /// The account's.
        account: u64,
    },
    /// 64 or more ahead of the account: a chain of one account holds 64 transactions.
    #[error("nonce {nonce} is too far ahead of the account's {account}")]
    TooFarAhead {
        /// The transaction's.
        nonce: u64,
        /// The account's.
        account: u64,
    },
    /// The account cannot pay for all of its waiting transactions.
    #[error("the account cannot pay for all its waiting transactions")]
    Unaffordable,
    /// A replacement must pay at least 10 % more.
    #[error("replacing a waiting transaction takes a fee of at least {0}")]
    FeeTooLowToReplace(u64),
    /// The pool is full of better-paying ones.
    #[error("the pool is full and the fee is lower than any in it")]
    Full,
}

/// What was stored does not make a chain. Choose another data directory, or remove this one and sync anew.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The stored chain starts elsewhere.
    #[error("the stored chain has genesis {found:?}, this one has {wanted:?}")]
    WrongGenesis {
        /// On disk.
        found: BlockId,
        /// Of the spec.
        wanted: BlockId,
    },
    /// Something is missing or does not match.
    #[error("the stored chain is damaged: {0}")]
    Damaged(String),
}
