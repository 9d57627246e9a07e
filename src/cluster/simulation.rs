//! The engine in virtual time.

use super::engine::{Engine, EngineError};
use super::launch::{Blueprint, NodePlan};
use super::scenario::EngineKind;
use crate::chain::{Address, Hash256};
use crate::link::LinkModel;
use crate::node::{Command, EventSink, Time};
use crate::sim::Simulation;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many happenings are done between two looks at the clock: some microseconds each.
const LOOK: u32 = 64;

/// Nodes in virtual time: one seed, one history.
pub struct SimulationEngine {
    simulation: Simulation,
    ids: Vec<Address>,
    /// Nodes that said goodbye: their machine still stands, and has to be cleared away before they start again.
    left: Vec<bool>,
    start: Time,
}

impl SimulationEngine {
    /// The nodes of a blueprint, none of which runs yet.
    pub fn new(blueprint: &Blueprint) -> Self {
        let mut simulation = Simulation::new(blueprint.spec.clone(), blueprint.seed);
        // A chain made before the run lies in its past.
        simulation.run_for(blueprint.history);
        let mut ids = Vec::new();
        for index in 0..blueprint.count {
            let NodePlan { config, keys, wrap, .. } = blueprint.node(index, |peer| {
                // Of two that are linked the later one dials.
                (peer < index).then(|| simulation.address_of(peer as usize))
            });
            ids.push(keys.address());
            let place = simulation.add_stopped(config, keys, Box::new(blueprint.store(index)));
            if let Some(network) = blueprint.network(index) {
                simulation.set_network(place, network);
            }
            simulation.set_wrap(place, wrap);
        }
        Self { start: simulation.now(), left: vec![false; ids.len()], simulation, ids }
    }

    /// What runs the nodes.
    pub(super) fn simulation(&self) -> &Simulation {
        &self.simulation
    }
}

impl Engine for SimulationEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Simulation
    }

    fn set_events(&mut self, events: EventSink) {
        self.simulation.set_events(events);
    }

    fn start_time(&self) -> Time {
        self.start
    }

    fn elapsed(&self) -> Duration {
        self.simulation.now().since(self.start)
    }

    fn run_until(&mut self, until: Duration, give_up: Instant) -> bool {
        let end = self.start + until;
        let mut steps = 0;
        while self.simulation.next().is_some_and(|next| next <= end) {
            self.simulation.step();
            steps += 1;
            if steps % LOOK == 0 && Instant::now() >= give_up {
                return false;
            }
        }
        self.simulation.run_for(end.since(self.simulation.now()));
        true
    }

    fn next(&self) -> Option<Duration> {
        self.simulation.next().map(|next| next.since(self.start))
    }

    fn step(&mut self) -> bool {
        self.simulation.step()
    }

    fn start(&mut self, node: u32) -> Result<(), EngineError> {
        let index = node as usize;
        if self.left.get(index).copied().unwrap_or(false) {
            self.simulation.kill(index);
            self.left[index] = false;
        }
        self.simulation.restart(index).map_err(|error| EngineError { node, why: error.to_string() })
    }

    fn kill(&mut self, node: u32) {
        self.simulation.kill(node as usize);
    }

    fn leave(&mut self, node: u32) {
        if let Some(left) = self.left.get_mut(node as usize) {
            *left = true;
            self.simulation.set_paused(node as usize, false);
            self.simulation.command(node as usize, Command::Shutdown);
        }
    }

    fn set_link(&mut self, from: u32, to: u32, model: LinkModel) {
        self.simulation.set_link(from as usize, to as usize, model);
    }

    fn pause(&mut self, node: u32, paused: bool) {
        self.simulation.set_paused(node as usize, paused);
    }

    fn disk_full(&mut self, node: u32, full: bool) {
        self.simulation.set_disk_full(node as usize, full);
    }

    fn command(&mut self, node: u32, command: Command) {
        if (node as usize) < self.ids.len() {
            self.simulation.command(node as usize, command);
        }
    }

    fn address(&self, node: u32) -> Option<SocketAddr> {
        ((node as usize) < self.ids.len()).then(|| Simulation::address(node as usize))
    }

    fn id(&self, node: u32) -> Option<Address> {
        self.ids.get(node as usize).copied()
    }

    fn trace_hash(&self) -> Option<Hash256> {
        Some(self.simulation.trace_hash())
    }

    fn stop(&mut self) {}
}
