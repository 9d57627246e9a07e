//! Keeping the address book: what is saved and when, and what is made of it after a restart.

use crate::node::context::Context;
use crate::node::limits::{ANCHORS, HEALTHY_LINK, STALE_CHECK};
use crate::node::timers::Timer;
use crate::node::{Event, Node, Output, Time};
use crate::store::SavedAddresses;
use rand::RngExt;
use std::cmp::Reverse;
use std::net::SocketAddr;
use std::time::Duration;

/// How keeping the book goes.
#[derive(Default)]
pub(in crate::node) struct Keeping {
    /// Whether the last book could not be kept.
    failing: bool,
    /// When stale addresses were last looked for.
    cleaned: Time,
    /// The anchors that were last given to be kept.
    anchors: Vec<SocketAddr>,
}

impl Node {
    /// Takes back the addresses that were kept in an earlier run. To be called before [`Node::start`].
    pub fn restore_addresses(&mut self, saved: &SavedAddresses, now: Time) {
        self.book.restore(saved, self.config.timing.anchors, now);
        self.keeping.cleaned = now;
    }

    /// Begins to keep the book. Anchors are gone from it as soon as they are read: if they are what brings us down, they do it once.
    pub(in crate::node) fn start_keeping(&mut self, cx: &mut Context<'_>) {
        if self.book.take_changed() {
            self.counts.books_kept += 1;
            cx.out.push(Output::KeepAddresses(Box::new(self.book.to_saved(Vec::new()))));
        }
        self.schedule_keeping(cx);
    }

    fn schedule_keeping(&mut self, cx: &Context<'_>) {
        let interval = self.config.timing.save_addresses;
        let jitter = self.rng.random_range(0..=interval.as_micros() as u64 / 10);
        self.timers.set(cx.now + interval + Duration::from_micros(jitter), Timer::KeepAddresses);
    }

    /// Time to keep the book.
    pub(in crate::node) fn on_keep_deadline(&mut self, cx: &mut Context<'_>) {
        let alive: Vec<_> = self.peers.values().filter(|peer| peer.is_ready()).filter_map(|peer| peer.listens).collect();
        alive.into_iter().for_each(|address| self.book.alive(address, cx.now));
        if cx.now.since(self.keeping.cleaned) >= STALE_CHECK {
            self.keeping.cleaned = cx.now;
            self.book.drop_stale(cx.now);
        }
        self.keep_addresses(cx);
        self.schedule_keeping(cx);
    }

    /// Keeps the book, if anything of it has changed.
    pub(in crate::node) fn keep_addresses(&mut self, cx: &mut Context<'_>) {
        let anchors = self.best_anchors(cx.now);
        if !self.book.take_changed() && anchors == self.keeping.anchors {
            return;
        }
        self.counts.books_kept += 1;
        self.keeping.anchors.clone_from(&anchors);
        cx.out.push(Output::KeepAddresses(Box::new(self.book.to_saved(anchors))));
    }

    /// The peers to be dialled first after a restart: those that we dialled, of good repute, the longest connected first.
    fn best_anchors(&self, now: Time) -> Vec<SocketAddr> {
        if !self.config.timing.anchors {
            return Vec::new();
        }
        let outbound =
            self.peers.values().filter(|peer| peer.takes_outbound_slot() && self.book.may_anchor(peer.address, &peer.id));
        let mut best: Vec<_> = outbound
            .filter_map(|peer| {
                let since = peer.ready_since()?;
                let reputation = self.reputations.value(&peer.id, now);
                let healthy = now.since(since) >= HEALTHY_LINK;
                (reputation >= 0).then_some((Reverse(healthy), since, Reverse(reputation), peer.address))
            })
            .collect();
        best.sort_unstable();
        best.into_iter().take(ANCHORS).map(|(.., address)| address).collect()
    }

    /// The book was kept, or could not be: it is tried again with the next one.
    pub(in crate::node) fn on_addresses_kept(&mut self, cx: &mut Context<'_>, result: Result<(), String>) {
        let failed_before = std::mem::replace(&mut self.keeping.failing, result.is_err());
        if let Err(why) = result {
            self.counts.books_failed += 1;
            self.book.note_unsaved();
            if !failed_before {
                cx.event(Event::Warning { text: format!("the address book could not be kept: {why}") });
            }
        }
    }
}
