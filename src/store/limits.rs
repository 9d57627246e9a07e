//! The store's numbers, each with its unit and its reason.

/// Bytes of pages that redb keeps in memory. A node must stay below 20 MiB resident; a block is read rarely (a peer syncs from us), and
/// then the system's page cache is near.
pub const CACHE_BYTES: usize = 1 << 20;
/// Format of the stored chain. Rises when an older program could not read it.
pub const FORMAT: u32 = 1;
/// Most memory that a block may take when decoded, in bytes. Above any valid block (8 MiB on the wire), so that damaged lengths end
/// here.
pub const DECODE_BYTES: usize = 32 << 20;
/// Bytes of SHA-256 in front of each stored block: enough to notice damage, which is not malice.
pub const CHECKSUM_BYTES: usize = 8;
/// Longest key file that is read, in bytes: ours has about 250.
pub const KEY_FILE_BYTES: u64 = 4_096;
/// The chain's file in the data directory.
pub const CHAIN_FILE: &str = "chain.redb";
/// The key file in the data directory.
pub const KEY_FILE: &str = "identity.key";
/// The lock file in the data directory.
pub const LOCK_FILE: &str = "lock";
/// The address book's file in the data directory.
pub const ADDRESSES_FILE: &str = "addresses.json";
/// Longest address book that is read, in bytes: 10,000 addresses take up to 500 each, the names of their seeds included.
pub const ADDRESSES_BYTES: u64 = 8 << 20;
/// Files set aside because they could not be read: more than anybody will look at.
pub const ADDRESSES_ASIDE: u32 = 100;
/// Folders for nodes on any free port: more than anybody starts by hand on one machine.
pub const ANY_PORT_FOLDERS: u32 = 64;
