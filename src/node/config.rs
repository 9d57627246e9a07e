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
    /// Whether addresses are asked of and told to peers; off, only the bootstrap addresses are dialled (a preset's fixed topology).
    pub peer_exchange: bool,
    /// Intervals and deadlines.
    pub timing: Timing,
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
    /// From connected to shaken hands.
    pub handshake: Duration,
    /// Between pings.
    pub ping: Duration,
    /// How long a pong may take.
    pub pong: Duration,
    /// Least and most that a request may take; between them three round trips.
    pub request: (Duration, Duration),
    /// First and longest pause before dialling again.
    pub redial: (Duration, Duration),
    /// Between questions for addresses.
    pub peer_exchange: Duration,
    /// How long announcements of transactions are gathered.
    pub announce: Duration,
    /// Between [`super::Event::Pulse`]s; between [`super::Event::Statistics`].
    pub report: (Duration, Duration),
}

impl Timing {
    /// For loopback and presets.
    pub const LAB: Self = Self {
        handshake: Duration::from_secs(3),
        ping: Duration::from_secs(2),
        pong: Duration::from_secs(6),
        request: (Duration::from_millis(200), Duration::from_secs(20)),
        redial: (Duration::from_millis(200), Duration::from_secs(5)),
        peer_exchange: Duration::from_secs(5),
        announce: Duration::from_millis(5),
        report: (Duration::from_secs(1), Duration::from_secs(10)),
    };
}

impl Timing {
    /// For the open Internet: nobody waits for the screen there, and every message costs somebody's line.
    pub const PUBLIC: Self = Self {
        handshake: Duration::from_secs(3),
        // A prime, so that nodes that started together fall out of step with whatever else runs by the minute.
        ping: Duration::from_secs(59),
        pong: Duration::from_secs(20),
        request: (Duration::from_secs(2), Duration::from_secs(20)),
        redial: (Duration::from_secs(1), Duration::from_secs(300)),
        peer_exchange: Duration::from_secs(300),
        announce: Duration::from_secs(2),
        report: (Duration::from_secs(1), Duration::from_secs(10)),
    };
}

impl Default for Config {
    fn default() -> Self {
        Self {
            agent: concat!("rumormill/", env!("CARGO_PKG_VERSION")).to_owned(),
            port: 0,
            bootstrap: Vec::new(),
            mining: None,
            max_outbound: 8,
            max_inbound: 32,
            min_peers: 3,
            peer_exchange: true,
            timing: Timing::LAB,
        }
    }
}
