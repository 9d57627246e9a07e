//! The Merkle root of a block's transaction ids.
//!
//! The tree of RFC 6962: leaves and inner nodes are hashed under different tags, and a node without a sibling moves up as it is.
//! Bitcoin's tree pairs it with itself instead, so that two lists have one root (CVE-2012-2459): a mutated body could then get a
//! good header marked invalid. Here different lists have different roots.

use super::{Hash256, TxId};
use sha2::{Digest, Sha256};

// With 23 bytes of tag a leaf is exactly one block of SHA-256 and an inner node two.
const LEAF_TAG: &[u8; 23] = b"rumormill/merkle/leaf/1";
const NODE_TAG: &[u8; 23] = b"rumormill/merkle/node/1";
const EMPTY_TAG: &[u8; 24] = b"rumormill/merkle/empty/1";

/// The root over these transaction ids, in order. An empty list has a root of its own.
pub fn transaction_root(ids: &[TxId]) -> Hash256 {
    let mut level: Vec<[u8; 32]> = ids.iter().map(|id| hash(LEAF_TAG, &id.0, &[])).collect();
    while level.len() > 1 {
        let mut above = Vec::with_capacity(level.len().div_ceil(2));
        for pair in level.chunks(2) {
            above.push(match pair {
                [left, right] => hash(NODE_TAG, left, right),
                alone => alone[0],
            });
        }
        level = above;
    }
    Hash256(level.first().copied().unwrap_or_else(|| Sha256::digest(EMPTY_TAG).into()))
}

fn hash(tag: &[u8], left: &[u8], right: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(tag).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
#[path = "merkle_tests.rs"]
mod tests;
