//! A network of which 30 % are in league: every honest node keeps honest links that it dialled itself, whatever the others tell it.
//!
//! Each seed is another network: other keys, other bootstrap links, other chances. The usual suite plays a few seeds; all of them:
//! `cargo test --release --test eclipse -- --ignored --nocapture`.

use rumormill::chain::Address;
use rumormill::cluster::{
    Audience, Blueprint, Conductor, Engine, Inbox, Plan, Preset, Progress, RunSettings, SimulationEngine, Speed,
};
use rumormill::node::{ConnectionId, Direction, Event, Stamped, Time};
use rumormill::observe::Control;
use rumormill_ui::model::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Until then nodes are still finding each other.
const START_UP: Duration = Duration::from_secs(300);
const HOUR: Duration = Duration::from_secs(3_600);
/// Honest links that every honest node has dialled itself, from then on, at every moment.
const LEAST: usize = 3;

struct Nobody;

impl Audience for Nobody {
    fn control(&self, _: Time, _: Control) {}
    fn now(&self, _: Time) {}
    fn keep_pace(&self) {}
    fn progress(&self, _: &Progress) {}
}

/// Counts outbound links to honest peers from the events of the nodes, apart from the judge.
struct Counter {
    honest: BTreeMap<Address, u32>,
    from: Time,
    outbound: BTreeMap<(u32, ConnectionId), Address>,
    ready: BTreeSet<(u32, ConnectionId)>,
    begun: bool,
    /// The lowest count since the start-up, whose it was, and when; and how often each count was reached.
    lowest: Option<(usize, u32, Time)>,
}

impl Counter {
    fn count(&self, node: u32) -> usize {
        let range = (node, ConnectionId(0))..=(node, ConnectionId(u64::MAX));
        let links = self.outbound.range(range).filter(|(key, peer)| self.ready.contains(key) && self.honest.contains_key(peer));
        links.map(|(_, peer)| peer).collect::<BTreeSet<_>>().len()
    }

    fn look(&mut self, node: u32, at: Time) {
        let count = self.count(node);
        if self.lowest.is_none_or(|(lowest, ..)| count < lowest) {
            self.lowest = Some((count, node, at));
        }
    }

    fn see(&mut self, stamped: &Stamped) {
        if stamped.at >= self.from && !self.begun {
            self.begun = true;
            let nodes: Vec<_> = self.honest.values().copied().collect();
            nodes.into_iter().for_each(|node| self.look(node, self.from));
        }
        match &stamped.event {
            Event::Connected { connection, peer, direction: Direction::Outbound, .. } => {
                self.outbound.insert((stamped.node, *connection), *peer);
            }
            Event::NewPeer { connection, .. } => {
                self.ready.insert((stamped.node, *connection));
            }
            Event::Disconnected { connection, .. } => {
                self.outbound.remove(&(stamped.node, *connection));
                self.ready.remove(&(stamped.node, *connection));
            }
            _ => return,
        }
        if self.begun && self.honest.values().any(|node| *node == stamped.node) {
            self.look(stamped.node, stamped.at);
        }
    }
}

/// The lowest number of honest outbound links of any honest node at any moment after the start-up.
fn lowest(name: &str, seed: u64) -> usize {
    let preset = Preset::find(name).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::of(&preset, seed);
    assert_eq!(plan.adversaries.len() * 10, plan.count as usize * 3, "30 % misbehave");
    let blueprint = Blueprint::new(&preset, seed, None);
    let mut engine = SimulationEngine::new(&blueprint);
    let honest = (0..plan.count).filter(|node| !plan.adversaries.contains(node));
    let counter = Counter {
        honest: honest.map(|node| (blueprint.id(node).unwrap(), node)).collect(),
        from: engine.start_time() + START_UP,
        outbound: BTreeMap::new(),
        ready: BTreeSet::new(),
        begun: false,
        lowest: None,
    };
    let counter = Arc::new(Mutex::new(counter));
    let inbox = Inbox::default();
    let (judge, own) = (inbox.sink(), Arc::clone(&counter));
    engine.set_events(Arc::new(move |stamped| {
        own.lock().unwrap().see(&stamped);
        judge(stamped);
    }));
    let settings = RunSettings { duration: Some(HOUR), ends: true, keep: true, speed: Speed::FULL, readonly: true };
    let (_orders, wishes) = channel();
    let conductor = Conductor::new(&mut engine, &plan, settings, inbox, Arc::new(Nobody), Box::new(|_| String::new()));
    let (outcome, ..) = conductor.run(&wishes, &AtomicBool::new(false));
    let (lowest, node, at) = counter.lock().unwrap().lowest.expect("an hour is longer than the start-up");
    let at = at.since(engine.start_time());
    println!("{name}, seed {seed}: at least {lowest} honest outbound links (n{node}, {at:.0?})");
    for line in outcome.lines.iter().filter(|line| line.verdict != Verdict::Met) {
        println!("{name}, seed {seed}: {} ({})", line.text, line.measured);
    }
    lowest
}

#[test]
#[ignore = "x"]
fn all() {
    let name = std::env::var("NAME").unwrap();
    let n: u64 = std::env::var("SEEDS").unwrap().parse().unwrap();
    let mut counts = BTreeMap::<usize, u32>::new();
    for seed in 0..n {
        *counts.entry(lowest(&name, seed)).or_default() += 1;
    }
    println!("{name}: {counts:?}");
    assert!(*counts.keys().next().unwrap() >= LEAST);
}
