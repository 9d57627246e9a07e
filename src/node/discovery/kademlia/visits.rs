//! Visits: short connections that ask one question, ours to others and others' to us.
//!
//! A visit says in its Hello that it is one. The other end takes it as a guest: it gets answers and nothing else, holds no slot, and
//! leaves by itself or is shown the door.

use crate::chain::Address;
use crate::node::context::Context;
use crate::node::discovery::book::scope::subnet;
use crate::node::limits::{GUEST_TIME, GUESTS, GUESTS_OF_ONE_SUBNET, VISITS};
use crate::node::peers::peer::Peer;
use crate::node::timers::Timer;
use crate::node::{CloseReason, ConnectionId, Direction, Node, Output};
use crate::wire::{Capabilities, GoodbyeReason, Hello, Message, NodeRecord};
use std::net::SocketAddr;

/// A connection that we make for one question.
pub(super) struct Visit {
    /// Who is to be there.
    node: Address,
    /// Whose question it is; `None`: we only want to know whether the node lives.
    lookup: Option<u64>,
    /// Once it stands.
    connection: Option<ConnectionId>,
    /// Whether the node was there, if only to turn us away.
    lives: bool,
}

impl super::State {
    /// Whether another visit may set out.
    pub(super) fn has_free_visit(&self) -> bool {
        self.visits.len() < VISITS
    }
}

impl Node {
    /// Whether an address is being visited or dialled, or a link with it is about to end: it may be visited soon.
    pub(super) fn is_going_to(&self, address: &SocketAddr) -> bool {
        let links = || self.peers.values().filter(|peer| peer.direction == Direction::Outbound && !peer.is_closing());
        self.kademlia.visits(address) || (self.book.is_busy(address) && !links().any(|peer| peer.address == *address))
    }

    /// Sets out to ask a node that we have no link with. False if we do not go there.
    pub(super) fn visit(&mut self, cx: &mut Context<'_>, record: &NodeRecord, lookup: Option<u64>) -> bool {
        let address = record.socket();
        let free = !self.kademlia.visits.contains_key(&address) && !self.book.is_busy(&address);
        let banned = self.bans.is_banned(&record.node, cx.now) || self.bans.is_address_banned(&address.ip(), cx.now);
        if !free || !self.is_wanted(&address) || banned {
            return false;
        }
        self.kademlia.visits.insert(address, Visit { node: record.node, lookup, connection: None, lives: false });
        self.counts.visits += 1;
        cx.out.push(Output::Dial(address));
        true
    }

    /// Whether a new connection is a visit of ours.
    pub(in crate::node) fn is_visit(&self, address: &SocketAddr, direction: Direction) -> bool {
        let visit = self.kademlia.visits.get(address);
        direction == Direction::Outbound && visit.is_some_and(|visit| visit.connection.is_none())
    }

    /// A visit's connection stands. False if somebody else than the one we look for is there: it is closed.
    pub(in crate::node) fn on_visit_connected(
        &mut self,
        cx: &mut Context<'_>,
        connection: ConnectionId,
        address: &SocketAddr,
        id: &Address,
    ) -> bool {
        let Some(visit) = self.kademlia.visits.get_mut(address) else { return false };
        visit.connection = Some(connection);
        let expected = visit.node == *id;
        if !expected {
            self.close(cx, connection, CloseReason::Abrupt("another node than the one looked for is there".to_owned()));
        }
        expected
    }

    /// Nobody is there. False if the dial was none of ours.
    pub(in crate::node) fn on_visit_failed(&mut self, cx: &mut Context<'_>, address: &SocketAddr) -> bool {
        if self.kademlia.visits.get(address).is_none_or(|visit| visit.connection.is_some()) {
            return false;
        }
        if let Some(visit) = self.kademlia.visits.remove(address) {
            self.visit_failed(&visit);
        }
        self.pump_lookups(cx);
        true
    }

    fn visit_failed(&mut self, visit: &Visit) {
        self.counts.kademlia.failed += 1;
        if visit.lives {
            self.kademlia.table.alive(&visit.node);
        } else {
            self.kademlia.table.failed(&visit.node);
        }
        if let Some(lookup) = visit.lookup.and_then(|lookup| self.kademlia.lookups.get_mut(&lookup)) {
            lookup.failed(&visit.node);
        }
    }

    /// Hands are shaken on a visit: the question is put.
    pub(in crate::node) fn on_visit_ready(&mut self, cx: &mut Context<'_>, connection: ConnectionId, hello: &Hello) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        peer.set_visiting();
        let (address, id) = (peer.address, peer.id);
        let Some(lookup) = self.kademlia.visits.get(&address).map(|visit| visit.lookup) else { return };
        let answers = hello.capabilities.has(Capabilities::DHT);
        match lookup {
            Some(lookup) if answers && self.kademlia.lookups.contains_key(&lookup) => {
                self.put_question(cx, lookup, id, connection);
            }
            _ => {
                if answers {
                    self.kademlia.table.alive(&id);
                } else {
                    self.kademlia.table.failed(&id);
                }
                if let Some(lookup) = lookup.and_then(|lookup| self.kademlia.lookups.get_mut(&lookup)) {
                    lookup.failed(&id);
                }
                self.end_visit(cx, connection);
                self.pump_lookups(cx);
            }
        }
    }

    /// A visit is over; nothing happens if the connection is none.
    pub(super) fn end_visit(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let visit = self.kademlia.visits.iter().find(|(_, visit)| visit.connection == Some(connection));
        let Some(address) = visit.map(|(address, _)| *address) else { return };
        self.kademlia.visits.remove(&address);
        self.part(cx, connection, GoodbyeReason::Idle, "the question is answered");
    }

    /// The connection of a visit is closed, if it was one: whoever was to be asked could not be. Whether the node was there all the
    /// same; `None`: it was no visit.
    pub(super) fn forget_visit(&mut self, connection: ConnectionId) -> Option<bool> {
        let address = *self.kademlia.visits.iter().find(|(_, visit)| visit.connection == Some(connection))?.0;
        let visit = self.kademlia.visits.remove(&address)?;
        // A question under way fails by itself.
        if !self.kademlia.questions.values().any(|question| question.connection == connection) {
            self.visit_failed(&visit);
        }
        Some(visit.lives)
    }

    /// Whoever has no room for us is there all the same.
    pub(in crate::node) fn note_turned_away(&mut self, connection: ConnectionId, reason: GoodbyeReason) {
        if matches!(reason, GoodbyeReason::Full | GoodbyeReason::Duplicate)
            && let Some(visit) = self.kademlia.visits.values_mut().find(|visit| visit.connection == Some(connection))
        {
            visit.lives = true;
        }
    }

    /// Somebody comes to ask. Hands are shaken.
    pub(in crate::node) fn on_guest(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        if !self.seat_guest(cx, connection) {
            return self.part(cx, connection, GoodbyeReason::Full, "too many are asking at once");
        }
        if let Some(peer) = self.peers.get_mut(&connection) {
            peer.set_visiting();
            peer.guest = true;
            self.timers.set(cx.now + GUEST_TIME, Timer::Guest(connection));
        }
    }

    /// Whether there is a place for one more guest. A node has one, a small network few: nobody is to fill all of them. If there is none,
    /// one gives way who had his answer, or who did not ask as soon as he could.
    fn seat_guest(&mut self, cx: &mut Context<'_>, connection: ConnectionId) -> bool {
        let Some(newcomer) = self.peers.get(&connection) else { return false };
        let (id, of) = (newcomer.id, subnet(newcomer.address.ip()));
        let own = |peer: &Peer| peer.id == id;
        let near = |peer: &Peer| of.is_some() && subnet(peer.address.ip()) == of;
        let seated = self.seat_among(cx, own, 1) && self.seat_among(cx, near, GUESTS_OF_ONE_SUBNET);
        seated && self.seat_among(cx, |_| true, GUESTS)
    }

    /// Whether there are fewer than `most` guests of a kind, once the first of those has left who may have to.
    fn seat_among(&mut self, cx: &mut Context<'_>, of_kind: impl Fn(&Peer) -> bool, most: usize) -> bool {
        let is_guest = |peer: &Peer| peer.is_visiting() && peer.direction == Direction::Inbound;
        let alike: Vec<_> = self.peers.iter().filter(|(_, peer)| is_guest(peer) && of_kind(peer)).collect();
        if alike.len() < most {
            return true;
        }
        let patience = self.config.timing.handshake;
        let spent = alike.iter().filter(|(_, peer)| peer.was_told_nodes() || cx.now.since(peer.since) >= patience);
        let Some(goes) = spent.map(|(connection, peer)| (peer.since, **connection)).min() else { return false };
        self.part(cx, goes.1, GoodbyeReason::Idle, "a guest gave way to the next");
        true
    }

    /// A guest that is still there has stayed too long.
    pub(in crate::node) fn on_guest_deadline(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        if self.peers.get(&connection).is_some_and(|peer| peer.is_visiting()) {
            self.part(cx, connection, GoodbyeReason::Idle, "a guest stayed too long");
        }
    }

    /// On a visit there are questions, answers and partings; the rest, which the other end may send before it knows, is not heard.
    pub(in crate::node) fn on_visit_message(&mut self, cx: &mut Context<'_>, connection: ConnectionId, message: &Message) {
        match message {
            Message::FindNode { nonce, target, own } => self.on_find_node(cx, connection, *nonce, target, own.as_ref()),
            Message::Nodes { nonce, own, records } => self.on_nodes(cx, connection, *nonce, own.as_ref(), records),
            Message::Ping { nonce, .. } => self.on_ping(cx, connection, *nonce),
            Message::Goodbye { reason } => {
                self.note_turned_away(connection, *reason);
                self.on_goodbye(cx, connection, *reason);
            }
            Message::Error { code, text } => self.on_error(cx, connection, *code, text),
            _ => {}
        }
    }
}
