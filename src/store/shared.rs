//! A store with several handles: a node that was killed is started again on what it had.

use super::{Batch, Store, StoreError, Stored};
use crate::chain::{Block, BlockId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A handle on a store that outlives the node that uses it. All clones are one store; two nodes must not run on it at once.
#[derive(Clone)]
pub struct SharedStore(Arc<Mutex<Box<dyn Store>>>);

impl SharedStore {
    /// A first handle on `store`.
    pub fn new(store: Box<dyn Store>) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    fn store(&self) -> MutexGuard<'_, Box<dyn Store>> {
        // A commit that panicked kept nothing, as one that failed: the store is as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for SharedStore {
    fn load(&mut self) -> Result<Option<Stored>, StoreError> {
        self.store().load()
    }

    fn block(&self, id: &BlockId) -> Result<Option<Arc<Block>>, StoreError> {
        self.store().block(id)
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.store().commit(batch)
    }
}
