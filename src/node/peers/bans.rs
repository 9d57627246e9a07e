//! Who is banned, until when: node ids and IP addresses, each on a ladder of its own.
//!
//! The first ban of somebody is short, the next longer (`Timing::bans`). Whoever changes ids does not get round it: an IP address from
//! which too many ids were banned is banned itself, unless it is one that many share. What counts as one address says [`host`].

use crate::chain::Address;
use crate::node::Time;
use crate::node::discovery::book::scope::{group, host};
use crate::node::limits::{BANNED_IDS_PER_ADDRESS, BANS};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Who bans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum By {
    /// Its own offences, for as long as the ladder says.
    Offence,
    /// A person: for so long, or as the ladder says.
    Hand(Option<Duration>),
}

struct Ban {
    since: Time,
    until: Time,
    active: bool,
    by_hand: bool,
    /// Bans for which the ladder was asked so far.
    steps: usize,
    /// Where the offender came from.
    from: Option<IpAddr>,
}

/// Bans of one kind: at most [`BANS`], those included that are over and only keep their place on the ladder.
struct List<K> {
    entries: BTreeMap<K, Ban>,
}

impl<K> Default for List<K> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> List<K> {
    /// Bans; for how long from now on.
    fn ban(&mut self, key: K, from: Option<IpAddr>, by: By, ladder: &[Duration; 3], now: Time) -> Duration {
        if self.entries.len() >= BANS && !self.entries.contains_key(&key) {
            self.drop_oldest();
        }
        let fresh = Ban { since: now, until: now, active: false, by_hand: false, steps: 0, from: None };
        let ban = self.entries.entry(key).or_insert(fresh);
        let time = match by {
            By::Hand(Some(time)) => time,
            By::Hand(None) | By::Offence => {
                let step = ban.steps.min(ladder.len() - 1);
                ban.steps = ban.steps.saturating_add(1);
                ladder.get(step).copied().unwrap_or_default()
            }
        };
        let stands = ban.active && ban.by_hand && now < ban.until;
        ban.until = match by {
            By::Hand(_) => now + time,
            // What a person said holds, and may only become longer.
            By::Offence if stands => ban.until.max(now + time),
            By::Offence => now + time,
        };
        ban.by_hand = matches!(by, By::Hand(_)) || stands;
        (ban.since, ban.active) = (now, true);
        if by == By::Offence {
            ban.from = from;
        }
        ban.until.since(now)
    }

    /// Makes room: what is over goes first, then what was banned longest ago; what a person banned goes last.
    fn drop_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(key, ban)| (ban.active, ban.active && ban.by_hand, ban.since, **key));
        if let Some(key) = oldest.map(|(key, _)| *key) {
            self.entries.remove(&key);
        }
    }

    fn is_banned(&self, key: &K, now: Time) -> bool {
        self.entries.get(key).is_some_and(|ban| ban.active && now < ban.until)
    }

    /// Ends a ban whose time is over; its place on the ladder is kept. True if it ended.
    fn end(&mut self, key: &K, now: Time) -> bool {
        let over = self.entries.get_mut(key).filter(|ban| ban.active && now >= ban.until);
        over.map(|ban| ban.active = false).is_some()
    }

    /// Ends a ban before its time, and forgets where the offender came from. True if there was one.
    fn lift(&mut self, key: &K) -> bool {
        let active = self.entries.get_mut(key).filter(|ban| ban.active);
        active.map(|ban| (ban.active, ban.from) = (false, None)).is_some()
    }
}

/// Who is banned.
#[derive(Default)]
pub(in crate::node) struct Bans {
    peers: List<Address>,
    addresses: List<IpAddr>,
}

impl Bans {
    /// Bans a node id that came from `from`; for how long from now on.
    pub(in crate::node) fn ban(
        &mut self,
        peer: &Address,
        from: Option<IpAddr>,
        by: By,
        ladder: &[Duration; 3],
        now: Time,
    ) -> Duration {
        self.peers.ban(*peer, from.map(host), by, ladder, now)
    }

    /// Bans an IP address; for how long from now on.
    pub(in crate::node) fn ban_address(&mut self, ip: IpAddr, by: By, ladder: &[Duration; 3], now: Time) -> Duration {
        self.addresses.ban(host(ip), None, by, ladder, now)
    }

    /// Whether so many ids were banned from an IP address, lately, that it is to be banned itself. Never one that many may share: behind
    /// loopback, a gateway or a bridge stand people who have nothing to do with each other.
    pub(in crate::node) fn is_a_nest(&self, ip: IpAddr, ladder: &[Duration; 3], now: Time) -> bool {
        let ip = host(ip);
        if group(ip).is_none() || self.is_address_banned(&ip, now) {
            return false;
        }
        let lately = ladder.iter().max().copied().unwrap_or_default();
        let from = self.peers.entries.values().filter(|ban| ban.from == Some(ip) && now.since(ban.since) <= lately);
        from.take(BANNED_IDS_PER_ADDRESS + 1).count() > BANNED_IDS_PER_ADDRESS
    }

    /// Whether a node id is banned at this moment.
    pub(in crate::node) fn is_banned(&self, peer: &Address, now: Time) -> bool {
        self.peers.is_banned(peer, now)
    }

    /// Whether an IP address is banned at this moment.
    pub(in crate::node) fn is_address_banned(&self, ip: &IpAddr, now: Time) -> bool {
        self.addresses.is_banned(&host(*ip), now)
    }

    /// Ends the ban of a node id if it is over. True if it ended.
    pub(super) fn end(&mut self, peer: &Address, now: Time) -> bool {
        self.peers.end(peer, now)
    }

    /// Ends the ban of an IP address if it is over. True if it ended.
    pub(super) fn end_address(&mut self, ip: &IpAddr, now: Time) -> bool {
        self.addresses.end(&host(*ip), now)
    }

    /// Ends the ban of a node id now. True if there was one.
    pub(super) fn lift(&mut self, peer: &Address) -> bool {
        self.peers.lift(peer)
    }

    /// Ends the ban of an IP address now. True if there was one.
    pub(super) fn lift_address(&mut self, ip: &IpAddr) -> bool {
        self.addresses.lift(&host(*ip))
    }

    /// The IP addresses that are banned at this moment, in order.
    pub(in crate::node) fn addresses(&self, now: Time) -> Arc<[IpAddr]> {
        let active = self.addresses.entries.iter().filter(|(_, ban)| ban.active && now < ban.until);
        active.map(|(ip, _)| *ip).collect()
    }

    /// How many are kept: node ids, IP addresses.
    pub(in crate::node) fn len(&self) -> (usize, usize) {
        (self.peers.entries.len(), self.addresses.entries.len())
    }
}

#[cfg(test)]
#[path = "bans_tests.rs"]
mod tests;
