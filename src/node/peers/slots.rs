//! Inbound slots: who gets one, who gives his up, and what the listener is told of it.

use super::bans::By;
use super::eviction::{Candidate, gives_way};
use super::peer::Peer;
use crate::chain::Address;
use crate::node::context::Context;
use crate::node::discovery::book::scope::{group, host};
use crate::node::limits::SCARCE_PERCENT;
use crate::node::timers::Timer;
use crate::node::{Admission, ConnectionId, Direction, Event, Node, Output, Time};
use crate::wire::GoodbyeReason;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Keeps the generator of the slots' secret apart from the node's.
const SALT: u64 = 0x51_07_5a_17;

/// What the slots depend on beside the peers themselves.
pub(in crate::node) struct Slots {
    /// Orders networks in a way that nobody else knows.
    salt: u64,
    /// What the listener was last told.
    told: Admission,
    /// The banned addresses, in order; made anew when one comes or goes.
    banned: Arc<[IpAddr]>,
}

impl Slots {
    /// Its secret is drawn by a generator of its own, so that nothing else depends on it.
    pub(in crate::node) fn new(seed: u64) -> Self {
        let salt = ChaCha8Rng::seed_from_u64(seed.wrapping_add(SALT)).next_u64();
        Self { salt, told: Admission::default(), banned: Arc::default() }
    }
}

impl Node {
    /// Inbound connections that are not being closed, and are no visits.
    fn inbound(&self) -> impl Iterator<Item = (&ConnectionId, &Peer)> {
        self.peers.iter().filter(|(_, peer)| peer.direction == Direction::Inbound && !peer.is_closing() && !peer.is_visiting())
    }

    /// Those with whom hands are shaken: each has a slot. Strangers have none, or a handful who never say hello would take them all.
    fn slot_holders(&self) -> impl Iterator<Item = (&ConnectionId, &Peer)> {
        self.inbound().filter(|(_, peer)| peer.is_ready())
    }

    /// Who would give way to a newcomer.
    fn who_gives_way(&self, now: Time) -> Option<ConnectionId> {
        let candidates: Vec<_> = self
            .slot_holders()
            .map(|(connection, peer)| Candidate {
                connection: *connection,
                direction: peer.direction,
                group: group(peer.address.ip()),
                since: peer.since,
                rtt: peer.rtt,
                block: peer.new_block,
                transaction: peer.new_transaction,
                reputation: self.reputations.value(&peer.id, now),
                health: peer.health.score(),
            })
            .collect();
        gives_way(&candidates, self.slots.salt, now)
    }

    /// Whether a newcomer has a slot; once it `stays`, after another has given way if need be. Says goodbye to whoever goes, the
    /// newcomer included.
    pub(super) fn settle_slot(&mut self, cx: &mut Context<'_>, connection: ConnectionId, stays: bool) -> bool {
        let Some(peer) = self.peers.get(&connection) else { return false };
        if peer.direction == Direction::Outbound {
            return true;
        }
        let (id, from) = (peer.id, host(peer.address.ip()));
        let from_there = || self.inbound().filter(|(_, peer)| host(peer.address.ip()) == from).count();
        if self.config.max_per_ip.is_some_and(|most| from_there() > most) {
            self.counts.refused += 1;
            self.part(cx, connection, GoodbyeReason::Full, "too many connections from its address");
            return false;
        }
        // Another connection of the same peer may go instead, if this one stays at all.
        let replaces = !stays && self.inbound().any(|(other, peer)| *other != connection && peer.id == id);
        if replaces || self.slot_holders().count() < self.config.max_inbound {
            return true;
        }
        // Who has a bad name costs nobody else his place.
        let welcome = self.config.max_inbound > 0 && self.reputations.value(&id, cx.now) >= 0;
        match self.who_gives_way(cx.now).filter(|_| welcome) {
            Some(_) if !stays => true,
            Some(other) => {
                self.counts.evicted += 1;
                self.part(cx, other, GoodbyeReason::Full, "it gave way to a newcomer");
                true
            }
            None => {
                self.counts.refused += 1;
                self.part(cx, connection, GoodbyeReason::Full, "no inbound slot is free");
                false
            }
        }
    }

    /// Tells the listener whom to take, if that has changed.
    pub(in crate::node) fn admit(&mut self, cx: &mut Context<'_>) {
        if self.stopping {
            return;
        }
        let taken = self.slot_holders().count();
        let full = taken >= self.config.max_inbound && self.who_gives_way(cx.now).is_none();
        let told = &mut self.slots.told;
        if told.full == full && told.per_ip == self.config.max_per_ip && told.banned == self.slots.banned {
            return;
        }
        *told = Admission { full, banned: Arc::clone(&self.slots.banned), per_ip: self.config.max_per_ip };
        cx.out.push(Output::Admit(told.clone()));
    }

    /// Whether links are used at present: at least half of those that we dialled, within the time after which a link is idle. No stranger
    /// has a say in that. A node that dialled nobody goes by those who dialled it.
    fn are_links_used(&self, now: Time) -> bool {
        let half_of = |direction: Direction| {
            let links = || self.peers.values().filter(|peer| peer.direction == direction && peer.is_ready() && peer.is_link());
            let used = links().filter(|peer| peer.is_in_use(now, self.config.timing.idle)).count();
            (links().count() > 0).then(|| used * 2 >= links().count())
        };
        half_of(Direction::Outbound).or_else(|| half_of(Direction::Inbound)).unwrap_or(false)
    }

    /// While inbound slots are scarce, one who serves nobody gives his up, each second one: the one that has been so for longest. As long as
    /// there is little to be said, nobody has to: the best of links is idle then.
    pub(in crate::node) fn reap_idle(&mut self, cx: &mut Context<'_>) {
        let scarce = self.slot_holders().count() * 100 >= self.config.max_inbound * SCARCE_PERCENT;
        let ready = self.peers.values().filter(|peer| peer.is_ready()).count();
        if !scarce || ready <= self.config.min_peers || self.stopping || !self.are_links_used(cx.now) {
            return;
        }
        let patience = self.config.timing.idle;
        let idle = self.slot_holders().filter(|(_, peer)| cx.now.since(peer.served) >= patience);
        if let Some(connection) = idle.min_by_key(|(connection, peer)| (peer.served, **connection)).map(|(id, _)| *id) {
            self.counts.idle += 1;
            self.part(cx, connection, GoodbyeReason::Idle, "it served nobody while slots were scarce");
        }
    }
}

impl Node {
    /// Bans a node id, and with it perhaps the address that it came `from`; ends what links there are.
    pub(super) fn ban(&mut self, cx: &mut Context<'_>, peer: Address, from: Option<IpAddr>, by: By, reason: &str) {
        let ladder = self.config.timing.bans;
        let time = self.bans.ban(&peer, from, by, &ladder, cx.now);
        self.timers.set(cx.now + time, Timer::Unban(peer));
        cx.event(Event::Banned { peer, reason: reason.to_owned(), time });
        let why = match by {
            By::Offence => format!("banned: it {reason}"),
            By::Hand(_) => reason.to_owned(),
        };
        for connection in self.connections(|other| other.id == peer) {
            self.part(cx, connection, GoodbyeReason::Banned, &why);
        }
        if let Some(ip) = from.filter(|ip| by == By::Offence && self.bans.is_a_nest(*ip, &ladder, cx.now)) {
            self.ban_address(cx, ip, By::Offence, "too many node ids were banned from it");
        }
    }

    /// Bans an IP address; ends what links there are with it.
    fn ban_address(&mut self, cx: &mut Context<'_>, address: IpAddr, by: By, reason: &str) {
        let address = host(address);
        let time = self.bans.ban_address(address, by, &self.config.timing.bans, cx.now);
        self.timers.set(cx.now + time, Timer::UnbanAddress(address));
        cx.event(Event::AddressBanned { address, reason: reason.to_owned(), time });
        for connection in self.connections(|peer| host(peer.address.ip()) == address) {
            self.part(cx, connection, GoodbyeReason::Banned, "its address is banned");
        }
        self.note_banned_addresses(cx);
    }

    fn note_banned_addresses(&mut self, cx: &mut Context<'_>) {
        self.slots.banned = self.bans.addresses(cx.now);
        self.admit(cx);
    }

    /// The connections of some peers that are not being closed already.
    fn connections(&self, wanted: impl Fn(&Peer) -> bool) -> Vec<ConnectionId> {
        let with = self.peers.iter().filter(|(_, peer)| !peer.is_closing() && wanted(peer));
        with.map(|(connection, _)| *connection).collect()
    }

    /// A person wants a peer gone; it may come back.
    pub(in crate::node) fn disconnect(&mut self, cx: &mut Context<'_>, peer: Address) {
        for connection in self.connections(|other| other.id == peer) {
            self.part(cx, connection, GoodbyeReason::Idle, "disconnected by hand");
        }
    }

    /// A person wants a peer gone for `time`, or for as long as the ladder says.
    pub(in crate::node) fn ban_by_hand(&mut self, cx: &mut Context<'_>, peer: Address, time: Option<Duration>) {
        self.ban(cx, peer, None, By::Hand(time), "banned by hand");
    }

    /// A person wants nothing to do with an IP address for `time`, or for as long as the ladder says.
    pub(in crate::node) fn ban_address_by_hand(&mut self, cx: &mut Context<'_>, address: IpAddr, time: Option<Duration>) {
        self.ban_address(cx, address, By::Hand(time), "banned by hand");
    }

    /// A ban is ended before its time; if there is none, nothing happens.
    pub(in crate::node) fn lift_ban(&mut self, cx: &mut Context<'_>, peer: Address) {
        if self.bans.lift(&peer) {
            self.unbanned(cx, peer);
        }
    }

    /// The ban of an IP address is ended before its time; if there is none, nothing happens.
    pub(in crate::node) fn lift_address_ban(&mut self, cx: &mut Context<'_>, address: IpAddr) {
        if self.bans.lift_address(&address) {
            self.address_unbanned(cx, host(address));
        }
    }

    /// A ban may be over.
    pub(in crate::node) fn on_unban_deadline(&mut self, cx: &mut Context<'_>, peer: Address) {
        if self.bans.end(&peer, cx.now) {
            self.unbanned(cx, peer);
        }
    }

    /// The ban of an IP address may be over.
    pub(in crate::node) fn on_address_unban_deadline(&mut self, cx: &mut Context<'_>, address: IpAddr) {
        if self.bans.end_address(&address, cx.now) {
            self.address_unbanned(cx, address);
        }
    }

    fn unbanned(&mut self, cx: &mut Context<'_>, peer: Address) {
        self.reputations.forget(&peer);
        cx.event(Event::Unbanned { peer });
        self.dial_due(cx);
    }

    fn address_unbanned(&mut self, cx: &mut Context<'_>, address: IpAddr) {
        cx.event(Event::AddressUnbanned { address });
        self.note_banned_addresses(cx);
        self.dial_due(cx);
    }
}
