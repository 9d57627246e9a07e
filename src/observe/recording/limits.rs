//! The numbers of recordings, each with its unit and its reason.

use std::time::Duration;

/// The format's version. It rises when a reader of the version before could not play the file rightly.
pub const VERSION: u32 = 1;
/// Lines that wait for the writer: some seconds of a busy cluster, about 20 MiB at most.
pub const QUEUE: usize = 65_536;
/// Of these, the share (one in so many) kept free for what must not be missed.
pub const QUEUE_RESERVE: usize = 4;
/// How long the writer sleeps when nothing comes.
pub const FLUSH: Duration = Duration::from_secs(1);
/// How long it waits for more lines to write together with the first: far below the second within which all is to be written.
pub const BATCH: Duration = Duration::from_millis(200);
/// Bytes collected for one write.
pub const WRITE: usize = 256 * 1_024;
/// How long the end of a run waits for the last lines; a disk that hangs is left behind.
pub const FINISH: Duration = Duration::from_secs(5);
/// Longest line that is read: a pulse of a node with thousands of peers has its place, a file without line ends has not.
pub const LINE: usize = 16 * 1_024 * 1_024;
/// Bytes read at a time.
pub const READ: usize = 256 * 1_024;
/// Lines between two checkpoints at least: read again in a few milliseconds.
pub const CHECKPOINT_LINES: u64 = 2_048;
/// Lines played in one go while a far moment is sought or the way ahead is scouted: some ten milliseconds.
pub const SLICE: u64 = 4_096;
/// Nodes in all checkpoints together: 64 checkpoints of 64 nodes, fewer of more, since each holds all that is seen of each node.
pub const CHECKPOINT_NODES: usize = 4_096;
/// Checkpoints at least, and at most.
pub const CHECKPOINTS: (usize, usize) = (4, 64);
/// Moments to jump to, at most: as many as a bar on a wide screen can show.
pub const MARKS: usize = 256;
/// Moments of the same kind that are nearer to each other than this are one.
pub const MARK_GAP: Duration = Duration::from_secs(1);
/// Nodes named by a header at most; see [`crate::observe::limits::NODES`].
pub const NODES: usize = crate::observe::limits::NODES;
/// Slowest and fastest, percent of the recorded run's own time.
pub const SPEEDS: (u32, u32) = (10, 10_000);

/// How long a run that waits for room waits before it looks whether it is to end: below what a person feels as a delay.
pub(super) const ROOM: Duration = Duration::from_millis(50);
