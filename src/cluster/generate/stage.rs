//! Plays a scenario in the simulation.

use super::limits::TRIES_PER_SECOND;
use super::plan::Plan;
use crate::chain::{Address, ChainSpec};
use crate::cluster::adversary::{Accomplices, wrap};
use crate::cluster::scenario::{Fault, TimelineEntry};
use crate::cluster::{Selection, Traffic, genesis_spec, node_keys, node_seed};
use crate::link::LinkModel;
use crate::node::{Command, Config, Discovery, EventSink, Mining};
use crate::sim::Simulation;
use crate::store::MemoryStore;
use std::iter::Peekable;
use std::sync::Arc;
use std::time::Duration;

/// A scenario being played.
pub(super) struct Stage<'a> {
    pub(super) sim: Simulation,
    plan: &'a Plan,
    payments: Option<Peekable<Traffic>>,
    /// When the last payment was made.
    paid: Duration,
    /// Which entries of the timeline hold at the moment.
    holds: Vec<bool>,
}

/// A node's id.
pub(super) fn address(plan: &Plan, node: u32) -> Address {
    node_keys(plan.seed, node).address()
}

impl<'a> Stage<'a> {
    /// All nodes, started; nothing has happened yet.
    pub(super) fn new(plan: &'a Plan, events: EventSink) -> Self {
        let spec = genesis_spec(&plan.to_preset(), plan.seed, ChainSpec::lab().genesis_time);
        let mut sim = Simulation::new(Arc::new(spec), plan.seed);
        sim.set_events(events);
        sim.set_links(plan.links);
        for node in 0..plan.nodes {
            let degree = plan.edges.iter().filter(|(a, b)| *a == node || *b == node).count();
            let bootstrap = plan.edges.iter().filter(|(_, later)| *later == node);
            let config = Config {
                bootstrap: bootstrap.map(|(earlier, _)| Simulation::address(*earlier as usize)).collect(),
                mining: plan.miners.contains(&node).then_some(Mining { tries_per_second: TRIES_PER_SECOND }),
                min_peers: degree,
                discovery: Discovery::FIXED,
                ..Config::default()
            };
            let index = sim.add_stopped(config, node_keys(plan.seed, node), Box::new(MemoryStore::new()));
            let bad = plan.adversaries.iter().find(|adversaries| adversaries.nodes.contains(node));
            sim.set_wrap(index, bad.map(|bad| wrap(bad.misbehaviour, node_seed(plan.seed, node), Accomplices::default())));
        }
        let traffic = Traffic::new(plan.seed, plan.nodes, f64::from(plan.transactions_per_second));
        let mut stage = Self {
            sim,
            plan,
            payments: traffic.map(Iterator::peekable),
            paid: Duration::ZERO,
            holds: vec![false; plan.timeline.len()],
        };
        (0..plan.nodes).for_each(|node| stage.start(node));
        stage
    }

    /// A memory store always opens: one that does not start stays down, which the end would show.
    fn start(&mut self, node: u32) {
        if let Err(error) = self.sim.restart(node as usize) {
            tracing::error!(node, %error, "a node did not start");
        }
    }

    /// Lets time pass until `until` (since the start), with all that happens in it.
    pub(super) fn run_until(&mut self, until: Duration) {
        while let Some(next) = self.next_change(until) {
            self.pass(next);
            self.change(next);
        }
        self.pass(until);
    }

    /// When the timeline changes something next: at or before `until`, and not done yet.
    fn next_change(&self, until: Duration) -> Option<Duration> {
        let entries = self.plan.timeline.iter().zip(&self.holds);
        let times = entries.filter_map(|(entry, holds)| {
            let end = entry.at + entry.lasts.unwrap_or(Duration::MAX - entry.at);
            match holds {
                true => Some(end),
                false if entry.at >= self.sim.elapsed() && end > self.sim.elapsed() => Some(entry.at),
                false => None,
            }
        });
        times.min().filter(|time| *time <= until)
    }

    /// Begins and ends what is due.
    fn change(&mut self, now: Duration) {
        for (place, entry) in self.plan.timeline.iter().enumerate() {
            let end = entry.lasts.map(|lasts| entry.at + lasts);
            let holds = entry.at <= now && end.is_none_or(|end| end > now);
            if holds != self.holds[place] {
                self.holds[place] = holds;
                self.apply(entry, holds);
            }
        }
    }

    /// Lets time pass, with the traffic.
    fn pass(&mut self, until: Duration) {
        while let Some(payment) = self.payments.as_mut().and_then(|traffic| traffic.next_if(|next| self.paid + next.gap <= until))
        {
            self.paid += payment.gap;
            let wait = self.paid.saturating_sub(self.sim.elapsed());
            self.sim.run_for(wait);
            let to = address(self.plan, payment.to);
            let command = Command::Transfer { to, amount: payment.amount, fee: payment.fee };
            self.sim.command(payment.from as usize, command);
        }
        let wait = until.saturating_sub(self.sim.elapsed());
        self.sim.run_for(wait);
    }

    fn apply(&mut self, entry: &TimelineEntry, begins: bool) {
        let nodes = self.plan.nodes;
        let each = |nodes_of: &Selection| nodes_of.iter(nodes).collect::<Vec<_>>();
        match &entry.fault {
            Fault::Link { .. } | Fault::Partition { .. } => self.set_links(),
            Fault::Pause(who) => {
                each(who).into_iter().for_each(|node| self.sim.set_paused(node as usize, begins));
            }
            Fault::DiskFull(who) => {
                each(who).into_iter().for_each(|node| self.sim.set_disk_full(node as usize, begins));
            }
            Fault::Kill(who) if begins => each(who).into_iter().for_each(|node| self.sim.kill(node as usize)),
            Fault::Leave(who) if begins => {
                each(who).into_iter().for_each(|node| self.sim.command(node as usize, Command::Shutdown));
            }
            Fault::Kill(who) | Fault::Leave(who) | Fault::Restart(who) | Fault::Join(who) => {
                for node in each(who) {
                    self.sim.kill(node as usize);
                    self.start(node);
                }
            }
            Fault::ClockSkew { nodes: who, by, back } => {
                let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
                let millis = match (begins, back) {
                    (false, _) => 0,
                    (true, false) => millis,
                    (true, true) => -millis,
                };
                each(who).into_iter().for_each(|node| self.sim.command(node as usize, Command::SkewClock { millis }));
            }
        }
    }

    /// All links as the faults that hold leave them.
    fn set_links(&mut self) {
        let nodes = self.plan.nodes;
        for from in 0..nodes {
            for to in (0..nodes).filter(|to| *to != from) {
                let model = self.link(from, to);
                if self.sim.link(from as usize, to as usize) != model {
                    self.sim.set_link(from as usize, to as usize, model);
                }
            }
        }
    }

    fn link(&self, from: u32, to: u32) -> LinkModel {
        let holding = self.plan.timeline.iter().zip(&self.holds).filter(|(_, holds)| **holds);
        holding.fold(self.plan.links, |model, (entry, _)| match &entry.fault {
            Fault::Link { from: senders, to: receivers, both_ways, change } => {
                let there = senders.contains(from) && receivers.contains(to);
                let back = *both_ways && senders.contains(to) && receivers.contains(from);
                if there || back { change.apply(model) } else { model }
            }
            Fault::Partition { groups } => {
                let group = |node| groups.iter().position(|group| group.contains(node));
                LinkModel { cut: model.cut || group(from) != group(to), ..model }
            }
            _ => model,
        })
    }
}
