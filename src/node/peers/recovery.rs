//! What is lost and comes back: links, and the number of peers that a node wants.

use crate::chain::Address;
use crate::node::context::Context;
use crate::node::limits::LOST_LINKS;
use crate::node::{Event, NamedCount, Node, Time};
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;

/// What was lost, and what was told of it.
#[derive(Default)]
pub(in crate::node) struct Recovery {
    /// Peers whose links ended and are not made up for, oldest first; at most [`LOST_LINKS`].
    lost: VecDeque<Address>,
    /// Bootstrap addresses that were dialled; as many as a person gave.
    dialled: BTreeSet<SocketAddr>,
    /// Whether there were ever as many peers as wanted.
    was_enough: bool,
    /// Since when there are too few.
    short_since: Option<Time>,
    /// What was last told: addresses known and tried, and the counts.
    told: (usize, usize, Vec<NamedCount>),
}

impl Node {
    /// A dial to a bootstrap address goes out.
    pub(in crate::node) fn count_bootstrap_dial(&mut self, address: SocketAddr) {
        self.counts.bootstrap_dials += 1;
        if !self.recovery.dialled.insert(address) {
            self.counts.bootstrap_again += 1;
        }
    }

    /// A peer with whom hands had been shaken is gone.
    pub(in crate::node) fn count_lost(&mut self, peer: Address) {
        if self.stopping || self.recovery.lost.contains(&peer) {
            return;
        }
        if self.recovery.lost.len() >= LOST_LINKS {
            self.recovery.lost.pop_front();
        }
        self.recovery.lost.push_back(peer);
    }

    /// Hands were shaken with a peer: it comes back, or takes the place of one that was lost.
    pub(in crate::node) fn count_found(&mut self, peer: Address) {
        let lost = &mut self.recovery.lost;
        if let Some(place) = lost.iter().position(|id| *id == peer) {
            lost.remove(place);
            self.counts.links_recovered += 1;
        } else if lost.pop_front().is_some() {
            self.counts.links_replaced += 1;
        }
    }

    /// Notes whether there are as many peers as wanted. The time until there are for the first time is no shortage.
    pub(in crate::node) fn count_peers(&mut self, now: Time) {
        if self.stopping {
            return;
        }
        let enough = self.peers.values().filter(|peer| peer.is_ready()).count() >= self.config.min_peers;
        let recovery = &mut self.recovery;
        if enough {
            recovery.was_enough = true;
            if let Some(since) = recovery.short_since.take() {
                self.counts.shortages_ended += 1;
                let time = u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX);
                self.counts.shortage_time = self.counts.shortage_time.saturating_add(time);
            }
        } else if recovery.was_enough && recovery.short_since.is_none() {
            recovery.short_since = Some(now);
            self.counts.shortages += 1;
        }
    }

    /// Tells what finding and keeping peers has come to, if anything of it has changed.
    pub(in crate::node) fn report_connectivity(&mut self, cx: &mut Context<'_>) {
        let news = (self.book.len(), self.book.tried(), self.counts.named());
        if news != self.recovery.told {
            let (known, tried, counts) = news.clone();
            self.recovery.told = news;
            cx.event(Event::Connectivity { known, tried, counts });
        }
    }
}
