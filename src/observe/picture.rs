//! One picture of all nodes: the snapshot that the dashboard draws.

use super::connections::Connection;
use super::limits::{MILLION, TICK, TICKS_AT_ONCE, TRAFFIC_SAMPLES};
use super::observer::Observer;
use crate::chain::Address;
use crate::node::Time;
use rumormill_ui::model::{End, Link, Snapshot, Stranger, Totals, TrafficSample};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

impl Observer {
    /// All that can be seen at `now`.
    pub fn snapshot(&mut self, now: Time) -> Arc<Snapshot> {
        let at = now.since(self.start);
        self.generation += 1;
        self.clock.elapsed = at;
        self.tick(at);
        let best = self.best();
        let live = self.nodes.values().map(|watched| watched.duplicates);
        let duplicates = live.fold(self.past_duplicates, u64::saturating_add);
        let (links, strangers) = self.links();
        let mut snapshot = Snapshot {
            generation: self.generation,
            title: self.title.clone(),
            seed: self.seed,
            clock: self.clock,
            nodes: self.nodes.values().map(|watched| watched.snapshot(at, best)).collect(),
            links,
            strangers,
            problems: Vec::new(),
            relays: self.relays.lines(&self.names),
            traffic: self.traffic.clone(),
            totals: Totals {
                blocks: self.relays.blocks,
                transactions: self.relays.transactions_total,
                duplicates,
                ..self.totals
            },
            faults: self.faults_at(at),
            timeline: self.told.timeline.clone(),
            expectations: self.told.expectations.clone(),
            messages: self.messages.counts(self.nodes.values()),
            controls: self.told.controls,
            recording: self.told.recording.clone(),
            notice: self.told.notice.clone(),
            logs: self.journal.lines(),
            load: self.load,
        };
        // The one place where the dashboard's rules look at what was seen.
        snapshot.problems = (self.diagnose)(&snapshot);
        Arc::new(snapshot)
    }

    /// Links between watched nodes and to strangers, sorted, and the strangers.
    fn links(&self) -> (Vec<Link>, Vec<Stranger>) {
        let mut strangers: BTreeMap<Address, Stranger> = BTreeMap::new();
        let mut ends: Vec<(u32, Result<u32, Address>, bool, &Connection)> = Vec::new();
        for (index, watched) in &self.nodes {
            for connection in watched.connections.iter() {
                match connection.peer.node {
                    Some(other) => {
                        let (from, to) = (other.min(*index), other.max(*index));
                        ends.push((from, Ok(to), *index != from, connection));
                    }
                    None => {
                        ends.push((*index, Err(connection.id), false, connection));
                        let peer = &connection.peer;
                        let stranger = strangers.entry(connection.id).or_default();
                        stranger.name.clone_from(&peer.name);
                        stranger.address.clone_from(&peer.address);
                        stranger.height = stranger.height.max(peer.height);
                    }
                }
            }
        }
        let places: BTreeMap<Address, u32> = strangers.keys().copied().zip(0..).collect();
        let mut links: BTreeMap<(u32, End), (Link, bool)> = BTreeMap::new();
        let mut losses: BTreeMap<(u32, End), (u64, u64)> = BTreeMap::new();
        for (from, to, far, connection) in ends {
            let to = match to {
                Ok(node) => End::Node(node),
                Err(id) => End::Stranger(places.get(&id).copied().unwrap_or(0)),
            };
            let (link, from_far) = links.entry((from, to)).or_insert_with(|| (Link { from, to, ..Link::default() }, far));
            // Both ends count the same bytes: the end that was heard first is believed.
            if *from_far == far {
                let (bytes_in, bytes_out) = connection.peer.rate;
                link.rate = link.rate.saturating_add(bytes_in).saturating_add(bytes_out);
                link.messages = link.messages.saturating_add(connection.messages);
            }
            link.rtt = link.rtt.or(connection.peer.rtt);
            // Each end counts what it sends.
            if let Some((sent, lost)) = connection.losses.lately() {
                let sum = losses.entry((from, to)).or_default();
                *sum = (sum.0.saturating_add(sent), sum.1.saturating_add(lost));
                link.lost = Some(share(sum.1, sum.0));
            }
        }
        for &(from, to) in &self.cuts {
            let to = End::Node(to);
            let fresh = || (Link { from, to, ..Link::default() }, false);
            links.entry((from, to)).or_insert_with(fresh).0.cut = true;
        }
        for (pair, shapes) in &self.told.shapes {
            if let Some((link, _)) = links.get_mut(&(pair.0, End::Node(pair.1))) {
                link.configured = Some(*shapes);
            }
        }
        let links = links.into_values().map(|(link, _)| link).collect();
        (links, strangers.into_values().collect())
    }

    /// Brings what depends on the moment up to `at`, in steps that are counted from the run's start.
    pub(super) fn tick(&mut self, at: Duration) {
        let due = u64::try_from(at.as_micros() / TICK.as_micros()).unwrap_or(u64::MAX);
        if due <= self.ticks {
            return;
        }
        self.ticks = self.ticks.max(due.saturating_sub(TICKS_AT_ONCE));
        while self.ticks < due {
            self.ticks += 1;
            let now = Duration::from_micros(self.ticks.saturating_mul(TICK.as_micros() as u64));
            let best = self.best();
            for watched in self.nodes.values_mut() {
                watched.refresh(now, best);
            }
            // The graph moves on by whole seconds.
            if now.subsec_nanos() == 0 {
                self.sum_traffic();
            }
        }
    }

    /// Height of the best tip of all. A node watched alone has only its peers' word for it.
    fn best(&self) -> u64 {
        let alone = self.nodes.len() == 1;
        let running = self.nodes.values().filter(|watched| watched.runs());
        running
            .map(|watched| {
                let target = if alone { watched.node.sync.target } else { 0 };
                watched.node.height.max(target)
            })
            .max()
            .unwrap_or(0)
    }

    /// Adds up all nodes' samples, newest to newest.
    fn sum_traffic(&mut self) {
        let length = self.nodes.values().map(|watched| watched.node.traffic.len()).max();
        let mut sum = vec![TrafficSample::default(); length.unwrap_or(0).min(TRAFFIC_SAMPLES)];
        for watched in self.nodes.values() {
            for (sum, sample) in sum.iter_mut().rev().zip(watched.node.traffic.iter().rev()) {
                sum.bytes_in = sum.bytes_in.saturating_add(sample.bytes_in);
                sum.bytes_out = sum.bytes_out.saturating_add(sample.bytes_out);
                sum.messages_in = sum.messages_in.saturating_add(sample.messages_in);
                sum.messages_out = sum.messages_out.saturating_add(sample.messages_out);
            }
        }
        self.traffic = sum;
    }
}

/// A part of a whole, in parts of a million.
fn share(part: u64, whole: u64) -> u32 {
    let parts = u128::from(part) * u128::from(MILLION) / u128::from(whole.max(1));
    u32::try_from(parts).unwrap_or(MILLION).min(MILLION)
}
