//! What a run does, free of the file it came from: what director, judge and engines need to know.

use super::scenario::{Expectation, TimelineEntry};
use super::{Traffic, scenario::When};
use crate::link::LinkModel;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a run does.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// How many nodes there are, running or not.
    pub count: u32,
    /// The nodes that wait for a [`Join`](super::scenario::Fault::Join).
    pub late: BTreeSet<u32>,
    /// The nodes that misbehave.
    pub adversaries: BTreeSet<u32>,
    /// How each direction of each possible link behaves while no fault changes it, by sender and receiver.
    pub links: BTreeMap<(u32, u32), LinkModel>,
    /// The same for the other pairs of nodes, between which no link is drawn and nobody seeks one: somebody may make one by hand.
    pub others: BTreeMap<(u32, u32), LinkModel>,
    /// Whether any node looks for peers beyond its links.
    pub seeks_peers: bool,
    /// What happens when.
    pub timeline: Vec<TimelineEntry>,
    /// What must come out.
    pub expectations: Vec<Expectation>,
    /// How long the run is; `None`: until somebody ends it.
    pub duration: Option<Duration>,
    /// Feeds the traffic.
    pub seed: u64,
    /// Transfers a second, of all nodes together.
    pub transactions_per_second: f64,
    /// Whether anybody mines.
    pub mines: bool,
}

/// How long a run is for which neither its preset nor anybody else says it: enough for what the smaller presets show.
const USUAL: Duration = Duration::from_secs(60);

impl Plan {
    /// The transfers to be made, if any.
    pub fn traffic(&self) -> Option<Traffic> {
        Traffic::new(self.seed, self.count, self.transactions_per_second)
    }

    /// How what `from` sends to `to` travels while no fault changes it.
    pub fn link(&self, from: u32, to: u32) -> LinkModel {
        self.links.get(&(from, to)).or_else(|| self.others.get(&(from, to))).copied().unwrap_or_default()
    }

    /// How long the run must be for each of its expectations to be judged.
    pub fn natural_duration(&self) -> Duration {
        let deadlines = self.expectations.iter().filter_map(|expectation| match expectation.when {
            When::By(at) | When::From(at) => Some(at),
            When::AtEnd => None,
        });
        let happenings = self.timeline.iter().map(|entry| entry.at.saturating_add(entry.lasts.unwrap_or_default()));
        self.duration.unwrap_or_else(|| deadlines.chain(happenings).max().unwrap_or_default().max(USUAL))
    }
}
