//! The ledger: what a block and a transaction are, when they are valid, and which chain wins.
//!
//! Pure and deterministic: no clock, no randomness, no file. Times come in as Unix milliseconds.

//!
//! | File | What it holds |
//! |---|---|
//! | `ids`, `keys` | names of 32 bytes; Ed25519 keys and signatures |
//! | `transaction`, `block` | what peers send each other; `encode` is the canonical encoding, `merkle` the root of a body |
//! | `spec`, `limits` | a chain's parameters and its first block; every number with its reason |
//! | `state` | accounts, in a persistent tree with a root hash |
//! | `execute`, `validate` | transfers move coins; whether a block is valid |
//! | `difficulty`, `mining` | what a seal must meet; making a block |
//! | `ledger` | the block tree: header rules, fork choice, what to validate next |
//! | `mempool` | transactions that wait |
//! | `error` | what can be wrong with what we are given |

mod block;
mod difficulty;
mod encode;
mod error;
mod execute;
mod ids;
mod keys;
mod ledger;
pub mod limits;
mod mempool;
mod merkle;
mod mining;
mod spec;
mod state;
#[cfg(test)]
pub(crate) mod testing;
mod transaction;
mod validate;

pub use block::{Block, Header, Seal};
pub use difficulty::{meets as meets_difficulty, next_difficulty};
pub use error::{BlockError, HeaderError, PoolError, RestoreError, TransactionError};
pub use ids::{Address, BlockId, Hash256, TxId};
pub use keys::{KeyPair, Signature};
pub use ledger::{Connected, HeaderAccepted, Ledger, Need, Reorg, Tip};
pub use mempool::{Admitted, Mempool};
pub use merkle::transaction_root;
pub use mining::{MiningJob, Template};
pub use spec::{ChainId, ChainSpec};
pub use state::{Account, State};
pub use transaction::{Transaction, Transfer, verify_signatures};
pub use validate::{PostState, ValidationJob, Verdict};
