//! Blocks in a map: what every simulated node uses.

use super::{Batch, Store, StoreError, Stored};
use crate::chain::{Block, BlockId, State};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keeps blocks as long as it lives. Blocks are shared with the ledgers of the process, so that a thousand nodes hold each once.
#[derive(Default)]
pub struct MemoryStore {
    blocks: BTreeMap<BlockId, Arc<Block>>,
    tip: Option<(BlockId, State)>,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Option<Stored>, StoreError> {
        let Some((tip, state)) = self.tip.clone() else {
            return Ok(None);
        };
        let mut headers: Vec<_> = self.blocks.values().map(|block| block.header).collect();
        // Stable, and the map is sorted by id: one order for one set of blocks.
        headers.sort_by_key(|header| header.height);
        Ok(Some(Stored { headers, tip, state }))
    }

    fn block(&self, id: &BlockId) -> Result<Option<Arc<Block>>, StoreError> {
        Ok(self.blocks.get(id).cloned())
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for block in &batch.blocks {
            self.blocks.insert(block.id(), Arc::clone(block));
        }
        self.tip = Some((batch.tip, batch.state.clone()));
        Ok(())
    }
}
