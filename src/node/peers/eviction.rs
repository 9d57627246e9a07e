//! Who gives way when every inbound slot is taken and a newcomer knocks: a pure function over what is known of those who hold one.
//!
//! Whoever fills our slots must not be able to push out all that are of use, however many addresses he has. So some are protected by
//! each of several things that are hard to have all at once: a short way, blocks and transactions that were news, a good name, a
//! network of its own, and time. Of what remains, the youngest of the largest network goes. (The idea is that of Bitcoin Core's
//! `AttemptToEvictConnection`.)

use super::health::SICK;
use crate::node::discovery::book::scope::Group;
use crate::node::limits::{PROTECTED_SHARE, TOO_YOUNG};
use crate::node::{ConnectionId, Direction, Time};
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A group's place in an order that only this node knows: nobody can choose addresses that come first in it.
fn place(group: Option<Group>, salt: u64) -> u64 {
    let bytes = match group {
        None => [0; 5],
        Some(Group::V4([a, b])) => [4, a, b, 0, 0],
        Some(Group::V6([a, b, c, d])) => [6, a, b, c, d],
    };
    let hash = Sha256::new().chain_update(salt.to_le_bytes()).chain_update(bytes).finalize();
    hash.iter().take(8).fold(0, |place, byte| place << 8 | u64::from(*byte))
}

/// What is known of one who holds a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) struct Candidate {
    pub(in crate::node) connection: ConnectionId,
    pub(in crate::node) direction: Direction,
    /// Its network group; all in a network of one's own share `None`.
    pub(in crate::node) group: Option<Group>,
    /// When it connected.
    pub(in crate::node) since: Time,
    /// Its smoothed round trip, once measured.
    pub(in crate::node) rtt: Option<Duration>,
    /// When it last brought a block that was news.
    pub(in crate::node) block: Option<Time>,
    /// When it last brought a transaction that was news.
    pub(in crate::node) transaction: Option<Time>,
    /// In hundredths.
    pub(in crate::node) reputation: i32,
    /// In percent.
    pub(in crate::node) health: u8,
}

/// Who is to give way, if anybody: never one that we dialled, one that is protected, or one too young to be judged.
pub(in crate::node) fn gives_way(candidates: &[Candidate], salt: u64, now: Time) -> Option<ConnectionId> {
    let mut inbound: Vec<_> = candidates.iter().filter(|one| one.direction == Direction::Inbound).copied().collect();
    inbound.sort_unstable_by_key(|one| one.connection);
    let share = (inbound.len() / PROTECTED_SHARE).max(1);

    let mut left = inbound;
    protect(&mut left, share, |one| one.block.map(Reverse));
    protect(&mut left, share, |one| one.transaction.map(Reverse));
    protect(&mut left, share, |one| (one.reputation > 0).then_some(Reverse(one.reputation)));
    // Who hardly serves is not kept for being near, alone or old.
    let sick = |one: &Candidate| one.health < SICK;
    protect(&mut left, share, |one| one.rtt.filter(|_| !sick(one)));
    protect_networks(&mut left, share, salt, sick);
    let half = left.len() / 2;
    protect(&mut left, half, |one| (!sick(one)).then_some(one.since));

    left.retain(|one| now.since(one.since) >= TOO_YOUNG);
    let mut networks: BTreeMap<Option<Group>, Vec<&Candidate>> = BTreeMap::new();
    left.iter().for_each(|one| networks.entry(one.group).or_default().push(one));
    let youngest = |network: &Vec<&Candidate>| network.iter().map(|one| (one.since, one.connection)).max();
    let largest = networks.values().max_by_key(|network| (network.len(), youngest(network)))?;
    youngest(largest).map(|(_, connection)| connection)
}

/// Takes out the first `count` by a key; those without one are not protected.
fn protect<K: Ord>(left: &mut Vec<Candidate>, count: usize, key: impl Fn(&Candidate) -> Option<K>) {
    let mut ranked: Vec<_> = left.iter().filter_map(|one| Some((key(one)?, one.since, one.connection))).collect();
    ranked.sort_unstable();
    let safe: BTreeSet<_> = ranked.into_iter().take(count).map(|(_, _, connection)| connection).collect();
    left.retain(|one| !safe.contains(&one.connection));
}

/// Takes out the oldest one of each of `count` networks.
fn protect_networks(left: &mut Vec<Candidate>, count: usize, salt: u64, sick: impl Fn(&Candidate) -> bool) {
    let mut oldest: BTreeMap<Option<Group>, (Time, ConnectionId)> = BTreeMap::new();
    for one in left.iter().filter(|one| !sick(one)) {
        let first = oldest.entry(one.group).or_insert((one.since, one.connection));
        *first = (*first).min((one.since, one.connection));
    }
    let mut ranked: Vec<_> = oldest.into_iter().map(|(group, (_, connection))| (place(group, salt), connection)).collect();
    ranked.sort_unstable();
    let safe: BTreeSet<_> = ranked.into_iter().take(count).map(|(_, connection)| connection).collect();
    left.retain(|one| !safe.contains(&one.connection));
}

#[cfg(test)]
#[path = "eviction_tests.rs"]
mod tests;
