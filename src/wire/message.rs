//! The messages and their codes.

use super::limits::MAX_UNASKED_BLOCK;
use super::{NodeRecord, PeerAddress};
use crate::chain::limits::MAX_BLOCK_BYTES;
use crate::chain::{Address, Block, BlockId, ChainId, Hash256, Header, Transaction, TxId};
use std::fmt;
use std::sync::Arc;

/// Who a node is and where its chain stands: the first thing said, by both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Lowest protocol version spoken.
    pub version_lowest: u16,
    /// Highest protocol version spoken.
    pub version_highest: u16,
    /// The chain's number.
    pub chain: ChainId,
    /// Its first block.
    pub genesis: BlockId,
    /// The sender's node id; must be the one that the encryption proved.
    pub node: Address,
    /// Program and version, e.g. `rumormill/0.1.0`.
    pub agent: String,
    /// Where it listens; 0 if it does not.
    pub port: u16,
    /// Height of its tip.
    pub height: u64,
    /// Work of its chain.
    pub work: u128,
    /// Its tip.
    pub tip: BlockId,
    /// What else it can do.
    pub capabilities: Capabilities,
    /// Its clock: Unix milliseconds.
    pub time: u64,
    /// Random, new for each connection.
    pub nonce: u64,
}

/// What a node can do beyond the base protocol: a set of bits; unknown bits are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u64);

impl Capabilities {
    /// Relays transactions.
    pub const RELAY: Self = Self(1 << 0);
    /// Answers look-ups (Kademlia).
    pub const DHT: Self = Self(1 << 1);
    /// Comes to ask one question, and leaves: wants to be told nothing, and holds no slot.
    pub const VISIT: Self = Self(1 << 2);

    /// Whether all bits of `other` are among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Why a connection is ended in good order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bincode::Encode, bincode::Decode, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoodbyeReason {
    /// The node ends.
    ShuttingDown,
    /// No slot is free.
    Full,
    /// There is another connection between the two.
    Duplicate,
    /// Its reputation fell too low.
    Reputation,
    /// It is banned.
    Banned,
    /// No longer needed.
    Idle,
}

/// Why a peer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bincode::Encode, bincode::Decode, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// Another chain, or another genesis.
    WrongChain,
    /// No protocol version in common.
    NoCommonVersion,
    /// The node id said is not the one proven.
    WrongIdentity,
    /// A message that is not allowed at this point, or broken.
    BadMessage,
}

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })? = $code:literal, $cap:expr, $word:literal;)*) => {
        /// A message between peers.
        #[derive(Clone, PartialEq)]
        pub enum Message {
            $($(#[$doc])* $name $({ $($(#[$fdoc])* $field: $type),* })?,)*
        }

        /// The kind of a message: its code on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum MessageKind {
            $($(#[$doc])* $name = $code,)*
        }

        impl MessageKind {
            /// All kinds, in the order of their codes.
            pub const ALL: &'static [MessageKind] = &[$(MessageKind::$name),*];

            /// The kind with this code, if it is one of ours.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Longest payload, in bytes.
            pub const fn cap(self) -> usize {
                match self { $(Self::$name => $cap,)* }
            }

            /// The word for it, in events and on the screen.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }

        impl Message {
            /// Its kind.
            pub const fn kind(&self) -> MessageKind {
                match self { $(Self::$name { .. } => MessageKind::$name,)* }
            }
        }
    };
}
const KIB: usize = 1024;

messages! {
    /// The dialler's first message.
    Handshake {
        /// Who it is.
        hello: Hello,
    } = 0x01, KIB, "handshake";
    /// The listener's answer.
    HandshakeAck {
        /// Who it is.
        hello: Hello,
        /// The protocol version taken: the highest in common.
        version: u16,
        /// The dialler's IP address as the listener sees it, 16 bytes as in a [`PeerAddress`]: how a node learns its own.
        seen: [u8; 16],
    } = 0x02, KIB, "handshake-ack";
    /// Nothing to say, still here.
    Heartbeat = 0x03, 0, "heartbeat";
    /// Answer with a pong.
    Ping {
        /// To be sent back.
        nonce: u64,
        /// The sender's clock: Unix milliseconds.
        time: u64,
    } = 0x04, 16, "ping";
    /// The answer to a ping.
    Pong {
        /// Of the ping.
        nonce: u64,
        /// The sender's clock: Unix milliseconds.
        time: u64,
    } = 0x05, 16, "pong";
    /// Asks for addresses.
    GetPeers = 0x10, 0, "get-peers";
    /// Addresses: an answer, or news of some.
    Peers {
        /// Whether this answers a `GetPeers`. News may overtake an answer, and must not be taken for it.
        answer: bool,
        /// At most [`super::limits::MAX_PEERS`].
        addresses: Vec<PeerAddress>,
    } = 0x11, 64 * KIB, "peers";
    /// Asks for the nodes that are closest to a target, by the exclusive or of ids.
    FindNode {
        /// To be sent back.
        nonce: u64,
        /// To what.
        target: Address,
        /// The asker's own record, if it knows its own address.
        own: Option<NodeRecord>,
    } = 0x12, KIB, "find-node";
    /// The answer to a `FindNode`.
    Nodes {
        /// Of the question.
        nonce: u64,
        /// The answerer's own record, if it knows its own address.
        own: Option<NodeRecord>,
        /// The closest that it knows, at most [`super::limits::MAX_RECORDS`].
        records: Vec<NodeRecord>,
    } = 0x13, 4 * KIB, "nodes";
    /// Asks for the headers after the last common block.
    GetHeaders {
        /// The asker's chain backwards, ever sparser; at most [`super::limits::MAX_LOCATOR`].
        locator: Vec<BlockId>,
    } = 0x20, 4 * KIB, "get-headers";
    /// Headers in order: an answer, or the announcement of new blocks.
    Headers {
        /// Whether this answers a `GetHeaders`. News may overtake an answer, and must not be taken for it.
        answer: bool,
        /// At most [`super::limits::MAX_HEADERS`], each the child of the one before.
        headers: Vec<Header>,
    } = 0x21, 328 * KIB, "headers";
    /// Asks for a block.
    GetBlock {
        /// Which.
        id: BlockId,
    } = 0x22, 32, "get-block";
    /// A block that was asked for.
    Block {
        /// The block.
        block: Arc<Block>,
    } = 0x23, MAX_BLOCK_BYTES + KIB, "block";
    /// What was asked for is not here.
    NotFound {
        /// Ids of blocks or transactions, at most [`super::limits::MAX_IDS`].
        ids: Vec<Hash256>,
    } = 0x26, 33 * KIB, "not-found";
    /// Transactions that were asked for.
    Transaction {
        /// One or more, at most [`super::limits::MAX_IDS`].
        transactions: Vec<Transaction>,
    } = 0x30, 160 * KIB, "transaction";
    /// A new block, unasked: only small ones, to a few peers.
    NewBlock {
        /// The block.
        block: Arc<Block>,
    } = 0x31, MAX_UNASKED_BLOCK, "new-block";
    /// Tells of transactions that can be asked for.
    Announce {
        /// At most [`super::limits::MAX_IDS`].
        ids: Vec<TxId>,
    } = 0x34, 33 * KIB, "announce";
    /// Asks for announced transactions.
    GetData {
        /// At most [`super::limits::MAX_IDS`].
        ids: Vec<TxId>,
    } = 0x35, 33 * KIB, "get-data";
    /// The last message of a connection that ends in good order.
    Goodbye {
        /// Why.
        reason: GoodbyeReason,
    } = 0x7e, KIB, "goodbye";
    /// Why the sender will close the connection.
    Error {
        /// What kind of error.
        code: ErrorCode,
        /// For people.
        text: String,
    } = 0x7f, KIB, "error";
}

impl fmt::Debug for Message {
    /// Short, whatever it holds: `headers (2000)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.kind().word();
        match self {
            Self::Handshake { hello } | Self::HandshakeAck { hello, .. } => {
                write!(f, "{word} ({}, height {})", hello.node.short(), hello.height)
            }
            Self::Heartbeat | Self::GetPeers => f.write_str(word),
            Self::Ping { nonce, .. } | Self::Pong { nonce, .. } => write!(f, "{word} ({nonce})"),
            Self::Peers { addresses, .. } => write!(f, "{word} ({})", addresses.len()),
            Self::FindNode { target, .. } => write!(f, "{word} ({})", target.short()),
            Self::Nodes { records, .. } => write!(f, "{word} ({})", records.len()),
            Self::GetHeaders { locator } => write!(f, "{word} ({})", locator.len()),
            Self::Headers { headers, .. } => write!(f, "{word} ({})", headers.len()),
            Self::GetBlock { id } => write!(f, "{word} ({})", id.short()),
            Self::Block { block } | Self::NewBlock { block } => {
                write!(f, "{word} (height {}, {} transactions)", block.header.height, block.transactions.len())
            }
            Self::NotFound { ids } => write!(f, "{word} ({})", ids.len()),
            Self::Transaction { transactions } => write!(f, "{word} ({})", transactions.len()),
            Self::Announce { ids } | Self::GetData { ids } => write!(f, "{word} ({})", ids.len()),
            Self::Goodbye { reason } => write!(f, "{word} ({reason:?})"),
            Self::Error { code, text } => write!(f, "{word} ({code:?}: {text:?})"),
        }
    }
}
