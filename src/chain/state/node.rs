//! A node of the state tree: how it is built, changed and hashed.
//!
//! | Node | SHA-256 over |
//! |---|---|
//! | bucket | `rumormill/bucket/1`, count u32, then by address: address, balance u64, nonce u64 |
//! | branch | `rumormill/branch/1`, the 16 children's hashes; zeros where there is none |

use crate::chain::limits::BUCKET_ACCOUNTS;
use crate::chain::{Account, Address};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const KEY_TAG: &[u8; 23] = b"rumormill/account-key/1";
const BUCKET_TAG: &[u8] = b"rumormill/bucket/1";
const BRANCH_TAG: &[u8] = b"rumormill/branch/1";

/// Children of a branch: one for each hexadecimal digit of a key.
const FANOUT: usize = 16;
/// Digits in a key: below the last one there is nothing left to branch on.
const DIGITS: usize = 64;

/// An address's place in the tree.
pub(in crate::chain) type Key = [u8; 32];
/// An account with its place in the tree.
pub(in crate::chain) type Keyed = (Key, Address, Account);

/// A part of the tree. Cloning shares it.
#[derive(Clone)]
pub(super) enum Node {
    /// At most [`BUCKET_ACCOUNTS`] accounts.
    Bucket(Arc<Bucket>),
    /// More.
    Branch(Arc<Branch>),
}

pub(super) struct Bucket {
    hash: [u8; 32],
    /// Sorted by address.
    pub(super) accounts: Box<[(Address, Account)]>,
}

pub(super) struct Branch {
    hash: [u8; 32],
    count: usize,
    pub(super) children: [Option<Node>; FANOUT],
}

/// The key of an address. One block of SHA-256.
pub(in crate::chain) fn key(address: &Address) -> Key {
    Sha256::new().chain_update(KEY_TAG).chain_update(address.0).finalize().into()
}

fn digit(key: &Key, depth: usize) -> usize {
    let byte = key[depth / 2];
    usize::from(if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 })
}

/// A tree of these accounts, which are sorted by key and have the first `depth` digits in common.
pub(super) fn build(depth: usize, accounts: &[Keyed]) -> Node {
    if accounts.len() <= BUCKET_ACCOUNTS || depth == DIGITS {
        let mut accounts: Vec<_> = accounts.iter().map(|(_, address, account)| (*address, *account)).collect();
        accounts.sort_unstable_by_key(|(address, _)| *address);
        return bucket(accounts);
    }
    let mut children: [Option<Node>; FANOUT] = Default::default();
    for part in accounts.chunk_by(|a, b| digit(&a.0, depth) == digit(&b.0, depth)) {
        children[digit(&part[0].0, depth)] = Some(build(depth + 1, part));
    }
    branch(children)
}

/// A bucket of these accounts, sorted by address.
fn bucket(accounts: Vec<(Address, Account)>) -> Node {
    let mut hasher = Sha256::new();
    hasher.update(BUCKET_TAG);
    hasher.update((accounts.len() as u32).to_le_bytes());
    for (address, account) in &accounts {
        let mut bytes = [0; 48];
        bytes[..32].copy_from_slice(&address.0);
        bytes[32..40].copy_from_slice(&account.balance.to_le_bytes());
        bytes[40..].copy_from_slice(&account.nonce.to_le_bytes());
        hasher.update(bytes);
    }
    Node::Bucket(Arc::new(Bucket { hash: hasher.finalize().into(), accounts: accounts.into() }))
}

fn branch(children: [Option<Node>; FANOUT]) -> Node {
    let mut bytes = [0; FANOUT * 32];
    for (place, child) in bytes.chunks_exact_mut(32).zip(&children) {
        if let Some(child) = child {
            place.copy_from_slice(child.hash());
        }
    }
    let hash = Sha256::new().chain_update(BRANCH_TAG).chain_update(bytes).finalize().into();
    let count = children.iter().flatten().map(Node::len).sum();
    Node::Branch(Arc::new(Branch { hash, count, children }))
}

impl Node {
    pub(super) fn hash(&self) -> &[u8; 32] {
        match self {
            Self::Bucket(bucket) => &bucket.hash,
            Self::Branch(branch) => &branch.hash,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bucket(bucket) => bucket.accounts.len(),
            Self::Branch(branch) => branch.count,
        }
    }

    /// Whether both are the same part in memory, or hold the same accounts.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bucket(a), Self::Bucket(b)) => Arc::ptr_eq(a, b) || a.hash == b.hash,
            (Self::Branch(a), Self::Branch(b)) => Arc::ptr_eq(a, b) || a.hash == b.hash,
            _ => false,
        }
    }

    pub(super) fn get(&self, key: &Key, address: &Address) -> Option<Account> {
        let mut node = self;
        // A path has a branch for each digit at most.
        for depth in 0..=DIGITS {
            match node {
                Self::Bucket(bucket) => return bucket.get(address),
                Self::Branch(branch) => node = branch.children[digit(key, depth)].as_ref()?,
            }
        }
        None
    }

    /// Appends all accounts, in no particular order.
    pub(super) fn collect(&self, accounts: &mut Vec<(Address, Account)>) {
        match self {
            Self::Bucket(bucket) => accounts.extend_from_slice(&bucket.accounts),
            Self::Branch(branch) => branch.children.iter().flatten().for_each(|child| child.collect(accounts)),
        }
    }

    /// This part of the tree with `changes` set: sorted by key, no key twice, the first `depth` digits that of this part.
    pub(super) fn with(&self, depth: usize, changes: &[Keyed]) -> Self {
        match self {
            _ if changes.is_empty() => self.clone(),
            Self::Bucket(bucket) => bucket.with(depth, changes).unwrap_or_else(|| self.clone()),
            Self::Branch(old) => {
                let mut children = old.children.clone();
                let mut changed = false;
                for part in changes.chunk_by(|a, b| digit(&a.0, depth) == digit(&b.0, depth)) {
                    let child = &mut children[digit(&part[0].0, depth)];
                    let new = match child {
                        Some(old) => old.with(depth + 1, part),
                        None => build(depth + 1, part),
                    };
                    changed |= !child.as_ref().is_some_and(|old| old.is_same(&new));
                    *child = Some(new);
                }
                if changed { branch(children) } else { self.clone() }
            }
        }
    }
}

impl Bucket {
    fn get(&self, address: &Address) -> Option<Account> {
        let at = self.accounts.binary_search_by_key(address, |(address, _)| *address).ok()?;
        Some(self.accounts[at].1)
    }

    /// `None` if nothing changes.
    fn with(&self, depth: usize, changes: &[Keyed]) -> Option<Node> {
        let place = |address: &Address| self.accounts.binary_search_by_key(address, |(address, _)| *address);
        let new = changes.iter().filter(|(_, address, _)| place(address).is_err()).count();
        let mut accounts = Vec::with_capacity(self.accounts.len() + new);
        accounts.extend_from_slice(&self.accounts);
        let mut changed = new > 0;
        for (_, address, account) in changes {
            match place(address) {
                Ok(at) => {
                    changed |= accounts[at].1 != *account;
                    accounts[at].1 = *account;
                }
                Err(_) => accounts.push((*address, *account)),
            }
        }
        if !changed {
            return None;
        }
        if accounts.len() <= BUCKET_ACCOUNTS || depth == DIGITS {
            accounts.sort_unstable_by_key(|(address, _)| *address);
            return Some(bucket(accounts));
        }
        Some(build(depth, &super::keyed(accounts)))
    }
}
