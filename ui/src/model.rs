//! The vocabulary of what can be observed: one immutable snapshot holds all that the dashboard draws.
//!
//! Whoever watches nodes (a cluster in this process, one node, later a replay or a remote fleet) makes [`Snapshot`]s; the dashboard
//! only reads them. All times are durations since the start of the run, so that a simulation and real nodes look the same.

use serde::{Deserialize, Serialize};
use std::time::Duration;

mod intent;
mod relay;

pub use intent::{Controls, Intent, LinkTweak};
pub use relay::{Hop, Relay, RelayKind};

/// All that can be seen at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Rises by one with each snapshot; the screen is drawn anew only when it rose.
    pub generation: u64,
    /// What runs: a preset's name, or a node's.
    pub title: String,
    /// The run's seed, where it has one.
    pub seed: Option<u64>,
    /// The run's clock.
    pub clock: Clock,
    /// Every node watched, sorted by index. With a single node this holds that node alone.
    pub nodes: Vec<Node>,
    /// Links between nodes (or from the node to its peers, which then stand in `strangers`), sorted by their ends.
    pub links: Vec<Link>,
    /// Peers that are not among `nodes` (a single node's neighbourhood), sorted by id.
    pub strangers: Vec<Stranger>,
    /// What is wrong, worst first; see [`crate::diagnosis`].
    pub problems: Vec<Problem>,
    /// What was relayed lately, newest first, bounded.
    pub relays: Vec<Relay>,
    /// Bytes and messages a second of all nodes together, one sample a second, oldest first, at most 120.
    pub traffic: Vec<TrafficSample>,
    /// Counts since the start.
    pub totals: Totals,
    /// Faults that were injected and still hold.
    pub faults: Vec<Fault>,
    /// What the scenario will do and has done, in order of time.
    pub timeline: Vec<TimelineLine>,
    /// What must come out, with verdicts so far.
    pub expectations: Vec<ExpectationLine>,
    /// Messages by kind, sorted by kind.
    pub messages: Vec<MessageCount>,
    /// What whoever runs this can be asked to do.
    pub controls: Controls,
    /// Set when this is a replay.
    pub recording: Option<Recording>,
    /// What was last done or refused at the reader's wish, in words, and when (run time).
    pub notice: Option<(Duration, String)>,
    /// Log lines, oldest first, bounded.
    pub logs: Vec<LogLine>,
    /// This process's own use of the machine.
    pub load: Load,
}

/// The run's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Since the start of the run (virtual in a simulation).
    pub elapsed: Duration,
    /// Whether it moves.
    pub mode: ClockMode,
    /// Wanted speed against real time in percent: 100 is real time, [`Clock::FULL_SPEED`] as fast as the machine can.
    pub speed_percent: u32,
}

impl Clock {
    /// The speed of a run that never waits; in [`Intent::Speed`] too.
    pub const FULL_SPEED: u32 = u32::MAX;
}

/// Whether the run moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockMode {
    /// Happening now.
    #[default]
    Live,
    /// The cluster was paused.
    Paused,
    /// It is over.
    Ended,
}

/// One node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its place in the cluster.
    pub index: u32,
    /// `n0`, or a name of its own.
    pub name: String,
    /// Its id, 64 hex digits.
    pub id: String,
    /// Where it listens.
    pub address: String,
    /// Whether it runs, and how well.
    pub state: NodeState,
    /// Since when (run time) it is in this state.
    pub state_since: Duration,
    /// For a node that is down: why, in words ("killed by you", "could not bind 127.0.0.1:8080: address in use").
    pub reason: Option<String>,
    /// Height of its validated tip.
    pub height: u64,
    /// Its tip's id, 64 hex digits.
    pub tip: String,
    /// Blocks behind the best tip of all nodes.
    pub lag: u64,
    /// Since when (run time) its tip is what it is.
    pub tip_since: Duration,
    /// Chain synchronization.
    pub sync: Sync,
    /// Transactions that wait, and their bytes.
    pub mempool: (u64, u64),
    /// Its account's balance, in coins times 100.
    pub balance: u64,
    /// Mining, unless turned off.
    pub mining: Option<Mining>,
    /// Blocks it mined that were on its main chain when mined.
    pub blocks_mined: u64,
    /// Blocks it got from peers.
    pub blocks_received: u64,
    /// Transactions on its main chain.
    pub transactions: u64,
    /// Reorganizations it went through, and the deepest.
    pub reorgs: (u64, u64),
    /// Connections.
    pub peers: Vec<Peer>,
    /// Most connections it takes (inbound and outbound).
    pub max_peers: u32,
    /// Bans it holds.
    pub bans: Vec<Ban>,
    /// Bytes and messages, one sample a second, oldest first, at most 120.
    pub traffic: Vec<TrafficSample>,
    /// Its last blocks on the main chain, newest first, at most 32.
    pub blocks: Vec<BlockLine>,
    /// Addresses it knows.
    pub known_addresses: u32,
    /// Those of them that it was once connected to.
    #[serde(default)]
    pub tried_addresses: u32,
    /// What finding and keeping peers has come to, in the node's own order: `exchange addresses` 40, `links recovered` 2…
    #[serde(default)]
    pub connectivity: Vec<(String, u64)>,
}

/// How a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NodeState {
    /// Not heard from yet.
    #[default]
    Starting,
    /// At the tip of its peers.
    Ok,
    /// Catching up.
    Syncing,
    /// Behind, and not catching up.
    Lagging,
    /// Not running.
    Down,
}

/// Chain synchronization of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sync {
    /// What it is doing.
    pub phase: SyncPhase,
    /// Height it wants to reach.
    pub target: u64,
    /// Headers known.
    pub headers: u64,
    /// Blocks downloaded and validated since it began.
    pub downloaded: u64,
    /// Blocks validated since it began.
    pub validated: u64,
    /// Blocks a second, lately.
    pub blocks_per_second: f64,
    /// Until done at that rate.
    pub eta: Option<Duration>,
    /// From whom it downloads headers (a node's name or short id).
    pub from: Option<String>,
}

/// What a node's synchronization is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncPhase {
    /// Nothing to do yet: no peers.
    #[default]
    Idle,
    /// Looking who has more.
    Discovering,
    /// Downloading headers.
    Headers,
    /// Downloading blocks.
    Blocks,
    /// Validating what is here.
    Validating,
    /// At the tip.
    Synced,
}

/// A miner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mining {
    /// Paced tries a second.
    pub tries_per_second: u64,
    /// Expected tries for the block it works on.
    pub difficulty: u64,
    /// Height of the block it works on.
    pub height: u64,
}

/// One connection of a node, seen from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// The connection's number; a new connection to the same peer has another.
    pub connection: u64,
    /// The peer's index, if it is one of the nodes watched.
    pub node: Option<u32>,
    /// The peer's id, 64 hex digits.
    pub id: String,
    /// Its name (`n3`), or its id's first eight digits.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Who dialled.
    pub direction: Direction,
    /// Where the connection is in its life.
    pub state: PeerState,
    /// Its user agent, e.g. `rumormill/0.1.0`.
    pub agent: String,
    /// Protocol version in use.
    pub version: u32,
    /// Its tip's height as last heard.
    pub height: u64,
    /// Last round-trip time.
    pub rtt: Option<Duration>,
    /// Round-trip times in microseconds, oldest first, at most 32.
    pub rtt_history: Vec<u64>,
    /// Bytes a second in and out, lately.
    pub rate: (u64, u64),
    /// Bytes in and out since it connected.
    pub bytes: (u64, u64),
    /// Messages in and out since it connected.
    pub messages: (u64, u64),
    /// -100.0 to 100.0.
    pub reputation: f64,
    /// Changes of it with their reasons, newest first, at most 16.
    pub reputation_history: Vec<ReputationChange>,
    /// What we last asked of it, e.g. `headers`, `block 12010`.
    pub last_asked: Option<String>,
    /// What it last sent, e.g. `block 12011`.
    pub last_sent: Option<String>,
    /// When (run time) it connected.
    pub since: Duration,
    /// Messages waiting to be sent to it, and their bytes.
    pub outbox: (u64, u64),
    /// How well it serves, in percent, once the node has judged it.
    #[serde(default)]
    pub health: Option<u8>,
}

/// Who dialled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// The peer did.
    #[default]
    Inbound,
    /// We did.
    Outbound,
}

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerState {
    /// Connected, shaking hands.
    #[default]
    Handshaking,
    /// Talking.
    Ready,
}

/// One change of a reputation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReputationChange {
    /// When (run time).
    pub at: Duration,
    /// By how much.
    pub delta: f64,
    /// What it was afterwards.
    pub value: f64,
    /// Why, in words.
    pub reason: String,
}

/// A ban: of a peer, or of an IP address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// The banned peer's name or short id; or the address.
    pub name: String,
    /// Its id, 64 hex digits; or the address.
    pub id: String,
    /// Why.
    pub reason: String,
    /// When (run time) it ends.
    pub until: Duration,
}

/// A connection between two ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// One end: a node's index. For two watched nodes the smaller.
    pub from: u32,
    /// The other end.
    pub to: End,
    /// Bytes a second, both ways together.
    pub rate: u64,
    /// Last round-trip time measured by either end.
    pub rtt: Option<Duration>,
    /// Messages that crossed it within the last second (both ways).
    pub messages: u64,
    /// Cut by a fault.
    pub cut: bool,
    /// Packets lost lately as measured, both ways together, parts of a million; `None`: nobody counts them.
    pub lost: Option<u32>,
    /// What was asked for, `from` to `to` and back, where anything was.
    pub configured: Option<(LinkShape, LinkShape)>,
}

/// The numbers of one direction of a link, as configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkShape {
    /// One-way delay.
    pub latency: Duration,
    /// Random addition to it.
    pub jitter: Duration,
    /// Lost packets, parts of a million.
    pub loss: u32,
    /// Bytes a second; `None`: no limit.
    pub bandwidth: Option<u64>,
    /// Nothing comes through.
    pub cut: bool,
}

/// One line of the scenario's timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineLine {
    /// When (run time).
    pub at: Duration,
    /// What, in words.
    pub text: String,
    /// Whether it has happened.
    pub done: bool,
}

/// One expectation of the scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectationLine {
    /// The expectation as a sentence.
    pub text: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// The figure measured so far, in words.
    pub measured: String,
}

/// Whether an expectation holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Not decided yet.
    #[default]
    Pending,
    /// It holds.
    Met,
    /// It does not.
    Missed,
}

/// Messages of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageCount {
    /// The kind's word.
    pub kind: String,
    /// Received since the start, by all nodes.
    pub count: u64,
    /// A second, lately.
    pub rate: u64,
    /// Bytes received since the start.
    pub bytes: u64,
}

/// A recording that is being replayed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// How long it is.
    pub length: Duration,
    /// Moments worth jumping to, in order, with a few words each.
    pub marks: Vec<(Duration, String)>,
    /// Whether it ends in the middle of a line.
    pub torn: bool,
}

/// The other end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum End {
    /// A node watched, by index.
    Node(u32),
    /// A stranger, by place in [`Snapshot::strangers`].
    Stranger(u32),
}

impl Default for End {
    fn default() -> Self {
        Self::Node(0)
    }
}

/// A peer of ours that we do not watch ourselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stranger {
    /// Short id.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its height as last heard.
    pub height: u64,
}

/// Something that is wrong: a sentence with cause and remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// "n2 down 12 s: killed by you. r restarts it"
    pub text: String,
    /// What to show when the reader presses Enter on it.
    pub subject: Subject,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Worth knowing; passes by itself.
    Notice,
    /// Degraded.
    Warning,
    /// Broken.
    Critical,
}

/// What a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// The whole network.
    Cluster,
    /// A node, by index.
    Node(u32),
    /// A connection of a node.
    Peer {
        /// The node's index.
        node: u32,
        /// The connection's number.
        connection: u64,
    },
}

/// Traffic within one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrafficSample {
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Messages received.
    pub messages_in: u64,
    /// Messages sent.
    pub messages_out: u64,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Different blocks seen anywhere.
    pub blocks: u64,
    /// Different transactions seen anywhere.
    pub transactions: u64,
    /// Reorganizations on any node.
    pub reorgs: u64,
    /// Bans on any node.
    pub bans: u64,
    /// Bytes received by all.
    pub bytes_in: u64,
    /// Bytes sent by all.
    pub bytes_out: u64,
    /// Messages received by all.
    pub messages_in: u64,
    /// Messages that brought nothing new.
    pub duplicates: u64,
    /// What got lost on its way: packets on lossy links, which are sent again, and messages before a full queue, which are not.
    pub drops: u64,
}

/// A fault that was injected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its number, as shown.
    pub number: u32,
    /// "loss 20% n5 -> n6"
    pub text: String,
    /// Time left, or `None` until cleared.
    pub left: Option<Duration>,
}

/// How grave a log line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogLevel {
    /// Must be seen.
    Error,
    /// Should be seen.
    Warn,
    /// Of interest.
    #[default]
    Info,
    /// For those who look closer.
    Debug,
    /// Everything.
    Trace,
}

/// One log line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When (run time).
    pub at: Duration,
    /// How grave.
    pub level: LogLevel,
    /// Which node's, if one's.
    pub node: Option<u32>,
    /// Which room said it: `sync`, `peers`, `mining`…
    pub target: String,
    /// What it said.
    pub text: String,
}

/// What this process takes of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Share of one core, percent; `None` where the system does not tell.
    pub cpu_percent: Option<f64>,
    /// Resident memory, bytes.
    pub memory: Option<u64>,
    /// How late the run is against its own clock: the machine is overloaded when this grows.
    pub lateness: Duration,
}

/// One block of a node's main chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockLine {
    /// Its height.
    pub height: u64,
    /// Its id's first eight digits.
    pub id: String,
    /// Its miner's name or short id.
    pub miner: String,
    /// Transactions in it.
    pub transactions: u32,
    /// Bytes.
    pub size: u64,
    /// When (run time) this node had it.
    pub at: Duration,
    /// From whom (a node's name or short id); `None` if mined here.
    pub from: Option<String>,
}
