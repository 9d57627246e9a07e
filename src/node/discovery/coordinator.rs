//! The four ways to addresses, side by side: when each begins, what all of them bring, and how much.
//!
//! | Strategy | When it runs | Off with |
//! |---|---|---|
//! | bootstrap list | from the start, again and again until each has answered | `Discovery::bootstrap` |
//! | DNS seeds | when the others bring nobody whom we could dial | an empty `Discovery::dns_seeds` |
//! | peer exchange | with each new peer and at intervals; news in between | `Discovery::exchange` |
//! | Kademlia | with the first peer that answers look-ups, then at intervals that grow while nothing changes | `Discovery::kademlia` |
//!
//! None waits for another: what one brings goes into the one book, from which is dialled, and which knows who told of what.

use super::book::Source;
use crate::chain::Address;
use crate::node::context::Context;
use crate::node::timers::Timer;
use crate::node::{Node, Time};
use std::net::SocketAddr;

impl Node {
    /// Sets every strategy that is on to work.
    pub(in crate::node) fn start_discovery(&mut self, cx: &mut Context<'_>) {
        self.timers.set(cx.now + self.config.timing.peer_exchange, Timer::Exchange);
        if self.config.discovery.exchange {
            self.timers.set(cx.now + self.config.timing.gossip.0, Timer::Gossip);
        }
        self.start_lookups(cx);
        self.dial_due(cx);
        self.start_seeds(cx);
    }

    /// Whether an address is of use to us: we may dial it, and it is not our own.
    pub(in crate::node) fn is_wanted(&self, address: &SocketAddr) -> bool {
        self.config.address_scope.takes(address) && self.own_address() != Some(*address)
    }

    /// An address from any of the strategies goes into the book; true if it was new. Counts it for who brought it.
    pub(in crate::node) fn learn(
        &mut self,
        source: &Source,
        address: SocketAddr,
        node: Option<Address>,
        seen: Time,
        now: Time,
    ) -> bool {
        if node == Some(self.id) || !self.is_wanted(&address) || !self.book.learn(source, address, node, seen, now) {
            return false;
        }
        match source {
            Source::Peer(..) => self.counts.exchange.found += 1,
            Source::Seed(_) => self.counts.seeds.found += 1,
            Source::Lookup(..) | Source::Record(..) => self.counts.kademlia.found += 1,
            Source::Bootstrap | Source::Inbound => {}
        }
        true
    }
}
