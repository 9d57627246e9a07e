//! Orders over the queues of a pool, each kept from the first time that it is wanted: a node that does not mine never asks for the best,
//! and a pool that is never full never evicts, so most pools of a large network keep neither.

use super::queue::Queue;
use crate::chain::Address;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A head that could be mined now, the best first: by fee, then by arrival.
pub(super) type Head = (Reverse<u64>, u64, Address);
/// The tail of a queue, the first to be evicted first: by worth, then the latest.
pub(super) type Tail = (u64, Reverse<u64>, Address);

fn head(address: &Address, queue: &Queue) -> Option<Head> {
    queue.head().map(|(fee, arrival)| (Reverse(fee), arrival, *address))
}

fn tail(address: &Address, queue: &Queue) -> Option<Tail> {
    queue.tail().map(|(worth, arrival)| (worth, Reverse(arrival), *address))
}

/// The orders that were wanted so far.
#[derive(Default)]
pub(super) struct Orders {
    heads: Option<BTreeSet<Head>>,
    tails: Option<BTreeSet<Tail>>,
}

impl Orders {
    /// The heads; from now on they are kept.
    pub(super) fn heads(&mut self, queues: &BTreeMap<Address, Queue>) -> &BTreeSet<Head> {
        self.heads.get_or_insert_with(|| queues.iter().filter_map(|(address, queue)| head(address, queue)).collect())
    }

    /// The tails; from now on they are kept.
    pub(super) fn tails(&mut self, queues: &BTreeMap<Address, Queue>) -> &BTreeSet<Tail> {
        self.tails.get_or_insert_with(|| queues.iter().filter_map(|(address, queue)| tail(address, queue)).collect())
    }

    /// Takes a queue out that is about to change.
    pub(super) fn leave(&mut self, address: &Address, queue: &Queue) {
        if let Some(heads) = &mut self.heads
            && let Some(head) = head(address, queue)
        {
            heads.remove(&head);
        }
        if let Some(tails) = &mut self.tails
            && let Some(tail) = tail(address, queue)
        {
            tails.remove(&tail);
        }
    }

    /// Puts it back, changed.
    pub(super) fn enter(&mut self, address: &Address, queue: &Queue) {
        if let Some(heads) = &mut self.heads {
            heads.extend(head(address, queue));
        }
        if let Some(tails) = &mut self.tails {
            tails.extend(tail(address, queue));
        }
    }
}
