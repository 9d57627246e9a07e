//! The generator's numbers, each with its unit and its reason.

use std::time::Duration;

/// Fewest and most nodes: below three there is no relay, above nine a seed takes too long for hundreds of them.
pub(super) const NODES: (u32, u32) = (3, 9);

/// Tries a second of each miner: a simulated hash costs as much as a real one, and this many make a lottery.
pub(super) const TRIES_PER_SECOND: u64 = 40;

/// Wanted time between blocks, all miners together: several latencies long, so that forks are events and not the rule.
pub(super) const BLOCK_TIME: Duration = Duration::from_secs(3);

/// Shortest and longest run until the last fault is over.
pub(super) const RUN: (Duration, Duration) = (Duration::from_secs(40), Duration::from_secs(90));

/// Shortest and longest fault: from unnoticed to twice the time after which a silent link is given up.
pub(super) const FAULT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(25));

/// Most faults in a run.
pub(super) const FAULTS: u32 = 5;

/// Largest error of a clock: within the two minutes that headers may be ahead, whichever two clocks are compared.
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(50);

/// By when the honest must agree after the last fault is over: the longest pause before dialling again, a ban of honest nodes' links by
/// adversaries' doing that ends, an unanswered request (20 s twice), and a handful of blocks to decide a tie.
pub(super) const GRACE: Duration = Duration::from_secs(120);

/// How often a running scenario is looked at.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// How often the tips are compared at the end: more often than blocks are found.
pub(super) const COMPARE: Duration = Duration::from_millis(100);
