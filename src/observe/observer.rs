//! Folds the events of all nodes into snapshots.

use super::limits::{NODES, TICK};
use super::messages::Messages;
use super::relays::Relays;
use super::told::Told;
use super::watched::Watched;
use super::words::{self, clean, counted};
use super::{Hub, Names};
use crate::chain::Address;
use crate::node::{Event, Stamped, Time};
use rumormill_ui::model::{Clock, Fault, Load, LogLevel, LogLine, NodeState, Problem, Snapshot, Totals, TrafficSample};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Says what is wrong in a snapshot, worst first (the dashboard's crate has the rules).
pub type Diagnose = fn(&Snapshot) -> Vec<Problem>;

/// What is known of a run before its first event.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// A preset's name, or a node's.
    pub title: String,
    /// The run's seed, where it has one.
    pub seed: Option<u64>,
    /// When the run starts: all times shown count from here.
    pub start: Time,
    /// Wanted speed against real time in percent; 100 for real nodes.
    pub speed_percent: u32,
    /// The nodes to come, by index: name and address (may be empty until [`Event::Listening`] tells it).
    pub nodes: Vec<(String, String)>,
}

/// Folds events into the dashboard's model. A clone is a point to come back to. One for all nodes watched; used from one thread.
#[derive(Clone)]
pub struct Observer {
    pub(super) start: Time,
    pub(super) title: String,
    pub(super) seed: Option<u64>,
    pub(super) clock: Clock,
    pub(super) names: Names,
    pub(super) nodes: BTreeMap<u32, Watched>,
    pub(super) relays: Relays,
    pub(super) journal: super::journal::Journal,
    pub(super) log_level: LogLevel,
    pub(super) totals: Totals,
    /// Duplicates of lives that ended: a node counts anew when it starts again.
    pub(super) past_duplicates: u64,
    /// Kinds of messages received in lives that ended.
    pub(super) messages: Messages,
    /// Nodes that run.
    pub(super) running: u32,
    /// [`TICK`](super::limits::TICK)s that have passed.
    pub(super) ticks: u64,
    /// Faults that hold, and when (run time) they end, where that is known.
    pub(super) faults: Vec<(Fault, Option<Duration>)>,
    pub(super) told: Told,
    pub(super) cuts: BTreeSet<(u32, u32)>,
    pub(super) load: Load,
    pub(super) traffic: Vec<TrafficSample>,
    pub(super) diagnose: Diagnose,
    pub(super) generation: u64,
    pub(super) buffer: Vec<Stamped>,
}

impl Observer {
    /// Nothing has happened yet. `diagnose` fills each snapshot's problems.
    pub fn new(plan: Plan, diagnose: Diagnose) -> Self {
        let mut names = Names::new();
        let mut nodes = BTreeMap::new();
        for (index, (name, address)) in (0..).zip(plan.nodes.into_iter().take(NODES)) {
            names.set_node(index, name.clone());
            nodes.insert(index, Watched::new(index, name, address));
        }
        Self {
            start: plan.start,
            title: plan.title,
            seed: plan.seed,
            clock: Clock { speed_percent: plan.speed_percent, ..Clock::default() },
            names,
            nodes,
            relays: Relays::default(),
            journal: super::journal::Journal::default(),
            log_level: LogLevel::Debug,
            totals: Totals::default(),
            past_duplicates: 0,
            messages: Messages::default(),
            running: 0,
            ticks: 0,
            faults: Vec::new(),
            told: Told::default(),
            cuts: BTreeSet::new(),
            load: Load::default(),
            traffic: Vec::new(),
            diagnose,
            generation: 0,
            buffer: Vec::new(),
        }
    }

    /// The latest moment (run time) whose passing was taken note of.
    pub(super) fn moment(&self) -> Duration {
        TICK.saturating_mul(u32::try_from(self.ticks).unwrap_or(u32::MAX))
    }

    /// The names in use, for lines.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Log lines less grave than this are not made. [`LogLevel::Debug`] unless set.
    pub fn set_log_level(&mut self, level: LogLevel) {
        self.log_level = level;
    }

    /// What this process takes of the machine now; see [`super::LoadMeter`].
    pub fn set_load(&mut self, load: Load) {
        self.load = load;
    }

    /// Adds a log line that no event tells: of the driver, or of a fault.
    pub fn log(&mut self, now: Time, level: LogLevel, node: Option<u32>, target: &str, text: &str) {
        if level <= self.log_level {
            let at = now.since(self.start);
            self.journal.add(LogLine { at, level, node, target: target.to_owned(), text: clean(text) });
        }
    }

    /// Takes all that waits in `hub`. Returns how many events that were; lost ones are told in the log.
    pub fn drain(&mut self, hub: &Hub, now: Time) -> usize {
        let mut buffer = std::mem::take(&mut self.buffer);
        let dropped = hub.drain(&mut buffer);
        for event in &buffer {
            self.observe(event);
        }
        let count = buffer.len();
        self.buffer = buffer;
        if dropped > 0 {
            let text = format!(
                "{} came faster than they were shown and were left out; this machine is overloaded",
                counted(dropped, "event", "events")
            );
            self.log(now, LogLevel::Warn, None, "observe", &text);
        }
        count
    }

    /// Takes one event.
    pub fn observe(&mut self, stamped: &Stamped) {
        let Stamped { at, node: index, event } = stamped;
        let now = at.since(self.start);
        self.tick(now);
        if let Event::Started { id, .. } = event {
            self.node_started(*index, *id);
        }
        let Some(watched) = Self::watched(&mut self.nodes, &self.names, *index) else {
            return;
        };
        let line = words::kind(event).filter(|(level, _)| *level <= self.log_level).and_then(|_| {
            let who = |id| match watched.connections.get(id) {
                Some(connection) => connection.peer.name.clone(),
                None => format!("connection {}", id.0),
            };
            words::words(event, &self.names, &who)
        });
        if let Some(words) = line {
            self.journal.add(LogLine {
                at: now,
                level: words.level,
                node: Some(*index),
                target: words.target.to_owned(),
                text: words.text,
            });
        }
        if matches!(watched.node.state, NodeState::Down) && !matches!(event, Event::Started { .. } | Event::Listening { .. }) {
            // What a killed node's tasks still said.
            return;
        }
        self.fold(now, *index, event);
    }

    /// A node's id is known: connections to it that were a stranger's get its name.
    fn node_started(&mut self, index: u32, id: Address) {
        if !self.names.set_id(index, id) {
            return;
        }
        let name = self.names.node(index).into_owned();
        for watched in self.nodes.values_mut() {
            for connection in watched.connections.iter_mut().filter(|connection| connection.id == id) {
                connection.peer.node = Some(index);
                connection.peer.name.clone_from(&name);
            }
        }
    }

    pub(super) fn watched<'a>(nodes: &'a mut BTreeMap<u32, Watched>, names: &Names, index: u32) -> Option<&'a mut Watched> {
        if nodes.len() >= NODES && !nodes.contains_key(&index) {
            return None;
        }
        Some(nodes.entry(index).or_insert_with(|| Watched::new(index, names.node(index).into_owned(), String::new())))
    }
}
