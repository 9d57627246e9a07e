//! How things travel: when each node first had a block or a transaction, and over how many hops.

use super::histogram::Histogram;
use crate::node::Time;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

/// Things traced at once; an older one is settled as it stands. It is what a thousand transactions a second make in 16 s, longer than any
/// of them is on its way in a network that still works.
const TRACED: usize = 16_384;
/// A node that does not have it yet.
const UNSEEN: u8 = u8::MAX;

struct Trace {
    began: Time,
    /// Hops to each node; empty once all have it.
    hops: Vec<u8>,
    seen: u32,
    longest: u8,
    half: bool,
    most: bool,
}

/// How things of one kind travelled.
pub struct Spread {
    nodes: usize,
    // Looked up, never iterated. Keys are the first eight bytes of hashes.
    traces: HashMap<u64, Trace>,
    order: VecDeque<u64>,
    half: Histogram,
    most: Histogram,
    all: Histogram,
    /// How often each number of hops was the most.
    hops: BTreeMap<u8, u64>,
    begun: u64,
}

/// Over all things of one kind: medians of the times to half, to 95 % and to all of the nodes that ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Travel {
    /// How many there were.
    pub count: u64,
    /// How many reached 95 % of the nodes.
    pub arrived: u64,
    /// To half of the nodes.
    pub p50: Option<Duration>,
    /// To 95 %.
    pub p95: Option<Duration>,
    /// To all of them.
    pub all: Option<Duration>,
    /// The longest that any took to 95 %.
    pub worst: Option<Duration>,
    /// Median of the most hops that each took.
    pub hops: Option<u8>,
}

impl Spread {
    pub(super) fn new(nodes: u32) -> Self {
        Self {
            nodes: nodes as usize,
            traces: HashMap::new(),
            order: VecDeque::new(),
            half: Histogram::new(),
            most: Histogram::new(),
            all: Histogram::new(),
            hops: BTreeMap::new(),
            begun: 0,
        }
    }

    /// A node made something.
    pub(super) fn begins(&mut self, id: &[u8; 32], at: Time, node: u32) {
        let key = key(id);
        if self.traces.contains_key(&key) {
            return;
        }
        self.begun += 1;
        let mut hops = vec![UNSEEN; self.nodes];
        if let Some(place) = hops.get_mut(node as usize) {
            *place = 0;
        }
        let trace = Trace { began: at, hops, seen: 1, longest: 0, half: false, most: false };
        self.traces.insert(key, trace);
        self.order.push_back(key);
        if self.order.len() > TRACED
            && let Some(oldest) = self.order.pop_front()
        {
            self.traces.remove(&oldest);
        }
    }

    /// It came to a node, `running` of which run.
    pub(super) fn arrives(&mut self, id: &[u8; 32], at: Time, node: u32, from: Option<u32>, running: u32) {
        let Some(trace) = self.traces.get_mut(&key(id)) else { return };
        let before = from.and_then(|from| trace.hops.get(from as usize)).copied().filter(|hops| *hops != UNSEEN).unwrap_or(0);
        let Some(place) = trace.hops.get_mut(node as usize).filter(|hops| **hops == UNSEEN) else { return };
        *place = before.saturating_add(1).min(UNSEEN - 1);
        trace.longest = trace.longest.max(*place);
        trace.seen += 1;
        let took = at.since(trace.began);
        let reached = |percent: u64| u64::from(trace.seen) * 100 >= u64::from(running) * percent;
        if !trace.half && reached(50) {
            trace.half = true;
            self.half.add(took);
        }
        if !trace.most && reached(95) {
            trace.most = true;
            self.most.add(took);
        }
        // Once: who joins later was not waited for. Nodes that had it may have ended, so that more had it than run.
        if trace.seen >= running {
            self.all.add(took);
            *self.hops.entry(trace.longest).or_default() += 1;
            trace.hops = Vec::new();
        }
    }

    /// The median time to this share of the nodes: of 50 or 95 percent.
    pub(super) fn median(&self, percentile: u8) -> Option<Duration> {
        (if percentile <= 50 { &self.half } else { &self.most }).median()
    }

    /// How many began.
    pub(super) fn count(&self) -> u64 {
        self.begun
    }

    /// All figures.
    pub fn travel(&self) -> Travel {
        Travel {
            count: self.begun,
            arrived: self.most.count(),
            p50: self.half.median(),
            p95: self.most.median(),
            all: self.all.median(),
            worst: self.most.longest(),
            hops: middle(&self.hops),
        }
    }
}

/// The median of counted values, the lower of two.
fn middle(counts: &BTreeMap<u8, u64>) -> Option<u8> {
    let mut rank = counts.values().sum::<u64>().checked_sub(1)? / 2;
    for (value, count) in counts {
        if rank < *count {
            return Some(*value);
        }
        rank -= count;
    }
    None
}

fn key(id: &[u8; 32]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&id[..8]);
    u64::from_le_bytes(first)
}
