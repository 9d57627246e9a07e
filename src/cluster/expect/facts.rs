//! What is known of each node, from what it said.

use super::spread::Spread;
use crate::chain::{Address, BlockId, TxId};
use crate::cluster::Plan;
use crate::node::{ConnectionId, Direction, Event, PeerTraffic, Stamped, SyncPhase};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

/// Transfers of which it is remembered that they were counted: one that is submitted again is so within seconds, and the traffic makes a
/// thousand a second at most.
const SUBMITTED: usize = 65_536;

/// What is known of one node.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeFacts {
    pub(super) up: bool,
    pub(super) tip: BlockId,
    pub(super) height: u64,
    pub(super) phase: SyncPhase,
    /// Transactions on its main chain.
    pub(super) transactions: u64,
    /// The peers with whom hands are shaken, and each connection's other end.
    pub(super) ready: BTreeMap<ConnectionId, Address>,
    connections: BTreeMap<ConnectionId, Address>,
    /// The connections that it dialled.
    outbound: BTreeSet<ConnectionId>,
    traffic: BTreeMap<u64, PeerTraffic>,
    duplicates: u64,
}

/// Round trips that one node measured to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundTrips {
    /// How many.
    pub count: u64,
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
    /// All together.
    pub sum: Duration,
}

impl RoundTrips {
    /// The mean; zero if there were none.
    pub fn mean(&self) -> Duration {
        u32::try_from(self.count).ok().filter(|count| *count > 0).map_or(Duration::ZERO, |count| self.sum / count)
    }

    fn add(&mut self, time: Duration) {
        self.least = if self.count == 0 { time } else { self.least.min(time) };
        self.most = self.most.max(time);
        self.sum += time;
        self.count += 1;
    }
}

/// What one event added to sums: for those who sum over some of the nodes only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    pub(super) duplicates: u64,
    pub(super) deliveries: u64,
}

/// What is known of a run.
pub struct Facts {
    pub(super) nodes: Vec<NodeFacts>,
    adversaries: Vec<bool>,
    indices: HashMap<Address, u32>,
    /// How blocks travelled.
    pub blocks: Spread,
    /// How transactions travelled.
    pub transactions: Spread,
    /// Transfers that were submitted and taken, and the latest of them, each once.
    submitted: u64,
    latest: HashSet<TxId>,
    order: VecDeque<TxId>,
    /// Height of the chain at the start.
    pub(super) first_height: Option<u64>,
    /// Nodes that have started once: what they come back with is no start of the chain.
    begun: Vec<bool>,
    round_trips: BTreeMap<(u32, u32), RoundTrips>,
    /// Events by kind.
    kinds: BTreeMap<&'static str, u64>,
    /// Highest resident memory of the process seen, in bytes; 0: not known.
    pub memory: u64,
    up: u32,
    totals: Change,
}

impl Facts {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            nodes: vec![NodeFacts::default(); plan.count as usize],
            adversaries: (0..plan.count).map(|node| plan.adversaries.contains(&node)).collect(),
            indices: HashMap::new(),
            blocks: Spread::new(plan.count),
            transactions: Spread::new(plan.count),
            submitted: 0,
            latest: HashSet::new(),
            order: VecDeque::new(),
            first_height: None,
            begun: vec![false; plan.count as usize],
            round_trips: BTreeMap::new(),
            kinds: BTreeMap::new(),
            memory: 0,
            up: 0,
            totals: Change::default(),
        }
    }

    /// The index of the node with this id.
    pub fn index(&self, id: &Address) -> Option<u32> {
        self.indices.get(id).copied()
    }

    /// Transfers submitted, and transactions on the main chain. A chain made before the run has none.
    pub fn transfers(&self) -> (u64, u64) {
        let most = self.nodes.iter().filter(|node| node.up).map(|node| node.transactions).max().unwrap_or_default();
        (self.submitted, most)
    }

    /// How many transfers are remembered by their ids.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.latest.len()
    }

    /// Blocks that came onto the longest main chain since the start.
    pub fn chain_growth(&self) -> u64 {
        let highest = self.nodes.iter().map(|node| node.height).max().unwrap_or_default();
        highest.saturating_sub(self.first_height.unwrap_or_default())
    }

    /// What each node measured to each other one, by index.
    pub fn round_trips(&self) -> &BTreeMap<(u32, u32), RoundTrips> {
        &self.round_trips
    }

    /// Events seen, by kind.
    pub fn kinds(&self) -> &BTreeMap<&'static str, u64> {
        &self.kinds
    }

    /// Messages and bytes sent by all nodes.
    pub fn sent(&self) -> (u64, u64) {
        (self.totals.messages, self.totals.bytes)
    }

    /// Messages that brought nothing new, and those that did, to all nodes.
    pub fn duplicates(&self) -> (u64, u64) {
        (self.totals.duplicates, self.totals.deliveries)
    }

    /// Height of each node's tip, by index.
    pub fn heights(&self) -> impl Iterator<Item = u64> {
        self.nodes.iter().map(|node| node.height)
    }

    /// Takes one event.
    pub(super) fn see(&mut self, stamped: &Stamped) -> Change {
        *self.kinds.entry(super::event_kind(&stamped.event)).or_default() += 1;
        let index = stamped.node;
        let honest = !self.adversaries.get(index as usize).copied().unwrap_or(true);
        let Some(node) = self.nodes.get_mut(index as usize) else { return Change::default() };
        let mut change = Change::default();
        match &stamped.event {
            Event::Started { id, height, tip, .. } => {
                *node = NodeFacts { up: true, tip: *tip, height: *height, ..NodeFacts::default() };
                self.indices.insert(*id, index);
                if let Some(begun) = self.begun.get_mut(index as usize).filter(|begun| !**begun) {
                    *begun = true;
                    let first = self.first_height.get_or_insert(*height);
                    *first = (*first).max(*height);
                }
                self.count_up();
            }
            Event::Stopped => self.down(index),
            Event::Connected { connection, peer, direction, .. } => {
                node.connections.insert(*connection, *peer);
                if *direction == Direction::Outbound {
                    node.outbound.insert(*connection);
                }
            }
            Event::NewPeer { connection, peer, .. } => {
                node.ready.insert(*connection, *peer);
            }
            Event::Disconnected { connection, .. } => {
                node.connections.remove(connection);
                node.outbound.remove(connection);
                node.ready.remove(connection);
                node.traffic.remove(&connection.0);
            }
            Event::RoundTrip { connection, time } => {
                if let Some(peer) = node.connections.get(connection).and_then(|peer| self.indices.get(peer)) {
                    self.round_trips.entry((index, *peer)).or_default().add(*time);
                }
            }
            Event::TipChanged { id, height, transactions, .. } => {
                (node.tip, node.height, node.transactions) = (*id, *height, *transactions);
            }
            Event::Statistics { transactions, .. } => node.transactions = *transactions,
            Event::Sync { phase, .. } => node.phase = *phase,
            Event::Pulse { peers, duplicates, .. } => {
                change = node.pulse(peers, *duplicates);
            }
            Event::BlockMined { id, .. } if honest => self.blocks.begins(id.as_bytes(), stamped.at, index),
            Event::BlockReceived { id, peer, .. } => {
                change.deliveries = 1;
                let from = self.indices.get(peer).copied();
                if honest {
                    self.blocks.arrives(id.as_bytes(), stamped.at, index, from, self.up);
                }
            }
            Event::TransactionAccepted { id, from: None } => {
                if self.latest.insert(*id) {
                    self.submitted += 1;
                    self.order.push_back(*id);
                    if self.order.len() > SUBMITTED
                        && let Some(oldest) = self.order.pop_front()
                    {
                        self.latest.remove(&oldest);
                    }
                }
                if honest {
                    self.transactions.begins(id.as_bytes(), stamped.at, index);
                }
            }
            Event::TransactionAccepted { id, from: Some(connection) } => {
                change.deliveries = 1;
                let from = node.connections.get(connection).and_then(|peer| self.indices.get(peer)).copied();
                if honest {
                    self.transactions.arrives(id.as_bytes(), stamped.at, index, from, self.up);
                }
            }
            _ => {}
        }
        self.totals.add(change);
        change
    }

    /// A node's outbound links to peers that do not misbehave. Two to one peer count once.
    pub(super) fn honest_outbound(&self, node: &NodeFacts) -> u64 {
        let dialled = node.ready.iter().filter(|(connection, _)| node.outbound.contains(connection));
        let honest: BTreeSet<_> = dialled.filter_map(|(_, peer)| self.index(peer)).collect();
        let honest = honest.into_iter().filter(|peer| !self.adversaries.get(*peer as usize).copied().unwrap_or(true));
        honest.count() as u64
    }

    /// A node no longer runs.
    pub(super) fn down(&mut self, index: u32) {
        if let Some(node) = self.nodes.get_mut(index as usize) {
            node.up = false;
            node.ready.clear();
            node.connections.clear();
            node.outbound.clear();
            node.traffic.clear();
            node.phase = SyncPhase::Idle;
        }
        self.count_up();
    }

    /// How many honest nodes run.
    fn count_up(&mut self) {
        let honest = self.nodes.iter().zip(&self.adversaries).filter(|(node, adversary)| node.up && !**adversary);
        self.up = u32::try_from(honest.count()).unwrap_or(u32::MAX);
    }
}

impl NodeFacts {
    /// What was added since the last pulse. A connection that is new has its count from zero; so has a node that started again.
    fn pulse(&mut self, peers: &[PeerTraffic], duplicates: u64) -> Change {
        let mut change = Change::default();
        for peer in peers {
            let before = self.traffic.insert(peer.connection, *peer).unwrap_or_default();
            change.messages += peer.messages_out.saturating_sub(before.messages_out);
            change.bytes += peer.bytes_out.saturating_sub(before.bytes_out);
        }
        change.duplicates = duplicates.saturating_sub(self.duplicates);
        self.duplicates = duplicates;
        change
    }
}

impl Change {
    pub(super) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.duplicates += other.duplicates;
        self.deliveries += other.deliveries;
    }
}
