//! The driver's numbers, each with its unit and its reason.

use std::time::Duration;

/// How long the whole handshake of a transport may take, both directions together: three messages over the slowest link in use.
pub const HANDSHAKE: Duration = Duration::from_secs(3);
/// The slowest line that is put up with, bytes a second: beside [`crate::node::Timing::frame`] within a frame that a peer sends, and beside
/// [`crate::node::Timing::stalled`] for one that takes what we send while something urgent waits.
pub const FRAME_RATE: u64 = 8 << 10;
/// How long a graceful close may take, from the flush to the other side's end of stream.
pub const FLUSH: Duration = Duration::from_secs(1);
/// How long the node may take to close a connection after it was told that it is malformed.
pub const MALFORMED: Duration = Duration::from_secs(5);
/// How long the blocks that are being validated are waited for when the node is told to stop: what the largest takes on a busy machine.
/// A part of the farewell.
pub const LAST_VERDICTS: Duration = Duration::from_millis(400);
/// How long the state machine may take to end after it was told to.
pub const FAREWELL: Duration = Duration::from_millis(1_500);
/// How long connections may take to end after that; whatever is left is cut off.
pub const CUT_OFF: Duration = Duration::from_millis(1_500);
/// How long the store may take to commit what is queued, at the end. With the two above: 5 s.
pub const COMMIT: Duration = Duration::from_millis(1_900);

/// Most bytes of ciphertext in one record: its length has 16 bits (Noise specification, section 3).
pub const RECORD: usize = 65_535;
/// Bytes that announce a record's length.
pub const RECORD_HEADER: usize = 2;
/// Bytes that authenticate a record.
pub const RECORD_TAG: usize = 16;
/// Most bytes of frames in one record.
pub const RECORD_PLAIN: usize = RECORD - RECORD_TAG;

/// Most bytes of one side's TLS handshake: hello and a certificate make some 1,000.
pub const TLS_HANDSHAKE: usize = 8 << 10;
/// Most bytes of a certificate: ours has some 500.
pub const CERTIFICATE: usize = 2 << 10;
/// Most TLS records in a row without content: tickets and key updates, for which a peer has little use.
pub const TLS_CONTENTLESS: usize = 16;
/// How long, and how many bytes, whoever was refused in clear is read from, so that the refusal gets through.
pub const REFUSAL_DRAIN: Duration = Duration::from_millis(250);
/// See [`REFUSAL_DRAIN`].
pub const REFUSAL_DRAINED: usize = 4 << 10;

/// Bytes that are read from whoever is refused as the node is full: what the first message of each transport makes.
pub const REFUSED_READ: usize = 512;

/// Bytes gathered for one write: loopback TCP moves 7 GB/s in writes of 256 KiB, 0.2 in writes of 1 KiB.
pub const WRITE_BATCH: usize = 256 << 10;
/// Least bytes that a read has room for: what an idle connection costs.
pub const READ_LEAST: usize = 4 << 10;
/// Most bytes that a read has room for; the room doubles while reads fill it, and halves again.
pub const READ_MOST: usize = 256 << 10;
/// Memory of a buffer that an idle connection keeps, bytes.
pub const BUFFER_KEPT: usize = 16 << 10;

/// Most frames on their way over one direction of a shaped link: as many as may wait in the outbox.
pub const LINE_FRAMES: usize = 1_000;
/// Most bytes on their way there, unless the last frame passes it: as many as may wait in the outbox. A second's worth of 8 MiB/s.
pub const LINE_BYTES: usize = 8 << 20;
/// How far ahead a shaped link takes frames: the runtime's timers tick in milliseconds, and a line that sleeps loses bandwidth.
pub const LINE_AHEAD: Duration = Duration::from_millis(5);
/// Farthest that a shaped link sets its timer; it looks again then.
pub const LINE_FARTHEST: Duration = Duration::from_secs(3_600);
/// Pause between two bytes of a node that trickles: slow enough for any deadline, fast enough not to look dead.
pub const TRICKLE: Duration = Duration::from_secs(1);

/// Weight of what peers sent and the node has not yet handled: bytes. The largest frame fits; beyond it connections stop reading.
pub const INBOX_WEIGHT: usize = 16 << 20;
/// What one connection may have of it: what another sent waits behind no more than that, some 30 of the largest announcements. A larger frame
/// takes all of it.
pub const INBOX_SHARE: usize = 1 << 20;
/// What an input weighs beside its bytes: so that tiny messages are bounded by number as well, at 16,384.
pub const INPUT_WEIGHT: usize = 1 << 10;
/// Most inputs that are taken from a queue at once; the clock is read once for them.
pub const INPUT_BATCH: usize = 256;
/// Transactions out for checking at which the node reads no more from its peers: some 0.3 s of work of one thread.
pub const CHECKS_OUT: usize = 20_000;

/// Most inbound connections with which hands are not shaken: strangers take no more memory and time than this.
pub const PENDING_INBOUND: usize = 64;
/// How long a stranger keeps his place while others wait for one: two and a half round trips of 200 ms, which is what shaking hands takes.
pub const STRANGER_GRACE: Duration = Duration::from_millis(500);
/// Least time between two warnings of dials from nodes with another transport.
pub const MISMATCH_WARNING: Duration = Duration::from_secs(60);
/// Most dials under way.
pub const PENDING_DIALS: usize = 64;
/// How long looking a name up may take, all servers and tries together.
pub const LOOKUP: Duration = Duration::from_secs(5);
/// How long one question to a name server may take, so that there is time to ask again, or another one.
pub const LOOKUP_TRY: Duration = Duration::from_millis(1_500);
/// How often a question is asked again that nobody has answered.
pub const LOOKUP_TRIES: usize = 1;
/// Most look-ups under way in a process: a handful of sockets.
pub const LOOKUPS: usize = 4;
/// Most look-ups that a node waits for.
pub const PENDING_LOOKUPS: usize = 64;
/// Most addresses that are taken from one name: as many as fill an answer of 1,232 bytes, more than any node dials.
pub const LOOKUP_ADDRESSES: usize = 64;

/// How long the search for a gateway may take: they may wait 3 s before they answer (the search's `MX`), and describe themselves after.
pub const MAP_SEARCH: Duration = Duration::from_secs(10);
/// How long a gateway may take to answer one request.
pub const MAP_REQUEST: Duration = Duration::from_secs(5);
/// How long a gateway may take to find a free port, which is up to twenty requests.
pub const MAP_ANY: Duration = Duration::from_secs(20);
/// How long a gateway forwards a port without hearing of us again: what a node that was killed leaves behind. Renewed at half of it.
pub const MAP_LEASE: Duration = Duration::from_secs(3_600);
/// First and longest pause before a gateway is asked again after it failed.
pub const MAP_RETRY: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(600));
/// How long a gateway may take to take a mapping back, while the node's farewell is under way.
pub const UNMAP: Duration = Duration::from_secs(1);

/// Shortest and longest pause after the listener failed (no file descriptors left, for one).
pub const ACCEPT_PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Most verdicts kept for the other nodes of a process.
pub const VERDICTS: usize = 256;
/// Most transactions in the blocks of those verdicts: some 64 MiB.
pub const VERDICT_TRANSACTIONS: usize = 400_000;

/// Most orders that the store's thread takes into one commit: so that under a steady flow there is one at all.
pub const STORE_ORDERS: usize = 4_096;

/// How far the system's clock may be ahead of the node's before the node follows: far above what a system corrects at a time to keep its
/// clock right, far below the 120 s at which a header is of the future.
pub const CLOCK_BEHIND: Duration = Duration::from_secs(1);

/// Slices of mining a second: between them the miner sleeps.
pub const MINING_SLICES: u32 = 20;
/// Most tries in a row without looking for a new job: some 10 ms.
pub const MINING_STRIDE: u64 = 16_384;
/// How often the header's time is moved while mining.
pub const MINING_TIME: Duration = Duration::from_secs(1);

// The mapping is taken back within the farewell.
const _: () = assert!(LAST_VERDICTS.as_millis() + UNMAP.as_millis() < FAREWELL.as_millis());
// A stop keeps its promise of 5 s.
const _: () = assert!(FAREWELL.as_millis() + CUT_OFF.as_millis() + COMMIT.as_millis() < 5_000);
