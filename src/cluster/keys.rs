//! A cluster's identities and its chain, all from the seed: the same seed gives the same accounts.

use super::Preset;
use super::limits::{ALLOCATION, FIRST_BLOCK_EASE};
use crate::chain::{Address, ChainSpec, KeyPair};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Keeps these keys apart from anything else that is ever hashed from a seed.
const DOMAIN: &[u8] = b"rumormill/cluster/key/1";

/// The key pair of node `index` of a cluster with this seed.
pub fn node_keys(seed: u64, index: u32) -> KeyPair {
    let digest = Sha256::new().chain_update(DOMAIN).chain_update(seed.to_le_bytes()).chain_update(index.to_le_bytes()).finalize();
    KeyPair::from_seed(digest.into())
}

/// The seed of node `index`'s random generator, of a cluster with this seed.
pub fn node_seed(seed: u64, index: u32) -> u64 {
    // The golden ratio's bits: neighbouring indices get seeds that share nothing.
    seed ^ (u64::from(index) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The chain that a preset's nodes run: the lab's, with the preset's pace and an account for each node.
///
/// `genesis_time` is Unix milliseconds; on sockets it is the moment of the launch, so that the first block's distance from
/// genesis says something about the pace of mining.
pub fn genesis_spec(preset: &Preset, seed: u64, genesis_time: u64) -> ChainSpec {
    let mut spec = ChainSpec::lab();
    spec.genesis_time = genesis_time;
    spec.max_transactions = preset.chain.max_transactions as usize;
    let mut allocation: BTreeMap<Address, u64> = spec.allocation.into_iter().collect();
    allocation.extend((0..preset.nodes.count).map(|index| (node_keys(seed, index).address(), ALLOCATION)));
    spec.allocation = allocation.into_iter().collect();
    if let Some(mining) = &preset.nodes.mining {
        let block_time_ms = u64::try_from(mining.block_time.as_millis()).unwrap_or(u64::MAX);
        let miners = u64::from(mining.nodes.size(preset.nodes.count));
        spec = spec.with_miners(block_time_ms, miners.saturating_mul(mining.tries_per_second));
        spec.initial_difficulty = (spec.initial_difficulty / FIRST_BLOCK_EASE).max(1);
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_set_of_accounts() {
        let preset = Preset::find("hello").unwrap();
        assert_eq!(genesis_spec(&preset, 1, 5).genesis_id(), genesis_spec(&preset, 1, 5).genesis_id());
        assert_ne!(genesis_spec(&preset, 1, 5).genesis_id(), genesis_spec(&preset, 2, 5).genesis_id());
        assert_ne!(node_seed(1, 0), node_seed(1, 1));
    }

    #[test]
    fn the_chain_has_the_preset_s_pace_and_an_account_for_each_node() {
        let preset = Preset::find("ring-8").unwrap();
        let spec = genesis_spec(&preset, 42, 5);
        // Eight miners of 2,000 tries a second, a block every 4 s, the first one eight times easier.
        assert_eq!((spec.block_time_ms, spec.initial_difficulty, spec.genesis_time), (4_000, 8_000, 5));
        let (_, state) = spec.genesis();
        for index in 0..8 {
            assert_eq!(state.get(&node_keys(42, index).address()).unwrap().balance, ALLOCATION);
        }
        assert!(spec.allocation.is_sorted_by_key(|(address, _)| *address));
    }
}
