//! Which address is dialled next.

use super::Book;
use super::idle::Kind;
use super::scope::canonical;
use crate::chain::Address;
use crate::node::Time;
use crate::node::limits::{FAILURES_WEIGHED, SELECT_DRAWS};
use rand::{Rng, RngExt};
use std::net::SocketAddr;

impl Book {
    /// The anchors that may be dialled, each once.
    pub(in crate::node) fn take_anchors(
        &mut self,
        most: usize,
        wanted: impl Fn(SocketAddr, Option<&Address>) -> bool,
    ) -> Vec<SocketAddr> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(anchor) = self.anchors.pop()
        {
            let known = self.entries.get(&anchor);
            if known.is_some_and(|entry| entry.link == super::Link::None && wanted(anchor, entry.node.as_ref())) {
                taken.push(anchor);
            }
        }
        taken
    }

    /// Bootstrap addresses that may be dialled now, those that failed least first, at most `most`.
    pub(in crate::node) fn due_bootstrap(
        &self,
        now: Time,
        most: usize,
        wanted: impl Fn(SocketAddr, Option<&Address>) -> bool,
    ) -> Vec<SocketAddr> {
        let due = self.index.idle.bootstrap(now).filter_map(|address| {
            let entry = self.entries.get(&address)?;
            wanted(address, entry.node.as_ref()).then_some((entry.failures, address))
        });
        let mut due: Vec<_> = due.collect();
        due.sort_unstable();
        due.into_iter().take(most).map(|(_, address)| address).collect()
    }

    /// An address to dial for a link: a coin says whether it is a tried or a new one, chance which of those that may be dialled, and each
    /// failure in a row takes a third of its chance.
    pub(in crate::node) fn choose(
        &mut self,
        now: Time,
        wanted: impl Fn(SocketAddr, Option<&Address>) -> bool,
    ) -> Option<SocketAddr> {
        self.ripen(now);
        let kinds = if self.rng.random_range(0..2) == 0 { [Kind::New, Kind::Tried] } else { [Kind::Tried, Kind::New] };
        kinds.into_iter().find_map(|kind| self.choose_of(kind, &wanted))
    }

    fn choose_of(&mut self, kind: Kind, wanted: impl Fn(SocketAddr, Option<&Address>) -> bool) -> Option<SocketAddr> {
        let from = self.rng.next_u64();
        let mut passed_over = None;
        for address in self.index.idle.draw(kind, from).take(SELECT_DRAWS) {
            let Some(entry) = self.entries.get(&address).filter(|entry| wanted(address, entry.node.as_ref())) else { continue };
            if (0..entry.failures.min(FAILURES_WEIGHED)).all(|_| self.rng.random_range(0..3) > 0) {
                return Some(address);
            }
            passed_over.get_or_insert(address);
        }
        passed_over
    }

    /// An address to test: a tried one whose place another wants, or else a new one.
    pub(in crate::node) fn choose_feeler(
        &mut self,
        now: Time,
        new_too: bool,
        wanted: impl Fn(SocketAddr, Option<&Address>) -> bool,
    ) -> Option<SocketAddr> {
        self.ripen(now);
        let is_due = |address: &&SocketAddr| {
            let idle = self.entries.get(*address).filter(|entry| entry.link == super::Link::None && entry.next <= now);
            idle.is_some_and(|entry| wanted(**address, entry.node.as_ref()))
        };
        let challenged = self.challenges.keys().find(is_due).copied();
        if challenged.is_some() || !new_too {
            return challenged;
        }
        self.choose_of(Kind::New, &wanted)
    }

    /// Whether a feeler is on its way, or at work.
    pub(in crate::node) fn feels(&self) -> bool {
        !self.index.feelers.is_empty()
    }

    fn ripen(&mut self, now: Time) {
        let entries = &self.entries;
        self.index.idle.ripen(now, |address| entries.get(address).map(|entry| (entry.kind(), entry.ticket)));
    }

    /// When more may be dialled than now.
    pub(in crate::node) fn next_due(&self, now: Time) -> Option<Time> {
        self.index.idle.next(now)
    }

    /// Whether there may be addresses that the last draws did not come to.
    pub(in crate::node) fn has_more(&self) -> bool {
        self.index.idle.ripe(Kind::New) > SELECT_DRAWS || self.index.idle.ripe(Kind::Tried) > SELECT_DRAWS
    }

    /// Addresses that are being dialled for a link.
    pub(in crate::node) fn dialled(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.index.dialling.iter().copied()
    }

    /// Whether a feeler is on its way to an address.
    pub(in crate::node) fn is_felt(&self, address: SocketAddr) -> bool {
        self.index.feelers.contains(&canonical(address))
    }

    /// Who is at an address, as far as known.
    pub(super) fn node_at(&self, address: SocketAddr) -> Option<Address> {
        self.entries.get(&canonical(address))?.node
    }
}
