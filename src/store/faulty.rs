//! A store whose disk can be filled at will.

use super::{Batch, Store, StoreError, Stored};
use crate::chain::{Block, BlockId};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Fills the disk under a [`FaultyStore`], and frees it again. All clones are one switch; off at first.
#[derive(Clone, Debug, Default)]
pub struct DiskSwitch(Arc<AtomicBool>);

impl DiskSwitch {
    /// From now on the disk is full, or not.
    pub fn set_full(&self, full: bool) {
        self.0.store(full, Ordering::Relaxed);
    }

    /// Whether it is full.
    pub fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A store that keeps nothing new while its disk is full, and gives what it has: as a real one in that state.
pub struct FaultyStore<S> {
    store: S,
    disk: DiskSwitch,
    path: PathBuf,
}

impl<S: Store> FaultyStore<S> {
    /// `store` on the disk of `disk`. Errors name `path` as the place that is full.
    pub fn new(store: S, disk: DiskSwitch, path: PathBuf) -> Self {
        Self { store, disk, path }
    }
}

impl<S: Store> Store for FaultyStore<S> {
    fn load(&mut self) -> Result<Option<Stored>, StoreError> {
        self.store.load()
    }

    fn block(&self, id: &BlockId) -> Result<Option<Arc<Block>>, StoreError> {
        self.store.block(id)
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if self.disk.is_full() {
            return Err(StoreError::Full { path: self.path.clone() });
        }
        self.store.commit(batch)
    }
}
