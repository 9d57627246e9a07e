//! Dialling: which of the known addresses, and when; and what becomes of a link that we dialled.

use super::book::Ending;
use super::book::scope::{Group, canonical, group};
use crate::chain::Address;
use crate::node::context::Context;
use crate::node::limits::SLOTS_BY_HAND;
use crate::node::peers::peer::Peer;
use crate::node::timers::Timer;
use crate::node::{DialError, Direction, Event, Node, Output};
use std::collections::BTreeSet;
use std::net::SocketAddr;

impl Node {
    /// Dials until every outbound slot is taken or spoken for: anchors first, then bootstrap addresses, then whatever is known.
    ///
    /// Peers of the last kind are wanted from different network groups: whoever has many addresses has them in few networks. Only a node
    /// with fewer peers than it needs takes a second one from a group, and only if there is none from another.
    pub(in crate::node) fn dial_due(&mut self, cx: &mut Context<'_>) {
        if self.stopping {
            return;
        }
        let outbound = self.peers.values().filter(|peer| peer.takes_outbound_slot()).count();
        let mut free = self.config.max_outbound.saturating_sub(outbound + self.book.dials());
        if free == 0 {
            return;
        }
        let linked: BTreeSet<Address> =
            self.peers.values().filter(|peer| peer.is_link()).map(|peer| peer.id).chain([self.id]).collect();
        let unwanted = |id: &Address| linked.contains(id) || self.bans.is_banned(id, cx.now);

        let mut due = self.book.take_anchors(free, |id| !unwanted(id));
        self.counts.anchors_dialled += due.len() as u64;
        due.extend(self.book.due_bootstrap(cx.now, free - due.len(), |id| !unwanted(id)));
        due.retain(|address| !self.kademlia.visits(address) && !self.bans.is_address_banned(&address.ip(), cx.now));
        let mut groups = self.outbound_groups();
        for address in due {
            free -= 1;
            groups.extend(group(address.ip()));
            self.dial(cx, address, false);
        }
        let mut lonely = self.peers.values().filter(|peer| peer.is_link()).count() + self.book.dials() < self.config.min_peers;
        while free > 0 {
            let (bans, visiting, now) = (&self.bans, &self.kademlia, cx.now);
            let wanted = |address: SocketAddr, id: Option<&Address>| {
                let open = id.is_none_or(|id| !linked.contains(id) && !bans.is_banned(id, now));
                open && !visiting.visits(&address) && !bans.is_address_banned(&address.ip(), now)
            };
            let apart = |address: SocketAddr| group(address.ip()).is_none_or(|group| !groups.contains(&group));
            let chosen = self.book.choose(now, |address, id| wanted(address, id) && apart(address));
            let chosen = chosen.or_else(|| lonely.then(|| self.book.choose(now, wanted)).flatten());
            let Some(address) = chosen else { break };
            free -= 1;
            groups.extend(group(address.ip()));
            self.dial(cx, address, false);
            lonely = lonely && self.peers.len() + self.book.dials() < self.config.min_peers;
        }
        if free > 0 {
            let more = self.book.has_more().then(|| cx.now + self.config.timing.redial.0);
            let next = self.book.next_due(cx.now).into_iter().chain(more).min();
            next.into_iter().for_each(|next| self.timers.set(next, Timer::Dial));
        }
    }

    /// A person wants a link there: it is kept like one with a bootstrap address, and dialled now. For a few of them no slot needs to be
    /// free.
    pub(in crate::node) fn connect_by_hand(&mut self, cx: &mut Context<'_>, address: SocketAddr) {
        let address = canonical(address);
        self.book.add_bootstrap(address, cx.now);
        self.dial_due(cx);
        let linked = self.peers.values().any(|peer| peer.is_link() && (peer.address == address || peer.listens == Some(address)));
        if linked || self.stopping || !self.book.is_bootstrap(&address) || self.book.is_busy(&address) {
            return;
        }
        let outbound = self.peers.values().filter(|peer| peer.takes_outbound_slot()).count() + self.book.dials();
        let why = if self.bans.is_address_banned(&address.ip(), cx.now) {
            "its address is banned: end the ban first"
        } else if outbound >= self.config.max_outbound + SLOTS_BY_HAND {
            "all outbound slots are taken: it waits for a free one"
        } else if self.kademlia.visits(&address) {
            // A question is being asked there; it is over soon.
            return;
        } else {
            return self.dial(cx, address, false);
        };
        cx.event(Event::Warning { text: format!("{address} is not dialled yet: {why}") });
    }

    /// The network groups of those that we dialled, or are dialling.
    fn outbound_groups(&self) -> BTreeSet<Group> {
        let linked = self.peers.values().filter(|peer| peer.takes_outbound_slot()).map(|peer| peer.address);
        linked.chain(self.book.dialled()).filter_map(|address| group(address.ip())).collect()
    }

    /// Sends one dial on its way. A feeler is told to nobody: it is no link, and its failure no trouble.
    pub(in crate::node) fn dial(&mut self, cx: &mut Context<'_>, address: SocketAddr, feeler: bool) {
        if self.book.is_bootstrap(&address) {
            self.count_bootstrap_dial(address);
        }
        self.book.dialling(address, feeler);
        if !feeler {
            cx.event(Event::Connecting { address });
        }
        cx.out.push(Output::Dial(address));
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
                self.book.refused(address, cx.now, &self.config.timing);
                why
            }
            DialError::Failed(why) => why,
        };
        let feeler = self.book.is_felt(address);
        if let Some(retry_in) = self.book.failed(address, cx.now, &self.config.timing, &mut self.rng)
            && !feeler
        {
            cx.event(Event::DialFailed { address, why, retry_in });
        }
        self.dial_due(cx);
    }

    /// A connection is over: its address may be dialled again some time, and its slot is free.
    pub(in crate::node) fn on_link_ended(&mut self, cx: &mut Context<'_>, peer: &Peer) {
        let timing = self.config.timing;
        match peer.direction {
            Direction::Outbound if peer.feeler && peer.was_ready() => self.book.felt(peer.address, cx.now, &timing),
            Direction::Outbound => {
                self.book.ended(peer.address, peer.ending(cx.now), cx.now, &timing, &mut self.rng);
            }
            // Whom we no longer reach from his side we may dial from ours.
            Direction::Inbound => {
                peer.listens.into_iter().for_each(|listens| self.book.left(listens, cx.now, &timing));
            }
        }
        self.dial_due(cx);
    }
}

impl Peer {
    /// Whether it takes one of the slots for links that we dial.
    pub(in crate::node) fn takes_outbound_slot(&self) -> bool {
        self.direction == Direction::Outbound && self.is_link()
    }

    /// Whether it is there to stay: neither on its way out, nor a feeler, nor here for one question.
    pub(in crate::node) fn is_link(&self) -> bool {
        !self.is_closing() && !self.feeler && !self.visit && !self.is_visiting()
    }

    /// Whether it is a link for certain: who dialled us may be a guest until its Hello is read.
    pub(in crate::node) fn is_known_link(&self) -> bool {
        self.is_link() && (self.direction == Direction::Outbound || self.is_ready())
    }

    /// How a link that we dialled ended at `now`.
    fn ending(&self, now: crate::node::Time) -> Ending {
        match self.ready_since() {
            Some(_) if self.displaced => Ending::Displaced,
            Some(since) if now.since(since) >= crate::node::limits::HEALTHY_LINK => Ending::Healthy,
            Some(_) => Ending::Short,
            None if self.dismissed || self.declined => Ending::Declined,
            None => Ending::Failed,
        }
    }
}
