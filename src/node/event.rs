//! What happens in a node, as observers see it: the one stream that feeds the dashboard, the lines and the recordings.

use super::{ConnectionId, Direction};
use crate::chain::{Address, BlockId, TxId};
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Something that happened in a node.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The node starts.
    Started {
        /// Its id, which is also its account.
        id: Address,
        /// Height of the chain it starts from.
        height: u64,
        /// Its tip.
        tip: BlockId,
        /// Balance of its account, smallest unit.
        balance: u64,
        /// Most connections it takes, inbound and outbound.
        max_peers: usize,
        /// Tries a second, if it mines.
        mining: Option<u64>,
    },
    /// It listens (said by the driver).
    Listening {
        /// Where.
        address: SocketAddr,
    },
    /// A gateway forwards a port to it.
    Mapped {
        /// Where the world reaches it.
        address: SocketAddr,
    },
    /// The gateway forwards the port no more.
    Unmapped {
        /// Where the world reached it.
        address: SocketAddr,
    },
    /// It dials.
    Connecting {
        /// Whom.
        address: SocketAddr,
    },
    /// A dial failed; it will be tried again.
    DialFailed {
        /// Whom.
        address: SocketAddr,
        /// Why, in words.
        why: String,
        /// When it is dialled again.
        retry_in: Duration,
    },
    /// A connection is up; hands are not shaken yet.
    Connected {
        /// Its number.
        connection: ConnectionId,
        /// The other end.
        address: SocketAddr,
        /// Who dialled.
        direction: Direction,
        /// The other end's node id.
        peer: Address,
    },
    /// Hands are shaken: a new peer.
    NewPeer {
        /// Its connection.
        connection: ConnectionId,
        /// Its node id.
        peer: Address,
        /// Where it listens, or the connection's address.
        address: SocketAddr,
        /// Its program.
        agent: String,
        /// The protocol version taken.
        version: u16,
        /// Height of its tip.
        height: u64,
    },
    /// A connection ended.
    Disconnected {
        /// Which.
        connection: ConnectionId,
        /// Whose.
        peer: Address,
        /// Where.
        address: SocketAddr,
        /// Why, in words.
        why: String,
        /// Whether it was a guest, here for a question of a look-up or to see whether we answer, and no peer.
        #[serde(default)]
        guest: bool,
    },
    /// A pong came back.
    RoundTrip {
        /// From whom.
        connection: ConnectionId,
        /// How long it took.
        time: Duration,
    },
    /// A peer's height became known to have risen.
    PeerHeight {
        /// Whose.
        connection: ConnectionId,
        /// Its height.
        height: u64,
    },
    /// A peer's reputation changed.
    Reputation {
        /// Whose.
        connection: ConnectionId,
        /// The peer.
        peer: Address,
        /// By how much, in hundredths.
        delta: i32,
        /// To what, in hundredths: -10,000 to 10,000.
        value: i32,
        /// Why, in words.
        reason: String,
    },
    /// A peer was banned.
    Banned {
        /// Who.
        peer: Address,
        /// Why, in words.
        reason: String,
        /// For how long.
        time: Duration,
    },
    /// A ban ended.
    Unbanned {
        /// Whose.
        peer: Address,
    },
    /// An IP address was banned.
    AddressBanned {
        /// Which; of IPv6 the first address of the /64 that is banned.
        address: IpAddr,
        /// Why, in words.
        reason: String,
        /// For how long.
        time: Duration,
    },
    /// The ban of an IP address ended.
    AddressUnbanned {
        /// Which.
        address: IpAddr,
    },
    /// How well peers serve: told with the statistics, for those whose score has changed.
    Health {
        /// Each connection with its health score in percent.
        scores: Vec<(ConnectionId, u8)>,
    },
    /// What finding and keeping peers has come to: told with the statistics, when something of it has changed.
    Connectivity {
        /// Addresses in the book.
        known: usize,
        /// Those of them that were once connected to.
        tried: usize,
        /// Counts since the start, in an order that never changes: `bootstrap dials`, `exchange addresses`, `recovered links`…
        counts: Vec<NamedCount>,
    },
    /// Addresses came from a peer.
    AddressesReceived {
        /// From whom.
        connection: ConnectionId,
        /// How many.
        count: usize,
        /// Addresses now known.
        known: usize,
    },
    /// We mined a block, and it is our tip.
    BlockMined {
        /// The block.
        id: BlockId,
        /// Its height.
        height: u64,
        /// Transactions in it.
        transactions: usize,
        /// Bytes.
        size: usize,
        /// Paid to us: reward and fees, smallest unit.
        reward: u64,
    },
    /// A block's body came for the first time.
    BlockReceived {
        /// The block.
        id: BlockId,
        /// Its height.
        height: u64,
        /// Transactions in it.
        transactions: usize,
        /// Bytes.
        size: usize,
        /// Its miner.
        miner: Address,
        /// From whom.
        connection: ConnectionId,
        /// That peer's node id.
        peer: Address,
    },
    /// The main chain's tip moved.
    TipChanged {
        /// The tip.
        id: BlockId,
        /// Its height.
        height: u64,
        /// Balance of our account, smallest unit.
        balance: u64,
        /// Transactions on the main chain.
        transactions: u64,
    },
    /// The main chain left blocks behind.
    Reorg {
        /// How many.
        depth: u64,
        /// Height of the last common block.
        fork_height: u64,
        /// The tip before.
        old_tip: BlockId,
        /// The tip after.
        new_tip: BlockId,
    },
    /// A block turned out invalid.
    BlockInvalid {
        /// Which.
        id: BlockId,
        /// Why, in words.
        why: String,
    },
    /// A transaction entered the pool.
    TransactionAccepted {
        /// Which.
        id: TxId,
        /// From whom; `None`: submitted here.
        from: Option<ConnectionId>,
    },
    /// A transaction submitted here was refused.
    TransactionRefused {
        /// Which.
        id: TxId,
        /// Why, in words.
        why: String,
    },
    /// We asked a peer for something.
    Asked {
        /// Whom.
        connection: ConnectionId,
        /// For what, in words: "headers", "block 12010", "3 transactions".
        what: String,
    },
    /// Mining goes on with a new template.
    Mining {
        /// Height of the block to be.
        height: u64,
        /// Its difficulty: expected tries.
        difficulty: u64,
    },
    /// Synchronization changed, or moved on.
    Sync {
        /// What it is doing.
        phase: SyncPhase,
        /// Height of the validated tip.
        height: u64,
        /// Height of the best header.
        headers: u64,
        /// Height to reach.
        target: u64,
        /// Bodies downloaded since it began.
        downloaded: u64,
        /// From whom headers come.
        from: Option<ConnectionId>,
    },
    /// Once a second: how much went over each connection, and what waits.
    Pulse {
        /// Each connection's counts since it was made.
        peers: Vec<PeerTraffic>,
        /// Messages that brought nothing new, since the start.
        duplicates: u64,
        /// Transactions in the pool.
        mempool: usize,
        /// Their bytes.
        mempool_bytes: usize,
        /// What was received since the start, by kind, in the order of the kinds' codes; kinds that never came are left out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        messages: Vec<KindCount>,
    },
    /// What was lost on the way over a link's own direction has changed: told once a second at most (said by the driver, of links that
    /// can lose anything).
    Loss {
        /// Which.
        connection: ConnectionId,
        /// Packets sent since the connection was made, each as often as it was sent again.
        sent: u64,
        /// Those of them that were lost.
        lost: u64,
    },
    /// What waits to be sent over a connection has changed, or was dropped as too much: told once a second at most, and again when
    /// nothing waits any more (said by the driver).
    Outbox {
        /// Which.
        connection: ConnectionId,
        /// Messages that wait.
        messages: usize,
        /// Their bytes.
        bytes: usize,
        /// Messages dropped since the connection was made.
        #[serde(default)]
        dropped: u64,
    },
    /// Every 10 s, for people who read lines.
    Statistics {
        /// Blocks on the main chain (its height).
        blocks: u64,
        /// Transactions on the main chain.
        transactions: u64,
        /// Balance of our account, smallest unit.
        balance: u64,
        /// Peers with whom hands are shaken.
        peers: usize,
        /// Transactions in the pool.
        mempool: usize,
    },
    /// Something to be looked at, in words: "the store failed: no space left".
    Warning {
        /// The words.
        text: String,
    },
    /// The node has stopped; its last event.
    Stopped,
}

/// Counts of one connection since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PeerTraffic {
    /// The connection's number.
    pub connection: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Messages received.
    pub messages_in: u64,
    /// Messages sent.
    pub messages_out: u64,
}

/// Something counted since the node started.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NamedCount {
    /// What, in words.
    pub name: Cow<'static, str>,
    /// How often, or how many.
    pub count: u64,
}

/// Messages of one kind received since the node started.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KindCount {
    /// The kind's word.
    pub kind: Cow<'static, str>,
    /// How many.
    pub count: u64,
    /// Bytes of their frames.
    pub bytes: u64,
}

/// What synchronization is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncPhase {
    /// No peers.
    #[default]
    Idle,
    /// Asking who has more.
    Discovering,
    /// Downloading headers.
    Headers,
    /// Downloading blocks.
    Blocks,
    /// Validating the last ones.
    Validating,
    /// At the tip.
    Synced,
}
