//! The routing table: of every distance a few nodes that were there for long (Maymounkov & Mazières 2002, sections 2.2 to 2.4).
//!
//! Distance is the exclusive or of two ids. A bucket holds at most [`BUCKET`] nodes of the same order of distance, the one seen longest
//! ago first. A node that stays is likely to stay on, and a crowd of new ones cannot push it out: a full bucket takes a newcomer only in
//! the place of one that no longer answers.

use crate::chain::Address;
use crate::node::Time;
use crate::node::discovery::book::scope::subnet;
use crate::node::limits::{BUCKET, BUCKET_OF_ONE_SUBNET, BUCKET_PROBE, RECORD_STALE, TABLE_FAILURES, TABLE_OF_ONE_SUBNET};
use crate::wire::NodeRecord;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// How far two ids are apart: their exclusive or, as a number of 256 bits, most significant byte first.
pub(in crate::node) type Distance = [u8; 32];

/// The distance of two ids.
pub(in crate::node) fn distance(a: &Address, b: &Address) -> Distance {
    std::array::from_fn(|at| a.0[at] ^ b.0[at])
}

/// Which bucket holds what is this far away: 255 the far half of all ids, 0 the nearest neighbour; `None` for no distance at all.
fn bucket_of(distance: &Distance) -> Option<u8> {
    let at = distance.iter().position(|byte| *byte != 0)?;
    let zeros = at * 8 + distance[at].leading_zeros() as usize;
    u8::try_from(255 - zeros).ok()
}

/// What became of a node that was offered to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) enum Offered {
    /// It was not there, and is now.
    New,
    /// It was there already, and is the one seen last now.
    Known,
    /// Its bucket is full: this one there was seen longest ago, and is to be asked whether it lives.
    Full(NodeRecord),
    /// There is no place for it.
    Refused,
}

struct Entry {
    record: NodeRecord,
    /// Questions in a row that it did not answer.
    failures: u32,
}

#[derive(Default)]
struct Bucket {
    /// The one seen longest ago first.
    entries: VecDeque<Entry>,
    /// Who comes in when one of them turns out to be gone.
    waiting: Option<NodeRecord>,
    /// When one of them was last asked for the sake of a newcomer.
    probed: Option<Time>,
}

/// The nodes that look-ups begin with, and that others are told.
pub(in crate::node) struct Table {
    own: Address,
    /// By order of distance; only those that hold something.
    buckets: BTreeMap<u8, Bucket>,
    /// When a look-up last went into each.
    refreshed: BTreeMap<u8, Time>,
}

impl Table {
    pub(in crate::node) fn new(own: Address) -> Self {
        Self { own, buckets: BTreeMap::new(), refreshed: BTreeMap::new() }
    }

    /// How many nodes it holds.
    pub(in crate::node) fn len(&self) -> usize {
        self.buckets.values().map(|bucket| bucket.entries.len()).sum()
    }

    /// Most nodes in one bucket.
    pub(in crate::node) fn fullest(&self) -> usize {
        self.buckets.values().map(|bucket| bucket.entries.len()).max().unwrap_or(0)
    }

    /// The record of a node.
    pub(in crate::node) fn get(&self, node: &Address) -> Option<&NodeRecord> {
        let bucket = self.buckets.get(&bucket_of(&distance(&self.own, node))?)?;
        bucket.entries.iter().map(|entry| &entry.record).find(|record| record.node == *node)
    }

    /// A node has just shown that it is alive, and this record, whose signature was checked, is its own.
    pub(in crate::node) fn offer(&mut self, record: NodeRecord, now: Time) -> Offered {
        let Some(index) = bucket_of(&distance(&self.own, &record.node)) else { return Offered::Refused };
        let crowded = self.is_crowded(index, &record);
        // A bucket without a node would be refreshed for nothing.
        if crowded && !self.buckets.contains_key(&index) {
            return Offered::Refused;
        }
        let bucket = self.buckets.entry(index).or_default();
        if let Some(at) = bucket.entries.iter().position(|entry| entry.record.node == record.node)
            && let Some(mut entry) = bucket.entries.remove(at)
        {
            // A new address needs a place among its neighbours like any other.
            if record.sequence > entry.record.sequence && (!crowded || record.ip == entry.record.ip) {
                entry.record = record;
            }
            entry.failures = 0;
            bucket.entries.push_back(entry);
            return Offered::Known;
        }
        if crowded {
            return Offered::Refused;
        }
        let entry = Entry { record, failures: 0 };
        if bucket.entries.len() < BUCKET {
            bucket.entries.push_back(entry);
            return Offered::New;
        }
        if let Some(at) = bucket.entries.iter().position(|entry| entry.failures > 0) {
            bucket.entries.remove(at);
            bucket.entries.push_back(entry);
            return Offered::New;
        }
        // The newest newcomer waits: it is the likeliest to be still there.
        bucket.waiting = Some(record);
        match bucket.entries.front() {
            Some(oldest) if bucket.probed.is_none_or(|last| now.since(last) >= BUCKET_PROBE) => {
                bucket.probed = Some(now);
                Offered::Full(oldest.record)
            }
            _ => Offered::Refused,
        }
    }

    /// Whether too many of its neighbours in the network are here already, itself not counted: one who owns a small network must not own
    /// a bucket, still less the table.
    fn is_crowded(&self, index: u8, record: &NodeRecord) -> bool {
        let Some(of) = subnet(IpAddr::from(record.ip)) else { return false };
        let alike = |bucket: &Bucket| {
            let others = bucket.entries.iter().filter(|entry| entry.record.node != record.node);
            others.filter(|entry| subnet(IpAddr::from(entry.record.ip)) == Some(of)).count()
        };
        self.buckets.get(&index).is_some_and(|bucket| alike(bucket) >= BUCKET_OF_ONE_SUBNET)
            || self.buckets.values().map(alike).sum::<usize>() >= TABLE_OF_ONE_SUBNET
    }

    /// A node answered: it is the last to go now.
    pub(in crate::node) fn alive(&mut self, node: &Address) {
        let Some(bucket) = bucket_of(&distance(&self.own, node)).and_then(|index| self.buckets.get_mut(&index)) else { return };
        if let Some(at) = bucket.entries.iter().position(|entry| entry.record.node == *node)
            && let Some(mut entry) = bucket.entries.remove(at)
        {
            entry.failures = 0;
            bucket.entries.push_back(entry);
        }
    }

    /// A node did not answer, or was not there. It goes when another waits for its place, or when this goes on.
    pub(in crate::node) fn failed(&mut self, node: &Address) {
        let Some(index) = bucket_of(&distance(&self.own, node)) else { return };
        let Some(bucket) = self.buckets.get_mut(&index) else { return };
        let Some(at) = bucket.entries.iter().position(|entry| entry.record.node == *node) else { return };
        let Some(entry) = bucket.entries.get_mut(at) else { return };
        entry.failures = entry.failures.saturating_add(1);
        // Without another in sight it may stay: when our own line is down everybody seems gone.
        if entry.failures < TABLE_FAILURES && bucket.waiting.is_none() {
            return;
        }
        bucket.entries.remove(at);
        if let Some(next) = bucket.waiting.take()
            && !self.is_crowded(index, &next)
            && let Some(bucket) = self.buckets.get_mut(&index)
        {
            bucket.entries.push_back(Entry { record: next, failures: 0 });
        }
        self.drop_empty(index);
    }

    /// Drops the records whose signers have not renewed them for long.
    pub(in crate::node) fn expire(&mut self, clock: u64) {
        for bucket in self.buckets.values_mut() {
            bucket.entries.retain(|entry| !is_stale(&entry.record, clock));
            bucket.waiting.take_if(|record| is_stale(record, clock));
        }
        self.buckets.retain(|_, bucket| !bucket.entries.is_empty());
    }

    fn drop_empty(&mut self, index: u8) {
        if self.buckets.get(&index).is_some_and(|bucket| bucket.entries.is_empty()) {
            self.buckets.remove(&index);
        }
    }

    /// At most `most` nodes that answered when last asked, the closest to a target first.
    pub(in crate::node) fn closest(&self, target: &Address, most: usize) -> Vec<NodeRecord> {
        let answering = self.buckets.values().flat_map(|bucket| &bucket.entries).filter(|entry| entry.failures == 0);
        let mut all: Vec<_> = answering.map(|entry| (distance(target, &entry.record.node), &entry.record)).collect();
        if all.len() > most {
            all.select_nth_unstable_by_key(most, |(distance, _)| *distance);
            all.truncate(most);
        }
        all.sort_unstable_by_key(|(distance, _)| *distance);
        all.into_iter().map(|(_, record)| *record).collect()
    }

    /// The bucket into which no look-up went for longest, of those that reach as far as our nearest neighbour's: beyond it there is
    /// nobody. Its index, and when that was.
    pub(in crate::node) fn stalest(&self) -> Option<(u8, Time)> {
        let (nearest, _) = self.buckets.first_key_value()?;
        let since = |index: u8| self.refreshed.get(&index).copied().unwrap_or(Time(0));
        // The farthest first: half of all nodes are there.
        (*nearest..=u8::MAX).rev().map(|index| (index, since(index))).min_by_key(|(_, since)| *since)
    }

    /// A look-up goes to this target now.
    pub(in crate::node) fn note_refresh(&mut self, target: &Address, now: Time) {
        if let Some(index) = bucket_of(&distance(&self.own, target)) {
            self.refreshed.insert(index, now);
        }
    }

    /// An id that falls into a bucket; `random` fills what is open.
    pub(in crate::node) fn target_in(&self, index: u8, random: [u8; 32]) -> Address {
        let (byte, bit) = (usize::from(255 - index) / 8, 7 - usize::from(255 - index) % 8);
        let mut id = self.own.0;
        for (at, digit) in id.iter_mut().enumerate() {
            let open = match at.cmp(&byte) {
                std::cmp::Ordering::Less => 0,
                std::cmp::Ordering::Equal => (1u8 << bit) - 1,
                std::cmp::Ordering::Greater => u8::MAX,
            };
            *digit = (*digit & !open) | (random[at] & open);
            if at == byte {
                *digit ^= 1 << bit;
            }
        }
        Address(id)
    }
}

/// Whether a record is too old to be of use; `clock` in seconds.
pub(in crate::node) fn is_stale(record: &NodeRecord, clock: u64) -> bool {
    clock.saturating_sub(record.sequence) > RECORD_STALE.as_secs()
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
