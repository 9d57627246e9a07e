//! What goes into a node, and what comes out.

use super::{Event, Time};
use crate::chain::{Address, Block, BlockId, MiningJob, Transaction, TransactionError, ValidationJob, Verdict};
use crate::store::{Batch, SavedAddresses};
use crate::wire::{Message, WireError};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// One connection, from its making to its end. A driver never gives the same number twice in a node's life, so that what comes
/// late for an old connection can never touch its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u64);

/// Who dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The peer did.
    Inbound,
    /// We did.
    Outbound,
}

/// How urgent a message is; the outbox sends more urgent ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Ping, pong, handshake, error.
    Critical,
    /// New blocks and their headers; goodbye, which must not overtake them.
    High,
    /// Requests and their answers, peers.
    Normal,
    /// Transactions.
    Low,
}

/// Why a dial failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialError {
    /// Nobody listens there.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The other side said, or its first bytes show, that the two can never talk: another transport, for one. In words; not dialled
    /// again for long.
    Incompatible(String),
    /// The encryption's handshake failed, or anything else; in words.
    Failed(String),
}

/// Why a connection is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// By us, in words that were told the peer; what is queued is sent first, within a second.
    Graceful(String),
    /// By us, at once.
    Abrupt(String),
}

/// What a person or a program asks of a node.
#[derive(Clone)]
pub enum Command {
    /// Sign a transfer with the node's key, next free nonce, and submit it.
    Transfer {
        /// To whom.
        to: Address,
        /// How much, in the smallest unit.
        amount: u64,
        /// For the miner.
        fee: u64,
    },
    /// Submit a signed transaction.
    Submit(Box<Transaction>),
    /// Look a node up by its id. What is found goes into the address book; see [`super::Node::looked_up`].
    LookUp(Address),
    /// Dial an address and keep the link.
    Connect(SocketAddr),
    /// Close every connection with a peer; it may come back.
    Disconnect(Address),
    /// Ban a peer: for so long, or (`None`) as the ban ladder says.
    Ban {
        /// Whom.
        peer: Address,
        /// For how long.
        time: Option<Duration>,
    },
    /// End a peer's ban.
    Unban(Address),
    /// Ban an IP address, or the /64 of an IPv6 address ([`host`](super::host)): for so long, or (`None`) as the ban ladder says.
    BanAddress {
        /// Which.
        address: IpAddr,
        /// For how long.
        time: Option<Duration>,
    },
    /// End an IP address's ban.
    UnbanAddress(IpAddr),
    /// Believe that the clock is off: header times, their checks and what peers are told move; intervals do not.
    SkewClock {
        /// By how many milliseconds, forward or (negative) back.
        millis: i64,
    },
    /// Say goodbye to all and stop. [`Event::Stopped`] is the last event.
    Shutdown,
}

/// Whom a listener takes before it spends any cryptography on him. The state machine says it whenever it changes; until then everybody
/// is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// No inbound slot is free, and nobody who holds one would give way: newcomers are told so and closed.
    pub full: bool,
    /// Addresses that are banned, each as [`host`](super::host) has it, sorted: closed without a word.
    pub banned: Arc<[IpAddr]>,
    /// Most connections from one address ([`host`](super::host)), those of strangers included; `None`: any number.
    pub per_ip: Option<usize>,
}

/// What goes into a node.
pub enum Input {
    /// A connection is up and encrypted; `peer` is who it was proven to be.
    Connected {
        /// Its number.
        connection: ConnectionId,
        /// The other end's address.
        address: SocketAddr,
        /// Who dialled.
        direction: Direction,
        /// The other end's node id, authenticated.
        peer: Address,
    },
    /// A message arrived.
    Received {
        /// From where.
        connection: ConnectionId,
        /// What.
        message: Arc<Message>,
        /// Bytes of its frame.
        bytes: usize,
    },
    /// Bytes arrived that are no message. The driver reads no more from this connection.
    Malformed {
        /// From where.
        connection: ConnectionId,
        /// What is wrong with them.
        error: WireError,
    },
    /// A message of unknown type arrived and was skipped.
    Unknown {
        /// From where.
        connection: ConnectionId,
        /// Its code.
        code: u8,
        /// Bytes of its frame.
        bytes: usize,
    },
    /// A connection ended; nothing more comes from it. Comes exactly once for each `Connected`, also after our own close.
    Disconnected {
        /// Which.
        connection: ConnectionId,
        /// In words: "closed by peer", "connection reset"…
        reason: String,
    },
    /// A dial came to nothing.
    DialFailed {
        /// To where.
        address: SocketAddr,
        /// Why.
        error: DialError,
    },
    /// A name was looked up: answers one [`Output::Resolve`].
    Resolved {
        /// The name asked for.
        name: String,
        /// Its addresses; or why there are none, in words.
        addresses: Result<Vec<IpAddr>, String>,
    },
    /// A gateway forwards a port to us from now on: where the world reaches this node.
    Mapped {
        /// The address.
        address: SocketAddr,
    },
    /// It does no longer: the world does not reach us there.
    Unmapped,
    /// An address book was kept, or why it could not be, in words: answers one [`Output::KeepAddresses`].
    AddressesKept(Result<(), String>),
    /// [`super::Node::next_deadline`] has come.
    Deadline,
    /// From outside.
    Command(Command),
    /// A validation is done.
    Validated(Arc<Verdict>),
    /// Transactions were checked: those of one [`Output::CheckTransactions`], in its order.
    TransactionsChecked {
        /// The number of the request.
        request: u64,
        /// Each with what is wrong with it, if anything.
        results: Vec<(Transaction, Result<(), TransactionError>)>,
    },
    /// The miner found a block.
    Mined(Arc<Block>),
    /// Blocks were loaded: those of one [`Output::Load`]; `None` for one that is not in the store.
    Loaded {
        /// The number of the request.
        request: u64,
        /// In its order.
        blocks: Vec<(BlockId, Option<Arc<Block>>)>,
    },
    /// These blocks are safely stored.
    Stored(Vec<BlockId>),
    /// The store could not keep blocks, in words. The node goes on in memory and says so.
    StoreFailed(String),
    /// The store could not read a block, in words; its `Loaded` says `None`.
    ReadFailed(String),
}

/// What comes out of a node.
pub enum Output {
    /// Connect to an address; answered by `Connected` or `DialFailed`.
    Dial(SocketAddr),
    /// Look a name up; answered by `Resolved`.
    Resolve(String),
    /// Whom the listener is to take from now on, before any cryptography.
    Admit(Admission),
    /// Send a message. It is encoded once for all.
    Send {
        /// To whom.
        to: Vec<ConnectionId>,
        /// What.
        message: Arc<Message>,
        /// How urgent.
        priority: Priority,
    },
    /// End a connection; answered by `Disconnected`.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why.
        reason: CloseReason,
    },
    /// Validate a block beside the state machine; answered by `Validated`.
    Validate(ValidationJob),
    /// Check signatures beside the state machine; answered by `TransactionsChecked`.
    CheckTransactions {
        /// Number of this request.
        request: u64,
        /// What to check.
        transactions: Vec<Transaction>,
    },
    /// Mine on this from now on, instead of anything before; `None`: stop. Answered by `Mined`, if found.
    Mine(Option<Box<MiningJob>>),
    /// Keep blocks; answered by `Stored` or `StoreFailed`.
    Store(Batch),
    /// Keep the address book in place of the one before; answered by `AddressesKept`.
    KeepAddresses(Box<SavedAddresses>),
    /// Read blocks; answered by `Loaded`.
    Load {
        /// Number of this request.
        request: u64,
        /// Which.
        ids: Vec<BlockId>,
    },
    /// Something happened.
    Event(Event),
}

/// An event, with when and where it happened: what observers get.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Stamped {
    /// When.
    pub at: Time,
    /// Index of the node in its cluster.
    pub node: u32,
    /// What.
    pub event: Event,
}

/// Where a driver hands events: called from the node's own thread or task, so it must be quick.
pub type EventSink = Arc<dyn Fn(Stamped) + Send + Sync>;
