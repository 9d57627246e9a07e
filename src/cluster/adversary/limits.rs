//! The adversaries' numbers, each with its unit and its reason.

use std::time::Duration;

/// How often an adversary that acts of its own accord acts: often enough to be seen at once, seldom enough that a simulation of minutes
/// stays quick.
pub(super) const BEAT: Duration = Duration::from_millis(500);

/// How often a spammer fills its peers' queues: its messages a second come in this many bursts.
pub(super) const BURSTS_PER_SECOND: u32 = 10;

/// Ids in an announcement of a spammer: costs the receiver work, and the sender only 3 KiB.
pub(super) const SPAM_IDS: usize = 100;

/// How often a forger looks whether it has found a seal; as the simulation's miners.
pub(super) const SLICE: Duration = Duration::from_millis(50);

/// Most tries of a forger in a slice: about 2 ms of one core, so that its node's other work does not wait.
pub(super) const SLICE_TRIES: u64 = 4_096;

/// A forger that wants to be found out needs seals of its own: it has this share of the network's hash rate, in percent.
/// A quarter: it forges often enough to be seen, and never outruns the honest.
pub(super) const FORGER_PERCENT: u64 = 25;

/// An equivocator's second block must come before others build on its first: it searches at this multiple of the network's hash rate, in
/// percent. What is shown is what its peers do with two blocks, not what they cost.
pub(super) const TWIN_PERCENT: u64 = 1_000;

/// How long an equivocator waits for its second block before it gives the first to everybody, in block times.
pub(super) const TWIN_PATIENCE: u32 = 1;

/// Blocks of its own that an adversary keeps to serve them: older ones nobody asks for.
pub(super) const KEPT_BLOCKS: usize = 16;

/// Frames that a slow one holds back; beyond it the oldest is lost, as from a full buffer.
pub(super) const HELD_FRAMES: usize = 10_000;

/// How long a slow-loris takes for each byte. At this pace no frame meets its deadline.
pub(super) const TRICKLE: Duration = Duration::from_secs(1);

/// Length of a flood's chain of headers: two full messages, so that the receiver must ask for more to learn that it is worth nothing.
pub(super) const FLOOD_HEADERS: usize = 4_000;

/// How much more work than it has a braggart claims: far more than anyone could have.
pub(super) const BRAGGED_WORK: u128 = 1 << 100;

/// How much higher than it is a braggart says that it is, in blocks.
pub(super) const BRAGGED_HEIGHT: u64 = 1_000_000;

/// Accomplices that one of them tells of at a time: what a message of addresses holds, and no more.
pub(super) const LEAGUE_TOLD: usize = 1_000;

/// How often one of a league tells of its accomplices unasked, and of how many at a time: as many as a node takes in one interval of
/// gossip, and far more often than it takes them.
pub(super) const GOSSIP: Duration = Duration::from_secs(5);
pub(super) const LEAGUE_PORTION: usize = 20;

/// How often a sybil tries for more slots, how many at a time, and of how many nodes it keeps the address.
pub(super) const SLOT_BEAT: Duration = Duration::from_secs(2);
pub(super) const SLOT_DIALS: usize = 4;
pub(super) const TARGETS: usize = 10_000;
