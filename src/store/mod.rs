//! Where blocks and state are kept: behind one trait, in memory or on disk; and what else a node keeps in its directory.
//!
//! | File | Its story |
//! |---|---|
//! | `memory` | blocks in a map, for simulated nodes |
//! | `shared` | one store, several handles: it outlives the node that uses it |
//! | `faulty` | a store whose disk can be filled at will |
//! | `disk` | one redb file: a batch is one durable transaction |
//! | `layout` | the tables of that file and the bytes in them |
//! | `directory` | a node's data directory: its rights, its lock, its default place |
//! | `identity` | the key file |
//! | `addresses` | the address book's file |
//! | `error` | what can go wrong, and what to do then |

use crate::chain::{Block, BlockId, Header, State};
use std::sync::Arc;

mod addresses;
pub mod directory;
mod disk;
mod error;
mod faulty;
pub mod identity;
mod layout;
pub mod limits;
mod memory;
mod shared;

pub use addresses::{AddressFile, SavedAddress, SavedAddresses, Teller};
pub use directory::DataDirectory;
pub use disk::DiskStore;
pub use error::{ChainMark, StoreError};
pub use faulty::{DiskSwitch, FaultyStore};
pub use memory::MemoryStore;
pub use shared::SharedStore;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod directory_tests;
#[cfg(test)]
mod disk_tests;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod kill_tests;
#[cfg(test)]
mod shared_tests;

/// What the node wants kept, all or nothing.
#[derive(Clone)]
pub struct Batch {
    /// Validated blocks, parents first.
    pub blocks: Vec<Arc<Block>>,
    /// The tip of the main chain after them.
    pub tip: BlockId,
    /// The state after that tip. The store writes what changed since the last batch.
    pub state: State,
}

/// What a store holds at the start.
pub struct Stored {
    /// Headers of all stored blocks, parents first, genesis left out.
    pub headers: Vec<Header>,
    /// The main chain's tip.
    pub tip: BlockId,
    /// The state after it.
    pub state: State,
}

/// A store of one chain. Used from one writer thread, beside the state machine.
pub trait Store: Send {
    /// What it holds; `None` when it is new.
    fn load(&mut self) -> Result<Option<Stored>, StoreError>;
    /// A stored block.
    fn block(&self, id: &BlockId) -> Result<Option<Arc<Block>>, StoreError>;
    /// Keeps a batch: after `Ok` it survives a crash; after a crash within, nothing of it is there. After an error, however often, the
    /// store stays usable: what was kept is still there, and nothing of the batch is remembered. Who called hands its blocks in again,
    /// as often as it takes; a block that is there already does no harm.
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError>;
}
