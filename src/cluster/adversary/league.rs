//! Who is in league: what each of them knows of where the others are, and what it tells of them.

use super::Accomplices;
use super::limits::{LEAGUE_PORTION, LEAGUE_TOLD};
use crate::chain::Address;
use crate::node::{ConnectionId, Event, Input, Output};
use crate::wire::limits::MAX_RECORDS;
use crate::wire::{Message, NodeRecord, PeerAddress};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// The accomplices that one of them has heard of.
pub(super) struct League {
    accomplices: Accomplices,
    known: BTreeMap<Address, SocketAddr>,
    /// What they signed themselves, the newest of each. Only accomplices are kept, so their number bounds it.
    records: BTreeMap<Address, NodeRecord>,
    peers: BTreeMap<ConnectionId, Address>,
    /// Who was looked for in the question that the node inside answers at this moment.
    target: Option<Address>,
    /// The accomplice that was told of last: the next portion follows it.
    last: Option<Address>,
}

impl League {
    pub(super) fn new(accomplices: &Accomplices) -> Self {
        Self {
            accomplices: Arc::clone(accomplices),
            known: BTreeMap::new(),
            records: BTreeMap::new(),
            peers: BTreeMap::new(),
            target: None,
            last: None,
        }
    }

    /// Whether the other end of a connection is an accomplice.
    pub(super) fn is_accomplice(&self, connection: ConnectionId) -> bool {
        self.peers.get(&connection).is_some_and(|peer| self.accomplices.contains(peer))
    }

    /// Learns from what the node inside says. Its answers to look-ups name accomplices, and nobody else; it signs its own record.
    pub(super) fn on_output(&mut self, output: Output) -> Output {
        match output {
            Output::Event(Event::Connected { connection, peer, .. }) => {
                self.peers.insert(connection, peer);
            }
            Output::Event(Event::NewPeer { connection, peer, address, .. }) => {
                self.peers.insert(connection, peer);
                self.learn(peer, address);
            }
            Output::Event(Event::Disconnected { connection, .. }) => {
                self.peers.remove(&connection);
            }
            Output::Send { to, message, priority } => {
                let message = match &*message {
                    Message::FindNode { own, .. } => {
                        own.iter().for_each(|record| self.learn_record(record));
                        message
                    }
                    Message::Nodes { nonce, own, .. } => {
                        own.iter().for_each(|record| self.learn_record(record));
                        let asker = to.first().and_then(|connection| self.peers.get(connection)).copied();
                        Arc::new(Message::Nodes { nonce: *nonce, own: *own, records: self.closest(asker) })
                    }
                    _ => message,
                };
                return Output::Send { to, message, priority };
            }
            _ => {}
        }
        output
    }

    /// Learns from what comes in: only accomplices are believed.
    pub(super) fn on_input(&mut self, input: &Input) {
        let Input::Received { connection, message, .. } = input else { return };
        if let Message::FindNode { target, .. } = &**message {
            self.target = Some(*target);
        }
        match &**message {
            // Whoever says that it is one and is none gains nothing: its record is not signed by one.
            Message::FindNode { own: Some(record), .. } => self.learn_record(record),
            Message::Nodes { own, records, .. } if self.is_accomplice(*connection) => {
                own.iter().chain(records).for_each(|record| self.learn_record(record));
            }
            Message::Peers { addresses, .. } if self.is_accomplice(*connection) => {
                addresses.iter().for_each(|entry| self.learn(entry.node, entry.socket()));
            }
            _ => {}
        }
    }

    fn learn(&mut self, peer: Address, address: SocketAddr) {
        if self.accomplices.contains(&peer) {
            self.known.insert(peer, address);
        }
    }

    fn learn_record(&mut self, record: &NodeRecord) {
        let newer = self.records.get(&record.node).is_none_or(|known| known.sequence < record.sequence);
        if newer && self.accomplices.contains(&record.node) {
            self.records.insert(record.node, *record);
            self.known.insert(record.node, record.socket());
        }
    }

    /// Their records, those closest to whoever is looked for.
    fn closest(&mut self, asker: Option<Address>) -> Vec<NodeRecord> {
        let target = self.target.take().unwrap_or_default();
        let mut records: Vec<_> = self.records.values().filter(|record| Some(record.node) != asker).copied().collect();
        let distance = |record: &NodeRecord| -> [u8; 32] { std::array::from_fn(|at| record.node.0[at] ^ target.0[at]) };
        records.sort_unstable_by_key(distance);
        records.truncate(MAX_RECORDS);
        records
    }

    /// All of them, as one tells addresses: seen this moment.
    pub(super) fn addresses(&self) -> Vec<PeerAddress> {
        self.known.iter().take(LEAGUE_TOLD).map(|(peer, address)| PeerAddress::new(*address, *peer, 0)).collect()
    }

    /// Those that are told unasked next, in turn: no more at a time than anybody takes.
    pub(super) fn portion(&mut self) -> Vec<PeerAddress> {
        let after = self.last.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let later = self.known.range((after, std::ops::Bound::Unbounded));
        let count = self.known.len().min(LEAGUE_PORTION);
        let told: Vec<_> = later.chain(&self.known).take(count).map(|(peer, address)| (*peer, *address)).collect();
        self.last = told.last().map(|(peer, _)| *peer);
        told.into_iter().map(|(peer, address)| PeerAddress::new(address, peer, 0)).collect()
    }
}
