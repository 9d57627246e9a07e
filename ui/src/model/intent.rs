//! What whoever runs the nodes can be asked to do, and what the reader asks.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What whoever runs this can be asked to do; keys for the rest are off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controls {
    /// Faults can be injected.
    pub faults: bool,
    /// Peers can be connected, disconnected and banned, and bans ended.
    #[serde(default)]
    pub peers: bool,
    /// The run can be paused.
    pub pause: bool,
    /// One event at a time can be played.
    pub step: bool,
    /// The speed can be changed.
    pub speed: bool,
}

/// A change to links, by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkTweak {
    /// One-way delay.
    Latency(Duration),
    /// Lost packets, parts of a million.
    Loss(u32),
    /// Bytes a second.
    Bandwidth(u64),
    /// Nothing comes through.
    Cut,
}

/// What the reader of the dashboard wants done; whoever runs the nodes does it. Faults end by themselves after `lasts`
/// (`None`: until undone).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intent {
    /// End the run.
    Quit,
    /// Kill a node, as `kill -9` does.
    Kill {
        /// Which.
        node: u32,
        /// For how long.
        lasts: Option<Duration>,
    },
    /// Start a node again.
    Restart(u32),
    /// Stand a node still; again: let it go on.
    Freeze {
        /// Which.
        node: u32,
        /// For how long.
        lasts: Option<Duration>,
    },
    /// Change the link between two nodes, or (`to` is `None`) all links of one, both ways.
    Link {
        /// One end.
        from: u32,
        /// The other.
        to: Option<u32>,
        /// What changes.
        tweak: LinkTweak,
        /// For how long.
        lasts: Option<Duration>,
    },
    /// Cut all links between these nodes and the rest.
    Partition {
        /// One side.
        group: Vec<u32>,
        /// For how long.
        lasts: Option<Duration>,
    },
    /// Undo the fault with this number; `None`: the last one.
    Undo(Option<u32>),
    /// Undo all faults.
    ClearFaults,
    /// Pause the run, or let it go on.
    TogglePause,
    /// Play one event of a paused run.
    Step,
    /// Change the speed to this much, percent of real time.
    Speed(u32),
    /// Go to a moment of a recording (run time).
    Seek(Duration),
    /// Save what was done by hand as a preset that does it again.
    SavePreset,
    /// Have a node connect to an address.
    Connect {
        /// Which node.
        node: u32,
        /// Where to, as typed: `127.0.0.1:8081`; in a cluster also a node's name.
        address: String,
    },
    /// Close a node's connection with a peer; it may come back.
    Disconnect {
        /// Which node's.
        node: u32,
        /// The peer's id, 64 hex digits.
        id: String,
    },
    /// Have a node ban a peer.
    Ban {
        /// Which node.
        node: u32,
        /// The peer's id, 64 hex digits.
        id: String,
        /// For how long; `None`: as long as the peer's next ban would last by itself.
        lasts: Option<Duration>,
    },
    /// End a ban on a node.
    Unban {
        /// On which node.
        node: u32,
        /// The peer's id, 64 hex digits; or the IP address that is banned.
        id: String,
    },
}
