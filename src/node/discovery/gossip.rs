//! News of addresses, told unasked: so that whoever joins becomes known beyond those whom he dialled.
//!
//! As Bitcoin's relay of `addr` messages: an address that is new and fresh goes to two others, who do the same if it is new to them. It is
//! told in small portions at intervals, and taken at the same pace, whatever a peer sends.

use super::book::Source;
use crate::chain::Address;
use crate::node::bucket::{Bucket, Rate};
use crate::node::context::Context;
use crate::node::limits::{GOSSIP_ADDRESSES, GOSSIP_FRESH, GOSSIP_PEERS, GOSSIP_TOLD};
use crate::node::timers::Timer;
use crate::node::{ConnectionId, Node, Time};
use crate::wire::{Message, PeerAddress};
use rand::RngExt;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// An address that is news.
#[derive(Clone, Copy)]
struct News {
    address: SocketAddr,
    node: Address,
    seen: Time,
}

/// What is told to one peer, and taken from it.
pub(in crate::node) struct Gossip {
    /// For the next portion, at most [`GOSSIP_ADDRESSES`].
    news: Vec<News>,
    /// When it was last told an address, or told us of it; at most [`GOSSIP_TOLD`].
    told: BTreeMap<SocketAddr, Time>,
    /// What it may still tell unasked.
    allowance: Bucket,
}

/// The pace at which unasked addresses are told, and taken.
fn pace(interval: Duration) -> Rate {
    Rate { burst: GOSSIP_ADDRESSES as u64, count: GOSSIP_ADDRESSES as u64, per: interval }
}

impl Default for Gossip {
    fn default() -> Self {
        Self { news: Vec::new(), told: BTreeMap::new(), allowance: Bucket::full(&pace(Duration::ZERO)) }
    }
}

impl Gossip {
    /// How many of `count` unasked addresses are taken: [`GOSSIP_ADDRESSES`] in each `interval`.
    pub(in crate::node) fn take(&mut self, count: usize, interval: Duration, now: Time) -> usize {
        self.allowance.take_up_to(count as u64, &pace(interval), now) as usize
    }

    /// It knows this address: it need not be told.
    pub(in crate::node) fn knows(&mut self, address: SocketAddr, now: Time) {
        if self.told.len() < GOSSIP_TOLD {
            self.told.insert(address, now);
        }
    }

    fn push(&mut self, news: News) {
        if self.news.len() < GOSSIP_ADDRESSES && !self.news.iter().any(|other| other.address == news.address) {
            self.news.push(news);
        }
    }

    /// The portion that is due; `again`: after how long an address may be told a second time.
    fn portion(&mut self, again: Duration, now: Time) -> Vec<PeerAddress> {
        self.told.retain(|_, told| now.since(*told) < again);
        let mut portion = Vec::new();
        for News { address, node, seen } in std::mem::take(&mut self.news) {
            if !self.told.contains_key(&address) {
                self.knows(address, now);
                portion.push(PeerAddress::new(address, node, u32::try_from(now.since(seen).as_secs()).unwrap_or(u32::MAX)));
            }
        }
        portion
    }

    /// Addresses held.
    pub(in crate::node) fn held(&self) -> usize {
        self.news.len().max(self.told.len())
    }
}

impl Node {
    /// Someone new says where he listens: he is put into the book, and two others are told.
    pub(in crate::node) fn on_newcomer(
        &mut self,
        cx: &mut Context<'_>,
        connection: ConnectionId,
        address: SocketAddr,
        node: Address,
    ) {
        if self.learn(&Source::Inbound, address, Some(node), cx.now, cx.now) {
            self.spread(connection, address, node, cx.now);
        }
    }

    /// Lets two others know of an address, chosen by chance; `from` told us.
    fn spread(&mut self, from: ConnectionId, address: SocketAddr, node: Address, seen: Time) {
        if !self.config.discovery.exchange {
            return;
        }
        let others = self.peers.iter().filter(|(connection, peer)| **connection != from && peer.is_ready() && peer.id != node);
        let mut others: Vec<ConnectionId> = others.map(|(connection, _)| *connection).collect();
        for _ in 0..GOSSIP_PEERS {
            if others.is_empty() {
                return;
            }
            let chosen = others.swap_remove(self.rng.random_range(0..others.len()));
            if let Some(peer) = self.peers.get_mut(&chosen) {
                peer.gossip.push(News { address, node, seen });
            }
        }
    }

    /// Time to tell the news.
    pub(in crate::node) fn on_gossip_deadline(&mut self, cx: &mut Context<'_>) {
        let (interval, again) = self.config.timing.gossip;
        let portions: Vec<_> = self
            .peers
            .iter_mut()
            .filter(|(_, peer)| peer.is_ready())
            .map(|(connection, peer)| (*connection, peer.gossip.portion(again, cx.now)))
            .filter(|(_, portion)| !portion.is_empty())
            .collect();
        for (connection, addresses) in portions {
            self.counts.gossip_told += addresses.len() as u64;
            self.send(cx, connection, Message::Peers { answer: false, addresses });
        }
        let jitter = self.rng.random_range(0..=interval.as_micros() as u64 / 10);
        self.timers.set(cx.now + interval + Duration::from_micros(jitter), Timer::Gossip);
    }

    /// Addresses that a peer told unasked, as many as it may.
    pub(in crate::node) fn on_gossip(&mut self, cx: &mut Context<'_>, connection: ConnectionId, addresses: &[PeerAddress]) {
        let interval = self.config.timing.gossip.0;
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        let taken = peer.gossip.take(addresses.len(), interval, cx.now);
        let source = Source::Peer(peer.id, peer.address.ip());
        let mut new = false;
        for entry in addresses.iter().take(taken) {
            let (address, age) = (entry.socket(), Duration::from_secs(u64::from(entry.age)));
            if let Some(peer) = self.peers.get_mut(&connection) {
                peer.gossip.knows(address, cx.now);
            }
            let seen = Time(cx.now.0.saturating_sub(u64::try_from(age.as_micros()).unwrap_or(u64::MAX)));
            if self.learn(&source, address, Some(entry.node), seen, cx.now) {
                new = true;
                if age <= GOSSIP_FRESH {
                    self.spread(connection, address, entry.node, seen);
                }
            }
        }
        self.counts.gossip_taken += taken as u64;
        if new {
            self.dial_due(cx);
        }
    }
}
