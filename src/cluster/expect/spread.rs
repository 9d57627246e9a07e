//! How things travel: when each node first had a block or a transaction, and over how many hops.

use crate::node::Time;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Things traced at once; an older one is settled as it stands. Ten minutes of a thousand transactions a second never are on their way.
const TRACED: usize = 16_384;
/// A node that does not have it yet.
const UNSEEN: u8 = u8::MAX;

struct Trace {
    began: Time,
    /// Hops to each node.
    hops: Vec<u8>,
    seen: u32,
    last: Duration,
    longest: u8,
    half: Option<Duration>,
    most: Option<Duration>,
}

/// How things of one kind travelled.
pub struct Spread {
    nodes: usize,
    // Looked up, never iterated. Keys are the first eight bytes of hashes.
    traces: HashMap<u64, Trace>,
    order: VecDeque<u64>,
    half: Vec<Duration>,
    most: Vec<Duration>,
    all: Vec<Duration>,
    hops: Vec<u8>,
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
            half: Vec::new(),
            most: Vec::new(),
            all: Vec::new(),
            hops: Vec::new(),
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
        let trace = Trace { began: at, hops, seen: 1, last: Duration::ZERO, longest: 0, half: None, most: None };
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
        trace.last = trace.last.max(took);
        let reached = |percent: u64| u64::from(trace.seen) * 100 >= u64::from(running) * percent;
        if trace.half.is_none() && reached(50) {
            trace.half = Some(took);
            insert(&mut self.half, took);
        }
        if trace.most.is_none() && reached(95) {
            trace.most = Some(took);
            insert(&mut self.most, took);
        }
        if u64::from(trace.seen) == u64::from(running) {
            insert(&mut self.all, took);
            insert(&mut self.hops, trace.longest);
        }
    }

    /// The median time to this share of the nodes: of 50 or 95 percent.
    pub(super) fn median(&self, percentile: u8) -> Option<Duration> {
        middle(if percentile <= 50 { &self.half } else { &self.most })
    }

    /// How many began.
    pub(super) fn count(&self) -> u64 {
        self.begun
    }

    /// All figures.
    pub fn travel(&self) -> Travel {
        Travel {
            count: self.begun,
            arrived: self.most.len() as u64,
            p50: middle(&self.half),
            p95: middle(&self.most),
            all: middle(&self.all),
            worst: self.most.last().copied(),
            hops: middle(&self.hops),
        }
    }
}

fn insert<T: Ord>(sorted: &mut Vec<T>, value: T) {
    let place = sorted.partition_point(|other| *other <= value);
    sorted.insert(place, value);
}

fn middle<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

fn key(id: &[u8; 32]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&id[..8]);
    u64::from_le_bytes(first)
}
