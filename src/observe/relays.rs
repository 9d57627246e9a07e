//! What travelled from node to node: each block and transaction traced hop by hop, from who first had it to who got it last.

use super::Names;
use super::limits::{HOPS, PATH_HOPS, RELAYS, SEEN_GENERATION};
use crate::chain::{BlockId, TxId};
use rumormill_ui::model::{Hop, Relay, RelayKind};
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

/// From whom a node got something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It made it.
    Own,
    /// A watched node.
    Node(u32),
    /// A peer that is not watched; its short id.
    Stranger(String),
    /// A connection of which nothing is known any more.
    Unknown,
}

/// What is traced.
#[derive(Clone, Copy, Debug)]
pub(super) enum Thing {
    /// A block and its height.
    Block(BlockId, u64),
    /// A transaction.
    Transaction(TxId),
}

/// One arrival of a thing at a node.
pub(super) struct Arrival {
    pub at: Duration,
    pub node: u32,
    pub source: Source,
    /// False for history being fetched: it is counted, and no line is made of it.
    pub news: bool,
    /// How many nodes run now.
    pub running: u32,
}

// Parents are stored as indexes; these two stand for no index ([`super::limits::NODES`] is far below).
const ORIGIN: u32 = u32::MAX;
const OUTSIDE: u32 = u32::MAX - 1;

#[derive(Clone)]
struct Trace {
    relay: Relay,
    /// Rises with each trace of its ring.
    number: u64,
    key: Option<u64>,
    /// Node and the node it came from, sorted by node.
    parents: Vec<(u32, u32)>,
    /// Who brought it in, when it came from outside.
    stranger: Option<String>,
    last: u32,
    /// Its path must be made anew.
    changed: bool,
}

/// The rings of [`RELAYS`]: what comes often has one of its own.
const RARE: usize = 0;
const TRANSACTIONS: usize = 1;
const ADDRESSES: usize = 2;

#[derive(Clone, Default)]
struct Ring {
    traces: VecDeque<Trace>,
    next: u64,
}

impl Ring {
    /// Adds a trace; the key of the one that had to go.
    fn add(&mut self, mut trace: Trace, most: usize) -> Option<u64> {
        let gone = if self.traces.len() == most { self.traces.pop_front() } else { None };
        trace.number = self.next;
        self.next += 1;
        self.traces.push_back(trace);
        gone.and_then(|trace| trace.key)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Trace> {
        let first = self.traces.front()?.number;
        self.traces.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }
}

/// What was relayed lately.
#[derive(Clone, Default)]
pub(super) struct Relays {
    rings: [Ring; 3],
    // Looked up, never iterated. Keys are the first eight bytes of hashes.
    index: HashMap<u64, (usize, u64)>,
    seen: Seen,
    /// Different blocks and transactions so far.
    pub blocks: u64,
    pub transactions_total: u64,
}

impl Relays {
    /// A thing came to a node. Only the first time at each node counts.
    pub fn arrived(&mut self, thing: Thing, arrival: Arrival) {
        let (key, ring) = match thing {
            Thing::Block(id, _) => (key(id.as_bytes()), RARE),
            // Turned over, so that the two kinds cannot meet.
            Thing::Transaction(id) => (!key(id.as_bytes()), TRANSACTIONS),
        };
        let Arrival { at, node, source, news, running } = arrival;
        let (parent, stranger) = match source {
            Source::Own => (ORIGIN, None),
            Source::Node(index) => (index, None),
            Source::Stranger(name) => (OUTSIDE, Some(name)),
            Source::Unknown => (OUTSIDE, None),
        };
        if let Some((ring, number)) = self.index.get(&key).copied() {
            if let Some(trace) = self.rings[ring].get_mut(number)
                && let Err(place) = trace.parents.binary_search_by_key(&node, |entry| entry.0)
            {
                trace.parents.insert(place, (node, parent));
                trace.last = node;
                trace.changed = true;
                let after = at.saturating_sub(trace.relay.at);
                trace.relay.took = trace.relay.took.max(after);
                if trace.relay.hops.len() < HOPS {
                    trace.relay.hops.push(Hop { node, from: watched(parent), after });
                }
                trace.count(running);
                if trace.stranger.is_none() {
                    trace.stranger = stranger;
                }
            }
            return;
        }
        if self.seen.insert(key) {
            let total = if ring == RARE { &mut self.blocks } else { &mut self.transactions_total };
            *total += 1;
        } else {
            // Its trace is gone already: a latecomer does not begin a new one.
            return;
        }
        if !news {
            return;
        }
        let (kind, id, height) = match thing {
            Thing::Block(id, height) => (RelayKind::Block, id.short(), Some(height)),
            Thing::Transaction(id) => (RelayKind::Transaction, id.short(), None),
        };
        let hops = vec![Hop { node, from: watched(parent), after: Duration::ZERO }];
        let mut trace = Trace {
            relay: Relay { at, kind, id, height, hops, ..Relay::default() },
            number: 0,
            key: Some(key),
            parents: vec![(node, parent)],
            stranger,
            last: node,
            changed: true,
        };
        trace.count(running);
        self.index.insert(key, (ring, self.rings[ring].next));
        self.add(ring, trace);
    }

    fn add(&mut self, ring: usize, trace: Trace) {
        if let Some(gone) = self.rings[ring].add(trace, RELAYS[ring]) {
            self.index.remove(&gone);
        }
    }

    /// Something beside blocks and transactions that is worth a line: it is complete as it comes.
    pub fn note(&mut self, at: Duration, kind: RelayKind, path: Vec<String>, note: String) {
        let trace = Trace {
            relay: Relay { at, kind, path, note, ..Relay::default() },
            number: 0,
            key: None,
            parents: Vec::new(),
            stranger: None,
            last: 0,
            changed: false,
        };
        let ring = if kind == RelayKind::Peers { ADDRESSES } else { RARE };
        self.add(ring, trace);
    }

    /// Newest first.
    pub fn lines(&mut self, names: &Names) -> Vec<Relay> {
        for trace in self.rings.iter_mut().flat_map(|ring| &mut ring.traces) {
            if trace.changed {
                trace.changed = false;
                trace.relay.path = path(trace, names);
            }
        }
        let mut all: Vec<(&Trace, usize)> = Vec::new();
        for (ring, place) in self.rings.iter().zip(0..) {
            all.extend(ring.traces.iter().map(|trace| (trace, place)));
        }
        all.sort_by_key(|(trace, ring)| (trace.relay.at, *ring, trace.number));
        all.into_iter().rev().map(|(trace, _)| trace.relay.clone()).collect()
    }
}

impl Trace {
    /// Counts who has it, of how many that run at this arrival.
    fn count(&mut self, running: u32) {
        let seen = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        self.relay.seen = (seen, running.max(seen));
    }
}

/// The watched node that stands behind a parent, if one does.
fn watched(parent: u32) -> Option<u32> {
    (parent != ORIGIN && parent != OUTSIDE).then_some(parent)
}

/// From the origin to the node that got it last.
fn path(trace: &Trace, names: &Names) -> Vec<String> {
    let mut path = vec![names.node(trace.last).into_owned()];
    let mut at = trace.last;
    // A lost event can leave a gap, never a circle of more than this.
    while path.len() < PATH_HOPS
        && let Ok(place) = trace.parents.binary_search_by_key(&at, |entry| entry.0)
    {
        match trace.parents[place].1 {
            ORIGIN => break,
            OUTSIDE => {
                path.extend(trace.stranger.clone());
                break;
            }
            parent => {
                path.push(names.node(parent).into_owned());
                at = parent;
            }
        }
    }
    path.reverse();
    path
}

fn key(id: &[u8; 32]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&id[..8]);
    u64::from_le_bytes(first)
}

/// Remembers the last ids in two generations: bounded, and forgets the older half at once.
#[derive(Clone, Default)]
struct Seen {
    young: HashSet<u64>,
    old: HashSet<u64>,
}

impl Seen {
    /// Whether it was new.
    fn insert(&mut self, key: u64) -> bool {
        if self.old.contains(&key) || !self.young.insert(key) {
            return false;
        }
        if self.young.len() == SEEN_GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        true
    }
}
