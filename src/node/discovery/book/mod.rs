//! The address book: whom we could dial, and when next.
//!
//! Bootstrap addresses are kept for ever. Those heard of are *new* until they answer us, and *tried* from then on; each kind has its own
//! bound, so that a flood of new ones never pushes out one that is known to work. A new address is booked in the account of whoever told
//! of it; when there is no room the largest account loses its worst, so that a flood pushes out itself. The idea is that of Bitcoin
//! Core's address manager (Heilman et al. 2015, *Eclipse Attacks on Bitcoin's Peer-to-Peer Network*); its buckets are exact shares here.
//!
//! | File | Its story |
//! |---|---|
//! | `source` | who told of an address, in whose account it is |
//! | `scope` | which addresses are of use; networks and their groups |
//! | `entry` | what is known of one address |
//! | `index`, `shelf`, `idle` | what is found at once: the worst of a share, whose dial is due |
//! | `outcome` | what a dial and a link come to |
//! | `select` | which is dialled next: for a link, and as a feeler |
//! | `saved` | what is kept across a restart |

mod entry;
mod idle;
mod index;
mod outcome;
mod saved;
pub(in crate::node) mod scope;
mod select;
mod shelf;
mod source;

pub(in crate::node) use outcome::Ending;
pub(in crate::node) use source::Source;

use crate::chain::Address;
use crate::node::limits::{
    ADDRESSES_PER_GROUP, ADDRESSES_PER_SUBNET, ADDRESSES_PER_TELLER, BOOK_ADDRESSES, DATES_KEPT, DROPPED_ADDRESSES,
    FORMER_TELLERS, NEW_ADDRESSES, OWN_ADDRESSES, SEEN_STEP, STALE_NEW, STALE_TRIED, TRIED_ADDRESSES, TRIED_CHALLENGES,
    TRIED_PER_GROUP,
};
use crate::node::{AddressScope, Config, Time};
use crate::store::Teller;
use entry::{Entry, Link};
use idle::Kind;
use index::Index;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// The stream of the node's seed from which the book draws: apart from the node's own draws, so that neither moves the other.
const STREAM: u64 = 1;

/// An address worth telling to a peer.
pub(in crate::node) struct Known {
    pub(in crate::node) address: SocketAddr,
    pub(in crate::node) node: Address,
    pub(in crate::node) seen: Time,
}

impl Known {
    /// Only what was seen alive is passed on: hearsay of hearsay would never die out.
    fn of(address: SocketAddr, entry: &Entry) -> Option<Self> {
        let node = entry.node.filter(|_| entry.seen > Time(0))?;
        Some(Self { address, node, seen: entry.seen })
    }
}

/// The addresses that a node knows.
pub(in crate::node) struct Book {
    scope: AddressScope,
    rng: ChaCha8Rng,
    entries: BTreeMap<SocketAddr, Entry>,
    index: Index,
    /// Addresses that turned out to be our own: bounded by the ways we can be reached, and by [`OWN_ADDRESSES`].
    own: BTreeSet<SocketAddr>,
    /// Addresses dropped because they did not answer, and until when nobody can bring them back.
    dropped: BTreeMap<SocketAddr, Time>,
    /// Tried addresses that are to be tested, each with the new one that would take its place.
    challenges: BTreeMap<SocketAddr, SocketAddr>,
    /// To be dialled before all others.
    anchors: Vec<SocketAddr>,
    /// Whether anything is worth saving.
    changed: bool,
    /// When it last was for the sake of when addresses were seen.
    dated: Time,
}

impl Book {
    pub(in crate::node) fn new(config: &Config, seed: u64, now: Time) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(STREAM);
        let mut book = Self {
            scope: config.address_scope,
            rng,
            entries: BTreeMap::new(),
            index: Index::default(),
            own: BTreeSet::new(),
            dropped: BTreeMap::new(),
            challenges: BTreeMap::new(),
            anchors: Vec::new(),
            changed: false,
            dated: now,
        };
        if config.discovery.bootstrap {
            config.bootstrap.iter().for_each(|address| book.add_bootstrap(*address, now));
        }
        book
    }

    /// Changes an entry, and what is indexed of it.
    fn update<T>(&mut self, address: &SocketAddr, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let entry = self.entries.get_mut(address)?;
        self.index.remove(*address, entry);
        let result = change(entry);
        self.index.insert(*address, entry);
        Some(result)
    }

    fn insert(&mut self, address: SocketAddr, entry: Entry) {
        self.remove(&address);
        self.index.insert(address, &entry);
        self.entries.insert(address, entry);
        self.changed = true;
    }

    fn remove(&mut self, address: &SocketAddr) -> Option<Entry> {
        let entry = self.entries.remove(address)?;
        self.index.remove(*address, &entry);
        self.challenges.remove(address);
        self.changed = true;
        Some(entry)
    }

    /// An address to be dialled until it answers. One that is our own is left out.
    pub(in crate::node) fn add_bootstrap(&mut self, address: SocketAddr, now: Time) {
        let address = scope::canonical(address);
        if self.own.contains(&address) {
            return;
        }
        if !self.entries.contains_key(&address) {
            if self.entries.len() >= BOOK_ADDRESSES {
                self.drop_worst();
            }
            let ticket = self.rng.next_u64();
            self.insert(address, Entry::new(None, Source::Bootstrap.account(address.ip(), None), Time(0), now, ticket));
        }
        self.update(&address, |entry| {
            entry.bootstrap = true;
            entry.next = now;
        });
    }

    /// Whether an address is one that this node may know and dial.
    fn is_of_use(&self, address: SocketAddr) -> bool {
        self.scope.takes(&address) && !self.own.contains(&address)
    }

    /// An address heard of from `source`; true if it is new to us and was kept. `node` is who is said to be there, `seen` when it was last
    /// known alive: `Time(0)`, never.
    pub(in crate::node) fn learn(
        &mut self,
        source: &Source,
        address: SocketAddr,
        node: Option<Address>,
        seen: Time,
        now: Time,
    ) -> bool {
        let address = scope::canonical(address);
        let teller = source.account(address.ip(), node);
        if let Some(entry) = self.entries.get(&address) {
            // Told again by one with less in his account, it moves there: nobody can hold an address only to drop it. Nor can anybody
            // take it over only to drop it: it goes back to whom it came from.
            let ours = self.index.new.share(&teller);
            let room = entry.former.len() < FORMER_TELLERS || entry.former.contains(&teller);
            let moves = !entry.bootstrap && !entry.tried && room && ours.saturating_add(1) < self.index.new.share(&entry.teller);
            let seen = seen.min(now);
            let later = seen.since(entry.seen) >= SEEN_STEP;
            if moves || later || (entry.node.is_none() && node.is_some()) {
                self.update(&address, |entry| {
                    // Hearsay never replaces what we found ourselves; it only dates it.
                    entry.node = entry.node.or(node);
                    entry.seen = if later { seen } else { entry.seen };
                    if moves {
                        entry.move_to(teller);
                    }
                });
            }
            return false;
        }
        let barred = *source != Source::Inbound && self.dropped.get(&address).is_some_and(|until| *until > now);
        let fresh = now.since(seen.min(now)) <= STALE_NEW || seen == Time(0);
        if barred || !fresh || !self.is_of_use(address) {
            return false;
        }
        let ticket = self.rng.next_u64();
        self.admit(address, Entry::new(node, teller, seen, now, ticket), source.is_there())
    }

    /// Takes a new entry in, if its bounds allow it, or something worse can go; `sure`: its node is known to be there. False if not.
    fn admit(&mut self, address: SocketAddr, entry: Entry, sure: bool) -> bool {
        let crowd = self.index.crowd(address.ip());
        let leaves = crowd.and_then(|bits| self.leaves_crowd(address.ip(), bits, &entry.teller, sure));
        if crowd.is_some() && leaves.is_none() {
            return false;
        }
        // Who leaves the crowd makes room in the book, but not in another's account.
        let is_room = leaves.is_some() && self.index.new.share(&entry.teller) < ADDRESSES_PER_TELLER;
        if !is_room && !self.make_room(&entry) {
            return false;
        }
        leaves.iter().for_each(|leaves| drop(self.remove(leaves)));
        self.insert(address, entry);
        true
    }

    /// Who leaves a network that has as many addresses as it may, of which the first `bits` are common: the worst of the teller who has
    /// most there, for one who has fewer, so that nobody can take a network's places before its nodes are heard of. One that is known to
    /// be there always finds a place.
    fn leaves_crowd(&self, ip: IpAddr, bits: u32, teller: &Teller, sure: bool) -> Option<SocketAddr> {
        // Told at once, since a flood asks often; what follows looks at as many as the network may have.
        if !sure && !self.index.has_more_told(ip, teller) {
            return None;
        }
        let (first, last) = scope::span(ip, bits);
        let new = || self.entries.range(first..=last).filter(|(_, entry)| entry.kind() == Kind::New);
        let mut shares: BTreeMap<&Teller, usize> = BTreeMap::new();
        new().for_each(|(_, entry)| *shares.entry(&entry.teller).or_default() += 1);
        let share = |teller: &Teller| shares.get(teller).copied().unwrap_or(0);
        let idle = new().filter(|(_, entry)| entry.link == Link::None);
        let may_go = idle.filter(|(_, entry)| sure || share(teller).saturating_add(1) < share(&entry.teller));
        may_go
            .min_by_key(|(address, entry)| (Reverse(share(&entry.teller)), entry.worth(), **address))
            .map(|(address, _)| *address)
    }

    /// Makes room for a new entry in its teller's account and in the book. False if nothing has to give way to it.
    fn make_room(&mut self, entry: &Entry) -> bool {
        // Each round but the last sends one back to an account that is smaller.
        loop {
            let share = self.index.new.share(&entry.teller);
            let full = self.index.new.len() >= NEW_ADDRESSES || self.entries.len() >= BOOK_ADDRESSES;
            let loser = if share >= ADDRESSES_PER_TELLER {
                entry.teller.clone()
            } else if full {
                // Whoever would have the most then pays for it himself.
                let largest = self.index.new.largest().filter(|largest| share.saturating_add(1) < self.index.new.share(largest));
                largest.unwrap_or(&entry.teller).clone()
            } else {
                return true;
            };
            let own = loser == entry.teller;
            let Some(worst) = self.index.new.worst(&loser).find(|address| self.is_idle(address)) else { return false };
            // Within an account only what is worth less gives way.
            if own && self.entries.get(&worst).is_none_or(|worst| worst.worth() >= entry.worth()) {
                return false;
            }
            if !self.send_back(&worst) {
                self.remove(&worst);
                return true;
            }
        }
    }

    /// An address is to leave its account: it goes back to the last of its tellers who has less in his. False if there is none.
    fn send_back(&mut self, address: &SocketAddr) -> bool {
        let Some(entry) = self.entries.get(address) else { return false };
        let share = self.index.new.share(&entry.teller);
        let Some(at) = entry.former.iter().rposition(|former| self.index.new.share(former).saturating_add(1) < share) else {
            return false;
        };
        self.update(address, |entry| {
            entry.former.truncate(at + 1);
            entry.former.pop().into_iter().for_each(|former| entry.teller = former);
        });
        true
    }

    fn is_idle(&self, address: &SocketAddr) -> bool {
        self.entries.get(address).is_some_and(|entry| entry.link == Link::None)
    }

    /// Makes room for a bootstrap address.
    fn drop_worst(&mut self) {
        let largest = self.index.new.largest();
        let worst = largest.and_then(|teller| self.index.new.worst(teller).find(|address| self.is_idle(address)));
        if let Some(worst) = worst {
            self.remove(&worst);
        }
    }

    /// A node that dialled us says that it listens there.
    pub(in crate::node) fn met(&mut self, address: SocketAddr, node: Address, now: Time) {
        self.learn(&Source::Inbound, address, Some(node), now, now);
        self.update(&scope::canonical(address), |entry| {
            // Its IP address is proven, its port is not: whom we found there ourselves, or were set up with, no neighbour replaces.
            if entry.node.is_none() || !(entry.tried || entry.bootstrap) {
                entry.node = Some(node);
            }
            entry.seen = now;
        });
        self.note_dated(now);
    }

    /// Whoever is there is alive.
    pub(in crate::node) fn alive(&mut self, address: SocketAddr, now: Time) {
        self.update(&scope::canonical(address), |entry| entry.seen = now);
        self.note_dated(now);
    }

    /// Somebody was seen alive: among the same peers nothing else may change for weeks, and what is kept must not grow stale meanwhile.
    fn note_dated(&mut self, now: Time) {
        if now.since(self.dated) >= DATES_KEPT {
            self.dated = now;
            self.changed = true;
        }
    }

    /// The address is our own: never dial it again.
    pub(in crate::node) fn forget(&mut self, address: &SocketAddr) {
        let address = scope::canonical(*address);
        self.remove(&address);
        if self.own.len() < OWN_ADDRESSES {
            self.own.insert(address);
        }
    }

    /// The address was our own and is so no longer: whoever is there now may be told of.
    pub(in crate::node) fn disown(&mut self, address: &SocketAddr) {
        self.own.remove(&scope::canonical(*address));
    }

    /// Lets go what nobody has seen for long.
    pub(in crate::node) fn drop_stale(&mut self, now: Time) {
        self.dropped.retain(|_, until| *until > now);
        let is_stale = |entry: &Entry| {
            let patience = if entry.tried { STALE_TRIED } else { STALE_NEW };
            !entry.bootstrap && entry.link == Link::None && now.since(entry.seen.max(entry.since)) > patience
        };
        let stale: Vec<_> = self.entries.iter().filter(|(_, entry)| is_stale(entry)).map(|(address, _)| *address).collect();
        stale.iter().for_each(|address| drop(self.remove(address)));
    }

    /// Remembers that an address was dropped, until `until`.
    fn bar(&mut self, address: SocketAddr, until: Time) {
        if self.dropped.len() < DROPPED_ADDRESSES {
            self.dropped.insert(address, until);
        }
    }

    /// Whether a link with this address stands, or is being made.
    pub(in crate::node) fn is_busy(&self, address: &SocketAddr) -> bool {
        self.entries.get(&scope::canonical(*address)).is_some_and(|entry| entry.link != Link::None)
    }

    /// Whether an address is a bootstrap address.
    pub(in crate::node) fn is_bootstrap(&self, address: &SocketAddr) -> bool {
        self.entries.get(&scope::canonical(*address)).is_some_and(|entry| entry.bootstrap)
    }

    /// Whether there are bootstrap addresses.
    pub(in crate::node) fn has_bootstrap(&self) -> bool {
        self.index.bootstrap > 0
    }

    /// Dials on their way that are to become links. Feelers are not among them.
    pub(in crate::node) fn dials(&self) -> usize {
        self.index.dialling.len()
    }

    /// Addresses with a known node: those worth telling.
    pub(in crate::node) fn known(&self) -> impl Iterator<Item = Known> + '_ {
        self.entries.iter().filter_map(|(address, entry)| Known::of(*address, entry))
    }

    /// One of them, if it still is.
    pub(in crate::node) fn known_at(&self, address: &SocketAddr) -> Option<Known> {
        self.entries.get(address).and_then(|entry| Known::of(*address, entry))
    }

    /// How many of them ever answered us.
    pub(in crate::node) fn tried(&self) -> usize {
        self.index.tried.len() + self.index.bootstrap_tried
    }

    /// How many addresses are here.
    pub(in crate::node) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What is held here against its bounds: what, how many, how many at most.
    pub(in crate::node) fn budgets(&self) -> [(&'static str, usize, usize); 10] {
        let (subnet, group) = self.index.most_crowded();
        let teller = self.index.new.shares().next().map_or(0, |(share, _)| share);
        let crowd = self.index.tried.shares().find(|(_, group)| group.is_some()).map_or(0, |(share, _)| share);
        [
            ("addresses", self.entries.len(), BOOK_ADDRESSES.max(self.index.bootstrap)),
            ("addresses that were never reached", self.index.new.len(), NEW_ADDRESSES),
            ("addresses that were reached", self.index.tried.len(), TRIED_ADDRESSES),
            ("addresses of one subnet", subnet, ADDRESSES_PER_SUBNET),
            ("addresses of one network group", group, ADDRESSES_PER_GROUP),
            ("addresses from one source", teller, ADDRESSES_PER_TELLER),
            ("addresses of one network group that were reached", crowd, TRIED_PER_GROUP),
            ("addresses of our own", self.own.len(), OWN_ADDRESSES),
            ("addresses that were dropped", self.dropped.len(), DROPPED_ADDRESSES),
            ("addresses to be tested", self.challenges.len(), TRIED_CHALLENGES),
        ]
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
