//! Feelers: visits that only test whether an address answers, so that there are tried ones when they are needed. They say in their Hello
//! that they are visits, so that nobody loses an inbound slot to one. (The idea of testing is Bitcoin Core's; there a feeler looks like
//! any other connection.)

use crate::chain::Address;
use crate::node::context::Context;
use crate::node::timers::Timer;
use crate::node::{ConnectionId, Node};
use crate::wire::GoodbyeReason;
use rand::RngExt;
use std::net::SocketAddr;
use std::time::Duration;

impl Node {
    /// Between two feelers. Where there are none of their own accord, an address whose place another wants is still tested.
    fn feeler_interval(&self) -> Duration {
        self.config.timing.feeler.unwrap_or(self.config.timing.redial.1)
    }

    /// Sets the time of the next feeler, with a jitter of a quarter: nobody should know when it comes.
    pub(in crate::node) fn schedule_feeler(&mut self, cx: &Context<'_>) {
        let interval = self.feeler_interval();
        let jitter = self.rng.random_range(0..=interval.as_micros() as u64 / 4);
        self.timers.set(cx.now + interval + Duration::from_micros(jitter), Timer::Feeler);
    }

    /// Time for a feeler: one at a time, beyond the slots.
    pub(in crate::node) fn on_feeler_deadline(&mut self, cx: &mut Context<'_>) {
        self.schedule_feeler(cx);
        if self.stopping || self.book.feels() || self.peers.values().any(|peer| peer.feeler) {
            return;
        }
        let (peers, bans, visiting, own, now) = (&self.peers, &self.bans, &self.kademlia, self.id, cx.now);
        let wanted = |address: SocketAddr, id: Option<&Address>| {
            !bans.is_address_banned(&address.ip(), now)
                && !visiting.visits(&address)
                && id.is_none_or(|id| *id != own && !bans.is_banned(id, now) && !peers.values().any(|peer| peer.id == *id))
        };
        let chosen = self.book.choose_feeler(now, self.config.timing.feeler.is_some(), wanted);
        if let Some(address) = chosen {
            self.counts.feelers += 1;
            self.dial(cx, address, true);
        }
    }

    /// Hands were shaken over a feeler: that was all.
    pub(in crate::node) fn on_feeler_ready(&mut self, cx: &mut Context<'_>, connection: ConnectionId) {
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        peer.set_ready(cx.now);
        self.book.answered(peer.address, cx.now);
        self.counts.feelers_answered += 1;
        self.part(cx, connection, GoodbyeReason::Idle, "a feeler: the address answers");
    }
}
