//! A scenario as data.

use crate::cluster::Selection;
use crate::cluster::scenario::{Adversaries, Fault, TimelineEntry};
use crate::link::LinkModel;
use std::collections::BTreeSet;
use std::time::Duration;

/// A scenario: all that is needed to play it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Feeds keys, nodes, links, traffic and adversaries.
    pub seed: u64,
    /// How many nodes.
    pub nodes: u32,
    /// Who mines, sorted.
    pub miners: Vec<u32>,
    /// Who is linked to whom: the smaller index first, sorted. Of two that are linked the later one dials.
    pub edges: Vec<(u32, u32)>,
    /// How all links behave before anything happens to them.
    pub links: LinkModel,
    /// Transfers a second, of all nodes together.
    pub transactions_per_second: u32,
    /// What happens, by time. Everything is undone in the end.
    pub timeline: Vec<TimelineEntry>,
    /// Who misbehaves, one entry each.
    pub adversaries: Vec<Adversaries>,
    /// How long it runs before the honest must agree.
    pub duration: Duration,
}

impl Plan {
    /// Whether a node misbehaves.
    pub fn misbehaves(&self, node: u32) -> bool {
        self.adversaries.iter().any(|adversaries| adversaries.nodes.contains(node))
    }

    /// Those that do not misbehave.
    pub fn honest(&self) -> Vec<u32> {
        (0..self.nodes).filter(|node| !self.misbehaves(*node)).collect()
    }

    /// Whether it makes sense: an honest miner, and honest nodes that are linked without the help of adversaries.
    pub(super) fn is_sound(&self) -> bool {
        let honest = self.honest();
        let Some(first) = honest.first() else { return false };
        let mut reached = BTreeSet::from([*first]);
        let mut open = vec![*first];
        while let Some(node) = open.pop() {
            for (a, b) in &self.edges {
                let other = if *a == node {
                    *b
                } else if *b == node {
                    *a
                } else {
                    continue;
                };
                if !self.misbehaves(other) && reached.insert(other) {
                    open.push(other);
                }
            }
        }
        reached.len() == honest.len() && self.miners.iter().any(|miner| !self.misbehaves(*miner)) && self.nodes >= 2
    }

    /// The same without one node; those after it move down by one.
    pub(super) fn without_node(&self, gone: u32) -> Self {
        let moved = |node: u32| if node > gone { node - 1 } else { node };
        let left = |old: &Selection| match old {
            Selection::All => Selection::All,
            some => Selection::of_nodes(some.iter(self.nodes).filter(|node| *node != gone).map(moved)),
        };
        let timeline = self.timeline.iter().map(|entry| TimelineEntry { fault: without(&entry.fault, &left), ..entry.clone() });
        let adversaries = self.adversaries.iter().filter(|one| one.nodes.iter(self.nodes).any(|node| node != gone));
        Self {
            nodes: self.nodes - 1,
            miners: self.miners.iter().filter(|miner| **miner != gone).map(|miner| moved(*miner)).collect(),
            edges: self.edges.iter().filter(|(a, b)| *a != gone && *b != gone).map(|(a, b)| (moved(*a), moved(*b))).collect(),
            timeline: timeline.filter(|entry| !is_idle(&entry.fault, self.nodes - 1)).collect(),
            adversaries: adversaries.map(|one| Adversaries { nodes: left(&one.nodes), ..one.clone() }).collect(),
            ..self.clone()
        }
    }
}

/// Whether a selection names nobody.
fn nobody(selection: &Selection) -> bool {
    matches!(selection, Selection::Some(ranges) if ranges.is_empty())
}

/// Whether a fault does nothing to anybody.
fn is_idle(fault: &Fault, nodes: u32) -> bool {
    match fault {
        Fault::Link { from, to, .. } => nobody(from) || nobody(to),
        Fault::Partition { groups } => groups.iter().all(nobody) || groups.iter().any(|group| group.size(nodes) == nodes),
        Fault::Pause(nodes)
        | Fault::Kill(nodes)
        | Fault::Restart(nodes)
        | Fault::Join(nodes)
        | Fault::Leave(nodes)
        | Fault::DiskFull(nodes)
        | Fault::ClockSkew { nodes, .. } => nobody(nodes),
    }
}

/// A fault with other selections.
fn without(fault: &Fault, left: &impl Fn(&Selection) -> Selection) -> Fault {
    match fault {
        Fault::Link { from, to, both_ways, change } => {
            Fault::Link { from: left(from), to: left(to), both_ways: *both_ways, change: *change }
        }
        Fault::Partition { groups } => {
            Fault::Partition { groups: groups.iter().map(left).filter(|group| !nobody(group)).collect() }
        }
        Fault::Pause(nodes) => Fault::Pause(left(nodes)),
        Fault::Kill(nodes) => Fault::Kill(left(nodes)),
        Fault::Restart(nodes) => Fault::Restart(left(nodes)),
        Fault::Join(nodes) => Fault::Join(left(nodes)),
        Fault::Leave(nodes) => Fault::Leave(left(nodes)),
        Fault::DiskFull(nodes) => Fault::DiskFull(left(nodes)),
        Fault::ClockSkew { nodes, by, back } => Fault::ClockSkew { nodes: left(nodes), by: *by, back: *back },
    }
}
