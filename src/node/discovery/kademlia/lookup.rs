//! One look-up: from the closest nodes known to the closest that there are (Maymounkov & Mazières 2002, section 2.3).
//!
//! [`ALPHA`] nodes are asked at a time, always the closest that were not asked yet; it ends when the [`BUCKET`] closest have answered,
//! or, when one node is sought, with its record. What hostile answers can do is bounded: so many candidates, so many questions, so many
//! candidates of one network.

use super::table::{Distance, distance};
use crate::chain::Address;
use crate::node::discovery::book::scope::subnet;
use crate::node::limits::{ALPHA, BUCKET, LOOKUP_CANDIDATES, LOOKUP_QUESTIONS, TABLE_OF_ONE_SUBNET};
use crate::wire::NodeRecord;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What a look-up is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Purpose {
    /// To get to know the nodes around an id.
    Refresh,
    /// To find one node's record.
    Find,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Asking,
    Answered,
    Failed,
}

struct Candidate {
    node: Address,
    /// Its address, signed; `None` for a peer whose record we do not have: it can be asked over its link alone.
    record: Option<NodeRecord>,
    state: State,
}

/// One look-up under way.
pub(in crate::node) struct Lookup {
    pub(in crate::node) target: Address,
    pub(in crate::node) purpose: Purpose,
    candidates: BTreeMap<Distance, Candidate>,
    asking: usize,
    /// Questions put so far.
    pub(in crate::node) asked: usize,
    /// Questions that were answered.
    pub(in crate::node) answered: usize,
    /// Questions that came to nothing.
    pub(in crate::node) failed: usize,
    /// The record sought, and after how many rounds it came.
    pub(in crate::node) found: Option<(NodeRecord, usize)>,
    /// Whether it brought something that we did not know.
    pub(in crate::node) fruitful: bool,
}

impl Lookup {
    pub(in crate::node) fn new(target: Address, purpose: Purpose) -> Self {
        Self {
            target,
            purpose,
            candidates: BTreeMap::new(),
            asking: 0,
            asked: 0,
            answered: 0,
            failed: 0,
            found: None,
            fruitful: false,
        }
    }

    /// Rounds so far: [`ALPHA`] questions that have ended, one way or the other, make one.
    pub(in crate::node) fn rounds(&self) -> usize {
        (self.answered + self.failed).div_ceil(ALPHA)
    }

    /// Someone who may be asked, or may be who is sought. A record's signature has been checked.
    pub(in crate::node) fn offer(&mut self, node: Address, record: Option<NodeRecord>) {
        if let Some(record) = record.filter(|_| node == self.target && self.found.is_none()) {
            self.found = Some((record, self.rounds()));
        }
        let key = distance(&self.target, &node);
        if let Some(known) = self.candidates.get_mut(&key) {
            known.record = match (known.record, record) {
                (Some(old), Some(new)) if new.sequence > old.sequence => Some(new),
                (old, new) => old.or(new),
            };
            return;
        }
        if record.is_some_and(|record| self.is_crowded(&record)) {
            return;
        }
        self.candidates.insert(key, Candidate { node, record, state: State::Fresh });
        if self.candidates.len() > LOOKUP_CANDIDATES {
            let farthest =
                self.candidates.iter().rev().find(|(_, candidate)| candidate.state == State::Fresh).map(|(key, _)| *key);
            farthest.map(|key| self.candidates.remove(&key));
        }
    }

    /// Whether enough of its neighbours in the network are candidates.
    fn is_crowded(&self, record: &NodeRecord) -> bool {
        let Some(of) = subnet(IpAddr::from(record.ip)) else { return false };
        let records = self.candidates.values().filter_map(|candidate| candidate.record);
        records.filter(|other| subnet(IpAddr::from(other.ip)) == Some(of)).count() >= TABLE_OF_ONE_SUBNET
    }

    /// Whom to ask now, if anybody: to be followed by [`Lookup::asking`] or [`Lookup::failed`].
    pub(in crate::node) fn next(&self) -> Option<(Address, Option<NodeRecord>)> {
        if self.asking >= ALPHA || self.asked >= LOOKUP_QUESTIONS || self.is_found() {
            return None;
        }
        let closest = self.candidates.values().filter(|candidate| candidate.state != State::Failed).take(BUCKET);
        closest.into_iter().find(|candidate| candidate.state == State::Fresh).map(|candidate| (candidate.node, candidate.record))
    }

    /// A question goes to this one.
    pub(in crate::node) fn asking(&mut self, node: &Address) {
        if self.set(node, State::Fresh, State::Asking) {
            self.asking += 1;
            self.asked += 1;
        }
    }

    /// It answered; what it told is offered after this, and counts for the round of its answer.
    pub(in crate::node) fn answered(&mut self, node: &Address) {
        if self.set(node, State::Asking, State::Answered) {
            self.asking = self.asking.saturating_sub(1);
            self.answered += 1;
        }
    }

    /// It did not answer, or cannot be asked.
    pub(in crate::node) fn failed(&mut self, node: &Address) {
        if self.set(node, State::Asking, State::Failed) {
            self.asking = self.asking.saturating_sub(1);
            self.failed += 1;
        } else {
            self.set(node, State::Fresh, State::Failed);
        }
    }

    fn set(&mut self, node: &Address, from: State, to: State) -> bool {
        match self.candidates.get_mut(&distance(&self.target, node)) {
            Some(candidate) if candidate.state == from => {
                candidate.state = to;
                true
            }
            _ => false,
        }
    }

    fn is_found(&self) -> bool {
        self.purpose == Purpose::Find && self.found.is_some()
    }

    /// Whether there is nothing more to ask, and nothing to wait for.
    pub(in crate::node) fn is_done(&self) -> bool {
        self.is_found() || (self.asking == 0 && self.next().is_none())
    }
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
