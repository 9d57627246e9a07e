//! What finding and keeping peers has come to: counts since the start, for people.

use crate::node::NamedCount;
use std::borrow::Cow;

/// What one way to addresses has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::node) struct Tally {
    /// Questions put.
    pub(in crate::node) asked: u64,
    /// Those that were answered.
    pub(in crate::node) answered: u64,
    /// Those that came to nothing.
    pub(in crate::node) failed: u64,
    /// Addresses that we did not know before.
    pub(in crate::node) found: u64,
}

/// Counts since the start. Each has its name in [`Counts::named`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::node) struct Counts {
    /// Dials that went out to addresses of the bootstrap list, the first to each included.
    pub(in crate::node) bootstrap_dials: u64,
    /// Dials to those of them that had been dialled before.
    pub(in crate::node) bootstrap_again: u64,
    /// Dials to them that were answered.
    pub(in crate::node) bootstrap_answers: u64,
    /// Dials to them that failed.
    pub(in crate::node) bootstrap_failures: u64,
    /// Names that were looked up.
    pub(in crate::node) seeds: Tally,
    /// Peers that were asked for addresses.
    pub(in crate::node) exchange: Tally,
    /// Addresses told as news.
    pub(in crate::node) gossip_told: u64,
    /// Addresses taken as news.
    pub(in crate::node) gossip_taken: u64,
    /// Look-ups begun.
    pub(in crate::node) lookups: u64,
    /// Their questions.
    pub(in crate::node) kademlia: Tally,
    /// Short connections made for them.
    pub(in crate::node) visits: u64,
    /// Questions of others that we answered.
    pub(in crate::node) kademlia_told: u64,
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
    /// Feelers sent.
    pub(in crate::node) feelers: u64,
    /// Those of them with whom hands were shaken.
    pub(in crate::node) feelers_answered: u64,
    /// Anchors of the last run that were dialled.
    pub(in crate::node) anchors_dialled: u64,
    /// Address books given to be kept.
    pub(in crate::node) books_kept: u64,
    /// Those that could not be.
    pub(in crate::node) books_failed: u64,
    /// Links that served nobody and were ended while slots were scarce.
    pub(in crate::node) idle: u64,
}

impl Counts {
    /// Every count with its name, in an order that never changes.
    pub(in crate::node) fn named(&self) -> Vec<NamedCount> {
        let all = [
            ("bootstrap dials", self.bootstrap_dials),
            ("bootstrap dialled again", self.bootstrap_again),
            ("bootstrap answered", self.bootstrap_answers),
            ("bootstrap failed", self.bootstrap_failures),
            ("seeds asked", self.seeds.asked),
            ("seeds answered", self.seeds.answered),
            ("seeds failed", self.seeds.failed),
            ("seeds addresses", self.seeds.found),
            ("exchange asked", self.exchange.asked),
            ("exchange answered", self.exchange.answered),
            ("exchange failed", self.exchange.failed),
            ("exchange addresses", self.exchange.found),
            ("news told", self.gossip_told),
            ("news taken", self.gossip_taken),
            ("look-ups", self.lookups),
            ("look-up questions", self.kademlia.asked),
            ("look-up answers", self.kademlia.answered),
            ("look-up failures", self.kademlia.failed),
            ("look-up addresses", self.kademlia.found),
            ("look-up visits", self.visits),
            ("look-ups of others", self.kademlia_told),
            ("links recovered", self.links_recovered),
            ("links replaced", self.links_replaced),
            ("shortages of peers", self.shortages),
            ("shortages ended", self.shortages_ended),
            ("shortage in ms", self.shortage_time),
            ("evicted for a newcomer", self.evicted),
            ("refused for want of a slot", self.refused),
            ("ended as idle", self.idle),
            ("feelers", self.feelers),
            ("feelers answered", self.feelers_answered),
            ("anchors dialled", self.anchors_dialled),
            ("address books saved", self.books_kept),
            ("address books not saved", self.books_failed),
        ];
        all.into_iter().map(|(name, count)| NamedCount { name: Cow::Borrowed(name), count }).collect()
    }
}
