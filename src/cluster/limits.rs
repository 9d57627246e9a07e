//! The cluster's numbers, each with its unit and its reason.

use crate::chain::limits::COIN;
use std::time::Duration;

/// Most nodes that a preset may ask for: each is a listener, a store and a dozen tasks in this process, and a process may
/// commonly open 1,024 files.
pub const MAX_NODES: u32 = 200;

/// Most tries a second that a preset may ask of one miner: past this a miner warms the machine and shows nothing new.
pub const MAX_TRIES: u64 = 10_000_000;

/// Most transfers a second of a preset's traffic: the launcher wakes once for each.
pub const MAX_TRANSACTIONS_PER_SECOND: f64 = 1_000.0;

/// Shortest time between blocks. Below it a block is found while the last one still travels, and forks are the rule.
pub const MIN_BLOCK_TIME: Duration = Duration::from_millis(100);

/// Longest time between blocks: an hour. Nobody watches longer for a block.
pub const MAX_BLOCK_TIME: Duration = Duration::from_secs(3_600);

/// A cluster's first block is this many times easier than the preset's block time asks for. Finding a block is a lottery: at
/// the full difficulty of a 4 s chain one start in three shows no block within its first 4 s; at an eighth, one in 3,000.
/// The retargeting brings the difficulty to the wanted pace within the first blocks.
pub const FIRST_BLOCK_EASE: u64 = 8;

/// What each node's account owns at genesis: 1,000 coins, so that transfers work from the first second.
pub const ALLOCATION: u64 = 1_000 * COIN;

/// Largest amount of a transfer of the traffic: one coin. Small beside [`ALLOCATION`], so that nobody runs dry within hours.
pub const MAX_PAYMENT: u64 = COIN;

/// Largest fee of a transfer of the traffic. Fees differ, so that the pool's order can be seen.
pub const MAX_FEE: u64 = 10;

/// How long all nodes may take to stop, together: they are stopped side by side, and each has 5 s.
pub const STOP: Duration = Duration::from_secs(5);

/// How long tips may disagree at the end of a run before it counts as a failure: a block that was just found is still on its
/// way, and of two found at once the next one decides.
pub const AGREEMENT_GRACE: Duration = Duration::from_secs(20);

/// Most faults that hold at once: each is looked at for each link, and nobody could read a longer list.
pub const MAX_FAULTS: usize = 256;
