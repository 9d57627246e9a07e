//! What whoever runs the nodes can be asked to do, and what the reader asks.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What whoever runs this can be asked to do; keys for the rest are off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controls {
    /// Faults can be injected.
    pub faults: bool,
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
    /// End a ban: of the peer with this id (64 hex digits), on a node.
    Unban {
        /// On which node.
        node: u32,
        /// Whose.
        id: String,
    },
}
