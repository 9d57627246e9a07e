//! How a node is set up.

use std::net::SocketAddr;
use std::time::Duration;

/// How a node is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Program and version, told to peers.
    pub agent: String,
    /// Where it can be dialled, told to peers; 0 if it does not listen.
    pub port: u16,
    /// Where others can dial it, if that is known beforehand: an address of this machine that is not the unspecified one.
    pub address: Option<SocketAddr>,
    /// Whom to dial first, and to keep dialling until they answer.
    pub bootstrap: Vec<SocketAddr>,
    /// Mining, unless `None`.
    pub mining: Option<Mining>,
    /// Most connections that we dial.
    pub max_outbound: usize,
    /// Most connections that we take.
    pub max_inbound: usize,
    /// Connections that we try to have, dialling addresses heard of from peers.
    pub min_peers: usize,
    /// Most inbound connections from one IP address, or one /64 of IPv6; `None`: any number, as on loopback, where all nodes share one.
    pub max_per_ip: Option<usize>,
    /// Which addresses are kept, dialled and told to others.
    pub address_scope: AddressScope,
    /// How addresses are found.
    pub discovery: Discovery,
    /// Intervals and deadlines.
    pub timing: Timing,
}

/// Which addresses are of use to a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressScope {
    /// Any that can be dialled: a lab lives on loopback.
    #[default]
    Any,
    /// Those that the Internet routes; private, loopback and reserved ones are refused.
    Routable,
}

/// How addresses are found: four strategies, each of its own. With all of them off, only [`super::Command::Connect`] makes links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Whether the bootstrap addresses are dialled, again and again until they answer.
    pub bootstrap: bool,
    /// Names that resolve to addresses of nodes, as `host` or `host:port`; none: this strategy is off.
    pub dns_seeds: Vec<String>,
    /// Whether addresses are asked of and told to peers.
    pub exchange: bool,
    /// Whether nodes are looked up by Kademlia.
    pub kademlia: bool,
}

impl Discovery {
    /// The bootstrap addresses and nothing else: a preset's fixed topology.
    pub const FIXED: Self = Self { bootstrap: true, dns_seeds: Vec::new(), exchange: false, kademlia: false };
}

impl Default for Discovery {
    fn default() -> Self {
        Self { bootstrap: true, dns_seeds: Vec::new(), exchange: true, kademlia: true }
    }
}

/// A paced miner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mining {
    /// Tries a second.
    pub tries_per_second: u64,
}

impl Mining {
    /// Tries a second by default: enough to see the lottery at work, too few to warm the machine.
    pub const DEFAULT_TRIES: u64 = 2_000;
}

/// Intervals and deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a TCP connection may take to come up.
    pub connect: Duration,
    /// From connected to shaken hands; on sockets from the first packet on, the encryption's handshake included.
    pub handshake: Duration,
    /// How long a whole frame may take, beside its bytes at the slowest line's pace (on sockets).
    pub frame: Duration,
    /// How long a peer may take nothing of what is sent to it, and how long an urgent message may wait for it (on sockets).
    pub stalled: Duration,
    /// Between pings.
    pub ping: Duration,
    /// How long a pong may take.
    pub pong: Duration,
    /// Least and most that a request may take; between them three round trips.
    pub request: (Duration, Duration),
    /// First and longest pause before dialling again.
    pub redial: (Duration, Duration),
    /// Pause before dialling one of another chain, version or transport again.
    pub refused: Duration,
    /// Between questions for addresses.
    pub peer_exchange: Duration,
    /// How long all who ask for addresses are given the same ones.
    pub answer: Duration,
    /// Between two portions of addresses that are told unasked, and after how long the same address may be told again.
    pub gossip: (Duration, Duration),
    /// Between two look-ups that refresh the Kademlia table.
    pub lookup: Duration,
    /// Between questions to the DNS seeds, as long as they are needed.
    pub dns: Duration,
    /// Between feelers: short links that only test whether an untried address answers. `None`: there are none.
    pub feeler: Option<Duration>,
    /// Whether the best peers are remembered across a restart as anchors.
    pub anchors: bool,
    /// Between two savings of the address book, when it has changed.
    pub save_addresses: Duration,
    /// How long a link that serves nobody may last when slots are scarce.
    pub idle: Duration,
    /// First, second and any later ban of the same peer.
    pub bans: [Duration; 3],
    /// How long announcements of transactions are gathered.
    pub announce: Duration,
    /// Between [`super::Event::Pulse`]s; between [`super::Event::Statistics`].
    pub report: (Duration, Duration),
}

impl Timing {
    /// For loopback and presets.
    pub const LAB: Self = Self {
        // Loopback and a lab's links answer in milliseconds.
        connect: Duration::from_secs(1),
        handshake: Duration::from_secs(3),
        frame: Duration::from_secs(10),
        stalled: Duration::from_secs(10),
        ping: Duration::from_secs(2),
        pong: Duration::from_secs(6),
        request: (Duration::from_millis(200), Duration::from_secs(20)),
        redial: (Duration::from_millis(200), Duration::from_secs(5)),
        // Who reads why may start the other end anew at once.
        refused: Duration::from_secs(15),
        peer_exchange: Duration::from_secs(5),
        answer: Duration::from_secs(30),
        gossip: (Duration::from_secs(5), Duration::from_secs(30)),
        lookup: Duration::from_secs(5),
        dns: Duration::from_secs(5),
        feeler: None,
        anchors: false,
        save_addresses: Duration::from_secs(10),
        idle: Duration::from_secs(60),
        // Short, so that a lesson sees them end.
        bans: [Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(600)],
        announce: Duration::from_millis(5),
        report: (Duration::from_secs(1), Duration::from_secs(10)),
    };
}

impl Timing {
    /// For the open Internet: nobody waits for the screen there, and every message costs somebody's line.
    pub const PUBLIC: Self = Self {
        // The first packet may be lost, and is sent again after a second (RFC 6298).
        connect: Duration::from_secs(3),
        handshake: Duration::from_secs(3),
        frame: Duration::from_secs(10),
        stalled: Duration::from_secs(10),
        // A prime, so that nodes that started together fall out of step with whatever else runs by the minute.
        ping: Duration::from_secs(59),
        // A line that two seconds separate, and that loses a packet four times in a row, takes so long; a missing pong is no proof before.
        pong: Duration::from_secs(90),
        request: (Duration::from_secs(2), Duration::from_secs(20)),
        redial: (Duration::from_secs(1), Duration::from_secs(300)),
        // It will hardly change its mind soon.
        refused: Duration::from_secs(600),
        peer_exchange: Duration::from_secs(300),
        // Who wants to see the whole book needs days for it, in which much of it has changed.
        answer: Duration::from_secs(86_400),
        gossip: (Duration::from_secs(600), Duration::from_secs(3_600)),
        lookup: Duration::from_secs(600),
        dns: Duration::from_secs(61),
        feeler: Some(Duration::from_secs(120)),
        anchors: true,
        save_addresses: Duration::from_secs(900),
        idle: Duration::from_secs(1_200),
        bans: [Duration::from_secs(600), Duration::from_secs(86_400), Duration::from_secs(7 * 86_400)],
        announce: Duration::from_secs(2),
        report: (Duration::from_secs(1), Duration::from_secs(10)),
    };
}

impl Default for Config {
    fn default() -> Self {
        Self {
            agent: concat!("rumormill/", env!("CARGO_PKG_VERSION")).to_owned(),
            port: 0,
            address: None,
            bootstrap: Vec::new(),
            mining: None,
            max_outbound: 8,
            max_inbound: 32,
            min_peers: 3,
            max_per_ip: None,
            address_scope: AddressScope::Any,
            discovery: Discovery::default(),
            timing: Timing::LAB,
        }
    }
}
