//! The numbers of the wire, each with its unit and its reason.

/// The lowest protocol version that we speak.
pub const VERSION_LOWEST: u16 = 1;
/// The highest protocol version that we speak.
pub const VERSION_HIGHEST: u16 = 1;
/// Most block ids in a locator: 10 one by one, then doubling, reaches any height of 64 bits well below this.
pub const MAX_LOCATOR: usize = 101;
/// Most headers in an answer: about 330 KiB, a fraction of a second on a home line.
pub const MAX_HEADERS: usize = 2_000;
/// Most ids in an announcement, a request for data or a NotFound; most transactions in a message.
pub const MAX_IDS: usize = 1_000;
/// Most addresses in an answer.
pub const MAX_PEERS: usize = 1_000;
/// Most records in an answer to a look-up: Kademlia's k.
pub const MAX_RECORDS: usize = 20;
/// Longest user agent and error text, in bytes of UTF-8.
pub const MAX_TEXT: usize = 256;

/// Longest payload of any kind, in bytes: 16 MiB, twice the largest block. The ceiling above all caps of the kinds, and what a kind that
/// is not known yet may have.
pub const MAX_PAYLOAD: usize = 16 << 20;
/// Longest payload of a block that nobody asked for, in bytes: 128 KiB. Nodes send up to 64 KiB so; a larger block is announced by its header.
pub const MAX_UNASKED_BLOCK: usize = 128 << 10;
/// Longest payload before hands are shaken, in bytes: a stranger gets to say who he is, and no more.
pub const MAX_PAYLOAD_STRANGER: usize = 1 << 10;
/// Bytes of a frame that announce its length.
pub const LENGTH_BYTES: usize = 4;
/// Bytes of a frame before its payload: the length, and the message type.
pub const FRAME_HEADER: usize = LENGTH_BYTES + 1;
/// Most memory, in bytes, that decoding one value of fixed size may claim; the largest, a header, claims 167.
pub const VALUE_MEMORY: usize = 512;
/// Memory that a reader of frames keeps between large frames, in bytes; more is given back at once.
pub const FRAME_BUFFER_KEPT: usize = 64 << 10;
