//! Who is in league: what each of them knows of where the others are.

use super::Accomplices;
use super::limits::LEAGUE_TOLD;
use crate::chain::Address;
use crate::node::{ConnectionId, Event, Input, Output};
use crate::wire::{Message, PeerAddress};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// The accomplices that one of them has heard of.
pub(super) struct League {
    accomplices: Accomplices,
    known: BTreeMap<Address, SocketAddr>,
    peers: BTreeMap<ConnectionId, Address>,
}

impl League {
    pub(super) fn new(accomplices: &Accomplices) -> Self {
        Self { accomplices: Arc::clone(accomplices), known: BTreeMap::new(), peers: BTreeMap::new() }
    }

    /// Whether the other end of a connection is an accomplice.
    pub(super) fn is_accomplice(&self, connection: ConnectionId) -> bool {
        self.peers.get(&connection).is_some_and(|peer| self.accomplices.contains(peer))
    }

    /// Learns from what the node inside says.
    pub(super) fn on_output(&mut self, output: &Output) {
        match output {
            Output::Event(Event::NewPeer { connection, peer, address, .. }) => {
                self.peers.insert(*connection, *peer);
                self.learn(*peer, *address);
            }
            Output::Event(Event::Disconnected { connection, .. }) => {
                self.peers.remove(connection);
            }
            _ => {}
        }
    }

    /// Learns from what comes in: only accomplices are believed.
    pub(super) fn on_input(&mut self, input: &Input) {
        if let Input::Received { connection, message, .. } = input
            && let Message::Peers { addresses } = &**message
            && self.is_accomplice(*connection)
        {
            addresses.iter().for_each(|entry| self.learn(entry.node, entry.socket()));
        }
    }

    fn learn(&mut self, peer: Address, address: SocketAddr) {
        if self.accomplices.contains(&peer) {
            self.known.insert(peer, address);
        }
    }

    /// All of them, as one tells addresses: seen this moment.
    pub(super) fn addresses(&self) -> Vec<PeerAddress> {
        self.known.iter().take(LEAGUE_TOLD).map(|(peer, address)| PeerAddress::new(*address, *peer, 0)).collect()
    }
}
