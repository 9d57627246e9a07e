//! What a node and a peer are called on the screen.

use crate::chain::Address;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Names of the nodes watched, and which node id is whose.
#[derive(Clone, Debug, Default)]
pub struct Names {
    nodes: BTreeMap<u32, String>,
    // Looked up, never iterated: its random order shows nowhere.
    ids: HashMap<Address, u32>,
}

impl Names {
    /// Nobody is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names a node. One without a name of its own is called `n` and its index.
    pub fn set_node(&mut self, index: u32, name: impl Into<String>) {
        self.nodes.insert(index, name.into());
    }

    /// Tells which id a node has. False if that was known.
    pub fn set_id(&mut self, index: u32, id: Address) -> bool {
        self.ids.insert(id, index) != Some(index)
    }

    /// A watched node's name.
    pub fn node(&self, index: u32) -> Cow<'_, str> {
        match self.nodes.get(&index) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("n{index}")),
        }
    }

    /// The watched node with this id.
    pub fn index_of(&self, id: &Address) -> Option<u32> {
        self.ids.get(id).copied()
    }

    /// A peer's name: the node's if it is watched, else the first eight digits of its id.
    pub fn peer(&self, id: &Address) -> String {
        match self.index_of(id) {
            Some(index) => self.node(index).into_owned(),
            None => id.short(),
        }
    }
}
