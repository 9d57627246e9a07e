//! Accounts, in a persistent tree of buckets whose root hash names the whole state.
//!
//! The tree branches sixteenfold on the digits of the *hash* of an address: addresses are chosen by whoever makes them, and to make
//! them share a long path takes 16 times more work for each digit. A node is a bucket exactly when
//! it holds at most [`BUCKET_ACCOUNTS`](super::limits::BUCKET_ACCOUNTS) accounts, so the shape, and with it the root, is a function of the set of accounts alone.
//! Versions share what they have in common (path copying: Driscoll, Sarnak, Sleator and Tarjan, "Making data structures persistent", 1989),
//! and a tree is at most 64 nodes deep.

mod diff;
mod node;

use super::{Address, Hash256};
use node::Node;
pub(super) use node::{Key, Keyed, key};
use std::collections::BTreeMap;
use std::fmt;

/// One account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bincode::Encode, bincode::Decode, serde::Serialize, serde::Deserialize)]
pub struct Account {
    /// What it owns, in the smallest unit.
    pub balance: u64,
    /// How many transfers it has made.
    pub nonce: u64,
}

/// All accounts. Cloning is cheap: versions share what they have in common.
#[derive(Clone)]
pub struct State {
    root: Node,
}

impl State {
    /// No accounts.
    pub fn empty() -> Self {
        Self { root: node::build(0, &[]) }
    }
    /// From a full list, in any order; a later entry for the same address wins.
    pub fn from_accounts(accounts: impl IntoIterator<Item = (Address, Account)>) -> Self {
        let accounts: BTreeMap<Address, Account> = accounts.into_iter().collect();
        Self { root: node::build(0, &keyed(accounts)) }
    }
    /// The account, or `None` if it was never touched.
    pub fn get(&self, address: &Address) -> Option<Account> {
        self.get_keyed(&node::key(address), address)
    }
    /// Number of accounts.
    pub fn len(&self) -> usize {
        self.root.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The root hash: equal for equal sets of accounts, whatever their history. O(1): kept up to date.
    pub fn root(&self) -> Hash256 {
        Hash256(*self.root.hash())
    }
    /// A new version with these accounts set (`changes` sorted by address, no address twice). Time proportional to the change.
    ///
    /// An account that is set to what it was costs nothing in the new version: all that is unchanged stays shared.
    pub fn with(&self, changes: &[(Address, Account)]) -> Self {
        Self { root: self.root.with(0, &keyed(changes.iter().copied())) }
    }
    /// [`State::get`] for one whose key was computed before.
    pub(super) fn get_keyed(&self, key: &Key, address: &Address) -> Option<Account> {
        self.root.get(key, address)
    }
    /// [`State::with`] for those whose keys were computed before, in any order.
    pub(super) fn with_keyed(&self, mut changes: Vec<Keyed>) -> Self {
        changes.sort_unstable_by_key(|(key, _, _)| *key);
        Self { root: self.root.with(0, &changes) }
    }
    /// All accounts in order of address. Sorts them first, since the tree's own order is by hash: for exports, not for each block.
    pub fn iter(&self) -> Box<dyn Iterator<Item = (Address, Account)> + '_> {
        let mut accounts = Vec::with_capacity(self.len());
        self.root.collect(&mut accounts);
        accounts.sort_unstable_by_key(|(address, _)| *address);
        Box::new(accounts.into_iter())
    }
    /// What must be written to turn `old` into `self`, sorted by address; `None` deletes. Skips shared parts.
    pub fn changes_since(&self, old: &State) -> Vec<(Address, Option<Account>)> {
        let mut changes = Vec::new();
        diff::diff(&self.root, &old.root, &mut changes);
        changes.sort_unstable_by_key(|(address, _)| *address);
        changes
    }
}

/// Adds the tree's keys and sorts by them.
fn keyed(accounts: impl IntoIterator<Item = (Address, Account)>) -> Vec<Keyed> {
    let mut keyed: Vec<_> = accounts.into_iter().map(|(address, account)| (node::key(&address), address, account)).collect();
    keyed.sort_unstable_by_key(|(key, _, _)| *key);
    keyed
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "State({} accounts, root {})", self.len(), self.root().short())
    }
}

#[cfg(test)]
#[path = "../state_tests.rs"]
mod tests;
