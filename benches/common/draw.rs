//! Keys and chances that are the same in each run.

use rumormill::chain::KeyPair;

/// The keys of a simulated node.
pub fn keys(index: usize) -> KeyPair {
    let mut seed = [5; 32];
    seed[..8].copy_from_slice(&(index as u64).to_le_bytes());
    KeyPair::from_seed(seed)
}

/// A reproducible number below `bound`, for the topology and the traffic.
pub fn pick(state: &mut u64, bound: usize) -> usize {
    // xorshift64: any mixing does here.
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state % bound as u64) as usize
}
