//! The ledger's numbers, each with its unit and its reason.

/// Smallest units in a coin. Two decimals: enough for fees of a fraction of a coin, short enough to read on a screen.
pub const COIN: u64 = 100;

/// Version of the rules that a header names.
pub const HEADER_VERSION: u16 = 1;

/// Largest canonical encoding of a block, in bytes. Half of the wire's absolute ceiling of 16 MiB, so that a block always fits in one
/// message; the lab chain's 10,000 transfers take 1.5 MiB.
pub const MAX_BLOCK_BYTES: usize = 8 << 20;

/// A header's time must lie above the median of this many blocks before it (as Bitcoin's "median time past"): miners' clocks may disagree, yet
/// time cannot be held back by a few of them.
pub const MEDIAN_SPAN: usize = 11;

/// How far a header's time may lie ahead of our clock, in milliseconds. Two minutes: far above the clock error of a machine with NTP.
pub const MAX_FUTURE_MS: u64 = 120_000;

/// Blocks over which the moving average of the block time forgets (its time constant). Less follows a change of hash rate faster, more is calmer;
/// with 16 the difficulty wanders by about a sixth around its mean, and a tenfold change of hash rate is followed within some 60 blocks.
pub const RETARGET_BLOCKS: u64 = 16;

/// A solve time counts as at most this many block times, early or late. It bounds the change from one block to the next to
/// 16/21 below and 16/9 above, whatever times the headers claim. An honest solve time exceeds it once in 400 blocks.
pub const MAX_SOLVE_BLOCK_TIMES: u64 = 6;

/// A longer block time than this counts as this, in milliseconds (34 years): the retarget's products then fit 128 bits.
pub const MAX_BLOCK_TIME_MS: u64 = 1 << 40;

/// Most ids in a locator: Bitcoin's bound, and what the wire admits.
pub const MAX_LOCATOR: usize = 101;

/// Ids at the start of a locator that follow each other without a gap: a short fork is found exactly.
pub const LOCATOR_DENSE: usize = 10;

/// Accounts in a bucket of the state tree. With 16 a bucket is hashed in at most 13 SHA-256 blocks and a tree of 100,000 accounts
/// is four levels deep.
pub const BUCKET_ACCOUNTS: usize = 16;

/// States kept of the blocks validated last. Forks in practice are shorter; deeper ones replay from a checkpoint.
pub const RECENT_STATES: u64 = 64;

/// Checkpoint states per doubling of the distance to the tip: a reorg of depth `d` replays at most about `d / 4` blocks more than its own.
pub const CHECKPOINTS_PER_OCTAVE: u64 = 4;

/// Bodies kept in memory, in blocks: twice the sync window of 1024, so that what is on its way never pushes out what waits.
pub const BODY_CACHE_BLOCKS: usize = 2048;

/// Bodies kept in memory, in bytes of canonical encoding. 170 full blocks of the lab chain; a full sync window of small ones.
pub const BODY_CACHE_BYTES: usize = 256 << 20;

/// Bodies asked from the store at once. Small beside the cache even if each is [`MAX_BLOCK_BYTES`] large, so that they cannot push each other out.
pub const LOAD_BATCH: usize = 16;

/// Signatures below which a batch is not split between threads: smaller batches cost noticeably more for each signature.
pub const MIN_SIGNATURE_BATCH: usize = 512;

/// Transactions in the pool.
pub const POOL_TRANSACTIONS: usize = 100_000;

/// Bytes of the pool's transactions in canonical encoding: 64 MiB.
pub const POOL_BYTES: usize = 64 << 20;

/// Transactions of one account in the pool, and so how far a nonce may run ahead: nonces from the account's to 63 above it.
pub const POOL_ACCOUNT_CHAIN: u64 = 64;

/// A replacement must pay the old fee and a tenth of it more (at least one unit): each pays for the relaying it causes.
pub const REPLACEMENT_FEE_DIVISOR: u64 = 10;

/// How long a transaction waits in the pool before it is dropped, in milliseconds: 1 hour.
pub const POOL_EXPIRY_MS: u64 = 3_600_000;

/// Tries a second of a miner that is not told otherwise. The lab chain's first difficulty follows from it.
pub const DEFAULT_TRIES_PER_SECOND: u64 = 2_000;
