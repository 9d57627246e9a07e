//! The format itself, as data: every table, its keys, what each takes and what it means. The reader, the nearest names, the JSON
//! schema and a test of the documentation all go by these; there is no other list.

use crate::cluster::limits::*;
use crate::cluster::{Profile, REGIONS};
use std::time::Duration;

/// A table of the file.
#[derive(Debug)]
pub struct Record {
    /// How it is written, for errors: "[nodes]".
    pub name: &'static str,
    /// Its keys, in the order in which they are written.
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// What it means, in a line.
    pub about: &'static str,
}

/// What a key takes.
#[derive(Debug)]
pub enum Shape {
    /// Any text.
    Text,
    /// true or false.
    Flag,
    /// A whole number within these bounds.
    Whole(u64, u64),
    /// A number within these bounds.
    Number(f64, f64),
    /// A duration within these bounds.
    Duration(Duration, Duration),
    /// A duration up to this bound, with a minus before it or not.
    Skew(Duration),
    /// A share: "2%" or 0.02.
    Share,
    /// Bytes or bits a second.
    Bandwidth,
    /// Names of nodes.
    Nodes,
    /// One of these names; those of the second list come later.
    Choice(&'static [&'static str], &'static [&'static str]),
    /// A bound: a number, a duration or a size, as the kind of expectation has it.
    Bound,
    /// Lists of names of nodes.
    Groups,
    /// Pairs of nodes.
    Edges,
    /// A table.
    Table(&'static Record),
    /// A list of tables.
    Tables(&'static Record),
}

impl Record {
    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.keys.iter().map(|key| key.name)
    }
}

const fn must(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, required: true, about }
}

const fn may(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, required: false, about }
}

const NO_TIME: Duration = Duration::ZERO;
const AN_INSTANT: Duration = Duration::from_millis(1);

/// The whole file.
pub static PRESET: Record = Record {
    name: "the preset",
    keys: &[
        must("title", Shape::Text, "A few words for the title bar."),
        must("about", Shape::Text, "What to look at, in a sentence or two."),
        must(
            "seed",
            Shape::Whole(0, u64::MAX),
            "Feeds keys, nodes, links and traffic: the same seed gives the same run in simulation.",
        ),
        may("engine", Shape::Choice(&["simulation", "sockets"], &[]), "What runs it; \"sockets\" unless said."),
        may(
            "duration",
            Shape::Duration(Duration::from_secs(1), MAX_DURATION),
            "How long it runs; until it is ended unless said.",
        ),
        must("nodes", Shape::Table(&NODES), "The nodes."),
        may("chain", Shape::Table(&CHAIN), "The chain that they start from."),
        must("topology", Shape::Table(&TOPOLOGY), "Who is linked to whom."),
        may("links", Shape::Table(&LINKS), "How the links behave."),
        may("traffic", Shape::Table(&TRAFFIC), "Transfers that the nodes make."),
        may("timeline", Shape::Tables(&TIMELINE), "What happens when."),
        may("adversary", Shape::Tables(&ADVERSARY), "Who misbehaves."),
        may("expect", Shape::Tables(&EXPECT), "What must come out."),
    ],
};

/// `[nodes]`.
pub static NODES: Record = Record {
    name: "[nodes]",
    keys: &[
        may(
            "count",
            Shape::Whole(0, MAX_SIMULATED_NODES as u64),
            "How many nodes besides those in groups; they are n0 and following.",
        ),
        may("mining", Shape::Table(&MINING), "Who mines; nobody unless said."),
        may("starts", Shape::Nodes, "Which run from the start, \"all\" unless said; the others join by the timeline."),
        may(
            "max_inbound",
            Shape::Whole(0, MAX_CONNECTIONS),
            "Most connections that a node takes; 32, or its links if they are more, unless said.",
        ),
        may(
            "max_outbound",
            Shape::Whole(0, MAX_CONNECTIONS),
            "Most connections that a node dials; 8, or its links if they are more, unless said.",
        ),
        may(
            "peer_exchange",
            Shape::Flag,
            "Whether nodes tell each other addresses and dial those they hear of; false unless said: the topology stays as drawn.",
        ),
        may("kademlia", Shape::Flag, "Whether nodes look each other up by Kademlia and dial those they find; false unless said."),
        may(
            "timing",
            Shape::Choice(TIMINGS, &[]),
            "Whose intervals and deadlines: \"lab\" unless said, or \"public\", as on the Internet.",
        ),
        may(
            "networks",
            Shape::Whole(1, MAX_NETWORKS),
            "Over how many networks (/16) the addresses are spread in simulation; unless said all are in one private network.",
        ),
        may("group", Shape::Tables(&GROUP), "Named nodes with settings of their own; they follow after the others, in order."),
    ],
};

/// `[[nodes.group]]`.
pub static GROUP: Record = Record {
    name: "[[nodes.group]]",
    keys: &[
        must("name", Shape::Text, "Stands for the group's nodes wherever nodes are named."),
        must("count", Shape::Whole(1, MAX_SIMULATED_NODES as u64), "How many nodes."),
        may("mining", Shape::Flag, "Whether these mine, whatever nodes.mining.nodes says."),
        may("joins", Shape::Duration(NO_TIME, MAX_DURATION), "They do not run from the start but join then."),
        may("max_inbound", Shape::Whole(0, MAX_CONNECTIONS), "As in [nodes], for these."),
        may("max_outbound", Shape::Whole(0, MAX_CONNECTIONS), "As in [nodes], for these."),
        may("peer_exchange", Shape::Flag, "As in [nodes], for these."),
        may("kademlia", Shape::Flag, "As in [nodes], for these."),
        may("timing", Shape::Choice(TIMINGS, &[]), "As in [nodes], for these."),
        may("networks", Shape::Whole(1, MAX_NETWORKS), "As in [nodes], for these, which share them with no others."),
    ],
};

/// Names of intervals and deadlines.
pub const TIMINGS: &[&str] = &["lab", "public"];

/// `nodes.mining`.
pub static MINING: Record = Record {
    name: "nodes.mining",
    keys: &[
        must("nodes", Shape::Nodes, "Who mines."),
        may("seal", Shape::Choice(&["work"], &["space", "clock"]), "What makes a block: \"work\", a proof of work."),
        must(
            "block_time",
            Shape::Duration(MIN_BLOCK_TIME, MAX_BLOCK_TIME),
            "Wanted time between blocks, of all miners together.",
        ),
        may(
            "tries_per_second",
            Shape::Whole(1, MAX_TRIES),
            "Hashes a second of each miner; 2000 on sockets and 50 in simulation unless said.",
        ),
    ],
};

/// `[chain]`.
pub static CHAIN: Record = Record {
    name: "[chain]",
    keys: &[
        may("blocks", Shape::Whole(0, MAX_PRELOADED_BLOCKS), "Blocks after genesis that are there at the start; 0 unless said."),
        may("nodes", Shape::Nodes, "Who has them, \"all\" unless said; the others start from genesis."),
        may("max_transactions", Shape::Whole(1, MAX_BLOCK_TRANSACTIONS), "Most transactions in a block; 10000 unless said."),
    ],
};

/// `[topology]`.
pub static TOPOLOGY: Record = Record {
    name: "[topology]",
    keys: &[
        may("kind", Shape::Choice(TOPOLOGY_NAMES, &[]), "The pattern; not needed where there are edges."),
        may(
            "degree",
            Shape::Whole(1, MAX_CONNECTIONS),
            "Links of each node (mesh, random, small-world, regions) or of each newcomer (scale-free).",
        ),
        may("arity", Shape::Whole(1, MAX_CONNECTIONS), "Children of each node of a tree; 2 unless said."),
        may("width", Shape::Whole(1, MAX_SIMULATED_NODES as u64), "Nodes in a row of a grid; as square as it goes unless said."),
        may("rewire", Shape::Share, "Links of a small world that lead anywhere; \"10%\" unless said."),
        may("bridges", Shape::Whole(1, MAX_CONNECTIONS), "Links between any two regions; 2 unless said."),
        may("region", Shape::Tables(&REGION), "The regions."),
        may("edges", Shape::Edges, "These links and no others."),
    ],
};

/// The kinds of topology.
pub const TOPOLOGY_NAMES: &[&str] =
    &["line", "ring", "star", "mesh", "tree", "grid", "random", "small-world", "scale-free", "regions", "edges"];

/// Which keys each kind takes besides `kind`, the needed ones first, and how many of them are needed.
pub const TOPOLOGY_KEYS: &[(&str, &[&str], usize)] = &[
    ("line", &[], 0),
    ("ring", &[], 0),
    ("star", &[], 0),
    ("mesh", &["degree"], 0),
    ("tree", &["arity"], 0),
    ("grid", &["width"], 0),
    ("random", &["degree"], 1),
    ("small-world", &["degree", "rewire"], 1),
    ("scale-free", &["degree"], 1),
    ("regions", &["region", "degree", "bridges"], 1),
    ("edges", &["edges"], 1),
];

/// `[[topology.region]]`.
pub static REGION: Record = Record {
    name: "[[topology.region]]",
    keys: &[
        must("name", Shape::Choice(REGIONS, &[]), "Where; also stands for the region's nodes wherever nodes are named."),
        must("nodes", Shape::Nodes, "Whose nodes."),
    ],
};

/// `[links]`.
pub static LINKS: Record = Record {
    name: "[links]",
    keys: &[
        may("profile", Shape::Choice(Profile::NAMES, &[]), "What all links start from; a link without delay unless said."),
        LATENCY,
        JITTER,
        LOSS,
        BANDWIDTH,
        REORDER,
        DUPLICATE,
        CORRUPT,
        may("between", Shape::Tables(&BETWEEN), "Links between some nodes that behave otherwise."),
    ],
};

/// `[[links.between]]`.
pub static BETWEEN: Record = Record {
    name: "[[links.between]]",
    keys: &[
        must("from", Shape::Nodes, "Whose links."),
        must("to", Shape::Nodes, "With whom."),
        may("one_way", Shape::Flag, "Only what `from` sends to `to`; false unless said."),
        may("profile", Shape::Choice(Profile::NAMES, &[]), "What these links start from instead."),
        LATENCY,
        JITTER,
        LOSS,
        BANDWIDTH,
        REORDER,
        DUPLICATE,
        CORRUPT,
        CUT,
    ],
};

const LATENCY: Key = may("latency", Shape::Duration(NO_TIME, MAX_LATENCY), "One-way delay.");
const JITTER: Key = may("jitter", Shape::Duration(NO_TIME, MAX_LATENCY), "Up to this much is added at random.");
const LOSS: Key = may("loss", Shape::Share, "Packets lost. Nodes talk over TCP: each costs a retransmission time-out.");
const BANDWIDTH: Key = may("bandwidth", Shape::Bandwidth, "Bytes or bits a second.");
const REORDER: Key = may("reorder", Shape::Share, "Packets that overtake each other.");
const DUPLICATE: Key = may("duplicate", Shape::Share, "Packets that come twice.");
const CORRUPT: Key = may("corrupt", Shape::Share, "Packets with a flipped bit; each ends its connection.");
const CUT: Key = may("cut", Shape::Flag, "Nothing comes through.");

/// `[traffic]`.
pub static TRAFFIC: Record = Record {
    name: "[traffic]",
    keys: &[must(
        "transactions_per_second",
        Shape::Number(0.0, MAX_TRANSACTIONS_PER_SECOND),
        "Transfers a second, of all nodes together.",
    )],
};

/// `[[timeline]]`.
pub static TIMELINE: Record = Record {
    name: "[[timeline]]",
    keys: &[
        must("at", Shape::Duration(NO_TIME, MAX_DURATION), "When, since the start."),
        must("fault", Shape::Table(&FAULT), "What."),
    ],
};

/// `timeline.fault`.
pub static FAULT: Record = Record {
    name: "the fault",
    keys: &[
        may("partition", Shape::Groups, "Links between these groups are cut; nodes in none form one more."),
        may("pause", Shape::Nodes, "These stand still; their connections stay."),
        may("kill", Shape::Nodes, "These end as by kill -9."),
        may("restart", Shape::Nodes, "These start again on their own stores."),
        may("join", Shape::Nodes, "These start, who did not run from the start."),
        may("leave", Shape::Nodes, "These say goodbye and end."),
        may("disk_full", Shape::Nodes, "These can store nothing."),
        may("clock_skew", Shape::Skew(MAX_CLOCK_SKEW), "The clocks of `nodes` are off: \"5m\" ahead, \"-5m\" behind."),
        LATENCY,
        JITTER,
        LOSS,
        BANDWIDTH,
        REORDER,
        DUPLICATE,
        CORRUPT,
        CUT,
        may("from", Shape::Nodes, "Of a change of links: whose, \"all\" unless said."),
        may("to", Shape::Nodes, "Of a change of links: with whom, \"all\" unless said."),
        may("one_way", Shape::Flag, "Of a change of links: only what `from` sends to `to`; false unless said."),
        may("nodes", Shape::Nodes, "Of a clock skew: whose clocks."),
        may("for", Shape::Duration(AN_INSTANT, MAX_DURATION), "Undone after this time; it stays unless said."),
    ],
};

/// The faults that are something done to nodes, each by a key of its own.
pub const NODE_FAULTS: &[&str] = &["partition", "pause", "kill", "restart", "join", "leave", "disk_full", "clock_skew"];

/// The numbers of a link: together, in any choice, they are one fault.
pub const LINK_NUMBERS: &[&str] = &["latency", "jitter", "loss", "bandwidth", "reorder", "duplicate", "corrupt", "cut"];

/// `[[adversary]]`.
pub static ADVERSARY: Record = Record {
    name: "[[adversary]]",
    keys: &[
        must("nodes", Shape::Nodes, "Who misbehaves."),
        must("behaviour", Shape::Choice(BEHAVIOURS, &[]), "How."),
        may("delay", Shape::Duration(AN_INSTANT, MAX_LATENCY), "Of \"slow\": how late every answer is."),
        may("messages_per_second", Shape::Whole(1, MAX_SPAM), "Of \"spam\": how many messages."),
    ],
};

/// The behaviours.
pub const BEHAVIOURS: &[&str] = &[
    "silent",
    "slow",
    "spam",
    "invalid-blocks",
    "invalid-transactions",
    "header-flood",
    "withholding",
    "equivocation",
    "stale-announcer",
    "slow-loris",
    "ban-baiting",
    "eclipse",
    "sybil",
];

/// `[[expect]]`.
pub static EXPECT: Record = Record {
    name: "[[expect]]",
    keys: &[
        must("what", Shape::Choice(EXPECTATIONS, &[]), "What is measured."),
        may("nodes", Shape::Nodes, "Of which nodes; \"all\" unless said. \"honest\" are those that do not misbehave."),
        may("kind", Shape::Choice(EVENTS, &[]), "Of \"events\": which."),
        may("at_least", Shape::Bound, "Not less."),
        may("at_most", Shape::Bound, "Not more."),
        may(
            "by",
            Shape::Duration(AN_INSTANT, MAX_DURATION),
            "Must hold at some moment up to this one. Without by and from: at the end.",
        ),
        may("from", Shape::Duration(NO_TIME, MAX_DURATION), "Must hold at every moment from this one to the end."),
    ],
};

/// What can be expected.
pub const EXPECTATIONS: &[&str] = &[
    "same-tip",
    "height",
    "synced",
    "connected",
    "honest-outbound",
    "bans",
    "bans-of",
    "reputation",
    "block-propagation-p50",
    "block-propagation-p95",
    "transaction-propagation-p50",
    "transaction-propagation-p95",
    "reorg-depth",
    "duplicates-per-delivery",
    "messages-per-block",
    "bytes-per-block",
    "memory",
    "events",
    "transactions-mined",
];

/// Kinds of events, by their names in JSON lines.
pub const EVENTS: &[&str] = &[
    "started",
    "listening",
    "connecting",
    "dial-failed",
    "mapped",
    "unmapped",
    "connected",
    "new-peer",
    "outbox",
    "loss",
    "disconnected",
    "round-trip",
    "peer-height",
    "reputation",
    "banned",
    "unbanned",
    "address-banned",
    "address-unbanned",
    "health",
    "connectivity",
    "addresses-received",
    "block-mined",
    "block-received",
    "tip-changed",
    "reorg",
    "block-invalid",
    "transaction-accepted",
    "transaction-refused",
    "asked",
    "mining",
    "sync",
    "pulse",
    "statistics",
    "warning",
    "stopped",
];
