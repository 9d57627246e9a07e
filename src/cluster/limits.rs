//! The cluster's numbers, each with its unit and its reason.

use crate::chain::limits::COIN;
use std::time::Duration;

/// Most nodes of a preset on sockets: each is a listener, a store and a dozen tasks in this process, and a process may
/// commonly open 1,024 files.
pub const MAX_NODES: u32 = 200;

/// Most nodes of a preset in simulation: at some 100 KB a node they fill 2 GB.
pub const MAX_SIMULATED_NODES: u32 = 20_000;

/// Most links of a preset: each is two ends with buffers. A full mesh reaches it at 707 nodes.
pub const MAX_LINKS: u64 = 250_000;

/// Largest preset file, in bytes: an edge list of a thousand links takes 20 KB. It is read whole.
pub const MAX_FILE: u64 = 1 << 20;

/// Longest run: a week, of real or of virtual time.
pub const MAX_DURATION: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Longest one-way delay or jitter of a link, and longest delay of a slow adversary: a minute, past every deadline of a node.
pub const MAX_LATENCY: Duration = Duration::from_secs(60);

/// Furthest that a clock can be off: a day. Two minutes already make a block invalid.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(24 * 3_600);

/// Most networks that the nodes of a group are spread over in simulation: far more than a node has links.
pub const MAX_NETWORKS: u64 = 1_000;

/// Slowest link, in bytes a second: 1 kbit/s. Slower ones carry no block within any deadline.
pub const MIN_BANDWIDTH: u64 = 125;

/// Fastest link that is worth shaping, in bytes a second: 100 Gbit/s.
pub const MAX_BANDWIDTH: u64 = 12_500_000_000;

/// Most connections of a node that can be asked for.
pub const MAX_CONNECTIONS: u64 = 1_000;

/// Most blocks made before a run: at 20 bytes of index and some hundred of header each they take seconds, not minutes.
pub const MAX_PRELOADED_BLOCKS: u64 = 1_000_000;

/// Most transactions in a block: the lab chain's own bound.
pub const MAX_BLOCK_TRANSACTIONS: u64 = 10_000;

/// Most messages a second of a spamming node.
pub const MAX_SPAM: u64 = 100_000;

/// Tries a second of a miner in simulation, unless the preset says otherwise: every try is a real hash, and a thousand nodes
/// share one thread.
pub const SIMULATED_TRIES: u64 = 50;

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
/// The retargeting, which follows slowly on purpose, brings the difficulty to the wanted pace within some twenty blocks.
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

/// Most nodes of which any two have a link model of their own although no link is drawn between them: a fault looks at each pair.
/// Beyond it, links that come up by peer exchange, look-ups or by hand are clear, and a fault parts those that are there when it begins.
pub const MAX_MESHED: u32 = 300;

/// Longest line of the control channel between a launcher and a node's process, in bytes: a preset of [`MAX_FILE`] written out as TOML and
/// then as a JSON string takes less, and an event with a thousand peers a tenth of it.
pub const MAX_CHANNEL_LINE: usize = 4 << 20;

/// Orders that wait for a node's process: all links of 200 nodes change at once a hundred times over before it is said to hang.
pub const CHILD_ORDERS: usize = 20_000;

/// How long a node's process may take until it listens: it makes a chain of up to [`MAX_PRELOADED_BLOCKS`] first.
pub const CHILD_START: Duration = Duration::from_secs(60);

/// How long a node's process waits for events before it looks whether the node has ended: the end of a run waits as long at most.
pub const CHILD_BEAT: Duration = Duration::from_millis(50);

/// Between two readings of a node's process's memory.
pub const CHILD_MEMORY: Duration = Duration::from_millis(500);

/// How much of the end of a node's standard error is read for its last line, in bytes.
pub const CHILD_ERRORS: u64 = 4_096;
