//! What is known of each transaction heard of lately: whether it has been here, whether it is being asked for, and which peers have it. One
//! entry answers all of that, so that an announcement costs one look-up.
//!
//! Two generations: new entries go into the young one; when it is full or old it becomes the old one, and the old one is forgotten. An
//! entry thus stays at least half of [`SEEN_TIME`], unless more than half of [`SEEN_IDS`] newer ones came meanwhile. What is being asked
//! for is not forgotten.

use super::limits::{SEEN_IDS, SEEN_TIME, USUAL_PEERS};
use super::{ConnectionId, Time};
use crate::chain::TxId;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Peers that have it, in the order in which that became known. Those that left stay: their numbers never come back.
    pub(super) holders: Vec<ConnectionId>,
    pub(super) status: Status,
}

/// Whether a transaction has been here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    /// It has been here: good or bad, it is not fetched again.
    #[default]
    Seen,
    /// It is being asked of this peer, and must have come by then.
    Asked(ConnectionId, Time),
}

impl Entry {
    /// Notes that a peer has it; false if that was known.
    pub(super) fn add_holder(&mut self, connection: ConnectionId) -> bool {
        let new = !self.holders.contains(&connection);
        if new {
            if self.holders.capacity() == 0 {
                // In the end most peers have it: one allocation for them all.
                self.holders.reserve_exact(USUAL_PEERS);
            }
            self.holders.push(connection);
        }
        new
    }

    /// Notes who brought it, if anybody did.
    fn holds(&mut self, from: Option<ConnectionId>) {
        if let Some(from) = from {
            self.add_holder(from);
        }
    }
}

/// Transactions heard of lately.
pub(super) struct Inventory {
    young: BTreeMap<TxId, Entry>,
    old: BTreeMap<TxId, Entry>,
    since: Time,
    /// Those being asked for.
    asked: BTreeSet<TxId>,
}

impl Inventory {
    /// Empty.
    pub(super) fn new(now: Time) -> Self {
        Self { young: BTreeMap::new(), old: BTreeMap::new(), since: now, asked: BTreeSet::new() }
    }

    /// What is known of a transaction, if anything.
    pub(super) fn get_mut(&mut self, id: &TxId) -> Option<&mut Entry> {
        match self.young.get_mut(id) {
            Some(entry) => Some(entry),
            None => self.old.get_mut(id),
        }
    }

    /// What is known of a transaction; from now on at least that it was here.
    pub(super) fn entry(&mut self, id: TxId, now: Time) -> &mut Entry {
        // First, so that what is known moves as a whole and is not begun anew.
        self.turn(now);
        if self.old.contains_key(&id) {
            return self.old.entry(id).or_default();
        }
        self.young.entry(id).or_default()
    }

    /// Notes that a transaction is here, which `from` has (`None`: it was submitted): of whom it was being asked, if of anyone, and until
    /// when; and whether it is new.
    pub(super) fn arrive(&mut self, id: TxId, from: Option<ConnectionId>, now: Time) -> (Option<(ConnectionId, Time)>, bool) {
        if let Some(entry) = self.get_mut(&id) {
            entry.holds(from);
            return match std::mem::take(&mut entry.status) {
                Status::Seen => (None, false),
                Status::Asked(of, until) => {
                    self.asked.remove(&id);
                    (Some((of, until)), true)
                }
            };
        }
        let entry = self.entry(id, now);
        entry.holds(from);
        (None, true)
    }

    /// Notes that a transaction is being asked of a peer, and must have come by `until`.
    pub(super) fn ask(&mut self, id: TxId, of: ConnectionId, until: Time, now: Time) {
        let entry = self.entry(id, now);
        entry.status = Status::Asked(of, until);
        entry.add_holder(of);
        self.asked.insert(id);
    }

    /// Of whom a transaction is being asked, and until when.
    pub(super) fn asked(&mut self, id: &TxId) -> Option<(ConnectionId, Time)> {
        match self.get_mut(id)?.status {
            Status::Asked(of, until) => Some((of, until)),
            Status::Seen => None,
        }
    }

    /// Those being asked for, in order.
    pub(super) fn all_asked(&self) -> impl Iterator<Item = &TxId> {
        self.asked.iter()
    }

    /// Of how many transactions something is known.
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Forgets a transaction: what was dropped unseen may come again.
    pub(super) fn forget(&mut self, id: &TxId) {
        self.young.remove(id);
        self.old.remove(id);
        self.asked.remove(id);
    }

    /// Begins a new generation when it is time.
    fn turn(&mut self, now: Time) {
        if self.young.len() >= SEEN_IDS / 2 || now.since(self.since) > SEEN_TIME / 2 {
            let forgotten = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            self.young.extend(forgotten.into_iter().filter(|(_, entry)| entry.status != Status::Seen));
            self.since = now;
        }
    }
}

#[cfg(test)]
#[path = "inventory_tests.rs"]
mod tests;
