use super::*;
use proptest::prelude::*;

fn ids(bytes: &[u8]) -> Vec<TxId> {
    bytes.iter().map(|byte| TxId([*byte; 32])).collect()
}

/// RFC 6962, section 2.1, word by word: split at the largest power of two below the length.
fn by_definition(ids: &[TxId]) -> [u8; 32] {
    match ids {
        [] => Sha256::digest(EMPTY_TAG).into(),
        [id] => hash(LEAF_TAG, &id.0, &[]),
        _ => {
            let split = ids.len().next_power_of_two() / 2;
            hash(NODE_TAG, &by_definition(&ids[..split]), &by_definition(&ids[split..]))
        }
    }
}

proptest! {
    #[test]
    fn equals_its_definition(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
        prop_assert_eq!(transaction_root(&ids(&bytes)).0, by_definition(&ids(&bytes)));
    }

    #[test]
    fn different_lists_have_different_roots(a in prop::collection::vec(0u8..3, 0..9), b in prop::collection::vec(0u8..3, 0..9)) {
        prop_assert_eq!(a == b, transaction_root(&ids(&a)) == transaction_root(&ids(&b)));
    }
}

#[test]
fn a_repeated_tail_changes_the_root() {
    assert_ne!(transaction_root(&ids(&[1, 2, 3])), transaction_root(&ids(&[1, 2, 3, 3])));
    assert_ne!(transaction_root(&ids(&[1, 2, 3, 4, 5, 6])), transaction_root(&ids(&[1, 2, 3, 4, 5, 6, 5, 6])));
}

#[test]
fn an_inner_node_is_no_leaf() {
    let pair = hash(NODE_TAG, &hash(LEAF_TAG, &[1; 32], &[]), &hash(LEAF_TAG, &[2; 32], &[]));
    assert_eq!(transaction_root(&ids(&[1, 2])).0, pair);
    assert_ne!(transaction_root(&[TxId(pair)]).0, pair);
    assert_ne!(transaction_root(&[]).0, [0; 32]);
}
