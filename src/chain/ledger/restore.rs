//! The tree from what a store holds.

use super::{Ledger, State};
use crate::chain::{BlockId, ChainSpec, Header, RestoreError};
use std::sync::Arc;

impl Ledger {
    /// From what a store holds: `headers` of all stored blocks (parents first, genesis left out), the tip that `state` belongs to.
    /// Bodies of all of them are in the store; the ones on the tip's chain were validated.
    ///
    /// The headers' own rules were checked before they were stored and are not checked again; that they make a tree from this
    /// genesis is, and that the state is the tip's. Only the states of genesis and tip are at hand, so a reorg soon after this replays from
    /// genesis.
    pub fn restore(spec: Arc<ChainSpec>, headers: Vec<Header>, tip: BlockId, state: State) -> Result<Self, RestoreError> {
        let mut ledger = Self::new(spec);
        let wanted = ledger.tip().id;
        let damaged = |what: String| Err(RestoreError::Damaged(what));
        for header in headers {
            let id = header.id();
            if ledger.tree.find(&id).is_some() {
                return damaged(format!("block {id} is there twice"));
            }
            let Some(parent) = ledger.tree.find(&header.parent) else {
                return match header.height {
                    1 => Err(RestoreError::WrongGenesis { found: header.parent, wanted }),
                    height => damaged(format!("the parent of block {id} at height {height} is missing")),
                };
            };
            if ledger.tree.height(parent).checked_add(1) != Some(header.height) {
                return damaged(format!("block {id} claims height {}", header.height));
            }
            let index = ledger.tree.insert(id, header, parent);
            ledger.tree.get_mut(index).stored = true;
        }
        let Some(index) = ledger.tree.find(&tip) else {
            return match ledger.tree.elect() {
                super::GENESIS => Err(RestoreError::WrongGenesis { found: tip, wanted }),
                _ => damaged(format!("the tip {tip} is not among the blocks")),
            };
        };
        if state.root() != ledger.tree.get(index).header.state_root {
            return damaged(format!("the state is not that of the tip {tip}"));
        }
        ledger.main.set_last(&ledger.tree, index);
        for index in ledger.main.from(1) {
            ledger.tree.get_mut(*index).validated = true;
        }
        ledger.states.insert(index, state.clone());
        ledger.state = state;
        let best = ledger.tree.elect();
        ledger.set_best(best);
        Ok(ledger)
    }
}
