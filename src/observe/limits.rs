//! The numbers of the observers' room, each with its unit and its reason.

use std::time::Duration;

/// Events that wait in a [`super::Hub`]: a second of a thousand busy nodes, a few MiB.
pub const QUEUE_EVENTS: usize = 16_384;
/// Of these, the share (one in so many) kept free for events that must not be missed: connects, bans, blocks.
pub const QUEUE_RESERVE: usize = 4;
/// Events a drained buffer may keep room for although it was nearly empty: small against a node's memory.
pub const QUEUE_KEEP: usize = 1_024;
/// Nodes watched at most: far above any cluster, so that a wrong index cannot fill the memory.
pub const NODES: usize = 65_536;
/// Lines in the list of relays: blocks, bans and other rare things; transactions; addresses. Each has its own share, so that a busy pool
/// or peer exchange cannot push blocks and bans out.
pub const RELAYS: [usize; 3] = [128, 96, 32];
/// Hops of a path shown at most; a longer one loses its beginning.
pub const PATH_HOPS: usize = 64;
/// Hops told of one block or transaction: the first ones to get it. A thousand nodes' last ones add no more to a picture.
pub const HOPS: usize = 256;
/// Ids remembered to count each block and transaction once: two generations of so many, 8 bytes each.
pub const SEEN_GENERATION: usize = 32_768;
/// Log lines kept of level info and graver.
pub const LOG_LINES: usize = 600;
/// Log lines kept of level debug and below. Apart, so that chatter cannot push warnings out.
pub const LOG_CHATTER: usize = 400;
/// Samples of traffic, one a second.
pub const TRAFFIC_SAMPLES: usize = 120;
/// Round-trip times kept for each peer.
pub const RTT_SAMPLES: usize = 32;
/// Over how long the loss of a link is measured: long enough for a few dozen packets of a quiet link, short enough to be of now.
pub const LOSS_WINDOW: Duration = Duration::from_secs(30);
/// Counts kept of that time: told once a second; more often is put together.
pub const LOSS_SAMPLES: usize = 32;
/// Changes of reputation kept for each peer.
pub const REPUTATION_CHANGES: usize = 16;
/// Peers that left whose reputation is remembered for each node: those of the last minutes.
pub const REMEMBERED_PEERS: usize = 16;
/// Main-chain blocks kept for each node.
pub const BLOCK_LINES: usize = 32;
/// Blocks kept for each node that are not (yet, or no longer) on its main chain.
pub const SIDE_LINES: usize = 64;
/// Bans shown for each node.
pub const BANS: usize = 256;
/// Counts of finding and keeping peers that are shown for each node.
pub const COUNTS: usize = 64;
/// Longest text from elsewhere (agent, reason) that is shown, in characters.
pub const TEXT: usize = 256;
/// Blocks behind from which a node counts as lagging: one behind is the time that a block takes to travel.
pub const LAG_BLOCKS: u64 = 2;
/// What depends on the moment (lag, silence) is looked at in steps of this, counted from the run's start, and not when somebody looks:
/// so that a replay shows what was shown live.
pub const TICK: Duration = Duration::from_millis(250);
/// Steps made up for at most after a silence, ten minutes: a moment far in the future must not hold up anybody.
pub const TICKS_AT_ONCE: u64 = 2_400;
/// How long it must be so far behind before it is called lagging.
pub const LAG_GRACE: Duration = Duration::from_secs(3);
/// Time constant of the smoothed rate of synchronization: steady to read, and honest within seconds.
pub const SYNC_SMOOTHING: Duration = Duration::from_secs(5);
/// Shortest span over which that rate is measured.
pub const SYNC_SAMPLE: Duration = Duration::from_millis(250);
/// A block farther than this below the target is history being fetched: counted, and no line among the relays.
pub const HISTORY_BLOCKS: u64 = 8;
/// A gap between pulses above which seconds of silence are drawn.
pub const PULSE_GAP: Duration = Duration::from_millis(2_500);
/// Kinds of messages counted: no protocol has as many.
pub const KINDS: usize = 256;
/// Pause between lines that report a synchronization's progress.
pub const PROGRESS_LINE: Duration = Duration::from_secs(2);
/// Log files kept, one a day.
pub const LOG_FILES: usize = 7;
/// The whole, where the dashboard's model counts in parts of a million.
pub const MILLION: u32 = 1_000_000;
/// Bytes of log in a day, of all runs on one data directory; a quiet node writes some 3 MiB at level info. With the files kept: 224 MiB.
pub const LOG_BYTES: u64 = 32 << 20;
