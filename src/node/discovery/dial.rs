//! Dialling: which of the known addresses, and when.

use crate::node::context::Context;
use crate::node::timers::Timer;
use crate::node::{DialError, Direction, Event, Node, Output};
use std::net::SocketAddr;

impl Node {
    /// Dials what is due and wanted.
    ///
    /// Bootstrap addresses are dialled as slots allow. Addresses heard of from peers are dialled at once while peers are too few, and one at
    /// a time after that, until every outbound slot is taken.
    pub(in crate::node) fn dial_due(&mut self, cx: &mut Context<'_>) {
        if self.stopping {
            return;
        }
        let (outbound, all) = self
            .peers
            .values()
            .filter(|peer| !peer.is_closing() && !peer.visit && !peer.is_visiting())
            .fold((0, 0), |(outbound, all), peer| (outbound + usize::from(peer.direction == Direction::Outbound), all + 1));
        let dials = self.book.dials();
        let mut free = self.config.max_outbound.saturating_sub(outbound + dials);
        let mut learned_wanted = self.config.min_peers.saturating_sub(all + dials).max(1);
        let due = self.book.due(cx.now, |node| {
            *node == self.id
                || self.bans.is_banned(node, cx.now)
                || self.peers.values().any(|peer| peer.id == *node && !peer.is_closing())
        });
        for address in due {
            if free == 0 {
                break;
            }
            if self.kademlia.visits(&address) || self.bans.is_address_banned(&address.ip(), cx.now) {
                continue;
            }
            if !self.book.is_bootstrap(&address) {
                if learned_wanted == 0 {
                    continue;
                }
                learned_wanted -= 1;
            }
            if self.book.is_bootstrap(&address) {
                self.count_bootstrap_dial(address);
            }
            free -= 1;
            self.book.dialling(address);
            cx.event(Event::Connecting { address });
            cx.out.push(Output::Dial(address));
        }
        if let Some(next) = self.book.next_due(cx.now) {
            self.timers.set(next, Timer::Dial);
        }
    }

    /// Nobody there, this time.
    pub(in crate::node) fn on_dial_failed(&mut self, cx: &mut Context<'_>, address: SocketAddr, error: DialError) {
        if self.on_visit_failed(cx, &address) {
            return;
        }
        if self.book.is_bootstrap(&address) {
            self.counts.bootstrap_failures += 1;
        }
        let why = match error {
            DialError::Refused => "nobody listens there".to_owned(),
            DialError::TimedOut => "no answer in time".to_owned(),
            DialError::Incompatible(why) => {
                self.book.refused(address, cx.now);
                why
            }
            DialError::Failed(why) => why,
        };
        if let Some(retry_in) = self.book.failed(address, cx.now, &self.config.timing, &mut self.rng) {
            self.timers.set(cx.now + retry_in, Timer::Dial);
            cx.event(Event::DialFailed { address, why, retry_in });
        }
        self.dial_due(cx);
    }
}
