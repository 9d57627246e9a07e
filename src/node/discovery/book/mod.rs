//! The address book: whom we could dial, and when next.
//!
//! Bootstrap addresses are kept for ever and dialled until they answer; those heard of from peers are dropped when they fail too often.

mod source;

pub(in crate::node) use source::Source;

use crate::chain::Address;
use crate::node::limits::{BOOK_ADDRESSES, DIAL_FAILURES, REFUSED_REDIAL};
use crate::node::{ConnectionId, Time, Timing};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// What is going on with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    None,
    Dialling,
    Connected(ConnectionId),
}

struct Entry {
    bootstrap: bool,
    /// Who was found there, or is said to be.
    node: Option<Address>,
    /// Dials that failed, and links that soon broke, in a row.
    failures: u32,
    /// Not to be dialled before.
    next: Time,
    link: Link,
    /// When it was last known alive.
    seen: Time,
    /// Whether it was ever connected to.
    tried: bool,
}

/// An address worth telling to a peer.
pub(in crate::node) struct Known {
    pub(in crate::node) address: SocketAddr,
    pub(in crate::node) node: Address,
    pub(in crate::node) seen: Time,
}

/// The addresses that a node knows.
pub(in crate::node) struct Book {
    entries: BTreeMap<SocketAddr, Entry>,
    /// Addresses that turned out to be our own: bounded by the ways we can be reached, and by [`OWN_ADDRESSES`].
    own: BTreeSet<SocketAddr>,
}

/// Own addresses remembered: a machine has few, a liar may claim many.
const OWN_ADDRESSES: usize = 64;

impl Book {
    pub(in crate::node) fn new(bootstrap: &[SocketAddr], now: Time) -> Self {
        let mut book = Self { entries: BTreeMap::new(), own: BTreeSet::new() };
        bootstrap.iter().for_each(|address| book.add_bootstrap(*address, now));
        book
    }

    /// An address to be dialled until it answers.
    pub(in crate::node) fn add_bootstrap(&mut self, address: SocketAddr, now: Time) {
        let fresh = Entry { bootstrap: true, node: None, failures: 0, next: now, link: Link::None, seen: Time(0), tried: false };
        let entry = self.entries.entry(address).or_insert(fresh);
        entry.bootstrap = true;
        entry.next = now;
    }

    /// An address heard of from `source`; true if it was new. `node` is who is said to be there, `seen` when it was last known alive:
    /// `Time(0)`, never.
    pub(in crate::node) fn learn(
        &mut self,
        source: &Source,
        address: SocketAddr,
        node: Option<Address>,
        seen: Time,
        now: Time,
    ) -> bool {
        tracing::trace!(?source, %address, "an address was heard of");
        if self.own.contains(&address) {
            return false;
        }
        if let Some(entry) = self.entries.get_mut(&address) {
            // Hearsay never replaces what we found ourselves; it only dates it.
            entry.node = entry.node.or(node);
            entry.seen = entry.seen.max(seen.min(now));
            return false;
        }
        if self.entries.len() >= BOOK_ADDRESSES && !self.drop_worst() {
            return false;
        }
        let entry = Entry { bootstrap: false, node, failures: 0, next: now, link: Link::None, seen: seen.min(now), tried: false };
        self.entries.insert(address, entry);
        true
    }

    /// Makes room: the idle address with most failures, seen longest ago. False if there is none.
    fn drop_worst(&mut self) -> bool {
        let idle = self.entries.iter().filter(|(_, entry)| !entry.bootstrap && entry.link == Link::None);
        let worst =
            idle.max_by_key(|(address, entry)| (entry.failures, std::cmp::Reverse(entry.seen), **address)).map(|(a, _)| *a);
        worst.is_some_and(|address| self.entries.remove(&address).is_some())
    }

    /// We shook hands with `node`, which listens there.
    pub(in crate::node) fn met(&mut self, address: SocketAddr, node: Address, now: Time) {
        self.learn(&Source::Inbound, address, Some(node), now, now);
        if let Some(entry) = self.entries.get_mut(&address) {
            entry.node = Some(node);
            entry.seen = now;
        }
    }

    /// A dial went out.
    pub(in crate::node) fn dialling(&mut self, address: SocketAddr) {
        if let Some(entry) = self.entries.get_mut(&address) {
            entry.link = Link::Dialling;
        }
    }

    /// A dial succeeded; `node` is there.
    pub(in crate::node) fn connected(&mut self, address: SocketAddr, connection: ConnectionId, node: Address) {
        if let Some(entry) = self.entries.get_mut(&address) {
            entry.link = Link::Connected(connection);
            entry.node = Some(node);
            entry.tried = true;
        }
    }

    /// The address is our own: never dial it again.
    pub(in crate::node) fn forget(&mut self, address: &SocketAddr) {
        self.entries.remove(address);
        if self.own.len() < OWN_ADDRESSES {
            self.own.insert(*address);
        }
    }

    /// The node there is on another chain or version: it will hardly change its mind soon.
    pub(in crate::node) fn refused(&mut self, address: SocketAddr, now: Time) {
        if let Some(entry) = self.entries.get_mut(&address) {
            entry.next = now + REFUSED_REDIAL;
        }
    }

    /// A dial failed: when it may be dialled again, or `None` if it was dropped.
    pub(in crate::node) fn failed(
        &mut self,
        address: SocketAddr,
        now: Time,
        timing: &Timing,
        rng: &mut ChaCha8Rng,
    ) -> Option<Duration> {
        let entry = self.entries.get_mut(&address)?;
        entry.link = Link::None;
        entry.failures = entry.failures.saturating_add(1);
        if !entry.bootstrap && entry.failures >= DIAL_FAILURES {
            self.entries.remove(&address);
            return None;
        }
        let wait = back_off(entry.failures - 1, timing, rng);
        entry.next = entry.next.max(now + wait);
        Some(entry.next.since(now))
    }

    /// A link that we dialled ended. How long until it may be dialled again.
    pub(in crate::node) fn ended(
        &mut self,
        address: SocketAddr,
        healthy: bool,
        now: Time,
        timing: &Timing,
        rng: &mut ChaCha8Rng,
    ) -> Duration {
        let Some(entry) = self.entries.get_mut(&address) else { return timing.redial.1 };
        entry.link = Link::None;
        entry.failures = if healthy { 0 } else { entry.failures.saturating_add(1) };
        let wait = back_off(entry.failures.saturating_sub(1), timing, rng);
        entry.next = entry.next.max(now + wait);
        entry.next.since(now)
    }

    /// Whether a link with this address stands, or is being made.
    pub(in crate::node) fn is_busy(&self, address: &SocketAddr) -> bool {
        self.entries.get(address).is_some_and(|entry| entry.link != Link::None)
    }

    /// Addresses that may be dialled now, bootstrap ones first; `skip` says whose are not wanted.
    pub(in crate::node) fn due(&self, now: Time, skip: impl Fn(&Address) -> bool) -> Vec<SocketAddr> {
        let mut due: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.link == Link::None && entry.next <= now && !entry.node.as_ref().is_some_and(&skip))
            .map(|(address, entry)| (!entry.bootstrap, entry.failures, *address))
            .collect();
        due.sort_unstable();
        due.into_iter().map(|(_, _, address)| address).collect()
    }

    /// Whether an address is a bootstrap address.
    pub(in crate::node) fn is_bootstrap(&self, address: &SocketAddr) -> bool {
        self.entries.get(address).is_some_and(|entry| entry.bootstrap)
    }

    /// Whether there are bootstrap addresses.
    pub(in crate::node) fn has_bootstrap(&self) -> bool {
        self.entries.values().any(|entry| entry.bootstrap)
    }

    /// When the next address becomes due, after now.
    pub(in crate::node) fn next_due(&self, now: Time) -> Option<Time> {
        self.entries.values().filter(|entry| entry.link == Link::None && entry.next > now).map(|entry| entry.next).min()
    }

    /// Dials on their way.
    pub(in crate::node) fn dials(&self) -> usize {
        self.entries.values().filter(|entry| entry.link == Link::Dialling).count()
    }

    /// Addresses with a known node: those worth telling.
    pub(in crate::node) fn known(&self) -> impl Iterator<Item = Known> + '_ {
        self.entries.iter().filter_map(|(address, entry)| {
            // Only what was seen alive is passed on: hearsay of hearsay would never die out.
            let node = entry.node.filter(|_| entry.seen > Time(0))?;
            Some(Known { address: *address, node, seen: entry.seen })
        })
    }

    /// How many of them were ever connected to.
    pub(in crate::node) fn tried(&self) -> usize {
        self.entries.values().filter(|entry| entry.tried).count()
    }

    /// How many addresses are here.
    pub(in crate::node) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Doubling from the first pause to the longest, with up to half of it taken off by chance, so that nodes that lost the same peer do
/// not all come back at the same moment.
fn back_off(failures: u32, timing: &Timing, rng: &mut ChaCha8Rng) -> Duration {
    let (first, longest) = timing.redial;
    let pause = first.saturating_mul(1u32.checked_shl(failures).unwrap_or(u32::MAX)).min(longest);
    let micros = pause.as_micros() as u64;
    Duration::from_micros(micros - rng.random_range(0..=micros / 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn address(n: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], n))
    }

    #[test]
    fn the_back_off_doubles_up_to_its_longest() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (first, longest) = Timing::LAB.redial;
        for failures in [0, 1, 2, 3, 10, 31, 32, u32::MAX] {
            let full = first.saturating_mul(1u32.checked_shl(failures).unwrap_or(u32::MAX)).min(longest);
            let wait = back_off(failures, &Timing::LAB, &mut rng);
            assert!(wait <= full && wait >= full / 2, "{failures}: {wait:?} of {full:?}");
        }
    }

    #[test]
    fn a_bootstrap_address_is_never_dropped_and_a_learned_one_is() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut book = Book::new(&[address(1)], Time(0));
        assert!(book.learn(&Source::Inbound, address(2), Some(Address([2; 32])), Time(0), Time(0)));
        for failure in 1..=20 {
            assert!(book.failed(address(1), Time(0), &Timing::LAB, &mut rng).is_some());
            let learned = book.failed(address(2), Time(0), &Timing::LAB, &mut rng);
            assert_eq!(learned.is_some(), failure < DIAL_FAILURES);
        }
        assert_eq!(book.len(), 1);
    }

    #[test]
    fn our_own_address_does_not_come_back() {
        let mut book = Book::new(&[], Time(0));
        assert!(book.learn(&Source::Inbound, address(1), Some(Address([1; 32])), Time(0), Time(0)));
        book.forget(&address(1));
        assert!(!book.learn(&Source::Inbound, address(1), Some(Address([1; 32])), Time(0), Time(0)));
        assert!(book.due(Time(1), |_| false).is_empty());
    }

    #[test]
    fn the_book_is_bounded_and_the_worst_goes() {
        let mut book = Book::new(&[address(1)], Time(0));
        for n in 0..BOOK_ADDRESSES as u32 + 100 {
            let address = SocketAddr::from((std::net::Ipv4Addr::from(n + (10 << 24)), 8080));
            book.learn(&Source::Inbound, address, Some(Address([1; 32])), Time(u64::from(n) + 1), Time(u64::MAX));
        }
        assert_eq!(book.len(), BOOK_ADDRESSES);
        assert!(book.is_bootstrap(&address(1)));
    }
}
