//! Addresses that nobody dials just now: those that may be dialled, in an order of chance, and those that may not yet, by time.

use crate::node::Time;
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// Of what kind an idle address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From the bootstrap list.
    Bootstrap,
    /// Never answered us.
    New,
    /// Answered once.
    Tried,
}

/// Addresses without link or dial. Each has a random ticket: a walk from a random ticket on is a fair draw, in no more steps than it
/// takes addresses.
#[derive(Default)]
pub(super) struct Idle {
    /// Bootstrap addresses by when they may be dialled.
    bootstrap: BTreeSet<(Time, SocketAddr)>,
    /// Others that may not be dialled yet.
    waiting: BTreeSet<(Time, SocketAddr)>,
    /// Others that may, by ticket.
    new: BTreeSet<(u64, SocketAddr)>,
    tried: BTreeSet<(u64, SocketAddr)>,
}

impl Idle {
    /// One is idle now, and may be dialled at `next`.
    pub(super) fn insert(&mut self, kind: Kind, next: Time, address: SocketAddr) {
        match kind {
            Kind::Bootstrap => self.bootstrap.insert((next, address)),
            Kind::New | Kind::Tried => self.waiting.insert((next, address)),
        };
    }

    /// One is not idle any more, or changes.
    pub(super) fn remove(&mut self, kind: Kind, next: Time, ticket: u64, address: SocketAddr) {
        match kind {
            Kind::Bootstrap => {
                self.bootstrap.remove(&(next, address));
            }
            Kind::New | Kind::Tried => {
                if !self.waiting.remove(&(next, address)) {
                    self.new.remove(&(ticket, address));
                    self.tried.remove(&(ticket, address));
                }
            }
        }
    }

    /// Takes out one whose time has come; it goes to the others that may be dialled.
    pub(super) fn ripen(&mut self, now: Time, about: impl Fn(&SocketAddr) -> Option<(Kind, u64)>) {
        while let Some((next, address)) = self.waiting.first().copied().filter(|(next, _)| *next <= now) {
            self.waiting.remove(&(next, address));
            match about(&address) {
                Some((Kind::Tried, ticket)) => self.tried.insert((ticket, address)),
                Some((_, ticket)) => self.new.insert((ticket, address)),
                None => continue,
            };
        }
    }

    /// Bootstrap addresses that may be dialled, longest due first.
    pub(super) fn bootstrap(&self, now: Time) -> impl Iterator<Item = SocketAddr> + '_ {
        self.bootstrap.iter().take_while(move |(next, _)| *next <= now).map(|(_, address)| *address)
    }

    /// Ripe addresses of one kind, each once, from a random ticket on.
    pub(super) fn draw(&self, kind: Kind, from: u64) -> impl Iterator<Item = SocketAddr> + '_ {
        let set = if kind == Kind::Tried { &self.tried } else { &self.new };
        let start = (from, SocketAddr::from(([0, 0, 0, 0], 0)));
        set.range(start..).chain(set.range(..start)).map(|(_, address)| *address)
    }

    /// How many of a kind are ripe.
    pub(super) fn ripe(&self, kind: Kind) -> usize {
        if kind == Kind::Tried { self.tried.len() } else { self.new.len() }
    }

    /// How many are idle.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.bootstrap.len() + self.waiting.len() + self.new.len() + self.tried.len()
    }

    /// When the next may be dialled that may not yet.
    pub(super) fn next(&self, now: Time) -> Option<Time> {
        let after = (Time(now.0.saturating_add(1)), SocketAddr::from(([0, 0, 0, 0], 0)));
        let bootstrap = self.bootstrap.range(after..).next();
        let waiting = self.waiting.range(after..).next();
        [bootstrap, waiting].into_iter().flatten().map(|(next, _)| *next).min()
    }
}
