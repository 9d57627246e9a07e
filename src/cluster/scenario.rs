//! What a preset says, as data: links, timeline, expectations, adversaries. Read from TOML by `preset`, acted on by the engines.

use super::Selection;
use super::limits::{MAX_NODES, MAX_SIMULATED_NODES};
use crate::link::LinkModel;
use std::time::Duration;

/// Which engine runs a preset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// Virtual time, one thread, one seed one history.
    Simulation,
    /// Real sockets on loopback, real time.
    #[default]
    Sockets,
}

impl EngineKind {
    /// Its name in a preset and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simulation => "simulation",
            Self::Sockets => "sockets",
        }
    }

    /// Most nodes that it takes.
    pub fn max_nodes(self) -> u32 {
        match self {
            Self::Simulation => MAX_SIMULATED_NODES,
            Self::Sockets => MAX_NODES,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Simulation => "the simulation",
            Self::Sockets => "the sockets engine",
        }
    }

    pub(super) fn why_max_nodes(self) -> &'static str {
        match self {
            Self::Simulation => "all of them live in one process's memory",
            Self::Sockets => "each node has sockets and tasks of its own in this process; engine = \"simulation\" takes more",
        }
    }
}

/// A change of some numbers of a link; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkChange {
    /// One-way delay.
    pub latency: Option<Duration>,
    /// Random addition to it.
    pub jitter: Option<Duration>,
    /// Lost packets, parts of a million.
    pub loss: Option<u32>,
    /// Bytes a second.
    pub bandwidth: Option<u64>,
    /// Parts of a million.
    pub reorder: Option<u32>,
    /// Parts of a million.
    pub duplicate: Option<u32>,
    /// Parts of a million.
    pub corrupt: Option<u32>,
    /// Whether nothing comes through.
    pub cut: Option<bool>,
}

impl LinkChange {
    /// The model with these numbers changed.
    pub fn apply(&self, model: LinkModel) -> LinkModel {
        LinkModel {
            latency: self.latency.unwrap_or(model.latency),
            jitter: self.jitter.unwrap_or(model.jitter),
            loss: self.loss.unwrap_or(model.loss),
            bandwidth: self.bandwidth.or(model.bandwidth),
            reorder: self.reorder.unwrap_or(model.reorder),
            duplicate: self.duplicate.unwrap_or(model.duplicate),
            corrupt: self.corrupt.unwrap_or(model.corrupt),
            cut: self.cut.unwrap_or(model.cut),
        }
    }
}

/// Something done to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Links from any of `from` to any of `to` change.
    Link {
        /// Senders.
        from: Selection,
        /// Receivers.
        to: Selection,
        /// Also from `to` to `from`.
        both_ways: bool,
        /// What changes.
        change: LinkChange,
    },
    /// Links between nodes of different groups are cut; nodes in no group form one more.
    Partition {
        /// The groups.
        groups: Vec<Selection>,
    },
    /// The nodes stand still; their connections stay.
    Pause(Selection),
    /// The nodes end as by `kill -9`.
    Kill(Selection),
    /// Killed or left nodes start again on their own stores. Running ones are killed first.
    Restart(Selection),
    /// Nodes that have not started yet (see [`Preset`](super::Preset)'s nodes) start.
    Join(Selection),
    /// The nodes say goodbye and end.
    Leave(Selection),
    /// The nodes' clocks are off by this much: forward, or back.
    ClockSkew {
        /// Whose.
        nodes: Selection,
        /// How far.
        by: Duration,
        /// Back instead of forward.
        back: bool,
    },
    /// The nodes' stores fail every commit.
    DiskFull(Selection),
}

/// Something that happens at a time of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When, since the start.
    pub at: Duration,
    /// What.
    pub fault: Fault,
    /// Undone after this time; `None`: it stays. (A kill undone is a restart, a leave a join.)
    pub lasts: Option<Duration>,
}

/// What a misbehaving node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Takes everything, says nothing after the handshake.
    Silent,
    /// Answers everything late, by this much.
    Slow(Duration),
    /// Floods its peers with this many messages a second.
    Spam(u32),
    /// Mines or relays blocks that break a rule.
    InvalidBlocks,
    /// Relays transactions with forged signatures.
    InvalidTransactions,
    /// Floods headers of low work.
    HeaderFlood,
    /// Mines in secret and publishes late (selfish mining).
    Withholding,
    /// Mines two blocks on the same parent and gives one to each half of its peers.
    Equivocation,
    /// Announces blocks and transactions and never delivers them.
    StaleAnnouncer,
    /// Sends its frames a byte at a time.
    SlowLoris,
    /// Tries to have honest peers banned: relays others' invalid data, claims work it cannot show.
    BanBaiting,
    /// Answers every question for addresses with those of its accomplices, and tells them unasked.
    Eclipse,
    /// One of many identities of one operator: takes every slot it can get, and gives nothing for it.
    Sybil,
}

impl Misbehaviour {
    /// Its name in a preset.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Slow(_) => "slow",
            Self::Spam(_) => "spam",
            Self::InvalidBlocks => "invalid-blocks",
            Self::InvalidTransactions => "invalid-transactions",
            Self::HeaderFlood => "header-flood",
            Self::Withholding => "withholding",
            Self::Equivocation => "equivocation",
            Self::StaleAnnouncer => "stale-announcer",
            Self::SlowLoris => "slow-loris",
            Self::BanBaiting => "ban-baiting",
            Self::Eclipse => "eclipse",
            Self::Sybil => "sybil",
        }
    }
}

/// Some nodes misbehave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adversaries {
    /// Which.
    pub nodes: Selection,
    /// How.
    pub misbehaviour: Misbehaviour,
}

/// What must come out.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// All of the nodes that run have one tip (those that misbehave are left out unless named).
    SameTip,
    /// Heights are within the bounds.
    Height,
    /// The nodes are synced.
    Synced,
    /// Each node has at least (at most) so many peers.
    Connected,
    /// Each node's outbound links to peers that do not misbehave.
    HonestOutbound,
    /// Bans that the nodes made.
    Bans,
    /// Bans of these nodes by others.
    BansOf,
    /// Reputation of these nodes with their peers, lowest (`at_least`) or highest (`at_most`).
    Reputation,
    /// Time for a block to reach 50 % or 95 % of the nodes that run; the bound is a duration.
    BlockPropagation {
        /// 50 or 95.
        percentile: u8,
    },
    /// The same for transactions.
    TransactionPropagation {
        /// 50 or 95.
        percentile: u8,
    },
    /// The deepest reorg on any of the nodes.
    ReorgDepth,
    /// Messages that brought nothing new, for each that did.
    DuplicatesPerDelivery,
    /// Messages sent for each block on the main chain.
    MessagesPerBlock,
    /// Bytes sent for each block on the main chain.
    BytesPerBlock,
    /// Resident memory of the process, bytes.
    Memory,
    /// Events of this kind (its name in JSON lines), counted.
    Events {
        /// The kind.
        kind: String,
    },
    /// Every transfer submitted is on the main chain.
    TransactionsMined,
}

impl What {
    /// Its name in a preset.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SameTip => "same-tip",
            Self::Height => "height",
            Self::Synced => "synced",
            Self::Connected => "connected",
            Self::HonestOutbound => "honest-outbound",
            Self::Bans => "bans",
            Self::BansOf => "bans-of",
            Self::Reputation => "reputation",
            Self::BlockPropagation { percentile: ..=50 } => "block-propagation-p50",
            Self::BlockPropagation { .. } => "block-propagation-p95",
            Self::TransactionPropagation { percentile: ..=50 } => "transaction-propagation-p50",
            Self::TransactionPropagation { .. } => "transaction-propagation-p95",
            Self::ReorgDepth => "reorg-depth",
            Self::DuplicatesPerDelivery => "duplicates-per-delivery",
            Self::MessagesPerBlock => "messages-per-block",
            Self::BytesPerBlock => "bytes-per-block",
            Self::Memory => "memory",
            Self::Events { .. } => "events",
            Self::TransactionsMined => "transactions-mined",
        }
    }
}

/// A bound. Durations are in seconds, sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Not less.
    pub at_least: Option<f64>,
    /// Not more.
    pub at_most: Option<f64>,
}

/// When an expectation is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Must hold at some moment up to this one; the first moment is reported.
    By(Duration),
    /// Must hold at every moment from this one to the end.
    From(Duration),
    /// Judged once, at the end of the run.
    AtEnd,
}

/// One expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What is measured.
    pub what: What,
    /// Of which nodes.
    pub nodes: Selection,
    /// Between which bounds.
    pub bounds: Bounds,
    /// When.
    pub when: When,
}
