//! What travelled from node to node, and how.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Something that travelled from node to node, or an event worth a line beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// When (run time) it was first seen.
    pub at: Duration,
    /// What it is.
    pub kind: RelayKind,
    /// Its id's first eight digits, empty where there is none.
    pub id: String,
    /// A block's height.
    pub height: Option<u64>,
    /// Names of the nodes on the path to the node that got it last, origin first.
    pub path: Vec<String>,
    /// From first seen to last seen so far.
    pub took: Duration,
    /// Nodes that have it, of how many that run.
    pub seen: (u32, u32),
    /// How it went, hop by hop, in the order of arrival; for blocks and transactions.
    pub hops: Vec<Hop>,
    /// Words where the above does not say it: "14 addresses", "reputation 41 -> -52: malformed frame", "depth 2".
    pub note: String,
}

/// Something arrived at a node for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// Where.
    pub node: u32,
    /// From which node; `None`: it was made there, or came from a stranger.
    pub from: Option<u32>,
    /// How long after it was first seen anywhere.
    pub after: Duration,
}

/// What was relayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RelayKind {
    /// A block.
    #[default]
    Block,
    /// A transaction.
    Transaction,
    /// Addresses of peers.
    Peers,
    /// A ban.
    Ban,
    /// A reorganization.
    Reorg,
    /// A connection was made.
    Connect,
    /// A connection was lost.
    Disconnect,
}
