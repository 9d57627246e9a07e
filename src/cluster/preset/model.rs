//! A preset as data: all that its file says, read, checked and made explicit.

use crate::cluster::scenario::{Adversaries, EngineKind, Expectation, LinkChange, TimelineEntry};
use crate::cluster::{Profile, Selection, Topology};
use crate::link::LinkModel;
use crate::node::Timing;
use std::ops::Range;
use std::time::Duration;

/// What a cluster looks like, what happens to it, and what must come out.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// The name it was asked for by: a built-in's stem, or a file's.
    pub name: String,
    /// A few words for the title bar.
    pub title: String,
    /// What there is to see, in a sentence or two.
    pub about: String,
    /// Feeds keys, nodes, links and traffic.
    pub seed: u64,
    /// What runs it, unless the command line says otherwise.
    pub engine: EngineKind,
    /// How long it runs; `None`: until it is ended.
    pub duration: Option<Duration>,
    /// The nodes.
    pub nodes: Nodes,
    /// The chain they start from.
    pub chain: Chain,
    /// How they are linked.
    pub topology: Topology,
    /// How these links behave.
    pub links: Links,
    /// What they pay each other.
    pub traffic: TrafficRate,
    /// What happens when, sorted by time. A group's `joins` is an entry here like any other.
    pub timeline: Vec<TimelineEntry>,
    /// Who misbehaves.
    pub adversaries: Vec<Adversaries>,
    /// What must come out.
    pub expectations: Vec<Expectation>,
}

/// A preset's nodes: `n0` and following, those of the groups last.
#[derive(Clone, Debug, PartialEq)]
pub struct Nodes {
    /// How many, those in groups too.
    pub count: u32,
    /// Who mines, if anyone.
    pub mining: Option<Mining>,
    /// Which run from the start. The others join by the timeline, or by hand.
    pub starts: Selection,
    /// What holds for nodes whose group says nothing else.
    pub settings: Settings,
    /// Named nodes, in order; together they are the last ones of `count`.
    pub groups: Vec<Group>,
}

impl Nodes {
    /// Whether any of them looks for others than those that it is linked to.
    pub fn seek_peers(&self) -> bool {
        let settings = std::iter::once(&self.settings).chain(self.groups.iter().map(|group| &group.settings));
        settings.into_iter().any(|settings| settings.peer_exchange == Some(true) || settings.kademlia == Some(true))
    }
}

/// What can be set for all nodes, and otherwise for a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Most connections that a node takes; `None`: the node's own default.
    pub max_inbound: Option<u32>,
    /// Most connections that a node dials; `None`: the node's own default.
    pub max_outbound: Option<u32>,
    /// Whether nodes tell each other addresses, and dial those they hear of. `None`: no, the topology stays as drawn.
    pub peer_exchange: Option<bool>,
    /// Whether nodes look each other up by Kademlia, and dial those they find. `None`: no.
    pub kademlia: Option<bool>,
    /// Whose intervals and deadlines; `None`: the lab's.
    pub timing: Option<TimingName>,
    /// Over how many networks the addresses are spread in simulation; `None`: all are in one private network.
    pub networks: Option<u32>,
}

/// Whose intervals and deadlines a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimingName {
    /// [`Timing::LAB`].
    Lab,
    /// [`Timing::PUBLIC`].
    Public,
}

impl TimingName {
    /// Its name in a preset.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Public => "public",
        }
    }

    /// What it stands for.
    pub const fn timing(self) -> Timing {
        match self {
            Self::Lab => Timing::LAB,
            Self::Public => Timing::PUBLIC,
        }
    }
}

/// Some nodes with a name and settings of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name: stands for its nodes wherever nodes are named.
    pub name: String,
    /// Its nodes.
    pub nodes: Range<u32>,
    /// What it has of its own.
    pub settings: Settings,
}

/// A preset's miners. Their seal is proof of work, the only one that a chain has today.
#[derive(Clone, Debug, PartialEq)]
pub struct Mining {
    /// Who mines.
    pub nodes: Selection,
    /// Tries a second of each.
    pub tries_per_second: u64,
    /// Wanted time between blocks, of all miners together.
    pub block_time: Duration,
}

/// The chain that nodes start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Blocks after genesis that are there at the start, made before the run; 0 for none.
    pub blocks: u32,
    /// Who has them. The others start from genesis.
    pub nodes: Selection,
    /// Most transactions in a block.
    pub max_transactions: u32,
}

/// How links behave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Links {
    /// What all of them start from; `None`: a link without any delay.
    pub profile: Option<Profile>,
    /// Numbers in place of the profile's.
    pub change: LinkChange,
    /// What is otherwise between some nodes. Of several that fit, the later one counts.
    pub between: Vec<LinkRule>,
}

/// How links between some nodes behave.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkRule {
    /// Senders.
    pub from: Selection,
    /// Receivers.
    pub to: Selection,
    /// Also from `to` to `from`.
    pub both_ways: bool,
    /// What they start from instead, if anything.
    pub profile: Option<Profile>,
    /// Numbers in place of those.
    pub change: LinkChange,
}

/// A preset's traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrafficRate {
    /// Transfers a second, of all nodes together; 0 for none.
    pub transactions_per_second: f64,
}

impl Preset {
    /// Who is linked to whom: the topology's links, drawn from `seed` (the preset's own, or the one in its place).
    pub fn edges(&self, seed: u64) -> Vec<(u32, u32)> {
        self.topology.edges(self.nodes.count, seed)
    }

    /// How the link behaves that carries what `from` sends to `to`, before the timeline changes anything: the profile, its numbers
    /// changed, then the latency between the regions, then each rule that fits, in order.
    pub fn link(&self, from: u32, to: u32) -> LinkModel {
        let mut model = self.links.change.apply(self.links.profile.map_or_else(LinkModel::default, Profile::model));
        if let (Some(here), Some(there)) = (self.topology.region(from), self.topology.region(to)) {
            model.latency = here.place.latency(there.place);
        }
        for rule in &self.links.between {
            let there = rule.from.contains(from) && rule.to.contains(to);
            let back = rule.both_ways && rule.from.contains(to) && rule.to.contains(from);
            if there || back {
                model = rule.change.apply(rule.profile.map_or(model, Profile::model));
            }
        }
        model
    }

    /// The group of a node, if it is in one.
    pub fn group(&self, node: u32) -> Option<&Group> {
        self.nodes.groups.iter().find(|group| group.nodes.contains(&node))
    }

    /// What holds for a node: its group's settings, and where these say nothing, those of all.
    pub fn settings(&self, node: u32) -> Settings {
        let own = self.group(node).map(|group| group.settings).unwrap_or_default();
        let all = self.nodes.settings;
        Settings {
            max_inbound: own.max_inbound.or(all.max_inbound),
            max_outbound: own.max_outbound.or(all.max_outbound),
            peer_exchange: own.peer_exchange.or(all.peer_exchange),
            kademlia: own.kademlia.or(all.kademlia),
            timing: own.timing.or(all.timing),
            networks: own.networks.or(all.networks),
        }
    }

    /// The network that a node's address is in, in simulation; `None`: the private one. A group that says how many it has shares them with
    /// nobody else.
    pub fn network(&self, node: u32) -> Option<u32> {
        let all = self.nodes.settings.networks;
        let own = |group: &&Group| group.settings.networks.is_some();
        let before = |groups: &mut dyn Iterator<Item = &Group>| groups.filter_map(|group| group.settings.networks).sum::<u32>();
        match self.group(node).filter(own) {
            Some(group) => {
                let earlier = before(&mut self.nodes.groups.iter().take_while(|other| other.nodes.start < group.nodes.start));
                let place = node - group.nodes.start;
                Some(all.unwrap_or(0) + earlier + place % group.settings.networks?.max(1))
            }
            None => Some(node % all?.max(1)),
        }
    }

    /// Whether the node misbehaves.
    pub fn misbehaves(&self, node: u32) -> bool {
        self.adversaries.iter().any(|adversaries| adversaries.nodes.contains(node))
    }

    /// Why this preset cannot run on `engine`, if it cannot: for when the command line asks for another one than the preset.
    pub fn refused_by(&self, engine: EngineKind) -> Option<String> {
        let spread = |settings: &Settings| settings.networks.is_some();
        if engine == EngineKind::Sockets
            && (spread(&self.nodes.settings) || self.nodes.groups.iter().any(|group| spread(&group.settings)))
        {
            return Some(format!(
                "{} spreads its nodes over networks, and on real sockets all are on loopback: only the simulation has networks",
                self.name
            ));
        }
        let most = engine.max_nodes();
        (self.nodes.count > most).then(|| {
            format!(
                "{} has {} nodes, and {} takes {most} at most: {}",
                self.name,
                self.nodes.count,
                engine.words(),
                engine.why_max_nodes()
            )
        })
    }
}
