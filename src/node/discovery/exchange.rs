//! Peer exchange: asking for addresses, and answering with some.

use super::book::Source;
use super::book::scope::{NetworkKind, network_kind};
use crate::node::context::Context;
use crate::node::limits::{PEERS_ANSWER_LEAST, PEERS_ANSWER_PERCENT};
use crate::node::timers::Timer;
use crate::node::{ConnectionId, Event, Node, Time};
use crate::wire::limits::MAX_PEERS;
use crate::wire::{Message, PeerAddress};
use rand::RngExt;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// An answer to questions for addresses. All who come through the same kind of network get the same one for a while: drawn anew each
/// time, it would show the whole book to whoever asks often enough, through one link or many (as Bitcoin Core's, which has kept its answers
/// for a day since 2020).
struct Answer {
    addresses: Vec<SocketAddr>,
    /// How many there were to draw from.
    drawn_from: usize,
    /// Until when it is given.
    until: Time,
}

/// The answers that are given, one for each kind of network: two addresses of one node are not to be known by the same answer.
#[derive(Default)]
pub(in crate::node) struct Answers(BTreeMap<NetworkKind, Answer>);

impl Answers {
    /// Addresses in the longest of them.
    pub(in crate::node) fn held(&self) -> usize {
        self.0.values().map(|answer| answer.addresses.len()).max().unwrap_or(0)
    }
}

impl Node {
    /// Asks one peer.
    pub(in crate::node) fn ask_for_addresses(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        if !self.config.discovery.exchange {
            return;
        }
        if let Some(peer) = self.peers.get_mut(&connection).filter(|peer| peer.is_ready()) {
            self.counts.exchange.failed += u64::from(std::mem::replace(&mut peer.owes_addresses, true));
            self.counts.exchange.asked += 1;
            self.send(cx, connection, Message::GetPeers);
        }
    }

    /// Now and then every peer is asked anew, and a free slot is filled.
    pub(in crate::node) fn on_exchange_deadline(&mut self, cx: &mut Context<'_>) {
        let ready: Vec<_> = self.peers.iter().filter(|(_, peer)| peer.is_ready()).map(|(id, _)| *id).collect();
        for connection in ready {
            self.ask_for_addresses(cx, connection);
        }
        self.dial_due(cx);
        let interval = self.config.timing.peer_exchange;
        let jitter = self.rng.random_range(0..=interval.as_micros() as u64 / 10);
        self.timers.set(cx.now + interval + Duration::from_micros(jitter), Timer::Exchange);
    }

    /// Tells a random part of the book. Asked too often, we stay silent.
    pub(in crate::node) fn on_get_peers(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let half = self.config.timing.peer_exchange / 2;
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        if !self.config.discovery.exchange || peer.asked_us_for_peers.is_some_and(|last| cx.now.since(last) < half) {
            return;
        }
        peer.asked_us_for_peers = Some(cx.now);
        let (asker, kind) = (peer.id, network_kind(peer.address.ip()));
        self.renew_answer(kind, cx.now);
        let answer = self.answers.0.get(&kind).map_or(&[][..], |answer| &answer.addresses);
        // What was dropped since is not told any more, and what was seen since is told as seen.
        let known = answer.iter().filter_map(|address| self.book.known_at(address));
        let addresses = known
            .filter(|known| known.node != asker)
            .map(|known| {
                let age = u32::try_from(cx.now.since(known.seen).as_secs()).unwrap_or(u32::MAX);
                PeerAddress::new(known.address, known.node, age)
            })
            .collect();
        self.send(cx, connection, Message::Peers { answer: true, addresses });
    }

    /// Draws what is told to those who come through this kind of network, if it is time. What was drawn when there was little to draw
    /// from is not told for long: once there is twice as much it is drawn anew, which a bounded book allows only a few times.
    fn renew_answer(&mut self, kind: NetworkKind, now: Time) {
        let there_are = self.book.known().filter(|known| known.node != self.id).count();
        let holds = |answer: &Answer| now < answer.until && there_are < answer.drawn_from.saturating_mul(2);
        if self.answers.0.get(&kind).is_some_and(holds) {
            return;
        }
        let time = self.config.timing.answer;
        let jitter = Duration::from_micros(self.rng.random_range(0..=time.as_micros() as u64 / 10));
        let answer = Answer { addresses: self.draw(), drawn_from: there_are, until: now + time + jitter };
        self.answers.0.insert(kind, answer);
    }

    /// A random part of the book, never all of a large one.
    fn draw(&mut self) -> Vec<SocketAddr> {
        let known = self.book.known().filter(|known| known.node != self.id);
        let mut known: Vec<_> = known.map(|known| known.address).collect();
        let count = (known.len() * PEERS_ANSWER_PERCENT / 100).clamp(PEERS_ANSWER_LEAST, MAX_PEERS).min(known.len());
        // The first steps of a Fisher-Yates shuffle: `count` entries, each equally likely.
        for place in 0..count {
            let other = self.rng.random_range(place..known.len());
            known.swap(place, other);
        }
        known.truncate(count);
        known.shrink_to_fit();
        known
    }

    /// Addresses that we asked for; or news. An answer that nobody asked for is news at most.
    pub(in crate::node) fn on_peers(
        &mut self,
        cx: &mut Context<'_>,
        connection: ConnectionId,
        answer: bool,
        addresses: &[PeerAddress],
    ) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        if !self.config.discovery.exchange {
            return;
        }
        if !(answer && std::mem::take(&mut peer.owes_addresses)) {
            return self.on_gossip(cx, connection, addresses);
        }
        self.counts.exchange.answered += 1;
        let source = Source::Peer(peer.id, peer.address.ip());
        let mut new = 0;
        for entry in addresses {
            let address = entry.socket();
            let seen = Time(cx.now.0.saturating_sub(u64::from(entry.age).saturating_mul(1_000_000)));
            new += usize::from(self.learn(&source, address, Some(entry.node), seen, cx.now));
        }
        cx.event(Event::AddressesReceived { connection, count: addresses.len(), known: self.book.len() });
        if new > 0 {
            self.dial_due(cx);
        }
    }
}
