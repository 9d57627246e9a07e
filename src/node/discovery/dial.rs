//! Dialling: which of the known addresses, and when; and what becomes of a link that we dialled.

use super::book::Ending;
use super::book::scope::{Group, canonical, group};
use crate::chain::Address;
use crate::node::context::Context;
use crate::node::limits::{HEALTHY_LINK, SLOTS_BY_HAND, WITNESSES};
use crate::node::peers::peer::Peer;
use crate::node::timers::Timer;
use crate::node::{DialError, Direction, Event, Node, Output, Time};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

/// How dialling goes.
pub(in crate::node) struct Dialling {
    /// When [`Timer::Dial`] is due; `Time::MAX`: it is not set. There is one at a time, or each would set the next for ever.
    next: Time,
    /// When a dial last failed.
    failed: Time,
    /// Until when nothing but anchors and bootstrap addresses is dialled: nobody was heard between two failures.
    paced: Time,
}

impl Dialling {
    /// We stood still for this long, and all timers moved by it.
    pub(in crate::node) fn forgive(&mut self, lost: Duration) {
        self.next = self.next + lost;
    }
}

impl Default for Dialling {
    fn default() -> Self {
        Self { next: Time::MAX, failed: Time(0), paced: Time(0) }
    }
}

impl Node {
    /// Some address may be due.
    pub(in crate::node) fn on_dial_deadline(&mut self, cx: &mut Context<'_>) {
        self.dialling.next = Time::MAX;
        self.dial_due(cx);
    }

    /// Looks at `time` whether some address is due, if nobody looks before.
    fn dial_at(&mut self, time: Time) {
        if time < self.dialling.next {
            self.timers.cancel(self.dialling.next, Timer::Dial);
            self.timers.set(time, Timer::Dial);
            self.dialling.next = time;
        }
    }

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
        let (bans, visiting, now) = (&self.bans, &self.kademlia, cx.now);
        let wanted = |address: SocketAddr, id: Option<&Address>| {
            let open = id.is_none_or(|id| !linked.contains(id) && !bans.is_banned(id, now));
            open && !visiting.visits(&address) && !bans.is_address_banned(&address.ip(), now)
        };
        let mut due = self.book.take_anchors(free, wanted);
        self.counts.anchors_dialled += due.len() as u64;
        due.extend(self.book.due_bootstrap(now, free - due.len(), wanted));
        let mut groups = self.outbound_groups();
        for address in due {
            free -= 1;
            groups.extend(group(address.ip()));
            self.dial(cx, address, false);
        }
        let links = self.peers.values().filter(|peer| peer.is_link()).count();
        let mut lonely = links + self.book.dials() < self.config.min_peers;
        let paced = cx.now < self.dialling.paced;
        while free > 0 && !paced {
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
            lonely = lonely && links + self.book.dials() < self.config.min_peers;
        }
        if free > 0 {
            let more = self.book.has_more().then(|| cx.now + self.config.timing.redial.0);
            let paced = paced.then_some(self.dialling.paced);
            let next = self.book.next_due(cx.now).into_iter().chain(more).chain(paced).min();
            next.into_iter().for_each(|next| self.dial_at(next));
        }
    }

    /// Looks after the first pause whether some address may be dialled.
    pub(in crate::node) fn dial_soon(&mut self, cx: &Context<'_>) {
        self.dial_at(cx.now + self.config.timing.redial.0);
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
            // Meanwhile it was not to be dialled for a link.
            return self.dial_soon(cx);
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
        let heard = self.others_heard();
        if let Some(retry_in) = self.book.failed(address, heard, cx.now, &self.config.timing, &mut self.rng)
            && !feeler
        {
            cx.event(Event::DialFailed { address, why, retry_in });
        }
        // Without a network dials fail at once, and one would follow the other through the whole book.
        let failed_before = std::mem::replace(&mut self.dialling.failed, cx.now);
        if heard <= failed_before && self.dialling.paced <= cx.now {
            self.dialling.paced = cx.now + self.config.timing.redial.0;
        }
        self.dial_due(cx);
        // It may be visited now.
        self.pump_lookups(cx);
    }

    /// Until when the network is known to have worked: when we last heard from the second of [`WITNESSES`] links; `Time(0)`: there are
    /// not so many.
    fn others_heard(&self) -> Time {
        let mut heard: Vec<_> =
            self.peers.values().filter(|peer| peer.is_ready() && peer.is_link()).map(|peer| peer.heard).collect();
        heard.sort_unstable_by_key(|heard| Reverse(*heard));
        heard.get(WITNESSES - 1).copied().unwrap_or(Time(0))
    }

    /// A connection is over: its address may be dialled again some time, and its slot is free.
    pub(in crate::node) fn on_link_ended(&mut self, cx: &mut Context<'_>, peer: &Peer) {
        let timing = self.config.timing;
        match peer.direction {
            Direction::Outbound if peer.feeler && peer.was_ready() => self.book.felt(peer.address, cx.now, &timing),
            Direction::Outbound => {
                let heard = self.others_heard();
                self.book.ended(peer.address, peer.ending(cx.now), heard, cx.now, &timing, &mut self.rng);
            }
            // Whom we no longer reach from his side we may dial from ours.
            Direction::Inbound => {
                peer.listens.into_iter().for_each(|listens| self.book.left(listens, cx.now, &timing));
            }
        }
        self.dial_due(cx);
        self.pump_lookups(cx);
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
    fn ending(&self, now: Time) -> Ending {
        match self.ready_since() {
            Some(_) if self.displaced => Ending::Displaced,
            Some(since) if now.since(since) >= HEALTHY_LINK => Ending::Healthy,
            Some(_) => Ending::Short,
            None if self.dismissed || self.declined => Ending::Declined,
            None => Ending::Failed,
        }
    }
}
