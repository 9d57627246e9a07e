//! What finding and keeping peers has come to: counts since the start, for people.

use crate::node::NamedCount;
use std::borrow::Cow;

/// Counts since the start. Each has its name in [`Counts::named`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::node) struct Counts {
    /// Dials that went out to addresses of the bootstrap list, the first to each included.
    pub(in crate::node) bootstrap_dials: u64,
    /// Dials to those of them that had been dialled before.
    pub(in crate::node) bootstrap_again: u64,
    /// Links that were lost, and came up again with the same peer.
    pub(in crate::node) links_recovered: u64,
    /// Links that were lost, and were replaced by one with another peer.
    pub(in crate::node) links_replaced: u64,
    /// Times that peers became fewer than wanted.
    pub(in crate::node) shortages: u64,
    /// How often they became enough again.
    pub(in crate::node) shortages_ended: u64,
    /// How long those shortages lasted together, in milliseconds.
    pub(in crate::node) shortage_time: u64,
    /// Inbound peers that gave way to a newcomer.
    pub(in crate::node) evicted: u64,
    /// Newcomers for whom there was no slot.
    pub(in crate::node) refused: u64,
    /// Links that served nobody and were ended while slots were scarce.
    pub(in crate::node) idle: u64,
}

impl Counts {
    /// Every count with its name, in an order that never changes.
    pub(in crate::node) fn named(&self) -> Vec<NamedCount> {
        let all = [
            ("bootstrap dials", self.bootstrap_dials),
            ("bootstrap dialled again", self.bootstrap_again),
            ("links recovered", self.links_recovered),
            ("links replaced", self.links_replaced),
            ("shortages of peers", self.shortages),
            ("shortages ended", self.shortages_ended),
            ("shortage in ms", self.shortage_time),
            ("evicted for a newcomer", self.evicted),
            ("refused for want of a slot", self.refused),
            ("ended as idle", self.idle),
        ];
        all.into_iter().map(|(name, count)| NamedCount { name: Cow::Borrowed(name), count }).collect()
    }
}
