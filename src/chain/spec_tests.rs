use super::*;

#[test]
fn genesis_commits_to_every_parameter() {
    let lab = ChainSpec::lab;
    let address = Address([9; 32]);
    let specs = [
        lab(),
        ChainSpec { chain: ChainId(2), ..lab() },
        ChainSpec { block_time_ms: 4_001, ..lab() },
        ChainSpec { initial_difficulty: 8_001, ..lab() },
        ChainSpec { reward: 1, ..lab() },
        ChainSpec { max_transactions: 9_999, ..lab() },
        ChainSpec { genesis_time: 0, ..lab() },
        ChainSpec { allocation: vec![], ..lab() },
        ChainSpec { allocation: vec![(address, 1)], ..lab() },
        ChainSpec { allocation: vec![(address, 2)], ..lab() },
    ];
    let ids: std::collections::BTreeSet<_> = specs.iter().map(ChainSpec::genesis_id).collect();
    assert_eq!(ids.len(), specs.len());
    assert_eq!(lab().genesis_id(), lab().genesis_id());
}

#[test]
fn the_first_difficulty_follows_the_miners() {
    let spec = ChainSpec::lab().with_miners(1_000, 12_000);
    assert_eq!((spec.block_time_ms, spec.initial_difficulty), (1_000, 12_000));
    assert_eq!(ChainSpec::lab().with_miners(u64::MAX, u64::MAX).initial_difficulty, u64::MAX);
    assert_eq!(ChainSpec::lab().with_miners(1, 1).initial_difficulty, 1);
    assert_eq!(ChainSpec::lab().with_miners(4_000, DEFAULT_TRIES_PER_SECOND), ChainSpec::lab());
}

#[test]
fn the_faucet_can_pay() {
    let (block, state) = ChainSpec::lab().genesis();
    assert_eq!(state.get(&ChainSpec::lab_faucet().address()).map(|account| account.balance), Some(LAB_FAUCET_BALANCE));
    assert_eq!(block.header.state_root, state.root());
    assert!(block.transactions.is_empty());
}

/// Changing this id splits every existing network: the encoding and the parameters of the lab are fixed.
#[test]
fn the_lab_genesis_id_is_fixed() {
    assert_eq!(ChainSpec::lab().genesis_id().to_string(), "c2aa81d03f346258012f2a7f9bd0840b80fa8b87e6c9ac85205c7b6b6ebb5de7");
}
