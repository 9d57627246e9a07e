use super::*;
use crate::chain::Hash256;

fn header() -> Header {
    Header {
        version: 1,
        height: 2,
        parent: BlockId([3; 32]),
        tx_root: Hash256([4; 32]),
        state_root: Hash256([5; 32]),
        time: 6,
        stream: 0,
        difficulty: 8,
        miner: Address([9; 32]),
        seal: Seal::Work { nonce: 10 },
    }
}

/// The id is part of the protocol: another implementation must find the same.
#[test]
fn the_id_is_the_double_hash_of_the_documented_bytes() {
    use sha2::{Digest, Sha256};
    let mut bytes = b"rumormill/header/1".to_vec();
    bytes.extend([1, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([[3; 32], [4; 32], [5; 32]].concat());
    bytes.extend([6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([9; 32]);
    bytes.extend([0, 10, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes.len(), 18 + Header::SIZE);
    assert_eq!(header().id().0[..], Sha256::digest(Sha256::digest(bytes))[..]);
}

#[test]
fn every_field_is_in_the_id() {
    let h = header();
    let other = [
        h,
        Header { version: 0, ..h },
        Header { height: 0, ..h },
        Header { parent: BlockId([0; 32]), ..h },
        Header { tx_root: Hash256([0; 32]), ..h },
        Header { state_root: Hash256([0; 32]), ..h },
        Header { time: 0, ..h },
        Header { stream: 1, ..h },
        Header { difficulty: 0, ..h },
        Header { miner: Address([0; 32]), ..h },
        Header { seal: Seal::Work { nonce: 0 }, ..h },
    ];
    let ids: std::collections::BTreeSet<_> = other.iter().map(Header::id).collect();
    assert_eq!(ids.len(), other.len());
}

#[test]
fn size_and_seal() {
    let block = Block { header: header(), transactions: Vec::new() };
    assert_eq!(block.size(), Header::SIZE + 4);
    assert!(!block.body_matches());
    assert!(Header { difficulty: 1, ..header() }.is_sealed());
    assert!(!Header { difficulty: u64::MAX, ..header() }.is_sealed());
}
