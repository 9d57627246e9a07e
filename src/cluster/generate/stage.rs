//! Plays a scenario in the simulation: as the preset that it is, by the director that plays presets, so that what a failing seed prints
//! is what failed.

use super::plan::Plan;
use crate::chain::Address;
use crate::cluster::director::{Action, Director};
use crate::cluster::{Blueprint, Engine, SimulationEngine, node_keys};
use crate::node::EventSink;
use crate::sim::Simulation;
use std::time::{Duration, Instant};

/// How long the engine runs before it asks whether to go on; here nobody says no.
const SLICE: Duration = Duration::from_secs(1);

/// A scenario being played.
pub(super) struct Stage {
    engine: SimulationEngine,
    director: Director,
    actions: Vec<Action>,
}

/// A node's id.
pub(super) fn address(plan: &Plan, node: u32) -> Address {
    node_keys(plan.seed, node).address()
}

impl Stage {
    /// All nodes, started; nothing has happened yet.
    pub(super) fn new(plan: &Plan, events: EventSink) -> Self {
        let preset = plan.to_preset();
        let mut engine = SimulationEngine::new(&Blueprint::new(&preset, plan.seed, None));
        engine.set_events(events);
        let director = Director::new(&crate::cluster::Plan::of(&preset, plan.seed));
        let mut stage = Self { engine, director, actions: Vec::new() };
        stage.director.begin(&mut stage.actions);
        stage.act();
        stage
    }

    /// Its nodes and links.
    pub(super) fn sim(&self) -> &Simulation {
        self.engine.simulation()
    }

    /// Lets time pass until `until` (since the start), with all that happens in it.
    pub(super) fn run_until(&mut self, until: Duration) {
        while let Some(due) = self.director.due().filter(|due| *due <= until) {
            self.pass(due);
            self.director.advance(due, &mut self.actions);
            self.act();
        }
        self.pass(until);
    }

    fn pass(&mut self, until: Duration) {
        while !self.engine.run_until(until, Instant::now() + SLICE) {}
    }

    /// A memory store always opens: a node that does not start stays down, which the end would show.
    fn act(&mut self) {
        for action in self.actions.drain(..) {
            if let Err(error) = self.engine.act(&action) {
                tracing::error!(%error, "a node did not start");
            }
        }
    }
}
